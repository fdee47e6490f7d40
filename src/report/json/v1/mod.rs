//! Version 1 of the JSON report, frozen: fields may be added, none changes its
//! name or meaning. The schema is `docs/schema/report-v1.json`.

mod of_report;

use std::collections::BTreeMap;

use serde::Serialize;

use super::dataset_v1::DatasetV1;
use super::digest_v1::DigestV1;

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Document {
    /// 1.
    pub version: u32,
    /// What wrote it.
    pub tool: Tool,
    /// What was asked to be scanned; paths as given, so relative ones start
    /// in the folder that the scan was started in.
    pub dataset: DatasetV1,
    /// How the data set was understood.
    pub layout: String,
    /// Of contents and labels; `null` where not every image was opened.
    pub digest: Option<DigestV1>,
    /// Pass or fail.
    pub verdict: VerdictV1,
    /// Numbers of things.
    pub counts: Counts,
    /// The figures a person asks for first.
    pub headlines: HeadlinesV1,
    /// The same in sentences, for people.
    pub sentences: Vec<SentenceV1>,
    /// What a person should know of the policy itself.
    pub notes: Vec<String>,
    /// Every check and how it ended, by code.
    pub checks: Vec<CheckV1>,
    /// Worst first; left out of `summary.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings: Option<Vec<FindingV1>>,
    /// Findings accepted earlier, which do not count; left out of
    /// `summary.json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Vec<AcceptedV1>>,
}

/// A headline in words.
#[derive(Debug, Serialize)]
pub struct SentenceV1 {
    /// `leaks`, `labels`, `distribution` or `files`.
    pub topic: &'static str,
    /// `bad`, `doubtful` or `good`.
    pub tone: &'static str,
    /// The fact.
    pub text: String,
    /// What qualifies it.
    pub detail: Option<String>,
}

/// A finding accepted earlier.
#[derive(Debug, Serialize)]
pub struct AcceptedV1 {
    /// The finding as it would have been.
    pub finding: FindingV1,
    /// Why; may be blank.
    pub reason: String,
    /// By whom; may be blank.
    pub who: String,
}

