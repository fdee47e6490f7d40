//! The rows of `pairs`.

use super::Report;
use super::frame::Frame;
use crate::duplicates::Pair;

/// The rows of `pairs`, in their order.
pub(super) fn rows(report: &Report<'_>, pairs: &[Pair]) -> Frame {
    let split = |id| report.split(id);
    let rows = || pairs.iter();
    Frame::default()
        .text("sample_a", rows().map(|p| Some(report.key(p.a))))
        .text("sample_b", rows().map(|p| Some(report.key(p.b))))
        .text("split_a", rows().map(|p| split(p.a)))
        .text("split_b", rows().map(|p| split(p.b)))
        .text("label_a", rows().map(|p| report.label(p.a)))
        .text("label_b", rows().map(|p| report.label(p.b)))
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
        .count("doubtful", rows().map(|p| Some(u64::from(p.doubtful))))
        .text(
            "content_a",
            rows().map(|p| {
                let content = report.fingerprints.get(p.a)?.content?;
                Some(content.to_string())
            }),
        )
        .text(
            "content_b",
            rows().map(|p| {
                let content = report.fingerprints.get(p.b)?.content?;
                Some(content.to_string())
            }),
        )
}
