//! [`blackholed`]: an address that does not answer, not even with a refusal.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

/// Longer than loopback ever takes to accept, or to refuse.
const NO_ANSWER: Duration = Duration::from_millis(200);

/// More than any system lets wait.
const MOST: usize = 10_000;

/// A base URL on 127.0.0.1 where no connection is ever made and none refused: every packet that asks for one is lost. It is
/// the same at each call, as nobody gets there.
///
/// A listener that accepts nobody stands there, and so many wait to be accepted that the kernel takes no more. They stay
/// until the process ends (about 130 open sockets on Linux).
///
/// # Panics
///
/// When the machine has no free port on loopback, or its kernel lets everybody wait or sends them away.
pub fn blackholed() -> String {
    static HOLE: OnceLock<Hole> = OnceLock::new();
    format!("http://{}", HOLE.get_or_init(Hole::dig).address)
}

struct Hole {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Hole {
    fn dig() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("loopback should have a free port to fall silent on");
        let address = listener.local_addr().expect("a bound listener should know its address");
        let connect = |_| TcpStream::connect_timeout(&address, NO_ANSWER).ok();
        let waiting: Vec<_> = (0..MOST).map_while(connect).collect();
        assert!(waiting.len() < MOST, "the kernel should not let everybody wait");
        Self { address, _listener: listener, _waiting: waiting }
    }
}
