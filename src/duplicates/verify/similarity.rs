//! Turns measured agreement into one calibrated number. Measures nothing.
//!
//! The weights are a logistic regression of planted copies (every alteration
//! of the benchmark) against the nearest other pictures of a set of clothing
//! photos on few backdrops, which are harder to tell apart than most. See
//! docs/accuracy.md, "Calibration".

use super::agreement::Agreement;

/// Textured places below which a picture holds too little to say anything.
pub(crate) const LEAST_TEXTURE: f32 = 2.0;

/// Nearness to 1 of the mean local correlation, with and without the worst fifth.
const MEAN: f32 = 3.745;
const TRIMMED: f32 = 2.077;
/// What gain and offset leave unexplained.
const RESIDUAL: f32 = -3.045;
/// Maps that are neither turned nor stretched are found between pictures that
/// only resemble each other.
const SKEW: f32 = -3.21;
/// Small overlaps are easier to find by chance, and chance then fits better.
const COVER: f32 = -4.982;
/// Outlines that agree where the surface does not speak against a copy.
const FINE: f32 = -4.846;
const CONTRAST: f32 = -5.522;
const CONSTANT: f32 = -9.791;
/// Centres the scale: at a similarity of 0.5, 3 pairs of different pictures
/// passed among 4,800 pictures.
const SHIFT: f32 = 0.3;

/// Similarity, 0 to 1; the cut is the caller's.
pub(crate) fn similarity(agreement: &Agreement, skew: f32) -> f32 {
    let a = agreement;
    let nearness = |correlation: f32| -(1.02 - correlation.min(1.0)).ln();
    let odds = MEAN * nearness(a.mean)
        + TRIMMED * nearness(a.trimmed)
        + RESIDUAL * (a.residual.max(0.0) + 0.01).ln()
        + SKEW * (skew.min(0.1) + 0.004).ln()
        + COVER * (a.overlap.min(a.covered).max(0.0) + 0.01).ln()
        + FINE * a.fine
        + CONTRAST * (a.contrast + 1.0).ln()
        + CONSTANT
        + SHIFT;
    1.0 / (1.0 + (-odds).exp())
}

/// Log odds at half size, by a regression of its own: to drop the hopeless
/// before their thumbnails are fetched.
pub(crate) fn likely(half: &Agreement, skew: f32) -> f32 {
    let cover = half.overlap.min(half.covered);
    16.4 * half.mean
        - 2.6 * (half.residual + 0.01).ln()
        - 30.0 * skew.min(0.15)
        - 2.1 * (cover + 0.01).ln()
        - 20.6
}
