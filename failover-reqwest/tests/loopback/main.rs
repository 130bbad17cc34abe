//! The adapter against providers on loopback, over real sockets. What every server saw is counted.

mod drop_in;
mod scene;
mod trouble;
