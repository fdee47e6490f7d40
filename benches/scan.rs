//! The whole scan of a folder, stage by stage: `cargo bench --bench scan`, or
//! `cargo bench --bench scan -- FOLDER` for another than the demo set.
//!
//! Prints the wall time of each stage for one warm-up and five runs.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use splitlint::config::{Options, resolve};
use splitlint::executor::{Executor, StopFlag};
use splitlint::progress::{Progress, Stage};
use splitlint::scan::scan;

/// Takes the time of each stage.
#[derive(Default)]
struct Clock {
    begun: Mutex<Option<Instant>>,
    taken: Mutex<Vec<(Stage, Duration)>>,
}

impl Progress for Clock {
    fn begin(&self, _: Stage, _: Option<u64>) {
        *self.begun.lock().expect("not poisoned") = Some(Instant::now());
    }

    fn advance(&self, _: u64) {}

    fn end(&self, stage: Stage, _: &str) {
        let begun = self.begun.lock().expect("not poisoned").take();
        let taken = begun.map_or(Duration::ZERO, |begun| begun.elapsed());
        self.taken
            .lock()
            .expect("not poisoned")
            .push((stage, taken));
    }
}

fn main() {
    let root = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/demo"),
            PathBuf::from,
        );
    for run in 0..6 {
        let options = Options {
            root: Some(root.clone()),
            ..Options::default()
        };
        let settings = resolve(options).expect("settings");
        let executor = Executor::new(0, StopFlag::default()).expect("threads");
        let clock = Clock::default();
        let begun = Instant::now();
        let scan = scan(&settings, &executor, &clock).expect("a scan");
        let whole = begun.elapsed();
        if run == 0 {
            println!(
                "{} samples, {} threads",
                scan.evidence.listing.samples.len(),
                executor.jobs()
            );
            continue;
        }
        let stages = clock.taken.into_inner().expect("not poisoned");
        let stages: Vec<_> = (stages.iter())
            .map(|(stage, taken)| format!("{} {:.0} ms", stage.name(), taken.as_secs_f64() * 1e3))
            .collect();
        println!(
            "run {run}: {:.0} ms ({})",
            whole.as_secs_f64() * 1e3,
            stages.join(", ")
        );
    }
}
