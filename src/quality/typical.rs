//! What images of a data set are like as a rule. Judges none.

use std::collections::BTreeMap;

use crate::decode::ColourMode;
use crate::fingerprint::{FingerprintTable, ImageFacts};

/// What most images of a data set share.
#[derive(Debug, Clone, Default)]
pub(super) struct Typical {
    /// Images seen.
    pub(super) images: usize,
    /// The middle image's pixels.
    pub(super) median_pixels: f64,
    /// The part of images with colour, 0 to 1.
    pub(super) coloured: f64,
    /// How many images there are of each colour mode and bit depth.
    pub(super) modes: BTreeMap<(ColourMode, u8), usize>,
}

impl Typical {
    /// Counts over all images seen.
    pub(super) fn of(fingerprints: &FingerprintTable) -> Self {
        let mut areas = Vec::new();
        let mut coloured = 0;
        let mut modes = BTreeMap::new();
        for (_, row) in fingerprints.iter() {
            let Ok(facts) = &row.image else { continue };
            areas.push(pixels(facts));
            coloured += usize::from(has_colour(facts));
            let mode = (facts.header.colour, facts.header.bit_depth);
            *modes.entry(mode).or_insert(0) += 1;
        }
        areas.sort_unstable_by(f64::total_cmp);
        Self {
            images: areas.len(),
            median_pixels: areas.get(areas.len() / 2).copied().unwrap_or(0.0),
            coloured: coloured as f64 / areas.len().max(1) as f64,
            modes,
        }
    }
}

pub(super) fn pixels(facts: &ImageFacts) -> f64 {
    f64::from(facts.header.width) * f64::from(facts.header.height)
}

/// A gray image saved as colour is colourless but for rounding. The grayest
/// colour photo of a gray motif among 3,781 photos of clothes has 1.06.
pub(super) fn has_colour(facts: &ImageFacts) -> bool {
    facts.statistics.colourfulness >= 0.5
}
