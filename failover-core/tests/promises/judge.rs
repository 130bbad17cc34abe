//! Drives random calls, misbehaves as their fortunes say, and holds every action against the contract.

use std::collections::HashMap;
use std::time::Duration;

use failover_core::{
    Action, Blame, Breaker, Call, Candidate, Cause, CircuitState, Fate, Fault, Finish, Fleet, Launch, Moment,
    Outcome, Policy, Progress, ProviderId, Step, Transition,
};

use crate::Told;
use crate::course::{Course, Flight, Tries};
use crate::life::{End, Fortune, Leave, Life, SLOTS, us};

pub(crate) struct Judge<'a> {
    pub(crate) life: &'a Life,
    pub(crate) policy: &'a Policy,
    pub(crate) candidates: &'a [Candidate],
    pub(crate) fleet: &'a Fleet,
    pub(crate) now: Moment,
    pub(crate) luck: std::iter::Cycle<std::slice::Iter<'a, Fortune>>,
    /// Until when each provider asked to be left alone.
    pub(crate) hinted: HashMap<usize, Moment>,
    /// Repeats and hedges so far.
    pub(crate) extra: u64,
    pub(crate) requests: u64,
    pub(crate) trace: Vec<Told>,
}

impl<'a> Judge<'a> {
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// Extra attempts: at most the share of the requests, the reserve of the seconds, and the burst.
    pub(crate) fn check_budget(&self, began: Moment) {
        if let Some((share, reserve, burst)) = self.life.world.budget {
            let millis = u64::try_from(self.now.since(began).as_millis()).expect("soon") + 1;
            let most = self.requests * u64::from(share) * 10
                + millis * u64::from(reserve)
                + u64::from(burst) * 1_000;
            assert!(self.extra * 1_000 <= most, "{} extra attempts, {most} thousandths", self.extra);
        }
    }

    pub(crate) fn call(&mut self, items: usize, seed: u64) {
        let wish = &self.life.wish;
        let mut course = Course {
            call: Call::batch(self.policy, self.candidates, items, seed, self.now),
            wish,
            deadline: wish.deadline.map(|limit| self.now.plus(us(limit))),
            owners: vec![None; items],
            flights: Vec::new(),
            tries: vec![Tries::default(); self.candidates.len()],
            landed: Vec::new(),
            launched: 0,
            at_once: 0,
            clock: self.now,
            idle: None,
            expected: None,
        };
        self.requests += 1;
        let mut order = None;
        for _ in 0..3_000 {
            let action = course.call.poll(self.fleet, self.now);
            course.clock = self.now;
            self.trace.push(Told::Did(self.now, action));
            let opened = self.told(&mut course);
            let line: Vec<_> = course.call.report().entries().map(|entry| entry.candidate).collect();
            assert_eq!(*order.get_or_insert(line.clone()), line, "the order changed on the way");
            match action {
                Action::Launch(launch) => self.launch(&mut course, launch),
                Action::Cancel(attempt) => {
                    let place = course.flights.iter().position(|flight| flight.launch.attempt == attempt);
                    let flight = course.flights.remove(place.expect("only what is in flight is cancelled"));
                    course.landed.push(attempt);
                    if course.expected.is_none() && !course.is_shown() {
                        let limit = flight.limit().expect("cancelled without a limit");
                        assert!(self.now >= limit, "cancelled early");
                        course.tries[flight.launch.candidate].unknown += 1;
                        Self::failed(&mut course, &flight.launch, None, opened);
                        course.expected = flight.shown.then_some(Finish::Broken(attempt));
                    }
                }
                Action::Wait(until) => {
                    assert!(course.expected.is_none(), "waits after the end");
                    course.check_wait(until, self.life.world.budget.is_some(), self.fleet, self.now);
                    if self.wait(&mut course, until, action) {
                        return;
                    }
                }
                Action::Finish(finish) => {
                    course.check_finish(finish, action, self.now);
                    if !self.life.world.health || !wish.by_health {
                        assert!(line.is_sorted(), "not in the given order");
                    }
                    self.abuse(&mut course, action);
                    course.call.abandon(self.fleet, self.now);
                    assert_eq!(course.call.poll(self.fleet, self.now), action, "changed its mind");
                    return;
                }
            }
        }
        panic!("the call does not end");
    }

