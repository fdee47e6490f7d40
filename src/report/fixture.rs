//! A small outcome made by hand, with every kind of finding and names that
//! bite, over which all printers are tested.

use std::path::Path;

use super::Report;
use crate::decisions::Carried;
use crate::digest;
use crate::distribution;
use crate::duplicates::{Duplicates, Pair};
use crate::evidence;
use crate::executor::{Executor, StopFlag};
use crate::finding::{
    CheckInfo, CheckRun, CountsAs, Extent, Family, Figure, Finding, FindingId, Headlines,
    LabelFlag, LabelOpinion, Measured, PairEvidence, Relation, RunState, Severity, Share,
    Transform,
};
use crate::fingerprint::{Fingerprint, FingerprintTable};
use crate::gate::{Accepted, Breach, Outcome, Verdict};
use crate::headlines::{self, Drop, DropSide, Linked};
use crate::labelling::{Labelling, Said};
use crate::object_flaws::ObjectTable;
use crate::quality::QualityTable;
use crate::resplit::Forecast;
use crate::sample::{
    ClassId, ContentHash, Labels, Layout, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};
use crate::source::Request;

/// What a [`Report`] borrows.
pub(super) struct Fixture {
    pub(super) request: Request,
    pub(super) evidence: evidence::Evidence,
    pub(super) outcome: Outcome,
    pub(super) headlines: Headlines,
    pub(super) drops: Vec<Drop>,
    pub(super) decided: Carried,
    resplit: Forecast,
}

macro_rules! check {
    ($name:ident, $code:literal, $family:ident, $counts_as:ident, $kebab:literal, $severity:ident, $next:literal) => {
        static $name: CheckInfo = CheckInfo {
            code: $code,
            family: Family::$family,
            counts_as: CountsAs::$counts_as,
            name: $kebab,
            summary: concat!("what ", $kebab, " finds"),
            next_step: $next,
            severity: Severity::$severity,
            docs: concat!("# ", $kebab, "\n\n## What it finds\n\nWhat `it` finds.\n"),
        };
    };
}

check!(
    DRIFT,
    "DIST001",
    Distribution,
    Remark,
    "class-drift",
    Warning,
    "split anew by class"
);
check!(
    UNREADABLE,
    "FILE001",
    File,
    Unreadable,
    "unreadable-image",
    Error,
    "mend or remove the file"
);
check!(
    GROUPS,
    "LEAK003",
    Leak,
    Remark,
    "group-across-splits",
    Error,
    "split by group"
);
check!(
    EXACT,
    "LEAK001",
    Leak,
    Leak,
    "exact-duplicate-across-splits",
    Error,
    "drop the copies listed in `drop.csv`"
);
check!(
    NEAR,
    "LEAK002",
    Leak,
    Leak,
    "near-duplicate-across-splits",
    Error,
    "drop the copies listed in `drop.csv`"
);
check!(
    SUSPECT,
    "LABEL002",
    Label,
    SuspectLabel,
    "suspicious-label",
    Warning,
    "decide in `decisions.csv`"
);
check!(
    BROKEN,
    "SHORTCUT001",
    Shortcut,
    Remark,
    "size-tells-label",
    Warning,
    "save all classes alike"
);
check!(
    UNWANTED,
    "SHORTCUT002",
    Shortcut,
    Remark,
    "split-tells",
    Advice,
    "look"
);

/// A name of 300 characters.
pub(super) const LONG: usize = 300;

const CLASSES: [&str; 3] = ["cat", "dog", "<script>alert(1)</script>"];

/// Keys with split and class; ids are places in this list.
fn samples() -> Vec<(String, u16, Option<u32>)> {
    let mut all = Vec::new();
    for i in 0..6 {
        all.push((format!("train/cat/{i}.jpg"), 0, Some(0)));
    }
    for i in 0..4 {
        all.push((format!("train/dog/{i}.jpg"), 0, Some(1)));
    }
    all.push(("train/dog/\u{5e9}\u{202e}gpj.png".to_owned(), 0, Some(1)));
    all.push((
        "train/odd/<img src=x onerror=alert(1)>.jpg".to_owned(),
        0,
        Some(2),
    ));
    all.push((format!("test/cat/{}.jpg", "x".repeat(LONG)), 1, Some(0)));
    all.push((
        "test/cat/\"quoted\", `ticked` & 'more'.jpg".to_owned(),
        1,
        Some(0),
    ));
    all.push(("test/dog/%0A::error::x|y.jpg".to_owned(), 1, Some(1)));
    all.push(("test/odd/5.jpg".to_owned(), 1, Some(2)));
    all.push(("test/unlabelled.jpg".to_owned(), 1, None));
    all
}

