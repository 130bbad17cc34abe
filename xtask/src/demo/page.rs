//! How the demo looks: at most 98 columns, colour only where a person watches.

use std::env;
use std::io::{self, IsTerminal};

use super::promise::Promise;
use super::stage::{Owner, Witness, hidden};
use super::transcript::Exchange;

const WIDTH: usize = 98;

#[derive(Debug)]
pub(super) struct Page {
    coloured: bool,
}

impl Page {
    pub(super) fn new() -> Self {
        Self { coloured: io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none() }
    }

    pub(super) fn heading(&self, text: &str) {
        let rule = "=".repeat(WIDTH.saturating_sub(text.chars().count() + 5));
        println!("\n{}", self.paint("1", &format!("=== {text} {rule}")));
    }

    /// A request with its answer in full, or without the body.
    pub(super) fn exchange(&self, exchange: &Exchange, with_body: bool) {
        println!("\n{}", self.paint("36", &fit(&format!("  > {} {}", exchange.method, exchange.url))));
        for line in &exchange.timeline {
            println!("{}", fit(&format!("      {line}")));
        }
        println!("{}", self.paint("36", &fit(&answer(exchange))));
        for line in exchange.shown.iter().filter(|_| with_body) {
            println!("{}", fit(&format!("    {line}")));
        }
    }

    /// A request that was repeated until its answer was the one that was waited for.
    pub(super) fn polls(&self, polls: &[Exchange]) {
        let Some(first) = polls.first() else { return };
        println!("\n{}", self.paint("36", &fit(&format!("  > {} {}", first.method, first.url))));
        for poll in polls {
            let state = poll.body["status"].as_str().unwrap_or("without a status");
            println!("{}", self.paint("36", &fit(&format!("{}: {state}", answer(poll)))));
        }
    }

    /// What a program printed that could not be read as exchanges.
    pub(super) fn raw(&self, title: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        println!("\n  {}", self.paint("1", title));
        text.lines().for_each(|line| println!("{}", fit(&format!("    {line}"))));
    }

    pub(super) fn witness(&self, witness: &Witness) {
        println!("\n  {}", self.paint("1", "what each server saw"));
        for owner in Owner::ALL {
            let seen = witness.of(owner);
            if seen.is_empty() {
                println!("    {:<10} nothing", owner.name());
            }
            for same in seen.chunk_by(PartialEq::eq) {
                let [request, ..] = same else { continue };
                let line = format!("{} {} ({})", request.method, request.path, request.credentials());
                let times = if same.len() > 1 { format!(", {} times", same.len()) } else { String::new() };
                println!("{}", fit(&format!("    {:<10} {line}{times}", owner.name())));
            }
        }
    }

    pub(super) fn promises(&self, promises: &[Promise]) {
        println!("\n  {}", self.paint("1", "promises"));
        for promise in promises {
            match &promise.broken {
                None => println!("    {}      {}", self.paint("32", "ok"), promise.text),
                Some(why) => {
                    println!("    {}  {}", self.paint("31;1", "FAILED"), promise.text);
                    println!("            {}", hidden(why));
                }
            }
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn answer(exchange: &Exchange) -> String {
    format!("  < {} served by {}", exchange.status, exchange.served_by)
}

/// A line without keys that is not longer than the page is wide.
fn fit(line: &str) -> String {
    let line = shortened(&hidden(line));
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.chars().take(WIDTH - 3).chain("...".chars()).collect()
}

/// Longer words are cut to half of it. Those are the ids of jobs; ours hold where the job is, in hundreds of letters.
const WORD: usize = 30;

fn shortened(line: &str) -> String {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut short = String::new();
    // Each piece is a word, with one character that is not part of it at its end unless the line ends there.
    for piece in line.split_inclusive(|c| !part_of_word(c)) {
        let word = piece.trim_end_matches(|c| !part_of_word(c));
        match word.get(..WORD / 2).filter(|_| word.len() > WORD) {
            Some(start) => short.extend([start, "..", &piece[word.len()..]]),
            None => short.push_str(piece),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_hides_keys() {
        assert_eq!(fit("short"), "short");
        assert_eq!(fit(&"x ".repeat(50)), format!("{}x...", "x ".repeat(47)));
        assert_eq!(fit(Owner::Nexa.key()), "<NexaAPI's key>");
    }

    #[test]
    fn the_id_of_a_job_is_cut_wherever_it_stands() {
        let id = format!("nx_{}", "aZ-_".repeat(40));
        let line = format!("GET /fal-ai/flux/requests/{id}/status, \"{id}\"");
        let short = "GET /fal-ai/flux/requests/nx_aZ-_aZ-_aZ-_../status, \"nx_aZ-_aZ-_aZ-_..\"";
        assert_eq!(fit(&line), short);
        assert_eq!(fit("é /stable-diffusion-v3-medium, "), "é /stable-diffusion-v3-medium, ");
    }

    #[test]
    fn colour_is_an_addition() {
        assert_eq!(Page { coloured: false }.paint("32", "ok"), "ok");
        assert_eq!(Page { coloured: true }.paint("32", "ok"), "\x1b[32mok\x1b[0m");
    }
}
