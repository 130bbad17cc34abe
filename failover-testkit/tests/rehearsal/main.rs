//! The test kit as a client on the wire sees it, over plain sockets.

mod client;
mod ending;
mod faults;
mod healthy;
mod jobs;
mod media;
mod misbehaviour;
mod predictions;
mod queue;
mod script;
mod wire;
