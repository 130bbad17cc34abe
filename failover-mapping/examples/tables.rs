//! Prints the tables of the README: which model stands in for which.

use failover_mapping::{Catalogue, Config, ConfigError, ProviderName};

/// Models of one provider that have the same stand-ins.
struct Alike<'c> {
    provider: ProviderName,
    ids: Vec<&'c str>,
    stand_ins: Vec<(ProviderName, &'c str)>,
}

fn main() -> Result<(), ConfigError> {
    let catalogue = Catalogue::built_in()?;
    for provider in [ProviderName::Fal, ProviderName::Replicate] {
        println!("| {} | NexaAPI | task | |", title(provider));
        println!("|---|---|---|---|");
        for row in catalogue.models(provider, ProviderName::Nexa) {
            println!("| `{}` | `{}` | {} | {} |", row.id, row.stand_in, row.task, row.substitution);
        }
        println!();
    }
    // Where all of them have a key.
    let all = [ProviderName::OpenAi, ProviderName::Anthropic, ProviderName::Together];
    let config = all.into_iter().fold(Config::builder(), |it, provider| it.key(provider, "any")).build()?;
    println!("| text, asked of | stand-ins | models |\n|---|---|---|");
    for Alike { provider, ids, stand_ins } in alike(&config) {
        let stand_ins: Vec<_> =
            stand_ins.iter().map(|(provider, id)| format!("{} `{id}`", title(*provider))).collect();
        let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
        println!("| {} | {} | {} |", title(provider), stand_ins.join(", "), ids.join(", "));
    }
    Ok(())
}

/// In the order of the data.
fn alike(config: &Config) -> Vec<Alike<'_>> {
    let mut all: Vec<Alike<'_>> = Vec::new();
    for model in config.text_models() {
        let (provider, stand_ins) = (model.provider, model.stand_ins);
        match all.iter_mut().find(|known| known.provider == provider && known.stand_ins == stand_ins) {
            Some(known) => known.ids.push(model.id),
            None => all.push(Alike { provider, ids: vec![model.id], stand_ins }),
        }
    }
    all
}

fn title(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Fal => "FAL",
        ProviderName::Replicate => "Replicate",
        ProviderName::OpenAi => "OpenAI",
        ProviderName::Anthropic => "Anthropic",
        ProviderName::Together => "Together",
        _ => "NexaAPI",
    }
}
