//! The part of a hand-written page that a task writes: it stands between two markers, each on the page once.

use std::ops::Range;

use anyhow::{Result, anyhow, bail};

/// Where that part begins and ends.
#[derive(Debug)]
pub(crate) struct Marked {
    pub(crate) page: &'static str,
    pub(crate) begin: &'static str,
    pub(crate) end: &'static str,
}

impl Marked {
    /// What lies between the markers.
    pub(crate) fn range(&self, text: &str) -> Result<Range<usize>> {
        let only = |marker| {
            let mut found = text.match_indices(marker).map(|(at, _)| at);
            match (found.next(), found.next()) {
                (Some(at), None) => Ok(at),
                _ => Err(anyhow!("{} must hold the line {marker} once", self.page)),
            }
        };
        let (begin, end) = (only(self.begin)? + self.begin.len(), only(self.end)?);
        if end < begin {
            bail!("{} holds {} before {}", self.page, self.end, self.begin);
        }
        Ok(begin..end)
    }

    /// The page with another text between the markers.
    pub(crate) fn replaced(&self, text: &str, part: &str) -> Result<String> {
        let range = self.range(text)?;
        Ok(format!("{}\n\n{}\n\n{}", &text[..range.start], part.trim(), &text[range.end..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKED: Marked = Marked { page: "PAGE.md", begin: "<!-- begin -->", end: "<!-- end -->" };

    #[test]
    fn what_stands_around_is_kept() {
        let page = "# x\n<!-- begin -->\n\n| a |\n\n<!-- end -->\nrest\n";
        assert_eq!(MARKED.replaced(page, "| a |\n").unwrap(), page);
        let new = MARKED.replaced(page, "| new |\n").unwrap();
        assert_eq!(new, "# x\n<!-- begin -->\n\n| new |\n\n<!-- end -->\nrest\n");
    }

    #[test]
    fn the_markers_must_stand_once_and_in_order() {
        let Marked { begin, end, .. } = MARKED;
        for broken in ["", begin, end, &format!("{end}{begin}"), &format!("{begin}{end}{end}")] {
            assert!(MARKED.range(broken).is_err(), "{broken}");
        }
    }
}
