//! Serving until told to stop, and then until what is under way has ended.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Serves. When `stop` is over, nobody new is let in, streams go on to their end, and after `grace` what is left is cut off.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
    grace: Duration,
) -> io::Result<()> {
    // A token of a stream is small, and wanted at once. Where that cannot be had, it comes a little later.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let (stopping, stopped) = oneshot::channel::<()>();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        stop.await;
        drop(stopping);
    });
    let cut_off = async {
        let _ = stopped.await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        served = async { serving.await } => served,
        () = cut_off => Ok(()),
    }
}
