//! Resamples one image at the samples of another under an affine map, bilinearly and
//! eight samples at a time. Compares nothing.

use std::ops::Range;

use super::affine::Affine;
use super::pyramid::{CLIPPED, GradientLevel, Level};

/// Samples of a row in one vector.
pub(crate) const LANES: usize = 8;
/// One number for each of them.
pub(crate) type F32x8 = [f32; LANES];

/// One number for each lane. Written as a loop, which the compiler vectorizes; methods
/// of arrays are calls where they are not inlined.
#[inline(always)]
pub(crate) fn lanewise(f: impl Fn(usize) -> f32) -> F32x8 {
    let mut out = [0.0; LANES];
    for (lane, value) in out.iter_mut().enumerate() {
        *value = f(lane);
    }
    out
}

/// The products, lane by lane.
#[inline(always)]
pub(crate) fn times(a: &F32x8, b: &F32x8) -> F32x8 {
    lanewise(|l| a[l] * b[l])
}

/// Adds, lane by lane.
#[inline(always)]
pub(crate) fn add(to: &mut F32x8, values: &F32x8) {
    for (sum, value) in to.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The sum of all lanes, always in the same order.
#[inline(always)]
pub(crate) fn sum(lanes: &F32x8) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Grey levels that clipping must have removed at least: samples that agree count.
const CLIPPED_BY: f32 = 4.0;

/// The mask of samples that are not clipped: 1 where fixed = gain × moving + offset can
/// hold; 0 where one of the two, and one only, is clipped to black or white and the
/// other predicts a value beyond. `gain` is above 0.
#[inline(always)]
pub(crate) fn unclipped(fixed: &F32x8, moving: &F32x8, gain: f32, offset: f32) -> F32x8 {
    let (low, high) = CLIPPED;
    // How much brighter than expected.
    let r = lanewise(|l| fixed[l] - gain * moving[l] - offset);
    lanewise(|l| {
        let (darker, brighter) = (r[l] <= -CLIPPED_BY, r[l] >= CLIPPED_BY);
        let (f_low, m_low) = (fixed[l] <= low, moving[l] <= low);
        let (f_high, m_high) = (fixed[l] >= high, moving[l] >= high);
        let below = (f_low & !m_low & brighter) | (m_low & !f_low & darker);
        let above = (f_high & !m_high & darker) | (m_high & !f_high & brighter);
        if below | above { 0.0 } else { 1.0 }
    })
}

/// What is interpolated of the moving image at eight samples of the fixed one.
pub(crate) trait Interpolated: Copy {
    /// What it is interpolated from.
    type From;
    /// Width and height of the source.
    fn size(moving: &Self::From) -> (usize, usize);
    /// Weighs the four neighbours of each sample, of which the upper left has the
    /// index `first`: left and right above, then below.
    fn interpolate(moving: &Self::From, first: &[u32; LANES], weights: &[F32x8; 4]) -> Self;
}

/// Grey levels.
impl Interpolated for F32x8 {
    type From = Level;

    fn size(moving: &Level) -> (usize, usize) {
        (moving.width, moving.height)
    }

    #[inline(always)]
    fn interpolate(moving: &Level, first: &[u32; LANES], weights: &[F32x8; 4]) -> Self {
        let mut out = [0.0; LANES];
        for (l, out) in out.iter_mut().enumerate() {
            let [a, b, c, d] = moving.neighbours(first[l] as usize);
            let [wa, wb, wc, wd] = weights;
            *out = a * wa[l] + b * wb[l] + c * wc[l] + d * wd[l];
        }
        out
    }
}

/// Value, derivative in x, derivative in y (grey levels a sample), padding; one sample
/// after the other, so that each is one vector.
pub(crate) type WithGradient = [[f32; 4]; LANES];

impl Interpolated for WithGradient {
    type From = GradientLevel;

    fn size(moving: &GradientLevel) -> (usize, usize) {
        (moving.level.width, moving.level.height)
    }

    #[inline(always)]
    fn interpolate(moving: &GradientLevel, first: &[u32; LANES], weights: &[F32x8; 4]) -> Self {
        let mut out = [[0.0; 4]; LANES];
        for (l, out) in out.iter_mut().enumerate() {
            let [a, b, c, d] = moving.neighbours(first[l] as usize);
            let [wa, wb, wc, wd] = weights;
            for (i, out) in out.iter_mut().enumerate() {
                *out = a[i] * wa[l] + b[i] * wb[l] + c[i] * wc[l] + d[i] * wd[l];
            }
        }
        out
    }
}

/// Eight samples of the fixed image, and the moving image at the same points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<U> {
    /// Coordinates in the fixed image, from −½ to ½.
    pub(crate) x: F32x8,
    /// The same for all eight.
    pub(crate) y: f32,
    pub(crate) fixed: F32x8,
    /// The validity mask: 1 where the moving image covers the sample, else 0.
    pub(crate) valid: F32x8,
    pub(crate) moving: U,
}

