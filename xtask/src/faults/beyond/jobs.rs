//! Jobs: an image that is promised first, and asked for until it is there. The one that has accepted the job fails, or never ends it.

use std::path::Path;

use anyhow::Result;
use failover_testkit::{Fault, Reply};
use serde_json::{Value, json};

use super::super::gateway::Gateway;
use super::ask::{self, Heard};
use super::outcome::Outcome;
use super::play::{PATIENCE, aftermath};
use super::row::{Cell, Got, Stands, Whose};
use super::stage::{Cast, Wishes};

/// How often the caller asks for a job before it gives up.
const QUESTIONS: usize = 5;

/// By whose API the caller asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Api {
    Replicate,
    Queue,
}

/// A job that goes wrong, at the one who has accepted it.
#[derive(Clone, Copy, Debug)]
pub(super) struct JobRow {
    pub(super) fault: Fault,
    pub(super) cells: [(Api, Whose, Cell); 4],
    pub(super) why: &'static str,
}

/// What is to happen, written down before it was played.
pub(super) fn rows() -> [JobRow; 2] {
    let row = |fault, stands, questions, why| {
        let own = Cell::new(Got::Job(Whose::Asked, stands), 1 + questions, 0);
        let stand_ins = Cell::new(Got::Job(Whose::StandIns, stands), 1, 1);
        let cell = |api, whose| (api, whose, if whose == Whose::Asked { own } else { stand_ins });
        JobRow {
            fault,
            cells: [
                cell(Api::Replicate, Whose::Asked),
                cell(Api::Queue, Whose::Asked),
                cell(Api::Replicate, Whose::StandIns),
                cell(Api::Queue, Whose::StandIns),
            ],
            why,
        }
    };
    [
        row(
            Fault::JobFails,
            Stands::Failed,
            2,
            "A job that was accepted is never generated again unasked, whoever has accepted it.",
        ),
        row(
            Fault::JobNeverEnds,
            Stands::GoesOn,
            QUESTIONS,
            "Whoever asks for it decides when to stop, here after five times.",
        ),
    ]
}

/// What each row asks for, in the order of its cells.
pub(super) const ASKED: [&str; 4] = ["Replicate's", "FAL's", "in Replicate's place", "in FAL's place"];

pub(super) fn play(row: &JobRow, program: &Path) -> Result<Vec<Option<Outcome>>> {
    let cells = row.cells.iter().map(|(api, whose, expected)| {
        let cast = Cast::new();
        let asked = if *api == Api::Replicate { &cast.replicate } else { &cast.queue };
        match whose {
            Whose::Asked => drop(asked.misbehave(row.fault)),
            Whose::StandIns => {
                asked.always(Reply::status(503));
                drop(cast.nexa.misbehave(row.fault));
            }
        }
        let gateway = cast.gateway(program, &cast.addresses(), Wishes::USUAL)?;
        let seen = followed(&cast, &gateway, *api);
        Ok(Some(Outcome::of(*expected, seen)))
    });
    cells.collect()
}

/// As a client does it: it asks for the job, and then at the URL that it was given, until the job has ended.
fn followed(cast: &Cast, gateway: &Gateway, api: Api) -> Result<Cell, String> {
    let (path, scheme, body) = match api {
        Api::Replicate => (
            "/replicate/v1/models/black-forest-labs/flux-schnell/predictions",
            "Bearer",
            json!({ "input": ask::prompt() }),
        ),
        Api::Queue => ("/queue/fal-ai/flux/dev", "Key", ask::prompt()),
    };
    let mut heard = ask::answer(gateway.base(), ask::post(path, scheme, &body), PATIENCE)?;
    let whose = match heard.header("x-failover-served-by") {
        None => Whose::Asked,
        Some("nexaapi") => Whose::StandIns,
        Some(by) => return Err(format!("served by {by}")),
    };
    let mut stands = Stands::GoesOn;
    for _ in 0..QUESTIONS {
        let url = url(&heard, api)?;
        if !url.starts_with(gateway.base()) {
            return Err(format!("{url} leads around the gateway"));
        }
        heard = ask::answer(gateway.base(), ask::question(&url, scheme), PATIENCE)?;
        stands = state(&heard)?;
        if stands != Stands::GoesOn {
            break;
        }
    }
    let (primary, stand_in) = cast.images();
    aftermath(cast, gateway)?;
    Ok(Cell::new(Got::Job(whose, stands), primary, stand_in))
}

fn url(heard: &Heard, api: Api) -> Result<String, String> {
    let answer = heard.json().unwrap_or_default();
    let url = if api == Api::Replicate { &answer["urls"]["get"] } else { &answer["status_url"] };
    url.as_str().map(str::to_owned).ok_or_else(|| format!("{}, and no URL: {answer}", heard.status))
}

/// How the job stands, in the words of either API.
fn state(heard: &Heard) -> Result<Stands, String> {
    let answer = heard.json().unwrap_or_default();
    let failed = answer["error"].as_str().is_some_and(|error| !error.is_empty());
    match answer.get("status").and_then(Value::as_str) {
        Some("failed") if failed => Ok(Stands::Failed),
        Some("COMPLETED") if failed => Ok(Stands::Failed),
        Some("succeeded" | "COMPLETED") => Ok(Stands::Done),
        Some("starting" | "processing" | "IN_QUEUE" | "IN_PROGRESS") if !failed => Ok(Stands::GoesOn),
        _ => Err(format!("{}, and no job: {answer}", heard.status)),
    }
}
