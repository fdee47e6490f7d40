//! Whether two images agree around a box: the correlation of what they show there. Knows
//! no class.

use super::compare::Laid;
use crate::decode::{CloseUp, Matte, Plane};
use crate::fingerprint::ImageAccess;
use crate::sample::{Rect, SampleId};

/// Correlation from which both images show the same in a box. The same thing in two frames
/// or two encodings gives .9 and more; a thing and what it stood before seldom .5.
pub(super) const LEAST: f32 = 0.8;

/// Samples along the long side of a box: detail below is noise of the encoding.
const SAMPLES: f32 = 24.0;

/// The long side of an image at which boxes are compared, at most.
const MOST_SIDE: u32 = 1024;

/// Standard deviation in gray levels below which a patch shows nothing to compare.
const FLAT: f32 = 4.0;

/// Samples by which the second image may lie off: what a registration may err by
/// (`compare`) is about one of them.
const SLACK: i32 = 2;

/// The two images of a pair, the second laid over the first.
pub(super) struct Proof<'a> {
    laid: &'a Laid,
    /// From the first to the second, both in shares.
    back: [f32; 6],
    first: CloseUp,
    second: CloseUp,
}

impl<'a> Proof<'a> {
    /// Decodes both; `None` where one cannot be, or the map is singular.
    pub(super) fn of(
        laid: &'a Laid,
        access: &ImageAccess,
        from: SampleId,
        to: SampleId,
    ) -> Option<Self> {
        Some(Self {
            back: laid.back()?,
            first: access.close_up(from, MOST_SIDE, Matte::White)?,
            second: access.close_up(to, MOST_SIDE, Matte::White)?,
            laid,
        })
    }

    /// The correlation of both images inside `rect`, in pixels of the first; `None` where
    /// one does not show it or shows nothing there.
    pub(super) fn around(&self, rect: &Rect) -> Option<f32> {
        let long = rect.width.max(rect.height);
        let (columns, rows) = (
            (SAMPLES * rect.width / long).round().max(4.0) as i32,
            (SAMPLES * rect.height / long).round().max(4.0) as i32,
        );
        // Pixels of each image for one sample.
        let step = (long / SAMPLES).max(1.0);
        let in_second = step / self.laid.scale().max(1e-6);
        let fitted = |(width, height): (f32, f32), step: f32| {
            ((width.max(height) / step).ceil() as u32).clamp(16, MOST_SIDE)
        };
        let first = self.first.luma(fitted(self.laid.first, step))?;
        let second = self.second.luma(fitted(self.laid.second, in_second))?;
        let place = |column: f32, row: f32| {
            (
                (rect.x + (column + 0.5) / columns as f32 * rect.width) / self.laid.first.0,
                (rect.y + (row + 0.5) / rows as f32 * rect.height) / self.laid.first.1,
            )
        };
        let m = self.back;
        let mut best: Option<f32> = None;
        for (dx, dy) in (-SLACK..=SLACK).flat_map(|dy| (-SLACK..=SLACK).map(move |dx| (dx, dy))) {
            let mut sums = Sums::default();
            for row in 0..rows {
                for column in 0..columns {
                    let (x, y) = place(column as f32, row as f32);
                    let (u, v) = place((column + dx) as f32, (row + dy) as f32);
                    let (u, v) = (m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]);
                    if let (Some(a), Some(b)) = (at(&first, x, y), at(&second, u, v)) {
                        sums.add(a, b);
                    }
                }
            }
            if let Some(correlation) = sums.correlation((columns * rows) as f32) {
                best = Some(best.map_or(correlation, |best| best.max(correlation)));
            }
        }
        best
    }
}

/// The luma at a place in shares, between the four nearest samples; `None` outside.
fn at(plane: &Plane, x: f32, y: f32) -> Option<f32> {
    if !(0.0..1.0).contains(&x) || !(0.0..1.0).contains(&y) {
        return None;
    }
    let side = |share: f32, samples: u32| {
        let place = (share * samples as f32 - 0.5).clamp(0.0, (samples - 1) as f32);
        let low = place as u32;
        (low, (low + 1).min(samples - 1), place - low as f32)
    };
    let (left, right, across) = side(x, plane.width);
    let (top, bottom, down) = side(y, plane.height);
    let value = |x, y| f32::from(plane.at(x, y));
    let upper = value(left, top) * (1.0 - across) + value(right, top) * across;
    let lower = value(left, bottom) * (1.0 - across) + value(right, bottom) * across;
    Some(upper * (1.0 - down) + lower * down)
}

/// What a correlation is made of.
#[derive(Debug, Default)]
struct Sums {
    count: f32,
    a: f32,
    b: f32,
    aa: f32,
    bb: f32,
    ab: f32,
}

impl Sums {
    fn add(&mut self, a: f32, b: f32) {
        self.count += 1.0;
        self.a += a;
        self.b += b;
        self.aa += a * a;
        self.bb += b * b;
        self.ab += a * b;
    }

    /// Pearson's correlation, where both images show three quarters of `all` samples and
    /// something there.
    fn correlation(&self, all: f32) -> Option<f32> {
        let n = self.count;
        if n < 0.75 * all {
            return None;
        }
        let variance = |squares: f32, sum: f32| squares / n - (sum / n) * (sum / n);
        let (a, b) = (variance(self.aa, self.a), variance(self.bb, self.b));
        let shared = self.ab / n - (self.a / n) * (self.b / n);
        (a.min(b) >= FLAT * FLAT).then(|| shared / (a * b).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid() -> Laid {
        Laid {
            first: (200.0, 100.0),
            second: (100.0, 50.0),
            matrix: [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
            exact: false,
        }
    }

    /// A pattern without a period, at `scale` pixels of it for one.
    fn scene(width: u32, height: u32, scale: f32, with_thing: bool) -> CloseUp {
        let value = |x: f32, y: f32| {
            let inside = (60.0..100.0).contains(&x) && (30.0..70.0).contains(&y);
            match inside && with_thing {
                true => 128.0 + 90.0 * ((x * x / 500.0).sin() * (y / 5.0).cos()),
                false => 110.0 + 60.0 * (x / 9.0 + y * y / 300.0).sin(),
            }
        };
        let samples = (0..width * height).map(|i| {
            let (x, y) = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
            value(x * scale, y * scale) as u8
        });
        CloseUp::of(Plane {
            width,
            height,
            samples: samples.collect(),
        })
    }

    #[test]
    fn thing_that_both_show_agrees_and_one_that_left_does_not() {
        let laid = laid();
        let rect = Rect {
            x: 60.0,
            y: 30.0,
            width: 40.0,
            height: 40.0,
        };
        let around = |with_thing| {
            let proof = Proof {
                back: laid.back().expect("no singular map"),
                first: scene(200, 100, 1.0, true),
                second: scene(100, 50, 2.0, with_thing),
                laid: &laid,
            };
            proof.around(&rect).expect("texture on both sides")
        };
        assert!(around(true) > 0.9, "{}", around(true));
        assert!(around(false) < 0.5, "{}", around(false));
    }

    #[test]
    fn flat_patch_and_one_outside_prove_nothing() {
        let laid = laid();
        let proof = Proof {
            back: laid.back().expect("no singular map"),
            first: CloseUp::of(Plane::filled(200, 100, 90)),
            second: CloseUp::of(Plane::filled(100, 50, 90)),
            laid: &laid,
        };
        let rect = |x| Rect {
            x,
            y: 30.0,
            width: 40.0,
            height: 40.0,
        };
        assert_eq!(proof.around(&rect(60.0)), None);
        assert_eq!(proof.around(&rect(300.0)), None);
    }
}
