//! Nothing but tests, which see all adapters side by side: the table of faults, and the Rust of the pages in `docs`.

#[cfg(doctest)]
#[doc = include_str!("../../docs/migration.md")]
mod migration {}
