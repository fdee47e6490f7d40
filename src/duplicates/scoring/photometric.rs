//! The photometric model of two registered images: gain and offset by robust
//! regression, and its residual. Does not judge.

use super::measurements::Measurements;
use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::sampling::{
    Block, F32x8, LANES, add, lanewise, sum, times, unclipped,
};

/// The mask of the samples of a block that count under this gain and offset.
#[inline(always)]
fn counted(block: &Block<F32x8>, clipped: bool, gain: f32, offset: f32) -> F32x8 {
    if clipped {
        let expected = unclipped(&block.fixed, &block.moving, gain, offset);
        times(&block.valid, &expected)
    } else {
        block.valid
    }
}

/// Fits fixed = gain × moving + offset by a regression that is reweighted twice
/// (iteratively reweighted least squares, Holland & Welsch 1977), writes it and its
/// residual to `out`, and masks the clipped samples of `blocks`. Returns the gain; `None`
/// for fewer than 16 samples.
#[inline(always)]
pub(super) fn fit(
    blocks: &mut [Block<F32x8>],
    (width, height): (usize, usize),
    (map, clipped): (&Affine, bool),
    out: &mut Measurements,
) -> Option<f32> {
    let mut sums = [[0.0; LANES]; 6];
    for Block {
        moving: a,
        fixed: b,
        valid,
        ..
    } in &*blocks
    {
        add(&mut sums[0], valid);
        let (a, b) = (times(a, valid), times(b, valid));
        add(&mut sums[1], &a);
        add(&mut sums[2], &b);
        add(&mut sums[3], &times(&a, &a));
        add(&mut sums[4], &times(&b, &b));
        add(&mut sums[5], &times(&a, &b));
    }
    let n = sum(&sums[0]);
    if n < 16.0 {
        return None;
    }
    let mean = |i: usize| sum(&sums[i]) / n;
    let (ma, mb) = (mean(1), mean(2));
    let va = (mean(3) - ma * ma).max(0.01);
    let vb = (mean(4) - mb * mb).max(0.01);
    let cov = mean(5) - ma * mb;
    out.overlap = n / (width * height) as f32;
    out.covered = (out.overlap * map.determinant().abs()).min(1.0);
    out.contrast = vb.sqrt();
    let (mut gain, mut offset) = (cov / va, mb - cov / va * ma);
    let mut typical = 0.0;
    for _ in 0..2 {
        let (mut count, mut left) = ([0.0; LANES], [0.0; LANES]);
        for block in &*blocks {
            let (a, b) = (&block.moving, &block.fixed);
            let r = lanewise(|l| (b[l] - gain * a[l] - offset).abs());
            let valid = counted(block, clipped, gain, offset);
            add(&mut count, &valid);
            add(&mut left, &times(&r, &valid));
        }
        let inverse = 1.0 / (1.5 * sum(&left) / sum(&count).max(1.0)).max(1.0);
        let mut sums = [[0.0; LANES]; 7];
        for block in &*blocks {
            let (a, b) = (&block.moving, &block.fixed);
            let r = lanewise(|l| b[l] - gain * a[l] - offset);
            let valid = counted(block, clipped, gain, offset);
            let k = lanewise(|l| {
                let t = r[l] * inverse;
                let k = 1.0 / (1.0 + t * t);
                k * k * valid[l]
            });
            let (ka, kb) = (times(&k, a), times(&k, b));
            add(&mut sums[0], &k);
            add(&mut sums[1], &lanewise(|l| k[l] * r[l].abs()));
            add(&mut sums[2], &ka);
            add(&mut sums[3], &kb);
            add(&mut sums[4], &times(&ka, a));
            add(&mut sums[5], &times(&ka, b));
            add(&mut sums[6], &times(&kb, b));
        }
        let weight = sum(&sums[0]).max(1e-6);
        let mean = |i: usize| sum(&sums[i]) / weight;
        typical = mean(1);
        let (ma, mb) = (mean(2), mean(3));
        let (va, vb) = (mean(4) - ma * ma, mean(6) - mb * mb);
        let cov = mean(5) - ma * mb;
        out.correlation = if va > 0.05 && vb > 0.05 {
            cov / (va * vb).sqrt()
        } else {
            0.0
        };
        if va > 0.5 {
            gain = cov / va;
            offset = mb - gain * ma;
        }
    }
    for block in blocks {
        block.valid = counted(block, clipped, gain, offset);
    }
    out.residual = typical / out.contrast.max(1.0);
    out.gain = gain;
    out.offset = offset;
    Some(gain)
}
