//! Shows how far a scan is: a bar on a terminal, lines at `-v`. Counts
//! nothing but time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console;
use crate::progress::{Progress, Stage};

/// How often a bar without news is drawn anew, so that it is seen to live.
const TICK: Duration = Duration::from_millis(100);

/// Progress on standard error.
pub(super) struct Shown {
    bars: bool,
    verbose: bool,
    stage: Mutex<Option<(ProgressBar, Instant)>>,
}

impl Shown {
    /// `bars` where a person watches; `verbose` for a line a stage.
    pub(super) fn new(bars: bool, verbose: bool) -> Self {
        Self {
            bars,
            verbose,
            stage: Mutex::new(None),
        }
    }

    fn stage(&self) -> MutexGuard<'_, Option<(ProgressBar, Instant)>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Shown {
    fn begin(&self, stage: Stage, total: Option<u64>) {
        let target = if self.bars {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(total, target)
            .with_style(style(stage, total.is_some()))
            .with_message(doing(stage));
        if self.bars {
            bar.enable_steady_tick(TICK);
        }
        *self.stage() = Some((bar, Instant::now()));
    }

    fn advance(&self, steps: u64) {
        if let Some((bar, _)) = &*self.stage() {
            bar.inc(steps);
        }
    }

    fn end(&self, stage: Stage, kept: &str) {
        let Some((bar, begun)) = self.stage().take() else {
            return;
        };
        bar.finish_and_clear();
        if self.verbose {
            let seconds = begun.elapsed().as_secs_f64();
            console::note(format!("{:<12} {seconds:>7.2} s  {kept}", stage.name()));
        }
    }
}

/// What is being done, for a person.
pub(super) fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Walk => "walking",
        Stage::Fingerprint => "reading images",
        Stage::Footprints => "reading places",
        Stage::Duplicates => "comparing images",
        Stage::Scenes => "linking scenes",
        Stage::Objects => "comparing objects",
        Stage::Labels => "judging labels",
        Stage::Checks => "checking",
        Stage::Report => "writing the report",
    }
}

fn style(stage: Stage, total_known: bool) -> ProgressStyle {
    let template = match (stage, total_known) {
        (Stage::Walk, _) => "{spinner} {msg}: {human_pos} files, {elapsed}",
        (Stage::Fingerprint, true) => {
            "{spinner} {msg} [{bar:28}] {human_pos}/{human_len}, {per_sec}, {eta} left"
        }
        (_, true) => "{spinner} {msg} [{bar:28}] {human_pos}/{human_len}, {elapsed}",
        (_, false) => "{spinner} {msg}, {elapsed}",
    };
    // The templates are ours; a wrong one costs the looks, not the scan.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        for stage in [
            Stage::Walk,
            Stage::Fingerprint,
            Stage::Footprints,
            Stage::Duplicates,
            Stage::Scenes,
            Stage::Objects,
            Stage::Labels,
            Stage::Checks,
            Stage::Report,
        ] {
            style(stage, true);
            style(stage, false);
            assert!(!doing(stage).is_empty());
        }
    }

    #[test]
    fn news_out_of_order_harms_nothing() {
        let shown = Shown::new(false, false);
        shown.advance(1);
        shown.end(Stage::Walk, "");
        shown.begin(Stage::Walk, None);
        shown.begin(Stage::Checks, Some(1));
        shown.advance(9);
        shown.end(Stage::Checks, "done");
    }
}