/// What wrote a report.
#[derive(Debug, Serialize)]
pub struct Tool {
    /// `splitlint`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// Pass or fail.
#[derive(Debug, Serialize)]
pub struct VerdictV1 {
    /// `clean`, `breached` or `incomplete`.
    pub result: &'static str,
    /// 0, 1 or 2.
    pub exit_code: u8,
    /// Why it is not clean.
    pub reasons: Vec<String>,
}

/// Numbers of things.
#[derive(Debug, Serialize)]
pub struct Counts {
    /// Images listed.
    pub samples: u64,
    /// Images that could not be decoded.
    pub unseen: u64,
    /// Findings accepted earlier, which do not count.
    pub accepted: u64,
    /// Findings by severity.
    pub findings: BTreeMap<&'static str, u64>,
    /// Verified pairs.
    pub pairs: u64,
    /// Verified pairs that are not in `pairs.parquet`.
    pub pairs_not_listed: u64,
    /// Candidate pairs that hold too little to be judged.
    pub pairs_undecided: u64,
    /// Groups of copies.
    pub groups: u64,
    /// Hidden files and such, passed over.
    pub passed_over: u64,
    /// Files kept out by globs.
    pub filtered: u64,
    /// Objects of each split; left out of a data set without objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectsV1>,
}

/// The objects of one split.
#[derive(Debug, Serialize)]
pub struct ObjectsV1 {
    /// The split; `null` for samples outside any.
    pub split: Option<String>,
    /// Images with an object.
    pub images: u64,
    /// Images without.
    pub background: u64,
    /// Objects.
    pub objects: u64,
    /// Objects below 32² pixels, as COCO counts them.
    pub small: u64,
    /// Objects from 32² to below 96² pixels.
    pub medium: u64,
    /// Objects from 96² pixels.
    pub large: u64,
}

/// The headline figures.
#[derive(Debug, Serialize)]
pub struct HeadlinesV1 {
    /// Every split.
    pub splits: Vec<SplitV1>,
    /// Every evaluation split; `null` where copies were not searched for.
    pub leaks: Option<Vec<LeakV1>>,
    /// Every split; `null` where no label was judged.
    pub suspects: Option<Vec<SuspectsV1>>,
    /// Every pair of splits.
    pub drift: Vec<DriftV1>,
}

/// What a split consists of.
#[derive(Debug, Serialize)]
pub struct SplitV1 {
    /// `null` in a data set without splits.
    pub split: Option<String>,
    /// Its images.
    pub samples: u64,
    /// Those that could not be decoded.
    pub unseen: u64,
    /// The class with the fewest images.
    pub smallest_class: Option<ClassSizeV1>,
    /// The class with the most images: always guessing it is right so often.
    pub largest_class: Option<ClassSizeV1>,
}

/// A class and its size.
#[derive(Debug, Serialize)]
pub struct ClassSizeV1 {
    /// Its name.
    pub label: String,
    /// Its images.
    pub count: u64,
}

/// How much of a split was seen before.
#[derive(Debug, Serialize)]
pub struct LeakV1 {
    /// Its name.
    pub split: String,
    /// Its images.
    pub samples: u64,
    /// Those with a copy in data trained on.
    pub leaked: u64,
    /// `leaked` of `samples`, 0 to 1.
    pub share: f64,
    /// Those of `leaked` of which a copy carries the same label.
    pub same_label: u64,
    /// The accuracy on `leaked` of a model that only remembers, 0 to 1.
    pub memorised_accuracy: Option<f64>,
    /// Images with a copy in each other split.
    pub sources: BTreeMap<String, u64>,
    /// Classes with a leaked image.
    pub classes: Vec<ClassLeakV1>,
}

/// [`LeakV1`] of one class.
#[derive(Debug, Serialize)]
pub struct ClassLeakV1 {
    /// Its name.
    pub label: String,
    /// The split's images of it.
    pub samples: u64,
    /// Those leaked.
    pub leaked: u64,
    /// `leaked` of `samples`, 0 to 1.
    pub share: f64,
}

/// How many labels are in question.
#[derive(Debug, Serialize)]
pub struct SuspectsV1 {
    /// `null` in a data set without splits.
    pub split: Option<String>,
    /// Labels judged.
    pub judged: u64,
    /// Those flagged.
    pub suspects: u64,
    /// Those flagged strongly.
    pub strong: u64,
    /// `suspects` of `judged`, 0 to 1: an upper bound.
    pub share: f64,
}

/// How far two splits lie apart.
#[derive(Debug, Serialize)]
pub struct DriftV1 {
    /// The first.
    pub split_a: String,
    /// The second.
    pub split_b: String,
    /// The share of labels that would have to move, 0 to 1.
    pub total_variation: f64,
    /// Its 95% interval.
    pub interval: Option<[f64; 2]>,
    /// Of the hypothesis that both are drawn alike.
    pub p_value: Option<f64>,
}

/// A check and how it ended.
#[derive(Debug, Serialize)]
pub struct CheckV1 {
    /// E.g. `LEAK001`.
    pub code: &'static str,
    /// In kebab case.
    pub name: &'static str,
    /// What it finds.
    pub summary: &'static str,
    /// `completed`, `not-applicable`, `failed` or `not-selected`.
    pub state: &'static str,
    /// Why it did not look.
    pub reason: Option<String>,
    /// Its findings.
    pub findings: u64,
}

/// A finding.
#[derive(Debug, Serialize)]
pub struct FindingV1 {
    /// Stable across runs and renames.
    pub id: String,
    /// Its check's code.
    pub code: &'static str,
    /// Its check's name.
    pub name: &'static str,
    /// `error`, `warning` or `advice`.
    pub severity: &'static str,
    /// The fact.
    pub message: String,
    /// What to do.
    pub next_step: &'static str,
    /// Splits concerned.
    pub splits: Vec<String>,
    /// Classes concerned.
    pub labels: Vec<String>,
    /// Samples concerned, the one to act on first.
    pub samples: Vec<String>,
    /// 0 to 1.
    pub score: Option<f64>,
    /// What was measured.
    pub evidence: Option<EvidenceV1>,
}

/// What a finding rests on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum EvidenceV1 {
    /// A verified pair.
    Pair {
        /// `exact`, `near`, `transformed` or `crop`.
        relation: &'static str,
        /// In words.
        transform: String,
        /// Bits of 64.
        distance: Option<u32>,
        /// 0 to 1.
        similarity: f64,
    },
    /// Named numbers; what is no number is left out.
    Figures {
        /// By name.
        figures: BTreeMap<&'static str, f64>,
    },
}
