//! A configuration file: taken as it stands, or refused by file, line and key with the cure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use failover_mapping::{Builder, Config, ConfigError};
use http::HeaderMap;
use proptest::prelude::*;
use stage::{GOOD, fal, fleet, ok, play, status};

const SECRET: &str = "s3cret-that-nobody-may-see";

const ACME: &str = r#"
model-key = "model"
[host]
name = "acme"
base-url = "https://api.acme.example"
authentication = "bearer"
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
const ROWS: &str = r#"
[[models]]
id = "acme/flux-tuned"
model = "flux-dev"
task = "image"
answer = "flux"
"#;

fn variable(name: &str) -> Option<String> {
    ["NEXA_API_KEY", "FAL_KEY", "ACME_KEY"].contains(&name).then(|| format!("key-in-{name}").to_lowercase())
}

fn read(path: &Path) -> io::Result<String> {
    match path.to_str().unwrap() {
        "conf/acme.toml" => Ok(ACME.to_owned()),
        "conf/rows.toml" => Ok(ROWS.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn builder(text: &str) -> Builder<Config> {
    Builder::from_toml("conf/failover.toml", text, variable, read)
}

fn refusal(text: &str, with_key: bool) -> String {
    let builder = if with_key { builder(text).nexa_api_key("any") } else { builder(text) };
    builder.build().map(|config| panic!("{text} was taken:\n{config}")).unwrap_err().to_string()
}

/// The lines of a plan that say something, by name: the value and who said it.
fn plan(config: &Config) -> BTreeMap<String, (String, String)> {
    let told = config.to_string();
    let lines = told.lines().filter_map(|line| {
        let (name, rest) = line.trim_start_matches("# ").split_once([':', '='])?;
        let (value, source) = rest.rsplit_once(" # ").unwrap_or((rest, ""));
        Some((name.trim().to_owned(), (value.trim().to_owned(), source.to_owned())))
    });
    lines.collect()
}

/// The sample file with every setting said.
fn everything() -> String {
    let example = Config::example_file();
    let setting = |line: &&str| line.contains(" = ") || line.starts_with('[');
    let lines = example.lines().skip(3).filter(setting).map(|line| line.trim_start_matches("# "));
    // Who stands in for text needs a key.
    let keys = ["openai", "anthropic", "together"].map(|name| format!("{name} = \"any\"")).join("\n");
    lines.collect::<Vec<_>>().join("\n").replace("[key]", &format!("[key]\n{keys}"))
}

#[test]
fn a_file_says_what_the_builder_would() {
    let text = r#"
        stand_ins = ["acme", "fal"]
        provider = "acme.toml"
        deadline = "1m 30s"
        [data]
        fal = ["rows.toml"]
        [key]
        acme = { env = "ACME_KEY" }
        fal = "fal-stand-in"
    "#;
    let config = builder(text).build().unwrap();
    assert_eq!(config.catalogue().resolve_fal("acme/flux-tuned").unwrap().stand_in, "flux-dev");
    let body = br#"{"prompt":"a cat"}"#;
    let request = (&*fal("fal-ai/flux/dev"), &HeaderMap::new(), &body[..]);
    let played = play(&config, &fleet(&config), request, &[status(500)], &[ok(GOOD)]).unwrap();
    assert_eq!(played.sent[0].uri(), "https://api.acme.example/images");
    assert_eq!(played.sent[0].headers()["authorization"], "Bearer key-in-acme_key");
    let by_builder = Config::builder()
        .provider("acme.toml", ACME)
        .data(failover_mapping::ProviderName::Fal, "rows.toml", ROWS)
        .key(failover_mapping::ProviderName::other("acme").unwrap(), "any")
        .key(failover_mapping::ProviderName::Fal, "any")
        .stand_ins([
            failover_mapping::ProviderName::other("acme").unwrap(),
            failover_mapping::ProviderName::Fal,
        ])
        .deadline(std::time::Duration::from_secs(90))
        .build()
        .unwrap();
    let values = |config: &Config| -> Vec<_> {
        plan(config).into_iter().map(|(name, (value, _))| (name, value)).collect()
    };
    assert_eq!(values(&config), values(&by_builder));
}

#[test]
fn the_sample_file_is_taken_as_it_is_and_changes_nothing() {
    let sample = include_str!("../failover.example.toml");
    assert_eq!(sample, Config::example_file(), "run cargo xtask tables");
    let with_key = |text: &str| builder(&format!("nexa_api_key = \"any\"\n{text}")).build().unwrap();
    assert_eq!(plan(&with_key(sample)), plan(&with_key("")));
}

/// Every setting in one file: each is taken, and the plan says where from.
#[test]
fn no_setting_is_forgotten_by_the_file_the_plan_or_the_sample() {
    // It is said below `key` as well, the data files as seen from this one.
    let text = everything().replace("nexa_api_key", "#").replace("[key]", "[key]\nnexaapi = \"any\"");
    let text = text.replace("stand_ins = [\"nexaapi\"]", "stand_ins = [\"nexaapi\", \"acme\"]");
    let text = text.replace("fal = { env", "acme = \"any\"\nfal = { env");
    let config = builder(&text).build().map_err(|error| format!("{error}\n{text}")).unwrap();
    let plan = plan(&config);
    for setting in Config::settings().filter(|setting| setting.name != "nexa_api_key") {
        let below = format!("{}.", setting.name);
        let mut said = plan.iter().filter(|(name, _)| *name == setting.name || name.starts_with(&below));
        let (name, (_, source)) =
            said.next().unwrap_or_else(|| panic!("{} is not in the plan", setting.name));
        assert!(source.contains("conf/failover.toml:"), "{name}: {source}");
    }
    assert_eq!(plan["deployment.\"acme/mine\""].0, "\"stability-ai/sdxl\"");
}

/// What the plan says below its beginning is a file again, that says the same.
#[test]
fn the_plan_is_a_file() {
    let text = everything().replace("nexa_api_key = { env = \"NEXA_API_KEY\" }", "");
    let data = ["provider = [\"acme.toml\"]", "fal = [\"rows.toml\"]"];
    let text = data.iter().fold(text, |text, line| text.replace(line, ""));
    let with_key = |text: &str| {
        use failover_mapping::ProviderName::{Anthropic, OpenAi, Together};
        let builder = Builder::<Config>::from_toml("conf/failover.toml", text, variable, read);
        let builder = [OpenAi, Anthropic, Together].into_iter().fold(builder, |it, name| it.key(name, "any"));
        builder.nexa_api_key("any").build()
    };
    let first = with_key(&text).unwrap().to_string();
    let second = with_key(&first).map_err(|error| format!("{error}\n{first}")).unwrap().to_string();
    let values = |told: &str| -> Vec<String> {
        let lines = told.lines().filter(|line| !line.contains(" key."));
        lines.map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(values(&first), values(&second));
    assert!(values(&first).iter().filter(|line| line.contains(" = ")).count() > 35, "{first}");
}

#[test]
fn hostile_files_are_refused_by_name() {
    let hostile = [
        "deadline = ",
        "deadline = \"20s\"\ndeadline = \"30s\"",
        "a.b.c = [1, 2",
        "\u{0}",
        "deadine = \"20s\"",
        "stand-ins = [\"fal\"]",
        "standins = [\"fal\"]",
        "keys = { nexaapi = \"any\" }",
        "timeout = \"20s\"",
        "failures = 3",
        "store = \"redis\"",
        "on_failover = \"print\"",
        "something_else_entirely = 1",
        "deadline = 20",
        "deadline = \"20\"",
        "deadline = \"\"",
        "deadline = \"soon\"",
        "deadline = [\"20s\"]",
        "deadline = 2020-02-02",
        "deadline = \"0s\"",
        "\n\n\nprimary_limit = \"0s\"",
        "deadline = \"99999999999999999999s\"",
        "stand_in_attempts = 0",
        "stand_in_attempts = -1",
        "stand_in_attempts = 2.5",
        "stand_in_attempts = \"2\"",
        "variants = \"yes\"",
        "variants = 1",
        "request_limit = \"8 MB\"",
        "request_limit = -8",
        "answer_limit = \"99999999999 GiB\"",
        "request_limit = 0",
        "preset = \"fast\"",
        "nexa_dialect = \"python\"",
        "stand_ins = \"nexa\"",
        "stand_ins = [\"NexaAPI\"]",
        "stand_ins = [\"nexaapi\", \"nexaapi\"]",
        "stand_ins = []",
        "stand_ins = [1]",
        "stand_ins = [\"acme\"]",
        "stand_ins = [\"replicate\"]",
        "stand_ins = [\"not a name\"]",
        "nexa_base_url = \"http://nexa.example\"",
        "nexa_base_url = \"https://me:s3cret-that-nobody-may-see@nexa.example\"",
        "nexa_rapidapi_host = \"https://x\"",
        "fal_queue_url = \"https://fal.run\"",
        "fal_queue_url = [\"https://queue.example/path\"]",
        "provider_url.nexaapi = \"https://proxy.example\"",
        "provider_url = \"https://proxy.example\"",
        "provider_url.fal = [\"https://u:s3cret-that-nobody-may-see@proxy.example\"]",
        "stand_in_url.fal = \"http://proxy.example\"",
        "stand_in_url.acme = \"https://proxy.example\"",
        "media_host.nexaapi = \"https://*.com\"",
        "media_host.acmee = \"https://cdn.example\"",
        "deployment.mine = \"stability-ai/sdxl\"",
        "deployment.\"acme/mine\" = \"acme/unknown\"",
        "key = \"s3cret-that-nobody-may-see\"",
        "key.nexaapi = 1",
        "key.nexaapi = { variable = \"X\" }",
        "key.nexaapi = { env = \"X\", file = \"y\" }",
        "key.nexaapi = { env = 1 }",
        "key.nexaapi = { env = \"UNSET\" }",
        "key.nexaapi = \"$NEXA_API_KEY\"",
        "key.nexaapi = \"env:NEXA_API_KEY\"",
        "key.nexaapi = \"Bearer s3cret-that-nobody-may-see\"",
        "key.nexaapi = \"\"",
        "key.acme = \"any\"",
        "key.\"s3cret-that-nobody-may-see\" = \"nexaapi\"",
        "s3cret-that-nobody-may-see = true",
        "nexa_api_key = \"any\"\nkey.nexaapi = \"any\"",
        "provider = \"missing.toml\"",
        "provider = \"acme.toml\"",
        "provider = \"rows.toml\"",
        "data = \"rows.toml\"",
        "data.replicate = \"rows.toml\"",
        "triggers = [429]",
        "triggers.status = [429]",
        "triggers.statuses = [200]",
        "triggers.statuses = [\"429\"]",
        "[breaker]\nfailures = 33",
        "[breaker]\nfailure = 3",
        "[breaker]\nfailures = 3\namong = 3",
        "[breaker]\npause = \"0s\"",
        "[breaker]\npause = \"1m\"\ngrowing_to = \"30s\"",
        "[breaker]\npause = \"2 days\"",
        "[breaker]\njitter_percent = 101",
        "[breaker]\nprobes = 5",
        "[breaker]\nwindow = 10",
        "breaker = 3",
        "text_stand_ins = [\"antropic\"]",
        "text_stand_ins = [\"fal\"]",
        "text_stand_ins = [\"openai\"]",
        "text_retries = 33",
        "text_patience = 3",
        "first_token_limit = \"0s\"",
        "idle_limit = \"0s\"",
        "stream_limit = \"0s\"",
        "stream_policy = \"retry\"",
        "stream_buffer = 0",
        "text_provider.openai = \"https://llm.example/v1\"",
        "text_provider.llm = \"http://llm.example/v1\"",
        "text_provider = \"https://llm.example/v1\"",
        "text_provider.llm = \"https://llm.example/v1/chat/completions\"",
        "stand_in_url.openai = \"https://llm.example/v1/chat/completions/\"",
        "fallbacks = [\"openai/gpt-4o\"]",
        "fallbacks.gpt-4o = []",
        "stand_in_url.anthropic = \"https://llm.example/v1\"",
        "stand_in_url.anthropic = \"https://llm.example/v1/messages\"",
        "fallbacks.gpt-4o = { models = [\"openai/gpt-4o-mini\"] }",
        "[fallbacks]\ngpt-4o = \"openai/gpt-4o-mini\"",
        "stand_ins = [\"fal\"]",
        "key.nexaapi = { env = \"s3cret-that-nobody-may-see\" }",
        "fallbacks.gpt-4.1 = [\"openai/gpt-4o\"]",
        "fallbacks.gpt-4o = [1]",
        "fallbacks.gpt-4o = \"antropic/claude-sonnet-4-6\"",
        "fallbacks.gpt-4o = \"s3cret-that-nobody-may-see\"",
        "fallbacks.\"s3cret-that-nobody-may-see\" = \"gpt-4o\"",
        "\"breaker.failures\" = 3",
        "[[breaker]]\nfailures = 3",
    ];
    let mut refusals = String::new();
    for text in hostile {
        // Where it is not about keys, none is missing.
        let said = refusal(text, !text.contains("key"));
        assert!(!said.contains(SECRET) && !said.contains('\n') && !said.ends_with('.'), "{said}");
        let text = text.trim_start().replace('\0', "(a zero)").replace(SECRET, "(secret)");
        writeln!(refusals, "{text}\n    {said}").unwrap();
    }
    insta::assert_snapshot!(refusals);
}

/// The text of an error that ends `main`, and of the field that names the place.
#[test]
fn a_refusal_says_file_and_line() {
    let error = builder("\n\ndeadline = \"0s\"").build().unwrap_err();
    assert!(
        matches!(&error, ConfigError::File { file, line: Some(3), key, .. } if file == "conf/failover.toml" && key == "deadline"),
        "{error}"
    );
    assert_eq!(format!("{error:?}"), error.to_string());
}

/// Something of which a setting's value may be made.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("TOML writes them otherwise", |n| n.is_finite())
            .prop_map(|n| format!("{n:?}")),
        any::<bool>().prop_map(|flag| flag.to_string()),
        "[a-z0-9:/.*@ -]{0,24}".prop_map(|text| format!("\"{text}\"")),
        "[0-9]{1,22}(s|ms|m|h|y| GiB| MiB|)".prop_map(|text| format!("\"{text}\"")),
        Just(format!("\"{SECRET}\"")),
        Just("1979-05-27T07:32:00Z".to_owned()),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        let name = prop_oneof![Just("fal"), Just("nexaapi"), Just("acme"), Just("env"), Just("\"a/b\"")];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            (name, inner).prop_map(|(name, value)| format!("{{ {name} = {value} }}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Any text, and any value for any setting, is taken or refused in one line that shows no value.
    #[test]
    fn no_file_makes_it_panic(
        picked in proptest::collection::vec((0_usize..64, value()), 0..5),
        noise in prop_oneof![4 => Just(String::new()), 1 => "\\PC{0,60}"],
    ) {
        let names: Vec<_> = Config::settings().map(|setting| setting.name).collect();
        let mut text = String::from("nexa_api_key = \"any\"\n");
        for (place, value) in picked {
            writeln!(text, "{} = {value}", names[place % names.len()]).unwrap();
        }
        text.push_str(&noise);
        match builder(&text).build() {
            Ok(config) => prop_assert!(!format!("{config} {config:?}").contains(SECRET), "{config}"),
            Err(error) => {
                let said = error.to_string();
                prop_assert!(!said.contains(SECRET) && !said.contains('\n'), "{said}");
            }
        }
    }
}
