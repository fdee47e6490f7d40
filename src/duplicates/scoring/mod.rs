//! Decides on pixels whether two images show the same. Knows nothing of how
//! candidates were found.

pub(crate) mod context;
pub(crate) mod differences;
pub(crate) mod grid;
mod local_ncc;
pub(crate) mod logistic;
pub(crate) mod measurements;
pub(crate) mod refine;
mod shared_view;
mod tone_curve;

pub(crate) use logistic::Detail;

use differences::Differences;
use logistic::{CLOSER_ODDS, LEAST_TEXTURE, NOTHING, likely, likely_at_quarter, promising};
use measurements::{Agreement, WHOLE, agreement, beside_banner, glance};
use refine::{Planes, beside, closer, sides};

use super::candidates::Guess;
use super::registration::affine::Map;
use super::registration::gauss_newton::{align, step};
use super::registration::pyramid::{Pyramid, Sloped, Small, matched};
use super::transform::{Image, Shape, direction, explain};
use crate::decode::{Matte, Plane, Thumbnail};
use crate::finding::{Relation, Transform};

/// What is known of an image before its pixels are fetched again.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// Half and quarter size, kept for all images.
    pub(crate) small: Small,
    /// Full width in pixels.
    pub(crate) width: u32,
    /// Full height in pixels.
    pub(crate) height: u32,
}

impl Subject {
    fn long_side(&self) -> u32 {
        self.width.max(self.height)
    }

    /// Samples of luma when reduced so that the long side has at most `longest`.
    pub(crate) fn samples(&self, longest: f32) -> usize {
        let scale = (longest / self.long_side().max(1) as f32).min(1.0);
        (self.width as f32 * scale * self.height as f32 * scale) as usize
    }

    /// `None` for images too thin to compare.
    pub(crate) fn new(thumbnail: &Thumbnail, width: u32, height: u32) -> Option<Self> {
        Some(Self {
            small: Small::new(&thumbnail.luma)?,
            width,
            height,
        })
    }
}

/// The answer on a candidate pair.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Not the same image.
    Different,
    /// Too little in them to say.
    Abstained,
    /// The same to a degree.
    Aligned(Box<Aligned>),
}

impl Answer {
    /// The one that says more.
    pub(crate) fn or(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Aligned(one), Self::Aligned(two)) if two.odds > one.odds => other,
            (Self::Aligned(_), _) => self,
            (_, Self::Aligned(_)) | (Self::Different, _) => other,
            _ => self,
        }
    }
}

/// Log odds above which a sticker may be all that speaks against a pair.
const PERHAPS_COVERED: f32 = -8.0;

/// Two thumbnails laid over each other.
#[derive(Debug, Clone)]
pub(crate) struct Aligned {
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
    /// What shows through where the two are transparent.
    pub(crate) mattes: (Matte, Matte),
    /// From the fixed image to the moving one.
    pub(crate) map: Map,
    /// What was measured.
    pub(crate) agreement: Agreement,
    /// How much finer than thumbnails the two can be looked at.
    pub(crate) detail: Detail,
    /// Long sides that show what they share at one scale, as fine as it gets.
    pub(crate) sides: (u32, u32),
    /// Log odds of one image, from thumbnails alone.
    pub(crate) odds: f32,
}

impl Aligned {
    /// Whether the pair is likely enough for a closer look or, where there is
    /// none to be had, to tell how alike the images of a set are.
    pub(crate) fn matters(&self) -> bool {
        match self.detail {
            Detail::Thumbnail => self.odds > NOTHING,
            _ => self.odds >= CLOSER_ODDS,
        }
    }

    /// What lumas of the two at [`Aligned::sides`] give.
    pub(crate) fn closer(&self, fixed: &Plane, moving: &Plane) -> Option<Closer> {
        let planes = Planes::new(fixed, moving)?;
        let (seen, map) = closer(&planes, self.map)?;
        let odds = logistic::closer(self.detail, &self.agreement, &seen);
        let found = (odds > PERHAPS_COVERED)
            .then(|| differences::differences(&planes.fixed[0], &planes.moving[0], &map))
            .flatten();
        let Some((mut found, covered)) = found else {
            return Some(Closer::sure(odds));
        };
        if logistic::is_shading(&found, &seen[1]) {
            found.in_both += found.in_fixed + found.in_moving;
            (found.in_fixed, found.in_moving) = (0.0, 0.0);
        }
        // What is stuck on one of the two takes nothing from the rest.
        let rest = (logistic::is_one_thing(&found))
            .then(|| beside(&planes, &map, &covered))
            .flatten();
        let odds = rest.map_or(odds, |rest| {
            let agreement = Agreement {
                mean: self.agreement.mean.max(self.agreement.trimmed),
                ..self.agreement
            };
            odds.max(logistic::closer(self.detail, &agreement, &rest))
        });
        Some(Closer {
            odds,
            differences: (odds > 0.0).then_some(found),
        })
    }

