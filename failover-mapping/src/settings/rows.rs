//! Every setting, in one list: what it is called, where it lies, what it is for. The file, the variables, the printed plan and
//! the sample file all read this list, so none of them can forget one.
//!
//! A setting is called like the builder's method. A part of one that has parts has a dot in its name.

use super::Settings;
use super::slot::{Check, Slot};
use crate::origin::{Base, MediaHost, Origin};

/// A setting.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) slot: Slot,
    /// What it is for: the sample file and the page of settings say it.
    pub(crate) about: &'static str,
    /// What holds as long as nothing is said, where that is no value.
    pub(crate) unless: &'static str,
    /// What could be said then.
    pub(crate) sample: &'static str,
}

impl Row {
    const fn new(name: &'static str, slot: Slot, about: &'static str) -> Self {
        Self { name, slot, about, unless: "", sample: "" }
    }

    const fn unless(self, unless: &'static str, sample: &'static str) -> Self {
        Self { unless, sample, ..self }
    }

    /// The variable that says it, if one does.
    pub(crate) fn variable(&self) -> Option<String> {
        match self.slot {
            Slot::Base(_) => Some("NEXA_BASE_URL".to_owned()),
            Slot::NexaKey => Some("NEXA_API_KEY".to_owned()),
            Slot::Keys | Slot::Rows | Slot::Declared => None,
            _ => Some(format!("FAILOVER_{}", self.name.to_ascii_uppercase().replace('.', "_"))),
        }
    }
}

const ORIGIN: Check = |text| Origin::parse(text).map(drop);
const BASE: Check = |text| Base::parse(text).map(drop);
const MEDIA_HOST: Check = |text| MediaHost::parse(text).map(drop);

/// Once, at most so many.
const MOST_ATTEMPTS: u8 = 32;
const MOST_PROBES: u8 = 4;

