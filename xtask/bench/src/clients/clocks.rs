//! How often an adapter reads the clock where the asked provider is healthy. reqwest's is tokio's, which nobody can count.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ureq::Agent;

use super::stage::Stage;
use super::{by_isahc, by_ureq};

const READS: u64 = 2;

/// What is read, and the budget.
pub(crate) fn shown(stage: &Stage) -> String {
    let mut text = String::from("## Clock reads, the asked provider healthy\n\n");
    for (client, reads) in [("ureq", by_ureq(stage)), ("isahc", by_isahc(stage))] {
        let verdict = match reads.saturating_sub(READS) {
            0 => "met".to_owned(),
            over => format!("MISSED: {over} over"),
        };
        let _ = writeln!(text, "* {client}: {reads}; budget {READS}: {verdict}.");
    }
    text
}

fn by_ureq(stage: &Stage) -> u64 {
    let counter = Arc::new(AtomicU64::new(0));
    let clock = failover_ureq::Clock::new(counted(&counter), |_| ());
    let failover = by_ureq::failover(stage, &stage.healthy).with_clock(clock);
    let agent: Agent = Agent::config_builder().proxy(None).middleware(failover).build().into();
    read_during(&counter, || by_ureq::painted(by_ureq::asked(&agent, &Stage::asked_of(&stage.healthy))))
}

fn by_isahc(stage: &Stage) -> u64 {
    let counter = Arc::new(AtomicU64::new(0));
    let clock = failover_isahc::Clock::new(counted(&counter), |_| std::future::pending());
    let failover = by_isahc::failover(stage, &stage.healthy).with_clock(clock);
    let client = failover.wrap(by_isahc::bare());
    let url = Stage::asked_of(&stage.healthy);
    read_during(&counter, || by_isahc::painted(client.send(by_isahc::request(&url))))
}

/// A clock that stands, and counts who looks.
fn counted(counter: &Arc<AtomicU64>) -> impl Fn() -> Duration + Send + Sync + 'static {
    let counter = Arc::clone(counter);
    move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Duration::from_secs(1)
    }
}

fn read_during(counter: &AtomicU64, work: impl FnOnce()) -> u64 {
    let before = counter.load(Ordering::Relaxed);
    work();
    counter.load(Ordering::Relaxed) - before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_read_when_it_begins_and_when_the_answer_is_there() {
        let stage = Stage::start();
        assert_eq!(by_isahc(&stage), READS);
        // At most once more: after the answer has been judged.
        assert!((READS..=READS + 1).contains(&by_ureq(&stage)));
    }
}
