//! What the judge knows of one call: its attempts in flight, who was tried, who answered what.

use failover_core::{Action, AttemptId, Call, Entry, Finish, Fleet, Launch, Moment, Progress};

use crate::life::{Delay, Fortune, Wish, us};

pub(crate) struct Flight<'a> {
    pub(crate) launch: Launch,
    pub(crate) began: Moment,
    pub(crate) end: Moment,
    pub(crate) fortune: &'a Fortune,
    pub(crate) asked_for: Vec<usize>,
    /// What is still to be heard of it.
    pub(crate) signs: &'a [(u64, Progress)],
    /// Its latest progress.
    pub(crate) heard: Option<Moment>,
    /// The caller has seen a part of its answer.
    pub(crate) shown: bool,
}

impl Flight<'_> {
    /// When it is heard of next.
    pub(crate) fn next(&self) -> Moment {
        let sign = self.signs.first().map(|(time, _)| self.began.plus(us(*time)));
        sign.map_or(self.end, |sign| sign.min(self.end))
    }

    /// When it is given up at the latest, by the limits that it was launched with.
    pub(crate) fn limit(&self) -> Option<Moment> {
        let limits = self.launch.limits;
        let total = limits.total().map(|limit| self.began.plus(limit));
        let quiet = match self.heard {
            None => limits.first_answer().map(|limit| self.began.plus(limit)),
            Some(heard) => limits.idle().map(|limit| heard.plus(limit)),
        };
        [total, quiet].into_iter().flatten().min()
    }
}

/// One candidate's part.
#[derive(Clone, Default)]
pub(crate) struct Tries {
    pub(crate) attempts: u32,
    pub(crate) unknown: u32,
    /// Since the latest failure: when it may be asked again at the earliest, and at the latest.
    pub(crate) rest: Option<(Moment, Moment)>,
}

pub(crate) struct Course<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) wish: &'a Wish,
    pub(crate) deadline: Option<Moment>,
    pub(crate) owners: Vec<Option<AttemptId>>,
    pub(crate) flights: Vec<Flight<'a>>,
    pub(crate) tries: Vec<Tries>,
    pub(crate) landed: Vec<AttemptId>,
    pub(crate) launched: u32,
    /// Something ended since the latest launch, and did not end the call.
    pub(crate) at_once: u32,
    /// The latest time the call was told.
    pub(crate) clock: Moment,
    /// Since when nothing is in flight.
    pub(crate) idle: Option<Moment>,
    pub(crate) expected: Option<Finish>,
}

