//! Finds compact places in which two aligned images show different things, and
//! in which of the two a thing stands there. Does not judge.

use super::grid::Cells;
use super::tone_curve::{median, toned};
use crate::duplicates::registration::affine::Map;
use crate::duplicates::registration::pyramid::{CUT_OFF, Level};

/// What differs between two aligned images beyond light, noise and blur.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Differences {
    /// Of the fixed image.
    pub(crate) fixed: Cells,
    /// Of the moving one.
    pub(crate) moving: Cells,
    /// Share of the overlap where a thing stands in the fixed image only, by
    /// its outline.
    pub(crate) in_fixed: f32,
    /// The same of the moving image.
    pub(crate) in_moving: f32,
    /// Where both have an outline, or none.
    pub(crate) in_both: f32,
}

/// Difference below which nothing is said, in grey levels: what compression and
/// rounding leave over a few samples.
const FLOOR: f32 = 5.0;
/// Deviations of what is left elsewhere that a difference must reach.
const DEVIATIONS: f32 = 5.0;
/// Share of the local slope of both that a shift or a blur of a sample explains, and
/// fine patterns that two samplings show differently.
const SLOPE: f32 = 0.8;
/// Times what a difference must reach that the greatest of a place must, for it
/// to count as a thing: a changed hue leaves weak ones here and there.
const CLEAR: f32 = 1.6;
/// Samples of a place, at least: a thing of 3 by 4.
const LEAST_AREA: usize = 12;
/// Share of an outline's contrast that one image must bring for the thing to
/// stand in it.
const SIDED: f32 = 0.8;

/// The samples of a fixed image in which it differs, and those next to them.
pub(crate) struct Covered {
    width: usize,
    height: usize,
    samples: Vec<bool>,
}

impl Covered {
    /// Whether a place is one of them; `x` and `y` run from −½ to ½.
    pub(crate) fn holds(&self, x: f32, y: f32) -> bool {
        let column = ((x + 0.5) * self.width as f32) as usize;
        let line = ((y + 0.5) * self.height as f32) as usize;
        let at = line.min(self.height - 1) * self.width + column.min(self.width - 1);
        self.samples[at]
    }
}

/// A field over the fixed image's samples.
struct Field {
    width: usize,
    height: usize,
}

/// What differs between two lumas of one scale. `None` where the two share next to
/// nothing.
pub(crate) fn differences(
    fixed: &Level,
    moving: &Level,
    map: &Map,
) -> Option<(Differences, Covered)> {
    let field = Field {
        width: fixed.width,
        height: fixed.height,
    };
    let under = field.under(moving, map);
    let expected = toned(&fixed.values, &under);
    let live: Vec<bool> = (fixed.values.iter().zip(&under).zip(&expected))
        .map(|((&f, &u), &e)| !u.is_nan() && !is_cut_off(f, u, e))
        .collect();
    let count = live.iter().filter(|&&live| live).count();
    if count < 64 {
        return None;
    }
    let left: Vec<f32> = (fixed.values.iter().zip(&expected).zip(&live))
        .map(|((f, e), live)| if *live { f - e } else { 0.0 })
        .collect();
    // Light that changes over the image is no thing.
    let spread = 3.0 * typical(&left, &live);
    let clipped: Vec<f32> = left.iter().map(|r| r.clamp(-spread, spread)).collect();
    let wide = field.mean(&clipped, &live, fixed.width.max(fixed.height) / 8);
    let mut left: Vec<f32> = left.iter().zip(&wide).map(|(r, w)| r - w).collect();
    left = field.mean(&left, &live, 1);
    left = field.mean(&left, &live, 1);
    let usual = typical(&left, &live);
    // Slopes are asked for where something differs only: nowhere in most copies.
    let least = |i: usize| {
        let slope = field.steepest(i, &fixed.values, &expected);
        FLOOR.max(DEVIATIONS * usual).max(SLOPE * slope)
    };
    let floor = FLOOR.max(DEVIATIONS * usual);
    let sign: Vec<i8> = (left.iter().zip(&live).enumerate())
        .map(
            |(i, (&left, &live))| match live && left.abs() > floor && left.abs() > least(i) {
                true if left > 0.0 => 1,
                true => -1,
                false => 0,
            },
        )
        .collect();
    let mut places: Vec<Vec<usize>> = (field.places(&sign).into_iter())
        .map(|place| place.into_iter().filter(|&i| sign[i] != 0).collect())
        .filter(|place: &Vec<usize>| place.len() >= LEAST_AREA && field.is_thick(place, &sign))
        .collect();
    places.sort_by_key(|place| (std::cmp::Reverse(place.len()), place.first().copied()));
    let mut out = Differences::default();
    let mut covered = vec![false; sign.len()];
    let mut sided: Vec<(Frame, Option<f32>)> = Vec::new();
    for place in places {
        let frame = field.frame(&place);
        // What lies within a greater place belongs to it: of a thing on a patterned
        // ground only parts differ.
        let within = sided.iter().find(|(greater, _)| greater.holds(&frame));
        let side = match within {
            Some(&(_, side)) => side,
            None => {
                let side = field.side(&place, &sign, &fixed.values, &expected);
                sided.push((frame, side));
                side
            }
        };
        let share = place.len() as f32 / count as f32;
        let is_clear = (place.iter()).any(|&i| left[i].abs() > CLEAR * least(i));
        match side {
            _ if !is_clear => {}
            Some(side) if side > SIDED => out.in_fixed += share,
            Some(side) if side < 1.0 - SIDED => out.in_moving += share,
            _ => out.in_both += share,
        }
        for &i in &place {
            // Smoothing shows a thing a little smaller where its contrast is weak.
            field.near(i, 2).for_each(|near| covered[near] = true);
            let (x, y) = field.at(i);
            out.fixed.set(x, y);
            let (x, y) = map.apply(x, y);
            out.moving.set(x, y);
        }
    }
    let covered = Covered {
        width: field.width,
        height: field.height,
        samples: covered,
    };
    Some((out, covered))
}

