//! Checks of the LEAK family: the same picture on both sides of a split.

mod exact_across_splits;

pub use exact_across_splits::EXACT_DUPLICATE_ACROSS_SPLITS;

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[exact_across_splits::DECLARED];
