//! Nothing unfinished is merged, and no test waits for a clock.
//!
//! A test that sleeps is slow on a fast machine and fails on a slow one; a test that is ignored protects nothing.

use super::source::{Line, Source};
use super::{File, Violation};

const NOTE: &str = concat!("FIX", "ME");

pub(super) fn violations(file: &File) -> Vec<Violation> {
    let noted = file.text.lines().enumerate().filter(|(_, line)| line.contains(NOTE));
    let mut found: Vec<_> = noted
        .map(|(at, _)| Violation::new(&file.path, at + 1, "unfinished", format!("do what the {NOTE} says")))
        .collect();
    if file.path.ends_with(".rs") {
        let source = Source::new(&file.path, &file.text);
        let wrong = source.lines().filter_map(|line| Some((line.number, fault(&line)?)));
        found.extend(wrong.map(|(line, (rule, todo))| Violation::new(&file.path, line, rule, todo)));
    }
    found
}

fn fault(line: &Line<'_>) -> Option<(&'static str, &'static str)> {
    let has = |word: &str| line.code.contains(word);
    if has("todo!") || has("unimplemented!") {
        Some(("unfinished", "finish it, or leave it out until its issue is built"))
    } else if has("#[ignore") {
        Some(("ignored-test", "repair the test or delete it"))
    } else if line.test && has("thread::sleep(") {
        Some(("sleeping-test", "wait for the event itself: a channel, a join, a count of requests"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<(usize, &'static str)> {
        violations(&sample(path, text)).iter().map(|violation| (violation.line, violation.rule)).collect()
    }

    #[test]
    fn unfinished_work_is_found() {
        assert_eq!(found("a.rs", "//!\nfn f() { todo!() }"), [(2, "unfinished")]);
        assert_eq!(found("a.rs", "fn f() { unimplemented!(\"x\") }"), [(1, "unfinished")]);
        assert_eq!(found("a.rs", &format!("// {NOTE}: x")), [(1, "unfinished")]);
        assert_eq!(found("README.md", &format!("a\n{NOTE}\n")), [(2, "unfinished")]);
    }

    #[test]
    fn tests_run_and_do_not_sleep() {
        assert_eq!(found("tests/a.rs", "#[ignore = \"slow\"]"), [(1, "ignored-test")]);
        assert_eq!(found("tests/a.rs", "fn f() { std::thread::sleep(x) }"), [(1, "sleeping-test")]);
        let inside = "#[cfg(test)]\nmod tests {\n thread::sleep(x);\n}\n";
        assert_eq!(found("src/a.rs", inside), [(3, "sleeping-test")]);
    }

    #[test]
    fn talking_about_it_is_fine() {
        assert!(
            found("src/a.rs", "//! No `todo!` here.\nlet x = \"todo!() #[ignore]\"; // todo!\n").is_empty()
        );
        assert!(found("src/clock.rs", "std::thread::sleep(pause);").is_empty());
        assert!(found("README.md", "no todo! in code").is_empty());
    }
}
