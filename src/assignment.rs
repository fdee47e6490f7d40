//! Asks checks of an assignment of samples to splits, with what a scan knows of
//! them. Decodes nothing and assigns nothing.

use crate::checks::{CheckContext, leakage};
use crate::config::SelectedCheck;
use crate::distribution;
use crate::duplicates::Duplicates;
use crate::error::Result;
use crate::evidence::Evidence;
use crate::executor::Executor;
use crate::finding::{CheckRun, Finding, Headlines};
use crate::headlines;
use crate::resplit;
use crate::sample::{Listing, SampleId};
use crate::scan::{copies_searched, run_check};

/// What checks find in an assignment.
pub struct Judged {
    /// What is known of it.
    pub evidence: Evidence,
    /// The figures a person asks for first.
    pub headlines: Headlines,
    /// What was found, in check order.
    pub findings: Vec<Finding>,
    /// How each check ended.
    pub runs: Vec<CheckRun>,
}

/// Asks `checks` of a listing and its copies, whose samples are `was` in `known`. Checks
/// that need more than fingerprints, pairs and footprints find nothing to judge.
///
/// # Errors
/// When the user asks to stop.
pub fn judge(
    checks: &[SelectedCheck],
    known: &Evidence,
    (listing, duplicates): (Listing, Duplicates),
    was: &[SampleId],
    executor: &Executor,
) -> Result<Judged> {
    let classes = distribution::count(&listing);
    let drift = distribution::drift(&listing, &classes, executor)?;
    let evidence = Evidence {
        fingerprints: resplit::fingerprints_of(&known.fingerprints, was),
        duplicates,
        demoted: known.demoted.clone(),
        footprints: known.footprints.as_ref().map(|all| all.of_samples(was)),
        classes,
        drift,
        listing,
        ..Evidence::default()
    };
    let data = CheckContext {
        evidence: &evidence,
        executor,
    };
    let (mut findings, mut runs) = (Vec::new(), Vec::new());
    for selected in checks {
        executor.stop().check()?;
        runs.push(run_check(selected, &data, false, &mut findings));
    }
    let headlines = headlines::headlines(&evidence, &findings, copies_searched(&runs));
    Ok(Judged {
        headlines,
        findings,
        runs,
        evidence,
    })
}

/// The samples of every group that file names or camera data suggest.
///
/// # Errors
/// When the user asks to stop.
pub fn inferred_groups(evidence: &Evidence, executor: &Executor) -> Result<Vec<Vec<SampleId>>> {
    Ok(leakage::inferred_groups(&CheckContext {
        evidence,
        executor,
    })?)
}
