//! A name and a function: what a call can ask.
//!
//! Pairs turn into providers by themselves. An array has one type for all of its entries, though, and every closure has its
//! own: `Provider::new` gives them the same.

use std::fmt;
use std::sync::Arc;

/// A function that runs within the caller's thread.
pub type Inline<'a, Q, A, E> = Box<dyn FnMut(&Q) -> Result<A, E> + 'a>;

/// A function that runs in a thread for each attempt.
pub type Threaded<Q, A, E> = Arc<dyn Fn(Q) -> Result<A, E> + Send + Sync>;

/// What a feed answers.
type Pairs<K, X> = Vec<(K, X)>;

/// A name and a function for one value, to be run within the caller's thread.
///
/// ```
/// use failover_ureq::calls::{Calls, Provider};
///
/// let (local, asked) = (vec![20.5, 21.5], std::cell::Cell::new(0));
/// let by_name: &dyn Fn(&str) -> Result<f64, String> = &|name| Err(format!("{name} is out of order"));
/// let got = Calls::new()
///     .call([
///         Provider::new("trait object", || by_name("it")),
///         Provider::new("closure", || {
///             asked.set(asked.get() + 1); // borrows, changes what it borrows
///             local.last().copied().ok_or_else(|| "empty".to_owned())
///         }),
///     ])
///     .unwrap();
/// assert_eq!((got.value, asked.get()), (21.5, 1));
/// ```
pub struct Provider<'a, T, E> {
    pub(super) name: String,
    pub(super) ask: Inline<'a, (), T, E>,
}

impl<'a, T, E> Provider<'a, T, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new(name: impl Into<String>, mut ask: impl FnMut() -> Result<T, E> + 'a) -> Self {
        Self { name: name.into(), ask: Box::new(move |()| ask()) }
    }
}

impl<'a, N: Into<String>, T, E, F: FnMut() -> Result<T, E> + 'a> From<(N, F)> for Provider<'a, T, E> {
    fn from((name, ask): (N, F)) -> Self {
        Self::new(name, ask)
    }
}

/// A name and a function for many values, to be run within the caller's thread. It is given the keys that are missing, and
/// answers pairs of key and value: some, all, or none.
pub struct Feed<'a, K, X, E> {
    pub(super) name: String,
    pub(super) ask: Inline<'a, Vec<K>, Pairs<K, X>, E>,
}

impl<'a, K, X, E> Feed<'a, K, X, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<I: IntoIterator<Item = (K, X)>>(
        name: impl Into<String>,
        mut ask: impl FnMut(&[K]) -> Result<I, E> + 'a,
    ) -> Self {
        Self { name: name.into(), ask: Box::new(move |missing| Ok(ask(missing)?.into_iter().collect())) }
    }
}

impl<'a, N, K, X, E, I, F> From<(N, F)> for Feed<'a, K, X, E>
where
    N: Into<String>,
    I: IntoIterator<Item = (K, X)>,
    F: FnMut(&[K]) -> Result<I, E> + 'a,
{
    fn from((name, ask): (N, F)) -> Self {
        Self::new(name, ask)
    }
}

/// A name and a function for one value, to be run in a thread for each attempt.
pub struct ThreadProvider<T, E> {
    pub(super) name: String,
    pub(super) ask: Threaded<(), T, E>,
}

impl<T, E> ThreadProvider<T, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new(name: impl Into<String>, ask: impl Fn() -> Result<T, E> + Send + Sync + 'static) -> Self {
        Self { name: name.into(), ask: Arc::new(move |()| ask()) }
    }
}

impl<N, T, E, F> From<(N, F)> for ThreadProvider<T, E>
where
    N: Into<String>,
    F: Fn() -> Result<T, E> + Send + Sync + 'static,
{
    fn from((name, ask): (N, F)) -> Self {
        Self::new(name, ask)
    }
}

/// A name and a function for many values, to be run in a thread for each attempt. It is given the keys that are missing, and
/// answers pairs of key and value: some, all, or none.
pub struct ThreadFeed<K, X, E> {
    pub(super) name: String,
    pub(super) ask: Threaded<Vec<K>, Pairs<K, X>, E>,
}

impl<K, X, E> ThreadFeed<K, X, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<I: IntoIterator<Item = (K, X)>>(
        name: impl Into<String>,
        ask: impl Fn(&[K]) -> Result<I, E> + Send + Sync + 'static,
    ) -> Self {
        let ask = move |missing: Vec<K>| Ok(ask(&missing)?.into_iter().collect());
        Self { name: name.into(), ask: Arc::new(ask) }
    }
}

impl<N, K, X, E, I, F> From<(N, F)> for ThreadFeed<K, X, E>
where
    N: Into<String>,
    I: IntoIterator<Item = (K, X)>,
    F: Fn(&[K]) -> Result<I, E> + Send + Sync + 'static,
{
    fn from((name, ask): (N, F)) -> Self {
        Self::new(name, ask)
    }
}

impl<T, E> fmt::Debug for Provider<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.name).finish()
    }
}

impl<K, X, E> fmt::Debug for Feed<'_, K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Feed").field(&self.name).finish()
    }
}

impl<T, E> fmt::Debug for ThreadProvider<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadProvider").field(&self.name).finish()
    }
}

impl<K, X, E> fmt::Debug for ThreadFeed<K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ThreadFeed").field(&self.name).finish()
    }
}
