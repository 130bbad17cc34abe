//! How a provider is made to fail: each fault as a reply, a job that ends badly, or an address.

use super::Fault;
use crate::blackholed::blackholed;
use crate::jobs::JobEnd;
use crate::kind::Kind;
use crate::pace::Pace;
use crate::provider::Provider;
use crate::refused::refused;
use crate::reply::Reply;
use crate::stage::Stage;

enum Way {
    Always(Reply),
    Once(Reply),
    Jobs(JobEnd),
    /// It is asked somewhere else, and never hears of it.
    At(String),
}

impl Fault {
    /// Puts it on, for one model or for all, and says where the provider is to be asked.
    #[track_caller]
    pub(crate) fn begin(self, stage: &Stage, provider: &Provider, model: Option<&str>, pace: Pace) -> String {
        let can = !self.is_streamed() || stage.kind.dialect().is_some();
        assert!(can, "{} streams no chats: {:?} cannot happen there", stage.kind.name(), self.name());
        match self.way(stage.kind, provider, pace) {
            Way::Always(reply) => stage.script.always(model, reply),
            Way::Once(reply) => stage.script.append(model, [reply]),
            Way::Jobs(end) => {
                provider.jobs(1);
                provider.jobs_end(end);
            }
            Way::At(base) => return base,
        }
        provider.url()
    }

    fn way(self, kind: Kind, provider: &Provider, pace: Pace) -> Way {
        let healthy = match self.is_streamed() {
            true => Reply::healthy().token_pace(pace.token()),
            false => Reply::healthy(),
        };
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
            Self::ContextTooLong => Reply::context_too_long(),
            Self::ContentPolicy => Reply::content_policy(),
            Self::ResetInBody => healthy.reset_after(20),
            Self::SlowHead => healthy.slow_head(Self::PACE),
            Self::SlowBody => healthy.slow_body(Self::PACE),
            Self::LengthTooLong => healthy.header("Content-Length", "100000"),
            Self::LengthTooShort => healthy.header("Content-Length", "20"),
            Self::TwoLengths => healthy.header("Content-Length", "20").header("Content-Length", "30"),
            Self::TruncatedJson => Reply::json(200, kind.half_an_answer()),
            Self::ErrorInSuccess => Reply::json(200, "").body(kind.error_in_success()),
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
            Self::SlowFirstToken => {
                healthy.first_token_after(pace.first_token()).keep_alive(kind.keep_alive(), pace.keep_alive())
            }
            Self::StreamCut => healthy.cut_after_tokens(40),
            Self::StreamStalls => healthy.stall_after_tokens(20),
            Self::BadEvent => healthy.bad_event_at(10),
            Self::WithoutDone => healthy.without_done(),
            Self::CutAndPrefillRejected => healthy.cut_after_tokens(40).rejects_prefill(),
            Self::StreamReset => healthy.reset_after_tokens(20),
            Self::ErrorInStream => healthy.error_after_tokens(20),
            Self::StreamNeverEnds => healthy.without_done().stays_open(),
            Self::PrefillRejected => healthy.rejects_prefill(),
        })
    }
}

const PAGE: &str = "<!doctype html><title>Maintenance</title><h1>We will be back soon.</h1>";

fn throttled(hint: &str) -> Reply {
    Reply::status(429).header("Retry-After", hint)
}

fn away(code: u16, provider: &Provider) -> Reply {
    Reply::status(code).header("Location", &provider.somewhere_else())
}
