//! Checks of the DIST family: how samples spread over splits and classes.

mod box_drift;
mod class_absent;
mod class_imbalance;
mod class_index_mismatch;
mod class_names;
mod confusable_class_names;
mod empty_split;
mod loaders;
mod object_drift;
mod object_sides;
mod same_samples;
mod single_class;
mod stratification_drift;
mod too_few_samples;

pub use box_drift::BOX_DRIFT;
pub use class_absent::CLASS_ABSENT_FROM_SPLIT;
pub use class_imbalance::CLASS_IMBALANCE;
pub use class_index_mismatch::CLASS_INDEX_MISMATCH;
pub use confusable_class_names::CONFUSABLE_CLASS_NAMES;
pub use empty_split::EMPTY_SPLIT;
pub use object_drift::OBJECT_DRIFT;
pub use same_samples::SAME_SAMPLES_IN_SPLITS;
pub use single_class::SINGLE_CLASS;
pub use stratification_drift::STRATIFICATION_DRIFT;
pub use too_few_samples::TOO_FEW_SAMPLES;

use super::Declared;
use super::words::quoted;
use crate::finding::Figure;
use crate::sample::{ClassId, Listing, Role, SplitId};

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    stratification_drift::DECLARED,
    class_absent::DECLARED,
    class_imbalance::DECLARED,
    too_few_samples::DECLARED,
    single_class::DECLARED,
    empty_split::DECLARED,
    same_samples::DECLARED,
    class_index_mismatch::DECLARED,
    confusable_class_names::DECLARED,
    object_drift::DECLARED,
    box_drift::DECLARED,
];

/// A split's name in back-quotes; samples outside any split are "the data set".
fn split_words(listing: &Listing, split: Option<SplitId>) -> String {
    listing
        .split_name(split)
        .map_or_else(|| "the data set".to_owned(), quoted)
}

/// What a split is for; samples outside any split are learnt from.
fn role(listing: &Listing, split: Option<SplitId>) -> Role {
    split.map_or(Role::Train, |split| listing.splits[split.index()].role)
}

/// The class of that name.
fn class_id(listing: &Listing, name: &str) -> Option<ClassId> {
    let place = listing.classes.iter().position(|class| class == name)?;
    u32::try_from(place).ok().map(ClassId)
}

fn class_id_words(listing: &Listing, class: ClassId) -> String {
    quoted(listing.class_name(class))
}

fn class_words(listing: &Listing, classes: &[ClassId]) -> Vec<String> {
    classes
        .iter()
        .map(|&class| class_id_words(listing, class))
        .collect()
}

fn figure(name: &'static str, value: f64) -> Figure {
    Figure { name, value }
}