    /// What thumbnails of the two give, where there is nothing finer.
    pub(crate) fn by_thumbnails(&self, fixed: &Thumbnail, moving: &Thumbnail) -> Closer {
        Closer {
            odds: self.odds,
            differences: (self.odds > 0.0)
                .then(|| self.differing(fixed, moving))
                .flatten(),
        }
    }

    /// The same, where it refutes a pair that could be looked at closer: each of the
    /// two shows a thing that is large enough to be seen in thumbnails.
    pub(crate) fn refuted(&self, fixed: &Thumbnail, moving: &Thumbnail) -> Option<Closer> {
        let found = self.differing(fixed, moving)?;
        let refuted = logistic::two_things_of_one_size(&found)
            && !logistic::is_shading(&found, &self.agreement);
        refuted.then_some(Closer {
            odds: self.odds,
            differences: Some(found),
        })
    }

    fn differing(&self, fixed: &Thumbnail, moving: &Thumbnail) -> Option<Differences> {
        let planes = Planes::new(&fixed.luma, &moving.luma)?;
        let (fixed, moving) = (&planes.fixed[0], &planes.moving[0]);
        Some(differences::differences(fixed, moving, &self.map)?.0)
    }
}

/// What the last look at a pair gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Closer {
    /// Log odds of one image.
    pub(crate) odds: f32,
    /// What differs in spite of them; looked for where the odds are even at least.
    pub(crate) differences: Option<Differences>,
}

impl Closer {
    /// Of a pair that needs no look.
    pub(crate) fn sure(odds: f32) -> Self {
        Self {
            odds,
            differences: None,
        }
    }

    /// Whether something stands in the one image that is not in the other, and
    /// something else the other way round: no copy is made so.
    pub(crate) fn shows_two_things(&self) -> bool {
        self.differences.is_some_and(|d| logistic::two_things(&d))
    }

    /// Whether nothing differs that was looked for.
    pub(crate) fn is_plain(self) -> bool {
        (self.differences).is_some_and(|d| d.fixed.count() + d.moving.count() == 0)
    }
}

/// Correlation at quarter size below which no copy was seen (planted copies:
/// 0.894 at worst).
const COARSE_CUT: f32 = 0.88;
/// Skew at quarter size beyond which no copy was seen.
const COARSE_SKEW: f32 = 0.12;
/// Correlation at half size (0.911 at worst).
const MIDDLE_CUT: f32 = 0.90;
/// Skew at half size.
const MIDDLE_SKEW: f32 = 0.08;

/// Log odds at half size, by a regression of their own, below which thumbnails
/// are not fetched: of 2,800 planted copies none that is found with every gate
/// open lay there, and five in six others.
const MIDDLE_ODDS: f32 = -3.2;

/// Log odds after one step at quarter size, by a regression of their own, below
/// which a guess is given up: of 2,800 planted copies none that is found with
/// every gate open lay there with all its guesses, and two of three others.
const FIRST_ODDS: f32 = -5.5;
/// The same once aligned there: two planted copies in a thousand lay below.
const COARSE_ODDS: f32 = -5.0;
/// The same for images no larger than a thumbnail: their quarter is 8 samples
/// long, and says less.
const SMALL_ODDS: f32 = -7.0;

