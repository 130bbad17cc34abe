//! A thousand calls at once, while the asked provider goes down and comes back, over and over.

use std::path::Path;
use std::thread;

use anyhow::Result;
use failover_testkit::Reply;

use super::ask;
use super::play::aftermath;
use super::read::{self, Chat};
use super::row::{Cell, Got};
use super::stage::{Cast, LONG, STREAM, WHOLE, Wishes};

const CALLS: usize = 1_000;
/// For so many requests it is well, and then for as many it is down. In this order both have something to answer, however fast they come.
const FLAP: usize = 20;

pub(super) fn play(program: &Path) -> Result<Result<Cell, String>> {
    let cast = Cast::new();
    let flap = [Reply::healthy(), Reply::status(503)].map(|reply| vec![reply; FLAP]).concat();
    cast.openai.script(flap.into_iter().cycle().take(CALLS));
    let wishes = Wishes { limit: LONG, more: "breaker.pause = \"100ms\"\n", ..Wishes::USUAL };
    let gateway = cast.gateway(program, &cast.addresses(), wishes)?;
    let base = gateway.base();
    let all: Vec<Result<Got, String>> = thread::scope(|scope| {
        let call = |number: usize| {
            let (model, stream) = if number.is_multiple_of(2) { (WHOLE, false) } else { (STREAM, true) };
            let of = Chat { model, stream, asked: &cast.openai, backup: &cast.backup };
            move || read::chat(&ask::answer(base, ask::chat(model, stream), 2 * LONG)?, of)
        };
        let calls: Vec<_> = (0..CALLS).map(|number| scope.spawn(call(number))).collect();
        let panicked = |_| Err("a caller panicked".to_owned());
        calls.into_iter().map(|call| call.join().unwrap_or_else(panicked)).collect()
    });
    Ok(sum(&all).and_then(|cell| aftermath(&cast, &gateway).map(|()| cell)))
}

/// Everybody has an answer, and both have given some.
fn sum(all: &[Result<Got, String>]) -> Result<Cell, String> {
    let count = |got| all.iter().filter(|it| **it == Ok(got)).count();
    let (primary, stand_in) = (count(Got::Primary), count(Got::StandIn));
    if primary + stand_in < all.len() {
        let mut others = all.iter().filter(|it| !matches!(it, Ok(Got::Primary | Got::StandIn)));
        let first = match others.next() {
            Some(Err(error)) => error.clone(),
            Some(Ok(got)) => got.to_string(),
            None => String::new(),
        };
        let count = all.len() - primary - stand_in;
        return Err(format!(
            "{primary} by the primary, {stand_in} by the stand-in; {count} others, the first: {first}"
        ));
    }
    if primary == 0 || stand_in == 0 {
        return Err(format!("{primary} by the primary, {stand_in} by the stand-in: nothing flapped"));
    }
    Ok(Cell::new(Got::AllAnswered, primary, stand_in))
}
