//! A crowd of calls on one fleet, and the naive breakers that keep the same books by hand.

use std::sync::LazyLock;
use std::time::Duration;

use failover_core::{
    Action, AttemptId, Blame, Call, Candidate, Ending, Entry, Fault, Fleet, Hedge, LastResort, Launch,
    Limits, Outcome, Policy, Progress, ProviderId, Skip, Step, Transition,
};

use crate::breaker::{Naive, Rules, Slip, at, us};

pub(crate) const PROVIDERS: usize = 3;
const CALLS: usize = 6;
/// The lease of a probe without a limit, and what it is longer than a limit.
const NO_LIMIT: u64 = 600_000_000;
const SLACK: u64 = 1_000_000;
/// The longest between two parts of an answer, where there are limits.
const IDLE: u64 = 900_231;

static POLICIES: LazyLock<[Policy; 4]> = LazyLock::new(|| {
    let limits = Limits::NONE.with_silence(us(700_123)).with_idle(us(IDLE)).with_total(us(2_000_321));
    [
        Policy::new().retries(1).patience(us(2_000_000)),
        Policy::new().hedge(Hedge::race()).last_resort(LastResort::Everyone),
        Policy::new().hedge(Hedge::after(us(300_100))).limits(limits).deadline(us(3_000_777)),
        Policy::new().limits(limits).last_resort(LastResort::Nobody).repeat_unknown(true).retries(2),
    ]
});

/// Each provider first in turn.
static ORDERS: LazyLock<[[Candidate; PROVIDERS]; PROVIDERS]> = LazyLock::new(|| {
    [[0, 1, 2], [1, 2, 0], [2, 0, 1]].map(|order| order.map(|slot| Candidate::new(ProviderId::new(slot))))
});

const FAULTS: [(Fault, Option<u64>); 8] = [
    (Fault::Broken, None),
    (Fault::Reset, None),
    (Fault::Connect, None),
    (Fault::Throttled, Some(1_500)),
    (Fault::Overloaded, Some(3_000)),
    (Fault::Unauthenticated, None),
    (Fault::Unsupported, None),
    (Fault::InvalidRequest, None),
];

struct Flight {
    launch: Launch,
    began: u64,
    slip: Slip,
    /// Its first progress, and its latest.
    heard: Option<(u64, u64)>,
    overtaken: bool,
}

impl Flight {
    /// When it answered, if it ends now.
    fn answered(&self, now: u64) -> u64 {
        self.heard.map_or(now, |(first, _)| first)
    }
}

struct Member {
    call: Call<'static>,
    policy: usize,
    flights: Vec<Flight>,
    entries: Vec<Entry>,
    /// The call has its answer or its refusal.
    decided: bool,
    /// When the call has to be over.
    deadline: Option<u64>,
    /// The attempt of which the caller has seen a part.
    shown: Option<AttemptId>,
}

impl Member {
    /// Those with a head start over this one that have not answered before it are too slow. In a race nobody is given one.
    fn overtake(&mut self, began: u64, answered: u64) {
        for flight in &mut self.flights {
            let sooner = flight.heard.is_some_and(|(first, _)| first <= answered);
            flight.overtaken |= self.policy != RACE && flight.began < began && !sooner;
        }
    }
}

pub(crate) struct Crowd<'f> {
    fleet: &'f Fleet,
    naive: [Naive; PROVIDERS],
    slow: Option<u64>,
    pub(crate) now: u64,
    members: Vec<Member>,
    seed: u64,
}

/// The place of the racing policy among [`POLICIES`].
const RACE: usize = 1;
/// And of the one with a deadline.
const HEDGING: usize = 2;

const fn silence(policy: usize) -> Option<u64> {
    if policy < 2 { None } else { Some(700_123) }
}

const fn lease(policy: usize) -> u64 {
    if policy < 2 { NO_LIMIT + SLACK } else { 2_000_321 + SLACK }
}

impl<'f> Crowd<'f> {
    pub(crate) fn new(fleet: &'f Fleet, naive: Naive, slow: Option<u64>) -> Self {
        let naive = [naive.clone(), naive.clone(), naive];
        Self { fleet, naive, slow, now: 0, members: Vec::new(), seed: 0 }
    }