/// The samples of the fixed image at which the moving one is interpolated.
pub(crate) struct SampleGrid<'a, M> {
    pub(crate) fixed: &'a Level,
    /// Lines of the fixed image.
    pub(crate) lines: Range<usize>,
    pub(crate) moving: &'a M,
    pub(crate) map: &'a Affine,
    /// Step from sample to sample, and from line to line.
    pub(crate) stride: usize,
}

impl<M> SampleGrid<'_, M> {
    /// Fills `blocks` with those that `moving` covers at least in part, line by line.
    pub(crate) fn resample<U: Interpolated<From = M>>(self, blocks: &mut Vec<Block<U>>) {
        blocks.clear();
        let lines = self.lines.len().div_ceil(self.stride);
        blocks.reserve(lines * self.fixed.width.div_ceil(self.stride * LANES));
        pulp::Arch::new().dispatch(Resample { grid: self, blocks });
    }
}

struct Resample<'a, U: Interpolated> {
    grid: SampleGrid<'a, U::From>,
    blocks: &'a mut Vec<Block<U>>,
}

impl<U: Interpolated> pulp::WithSimd for Resample<'_, U> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let SampleGrid {
            fixed,
            lines,
            moving,
            map,
            stride,
        } = self.grid;
        let m = &map.0;
        let (fw, fh) = (fixed.width as f32, fixed.height as f32);
        let (mw, mh) = U::size(moving);
        let (mw, mh) = (mw as f32, mh as f32);
        let (right, bottom) = (mw - 0.5, mh - 0.5);
        let (dx, dy) = (m[0] * mw, m[3] * mh);
        let last = fixed.width - 1;
        for line in lines.step_by(stride) {
            let y = (line as f32 + 0.5) / fh - 0.5;
            let base_x = (m[1] * y + m[2] + 0.5) * mw - 0.5;
            let base_y = (m[4] * y + m[5] + 0.5) * mh - 0.5;
            let pixels = &fixed.values[line * fixed.width..(line + 1) * fixed.width];
            for first in (0..fixed.width).step_by(stride * LANES) {
                let x = lanewise(|l| ((first + l * stride) as f32 + 0.5) / fw - 0.5);
                let px = lanewise(|l| base_x + dx * x[l]);
                let py = lanewise(|l| base_y + dy * x[l]);
                // The image ends half a sample beyond the outermost centres.
                let valid = lanewise(|l| {
                    let inside = (px[l] >= -0.5)
                        & (py[l] >= -0.5)
                        & (px[l] <= right)
                        & (py[l] <= bottom)
                        & (first + l * stride <= last);
                    if inside { 1.0 } else { 0.0 }
                });
                if sum(&valid) == 0.0 {
                    continue;
                }
                self.blocks.push(Block {
                    x,
                    y,
                    fixed: lanewise(|l| pixels[(first + l * stride).min(last)]),
                    valid,
                    moving: interpolate(moving, &px, &py),
                });
            }
        }
    }
}

/// Bilinear between sample centres; beyond them the edge value is repeated.
#[inline(always)]
fn interpolate<U: Interpolated>(moving: &U::From, px: &F32x8, py: &F32x8) -> U {
    let (width, height) = U::size(moving);
    let (width, height) = (width as f32, height as f32);
    let within = |v: f32, most: f32| {
        let v = if v > 0.0 { v } else { 0.0 };
        if v < most { v } else { most }
    };
    let x = lanewise(|l| within(px[l], width - 1.0));
    let y = lanewise(|l| within(py[l], height - 1.0));
    // The upper left of four samples that all lie within.
    let left = lanewise(|l| within(x[l].trunc(), width - 2.0));
    let top = lanewise(|l| within(y[l].trunc(), height - 2.0));
    let fx = lanewise(|l| x[l] - left[l]);
    let fy = lanewise(|l| y[l] - top[l]);
    let weights = [
        lanewise(|l| (1.0 - fx[l]) * (1.0 - fy[l])),
        lanewise(|l| fx[l] * (1.0 - fy[l])),
        lanewise(|l| (1.0 - fx[l]) * fy[l]),
        lanewise(|l| fx[l] * fy[l]),
    ];
    let mut first = [0; LANES];
    for (l, first) in first.iter_mut().enumerate() {
        *first = whole(top[l] * width + left[l]);
    }
    U::interpolate(moving, &first, &weights)
}

/// A whole number below 2²³ as an integer: the low bits of its sum with 2²³.
/// A cast would test the range, one lane after the other.
#[inline(always)]
pub(crate) fn whole(value: f32) -> u32 {
    (value + 8_388_608.0).to_bits() & 0x007f_ffff
}
