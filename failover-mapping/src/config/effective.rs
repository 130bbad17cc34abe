//! The plan as it was configured, for a person to read: who is asked, who stands in where, and every setting with the one who
//! said it. From the settings on it is a configuration file: what is no data, or not to be shown, is a comment.

use std::fmt::{self, Write};

use super::{Config, Plan, Texts};
use crate::credentials::Key;
use crate::origin::Site;
use crate::provider::ProviderName;
use crate::settings::Settings;
use crate::settings::rows::{CODE, ROWS};

/// Where the names of those who said something begin.
const COLUMN: usize = 46;

/// The settings are only read.
pub(super) fn told(config: &Config, settings: &mut Settings) -> String {
    let mut told = String::new();
    // Text takes whatever is written to it.
    let _ = who(config, settings, &mut told);
    let _ = what(settings, &mut told);
    told
}

fn who(config: &Config, settings: &Settings, told: &mut String) -> fmt::Result {
    if settings.off {
        writeln!(told, "# Switched off: until it is switched on, every request passes through as it is.")?;
    }
    if !config.standings.is_empty() {
        media(config, settings, told)?;
    }
    text(&config.texts, settings, told)
}

fn media(config: &Config, settings: &Settings, told: &mut String) -> fmt::Result {
    writeln!(told, "# Asked, and answered for by others when they fail:")?;
    let asked = [(ProviderName::Fal, &config.fal), (ProviderName::Replicate, &config.replicate)];
    for (provider, plans) in asked {
        let (some, all) = (plans.iter().flatten().count(), plans.len());
        let at = |site: Site| {
            let own = config.origins.iter().filter(move |(known, _)| *known == site);
            own.map(|(_, origin)| origin.to_string()).collect::<Vec<_>>().join(", ")
        };
        let origins = match provider {
            ProviderName::Fal => format!("{}; queue: {}", at(Site::Fal), at(Site::FalQueue)),
            _ => at(Site::Replicate),
        };
        writeln!(told, "#   {provider:<10}{some:>3} of {all} models  {origins}")?;
    }
    writeln!(told, "# Stand-ins, in this order:")?;
    for (place, standing) in config.standings.iter().enumerate() {
        let serves = |plan: &Plan| plan.standings.iter().any(|(known, _)| *known == place);
        let models = asked.map(|(_, plans)| plans.iter().flatten().filter(|plan| serves(plan)).count());
        let [fal, replicate] = models;
        let (number, name, base) = (place + 1, standing.provider, &standing.base);
        let key = key(settings, name);
        write!(told, "#   {number}. {name:<10} at {base}, for ")?;
        match (fal, replicate) {
            (0, 0) => write!(told, "no model")?,
            (fal, 0) => write!(told, "{fal} models of fal")?,
            (0, replicate) => write!(told, "{replicate} models of replicate")?,
            _ => write!(told, "{fal} models of fal and {replicate} of replicate")?,
        }
        writeln!(told, "; {key}")?;
    }
    let own = config.catalogue.providers().filter(|name| matches!(name, ProviderName::Other(_)));
    for name in own.filter(|name| config.standing(*name).is_none()) {
        writeln!(told, "#   Not asked, though declared: {name}")?;
    }
    Ok(())
}

/// Nothing where nobody who writes has a key.
fn text(texts: &Texts, settings: &Settings, told: &mut String) -> fmt::Result {
    let keyed = || texts.speakers.iter().enumerate().filter(|(_, speaker)| speaker.has_key());
    if keyed().next().is_none() {
        return Ok(());
    }
    if texts.origins.is_empty() {
        writeln!(told, "# Asked for text: nobody, as nobody stands in for anybody.")?;
    } else {
        writeln!(told, "# Asked for text, and answered for by others when they fail:")?;
    }
    for (place, speaker) in texts.speakers.iter().enumerate() {
        let origins = texts.origins.iter().filter(|(known, _)| *known == place);
        let origins: Vec<_> = origins.map(|(_, origin)| origin.to_string()).collect();
        if !origins.is_empty() {
            let (some, all) = texts.served(place);
            let models = match all {
                0 => " the models named".to_owned(),
                _ => format!("{some:>3} of {all} models"),
            };
            writeln!(told, "#   {:<10}{models}  {}", speaker.provider, origins.join(", "))?;
        }
    }
    writeln!(told, "# Stand-ins for text, in this order:")?;
    let in_order = texts.order.iter().filter_map(|place| Some((*place, texts.speakers.get(*place)?)));
    let by_name = keyed().filter(|(place, _)| !texts.order.contains(place) || texts.usual(*place).is_empty());
    for (number, (place, speaker)) in
        in_order.filter(|(place, _)| !texts.usual(*place).is_empty()).enumerate()
    {
        let (number, name, base) = (number + 1, speaker.provider, &speaker.base);
        let models = texts.usual(place).join(" and ");
        writeln!(told, "#   {number}. {name:<10} at {base}, with {models}; {}", key(settings, name))?;
    }
    for (place, speaker) in by_name {
        let (name, base) = (speaker.provider, &speaker.base);
        let when = if texts.is_chosen(place) { "where fallbacks name it" } else { "for nobody" };
        writeln!(told, "#   -  {name:<10} at {base}, {when}; {}", key(settings, name))?;
    }
    if !texts.unlisted.is_empty() {
        writeln!(told, "# In no table, and asked by these names as they are: {}", texts.unlisted.join(", "))?;
    }
    Ok(())
}

fn key(settings: &Settings, provider: ProviderName) -> &'static str {
    match settings.keys.iter().find(|(known, _)| *known == provider) {
        Some((_, Key::Asked(_))) => "key asked for at each request",
        Some((_, Key::Given(_) | Key::Unset(_))) | None => "key set",
    }
}

fn what(settings: &mut Settings, told: &mut String) -> fmt::Result {
    writeln!(told)?;
    let mut group = "";
    for row in &ROWS {
        let own = row.name.split_once('.').map_or("", |(group, _)| group);
        if std::mem::replace(&mut group, own) != own {
            writeln!(told)?;
        }
        if row.name.starts_with("breaker.")
            && let Some(breaker) = settings.breaker.whole
        {
            if row.name == "breaker.failures" {
                line(told, &format!("# breaker: {breaker}"), Some(&"builder"))?;
            }
            continue;
        }
        for shown in row.shown(settings) {
            let said = match shown.value {
                Ok(value) => format!("{} = {value}", shown.name),
                Err(note) => format!("# {}: {note}", shown.name),
            };
            line(told, &said, shown.source.as_ref().map(|source| source as &dyn fmt::Display))?;
        }
    }
    writeln!(told)?;
    for (name, shown) in CODE {
        line(told, &format!("# {name}: {}", shown(settings)), None)?;
    }
    Ok(())
}

fn line(told: &mut String, said: &str, source: Option<&dyn fmt::Display>) -> fmt::Result {
    match source {
        Some(source) => writeln!(told, "{said:<COLUMN$} # {source}"),
        None => writeln!(told, "{said}"),
    }
}

/// The plan: who is asked and who stands in, then every setting as a file would say it, with the one who said it.
///
/// No key is in it, and no path of a URL. Without the comments it is a file that [`Builder::from_toml`] takes, apart from what a
/// file cannot say.
///
/// [`Builder::from_toml`]: crate::Builder::from_toml
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.effective)
    }
}
