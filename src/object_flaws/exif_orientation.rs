//! Boxes drawn on an image before EXIF turned it.

use super::ObjectRow;
use super::one_box::{ROUNDING, is_inside};
use crate::decode::Header;

/// The share of the image's side by which a box must reach out of the upright
/// image: less may be rounding or a careless annotation.
const CLEARLY: f32 = 0.02;

/// Whether EXIF swaps the sides of an image and its boxes, all of them inside
/// the image as it is stored, reach out of the upright one. Where all lie inside
/// both, nothing can be said.
pub(super) fn fits_only_unturned(rows: &[ObjectRow], header: &Header) -> bool {
    if !header.orientation.swaps_sides() || header.width == header.height {
        return false;
    }
    let slack = ROUNDING + CLEARLY * header.width.max(header.height) as f32;
    let rects = || rows.iter().filter_map(|row| row.rect);
    rects().all(|rect| is_inside(&rect, header.height, header.width, ROUNDING))
        && rects().any(|rect| !is_inside(&rect, header.width, header.height, slack))
}
