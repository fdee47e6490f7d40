//! Measures how well two aligned pictures agree, place by place. Does not
//! decide whether that is enough.

use std::ops::Range;

use super::align::Map;
use super::pyramid::{Level, Pyramid, matched};
use crate::decode::{Plane, Thumbnail};

/// What two aligned pictures have in common.
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
    /// Textured places, each counted up to 1.
    pub(crate) texture: f32,
    /// Share of the fixed picture that the moving one covers.
    pub(crate) overlap: f32,
    /// Share of the moving picture that the fixed one covers.
    pub(crate) covered: f32,
    /// Typical difference left after gain and offset, in grey levels of the
    /// fixed picture, over its deviation.
    pub(crate) residual: f32,
    /// How well one turn and strength for all colours takes the moving
    /// picture's chroma to the fixed one's, −1 to 1: 1 for one hue turned by
    /// up to [`HUE`], less for hues turned further or some colours exchanged;
    /// 1 when one of the two has no colour.
    pub(crate) hue: f32,
    /// fixed = gain × moving + offset.
    pub(crate) gain: f32,
    /// See `gain`.
    pub(crate) offset: f32,
    /// Deviation of the fixed picture's luma over the overlap.
    pub(crate) contrast: f32,
    /// How far the map is from a turn with one scale: see `Shape`.
    pub(crate) skew: f32,
}

/// Deviation of what compression and noise leave in a thumbnail, in grey levels.
const NOISE: f32 = 1.5;

/// Turn of the hue (radians) that augmentation is used to give: a tenth of the
/// circle, and a little for what it does to brightness.
const HUE: f32 = 0.75;
/// Mean chroma (grey levels) at which a colour says nothing yet.
const FAINT: f32 = 4.0;

struct Overlay {
    width: usize,
    height: usize,
    fixed: Vec<f32>,
    moving: Vec<f32>,
    inside: Vec<bool>,
}

/// Lays `moving` over the grid of `fixed`, where a place is of `part` of its
/// height.
fn overlay(fixed: &Level, moving: &Level, map: &Map, part: &Range<f32>) -> Overlay {
    let m = &map.0;
    let count = fixed.width * fixed.height;
    let mut out = Overlay {
        width: fixed.width,
        height: fixed.height,
        fixed: Vec::with_capacity(count),
        moving: Vec::with_capacity(count),
        inside: Vec::with_capacity(count),
    };
    let (mw, mh) = (moving.width as f32, moving.height as f32);
    for row in 0..fixed.height {
        let y = (row as f32 + 0.5) / fixed.height as f32 - 0.5;
        let looked_at = part.contains(&(y + 0.5));
        for column in 0..fixed.width {
            let x = (column as f32 + 0.5) / fixed.width as f32 - 0.5;
            let px = (m[0] * x + m[1] * y + m[2] + 0.5) * mw - 0.5;
            let py = (m[3] * x + m[4] * y + m[5] + 0.5) * mh - 0.5;
            let inside = looked_at && px >= -0.5 && py >= -0.5 && px <= mw - 0.5 && py <= mh - 0.5;
            out.fixed.push(fixed.pixels[row * fixed.width + column][0]);
            out.moving
                .push(if inside { moving.value(px, py) } else { 0.0 });
            out.inside.push(inside);
        }
    }
    out
}

/// All of a picture's height.
pub(crate) const WHOLE: Range<f32> = 0.0..1.0;

/// The agreement of two levels over `part` of the fixed picture's height,
/// without colours.
pub(crate) fn glance(
    fixed: &Level,
    moving: &Level,
    map: &Map,
    part: &Range<f32>,
) -> Option<Agreement> {
    let mut out = Agreement::default();
    measure(&overlay(fixed, moving, map, part), map, &mut out)?;
    Some(out)
}

/// The agreement at full thumbnail size, colours included.
pub(crate) fn agreement(
    fixed: (&Pyramid, &Thumbnail),
    moving: (&Pyramid, &Thumbnail),
    map: &Map,
) -> Option<Agreement> {
    let area = map.determinant().abs();
    let lay = |level: usize| {
        let (f, m) = matched(fixed.0.sizes(), moving.0.sizes(), area, level);
        overlay(fixed.0.level(f), moving.0.level(m), map, &WHOLE)
    };
    let mut out = Agreement::default();
    measure(&lay(0), map, &mut out)?;
    out.hue = hue(fixed.1, moving.1, map);
    Some(out)
}

