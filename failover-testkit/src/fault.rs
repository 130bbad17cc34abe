//! [`Fault`]: the ways in which a provider fails, by name.

use crate::blackholed::blackholed;
use crate::jobs::JobEnd;
use crate::provider::Provider;
use crate::refused::refused;
use crate::reply::Reply;
use std::fmt;
use std::time::Duration;

/// A way in which a provider fails. [`Provider::misbehave`] puts it on.
///
/// Those with a number of the form `S04` are the ones of the public Failover Bench that need no streaming, under its own
/// numbers, so that results can be compared; its S15 and S16 are S04 as well, looked at otherwise. The others have numbers
/// of ours, `F01` and so on.
///
/// ```
/// use failover_testkit::{Fault, Provider};
///
/// for fault in Fault::ALL {
///     let provider = Provider::fal();
///     let base = provider.misbehave(*fault); // a client asks here, and has to survive it
///     println!("{fault} at {base}");
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fault {
    /// 429 with `Retry-After: 2`, once.
    ThrottledOnce,
    /// 429 without a hint, always.
    Throttled,
    /// 500, once.
    BrokenOnce,
    /// 503, always, or until [`Provider::heal`].
    Overloaded,
    /// The connection is reset before the first byte of an answer.
    Reset,
    /// The request is read and nothing is ever answered.
    Silence,
    /// 400 with the code `context_length_exceeded`.
    ContextTooLong,
    /// 400 with the code `content_policy_violation`.
    ContentPolicy,
    /// Nobody listens: [`refused()`].
    Refused,
    /// Packets that ask for a connection are lost: [`blackholed()`].
    Blackholed,
    /// The name of the host is unknown. (`.invalid` is nobody's, by RFC 2606.)
    Unresolved,
    /// An `https:` URL, where HTTP without TLS is spoken.
    NoTls,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// The head comes byte by byte, [20 ms](Fault::PACE) apart.
    SlowHead,
    /// The head comes at once and the body byte by byte, [20 ms](Fault::PACE) apart.
    SlowBody,
    /// `Content-Length` says more than is sent.
    LengthTooLong,
    /// `Content-Length` says less than is sent.
    LengthTooShort,
    /// Two headers `Content-Length` that contradict each other.
    TwoLengths,
    /// Half of a JSON object, correctly framed.
    TruncatedJson,
    /// 200 with an error in the body.
    ErrorInSuccess,
    /// 200 with a page for people.
    Html,
    /// 200 without a body.
    Empty,
    /// The healthy answer, said to be `text/plain`.
    WrongType,
    /// The healthy answer with [4 MiB](Fault::LARGE) of padding, packed to a hundredth.
    GzipBomb,
    /// The healthy answer with [4 MiB](Fault::LARGE) of padding, as they are.
    LargeBody,
    /// JSON, nested 10,000 deep.
    DeepJson,
    /// 302 to where the request came from.
    RedirectLoop,
    /// 302 to another origin: [`Provider::elsewhere`].
    RedirectAway,
    /// 307 to another origin, which wants the body sent there as well: [`Provider::elsewhere`].
    RedirectBodyAway,
    /// 429 with `Retry-After: -1`.
    HintNegative,
    /// 429 with `Retry-After: 1000000000`, which is 31 years.
    HintHuge,
    /// 429 with `Retry-After: NaN`.
    HintNoNumber,
    /// 429 with a `Retry-After` of 1994.
    HintPast,
    /// 429 with a `Retry-After` of 2099.
    HintFuture,
    /// Heads with status 103, without end.
    InterimFlood,
    /// What speaks HTTP/2 is read and sent away (`GOAWAY`), though nothing was wrong; what speaks HTTP/1 is reset.
    GoAway,
    /// The healthy answer with headers given twice, each time otherwise.
    TwiceTheHeaders,
    /// The healthy answer with a header of 1 MiB.
    LongHeader,
    /// A job that is accepted, and fails when it is asked after.
    JobFails,
    /// A job that is accepted, and is in the works for as long as it is asked after.
    JobNeverEnds,
}

