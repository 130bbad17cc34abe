//! Text generation with retries, breaker and cache together: a fresh answer is served at once, many who ask the same at once
//! cause one request, and when every provider has failed a stale answer serves, with its age.

mod driver;

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use driver::{Clock, Job, drive};
use failover_core::{
    Backoff, Breaker, Call, Candidate, Fault, Finish, Fleet, Freshness, Moment, Policy, ProviderId, Role,
    SingleFlight,
};

const FRESHNESS: Freshness =
    Freshness::new(Duration::from_millis(100)).stale_if_error(Duration::from_secs(3_600));
const LEASE: Duration = Duration::from_secs(30);

/// Answers and leaders, by prompt.
#[derive(Default)]
struct Cache {
    stored: HashMap<String, (Moment, String)>,
    leaders: HashMap<String, Moment>,
}

struct Generator {
    cache: Mutex<Cache>,
    changed: Condvar,
    fleet: Fleet,
    clock: Clock,
    asked: Mutex<u32>,
}

impl Generator {
    fn generate(&self, prompt: &str, down: bool) -> Result<(String, &'static str), &'static str> {
        let mut cache = self.cache.lock().expect("no thread panics");
        let mut flight = SingleFlight::new();
        loop {
            let now = self.clock.now();
            if let Some((at, text)) = cache.stored.get(prompt)
                && FRESHNESS.fresh(*at, now).is_some()
            {
                return Ok((text.clone(), "cached"));
            }
            let leader = cache.leaders.get(prompt).copied();
            match flight.join(leader, LEASE, now) {
                Role::Lead | Role::Alone => break,
                Role::Follow(until) => {
                    let waited = self.changed.wait_timeout(cache, until.since(now));
                    cache = waited.expect("no thread panics").0;
                    if leader != cache.leaders.get(prompt).copied() {
                        flight = flight.failed(); // unless the answer is there
                    } else if self.clock.now() >= until {
                        flight = flight.left();
                    }
                }
            }
        }
        let began = self.clock.now();
        cache.leaders.insert(prompt.to_owned(), began);
        drop(cache);
        let answer = self.ask(prompt, down);
        let mut cache = self.cache.lock().expect("no thread panics");
        // Who outlives the lease has a successor by now.
        if cache.leaders.get(prompt) == Some(&began) {
            cache.leaders.remove(prompt);
        }
        let now = self.clock.now();
        let result = match (answer, cache.stored.get(prompt)) {
            (Some(text), _) => {
                cache.stored.insert(prompt.to_owned(), (now, text.clone()));
                Ok((text, "generated"))
            }
            (None, Some((at, text))) if FRESHNESS.stale(*at, now).is_some() => Ok((text.clone(), "stale")),
            (None, _) => Err("all providers failed and no cache available"),
        };
        drop(cache);
        self.changed.notify_all();
        result
    }

    fn ask(&self, prompt: &str, down: bool) -> Option<String> {
        let second = Duration::from_millis(2); // a second, in a hurry
        let policy = Policy::new().retries(2).backoff(Backoff::exponential(second)).patience(second * 60);
        let candidates = [0, 1].map(|slot| Candidate::new(ProviderId::new(slot)));
        let mut call = Call::new(&policy, &candidates, 1, self.clock.now());
        *self.asked.lock().expect("no thread panics") += 1;
        let start = |candidate: usize, _| -> Job<String> {
            let text = format!("{prompt}, by provider {candidate}");
            Box::new(move || {
                thread::sleep(Duration::from_millis(5));
                if down || candidate == 0 { Err(Fault::Overloaded) } else { Ok(text) }
            })
        };
        let (finish, mut answers) = drive(&mut call, &self.fleet, &self.clock, start, |_| None);
        match finish {
            Finish::Served(attempt) => answers.remove(&attempt),
            Finish::Partly | Finish::Refused(_) | Finish::Broken(_) | Finish::Failed(_) => None,
        }
    }
}

pub(crate) fn main() {
    let generator = Generator {
        cache: Mutex::default(),
        changed: Condvar::new(),
        fleet: Fleet::new(2, Breaker::new()),
        clock: Clock::start(),
        asked: Mutex::default(),
    };
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| println!("{:?}", generator.generate("a haiku", false)));
        }
    });
    assert_eq!(*generator.asked.lock().expect("no thread panics"), 1, "one led, seven followed");
    thread::sleep(Duration::from_millis(120));
    let late = generator.generate("a haiku", true);
    println!("{late:?}");
    assert_eq!(late.map(|(_, how)| how), Ok("stale"));
    let nothing = generator.generate("a sonnet", true);
    println!("{nothing:?}");
    assert!(nothing.is_err());
}
