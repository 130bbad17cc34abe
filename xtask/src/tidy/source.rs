//! Rust text as the rules need it: the code alone, and which lines of it are tests.
//!
//! Comments and literals are blanked, not removed, so line numbers stay and a rule that searches for `todo!` does
//! not find itself. This is a lexer of the few tokens that can hide code; a full parser would be a heavy
//! dependency for a check that only looks at words.

/// One file's code, line by line.
#[derive(Debug)]
pub(crate) struct Source {
    lines: Vec<String>,
    tests: Vec<bool>,
}

/// A line of code: its number from 1, its text without comments and literals, and whether only tests build it.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    pub(crate) code: &'a str,
    pub(crate) test: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = code_only(text);
        let lines: Vec<String> = code.lines().map(str::to_owned).collect();
        let mut tests = vec![is_test_path(path); lines.len()];
        for (from, to) in test_items(&code) {
            let first = code[..from].matches('\n').count();
            let last = code[..to].matches('\n').count();
            tests.iter_mut().take(last + 1).skip(first).for_each(|test| *test = true);
        }
        Self { lines, tests }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let numbered = self.lines.iter().zip(&self.tests).enumerate();
        numbered.map(|(at, (code, test))| Line { number: at + 1, code, test: *test })
    }
}

fn is_test_path(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs"))
}

/// Byte ranges of the items behind `#[cfg(test)]`: to the end of their braces, or to the semicolon.
fn test_items(code: &str) -> impl Iterator<Item = (usize, usize)> {
    code.match_indices("#[cfg(test)]").chain(code.match_indices("#[cfg(all(test")).map(|(from, _)| {
        let mut depth = 0_usize;
        for (at, c) in code[from..].char_indices() {
            match c {
                ';' if depth == 0 => return (from, from + at),
                '{' => depth += 1,
                '}' if depth <= 1 => return (from, from + at),
                '}' => depth -= 1,
                _ => {}
            }
        }
        (from, code.len())
    })
}

fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let hidden = comment(rest).or_else(|| literal(rest));
        let length = hidden.unwrap_or_else(|| word(rest));
        for &c in &rest[..length] {
            code.push(if hidden.is_some() && c != '\n' { ' ' } else { c });
        }
        at += length;
    }
    code
}

/// A whole identifier or number, so that the `r` of `for"` is not taken for a raw string; else one character.
fn word(rest: &[char]) -> usize {
    rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count().max(1)
}

fn comment(rest: &[char]) -> Option<usize> {
    match rest {
        ['/', '/', ..] => Some(rest.iter().take_while(|c| **c != '\n').count()),
        ['/', '*', ..] => {
            let (mut depth, mut at) = (0_usize, 0);
            while at < rest.len() {
                match rest[at..] {
                    ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
                    ['*', '/', ..] if depth == 1 => return Some(at + 2),
                    ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
                    _ => at += 1,
                }
            }
            Some(rest.len())
        }
        _ => None,
    }
}

fn literal(rest: &[char]) -> Option<usize> {
    match rest {
        ['"', tail @ ..] => Some(1 + to_quote(tail, '"')),
        ['b' | 'c', '"', tail @ ..] => Some(2 + to_quote(tail, '"')),
        ['r', ..] => raw(rest, 1),
        ['b' | 'c', 'r', ..] => raw(rest, 2),
        ['\'', '\\', ..] => Some(1 + to_quote(&rest[1..], '\'')),
        // Anything longer between the quotes is a lifetime and the next one.
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

/// The characters up to and with the closing quote.
fn to_quote(tail: &[char], quote: char) -> usize {
    let mut at = 0;
    while at < tail.len() {
        match tail[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    tail.len()
}

/// A raw string after its prefix letters, or `None` for a raw identifier or a plain word.
fn raw(rest: &[char], prefix: usize) -> Option<usize> {
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    let body = prefix + hashes + 1;
    if rest.get(body - 1) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        rest[*at] == '"' && rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    Some((body..rest.len()).find(closes).map_or(rest.len(), |at| at + 1 + hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        let cases = [
            ("a // b", "a"),
            ("a /* b /* c */ d */ e", "ae"),
            ("f(\"x \\\" // y\") g", "f()g"),
            ("r\"\\\" a", "a"),
            ("br#\"a \" b\"# c", "c"),
            ("r#type = for_r\"x\"", "r#type=for_r"),
            ("'{' '\\'' '\\u{7d}' b'}' c", "bc"),
            ("fn f<'a>(x: &'a str)", "fnf<'a>(x:&'astr)"),
            ("a /* \n */ b \"\n\" c", "abc"),
        ];
        for (text, code) in cases {
            let blanked = code_only(text);
            assert_eq!(blanked.split_whitespace().collect::<String>(), code, "{text}");
            assert_eq!(blanked.chars().count(), text.chars().count(), "{text}");
            assert_eq!(blanked.lines().count(), text.lines().count(), "{text}");
        }
    }

    #[test]
    fn unclosed_literals_end_with_the_file() {
        for text in ["\"a", "\"a\\", "r#\"a\"", "/* a", "'\\", "'", "b'"] {
            assert_eq!(code_only(text).chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn test_lines_are_known() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { \"}\"; }\n}\nfn c() {}\n";
        let tests = |path| -> Vec<_> {
            Source::new(path, text).lines().filter(|line| line.test).map(|line| line.number).collect()
        };
        assert_eq!(tests("x/src/lib.rs"), [2, 3, 4, 5]);
        assert_eq!(tests("x/tests/a.rs").len(), 6);
        let outside = Source::new("x/src/lib.rs", "#[cfg(test)]\nmod tests;\nfn c() {}\n");
        assert_eq!(outside.lines().filter(|line| line.test).count(), 2);
    }
}
