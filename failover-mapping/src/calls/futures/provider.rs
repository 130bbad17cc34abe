//! Names and async functions of any type, made one type, so that an array can hold them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::callable::Callable;

/// One attempt, which may move between threads.
pub type Sent<'a, A, E> = Pin<Box<dyn Future<Output = Result<A, E>> + Send + 'a>>;

/// One attempt, which stays in its thread.
pub type Local<'a, A, E> = Pin<Box<dyn Future<Output = Result<A, E>> + 'a>>;

type Sending<'a, Q, A, E> = Box<dyn FnMut(Q) -> Sent<'a, A, E> + Send + 'a>;

type Staying<'a, Q, A, E> = Box<dyn FnMut(Q) -> Local<'a, A, E> + 'a>;

/// What a feed answers.
type Pairs<K, X> = Vec<(K, X)>;

/// A name and an async function for one value, of any type.
///
/// It may borrow from its surroundings, and so may its futures; neither may borrow from the function itself, as an `async
/// move` block does from what a `move` closure owns. A reference made beforehand is enough: `let client = &client;`. A function of
/// yours that returns providers leaves `'a` open, as a `Provider<'static, ..>` does not go into one array with those that borrow.
///
/// The call can move between threads (`tokio::spawn` wants that), so the function and its futures must, too. For those that
/// cannot, there is [`LocalProvider`].
pub struct Provider<'a, T, E> {
    name: String,
    ask: Sending<'a, (), T, E>,
}

impl<'a, T, E> Provider<'a, T, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<A>(name: impl Into<String>, mut ask: impl FnMut() -> A + Send + 'a) -> Self
    where
        A: Future<Output = Result<T, E>> + Send + 'a,
    {
        Self { name: name.into(), ask: Box::new(move |()| Box::pin(ask())) }
    }
}

impl<'a, T, E> Callable<()> for Provider<'a, T, E> {
    type Answer = T;
    type Error = E;
    type Attempt = Sent<'a, T, E>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn ask(&mut self, (): ()) -> Sent<'a, T, E> {
        (self.ask)(())
    }
}

/// As [`Provider`], for a function or futures that stay in their thread. So does the call, then.
pub struct LocalProvider<'a, T, E> {
    name: String,
    ask: Staying<'a, (), T, E>,
}

impl<'a, T, E> LocalProvider<'a, T, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<A>(name: impl Into<String>, mut ask: impl FnMut() -> A + 'a) -> Self
    where
        A: Future<Output = Result<T, E>> + 'a,
    {
        Self { name: name.into(), ask: Box::new(move |()| Box::pin(ask())) }
    }
}

impl<'a, T, E> Callable<()> for LocalProvider<'a, T, E> {
    type Answer = T;
    type Error = E;
    type Attempt = Local<'a, T, E>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn ask(&mut self, (): ()) -> Local<'a, T, E> {
        (self.ask)(())
    }
}

/// A name and an async function for many values, of any type. It is given the keys that are missing, and answers pairs of key
/// and value: some, all, or none. It may borrow, and it can move between threads; see [`LocalFeed`] for those that cannot.
pub struct Feed<'a, K, X, E> {
    name: String,
    ask: Sending<'a, Vec<K>, Pairs<K, X>, E>,
}

impl<'a, K, X, E> Feed<'a, K, X, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<A, I>(name: impl Into<String>, mut ask: impl FnMut(Vec<K>) -> A + Send + 'a) -> Self
    where
        A: Future<Output = Result<I, E>> + Send + 'a,
        I: IntoIterator<Item = (K, X)>,
    {
        let ask = move |missing| -> Sent<'a, Pairs<K, X>, E> {
            let attempt = ask(missing);
            Box::pin(async { Ok(attempt.await?.into_iter().collect()) })
        };
        Self { name: name.into(), ask: Box::new(ask) }
    }
}

impl<'a, K, X, E> Callable<Vec<K>> for Feed<'a, K, X, E> {
    type Answer = Pairs<K, X>;
    type Error = E;
    type Attempt = Sent<'a, Pairs<K, X>, E>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn ask(&mut self, missing: Vec<K>) -> Sent<'a, Pairs<K, X>, E> {
        (self.ask)(missing)
    }
}

/// As [`Feed`], for a function or futures that stay in their thread. So does the call, then.
pub struct LocalFeed<'a, K, X, E> {
    name: String,
    ask: Staying<'a, Vec<K>, Pairs<K, X>, E>,
}

impl<'a, K, X, E> LocalFeed<'a, K, X, E> {
    /// Asks `ask` under this name. Its breaker goes by the name.
    pub fn new<A, I>(name: impl Into<String>, mut ask: impl FnMut(Vec<K>) -> A + 'a) -> Self
    where
        A: Future<Output = Result<I, E>> + 'a,
        I: IntoIterator<Item = (K, X)>,
    {
        let ask = move |missing| -> Local<'a, Pairs<K, X>, E> {
            let attempt = ask(missing);
            Box::pin(async { Ok(attempt.await?.into_iter().collect()) })
        };
        Self { name: name.into(), ask: Box::new(ask) }
    }
}

impl<'a, K, X, E> Callable<Vec<K>> for LocalFeed<'a, K, X, E> {
    type Answer = Pairs<K, X>;
    type Error = E;
    type Attempt = Local<'a, Pairs<K, X>, E>;

    fn name(&self) -> String {
        self.name.clone()
    }

    fn ask(&mut self, missing: Vec<K>) -> Local<'a, Pairs<K, X>, E> {
        (self.ask)(missing)
    }
}

impl<T, E> fmt::Debug for Provider<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.name).finish()
    }
}

impl<T, E> fmt::Debug for LocalProvider<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalProvider").field(&self.name).finish()
    }
}

impl<K, X, E> fmt::Debug for Feed<'_, K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Feed").field(&self.name).finish()
    }
}

impl<K, X, E> fmt::Debug for LocalFeed<'_, K, X, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalFeed").field(&self.name).finish()
    }
}
