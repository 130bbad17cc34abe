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
        println!("\n{}", self.paint("36", &fit(&format!("  > POST {}", exchange.url))));
        for line in &exchange.timeline {
            println!("{}", fit(&format!("      {line}")));
        }
        let answer = format!("  < {} served by {}", exchange.status, exchange.served_by);
        println!("{}", self.paint("36", &fit(&answer)));
        for line in exchange.shown.iter().filter(|_| with_body) {
            println!("{}", fit(&format!("    {line}")));
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
            for request in seen {
                let line = format!("{} {} ({})", request.method, request.path, request.credentials());
                println!("{}", fit(&format!("    {:<10} {line}", owner.name())));
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

/// A line without keys that is not longer than the page is wide.
fn fit(line: &str) -> String {
    let line = hidden(line);
    if line.chars().count() <= WIDTH {
        return line;
    }
    line.chars().take(WIDTH - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_and_hides_keys() {
        assert_eq!(fit("short"), "short");
        assert_eq!(fit(&"x".repeat(99)), format!("{}...", "x".repeat(95)));
        assert_eq!(fit(Owner::Nexa.key()), "<NexaAPI's key>");
    }

    #[test]
    fn colour_is_an_addition() {
        assert_eq!(Page { coloured: false }.paint("32", "ok"), "ok");
        assert_eq!(Page { coloured: true }.paint("32", "ok"), "\x1b[32mok\x1b[0m");
    }
}
