//! One table of faults, over real sockets, on all adapters: `TABLE.md` says what happens, and this is what makes it true.
//!
//! [`expected`] holds the rows: what each adapter is to do, and how many requests each provider may see of it, written down
//! before it is tried. Every cell is played with providers of its own, and must come out so. `TABLE.md` is printed from
//! the rows; `UPDATE_TABLE=1` writes it anew.

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
mod time;

use std::path::Path;

#[test]
fn every_fault_is_survived_as_the_table_says() {
    let rows = expected::rows();
    let wrong = play::all(&rows);
    assert!(wrong.is_empty(), "{} cells are not as expected:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("TABLE.md");
    let page = page::of(&expected::rows());
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
    let rows = expected::rows();
    for fault in failover_testkit::Fault::ALL {
        let played = rows.iter().filter(|row| row.is_about(*fault)).count();
        assert!(played >= 1, "{fault} has no row");
    }
}
