//! The test kit as a client on the wire sees it, over plain sockets.

mod client;
mod ending;
mod healthy;
mod misbehaviour;
mod script;
mod wire;
