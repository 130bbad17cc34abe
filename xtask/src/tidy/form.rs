//! The form of a file: it says first what it is, and it is short enough to have one idea.

use super::{File, Violation};

const LONGEST: usize = 400;

pub(super) fn violations(file: &File) -> Vec<Violation> {
    let mut found = Vec::new();
    if !file.text.starts_with("//!") {
        let todo = "start the file with a `//!` line that says what it decides";
        found.push(Violation::new(&file.path, 1, "first-line", todo));
    }
    let lines = file.text.lines().count();
    if lines > LONGEST {
        let todo = format!("{lines} lines, at most {LONGEST}: split it by idea");
        found.push(Violation::new(&file.path, LONGEST + 1, "length", todo));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        violations(&sample("a.rs", text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_first_line_is_a_module_doc() {
        assert!(found("//! Decides.\nfn f() {}\n").is_empty());
        for text in ["", "// A comment.\n", "\n//! Late.\n", "#![no_std]\n//! Late.\n"] {
            assert!(found(text)[0].starts_with("a.rs:1: first-line:"), "{text:?}");
        }
    }

    #[test]
    fn a_file_has_at_most_400_lines() {
        assert!(found(&"//!\n".repeat(LONGEST)).is_empty());
        assert!(found(&"//!\n".repeat(LONGEST + 1))[0].starts_with("a.rs:401: length: 401 lines"));
    }
}
