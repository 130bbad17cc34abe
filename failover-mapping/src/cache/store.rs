//! Where answers are kept.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Keeps answers that may be used again: this process's memory, unless [`Builder::cache_store`](crate::Builder::cache_store)
/// names one that several processes share, or that outlives them.
///
/// It is called from within a request, so it should answer at once. A key is 64 hexadecimal digits, a digest that shows
/// nothing of what it is made of. A record holds the answer: whoever reads the store reads that, and whoever writes to
/// it decides what callers get. What is not there any more costs another question to a provider, and nothing else. A panic
/// counts as not there.
pub trait CacheStore: Send + Sync {
    /// The record of this key, if it is still there.
    fn get(&self, key: &str) -> Option<Vec<u8>>;

    /// Keeps the record in place of any other of this key. It is of no use to anybody after `keep`.
    fn put(&self, key: &str, record: Vec<u8>, keep: Duration);
}

/// The store in use.
#[derive(Clone)]
pub(crate) struct Shelf(Arc<dyn CacheStore>);

impl Shelf {
    /// In memory, so many bytes of it. What nobody asks for goes first.
    pub(crate) fn in_memory(bytes: usize) -> Self {
        Self(Arc::new(Memory(Cache::with_weighter(EXPECTED, bytes as u64, Bytes))))
    }

    pub(crate) fn of_user(store: impl CacheStore + 'static) -> Self {
        Self(Arc::new(store))
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        // What a panic leaves behind half done is the store's own; nothing of ours is in its reach.
        catch_unwind(AssertUnwindSafe(|| self.0.get(key))).ok().flatten()
    }

    pub(crate) fn put(&self, key: &str, record: Vec<u8>, keep: Duration) {
        let _ = catch_unwind(AssertUnwindSafe(|| self.0.put(key, record, keep)));
    }
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shelf")
    }
}

/// With so few expected the cache is not split. In one of many parts there would be no room for a picture.
const EXPECTED: usize = 32;

/// What is too old is replaced by the answer that is asked for in its place, or goes as others come.
struct Memory(Cache<String, Arc<[u8]>, Bytes>);

#[derive(Clone)]
struct Bytes;

impl Weighter<String, Arc<[u8]>> for Bytes {
    fn weight(&self, key: &String, record: &Arc<[u8]>) -> u64 {
        // What an entry takes besides its text.
        (key.len() + record.len() + 128) as u64
    }
}

impl CacheStore for Memory {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).map(|record| record.to_vec())
    }

    fn put(&self, key: &str, record: Vec<u8>, _: Duration) {
        self.0.insert(key.to_owned(), record.into());
    }
}
