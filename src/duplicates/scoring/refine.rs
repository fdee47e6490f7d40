//! Looks at an aligned pair once more, finer than its thumbnails show.

use super::differences::Covered;
use super::measurements::{Agreement, WHOLE, beside_banner, glance, glance_beside};
use crate::decode::Plane;
use crate::duplicates::registration::affine::Map;
use crate::duplicates::registration::gauss_newton::align;
use crate::duplicates::registration::pyramid::{Level, Pyramid, Sloped};

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

/// Two lumas of one scale, at full and at half size.
pub(crate) struct Planes {
    pub(crate) fixed: [Level; 2],
    pub(crate) moving: [Level; 2],
}

impl Planes {
    pub(crate) fn new(fixed: &Plane, moving: &Plane) -> Option<Self> {
        let levels = |plane| {
            let pyramid = Pyramid::new(plane)?;
            Some([pyramid.level(0), pyramid.level(1)])
        };
        Some(Self {
            fixed: levels(fixed)?,
            moving: levels(moving)?,
        })
    }
}

/// Agreement at half size of a registration that more rounds may improve.
const UNSETTLED: std::ops::Range<f32> = 0.1..0.85;

/// Samples at half size by which a registration may miss the whole frame and lead
/// to where that would.
const SAME: f32 = 0.2;

/// The agreement at full and at half size of two lumas of one scale; beside a
/// banner, if there is one, and the map they were measured under. `None` when there is next to none.
pub(crate) fn closer(planes: &Planes, map: Map) -> Option<([Agreement; 2], Map)> {
    let (f1, m1) = (&planes.fixed[1], Sloped::new(planes.moving[1].clone()));
    let from = |start: Map, rounds, stride| {
        let map = align(f1, &m1, start, rounds, stride)?;
        Some((glance(f1, &m1.level, &map, &WHOLE)?, map))
    };
    let better = |a: Option<(Agreement, Map)>, b: Option<(Agreement, Map)>| match (a, b) {
        (Some(a), Some(b)) if b.0.trimmed.total_cmp(&a.0.trimmed).is_ge() => Some(b),
        (a, b) => a.or(b),
    };
    let mut half = from(map, 3, 2);
    // A banner pulls the map a little, and more than a little of the detail is
    // lost by that: see what the frame alone would say.
    if let Some(whole) = whole(map) {
        let side = f1.width.max(f1.height) as f32;
        let is_there = half.is_some_and(|(_, map)| map.misses(&whole) * side < SAME);
        if !is_there {
            half = better(half, from(whole, 3, 2));
        }
    }
    if let Some((seen, map)) = half
        && UNSETTLED.contains(&seen.mean)
    {
        half = better(half, from(map, 8, 1));
    }
    let (all, map) = half?;
    let (half, part) = beside_banner(f1, &m1.level, &map, all);
    if half.mean < LEAST_MEAN {
        return None;
    }
    let (f0, m0) = (&planes.fixed[0], Sloped::new(planes.moving[0].clone()));
    let map = align(f0, &m0, map, 2, 4)?;
    Some(([glance(f0, &m0.level, &map, &part)?, half], map))
}

/// The same under a known map, beside what is covered.
pub(crate) fn beside(planes: &Planes, map: &Map, covered: &Covered) -> Option<[Agreement; 2]> {
    let at = |level: usize| {
        let (fixed, moving) = (&planes.fixed[level], &planes.moving[level]);
        glance_beside(fixed, moving, map, &WHOLE, Some(covered))
    };
    Some([at(0)?, at(1)?])
}

/// The flip or turn of the whole frame that is nearest to `map`, if one is near.
fn whole(map: Map) -> Option<Map> {
    let m = map.0.map(f32::round);
    let near = map.0.iter().zip(&m).all(|(a, b)| (a - b).abs() < 0.2);
    let whole = Map([m[0], m[1], 0.0, m[3], m[4], 0.0]);
    (near && whole.determinant().abs() == 1.0 && whole != map).then_some(whole)
}
