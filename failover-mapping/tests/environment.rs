//! The variables of the environment, and who goes over whom: the builder, a variable, the file, the preset, the default.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::Duration;

use failover_core::Breaker;
use failover_mapping::{Builder, Config, Preset, ProviderName};
use stage::{KEY, builder};

/// A machine with these variables, and NexaAPI's key.
fn machine(variables: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    let all: BTreeMap<String, String> =
        variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    move |name| {
        let key = (name == "NEXA_API_KEY").then(|| KEY.to_owned());
        all.get(name).cloned().or(key)
    }
}

fn by(variables: &[(&str, &str)]) -> Builder<Config> {
    Builder::from_vars(machine(variables))
}

/// The line of a plan that is about this setting.
fn line(config: &Config, name: &str) -> String {
    let told = config.to_string();
    let line = told.lines().find(|line| {
        let line = line.trim_start_matches("# ");
        line.starts_with(&format!("{name} =")) || line.starts_with(&format!("{name}:"))
    });
    line.unwrap_or_else(|| panic!("{name} is not in\n{told}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

const NO_FILE: fn(&Path) -> io::Result<String> = |_| Err(io::ErrorKind::NotFound.into());

/// What each variable may say.
fn said(name: &str) -> &'static str {
    match name {
        "FAILOVER_PRESET" => "batch",
        "FAILOVER_STAND_INS" => "replicate, nexaapi",
        "NEXA_BASE_URL" => "https://nexa.example",
        "FAILOVER_NEXA_DIALECT" => "sdk",
        "FAILOVER_NEXA_RAPIDAPI_HOST" => "nexa-api.p.rapidapi.com",
        "FAILOVER_FAL_QUEUE_URL" => "https://one.example, https://two.example",
        "FAILOVER_STAND_IN_URL" => "fal=https://fal.example/a,replicate=https://r8.example",
        "FAILOVER_PROVIDER_URL" => "fal=http://127.0.0.1:8080, fal=https://fal.example",
        "FAILOVER_MEDIA_HOST" => "nexaapi=https://cdn.example",
        "FAILOVER_DEPLOYMENT" => "acme/mine=stability-ai/sdxl",
        "FAILOVER_TRIGGERS_STATUSES" => "429, 503",
        "FAILOVER_BREAKER_AMONG" => "20",
        "FAILOVER_TEXT_STAND_INS" => "together, anthropic",
        "FAILOVER_STREAM_POLICY" => "buffer",
        "FAILOVER_STREAM_BUFFER" => "2 MiB",
        "FAILOVER_TEXT_PROVIDER" => "vllm=http://127.0.0.1:8000/v1",
        "FAILOVER_FALLBACKS" => {
            "gpt-4o=openai/gpt-4o-mini, *=claude-haiku-4-5, gpt-4o=anthropic/claude-sonnet-4-6"
        }
        "FAILOVER_BREAKER_PROBES" | "FAILOVER_BREAKER_SUCCESSES" => "4",
        "FAILOVER_STAND_IN_ATTEMPTS" | "FAILOVER_TEXT_RETRIES" => "4",
        "FAILOVER_BREAKER_FAILURES" | "FAILOVER_BREAKER_JITTER_PERCENT" => "7",
        "FAILOVER_BREAKER_GROWING_TO" => "20m",
        name if name.ends_with("_KEY") || name.ends_with("_TOKEN") => "any-key",
        name if name.ends_with("_LIMIT") && name.contains("REQUEST") => "1 MiB",
        name if name.ends_with("_CAPACITY") => "64 MiB",
        "FAILOVER_ANSWER_LIMIT" => "1048576",
        name if is_flag(name) => "on",
        _ => "1m 30s",
    }
}

fn is_flag(name: &str) -> bool {
    let flags =
        Config::settings().filter(|it| it.default.as_deref().is_some_and(|it| it.parse::<bool>().is_ok()));
    flags.flat_map(|setting| setting.variables).any(|variable| variable == name)
}

/// Each is asked for, taken, and named in the plan as the one who said it.
#[test]
fn no_simple_setting_is_forgotten_by_the_variables() {
    let asked = RefCell::new(BTreeSet::new());
    let all = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        (name != "FAILOVER_CONFIG").then(|| said(name).to_owned())
    };
    let config = Builder::<Config>::from_vars(all).build().unwrap();
    let listed: BTreeSet<String> = Config::settings().flat_map(|setting| setting.variables).collect();
    let mut asked = asked.into_inner();
    assert!(asked.remove("FAILOVER_CONFIG"));
    assert_eq!(asked, listed, "the list is what is asked for");
    let told = config.to_string();
    for variable in listed {
        let named = told.lines().any(|line| line.split(" # ").nth(1) == Some(variable.as_str()));
        assert!(named, "{variable} is in no line of\n{told}");
    }
    for (name, line_of) in [
        ("request_limit", "request_limit = \"1 MiB\" # FAILOVER_REQUEST_LIMIT"),
        ("answer_limit", "answer_limit = \"1 MiB\" # FAILOVER_ANSWER_LIMIT"),
        ("stand_ins", "stand_ins = [\"replicate\", \"nexaapi\"] # FAILOVER_STAND_INS"),
        ("variants", "variants = true # FAILOVER_VARIANTS"),
        (
            "provider_url.fal",
            "provider_url.fal = [\"http://127.0.0.1:8080\", \"https://fal.example\"] # FAILOVER_PROVIDER_URL",
        ),
        (
            "stand_in_url.fal",
            "# stand_in_url.fal: https://fal.example, and a path that is not shown # FAILOVER_STAND_IN_URL",
        ),
        ("breaker.pause", "breaker.pause = \"1m 30s\" # FAILOVER_BREAKER_PAUSE"),
        ("text_stand_ins", "text_stand_ins = [\"together\", \"anthropic\"] # FAILOVER_TEXT_STAND_INS"),
        (
            "fallbacks.gpt-4o",
            "fallbacks.gpt-4o = [\"openai/gpt-4o-mini\", \"anthropic/claude-sonnet-4-6\"] # FAILOVER_FALLBACKS",
        ),
        ("fallbacks.\"*\"", "fallbacks.\"*\" = [\"claude-haiku-4-5\"] # FAILOVER_FALLBACKS"),
    ] {
        assert_eq!(line(&config, name), line_of);
    }
    assert!(config.is_off() && told.starts_with("# Switched off"));
}

/// What is no data has no variable, and every other setting has one.
#[test]
fn settings_without_a_variable_are_few() {
    let without: Vec<_> =
        Config::settings().filter(|it| it.variables.is_empty()).map(|setting| setting.name).collect();
    assert_eq!(without, ["provider", "data"]);
}

/// Every method of the builder is a setting of the list, or the program's own.
#[test]
fn no_method_of_the_builder_is_forgotten() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let parts = std::fs::read_dir(src.join("builder")).unwrap().map(|part| part.unwrap().path());
    let text: String =
        parts.chain([src.join("builder.rs")]).map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let taking_self = |rest: &&str| {
        let arguments = rest.split_once('(').unwrap().1.trim_start();
        arguments.starts_with("self")
    };
    let methods = text.split("    pub fn ").skip(1).filter(taking_self);
    let methods: BTreeSet<&str> = methods.map(|rest| rest.split(['(', '<']).next().unwrap()).collect();
    let names: BTreeSet<_> =
        Config::settings().map(|setting| setting.name.split('.').next().unwrap()).collect();
    let told = builder().build().unwrap().to_string();
    for method in methods {
        // Shown among the keys, and as a part of the cache; and a check, which sets nothing.
        let elsewhere = ["build", "key_from", "cache_capacity", "none_misspelt"].contains(&method);
        let own = told.contains(&format!("# {method}: "));
        assert!(names.contains(method) || elsewhere || own, "{method} is nowhere");
    }
    assert!(names.contains("deadline") && text.contains("pub fn deadline(self"), "the names were read");
}

