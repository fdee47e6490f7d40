//! Checks of the LEAK family: the same thing on both sides of a split, or more
//! often than once.

mod doubtful_pairs;
mod exact_across_splits;
mod exact_within_split;
mod file_name_groups;
mod file_name_parts;
mod group_declared;
mod group_evidence;
mod group_exif;
mod group_inferred;
mod group_regex;
mod near_across_splits;
mod near_within_split;
mod overlapping_footprints;
mod same_object;
mod same_scene;

pub use doubtful_pairs::DOUBTFUL_PAIRS;
pub use exact_across_splits::EXACT_DUPLICATE_ACROSS_SPLITS;
pub use exact_within_split::EXACT_DUPLICATE_WITHIN_SPLIT;
pub use group_declared::DECLARED_GROUP_ACROSS_SPLITS;
pub use group_inferred::{INFERRED_GROUP_ACROSS_SPLITS, inferred_groups};
pub use near_across_splits::NEAR_DUPLICATE_ACROSS_SPLITS;
pub use near_within_split::NEAR_DUPLICATE_WITHIN_SPLIT;
pub use overlapping_footprints::OVERLAPPING_FOOTPRINTS_ACROSS_SPLITS;
pub use same_object::SAME_OBJECT_ACROSS_SPLITS;
pub use same_scene::SAME_SCENE_ACROSS_SPLITS;

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[
    exact_across_splits::DECLARED,
    near_across_splits::DECLARED,
    exact_within_split::DECLARED,
    near_within_split::DECLARED,
    group_declared::DECLARED,
    group_inferred::DECLARED,
    doubtful_pairs::DECLARED,
    same_scene::DECLARED,
    overlapping_footprints::DECLARED,
    same_object::DECLARED,
];
