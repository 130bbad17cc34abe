//! As much JSON (RFC 8259) as a stand-in needs: the fields of an object, and text that is valid inside an answer.
//!
//! The whole body is checked when it is read, so a field's raw text can be put into an answer as it is.

use std::fmt::Write as _;

/// Nesting beyond this is taken for no JSON, as bodies come from outside and every level takes stack.
const DEPTH: usize = 64;

/// An object's members in order, values as written.
pub(crate) struct Object<'t> {
    members: Vec<(String, &'t str)>,
}

impl<'t> Object<'t> {
    pub(crate) fn read(body: &'t [u8]) -> Option<Self> {
        let mut scanner = Scanner { text: std::str::from_utf8(body).ok()?, at: 0 };
        scanner.space();
        let members = scanner.object(DEPTH)?;
        scanner.space();
        (scanner.at == body.len()).then_some(Self { members })
    }

    /// Of a name given twice the last one counts, as with most parsers.
    pub(crate) fn raw(&self, name: &str) -> Option<&'t str> {
        self.members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        Scanner { text: self.raw(name)?, at: 0 }.string()
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.raw(name)?.parse().ok()
    }

    /// The values of a list, as written.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&'t str>> {
        let mut values = Vec::new();
        let mut scanner = Scanner { text: self.raw(name)?, at: 0 };
        scanner.sequence(b'[', b']', |scanner| {
            values.push(scanner.value(DEPTH)?);
            Some(())
        })?;
        Some(values)
    }

    pub(crate) fn object(&self, name: &str) -> Option<Self> {
        Self::read(self.raw(name)?.as_bytes())
    }
}

pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Writing to a `String` cannot fail.
            '\0'..='\u{1f}' => _ = write!(quoted, "\\u{:04x}", u32::from(character)),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of `count` values that are JSON already.
pub(crate) fn list(count: i64, value: impl Fn(i64) -> String) -> String {
    let values: Vec<String> = (0..count).map(value).collect();
    format!("[{}]", values.join(","))
}

/// Every method moves behind what it names, or says that it is not there.
struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn object(&mut self, depth: usize) -> Option<Vec<(String, &'t str)>> {
        let mut members = Vec::new();
        self.sequence(b'{', b'}', |scanner| {
            let name = scanner.string()?;
            scanner.space();
            scanner.eat(b':')?;
            scanner.space();
            members.push((name, scanner.value(depth.checked_sub(1)?)?));
            Some(())
        })?;
        Some(members)
    }

    fn value(&mut self, depth: usize) -> Option<&'t str> {
        let start = self.at;
        match self.next()? {
            b'"' => _ = self.string()?,
            b'{' => _ = self.object(depth)?,
            b'[' => self.sequence(b'[', b']', |scanner| scanner.value(depth.checked_sub(1)?).map(drop))?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        self.text.get(start..self.at)
    }

    fn sequence(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(open)?;
        self.space();
        if self.eat(close).is_some() {
            return Some(());
        }
        loop {
            item(self)?;
            self.space();
            if self.eat(close).is_some() {
                return Some(());
            }
            self.eat(b',')?;
            self.space();
        }
    }

    fn string(&mut self) -> Option<String> {
        self.eat(b'"')?;
        let mut string = String::new();
        loop {
            let character = self.text.get(self.at..)?.chars().next()?;
            self.at += character.len_utf8();
            match character {
                '"' => return Some(string),
                '\\' => string.push(self.escape()?),
                '\0'..='\u{1f}' => return None,
                _ => string.push(character),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.next()?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high);
                }
                self.word("\\u")?;
                let low = self.hex().filter(|low| (0xdc00..0xe000).contains(low))?;
                return char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.chars().try_fold(0, |sum, digit| Some(sum * 16 + digit.to_digit(16)?))
    }

    fn number(&mut self) -> Option<()> {
        _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.eat(b'e').or_else(|| self.eat(b'E')).is_some() {
            _ = self.eat(b'+').or_else(|| self.eat(b'-'));
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.next().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.get(self.at..)?.starts_with(word).then(|| self.at += word.len())
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then(|| self.at += 1)
    }

    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, Object, list, quote};

    fn read(text: &str) -> Option<Object<'_>> {
        Object::read(text.as_bytes())
    }

    #[test]
    fn fields_are_found_by_name_and_not_by_their_looks() {
        let text = r#" { "prompt" : "say \"seed\": 1 }", "deep":{"seed":2}, "list":["seed",3,{"seed":4}],
                        "\u0073eed" : -5 , "n": 2.0, "none": null } "#;
        let object = read(text).unwrap();
        assert_eq!(object.text("prompt").unwrap(), r#"say "seed": 1 }"#);
        assert_eq!(object.integer("seed"), Some(-5));
        assert_eq!(object.object("deep").unwrap().integer("seed"), Some(2));
        assert_eq!(object.raw("list"), Some(r#"["seed",3,{"seed":4}]"#));
        assert_eq!(object.list("list").unwrap(), [r#""seed""#, "3", r#"{"seed":4}"#]);
        assert!(object.list("deep").is_none() && object.list("absent").is_none());
        assert_eq!((object.integer("n"), object.text("none"), object.raw("absent")), (None, None, None));
    }

    #[test]
    fn escapes_are_decoded() {
        let object = read(r#"{"a":"\b\f\n\r\t\/\\\"\u00e9\ud83d\ude00 \u0000"}"#).unwrap();
        assert_eq!(object.text("a").unwrap(), "\u{8}\u{c}\n\r\t/\\\"é😀 \0");
    }

    #[test]
    fn the_last_of_two_equal_names_counts() {
        assert_eq!(read(r#"{"n":1,"n":2}"#).unwrap().integer("n"), Some(2));
    }

    #[test]
    fn what_is_no_json_object_has_no_fields() {
        let broken = [
            "",
            " ",
            "null",
            "[]",
            "{",
            "}",
            "{}}",
            "{} x",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{,}"#,
            r#"{"a":01}"#,
            r#"{"a":+1}"#,
            r#"{"a":1.}"#,
            r#"{"a":1e}"#,
            r#"{"a":-}"#,
            r#"{"a":tru}"#,
            r#"{a:1}"#,
            r#"{"a":"\x"}"#,
            r#"{"a":"\u12"}"#,
            r#"{"a":"\u12é"}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\udc00"}"#,
            r#"{"a":"\ud800\u0041"}"#,
            r#"{"a":"open}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":"\"#,
            r#"{"a":[1 2]}"#,
        ];
        for text in broken {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(Object::read(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn every_beginning_of_a_body_is_refused_without_a_panic() {
        let text = r#"{"é":"\ud83d\ude00é","b":[true,-1.5e+3,{"c":null}]}"#;
        assert!(read(text).is_some());
        for end in 0..text.len() {
            assert!(Object::read(&text.as_bytes()[..end]).is_none(), "{end}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEPTH - 1)).is_some());
        assert!(read(&nested(200_000)).is_none());
    }

    #[test]
    fn every_character_survives_quoting() {
        let all: String = ('\0'..=char::MAX).collect();
        let text = format!("{{\"all\":{}}}", quote(&all));
        assert_eq!(read(&text).unwrap().text("all"), Some(all));
    }

    #[test]
    fn lists_have_commas_between() {
        assert_eq!(list(3, |n| n.to_string()), "[0,1,2]");
        assert_eq!(list(0, |n| n.to_string()), "[]");
    }
}