#[test]
fn whoever_comes_first_goes_over_the_others() {
    let file =
        "preset = \"interactive\"\nstand_in_attempts = 5\npoll_interval = \"5s\"\nstand_in_delay = \"5s\"";
    let read = |path: &Path| if path == Path::new("f.toml") { Ok(file.to_owned()) } else { NO_FILE(path) };
    let variables = machine(&[("FAILOVER_POLL_INTERVAL", "6s"), ("FAILOVER_STAND_IN_DELAY", "6s")]);
    let config = Builder::<Config>::from_file("f.toml", variables, read)
        .stand_in_delay(Duration::from_secs(7))
        .build()
        .unwrap();
    for expected in [
        "answer_limit = \"32 MiB\"",
        "stand_in_limit = \"10s\" # preset interactive",
        "stand_in_attempts = 5 # f.toml:2",
        "poll_interval = \"6s\" # FAILOVER_POLL_INTERVAL",
        "stand_in_delay = \"7s\" # builder",
    ] {
        assert_eq!(line(&config, expected.split(' ').next().unwrap()), expected);
    }
    // The same file, as a variable names it.
    let variables = machine(&[("FAILOVER_CONFIG", "f.toml"), ("FAILOVER_PRESET", "batch")]);
    let config = Builder::<Config>::from_vars_and_files(variables, read).build().unwrap();
    assert_eq!(line(&config, "stand_in_limit"), "stand_in_limit = \"10m\" # preset batch");
    assert_eq!(line(&config, "stand_in_delay"), "stand_in_delay = \"5s\" # f.toml:4");
    // A preset goes over nothing, whenever it is named.
    let ten = Duration::from_secs(10);
    for config in
        [builder().deadline(ten).preset(Preset::Batch), builder().preset(Preset::Batch).deadline(ten)]
    {
        assert_eq!(line(&config.build().unwrap(), "deadline"), "deadline = \"10s\" # builder");
    }
}

