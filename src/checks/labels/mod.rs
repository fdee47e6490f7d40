//! Checks of the LABEL family: labels that contradict the pictures or each
//! other.

mod conflicting_labels;

pub use conflicting_labels::CONFLICTING_LABELS;

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[conflicting_labels::DECLARED];
