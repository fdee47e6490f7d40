//! Logistic scores: log odds that a pair is a copy, from measurements. Measures nothing.
//!
//! The weights are logistic regressions of planted copies (every alteration of the
//! benchmark) against other candidate pairs: of clothing photos on few backdrops, and, for
//! images no larger than a thumbnail, of such photos at 32 × 32, of handwritten digits and
//! of grey garments at 28 × 28. All three are harder to distinguish than most sets. See
//! docs/accuracy.md, "Calibration".

use super::differences::Differences;
use super::measurements::Measurements;
use crate::duplicates::registration::gauss_newton::Step;

/// Number of textured patches below which a pair is not scored.
pub(crate) const LEAST_TEXTURE: f32 = 2.0;

/// How much more detail than their thumbnails two images hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// No more.
    Thumbnail,
    /// Up to about twice the resolution.
    Double,
    /// More than that.
    Full,
}

impl Detail {
    /// By the longer of the two long sides, in samples.
    pub(crate) fn of(side: u32) -> Self {
        match side {
            // A third more samples than a thumbnail's 64 add no detail.
            0..84 => Self::Thumbnail,
            84..160 => Self::Double,
            _ => Self::Full,
        }
    }
}

/// Log odds from thumbnails above which a pair is decoded and refined: one planted copy
/// in 300 lies below, and 98 of 100 other registered pairs.
pub(crate) const REFINEMENT_ODDS: f32 = -4.5;

/// How close a correlation is to 1, on a logarithmic scale.
fn nearness(correlation: f32) -> f32 {
    -(1.02 - correlation.min(1.0)).ln()
}

fn log(value: f32) -> f32 {
    (value.max(0.0) + 0.01).ln()
}

/// The skew of a map on a logarithmic scale. Maps of copies are never skew; those between
/// images that only resemble each other may be.
fn log_skew(skew: f32) -> f32 {
    (skew.min(0.1) + 0.004).ln()
}

fn log_cover(a: &Measurements) -> f32 {
    log(a.overlap.min(a.covered))
}

/// Standard deviation, in grey levels, below which lower contrast of tiny images is weaker
/// evidence to the same degree as higher contrast would be: noise and rounding of a few
/// grey levels then hide the differences of a pair.
const LEAST_CONTRAST: f32 = 20.0;
/// Greatest gain of copies in the sets that the weights were fitted to.
const USUAL_GAIN: f32 = 2.5;

/// The contrast to score by: that of the fixed image, or of the moving one where that is
/// far higher. A dark copy is no stronger evidence than the image it is made of.
fn effective_contrast(a: &Measurements) -> f32 {
    let moving = a.contrast / a.gain.abs().max(0.02);
    a.contrast.max(moving / USUAL_GAIN)
}

/// Log odds from thumbnails.
pub(crate) fn from_thumbnails(detail: Detail, a: &Measurements) -> f32 {
    let (mean, trimmed) = (nearness(a.mean), nearness(a.trimmed));
    let effective = effective_contrast(a);
    let bounded = match detail {
        Detail::Thumbnail if effective < LEAST_CONTRAST => {
            LEAST_CONTRAST * LEAST_CONTRAST / effective.max(1.0)
        }
        _ => effective,
    };
    let contrast = (bounded + 1.0).ln();
    match detail {
        // The residual is no evidence here: plain backgrounds leave none, whatever is
        // drawn on them.
        Detail::Thumbnail => {
            0.60 * mean + 3.60 * trimmed - 1.37 * log_skew(a.skew) + 2.23 * log_cover(a)
                - 3.92 * contrast
                + 1.36 * a.hue
                - 2.78
        }
        Detail::Double | Detail::Full => {
            2.96 * mean + 2.29 * trimmed
                - 1.95 * log(a.residual)
                - 2.81 * log_skew(a.skew)
                - 3.70 * log_cover(a)
                - 4.51 * a.pooled
                - 4.35 * contrast
                + 3.04 * a.hue
                - 12.89
        }
    }
}

