//! No path that belongs to one person's machine: on any other it is a lie.

use super::{File, Violation};

/// Split, so that this file keeps its own rule.
const FOLDERS: [&str; 4] =
    [concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/"), concat!("/", "Users/")];

pub(super) fn violations(file: &File) -> Vec<Violation> {
    let lines = file.text.lines().enumerate();
    let named = lines.filter_map(|(at, line)| Some((at + 1, folder(line)?)));
    named
        .map(|(line, folder)| {
            let todo = format!("{folder} belongs to one machine, use a path inside the repository");
            Violation::new(&file.path, line, "machine-path", todo)
        })
        .collect()
}

/// A folder counts where a path starts: behind a name or a dot it is part of a URL or of a relative path.
fn folder(line: &str) -> Option<&'static str> {
    let starts_path = |at: usize| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | ')' | '*'))
    };
    FOLDERS.into_iter().find(|folder| line.match_indices(folder).any(|(at, _)| starts_path(at)))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn machine_paths_are_found() {
        for folder in FOLDERS {
            for line in
                [format!("include!(\"{folder}a.rs\")"), format!("cd {folder}x"), format!("file://{folder}x")]
            {
                let found = violations(&sample("a.sh", &format!("\n{line}\n")));
                assert_eq!(found.iter().map(|violation| violation.line).collect::<Vec<_>>(), [2], "{line}");
            }
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        for folder in FOLDERS {
            for line in
                [format!("https://example.com{folder}x"), format!("..{folder}x"), format!("$D}}{folder}")]
            {
                assert!(violations(&sample("README.md", &line)).is_empty(), "{line}");
            }
        }
        assert!(violations(&sample("a.rs", "work/main and home")).is_empty());
    }
}