/// Photometric fit and local correlations of one overlay.
fn measure(lay: &Overlay, map: &Map, out: &mut Agreement) -> Option<()> {
    let mut n = 0.0f32;
    let mut s = [0.0f32; 5];
    for ((&b, &a), _) in lay
        .fixed
        .iter()
        .zip(&lay.moving)
        .zip(&lay.inside)
        .filter(|(_, i)| **i)
    {
        n += 1.0;
        for (sum, v) in s.iter_mut().zip([a, b, a * a, b * b, a * b]) {
            *sum += v;
        }
    }
    if n < 16.0 {
        return None;
    }
    let [ma, mb, aa, bb, ab] = s.map(|v| v / n);
    let (va, vb, cov) = (
        (aa - ma * ma).max(0.01),
        (bb - mb * mb).max(0.01),
        ab - ma * mb,
    );
    out.overlap = n / lay.fixed.len() as f32;
    out.covered = (out.overlap * map.determinant().abs()).min(1.0);
    out.contrast = vb.sqrt();
    // Robust gain and offset: twice reweighed regression.
    let (mut gain, mut offset) = (cov / va, mb - cov / va * ma);
    let mut typical = 0.0;
    for _ in 0..2 {
        let mut sum = 0.0;
        for ((&b, &a), _) in lay
            .fixed
            .iter()
            .zip(&lay.moving)
            .zip(&lay.inside)
            .filter(|(_, i)| **i)
        {
            sum += (b - gain * a - offset).abs();
        }
        typical = sum / n;
        let inverse = 1.0 / (1.5 * typical).max(1.0);
        let (mut w, mut s) = (0.0f32, [0.0f32; 4]);
        let (mut tight, mut total) = (0.0f32, 0.0f32);
        for ((&b, &a), _) in lay
            .fixed
            .iter()
            .zip(&lay.moving)
            .zip(&lay.inside)
            .filter(|(_, i)| **i)
        {
            let r = b - gain * a - offset;
            let t = r * inverse;
            let k = 1.0 / (1.0 + t * t);
            let k = k * k;
            w += k;
            tight += k * r.abs();
            total += k;
            for (sum, v) in s.iter_mut().zip([a, b, a * a, a * b]) {
                *sum += k * v;
            }
        }
        typical = tight / total.max(1e-6);
        let [ma, mb, aa, ab] = s.map(|v| v / w.max(1e-6));
        let va = aa - ma * ma;
        if va > 0.5 {
            gain = (ab - ma * mb) / va;
            offset = mb - gain * ma;
        }
    }
    out.residual = typical / out.contrast.max(1.0);
    out.gain = gain;
    out.offset = offset;
    places(lay, gain, out);
    Some(())
}

/// Correlations in small overlapping squares.
fn places(lay: &Overlay, gain: f32, out: &mut Agreement) {
    let side = lay.width.max(lay.height);
    let size = if side > 40 {
        9
    } else if side > 22 {
        7
    } else {
        5
    };
    let step = size / 2;
    let gain2 = (gain * gain).max(0.01);
    let stride = lay.width + 1;
    // Integrals of count, a, b, aa, bb, ab about mid-grey.
    let mut sums = vec![[0.0f32; 6]; stride * (lay.height + 1)];
    for y in 0..lay.height {
        let mut row = [0.0f32; 6];
        for x in 0..lay.width {
            let i = y * lay.width + x;
            if lay.inside[i] {
                let (a, b) = (lay.moving[i] - 128.0, lay.fixed[i] - 128.0);
                for (sum, v) in row.iter_mut().zip([1.0, a, b, a * a, b * b, a * b]) {
                    *sum += v;
                }
            }
            let above = sums[y * stride + x + 1];
            sums[(y + 1) * stride + x + 1] = std::array::from_fn(|k| above[k] + row[k]);
        }
    }
    let mut found: Vec<(f32, f32)> = Vec::with_capacity(256);
    let (mut va_all, mut vb_all, mut cov_all) = (0.0f32, 0.0f32, 0.0f32);
    let full = (size * size) as f32;
    let mut y = 0;
    while y + size <= lay.height {
        let mut x = 0;
        while x + size <= lay.width {
            let (p, q, r, t) = (
                y * stride + x,
                y * stride + x + size,
                (y + size) * stride + x,
                (y + size) * stride + x + size,
            );
            let s: [f32; 6] =
                std::array::from_fn(|k| sums[t][k] - sums[q][k] - sums[r][k] + sums[p][k]);
            let n = s[0];
            if n >= 0.6 * full {
                let va = (s[3] / n - (s[1] / n).powi(2)).max(0.0);
                let vb = (s[4] / n - (s[2] / n).powi(2)).max(0.0);
                let cov = s[5] / n - s[1] / n * (s[2] / n);
                va_all += va;
                vb_all += vb;
                cov_all += cov;
                let energy = (va * gain2).max(vb).sqrt();
                let weight = (energy - 2.0 * NOISE).max(0.0);
                let weight = weight / (weight + 6.0);
                if weight > 0.0 {
                    let noise = NOISE * NOISE;
                    let local = cov / ((va + noise / gain2.max(1.0)) * (vb + noise)).sqrt();
                    found.push((local, weight));
                }
            }
            x += step;
        }
        y += step;
    }
    out.fine = cov_all / (va_all * vb_all).sqrt().max(1e-3);
    let total: f32 = found.iter().map(|(_, w)| w).sum();
    // Overlapping squares count once.
    out.texture = total * (step * step) as f32 / full;
    if total <= 0.0 {
        return;
    }
    out.mean = found.iter().map(|(l, w)| l * w).sum::<f32>() / total;
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut skip = total * 0.2;
    let (mut sum, mut rest) = (0.0, 1e-6);
    for &(local, weight) in &found {
        let weight = if skip > 0.0 {
            let used = weight.min(skip);
            skip -= used;
            weight - used
        } else {
            weight
        };
        sum += local * weight;
        rest += weight;
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
/// moving picture nearest to the fixed one's, its angle and its coherence.
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
