//! Looks at an aligned pair once more, finer than its thumbnails show.

use super::agreement::{Agreement, WHOLE, beside_banner, glance, glance_beside};
use super::align::align;
use super::differences::Covered;
use super::map::Map;
use super::pyramid::{Pyramid, Sloped};
use crate::decode::Plane;

/// Samples along the longer side, at most: four times the thumbnail's.
pub(crate) const SIDE: u32 = 256;

/// The long sides at which two images of `fixed` and `moving` pixels show
/// what they share at the same scale, under `map`.
pub(crate) fn sides(fixed: (u32, u32), moving: (u32, u32), map: &Map) -> (u32, u32) {
    let long = |(w, h): (u32, u32)| w.max(h) as f32;
    let area = |(w, h): (u32, u32)| w as f32 * h as f32;
    // Moving pixels for one pixel of the fixed image, one way.
    let ratio = (map.determinant().abs() * area(moving) / area(fixed))
        .sqrt()
        .max(1e-3);
    let most = SIDE as f32;
    // Thumbnail samples for one pixel: never enlarged, never beyond `SIDE`.
    let scale = 1f32
        .min(most / long(fixed))
        .min(ratio)
        .min(ratio * most / long(moving));
    let side = |whole: f32| (whole.round() as u32).clamp(4, SIDE);
    (
        side(long(fixed) * scale),
        side(long(moving) * scale / ratio),
    )
}

/// Agreement at half size below which full size is not looked at: no planted
/// copy was verified from there (0.635 at worst), and half of the others are
/// there.
const LEAST_MEAN: f32 = 0.58;

/// The agreement at full and at half size of two lumas of one scale; beside a
/// banner, if there is one, and the map they were measured under. `None` when there is next to none.
pub(crate) fn closer(fixed: &Plane, moving: &Plane, map: Map) -> Option<([Agreement; 2], Map)> {
    let (f, m) = (Pyramid::new(fixed)?, Pyramid::new(moving)?);
    let (f1, m1) = (f.level(1), Sloped::new(m.level(1)));
    // A banner pulls the map a little, and more than a little of the detail is
    // lost by that: see what the frame alone would say.
    let starts = [Some(map), whole(map)].into_iter().flatten();
    let half = starts.filter_map(|start| {
        let map = align(&f1, &m1, start, 3, 2)?;
        Some((glance(&f1, &m1.level, &map, &WHOLE)?, map))
    });
    let (all, map) = half.max_by(|a, b| a.0.trimmed.total_cmp(&b.0.trimmed))?;
    let (half, part) = beside_banner(&f1, &m1.level, &map, all);
    if half.mean < LEAST_MEAN {
        return None;
    }
    let (f0, m0) = (f.level(0), Sloped::new(m.level(0)));
    let map = align(&f0, &m0, map, 2, 4)?;
    Some(([glance(&f0, &m0.level, &map, &part)?, half], map))
}

/// The same under a known map, beside what is covered.
pub(crate) fn beside(
    fixed: &Plane,
    moving: &Plane,
    map: &Map,
    covered: &Covered,
) -> Option<[Agreement; 2]> {
    let (f, m) = (Pyramid::new(fixed)?, Pyramid::new(moving)?);
    let at = |level| glance_beside(&f.level(level), &m.level(level), map, &WHOLE, Some(covered));
    Some([at(0)?, at(1)?])
}

/// The flip or turn of the whole frame that is nearest to `map`, if one is near.
fn whole(map: Map) -> Option<Map> {
    let m = map.0.map(f32::round);
    let near = map.0.iter().zip(&m).all(|(a, b)| (a - b).abs() < 0.2);
    let whole = Map([m[0], m[1], 0.0, m[3], m[4], 0.0]);
    (near && whole.determinant().abs() == 1.0 && whole != map).then_some(whole)
}
