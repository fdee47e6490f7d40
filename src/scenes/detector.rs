//! Corners of an image at several scales, spread over its area. Describes none.
//!
//! FAST-9 corners (Rosten & Drummond 2006) on a pyramid, kept where the smaller
//! eigenvalue of the structure tensor is large (Shi & Tomasi 1994), and spread
//! over cells so that every part of an image that has texture is represented:
//! two windows of one photo share only a part, and it may be any part.

use super::fast;
use crate::decode::Plane;

/// A corner, in samples of its pyramid level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Corner {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) level: u8,
    /// Root of the smaller eigenvalue.
    pub(super) strength: u32,
}

/// Levels of the pyramid: the coarsest is 1 / 3.6 of the finest.
pub(super) const LEVELS: usize = 8;
/// From level to level; binary descriptors bear half a step (Rublee et al. 2011).
pub(super) const STEP: f32 = 1.2;
/// Samples next to the border that hold no corner: what the descriptor reads.
pub(super) const MARGIN: usize = 17;
/// Gray levels by which nine neighbours in a row must differ. Low, because cells
/// choose among corners by strength, and dim parts have none stronger.
const CONTRAST: u8 = 7;
/// Share of features by level area to this power: below 1 it favours coarse
/// levels, which match the small copy of an image inside another.
const AREA_POWER: f32 = 0.7;
/// Corners of a level whose strength is computed, for each one wanted.
const SCREENED: usize = 4;
/// `base` and its reductions by [`STEP`], as long as they can hold a corner.
pub(super) fn pyramid(base: Plane) -> Vec<Plane> {
    let (width, height) = (base.width as f32, base.height as f32);
    let least = 2 * MARGIN as u32 + 8;
    let mut levels = vec![base];
    for level in 1..LEVELS {
        let scale = STEP.powi(level as i32);
        let size = (
            (width / scale).round() as u32,
            (height / scale).round() as u32,
        );
        if size.0.min(size.1) < least {
            break;
        }
        let next = levels.last().map(|last| reduced(last, size));
        levels.extend(next);
    }
    levels
}

/// Up to `wanted` corners of all levels, the coarsest first; what a coarse level
/// cannot give is asked of finer ones.
pub(super) fn detect(levels: &[Plane], wanted: usize) -> Vec<Corner> {
    let area = |plane: &Plane| {
        let inner = |side: u32| (side as usize).saturating_sub(2 * MARGIN) as f32;
        (inner(plane.width) * inner(plane.height)).powf(AREA_POWER)
    };
    let all: f32 = levels.iter().map(area).sum();
    let mut found = Vec::with_capacity(wanted);
    let mut missing = 0;
    for (level, plane) in levels.iter().enumerate().rev() {
        let share = area(plane) / all.max(1.0);
        let quota = (wanted as f32 * share).round() as usize + missing;
        let before = found.len();
        if quota > 0 && plane.width.min(plane.height) as usize > 2 * MARGIN {
            found.extend(spread(plane, corners(plane, level as u8, quota), quota));
        }
        missing = quota - (found.len() - before);
    }
    found.truncate(wanted);
    found
}

/// Bilinear, with 8 bits of weight; each level is only a little smaller.
fn reduced(from: &Plane, (width, height): (u32, u32)) -> Plane {
    let places = |to: u32, of: u32| -> Vec<(usize, u16)> {
        let ratio = of as f32 / to as f32;
        let place = |i: u32| {
            let at = ((i as f32 + 0.5) * ratio - 0.5).max(0.0);
            let whole = (at as usize).min(of as usize - 2);
            (whole, ((at - whole as f32) * 256.0) as u16)
        };
        (0..to).map(place).collect()
    };
    let columns = places(width, from.width);
    let stride = from.width as usize;
    let mut samples = Vec::with_capacity(width as usize * height as usize);
    // Rows first, which needs no sample of another column: in lanes.
    let mut between = vec![0u16; stride];
    for (y, v) in places(height, from.height) {
        let upper = &from.samples[y * stride..][..stride];
        let lower = &from.samples[(y + 1) * stride..][..stride];
        for ((between, &a), &b) in between.iter_mut().zip(upper).zip(lower) {
            *between = u16::from(a) * (256 - v) + u16::from(b) * v;
        }
        samples.extend(columns.iter().map(|&(x, u)| {
            let (left, right) = match between.get(x..x + 2) {
                Some(two) => (u32::from(two[0]), u32::from(two[1])),
                None => (0, 0),
            };
            ((left * (256 - u32::from(u)) + right * u32::from(u) + (1 << 15)) >> 16) as u8
        }));
    }
    Plane {
        width,
        height,
        samples,
    }
}