    /// Something happens to one of the calls, some time later.
    pub(crate) fn step(&mut self, dice: u32, pause: u64) {
        // Often two things happen at the same time.
        self.now += if dice & 1 == 0 { pause } else { 0 };
        let (which, deed, how) = ((dice >> 1) as usize % CALLS, (dice >> 8) % 64, (dice >> 16) as usize);
        if deed == 63 && how % 4 == 0 {
            return self.force(how / 4);
        }
        if which >= self.members.len() {
            return self.arrive(how);
        }
        let mut member = self.members.swap_remove(which);
        let stays = match deed {
            0 => self.abandon(&mut member),
            1 => false, // forgotten
            2..28 if !member.flights.is_empty() && !member.decided => self.settle(&mut member, how),
            28..40 if !member.flights.is_empty() && !member.decided => self.hear(&mut member, how),
            _ => self.poll(&mut member),
        };
        if stays {
            self.members.push(member);
        }
    }

    /// Somebody opens or closes a breaker by hand, or lets it be.
    fn force(&mut self, how: usize) {
        let slot = how % PROVIDERS;
        let provider = ProviderId::new(u16::try_from(slot).expect("few"));
        let open = [None, None, Some(true), Some(false)][how / PROVIDERS % 4];
        match open {
            Some(true) => self.fleet.force_open(provider),
            Some(false) => self.fleet.force_closed(provider),
            None => self.fleet.release(provider),
        }
        self.naive[slot].force(open, self.now);
    }

    fn arrive(&mut self, how: usize) {
        self.seed += 1;
        let policy = how % POLICIES.len();
        let order = &ORDERS[how / POLICIES.len() % PROVIDERS];
        let call = Call::new(&POLICIES[policy], order, self.seed, at(self.now));
        let entries = call.report().entries().collect();
        let flights = Vec::new();
        let deadline = (policy == HEDGING).then_some(self.now + 3_000_777);
        self.members.push(Member { call, policy, flights, entries, decided: false, deadline, shown: None });
    }

    fn poll(&mut self, member: &mut Member) -> bool {
        let action = member.call.poll(self.fleet, at(self.now));
        let told = member.call.next_event();
        let mut caused = None;
        self.check_refusals(member);
        match action {
            Action::Launch(launch) => {
                let naive = &mut self.naive[launch.provider.slot()];
                let was_open = naive.is_open();
                let slip = match naive.admit(lease(member.policy), self.now) {
                    Ok(slip) => slip,
                    Err(until) => {
                        assert!(launch.last_resort, "let through, but naively not until {until:?}");
                        naive.last_resort()
                    }
                };
                caused = (was_open && slip.probe).then_some(Transition::HalfOpened);
                assert_eq!(member.shown, None, "launched beside what the caller sees");
                member.flights.push(Flight { launch, began: self.now, slip, heard: None, overtaken: false });
            }
            Action::Cancel(attempt) => {
                let place = member.flights.iter().position(|flight| flight.launch.attempt == attempt);
                let flight = member.flights.remove(place.expect("in flight"));
                let unseen = member.shown.is_some_and(|shown| shown != attempt);
                let overdue = !member.decided && !unseen;
                member.decided |= overdue && member.shown.is_some();
                caused = self.call_off(member, &flight, overdue);
            }
            Action::Wait(_) => {}
            Action::Finish(_) => {
                assert!(member.flights.is_empty());
                return false;
            }
        }
        assert_eq!(told.map(|event| event.transition), caused);
        true
    }

    /// Who was passed over was so rightly.
    fn check_refusals(&self, member: &mut Member) {
        let entries: Vec<_> = member.call.report().entries().collect();
        for (before, after) in member.entries.iter().zip(&entries) {
            if let (None, Some(skipped)) = (before.skipped, after.skipped) {
                let refusal = self.naive[after.provider.slot()].clone().admit(lease(member.policy), self.now);
                assert_eq!(
                    refusal,
                    Err(skipped
                        .until
                        .map(|until| { u64::try_from(until.since_epoch().as_micros()).expect("soon") }))
                );
                assert_eq!(skipped.why == Skip::ForcedOpen, skipped.until.is_none());
            }
        }
        member.entries = entries;
    }

