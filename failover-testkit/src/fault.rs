//! [`Fault`]: the ways in which a provider fails, by name.

mod number;
mod way;

pub use number::NoSuchFault;
use std::fmt;
use std::time::Duration;

/// A way in which a provider fails. [`Provider::misbehave`](crate::Provider::misbehave) puts it on.
///
/// Those with a number of the form `S04` are the ones of the public Failover Bench, under its own numbers, so that results can be
/// compared; its S15 and S16 are S04 as well, looked at otherwise. The others have numbers of ours, `F01` and so on. A number can
/// be read: `"S04".parse()`.
///
/// [`ALL`](Self::ALL) are those that any answer can have, [`STREAMED`](Self::STREAMED) those of a chat that is streamed: a
/// [`Provider::openai`](crate::Provider::openai), `together` or `anthropic`, asked with `"stream": true`.
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
    /// 503, always, or until [`Provider::heal`](crate::Provider::heal).
    Overloaded,
    /// The connection is reset before the first byte of an answer.
    Reset,
    /// The request is read and nothing is ever answered.
    Silence,
    /// 400 with the code `context_length_exceeded`, or however else the provider says it:
    /// [`Reply::context_too_long`](crate::Reply::context_too_long).
    ContextTooLong,
    /// 400 with the code `content_policy_violation`, or however else the provider says it:
    /// [`Reply::content_policy`](crate::Reply::content_policy).
    ContentPolicy,
    /// Nobody listens: [`refused()`](crate::refused).
    Refused,
    /// Packets that ask for a connection are lost: [`blackholed()`](crate::blackholed).
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
    /// 302 to another origin: [`Provider::elsewhere`](crate::Provider::elsewhere).
    RedirectAway,
    /// 307 to another origin, which wants the body sent there as well: [`Provider::elsewhere`](crate::Provider::elsewhere).
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
    /// The head and the role at once, the first token after [20 s](crate::Pace::first_token), and meanwhile what this provider keeps
    /// a line busy with: comments, or pings.
    SlowFirstToken,
    /// The stream is closed after 40 of 60 tokens, without its end.
    StreamCut,
    /// Nothing more after 20 tokens.
    StreamStalls,
    /// The tenth event is invalid JSON, the rest is fine.
    BadEvent,
    /// All is there but the `[DONE]`, or the `message_stop`.
    WithoutDone,
    /// The stream is closed after 40 of 60 tokens, and a request that ends with the beginning of an answer is refused with 400. The
    /// stand-in is to refuse it too, which is [`PrefillRejected`](Self::PrefillRejected).
    CutAndPrefillRejected,
    /// The stream is reset after 20 tokens.
    StreamReset,
    /// The stream says after 20 tokens that the provider is overloaded, and ends.
    ErrorInStream,
    /// All is there but the `[DONE]`, or the `message_stop`, and the connection stays open.
    StreamNeverEnds,
    /// 400 for a request that ends with the beginning of an answer, else healthy.
    PrefillRejected,
}

impl Fault {
    /// All that need no stream, in the order in which they are declared.
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

