//! Turns measured agreement into log odds. Measures nothing.
//!
//! The weights are logistic regressions of planted copies (every alteration of
//! the benchmark) against other candidate pairs: of clothing photos on few
//! backdrops, and, for images no larger than a thumbnail, of such photos at
//! 32 x 32, of handwritten digits and of gray garments at 28 x 28. All three
//! are harder to tell apart than most sets. See docs/accuracy.md,
//! "Calibration".

use super::differences::Differences;
use super::measurements::Agreement;
use crate::duplicates::registration::gauss_newton::Step;

/// Textured places below which an image holds too little to say anything.
pub(crate) const LEAST_TEXTURE: f32 = 2.0;

/// How finely two images can be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// No finer than their thumbnails.
    Thumbnail,
    /// Up to about twice as fine.
    Double,
    /// Finer.
    Full,
}

impl Detail {
    /// By the longer of the two long sides, in samples.
    pub(crate) fn of(side: u32) -> Self {
        match side {
            // A third more samples than a thumbnail's 64 show nothing new.
            0..84 => Self::Thumbnail,
            84..160 => Self::Double,
            _ => Self::Full,
        }
    }
}

/// Log odds by thumbnails above which a pair is decoded and looked at closer:
/// one planted copy in 300 lies below, and 98 of 100 other aligned pairs.
pub(crate) const CLOSER_ODDS: f32 = -4.5;

/// Nearness to 1 of a correlation.
fn nearness(correlation: f32) -> f32 {
    -(1.02 - correlation.min(1.0)).ln()
}

fn log(value: f32) -> f32 {
    (value.max(0.0) + 0.01).ln()
}

/// Maps that are neither turned nor stretched are found between images that
/// only resemble each other, too, but those of copies are never skew.
fn log_skew(skew: f32) -> f32 {
    (skew.min(0.1) + 0.004).ln()
}

fn log_cover(a: &Agreement) -> f32 {
    log(a.overlap.min(a.covered))
}

/// Deviation (grey levels) below which less contrast of tiny images is worse proof
/// by as much as more would be: noise and rounding, of a few grey levels in any
/// light, then hide what speaks against a pair.
const LEAST_CONTRAST: f32 = 20.0;
/// Gain that copies are made with at most in the sets that were fitted to.
const USUAL_GAIN: f32 = 2.5;

/// The contrast to judge by: of the fixed image, or of the moving one where that
/// has far more. A dark copy proves no more than the image it is made of.
fn shown(a: &Agreement) -> f32 {
    let moving = a.contrast / a.gain.abs().max(0.02);
    a.contrast.max(moving / USUAL_GAIN)
}

/// From what thumbnails show.
pub(crate) fn of_thumbnails(detail: Detail, a: &Agreement) -> f32 {
    let (mean, trimmed) = (nearness(a.mean), nearness(a.trimmed));
    let shown = shown(a);
    let judged = match detail {
        Detail::Thumbnail if shown < LEAST_CONTRAST => {
            LEAST_CONTRAST * LEAST_CONTRAST / shown.max(1.0)
        }
        _ => shown,
    };
    let contrast = (judged + 1.0).ln();
    match detail {
        // What is left of the residual says nothing here: plain grounds have
        // none, whatever is drawn on them.
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
                - 4.51 * a.fine
                - 4.35 * contrast
                + 3.04 * a.hue
                - 12.89
        }
    }
}

/// Two things of one outline before one ground: a quarter of the textured
/// places disagrees, while of 99 in 100 planted copies three quarters agree to
/// more than this.
const LEAST_QUARTILE: f32 = 0.5;
/// Log odds for each unit below.
const DISAGREEING: f32 = 8.0;

