//! Registers a candidate pair coarse to fine, at quarter, half and full thumbnail size,
//! and rejects it at the first size at which it cannot be a copy (a rejection cascade,
//! Viola & Jones 2001).

use super::Registered;
use super::logistic::{
    Detail, LEAST_TEXTURE, after_one_step, at_half_size, at_quarter_size, from_thumbnails,
};
use super::measurements::{Measurements, WHOLE, measure, measure_thumbnails, without_banner};
use super::refine::sides;
use crate::decode::{Matte, Thumbnail};
use crate::duplicates::candidates::Candidate;
use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::gauss_newton::{register, step};
use crate::duplicates::registration::pyramid::{
    CoarsePyramid, GradientLevel, Pyramid, matched_levels,
};
use crate::duplicates::registration::shape::Shape;

/// An image as the coarse stages of the cascade use it, without its thumbnail.
#[derive(Debug, Clone)]
pub(crate) struct CoarseImage {
    /// Half and quarter size.
    pyramid: CoarsePyramid,
    /// Full width in pixels.
    width: u32,
    /// Full height in pixels.
    height: u32,
}

impl CoarseImage {
    /// `None` for images too thin to compare.
    pub(crate) fn new(thumbnail: &Thumbnail, width: u32, height: u32) -> Option<Self> {
        Some(Self {
            pyramid: CoarsePyramid::new(&thumbnail.luma)?,
            width,
            height,
        })
    }

    fn long_side(&self) -> u32 {
        self.width.max(self.height)
    }

    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Samples of luma when reduced so that the long side has at most `longest`.
    pub(crate) fn samples(&self, longest: f32) -> usize {
        let scale = (longest / self.long_side().max(1) as f32).min(1.0);
        (self.width as f32 * scale * self.height as f32 * scale) as usize
    }
}

/// What the cascade made of a candidate pair.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// Not a copy.
    Rejected,
    /// Too little texture to score.
    Abstained,
    /// Registered and scored.
    Registered(Box<Registered>),
}

impl Outcome {
    /// The one that is stronger evidence for a copy.
    pub(crate) fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Registered(one), Self::Registered(two)) if two.odds > one.odds => other,
            (Self::Registered(_), _) => self,
            (_, Self::Registered(_)) | (Self::Rejected, _) => other,
            _ => self,
        }
    }
}

/// Correlation at quarter size below which no copy lies (planted copies: 0.894 at worst).
const QUARTER_CORRELATION: f32 = 0.88;
/// Skew at quarter size beyond which no copy lies.
const QUARTER_SKEW: f32 = 0.12;
/// Correlation at half size (0.911 at worst).
const HALF_CORRELATION: f32 = 0.90;
/// Skew at half size.
const HALF_SKEW: f32 = 0.08;

/// Log odds at half size, by a regression of their own, below which thumbnails are not
/// fetched: of 2,800 planted copies none that is found with every gate open lay there, and
/// five in six others.
const HALF_ODDS: f32 = -3.2;

/// Log odds after one step at quarter size, by a regression of their own, below which a
/// candidate is rejected: of 2,800 planted copies none that is found with every gate open
/// lay there with all its candidates, and two of three others.
const STEP_ODDS: f32 = -5.5;
/// The same once registered there: two planted copies in a thousand lay below.
const QUARTER_ODDS: f32 = -5.0;
/// The same for images no larger than a thumbnail: their quarter is 8 samples long, and is
/// weaker evidence.
const SMALL_QUARTER_ODDS: f32 = -7.0;

/// A pair registered at half size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coarse {
    /// From the fixed image to the moving one.
    pub(crate) map: Affine,
    /// At half size.
    pub(crate) correlation: f32,
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
}

fn skew(map: &Affine, fixed: &CoarseImage, moving: &CoarseImage) -> f32 {
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

/// Registers at quarter and half size, from memory alone. `None` where the pair is
/// rejected.
pub(crate) fn register_coarse(
    candidate: &Candidate,
    fixed: &CoarseImage,
    moving: &CoarseImage,
) -> Option<Coarse> {
    let (f, m) = (&fixed.pyramid, &moving.pyramid);
    let levels = |map: &Affine, level| {
        let (a, b) = matched_levels(f.sizes(), m.sizes(), map.determinant().abs(), level);
        (f.level(a), GradientLevel::new(m.level(b)))
    };
    let (a, b) = levels(&candidate.map, 2);
    let small = Detail::of(fixed.long_side().max(moving.long_side())) == Detail::Thumbnail;
    let least = if small {
        SMALL_QUARTER_ODDS
    } else {
        QUARTER_ODDS
    };
    let first = step(&a, &b, &candidate.map)?;
    let odds = after_one_step(&first, skew(&first.map, fixed, moving), candidate.score);
    if !small && odds < STEP_ODDS {
        return None;
    }
    let map = register(&a, &b, first.map, 2, 1)?;
    let skewed = skew(&map, fixed, moving);
    if skewed > QUARTER_SKEW {
        return None;
    }
    let quarter = measure(&a, &b.level, &map, &WHOLE)?;
    if quarter.correlation < QUARTER_CORRELATION || at_quarter_size(&quarter, skewed) < least {
        return None;
    }
    let (a, b) = levels(&map, 1);
    let map = register(&a, &b, map, 3, 2)?;
    let skewed = skew(&map, fixed, moving);
    if skewed > HALF_SKEW {
        return None;
    }
    let half = measure(&a, &b.level, &map, &WHOLE)?;
    if half.correlation < HALF_CORRELATION || at_half_size(&half, skewed) < HALF_ODDS {
        return None;
    }
    Some(Coarse {
        map,
        correlation: half.correlation,
        fixed: candidate.fixed,
        moving: candidate.moving,
    })
}

/// How far the median local NCC must exceed the mean for the other patches to be covered by
/// a banner.
const UNEVEN: f32 = 0.16;

/// Registers at full thumbnail size and scores there.
pub(crate) fn register_thumbnails(
    coarse: &Coarse,
    fixed: (&CoarseImage, &Thumbnail),
    moving: (&CoarseImage, &Thumbnail),
) -> Outcome {
    let (Some(f), Some(m)) = (Pyramid::new(&fixed.1.luma), Pyramid::new(&moving.1.luma)) else {
        return Outcome::Abstained;
    };
    let (a, b) = matched_levels(f.sizes(), m.sizes(), coarse.map.determinant().abs(), 0);
    let (f, m) = (f.level(a), GradientLevel::new(m.level(b)));
    let Some(map) = register(&f, &m, coarse.map, 3, 3) else {
        return Outcome::Rejected;
    };
    let Some(mut measured) = measure_thumbnails((&f, fixed.1), (&m.level, moving.1), &map) else {
        return Outcome::Rejected;
    };
    if measured.texture < LEAST_TEXTURE {
        return Outcome::Abstained;
    }
    // Where most patches agree and some do not at all, a banner may cover these.
    if measured.median > measured.mean + UNEVEN {
        let (rest, _) = without_banner(&f, &m.level, &map, measured);
        measured = Measurements {
            overlap: measured.overlap,
            covered: measured.covered,
            hue: measured.hue,
            ..rest
        };
    }
    measured.skew = skew(&map, fixed.0, moving.0);
    let sides = sides(fixed.0.size(), moving.0.size(), &map);
    let detail = Detail::of(sides.0.max(sides.1));
    Outcome::Registered(Box::new(Registered {
        fixed: coarse.fixed,
        moving: coarse.moving,
        mattes: (Matte::White, Matte::White),
        map,
        odds: from_thumbnails(detail, &measured),
        measured,
        detail,
        sides,
    }))
}
