//! One call, from its request to the last byte of its answer.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::time::timeout;

use crate::judge::{self, Ended};
use crate::words;

/// A call that takes longer hangs.
const HANGS: Duration = Duration::from_secs(60);

/// A call to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Of the gateway or of a provider.
    pub(crate) base: &'a str,
    pub(crate) model: &'a str,
    pub(crate) number: u64,
    pub(crate) stream: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) ended: Ended,
    /// Until the first token of a stream, or the end of a whole answer.
    pub(crate) first: Duration,
    pub(crate) took: Duration,
}

/// How far a call has come.
#[derive(Debug, Default)]
struct Progress {
    status: Option<u16>,
    /// When the first token came.
    first: Option<Duration>,
    /// Of a stream.
    bytes: usize,
}

/// A client as applications have it, but that it does nothing again by itself.
pub(crate) fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().retry(reqwest::retry::never()).build()
}

/// A client that looks now and then, each time by a connection of its own: one that waits may be closed just then.
pub(crate) fn watcher() -> reqwest::Result<Client> {
    Client::builder().no_proxy().pool_max_idle_per_host(0).build()
}

impl Ask<'_> {
    pub(crate) async fn call(self, client: &Client) -> Call {
        let prompt = words::prompt(self.number);
        let begun = Instant::now();
        let mut progress = Progress::default();
        let ended = match timeout(HANGS, self.answer(client, &prompt, begun, &mut progress)).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => Ended::Unclean(format!("no answer: {}", causes(&error.without_url()))),
            Err(_) => Ended::Unclean(format!("hangs for {HANGS:?}")),
        };
        let took = begun.elapsed();
        let first = progress.first.unwrap_or(took);
        let Ended::Unclean(why) = ended else { return Call { ended, first, took } };
        let kind = if self.stream { "streamed" } else { "whole" };
        let why = format!("{prompt}, {kind}, {took:.1?}, {progress:?}: {why}");
        Call { ended: Ended::Unclean(why), first, took }
    }

    async fn answer(
        self,
        client: &Client,
        prompt: &str,
        begun: Instant,
        progress: &mut Progress,
    ) -> reqwest::Result<Ended> {
        let request =
            client.post(format!("{}/v1/chat/completions", self.base)).bearer_auth("the-callers-key");
        let body = words::request(self.model, prompt, self.stream);
        let mut answer = request.header("content-type", "application/json").body(body).send().await?;
        let status = answer.status().as_u16();
        progress.status = Some(status);
        if !self.stream || status != 200 {
            return Ok(judge::whole(status, &answer.bytes().await?, prompt));
        }
        let mut stream = judge::Stream::default();
        let error = loop {
            match answer.chunk().await {
                Ok(Some(piece)) => {
                    progress.bytes += piece.len();
                    stream.hear(&piece);
                }
                Ok(None) => break None,
                Err(error) => break Some(causes(&error.without_url())),
            }
            if stream.has_begun() {
                progress.first.get_or_insert_with(|| begun.elapsed());
            }
        };
        Ok(stream.end(error, prompt))
    }
}

/// The error and all that is behind it, in a line.
fn causes(error: &dyn std::error::Error) -> String {
    let (mut line, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
