//! Measures how similar two registered images are: local NCC, photometric model,
//! overlap, colours. Does not judge.

use std::ops::Range;

use super::chroma::hue;
use super::differences::Overlay;
use super::local_ncc::{LocalNcc, local_ncc};
use super::photometric;
use crate::decode::Thumbnail;
use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::pyramid::Level;
use crate::duplicates::registration::sampling::{Block, F32x8, SampleGrid};

/// What was measured between two registered images.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measurements {
    /// NCC pooled over all patches, −1 to 1: their covariances and variances summed.
    pub(crate) pooled: f32,
    /// Mean of the local NCCs, weighted by the texture of their patches.
    pub(crate) mean: f32,
    /// Weighted median of the local NCCs.
    pub(crate) median: f32,
    /// Weighted mean of the local NCCs without the lowest fifth: a banner covers less.
    pub(crate) trimmed: f32,
    /// Weighted first quartile of the local NCCs.
    pub(crate) quartile: f32,
    /// Number of textured patches, each counted up to 1, without what overlaps.
    pub(crate) texture: f32,
    /// NCC of all samples at once, outliers weighted down.
    pub(crate) correlation: f32,
    /// Share of the fixed image that the moving one covers.
    pub(crate) overlap: f32,
    /// Share of the moving image that the fixed one covers.
    pub(crate) covered: f32,
    /// Typical residual of the photometric model over the standard deviation of the
    /// fixed image.
    pub(crate) residual: f32,
    /// See [`hue`]; 0 where colours were not compared.
    pub(crate) hue: f32,
    /// Of the photometric model fixed = gain × moving + offset.
    pub(crate) gain: f32,
    /// Of the same, in grey levels.
    pub(crate) offset: f32,
    /// Standard deviation of the fixed image's luma over the overlap, in grey levels.
    pub(crate) contrast: f32,
    /// Distance of the map from both a rotation and a stretch: see `Shape::skew`.
    pub(crate) skew: f32,
}

/// The whole height of an image.
pub(crate) const WHOLE: Range<f32> = 0.0..1.0;

/// Measures two levels over `part` of the fixed image's height, without colours. `None`
/// when they hardly overlap.
pub(crate) fn measure(
    fixed: &Level,
    moving: &Level,
    map: &Affine,
    part: &Range<f32>,
) -> Option<Measurements> {
    measure_without(fixed, moving, map, part, None)
}

/// The same without the samples under an overlay.
pub(crate) fn measure_without(
    fixed: &Level,
    moving: &Level,
    map: &Affine,
    part: &Range<f32>,
    overlay: Option<&Overlay>,
) -> Option<Measurements> {
    let height = fixed.height as f32;
    let line = |share: f32| (share * height - 0.5).ceil().max(0.0) as usize;
    let grid = SampleGrid {
        fixed,
        lines: line(part.start)..line(part.end).min(fixed.height),
        moving,
        map,
        stride: 1,
    };
    let mut blocks = Vec::new();
    grid.resample(&mut blocks);
    if let Some(overlay) = overlay {
        for block in &mut blocks {
            for (valid, &x) in block.valid.iter_mut().zip(&block.x) {
                if overlay.covers(x, block.y) {
                    *valid = 0.0;
                }
            }
        }
    }
    pulp::Arch::new().dispatch(Measure {
        blocks: &mut blocks,
        width: fixed.width,
        height: fixed.height,
        map,
        clipped: fixed.is_clipped() || moving.is_clipped(),
    })
}

/// Measures two thumbnails at full size, colours included.
pub(crate) fn measure_thumbnails(
    fixed: (&Level, &Thumbnail),
    moving: (&Level, &Thumbnail),
    map: &Affine,
) -> Option<Measurements> {
    let mut out = measure(fixed.0, moving.0, map, &WHOLE)?;
    out.hue = hue(fixed.1, moving.1, map);
    Some(out)
}

/// The parts of the height beside a banner over the bottom or the top.
const BESIDE_BANNERS: [Range<f32>; 2] = [0.0..0.8, 0.2..1.0];
/// By how much the mean NCC of the rest must exceed that of the whole for a banner to be
/// there.
const BANNER_GAIN: f32 = 0.08;

/// The measurements beside a banner and the part of the height that it leaves, if there
/// seems to be one, else those of the `whole`.
pub(crate) fn without_banner(
    fixed: &Level,
    moving: &Level,
    map: &Affine,
    whole: Measurements,
) -> (Measurements, Range<f32>) {
    let parts = BESIDE_BANNERS.into_iter();
    parts
        .filter_map(|part| Some((measure(fixed, moving, map, &part)?, part)))
        .filter(|(rest, _)| rest.mean > whole.mean + BANNER_GAIN)
        .max_by(|a, b| a.0.mean.total_cmp(&b.0.mean))
        .unwrap_or((whole, WHOLE))
}

struct Measure<'a> {
    blocks: &'a mut [Block<F32x8>],
    /// Of the fixed level.
    width: usize,
    height: usize,
    map: &'a Affine,
    /// Whether samples may be clipped.
    clipped: bool,
}

impl pulp::WithSimd for Measure<'_> {
    type Output = Option<Measurements>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Option<Measurements> {
        let size = (self.width, self.height);
        let mut out = Measurements::default();
        let gain = photometric::fit(self.blocks, size, (self.map, self.clipped), &mut out)?;
        let LocalNcc {
            pooled,
            patches,
            share,
        } = local_ncc(self.blocks, size, gain);
        out.pooled = pooled;
        out.texture = patches.iter().map(|(_, w)| w).sum::<f32>() * share;
        summarize(patches, &mut out);
        Some(out)
    }
}

/// Mean, trimmed mean and quantiles of weighted NCCs.
fn summarize(mut patches: Vec<(f32, f32)>, out: &mut Measurements) {
    let total: f32 = patches.iter().map(|(_, w)| w).sum();
    if total <= 0.0 {
        return;
    }
    out.mean = patches.iter().map(|(l, w)| l * w).sum::<f32>() / total;
    patches.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut skip = total * 0.2;
    let (mut sum, mut rest) = (0.0, 1e-6);
    for &(local, weight) in &patches {
        let used = weight.min(skip.max(0.0));
        skip -= used;
        sum += local * (weight - used);
        rest += weight - used;
    }
    out.trimmed = sum / rest;
    let quantile = |share: f32| {
        let mut left = total * share;
        for &(local, weight) in &patches {
            left -= weight;
            if left <= 0.0 {
                return local;
            }
        }
        patches.last().map_or(0.0, |f| f.0)
    };
    out.median = quantile(0.5);
    out.quartile = quantile(0.25);
}