/// First quartile of the local NCCs below which a pair loses odds: two things of one
/// outline before one background. 99 of 100 planted copies lie above.
const LEAST_QUARTILE: f32 = 0.5;
/// Log odds for each unit below.
const PENALTY: f32 = 8.0;

/// Log odds from the thumbnails and the refinement, `refined` at full and at half size.
pub(crate) fn from_refinement(
    detail: Detail,
    a: &Measurements,
    refined: &[Measurements; 2],
) -> f32 {
    let shared = nearness(a.mean);
    let [full, half] = refined;
    match detail {
        Detail::Full | Detail::Thumbnail => {
            3.77 * nearness(full.mean) + 1.83 * nearness(half.mean) + 1.14 * shared
                - 1.60 * log(a.residual)
                + 0.70 * log(half.residual)
                - 2.24 * log_skew(a.skew)
                + 0.61 * log_cover(a)
                + 0.99 * a.hue
                - PENALTY * (LEAST_QUARTILE - half.quartile).max(0.0)
                - 22.16
        }
        Detail::Double => {
            2.30 * nearness(full.mean) + 2.45 * nearness(full.quartile) + 1.24 * log(full.residual)
                - 2.42 * log_skew(a.skew)
                - 0.82 * log_cover(a)
                + 0.82 * shared
                - 2.31 * log(a.residual)
                + 2.14 * a.hue
                - 23.78
        }
    }
}

/// Share of the overlap that a region takes which only one of two images shows, at least,
/// to count.
const LEAST_REGION: f32 = 0.0005;

/// Least ratio of the smaller of two regions to the larger: an overlay breaks up where the
/// background is near its tone.
const COMPARABLE: f32 = 0.25;
/// The same to the regions that differ in both images: a changed hue makes all outlines
/// differ.
const ABOVE_SHARED: f32 = 1.0;

/// Whether each of two images shows a region that the other lacks, which no copy does: an
/// overlay or a banner is in one of the two only.
pub(crate) fn differ_both_ways(d: &Differences) -> bool {
    let less = d.in_fixed.min(d.in_moving);
    let more = d.in_fixed.max(d.in_moving);
    less >= LEAST_REGION && less >= COMPARABLE * more && less >= ABOVE_SHARED * d.in_both
}

/// The same ratio where only thumbnails were compared, which break up a text on a pattern
/// (0.39 in a planted copy).
const COMPARABLE_THUMBNAILS: f32 = 0.5;

/// [`differ_both_ways`] by regions of about one size, as a thing does that was moved.
pub(crate) fn differ_both_ways_alike(d: &Differences) -> bool {
    let (a, b) = (d.in_fixed, d.in_moving);
    differ_both_ways(d) && a.min(b) >= COMPARABLE_THUMBNAILS * a.max(b)
}

/// Mean local NCC that a region costs, at least, for each share of the image that it takes:
/// things moved before a camera 0.56 at least; planted copies with a shifted hue, whose
/// dark and light parts swap, 0.18.
const NCC_COST: f32 = 0.35;

/// Whether the regions differ in brightness only and not in content: a shifted hue makes one
/// part of an image lighter and another one darker.
pub(crate) fn is_shading(d: &Differences, half: &Measurements) -> bool {
    1.0 - half.mean < NCC_COST * (d.in_fixed + d.in_moving)
}

/// Share of the overlap that an overlay covers at most, for the rest to be scored without
/// it.
const OVERLAY: f32 = 0.2;
/// Share of the overlay that all other differing regions take at most.
const BESIDE: f32 = 0.1;

/// Whether one of two images shows an overlay, and the other no region of its own.
pub(crate) fn is_overlay(d: &Differences) -> bool {
    let overlay = d.in_fixed.max(d.in_moving);
    let others = d.in_fixed.min(d.in_moving) + d.in_both;
    (LEAST_REGION..OVERLAY).contains(&overlay) && others < BESIDE * overlay
}

