//! Names what was done to an image, from a registration: relation and transform. Does not
//! judge it.

use super::registration::affine::Affine;
use super::registration::shape::Shape;
use super::scoring::Registered;
use super::scoring::measurements::Measurements;
use crate::decode::{Plane, Thumbnail};
use crate::finding::{Colour, Extent, Relation, Share, Transform};

/// An image's thumbnail, and its full width and height in pixels.
pub(crate) type Image = (Thumbnail, u32, u32);

/// A part below this share of the area is a crop; above, the rounding of thumbnails
/// explains the difference.
const WHOLE: f32 = 0.965;

/// The relation of a registered pair, and the transform from the image with the lower index
/// to the other. `None` where the map is singular.
pub(crate) fn of_registered(
    pair: &Registered,
    fixed: &Image,
    moving: &Image,
) -> Option<(Relation, Transform)> {
    // Maps lead from the second to the first.
    let second_is_fixed = pair.fixed > pair.moving;
    let (first, second) = if second_is_fixed {
        (moving, fixed)
    } else {
        (fixed, moving)
    };
    let map = if second_is_fixed {
        pair.map
    } else {
        pair.map.inverse()?
    };
    let (gain, offset) = photometric(&pair.measured, second_is_fixed);
    Some(of_map(first, second, map.0, gain, offset))
}

/// The relation of `second` to `first` and the transform between them, where `map` leads
/// from `second` to `first`, both from −½ to ½ along their sides, and luma of the second is
/// `gain` × luma of the first + `offset`.
pub(crate) fn of_map(
    first: &Image,
    second: &Image,
    map: [f32; 6],
    gain: f32,
    offset: f32,
) -> (Relation, Transform) {
    let map = &Affine(map);
    let size = |image: &Image| (image.1.max(1) as f32, image.2.max(1) as f32);
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
    let mean = mean(&first.0.luma).max(1.0);
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
        colour: colours(&first.0, &second.0),
        matrix: corner_based(map),
    };
    let relation = match extent {
        Extent::Cropped(_) | Extent::Uncropped(_) => Relation::Crop,
        _ if transform.is_geometric() => Relation::Transformed,
        _ => Relation::Near,
    };
    (relation, transform)
}

/// The bounding box of the image of the unit square under `map`, clipped to the unit
/// square.
fn image_box(map: &Affine) -> Share {
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

fn extent(first: &Image, second: &Image, map: &Affine, rotation: f32) -> Extent {
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
        (true, false) if border_is_plain(&first.0.luma, inside_first) => {
            Extent::Unpadded(inside_first)
        }
        (true, false) => Extent::Cropped(inside_first),
        (false, true) if border_is_plain(&second.0.luma, inside_second) => {
            Extent::Padded(inside_second)
        }
        (false, true) => Extent::Uncropped(inside_second),
        (true, true) => Extent::Shifted(inside_first),
    }
}

/// Whether the border outside `inner` has one grey level.
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
    // 1.5 levels: grey images after JPEG compression stay below; 3: visibly coloured.
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
fn corner_based(map: &Affine) -> [f32; 6] {
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

/// Gain and offset from the first image to the second, whichever of the two was held fixed
/// in the registration.
fn photometric(measured: &Measurements, second_is_fixed: bool) -> (f32, f32) {
    let (gain, offset) = (measured.gain, measured.offset);
    if second_is_fixed {
        (gain, offset)
    } else {
        let gain = if gain.abs() < 0.02 { 0.02 } else { gain };
        (1.0 / gain, -offset / gain)
    }
}
