//! The test kit as a client on the wire sees it, over plain sockets.

mod chats;
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
mod streamed;
mod streams;
mod tools;
mod upsets;
mod wire;
