//! Finds compact regions in which two registered images differ, and which of the two
//! shows something there that the other lacks. Does not judge.

use super::field::Field;
use super::grid::GridMask;
use super::tone_curve::{expected, median};
use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::pyramid::{CLIPPED, Level};

/// Where two registered images differ beyond brightness, noise and blur.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Differences {
    /// The cells of the fixed image that differ.
    pub(crate) fixed: GridMask,
    /// The same of the moving one.
    pub(crate) moving: GridMask,
    /// Share of the overlap taken by regions whose outline only the fixed image shows.
    pub(crate) in_fixed: f32,
    /// The same of the moving image.
    pub(crate) in_moving: f32,
    /// The same of regions whose outline both show, or none.
    pub(crate) in_both: f32,
}

/// Least difference, in grey levels: compression and rounding leave less over a few
/// samples.
const FLOOR: f32 = 5.0;
/// Least difference in standard deviations of the residual elsewhere.
const DEVIATIONS: f32 = 5.0;
/// Least difference in shares of the local gradient of both: a shift or a blur by a sample
/// explains less, and so do fine patterns under two samplings.
const GRADIENT: f32 = 0.8;
/// The greatest difference of a region must exceed its threshold by this factor for the
/// region to count: a changed hue leaves weak ones here and there.
const CLEAR: f32 = 1.6;
/// Least number of samples in a region: 3 by 4.
const LEAST_AREA: usize = 12;
/// Share of the contrast along an outline that one image must show for the region to be
/// its own.
const SIDED: f32 = 0.8;

/// The samples of a fixed image in which it differs, and those next to them: where an
/// overlay covers it.
pub(crate) struct Overlay {
    width: usize,
    height: usize,
    samples: Vec<bool>,
}

impl Overlay {
    /// Whether the point is covered; `x` and `y` run from −½ to ½.
    pub(crate) fn covers(&self, x: f32, y: f32) -> bool {
        let column = ((x + 0.5) * self.width as f32) as usize;
        let line = ((y + 0.5) * self.height as f32) as usize;
        let at = line.min(self.height - 1) * self.width + column.min(self.width - 1);
        self.samples[at]
    }
}

/// Where two lumas of one scale differ. `None` where they hardly overlap.
pub(crate) fn differences(
    fixed: &Level,
    moving: &Level,
    map: &Affine,
) -> Option<(Differences, Overlay)> {
    let field = Field {
        width: fixed.width,
        height: fixed.height,
    };
    let resampled = field.resample(moving, map);
    let expected = expected(&fixed.values, &resampled);
    let valid: Vec<bool> = (fixed.values.iter().zip(&resampled).zip(&expected))
        .map(|((&f, &u), &e)| !u.is_nan() && !is_clipped(f, u, e))
        .collect();
    let count = valid.iter().filter(|&&valid| valid).count();
    if count < 64 {
        return None;
    }
    let left: Vec<f32> = (fixed.values.iter().zip(&expected).zip(&valid))
        .map(|((f, e), valid)| if *valid { f - e } else { 0.0 })
        .collect();
    let mask: Vec<f32> = valid
        .iter()
        .map(|&valid| f32::from(u8::from(valid)))
        .collect();
    // Brightness that changes gradually over the image is no region.
    let spread = 3.0 * robust_deviation(&left, &valid);
    let clipped: Vec<f32> = left.iter().map(|r| r.clamp(-spread, spread)).collect();
    let wide = field.mean(&clipped, &mask, fixed.width.max(fixed.height) / 8);
    let mut left: Vec<f32> = left.iter().zip(&wide).map(|(r, w)| r - w).collect();
    left = field.mean(&left, &mask, 1);
    left = field.mean(&left, &mask, 1);
    let usual = robust_deviation(&left, &valid);
    // Gradients are computed only where something differs: nowhere in most copies.
    let least = |i: usize| {
        let gradient = field.shared_gradient(i, &fixed.values, &expected);
        FLOOR.max(DEVIATIONS * usual).max(GRADIENT * gradient)
    };
    let floor = FLOOR.max(DEVIATIONS * usual);
    let sign: Vec<i8> = (left.iter().zip(&valid).enumerate())
        .map(
            |(i, (&left, &valid))| match valid && left.abs() > floor && left.abs() > least(i) {
                true if left > 0.0 => 1,
                true => -1,
                false => 0,
            },
        )
        .collect();
    let mut regions: Vec<Vec<usize>> = (field.regions(&sign).into_iter())
        .map(|region| region.into_iter().filter(|&i| sign[i] != 0).collect())
        .filter(|region: &Vec<usize>| region.len() >= LEAST_AREA && field.is_thick(region, &sign))
        .collect();
    regions.sort_by_key(|region| (std::cmp::Reverse(region.len()), region.first().copied()));
    let mut out = Differences::default();
    let mut samples = vec![false; sign.len()];
    let mut sided: Vec<(Bounds, Option<f32>)> = Vec::new();
    for region in regions {
        let bounds = field.bounds(&region);
        // A region within a greater one belongs to it: of a thing on a patterned
        // background only parts differ.
        let within = sided.iter().find(|(greater, _)| greater.holds(&bounds));
        let side = match within {
            Some(&(_, side)) => side,
            None => {
                let side = field.side(&region, &sign, &fixed.values, &expected);
                sided.push((bounds, side));
                side
            }
        };
        let share = region.len() as f32 / count as f32;
        let is_clear = (region.iter()).any(|&i| left[i].abs() > CLEAR * least(i));
        match side {
            _ if !is_clear => {}
            Some(side) if side > SIDED => out.in_fixed += share,
            Some(side) if side < 1.0 - SIDED => out.in_moving += share,
            _ => out.in_both += share,
        }
        for &i in &region {
            // Smoothing makes a region a little smaller where its contrast is weak.
            field.near(i, 2).for_each(|near| samples[near] = true);
            let (x, y) = field.at(i);
            out.fixed.mark_at(x, y);
            let (x, y) = map.apply(x, y);
            out.moving.mark_at(x, y);
        }
    }
    let overlay = Overlay {
        width: field.width,
        height: field.height,
        samples,
    };
    Some((out, overlay))
}

