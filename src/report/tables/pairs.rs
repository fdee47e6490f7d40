//! The rows of `pairs`.

use super::Report;
use super::frame::Frame;
use crate::duplicates::Pair;

/// The rows of `pairs`, in their order. `sample_b` is described as made from
/// `sample_a`, as everywhere.
pub(super) fn rows(report: &Report<'_>, pairs: &[Pair]) -> Frame {
    let directed: Vec<_> = (pairs.iter())
        .map(|pair| (pair.directed(&report.listing), pair.demoted))
        .collect();
    let rows = || directed.iter().map(|(pair, _)| pair);
    let content = |id| Some(report.fingerprints.get(id)?.content?.to_string());
    Frame::default()
        .text("sample_a", rows().map(|p| Some(report.key(p.from))))
        .text("sample_b", rows().map(|p| Some(report.key(p.to))))
        .text("split_a", rows().map(|p| report.split(p.from)))
        .text("split_b", rows().map(|p| report.split(p.to)))
        .text("label_a", rows().map(|p| report.label(p.from)))
        .text("label_b", rows().map(|p| report.label(p.to)))
        .text(
            "relation",
            rows().map(|p| Some(p.evidence.relation.name().to_owned())),
        )
        .text(
            "transform",
            rows().map(|p| Some(p.evidence.transform.to_string())),
        )
        .count(
            "distance",
            rows().map(|p| p.evidence.distance.map(u64::from)),
        )
        .number("similarity", rows().map(|p| Some(p.evidence.similarity)))
        .count(
            "doubtful",
            directed
                .iter()
                .map(|&(_, demoted)| Some(u64::from(demoted))),
        )
        .text("content_a", rows().map(|p| content(p.from)))
        .text("content_b", rows().map(|p| content(p.to)))
        .text(
            "matrix",
            rows().map(|p| Some(matrix(&p.evidence.transform.matrix))),
        )
}

/// The six numbers that lay `sample_b` over `sample_a`, in shares of their sides.
fn matrix(of: &[f32; 6]) -> String {
    // Adding 0 makes 0 of -0.
    let rounded = |number: f32| (f64::from(number) * 1e5).round() / 1e5 + 0.0;
    let numbers: Vec<String> = of
        .iter()
        .map(|&number| rounded(number).to_string())
        .collect();
    numbers.join(" ")
}
