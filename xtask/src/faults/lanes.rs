//! Several plays at a time, as most of the time nothing happens in any of them, with progress while they run.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::child;

/// So many at a time. More would wait for each other on two cores, and times are measured.
const LANES: usize = 8;

/// Something to play, and how it is called meanwhile.
pub(super) struct Job<'j, T> {
    pub(super) name: String,
    pub(super) work: Box<dyn FnOnce() -> Result<(T, String)> + Send + 'j>,
}

/// Plays all, and gives what came of them in the order of the jobs. A line is printed for each that has ended, with what it says
/// of itself.
pub(super) fn play<T: Send>(jobs: Vec<Job<'_, T>>) -> Result<Vec<T>> {
    let count = jobs.len();
    let queue: Mutex<VecDeque<_>> = Mutex::new(jobs.into_iter().enumerate().collect());
    let (begun, live) = (Instant::now(), io::stderr().is_terminal());
    let mut played: Vec<Option<T>> = (0..count).map(|_| None).collect();
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        for _ in 0..LANES {
            let (queue, tell) = (&queue, tell.clone());
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some((at, job)) = next else { return };
                    if tell.send((at, job.name, (job.work)())).is_err() {
                        return;
                    }
                }
            });
        }
        drop(tell);
        let mut done = 0;
        loop {
            if live {
                eprint!("\r{done} of {count} played, {}  ", child::shown(begun.elapsed()));
                io::stderr().flush()?;
            }
            match told.recv_timeout(Duration::from_secs(1)) {
                Ok((at, name, ended)) => {
                    let (what, line) = ended?;
                    done += 1;
                    played[at] = Some(what);
                    let clear = if live { "\r\x1b[K" } else { "" };
                    eprintln!("{clear}[{done}/{count}] {name}: {line}");
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if live {
            eprint!("\r\x1b[K");
        }
        anyhow::Ok(())
    })?;
    Ok(played.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_played_comes_in_the_order_of_the_jobs() {
        let job = |number: usize| Job {
            name: number.to_string(),
            work: Box::new(move || Ok((number, "ended".to_owned()))),
        };
        assert_eq!(play((0..20).map(job).collect()).unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn what_cannot_be_played_is_told() {
        let broken = Job::<()> { name: "one".into(), work: Box::new(|| anyhow::bail!("no gateway")) };
        assert_eq!(play(vec![broken]).unwrap_err().to_string(), "no gateway");
    }
}
