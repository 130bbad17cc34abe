//! Variables that cannot be used, and those that are misspelt: refused by name, with the cure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stage;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use failover_mapping::{Builder, Config};
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

const NO_FILE: fn(&Path) -> io::Result<String> = |_| Err(io::ErrorKind::NotFound.into());

#[test]
fn bad_variables_are_refused_by_name() {
    for (variable, text, problem) in [
        ("FAILOVER_DEADLINE", "20", "is not a time: write it like 30s, 500ms or 1m 30s"),
        ("FAILOVER_DEADLINE", "", "is empty: unset it"),
        ("FAILOVER_DEADLINE", "0s", "is zero: leave it out for no limit"),
        ("FAILOVER_OFF", "maybe", "is neither on nor off: write true or false"),
        ("FAILOVER_OFF", "", "is empty: unset it"),
        ("FAILOVER_STAND_INS", "nexa", "names `nexa`, which nobody has declared: use `nexaapi`"),
        ("FAILOVER_STAND_INS", "nexaapi,", "is empty: unset it, or write a list"),
        ("FAILOVER_STAND_INS", "nexaapi,nexaapi", "names a provider twice"),
        ("FAILOVER_STAND_IN_ATTEMPTS", "many", "is out of range: write a whole number from 1 to 1000"),
        ("FAILOVER_REQUEST_LIMIT", "8MB", "is not a size"),
        ("FAILOVER_PRESET", "slow", "is not known: write `interactive` or `batch`"),
        (
            "FAILOVER_PROVIDER_URL",
            "https://proxy.example",
            "has a part without `=`: write it like name=value",
        ),
        (
            "FAILOVER_PROVIDER_URL",
            "fal=https://u:pw@proxy.example",
            "(for fal) holds a user name or password",
        ),
        ("FAILOVER_PROVIDER_URL", "nexaapi=https://proxy.example", "is for those who are asked"),
        ("FAILOVER_TEXT_STAND_INS", "open-ai", "names `open-ai`, which nobody has declared: use `openai`"),
        ("FAILOVER_TEXT_RETRIES", "many", "is out of range: write a whole number from 0 to 32"),
        ("FAILOVER_STREAM_POLICY", "retry", "is not known: write `error`, `restart` or `buffer`"),
        ("FAILOVER_FALLBACKS", "gpt-4o", "has a part without `=`: write it like name=value"),
        ("FAILOVER_FALLBACKS", "gpt-4o=", "(for gpt-4o) is empty: unset it"),
        (
            "FAILOVER_FALLBACKS",
            "gpt-4o=opnai/gpt-4o",
            "names a model of `opnai`, which nobody has declared: use openai/ before its name",
        ),
        ("FAILOVER_BREAKER_FAILURES", "0", "is out of range: write a whole number from 1 to 32"),
        ("FAILOVER_CONFIG", "failover.toml", "names a file, and files are not read here"),
        ("NEXA_BASE_URL", "nexa.example", "has no scheme"),
        ("NEXA_API_KEY", "key with spaces", "holds white space"),
        ("NEXA_API_KEY", "", "is empty: set it to the key that the provider issued"),
    ] {
        let refused = by(&[(variable, text)]).build().unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{variable} {problem}")), "{variable}={text}: {refused}");
        assert!(!refused.contains("pw") && !refused.contains("spaces"), "{refused}");
    }
    // Whether the builder says otherwise or not.
    let refused = by(&[("FAILOVER_DEADLINE", "soon")]).deadline(Duration::from_secs(9)).build().unwrap_err();
    assert!(refused.to_string().starts_with("FAILOVER_DEADLINE is not a time"), "{refused}");
    let missing = Builder::<Config>::from_vars_and_files(machine(&[("FAILOVER_CONFIG", "f.toml")]), NO_FILE);
    let refused = missing.build().unwrap_err().to_string();
    assert_eq!(refused, "FAILOVER_CONFIG names a file that cannot be read: entity not found");
    let missing = Builder::<Config>::from_file("f.toml", machine(&[]), NO_FILE).build().unwrap_err();
    assert_eq!(missing.to_string(), "f.toml: the file cannot be read: entity not found");
}

/// A variable that is not UTF-8 is not passed over: the adapters hand it on with U+FFFD in it, which nothing takes.
#[test]
fn a_variable_that_is_not_utf8_is_refused() {
    for variable in ["NEXA_API_KEY", "NEXA_BASE_URL", "FAILOVER_NEXA_RAPIDAPI_HOST", "FAILOVER_DEPLOYMENT"] {
        let refused = by(&[(variable, "a/\u{fffd}=b/c")]).build().unwrap_err().to_string();
        assert_eq!(refused, format!("{variable} is not UTF-8: set it again"));
    }
}

#[test]
fn a_misspelt_variable_is_refused_and_a_strangers_is_not() {
    let built = |names: &[&str]| builder().none_misspelt(names.iter().map(|name| (*name).to_owned())).build();
    for (name, meant) in [
        ("FAILOVER_DEADLNE", "FAILOVER_DEADLINE"),
        ("FAILOVER_STANDINS", "FAILOVER_STAND_INS"),
        ("FAILOVER_BREAKER_FAILURE", "FAILOVER_BREAKER_FAILURES"),
        ("FAILOVER_CONFG", "FAILOVER_CONFIG"),
    ] {
        let refused = built(&["PATH", name]).unwrap_err().to_string();
        assert_eq!(refused, format!("{name} is not known: use {meant}"));
    }
    for fine in [
        "FAILOVER_DEADLINE",
        "FAILOVER_CONFIG",
        "FAILOVER_REGION_NAME",
        "FAILOVER_",
        "DEADLNE",
        "NEXA_API_KEYS",
    ] {
        assert!(built(&[fine]).is_ok(), "{fine}");
    }
}

#[test]
fn a_list_in_brackets_is_told_how_variables_have_it() {
    let config = Builder::<Config>::from_vars(machine(&[("FAILOVER_STAND_INS", "[\"nexaapi\"]")])).build();
    let refused = config.unwrap_err().to_string();
    assert_eq!(refused, "FAILOVER_STAND_INS is in brackets, as in a file: write it like one, two");
}
