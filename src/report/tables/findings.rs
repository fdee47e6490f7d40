//! The rows of `findings`.

use super::Report;
use super::frame::Frame;
use crate::finding::Finding;
use crate::sample::{ObjectId, SampleId};

/// The rows of `findings`, in their order.
pub(super) fn rows(report: &Report<'_>, findings: &[Finding]) -> Frame {
    let listing = &report.evidence.listing;
    let rows = || findings.iter();
    Frame::default()
        .text("id", rows().map(|f| Some(f.id.to_string())))
        .text("code", rows().map(|f| Some(f.check.code.to_owned())))
        .text("name", rows().map(|f| Some(f.check.name.to_owned())))
        .text(
            "severity",
            rows().map(|f| Some(f.severity.name().to_owned())),
        )
        .text("message", rows().map(|f| Some(f.message.clone())))
        .list(
            "splits",
            rows().map(|f| {
                f.splits
                    .iter()
                    .filter_map(|&id| listing.split_name(Some(id)))
                    .map(str::to_owned)
                    .collect()
            }),
        )
        .list(
            "labels",
            rows().map(|f| {
                f.labels
                    .iter()
                    .map(|&id| listing.class_name(id).to_owned())
                    .collect()
            }),
        )
        .list(
            "samples",
            rows().map(|f| f.samples.iter().map(|&id| report.key(id)).collect()),
        )
        .number("score", rows().map(|f| f.score))
        .text(
            "next_step",
            rows().map(|f| Some(f.check.next_step.to_owned())),
        )
        .list(
            "objects",
            rows().map(|f| {
                let of_sample = |(id, object): (&SampleId, &ObjectId)| {
                    let start = listing.sample(*id).objects.start;
                    (object.0 - start.0).to_string()
                };
                f.samples.iter().zip(&f.objects).map(of_sample).collect()
            }),
        )
}
