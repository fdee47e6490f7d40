//! The whole pipeline on one screen. Finds, groups, judges and prints nothing
//! itself.

mod kept;
mod matching;
mod merge;
mod shard;
mod stages;

use std::sync::Arc;

use crate::checks::distribution::{CLASS_ABSENT_FROM_SPLIT, EMPTY_SPLIT, STRATIFICATION_DRIFT};
use crate::checks::leakage::{
    DECLARED_GROUP_ACROSS_SPLITS, EXACT_DUPLICATE_ACROSS_SPLITS, NEAR_DUPLICATE_ACROSS_SPLITS,
};
use crate::checks::{CheckContext, CheckError, Findings, Needs, Ran};
use crate::config::{SelectedCheck, Settings};
use crate::decisions;
use crate::error::{Error, Result};
use crate::evidence::Evidence;
use crate::executor::Executor;
use crate::finding::{self, About, CheckInfo, CheckRun, CountsAs, Finding, Headlines, RunState};
use crate::fingerprint::{self, Fingerprinted, Images};
use crate::footprints::{self, Footprints};
use crate::gate::{self, Case, Outcome};
use crate::headlines::{self, Drop, Linked};
use crate::labelling::{self, External, ObjectLabels};
use crate::object_copies::ObjectCopies;
use crate::progress::Progress;
use crate::resplit::{self, Forecast, Suggested, Together};
use crate::sample::{Listing, SampleId};
use crate::source::{self, Listed, Reader};

use kept::Kept;
pub use matching::{Given, match_files};
pub use merge::{Reachable, merge};
pub use shard::{Written, fingerprint};
use stages::Stages;

/// All that a scan found out.
pub struct Scan {
    /// What checks judged from.
    pub evidence: Evidence,
    /// The figures a person asks for first.
    pub headlines: Headlines,
    /// Findings and verdict.
    pub outcome: Outcome,
    /// The copies to drop to end every leak that was not accepted.
    pub drops: Vec<Drop>,
    /// What splitting anew would do, where there is reason to.
    pub resplit: Option<Forecast>,
    /// The images, for reports that show some.
    pub images: Images,
    /// What the user should know of the scan itself, such as a cache that
    /// could not be used.
    pub notes: Vec<String>,
    /// The user asked to stop; the rest is what was whole by then.
    pub interrupted: bool,
}

/// What [`examine`] starts from.
pub struct Prepared {
    /// The samples.
    pub listing: Listing,
    /// Facts of each, and its image.
    pub fingerprinted: Fingerprinted,
    /// The ground that images cover, where a check asks.
    pub footprints: Option<Footprints>,
    /// What the user brings to judge labels by.
    pub external: External,
    /// Likely pairs, where other processes searched them.
    pub given: Option<Given>,
    /// What the user should know already.
    pub notes: Vec<String>,
}

/// Scans the data set that `settings` name.
///
/// # Errors
/// When the data set cannot be listed, or thumbnails cannot be kept. A stop
/// asked for after listing is no error: the scan is then partial and says so.
pub fn scan(settings: &Settings, executor: &Executor, progress: &dyn Progress) -> Result<Scan> {
    let kept = Kept::new(settings);
    let Listed {
        listing, reader, ..
    } = executor
        .install(|| source::list_again(&settings.request, executor.stop(), progress, &kept))?;
    let unknown = settings.policy.thresholds.unknown_splits(&listing);
    if !unknown.is_empty() {
        return Err(Error::Config(unknown));
    }

    let needs = needs(settings);
    let external = external(settings, &listing)?;
    let mut notes = external.notes().to_vec();
    let (reader, limits): (Arc<dyn Reader>, _) = (Arc::from(reader), settings.limits);
    // A stop is noticed by the stages that follow.
    let footprints = needs
        .footprints
        .then(|| footprints::find(&listing, reader.as_ref(), executor, progress))
        .and_then(Result::ok);
    let fingerprinted = if needs.opens_images(!listing.objects.is_empty()) {
        let earlier = kept.earlier(&mut notes);
        fingerprint::compute(&listing, reader, limits, earlier, executor, progress)?
    } else {
        let contents = (needs.contents)
            .then(|| fingerprint::of_alike_splits(&listing, reader.as_ref(), executor));
        Fingerprinted {
            table: contents.and_then(Result::ok).unwrap_or_default(),
            ..Fingerprinted::unopened(reader, limits)
        }
    };
    let prepared = Prepared {
        listing,
        fingerprinted,
        footprints,
        external,
        given: None,
        notes,
    };
    Ok(examine(settings, prepared, executor, progress))
}

/// What the user brings to judge labels by, if a check asks.
fn external(settings: &Settings, listing: &Listing) -> Result<External> {
    let needs = needs(settings);
    if !needs.label_model && needs.objects_up_to == 0 {
        return Ok(External::Nothing);
    }
    let root = settings.request.root.as_deref();
    labelling::external(&settings.label_rows, listing, root)
}