/// What is said entry by entry is gone over entry by entry; "a further one" adds up.
#[test]
fn entries_are_gone_over_one_by_one() {
    let file = r#"
        deployment."acme/mine" = "stability-ai/sdxl"
        deployment."acme/yours" = "stability-ai/sdxl"
        stand_in_url = { fal = "https://file.example", replicate = "https://file.example" }
        provider_url.fal = "https://file.example"
        key.fal = "file"
    "#;
    let read = |_: &Path| Ok(file.to_owned());
    let variables = [
        ("FAILOVER_STAND_IN_URL", "replicate=https://variable.example"),
        ("FAILOVER_PROVIDER_URL", "fal=https://variable.example"),
    ];
    let config = Builder::<Config>::from_file("f.toml", machine(&variables), read)
        .deployment("acme/mine", "black-forest-labs/flux-dev")
        .stand_in_url(ProviderName::Fal, "https://builder.example")
        .key(ProviderName::Fal, "builder")
        .stand_ins([ProviderName::Fal, ProviderName::Replicate])
        .key(ProviderName::Replicate, "builder")
        .build()
        .unwrap();
    for expected in [
        "deployment.\"acme/mine\" = \"black-forest-labs/flux-dev\" # builder",
        "deployment.\"acme/yours\" = \"stability-ai/sdxl\" # f.toml:3",
        "stand_in_url.fal = \"https://builder.example\" # builder",
        "stand_in_url.replicate = \"https://variable.example\" # FAILOVER_STAND_IN_URL",
        "provider_url.fal = [\"https://file.example\", \"https://variable.example\"] # FAILOVER_PROVIDER_URL",
        "# key.fal: set # builder",
    ] {
        assert_eq!(
            line(&config, expected.trim_start_matches("# ").split([' ', ':']).next().unwrap()),
            expected
        );
    }
    let told = config.to_string();
    assert_eq!(told.matches("acme/mine").count(), 1, "{told}");
    assert!(told.contains("1. fal        at https://builder.example"), "{told}");
}

/// A key is not taken from a variable that the user has not chosen.
#[test]
fn a_variable_that_a_file_chooses_goes_over_the_usual_one() {
    let variables = || machine(&[("FAL_KEY", "the-callers"), ("FAL_STAND_IN_KEY", "for-standing-in")]);
    let key_line = |file: &'static str| {
        let read = move |_: &Path| Ok(file.to_owned());
        let builder = Builder::<Config>::from_file("f.toml", variables(), read);
        line(&builder.build().unwrap(), "key.fal")
    };
    assert_eq!(
        key_line("key.fal = { env = \"FAL_STAND_IN_KEY\" }"),
        "# key.fal: set # a variable, as f.toml:1 says"
    );
    // The usual one may be of another account.
    assert_eq!(
        key_line("key.fal = { env = \"NOT_SET\" }"),
        "# key.fal: not set # a variable, as f.toml:1 says"
    );
    assert_eq!(key_line("key.fal = \"literal\""), "# key.fal: set # FAL_KEY");
    assert_eq!(key_line(""), "# key.fal: set # FAL_KEY");
}