impl Fault {
    /// All of them, in the order in which they are declared.
    pub const ALL: &'static [Self] = &[
        Self::ThrottledOnce,
        Self::Throttled,
        Self::BrokenOnce,
        Self::Overloaded,
        Self::Reset,
        Self::Silence,
        Self::ContextTooLong,
        Self::ContentPolicy,
        Self::Refused,
        Self::Blackholed,
        Self::Unresolved,
        Self::NoTls,
        Self::ResetInBody,
        Self::SlowHead,
        Self::SlowBody,
        Self::LengthTooLong,
        Self::LengthTooShort,
        Self::TwoLengths,
        Self::TruncatedJson,
        Self::ErrorInSuccess,
        Self::Html,
        Self::Empty,
        Self::WrongType,
        Self::GzipBomb,
        Self::LargeBody,
        Self::DeepJson,
        Self::RedirectLoop,
        Self::RedirectAway,
        Self::RedirectBodyAway,
        Self::HintNegative,
        Self::HintHuge,
        Self::HintNoNumber,
        Self::HintPast,
        Self::HintFuture,
        Self::InterimFlood,
        Self::GoAway,
        Self::TwiceTheHeaders,
        Self::LongHeader,
        Self::JobFails,
        Self::JobNeverEnds,
    ];

    /// The pause after each byte that is sent slowly. For another one: [`Reply::slow_head`], [`Reply::slow_body`].
    pub const PACE: Duration = Duration::from_millis(20);

    /// How many letters are too many. For another number: [`Reply::padded`], [`Reply::bomb`].
    pub const LARGE: usize = 4 << 20;

    /// Its number: `S04`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.card().0
    }

    /// What the provider does, in a few words: `503 always`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.card().1
    }

    #[rustfmt::skip] // one line per fault, in columns: this is the table
    const fn card(self) -> (&'static str, &'static str) {
        match self {
            Self::ThrottledOnce    => ("S01", "429 once, Retry-After: 2"),
            Self::Throttled        => ("S02", "429 always, no hint"),
            Self::BrokenOnce       => ("S03", "500 once"),
            Self::Overloaded       => ("S04", "503 always"),
            Self::Reset            => ("S05", "reset before any byte"),
            Self::Silence          => ("S06", "accepts, never answers"),
            Self::ContextTooLong   => ("S12", "400 context_length_exceeded"),
            Self::ContentPolicy    => ("S13", "400 content_policy_violation"),
            Self::Refused          => ("F01", "connection refused"),
            Self::Blackholed       => ("F02", "SYN blackholed"),
            Self::Unresolved       => ("F03", "DNS failure"),
            Self::NoTls            => ("F04", "TLS failure"),
            Self::ResetInBody      => ("F05", "reset in mid-body"),
            Self::SlowHead         => ("F06", "head byte by byte"),
            Self::SlowBody         => ("F07", "body byte by byte"),
            Self::LengthTooLong    => ("F08", "Content-Length too long"),
            Self::LengthTooShort   => ("F09", "Content-Length too short"),
            Self::TwoLengths       => ("F10", "two Content-Lengths"),
            Self::TruncatedJson    => ("F11", "truncated JSON"),
            Self::ErrorInSuccess   => ("F12", "200 with an error body"),
            Self::Html             => ("F13", "200 with an HTML page"),
            Self::Empty            => ("F14", "empty 200"),
            Self::WrongType        => ("F15", "wrong content type"),
            Self::GzipBomb         => ("F16", "gzip bomb"),
            Self::LargeBody        => ("F17", "body larger than the limit"),
            Self::DeepJson         => ("F18", "JSON nested 10,000 deep"),
            Self::RedirectLoop     => ("F19", "redirect loop"),
            Self::RedirectAway     => ("F20", "302 to another origin"),
            Self::RedirectBodyAway => ("F21", "307 to another origin"),
            Self::HintNegative     => ("F22", "429, Retry-After: -1"),
            Self::HintHuge         => ("F23", "429, Retry-After: 1000000000"),
            Self::HintNoNumber     => ("F24", "429, Retry-After: NaN"),
            Self::HintPast         => ("F25", "429, Retry-After in 1994"),
            Self::HintFuture       => ("F26", "429, Retry-After in 2099"),
            Self::InterimFlood     => ("F27", "1xx without end"),
            Self::GoAway           => ("F28", "GOAWAY"),
            Self::TwiceTheHeaders  => ("F29", "headers twice"),
            Self::LongHeader       => ("F30", "header of 1 MiB"),
            Self::JobFails         => ("F31", "job fails after it was accepted"),
            Self::JobNeverEnds     => ("F32", "job never ends"),
        }
    }

    /// Puts it on, and says where the provider is to be asked.
    pub(crate) fn begin(self, provider: &Provider) -> String {
        match self.way(provider) {
            Way::Always(reply) => provider.always(reply),
            Way::Once(reply) => provider.script([reply]),
            Way::Jobs(end) => {
                provider.jobs(1);
                provider.jobs_end(end);
            }
            Way::At(base) => return base,
        }
        provider.url()
    }

    fn way(self, provider: &Provider) -> Way {
        let healthy = Reply::healthy();
        Way::Always(match self {
            Self::ThrottledOnce => return Way::Once(throttled("2")),
            Self::BrokenOnce => return Way::Once(Reply::status(500)),
            Self::JobFails => return Way::Jobs(JobEnd::Failed),
            Self::JobNeverEnds => return Way::Jobs(JobEnd::Never),
            Self::Refused => return Way::At(refused()),
            Self::Blackholed => return Way::At(blackholed()),
            Self::Unresolved => return Way::At("https://provider.invalid".to_owned()),
            Self::NoTls => return Way::At(provider.url().replacen("http:", "https:", 1)),
            Self::Throttled => Reply::status(429),
            Self::Overloaded => Reply::status(503),
            Self::Reset | Self::GoAway => Reply::reset(),
            Self::Silence => Reply::silence(),
            Self::ContextTooLong => refusal("context_length_exceeded"),
            Self::ContentPolicy => refusal("content_policy_violation"),
            Self::ResetInBody => healthy.reset_after(20),
            Self::SlowHead => healthy.slow_head(Self::PACE),
            Self::SlowBody => healthy.slow_body(Self::PACE),
            Self::LengthTooLong => healthy.header("Content-Length", "100000"),
            Self::LengthTooShort => healthy.header("Content-Length", "20"),
            Self::TwoLengths => healthy.header("Content-Length", "20").header("Content-Length", "30"),
            Self::TruncatedJson => Reply::json(200, r#"{"images":[{"url":"https://"#),
            Self::ErrorInSuccess => {
                Reply::json(200, r#"{"error":{"message":"The model failed.","code":500}}"#)
            }
            Self::Html => Reply::json(200, PAGE).content_type("text/html; charset=utf-8"),
            Self::Empty => Reply::json(200, ""),
            Self::WrongType => healthy.content_type("text/plain"),
            Self::GzipBomb => healthy.bomb(Self::LARGE),
            Self::LargeBody => healthy.padded(Self::LARGE),
            Self::DeepJson => Reply::json(200, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            Self::RedirectLoop => Reply::status(302).header("Location", "/again"),
            Self::RedirectAway => away(302, provider),
            Self::RedirectBodyAway => away(307, provider),
            Self::HintNegative => throttled("-1"),
            Self::HintHuge => throttled("1000000000"),
            Self::HintNoNumber => throttled("NaN"),
            Self::HintPast => throttled("Sun, 06 Nov 1994 08:49:37 GMT"),
            Self::HintFuture => throttled("Fri, 06 Nov 2099 08:49:37 GMT"),
            Self::InterimFlood => healthy.after_interim(u64::MAX),
            Self::TwiceTheHeaders => healthy
                .header("Content-Type", "application/json")
                .header("Content-Type", "text/html")
                .header("Retry-After", "1")
                .header("Retry-After", "soon")
                .header("X-Fal-Request-Id", "one")
                .header("X-Fal-Request-Id", "two"),
            Self::LongHeader => healthy.header("X-Long", &"x".repeat(1 << 20)),
        })
    }
}

/// How a provider is made to fail.
enum Way {
    Always(Reply),
    Once(Reply),
    Jobs(JobEnd),
    /// It is asked somewhere else, and never hears of it.
    At(String),
}

impl fmt::Display for Fault {
    /// `S04 503 always`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.name())
    }
}

const PAGE: &str = "<!doctype html><title>Maintenance</title><h1>We will be back soon.</h1>";

fn throttled(hint: &str) -> Reply {
    Reply::status(429).header("Retry-After", hint)
}

/// As OpenAI words it, and those who answer as it does.
fn refusal(code: &str) -> Reply {
    let body = format!(
        r#"{{"error":{{"message":"The request was refused.","type":"invalid_request_error","code":"{code}"}}}}"#
    );
    Reply::json(400, body)
}

fn away(code: u16, provider: &Provider) -> Reply {
    Reply::status(code).header("Location", &provider.somewhere_else())
}
