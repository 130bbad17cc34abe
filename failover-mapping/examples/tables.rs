//! Prints the tables of the README: which model stands in for which.

use failover_mapping::{Catalogue, ConfigError, ProviderName};

fn main() -> Result<(), ConfigError> {
    let catalogue = Catalogue::built_in()?;
    for (provider, title) in [(ProviderName::Fal, "FAL"), (ProviderName::Replicate, "Replicate")] {
        println!("| {title} | NexaAPI | task | |");
        println!("|---|---|---|---|");
        for row in catalogue.models(provider, ProviderName::Nexa) {
            println!("| `{}` | `{}` | {} | {} |", row.id, row.stand_in, row.task, row.substitution);
        }
        println!();
    }
    Ok(())
}
