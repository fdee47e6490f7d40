//! Flaws of a box that its image alone shows.

use super::{BoxFlaw, BoxFlaws};
use crate::sample::{Object, Rect};

/// Pixels that a box may reach out of its image: formats count corners from 0
/// or from 1, and round to whole pixels.
pub(super) const ROUNDING: f32 = 1.0;

/// A box above this share of the image covers it: a border of half a per cent
/// on each side is rounding.
const COVERS: f64 = 0.98;

/// A box with a side below this many pixels shows nothing.
const THINNEST: f32 = 1.0;

/// What is wrong with a box in an image of `size`, if that is known.
pub(super) fn judge(rect: &Rect, object: &Object, size: Option<(u32, u32)>) -> BoxFlaws {
    let mut flaws = BoxFlaws::default();
    // Not `<`, so that what is no number has no size either.
    let has_size = rect.is_finite() && rect.width >= THINNEST && rect.height >= THINNEST;
    if !has_size {
        flaws.add(BoxFlaw::Degenerate);
        return flaws;
    }
    let Some((width, height)) = size else {
        return flaws;
    };
    if !is_inside(rect, width, height, ROUNDING) {
        flaws.add(BoxFlaw::Outside);
    }
    let whole = Rect {
        x: 0.0,
        y: 0.0,
        width: width as f32,
        height: height as f32,
    };
    // A crowd may well fill its image.
    if !object.flags.crowd && whole.intersection(rect).area() >= COVERS * whole.area() {
        flaws.add(BoxFlaw::CoversImage);
    }
    flaws
}

/// Whether a box lies in an image of that size, but for `slack` pixels.
pub(super) fn is_inside(rect: &Rect, width: u32, height: u32, slack: f32) -> bool {
    rect.x >= -slack
        && rect.y >= -slack
        && rect.right() <= width as f32 + slack
        && rect.bottom() <= height as f32 + slack
}
