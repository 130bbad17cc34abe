//! Prices from three feeds: each is asked only for those still missing, and every price says where it comes from.

mod driver;

use driver::{Clock, Job, drive};
use failover_core::{Breaker, Call, Candidate, Fault, Fleet, Policy, ProviderId};

const KEYS: [&str; 5] = ["BTC", "ETH", "SOL", "XMR", "DOGE"];
const FEEDS: [&str; 3] = ["exchange", "aggregator", "archive"];

/// The prices that a feed knows, by the number of the key.
fn ask(feed: usize, missing: &[usize]) -> Result<Vec<(usize, f64)>, Fault> {
    let known: &[(usize, f64)] = match feed {
        0 => &[(0, 67_000.0), (1, 3_500.0), (3, -1.0)],
        1 => return Err(Fault::Overloaded),
        _ => &[(0, 66_000.0), (2, 150.0), (3, 160.0)],
    };
    Ok(known.iter().copied().filter(|(key, _)| missing.contains(key)).collect())
}

pub(crate) fn main() {
    let policy = Policy::new().require_all(false);
    let fleet = Fleet::new(FEEDS.len(), Breaker::new());
    let candidates = [0, 1, 2].map(|slot| Candidate::new(ProviderId::new(slot)));
    let clock = Clock::start();
    let mut call = Call::batch(&policy, &candidates, KEYS.len(), 1, clock.now());
    let start = |feed: usize, missing: Vec<usize>| -> Job<Vec<(usize, f64)>> {
        Box::new(move || ask(feed, &missing))
    };
    // A price below zero is not valid: its key stays open for the next feed.
    let valid = |prices: &Vec<(usize, f64)>| {
        Some(prices.iter().filter(|(_, price)| *price > 0.0).map(|(key, _)| *key).collect())
    };
    let (finish, answers) = drive(&mut call, &fleet, &clock, start, valid);
    println!("{finish:?}");
    let mut served = Vec::new();
    for (number, key) in KEYS.iter().enumerate() {
        match call.report().answered_by(number) {
            Some(attempt) => {
                for (_, price) in answers[&attempt].iter().filter(|(it, _)| *it == number) {
                    println!(
                        "{key:5} {price:>8} from the {}",
                        call.report().candidate_of(attempt).map_or("?", |feed| FEEDS[feed])
                    );
                    served.push(*key);
                }
            }
            None => println!("{key:5} missing"),
        }
    }
    assert_eq!(served, ["BTC", "ETH", "SOL", "XMR"]);
}
