//! Corners of an image at several scales, spread over its area. Describes none.
//!
//! FAST-9 corners (Rosten & Drummond 2006) on a pyramid, kept where the smaller
//! eigenvalue of the structure tensor is large (Shi & Tomasi 1994), and spread
//! over cells so that every part of an image that has texture is represented:
//! two windows of one photo share only a part, and it may be any part.

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
/// The circle of radius 3 that FAST compares with its centre.
const CIRCLE: [(isize, isize); 16] = [
    (0, -3),
    (1, -3),
    (2, -2),
    (3, -1),
    (3, 0),
    (3, 1),
    (2, 2),
    (1, 3),
    (0, 3),
    (-1, 3),
    (-2, 2),
    (-3, 1),
    (-3, 0),
    (-3, -1),
    (-2, -2),
    (-1, -3),
];

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
    let places = |to: u32, of: u32| -> Vec<(usize, i32)> {
        let ratio = of as f32 / to as f32;
        let place = |i: u32| {
            let at = ((i as f32 + 0.5) * ratio - 0.5).max(0.0);
            let whole = (at as usize).min(of as usize - 2);
            (whole, ((at - whole as f32) * 256.0) as i32)
        };
        (0..to).map(place).collect()
    };
    let columns = places(width, from.width);
    let stride = from.width as usize;
    let mut samples = Vec::with_capacity(width as usize * height as usize);
    for (y, v) in places(height, from.height) {
        let upper = &from.samples[y * stride..][..stride];
        let lower = &from.samples[(y + 1) * stride..][..stride];
        samples.extend(columns.iter().map(|&(x, u)| {
            let between = |row: &[u8]| i32::from(row[x]) * (256 - u) + i32::from(row[x + 1]) * u;
            ((between(upper) * (256 - v) + between(lower) * v + (1 << 15)) >> 16) as u8
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
    let mut scores = vec![0u16; plane.samples.len()];
    let mut found = Vec::new();
    pulp::Arch::new().dispatch(Scan {
        plane,
        scores: &mut scores,
        found: &mut found,
    });
    let mut peaks: Vec<(u16, u32)> = (found.into_iter())
        .filter(|&at| is_peak(&scores, at as usize, stride))
        .map(|at| (scores[at as usize], at))
        .collect();
    let most = SCREENED * wanted;
    if peaks.len() > most {
        peaks.select_nth_unstable_by(most, |a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        peaks.truncate(most);
    }
    (peaks.into_iter())
        .map(|(_, at)| {
            let (x, y) = (at as usize % stride, at as usize / stride);
            Corner {
                x: x as u16,
                y: y as u16,
                level,
                strength: strength(plane, x, y),
            }
        })
        .collect()
}

/// Whether no neighbour scores higher; of equal ones the first counts.
fn is_peak(scores: &[u16], at: usize, stride: usize) -> bool {
    let score = scores[at];
    let before = [at - stride - 1, at - stride, at - stride + 1, at - 1];
    let after = [at + 1, at + stride - 1, at + stride, at + stride + 1];
    before.iter().all(|&n| scores[n] < score) && after.iter().all(|&n| scores[n] <= score)
}

/// Root of the smaller eigenvalue of the summed products of Sobel gradients in
/// 7 × 7 samples.
fn strength(plane: &Plane, x: usize, y: usize) -> u32 {
    let stride = plane.width as usize;
    let (mut xx, mut yy, mut xy) = (0i64, 0i64, 0i64);
    for line in y - 3..=y + 3 {
        let row = |dy: usize| &plane.samples[(line + dy - 1) * stride + x - 4..][..9];
        let (above, here, below) = (row(0), row(1), row(2));
        for i in 1..8 {
            let d = |row: &[u8]| i64::from(row[i + 1]) - i64::from(row[i - 1]);
            let s =
                |row: &[u8]| i64::from(row[i - 1]) + 2 * i64::from(row[i]) + i64::from(row[i + 1]);
            let (gx, gy) = (d(above) + 2 * d(here) + d(below), s(below) - s(above));
            xx += gx * gx;
            yy += gy * gy;
            xy += gx * gy;
        }
    }
    let (xx, yy, xy) = (xx as f64, yy as f64, xy as f64);
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

/// Finds the FAST-9 corners of a plane, row by row: comparisons for all columns
/// of a row first, in lanes, then the few columns that may pass.
struct Scan<'a> {
    plane: &'a Plane,
    /// Sum of the differences beyond [`CONTRAST`] along the arc.
    scores: &'a mut [u16],
    /// Positions of corners.
    found: &'a mut Vec<u32>,
}

impl pulp::WithSimd for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.run(),
        );
    }
}

impl Scan<'_> {
    #[inline(always)]
    fn run(self) {
        let samples = &self.plane.samples[..];
        let stride = self.plane.width as usize;
        let columns = stride - 2 * MARGIN;
        let offsets = CIRCLE.map(|(dx, dy)| dy * stride as isize + dx);
        // Bit k: neighbour k (of the first and of the last eight) is brighter, darker.
        let mut brighter = [vec![0u8; columns], vec![0u8; columns]];
        let mut darker = [vec![0u8; columns], vec![0u8; columns]];
        for y in MARGIN..self.plane.height as usize - MARGIN {
            let start = y * stride + MARGIN;
            let centre = &samples[start..][..columns];
            for half in 0..2 {
                let (up, down) = (&mut brighter[half][..], &mut darker[half][..]);
                up.fill(0);
                down.fill(0);
                for k in 0..8 {
                    let from = start.wrapping_add_signed(offsets[8 * half + k]);
                    let around = &samples[from..][..columns];
                    let bit = 1u8 << k;
                    for (((up, down), &a), &c) in
                        up.iter_mut().zip(down.iter_mut()).zip(around).zip(centre)
                    {
                        *up |= if a.saturating_sub(c) > CONTRAST {
                            bit
                        } else {
                            0
                        };
                        *down |= if c.saturating_sub(a) > CONTRAST {
                            bit
                        } else {
                            0
                        };
                    }
                }
            }
            for i in 0..columns {
                let bits = |of: &[Vec<u8>; 2]| u32::from(of[0][i]) | u32::from(of[1][i]) << 8;
                let (up, down) = (bits(&brighter), bits(&darker));
                let mut arc = if has_arc(up) {
                    up
                } else if has_arc(down) {
                    down
                } else {
                    continue;
                };
                let at = start + i;
                let mut score = 0;
                while arc != 0 {
                    let neighbour = at.wrapping_add_signed(offsets[arc.trailing_zeros() as usize]);
                    score += u16::from(samples[neighbour].abs_diff(samples[at]) - CONTRAST);
                    arc &= arc - 1;
                }
                self.scores[at] = score;
                self.found.push(at as u32);
            }
        }
    }
}

/// Whether nine of the sixteen bits in a ring follow each other.
#[inline(always)]
fn has_arc(ring: u32) -> bool {
    let twice = ring | ring << 16;
    let two = twice & twice >> 1;
    let four = two & two >> 2;
    let eight = four & four >> 4;
    eight & twice >> 8 & 0xFFFF != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arc_is_nine_neighbours_in_a_row_anywhere_in_the_ring() {
        for ring in 0..1u32 << 16 {
            let at = |i: usize| ring >> (i % 16) & 1 == 1;
            let plain = (0..16).any(|start| (0..9).all(|k| at(start + k)));
            assert_eq!(has_arc(ring), plain, "{ring:016b}");
        }
    }

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
