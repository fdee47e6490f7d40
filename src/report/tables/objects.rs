//! The rows of `objects` and `cooccurrence`.

use super::Report;
use super::frame::Frame;
use crate::finding::LabelFlag;
use crate::label_model::Level;
use crate::object_flaws::{BoxFlaws, CocoSize, Together};
use crate::sample::{Object, Rect, SampleId};

/// The sample of every object, in listing order.
pub(super) fn owners(report: &Report<'_>) -> Vec<SampleId> {
    (report.listing.samples.iter())
        .flat_map(|sample| {
            let objects = sample.objects.end.0.saturating_sub(sample.objects.start.0);
            std::iter::repeat_n(sample.id, objects as usize)
        })
        .collect()
}

/// Some rows of `objects`, in listing order: `first` is the place of the first
/// of them among all objects.
pub(super) fn rows(report: &Report<'_>, owners: &[SampleId], first: usize) -> Frame {
    let listing = &report.evidence.listing;
    let objects = &listing.objects[first..first + owners.len()];
    let rows = || owners.iter().zip(objects).zip(first..);
    let row = |place: usize| {
        let id = crate::sample::ObjectId(place as u32);
        report.objects.get(id).copied().unwrap_or_default()
    };
    let rect = |place: usize| row(place).rect;
    let number =
        |read: fn(&Rect) -> f32| rows().map(move |(_, place)| rect(place).as_ref().map(read));
    let opinion = |place: usize| {
        let labels = report.evidence.object_labels.as_ref()?;
        labels.opinions.get(place)
    };
    let share = |owner: SampleId, place: usize| -> Option<f64> {
        let header = &report.fingerprints.facts(owner)?.header;
        let pixels = f64::from(header.width) * f64::from(header.height);
        Some(rect(place)?.area() / pixels.max(1.0))
    };
    Frame::default()
        .text("sample", rows().map(|((&id, _), _)| Some(report.key(id))))
        .count(
            "object",
            rows().map(|((&id, _), place)| {
                let start = listing.sample(id).objects.start.index();
                Some((place - start) as u64)
            }),
        )
        .text("split", rows().map(|((&id, _), _)| report.split(id)))
        .text(
            "label",
            rows().map(|((_, object), _)| Some(listing.class_name(object.class).to_owned())),
        )
        .single("x", number(|rect| rect.x))
        .single("y", number(|rect| rect.y))
        .single("width", number(|rect| rect.width))
        .single("height", number(|rect| rect.height))
        .number(
            "area_share",
            rows().map(|((&id, _), place)| share(id, place)),
        )
        .text(
            "size",
            rows().map(|(_, place)| {
                let rect = rect(place)?;
                Some(CocoSize::of(&rect).name().to_owned())
            }),
        )
        .list(
            "flags",
            rows().map(|((_, object), place)| flags(object, row(place).flaws)),
        )
        .single(
            "label_score",
            rows().map(|(_, place)| opinion(place)?.score),
        )
        .text(
            "suggested_label",
            rows().map(|(_, place)| {
                let (class, _) = opinion(place)?.suggested?;
                Some(listing.class_name(class).to_owned())
            }),
        )
        .single(
            "suggested_score",
            rows().map(|(_, place)| Some(opinion(place)?.suggested?.1)),
        )
        .text(
            "label_flag",
            rows().map(|(_, place)| match opinion(place)?.flag {
                LabelFlag::None => None,
                LabelFlag::Likely => Some(Level::Likely.name().to_owned()),
                LabelFlag::Strong => Some(Level::Strong.name().to_owned()),
            }),
        )
}

/// What the annotation says besides, and what is wrong with the box.
fn flags(object: &Object, flaws: BoxFlaws) -> Vec<String> {
    let annotated = [
        ("crowd", object.flags.crowd),
        ("difficult", object.flags.difficult),
    ];
    let annotated = annotated.into_iter().filter(|&(_, set)| set);
    annotated
        .map(|(name, _)| name.to_owned())
        .chain(flaws.iter().map(|flaw| flaw.name().to_owned()))
        .collect()
}

/// The rows of `cooccurrence`, by pair of classes.
pub(super) fn together(report: &Report<'_>, rows: &[Together]) -> Frame {
    let name = |class| report.listing.class_name(class).to_owned();
    let own: u64 = (report.objects.splits.iter())
        .filter(|split| {
            let role = split.split.map(|id| report.listing.splits[id.index()].role);
            role != Some(crate::sample::Role::Reference)
        })
        .map(|split| split.images + split.background)
        .sum();
    let rows = || rows.iter();
    Frame::default()
        .text("label_a", rows().map(|pair| Some(name(pair.a))))
        .text("label_b", rows().map(|pair| Some(name(pair.b))))
        .count("images", rows().map(|pair| Some(pair.images)))
        .count("images_a", rows().map(|pair| Some(pair.images_of_a)))
        .count("images_b", rows().map(|pair| Some(pair.images_of_b)))
        .number("expected", rows().map(|pair| Some(pair.expected(own))))
}
