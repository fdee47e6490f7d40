//! The windows that image descriptors are taken from, and the affine map that each stands
//! for. Compares nothing.

use super::descriptor::{Basis, Descriptor, GRID, Span, Windows};
use crate::decode::Plane;
use crate::duplicates::registration::affine::Affine;

/// Where database windows begin and how long they are along one side, in shares of it.
/// Lengths are 16% apart and starts an eighth of an image at most, which the descriptor
/// tolerates.
const SPANS: [Span; 12] = [
    (0.0, 1.0),
    (0.0, 0.86),
    (0.07, 0.86),
    (0.14, 0.86),
    (0.0, 0.74),
    (0.13, 0.74),
    (0.26, 0.74),
    (0.0, 0.62),
    (0.095, 0.62),
    (0.19, 0.62),
    (0.285, 0.62),
    (0.38, 0.62),
];
/// Database windows of an image.
pub(super) const WINDOWS: usize = SPANS.len() * SPANS.len();
/// Side of the central window, which a rotation by 15° keeps free of empty corners.
const CENTRE: f32 = 0.72;
/// Small rotations, in degrees, and their scale: 1.2 for tools that enlarge the canvas to
/// hold the rotated image.
pub(super) const ROTATIONS: [(f32, f32); 6] = [
    (-13.5, 1.0),
    (-6.0, 1.0),
    (6.0, 1.0),
    (13.5, 1.0),
    (-13.5, 1.2),
    (13.5, 1.2),
];
/// A flip or quarter turn: transpose, then flip x, then flip y.
pub(super) type Flip = (bool, bool, bool);
/// No flip, and the mirror.
pub(super) const UPRIGHT_AND_MIRRORED: [Flip; 2] = [(false, false, false), (false, true, false)];
/// The other flips and quarter turns.
pub(super) const OTHER_FLIPS: [Flip; 6] = [
    (false, false, true),
    (false, true, true),
    (true, false, false),
    (true, true, false),
    (true, false, true),
    (true, true, true),
];

/// The database windows.
pub(super) fn database_windows() -> Windows {
    Windows::new(&SPANS)
}

/// From the whole image to database window number `index`.
pub(super) fn window_map(index: usize) -> Affine {
    let (x, w) = SPANS[index % SPANS.len()];
    let (y, h) = SPANS[index / SPANS.len()];
    Affine([w, 0.0, x + w / 2.0 - 0.5, 0.0, h, y + h / 2.0 - 0.5])
}

/// A rotation by `degrees` of an image of `width` × `height`, and a scale.
pub(super) fn rotation_map(degrees: f32, scale: f32, width: f32, height: f32) -> Affine {
    let (sin, cos) = degrees.to_radians().sin_cos();
    Affine([
        scale * cos,
        -scale * sin * height / width,
        0.0,
        scale * sin * width / height,
        scale * cos,
        0.0,
    ])
}

pub(super) fn flip_map((transpose, flip_x, flip_y): Flip) -> Affine {
    let x = if flip_x { -1.0 } else { 1.0 };
    let y = if flip_y { -1.0 } else { 1.0 };
    if transpose {
        Affine([0.0, x, 0.0, y, 0.0, 0.0])
    } else {
        Affine([x, 0.0, 0.0, 0.0, y, 0.0])
    }
}

/// The descriptors of the central window under each of [`ROTATIONS`].
pub(super) fn rotated(basis: &Basis, luma: &Plane) -> [Descriptor; ROTATIONS.len()] {
    ROTATIONS.map(|(degrees, scale)| basis.describe(&rotated_grid(luma, degrees, scale)))
}

/// The grid over the central window rotated by `degrees`, from 2 × 2 samples a cell.
fn rotated_grid(luma: &Plane, degrees: f32, scale: f32) -> [[f32; GRID]; GRID] {
    let (w, h) = (luma.width as f32, luma.height as f32);
    let map = rotation_map(degrees, scale * CENTRE, w, h);
    let steps = 2 * GRID;
    let mut grid = [[0.0; GRID]; GRID];
    if luma.samples.is_empty() {
        return grid;
    }
    for row in 0..steps {
        for column in 0..steps {
            let x = (column as f32 + 0.5) / steps as f32 - 0.5;
            let y = (row as f32 + 0.5) / steps as f32 - 0.5;
            let (u, v) = map.apply(x, y);
            let px = ((u + 0.5) * w).clamp(0.0, w - 1.0) as usize;
            let py = ((v + 0.5) * h).clamp(0.0, h - 1.0) as usize;
            grid[row / 2][column / 2] +=
                f32::from(luma.samples[py * luma.width as usize + px]) * 0.25;
        }
    }
    grid
}

/// Spans of the query windows: the whole, the centre, what a banner over the bottom or the
/// top leaves, and what a sticker in the centre leaves.
const QUERY_SPANS: [Span; 6] = [
    (0.0, 1.0),
    ((1.0 - CENTRE) / 2.0, CENTRE),
    (0.0, 0.8),
    (0.2, 0.8),
    (0.0, STRIP),
    (1.0 - STRIP, STRIP),
];
/// A little over a third of an image: a sticker of a third of its sides leaves one strip
/// free at least.
const STRIP: f32 = 0.35;
/// The query windows by their index among all that the spans make.
const WHOLE: usize = 0;
const CENTRAL: usize = QUERY_SPANS.len() + 1;
const BESIDE_BANNER: [usize; 2] = [2 * QUERY_SPANS.len(), 3 * QUERY_SPANS.len()];
/// Above, below, left and right of a sticker.
const BESIDE_STICKER: [usize; 4] = [4 * QUERY_SPANS.len(), 5 * QUERY_SPANS.len(), 4, 5];

/// The query descriptors of an image, which are kept for every image.
pub(crate) struct QueryDescriptors {
    pub(super) whole: Descriptor,
    pub(super) central: Descriptor,
    pub(super) beside_banner: [Descriptor; BESIDE_BANNER.len()],
    pub(super) beside_sticker: [Descriptor; BESIDE_STICKER.len()],
    /// Width over height.
    pub(super) aspect: f32,
}

impl QueryDescriptors {
    /// Number of descriptors beside a banner, and beside a sticker.
    pub(super) const BESIDE: (usize, usize) = (BESIDE_BANNER.len(), BESIDE_STICKER.len());
}

/// Computes [`QueryDescriptors`].
pub(crate) struct QueryWindows(Windows);

impl QueryWindows {
    pub(crate) fn new() -> Self {
        Self(Windows::new(&QUERY_SPANS))
    }

    /// The query descriptors of an image of thumbnail size.
    pub(crate) fn describe(&self, luma: &Plane) -> QueryDescriptors {
        let windows = self.0.describe(luma);
        QueryDescriptors {
            whole: windows[WHOLE],
            central: windows[CENTRAL],
            beside_banner: BESIDE_BANNER.map(|window| windows[window]),
            beside_sticker: BESIDE_STICKER.map(|window| windows[window]),
            aspect: luma.width as f32 / luma.height.max(1) as f32,
        }
    }
}
