//! Text generation with a cache: an answer is used again for an hour, and serves for a day after that when every provider has
//! failed, flagged as stale. Many who ask the same at once cause one request.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use failover_isahc::Clock;
use failover_isahc::calls::{AllFailed, Cache, Calls, Freshness, Provider, Served};
use futures_lite::future::{block_on, try_zip, yield_now};

const HOUR: Duration = Duration::from_secs(3_600);

struct Generator {
    calls: Calls,
    /// Whatever an answer depends on is part of its key: the prompt, and the model.
    cache: Cache<(String, String), String>,
    down: AtomicBool,
    asked: AtomicU32,
}

impl Generator {
    async fn generate_text(
        &self,
        prompt: &str,
        model: Option<&str>,
    ) -> Result<Served<String>, AllFailed<io::Error>> {
        let model = model.unwrap_or("default");
        let openai = || async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            Err(io::Error::other("overloaded"))
        };
        let anthropic = || async {
            yield_now().await; // it thinks
            let down = self.down.load(Ordering::Relaxed);
            if down { Err(io::Error::other("overloaded")) } else { Ok(format!("{prompt}, by {model}: ...")) }
        };
        self.calls
            .ask([Provider::new("openai", openai), Provider::new("anthropic", anthropic)])
            .is_valid(|text| !text.is_empty())
            .cached(&self.cache, (prompt.to_owned(), model.to_owned()))
            .run()
            .await
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    block_on(run()) // or within a future of any executor
}

async fn run() -> Result<(), Box<dyn Error>> {
    // An hour is long: here time passes when the example says so. A program needs no clock of its own.
    let hours = Arc::new(AtomicU32::new(0));
    let now = Arc::clone(&hours);
    let clock = Clock::new(move || HOUR * now.load(Ordering::Relaxed), |_| std::future::pending());
    let generator = Generator {
        calls: Calls::new().with_clock(clock),
        cache: Cache::new(Freshness::new(HOUR).stale_if_error(24 * HOUR)).capacity(10_000),
        down: AtomicBool::new(false),
        asked: AtomicU32::new(0),
    };

    let ask = || generator.generate_text("a haiku", None);
    let (one, other) = try_zip(ask(), ask()).await?;
    println!("{}\n{}\n", one.value, one.report);
    println!("{}\n{}\n", other.value, other.report);
    assert_eq!(generator.asked.load(Ordering::Relaxed), 1, "one asked, the other followed");
    assert!(one.cached().is_none() && other.cached().is_some());
    assert_eq!(generator.generate_text("a haiku", Some("gpt-4")).await?.cached(), None, "another answer");

    hours.store(2, Ordering::Relaxed);
    generator.down.store(true, Ordering::Relaxed);
    let stale = ask().await?;
    println!("{}\n{}\n", stale.value, stale.report);
    assert!(stale.cached().is_some_and(|cached| cached.stale && cached.age == 2 * HOUR));

    hours.store(30, Ordering::Relaxed);
    let failed = ask().await.expect_err("too old, and nobody answers");
    println!("{failed}");
    Ok(())
}