pub(crate) const ROWS: [Row; 54] = [
    Row::new(
        "preset",
        Slot::Preset,
        "Settings for a kind of work: interactive or batch. Whatever else is said goes over them.",
    )
    .unless("none", "\"interactive\""),
    Row::new(
        "off",
        Slot::Flag(|it| &mut it.off),
        "Starts switched off: every request passes through as it is.",
    ),
    Row::new("stand_ins", Slot::StandIns, "Who stands in, in this order. Each needs a key."),
    Row::new(
        "deadline",
        Slot::MaybeTime(|it| &mut it.deadline),
        "The whole call ends this long after it began.",
    )
    .unless("no limit", "\"30s\""),
    Row::new(
        "primary_limit",
        Slot::MaybeTime(|it| &mut it.primary_limit),
        "The longest the asked provider may take.",
    )
    .unless("half of the deadline, if there is one", "\"10s\""),
    Row::new(
        "stand_in_limit",
        Slot::MaybeTime(|it| &mut it.stand_in_limit),
        "The longest an attempt on a stand-in may take, all questions for its job included.",
    )
    .unless("60s; 2m for text, 10m for a video", "\"60s\""),
    Row::new(
        "stand_in_attempts",
        Slot::Count(|it| &mut it.stand_in_attempts),
        "How often a stand-in is asked at most.",
    ),
    Row::new(
        "stand_in_delay",
        Slot::Time(|it| &mut it.stand_in_delay),
        "The wait between two attempts on a stand-in, and the longest hint to come back that is waited for.",
    ),
    Row::new(
        "poll_interval",
        Slot::Time(|it| &mut it.poll_interval),
        "The wait between two questions for a stand-in's job.",
    ),
    Row::new(
        "variants",
        Slot::Flag(|it| &mut it.variants),
        "Whether a variant of a model may stand in for it.",
    ),
    Row::new(
        "losses",
        Slot::Flag(|it| &mut it.losses),
        "Whether a stand-in may serve that cannot be told all that the caller asks.",
    ),
    Row::new(
        "check_answers",
        Slot::Flag(|it| &mut it.check_answers),
        "Whether the asked provider's healthy answers are read and judged too.",
    ),
    Row::new(
        "request_limit",
        Slot::Bytes(|it| &mut it.request_limit),
        "Larger request bodies are passed on without failover.",
    ),
    Row::new(
        "answer_limit",
        Slot::Bytes(|it| &mut it.answer_limit),
        "Larger answers of a stand-in are refused.",
    ),
    Row::new(
        "outputs_as_data",
        Slot::Flag(|it| &mut it.outputs_as_data),
        "Whether files made for a Replicate request are handed out as data URIs.",
    ),
    Row::new(
        "fal_no_retry",
        Slot::Flag(|it| &mut it.fal_no_retry),
        "Whether FAL is told not to repeat requests by itself.",
    ),
    Row::new(
        "text_stand_ins",
        Slot::TextStandIns,
        "Who stands in for a model that writes, in this order. Each needs a key.",
    )
    .unless("everybody who has a key", "[\"anthropic\", \"together\"]"),
    Row::new(
        "text_retries",
        Slot::Few { least: 0, most: MOST_ATTEMPTS, of: |it| &mut it.texts.retries },
        "How often each provider of text is asked again; at most 32.",
    ),
    Row::new(
        "text_patience",
        Slot::Time(|it| &mut it.texts.patience),
        "The longest wait before a provider of text is asked again: where it would be longer, the next one is.",
    ),
    Row::new(
        "first_token_limit",
        Slot::Time(|it| &mut it.texts.first_token),
        "The longest until a stream's first token: role chunks, pings and keep-alives are none.",
    ),
    Row::new("idle_limit", Slot::Time(|it| &mut it.texts.idle), "The longest between two tokens of a stream."),
    Row::new(
        "stream_limit",
        Slot::MaybeTime(|it| &mut it.texts.stream_limit),
        "The longest that a whole stream may take.",
    )
    .unless("no limit but those on silence, and the deadline", "\"5m\""),
    Row::new(
        "stream_policy",
        Slot::StreamPolicy,
        "What happens when a stream breaks that the caller has seen a part of: error, restart or buffer.",
    ),
    Row::new(
        "stream_buffer",
        Slot::Bytes(|it| &mut it.texts.buffer),
        "How much of a stream is held back under the policy buffer, before it is shown all the same.",
    ),
    Row::new("nexa_dialect", Slot::Dialect, "How NexaAPI's parameters and models are called: http or sdk."),
    Row::new("nexa_base_url", Slot::Base(|it| &mut it.nexa_base_url), "Where NexaAPI is asked.")
        .unless("the dialect's own", "\"https://api.nexa-api.com\""),
    Row::new(
        "nexa_rapidapi_host",
        Slot::Host(|it| &mut it.nexa_rapidapi_host),
        "NexaAPI is asked by way of RapidAPI, under this host of theirs, with RapidAPI's key.",
    )
    .unless("asked directly", "\"nexa-api.p.rapidapi.com\""),
    Row::new(
        "nexa_api_key",
        Slot::NexaKey,
        "NexaAPI's key, or the variable that holds it: the same as key.nexaapi.",
    )
    .unless("not set", "{ env = \"NEXA_API_KEY\" }"),
    Row::new(
        "fal_queue_url",
        Slot::Origins(|it| &mut it.fal_queue_urls, ORIGIN),
        "Further origins at which FAL's queue is asked.",
    )
    .unless("none", "[\"https://fal-queue.example\"]"),
    Row::new(
        "provider",
        Slot::Declared,
        "Files that declare a provider of your own each, as seen from this file.",
    )
    .unless("none", "[\"acme.toml\"]"),
    Row::new("data", Slot::Rows, "Files with rows of your own for a provider.")
        .unless("none", "fal = [\"rows.toml\"]"),
    Row::new("key", Slot::Keys, "The stand-ins' keys: as text, or the variable that holds one.")
        .unless("not set", "fal = { env = \"FAL_KEY\" }"),
    Row::new(
        "stand_in_url",
        Slot::OneEach(|it| &mut it.stand_in_urls, BASE),
        "Where a built-in provider is asked as a stand-in, if not at its usual host: of OpenAI and Together with /v1, of Anthropic without.",
    )
    .unless("the usual host", "fal = \"https://fal-proxy.example\""),
    Row::new(
        "provider_url",
        Slot::MoreEach(|it| &mut it.provider_urls, ORIGIN),
        "Further origins at which a provider is asked by the caller: a proxy, or a fake on loopback.",
    )
    .unless("none", "fal = [\"http://127.0.0.1:8080\"]"),
    Row::new(
        "media_host",
        Slot::MoreEach(|it| &mut it.media_hosts, MEDIA_HOST),
        "Further hosts from which a stand-in's files may be fetched, where the caller wants them as data.",
    )
    .unless("none", "nexaapi = [\"https://cdn.example\"]"),
    Row::new(
        "deployment",
        Slot::Deployments,
        "The model behind a deployment on Replicate, both as owner/name.",
    )
    .unless("none", "\"acme/mine\" = \"stability-ai/sdxl\""),
    Row::new(
        "text_provider",
        Slot::OneEach(|it| &mut it.texts.providers, BASE),
        "Providers of your own that speak OpenAI's chat completions: the base URL before /chat/completions.",
    )
    .unless("none", "vllm = \"http://127.0.0.1:8000/v1\""),
    Row::new(
        "fallbacks",
        Slot::Fallbacks,
        "Who stands in for a model that writes, in this order; \"*\" is every model without a line of its own.",
    )
    .unless("the tables' own", "\"gpt-4o\" = [\"anthropic/claude-sonnet-4-6\", \"openai/gpt-4o-mini\"]"),
    Row::new(
        "triggers.statuses",
        Slot::Statuses,
        "The statuses that make a stand-in answer, from 400 to 599.",
    ),
    Row::new(
        "triggers.connect",
        Slot::Flag(|it| &mut it.triggers.connect),
        "Whether a connection that cannot be made is answered for.",
    ),
    Row::new(
        "triggers.reset",
        Slot::Flag(|it| &mut it.triggers.reset),
        "Whether a connection that is lost before the answer is answered for.",
    ),
    Row::new(
        "triggers.timeout",
        Slot::Flag(|it| &mut it.triggers.timeout),
        "Whether a time limit that passes is answered for.",
    ),
    Row::new(
        "triggers.out_of_credit",
        Slot::Flag(|it| &mut it.triggers.out_of_credit),
        "Whether an account without credit is answered for.",
    ),
    Row::new(
        "breaker.failures",
        Slot::Few { least: 1, most: MOST_ATTEMPTS, of: |it| &mut it.breaker.failures },
        "After so many failures in a row a provider's model is left alone; at most 32.",
    ),
    Row::new(
        "breaker.among",
        Slot::MaybeFew { most: MOST_ATTEMPTS, of: |it| &mut it.breaker.among },
        "So many failures among the last attempts, this many, in place of that many in a row; at most 32.",
    )
    .unless("in a row", "10"),
    Row::new(
        "breaker.slow",
        Slot::MaybeTime(|it| &mut it.breaker.slow),
        "An answer that took longer than this counts as a failure, though it is used.",
    )
    .unless("none is too slow", "\"20s\""),
    Row::new(
        "breaker.pause",
        Slot::Time(|it| &mut it.breaker.pause),
        "How long a provider's model is left alone.",
    ),
    Row::new(
        "breaker.growing_to",
        Slot::MaybeTime(|it| &mut it.breaker.growing_to),
        "Each such break is twice as long as the one before it, up to this.",
    )
    .unless("all alike", "\"5m\""),
    Row::new(
        "breaker.jitter_percent",
        Slot::Few { least: 0, most: 100, of: |it| &mut it.breaker.jitter_percent },
        "Up to this share of the break longer, by chance, in percent, so that not all processes come back at once.",
    ),
    Row::new(
        "breaker.probes",
        Slot::Few { least: 1, most: MOST_PROBES, of: |it| &mut it.breaker.probes },
        "After the break, so many attempts at a time show whether it is well again; at most 4.",
    ),
    Row::new(
        "breaker.successes",
        Slot::Few { least: 1, most: MOST_PROBES, of: |it| &mut it.breaker.successes },
        "So many successes of these end it; at most 4.",
    ),
    Row::new(
        "cache.fresh",
        Slot::MaybeTime(|it| &mut it.cache.fresh),
        "Keeps answers, and uses each again for so long without asking anybody.",
    )
    .unless("no cache", "\"10m\""),
    Row::new(
        "cache.stale",
        Slot::MaybeTime(|it| &mut it.cache.stale),
        "For so long after that, an answer serves when every provider has failed.",
    )
    .unless("not used when stale", "\"50m\""),
    Row::new(
        "cache.capacity",
        Slot::Bytes(|it| &mut it.cache.capacity),
        "How much of memory the kept answers take.",
    ),
];

/// What is said, in words.
type Words = fn(&Settings) -> &'static str;

/// What the program says and no file can.
pub(crate) const CODE: [(&str, Words); 4] = [
    ("cache_store", |it| if it.cache.store.is_none() { "in memory" } else { "of your own" }),
    ("store", |it| if it.store.is_in_memory() { "in memory" } else { "of your own" }),
    ("on_failover", |it| if it.on_failover.is_some() { "set" } else { "not set" }),
    ("on_event", |it| if it.listeners.has_function() { "set" } else { "not set" }),
];
