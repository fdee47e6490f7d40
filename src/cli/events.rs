//! How far a scan is, as lines of JSON for the program that started it. Says
//! nothing to people.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::console;
use super::progress::{Shown, doing};
use crate::progress::{Progress, Stage};

/// How often there is news: a notebook keeps up with ten lines a second.
const INTERVAL: Duration = Duration::from_millis(100);

/// Writes an event to standard error. The key separates the line from the notes.
pub(super) fn write(event: &Value) {
    console::note(json!({ "splitlint": event }));
}

/// Progress as events; notes at `-v` are left to `shown`.
pub(super) struct Events {
    shown: Shown,
    stage: Mutex<Option<Running>>,
}

struct Running {
    stage: Stage,
    done: u64,
    total: Option<u64>,
    written: Instant,
}

impl Events {
    /// Events beside what `shown` says.
    pub(super) fn new(shown: Shown) -> Self {
        Self {
            shown,
            stage: Mutex::new(None),
        }
    }

    fn with(&self, change: impl FnOnce(&mut Option<Running>)) {
        change(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Running {
    fn write(&mut self) {
        self.written = Instant::now();
        write(&json!({
            "stage": self.stage.name(),
            "doing": doing(self.stage),
            "done": self.done,
            "total": self.total,
        }));
    }
}

impl Progress for Events {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        self.shown.begin(stage, total);
        self.with(|running| {
            let new = running.insert(Running {
                stage,
                done: 0,
                total,
                written: Instant::now(),
            });
            new.write();
        });
    }

    fn advance(&self, steps: u64) {
        self.shown.advance(steps);
        self.with(|running| {
            if let Some(running) = running {
                running.done += steps;
                if running.written.elapsed() >= INTERVAL {
                    running.write();
                }
            }
        });
    }

    fn end(&self, stage: Stage, kept: &str) {
        self.with(|running| *running = None);
        self.shown.end(stage, kept);
    }
}
