//! What the checks that ask the label model share. Judges nothing.

use crate::checks::{CheckContext, Needs, Ran};
use crate::finding::Figure;
use crate::label_model::Judgement;
use crate::labelling::{Labelling, Said};
use crate::sample::{ClassId, SampleId};

/// What each of them reads.
pub(super) const NEEDS: Needs = Needs {
    fingerprints: true,
    boxes: false,
    contents: false,
    duplicates: true,
    label_model: true,
    footprints: false,
    scenes_up_to: 0,
    carried_objects: false,
    objects_up_to: 0,
    object_copies_up_to: 0,
};

/// The labelling, or why the check cannot use it.
pub(super) fn usable<'a>(data: &CheckContext<'a>) -> Result<&'a Labelling, Ran> {
    let labelling = (data.evidence.labelling.as_ref())
        .ok_or_else(|| Ran::NotApplicable("no label was judged".to_owned()))?;
    match labelling.unusable() {
        Some(why) => Err(Ran::NotApplicable(why)),
        None => Ok(labelling),
    }
}

/// The labelling and its judgement of samples with one label each.
pub(super) fn single<'a>(data: &CheckContext<'a>) -> Result<(&'a Labelling, &'a Judgement), Ran> {
    let labelling = usable(data)?;
    match &labelling.said {
        Said::One(judgement) => Ok((labelling, judgement)),
        _ => Err(Ran::NotApplicable(
            "samples carry several labels each".to_owned(),
        )),
    }
}

/// The samples behind rows of the judgement.
pub(super) fn ids(labelling: &Labelling, rows: &[u32]) -> Vec<SampleId> {
    rows.iter()
        .map(|&row| labelling.ids[row as usize])
        .collect()
}

/// The class's name in back-quotes.
pub(super) fn class(data: &CheckContext<'_>, class: u32) -> String {
    format!("`{}`", data.listing.class_name(ClassId(class)))
}

/// A named number of single precision.
pub(super) fn figure(name: &'static str, value: impl Into<f64>) -> Figure {
    Figure {
        name,
        value: value.into(),
    }
}