    /// An attempt that nobody waits for any more: silence is evidence, being late is not.
    fn call_off(&mut self, member: &Member, flight: &Flight, overdue: bool) -> Option<Transition> {
        let silent = match flight.heard {
            Some((_, latest)) => member.policy >= HEDGING && self.now - latest >= IDLE,
            None => {
                silence(member.policy).is_some_and(|limit| self.now - flight.began >= limit)
                    || member.deadline.is_some_and(|deadline| self.now >= deadline)
            }
        };
        let failed = overdue || silent || flight.overtaken;
        let ending = if failed { Ending::Failure } else { Ending::Cancelled };
        self.naive[flight.launch.provider.slot()].end(flight.slip, ending, self.now)
    }

    fn settle(&mut self, member: &mut Member, how: usize) -> bool {
        let flight = member.flights.swap_remove(how % member.flights.len());
        let wanted = member.shown.is_none_or(|shown| shown == flight.launch.attempt);
        let (outcome, ending) = match FAULTS.get((how >> 4) % (FAULTS.len() * 2)) {
            Some(&(fault, hint)) => {
                let retry_after = hint.map(Duration::from_millis);
                let until = hint.map(|hint| at((self.now + hint * 1_000).div_ceil(1_000) * 1_000));
                let remedy = fault.remedy();
                member.decided = wanted && (remedy.step == Step::Stop || member.shown.is_some());
                let ending = match (remedy.blame, until) {
                    (Blame::Nobody, _) => Ending::Ignored,
                    (Blame::Unavailable, None) => Ending::Trip,
                    (_, None) => Ending::Failure,
                    (Blame::UnlessHinted, Some(until)) => Ending::OpenUntil(until),
                    (_, Some(until)) => Ending::FailureUntil(until),
                };
                (Outcome::Failed { fault, retry_after }, ending)
            }
            None => {
                let answered = flight.answered(self.now);
                if wanted {
                    member.decided = true;
                    member.overtake(flight.began, answered);
                }
                let slow = self.slow.is_some_and(|slow| answered - flight.began > slow);
                (Outcome::Answered, if slow { Ending::Failure } else { Ending::Success })
            }
        };
        member.call.settle(flight.launch.attempt, outcome, self.fleet, at(self.now));
        let told = member.call.next_event().map(|event| event.transition);
        let caused = self.naive[flight.launch.provider.slot()].end(flight.slip, ending, self.now);
        assert_eq!(told, caused, "one event per transition");
        true
    }

    /// A part of an answer comes; the caller may see it.
    fn hear(&mut self, member: &mut Member, how: usize) -> bool {
        let place = how % member.flights.len();
        let flight = &mut member.flights[place];
        let (began, first) = (flight.began, flight.answered(self.now));
        flight.heard = Some((first, self.now));
        let progress = if how & 0x700 == 0 { Progress::Shown } else { Progress::Heard };
        if progress == Progress::Shown && member.shown.is_none() {
            member.shown = Some(flight.launch.attempt);
            member.overtake(began, first);
        }
        let attempt = member.flights[place].launch.attempt;
        member.call.progress(attempt, progress, self.fleet, at(self.now));
        assert_eq!(member.call.next_event(), None, "progress judges nobody");
        true
    }

    fn abandon(&mut self, member: &mut Member) -> bool {
        member.call.abandon(self.fleet, at(self.now));
        let told = member.call.next_event().map(|event| event.transition);
        let mut caused = None;
        let mut flights = std::mem::take(&mut member.flights);
        flights.sort_by_key(|flight| flight.launch.candidate);
        for flight in flights {
            caused = self.call_off(member, &flight, false).or(caused);
        }
        assert_eq!(told, caused, "the last of several");
        false
    }

    /// Each breaker is where the naive one is, with no more probes than allowed.
    pub(crate) fn check(&self, rules: &Rules) {
        for (slot, naive) in self.naive.iter().enumerate() {
            let provider = ProviderId::new(u16::try_from(slot).expect("few"));
            assert_eq!(self.fleet.state(provider, at(self.now)), naive.shown(self.now));
            let flights = self.members.iter().flat_map(|member| &member.flights);
            let probes = flights.filter(|flight| {
                flight.launch.provider == provider && flight.slip.probe && flight.slip.epoch == naive.epoch
            });
            assert!(probes.count() <= rules.probes.into(), "too many probes");
        }
    }
}
