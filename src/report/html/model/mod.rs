//! What the page says, ready for its template. Chooses no image.

mod sections;

use serde::Serialize;

use super::cards::{Cards, Image, SectionView};
use super::charts::{self, Confusion, Histogram, ShareChart};
use super::chosen_images::{ChosenImages, Section};
use super::scatter::{Scatter, scatters};
use super::{Crops, Originals, Thumbnails};
use crate::report::{Report, headline_sentences};
use crate::words::{number, shown};
use sections::{
    checks, classes, distribution, drift, leaked_classes, no_pairs, objects, pairs_all, resplit,
    row, severities, verdict,
};

/// Findings in the table; all of them are in `findings.csv`. A browser sorts
/// this many rows in a blink.
const ROWS: usize = 1000;

/// Samples named in a row of the table.
const NAMED: usize = 3;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    version: &'static str,
    dataset: String,
    layout: String,
    correction: String,
    verdict: VerdictView,
    notes: Vec<String>,
    sentences: Vec<SentenceView>,
    severities: Vec<(&'static str, String)>,
    /// Copies, by check.
    pairs: Vec<SectionView>,
    groups: Vec<GroupView>,
    groups_left: usize,
    /// Why no pair is shown, where none is.
    no_pairs: String,
    /// How many pairs there are and where they stand; empty where none were
    /// searched for.
    pairs_all: String,
    leaked_classes: Vec<LeakedClass>,
    leaked_classes_left: usize,
    resplit: Option<ResplitView>,
    scatters: Vec<Scatter>,
    shares: Option<ShareChart>,
    objects: Vec<ObjectsView>,
    drift: Vec<DriftView>,
    distribution: Vec<CheckFindings>,
    labels: Vec<SectionView>,
    /// Whether any label was judged: without, there is no all-clear.
    labels_judged: bool,
    confusion: Option<Confusion>,
    others: Vec<SectionView>,
    histograms: Vec<Histogram>,
    not_checked: Vec<(String, String, String)>,
    classes: Vec<String>,
    rows: Vec<Row>,
    rows_left: String,
    accepted: Vec<AcceptedView>,
    accepted_left: usize,
    checks: Vec<CheckView>,
    /// Images left out because the page would have grown too large.
    images_left: usize,
}

#[derive(Debug, Serialize)]
struct VerdictView {
    name: &'static str,
    tone: &'static str,
    exit_code: u8,
    reasons: Vec<String>,
    /// Findings that close no gate, and why.
    allowed: Vec<String>,
}

#[derive(Debug, Serialize)]
struct SentenceView {
    anchor: &'static str,
    tone: &'static str,
    text: String,
    detail: Option<String>,
}

#[derive(Debug, Serialize)]
struct GroupView {
    members: Vec<Image>,
    all: String,
    more: usize,
}

#[derive(Debug, Serialize)]
struct LeakedClass {
    split: String,
    label: String,
    leaked: u64,
    samples: u64,
    share: String,
}

/// What splitting anew would do.
#[derive(Debug, Serialize)]
struct ResplitView {
    moved: String,
    samples: String,
    crossing: (String, String),
    drift: (String, String),
    proofs: Vec<String>,
    proofs_left: usize,
}

#[derive(Debug, Serialize)]
struct DriftView {
    a: String,
    b: String,
    total_variation: String,
    interval: String,
    by_chance: String,
    p_value: String,
    cramers_v: String,
    words: &'static str,
}

/// The objects of a split.
#[derive(Debug, Serialize)]
struct ObjectsView {
    split: String,
    images: String,
    background: String,
    objects: String,
    an_image: String,
    small: String,
    medium: String,
    large: String,
}

/// The findings of a check that has no images.
#[derive(Debug, Serialize)]
struct CheckFindings {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    next_step: &'static str,
    messages: Vec<String>,
    left: usize,
}

/// A row of the table of findings.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    code: &'static str,
    severity: &'static str,
    rank: u8,
    message: String,
    labels: String,
    samples: Vec<String>,
    more: usize,
    score: Option<String>,
}

#[derive(Debug, Serialize)]
struct AcceptedView {
    code: &'static str,
    message: String,
    reason: String,
    who: String,
}

/// A check's explanation.
#[derive(Debug, Serialize)]
struct CheckView {
    code: &'static str,
    name: &'static str,
    summary: &'static str,
    next_step: &'static str,
    state: &'static str,
    count: u64,
    /// HTML of our own docs page.
    docs: String,
}

impl Page {
    /// The page over `report`.
    pub(super) fn of(
        report: &Report<'_>,
        images: (&Thumbnails, &Crops),
        originals: &Originals,
    ) -> Self {
        let chosen = ChosenImages::plan(report);
        let outcome = report.outcome;
        let mut cards = Cards::new(report, images, originals);
        let mut sections = |sections: &[Section<'_>]| -> Vec<SectionView> {
            sections.iter().filter_map(|s| cards.section(s)).collect()
        };
        let pairs = sections(&chosen.pairs);
        let labels = sections(&chosen.labels);
        let others = sections(&chosen.others);
        let groups = (chosen.groups.iter())
            .map(|(members, all)| GroupView {
                members: members.iter().map(|&id| cards.image(id)).collect(),
                all: number(*all as u64),
                more: all - members.len(),
            })
            .collect();
        let findings = outcome.findings.len();
        let (leaked_classes, leaked_classes_left) = leaked_classes(report);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            dataset: shown(report.dataset),
            layout: shown(&report.listing.layout.summary),
            correction: report.listing.layout.correction.clone(),
            verdict: verdict(outcome),
            notes: outcome.notes.clone(),
            sentences: (headline_sentences::headlines(report).into_iter())
                .map(|sentence| SentenceView {
                    anchor: sentence.topic.anchor(),
                    tone: sentence.tone.name(),
                    text: sentence.text,
                    detail: sentence.detail,
                })
                .collect(),
            severities: severities(report),
            pairs,
            groups,
            groups_left: chosen.groups_left,
            no_pairs: no_pairs(report),
            pairs_all: pairs_all(report),
            leaked_classes,
            leaked_classes_left,
            resplit: report.resplit.map(resplit),
            scatters: scatters(report),
            shares: charts::shares(report),
            objects: objects(report),
            drift: drift(report),
            distribution: distribution(report),
            labels,
            labels_judged: (report.headlines.suspects.iter().flatten())
                .any(|split| split.judged > 0),
            confusion: charts::confusion(report),
            others,
            histograms: charts::histograms(report),
            not_checked: headline_sentences::not_checked(report)
                .map(|(code, state, why)| (code.to_owned(), state.to_owned(), shown(why)))
                .collect(),
            classes: classes(report),
            rows: (outcome.findings.iter().take(ROWS))
                .map(|finding| row(report, finding))
                .collect(),
            rows_left: match findings.saturating_sub(ROWS) {
                0 => String::new(),
                left => number(left as u64),
            },
            accepted_left: outcome.accepted.len().saturating_sub(ROWS),
            accepted: (outcome.accepted.iter().take(ROWS))
                .map(|accepted| AcceptedView {
                    code: accepted.finding.check.code,
                    message: accepted.finding.message.clone(),
                    reason: shown(&accepted.reason),
                    who: shown(&accepted.who),
                })
                .collect(),
            checks: checks(report),
            images_left: cards.left_out(),
        }
    }
}