impl Fixture {
    /// The outcome that all printers are tested over.
    pub(super) fn new() -> Self {
        let listing = listing();
        let findings = findings(&listing);
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        let classes = distribution::count(&listing);
        let drift = distribution::drift(&listing, &classes, &executor).expect("not stopped");
        let fingerprints = fingerprints(&listing);
        let contents: Vec<_> = (listing.samples.iter())
            .map(|sample| fingerprints.get(sample.id)?.content)
            .collect();
        let quality = QualityTable::of(&listing, &fingerprints);
        let labelling = Labelling {
            ids: Vec::new(),
            said: Said::Nothing("made by hand".to_owned()),
            features: String::new(),
            external: false,
            notes: Vec::new(),
            opinions: labels(&listing),
        };
        let evidence = evidence::Evidence {
            digest: Some(digest::digest(&listing, &contents)),
            duplicates: duplicates(),
            demoted: Vec::new(),
            labelling: Some(labelling),
            object_labels: None,
            carried: None,
            object_copies: None,
            listing,
            fingerprints,
            scenes: None,
            footprints: None,
            classes,
            drift,
            quality,
            objects: ObjectTable::default(),
        };
        let headlines = headlines::headlines(&evidence, &findings, true);
        let linked = Linked {
            listing: &evidence.listing,
            findings: &findings,
            within: &[],
        };
        let drops = headlines::drops(linked, DropSide::Training);
        Self {
            request: Request {
                root: Some("data <set>".into()),
                ..Request::default()
            },
            outcome: outcome(findings),
            evidence,
            headlines,
            drops,
            decided: Carried::default(),
            resplit: Forecast {
                samples: 16,
                moved: 3,
                crossing: (3, 0),
                drift: (0.25, 0.0625),
                proofs: vec!["class `a<b` lives in one atom (2 samples)".to_owned()],
            },
        }
    }

    /// The report over it.
    pub(super) fn report(&self) -> Report<'_> {
        Report {
            dataset: "data <set>",
            request: &self.request,
            evidence: &self.evidence,
            outcome: &self.outcome,
            headlines: &self.headlines,
            drops: &self.drops,
            decided: &self.decided,
            resplit: Some(&self.resplit),
        }
    }
}

fn listing() -> Listing {
    let samples = samples().into_iter().enumerate();
    Listing {
        layout: Layout {
            name: "folders",
            summary: "image folders: 2 splits (train, test) × 3 classes".to_owned(),
            correction: "name the splits with `--split NAME=PATH` if that is wrong".to_owned(),
        },
        splits: vec![Split::named("train"), Split::named("test")],
        classes: CLASSES.map(str::to_owned).to_vec(),
        samples: samples
            .map(|(index, (key, split, class))| Sample {
                id: SampleId(index as u32),
                key: SampleKey::from_path(Path::new(&key)),
                split: Some(SplitId(split)),
                labels: Labels::from_classes(class.map(ClassId).into_iter().collect()),
                objects: crate::sample::NO_OBJECTS,
                group: None,
            })
            .collect(),
        ..Listing::default()
    }
}

/// All but the last could be read; none was decoded, because what decoding
/// gives is not what printers are tested on.
fn fingerprints(listing: &Listing) -> FingerprintTable {
    let rows = listing.samples.iter().map(|sample| {
        let key = sample.key.as_str();
        Some(Fingerprint {
            content: (!key.ends_with("unlabelled.jpg")).then(|| ContentHash::of(key.as_bytes())),
            bytes: key.len() as u64,
            image: Err(crate::decode::DecodeFailure::Empty),
        })
    });
    FingerprintTable::new(rows.collect())
}

fn pair(a: u32, b: u32, relation: Relation, transform: Transform, distance: Option<u32>) -> Pair {
    Pair {
        a: SampleId(a),
        b: SampleId(b),
        evidence: PairEvidence {
            relation,
            transform,
            distance,
            similarity: if relation == Relation::Exact {
                1.0
            } else {
                0.9375
            },
        },
        demoted: false,
    }
}

fn duplicates() -> Duplicates {
    let smaller = Transform {
        scale: 0.5,
        ..Transform::default()
    };
    let mut pairs = vec![
        pair(0, 12, Relation::Exact, Transform::default(), Some(0)),
        pair(
            6,
            14,
            Relation::Transformed,
            Transform {
                mirrored: true,
                extent: Extent::Cropped(Share {
                    x: 0.05,
                    y: 0.05,
                    width: 0.9,
                    height: 0.9,
                }),
                ..Transform::default()
            },
            Some(31),
        ),
        pair(10, 13, Relation::Near, smaller, Some(2)),
    ];
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    Duplicates {
        groups: pairs.iter().map(|p| vec![p.a, p.b]).collect(),
        pairs,
        abstained: 2,
        across_only: false,
        unopened: 0,
        ..Duplicates::default()
    }
}

