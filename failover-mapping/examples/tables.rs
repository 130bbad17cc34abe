//! Prints the model tables as Markdown, from the data.

use failover_mapping::{Catalogue, ConfigError, ProviderName};

fn main() -> Result<(), ConfigError> {
    let catalogue = Catalogue::built_in()?;
    for (name, provider) in [("FAL", ProviderName::Fal), ("Replicate", ProviderName::Replicate)] {
        println!(
            "| {name} model | neutral name | NexaAPI model | task | same or variant | answered today |\n|---|---|---|---|---|---|"
        );
        for row in catalogue.models(provider) {
            let answered = if row.answered { "yes" } else { "no" };
            println!(
                "| `{}` | `{}` | `{}` | {} | {} | {answered} |",
                row.id, row.model, row.stand_in, row.task, row.substitution
            );
        }
        println!();
    }
    Ok(())
}
