//! Whether two images show the same pixels where a map lays one over the other.
//! Finds no map.
//!
//! Zero-mean normalised correlation of small windows (local NCC), each at the best
//! of a few shifts because a map from corners is true to a sample or two. A copy
//! agrees in nearly all windows that hold texture, wherever they lie; another
//! shot of the same place agrees on its ground and not on the things before it.

use super::detector::{STEP, pyramid};
use super::geometry::{Map, apply, determinant, inverse};
use crate::decode::Plane;

/// What pixels say of the part that two images share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Proof {
    /// Windows with texture in one of the two, or both.
    pub(super) windows: u32,
    /// Share of them that agree.
    pub(super) agreeing: f32,
    /// Mean correlation of the agreeing ones.
    pub(super) correlation: f32,
    /// Windows of the largest connected patch that disagrees.
    pub(super) patch: u32,
    /// Luma of the second over the first: the median of the windows' regressions.
    pub(super) gain: f32,
    /// Mean luma of the second less `gain` times that of the first.
    pub(super) offset: f32,
}

/// Samples along a window's side.
const WINDOW: usize = 16;
/// Samples between windows.
const EVERY: usize = 8;
/// Samples by which a window may be off: corners are found to a sample.
const SHIFT: i32 = 1;
/// One window in so many is compared first.
const SAMPLED: usize = 5;
/// Share of those that must agree for the others to be compared: of planted copies
/// none had less than 0.7.
const PROMISING: f32 = 0.6;
/// Deviation in gray levels below which a window holds no texture: noise of JPEG
/// at quality 50 reaches 3.
const TEXTURE: f32 = 5.0;
/// Correlation at which a window agrees.
const AGREES: f32 = 0.75;
/// Windows, at least, that a proof needs: ten that do not overlap. Soft waves agree in
/// 39 by chance, and 3 of 1,192 planted copies have fewer.
const LEAST_WINDOWS: u32 = 40;
/// Share of windows that must agree.
const LEAST_AGREEING: f32 = 0.88;
/// Windows in a row or patch that may disagree together: a caption, a stamp.
const MOST_PATCH: f32 = 0.08;

impl Proof {
    /// Whether the two are copies where they overlap.
    pub(super) fn is_copy(&self) -> bool {
        self.windows >= LEAST_WINDOWS
            && self.agreeing >= LEAST_AGREEING
            && self.patch as f32 <= MOST_PATCH * self.windows as f32 + 2.0
    }
}

/// Compares two lumas under `map`, from samples of the first to those of the second.
pub(super) fn prove(first: &Plane, second: &Plane, map: &Map) -> Option<Proof> {
    // The coarser one is read as it is, the finer one at the level that matches.
    if determinant(map).abs() < 1.0 {
        let proof = compare(second, first, &inverse(map)?)?;
        let gain = 1.0 / proof.gain.max(0.05);
        return Some(Proof {
            gain,
            offset: -proof.offset * gain,
            ..proof
        });
    }
    compare(first, second, map)
}

fn compare(coarse: &Plane, fine: &Plane, map: &Map) -> Option<Proof> {
    let scale = determinant(map).abs().sqrt();
    let reduction = |level: &Plane| fine.width as f32 / level.width as f32;
    // As a rule both are of one scale, and no smaller level is needed.
    let levels = if scale < STEP.sqrt() {
        Vec::new()
    } else {
        pyramid(fine.clone())
    };
    let level = (levels.iter())
        .min_by(|a, b| {
            let off = |level: &Plane| (reduction(level) / scale).ln().abs();
            off(a).total_cmp(&off(b))
        })
        .unwrap_or(fine);
    let (sx, sy) = (reduction(level), fine.height as f32 / level.height as f32);
    let map = [
        map[0] / sx,
        map[1] / sx,
        map[2] / sx,
        map[3] / sy,
        map[4] / sy,
        map[5] / sy,
    ];
    let grid = Grid::over(coarse);
    let window = |at| Window::of(coarse, level, &map, at);
    let sampled: Vec<Window> = grid.places().step_by(SAMPLED).filter_map(window).collect();
    let agreeing = sampled.iter().filter(|w| w.correlation >= AGREES).count();
    if (agreeing as f32) < PROMISING * sampled.len() as f32 {
        return None;
    }
    let windows: Vec<Option<Window>> = grid.places().map(window).collect();
    let seen: Vec<&Window> = windows.iter().flatten().collect();
    if seen.is_empty() {
        return None;
    }
    let agreeing: Vec<&&Window> = seen.iter().filter(|w| w.correlation >= AGREES).collect();
    let mut gains: Vec<f32> = agreeing.iter().map(|window| window.gain).collect();
    gains.sort_by(f32::total_cmp);
    let gain = gains.get(gains.len() / 2).copied().unwrap_or(1.0);
    let mean = |of: &dyn Fn(&Window) -> f32| {
        agreeing.iter().map(|window| of(window)).sum::<f32>() / agreeing.len().max(1) as f32
    };
    let differs = |at: usize| windows[at].as_ref().is_some_and(|w| w.correlation < AGREES);
    Some(Proof {
        windows: seen.len() as u32,
        agreeing: agreeing.len() as f32 / seen.len() as f32,
        correlation: mean(&|window| window.correlation),
        patch: grid.largest_patch(differs),
        gain,
        offset: mean(&|window| window.means.1) - gain * mean(&|window| window.means.0),
    })
}

struct Window {
    correlation: f32,
    /// Slope of the second's luma over the first's.
    gain: f32,
    means: (f32, f32),
}

