//! The plan as it was configured, for a person to read: who is asked, who stands in where, and every setting with the one who
//! said it. From the settings on it is a configuration file: what is no data, or not to be shown, is a comment.

use std::fmt::{self, Write};

use super::{Config, Plan};
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
        let key = settings.keys.iter().find(|(known, _)| *known == standing.provider);
        let key = match key.map(|(_, key)| key) {
            Some(Key::Asked(_)) => "key asked for at each request",
            Some(Key::Given(_) | Key::Unset) | None => "key set",
        };
        let (number, name, base) = (place + 1, standing.provider, &standing.base);
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
