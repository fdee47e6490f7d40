//! Checks of the files family: see the list.

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[];
