//! [`Provider`]: a running server, the handle with which a rehearsal directs it.

use crate::acceptor::Acceptor;
use crate::connections::Connections;
use crate::conversation::Stage;
use crate::kind::Kind;
use crate::reply::Reply;
use crate::script::Script;
use crate::seen::Seen;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

/// A provider on 127.0.0.1, listening from construction until it is dropped.
///
/// Each request gets the next reply of the [script](Self::script); after that what was set with [`always`](Self::always);
/// else the healthy answer. A reply is used up by the request that gets it, whichever connection that came on.
///
/// What is not HTTP/1 is answered with 400, a head above 64 KiB with 431, a body above 32 MiB with 413. Such a request
/// is not logged and takes no reply, and its connection is closed.
///
/// Dropping it closes the port and every connection, wakes what hangs in [`Reply::silence`] or [`Reply::delay`], and
/// returns when all of its threads have let go of their sockets.
///
/// # Panics
///
/// The constructors panic when the machine has no free port on loopback or cannot start a thread.
pub struct Provider {
    stage: Arc<Stage>,
    acceptor: Acceptor,
}

impl Provider {
    /// FAL (`fal.run`). A `POST` on any model path (two segments or more) is answered with 200 in the shape of the flux
    /// models, with `x-fal-request-id`; it reads `prompt`, `image_size`, `num_images`, `seed` and `output_format`. Other
    /// methods get 405, job paths (`../requests/..`) and shorter paths 404. No key is asked for.
    pub fn fal() -> Self {
        Self::start(Kind::Fal)
    }

    /// Replicate (`api.replicate.com`). `POST /v1/models/{owner}/{name}/predictions` and `POST /v1/predictions` are
    /// answered with 201 and a prediction that has succeeded, its output a list of `num_outputs` URLs, its `urls` on
    /// this provider; `Prefer: wait` is confirmed by `Preference-Applied`. The rest gets 404. No key is asked for.
    pub fn replicate() -> Self {
        Self::start(Kind::Replicate)
    }

    /// NexaAPI. `POST /v1/images/generate` is answered with 200 and a completed job, its images counted by `n` or
    /// `num_images`; likewise `/v1/videos/generate`, `/v1/audio/speech` (one URL each) and `/v1/audio/transcriptions`
    /// (`text`). The rest gets 404, and everything without `Authorization: Bearer` 401.
    pub fn nexa() -> Self {
        Self::start(Kind::Nexa)
    }

    fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("loopback should have a free port for a provider");
        let address = listener.local_addr().expect("a bound listener should know its address");
        let stage = Arc::new(Stage {
            kind,
            base: format!("http://{address}"),
            script: Script::default(),
            connections: Arc::new(Connections::default()),
        });
        let acceptor = Acceptor::start(listener, address, Arc::clone(&stage));
        Self { stage, acceptor }
    }

    /// The base URL, `http://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        self.stage.base.clone()
    }

    /// Appends to the script: the next requests get these replies in order, then all is as before.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.stage.script.append(replies);
    }

    /// From now on every request gets this reply, once the script is used up.
    pub fn always(&self, reply: Reply) {
        self.stage.script.always(reply);
    }

    /// Empties the script and ends [`always`](Self::always): the next request gets a healthy answer. Requests that hang
    /// already go on hanging.
    pub fn heal(&self) {
        self.stage.script.heal();
    }

    /// Every request that arrived, complete and in order, since the start or the last [`forget`](Self::forget). A
    /// request is in here before its client gets the first byte of the answer.
    pub fn seen(&self) -> Vec<Seen> {
        self.stage.script.seen()
    }

    /// How many requests [`seen`](Self::seen) holds.
    pub fn count(&self) -> usize {
        self.stage.script.count()
    }

    /// Empties the log. The script stays.
    pub fn forget(&self) {
        self.stage.script.forget();
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("kind", &self.stage.kind)
            .field("url", &self.stage.base)
            .finish_non_exhaustive()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.stage.connections.stop();
        self.acceptor.join();
        self.stage.connections.wait_until_none();
    }
}