    /// Those of a chat that is streamed, in the order in which they are declared.
    pub const STREAMED: &'static [Self] = &[
        Self::SlowFirstToken,
        Self::StreamCut,
        Self::StreamStalls,
        Self::BadEvent,
        Self::WithoutDone,
        Self::CutAndPrefillRejected,
        Self::StreamReset,
        Self::ErrorInStream,
        Self::StreamNeverEnds,
        Self::PrefillRejected,
    ];

    /// The pause after each byte that is sent slowly. For another one: [`Reply::slow_head`](crate::Reply::slow_head),
    /// [`Reply::slow_body`](crate::Reply::slow_body).
    pub const PACE: Duration = Duration::from_millis(20);

    /// How many letters are too many. For another number: [`Reply::padded`](crate::Reply::padded),
    /// [`Reply::bomb`](crate::Reply::bomb).
    pub const LARGE: usize = 4 << 20;

    /// Whether it is one of [`STREAMED`](Self::STREAMED).
    #[must_use]
    pub fn is_streamed(self) -> bool {
        Self::STREAMED.contains(&self)
    }

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
            Self::ThrottledOnce         => ("S01", "429 once, Retry-After: 2"),
            Self::Throttled             => ("S02", "429 always, no hint"),
            Self::BrokenOnce            => ("S03", "500 once"),
            Self::Overloaded            => ("S04", "503 always"),
            Self::Reset                 => ("S05", "reset before any byte"),
            Self::Silence               => ("S06", "accepts, never answers"),
            Self::ContextTooLong        => ("S12", "400 context_length_exceeded"),
            Self::ContentPolicy         => ("S13", "400 content_policy_violation"),
            Self::Refused               => ("F01", "connection refused"),
            Self::Blackholed            => ("F02", "SYN blackholed"),
            Self::Unresolved            => ("F03", "DNS failure"),
            Self::NoTls                 => ("F04", "TLS failure"),
            Self::ResetInBody           => ("F05", "reset in mid-body"),
            Self::SlowHead              => ("F06", "head byte by byte"),
            Self::SlowBody              => ("F07", "body byte by byte"),
            Self::LengthTooLong         => ("F08", "Content-Length too long"),
            Self::LengthTooShort        => ("F09", "Content-Length too short"),
            Self::TwoLengths            => ("F10", "two Content-Lengths"),
            Self::TruncatedJson         => ("F11", "truncated JSON"),
            Self::ErrorInSuccess        => ("F12", "200 with an error body"),
            Self::Html                  => ("F13", "200 with an HTML page"),
            Self::Empty                 => ("F14", "empty 200"),
            Self::WrongType             => ("F15", "wrong content type"),
            Self::GzipBomb              => ("F16", "gzip bomb"),
            Self::LargeBody             => ("F17", "body larger than the limit"),
            Self::DeepJson              => ("F18", "JSON nested 10,000 deep"),
            Self::RedirectLoop          => ("F19", "redirect loop"),
            Self::RedirectAway          => ("F20", "302 to another origin"),
            Self::RedirectBodyAway      => ("F21", "307 to another origin"),
            Self::HintNegative          => ("F22", "429, Retry-After: -1"),
            Self::HintHuge              => ("F23", "429, Retry-After: 1000000000"),
            Self::HintNoNumber          => ("F24", "429, Retry-After: NaN"),
            Self::HintPast              => ("F25", "429, Retry-After in 1994"),
            Self::HintFuture            => ("F26", "429, Retry-After in 2099"),
            Self::InterimFlood          => ("F27", "1xx without end"),
            Self::GoAway                => ("F28", "GOAWAY"),
            Self::TwiceTheHeaders       => ("F29", "headers twice"),
            Self::LongHeader            => ("F30", "header of 1 MiB"),
            Self::JobFails              => ("F31", "job fails after it was accepted"),
            Self::JobNeverEnds          => ("F32", "job never ends"),
            Self::SlowFirstToken        => ("S07", "first token after 20 s"),
            Self::StreamCut             => ("S08", "stream cut after 40 of 60 tokens"),
            Self::StreamStalls          => ("S09", "silence after 20 tokens"),
            Self::BadEvent              => ("S10", "tenth event is invalid JSON"),
            Self::WithoutDone           => ("S11", "complete stream without [DONE]"),
            Self::CutAndPrefillRejected => ("S14", "stream cut, prefill rejected"),
            Self::StreamReset           => ("F33", "stream reset after 20 tokens"),
            Self::ErrorInStream         => ("F34", "error in the stream after 20 tokens"),
            Self::StreamNeverEnds       => ("F35", "complete stream without [DONE], open"),
            Self::PrefillRejected       => ("F36", "prefill rejected"),
        }
    }
}

impl fmt::Display for Fault {
    /// `S04 503 always`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id(), self.name())
    }
}