/// What the selected checks need, together.
fn needs(settings: &Settings) -> Needs {
    (settings.checks.iter()).fold(Needs::default(), |all, c| all.or(c.check.needs()))
}

/// All of a scan but reading the data set and what the user supplies for labels.
pub fn examine(
    settings: &Settings,
    prepared: Prepared,
    executor: &Executor,
    progress: &dyn Progress,
) -> Scan {
    let stages = Stages {
        settings,
        executor,
        progress,
    };
    let Fingerprinted {
        table,
        images,
        mut interrupted,
    } = prepared.fingerprinted;
    let (listing, external) = (prepared.listing, prepared.external);
    let given = prepared.given;
    let brought = (&external, given.as_ref());
    let mut evidence = stages.evidence(listing, table, &images, brought, &mut interrupted);
    evidence.footprints = prepared.footprints;
    let (findings, runs) = stages.check(&evidence, &mut interrupted);

    let headlines = headlines::headlines(&evidence, &findings, copies_searched(&runs));
    let acceptance = &settings.policy.acceptance;
    let label_ids = match acceptance.baseline.is_empty() && acceptance.rules.is_empty() {
        true => Vec::new(),
        false => decisions::label_ids(&evidence.listing, &evidence.fingerprints),
    };
    let case = Case {
        findings,
        runs,
        listing: &evidence.listing,
        headlines: &headlines,
        drift: &evidence.drift,
        label_ids: &label_ids,
        interrupted,
    };
    let outcome = gate::judge(case, &settings.policy);
    let linked = Linked {
        listing: &evidence.listing,
        findings: &outcome.findings,
        within: &pairs_within_splits(&evidence, &outcome),
    };
    let drops = headlines::drops(linked, settings.drop_from);
    let resplit = (!interrupted && speaks_for_resplit(&outcome))
        .then(|| forecast(&evidence, executor))
        .flatten();
    let of_labels = evidence.labelling.iter().flat_map(|said| &said.notes);
    let notes = [
        prepared.notes,
        of_labels.cloned().collect(),
        (evidence.object_labels.iter())
            .flat_map(ObjectLabels::notes)
            .chain((evidence.object_copies.iter()).flat_map(ObjectCopies::notes))
            .collect(),
        images.memo.notes(),
    ];
    Scan {
        evidence,
        headlines,
        outcome,
        drops,
        resplit,
        images,
        notes: notes.concat(),
        interrupted,
    }
}

/// The pairs within one split each that are not demoted and that no accepted finding is
/// about.
fn pairs_within_splits(evidence: &Evidence, outcome: &Outcome) -> Vec<(SampleId, SampleId)> {
    let accepted = outcome.accepted.iter().map(|accepted| &accepted.finding);
    let accepted =
        accepted.filter(|finding| matches!(finding.measured, finding::Measured::Pair(_)));
    let about = About::of(accepted);
    let split = |id: SampleId| evidence.listing.sample(id).split;
    let pairs = evidence
        .duplicates
        .pairs
        .iter()
        .filter(|pair| !pair.demoted);
    pairs
        .map(|pair| (pair.a, pair.b))
        .filter(|&(a, b)| split(a) == split(b) && about.both(a, b).is_none())
        .collect()
}

/// The checks that a new assignment to splits can satisfy.
pub static RESPLIT_CHECKS: [&CheckInfo; 6] = [
    &EXACT_DUPLICATE_ACROSS_SPLITS,
    &NEAR_DUPLICATE_ACROSS_SPLITS,
    &DECLARED_GROUP_ACROSS_SPLITS,
    &STRATIFICATION_DRIFT,
    &CLASS_ABSENT_FROM_SPLIT,
    &EMPTY_SPLIT,
];

fn speaks_for_resplit(outcome: &Outcome) -> bool {
    let found = |finding: &Finding| RESPLIT_CHECKS.contains(&finding.check);
    outcome.findings.iter().any(found)
}

/// What a repair would do.
fn forecast(evidence: &Evidence, executor: &Executor) -> Option<Forecast> {
    let together = Together {
        copies: true,
        declared: true,
        inferred: false,
        scenes: false,
        footprints: false,
    };
    let (listing, duplicates) = (&evidence.listing, &evidence.duplicates);
    let links = resplit::links(listing, duplicates, Suggested::default(), together);
    let contents = resplit::contents(&evidence.fingerprints);
    resplit::forecast(listing, &contents, &links, executor.stop())
}

/// Runs one check; what it finds goes to `all`.
pub(crate) fn run_check(
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

/// Whether copies across splits were searched for and no search failed: then
/// a leak that is not reported is none.
pub(crate) fn copies_searched(runs: &[CheckRun]) -> bool {
    let any = |wanted: fn(&RunState) -> bool| {
        runs.iter()
            .any(|run| run.check.counts_as == CountsAs::Leak && wanted(&run.state))
    };
    any(|state| *state == RunState::Completed) && !any(|state| matches!(state, RunState::Failed(_)))
}
