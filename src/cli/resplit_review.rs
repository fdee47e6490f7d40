//! What the review of a report means for a new split: images that a person found to be
//! no copies do not hold each other together. Splits nothing.

use std::path::{Path, PathBuf};

use super::review;
use crate::assignment;
use crate::checks::leakage::{
    EXACT_DUPLICATE_ACROSS_SPLITS, NEAR_DUPLICATE_ACROSS_SPLITS, SAME_SCENE_ACROSS_SPLITS,
};
use crate::checks::registry;
use crate::config::Settings;
use crate::duplicates::{Duplicates, Pair};
use crate::error::Result;
use crate::executor::Executor;
use crate::finding::{About, Finding};
use crate::report::write_file;
use crate::resplit::{self, Plan};
use crate::review::{Rejected, ReportFolder, baseline_in, is_of_copies};
use crate::sample::{Listing, SampleId};
use crate::scan::Scan;

/// What accepts, in the new splits, what a review rejected.
const BASELINE: &str = "baseline.csv";

/// What a review rejected, and what it takes out of a scan.
pub(super) struct Reviewed {
    rejected: Rejected,
    no_copies: About,
    /// Pairs that were taken out.
    taken: Duplicates,
    /// What of two samples is no scene.
    pub(super) no_scenes: About,
}

/// The codes of the checks whose findings have to be known again to know which images
/// were rejected as copies.
pub(super) fn codes(rejected: &Rejected) -> Vec<String> {
    match rejected.is_empty() {
        true => Vec::new(),
        false => (registry::all())
            .filter(|declared| is_of_copies(declared.info))
            .map(|declared| declared.info.code.to_owned())
            .collect(),
    }
}

impl Reviewed {
    /// Takes out of the copies of `scan` what was rejected.
    pub(super) fn take_out_of(scan: &mut Scan, rejected: Rejected) -> Self {
        let accepted = scan.outcome.accepted.iter().map(|line| &line.finding);
        let findings: Vec<&Finding> = scan.outcome.findings.iter().chain(accepted).collect();
        let no_copies = rejected.no_copies(findings.iter().copied());
        let scenes = SAME_SCENE_ACROSS_SPLITS.code;
        let no_scenes = rejected.of_check(scenes, findings.iter().copied());
        let is_taken = |pair: &Pair| no_copies.both(pair.a, pair.b).is_some();
        let mut taken = Duplicates::default();
        if !rejected.is_empty() {
            let copies = &mut scan.evidence.duplicates;
            taken.pairs = copies.pairs.extract_if(.., |pair| is_taken(pair)).collect();
            copies.group(scan.evidence.listing.samples.len());
        }
        Self {
            rejected,
            no_copies,
            taken,
            no_scenes,
        }
    }

    /// What a person should know of it.
    pub(super) fn notes(&self, plan: &Plan) -> Option<String> {
        let pairs = || self.taken.pairs.iter().filter(|pair| !pair.demoted);
        let all = pairs().count();
        if all == 0 {
            return None;
        }
        let atom = |id: SampleId| plan.atoms.of_sample[id.index()];
        let joined = pairs().filter(|pair| atom(pair.a) == atom(pair.b)).count();
        let still = match joined {
            0 => String::new(),
            joined => format!("; {joined} of them stay together all the same, by other links"),
        };
        let pairs = if all == 1 { "pair" } else { "pairs" };
        Some(format!(
            "{all} {pairs} that a review found to be no copies hold nothing together{still}"
        ))
    }

    /// Writes the baseline that accepts in the new splits what was rejected in those of
    /// today, where such a pair lies across them: a finding is known by its splits, too.
    /// Answers with its place.
    pub(super) fn baseline(
        &self,
        settings: &Settings,
        scan: &Scan,
        (listing, was): (&Listing, &[SampleId]),
        folder: &Path,
        executor: &Executor,
    ) -> Result<Option<PathBuf>> {
        let across = [
            &EXACT_DUPLICATE_ACROSS_SPLITS,
            &NEAR_DUPLICATE_ACROSS_SPLITS,
        ];
        let copies = resplit::duplicates_of(&self.taken, was);
        if copies.pairs.is_empty() {
            return Ok(None);
        }
        let known = &scan.evidence;
        let new = (listing.clone(), copies);
        let mut found = assignment::judge(&settings.checks, known, new, was, executor)?.findings;
        found.retain(|finding| across.contains(&finding.check));
        // Who was rejected is known by the samples of today.
        for finding in &mut found {
            for id in &mut finding.samples {
                *id = was[id.index()];
            }
        }
        let lines = self.rejected.lines(&self.no_copies, &found);
        if lines.is_empty() {
            return Ok(None);
        }
        let mut baseline = settings.policy.acceptance.baseline.clone();
        if baseline.is_empty() {
            baseline = baseline_in(Path::new(review::BASELINE))?;
        }
        baseline.accept(lines);
        let file = folder.join(BASELINE);
        write_file(&file, &baseline.render())?;
        Ok(Some(file))
    }
}

/// That decisions on samples wait to be carried out.
pub(super) fn waiting(report: &ReportFolder) -> Option<String> {
    let decisions = report.decisions(None).ok()?;
    let acts = |word: &str| !word.is_empty() && !word.eq_ignore_ascii_case("keep");
    let count = decisions.iter().filter(|d| acts(d.decision.trim())).count();
    let decisions = match count {
        0 => return None,
        1 => "1 decision in decisions.csv drops or relabels a sample".to_owned(),
        count => format!("{count} decisions in decisions.csv drop or relabel samples"),
    };
    Some(format!(
        "{decisions}, and labels count as they are: `splitlint apply {} --to FOLDER` first, then split that copy",
        report.path().display()
    ))
}
