//! The rows of `classes` and `drift`.

use super::Report;
use super::frame::Frame;
use crate::distribution::{Drift, SplitCounts};
use crate::sample::ClassId;
use crate::statistics::wilson;

/// Every class of every split, those without a sample too.
pub(super) fn class_rows<'a>(report: &Report<'a>) -> Vec<(&'a SplitCounts, ClassId)> {
    let classes = || (0..report.listing.classes.len()).map(|index| ClassId(index as u32));
    (report.evidence.classes.splits.iter())
        .flat_map(|split| classes().map(move |class| (split, class)))
        .collect()
}

/// The rows of `classes`, by split and class.
pub(super) fn classes(report: &Report<'_>, rows: &[(&SplitCounts, ClassId)]) -> Frame {
    let listing = &report.evidence.listing;
    let rows = || rows.iter();
    let interval = |&(split, class): &(&SplitCounts, ClassId)| {
        (split.labelled > 0).then(|| wilson(split.count(class), split.labelled))
    };
    Frame::default()
        .text(
            "split",
            rows().map(|(split, _)| listing.split_name(split.split).map(str::to_owned)),
        )
        .text(
            "label",
            rows().map(|&(_, class)| Some(listing.class_name(class).to_owned())),
        )
        .count(
            "count",
            rows().map(|(split, class)| Some(split.count(*class))),
        )
        .number(
            "share",
            rows().map(|(split, class)| Some(split.share(*class))),
        )
        .number("share_low", rows().map(|row| Some(interval(row)?.low)))
        .number("share_high", rows().map(|row| Some(interval(row)?.high)))
        .count(
            "objects",
            rows().map(|(split, class)| split.objects_of(*class)),
        )
}

/// The rows of `drift`, by pair of splits.
pub(super) fn drift(report: &Report<'_>, rows: &[Drift]) -> Frame {
    let split = |id| report.listing.split_name(Some(id)).map(str::to_owned);
    let rows = || rows.iter();
    Frame::default()
        .text("split_a", rows().map(|d| split(d.a)))
        .text("split_b", rows().map(|d| split(d.b)))
        .number("total_variation", rows().map(|d| Some(d.total_variation)))
        .number("cramers_v", rows().map(|d| Some(d.cramers_v)))
        .number("jensen_shannon", rows().map(|d| Some(d.jensen_shannon)))
        .number("psi", rows().map(|d| Some(d.psi)))
        .number("chi2", rows().map(|d| Some(d.chi2)))
        .count("dof", rows().map(|d| Some(d.dof as u64)))
        .number("p_value", rows().map(|d| Some(d.p_value)))
        .number("total_variation_low", rows().map(|d| Some(d.interval.low)))
        .number(
            "total_variation_high",
            rows().map(|d| Some(d.interval.high)),
        )
        .number("by_chance", rows().map(|d| Some(d.by_chance)))
        .text(
            "division",
            rows().map(|d| Some(d.division.name().to_owned())),
        )
        .number(
            "label_set_variation",
            rows().map(|d| Some(d.label_sets?.total_variation)),
        )
}
