//! Streams that end badly, or begin anew, in the caller's sight.

use failover_mapping::ChatApi::{Completions, Messages};
use failover_mapping::{EventTranslator, Fault};

use crate::streams::{TO, named};

#[test]
fn an_error_has_a_type_and_is_the_last() {
    let mut shown = String::new();
    for to in TO {
        for fault in [Fault::Cut, Fault::Timeout, Fault::Malformed, Fault::Broken, Fault::Overloaded] {
            let mut translator = EventTranslator::new(Completions, to);
            translator.feed(&named("completions_text")[..400]).unwrap();
            shown += &String::from_utf8(translator.fail(fault, "it broke off: \"sorry\"")).unwrap();
            assert_eq!(translator.fail(fault, "again"), b"", "there is one end");
        }
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn another_provider_begins_anew() {
    // Who was asked first, who takes over, and whom the caller asked.
    for (first, from, second, by, to) in [
        ("completions_tools", Completions, "messages_tools", Messages, Completions),
        ("completions_tools", Completions, "messages_tools", Messages, Messages),
        ("messages_tools", Messages, "completions_tools", Completions, Messages),
        ("messages_tools", Messages, "messages_text", Messages, Messages),
        ("messages_tools", Messages, "completions_text", Completions, Completions),
    ] {
        let cut = named(first).len() * 2 / 3;
        let mut translator = EventTranslator::new(from, to).created(1_790_000_000);
        let mut told = translator.feed(&named(first)[..cut]).unwrap();
        assert_eq!(translator.end(), Err(Fault::Cut));
        told.extend(translator.restart(by, Fault::Cut, "another", "its-model"));
        told.extend(translator.feed(named(second)).unwrap());
        told.extend(translator.end().unwrap());
        let told = String::from_utf8(told).unwrap();
        insta::assert_snapshot!(format!("{first}_then_{second}_as_{to}"), told);
    }
}

#[test]
fn who_has_seen_nothing_is_told_of_no_restart() {
    for to in TO {
        let mut translator = EventTranslator::new(Completions, to);
        assert_eq!(translator.feed(b": wait\n\n").unwrap(), b"");
        assert_eq!(translator.restart(Messages, Fault::Timeout, "another", "its-model"), b"");
        let mut told = translator.feed(named("messages_text")).unwrap();
        told.extend(translator.end().unwrap());
        let told = String::from_utf8(told).unwrap();
        assert!(!told.contains("restart") && told.contains("\"model\":\"claude-sonnet-4-6\""));
    }
}