impl Window {
    /// `None` where the second image does not reach, or neither has texture.
    fn of(first: &Plane, second: &Plane, map: &Map, (left, upper): (usize, usize)) -> Option<Self> {
        let mut here = [[0f32; WINDOW]; WINDOW];
        for (row, out) in here.iter_mut().enumerate() {
            let start = (upper + row) * first.width as usize + left;
            for (out, &sample) in out.iter_mut().zip(&first.samples[start..]) {
                *out = f32::from(sample) - MIDDLE;
            }
        }
        let there = warped(second, map, (left as i32 - SHIFT, upper as i32 - SHIFT))?;
        let count = (WINDOW * WINDOW) as f32;
        let mean = summed(&here, |sample, _| sample) / count;
        here.as_flattened_mut()
            .iter_mut()
            .for_each(|sample| *sample -= mean);
        let deviation = (summed(&here, |sample, _| sample * sample) / count).sqrt();
        let mut best: Option<Self> = None;
        for dy in 0..=2 * SHIFT as usize {
            for dx in 0..=2 * SHIFT as usize {
                let shifted = |row: usize| &there[row + dy][dx..dx + WINDOW];
                let other = summed_with(&here, shifted, |_, there| there) / count;
                let squares = summed_with(&here, shifted, |_, there| there * there) / count;
                let spread = (squares - other * other).max(0.0).sqrt();
                if deviation.max(spread) < TEXTURE {
                    continue;
                }
                let product = summed_with(&here, shifted, |here, there| here * there) / count;
                let correlation = product / (deviation * spread).max(1.0);
                if best
                    .as_ref()
                    .is_none_or(|best| correlation > best.correlation)
                {
                    best = Some(Self {
                        correlation,
                        gain: product / (deviation * deviation).max(1.0),
                        means: (mean + MIDDLE, other + MIDDLE),
                    });
                }
            }
        }
        best
    }
}

/// Subtracted from every sample, so that sums of squares stay exact enough.
const MIDDLE: f32 = 128.0;

/// A window with its shifts.
const WIDE: usize = WINDOW + 2 * SHIFT as usize;

/// The sum over a window; by columns first, so that several are added at a time.
fn summed_with<'a>(
    here: &[[f32; WINDOW]; WINDOW],
    there: impl Fn(usize) -> &'a [f32],
    of: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut columns = [0f32; WINDOW];
    for (row, here) in here.iter().enumerate() {
        for ((sum, &here), &there) in columns.iter_mut().zip(here).zip(there(row)) {
            *sum += of(here, there);
        }
    }
    columns.iter().sum()
}

fn summed(here: &[[f32; WINDOW]; WINDOW], of: impl Fn(f32, f32) -> f32) -> f32 {
    summed_with(here, |row| &here[row], of)
}

/// The samples of `plane` less [`MIDDLE`] where `map` lays a window and its shifts;
/// `None` where that leaves the plane.
fn warped(plane: &Plane, map: &Map, (left, upper): (i32, i32)) -> Option<[[f32; WIDE]; WIDE]> {
    let centre = |i: i32| i as f32 + 0.5;
    let far = WIDE as i32 - 1;
    let inside = |x: i32, y: i32| {
        let (u, v) = apply(map, (centre(x), centre(y)));
        u >= 1.0 && v >= 1.0 && u < plane.width as f32 - 1.0 && v < plane.height as f32 - 1.0
    };
    let corners = [(0, 0), (far, 0), (0, far), (far, far)];
    if !corners
        .iter()
        .all(|&(dx, dy)| inside(left + dx, upper + dy))
    {
        return None;
    }
    let mut out = [[0f32; WIDE]; WIDE];
    let stride = plane.width as usize;
    for (row, out) in (0..).zip(&mut out) {
        let (mut u, mut v) = apply(map, (centre(left), centre(upper + row)));
        (u, v) = (u - 0.5, v - 0.5);
        for out in out {
            let (x, y) = (u as usize, v as usize);
            let (s, t) = (u - x as f32, v - y as f32);
            let at = y * stride + x;
            let sample = |offset: usize| f32::from(plane.samples[at + offset]);
            let upper = sample(0) + (sample(1) - sample(0)) * s;
            let lower = sample(stride) + (sample(stride + 1) - sample(stride)) * s;
            *out = upper + (lower - upper) * t - MIDDLE;
            (u, v) = (u + map[0], v + map[3]);
        }
    }
    Some(out)
}

/// The windows of an image, row by row.
struct Grid {
    columns: usize,
    rows: usize,
}

impl Grid {
    fn over(plane: &Plane) -> Self {
        let fit = |side: u32| {
            (side as usize)
                .checked_sub(WINDOW)
                .map_or(0, |rest| rest / EVERY + 1)
        };
        Self {
            columns: fit(plane.width),
            rows: fit(plane.height),
        }
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.columns;
        (0..columns * self.rows).map(move |i| (i % columns * EVERY, i / columns * EVERY))
    }

    /// Windows of the largest patch connected along sides.
    fn largest_patch(&self, differs: impl Fn(usize) -> bool) -> u32 {
        let mut open: Vec<bool> = (0..self.columns * self.rows).map(differs).collect();
        let mut largest = 0;
        for start in 0..open.len() {
            let (mut stack, mut count) = (vec![start], 0);
            while let Some(at) = stack.pop() {
                if !std::mem::take(&mut open[at]) {
                    continue;
                }
                count += 1;
                let (x, y) = (at % self.columns, at / self.columns);
                stack.extend((x > 0).then(|| at - 1));
                stack.extend((x + 1 < self.columns).then_some(at + 1));
                stack.extend((y > 0).then(|| at - self.columns));
                stack.extend((y + 1 < self.rows).then_some(at + self.columns));
            }
            largest = largest.max(count);
        }
        largest
    }
}