#[test]
fn a_breaker_or_triggers_of_the_builder_are_taken_whole() {
    let breaker = Breaker::new().pause(Duration::from_secs(60));
    let config = by(&[("FAILOVER_BREAKER_PAUSE", "5s")]).breaker(breaker).build().unwrap();
    assert_eq!(config.breaker(), breaker);
    let expected = "# breaker: opens after 3 failures in a row, for 60s and up to 15 % more; probes: 1 at a time, 1 to close it # builder";
    assert_eq!(line(&config, "breaker"), expected);
    let triggers = failover_mapping::Triggers::default().timeout(false);
    let config = by(&[("FAILOVER_TRIGGERS_CONNECT", "off")]).triggers(triggers).build().unwrap();
    assert_eq!(line(&config, "triggers.connect"), "triggers.connect = true # builder");
    assert_eq!(line(&config, "triggers.timeout"), "triggers.timeout = false # builder");
    // Part by part they are the same breaker.
    assert_eq!(builder().build().unwrap().breaker(), Breaker::new());
    let parts = by(&[("FAILOVER_BREAKER_PAUSE", "60s")]).build().unwrap();
    assert_eq!(parts.breaker(), breaker);
}

#[test]
fn the_environment_is_what_the_caller_says_it_is() {
    let variables = [
        ("NEXA_BASE_URL", "http://127.0.0.1:1"),
        ("FAL_KEY", "fal-key"),
        ("REPLICATE_API_TOKEN", "not a token"),
    ];
    let shown = format!("{:?}", by(&variables).build().unwrap());
    assert!(shown.contains(r#"["nexaapi at http://127.0.0.1:1"]"#), "the other two were not named: {shown}");
    let both = [ProviderName::Fal, ProviderName::Nexa];
    let shown = format!("{:?}", by(&variables).stand_ins(both).build().unwrap());
    assert!(shown.contains(r#"["fal at https://fal.run", "nexaapi at http://127.0.0.1:1"]"#), "{shown}");
    let token = by(&variables).stand_ins([ProviderName::Replicate]).build().unwrap_err();
    assert!(token.to_string().contains("REPLICATE_API_TOKEN holds white space"), "{token}");
    let missing = Builder::<Config>::from_vars(|_| None).build().unwrap_err();
    assert_eq!(
        missing.to_string(),
        "nexa_api_key (NEXA_API_KEY) is missing: set the variable, or call nexa_api_key(..); for text alone, OPENAI_API_KEY, \
         ANTHROPIC_API_KEY or TOGETHER_API_KEY will do"
    );
}

const ROWS: &str = r#"
[endpoints]
image = "/images"
[answer]
url = ["url"]
nested = []
failed = []
pending = []
[inputs]
image = [{ field = "prompt", key = "text", codec = "text" }]
[[models]]
model = "flux-dev"
id = "flux"
task = "image"
"#;

/// In an incident a provider can be left out that a file declares; a program that declares one and never names it is mistaken.
#[test]
fn a_declared_provider_may_be_left_out_from_above() {
    let host = "[host]\nname = \"acme\"\nbase-url = \"https://acme.example\"\nauthentication = \"bearer\"";
    let acme = &format!("{host}\n{ROWS}");
    let file = "provider = \"acme.toml\"\nstand_ins = [\"acme\"]\nkey.acme = \"any\"";
    let read = |path: &Path| Ok(if path == Path::new("f.toml") { file } else { acme.as_str() }.to_owned());
    let config = |variables| Builder::<Config>::from_file("f.toml", machine(variables), read).build();
    assert!(config(&[]).unwrap().to_string().contains("1. acme"));
    let without = config(&[("FAILOVER_STAND_INS", "nexaapi")]).unwrap().to_string();
    assert!(
        without.contains("1. nexaapi") && without.contains("Not asked, though declared: acme"),
        "{without}"
    );
    let mistaken = builder().provider("acme.toml", acme.as_str()).build().unwrap_err().to_string();
    let expected =
        "data for acme in acme.toml: host: declares a provider that nobody asks: name it in stand_ins(..)";
    assert_eq!(mistaken, expected);
    let acme_name = ProviderName::other("acme").unwrap();
    let idle = builder()
        .provider("acme.toml", host)
        .key(acme_name, "any")
        .stand_ins([acme_name])
        .build()
        .unwrap_err();
    assert_eq!(
        idle.to_string(),
        "stand_ins names `acme`, which stands in for no model: add rows to its file"
    );
}
