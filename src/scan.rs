//! The whole pipeline on one screen. Finds, groups, judges and prints nothing
//! itself.

mod matching;
mod merge;
mod shard;

use std::sync::{Arc, OnceLock};

use crate::checks::distribution::{CLASS_ABSENT_FROM_SPLIT, EMPTY_SPLIT, STRATIFICATION_DRIFT};
use crate::checks::leakage::{
    DECLARED_GROUP_ACROSS_SPLITS, EXACT_DUPLICATE_ACROSS_SPLITS, NEAR_DUPLICATE_ACROSS_SPLITS,
};
use crate::checks::{CheckContext, CheckError, Findings, Needs, Ran};
use crate::config::{self, SelectedCheck, Settings};
use crate::decisions;
use crate::digest;
use crate::distribution;
use crate::duplicates::{self, Duplicates};
use crate::error::{Error, Result};
use crate::evidence::carried::{self, Ground};
use crate::evidence::{self, DemotedBand, Evidence};
use crate::executor::{Executor, Interrupted};
use crate::finding::{self, About, CheckInfo, CheckRun, CountsAs, Finding, Headlines, RunState};
use crate::fingerprint::cache::{self, Cache};
use crate::fingerprint::{self, Earlier, FingerprintTable, Fingerprinted, Images};
use crate::footprints::{self, Footprints};
use crate::gate::{self, Case, Outcome};
use crate::headlines::{self, Drop, Linked};
use crate::labelling::{self, External, Labelling, Material, ObjectLabels};
use crate::object_copies::{self, ObjectCopies};
use crate::object_flaws::ObjectTable;
use crate::progress::{Progress, Stage};
use crate::quality::QualityTable;
use crate::resplit::{self, Forecast, Suggested, Together};
use crate::sample::{ContentHash, Listing, ObjectId, SampleId};
use crate::scenes::{self, Scenes};
use crate::source::{self, Listed, Memo, Reader, Version};

pub use matching::{Given, match_files};
pub use merge::{Reachable, merge};
pub use shard::{Written, fingerprint};

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

/// What every stage of a scan is given.
struct Stages<'a> {
    settings: &'a Settings,
    executor: &'a Executor,
    progress: &'a dyn Progress,
}

impl Stages<'_> {
    /// Finds out what the selected checks need. After a stop the rest is empty.
    fn evidence(
        &self,
        listing: Listing,
        fingerprints: FingerprintTable,
        images: &Images,
        (external, given): (&External, Option<&Given>),
        interrupted: &mut bool,
    ) -> Evidence {
        let needs = needs(self.settings);
        let (mut duplicates, demoted) = (needs.searches_copies() && !*interrupted)
            .then(|| self.duplicates(&listing, &fingerprints, images, given))
            .and_then(|found| or_stop(found, interrupted))
            .unwrap_or_default();
        let digest = contents(&listing, &fingerprints);
        let digest = digest.map(|all| digest::digest(&listing, &all));
        let search_scenes = (1..=needs.scenes_up_to).contains(&listing.samples.len());
        let scenes = (search_scenes && !*interrupted)
            .then(|| self.scenes(&fingerprints, images))
            .and_then(|found| or_stop(found, interrupted))
            .map(|found| found.beyond(&mut duplicates, listing.samples.len()));
        duplicates.unopened = images.access.unopened().len() as u64;
        let classes = distribution::count(&listing);
        let drift = distribution::drift(&listing, &classes, self.executor);
        let drift = or_stop(drift, interrupted).unwrap_or_default();
        let quality = QualityTable::of(&listing, &fingerprints);
        let objects = ObjectTable::of(&listing, &fingerprints, self.executor);
        let objects = or_stop(objects, interrupted).unwrap_or_default();
        let same_scene: Vec<_> = (scenes.iter().filter(|scenes| !scenes.is_one_view()))
            .flat_map(|scenes| scenes.links.iter().map(|link| (link.a, link.b)))
            .collect();
        let material = Material {
            listing: &listing,
            fingerprints: &fingerprints,
            duplicates: &duplicates,
            scenes: &same_scene,
            images,
            external,
        };
        let labelling = (needs.label_model && !*interrupted)
            .then(|| self.labelling(material))
            .and_then(|said| or_stop(said, interrupted));
        let judge_objects = (1..=needs.objects_up_to).contains(&listing.objects.len());
        let object_labels = (judge_objects && !*interrupted)
            .then(|| self.object_labels(material, &objects))
            .and_then(|said| or_stop(said, interrupted));
        let compare_objects = (1..=needs.object_copies_up_to).contains(&listing.objects.len());
        let object_copies = (compare_objects && listing.places() > 1 && !*interrupted)
            .then(|| self.object_copies(material, &objects))
            .and_then(|found| or_stop(found, interrupted));
        let carried = (needs.carried_objects && !*interrupted)
            .then(|| {
                let ground = Ground {
                    listing: &listing,
                    fingerprints: &fingerprints,
                    images,
                    objects: &objects,
                    duplicates: &duplicates,
                    scenes: scenes.as_ref(),
                };
                carried::carry(ground, self.executor)
            })
            .and_then(|found| or_stop(found, interrupted));
        Evidence {
            listing,
            fingerprints,
            digest,
            duplicates,
            demoted,
            scenes,
            footprints: None,
            classes,
            drift,
            quality,
            objects,
            carried,
            object_copies,
            labelling,
            object_labels,
        }
    }

    fn scenes(
        &self,
        fingerprints: &FingerprintTable,
        images: &Images,
    ) -> Result<Scenes, Interrupted> {
        self.progress.begin(Stage::Scenes, None);
        let found = scenes::find(fingerprints, images, self.executor);
        let links = found.as_ref().map_or(0, |found| found.links.len());
        self.progress.end(Stage::Scenes, &format!("{links} links"));
        found
    }

    fn duplicates(
        &self,
        listing: &Listing,
        fingerprints: &FingerprintTable,
        images: &Images,
        given: Option<&Given>,
    ) -> Result<(Duplicates, Vec<DemotedBand>), Interrupted> {
        self.progress.begin(Stage::Duplicates, None);
        let found = match given {
            None => duplicates::find(fingerprints, images, self.executor),
            Some(given) => {
                duplicates::find_given(fingerprints, images, &given.pairs, self.executor)
            }
        };
        let found = found.map(|mut found| {
            found.across_only = given.is_some_and(|given| !given.complete);
            let demoted = evidence::demote(&mut found, listing);
            (found, demoted)
        });
        let pairs = found.as_ref().map_or(0, |(found, _)| found.pairs.len());
        self.progress
            .end(Stage::Duplicates, &format!("{pairs} pairs"));
        found
    }

    fn labelling(&self, material: Material<'_>) -> Result<Labelling, Interrupted> {
        labelling::labelling(
            material,
            &self.settings.label_model,
            self.executor,
            self.progress,
        )
    }

    fn object_labels(
        &self,
        material: Material<'_>,
        objects: &ObjectTable,
    ) -> Result<ObjectLabels, Interrupted> {
        labelling::object_labels(
            material,
            objects,
            &self.settings.label_model,
            self.executor,
            self.progress,
        )
    }

    fn object_copies(
        &self,
        material: Material<'_>,
        objects: &ObjectTable,
    ) -> Result<ObjectCopies, Interrupted> {
        let listing = material.listing;
        let material = object_copies::Material {
            listing,
            fingerprints: material.fingerprints,
            images: material.images,
            objects,
            duplicates: material.duplicates,
            scenes: material.scenes,
        };
        let mut found = object_copies::find(material, self.executor, self.progress)?;
        let class = |(id, _): &(ObjectId, SampleId)| Some(listing.objects[id.index()].class.0);
        let classes: Vec<_> = found.compared.iter().map(class).collect();
        evidence::demote_by(&mut found.found, &classes);
        Ok(found)
    }

    /// Runs the selected checks: all findings, and how every check ended, in
    /// code order.
    fn check(&self, evidence: &Evidence, interrupted: &mut bool) -> (Vec<Finding>, Vec<CheckRun>) {
        let (settings, executor) = (self.settings, self.executor);
        let data = CheckContext { evidence, executor };
        self.progress
            .begin(Stage::Checks, Some(settings.checks.len() as u64));
        let (mut findings, mut runs) = (Vec::new(), Vec::new());
        for selected in &settings.checks {
            runs.push(run_check(selected, &data, *interrupted, &mut findings));
            *interrupted |= executor.stop().is_raised();
            self.progress.advance(1);
        }
        self.progress
            .end(Stage::Checks, &format!("{} findings", findings.len()));
        runs.extend(settings.left_out.iter().map(|&check| CheckRun {
            check,
            state: RunState::NotSelected,
        }));
        runs.sort_by_key(|run| run.check.code);
        (findings, runs)
    }
}

