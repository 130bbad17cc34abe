//! `cargo xtask demo`: an outage on this machine, and the adapters' examples getting their answers all the same.
//!
//! Everything is real but the providers: sockets, clients, middlewares, and programs that are started as a user
//! starts them. Each adapter plays four acts: calls that are answered at once and a job for FAL's queue, in the outage
//! and after it. The demo fails if one promise is broken.

mod example;
mod page;
mod promise;
mod shape;
mod stage;
mod transcript;

use std::path::Path;

use anyhow::{Result, bail};

use example::{Example, Printed, Program};
use page::Page;
use promise::{Promise, at_once, queued};
use stage::{Stage, Witness};
use transcript::Exchange;

/// The clients that have an adapter.
const CLIENTS: [&str; 3] = ["ureq", "reqwest", "isahc"];

/// A program, and how the providers are while it runs.
struct Act {
    title: &'static str,
    program: Program,
    scene: fn(&Stage),
    promises: fn(&[Exchange], &Witness, Option<String>) -> Vec<Promise>,
    /// In health the answer is the fake's own, which shows nothing.
    with_body: bool,
}

const ACTS: [Act; 4] = [
    Act {
        title: "FAL and Replicate are down",
        program: Program::DropIn,
        scene: Stage::begin_outage,
        promises: at_once::in_an_outage,
        with_body: true,
    },
    Act {
        title: "FAL and Replicate are back",
        program: Program::DropIn,
        scene: Stage::end_outage,
        promises: at_once::in_health,
        with_body: false,
    },
    Act {
        title: "FAL's queue is down, NexaAPI works by jobs",
        program: Program::Queue,
        scene: Stage::begin_outage_of_the_queue,
        promises: queued::in_an_outage,
        with_body: true,
    },
    Act {
        title: "FAL's queue is back",
        program: Program::Queue,
        scene: Stage::end_outage,
        promises: queued::in_health,
        with_body: false,
    },
];

pub(crate) fn run(root: &Path) -> Result<()> {
    let (stage, page) = (Stage::open(), Page::new());
    println!("A rehearsal on this machine: no real provider is asked, no key of yours is used.\n");
    for (name, url, role) in stage.playbill() {
        println!("  {name:<11}  {url:<24} {role}");
    }
    println!(
        "\nBelow, > is what a program asks and < what it gets. Between them: who was tried, how it ended.\n"
    );
    for client in CLIENTS {
        example::build(root, client)?;
    }
    let mut promises = Vec::new();
    for client in CLIENTS {
        for act in &ACTS {
            promises.extend(play(root, client, act, &stage, &page)?);
        }
    }
    let broken = promises.iter().filter(|promise| promise.broken.is_some()).count();
    if broken > 0 {
        bail!("{broken} of {} promises were broken, see FAILED above", promises.len());
    }
    println!(
        "\nAll {} promises were kept. With keys of your own, the same programs ask the real providers:",
        promises.len()
    );
    for program in Program::ALL {
        println!("  {}", Example { client: CLIENTS[0], program }.by_hand());
    }
    Ok(())
}

fn play(root: &Path, client: &'static str, act: &Act, stage: &Stage, page: &Page) -> Result<Vec<Promise>> {
    let example = Example { client, program: act.program };
    (act.scene)(stage);
    stage.forget();
    page.heading(&format!("{}: {}", example.package(), act.title));
    let printed = example.run(root, &stage.env())?;
    let witness = stage.witness();
    let (exchanges, fault) = match transcript::parse(&printed.stdout) {
        Ok(exchanges) => (exchanges, printed.fault.clone()),
        Err(error) => (Vec::new(), Some(printed.fault.clone().unwrap_or_else(|| format!("{error:#}")))),
    };
    show(page, &printed, &exchanges, act.with_body);
    page.witness(&witness);
    let mut promises = (act.promises)(&exchanges, &witness, fault);
    promises.push(promise::in_silence(&format!("{}{}", printed.stdout, printed.stderr)));
    page.promises(&promises);
    Ok(promises)
}

fn show(page: &Page, printed: &Printed, exchanges: &[Exchange], with_body: bool) {
    if exchanges.is_empty() {
        page.raw("printed", &printed.stdout);
    }
    for asked in exchanges.chunk_by(Exchange::repeats) {
        match asked {
            [exchange] => page.exchange(exchange, with_body),
            polls => page.polls(polls),
        }
    }
    page.raw("complained", &printed.stderr);
}
