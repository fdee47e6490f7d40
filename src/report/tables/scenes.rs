//! The rows of `links` and `scene-groups`.

use super::Report;
use super::frame::Frame;
use crate::finding::Share;
use crate::scenes::Link;

/// The same-scene links in listing order.
pub(super) fn links(report: &Report<'_>, links: &[Link]) -> Frame {
    let rows = || links.iter();
    let region = |of: &Share| {
        let Share {
            x,
            y,
            width,
            height,
        } = of;
        format!("{x:.3} {y:.3} {width:.3} {height:.3}")
    };
    Frame::default()
        .text("sample_a", rows().map(|l| Some(report.key(l.a))))
        .text("sample_b", rows().map(|l| Some(report.key(l.b))))
        .text("split_a", rows().map(|l| report.split(l.a)))
        .text("split_b", rows().map(|l| report.split(l.b)))
        .text("label_a", rows().map(|l| report.label(l.a)))
        .text("label_b", rows().map(|l| report.label(l.b)))
        .count("matched_places", rows().map(|l| Some(u64::from(l.inliers))))
        .number("log10_false_alarms", rows().map(|l| Some(l.log_nfa)))
        .text("region_a", rows().map(|l| Some(region(&l.region_a))))
        .text("region_b", rows().map(|l| Some(region(&l.region_b))))
}

/// The samples that links or copies connect, in the form of `--group-file`.
pub(super) fn groups(report: &Report<'_>) -> Frame {
    let groups = (report.scenes.as_ref()).map_or_else(Vec::new, |scenes| {
        scenes.groups(&report.duplicates, report.listing.samples.len())
    });
    let rows = || {
        let numbered = (1..).zip(&groups);
        numbered.flat_map(|(number, group)| group.iter().map(move |&id| (number, id)))
    };
    Frame::default()
        .text("sample", rows().map(|(_, id)| Some(report.key(id))))
        .text(
            "group",
            rows().map(|(number, _)| Some(format!("scene-{number}"))),
        )
}
