//! Text generation with a cache: an answer is used again for an hour, and serves for a day after that when every provider has
//! failed, flagged as stale. Many who ask the same at once cause one request.

use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use failover_reqwest::calls::{AllFailed, Cache, Calls, Freshness, Provider, Served};

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
            tokio::time::sleep(Duration::from_secs(3)).await; // it thinks
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

// An hour is long: the example's time stands still, and passes when it says so.
#[tokio::main(flavor = "current_thread", start_paused = true)]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let generator = Generator {
        calls: Calls::new(),
        cache: Cache::new(Freshness::new(HOUR).stale_if_error(24 * HOUR)).capacity(10_000),
        down: AtomicBool::new(false),
        asked: AtomicU32::new(0),
    };

    let ask = || generator.generate_text("a haiku", None);
    let (one, other, third) = tokio::try_join!(ask(), ask(), ask())?;
    println!("{}\n{}\n", one.value, one.report);
    println!("{}\n{}\n", other.value, other.report);
    assert_eq!(generator.asked.load(Ordering::Relaxed), 1, "one asked, two followed");
    assert!(one.cached().is_none() && other.cached().is_some() && third.cached().is_some());
    assert_eq!(generator.generate_text("a haiku", Some("gpt-4")).await?.cached(), None, "another answer");

    tokio::time::advance(2 * HOUR).await;
    generator.down.store(true, Ordering::Relaxed);
    let stale = ask().await?;
    println!("{}\n{}\n", stale.value, stale.report);
    assert!(stale.cached().is_some_and(|cached| cached.stale && cached.age > 2 * HOUR));

    tokio::time::advance(24 * HOUR).await;
    let failed = ask().await.expect_err("too old, and nobody answers");
    println!("{failed}");
    Ok(())
}
