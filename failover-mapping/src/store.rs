//! Where the results of jobs that were failed over are kept, as far as their ids cannot hold them.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Keeps what the id of a failed-over job has no room for: a long result, the prompt that an answer echoes.
///
/// The built-in store is this process's memory, 16 MiB of it; the oldest and least asked for goes first. One that several
/// processes share, and that outlives them, is set by [`Builder::store`](crate::Builder::store). It is called from within
/// a request, so it should answer at once. A record that is gone costs the caller a result at worst, never a second
/// generation. Records hold prompts and URLs of results, and no keys.
pub trait Store: Send + Sync {
    /// Keeps the record under the id.
    fn put(&self, id: &str, record: Vec<u8>);

    /// The record of this id, if it is still there.
    fn get(&self, id: &str) -> Option<Vec<u8>>;
}

/// So much is kept in memory, in bytes.
const MEMORY: u64 = 16 << 20;
/// With so few expected the cache is not split. In one of many parts there would be no room for a picture.
const EXPECTED: usize = 32;

struct Memory(Cache<String, Arc<[u8]>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Arc<[u8]>> for Bytes {
    fn weight(&self, id: &String, record: &Arc<[u8]>) -> u64 {
        // What an entry takes besides its text.
        (id.len() + record.len() + 128) as u64
    }
}

impl Store for Memory {
    fn put(&self, id: &str, record: Vec<u8>) {
        self.0.insert(id.to_owned(), record.into());
    }

    fn get(&self, id: &str) -> Option<Vec<u8>> {
        self.0.get(id).map(|record| record.to_vec())
    }
}

/// The store in use. What panics in one of the user's is as good as not kept.
#[derive(Clone)]
pub(crate) struct Records {
    store: Arc<dyn Store>,
    own: bool,
}

impl Records {
    pub(crate) fn in_memory() -> Self {
        let memory = Memory(Cache::with_weighter(EXPECTED, MEMORY, Bytes));
        Self { store: Arc::new(memory), own: false }
    }

    pub(crate) fn of_user(store: impl Store + 'static) -> Self {
        Self { store: Arc::new(store), own: true }
    }

    pub(crate) const fn is_in_memory(&self) -> bool {
        !self.own
    }

    pub(crate) fn put(&self, id: &str, record: Vec<u8>) {
        // What a panic leaves behind half done is the store's own; nothing of ours is in its reach.
        let _ = catch_unwind(AssertUnwindSafe(|| self.store.put(id, record)));
    }

    pub(crate) fn get(&self, id: &str) -> Option<Vec<u8>> {
        catch_unwind(AssertUnwindSafe(|| self.store.get(id))).ok().flatten()
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Records")
    }
}
