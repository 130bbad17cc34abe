//! `cargo xtask demo`: an outage on this machine, and both adapters' examples getting their answers all the same.
//!
//! Everything is real but the providers: sockets, clients, middlewares, and programs that are started as a user
//! starts them. Each adapter plays twice, in the outage and after it. The demo fails if one promise is broken.

mod example;
mod page;
mod promise;
mod shape;
mod stage;
mod transcript;

use std::path::Path;

use anyhow::{Result, bail};

use example::{Example, Printed};
use page::Page;
use promise::Promise;
use stage::{Owner, Stage, Witness};
use transcript::Exchange;

const EXAMPLES: [Example; 2] = [
    Example { package: "failover-ureq", name: "drop_in_ureq" },
    Example { package: "failover-reqwest", name: "drop_in_reqwest" },
];

/// One half of an adapter's play.
struct Round {
    title: &'static str,
    promises: fn(&[Exchange], &Witness) -> Vec<Promise>,
    /// In health the answer is the fake's own, which shows nothing.
    with_body: bool,
}

const OUTAGE: Round =
    Round { title: "FAL and Replicate are down", promises: promise::in_an_outage, with_body: true };
const HEALTH: Round =
    Round { title: "FAL and Replicate are back", promises: promise::in_health, with_body: false };

pub(crate) fn run(root: &Path) -> Result<()> {
    let (stage, page) = (Stage::open(), Page::new());
    println!("A rehearsal on this machine: no real provider is asked, no key of yours is used.\n");
    let roles = ["answers 429, too many requests", "answers 500, internal error", "works"];
    for (owner, role) in Owner::ALL.into_iter().zip(roles) {
        println!("  {:<10} {:<24} {role}", owner.name(), stage.url(owner));
    }
    println!(
        "\nBelow, > is what a program asks and < what it gets. Between them: who was tried, how it ended.\n"
    );
    for example in EXAMPLES {
        example.build(root)?;
    }
    let mut promises = Vec::new();
    for example in EXAMPLES {
        stage.begin_outage();
        promises.extend(play(root, example, &stage, &page, &OUTAGE)?);
        stage.end_outage();
        promises.extend(play(root, example, &stage, &page, &HEALTH)?);
    }
    let broken = promises.iter().filter(|promise| promise.broken.is_some()).count();
    if broken > 0 {
        bail!("{broken} of {} promises were broken, see FAILED above", promises.len());
    }
    println!(
        "\nAll {} promises were kept. With keys of your own, the same programs ask the real providers:",
        promises.len()
    );
    let Example { package, name } = EXAMPLES[0];
    println!("  FAL_KEY=.. REPLICATE_API_TOKEN=.. NEXA_API_KEY=.. cargo run -p {package} --example {name}");
    Ok(())
}

fn play(root: &Path, example: Example, stage: &Stage, page: &Page, round: &Round) -> Result<Vec<Promise>> {
    stage.forget();
    page.heading(&format!("{}: {}", example.package, round.title));
    let printed = example.run(root, &stage.env())?;
    let witness = stage.witness();
    let (exchanges, fault) = match transcript::parse(&printed.stdout) {
        Ok(exchanges) => (exchanges, printed.fault.clone()),
        Err(error) => (Vec::new(), Some(printed.fault.clone().unwrap_or_else(|| format!("{error:#}")))),
    };
    show(page, &printed, &exchanges, round.with_body);
    page.witness(&witness);
    let mut promises = vec![promise::to_the_end(&exchanges, fault)];
    promises.extend((round.promises)(&exchanges, &witness));
    promises.push(promise::in_silence(&format!("{}{}", printed.stdout, printed.stderr)));
    page.promises(&promises);
    Ok(promises)
}

fn show(page: &Page, printed: &Printed, exchanges: &[Exchange], with_body: bool) {
    if exchanges.is_empty() {
        page.raw("printed", &printed.stdout);
    }
    for exchange in exchanges {
        page.exchange(exchange, with_body);
    }
    page.raw("complained", &printed.stderr);
}
