//! Serving until told to stop, and then until what is under way has ended.
//!
//! A caller that ends its side of the connection has gone: whom it has asked is let go of, even if it only meant to say that it asks for
//! nothing more.
//!
//! Not by way of `axum::serve`, which waits for ever for a caller that has connected and says nothing, or says it very slowly.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

/// How many connections may wait to be let in. What tokio asks for by itself a thousand callers at once overflow, and some of them are
/// reset then; the system may have a lower limit of its own.
const WAITING: u32 = 4096;

/// Begins to listen there.
pub(crate) fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // So that it can begin again right after its end. On Windows the same would let two listen at once.
    if cfg!(not(windows)) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(at)?;
    socket.listen(WAITING)
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the head of a request, from the end of the one before it on: a connection that is idle for longer ends too.
    pub(crate) head: Duration,
    /// For the end of what is under way, once told to stop.
    pub(crate) grace: Duration,
}

/// Serves. When `stop` is over, nobody new is let in, and streams go on to their end; what is left after the time of grace, or when
/// `again`, which begins only then, is over as well, is cut off.
pub(crate) async fn serve(
    mut listener: TcpListener,
    app: Router,
    patience: Patience,
    stop: impl Future<Output = ()>,
    again: impl Future<Output = ()>,
) {
    // HTTP/2 without TLS is what no client of a provider speaks.
    let mut http = auto::Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(patience.head);
    let connections = GracefulShutdown::new();
    let mut under_way = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let connection = tokio::select! {
            // It tries again by itself where too many are open.
            (connection, _) = Listener::accept(&mut listener) => connection,
            // Else those that are over would stay in memory.
            Some(_) = under_way.join_next() => continue,
            () = &mut stop => break,
        };
        // A token of a stream is small, and wanted at once. Where that cannot be had, it comes a little later.
        drop(connection.set_nodelay(true));
        let service = TowerToHyperService::new(app.clone());
        let serving = http.serve_connection(TokioIo::new(connection), service).into_owned();
        let serving = connections.watch(serving);
        // How a caller goes is its own affair.
        under_way.spawn(async move { drop(serving.await) });
    }
    drop(listener);
    tokio::select! {
        () = connections.shutdown() => {}
        () = tokio::time::sleep(patience.grace) => {}
        () = again => {}
    }
    under_way.shutdown().await;
}
