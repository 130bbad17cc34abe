//! What the command line can say, and what the gateway says to it.

use std::time::Duration;

use clap::Parser;
use failover_reqwest::{Builder, Failover, ProviderName};

use crate::greeting::{greeting, refusal};
use crate::scene::Scene;
use crate::wanted::Wanted;

fn wanted(name: &str, value: &str) -> Result<Wanted, String> {
    Wanted::try_parse_from(["gateway", name, value]).map_err(|refused| refused.to_string())
}

#[test]
fn what_is_refused_says_how_to_write_it() {
    for odd in ["localhost:8080", "8080", ":8080", "127.0.0.1"] {
        let refused = wanted("--listen", odd).unwrap_err();
        assert!(
            refused.starts_with("error: ") && refused.contains("write it like 127.0.0.1:8080"),
            "{refused}"
        );
    }
    for odd in ["", "s", "30ms", "1m", "-1", "1.5"] {
        let refused = wanted(&format!("--grace={odd}"), "--quiet").unwrap_err();
        assert!(refused.contains("write it like 30, or 30s"), "{refused}");
    }
    for odd in
        ["", "foo", "ai.example.com", "localhost:8080", "ftp://ai.example.com", "https://ai.example.com?a"]
    {
        let refused = wanted("--public-url", odd).unwrap().public_url().unwrap_err();
        assert_eq!(refused, "--public-url is no URL: write it like https://ai.example.com", "{odd}");
    }
}

#[test]
fn what_is_good_is_taken() {
    for seconds in ["30", "30s"] {
        assert_eq!(wanted("--grace", seconds).unwrap().grace, Duration::from_secs(30));
    }
    let usual = Wanted::parse_from(["gateway"]);
    assert_eq!((usual.grace, usual.public_url()), (Duration::from_secs(30), Ok(None)));
    for (said, url) in [
        ("https://ai.example.com/", "https://ai.example.com"),
        ("http://ai.example.com:8080/gateway", "http://ai.example.com:8080/gateway"),
    ] {
        assert_eq!(wanted("--public-url", said).unwrap().public_url(), Ok(Some(url.to_owned())));
    }
}

#[test]
fn it_says_where_it_listens_and_who_can_stand_in() {
    let failover: Failover = Scene::new().builder().build().unwrap();
    let listening = "127.0.0.1:8080".parse().unwrap();
    let told = |url, completions| greeting(listening, url, completions, failover.config());
    let usual = [
        "listening on http://127.0.0.1:8080",
        "OpenAI     http://127.0.0.1:8080/v1",
        "Anthropic  http://127.0.0.1:8080",
        "Replicate  http://127.0.0.1:8080/replicate",
        "FAL        http://127.0.0.1:8080/fal, its queue http://127.0.0.1:8080/queue, its proxy http://127.0.0.1:8080/api/fal/proxy",
        "stand-ins  nexaapi, openai, anthropic",
    ];
    assert_eq!(told(None, ProviderName::OpenAi).lines().collect::<Vec<_>>(), usual);
    let odd = Scene::new().builder().fallbacks("gpt-4oo", ["openai/gpt-4o"]).build().unwrap();
    let odd = greeting(listening, None, ProviderName::OpenAi, odd.config());
    let line = "unlisted   gpt-4oo: in no table, so make sure that these are their names";
    assert_eq!(odd.lines().last(), Some(line));
    let public = told(Some("https://ai.example.com"), ProviderName::Together);
    let lines: Vec<_> = public.lines().collect();
    assert_eq!(lines[0], usual[0], "whoever starts it reads this");
    assert_eq!(
        lines[1..4],
        [
            "OpenAI     https://ai.example.com/openai/v1",
            "together   https://ai.example.com/v1",
            "Anthropic  https://ai.example.com",
        ]
    );
}

#[test]
fn who_has_no_key_hears_of_the_rehearsal() {
    let sample = include_str!("../../examples/gateway/gateway.toml");
    let nobodys = |_: &str| None;
    let told = refusal(&Failover::builder().build().unwrap_err(), false);
    assert!(told.ends_with(", or try it with --rehearse"), "{told}");
    // A rehearsal takes no file: whoever has one hears which line wants what.
    let file =
        Builder::<Failover>::from_toml("gateway.toml", sample, nobodys, |file| std::fs::read_to_string(file));
    let told = refusal(&file.build().unwrap_err(), true);
    assert!(told.starts_with("gateway.toml:"), "{told}");
    assert!(told.ends_with("_API_KEY, which is not set: set it, or leave this line out"), "{told}");
    let other = Failover::builder().nexa_api_key("any").nexa_base_url("nowhere").build().unwrap_err();
    assert_eq!(refusal(&other, false), other.to_string());
}