/// Log odds of an image that resembles no other.
pub(crate) const NONE: f32 = -6.0;

/// Log odds of a pair of images no larger than a thumbnail, where its best rival has the
/// log odds `rival`: among look-alikes a pair must be distinctive (cf. the ratio test of
/// Lowe 2004, section 7.1). By a regression like the others.
pub(crate) fn given_rival(odds: f32, rival: f32) -> f32 {
    1.11 * odds - 1.25 * rival.max(NONE) - 5.69
}

/// The least similarity of a reported pair: see docs/accuracy.md, "Pairs".
pub(crate) const LEAST_SIMILARITY: f32 = 0.8;

/// Log odds of [`LEAST_SIMILARITY`].
pub(crate) fn least_odds() -> f32 {
    (LEAST_SIMILARITY / (1.0 - LEAST_SIMILARITY)).ln()
}

/// Whether a pair of images no larger than a thumbnail is reported where nothing else
/// resembles the two.
pub(crate) fn is_reported_alone(odds: f32) -> bool {
    given_rival(odds, NONE) >= least_odds()
}

/// Log odds that noise and compression are all that remains between two images that
/// thumbnails hold in full, and not another content: noise remains everywhere alike, another
/// number in a sign or a thing in front in one place, where it weighs on the pooled NCC. The
/// more noise remains, the more it may hide: a dark image proves nothing. By a regression of
/// altered copies of photos against signs of other numbers and photos with other things in
/// front, all at 32 to 48 pixels.
pub(crate) fn of_noise_alone(a: &Measurements) -> f32 {
    12.9 * nearness(a.pooled) + 7.2 * nearness(a.mean)
        - 6.8 * nearness(a.trimmed)
        - 8.8 * nearness(a.median)
        - 4.7 * nearness(a.quartile)
        - 2.8 * log(a.residual)
        - 4.0
}

/// Log odds that a pair gains where other images vouch that its two are of one group of
/// copies: of pairs that candidate generation proposes most are none, of those that complete
/// a group nearly all are copies (`cargo bench --bench groups`).
pub(crate) const VOUCHED: f32 = 1.5;

/// Log odds of a refined pair within a group of look-alikes, whose pairs reach `level` by
/// chance: only the excess counts, unless the two are practically identical.
pub(crate) fn among_look_alikes(odds: f32, level: f32) -> f32 {
    if odds >= STRONG {
        odds
    } else {
        odds - level.max(0.0)
    }
}

/// Log odds that nearly all re-encoded copies and half of the planted crops reach; no
/// pair of different photos exceeded 1.1.
pub(crate) const STRONG: f32 = 8.0;

/// Log odds at half size, a gate before thumbnails are fetched.
pub(crate) fn at_half_size(half: &Measurements, skew: f32) -> f32 {
    2.59 * nearness(half.mean)
        - 0.22 * nearness(half.trimmed)
        - 2.64 * log(half.residual)
        - 1.20 * log_skew(skew)
        - 0.56 * log_cover(half)
        - 3.28 * (half.contrast + 1.0).ln()
        - 4.44
}

/// Log odds at quarter size.
pub(crate) fn at_quarter_size(quarter: &Measurements, skew: f32) -> f32 {
    2.69 * nearness(quarter.mean)
        - 0.10 * nearness(quarter.trimmed)
        - 2.85 * log(quarter.residual)
        - 1.17 * log_skew(skew)
        - 1.68 * log_cover(quarter)
        - 3.37 * (quarter.contrast + 1.0).ln()
        - 5.93
}

/// Log odds of a candidate of this cosine after one registration step at quarter size.
pub(crate) fn after_one_step(step: &Step, skew: f32, cosine: f32) -> f32 {
    let contrast = step.contrast.max(1.0);
    10.65 * log(step.residual / contrast)
        - 14.68 * log(step.left / contrast)
        - 1.10 * log_skew(skew)
        + 2.12 * nearness(cosine)
        - 4.02 * (step.contrast + 1.0).ln()
        - 5.90
}
