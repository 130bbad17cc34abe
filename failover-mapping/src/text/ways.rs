//! The ways in which adapters ask: awaited, or within the caller's thread.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use failover_core::{Fault, ModelId};
use http::{HeaderMap, Request, StatusCode};

use super::answer::{Text, Written};
use super::ask::Ask;
use super::errand::Errand;
use super::error::{ProviderError, TextError};
use super::plan::Plan;
use crate::calls::Served;
use crate::calls::futures::{Callable, Calls, Runtime, Sent};
use crate::config::Config;

/// An async adapter's way: what it sends through, and the runtime's time.
#[derive(Clone, Debug)]
pub struct Awaited<S, R> {
    sender: S,
    runtime: R,
}

/// A client that sends what providers are asked.
pub trait Sender: Sync {
    /// Sends this, and reads the whole answer, up to so many bytes; a longer one is [`Fault::Malformed`]. It follows no redirect. It is
    /// dropped at the limit, so that only has to be kept by a client that goes on with what is dropped.
    fn send(
        &self,
        request: Request<Vec<u8>>,
        limit: Duration,
        most: usize,
    ) -> impl Future<Output = Result<(StatusCode, HeaderMap, Vec<u8>), Fault>> + Send;

    /// The time of day.
    fn wall(&self) -> SystemTime;
}

/// A blocking adapter's way.
#[derive(Clone, Debug)]
pub struct Blocking<B>(B);

/// What a blocking adapter does with a call.
pub trait Block {
    /// Asks as planned: within the caller's thread, or, where [several may be asked at once](Plan::at_once), each in one of its own.
    ///
    /// # Errors
    ///
    /// Nobody wrote anything.
    fn run(&self, plan: Plan) -> Result<Served<Written>, TextError>;
}

impl<S, R> Awaited<S, R> {
    /// Sends through this, by this time.
    pub const fn new(sender: S, runtime: R) -> Self {
        Self { sender, runtime }
    }
}

impl<B> Blocking<B> {
    /// Asks by this.
    pub const fn new(block: B) -> Self {
        Self(block)
    }
}

impl<S: Sender, R: Runtime> Ask<'_, Awaited<S, R>> {
    /// Asks. The future may be dropped at any time: what is in flight is dropped with it.
    ///
    /// # Errors
    ///
    /// Nobody wrote anything, or the call makes no sense: see [`TextError`].
    pub async fn ask(self) -> Result<Text, TextError> {
        let Self { engine, way: Awaited { sender, runtime }, wishes } = self;
        let Plan { errands, policy, cache, .. } = Plan::new(engine, &wishes)?;
        let config = engine.config();
        let calls = Calls::of(Arc::clone(engine.text().roster()), runtime);
        let asked = errands.iter().map(|errand| Asked { errand, config, sender: &sender });
        let ask = calls.ask(asked).classify(ProviderError::verdict).with_policy(policy);
        let served = match &cache {
            Some((cache, question)) => ask.cached(cache, *question).run().await?,
            None => ask.run().await?,
        };
        Ok(Text::new(served))
    }
}

impl<B: Block> Ask<'_, Blocking<B>> {
    /// Asks.
    ///
    /// # Errors
    ///
    /// Nobody wrote anything, or the call makes no sense: see [`TextError`].
    pub fn ask(self) -> Result<Text, TextError> {
        let Self { engine, way: Blocking(block), wishes } = self;
        block.run(Plan::new(engine, &wishes)?).map(Text::new)
    }
}

/// One of those who are asked.
struct Asked<'a, S> {
    errand: &'a Errand,
    config: &'a Config,
    sender: &'a S,
}

impl<'a, S: Sender> Callable<()> for Asked<'a, S> {
    type Answer = Written;
    type Error = ProviderError;
    type Attempt = Sent<'a, Written, ProviderError>;

    fn name(&self) -> String {
        self.errand.name().to_owned()
    }

    fn model(&self) -> Option<ModelId> {
        Some(self.errand.model())
    }

    fn ask(&mut self, (): ()) -> Sent<'a, Written, ProviderError> {
        let Self { errand, config, sender } = *self;
        Box::pin(async move {
            let (request, attempt) = errand.begin(config)?;
            match sender.send(request, errand.limit(), config.answer_limit()).await {
                Ok((status, headers, body)) => attempt.answered((status, &headers, &body), || sender.wall()),
                Err(fault) => Err(attempt.failed(fault)),
            }
        })
    }
}
