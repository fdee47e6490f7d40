//! A field of samples: the moving image resampled on the grid of the fixed one, box filter and
//! gradients. Compares nothing.

use crate::duplicates::registration::affine::Affine;
use crate::duplicates::registration::pyramid::Level;
use crate::duplicates::registration::sampling::{LANES, lanewise, whole};

/// The sample grid of the fixed image.
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Field {
    /// The centre of a sample, from −½ to ½.
    pub(super) fn at(&self, index: usize) -> (f32, f32) {
        let x = ((index % self.width) as f32 + 0.5) / self.width as f32 - 0.5;
        let y = ((index / self.width) as f32 + 0.5) / self.height as f32 - 0.5;
        (x, y)
    }

    /// The moving image at each sample; NaN where it does not cover it.
    pub(super) fn resample(&self, moving: &Level, map: &Affine) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.width.next_multiple_of(LANES) * self.height);
        pulp::Arch::new().dispatch(Resample {
            field: self,
            moving,
            map,
            out: &mut out,
        });
        out
    }

    /// The mean of valid samples over a square of `2 radius + 1` samples a side; `valid` is 1
    /// for them, 0 for others.
    pub(super) fn mean(&self, values: &[f32], valid: &[f32], radius: usize) -> Vec<f32> {
        let mut out = Vec::with_capacity(self.width * self.height);
        pulp::Arch::new().dispatch(BoxFilter {
            field: self,
            values,
            valid,
            radius,
            out: &mut out,
        });
        out
    }

    /// The magnitude of the gradient, in grey levels a sample.
    fn gradient(&self, values: &[f32], x: usize, y: usize) -> f32 {
        let at = |x: usize, y: usize| values[y * self.width + x];
        let dx = at((x + 1).min(self.width - 1), y) - at(x.saturating_sub(1), y);
        let dy = at(x, (y + 1).min(self.height - 1)) - at(x, y.saturating_sub(1));
        let gradient = 0.5 * dx.hypot(dy);
        if gradient.is_nan() { 0.0 } else { gradient }
    }

    /// The greatest gradient next to a sample that both images show.
    pub(super) fn shared_gradient(&self, index: usize, fixed: &[f32], expected: &[f32]) -> f32 {
        let mut most = 0f32;
        for near in self.near(index, 1) {
            let (x, y) = (near % self.width, near / self.width);
            let (a, b) = (self.gradient(fixed, x, y), self.gradient(expected, x, y));
            most = most.max(if a < b { a } else { b });
        }
        most
    }

    /// The samples at most `radius` away from one, along both sides.
    pub(super) fn near(&self, index: usize, radius: usize) -> impl Iterator<Item = usize> + use<> {
        let (w, h) = (self.width, self.height);
        let (x, y) = (index % w, index / w);
        let columns = x.saturating_sub(radius)..(x + radius + 1).min(w);
        (y.saturating_sub(radius)..(y + radius + 1).min(h))
            .flat_map(move |y| columns.clone().map(move |x| y * w + x))
    }
}

/// See [`Field::resample`].
struct Resample<'a> {
    field: &'a Field,
    moving: &'a Level,
    map: &'a Affine,
    out: &'a mut Vec<f32>,
}

impl pulp::WithSimd for Resample<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let (field, moving, m) = (self.field, self.moving, &self.map.0);
        let (w, h) = (moving.width as f32, moving.height as f32);
        for row in 0..field.height {
            let y = (row as f32 + 0.5) / field.height as f32 - 0.5;
            for first in (0..field.width).step_by(LANES) {
                let x = lanewise(|l| ((first + l) as f32 + 0.5) / field.width as f32 - 0.5);
                let px = lanewise(|l| (m[0] * x[l] + m[1] * y + m[2] + 0.5) * w - 0.5);
                let py = lanewise(|l| (m[3] * x[l] + m[4] * y + m[5] + 0.5) * h - 0.5);
                let inside = lanewise(|l| {
                    let inside =
                        (px[l] >= 0.0) & (py[l] >= 0.0) & (px[l] < w - 1.0) & (py[l] < h - 1.0);
                    if inside { 1.0 } else { 0.0 }
                });
                let left = lanewise(|l| if inside[l] > 0.0 { px[l].trunc() } else { 0.0 });
                let top = lanewise(|l| if inside[l] > 0.0 { py[l].trunc() } else { 0.0 });
                let (fx, fy) = (lanewise(|l| px[l] - left[l]), lanewise(|l| py[l] - top[l]));
                let mut four = [[0.0; LANES]; 4];
                for l in 0..LANES {
                    let [a, b, c, d] = moving.neighbours(whole(top[l] * w + left[l]) as usize);
                    (four[0][l], four[1][l], four[2][l], four[3][l]) = (a, b, c, d);
                }
                let [a, b, c, d] = four;
                let values = lanewise(|l| {
                    let upper = a[l] * (1.0 - fx[l]) + b[l] * fx[l];
                    let lower = c[l] * (1.0 - fx[l]) + d[l] * fx[l];
                    let value = upper * (1.0 - fy[l]) + lower * fy[l];
                    if inside[l] > 0.0 { value } else { f32::NAN }
                });
                let count = LANES.min(field.width - first);
                self.out.extend_from_slice(&values[..count]);
            }
        }
    }
}

/// See [`Field::mean`]: sums of lines in each column, then of columns. Single precision
/// values are summed exactly, or nearly so, in double precision.
struct BoxFilter<'a> {
    field: &'a Field,
    values: &'a [f32],
    valid: &'a [f32],
    radius: usize,
    out: &'a mut Vec<f32>,
}

