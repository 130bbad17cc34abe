//! The caller vanishes in the middle of a call. Then nobody is left for whom the provider should go on, so its connection ends; and
//! what is asked next is answered as if nothing had been.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::super::gateway::Gateway;
use super::ask;
use super::play::{PATIENCE, aftermath};
use super::read::{self, Chat};
use super::row::Cell;
use super::stage::{Cast, LONG, Model, STREAM, WHOLE, Wishes};
use super::wire::{Act, Wire};

/// Where the call is when its caller goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The gateway has a part of the request.
    BeforeBody,
    /// The provider has all of it, and says nothing.
    BeforeHead,
    /// The same, of a stream.
    BeforeEvents,
    /// So many tokens have come.
    After(Tokens),
    /// So many have come to the gateway, which holds them back.
    Held,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tokens {
    One,
    Twenty,
    FiftyNine,
}

impl Tokens {
    const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Twenty => 20,
            Self::FiftyNine => 59,
        }
    }
}

impl Stage {
    pub(super) const ALL: [Self; 7] = [
        Self::BeforeBody,
        Self::BeforeHead,
        Self::BeforeEvents,
        Self::After(Tokens::One),
        Self::After(Tokens::Twenty),
        Self::After(Tokens::FiftyNine),
        Self::Held,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::BeforeBody => "a chat: before all of the question is sent",
            Self::BeforeHead => "a chat: before the answer begins",
            Self::BeforeEvents => "a chat, streamed: before the answer begins",
            Self::After(Tokens::One) => "a chat, streamed: after the first token",
            Self::After(Tokens::Twenty) => "a chat, streamed: after 20 tokens",
            Self::After(Tokens::FiftyNine) => "a chat, streamed: after 59 tokens of 60",
            Self::Held => "a chat, streamed: after 20 tokens that are held back (`buffer`)",
        }
    }

    const fn model(self) -> Model {
        match self {
            Self::BeforeBody | Self::BeforeHead => WHOLE,
            Self::BeforeEvents | Self::After(_) | Self::Held => STREAM,
        }
    }

    const fn act(self) -> Option<Act> {
        match self {
            Self::BeforeBody => None,
            Self::BeforeHead | Self::BeforeEvents => Some(Act::Silence),
            Self::After(tokens) => Some(Act::Tokens(tokens.count())),
            Self::Held => Some(Act::Tokens(20)),
        }
    }
}

/// How long the end of the caller's connection may take to become the end of the provider's.
const AT_ONCE: Duration = Duration::from_secs(5);

pub(super) fn play(stage: Stage, program: &Path) -> Result<Result<Cell, String>> {
    let cast = Cast::new();
    let wire = Wire::new(cast.openai.text(), stage.act())?;
    let mut at = cast.addresses();
    wire.url().clone_into(&mut at.openai);
    let policy = if stage == Stage::Held { "buffer" } else { "error" };
    // No limit is to end what nobody waits for.
    let gateway = cast.gateway(program, &at, Wishes { policy, limit: LONG, ..Wishes::USUAL })?;
    vanish(stage, &gateway, &wire)?;
    if stage.act().is_some() && !wire.hears_the_end(AT_ONCE) {
        return Ok(Err("the provider's connection goes on".to_owned()));
    }
    Ok(what_follows(stage, &cast, &gateway, &wire))
}

/// Asks, and goes.
fn vanish(stage: Stage, gateway: &Gateway, wire: &Wire) -> Result<()> {
    let address = gateway.base().trim_start_matches("http://");
    let mut caller = TcpStream::connect(address)?;
    caller.set_read_timeout(Some(PATIENCE))?;
    let (parts, body) = ask::chat(stage.model(), stage.model() == STREAM).into_parts();
    let mut head = format!("POST {} HTTP/1.1\r\nhost: {address}\r\n", parts.uri);
    for (name, value) in &parts.headers {
        head.push_str(&format!("{name}: {}\r\n", value.to_str()?));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    caller.write_all(head.as_bytes())?;
    match stage {
        Stage::BeforeBody => caller.write_all(&body.as_bytes()[..body.len() / 2])?,
        Stage::BeforeHead | Stage::BeforeEvents | Stage::Held => {
            caller.write_all(body.as_bytes())?;
            wire.has_played(PATIENCE)?;
        }
        Stage::After(tokens) => {
            caller.write_all(body.as_bytes())?;
            read_until(&mut caller, &format!("openai{}\"", tokens.count()))?;
        }
    }
    Ok(())
}

fn read_until(caller: &mut TcpStream, wanted: &str) -> Result<()> {
    let (mut all, mut piece) = (String::new(), [0; 4096]);
    while !all.contains(wanted) {
        let count = caller.read(&mut piece).with_context(|| format!("{wanted} did not come: {all}"))?;
        if count == 0 {
            bail!("{wanted} did not come: {all}");
        }
        all.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    Ok(())
}

/// The same question, whole.
fn what_follows(stage: Stage, cast: &Cast, gateway: &Gateway, wire: &Wire) -> Result<Cell, String> {
    let model = stage.model();
    let heard = ask::answer(gateway.base(), ask::chat(model, false), PATIENCE)?;
    let of = Chat { model, stream: false, asked: &cast.openai, backup: &cast.backup };
    let got = read::chat(&heard, of)?;
    let (primary, stand_in) = (wire.asked_for(model.asked), cast.chats(model).1);
    aftermath(cast, gateway)?;
    Ok(Cell::new(got, primary, stand_in))
}
