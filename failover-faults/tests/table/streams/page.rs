//! What the page says of a chat that is streamed.

use std::fmt::Write as _;

use failover_mapping::Fault as Cause;

use super::row::{Got, POLICIES, Row};
use crate::play::shown;

const HEAD: &str = "
## A chat that is streamed has the fault

OpenAI is asked for `gpt-4o` with `stream: true`, through the caller's client with the failover in it, and has the fault. In every
column it is played with a provider of the user's own that speaks OpenAI's API as the stand-in, and with Anthropic; with isahc in a
future, and blocking. `error`, `buffer` and `restart` are the stream policies. By ureq a stream is in our hands until its head, so the
policies come to the same, and a stand-in's whole answer comes as a complete stream. An answer has 60 tokens, and limits and pauses are
shorter than published.

| a cell says | the caller got |
|---|---|
| primary, stand-in | the whole answer of that one, in events of OpenAI's, with its end, its usage and the model that wrote it |
| 40, then cut off (stalled, overloaded) | so many tokens, an event that says so, and a typed error where the body breaks off: never what looks complete |
| 40, then stand-in | so many tokens, the marker that makes them void, and the whole answer of the stand-in |
| own 400 | the asked provider's own refusal, as it came |
| own, ... | the asked provider's stream as it came: one event in it is junk, it ends after so many tokens or with an error, or `[DONE]` is missing |

";

pub(crate) fn print(page: &mut String, rows: &[Row]) {
    page.push_str(HEAD);
    page.push_str("| | fault |");
    for policy in POLICIES {
        _ = write!(page, " `{policy}`, reqwest and isahc |");
    }
    page.push_str(" ureq | why |\n|---|---|---|---|---|---|---|\n");
    for row in rows {
        _ = write!(page, "| {} | {} |", row.fault.id(), row.fault.name());
        for cell in row.guarded().into_iter().chain([row.by_ureq()]) {
            _ = write!(page, " {}, {}+{} |", words(cell.got), cell.primary, cell.stand_in);
        }
        _ = writeln!(page, " {} |", row.why);
    }
}

fn words(got: Got) -> String {
    match got {
        Got::Primary => "primary".to_owned(),
        Got::StandIn => "stand-in".to_owned(),
        Got::Restarted(tokens) => format!("{}, then stand-in", shown(tokens)),
        Got::Failed(tokens, cause) => format!("{}, then {}", shown(tokens), end(cause)),
        Got::Own(status) => format!("own {status}"),
        Got::OwnJunk => "own, with junk".to_owned(),
        Got::OwnCut(tokens) => format!("own, cut after {}", shown(tokens)),
        Got::OwnError(tokens) => format!("own, error after {}", shown(tokens)),
        Got::OwnEndless => "own, without `[DONE]`".to_owned(),
    }
}

fn end(cause: Cause) -> String {
    match cause {
        Cause::Cut => "cut off".to_owned(),
        Cause::Timeout => "stalled".to_owned(),
        Cause::Overloaded => "overloaded".to_owned(),
        other => other.to_string(),
    }
}
