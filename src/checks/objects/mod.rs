//! Checks of the OBJECT family: boxes that are not where their objects are.

mod convention;
mod covers_image;
mod crowded;
mod degenerate;
mod duplicate;
mod exif_orientation;
mod implausible;
mod outside;
mod two_classes;

pub use convention::BOX_CONVENTION;
pub use covers_image::BOX_COVERS_IMAGE;
pub use crowded::CROWDED_BOXES;
pub use degenerate::DEGENERATE_BOX;
pub use duplicate::DUPLICATE_BOXES;
pub use exif_orientation::BOX_OF_UNTURNED_IMAGE;
pub use implausible::IMPLAUSIBLE_BOX;
pub use outside::BOX_OUTSIDE_IMAGE;
pub use two_classes::BOX_UNDER_TWO_CLASSES;

use super::words::{counted, listed};
use super::{CheckContext, Declared, Findings, NewFinding, Ran};
use crate::finding::{Figure, FindingId, Measured, Severity};
use crate::object_flaws::BoxFlaw;
use crate::sample::{ClassId, ObjectId, SampleId, SplitId};

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    outside::DECLARED,
    degenerate::DECLARED,
    covers_image::DECLARED,
    duplicate::DECLARED,
    two_classes::DECLARED,
    implausible::DECLARED,
    crowded::DECLARED,
    exif_orientation::DECLARED,
    convention::DECLARED,
];

/// Objects named in a message.
const NAMED: usize = 4;

/// Why nothing is asked of a set without objects.
fn without_objects(data: &CheckContext<'_>) -> Option<Ran> {
    data.objects
        .is_empty()
        .then(|| Ran::NotApplicable("the data set has no objects".to_owned()))
}

/// Reports these boxes in one finding; `is`, such as "have no width or no
/// height", ends the sentence "3 boxes …". Reports nothing for none.
fn report(
    data: &CheckContext<'_>,
    out: &mut Findings,
    severity: Severity,
    boxes: &[(SampleId, ObjectId)],
    (is, are): (&str, &str),
) {
    let Some(&(first, _)) = boxes.first() else {
        return;
    };
    let names: Vec<String> = (boxes.iter().take(NAMED + 1))
        .map(|&(sample, object)| named(data, sample, object))
        .collect();
    let mut shown = listed(&names, NAMED);
    if boxes.len() > names.len() {
        // Only the first are made into words: there may be a million.
        let first = names[..NAMED - 1].join(", ");
        shown = format!("{first} and {} more", boxes.len() - (NAMED - 1));
    }
    let count = boxes.len() as u64;
    let mut samples: Vec<SampleId> = boxes.iter().map(|&(sample, _)| sample).collect();
    samples.dedup();
    let about = About::of(data, &samples, boxes);
    out.push_at(
        severity,
        NewFinding {
            // Of the kind, and not of the boxes: a set is corrected step by step.
            id: FindingId::of_names(out.code(), [are]),
            message: format!(
                "{} {}: {shown}",
                boxes_words(count),
                if count == 1 { is } else { are },
            ),
            score: None,
            measured: Measured::Figures(vec![
                figure("boxes", count as f64),
                figure("images", samples.len() as f64),
            ]),
            samples: from_first(samples, first),
            splits: about.splits,
            labels: about.labels,
        },
    );
}

/// The splits and classes concerned.
struct About {
    splits: Vec<SplitId>,
    labels: Vec<ClassId>,
}

impl About {
    fn of(data: &CheckContext<'_>, samples: &[SampleId], boxes: &[(SampleId, ObjectId)]) -> Self {
        let mut splits = vec![false; data.listing.splits.len()];
        for &id in samples {
            if let Some(split) = data.listing.sample(id).split {
                splits[split.index()] = true;
            }
        }
        let mut classes = vec![false; data.listing.classes.len()];
        for &(_, object) in boxes {
            classes[data.listing.objects[object.index()].class.index()] = true;
        }
        let places = |met: Vec<bool>| -> Vec<u32> {
            let met = (0..).zip(met).filter(|&(_, met)| met);
            met.map(|(place, _)| place).collect()
        };
        Self {
            splits: (places(splits).into_iter())
                .filter_map(|place| u16::try_from(place).ok().map(SplitId))
                .collect(),
            labels: places(classes).into_iter().map(ClassId).collect(),
        }
    }
}

/// `samples`, each once, `first` in front.
fn from_first(mut samples: Vec<SampleId>, first: SampleId) -> Vec<SampleId> {
    samples.sort_unstable_by_key(|&id| (id != first, id));
    samples.dedup();
    samples
}

/// The boxes with a flaw.
fn having(data: &CheckContext<'_>, flaw: BoxFlaw) -> Vec<(SampleId, ObjectId)> {
    data.evidence
        .objects
        .having(&data.evidence.listing, flaw)
        .collect()
}

/// "`train/1.jpg` (`dog`, 60 × 50 at 600, 10)".
pub(super) fn named(data: &CheckContext<'_>, sample: SampleId, object: ObjectId) -> String {
    let key = &data.listing.sample(sample).key;
    let class = data
        .listing
        .class_name(data.listing.objects[object.index()].class);
    let rect = data.objects.get(object).and_then(|row| row.rect);
    match rect {
        Some(rect) => format!(
            "`{key}` (`{class}`, {} × {} at {}, {})",
            pixels(rect.width),
            pixels(rect.height),
            pixels(rect.x),
            pixels(rect.y),
        ),
        None => format!("`{key}` (`{class}`)"),
    }
}

/// A number of pixels; below ten with what is behind the point.
fn pixels(number: f32) -> String {
    if number.abs() >= 10.0 || number.fract() == 0.0 {
        format!("{number:.0}")
    } else {
        format!("{number:.2}")
    }
}

fn boxes_words(count: u64) -> String {
    match count {
        1 => "1 box".to_owned(),
        _ => format!("{count} boxes"),
    }
}

fn images_words(count: u64) -> String {
    counted(count, "image")
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
