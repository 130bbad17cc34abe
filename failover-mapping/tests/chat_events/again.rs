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
    // Who is asked first, who takes over, and whom the caller asked.
    for (first, from, second, by, to) in [
        ("completions_tools", Completions, "messages_tools", Messages, Completions),
        ("completions_tools", Completions, "messages_tools", Messages, Messages),
        ("messages_tools", Messages, "completions_tools", Completions, Messages),
        ("messages_tools", Messages, "messages_text", Messages, Messages),
        ("messages_tools", Messages, "completions_text", Completions, Completions),
    ] {
        let (first, second) = (named(first), named(second));
        let mut translator = EventTranslator::new(from, to).created(1_790_000_000);
        let mut told = translator.feed(&first[..first.len() * 2 / 3]).unwrap();
        assert_eq!(translator.end(), Err(Fault::Cut));
        told.extend(translator.restart(by, Fault::Cut, "another", "its-model"));
        told.extend(translator.feed(second).unwrap());
        told.extend(translator.end().unwrap());
        insta::assert_snapshot!(
            format!("{from}_then_{by}_as_{to}_{}", second.len()),
            String::from_utf8(told).unwrap()
        );
    }
}

#[test]
fn who_has_seen_nothing_is_told_of_no_restart() {
    for to in TO {
        let role = &named("completions_text")[..150];
        let mut translator = EventTranslator::new(Messages, to);
        assert_eq!(translator.feed(b": hello\n\nevent: ping\ndata: {}\n\n").is_ok(), true);
        assert_eq!(translator.feed(role).unwrap(), b"");
        assert_eq!(translator.restart(Completions, Fault::Timeout, "another", "its-model"), b"");
        let mut told = translator.feed(named("completions_text")).unwrap();
        told.extend(translator.end().unwrap());
        let told = String::from_utf8(told).unwrap();
        assert!(!told.contains("restart") && told.contains("gpt-5.4-mini-2026-03-17"));
    }
}
