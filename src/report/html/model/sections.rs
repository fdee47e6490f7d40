//! The parts of the page, each read off the report. Counts nothing that the
//! report has not.

use std::collections::BTreeSet;

use super::{
    CheckFindings, CheckView, DriftView, LeakedClass, NAMED, ObjectsView, ROWS, ResplitView, Row,
    VerdictView,
};
use crate::finding::{Family, Finding, RunState, Severity};
use crate::gate::{Outcome, Verdict};
use crate::report::Report;
use crate::report::html::cards::{figure, labels};
use crate::report::html::docs;
use crate::resplit::Forecast;
use crate::words::{counted, number, p_value, percent, shown};

pub(super) fn verdict(outcome: &Outcome) -> VerdictView {
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
pub(super) fn classes(report: &Report<'_>) -> Vec<String> {
    let findings = report.outcome.findings.iter().take(ROWS);
    let ids: BTreeSet<_> = findings.flat_map(|finding| &finding.labels).collect();
    let names = ids
        .into_iter()
        .map(|&id| shown(report.listing.class_name(id)));
    names.take(CLASSES).collect()
}

pub(super) fn severities(report: &Report<'_>) -> Vec<(&'static str, String)> {
    (Severity::ALL.into_iter())
        .map(|severity| (severity.name(), number(report.count(severity))))
        .collect()
}

/// Why no check reports copies: they were not asked for, not all could be
/// looked at, or there are none.
pub(super) fn no_pairs(report: &Report<'_>) -> String {
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

pub(super) fn pairs_all(report: &Report<'_>) -> String {
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
pub(super) fn leaked_classes(report: &Report<'_>) -> (Vec<LeakedClass>, usize) {
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

pub(super) fn resplit(forecast: &Forecast) -> ResplitView {
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

pub(super) fn drift(report: &Report<'_>) -> Vec<DriftView> {
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

pub(super) fn objects(report: &Report<'_>) -> Vec<ObjectsView> {
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

pub(super) fn distribution(report: &Report<'_>) -> Vec<CheckFindings> {
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

pub(super) fn row(report: &Report<'_>, finding: &Finding) -> Row {
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

pub(super) fn checks(report: &Report<'_>) -> Vec<CheckView> {
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
