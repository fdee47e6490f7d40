//! Puts an alignment into words: relation and transform. Does not judge it.

use super::registration::affine::Map;
use super::scoring::measurements::Agreement;
use crate::decode::{Plane, Thumbnail};
use crate::finding::{Colour, Extent, Relation, Share, Transform};

/// An image's thumbnail and full size.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Image<'a> {
    pub(crate) thumbnail: &'a Thumbnail,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A part below this share of the area is a crop; above, the rounding of
/// thumbnails explains the difference.
const WHOLE: f32 = 0.965;

/// What was done to `first` to get `second`, when `map` (from `second` to
/// `first`) lays them over each other and luma of the second is
/// `gain` × luma of the first + `offset`.
pub(crate) fn explain(
    first: Image<'_>,
    second: Image<'_>,
    map: &Map,
    gain: f32,
    offset: f32,
) -> (Relation, Transform) {
    let size = |p: Image<'_>| (p.width.max(1) as f32, p.height.max(1) as f32);
    let ((fw, fh), (sw, sh)) = (size(first), size(second));
    let m = &map.0;
    // Pixels of the first for one pixel of the second.
    let linear = [
        m[0] * fw / sw,
        m[1] * fw / sh,
        m[3] * fh / sw,
        m[4] * fh / sh,
    ];
    let shape = Shape::of(linear);
    let mean = mean(&first.thumbnail.luma).max(1.0);
    let brightness = ((gain * mean + offset) / mean).max(0.0);
    let extent = extent(first, second, map, shape.rotation);
    let transform = Transform {
        mirrored: shape.mirrored,
        quarter_turns: shape.quarter_turns,
        rotation: shape.rotation,
        extent,
        scale: 1.0 / shape.scale,
        stretch: shape.stretch,
        brightness,
        contrast: gain / brightness.max(0.05),
        colour: colours(first.thumbnail, second.thumbnail),
        matrix: corner_based(map),
    };
    let relation = match extent {
        Extent::Cropped(_) | Extent::Uncropped(_) => Relation::Crop,
        _ if transform.is_geometric() => Relation::Transformed,
        _ => Relation::Near,
    };
    (relation, transform)
}

/// A linear map taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) mirrored: bool,
    pub(crate) quarter_turns: u8,
    /// Degrees clockwise.
    pub(crate) rotation: f32,
    pub(crate) scale: f32,
    pub(crate) stretch: f32,
    /// How far from both a turned and a stretched image: 0 for either.
    pub(crate) skew: f32,
}

impl Shape {
    /// `linear` maps pixels of the second image to pixels of the first.
    pub(crate) fn of(linear: [f32; 4]) -> Self {
        let [a, b, c, d] = linear;
        let straight = a.abs() + d.abs() >= b.abs() + c.abs();
        // The eight flips and turns of the second that undo what was done:
        // second → first sends x to ±x or ±y.
        let (mirrored, quarter_turns) = match (straight, a >= 0.0, d >= 0.0, b >= 0.0, c >= 0.0) {
            (true, true, true, ..) => (false, 0),
            (true, false, true, ..) => (true, 0),
            (true, true, false, ..) => (true, 2),
            (true, false, false, ..) => (false, 2),
            // first.x = +second.y, first.y = −second.x: turned clockwise once.
            (false, _, _, true, false) => (false, 1),
            (false, _, _, false, true) => (false, 3),
            // Transposed: mirrored and then turned counter-clockwise.
            (false, _, _, true, true) => (true, 3),
            (false, _, _, false, false) => (true, 1),
        };
        // The rest, with the flip or turn taken out on the second's side.
        let (p, q, r, s) = if straight {
            (
                a * a.signum(),
                b * d.signum(),
                c * a.signum(),
                d * d.signum(),
            )
        } else {
            (
                b * b.signum(),
                a * c.signum(),
                d * b.signum(),
                c * c.signum(),
            )
        };
        let sum = (p + s).max(1e-4);
        let turned = ((p - s).abs() + (q + r).abs()) / sum;
        let stretched = (q.abs() + r.abs()) / sum;
        // What is left of a rotation after the flips: second → first by −θ
        // when the first was turned by θ, clockwise with y downwards.
        let angle = -(r - q).atan2(sum).to_degrees();
        let area = (p * s - q * r).abs().max(1e-6);
        let (rotation, stretch) = if turned < stretched {
            (angle, 1.0)
        } else {
            (0.0, s.max(1e-4) / p.max(1e-4))
        };
        Self {
            mirrored,
            quarter_turns,
            rotation,
            scale: area.sqrt(),
            stretch: if straight { stretch } else { 1.0 / stretch },
            skew: turned.min(stretched),
        }
    }
}