/// From a closer look: `seen` at full and at half size.
pub(crate) fn closer(detail: Detail, a: &Agreement, seen: &[Agreement; 2]) -> f32 {
    let shared = nearness(a.mean);
    let [full, half] = seen;
    match detail {
        Detail::Full | Detail::Thumbnail => {
            3.77 * nearness(full.mean) + 1.83 * nearness(half.mean) + 1.14 * shared
                - 1.60 * log(a.residual)
                + 0.70 * log(half.residual)
                - 2.24 * log_skew(a.skew)
                + 0.61 * log_cover(a)
                + 0.99 * a.hue
                - DISAGREEING * (LEAST_QUARTILE - half.quartile).max(0.0)
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

/// Share of what two images share that a thing takes up which only one of them
/// shows.
const THING: f32 = 0.0005;

/// Share of the larger thing that the smaller must be: of one that is pasted on,
/// pieces are left where the ground comes near its tone.
const COMPARABLE: f32 = 0.25;
/// The same of what differs in both: a changed hue makes all outlines differ.
const ABOVE_ALL: f32 = 1.0;

/// Whether each of two images shows a thing that the other lacks. An overlay or a
/// banner is in one of the two.
pub(crate) fn two_things(found: &Differences) -> bool {
    let less = found.in_fixed.min(found.in_moving);
    let more = found.in_fixed.max(found.in_moving);
    less >= THING && less >= COMPARABLE * more && less >= ABOVE_ALL * found.in_both
}

/// The same where only thumbnails are looked at, which break up a text on a pattern
/// (0.39 in a planted copy).
const OF_ONE_SIZE: f32 = 0.5;

/// [`two_things`], of about one size: what one thing leaves that was moved.
pub(crate) fn two_things_of_one_size(found: &Differences) -> bool {
    let (a, b) = (found.in_fixed, found.in_moving);
    two_things(found) && a.min(b) >= OF_ONE_SIZE * a.max(b)
}

/// What a thing takes from the agreement of places, at least, for each share of the
/// image that it takes up: of things moved before a camera 0.56 at least, of planted
/// copies with a shifted hue, whose dark and light parts swap, 0.18.
const DISTURBING: f32 = 0.35;

/// Whether what differs changes the light of places only and not what they show:
/// a shifted hue makes one part of an image lighter and another one darker.
pub(crate) fn is_shading(found: &Differences, half: &Agreement) -> bool {
    1.0 - half.mean < DISTURBING * (found.in_fixed + found.in_moving)
}

/// Share of what two images share that a sticker covers at most, for the rest to
/// be judged without it.
const STICKER: f32 = 0.2;
/// Share of the sticker that all else which differs takes up at most.
const BESIDE: f32 = 0.1;

/// Whether one of two images shows a thing, and the other nothing of its own.
pub(crate) fn is_one_thing(found: &Differences) -> bool {
    let thing = found.in_fixed.max(found.in_moving);
    let others = found.in_fixed.min(found.in_moving) + found.in_both;
    (THING..STICKER).contains(&thing) && others < BESIDE * thing
}

/// Odds by which an image resembles nothing else.
pub(crate) const NOTHING: f32 = -6.0;

/// Log odds of a pair of images no larger than a thumbnail, where `others`
/// are those of its images' other candidates: among look-alikes a pair has to
/// stand out (cf. Lowe 2004, section 7.1, on the distance to the second
/// nearest). By a regression like the others.
pub(crate) fn among_small(odds: f32, others: f32) -> f32 {
    1.11 * odds - 1.25 * others.max(NOTHING) - 5.69
}

/// Log odds of a pair looked at closer, in a crowd of images that all
/// resemble each other: what a closer look finds in any of them counts for
/// nothing, unless a pair is as good as the same.
pub(crate) fn in_a_crowd(odds: f32, others: f32) -> f32 {
    if odds >= STRONG {
        odds
    } else {
        odds - others.max(0.0)
    }
}

/// Log odds that nearly all re-encoded copies and half of the planted crops
/// reach; no pair of different photos passed 1.1.
pub(crate) const STRONG: f32 = 8.0;

/// Log odds at half size, to drop the hopeless before their thumbnails are
/// fetched.
pub(crate) fn likely(half: &Agreement, skew: f32) -> f32 {
    2.59 * nearness(half.mean)
        - 0.22 * nearness(half.trimmed)
        - 2.64 * log(half.residual)
        - 1.20 * log_skew(skew)
        - 0.56 * log_cover(half)
        - 3.28 * (half.contrast + 1.0).ln()
        - 4.44
}

/// Log odds at quarter size.
pub(crate) fn likely_at_quarter(quarter: &Agreement, skew: f32) -> f32 {
    2.69 * nearness(quarter.mean)
        - 0.10 * nearness(quarter.trimmed)
        - 2.85 * log(quarter.residual)
        - 1.17 * log_skew(skew)
        - 1.68 * log_cover(quarter)
        - 3.37 * (quarter.contrast + 1.0).ln()
        - 5.93
}

/// Log odds of a guess of this cosine after one step from it at quarter size.
pub(crate) fn promising(step: &Step, skew: f32, cosine: f32) -> f32 {
    let contrast = step.contrast.max(1.0);
    10.65 * log(step.residual / contrast)
        - 14.68 * log(step.left / contrast)
        - 1.10 * log_skew(skew)
        + 2.12 * nearness(cosine)
        - 4.02 * (step.contrast + 1.0).ln()
        - 5.90
}
