//! The rows of the lists that a person acts on: `drop`, `decisions`, and the
//! decisions set aside. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::frame::Frame;
use crate::decisions::{COLUMNS, content_cell};
use crate::finding::{
    CONFLICTING_LABELS, CountsAs, Finding, LabelFlag, Measured, SUSPICIOUS_LABEL,
};
use crate::report::Report;
use crate::sample::{ContentHash, Role, SampleId, SplitId};

/// The copies to drop, in listing order.
pub(super) fn drops(report: &Report<'_>) -> Frame {
    let rows = || report.drops.iter();
    Frame::default()
        .text("sample", rows().map(|d| Some(report.key(d.sample))))
        .text("split", rows().map(|d| report.split(d.sample)))
        .text("because_of", rows().map(|d| Some(report.key(d.because_of))))
        .text("finding", rows().map(|d| Some(d.finding.to_string())))
}

/// A label to decide on.
#[derive(Debug, Default)]
struct Question {
    suggested: Option<String>,
    checks: BTreeSet<&'static str>,
}

/// Writes the labels in question as CSV, the least fitting first: with what was
/// decided earlier, and an empty place where nothing was.
pub(super) fn decisions(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let questions = questions(report);
    let mut order: Vec<(f32, SampleId)> = questions
        .keys()
        .map(|&id| {
            let opinion = report.opinions().get(id.index());
            // What no model judged comes first: it is a contradiction in the
            // labels themselves, or decided already.
            (opinion.and_then(|o| o.score).unwrap_or(0.0), id)
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut writer = csv::Writer::from_writer(out);
    let own = report.decided.columns.iter().map(String::as_str);
    writer.write_record(COLUMNS.into_iter().chain(own))?;
    for (_, id) in order {
        let question = &questions[&id];
        let kept = report.decided.kept.get(&id);
        let score = report.opinions().get(id.index()).and_then(|o| o.score);
        let cells = [
            report.key(id),
            report.label(id).unwrap_or_default(),
            question.suggested.clone().unwrap_or_default(),
            score.map(|score| score.to_string()).unwrap_or_default(),
            kept.map(|kept| kept.decision.clone()).unwrap_or_default(),
            report.split(id).unwrap_or_default(),
            question
                .checks
                .iter()
                .copied()
                .collect::<Vec<_>>()
                .join(" "),
            content(report, id).map_or_else(String::new, |hash| content_cell(&hash.to_string())),
        ];
        let own = report.decided.columns.iter().map(|name| {
            let cell = kept.and_then(|kept| kept.more.get(name));
            cell.map_or("", String::as_str)
        });
        writer.write_record(cells.iter().map(String::as_str).chain(own))?;
    }
    writer.flush()
}

/// Writes the decisions that apply to nothing any more, as they were, each
/// with the reason.
pub(super) fn aside(report: &Report<'_>, out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let own = report.decided.columns.iter().map(String::as_str);
    let ours = ["sample", "given", "suggested", "decision", "content", "why"];
    writer.write_record(ours.into_iter().chain(own))?;
    for aside in &report.decided.aside {
        let line = &aside.decision;
        let content = line.content.as_deref().map(content_cell);
        let cells = [
            &line.sample,
            &line.given,
            &line.suggested,
            &line.decision,
            content.as_deref().unwrap_or(""),
            &aside.why,
        ];
        let own = report.decided.columns.iter().map(|name| {
            let cell = line.more.iter().find(|(known, _)| known == name);
            cell.map_or("", |(_, cell)| cell.as_str())
        });
        writer.write_record(cells.into_iter().chain(own))?;
    }
    writer.flush()
}

/// Every sample whose label is in question or was decided on.
fn questions(report: &Report<'_>) -> BTreeMap<SampleId, Question> {
    let mut questions: BTreeMap<SampleId, Question> = BTreeMap::new();
    let accepted = accepted(report);
    for (sample, opinion) in report.listing.samples.iter().zip(report.opinions()) {
        let is_accepted = || place(report, sample.id).is_some_and(|p| accepted.contains(&p));
        if opinion.flag >= LabelFlag::Likely && !is_accepted() {
            let question = questions.entry(sample.id).or_default();
            question.checks.insert(SUSPICIOUS_LABEL);
            question.suggested = suggestion(report, sample.id);
        }
    }
    for finding in report.of_check(CONFLICTING_LABELS) {
        conflict(report, finding, &mut questions);
    }
    for (&id, kept) in &report.decided.kept {
        let question = questions.entry(id).or_default();
        // A decision means the suggestion that it was made on.
        if !kept.suggested.is_empty() {
            question.suggested = Some(kept.suggested.clone());
        }
    }
    questions
}

/// Each sample of a conflict with the label that its copies carry instead.
fn conflict(report: &Report<'_>, finding: &Finding, questions: &mut BTreeMap<SampleId, Question>) {
    if !matches!(finding.measured, Measured::Pair(_)) {
        return;
    }
    for &id in &finding.samples {
        let split = report.listing.sample(id).split;
        let is_fixed =
            split.is_some_and(|s| report.listing.splits[s.index()].role == Role::Reference);
        let Some(own) = report.label(id).filter(|_| !is_fixed) else {
            continue;
        };
        let others: BTreeSet<String> = (finding.samples.iter())
            .filter_map(|&other| report.label(other))
            .filter(|label| *label != own)
            .collect();
        let question = questions.entry(id).or_default();
        question.checks.insert(CONFLICTING_LABELS);
        let only = (others.len() == 1)
            .then(|| others.into_iter().next())
            .flatten();
        // What a copy is called is better known than what a model thinks.
        question.suggested = only.or(question.suggested.take());
    }
}

fn suggestion(report: &Report<'_>, id: SampleId) -> Option<String> {
    let (class, _) = report.opinions().get(id.index())?.suggested?;
    Some(report.listing.class_name(class).to_owned())
}

fn content(report: &Report<'_>, id: SampleId) -> Option<ContentHash> {
    report.fingerprints.get(id)?.content
}

/// What makes one label of one image: a finding about it counts for all copies
/// of the same content in the same split.
type Place = (ContentHash, Option<SplitId>, String);

fn place(report: &Report<'_>, id: SampleId) -> Option<Place> {
    let split = report.listing.sample(id).split;
    Some((content(report, id)?, split, report.listing.label_text(id)))
}

/// The labels that were accepted: nobody is asked about them again.
fn accepted(report: &Report<'_>) -> BTreeSet<Place> {
    (report.outcome.accepted.iter())
        .filter(|accepted| accepted.finding.check.counts_as == CountsAs::SuspectLabel)
        .filter_map(|accepted| place(report, *accepted.finding.samples.first()?))
        .collect()
}
