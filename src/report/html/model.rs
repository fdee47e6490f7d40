//! What the page says, ready for its template. Chooses no image.

use std::collections::BTreeSet;

use serde::Serialize;

use super::album::{Album, Image, ShelfView, figure, labels};
use super::charts::{self, Confusion, Histogram, ShareChart};
use super::gallery::{Gallery, Shelf};
use super::scatter::{Scatter, scatters};
use super::{Originals, Thumbnails, docs};
use crate::finding::{Family, Finding, RunState, Severity};
use crate::gate::{Outcome, Verdict};
use crate::report::{Report, sentences};
use crate::resplit::Forecast;
use crate::words::{counted, number, p_value, percent, shown};

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
    pairs: Vec<ShelfView>,
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
    labels: Vec<ShelfView>,
    /// Whether any label was judged: without, there is no all-clear.
    labels_judged: bool,
    confusion: Option<Confusion>,
    others: Vec<ShelfView>,
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
    pub(super) fn of(report: &Report<'_>, thumbnails: &Thumbnails, originals: &Originals) -> Self {
        let gallery = Gallery::plan(report);
        let outcome = report.outcome;
        let mut album = Album::new(report, thumbnails, originals);
        let mut shelves = |shelves: &[Shelf<'_>]| -> Vec<ShelfView> {
            shelves.iter().filter_map(|s| album.shelf(s)).collect()
        };
        let pairs = shelves(&gallery.pairs);
        let labels = shelves(&gallery.labels);
        let others = shelves(&gallery.others);
        let groups = (gallery.groups.iter())
            .map(|(members, all)| GroupView {
                members: members.iter().map(|&id| album.image(id)).collect(),
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
            sentences: (sentences::headlines(report).into_iter())
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
            groups_left: gallery.groups_left,
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
            not_checked: sentences::not_checked(report)
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
            images_left: album.left_out(),
        }
    }
}

fn verdict(outcome: &Outcome) -> VerdictView {
    let verdict = &outcome.verdict;
    let (tone, reasons) = match verdict {
        Verdict::Clean => ("good", Vec::new()),
        Verdict::Breached(breaches) => {
            let reasons = breaches.iter().map(|b| b.reason.clone());
            ("bad", reasons.collect())
        }
        Verdict::Incomplete(reasons) => ("doubtful", reasons.clone()),
    };
    VerdictView {
        name: verdict.name(),
        tone,
        exit_code: verdict.exit_code(),
        reasons,
        allowed: outcome.allowed.clone(),
    }
}

/// Classes in the list to filter by; a list of more is of no use.
const CLASSES: usize = 1000;

/// The classes of the findings in the table, by name.
fn classes(report: &Report<'_>) -> Vec<String> {
    let findings = report.outcome.findings.iter().take(ROWS);
    let ids: BTreeSet<_> = findings.flat_map(|finding| &finding.labels).collect();
    let names = ids
        .into_iter()
        .map(|&id| shown(report.listing.class_name(id)));
    names.take(CLASSES).collect()
}

fn severities(report: &Report<'_>) -> Vec<(&'static str, String)> {
    (Severity::ALL.into_iter())
        .map(|severity| (severity.name(), number(report.count(severity))))
        .collect()
}

/// Why no check tells of copies: they were not asked for, not all could be
/// looked at, or there are none.
fn no_pairs(report: &Report<'_>) -> String {
    let runs = report.outcome.runs.iter();
    let states: Vec<&RunState> = runs
        .filter(|run| run.check.is_about_copies())
        .map(|run| &run.state)
        .collect();
    if states
        .iter()
        .any(|state| matches!(state, RunState::Failed(_)))
    {
        return "The search for copies failed: see “Not checked”.".to_owned();
    }
    if !states
        .iter()
        .any(|state| matches!(state, RunState::Completed))
    {
        return "Copies were not searched for: no check for them was selected.".to_owned();
    }
    let splits = report.headlines.splits.iter();
    let (compared, samples) = splits.fold((0, 0), |(compared, samples), figures| {
        (compared + figures.compared, samples + figures.samples)
    });
    let of = format!(
        "{} of {} compared",
        number(compared),
        counted(samples, "image", "images")
    );
    match report.duplicates.count() {
        0 => format!("None were found: {of}."),
        _ => format!("None that counts as a leak was found: {of}."),
    }
}

fn pairs_all(report: &Report<'_>) -> String {
    let duplicates = &report.duplicates;
    let all = counted(duplicates.count(), "pair", "pairs");
    match duplicates.pairs_not_listed {
        _ if !duplicates.is_searched() => String::new(),
        0 => match duplicates.pairs.iter().filter(|pair| pair.demoted).count() {
            0 => format!("{all} in all"),
            demoted => format!("{all} in all, {} of them doubtful", number(demoted as u64)),
        },
        _ => format!(
            "{all} in all, {} of them one by one",
            number(duplicates.pairs.len() as u64)
        ),
    }
}