/// An alignment that may be worth a closer look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Coarse {
    /// From the fixed image to the moving one.
    pub(crate) map: Map,
    /// At half size.
    pub(crate) correlation: f32,
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
        (f.level(a), Sloped::new(m.level(b)))
    };
    let (a, b) = levels(&guess.map, 2);
    let small = Detail::of(fixed.long_side().max(moving.long_side())) == Detail::Thumbnail;
    let least = if small { SMALL_ODDS } else { COARSE_ODDS };
    let first = step(&a, &b, &guess.map)?;
    let odds = promising(&first, skew(&first.map, fixed, moving), guess.score);
    if !small && odds < FIRST_ODDS {
        return None;
    }
    let map = align(&a, &b, first.map, 2, 1)?;
    let skewed = skew(&map, fixed, moving);
    if skewed > COARSE_SKEW {
        return None;
    }
    let quarter = glance(&a, &b.level, &map, &WHOLE)?;
    if quarter.correlation < COARSE_CUT || likely_at_quarter(&quarter, skewed) < least {
        return None;
    }
    let (a, b) = levels(&map, 1);
    let map = align(&a, &b, map, 3, 2)?;
    let skew = skew(&map, fixed, moving);
    if skew > MIDDLE_SKEW {
        return None;
    }
    let half = glance(&a, &b.level, &map, &WHOLE)?;
    if half.correlation < MIDDLE_CUT || likely(&half, skew) < MIDDLE_ODDS {
        return None;
    }
    Some(Coarse {
        map,
        correlation: half.correlation,
        fixed: guess.fixed,
        moving: guess.moving,
    })
}

/// How much better half of the places of two thumbnails must agree than all
/// do for the others to be covered.
const UNEVEN: f32 = 0.16;

/// Aligns at full thumbnail size and judges by that.
pub(crate) fn judge(
    coarse: &Coarse,
    fixed: (&Subject, &Thumbnail),
    moving: (&Subject, &Thumbnail),
) -> Answer {
    let (Some(f), Some(m)) = (Pyramid::new(&fixed.1.luma), Pyramid::new(&moving.1.luma)) else {
        return Answer::Abstained;
    };
    let (a, b) = matched(f.sizes(), m.sizes(), coarse.map.determinant().abs(), 0);
    let (f, m) = (f.level(a), Sloped::new(m.level(b)));
    let Some(map) = align(&f, &m, coarse.map, 3, 3) else {
        return Answer::Different;
    };
    let Some(mut agreement) = agreement((&f, fixed.1), (&m.level, moving.1), &map) else {
        return Answer::Different;
    };
    if agreement.texture < LEAST_TEXTURE {
        return Answer::Abstained;
    }
    // Where most places agree and some do not at all, a banner may cover these.
    if agreement.median > agreement.mean + UNEVEN {
        let (rest, _) = beside_banner(&f, &m.level, &map, agreement);
        agreement = Agreement {
            overlap: agreement.overlap,
            covered: agreement.covered,
            hue: agreement.hue,
            ..rest
        };
    }
    agreement.skew = skew(&map, fixed.0, moving.0);
    let size = |subject: &Subject| (subject.width, subject.height);
    let sides = sides(size(fixed.0), size(moving.0), &map);
    let detail = Detail::of(sides.0.max(sides.1));
    Answer::Aligned(Box::new(Aligned {
        fixed: coarse.fixed,
        moving: coarse.moving,
        mattes: (Matte::White, Matte::White),
        map,
        odds: logistic::of_thumbnails(detail, &agreement),
        agreement,
        detail,
        sides,
    }))
}

/// What was done to the image with the lower index to give the other.
pub(crate) fn explained(
    pair: &Aligned,
    fixed: &(Thumbnail, u32, u32),
    moving: &(Thumbnail, u32, u32),
) -> Option<(Relation, Transform)> {
    // Maps go from second to first.
    let second_is_fixed = pair.fixed > pair.moving;
    let (first, second) = if second_is_fixed {
        (moving, fixed)
    } else {
        (fixed, moving)
    };
    let map = if second_is_fixed {
        pair.map
    } else {
        pair.map.inverse()?
    };
    let (gain, offset) = direction(&pair.agreement, second_is_fixed);
    Some(explain(image(first), image(second), &map, gain, offset))
}

/// What was done to the first image to give the second, where `map` lays the second
/// over the first, both from −½ to ½ along their sides, and luma of the second is
/// `gain` × luma of the first + `offset`.
pub(crate) fn explained_map(
    first: &(Thumbnail, u32, u32),
    second: &(Thumbnail, u32, u32),
    map: [f32; 6],
    gain: f32,
    offset: f32,
) -> (Relation, Transform) {
    explain(image(first), image(second), &Map(map), gain, offset)
}

fn image((thumbnail, width, height): &(Thumbnail, u32, u32)) -> Image<'_> {
    Image {
        thumbnail,
        width: *width,
        height: *height,
    }
}
