//! Checks of the SHORTCUT family: what can be warned of an image's label or
//! split without looking at its content.

mod class_from_box;
mod columns;
mod feature_drift;
mod features;
mod label_from_container;
mod separable;
mod split_from_container;
mod words;

pub use class_from_box::CLASS_FROM_BOX;
pub use feature_drift::FEATURE_DRIFT;
pub use label_from_container::LABEL_FROM_CONTAINER;
pub use split_from_container::SPLIT_FROM_CONTAINER;

use super::{CheckContext, Declared, Ran};
use crate::sample::{Role, SampleId, SplitId};
use crate::statistics::{Random, Size};

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    label_from_container::DECLARED,
    split_from_container::DECLARED,
    feature_drift::DECLARED,
    class_from_box::DECLARED,
];

/// Four leaves are three questions, which still make a sentence; five rows a
/// leaf, because fewer are an accident.
const TREE: Size = Size { leaves: 4, rows: 5 };

/// Folds of a cross-validation, the usual number.
const FOLDS: usize = 5;

/// Rows drawn of a split where it has more: an area under the curve is then
/// known to one or two hundredths.
const ROWS_OF_SPLIT: usize = 3_000;

/// The first split with each later one: as a rule train with val and test.
fn split_pairs(data: &CheckContext<'_>) -> Vec<(SplitId, SplitId)> {
    let mut ours = (0..data.listing.splits.len())
        .filter(|&index| data.listing.splits[index].role != Role::Reference)
        .filter_map(|index| u16::try_from(index).ok().map(SplitId));
    let Some(first) = ours.next() else {
        return Vec::new();
    };
    ours.map(|other| (first, other)).collect()
}

/// With fewer images a split cannot be cross-validated (four a fold), and
/// hardly any difference is certain.
const FEWEST_OF_SPLIT: usize = 20;

/// Two splits to compare, each with its rows.
type Sides = [(SplitId, Vec<SampleId>); 2];

/// The pairs of splits that hold enough images, or why there is none.
fn comparable(data: &CheckContext<'_>) -> Result<Vec<Sides>, Ran> {
    let pairs: Vec<Sides> = split_pairs(data)
        .into_iter()
        .map(|(a, b)| [a, b].map(|split| (split, rows_of_split(data, split))))
        .filter(|sides| sides.iter().all(|(_, rows)| rows.len() >= FEWEST_OF_SPLIT))
        .collect();
    if pairs.is_empty() {
        return Err(Ran::NotApplicable(format!(
            "there are no two splits with {FEWEST_OF_SPLIT} images each"
        )));
    }
    Ok(pairs)
}

/// The samples of a split whose image was seen, thinned at random to
/// [`ROWS_OF_SPLIT`], in listing order.
fn rows_of_split(data: &CheckContext<'_>, split: SplitId) -> Vec<SampleId> {
    let samples = data.listing.samples.iter();
    let rows: Vec<SampleId> = samples
        .filter(|sample| sample.split == Some(split))
        .map(|sample| sample.id)
        .filter(|&id| data.fingerprints.facts(id).is_some())
        .collect();
    thinned(rows, ROWS_OF_SPLIT)
}

/// At most `most` of `rows`, drawn at random, in their order.
fn thinned(mut rows: Vec<SampleId>, most: usize) -> Vec<SampleId> {
    if rows.len() > most {
        let mut random = Random::seeded(0x7417);
        random.shuffle(&mut rows);
        rows.truncate(most);
        rows.sort_unstable();
    }
    rows
}