/// Whether one of two samples is as dark or as bright as samples get, and the
/// other, brighter or darker still for what is expected.
fn is_cut_off(fixed: f32, under: f32, expected: f32) -> bool {
    let (low, high) = CUT_OFF;
    let (darker, brighter) = (fixed < expected, fixed > expected);
    (fixed >= high && darker)
        || (fixed <= low && brighter)
        || (under >= high && brighter)
        || (under <= low && darker)
}

/// Deviation of the greater part: 1.48 times the median distance from 0.
fn typical(left: &[f32], live: &[bool]) -> f32 {
    let mut sizes: Vec<f32> = Vec::with_capacity(left.len());
    sizes.extend(
        (left.iter().zip(live))
            .filter(|(_, live)| **live)
            .map(|(r, _)| r.abs()),
    );
    1.48 * median(&mut sizes)
}

/// First and last column, first and last line of a place.
#[derive(Debug, Clone, Copy)]
struct Frame([usize; 4]);

impl Frame {
    /// Whether the middle of `other` lies within, or next to it.
    fn holds(&self, other: &Self) -> bool {
        /// Samples.
        const NEXT: usize = 3;
        let [left, right, top, bottom] = self.0;
        let [l, r, t, b] = other.0;
        let (x, y) = ((l + r) / 2, (t + b) / 2);
        x + NEXT >= left && x <= right + NEXT && y + NEXT >= top && y <= bottom + NEXT
    }
}

impl Field {
    fn frame(&self, place: &[usize]) -> Frame {
        let mut frame = [usize::MAX, 0, usize::MAX, 0];
        for &index in place {
            let (x, y) = (index % self.width, index / self.width);
            frame[0] = frame[0].min(x);
            frame[1] = frame[1].max(x);
            frame[2] = frame[2].min(y);
            frame[3] = frame[3].max(y);
        }
        Frame(frame)
    }

    /// Where a sample's centre is, from −½ to ½.
    fn at(&self, index: usize) -> (f32, f32) {
        let x = ((index % self.width) as f32 + 0.5) / self.width as f32 - 0.5;
        let y = ((index / self.width) as f32 + 0.5) / self.height as f32 - 0.5;
        (x, y)
    }

