//! [`refused`]: an address where nobody listens, and nobody will.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};

/// A base URL on 127.0.0.1 where every connection is refused, another one at each call.
///
/// A port that was merely let go could be given to the next server that starts, and the refusal would become an answer.
/// So an accepted connection stays on it, out of reach and unused, until the process ends (one open socket per call).
///
/// # Panics
///
/// When the machine has no free port on loopback.
pub fn refused() -> String {
    static HELD: Mutex<Vec<TcpStream>> = Mutex::new(Vec::new());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .expect("loopback should have a free port to be refused on");
    let address = listener.local_addr().expect("a bound listener should know its address");
    let guest = TcpStream::connect(address).expect("a listener on loopback should be reachable");
    let (held, _) = listener.accept().expect("a connection that was made should be there to accept");
    drop((listener, guest));
    HELD.lock().unwrap_or_else(PoisonError::into_inner).push(held);
    format!("http://{address}")
}
