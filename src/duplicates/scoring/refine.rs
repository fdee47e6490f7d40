//! Refines a registered pair at more detail than its thumbnails hold, and measures it
//! there. Does not judge.

use super::differences::Overlay;
use super::measurements::{Measurements, WHOLE, measure, measure_without, without_banner};
use crate::decode::Plane;
use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::gauss_newton::register;
use crate::duplicates::registration::pyramid::{GradientLevel, Level, Pyramid};

/// Samples along the longer side, at most: four times the thumbnail's.
pub(crate) const SIDE: u32 = 256;

/// The long sides, in samples, at which two images of `fixed` and `moving` pixels show
/// their overlap at the same scale, under `map`.
pub(crate) fn sides(fixed: (u32, u32), moving: (u32, u32), map: &Affine) -> (u32, u32) {
    let long = |(w, h): (u32, u32)| w.max(h) as f32;
    let area = |(w, h): (u32, u32)| w as f32 * h as f32;
    // Moving pixels for one pixel of the fixed image, one way.
    let ratio = (map.determinant().abs() * area(moving) / area(fixed))
        .sqrt()
        .max(1e-3);
    let most = SIDE as f32;
    // Samples for one pixel of the fixed image: never enlarged, never beyond `SIDE`.
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

/// Mean local NCC at half size below which full size is not measured: no planted copy was
/// verified from there (0.635 at worst), and half of the others are there.
const LEAST_MEAN: f32 = 0.58;

/// Two lumas of one scale, at full and at half size.
pub(crate) struct Levels {
    pub(super) fixed: [Level; 2],
    pub(super) moving: [Level; 2],
}

impl Levels {
    /// `None` for images thinner than 4 samples.
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

/// Mean local NCC at half size of a registration that more rounds may improve.
const UNSETTLED: std::ops::Range<f32> = 0.1..0.85;

/// Samples at half size by which two registrations may differ and still converge to the
/// same map.
const SAME: f32 = 0.2;

/// Refines `map` and measures two lumas of one scale at full and at half size, beside a
/// banner if there is one; with the map they were measured under. `None` when they hardly
/// overlap or are too different at half size.
pub(crate) fn refine(levels: &Levels, map: Affine) -> Option<([Measurements; 2], Affine)> {
    let (f1, m1) = (
        &levels.fixed[1],
        GradientLevel::new(levels.moving[1].clone()),
    );
    let from = |start: Affine, rounds, stride| {
        let map = register(f1, &m1, start, rounds, stride)?;
        Some((measure(f1, &m1.level, &map, &WHOLE)?, map))
    };
    let better = |a: Option<(Measurements, Affine)>, b: Option<(Measurements, Affine)>| match (a, b)
    {
        (Some(a), Some(b)) if b.0.trimmed.total_cmp(&a.0.trimmed).is_ge() => Some(b),
        (a, b) => a.or(b),
    };
    let mut half = from(map, 3, 2);
    // A banner biases the map a little, which costs more than a little of the NCC of fine
    // detail: try the map of the whole frame, too.
    if let Some(frame) = whole_frame(map) {
        let side = f1.width.max(f1.height) as f32;
        let is_there = half.is_some_and(|(_, map)| map.max_corner_distance(&frame) * side < SAME);
        if !is_there {
            half = better(half, from(frame, 3, 2));
        }
    }
    if let Some((measured, map)) = half
        && UNSETTLED.contains(&measured.mean)
    {
        half = better(half, from(map, 8, 1));
    }
    let (all, map) = half?;
    let (half, part) = without_banner(f1, &m1.level, &map, all);
    if half.mean < LEAST_MEAN {
        return None;
    }
    let (f0, m0) = (
        &levels.fixed[0],
        GradientLevel::new(levels.moving[0].clone()),
    );
    let map = register(f0, &m0, map, 2, 4)?;
    Some(([measure(f0, &m0.level, &map, &part)?, half], map))
}

/// The same under a known map, without the samples under an overlay.
pub(crate) fn measure_beside(
    levels: &Levels,
    map: &Affine,
    overlay: &Overlay,
) -> Option<[Measurements; 2]> {
    let at = |level: usize| {
        let (fixed, moving) = (&levels.fixed[level], &levels.moving[level]);
        measure_without(fixed, moving, map, &WHOLE, Some(overlay))
    };
    Some([at(0)?, at(1)?])
}

/// The flip or quarter turn of the whole frame that is nearest to `map`, if one is near.
fn whole_frame(map: Affine) -> Option<Affine> {
    let m = map.0.map(f32::round);
    let near = map.0.iter().zip(&m).all(|(a, b)| (a - b).abs() < 0.2);
    let frame = Affine([m[0], m[1], 0.0, m[3], m[4], 0.0]);
    (near && frame.determinant().abs() == 1.0 && frame != map).then_some(frame)
}
