//! Reads one image under the samples of another, eight at a time. Judges
//! nothing.

use std::ops::Range;

use super::affine::Map;
use super::pyramid::{CUT_OFF, Level, Sloped};

/// Samples of a row handled together.
pub(crate) const LANES: usize = 8;
/// One number of each.
pub(crate) type Lanes = [f32; LANES];

/// One number of each sample. Written as a loop, which always becomes vector
/// instructions; the methods of arrays are calls where they are not inlined.
#[inline(always)]
pub(crate) fn each(f: impl Fn(usize) -> f32) -> Lanes {
    let mut out = [0.0; LANES];
    for (lane, value) in out.iter_mut().enumerate() {
        *value = f(lane);
    }
    out
}

/// Lane by lane.
#[inline(always)]
pub(crate) fn times(a: &Lanes, b: &Lanes) -> Lanes {
    each(|l| a[l] * b[l])
}

/// Lane by lane.
#[inline(always)]
pub(crate) fn add(to: &mut Lanes, values: &Lanes) {
    for (sum, value) in to.iter_mut().zip(values) {
        *sum += value;
    }
}

/// All lanes together, always in the same order.
#[inline(always)]
pub(crate) fn sum(lanes: &Lanes) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// The least that must be missing: what agrees counts.
const CUT_BY: f32 = 4.0;

/// 1 where fixed = gain × moving + offset can be asked for; 0 where one of the
/// two, and one only, is as dark or as bright as samples get and the other says
/// that it would be darker or brighter still. `gain` above 0.
#[inline(always)]
pub(crate) fn transformed(fixed: &Lanes, moving: &Lanes, gain: f32, offset: f32) -> Lanes {
    let (low, high) = CUT_OFF;
    // How much brighter than expected.
    let r = each(|l| fixed[l] - gain * moving[l] - offset);
    each(|l| {
        let (darker, brighter) = (r[l] <= -CUT_BY, r[l] >= CUT_BY);
        let (f_low, m_low) = (fixed[l] <= low, moving[l] <= low);
        let (f_high, m_high) = (fixed[l] >= high, moving[l] >= high);
        let below = (f_low & !m_low & brighter) | (m_low & !f_low & darker);
        let above = (f_high & !m_high & darker) | (m_high & !f_high & brighter);
        if below | above { 0.0 } else { 1.0 }
    })
}

/// What is read of the moving image under eight samples of the fixed one.
pub(crate) trait Under: Copy {
    /// What it is read from.
    type From;
    /// Width and height of that.
    fn size(moving: &Self::From) -> (usize, usize);
    /// Mixes four neighbours of each sample, of which the upper left stands at
    /// `first`, by `weights`: left and right above, then below.
    fn mixed(moving: &Self::From, first: &[u32; LANES], weights: &[Lanes; 4]) -> Self;
}

/// Values.
impl Under for Lanes {
    type From = Level;

    fn size(moving: &Level) -> (usize, usize) {
        (moving.width, moving.height)
    }

    #[inline(always)]
    fn mixed(moving: &Level, first: &[u32; LANES], weights: &[Lanes; 4]) -> Self {
        let mut out = [0.0; LANES];
        for (l, out) in out.iter_mut().enumerate() {
            let [a, b, c, d] = moving.four(first[l] as usize);
            let [wa, wb, wc, wd] = weights;
            *out = a * wa[l] + b * wb[l] + c * wc[l] + d * wd[l];
        }
        out
    }
}

/// Value, slope in x, slope in y (grey levels a sample), nothing. One after
/// the other, so that each is one vector.
pub(crate) type Slopes = [[f32; 4]; LANES];

impl Under for Slopes {
    type From = Sloped;

    fn size(moving: &Sloped) -> (usize, usize) {
        (moving.level.width, moving.level.height)
    }

    #[inline(always)]
    fn mixed(moving: &Sloped, first: &[u32; LANES], weights: &[Lanes; 4]) -> Self {
        let mut out = [[0.0; 4]; LANES];
        for (l, out) in out.iter_mut().enumerate() {
            let [a, b, c, d] = moving.four(first[l] as usize);
            let [wa, wb, wc, wd] = weights;
            for (i, out) in out.iter_mut().enumerate() {
                *out = a[i] * wa[l] + b[i] * wb[l] + c[i] * wc[l] + d[i] * wd[l];
            }
        }
        out
    }
}

