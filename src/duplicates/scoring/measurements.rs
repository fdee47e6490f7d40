//! Measures how well two aligned images agree, place by place. Does not
//! decide whether that is enough.

use std::ops::Range;

use super::differences::Covered;
use super::local_ncc::{Places, places};
use crate::decode::{Plane, Thumbnail};
use crate::duplicates::registration::affine::Map;
use crate::duplicates::registration::pyramid::Level;
use crate::duplicates::registration::sampling::{
    Block, LANES, Lanes, Look, add, each, sum, times, transformed,
};

/// What two aligned images have in common.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Agreement {
    /// Correlation of the local contrast, all places together.
    pub(crate) fine: f32,
    /// Mean of the correlations in small places, weighed by their texture.
    pub(crate) mean: f32,
    /// Median of the correlations.
    pub(crate) median: f32,
    /// Mean of the correlations without the worst fifth: a banner covers less.
    pub(crate) trimmed: f32,
    /// The correlation that three quarters of the textured places exceed.
    pub(crate) quartile: f32,
    /// Textured places, each counted up to 1; those that overlap count once.
    pub(crate) texture: f32,
    /// Correlation of all samples, those that do not fit weighed down.
    pub(crate) correlation: f32,
    /// Share of the fixed image that the moving one covers.
    pub(crate) overlap: f32,
    /// Share of the moving image that the fixed one covers.
    pub(crate) covered: f32,
    /// Typical difference left after gain and offset, in grey levels of the
    /// fixed image, over its deviation.
    pub(crate) residual: f32,
    /// How well one turn and strength for all colours takes the moving
    /// image's chroma to the fixed one's, −1 to 1: 1 for one hue turned by
    /// up to [`HUE`], less for hues turned further or some colours exchanged;
    /// 1 when one of the two has no colour.
    pub(crate) hue: f32,
    /// fixed = gain × moving + offset.
    pub(crate) gain: f32,
    /// See `gain`.
    pub(crate) offset: f32,
    /// Deviation of the fixed image's luma over the overlap.
    pub(crate) contrast: f32,
    /// How far the map is from a turn with one scale: see `Shape`.
    pub(crate) skew: f32,
}

/// Turn of the hue (radians) that augmentation is used to give: a tenth of the
/// circle, and a little for what it does to brightness.
const HUE: f32 = 0.75;
/// Mean chroma (grey levels) at which a colour says nothing yet.
const FAINT: f32 = 4.0;

/// All of an image's height.
pub(crate) const WHOLE: Range<f32> = 0.0..1.0;

/// The agreement of two levels over `part` of the fixed image's height,
/// without colours. `None` when they share next to nothing.
pub(crate) fn glance(
    fixed: &Level,
    moving: &Level,
    map: &Map,
    part: &Range<f32>,
) -> Option<Agreement> {
    glance_beside(fixed, moving, map, part, None)
}

/// The same beside what is covered.
pub(crate) fn glance_beside(
    fixed: &Level,
    moving: &Level,
    map: &Map,
    part: &Range<f32>,
    covered: Option<&Covered>,
) -> Option<Agreement> {
    let height = fixed.height as f32;
    let line = |share: f32| (share * height - 0.5).ceil().max(0.0) as usize;
    let look = Look {
        fixed,
        lines: line(part.start)..line(part.end).min(fixed.height),
        moving,
        map,
        stride: 1,
    };
    let mut blocks = Vec::new();
    look.at(&mut blocks);
    if let Some(covered) = covered {
        for block in &mut blocks {
            for (live, &x) in block.live.iter_mut().zip(&block.x) {
                if covered.holds(x, block.y) {
                    *live = 0.0;
                }
            }
        }
    }
    pulp::Arch::new().dispatch(Glance {
        blocks: &mut blocks,
        width: fixed.width,
        height: fixed.height,
        map,
        cut_off: fixed.is_cut_off() || moving.is_cut_off(),
    })
}

