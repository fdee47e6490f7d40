//! The whole pipeline on one screen. Finds, groups, judges and prints nothing
//! itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::checks::{CheckContext, CheckError, Findings, Needs, Ran};
use crate::config::{self, SelectedCheck, Settings};
use crate::digest::{self, DatasetDigest};
use crate::distribution::{self, ClassCounts, Drift};
use crate::duplicates::{self, Duplicates};
use crate::error::Result;
use crate::executor::Executor;
use crate::finding::{
    CheckRun, CountsAs, DriftFigures, Evidence, Finding, FindingId, Headlines, LabelOpinion, RunState,
};
use crate::fingerprint::cache::{self, Cache};
use crate::fingerprint::{self, Earlier, FingerprintTable, Fingerprinted, Images};
use crate::gate::{self, Case, Outcome};
use crate::headlines::{self, Drop, Known, Linked};
use crate::labelling::{self, Brought, Labelling, Material};
use crate::progress::{Progress, Stage};
use crate::quality::QualityTable;
use crate::sample::{ContentHash, Listing, SampleId};
use crate::source::{self, Listed};

/// All that a scan found out.
pub struct Scan {
    /// The samples.
    pub listing: Listing,
    /// What was computed of each.
    pub fingerprints: FingerprintTable,
    /// Of contents and labels; `None` where not every image was opened.
    pub digest: Option<DatasetDigest>,
    /// Verified pairs.
    pub duplicates: Duplicates,
    /// What is thought of the labels; `None` where no check asked.
    pub labelling: Option<Labelling>,
    /// Samples by split and class.
    pub classes: ClassCounts,
    /// How far each two splits lie apart.
    pub drift: Vec<Drift>,
    /// What speaks against single pictures.
    pub quality: QualityTable,
    /// The figures a person asks for first.
    pub headlines: Headlines,
    /// Findings and verdict.
    pub outcome: Outcome,
    /// The copies to drop to end every leak that was not accepted.
    pub drops: Vec<Drop>,
    /// The images, for reports that show some.
    pub images: Images,
    /// What the user should know of the scan itself, such as a cache that
    /// could not be used.
    pub notes: Vec<String>,
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

    let brought = match needs(settings).label_model {
        true => labelling::bring(
            &settings.label_rows,
            &listing,
            settings.request.root.as_deref(),
        )?,
        false => Brought::Nothing,
    };
    let mut notes = brought.notes().to_vec();
    let earlier = earlier_scans(settings, &mut notes);
    let fingerprinted = fingerprint::compute(
        &listing,
        Arc::from(reader),
        settings.limits,
        earlier.clone(),
        executor,
        progress,
    )?;
    let mut scan = examine(
        settings,
        listing,
        fingerprinted,
        &brought,
        executor,
        progress,
    );
    notes.extend(scan.labelling.iter().flat_map(|said| said.notes.clone()));
    notes.extend(earlier.iter().flat_map(|earlier| earlier.cache.notes()));
    scan.notes = notes;
    Ok(scan)
}

/// What the selected checks need, together.
fn needs(settings: &Settings) -> Needs {
    (settings.checks.iter()).fold(Needs::default(), |all, c| all.or(c.check.needs()))
}

