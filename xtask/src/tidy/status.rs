//! No HTTP status code in the core and the adapters: what a status means is the mapping's knowledge.
//!
//! Otherwise each adapter has its own idea of what a 503 is, and they drift apart. Comments may name codes, tests
//! must. A number is taken for a status code if it is one that HTTP registers and either is crooked (429, 503: hardly
//! ever anything else), or is round (200, 400, 500: also a delay or a percentage) and stands in a pattern or on a
//! line that speaks of a status. 100 is left out: it is a percentage everywhere but in HTTP.

use super::source::Source;
use super::{File, Violation};

const ROOMS: [&str; 4] =
    ["failover-core/src/", "failover-ureq/src/", "failover-reqwest/src/", "failover-isahc/src/"];

/// As registered with IANA, and two that providers send on their own account (520, 529).
const CROOKED: [u16; 57] = [
    101, 102, 103, 201, 202, 203, 204, 205, 206, 207, 208, 226, 301, 302, 303, 304, 305, 307, 308, 401, 402,
    403, 404, 405, 406, 407, 408, 409, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426,
    428, 429, 431, 451, 501, 502, 503, 504, 505, 506, 507, 508, 511, 520, 529,
];
/// With the ends of the ranges that they begin.
const ROUND: [u16; 9] = [200, 300, 399, 400, 410, 499, 500, 510, 599];

pub(super) fn violations(file: &File) -> Vec<Violation> {
    if !ROOMS.iter().any(|room| file.path.starts_with(room)) {
        return Vec::new();
    }
    let source = Source::new(&file.path, &file.text);
    let named =
        source.lines().filter(|line| !line.test).filter_map(|line| Some((line.number, named(line.code)?)));
    named
        .map(|(line, code)| {
            let todo = format!("{code} is a status code: ask failover-mapping for a verdict instead");
            Violation::new(&file.path, line, "status-code", todo)
        })
        .collect()
}

/// The first status code that a line of code names.
fn named(code: &str) -> Option<String> {
    // A constant, not a constructor or another path such as `StatusCode::from_u16`.
    let is_constant = |name: &&str| name.starts_with(|c: char| c.is_ascii_uppercase());
    if let Some(name) = code.split("StatusCode::").skip(1).map(word).find(is_constant) {
        return Some(format!("StatusCode::{name}"));
    }
    let about_status = speaks_of_status(code);
    let is_code = |(before, number, after): &(&str, u16, &str)| {
        let round = ROUND.contains(number) && (about_status || is_pattern(before, after));
        (CROOKED.contains(number) || round) && !is_delay(before)
    };
    numbers(code).find(is_code).map(|(_, number, _)| number.to_string())
}

/// Three-digit integer literals, with what stands before and after each.
fn numbers(code: &str) -> impl Iterator<Item = (&str, u16, &str)> {
    let starts = code.char_indices().filter(|(at, c)| c.is_ascii_digit() && !code[..*at].ends_with(in_word));
    starts.filter_map(|(at, _)| {
        let literal = word(&code[at..]);
        let (before, after) = (&code[..at], &code[at + literal.len()..]);
        let fraction = before.ends_with('.') && !before.ends_with("..");
        let float =
            after.strip_prefix('.').is_some_and(|tail| tail.starts_with(|c: char| c.is_ascii_digit()));
        let digits = literal.strip_suffix("u16").unwrap_or(literal).trim_end_matches('_');
        let whole = digits.len() == 3 && !fraction && !float;
        whole.then(|| Some((before, digits.parse().ok()?, after)))?
    })
}

/// The argument of `Duration::from_millis` and its like, also on a line about a status poll.
fn is_delay(before: &str) -> bool {
    ["secs(", "millis(", "micros(", "nanos("].iter().any(|unit| before.ends_with(unit))
}

/// A match arm, an alternative or a range, where a round number is no delay.
fn is_pattern(before: &str, after: &str) -> bool {
    let (before, after) = (before.trim_end(), after.trim_start());
    ["=>", "| ", ".."].iter().any(|sign| after.starts_with(sign))
        || before.ends_with(" |")
        || before.ends_with("..=")
}

fn speaks_of_status(code: &str) -> bool {
    code.split(|c| !in_word(c)).any(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("status")
            || name == "as_u16"
            || name.split('_').any(|part| matches!(part, "code" | "codes"))
    })
}

fn word(text: &str) -> &str {
    &text[..text.find(|c| !in_word(c)).unwrap_or(text.len())]
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn status_codes_are_found() {
        let lines = [
            ("if status == 200 {", "200"),
            ("Err(Error::StatusCode(500)) => {", "500"),
            ("if answer.status() == StatusCode::TOO_MANY_REQUESTS {", "StatusCode::TOO_MANY_REQUESTS"),
            ("429 => Fault::Throttled,", "429"),
            ("200..=299 => Ok(()),", "200"),
            ("x if x >= 503_u16 => {", "503"),
            ("const TRIGGERS: [u16; 2] = [429, 500];", "429"),
            ("matches!(x, 400 | 422)", "400"),
            ("response.as_u16() >= 400", "400"),
            ("0..=599 => {", "599"),
        ];
        for (line, code) in lines {
            assert_eq!(named(line).as_deref(), Some(code), "{line}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        let lines = [
            "Duration::from_millis(200)",
            "let status_poll = Duration::from_millis(500);",
            "Self::new(256, Breaker::new())",
            "let spread = pause * percent / 100;",
            "0..=100 => percent,",
            "0x1429",
            "1_429",
            "14290",
            "1.429",
            "429.5",
            "v429",
            "StatusCode::from_u16(code)",
            "assert_eq!(decoded, 500)",
            "",
        ];
        for line in lines {
            assert_eq!(named(line), None, "{line}");
        }
    }

    #[test]
    fn only_the_rooms_that_must_not_know_are_searched() {
        let text = "//! Answers 429.\n/// Or 503.\nfn f(x: u16) -> bool { x == 504 }\n#[cfg(test)]\nmod tests { const X: u16 = 502; }\n";
        let found = |path| violations(&sample(path, text));
        let lines: Vec<_> = found("failover-ureq/src/run.rs").iter().map(|v| (v.line, v.rule)).collect();
        assert_eq!(lines, [(3, "status-code")]);
        assert!(found("failover-mapping/src/verdict.rs").is_empty());
        assert!(found("failover-ureq/tests/triggers.rs").is_empty());
    }
}