/// The agreement at full thumbnail size, colours included.
pub(crate) fn agreement(
    fixed: (&Level, &Thumbnail),
    moving: (&Level, &Thumbnail),
    map: &Map,
) -> Option<Agreement> {
    let mut out = glance(fixed.0, moving.0, map, &WHOLE)?;
    out.hue = hue(fixed.1, moving.1, map);
    Some(out)
}

/// What a banner over the bottom or the top leaves.
const BESIDE_BANNERS: [Range<f32>; 2] = [0.0..0.8, 0.2..1.0];
/// How much better the rest must agree than the whole for a banner to be there.
const COVERED: f32 = 0.08;

/// The agreement beside a banner and the part that it leaves, if there seems to
/// be one, else that of the `whole`.
pub(crate) fn beside_banner(
    fixed: &Level,
    moving: &Level,
    map: &Map,
    whole: Agreement,
) -> (Agreement, Range<f32>) {
    let parts = BESIDE_BANNERS.into_iter();
    parts
        .filter_map(|part| Some((glance(fixed, moving, map, &part)?, part)))
        .filter(|(rest, _)| rest.mean > whole.mean + COVERED)
        .max_by(|a, b| a.0.mean.total_cmp(&b.0.mean))
        .unwrap_or((whole, WHOLE))
}

struct Glance<'a> {
    blocks: &'a mut [Block<Lanes>],
    /// Of the fixed level.
    width: usize,
    height: usize,
    map: &'a Map,
    /// Whether one of the two has samples that may be.
    cut_off: bool,
}

impl pulp::WithSimd for Glance<'_> {
    type Output = Option<Agreement>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Option<Agreement> {
        let size = (self.width, self.height);
        let mut out = Agreement::default();
        let gain = photometry(self.blocks, size, (self.map, self.cut_off), &mut out)?;
        let Places { fine, found, share } = places(self.blocks, size, gain);
        out.fine = fine;
        out.texture = found.iter().map(|(_, w)| w).sum::<f32>() * share;
        spread(found, &mut out);
        Some(out)
    }
}

/// Which samples of a block count under this light.
#[inline(always)]
fn counted(block: &Block<Lanes>, cut_off: bool, gain: f32, offset: f32) -> Lanes {
    if cut_off {
        let expected = transformed(&block.fixed, &block.under, gain, offset);
        times(&block.live, &expected)
    } else {
        block.live
    }
}

/// The gain, by regression reweighed twice, and what goes with it.
#[inline(always)]
fn photometry(
    blocks: &mut [Block<Lanes>],
    (width, height): (usize, usize),
    (map, cut_off): (&Map, bool),
    out: &mut Agreement,
) -> Option<f32> {
    let mut sums = [[0.0; LANES]; 6];
    for Block {
        under: a,
        fixed: b,
        live,
        ..
    } in &*blocks
    {
        add(&mut sums[0], live);
        let (a, b) = (times(a, live), times(b, live));
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
            let (a, b) = (&block.under, &block.fixed);
            let r = each(|l| (b[l] - gain * a[l] - offset).abs());
            let live = counted(block, cut_off, gain, offset);
            add(&mut count, &live);
            add(&mut left, &times(&r, &live));
        }
        let inverse = 1.0 / (1.5 * sum(&left) / sum(&count).max(1.0)).max(1.0);
        let mut sums = [[0.0; LANES]; 7];
        for block in &*blocks {
            let (a, b) = (&block.under, &block.fixed);
            let r = each(|l| b[l] - gain * a[l] - offset);
            let live = counted(block, cut_off, gain, offset);
            let k = each(|l| {
                let t = r[l] * inverse;
                let k = 1.0 / (1.0 + t * t);
                k * k * live[l]
            });
            let (ka, kb) = (times(&k, a), times(&k, b));
            add(&mut sums[0], &k);
            add(&mut sums[1], &each(|l| k[l] * r[l].abs()));
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
        block.live = counted(block, cut_off, gain, offset);
    }
    out.residual = typical / out.contrast.max(1.0);
    out.gain = gain;
    out.offset = offset;
    Some(gain)
}