/// All of a scan but reading the data set and what is brought for labels.
pub fn examine(
    settings: &Settings,
    listing: Listing,
    fingerprinted: Fingerprinted,
    brought: &Brought,
    executor: &Executor,
    progress: &dyn Progress,
) -> Scan {
    let needs = needs(settings);
    let mut interrupted = fingerprinted.interrupted;
    let (fingerprints, images) = (fingerprinted.table, fingerprinted.images);

    let mut related = Duplicates::default();
    if (needs.duplicates || needs.label_model) && !interrupted {
        progress.begin(Stage::Duplicates, None);
        match duplicates::find(&fingerprints, &images, executor) {
            Ok(found) => {
                related = found;
                let single = listing.samples.iter().map(|sample| sample.labels.single());
                let single: Vec<_> = single.map(|class| class.map(|c| c.0)).collect();
                related.set_aside(&single);
            }
            Err(_) => interrupted = true,
        }
        progress.end(Stage::Duplicates, &format!("{} pairs", related.pairs.len()));
    }

    let digest = contents(&listing, &fingerprints).map(|all| digest::digest(&listing, &all));
    let classes = distribution::count(&listing);
    let drift = distribution::drift(&listing, &classes, executor).unwrap_or_else(|_| {
        interrupted = true;
        Vec::new()
    });
    let quality = QualityTable::of(&listing, &fingerprints);
    let mut labelling = None;
    if needs.label_model && !interrupted {
        let material = Material {
            listing: &listing,
            fingerprints: &fingerprints,
            duplicates: &related,
            images: &images,
            brought,
        };
        match labelling::labelling(material, &settings.label_model, executor, progress) {
            Ok(said) => labelling = Some(said),
            Err(_) => interrupted = true,
        }
    }

    let data = CheckContext {
        listing: &listing,
        fingerprints: &fingerprints,
        duplicates: &related,
        classes: &classes,
        drift: &drift,
        quality: &quality,
        labelling: labelling.as_ref(),
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

    let headlines = headlines::headlines(Known {
        listing: &listing,
        fingerprints: &fingerprints,
        findings: &findings,
        copies_searched: copies_searched(&runs),
        labels: opinions(labelling.as_ref()),
        belief: labelling.as_ref().and_then(Labelling::belief),
        drift: drift.iter().map(drift_figures).collect(),
    });
    let case = Case {
        findings,
        runs,
        listing: &listing,
        headlines: &headlines,
        interrupted,
    };
    let outcome = gate::judge(case, &settings.policy);
    let linked = Linked {
        listing: &listing,
        findings: &outcome.findings,
        within: &pairs_within_splits(&listing, &related, &outcome),
    };
    let drops = headlines::drops(linked, settings.drop_from);
    Scan {
        listing,
        fingerprints,
        digest,
        duplicates: related,
        labelling,
        classes,
        drift,
        quality,
        headlines,
        outcome,
        drops,
        images,
        notes: Vec::new(),
        interrupted,
    }
}

/// The pairs in one split each that nobody doubts and no accepted finding is
/// about.
fn pairs_within_splits(
    listing: &Listing,
    related: &Duplicates,
    outcome: &Outcome,
) -> Vec<(SampleId, SampleId)> {
    let accepted = outcome.accepted.iter().map(|accepted| &accepted.finding);
    let accepted = accepted.filter(|finding| matches!(finding.evidence, Evidence::Pair(_)));
    let mut of_sample: BTreeMap<SampleId, BTreeSet<FindingId>> = BTreeMap::new();
    for finding in accepted {
        for &id in &finding.samples {
            of_sample.entry(id).or_default().insert(finding.id);
        }
    }
    let is_accepted = |a: SampleId, b: SampleId| match (of_sample.get(&a), of_sample.get(&b)) {
        (Some(of_a), Some(of_b)) => !of_a.is_disjoint(of_b),
        _ => false,
    };
    let split = |id: SampleId| listing.sample(id).split;
    let pairs = related.pairs.iter().filter(|pair| !pair.doubtful);
    pairs
        .map(|pair| (pair.a, pair.b))
        .filter(|&(a, b)| split(a) == split(b) && !is_accepted(a, b))
        .collect()
}

/// The content of every sample; `None` where one was not looked at.
fn contents(
    listing: &Listing,
    fingerprints: &FingerprintTable,
) -> Option<Vec<Option<ContentHash>>> {
    let rows = listing.samples.iter().map(|s| fingerprints.get(s.id));
    rows.map(|row| row.map(|row| row.content)).collect()
}

fn earlier_scans(settings: &Settings, notes: &mut Vec<String>) -> Option<Earlier> {
    let config::Cache::At(folder) = &settings.cache else {
        return None;
    };
    let cache = Cache::open(folder, cache::LIMIT).map_err(|note| notes.push(note));
    Some(Earlier {
        cache: Arc::new(cache.ok()?),
        check_content: settings.check_content,
    })
}

/// What is thought of each sample's label, where anything may be.
fn opinions(labelling: Option<&Labelling>) -> &[LabelOpinion] {
    labelling
        .filter(|labelling| labelling.unusable().is_none())
        .map_or(&[], |labelling| &labelling.opinions)
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

/// Whether copies across splits were searched for and no search failed: then
/// a leak that is not told of is none.
fn copies_searched(runs: &[CheckRun]) -> bool {
    let any = |wanted: fn(&RunState) -> bool| {
        runs.iter()
            .any(|run| run.check.counts_as == CountsAs::Leak && wanted(&run.state))
    };
    any(|state| *state == RunState::Completed) && !any(|state| matches!(state, RunState::Failed(_)))
}

fn drift_figures(drift: &Drift) -> DriftFigures {
    DriftFigures {
        a: drift.a,
        b: drift.b,
        total_variation: drift.total_variation,
        interval: Some((drift.interval.low, drift.interval.high)),
        p_value: Some(drift.p_value),
    }
}
