//! The thread that accepts connections and gives each its own thread.

use crate::conversation;
use crate::stage::Stage;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Before the next try after an error that may last, such as no file descriptor being left.
const BREATH: Duration = Duration::from_millis(5);

pub(crate) struct Acceptor {
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Acceptor {
    pub(crate) fn start(listener: TcpListener, address: SocketAddr, stage: Arc<Stage>) -> Self {
        let thread = Builder::new()
            .name(format!("provider {address}"))
            .spawn(move || accept(&listener, &stage))
            .expect("the system should have a thread left for a provider");
        Self { address, thread: Some(thread) }
    }

    /// Returns when the port is closed. To be called after `Connections::stop`.
    pub(crate) fn join(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // `accept` has no other way of being woken than a connection.
        while !thread.is_finished()
            && TcpStream::connect_timeout(&self.address, Duration::from_secs(1)).is_err()
        {
            std::thread::sleep(BREATH);
        }
        // The thread's own panic was printed when it happened, and a second one inside a drop would abort.
        _ = thread.join();
    }
}

fn accept(listener: &TcpListener, stage: &Arc<Stage>) {
    loop {
        let accepted = listener.accept();
        if stage.connections.stopped() {
            return;
        }
        match accepted.and_then(|(stream, _)| converse(stream, stage)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => stage.connections.pause(BREATH),
        }
    }
}

fn converse(stream: TcpStream, stage: &Arc<Stage>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(admitted) = stage.connections.admit(stream) else { return Ok(()) };
    let stage = Arc::clone(stage);
    Builder::new()
        .name(format!("client of {}", stage.base))
        .spawn(move || conversation::hold(&stage, admitted.stream()))
        .map(drop)
}
