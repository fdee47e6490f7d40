//! Scoring: whether a registered pair shows the same image, first by its thumbnails, then
//! by a refinement at more detail, last among all pairs of the set. Knows nothing of how
//! candidates were found.

pub(crate) mod cascade;
mod chroma;
pub(crate) mod context;
pub(crate) mod differences;
mod field;
pub(crate) mod grid;
mod local_ncc;
pub(crate) mod logistic;
pub(crate) mod measurements;
mod photometric;
pub(crate) mod refine;
mod shared_view;
mod tone_curve;
pub(crate) mod vouching;

pub(crate) use logistic::Detail;

use crate::decode::{Matte, Plane, Thumbnail};
use crate::duplicates::registration::affine::Affine;
use differences::Differences;
use logistic::{NONE, REFINEMENT_ODDS};
use measurements::Measurements;
use refine::{Levels, measure_beside, refine};

/// Two images registered by their thumbnails.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) fixed: u32,
    pub(crate) moving: u32,
    /// What shows through where the two are transparent.
    pub(crate) mattes: (Matte, Matte),
    /// From the fixed image to the moving one.
    pub(crate) map: Affine,
    /// At thumbnail size.
    pub(crate) measured: Measurements,
    /// How much more detail than their thumbnails the two hold.
    pub(crate) detail: Detail,
    /// Long sides, in samples, that show the overlap at one scale and in most detail.
    pub(crate) sides: (u32, u32),
    /// Log odds of a copy, from thumbnails alone.
    pub(crate) odds: f32,
}

/// Log odds above which an overlay may be all that is evidence against a pair.
const PERHAPS_COVERED: f32 = -8.0;

impl Registered {
    /// Whether the pair is likely enough to be refined or, where thumbnails hold all the
    /// detail, to be a rival of others.
    pub(crate) fn is_likely(&self) -> bool {
        match self.detail {
            Detail::Thumbnail => self.odds > NONE,
            _ => self.odds >= REFINEMENT_ODDS,
        }
    }

    /// Refines the pair by lumas of the two at [`Registered::sides`]. `None` where they
    /// have too little in common.
    pub(crate) fn refine(&self, fixed: &Plane, moving: &Plane) -> Option<Refined> {
        let levels = Levels::new(fixed, moving)?;
        let (measured, map) = refine(&levels, self.map)?;
        let odds = logistic::from_refinement(self.detail, &self.measured, &measured);
        let found = (odds > PERHAPS_COVERED)
            .then(|| differences::differences(&levels.fixed[0], &levels.moving[0], &map))
            .flatten();
        let Some((mut found, overlay)) = found else {
            return Some(Refined::without_differences(odds));
        };
        if logistic::is_shading(&found, &measured[1]) {
            found.in_both += found.in_fixed + found.in_moving;
            (found.in_fixed, found.in_moving) = (0.0, 0.0);
        }
        // An overlay on one of the two is no evidence against the rest.
        let rest = (logistic::is_overlay(&found))
            .then(|| measure_beside(&levels, &map, &overlay))
            .flatten();
        let odds = rest.map_or(odds, |rest| {
            let measured = Measurements {
                mean: self.measured.mean.max(self.measured.trimmed),
                ..self.measured
            };
            odds.max(logistic::from_refinement(self.detail, &measured, &rest))
        });
        Some(Refined {
            odds,
            differences: (odds > 0.0).then_some(found),
        })
    }

    /// The result of a refinement where thumbnails hold all the detail.
    pub(crate) fn refine_by_thumbnails(&self, fixed: &Thumbnail, moving: &Thumbnail) -> Refined {
        Refined {
            odds: self.odds,
            differences: (self.odds > 0.0)
                .then(|| self.differences(fixed, moving))
                .flatten(),
        }
    }

    /// The result of a refinement that thumbnails make unnecessary: each of the two shows a
    /// region that the other lacks and that is large enough to be seen in thumbnails.
    pub(crate) fn refuted_by_thumbnails(
        &self,
        fixed: &Thumbnail,
        moving: &Thumbnail,
    ) -> Option<Refined> {
        let found = self.differences(fixed, moving)?;
        let refuted = logistic::differ_both_ways_alike(&found)
            && !logistic::is_shading(&found, &self.measured);
        refuted.then_some(Refined {
            odds: self.odds,
            differences: Some(found),
        })
    }

    fn differences(&self, fixed: &Thumbnail, moving: &Thumbnail) -> Option<Differences> {
        let levels = Levels::new(&fixed.luma, &moving.luma)?;
        let (fixed, moving) = (&levels.fixed[0], &levels.moving[0]);
        Some(differences::differences(fixed, moving, &self.map)?.0)
    }
}

/// The result of a refinement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Refined {
    /// Log odds of a copy.
    pub(crate) odds: f32,
    /// Where the two differ; searched only where the odds are even at least.
    pub(crate) differences: Option<Differences>,
}

impl Refined {
    /// Log odds without a search for differences.
    pub(crate) fn without_differences(odds: f32) -> Self {
        Self {
            odds,
            differences: None,
        }
    }

    /// Whether each of the two shows a region that the other lacks: no copy does.
    pub(crate) fn differ_both_ways(&self) -> bool {
        (self.differences).is_some_and(|found| logistic::differ_both_ways(&found))
    }

    /// Whether differences were searched, and none was found.
    pub(crate) fn is_without_difference(&self) -> bool {
        (self.differences).is_some_and(|found| found.fixed.count() + found.moving.count() == 0)
    }
}
