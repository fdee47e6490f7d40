//! Decides on pixels whether two pictures show the same. Knows nothing of how
//! candidates were found.

pub(super) mod agreement;
pub(super) mod align;
pub(super) mod explain;
pub(super) mod pyramid;
pub(super) mod similarity;

use agreement::{Agreement, agreement, glance};
use align::{Fit, Map, align};
use explain::{Picture, Shape, direction, explain};
use pyramid::{Pyramid, Small, matched};
use similarity::{LEAST_TEXTURE, likely, similarity};

use super::candidates::Guess;
use crate::decode::Thumbnail;
use crate::finding::{Relation, Transform};

/// What is known of a picture before its pixels are fetched again.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Half and quarter size, kept for all pictures.
    pub(crate) small: Small,
    /// Full width in pixels.
    pub(crate) width: u32,
    /// Full height in pixels.
    pub(crate) height: u32,
}

/// The answer on a candidate pair.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Not the same picture.
    Different,
    /// Too little in them to say.
    Abstained,
    /// The same to a degree.
    Alike(Alike),
}

/// How two pictures are alike; `first` is the one with the lower index.
#[derive(Debug, Clone)]
pub(crate) struct Alike {
    /// 0 to 1.
    pub(crate) similarity: f32,
    /// Named.
    pub(crate) relation: Relation,
    /// From first to second.
    pub(crate) transform: Transform,
    /// What was measured.
    pub(crate) agreement: Agreement,
}

/// Correlation at quarter size below which no copy was seen (planted copies:
/// 0.894 at worst).
const COARSE_CUT: f32 = 0.88;
/// Skew at quarter size beyond which no copy was seen.
const COARSE_SKEW: f32 = 0.12;
/// Correlation at half size (0.911 at worst).
const MIDDLE_CUT: f32 = 0.90;
/// Skew at half size.
const MIDDLE_SKEW: f32 = 0.06;

/// Odds at half size, by the regression of `similarity::likely`; planted
/// copies: −4.1 at worst, 92 of 100 others below it.
const MIDDLE_ODDS: f32 = -5.0;

/// An alignment that may be worth a closer look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coarse {
    pub(crate) fit: Fit,
    pub(crate) half: Agreement,
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
}

fn skew(map: &Map, fixed: &Subject, moving: &Subject) -> f32 {
    let (fw, fh) = (fixed.width as f32, fixed.height as f32);
    let (mw, mh) = (moving.width as f32, moving.height as f32);
    let m = &map.0;
    Shape::of([
        m[0] * mw / fw,
        m[1] * mw / fh,
        m[3] * mh / fw,
        m[4] * mh / fh,
    ])
    .skew
}

/// Aligns at quarter and half size, from memory alone.
pub(crate) fn approach(guess: &Guess, fixed: &Subject, moving: &Subject) -> Option<Coarse> {
    let (f, m) = (&fixed.small, &moving.small);
    let levels = |map: &Map, level| {
        let (a, b) = matched(f.sizes(), m.sizes(), map.determinant().abs(), level);
        (f.level(a), m.level(b))
    };
    let (a, b) = levels(&guess.map, 2);
    let fit = align(&a, &b, guess.map, 3, 1)?;
    if fit.correlation < COARSE_CUT || skew(&fit.map, fixed, moving) > COARSE_SKEW {
        return None;
    }
    let (a, b) = levels(&fit.map, 1);
    let fit = align(&a, &b, fit.map, 3, 2)?;
    let skew = skew(&fit.map, fixed, moving);
    if fit.correlation < MIDDLE_CUT || skew > MIDDLE_SKEW {
        return None;
    }
    let half = glance(&a, &b, &fit.map)?;
    if likely(&half, skew) < MIDDLE_ODDS {
        return None;
    }
    Some(Coarse {
        fit,
        half,
        fixed: guess.fixed,
        moving: guess.moving,
    })
}

/// Aligns at full thumbnail size and judges.
pub(crate) fn judge<'a>(
    coarse: &Coarse,
    fixed: (&'a Subject, &'a Thumbnail),
    moving: (&'a Subject, &'a Thumbnail),
) -> Answer {
    let (Some(f), Some(m)) = (Pyramid::new(&fixed.1.luma), Pyramid::new(&moving.1.luma)) else {
        return Answer::Abstained;
    };
    let (a, b) = matched(f.sizes(), m.sizes(), coarse.fit.map.determinant().abs(), 0);
    let Some(fit) = align(f.level(a), m.level(b), coarse.fit.map, 3, 3) else {
        return Answer::Different;
    };
    let Some(agreement) = agreement((&f, fixed.1), (&m, moving.1), &fit.map, &coarse.half) else {
        return Answer::Different;
    };
    if agreement.texture < LEAST_TEXTURE {
        return Answer::Abstained;
    }
    let skew = skew(&fit.map, fixed.0, moving.0);
    let similarity = similarity(&agreement, skew);
    // `first` is the lower index, and maps go from second to first.
    let second_is_fixed = coarse.fixed > coarse.moving;
    let (first, second) = if second_is_fixed {
        (moving, fixed)
    } else {
        (fixed, moving)
    };
    let map = if second_is_fixed {
        Some(fit.map)
    } else {
        fit.map.inverse()
    };
    let Some(map) = map else {
        return Answer::Different;
    };
    let picture = |side: (&Subject, &'a Thumbnail)| Picture {
        thumbnail: side.1,
        width: side.0.width,
        height: side.0.height,
    };
    let (gain, offset) = direction(&agreement, second_is_fixed);
    let (relation, transform) = explain(picture(first), picture(second), &map, gain, offset);
    Answer::Alike(Alike {
        similarity,
        relation,
        transform,
        agreement,
    })
}
