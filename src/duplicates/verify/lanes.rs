//! Reads one picture under the samples of another, eight at a time. Judges
//! nothing.

use std::ops::Range;

use super::map::Map;
use super::pyramid::Level;

/// Samples of a row handled together.
pub(super) const LANES: usize = 8;
/// One number of each.
pub(super) type Lanes = [f32; LANES];

/// One number of each sample. Written as a loop, which always becomes vector
/// instructions; the methods of arrays are calls where they are not inlined.
#[inline(always)]
pub(super) fn each(f: impl Fn(usize) -> f32) -> Lanes {
    let mut out = [0.0; LANES];
    for (lane, value) in out.iter_mut().enumerate() {
        *value = f(lane);
    }
    out
}

/// Lane by lane.
#[inline(always)]
pub(super) fn times(a: &Lanes, b: &Lanes) -> Lanes {
    each(|l| a[l] * b[l])
}

/// Lane by lane.
#[inline(always)]
pub(super) fn add(to: &mut Lanes, values: &Lanes) {
    for (sum, value) in to.iter_mut().zip(values) {
        *sum += value;
    }
}

/// All lanes together, always in the same order.
#[inline(always)]
pub(super) fn sum(lanes: &Lanes) -> f32 {
    let [a, b, c, d, e, f, g, h] = *lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

/// Eight samples of the fixed picture, and the moving one under them.
pub(super) struct Block {
    /// Of the fixed picture, from −½ to ½.
    pub(super) x: Lanes,
    pub(super) fixed: Lanes,
    pub(super) value: Lanes,
    pub(super) slope_x: Lanes,
    pub(super) slope_y: Lanes,
    /// 1 where the moving picture covers the sample, else 0.
    pub(super) live: Lanes,
}

/// What goes over blocks.
pub(super) trait Visitor {
    /// Whether slopes are looked at.
    const SLOPES: bool;

    /// The block that begins at `column` of row `line`, at height `y` (−½ to ½).
    fn block(&mut self, line: usize, column: usize, block: &Block);

    /// The row at height `y` has ended.
    fn row(&mut self, y: f32);
}

/// Visits every `stride`th sample of every `stride`th row among `lines` of
/// `fixed`, where `moving` covers some of a block.
#[inline(always)]
pub(super) fn visit<V: Visitor>(
    (fixed, lines): (&Level, Range<usize>),
    moving: &Level,
    map: &Map,
    stride: usize,
    visitor: &mut V,
) {
    let m = &map.0;
    let (fw, fh) = (fixed.width as f32, fixed.height as f32);
    let (mw, mh) = (moving.width as f32, moving.height as f32);
    let (right, bottom) = (mw - 0.5, mh - 0.5);
    let (dx, dy) = (m[0] * mw, m[3] * mh);
    for line in lines.step_by(stride) {
        let y = (line as f32 + 0.5) / fh - 0.5;
        let base_x = (m[1] * y + m[2] + 0.5) * mw - 0.5;
        let base_y = (m[4] * y + m[5] + 0.5) * mh - 0.5;
        let pixels = &fixed.pixels[line * fixed.width..(line + 1) * fixed.width];
        for first in (0..fixed.width).step_by(stride * LANES) {
            let x = each(|l| ((first + l * stride) as f32 + 0.5) / fw - 0.5);
            let px = each(|l| base_x + dx * x[l]);
            let py = each(|l| base_y + dy * x[l]);
            // Half a sample beyond the outermost centres still is picture.
            let live = each(|l| {
                let inside = (px[l] >= -0.5)
                    & (py[l] >= -0.5)
                    & (px[l] <= right)
                    & (py[l] <= bottom)
                    & (first + l * stride < fixed.width);
                if inside { 1.0 } else { 0.0 }
            });
            if sum(&live) == 0.0 {
                continue;
            }
            let last = fixed.width - 1;
            let mut block = Block {
                x,
                fixed: each(|l| pixels[(first + l * stride).min(last)][0]),
                value: [0.0; LANES],
                slope_x: [0.0; LANES],
                slope_y: [0.0; LANES],
                live,
            };
            under::<V>(moving, &px, &py, &mut block);
            visitor.block(line, first, &block);
        }
        visitor.row(y);
    }
}

/// Bilinear between sample centres; beyond them the edge goes on.
#[inline(always)]
fn under<V: Visitor>(moving: &Level, px: &Lanes, py: &Lanes, block: &mut Block) {
    let (width, height) = (moving.width, moving.height);
    let within = |v: f32, most: f32| {
        let v = if v > 0.0 { v } else { 0.0 };
        if v < most { v } else { most }
    };
    let x = each(|l| within(px[l], (width - 1) as f32));
    let y = each(|l| within(py[l], (height - 1) as f32));
    let (mut left, mut top) = ([0i32; LANES], [0i32; LANES]);
    for l in 0..LANES {
        left[l] = (x[l] as i32).min(width as i32 - 2);
        top[l] = (y[l] as i32).min(height as i32 - 2);
    }
    let fx = each(|l| x[l] - left[l] as f32);
    let fy = each(|l| y[l] - top[l] as f32);
    let a = each(|l| (1.0 - fx[l]) * (1.0 - fy[l]));
    let b = each(|l| fx[l] * (1.0 - fy[l]));
    let c = each(|l| (1.0 - fx[l]) * fy[l]);
    let d = each(|l| fx[l] * fy[l]);
    for l in 0..LANES {
        let first = top[l] as usize * width + left[l] as usize;
        let upper = &moving.pixels[first..first + 2];
        let lower = &moving.pixels[first + width..first + width + 2];
        if V::SLOPES {
            let mut mixed = [0.0f32; 4];
            for (i, mixed) in mixed.iter_mut().enumerate() {
                *mixed = upper[0][i] * a[l]
                    + upper[1][i] * b[l]
                    + lower[0][i] * c[l]
                    + lower[1][i] * d[l];
            }
            block.value[l] = mixed[0];
            block.slope_x[l] = mixed[1];
            block.slope_y[l] = mixed[2];
        } else {
            block.value[l] =
                upper[0][0] * a[l] + upper[1][0] * b[l] + lower[0][0] * c[l] + lower[1][0] * d[l];
        }
    }
}
