//! Text generation with a cache: an answer is used again for an hour, and serves for a day after that when every provider has
//! failed, flagged as stale. Many who ask the same at once cause one request.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use failover_ureq::Clock;
use failover_ureq::calls::{AllFailed, Cache, Calls, Freshness, Provider, Served};

const HOUR: Duration = Duration::from_secs(3_600);

struct Generator {
    calls: Calls,
    /// Whatever an answer depends on is part of its key: the prompt, and the model.
    cache: Cache<(String, String), String>,
    down: Cell<bool>,
}

impl Generator {
    fn generate_text(
        &self,
        prompt: &str,
        model: Option<&str>,
    ) -> Result<Served<String>, AllFailed<io::Error>> {
        let model = model.unwrap_or("default");
        let ask = |down: bool| {
            if down { Err(io::Error::other("overloaded")) } else { Ok(format!("{prompt}, by {model}: ...")) }
        };
        self.calls
            .ask([Provider::new("openai", || ask(true)), Provider::new("anthropic", || ask(self.down.get()))])
            .is_valid(|text| !text.is_empty())
            .cached(&self.cache, (prompt.to_owned(), model.to_owned()))
            .run()
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // An hour is long: here time passes when the example says so. A program needs no clock of its own.
    let hours = Arc::new(AtomicU64::new(0));
    let now = Arc::clone(&hours);
    let clock = Clock::new(move || HOUR * now.load(Ordering::Relaxed) as u32, |_| {});
    let generator = Generator {
        calls: Calls::new().with_clock(clock),
        cache: Cache::new(Freshness::new(HOUR).stale_if_error(24 * HOUR)).capacity(10_000),
        down: Cell::new(false),
    };

    let first = generator.generate_text("a haiku", None)?;
    println!("{}\n{}\n", first.value, first.report);
    assert_eq!(first.cached(), None);

    let again = generator.generate_text("a haiku", None)?;
    println!("{}\n{}\n", again.value, again.report);
    assert!(again.cached().is_some_and(|cached| !cached.stale));
    assert_eq!(generator.generate_text("a haiku", Some("gpt-4"))?.cached(), None, "another answer");

    hours.store(2, Ordering::Relaxed);
    generator.down.set(true);
    let stale = generator.generate_text("a haiku", None)?;
    println!("{}\n{}\n", stale.value, stale.report);
    assert!(stale.cached().is_some_and(|cached| cached.stale && cached.age == 2 * HOUR));

    hours.store(30, Ordering::Relaxed);
    let failed = generator.generate_text("a haiku", None).expect_err("too old, and nobody answers");
    println!("{failed}");
    Ok(())
}
