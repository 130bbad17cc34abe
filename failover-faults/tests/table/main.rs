//! One table of faults, over real sockets, on all adapters: `TABLE.md` says what happens, and this is what makes it true.
//!
//! [`expected`] holds the rows: what each adapter is to do, and how many requests each provider may see of it, written down
//! before it is tried; [`streams`] holds those of a chat that is streamed. Every cell is played with providers of its own, and
//! must come out so. `TABLE.md` is printed from the rows; `UPDATE_TABLE=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod by_isahc;
mod by_reqwest;
mod by_ureq;
mod errand;
mod expected;
mod page;
mod play;
mod row;
mod scene;
mod session;
mod streams;
mod time;

use std::path::Path;

use failover_testkit::Fault;

#[test]
fn every_fault_is_survived_as_the_table_says() {
    as_expected(&play::wrong(&expected::rows()));
}

#[test]
fn every_fault_of_a_streamed_chat_is_survived_as_the_table_says() {
    as_expected(&streams::wrong(&streams::rows()));
}

fn as_expected(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} cells are not as expected:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("TABLE.md");
    let page = page::of(&expected::rows(), &streams::rows());
    if std::env::var_os("UPDATE_TABLE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        current == page,
        "TABLE.md is not what the rows say, run: UPDATE_TABLE=1 cargo test -p failover-faults"
    );
}

/// A fault that nobody plays would be one that nobody knows to be survived.
#[test]
fn no_fault_is_left_out() {
    let (rows, streamed) = (expected::rows(), streams::rows());
    for fault in Fault::ALL {
        assert!(rows.iter().any(|row| row.is_about(*fault)), "{fault} has no row");
    }
    for fault in Fault::STREAMED {
        assert!(streamed.iter().any(|row| row.fault == *fault), "{fault} has no row");
    }
}

/// Two rows with one number would be two faults that nobody can tell apart; and who chooses a row chooses one that there is.
#[test]
fn every_number_is_that_of_one_row() {
    let (rows, streamed) = (expected::rows(), streams::rows());
    let only = streamed.iter().filter(|row| row.fault.is_streamed()).map(|row| row.fault.id());
    let mut numbers: Vec<_> = rows.iter().map(|row| row.id).chain(only).collect();
    assert!(numbers.iter().any(|id| play::is_chosen(id)), "no row has this number");
    numbers.sort_unstable();
    assert!(numbers.is_sorted_by(|one, next| one < next), "twice: {numbers:?}");
}
