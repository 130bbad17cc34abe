//! What a call can ask: a name, and a function that returns a future.

use std::future::Future;
use std::pin::Pin;

use failover_core::ModelId;

/// A name and an async function. `Q` is what it is asked: nothing for [one value](super::super::Lone), the missing keys for
/// [a batch](super::super::Batch).
///
/// Pairs of a name and a function are callables. All entries of an array have one type, though, and every closure and every
/// `async fn` has its own: [`Provider`](super::Provider) and [`Feed`](super::Feed) give them the same.
pub trait Callable<Q> {
    /// What it answers.
    type Answer;
    /// Its error.
    type Error;
    /// One attempt, in flight. It is dropped where its answer is not wanted any more.
    type Attempt: Future<Output = Result<Self::Answer, Self::Error>> + Unpin;

    /// Its name. Its breaker goes by it.
    fn name(&self) -> String;

    /// The model that it asks, where that matters: after [`Fault::ContextTooLong`](failover_core::Fault::ContextTooLong), only a
    /// callable of another one is asked. One without a model is unlike every other.
    fn model(&self) -> Option<ModelId> {
        None
    }

    /// Starts an attempt. It may be asked again when that one is over, and never before.
    fn ask(&mut self, question: Q) -> Self::Attempt;
}

impl<N, F, A, T, E> Callable<()> for (N, F)
where
    N: AsRef<str>,
    F: FnMut() -> A,
    A: Future<Output = Result<T, E>>,
{
    type Answer = T;
    type Error = E;
    type Attempt = Pin<Box<A>>;

    fn name(&self) -> String {
        self.0.as_ref().to_owned()
    }

    fn ask(&mut self, (): ()) -> Pin<Box<A>> {
        Box::pin(self.1())
    }
}

impl<N, F, A, K, X, E> Callable<Vec<K>> for (N, F)
where
    N: AsRef<str>,
    F: FnMut(Vec<K>) -> A,
    A: Future<Output = Result<Vec<(K, X)>, E>>,
{
    type Answer = Vec<(K, X)>;
    type Error = E;
    type Attempt = Pin<Box<A>>;

    fn name(&self) -> String {
        self.0.as_ref().to_owned()
    }

    fn ask(&mut self, missing: Vec<K>) -> Pin<Box<A>> {
        Box::pin(self.1(missing))
    }
}