/// The first of them, and how many more there are.
fn leaked_classes(report: &Report<'_>) -> (Vec<LeakedClass>, usize) {
    let listing = &report.evidence.listing;
    let mut all: Vec<(f64, LeakedClass)> = (report.headlines.leaks.iter().flatten())
        .flat_map(|figures| {
            figures
                .classes
                .iter()
                .map(move |class| (figures.split, class))
        })
        .map(|(split, class)| {
            let view = LeakedClass {
                split: listing.split_name(split).unwrap_or("").to_owned(),
                label: shown(listing.class_name(class.class)),
                leaked: class.leaked,
                samples: class.samples,
                share: percent(class.share()),
            };
            (class.share(), view)
        })
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    let left = all.len().saturating_sub(ROWS);
    let shown = all.into_iter().map(|(_, view)| view).take(ROWS);
    (shown.collect(), left)
}

fn resplit(forecast: &Forecast) -> ResplitView {
    ResplitView {
        moved: number(forecast.moved),
        samples: counted(forecast.samples, "sample", "samples"),
        crossing: (number(forecast.crossing.0), number(forecast.crossing.1)),
        drift: (percent(forecast.drift.0), percent(forecast.drift.1)),
        proofs: forecast
            .proofs
            .iter()
            .take(MESSAGES)
            .map(|proof| shown(proof))
            .collect(),
        proofs_left: forecast.proofs.len().saturating_sub(MESSAGES),
    }
}

fn drift(report: &Report<'_>) -> Vec<DriftView> {
    let name = |split| {
        report
            .listing
            .split_name(Some(split))
            .unwrap_or("")
            .to_owned()
    };
    (report.drift.iter())
        .map(|d| DriftView {
            a: name(d.a),
            b: name(d.b),
            total_variation: percent(d.total_variation),
            interval: format!("{} – {}", percent(d.interval.low), percent(d.interval.high)),
            by_chance: percent(d.by_chance),
            p_value: p_value(d.p_value),
            cramers_v: figure(d.cramers_v),
            words: d.division.words(),
        })
        .collect()
}

fn objects(report: &Report<'_>) -> Vec<ObjectsView> {
    (report.objects.splits.iter())
        .map(|split| {
            let sized = split.sizes.total().max(1) as f64;
            let share = |count: u64| percent(count as f64 / sized);
            ObjectsView {
                split: report
                    .listing
                    .split_name(split.split)
                    .unwrap_or("all")
                    .to_owned(),
                images: number(split.images),
                background: number(split.background),
                objects: number(split.objects),
                an_image: figure(split.objects as f64 / split.images.max(1) as f64),
                small: share(split.sizes.small),
                medium: share(split.sizes.medium),
                large: share(split.sizes.large),
            }
        })
        .collect()
}

/// Messages shown of a check about the distribution.
const MESSAGES: usize = 20;

fn distribution(report: &Report<'_>) -> Vec<CheckFindings> {
    (report.outcome.runs.iter())
        .filter(|run| run.check.family == Family::Distribution)
        .filter_map(|run| {
            let all: Vec<&Finding> = report.of_check(run.check.code).collect();
            let first = all.first()?;
            Some(CheckFindings {
                code: run.check.code,
                name: run.check.name,
                severity: first.severity.name(),
                next_step: run.check.next_step,
                messages: (all.iter().take(MESSAGES))
                    .map(|finding| finding.message.clone())
                    .collect(),
                left: all.len().saturating_sub(MESSAGES),
            })
        })
        .collect()
}

fn row(report: &Report<'_>, finding: &Finding) -> Row {
    Row {
        id: finding.id.to_string(),
        code: finding.check.code,
        severity: finding.severity.name(),
        rank: match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Advice => 2,
        },
        message: finding.message.clone(),
        labels: labels(report, finding),
        samples: (finding.samples.iter().take(NAMED))
            .map(|&id| shown(&report.key(id)))
            .collect(),
        more: finding.samples.len().saturating_sub(NAMED),
        score: finding.score.map(figure),
    }
}

fn checks(report: &Report<'_>) -> Vec<CheckView> {
    (report.outcome.runs.iter())
        .map(|run| CheckView {
            code: run.check.code,
            name: run.check.name,
            summary: run.check.summary,
            next_step: run.check.next_step,
            state: match run.state {
                RunState::Completed => "completed",
                RunState::NotApplicable(_) => "not applicable",
                RunState::Failed(_) => "failed",
                RunState::NotSelected => "not selected",
            },
            count: report.of_check(run.check.code).count() as u64,
            docs: docs::to_html(run.check.docs),
        })
        .collect()
}