    /// The moving image under each sample; not a number where it does not reach.
    fn under(&self, moving: &Level, map: &Map) -> Vec<f32> {
        let (w, h) = (moving.width as f32, moving.height as f32);
        let mut out = Vec::with_capacity(self.width * self.height);
        for row in 0..self.height {
            let y = (row as f32 + 0.5) / self.height as f32 - 0.5;
            out.extend((0..self.width).map(|column| {
                let x = (column as f32 + 0.5) / self.width as f32 - 0.5;
                let (x, y) = map.apply(x, y);
                let (x, y) = ((x + 0.5) * w - 0.5, (y + 0.5) * h - 0.5);
                if !(x >= 0.0 && y >= 0.0 && x < w - 1.0 && y < h - 1.0) {
                    return f32::NAN;
                }
                let (left, top) = (x as usize, y as usize);
                let [a, b, c, d] = moving.four(top * moving.width + left);
                let (fx, fy) = (x - left as f32, y - top as f32);
                (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
            }));
        }
        out
    }

    /// The mean over a square of `2 radius + 1` samples a side, of what is live.
    fn mean(&self, values: &[f32], live: &[bool], radius: usize) -> Vec<f32> {
        let (w, h) = (self.width, self.height);
        let mut out = Vec::with_capacity(w * h);
        // Of each column, over the lines of the square.
        let mut columns = vec![(0f64, 0f64); w];
        let add = |columns: &mut [(f64, f64)], line: usize, sign: f64| {
            let line = line * w..(line + 1) * w;
            let samples = values[line.clone()].iter().zip(&live[line]);
            for (column, (&value, &live)) in columns.iter_mut().zip(samples) {
                let counts = if live { sign } else { 0.0 };
                column.0 += if live { f64::from(value) * sign } else { 0.0 };
                column.1 += counts;
            }
        };
        for line in 0..radius.min(h) {
            add(&mut columns, line, 1.0);
        }
        for y in 0..h {
            if y + radius < h {
                add(&mut columns, y + radius, 1.0);
            }
            if y > radius {
                add(&mut columns, y - radius - 1, -1.0);
            }
            let mut square = (0f64, 0f64);
            for &(sum, count) in &columns[..radius.min(w)] {
                square = (square.0 + sum, square.1 + count);
            }
            for x in 0..w {
                if let Some((sum, count)) = columns.get(x + radius) {
                    square = (square.0 + sum, square.1 + count);
                }
                if x > radius {
                    let (sum, count) = columns[x - radius - 1];
                    square = (square.0 - sum, square.1 - count);
                }
                out.push((square.0 / square.1.max(1.0)) as f32);
            }
        }
        out
    }

    /// Grey levels from a sample to the next.
    fn slope(&self, values: &[f32], x: usize, y: usize) -> f32 {
        let at = |x: usize, y: usize| values[y * self.width + x];
        let dx = at((x + 1).min(self.width - 1), y) - at(x.saturating_sub(1), y);
        let dy = at(x, (y + 1).min(self.height - 1)) - at(x, y.saturating_sub(1));
        let slope = 0.5 * dx.hypot(dy);
        if slope.is_nan() { 0.0 } else { slope }
    }

    /// The greatest slope next to a sample that both images show.
    fn steepest(&self, index: usize, fixed: &[f32], expected: &[f32]) -> f32 {
        let mut most = 0f32;
        for near in self.near(index, 1) {
            let (x, y) = (near % self.width, near / self.width);
            let (a, b) = (self.slope(fixed, x, y), self.slope(expected, x, y));
            most = most.max(if a < b { a } else { b });
        }
        most
    }

    /// The samples at most `radius` away from one, along both sides.
    fn near(&self, index: usize, radius: usize) -> impl Iterator<Item = usize> + use<> {
        let (w, h) = (self.width, self.height);
        let (x, y) = (index % w, index / w);
        let columns = x.saturating_sub(radius)..(x + radius + 1).min(w);
        (y.saturating_sub(radius)..(y + radius + 1).min(h))
            .flat_map(move |y| columns.clone().map(move |x| y * w + x))
    }

    /// Samples that differ and hang together, and what is between them: a thing
    /// on a patterned ground is lighter here and darker there, and alike between.
    fn places(&self, sign: &[i8]) -> Vec<Vec<usize>> {
        let near = |index: usize| self.near(index, 1);
        let mut reached = vec![false; sign.len()];
        for index in (0..sign.len()).filter(|&i| sign[i] != 0) {
            near(index).for_each(|i| reached[i] = true);
        }
        let mut places = Vec::new();
        for start in 0..sign.len() {
            if !reached[start] {
                continue;
            }
            reached[start] = false;
            let mut place = vec![start];
            let mut next = 0;
            while let Some(&index) = place.get(next) {
                next += 1;
                for near in near(index) {
                    if reached[near] {
                        reached[near] = false;
                        place.push(near);
                    }
                }
            }
            places.push(place);
        }
        places
    }

    /// Whether a place holds a square of 3 by 3 samples: edges that are blurred
    /// or a little off leave lines.
    fn is_thick(&self, place: &[usize], sign: &[i8]) -> bool {
        place.iter().any(|&index| {
            let (x, y) = (index % self.width, index / self.width);
            (1..self.width.saturating_sub(1)).contains(&x)
                && (1..self.height.saturating_sub(1)).contains(&y)
                && (y - 1..y + 2).all(|y| (x - 1..x + 2).all(|x| sign[y * self.width + x] != 0))
        })
    }

    /// How much of the contrast along a place's outline the fixed image brings,
    /// as a share of what both bring; the rest is the moving one's.
    fn side(&self, place: &[usize], sign: &[i8], fixed: &[f32], expected: &[f32]) -> Option<f32> {
        /// Samples from the outline to where both are read: smoothing blurs it.
        const AWAY: isize = 2;
        let (mut of_fixed, mut of_moving) = (0.0, 0.0);
        let (w, h) = (self.width as isize, self.height as isize);
        for &index in place {
            let (x, y) = ((index % self.width) as isize, (index / self.width) as isize);
            for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                let at = |steps: isize| {
                    let (x, y) = (x + dx * steps, y + dy * steps);
                    ((0..w).contains(&x) && (0..h).contains(&y)).then(|| (y * w + x) as usize)
                };
                let (Some(next), Some(inner), Some(outer)) = (at(1), at(-AWAY), at(AWAY + 1))
                else {
                    continue;
                };
                if sign[next] != 0 || expected[inner].is_nan() || expected[outer].is_nan() {
                    continue;
                }
                let up = f32::from(sign[index]);
                of_fixed += up * (fixed[inner] - fixed[outer]);
                of_moving -= up * (expected[inner] - expected[outer]);
            }
        }
        let all = of_fixed + of_moving;
        (all > 0.0).then_some(of_fixed / all)
    }
}