fn finding(
    listing: &Listing,
    check: &'static CheckInfo,
    samples: &[u32],
    message: String,
    score: Option<f64>,
    measured: Measured,
) -> Finding {
    let samples: Vec<SampleId> = samples.iter().map(|&id| SampleId(id)).collect();
    let of = |id: &SampleId| listing.sample(*id);
    let mut splits: Vec<SplitId> = samples.iter().filter_map(|id| of(id).split).collect();
    let mut labels: Vec<ClassId> = (samples.iter())
        .flat_map(|id| of(id).labels.classes().to_vec())
        .collect();
    splits.sort_unstable();
    splits.dedup();
    labels.sort_unstable();
    labels.dedup();
    Finding {
        id: FindingId::of_names(check.code, [message.as_str()]),
        check,
        severity: check.severity,
        message,
        samples,
        splits,
        labels,
        score,
        objects: Vec::new(),
        measured,
    }
}

fn findings(listing: &Listing) -> Vec<Finding> {
    let key = |id: u32| listing.sample(SampleId(id)).key.as_str();
    let mut all: Vec<Finding> = Vec::new();
    for pair in &duplicates().pairs {
        let (a, b) = (pair.a.0, pair.b.0);
        let check = if pair.evidence.relation == Relation::Exact {
            &EXACT
        } else {
            &NEAR
        };
        let words = pair.evidence.transform.to_string();
        all.push(finding(
            listing,
            check,
            &[b, a],
            format!("`{}` is `{}`, {words}", key(b), key(a)),
            Some(pair.evidence.similarity),
            Measured::Pair(pair.evidence.clone()),
        ));
    }
    all.push(finding(
        listing,
        &UNREADABLE,
        &[16],
        format!("`{}` is truncated", key(16)),
        None,
        Measured::None,
    ));
    for id in [1, 15] {
        all.push(finding(
            listing,
            &SUSPECT,
            &[id],
            format!("`{}` looks like `dog`", key(id)),
            Some(0.875),
            Measured::Figures(vec![
                Figure {
                    name: "given_probability",
                    value: 0.03125,
                },
                Figure {
                    name: "suggested_probability",
                    value: 0.75,
                },
            ]),
        ));
    }
    let mut drift = finding(
        listing,
        &DRIFT,
        &[],
        "31% of labels would have to move between `train` and `test`".to_owned(),
        Some(0.3125),
        Measured::Figures(vec![Figure {
            name: "total_variation",
            value: 0.3125,
        }]),
    );
    drift.splits = vec![SplitId(0), SplitId(1)];
    all.push(drift);
    all.sort_by(|a, b| (b.severity.cmp(&a.severity)).then_with(|| a.check.code.cmp(b.check.code)));
    all
}

fn labels(listing: &Listing) -> Vec<LabelOpinion> {
    let mut all = vec![
        LabelOpinion {
            score: Some(0.96875),
            ..LabelOpinion::default()
        };
        listing.samples.len()
    ];
    all[16] = LabelOpinion::default();
    for (id, score, flag) in [
        (1, 0.03125, LabelFlag::Strong),
        (15, 0.0625, LabelFlag::Likely),
    ] {
        all[id] = LabelOpinion {
            score: Some(score),
            suggested: Some((ClassId(1), 0.75)),
            cluster: Some(0),
            flag,
        };
    }
    all
}

fn outcome(mut findings: Vec<Finding>) -> Outcome {
    // One of the two suspicious labels was accepted.
    let accepted = findings.iter().rposition(|f| f.check.code == "LABEL002");
    let accepted = findings.remove(accepted.expect("is there"));
    let run = |check: &'static CheckInfo, state| CheckRun { check, state };
    let mut runs = vec![
        run(&DRIFT, RunState::Completed),
        run(&UNREADABLE, RunState::Completed),
        run(&EXACT, RunState::Completed),
        run(&NEAR, RunState::Completed),
        run(
            &GROUPS,
            RunState::NotApplicable("no group is declared".to_owned()),
        ),
        run(&SUSPECT, RunState::Completed),
        run(
            &BROKEN,
            RunState::Failed("the tree <fell> & broke".to_owned()),
        ),
        run(&UNWANTED, RunState::NotSelected),
    ];
    runs.sort_by_key(|run| run.check.code);
    Outcome {
        findings,
        accepted: vec![Accepted {
            finding: accepted,
            reason: "looked at, is \"right\"".to_owned(),
            who: "ada".to_owned(),
        }],
        runs,
        verdict: Verdict::Breached(vec![Breach {
            reason: "4 errors; `fail-on` is error".to_owned(),
        }]),
        allowed: Vec::new(),
        notes: vec!["baseline line 3: the finding is gone".to_owned()],
    }
}
