//! The rows of `samples`.

use std::collections::BTreeMap;

use super::Report;
use super::frame::Frame;
use crate::fingerprint::{Hashes, ImageFacts, Statistics};
use crate::sample::{Sample, SampleId};

/// The first member of each sample's group of copies, for those in one.
pub(super) fn first_copies(report: &Report<'_>) -> BTreeMap<SampleId, SampleId> {
    let groups = report.duplicates.groups.iter();
    groups
        .filter_map(|group| Some((*group.first()?, group)))
        .flat_map(|(first, group)| group.iter().map(move |&id| (id, first)))
        .collect()
}

/// The rows of `samples`, in listing order.
pub(super) fn rows(
    report: &Report<'_>,
    first_copies: &BTreeMap<SampleId, SampleId>,
    samples: &[Sample],
) -> Frame {
    let listing = &report.evidence.listing;
    let rows = || samples.iter();
    let seen = || rows().map(|s| report.fingerprints.get(s.id));
    let facts = || rows().map(|s| report.fingerprints.facts(s.id));
    let hash = |pick: fn(&Hashes) -> u64| {
        facts()
            .map(move |f: Option<&ImageFacts>| Some(format!("{:016x}", pick(f?.hashes.as_ref()?))))
    };
    let statistic = |pick: fn(&Statistics) -> f32| facts().map(move |f| Some(pick(&f?.statistics)));
    let quality = || rows().map(|s| report.quality.get(s.id));
    let opinion = || rows().map(|s| report.opinions().get(s.id.index()));
    Frame::default()
        .text("sample", rows().map(|s| Some(report.key(s.id))))
        .text("split", rows().map(|s| report.split(s.id)))
        .text("label", rows().map(|s| report.label(s.id)))
        .count("width", facts().map(|f| Some(f?.header.width.into())))
        .count("height", facts().map(|f| Some(f?.header.height.into())))
        .text(
            "format",
            facts().map(|f| Some(f?.header.format.name().to_owned())),
        )
        .count(
            "bytes",
            seen().map(|row| row.filter(|row| row.content.is_some()).map(|row| row.bytes)),
        )
        .text(
            "content_hash",
            seen().map(|row| Some(row?.content?.to_string())),
        )
        .text("phash", hash(|hashes| hashes.dct))
        .text(
            "group",
            rows().map(|s| Some(listing.group_name(s.group?).to_owned())),
        )
        .single("label_score", opinion().map(|o| o?.score))
        .text(
            "suggested_label",
            opinion().map(|o| Some(listing.class_name(o?.suggested?.0).to_owned())),
        )
        .count("cluster", opinion().map(|o| Some(o?.cluster?.into())))
        .single("brightness", statistic(|s| s.brightness))
        .single("contrast", statistic(|s| s.contrast))
        .single("sharpness", statistic(|s| s.sharpness))
        .single("entropy", statistic(|s| s.entropy))
        .single("colourfulness", statistic(|s| s.colourfulness))
        .single("mean_cb", statistic(|s| s.mean_cb))
        .single("mean_cr", statistic(|s| s.mean_cr))
        .text("dhash", hash(|hashes| hashes.gradient))
        .single("suggested_score", opinion().map(|o| Some(o?.suggested?.1)))
        .text(
            "copy_group",
            rows().map(|s| first_copies.get(&s.id).map(|&first| report.key(first))),
        )
        .number("quality_score", quality().map(|q| Some(q?.score)))
        .list(
            "flaws",
            quality().map(|q| {
                let flaws = q.map_or(&[][..], |q| &q.flaws);
                flaws.iter().map(|flaw| flaw.name().to_owned()).collect()
            }),
        )
        .single("luma_p1", statistic(|s| s.luma_p1))
        .single("luma_p5", statistic(|s| s.luma_p5))
        .single("luma_p99", statistic(|s| s.luma_p99))
        .single("border_luma", statistic(|s| s.border_luma))
        .single("border_width", statistic(|s| s.border_width))
        .text(
            "problem",
            seen().map(|row| Some(row?.image.as_ref().err()?.kind().to_owned())),
        )
}