/// Eight samples of the fixed image, and the moving one under them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<U> {
    /// Of the fixed image, from −½ to ½.
    pub(crate) x: Lanes,
    /// The same of all.
    pub(crate) y: f32,
    pub(crate) fixed: Lanes,
    /// 1 where the moving image covers the sample, else 0.
    pub(crate) live: Lanes,
    pub(crate) under: U,
}

/// Which samples to look at.
pub(crate) struct Look<'a, M> {
    pub(crate) fixed: &'a Level,
    /// Of the fixed image.
    pub(crate) lines: Range<usize>,
    pub(crate) moving: &'a M,
    pub(crate) map: &'a Map,
    /// Every how manyth sample of every how manyth line.
    pub(crate) stride: usize,
}

impl<M> Look<'_, M> {
    /// Fills `blocks` with those that `moving` covers in part, line by line.
    pub(crate) fn at<U: Under<From = M>>(self, blocks: &mut Vec<Block<U>>) {
        blocks.clear();
        let lines = self.lines.len().div_ceil(self.stride);
        blocks.reserve(lines * self.fixed.width.div_ceil(self.stride * LANES));
        pulp::Arch::new().dispatch(Looking { look: self, blocks });
    }
}

struct Looking<'a, U: Under> {
    look: Look<'a, U::From>,
    blocks: &'a mut Vec<Block<U>>,
}

impl<U: Under> pulp::WithSimd for Looking<'_, U> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Look {
            fixed,
            lines,
            moving,
            map,
            stride,
        } = self.look;
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
                let x = each(|l| ((first + l * stride) as f32 + 0.5) / fw - 0.5);
                let px = each(|l| base_x + dx * x[l]);
                let py = each(|l| base_y + dy * x[l]);
                // Half a sample beyond the outermost centres still is image.
                let live = each(|l| {
                    let inside = (px[l] >= -0.5)
                        & (py[l] >= -0.5)
                        & (px[l] <= right)
                        & (py[l] <= bottom)
                        & (first + l * stride <= last);
                    if inside { 1.0 } else { 0.0 }
                });
                if sum(&live) == 0.0 {
                    continue;
                }
                self.blocks.push(Block {
                    x,
                    y,
                    fixed: each(|l| pixels[(first + l * stride).min(last)]),
                    live,
                    under: under(moving, &px, &py),
                });
            }
        }
    }
}

/// Bilinear between sample centres; beyond them the edge goes on.
#[inline(always)]
fn under<U: Under>(moving: &U::From, px: &Lanes, py: &Lanes) -> U {
    let (width, height) = U::size(moving);
    let (width, height) = (width as f32, height as f32);
    let within = |v: f32, most: f32| {
        let v = if v > 0.0 { v } else { 0.0 };
        if v < most { v } else { most }
    };
    let x = each(|l| within(px[l], width - 1.0));
    let y = each(|l| within(py[l], height - 1.0));
    // The upper left of four that all lie within.
    let left = each(|l| within(x[l].trunc(), width - 2.0));
    let top = each(|l| within(y[l].trunc(), height - 2.0));
    let fx = each(|l| x[l] - left[l]);
    let fy = each(|l| y[l] - top[l]);
    let weights = [
        each(|l| (1.0 - fx[l]) * (1.0 - fy[l])),
        each(|l| fx[l] * (1.0 - fy[l])),
        each(|l| (1.0 - fx[l]) * fy[l]),
        each(|l| fx[l] * fy[l]),
    ];
    let mut first = [0; LANES];
    for (l, first) in first.iter_mut().enumerate() {
        *first = whole(top[l] * width + left[l]);
    }
    U::mixed(moving, &first, &weights)
}

/// A whole number below 2²³ as an integer: the low bits of its sum with 2²³.
/// A cast would look for what does not fit, one lane after the other.
#[inline(always)]
fn whole(value: f32) -> u32 {
    (value + 8_388_608.0).to_bits() & 0x007f_ffff
}