/// Mean, trimmed mean and quantiles of weighted correlations.
fn spread(mut found: Vec<(f32, f32)>, out: &mut Agreement) {
    let total: f32 = found.iter().map(|(_, w)| w).sum();
    if total <= 0.0 {
        return;
    }
    out.mean = found.iter().map(|(l, w)| l * w).sum::<f32>() / total;
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut skip = total * 0.2;
    let (mut sum, mut rest) = (0.0, 1e-6);
    for &(local, weight) in &found {
        let used = weight.min(skip.max(0.0));
        skip -= used;
        sum += local * (weight - used);
        rest += weight - used;
    }
    out.trimmed = sum / rest;
    let quantile = |share: f32| {
        let mut left = total * share;
        for &(local, weight) in &found {
            left -= weight;
            if left <= 0.0 {
                return local;
            }
        }
        found.last().map_or(0.0, |f| f.0)
    };
    out.median = quantile(0.5);
    out.quartile = quantile(0.25);
}

/// See [`Agreement::hue`]: the one complex number that takes Cb + i·Cr of the
/// moving image nearest to the fixed one's, its angle and its coherence.
fn hue(fixed: &Thumbnail, moving: &Thumbnail, map: &Map) -> f32 {
    let m = &map.0;
    let (fw, fh) = (fixed.cb.width as usize, fixed.cb.height as usize);
    let (mw, mh) = (moving.cb.width as f32, moving.cb.height as f32);
    if fw == 0 || fh == 0 || mw < 1.0 || mh < 1.0 {
        return 1.0;
    }
    let at = |plane: &Plane, x: f32, y: f32| {
        let x = x.clamp(0.0, mw - 1.0);
        let y = y.clamp(0.0, mh - 1.0);
        let (l, t) = (x as usize, y as usize);
        let (r, b) = ((l + 1).min(mw as usize - 1), (t + 1).min(mh as usize - 1));
        let (fx, fy) = (x - l as f32, y - t as f32);
        let g = |x: usize, y: usize| f32::from(plane.samples[y * mw as usize + x]) - 128.0;
        (g(l, t) * (1.0 - fx) + g(r, t) * fx) * (1.0 - fy)
            + (g(l, b) * (1.0 - fx) + g(r, b) * fx) * fy
    };
    let (mut count, mut re, mut im) = (0.0f32, 0.0f32, 0.0f32);
    let (mut moving_power, mut fixed_power) = (0.0f32, 0.0f32);
    for row in 0..fh {
        let y = (row as f32 + 0.5) / fh as f32 - 0.5;
        for column in 0..fw {
            let x = (column as f32 + 0.5) / fw as f32 - 0.5;
            let px = (m[0] * x + m[1] * y + m[2] + 0.5) * mw - 0.5;
            let py = (m[3] * x + m[4] * y + m[5] + 0.5) * mh - 0.5;
            if px >= -0.5 && py >= -0.5 && px <= mw - 0.5 && py <= mh - 0.5 {
                let (u, v) = (at(&moving.cb, px, py), at(&moving.cr, px, py));
                let i = row * fw + column;
                let p = f32::from(fixed.cb.samples[i]) - 128.0;
                let q = f32::from(fixed.cr.samples[i]) - 128.0;
                count += 1.0;
                re += u * p + v * q;
                im += u * q - v * p;
                moving_power += u * u + v * v;
                fixed_power += p * p + q * q;
            }
        }
    }
    let weaker = (moving_power.min(fixed_power) / count.max(1.0)).sqrt();
    if weaker < FAINT {
        return 1.0;
    }
    let coherence = re.hypot(im) / (moving_power * fixed_power).sqrt();
    let turn = (im.atan2(re).abs() - HUE).max(0.0);
    // Faint colours say less.
    let trust = (weaker - FAINT) / weaker;
    1.0 - trust * (1.0 - coherence * turn.cos())
}
