//! The open connections of a provider, and the one moment at which all of them have to end.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopped: bool,
    admitted: u64,
    /// Weak, because a socket must be closed (and thereby reset) when its conversation lets go of it.
    open: HashMap<u64, Weak<TcpStream>>,
}

/// A connection while its conversation lasts. The fields are dropped in this order: when a connection is no longer
/// counted, its socket is closed.
pub(crate) struct Admitted {
    stream: Arc<TcpStream>,
    _counted: Counted,
}

struct Counted {
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    /// Nothing once [`stop`](Self::stop) was called.
    pub(crate) fn admit(self: &Arc<Self>, stream: TcpStream) -> Option<Admitted> {
        let stream = Arc::new(stream);
        let mut state = self.lock();
        if state.stopped {
            return None;
        }
        state.admitted += 1;
        let number = state.admitted;
        state.open.insert(number, Arc::downgrade(&stream));
        Some(Admitted { stream, _counted: Counted { connections: Arc::clone(self), number } })
    }

    /// Shuts every socket down and wakes every pause, now and from now on.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopped = true;
        for stream in state.open.values().filter_map(Weak::upgrade) {
            // An error means that the connection is down already.
            _ = stream.shutdown(Shutdown::Both);
        }
        drop(state);
        self.changed.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits, but not beyond [`stop`](Self::stop).
    pub(crate) fn pause(&self, how_long: Duration) {
        if how_long.is_zero() {
            return;
        }
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, how_long, |state| !state.stopped);
        drop(waited);
    }

    pub(crate) fn wait_until_none(&self) {
        let state = self.lock();
        let waited = self.changed.wait_while(state, |state| !state.open.is_empty());
        drop(waited);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted {
    /// A method, not a field: a closure that named the field would move it alone and leave the count behind.
    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.connections.lock().open.remove(&self.number);
        self.connections.changed.notify_all();
    }
}
