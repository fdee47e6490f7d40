//! The rows of the two lists that a person acts on: `drop`, `decisions`.

use super::Report;
use super::frame::Frame;
use crate::finding::LabelFlag;
use crate::sample::SampleId;

/// The copies to drop, in listing order.
pub(super) fn drops(report: &Report<'_>) -> Frame {
    let rows = || report.drops.iter();
    Frame::default()
        .text("sample", rows().map(|d| Some(report.key(d.sample))))
        .text("split", rows().map(|d| report.split(d.sample)))
        .text("because_of", rows().map(|d| Some(report.key(d.because_of))))
        .text("finding", rows().map(|d| Some(d.finding.to_string())))
}

/// The suspicious labels, the least fitting first, with an empty place for the
/// decision.
pub(super) fn decisions(report: &Report<'_>) -> Frame {
    let mut flagged: Vec<(f32, SampleId)> = report
        .listing
        .samples
        .iter()
        .zip(report.opinions())
        .filter(|(_, opinion)| opinion.flag >= LabelFlag::Likely)
        .map(|(sample, opinion)| (opinion.score.unwrap_or(0.0), sample.id))
        .collect();
    flagged.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let rows = || flagged.iter().map(|&(_, id)| id);
    let suggested = |id: SampleId| {
        let (class, _) = report.opinions().get(id.index())?.suggested?;
        Some(report.listing.class_name(class).to_owned())
    };
    Frame::default()
        .text("sample", rows().map(|id| Some(report.key(id))))
        .text("given", rows().map(|id| report.label(id)))
        .text("suggested", rows().map(suggested))
        .single("score", flagged.iter().map(|&(score, _)| Some(score)))
        .text("decision", rows().map(|_| None))
}
