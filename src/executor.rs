//! Runs work on the scan's own threads and gives answers back in order.
//! Knows nothing of what the work is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use thiserror::Error;

/// The user asked to stop; what was under way is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("interrupted")]
pub struct Interrupted;

/// A flag that asks all work under way to stop. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for a stop. Safe to call from a signal handler thread.
    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err` once a stop was asked for: `stop.check()?` between two steps of
    /// work that would else take longer than a moment.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.is_raised() {
            Err(Interrupted)
        } else {
            Ok(())
        }
    }
}

/// A thread pool owned by one scan, and the flag that stops it.
#[derive(Debug)]
pub struct Executor {
    pool: rayon::ThreadPool,
    stop: StopFlag,
}

impl Executor {
    /// A pool of `jobs` threads; 0 means one for each core.
    ///
    /// # Errors
    /// When the system refuses to start the threads.
    pub fn new(jobs: usize, stop: StopFlag) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .thread_name(|index| format!("scan-{index}"))
            .build()?;
        Ok(Self { pool, stop })
    }

    /// How many threads there are.
    pub fn jobs(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The flag that stops this executor's work.
    pub fn stop(&self) -> &StopFlag {
        &self.stop
    }

    /// `work(0), …, work(count - 1)` in that order, computed in parallel.
    ///
    /// # Errors
    /// [`Interrupted`] when the stop flag was raised before the last one.
    pub fn map<R: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> R + Sync,
    ) -> Result<Vec<R>, Interrupted> {
        self.pool.install(|| {
            (0..count)
                .into_par_iter()
                .map(|index| self.stop.check().map(|()| work(index)))
                .collect()
        })
    }

    /// `work` once on each thread, at the same time. For libraries that bring
    /// threads of their own: one that waits for those takes up no other work
    /// of ours meanwhile, as it would in [`Executor::map`].
    pub fn on_each<R: Send>(&self, work: impl Fn() -> R + Sync) -> Vec<R> {
        self.pool.broadcast(|_| work())
    }

    /// Runs `work` inside the pool, so that a library that spreads its work
    /// through `rayon` uses these threads and no others.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.pool.install(work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_in_order_whatever_the_number_of_threads() {
        for jobs in [1, 2, 8] {
            let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
            let squares = executor.map(1000, |i| i * i).expect("not stopped");
            assert!(squares.iter().enumerate().all(|(i, &s)| s == i * i));
        }
    }

    #[test]
    fn raised_flag_stops_the_work() {
        let stop = StopFlag::default();
        let executor = Executor::new(2, stop.clone()).expect("threads");
        let answer = executor.map(1_000_000, |i| {
            if i == 10 {
                stop.raise();
            }
            i
        });
        assert_eq!(answer, Err(Interrupted));
    }
}
