//! What takes more than one provider that fails, or more than one call.

use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use failover_testkit::{Reply, refused};

use super::super::gateway::Gateway;
use super::play::{PATIENCE, aftermath, asked_chat, asked_image};
use super::row::{Cell, Got};
use super::stage::{Addresses, Cast, STREAM, WHOLE, Wishes};
use super::vanish::{self, Stage};
use super::{crowd, outcome::Outcome};

/// What happens, what the caller asks for, and what is to come of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scenario {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) asks: &'static str,
    plot: Plot,
    expected: Cell,
    pub(super) why: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plot {
    AllDown(Asks),
    AllGone(Asks),
    Stale,
    Vanishes(Stage),
    Crowd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Chat,
    Stream,
    Image,
}

impl Asks {
    const ALL: [Self; 3] = [Self::Chat, Self::Stream, Self::Image];

    const fn name(self) -> &'static str {
        match self {
            Self::Chat => "a chat",
            Self::Stream => "a chat, streamed",
            Self::Image => "an image",
        }
    }
}

impl Scenario {
    /// For the line of progress.
    pub(super) fn title(&self) -> String {
        format!("{} {}, {}", self.id, self.name, self.asks)
    }

    /// It keeps the machine so busy that nothing else can be played beside it.
    pub(super) fn is_crowd(&self) -> bool {
        self.plot == Plot::Crowd
    }

    pub(super) fn play(&self, program: &Path) -> Result<Outcome> {
        let seen = match self.plot {
            Plot::AllDown(asks) => all_down(asks, program)?,
            Plot::AllGone(asks) => all_gone(asks, program)?,
            Plot::Stale => stale(program)?,
            Plot::Vanishes(stage) => vanish::play(stage, program)?,
            Plot::Crowd => crowd::play(program)?,
        };
        Ok(Outcome::of(self.expected, seen))
    }
}

/// What is to happen, written down before it was played.
pub(super) fn scenarios() -> Vec<Scenario> {
    let down = Asks::ALL.map(|asks| Scenario {
        id: "F37",
        name: "every provider says 503",
        asks: asks.name(),
        plot: Plot::AllDown(asks),
        expected: if asks == Asks::Image {
            Cell::new(Got::Own(503), 1, 2)
        } else {
            Cell::new(Got::Own(503), 3, 3)
        },
        why: "The refusal of the one that was asked, when everybody has been asked as often as the plan allows.",
    });
    let gone = Asks::ALL.map(|asks| Scenario {
        id: "F37",
        name: "nobody can be reached",
        asks: asks.name(),
        plot: Plot::AllGone(asks),
        expected: Cell::new(Got::Typed, 0, 0),
        why: "There is no refusal to hand on, so the gateway says it, in the asked provider's shape.",
    });
    let stale = Scenario {
        id: "F38",
        name: "every provider down, and an old answer at hand",
        asks: Asks::Image.name(),
        plot: Plot::Stale,
        expected: Cell::new(Got::Stale, 2, 2),
        why: "With a cache in the file. Chats are kept by none.",
    };
    let vanishes = Stage::ALL.map(|stage| Scenario {
        id: "F39",
        name: "the caller vanishes",
        asks: stage.name(),
        plot: Plot::Vanishes(stage),
        expected: Cell::new(Got::Primary, if stage == Stage::BeforeBody { 1 } else { 2 }, 0),
        why: "The provider's connection ends, and what follows is served as if nothing had been.",
    });
    let crowd = Scenario {
        id: "F41",
        name: "1,000 calls at once, while the asked provider flaps",
        asks: "chats, every other one streamed",
        plot: Plot::Crowd,
        expected: Cell::new(Got::AllAnswered, 0, 0),
        why: "It is down for 20 requests and well for 20, over and over, and its circuit stays open for 100 ms.",
    };
    down.into_iter().chain(gone).chain([stale]).chain(vanishes).chain([crowd]).collect()
}

type Seen = Result<Cell, String>;

fn all_down(asks: Asks, program: &Path) -> Result<Seen> {
    let cast = Cast::new();
    for provider in [&cast.openai, &cast.backup, &cast.fal, &cast.nexa] {
        provider.always(Reply::status(503));
    }
    let gateway = cast.gateway(program, &cast.addresses(), Wishes::USUAL)?;
    let seen = asked(asks, &cast, &gateway);
    Ok(seen.and_then(|cell| afterwards(asks, &cast, &gateway).map(|()| cell)))
}

fn all_gone(asks: Asks, program: &Path) -> Result<Seen> {
    let at = Addresses { openai: refused(), backup: refused(), fal: refused(), nexa: refused() };
    let cast = Cast::new();
    // Nobody comes back there.
    Ok(asked(asks, &cast, &cast.gateway(program, &at, Wishes::USUAL)?))
}

fn asked(asks: Asks, cast: &Cast, gateway: &Gateway) -> Seen {
    match asks {
        Asks::Chat => asked_chat(cast, gateway, (WHOLE, false), PATIENCE),
        Asks::Stream => asked_chat(cast, gateway, (STREAM, true), PATIENCE),
        Asks::Image => asked_image(cast, gateway, PATIENCE),
    }
}

/// Everybody is well again, and the same question is answered as if nothing had been.
fn afterwards(asks: Asks, cast: &Cast, gateway: &Gateway) -> Result<(), String> {
    for provider in [&cast.openai, &cast.backup, &cast.fal, &cast.nexa] {
        provider.always(Reply::healthy());
    }
    match asked(asks, cast, gateway)? {
        Cell { got: Got::Primary, .. } => aftermath(cast, gateway),
        cell => Err(format!("{cell} afterwards, of everybody in health")),
    }
}

fn stale(program: &Path) -> Result<Seen> {
    const FRESH: Duration = Duration::from_millis(1);
    let cast = Cast::new();
    let more = "cache.fresh = \"1ms\"\ncache.stale = \"1h\"\n";
    let gateway = cast.gateway(program, &cast.addresses(), Wishes { more, ..Wishes::USUAL })?;
    let first = asked_image(&cast, &gateway, PATIENCE);
    match first {
        Ok(Cell { got: Got::Primary, .. }) => {}
        Ok(cell) => return Ok(Err(format!("{cell} of everybody in health"))),
        Err(why) => return Ok(Err(why)),
    }
    cast.fal.always(Reply::status(503));
    cast.nexa.always(Reply::status(503));
    thread::sleep(FRESH * 10);
    let seen = asked_image(&cast, &gateway, PATIENCE);
    Ok(seen.and_then(|cell| afterwards(Asks::Image, &cast, &gateway).map(|()| cell)))
}
