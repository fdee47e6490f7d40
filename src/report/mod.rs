//! Findings as written for someone. Counts nothing, judges nothing, reads no
//! image.

pub mod terminal;

use crate::duplicates::Duplicates;
use crate::fingerprint::FingerprintTable;
use crate::gate::Outcome;
use crate::sample::Listing;

/// What a report is made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// What was computed of each.
    pub fingerprints: &'a FingerprintTable,
    /// Verified pairs.
    pub duplicates: &'a Duplicates,
    /// Findings and verdict.
    pub outcome: &'a Outcome,
}
