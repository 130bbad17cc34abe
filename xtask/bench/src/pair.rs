//! Runs a subject for a moment, on one thread or on two at a time.
//!
//! The machine may have other work. A window is short, so that it mostly fits between two interruptions; one in which a
//! thread came late or was held up is measured again, and in the end left out: two threads that took turns on one core have
//! not met at all. A thread that loses the race for a lock is not taken for one that was interrupted: it ends soon after the
//! other stops. Each thread stays on a core of its own, or they would meet on one as soon as the other is busy.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use crate::subject::Subject;

/// A thread looks at the clock once per batch, which must cost next to nothing.
const BATCH: Duration = Duration::from_micros(8);
/// How often a window is measured before the round goes on without it.
const TRIES: usize = 4;

/// This thread and another.
pub(crate) struct Pair {
    signals: Arc<Signals>,
    jobs: Sender<Job>,
    laps: Receiver<Lap>,
}

#[derive(Default)]
struct Signals {
    ready: AtomicBool,
    go: AtomicBool,
    stop: AtomicBool,
}

struct Job {
    subject: Arc<Subject>,
    batch: u64,
}

/// What one thread did in a window.
struct Lap {
    began: Instant,
    ended: Instant,
    count: u64,
}

impl Lap {
    /// Batches until `enough` says so.
    fn run(subject: &Subject, thread: usize, batch: u64, enough: impl Fn(Duration) -> bool) -> Self {
        let began = Instant::now();
        let mut count = 0;
        loop {
            (subject.batch)(thread, batch);
            count += batch;
            let ended = Instant::now();
            if enough(ended - began) {
                return Self { began, ended, count };
            }
        }
    }

    fn took(&self) -> Duration {
        self.ended - self.began
    }

    /// Operations per ns.
    fn rate(&self) -> f64 {
        self.count as f64 / self.took().as_nanos() as f64
    }
}

impl Pair {
    pub(crate) fn new() -> Self {
        let signals = Arc::new(Signals::default());
        let (jobs, their_jobs) = mpsc::channel::<Job>();
        let (their_laps, laps) = mpsc::channel();
        let theirs = Arc::clone(&signals);
        let mut cores = core_affinity::get_core_ids().unwrap_or_default().into_iter();
        cores.next().map(core_affinity::set_for_current);
        let their_core = cores.next();
        thread::spawn(move || {
            their_core.map(core_affinity::set_for_current);
            for job in their_jobs {
                theirs.ready.store(true, Ordering::Release);
                while !theirs.go.load(Ordering::Acquire) {
                    hint::spin_loop();
                }
                let lap = Lap::run(&job.subject, 1, job.batch, |_| theirs.stop.load(Ordering::Relaxed));
                if their_laps.send(lap).is_err() {
                    return;
                }
            }
        });
        Self { signals, jobs, laps }
    }

    /// How many operations make a batch.
    pub(crate) fn batch(subject: &Subject) -> u64 {
        let mut batch = 1;
        loop {
            let began = Instant::now();
            (subject.batch)(0, batch);
            if began.elapsed() >= BATCH {
                return batch;
            }
            batch *= 2;
        }
    }

    /// ns per operation, on this thread alone.
    pub(crate) fn alone(&self, subject: &Subject, batch: u64) -> Option<f64> {
        undisturbed(|| {
            let lap = Lap::run(subject, 0, batch, |passed| passed >= subject.window);
            (lap.took() < subject.window * 3 / 2).then(|| 1.0 / lap.rate())
        })
    }

    /// ns per operation and thread, on both.
    pub(crate) fn together(&self, subject: &Arc<Subject>, batch: u64) -> Option<f64> {
        undisturbed(|| {
            let Signals { ready, go, stop } = &*self.signals;
            for signal in [ready, go, stop] {
                signal.store(false, Ordering::Relaxed);
            }
            let job = Job { subject: Arc::clone(subject), batch };
            self.jobs.send(job).expect("the other thread waits for jobs until this one is gone");
            while !ready.load(Ordering::Acquire) {
                hint::spin_loop();
            }
            go.store(true, Ordering::Release);
            let ours = Lap::run(subject, 0, batch, |passed| passed >= subject.window);
            stop.store(true, Ordering::Relaxed);
            let theirs = self.laps.recv().expect("the other thread answers every job");
            let late = theirs.began.max(ours.began) - theirs.began.min(ours.began);
            let over = theirs.ended.max(ours.ended) - theirs.ended.min(ours.ended);
            let apart = subject.window / 4;
            let fair = late < apart && over < apart && ours.took() < subject.window * 3 / 2;
            fair.then(|| 2.0 / (ours.rate() + theirs.rate()))
        })
    }
}

fn undisturbed(mut window: impl FnMut() -> Option<f64>) -> Option<f64> {
    (0..TRIES).find_map(|_| window())
}