/// Local maxima among FAST corners: the strongest few times `wanted`.
fn corners(plane: &Plane, level: u8, wanted: usize) -> Vec<Corner> {
    let stride = plane.width as usize;
    let mut peaks = fast::peaks(plane, CONTRAST);
    let most = SCREENED * wanted;
    if peaks.len() > most {
        peaks.select_nth_unstable_by(most, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        peaks.truncate(most);
    }
    let mut strengths = Vec::with_capacity(peaks.len());
    pulp::Arch::new().dispatch(Strengths {
        plane,
        peaks: &peaks,
        strengths: &mut strengths,
    });
    (peaks.into_iter().zip(strengths))
        .map(|((_, at), strength)| Corner {
            x: (at as usize % stride) as u16,
            y: (at as usize / stride) as u16,
            level,
            strength,
        })
        .collect()
}

/// Computes [`strength`] at every peak, several columns at a time.
struct Strengths<'a> {
    plane: &'a Plane,
    peaks: &'a [(u8, u32)],
    strengths: &'a mut Vec<u32>,
}

impl pulp::WithSimd for Strengths<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || {
                let stride = self.plane.width as usize;
                let peaks = self.peaks.iter().map(|&(_, at)| at as usize);
                let of = peaks.map(|at| strength(&self.plane.samples, stride, at));
                self.strengths.extend(of);
            },
        );
    }
}

/// Root of the smaller eigenvalue of the summed products of Sobel gradients in
/// 7 × 7 samples.
#[inline(always)]
fn strength(samples: &[u8], stride: usize, at: usize) -> u32 {
    // Eight columns, the last of which counts nothing, fill a vector.
    let (mut xx, mut yy, mut xy) = ([0i32; 8], [0i32; 8], [0i32; 8]);
    let row = |y: usize| -> [i32; 10] {
        let row = &samples[at + y * stride - 4 * stride - 4..][..10];
        std::array::from_fn(|i| i32::from(row[i]))
    };
    let (mut above, mut here) = (row(0), row(1));
    for y in 2..9 {
        let below = row(y);
        for i in 0..8 {
            let (left, right) = (i, i + 2);
            let across = |row: &[i32; 10]| row[right] - row[left];
            let along = |row: &[i32; 10]| row[left] + 2 * row[i + 1] + row[right];
            let gx = across(&above) + 2 * across(&here) + across(&below);
            let gy = along(&below) - along(&above);
            xx[i] += gx * gx;
            yy[i] += gy * gy;
            xy[i] += gx * gy;
        }
        (above, here) = (here, below);
    }
    let sum = |of: [i32; 8]| f64::from(of[..7].iter().sum::<i32>());
    let (xx, yy, xy) = (sum(xx), sum(yy), sum(xy));
    let least = (xx + yy) / 2.0 - (((xx - yy) / 2.0).powi(2) + xy * xy).sqrt();
    least.max(0.0).sqrt() as u32
}

/// The best of each cell, then the second of each, and so on, up to `wanted`.
fn spread(plane: &Plane, mut corners: Vec<Corner>, wanted: usize) -> Vec<Corner> {
    corners.sort_by_key(|c| (std::cmp::Reverse(c.strength), c.y, c.x));
    let inner = |side: u32| (side as usize - 2 * MARGIN) as f32;
    let (width, height) = (inner(plane.width), inner(plane.height));
    // A little larger than one corner's share, so that few cells stay empty.
    let cell = (width * height / wanted as f32).sqrt().max(4.0) * 1.3;
    let columns = (width / cell) as usize + 1;
    let mut filled = vec![0u32; columns * ((height / cell) as usize + 1)];
    let mut ranked: Vec<(u32, Corner)> = (corners.into_iter())
        .map(|corner| {
            let at = |v: u16| ((v as usize - MARGIN) as f32 / cell) as usize;
            let rank = &mut filled[at(corner.y) * columns + at(corner.x)];
            *rank += 1;
            (*rank, corner)
        })
        .collect();
    ranked.sort_by_key(|(rank, c)| (*rank, std::cmp::Reverse(c.strength), c.y, c.x));
    ranked.truncate(wanted);
    ranked.into_iter().map(|(_, corner)| corner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corner_of_a_square_is_found_where_it_is() {
        let mut plane = Plane::filled(80, 60, 40);
        for y in 25..60 {
            for x in 30..80 {
                plane.samples[y * 80 + x] = 200;
            }
        }
        let found = detect(&[plane], 5);
        let nearest = found.iter().map(|c| c.x.abs_diff(30).max(c.y.abs_diff(25)));
        assert!(nearest.min().is_some_and(|off| off <= 2), "{found:?}");
    }

    #[test]
    fn a_flat_image_has_no_corner_and_a_thin_one_no_level_for_any() {
        assert!(detect(&pyramid(Plane::filled(320, 240, 90)), 100).is_empty());
        assert!(detect(&pyramid(Plane::filled(320, 20, 90)), 100).is_empty());
    }
}
