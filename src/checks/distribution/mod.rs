//! Checks of the distribution family: see the list.

use super::Declared;

/// The family's checks in code order.
pub(super) const CHECKS: &[Declared] = &[];
