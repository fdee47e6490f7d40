//! Compares the colours of two registered images. Does not judge.

use crate::decode::{Plane, Thumbnail};
use crate::duplicates::registration::affine::Affine;

/// Turn of the hue, in radians, that augmentation usually makes at most: a tenth of the
/// circle, and a little for its effect on brightness.
const HUE: f32 = 0.75;
/// Mean chroma, in grey levels, up to which colours are no evidence.
const FAINT: f32 = 4.0;

/// How well one turn and strength for all colours maps the chroma of the moving image to
/// that of the fixed one, −1 to 1: 1 for one hue turned by up to [`HUE`], less for hues
/// turned further or some colours exchanged; 1 when one of the two has no colour.
///
/// The complex number that maps Cb + i·Cr of the moving image to the fixed one's by least
/// squares, its angle and its coherence.
pub(super) fn hue(fixed: &Thumbnail, moving: &Thumbnail, map: &Affine) -> f32 {
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
    // Faint colours are weaker evidence.
    let trust = (weaker - FAINT) / weaker;
    1.0 - trust * (1.0 - coherence * turn.cos())
}
