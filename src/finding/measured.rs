//! What a check measured, in a form that every report can show. Measures
//! nothing itself.

use std::fmt;

use super::Transform;

/// How two samples of a pair are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Same bytes or same pixels.
    Exact,
    /// Same view: re-encoded, resized, recoloured.
    Near,
    /// Mirrored, turned, rotated, padded or shifted.
    Transformed,
    /// One shows a part of the other.
    Crop,
    /// Each shows a part of the other and something else.
    Overlap,
}

impl Relation {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Near => "near",
            Self::Transformed => "transformed",
            Self::Crop => "crop",
            Self::Overlap => "overlap",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What was measured of a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct PairEvidence {
    /// How the two are related.
    pub relation: Relation,
    /// What was done to the first sample's image to get the second's.
    pub transform: Transform,
    /// Bits in which the perceptual hashes differ, 0 to 64, where both have one.
    pub distance: Option<u32>,
    /// Verified on pixels, 0 to 1.
    pub similarity: f64,
}

/// A named number.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// In snake case, e.g. `total_variation`.
    pub name: &'static str,
    /// The value.
    pub value: f64,
}

/// What a finding rests on.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Measured {
    /// The message says it all.
    #[default]
    None,
    /// A verified pair.
    Pair(PairEvidence),
    /// Named numbers.
    Figures(Vec<Figure>),
}
