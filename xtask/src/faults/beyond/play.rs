//! Plays a row at one gateway: each cell, and after each a healthy call, as if nothing had been.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use failover_testkit::{Fault, Pace, Provider, Reply};

use super::super::gateway::Gateway;
use super::ask;
use super::outcome::Outcome;
use super::read::{self, Chat};
use super::row::{Cell, Column, Got, Row, Set};
use super::stage::{Addresses, Cast, LONG, Model, SHORT, STREAM, WELL, WHOLE, Wishes};

/// Several times what the longest cell takes on a busy machine. What takes longer hangs.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What the caller waits for a body that is its own to wait for: the head has come long before.
const OWN_PATIENCE: Duration = Duration::from_secs(2);

/// What came of the cells, in the order of the set's columns.
pub(super) fn play(row: &Row, set: Set, program: &Path) -> Result<Vec<Option<Outcome>>> {
    let cast = Cast::new();
    let at = begin(&cast, row.fault, set);
    let (policy, check_answers) = if set == Set::Checked { ("buffer", true) } else { ("error", false) };
    let limit = if hangs(row.fault) { SHORT } else { LONG };
    let gateway = cast.gateway(program, &at, Wishes { policy, check_answers, limit, more: "" })?;
    let play = |column| {
        let expected = row.cell(column)?;
        let patience = if expected.got == Got::Slow { OWN_PATIENCE } else { PATIENCE };
        let seen = cell(&cast, &gateway, column, patience);
        let redirects = matches!(row.fault, Fault::RedirectAway | Fault::RedirectBodyAway);
        let followed = redirects && cast.followed();
        let seen = if followed { Err("a redirect was followed".to_owned()) } else { seen };
        Some(Outcome::of(expected, seen))
    };
    Ok(set.columns().map(play).to_vec())
}

/// Puts the fault on, and says where everybody is asked.
fn begin(cast: &Cast, fault: Fault, set: Set) -> Addresses {
    let mut at = cast.addresses();
    let ill = |provider: &Provider, name: fn(Model) -> &'static str| {
        let bases = [WHOLE, STREAM].map(|model| provider.model_misbehaves(name(model), fault, PACE));
        let [_, base] = bases;
        base
    };
    // Who makes images streams none, and cannot fail in that.
    let whole =
        |provider: &Provider| if fault.is_streamed() { provider.url() } else { provider.misbehave(fault) };
    match set {
        Set::Asked | Set::Checked => {
            at.openai = ill(&cast.openai, |model| model.asked);
            at.fal = whole(&cast.fal);
        }
        Set::StandIn => {
            for model in [WHOLE, STREAM] {
                cast.openai.model(model.asked, Reply::status(503));
            }
            cast.fal.always(Reply::status(503));
            at.backup = ill(&cast.backup, |model| model.backup);
            at.nexa = whole(&cast.nexa);
        }
    }
    at
}

/// Whether it takes a limit to be noticed.
const fn hangs(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::Blackholed
            | Fault::Unresolved
            | Fault::SlowHead
            | Fault::SlowBody
            | Fault::InterimFlood
            | Fault::JobNeverEnds
            | Fault::StreamNeverEnds
    )
}

/// Tokens come without a pause: what a stream has to be quick for is not what is looked at here.
const PACE: Pace = Pace::PUBLISHED.faster(1_000);

fn cell(cast: &Cast, gateway: &Gateway, column: Column, patience: Duration) -> Result<Cell, String> {
    let seen = match column {
        Column::Whole | Column::WholeChecked | Column::StandInsWhole => {
            asked_chat(cast, gateway, (WHOLE, false), patience)
        }
        Column::Streamed | Column::Buffered | Column::StandInsStream => {
            asked_chat(cast, gateway, (STREAM, true), patience)
        }
        Column::Image | Column::ImageChecked | Column::StandInsImage => asked_image(cast, gateway, patience),
    }?;
    aftermath(cast, gateway)?;
    Ok(seen)
}

/// What comes of a chat.
pub(super) fn asked_chat(
    cast: &Cast,
    gateway: &Gateway,
    (model, stream): (Model, bool),
    patience: Duration,
) -> Result<Cell, String> {
    let of = Chat { model, stream, asked: &cast.openai, backup: &cast.backup };
    let got = match ask::send(gateway.base(), ask::chat(model, stream), patience)? {
        Some(heard) => read::chat(&heard, of)?,
        None => Got::Slow,
    };
    let (primary, stand_in) = cast.chats(model);
    Ok(Cell::new(got, primary, stand_in))
}

/// What comes of an image.
pub(super) fn asked_image(cast: &Cast, gateway: &Gateway, patience: Duration) -> Result<Cell, String> {
    let heard = ask::send(gateway.base(), ask::image(), patience)?;
    let got = heard.map_or(Ok(Got::Slow), |heard| read::image(&heard))?;
    let (primary, stand_in) = cast.images();
    Ok(Cell::new(got, primary, stand_in))
}

/// What has to be so behind every cell: the gateway serves, whoever does it, and nobody has been told a key.
pub(super) fn aftermath(cast: &Cast, gateway: &Gateway) -> Result<(), String> {
    let heard = ask::answer(gateway.base(), ask::chat(WELL, false), PATIENCE)
        .map_err(|why| format!("not alive afterwards: {why}"))?;
    let of = Chat { model: WELL, stream: false, asked: &cast.openai, backup: &cast.backup };
    match read::chat(&heard, of)? {
        Got::Primary | Got::StandIn => {}
        got => return Err(format!("not alive afterwards: {got}")),
    }
    // A key in them would be one that the caller is told.
    ask::answer(gateway.base(), ask::question("/metrics", "Bearer"), PATIENCE)?;
    cast.leaked().map_or(Ok(()), Err)
}