    fn launch(&mut self, course: &mut Course<'a>, launch: Launch) {
        let asked_for: Vec<_> = course.call.missing().collect();
        let own_retries = self.life.people[launch.candidate].2.unwrap_or(course.wish.retries);
        // The report counts the attempt already; the judge looks at those before it.
        course.check_launch(&launch, &asked_for, own_retries, self.now);
        let tries = &mut course.tries[launch.candidate];
        if launch.last_resort {
            assert!(tries.attempts == 0 && course.flights.is_empty(), "a last resort comes last, and once");
        } else {
            let until = self.hinted.get(&launch.provider.slot());
            assert!(until.is_none_or(|until| self.now >= *until), "asked before the hinted moment");
        }
        let repeat = tries.attempts > 0;
        tries.attempts += 1;
        let beside = !course.flights.is_empty() && !repeat && course.at_once == 0;
        if beside {
            let due = course.hedge_due(self.fleet, self.now);
            assert!(due.is_some_and(|due| due <= self.now), "hedged before it was due: {due:?}");
        }
        if let Some((_, most)) = course.wish.hedge {
            assert!(course.flights.len() < usize::from(most), "too many in flight");
        }
        // A probe is free, also where it starts as a hedge.
        let probe = self.fleet.state(launch.provider, self.now) == CircuitState::HalfOpen;
        self.extra += u64::from(repeat || (beside && !probe));
        course.launched += 1;
        if !repeat {
            course.at_once = course.at_once.saturating_sub(1);
        }
        course.idle = None;
        let fortune = self.luck.next().expect("luck never ends");
        course.flights.push(Flight {
            launch,
            began: self.now,
            end: self.now.plus(us(fortune.takes)),
            fortune,
            asked_for,
            signs: &fortune.signs,
            heard: None,
            shown: false,
        });
    }

    /// Lets time pass until something happens; returns whether the call is forgotten.
    fn wait(&mut self, course: &mut Course<'a>, until: Option<Moment>, action: Action) -> bool {
        course.flights.sort_by_key(|flight| (flight.next(), flight.launch.attempt));
        let first =
            course.flights.first().map(|flight| (flight.next(), flight.next() < flight.end, flight.fortune));
        if let Some((_, _, fortune)) = first {
            if fortune.abuse {
                self.abuse(course, action);
            }
            match fortune.leaves {
                Some(Leave::Vanish) => return true,
                Some(Leave::Abandon) => {
                    course.call.abandon(self.fleet, self.now);
                    course.flights.clear();
                    course.expected = Some(Finish::Failed(Cause::Abandoned));
                    return false;
                }
                None => {}
            }
        }
        match first {
            Some((next, goes_on, fortune)) if until.is_none_or(|until| next <= until) => {
                self.now = self.now.max(next);
                if goes_on {
                    self.hear(course);
                    course.flights.rotate_left(1);
                } else {
                    self.settle(course);
                }
                if fortune.together && !course.flights.is_empty() && course.expected.is_none() {
                    self.settle(course);
                }
            }
            _ => self.now = until.expect("nothing in flight, nothing to wait for"),
        }
        false
    }

    /// When it is by the clock of the driver, which may have stepped back.
    fn reported(&self, fortune: &Fortune) -> Moment {
        let earlier = Moment::after_epoch(self.now.since_epoch().saturating_sub(us(fortune.clock_back)));
        if fortune.abuse { earlier } else { self.now }
    }

    /// A part of the answer of the first attempt in flight comes.
    fn hear(&mut self, course: &mut Course<'a>) {
        let lone = course.owners.len() == 1 && !course.is_shown();
        let flight = course.flights.first_mut().expect("it is heard");
        let ((_, progress), rest) = flight.signs.split_first().expect("it has something to say");
        let reported = self.reported(flight.fortune);
        course.call.progress(flight.launch.attempt, *progress, self.fleet, reported);
        course.clock = course.clock.max(reported);
        flight.signs = rest;
        flight.heard = Some(course.clock);
        flight.shown |= lone && *progress == Progress::Shown;
        assert_eq!(course.call.next_event(), None, "progress judges nobody");
    }

