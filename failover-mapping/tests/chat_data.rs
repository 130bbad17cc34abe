//! The tables of the providers that write: whoever is named there can be asked for, and somebody of each provider stands in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use toml::{Table, Value};

const FILES: [(&str, &str); 3] = [
    ("openai", include_str!("../data/openai.toml")),
    ("anthropic", include_str!("../data/anthropic.toml")),
    ("together", include_str!("../data/together.toml")),
];

fn models(text: &str) -> Vec<Table> {
    let file: Table = text.parse().unwrap();
    file["models"].as_array().unwrap().iter().map(|row| row.as_table().unwrap().clone()).collect()
}

fn id(row: &Table) -> &str {
    row["id"].as_str().unwrap()
}

fn class(row: &Table) -> &str {
    row["class"].as_str().unwrap()
}

fn is_set(row: &Table, key: &str) -> bool {
    row.get(key).and_then(Value::as_bool).unwrap_or(false)
}

#[test]
fn no_model_has_two_rows() {
    for (name, text) in FILES {
        let models = models(text);
        let ids: BTreeSet<_> = models.iter().map(id).collect();
        assert_eq!(ids.len(), models.len(), "{name}");
        assert!(
            ids.iter().all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic())),
            "{name}"
        );
    }
}

#[test]
fn each_provider_has_a_stand_in_of_each_class() {
    let stand_ins: Vec<_> = FILES
        .iter()
        .flat_map(|(name, text)| {
            ["large", "small"].map(|wanted| {
                let models = models(text);
                let first = models.iter().find(|row| class(row) == wanted && !is_set(row, "asked-only"));
                (*name, wanted, id(first.unwrap()).to_owned())
            })
        })
        .collect();
    let told: Vec<_> = stand_ins.iter().map(|(name, wanted, id)| (*name, *wanted, id.as_str())).collect();
    assert_eq!(
        told,
        [
            ("openai", "large", "gpt-5.4"),
            ("openai", "small", "gpt-5.4-mini"),
            ("anthropic", "large", "claude-sonnet-4-6"),
            ("anthropic", "small", "claude-haiku-4-5"),
            ("together", "large", "zai-org/GLM-5.3"),
            ("together", "small", "openai/gpt-oss-120b"),
        ]
    );
}

#[test]
fn there_are_two_classes_and_the_most_tokens_are_a_models_own() {
    for (name, text) in FILES {
        for row in models(text) {
            assert!(["large", "small"].contains(&class(&row)), "{name}: {}", id(&row));
            if let Some(most) = row.get("most-tokens") {
                assert!((4_096..=128_000).contains(&most.as_integer().unwrap()), "{name}: {}", id(&row));
            }
        }
    }
}

#[test]
fn a_dated_or_old_model_never_stands_in() {
    for (name, text) in FILES {
        for row in models(text) {
            let dated = id(&row).split('-').any(|part| part.len() == 8 && part.starts_with("20"))
                || id(&row).contains("-20");
            assert!(!dated || is_set(&row, "asked-only"), "{name}: {}", id(&row));
        }
    }
}

#[test]
fn what_articles_ask_for_is_there() {
    let asked = [
        ("openai", &["gpt-4", "gpt-4o", "gpt-4o-mini", "gpt-3.5-turbo"][..]),
        (
            "anthropic",
            &["claude-3-opus", "claude-3-opus-20240229", "claude-3-sonnet", "claude-3-sonnet-20240229"][..],
        ),
        (
            "together",
            &[
                "llama-2-7b",
                "togethercomputer/llama-2-7b-chat",
                "meta-llama/Llama-2-7b-chat-hf",
                "mistral-7b",
                "mistralai/Mistral-7B-Instruct-v0.1",
                "mistralai/Mistral-7B-Instruct-v0.3",
            ][..],
        ),
    ];
    for ((name, ids), (file, text)) in asked.into_iter().zip(FILES) {
        assert_eq!(name, file);
        let models = models(text);
        for wanted in ids {
            let row = models.iter().find(|row| id(row) == *wanted);
            assert!(is_set(row.unwrap_or_else(|| panic!("{wanted} has no row")), "asked-only"), "{wanted}");
        }
    }
}