/// The bounding box of the unit square under `map`, cut to the unit square.
fn image_box(map: &Map) -> Share {
    let corners =
        [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)].map(|(x, y)| map.apply(x, y));
    let low = |v: f32| (v + 0.5).clamp(0.0, 1.0);
    let (mut left, mut top, mut right, mut bottom) = (1.0f32, 1.0f32, 0.0f32, 0.0f32);
    for (x, y) in corners {
        left = left.min(low(x));
        right = right.max(low(x));
        top = top.min(low(y));
        bottom = bottom.max(low(y));
    }
    Share {
        x: left,
        y: top,
        width: (right - left).max(0.0),
        height: (bottom - top).max(0.0),
    }
}

fn extent(first: Image<'_>, second: Image<'_>, map: &Map, rotation: f32) -> Extent {
    let Some(back) = map.inverse() else {
        return Extent::Same;
    };
    let (inside_first, inside_second) = (image_box(map), image_box(&back));
    // A rotated image reaches beyond the other's corners on both sides: only
    // a clear difference in size is a crop then.
    let (of_first, of_second) = if rotation == 0.0 {
        (inside_first.area(), inside_second.area())
    } else {
        let area = map.determinant().abs();
        (area.min(1.0), (1.0 / area.max(1e-6)).min(1.0))
    };
    let whole = if rotation == 0.0 { WHOLE } else { 0.9 };
    match (of_first < whole, of_second < whole) {
        (false, false) => Extent::Same,
        (true, false) if border_is_plain(&first.thumbnail.luma, inside_first) => {
            Extent::Unpadded(inside_first)
        }
        (true, false) => Extent::Cropped(inside_first),
        (false, true) if border_is_plain(&second.thumbnail.luma, inside_second) => {
            Extent::Padded(inside_second)
        }
        (false, true) => Extent::Uncropped(inside_second),
        (true, true) => Extent::Shifted(inside_first),
    }
}

/// Whether what lies outside `inner` is of one tone.
fn border_is_plain(luma: &Plane, inner: Share) -> bool {
    let (w, h) = (luma.width as f32, luma.height as f32);
    // One sample of tolerance: the edge itself is blended.
    let (left, right) = (inner.x * w - 1.0, (inner.x + inner.width) * w + 1.0);
    let (top, bottom) = (inner.y * h - 1.0, (inner.y + inner.height) * h + 1.0);
    let (mut n, mut sum, mut squares) = (0.0f32, 0.0f32, 0.0f32);
    for y in 0..luma.height {
        for x in 0..luma.width {
            let (cx, cy) = (x as f32 + 0.5, y as f32 + 0.5);
            if cx < left || cx > right || cy < top || cy > bottom {
                let v = f32::from(luma.at(x, y)) - 128.0;
                n += 1.0;
                sum += v;
                squares += v * v;
            }
        }
    }
    // Four grey levels: compression rings around the edge of a plain border.
    n >= 4.0 && squares / n - (sum / n) * (sum / n) < 16.0
}

fn mean(plane: &Plane) -> f32 {
    let sum: u32 = plane.samples.iter().map(|&v| u32::from(v)).sum();
    sum as f32 / plane.samples.len().max(1) as f32
}

/// Root mean square distance from gray.
fn saturation(thumbnail: &Thumbnail) -> f32 {
    let squares = |plane: &Plane| -> f32 {
        plane
            .samples
            .iter()
            .map(|&v| (f32::from(v) - 128.0).powi(2))
            .sum::<f32>()
            / plane.samples.len().max(1) as f32
    };
    (squares(&thumbnail.cb) + squares(&thumbnail.cr)).sqrt()
}

fn colours(first: &Thumbnail, second: &Thumbnail) -> Colour {
    let (a, b) = (saturation(first), saturation(second));
    let tone = |t: &Thumbnail| (mean(&t.cb), mean(&t.cr));
    let ((ab, ar), (bb, br)) = (tone(first), tone(second));
    // 1.5 levels: what JPEG leaves of a gray image; 3: visibly coloured.
    if b < 1.5 && a > 3.0 {
        Colour::Lost
    } else if a < 1.5 && b > 3.0 {
        Colour::Gained
    } else if (ab - bb).hypot(ar - br) > 4.0 || (a > 6.0 && (b / a - 1.0).abs() > 0.25) {
        Colour::Changed
    } else {
        Colour::Kept
    }
}

/// From coordinates about the middle to coordinates from the corner.
fn corner_based(map: &Map) -> [f32; 6] {
    let m = &map.0;
    [
        m[0],
        m[1],
        m[2] + 0.5 - 0.5 * (m[0] + m[1]),
        m[3],
        m[4],
        m[5] + 0.5 - 0.5 * (m[3] + m[4]),
    ]
}

/// Gain and offset from the first image to the second, whichever of the two
/// was held fixed in the alignment.
pub(crate) fn direction(agreement: &Agreement, second_is_fixed: bool) -> (f32, f32) {
    let (gain, offset) = (agreement.gain, agreement.offset);
    if second_is_fixed {
        (gain, offset)
    } else {
        let gain = if gain.abs() < 0.02 { 0.02 } else { gain };
        (1.0 / gain, -offset / gain)
    }
}