    fn settle(&mut self, course: &mut Course<'a>) {
        let Flight { launch, fortune, asked_for, heard, shown, .. } = course.flights.remove(0);
        // Nobody can answer but the one of whom the caller has seen a part.
        let lost = course.is_shown();
        let reported = self.reported(fortune);
        course.call.settle(launch.attempt, fortune.end.outcome(), self.fleet, reported);
        // A clock that steps back stands still.
        course.clock = course.clock.max(reported);
        let opened = self.told(course);
        course.landed.push(launch.attempt);
        let tries = &mut course.tries[launch.candidate];
        match &fortune.end {
            End::Failed(fault, retry_after) => {
                let remedy = fault.remedy();
                tries.unknown +=
                    u32::from(remedy.fate == Fate::Unknown || (heard.is_some() && remedy.fate != Fate::Done));
                if shown {
                    course.expected = Some(Finish::Broken(launch.attempt));
                } else if remedy.step == Step::Stop && !lost {
                    let some = !course.wish.require_all && course.owners.iter().any(Option::is_some);
                    let finish = if some { Finish::Partly } else { Finish::Refused(launch.attempt) };
                    course.expected = Some(finish);
                }
                let floor = retry_after.map(|wait| course.clock.plus(wait));
                Self::failed(course, &launch, retry_after.map(|wait| wait.max(us(1_000_000))), opened);
                // The last of the five domains is beyond the fleet: without a breaker nobody remembers the hint.
                if let Some(floor) = floor
                    && remedy.blame != Blame::Nobody
                    && launch.provider.slot() < SLOTS
                    && !launch.last_resort
                {
                    let until = self.hinted.entry(launch.provider.slot()).or_insert(floor);
                    *until = floor.max(*until);
                }
            }
            End::Answered | End::Part(_) => {
                let all: &[usize] = if let End::Part(items) = &fortune.end { items } else { &asked_for };
                for item in all.iter().filter(|_| !lost) {
                    if let Some(owner @ None) = course.owners.get_mut(*item) {
                        *owner = Some(launch.attempt);
                    }
                }
                course.at_once += 1;
                if course.owners.iter().all(Option::is_some) {
                    course.expected = Some(Finish::Served(launch.attempt));
                } else if shown {
                    course.expected = Some(Finish::Broken(launch.attempt));
                }
                if launch.last_resort {
                    self.hinted.remove(&launch.provider.slot());
                }
            }
        }
        course.check_items();
        if course.flights.is_empty() {
            course.idle = Some(course.clock);
        }
    }

    /// When a candidate that has just failed may be asked again. A break that its failure caused may be waited for.
    fn failed(course: &mut Course<'a>, launch: &Launch, hint: Option<Duration>, opened: Option<Moment>) {
        let tried = course.tries[launch.candidate].attempts;
        let (least, most) = course.wish.waits(tried - 1);
        let hint = hint.map_or(course.clock, |hint| course.clock.plus(hint));
        let earliest = course.clock.plus(least).max(hint);
        let latest = course.clock.plus(most).max(hint.plus(us(1_000)));
        let latest = opened.map_or(latest, |opened| opened.max(latest));
        course.tries[launch.candidate].rest = Some((earliest, latest));
        course.at_once += 1;
        if course.flights.is_empty() {
            course.idle = Some(course.clock);
        }
    }

    /// What the call has to tell; the end of a break, if one began.
    fn told(&mut self, course: &mut Course<'a>) -> Option<Moment> {
        let event = course.call.next_event()?;
        self.trace.push(Told::Changed(self.now, event));
        assert_eq!(course.call.next_event(), None, "an event is told once");
        if let Transition::Opened(until) = event.transition { Some(until) } else { None }
    }

    /// Reports about attempts that are not in flight, and a clock that steps back, change nothing.
    fn abuse(&self, course: &mut Course<'a>, before: Action) {
        let state = |slot| self.fleet.state(ProviderId::new(slot), self.now);
        let states: Vec<_> = (0..5).map(state).collect();
        let mut strange = course.landed.clone();
        let mut other = Call::new(self.policy, self.candidates, 0, self.now);
        if let Action::Launch(stranger) = other.poll(&Fleet::new(0, Breaker::new()), self.now)
            && matches!(before, Action::Finish(_))
        {
            strange.push(stranger.attempt);
        }
        for attempt in strange {
            for outcome in [Outcome::Answered, Outcome::Partly(&[0]), Fault::Broken.into()] {
                course.call.settle(attempt, outcome, self.fleet, self.now);
                assert_eq!(course.call.next_event(), None, "a stranger's report was heard");
            }
            for progress in [Progress::Heard, Progress::Shown] {
                course.call.progress(attempt, progress, self.fleet, self.now);
            }
        }
        assert_eq!(course.call.poll(self.fleet, Moment::EPOCH), before, "abuse changed something");
        assert_eq!(states, (0..5).map(state).collect::<Vec<_>>(), "abuse reached the fleet");
        course.check_items();
    }
}
