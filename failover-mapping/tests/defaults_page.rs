//! The page about the defaults says what the code does: its numbers are compared with the code's, and no setting is missing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::time::Duration;

use failover_core::{Backoff, Breaker, Health, Latency, Policy, RetryBudget};
use failover_mapping::calls::Roster;
use failover_mapping::{Config, Preset, READ_AHEAD, READ_TIME};

const PAGE: &str = include_str!("../../docs/defaults.md");

/// The rows below a heading, down to the next one of its rank or above: the first cell without its backticks, and the others.
fn rows(heading: &str) -> BTreeMap<String, Vec<String>> {
    let rank = heading.split(' ').next().unwrap();
    let below = PAGE.split_once(&format!("\n{heading}\n")).unwrap().1;
    let part = below.split(&format!("\n{rank} ")).next().unwrap().split("\n## ").next().unwrap();
    let mut rows = BTreeMap::new();
    for line in part.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| setting")) {
        let mut cells = line.split('|').skip(1).map(|cell| cell.trim().to_owned());
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        let twice = rows.insert(name, cells.collect());
        assert_eq!(twice, None, "{line}");
    }
    rows
}

#[test]
fn every_default_is_what_the_page_says() {
    let mut page = rows("## Drop-in");
    for setting in Config::settings() {
        let row = page.remove(setting.name).unwrap_or_else(|| panic!("{} is not on the page", setting.name));
        let default = setting.default.map(|default| format!("`{default}`"));
        assert_eq!(row[0], default.unwrap_or_else(|| setting.otherwise.to_owned()), "{}", setting.name);
    }
    let read = "a refused answer is read ahead";
    assert_eq!(page[read][0], format!("{} KiB, {} s at most", READ_AHEAD >> 10, READ_TIME.as_secs()));
    let fixed = rows("### What cannot be set");
    assert!(page.keys().all(|name| fixed.contains_key(name)), "{page:?}");
}

#[test]
fn every_preset_says_what_the_page_says() {
    let page = rows("## Presets");
    let names = PAGE.lines().find(|line| line.starts_with("| setting | default | `interactive`")).unwrap();
    let builder = || Config::builder().nexa_api_key("nexa-key");
    let (plain, presets) = (builder().build().unwrap().to_string(), Preset::ALL);
    for (column, preset) in presets.into_iter().enumerate() {
        assert_eq!(names.split('|').nth(column + 3).unwrap().trim(), format!("`{preset}`"));
        let plan = builder().preset(preset).build().unwrap().to_string();
        let by_preset = plan.lines().filter(|line| line.contains("# preset")).count();
        assert_eq!(by_preset, page.len(), "{plan}");
        for (name, cells) in &page {
            let said = format!("\n{name} = {} ", cells[column + 1].trim_matches('`'));
            assert!(plan.contains(&said), "{said} of {preset} in {plan}");
        }
    }
    let defaults: BTreeMap<_, _> =
        Config::settings().map(|it| (it.name, (it.default, it.otherwise))).collect();
    for (name, cells) in &page {
        let (default, otherwise) = defaults[name.as_str()].clone();
        assert_eq!(
            cells[0],
            default.map_or(otherwise.to_owned(), |it| format!("`{it}`")),
            "{name} in {plain}"
        );
    }
}

#[test]
fn calls_begin_as_the_page_says() {
    let page = rows("## Any callable");
    let expected = Policy::new()
        .retries(0)
        .backoff(Backoff::exponential(Duration::from_millis(200)).cap(Duration::from_secs(30)))
        .patience(Duration::from_secs(3))
        .repeat_unknown(false)
        .by_health(false);
    assert_eq!(Roster::default().policy(), expected);
    assert_eq!(
        Breaker::new().to_string(),
        "opens after 3 failures in a row, for 30s and up to 15 % more; probes: 1 at a time, 1 to close it"
    );
    assert_eq!(Latency::new(), Latency::new().window(Duration::from_secs(30)).least(20));
    assert_eq!(Health::new(), Health::new().half_life(Duration::from_secs(30)));
    assert_eq!(RetryBudget::new(), RetryBudget::new().share_percent(20).reserve_per_second(10).burst(100));
    let said = [
        ("retries", "0"),
        ("backoff", "exponential from 200 ms up to 30 s, full jitter"),
        ("patience", "3 s"),
        ("repeat_unknown", "no"),
        ("deadline", "none"),
        ("timeout", "none"),
        ("attempts", "no limit"),
        ("breaker", "3 in a row, 30 s, up to 15 % more"),
        ("hedge", "never"),
        ("latency", "windows of 30 s, 20 answers"),
        ("by_health", "no"),
        ("budget", "unlimited"),
        ("last_resort", "the first provider"),
    ];
    for (name, default) in said {
        assert_eq!(page[name][0], default, "{name}");
    }
    assert!(page["by_health"][2].contains("half-life is 30 s"));
    assert!(page["budget"][2].contains("20 % of the requests and 10 a second, 100 at once"));
}
