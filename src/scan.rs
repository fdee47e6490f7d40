//! The whole pipeline on one screen. Finds, groups, judges and prints nothing
//! itself.

use std::sync::Arc;

use crate::checks::{CheckContext, CheckError, Findings, Needs, Ran};
use crate::config::{SelectedCheck, Settings};
use crate::duplicates::{self, Duplicates};
use crate::error::Result;
use crate::executor::Executor;
use crate::finding::{CheckRun, Finding, Headlines, RunState};
use crate::fingerprint::{self, FingerprintTable, Pictures};
use crate::gate::{self, Case, Outcome};
use crate::progress::{Progress, Stage};
use crate::sample::Listing;
use crate::source::{self, Listed};

/// All that a scan found out.
pub struct Scan {
    /// The samples.
    pub listing: Listing,
    /// What was computed of each.
    pub fingerprints: FingerprintTable,
    /// Verified pairs.
    pub duplicates: Duplicates,
    /// Findings and verdict.
    pub outcome: Outcome,
    /// A second look at the pictures, for reports that show some.
    pub pictures: Pictures,
    /// The user asked to stop; the rest is what was whole by then.
    pub interrupted: bool,
}

/// Scans the data set that `settings` name.
///
/// # Errors
/// When the data set cannot be listed, or thumbnails cannot be kept. A stop
/// asked for after listing is no error: the scan is then partial and says so.
pub fn scan(settings: &Settings, executor: &Executor, progress: &dyn Progress) -> Result<Scan> {
    let Listed { listing, reader } = source::list(&settings.request, executor.stop(), progress)?;

    let needs = (settings.checks.iter()).fold(Needs::default(), |all, c| all.or(c.check.needs()));
    let fingerprinted = fingerprint::compute(
        &listing,
        Arc::from(reader),
        settings.limits,
        executor,
        progress,
    )?;
    let mut interrupted = fingerprinted.interrupted;
    let (fingerprints, pictures) = (fingerprinted.table, fingerprinted.pictures);

    let mut related = Duplicates::default();
    if needs.duplicates && !interrupted {
        progress.begin(Stage::Duplicates, None);
        match duplicates::find(&fingerprints, &pictures, executor) {
            Ok(found) => related = found,
            Err(_) => interrupted = true,
        }
        progress.end(Stage::Duplicates, &format!("{} pairs", related.pairs.len()));
    }

    let data = CheckContext {
        listing: &listing,
        fingerprints: &fingerprints,
        duplicates: &related,
        executor,
    };
    progress.begin(Stage::Checks, Some(settings.checks.len() as u64));
    let (mut findings, mut runs) = (Vec::new(), Vec::new());
    for selected in &settings.checks {
        let run = run_check(selected, &data, interrupted, &mut findings);
        interrupted |= executor.stop().is_raised();
        runs.push(run);
        progress.advance(1);
    }
    progress.end(Stage::Checks, &format!("{} findings", findings.len()));
    runs.extend(settings.left_out.iter().map(|&check| CheckRun {
        check,
        state: RunState::NotSelected,
    }));
    runs.sort_by_key(|run| run.check.code);

    let headlines = Headlines::default();
    let case = Case {
        findings,
        runs,
        listing: &listing,
        headlines: &headlines,
        interrupted,
    };
    let outcome = gate::judge(case, &settings.policy);
    Ok(Scan {
        listing,
        fingerprints,
        duplicates: related,
        outcome,
        pictures,
        interrupted,
    })
}

fn run_check(
    selected: &SelectedCheck,
    data: &CheckContext<'_>,
    interrupted: bool,
    all: &mut Vec<Finding>,
) -> CheckRun {
    let check = selected.check.info();
    let mut found = Findings::new(check, selected.severity);
    let state = if interrupted {
        RunState::Failed("the scan was interrupted before it".to_owned())
    } else {
        match selected.check.run(data, &mut found) {
            Ok(Ran::Completed) => RunState::Completed,
            Ok(Ran::NotApplicable(why)) => RunState::NotApplicable(why),
            Err(CheckError::Interrupted(_)) => RunState::Failed("interrupted".to_owned()),
            Err(CheckError::Failed(why)) => RunState::Failed(why),
        }
    };
    all.extend(found.into_vec());
    CheckRun { check, state }
}
