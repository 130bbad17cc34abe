//! What a page points at is there: every relative link leads to a file of the repository, and one whose words are the name of a
//! test leads to the file that holds that test.
//!
//! The README's table of features and the page about migration are promises with a test behind each; this keeps a test from
//! being renamed away beneath them.

use super::{File, Violation};

const RULE: &str = "links";

pub(super) fn violations(files: &[File]) -> Vec<Violation> {
    let pages = files.iter().filter(|file| file.path.ends_with(".md"));
    pages.flat_map(|page| of_page(page, files)).collect()
}

fn of_page(page: &File, files: &[File]) -> Vec<Violation> {
    let mut found = Vec::new();
    for (at, line) in page.text.lines().enumerate() {
        for (words, target) in links(line) {
            let Some(path) = resolved(&page.path, target) else { continue };
            let folder = format!("{path}/");
            let complain = |todo: String| Violation::new(&page.path, at + 1, RULE, todo);
            match files.iter().find(|file| file.path == path) {
                None if files.iter().any(|file| file.path.starts_with(&folder)) => {}
                None => found.push(complain(format!("{target} is not there"))),
                Some(file) => {
                    let test = name_of_a_test(words).filter(|_| path.contains("/tests/"));
                    let gone = test.filter(|test| !file.text.contains(&format!("fn {test}(")));
                    found.extend(gone.map(|test| complain(format!("{target} has no test {test}"))));
                }
            }
        }
    }
    found
}

/// The words and the target of each `[words](target)`.
fn links(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices("](").filter_map(|(at, _)| {
        let words = &line[line[..at].rfind('[')? + 1..at];
        let target = line[at + 2..].split(')').next()?;
        Some((words, target))
    })
}

/// The target from the root, if it is a path.
fn resolved(page: &str, target: &str) -> Option<String> {
    let target = target.split('#').next()?;
    if target.is_empty() || target.contains(':') {
        return None;
    }
    let mut path: Vec<&str> = page.split('/').collect();
    path.pop();
    for part in target.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            path.pop();
        } else {
            path.push(part);
        }
    }
    Some(path.join("/"))
}

/// Tests are sentences, so their names have several words.
fn name_of_a_test(words: &str) -> Option<&str> {
    let name = words.strip_prefix('`')?.strip_suffix('`')?;
    let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    (plain && name.contains('_')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn found(page: &str, text: &str) -> Vec<String> {
        let test = sample("a/tests/x.rs", "#[test]\nfn it_works() {}\n");
        let page = sample(page, text);
        violations(&[page, test]).into_iter().map(|violation| violation.todo).collect()
    }

    #[test]
    fn what_is_there_may_be_pointed_at() {
        let links = "[x](a/tests/x.rs) [`it_works`](a/tests/x.rs), [tests](a/tests/) and [a](a)";
        assert_eq!(found("README.md", links), Vec::<String>::new());
        assert_eq!(found("docs/p.md", "[`it_works`](../a/tests/x.rs)"), Vec::<String>::new());
        assert_eq!(found("a/README.md", "[x](tests/x.rs#top)"), Vec::<String>::new());
        assert_eq!(found("README.md", "[x](https://example.com/y) [y](#there)"), Vec::<String>::new());
    }

    #[test]
    fn what_is_not_may_not() {
        assert_eq!(found("README.md", "[x](b.rs)"), ["b.rs is not there"]);
        assert_eq!(found("docs/p.md", "[x](a/tests/x.rs)"), ["a/tests/x.rs is not there"]);
        let renamed = "| [`it_worked`](a/tests/x.rs) | [`x.rs`](a/tests/x.rs) |";
        assert_eq!(found("README.md", renamed), ["a/tests/x.rs has no test it_worked"]);
        assert!(found("notes.rs", "[x](b.rs)").is_empty());
    }
}