impl pulp::WithSimd for BoxFilter<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) {
        let (w, h, radius) = (self.field.width, self.field.height, self.radius);
        // Sum and number in each column over the lines of the square, and `radius` zeros on
        // both sides.
        let mut sums = vec![0f64; w + 2 * radius];
        let mut counts = sums.clone();
        for line in 0..radius.min(h) {
            self.add(&mut sums, &mut counts, line, 1.0);
        }
        for y in 0..h {
            if y + radius < h {
                self.add(&mut sums, &mut counts, y + radius, 1.0);
            }
            if y > radius {
                self.add(&mut sums, &mut counts, y - radius - 1, -1.0);
            }
            if radius == 1 {
                self.short(&sums, &counts);
            } else {
                self.running(&sums, &counts);
            }
        }
    }
}

impl BoxFilter<'_> {
    #[inline(always)]
    fn add(&self, sums: &mut [f64], counts: &mut [f64], line: usize, sign: f64) {
        let (w, radius) = (self.field.width, self.radius);
        let values = &self.values[line * w..(line + 1) * w];
        let valid = &self.valid[line * w..(line + 1) * w];
        let columns = sums[radius..radius + w]
            .iter_mut()
            .zip(&mut counts[radius..radius + w]);
        for ((sum, count), (&value, &valid)) in columns.zip(values.iter().zip(valid)) {
            *sum += f64::from(value * valid) * sign;
            *count += f64::from(valid) * sign;
        }
    }

    /// The means of one line over three columns each.
    #[inline(always)]
    fn short(&mut self, sums: &[f64], counts: &[f64]) {
        let triples = sums.windows(3).zip(counts.windows(3));
        self.out.extend(triples.map(|(sums, counts)| {
            let (sum, count) = (
                sums[0] + sums[1] + sums[2],
                counts[0] + counts[1] + counts[2],
            );
            (sum / count.max(1.0)) as f32
        }));
    }

    /// The means of one line by running sums.
    #[inline(always)]
    fn running(&mut self, sums: &[f64], counts: &[f64]) {
        let side = 2 * self.radius + 1;
        let mut sum: f64 = sums[..side - 1].iter().sum();
        let mut count: f64 = counts[..side - 1].iter().sum();
        let entering = sums[side - 1..].iter().zip(&counts[side - 1..]);
        let leaving = sums.iter().zip(counts);
        self.out
            .extend(entering.zip(leaving).map(|(entering, leaving)| {
                sum += entering.0;
                count += entering.1;
                let mean = (sum / count.max(1.0)) as f32;
                sum -= leaving.0;
                count -= leaving.1;
                mean
            }));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn box_filter_is_the_mean_of_valid_samples_in_the_square(
            (width, height) in (4usize..40, 4usize..20),
            radius in 1usize..6,
            seed in prop::collection::vec((-80f32..80.0, prop::bool::weighted(0.8)), 800),
        ) {
            let samples = &seed[..width * height];
            let values: Vec<f32> = samples.iter().map(|sample| sample.0).collect();
            let valid: Vec<f32> = samples.iter().map(|sample| f32::from(u8::from(sample.1))).collect();
            let field = Field { width, height };
            let means = field.mean(&values, &valid, radius);
            prop_assert_eq!(means.len(), width * height);
            for (index, mean) in means.into_iter().enumerate() {
                let square: Vec<f64> = field.near(index, radius)
                    .filter(|&near| samples[near].1)
                    .map(|near| f64::from(values[near]))
                    .collect();
                let expected = square.iter().sum::<f64>() / (square.len() as f64).max(1.0);
                prop_assert!((f64::from(mean) - expected).abs() < 1e-5, "{} {}", mean, expected);
            }
        }

        #[test]
        fn resampling_interpolates_within_the_moving_image_and_nowhere_else(
            (width, height) in (4usize..40, 4usize..20),
            (moving_width, moving_height) in (4usize..20, 4usize..20),
            noise in prop::array::uniform6(-0.4f32..0.4),
            grey in prop::collection::vec(0f32..255.0, 400),
        ) {
            let moving = Level {
                width: moving_width,
                height: moving_height,
                values: grey[..moving_width * moving_height].to_vec(),
            };
            let mut map = Affine::IDENTITY;
            map.0.iter_mut().zip(noise).for_each(|(value, noise)| *value += noise);
            let field = Field { width, height };
            let resampled = field.resample(&moving, &map);
            prop_assert_eq!(resampled.len(), width * height);
            let (w, h) = (moving_width as f32, moving_height as f32);
            for (index, found) in resampled.into_iter().enumerate() {
                let (x, y) = field.at(index);
                let (x, y) = map.apply(x, y);
                let (x, y) = ((x + 0.5) * w - 0.5, (y + 0.5) * h - 0.5);
                if !(x >= 0.0 && y >= 0.0 && x < w - 1.0 && y < h - 1.0) {
                    prop_assert!(found.is_nan());
                    continue;
                }
                let (left, top) = (x as usize, y as usize);
                let [a, b, c, d] = moving.neighbours(top * moving_width + left);
                let (fx, fy) = (x - left as f32, y - top as f32);
                let upper = a * (1.0 - fx) + b * fx;
                let lower = c * (1.0 - fx) + d * fx;
                prop_assert_eq!(found, upper * (1.0 - fy) + lower * fy);
            }
        }
    }
}