/// The answer of a stage; none of one that was stopped, which is noted.
fn or_stop<T>(answer: Result<T, Interrupted>, interrupted: &mut bool) -> Option<T> {
    *interrupted |= answer.is_err();
    answer.ok()
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

/// The content of every sample; `None` where one was not looked at.
fn contents(
    listing: &Listing,
    fingerprints: &FingerprintTable,
) -> Option<Vec<Option<ContentHash>>> {
    let rows = listing.samples.iter().map(|s| fingerprints.get(s.id));
    rows.map(|row| row.map(|row| row.content)).collect()
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

/// What earlier scans left, opened when it is first asked for.
struct Kept<'a> {
    settings: &'a Settings,
    /// The cache, or why there is none.
    cache: OnceLock<Option<Result<Arc<Cache>, String>>>,
}

impl<'a> Kept<'a> {
    fn new(settings: &'a Settings) -> Self {
        Self {
            settings,
            cache: OnceLock::new(),
        }
    }

    /// `None` where no cache is wanted.
    fn cache(&self) -> Option<Result<&Arc<Cache>, &String>> {
        let opened = self.cache.get_or_init(|| match &self.settings.cache {
            config::Cache::At(folder) => Some(Cache::open(folder, cache::LIMIT).map(Arc::new)),
            _ => None,
        });
        opened.as_ref().map(Result::as_ref)
    }

    /// What fingerprints are taken from. That there is no cache is a note.
    fn earlier(&self, notes: &mut Vec<String>) -> Option<Earlier> {
        match self.cache()? {
            Ok(cache) => Some(Earlier {
                cache: Arc::clone(cache),
                check_content: self.settings.check_content,
            }),
            Err(note) => {
                notes.push(note.clone());
                None
            }
        }
    }
}

impl Memo for Kept<'_> {
    fn get(&self, method: &str, of: &Version) -> Option<Vec<u8>> {
        // Whoever asks for contents to be compared trusts no state of a file.
        match self.settings.check_content {
            true => None,
            false => Memo::get(self.cache()?.ok()?.as_ref(), method, of),
        }
    }

    fn put(&self, method: &str, of: &Version, made: Vec<u8>) {
        if let Some(Ok(cache)) = self.cache() {
            Memo::put(cache.as_ref(), method, of, made);
        }
    }
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