impl Course<'_> {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.call.report().entries().collect()
    }

    pub(crate) fn is_asked(&self, entry: &Entry) -> bool {
        self.flights.iter().any(|flight| flight.launch.provider == entry.provider)
    }

    /// Whether the caller has seen a part of the answer of an attempt in flight.
    pub(crate) fn is_shown(&self) -> bool {
        self.flights.iter().any(|flight| flight.shown)
    }

    /// Whether there is somebody who could be asked beside those in flight.
    pub(crate) fn has_another(&self) -> bool {
        let mut entries = self.call.report().entries();
        entries.any(|entry| entry.attempts == 0 && entry.skipped.is_none() && !self.is_asked(&entry))
    }

    pub(crate) fn used_up(&self, now: Moment) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
            || self.wish.attempts.is_some_and(|most| self.launched >= most)
    }

    /// When the next candidate is due beside those in flight, if ever.
    pub(crate) fn hedge_due(&self, fleet: &Fleet, now: Moment) -> Option<Moment> {
        let (delay, in_flight) = self.wish.hedge?;
        let newest = self.flights.iter().max_by_key(|flight| flight.launch.attempt)?;
        let answering = self.flights.iter().any(|flight| flight.heard.is_some());
        if answering || self.flights.len() >= usize::from(in_flight) {
            return None;
        }
        let delay = match delay {
            Delay::Race => us(0),
            Delay::After(delay) => us(delay),
            Delay::Percentile(percent) => fleet.latency(newest.launch.provider, percent, now)?,
        };
        Some(newest.began.plus(delay))
    }

    /// The items that nobody has answered.
    pub(crate) fn open_items(&self) -> Vec<usize> {
        (0..self.owners.len()).filter(|item| self.owners[*item].is_none()).collect()
    }

    pub(crate) fn check_items(&self) {
        for (item, owner) in self.owners.iter().enumerate() {
            assert_eq!(self.call.report().answered_by(item), *owner, "item {item}");
        }
        assert_eq!(self.call.report().answered_by(self.owners.len()), None);
    }

    /// Nothing that is due is slept over.
    pub(crate) fn check_wait(&self, until: Option<Moment>, budgeted: bool, fleet: &Fleet, now: Moment) {
        assert!(until.is_none_or(|until| now < until), "waits for the past");
        let by = |due: Moment| until.is_some_and(|until| until <= due);
        for flight in &self.flights {
            if let Some(limit) = flight.limit() {
                assert!(by(limit), "sleeps over the limit of an attempt");
            }
        }
        if self.is_shown() {
            assert_eq!(self.flights.len(), 1, "others are in flight beside what the caller sees");
            return;
        }
        if self.wish.hedge.is_some() && self.has_another() && !self.used_up(now) && !self.flights.is_empty() {
            let full = self.wish.hedge.is_some_and(|(_, most)| self.flights.len() >= usize::from(most));
            assert!(self.at_once == 0 || full, "a failure starts the next at once");
            if let (Some(due), false) = (self.hedge_due(fleet, now), budgeted) {
                assert!(by(due), "sleeps over a hedge");
            }
        }
        if !self.flights.is_empty() {
            return;
        }
        let until = until.expect("waits for nothing");
        assert!(self.deadline.is_none_or(|deadline| until < deadline), "sleeps past the deadline");
        let since = self.idle.expect("set when the last one ended");
        // A breaker opens until a whole millisecond: what that adds is forgiven.
        assert!(until.since(since) < us(self.wish.patience + 1_000), "longer than patience");
        let latest = self.tries.iter().filter_map(|tries| tries.rest).map(|(_, latest)| latest).max();
        assert!(Some(until) <= latest, "longer than the backoff and every hint");
    }

    /// A launch keeps to the limits, the order and the items of its call.
    pub(crate) fn check_launch(&self, launch: &Launch, asked_for: &[usize], own_retries: u32, now: Moment) {
        assert!(self.expected.is_none(), "launched after the end");
        assert!(!self.is_shown(), "launched beside what the caller sees");
        assert_eq!(launch.attempt.number(), self.launched, "numbered in order");
        assert!(!self.used_up(now), "launched after the deadline or over the attempts");
        assert_eq!(asked_for, self.open_items(), "asks for what is missing");
        assert!(
            self.flights.iter().all(|flight| flight.launch.provider != launch.provider),
            "two at a time on one provider"
        );
        assert!(self.wish.hedge.is_some() || self.flights.is_empty(), "two in flight without a hedge");
        self.check_limits(launch, now);
        let tries = &self.tries[launch.candidate];
        assert!(tries.attempts <= own_retries, "more than its retries");
        if tries.attempts > 0 {
            let (earliest, _) = tries.rest.expect("asked again only after it failed");
            assert!(now >= earliest, "asked again too early");
        } else if !launch.last_resort {
            let entries = self.entries();
            let place = entries.iter().position(|entry| entry.candidate == launch.candidate);
            for entry in &entries[..place.expect("in the report")] {
                let open = entry.attempts == 0 && entry.skipped.is_none();
                assert!(!open || self.is_asked(entry), "out of order");
            }
        }
    }

    fn check_limits(&self, launch: &Launch, now: Moment) {
        let limits = launch.limits;
        let told = [limits.connect(), limits.first_answer(), limits.idle(), limits.total(), limits.silence()];
        let left = self.deadline.map(|deadline| deadline.since(now));
        let [connect, first_answer, idle, total, silence] = self.wish.limits;
        let wishes = [connect, first_answer, idle, total, silence.or(first_answer).or(total)];
        for (place, (told, wish)) in told.into_iter().zip(wishes).enumerate() {
            let wish = wish.map(us);
            let expected = match (wish, left) {
                (Some(wish), Some(left)) => Some(wish.min(left)),
                (None, Some(left)) if place >= 3 => Some(left),
                (wish, _) => wish,
            };
            assert_eq!(told, expected, "the limits of an attempt are its own, cut to what remains");
        }
    }

    /// The call had a reason to end so.
    pub(crate) fn check_finish(&self, finish: Finish, action: Action, now: Moment) {
        use failover_core::{Cause, LastResort, Skip};
        assert!(self.flights.is_empty(), "finished in flight");
        self.check_items();
        let entries = self.entries();
        let answered = self.owners.iter().any(Option::is_some);
        let failed = entries.iter().any(|entry| entry.faults.last().is_some());
        match (self.expected, finish) {
            (Some(expected), _) => assert_eq!(finish, expected),
            (None, Finish::Partly) => {
                let may = !self.wish.require_all && self.launched > 0 && (answered || !failed);
                assert!(self.owners.is_empty() || may, "partly");
            }
            (None, Finish::Failed(Cause::Deadline)) => {
                assert!(self.deadline.is_some_and(|deadline| now >= deadline));
            }
            (None, Finish::Failed(Cause::Attempts)) => assert_eq!(Some(self.launched), self.wish.attempts),
            (None, Finish::Failed(Cause::NoCandidates)) => assert!(entries.is_empty()),
            (None, Finish::Failed(Cause::Unavailable(until))) => {
                assert!(self.launched == 0 && until > now && self.wish.last_resort == LastResort::Nobody);
                assert_eq!(entries.iter().filter_map(|entry| entry.skipped?.until).min(), Some(until));
            }
            (None, Finish::Failed(Cause::Exhausted)) => {
                assert!(self.launched > 0);
                for entry in &entries {
                    let resort = match self.wish.last_resort {
                        LastResort::Primary => entry.candidate == 0,
                        LastResort::Everyone => true,
                        _ => false,
                    };
                    let skipped = entry.skipped.map(|skipped| skipped.why);
                    let spared = skipped == Some(Skip::SameModel) || (skipped.is_some() && !resort);
                    assert!(entry.attempts > 0 || spared, "nobody asked candidate {}", entry.candidate);
                }
            }
            (None, _) => panic!("no reason for {action:?}"),
        }
        let tried: Vec<_> = self.tries.iter().map(|tries| tries.attempts).collect();
        for entry in &entries {
            assert_eq!(entry.attempts, tried[entry.candidate]);
        }
        if !self.wish.repeat_unknown {
            assert!(self.tries.iter().all(|tries| tries.unknown <= 1), "repeated what may have been done");
        }
    }
}