/// Whether one of two samples is clipped to black or white, and the other predicts a value
/// beyond.
fn is_clipped(fixed: f32, moving: f32, expected: f32) -> bool {
    let (low, high) = CLIPPED;
    let (darker, brighter) = (fixed < expected, fixed > expected);
    (fixed >= high && darker)
        || (fixed <= low && brighter)
        || (moving >= high && brighter)
        || (moving <= low && darker)
}

/// Robust standard deviation: 1.48 times the median absolute value (Hampel 1974).
fn robust_deviation(left: &[f32], valid: &[bool]) -> f32 {
    let mut sizes: Vec<f32> = Vec::with_capacity(left.len());
    sizes.extend(
        (left.iter().zip(valid))
            .filter(|(_, valid)| **valid)
            .map(|(r, _)| r.abs()),
    );
    1.48 * median(&mut sizes)
}

/// First and last column, first and last line of a region.
#[derive(Debug, Clone, Copy)]
struct Bounds([usize; 4]);

impl Bounds {
    /// Whether the centre of `other` lies within, or next to it.
    fn holds(&self, other: &Self) -> bool {
        /// Samples.
        const NEXT: usize = 3;
        let [left, right, top, bottom] = self.0;
        let [l, r, t, b] = other.0;
        let (x, y) = ((l + r) / 2, (t + b) / 2);
        x + NEXT >= left && x <= right + NEXT && y + NEXT >= top && y <= bottom + NEXT
    }
}

impl Field {
    fn bounds(&self, region: &[usize]) -> Bounds {
        let mut bounds = [usize::MAX, 0, usize::MAX, 0];
        for &index in region {
            let (x, y) = (index % self.width, index / self.width);
            bounds[0] = bounds[0].min(x);
            bounds[1] = bounds[1].max(x);
            bounds[2] = bounds[2].min(y);
            bounds[3] = bounds[3].max(y);
        }
        Bounds(bounds)
    }

    /// Connected components of samples that differ, and of the samples between them: a
    /// thing on a patterned background is lighter here, darker there, and alike between.
    fn regions(&self, sign: &[i8]) -> Vec<Vec<usize>> {
        let near = |index: usize| self.near(index, 1);
        let mut reached = vec![false; sign.len()];
        for index in (0..sign.len()).filter(|&i| sign[i] != 0) {
            near(index).for_each(|i| reached[i] = true);
        }
        let mut regions = Vec::new();
        for start in 0..sign.len() {
            if !reached[start] {
                continue;
            }
            reached[start] = false;
            let mut region = vec![start];
            let mut next = 0;
            while let Some(&index) = region.get(next) {
                next += 1;
                for near in near(index) {
                    if reached[near] {
                        reached[near] = false;
                        region.push(near);
                    }
                }
            }
            regions.push(region);
        }
        regions
    }

    /// Whether a region contains 3 by 3 samples that differ: edges that are blurred or
    /// shifted leave lines.
    fn is_thick(&self, region: &[usize], sign: &[i8]) -> bool {
        region.iter().any(|&index| {
            let (x, y) = (index % self.width, index / self.width);
            (1..self.width.saturating_sub(1)).contains(&x)
                && (1..self.height.saturating_sub(1)).contains(&y)
                && (y - 1..y + 2).all(|y| (x - 1..x + 2).all(|x| sign[y * self.width + x] != 0))
        })
    }

    /// The share of the contrast along the outline of a region that the fixed image shows;
    /// the rest is the moving one's.
    fn side(&self, region: &[usize], sign: &[i8], fixed: &[f32], expected: &[f32]) -> Option<f32> {
        /// Distance from the outline, in samples, at which both are read: smoothing blurs
        /// it.
        const AWAY: isize = 2;
        let (mut of_fixed, mut of_moving) = (0.0, 0.0);
        let (w, h) = (self.width as isize, self.height as isize);
        for &index in region {
            let (x, y) = ((index % self.width) as isize, (index / self.width) as isize);
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let at = |steps: isize| {
                    let (x, y) = (x + dx * steps, y + dy * steps);
                    ((0..w).contains(&x) && (0..h).contains(&y)).then(|| (y * w + x) as usize)
                };
                let (Some(next), Some(inner), Some(outer)) = (at(1), at(-AWAY), at(AWAY + 1))
                else {
                    continue;
                };
                if sign[next] != 0 || expected[inner].is_nan() || expected[outer].is_nan() {
                    continue;
                }
                let up = f32::from(sign[index]);
                of_fixed += up * (fixed[inner] - fixed[outer]);
                of_moving -= up * (expected[inner] - expected[outer]);
            }
        }
        let all = of_fixed + of_moving;
        (all > 0.0).then_some(of_fixed / all)
    }
}
