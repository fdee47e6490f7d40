//! Correlates two aligned images square by square. Does not judge.

use crate::duplicates::registration::sampling::{Block, LANES, Lanes, add, each, sum, times};

/// Deviation of what compression and noise leave in a thumbnail, in grey levels.
const NOISE: f32 = 1.5;

/// The same of what rounding to whole grey levels, and a sensor in the dark,
/// leave however small an image is shown: under a great gain this is what is seen.
const DARK_NOISE: f32 = 0.5;

/// Sums over a place: number, moving, fixed, their squares and product, about
/// mid-grey.
const SUMS: usize = 6;
/// These of eight columns.
type Columns = [Lanes; SUMS];

/// What small squares of two images have in common.
pub(crate) struct Places {
    /// Correlation of the local contrast, all squares together.
    pub(crate) fine: f32,
    /// Correlation and weight of each textured square.
    pub(crate) found: Vec<(f32, f32)>,
    /// How much of a square no other covers, on average.
    pub(crate) share: f32,
}

/// Correlations in small squares, of which each begins where the one before has
/// its middle.
#[inline(always)]
pub(crate) fn places(
    blocks: &[Block<Lanes>],
    (width, height): (usize, usize),
    gain: f32,
) -> Places {
    let step = match width.max(height) {
        41.. => 4,
        23.. => 3,
        _ => 2,
    };
    // Two strips and a line or a column.
    let size = 2 * step + 1;
    let (mut found, mut all) = (Vec::with_capacity(256), [[0.0; LANES]; 3]);
    if width >= size && height >= size {
        let mut strips = Strips::new(blocks, (width, height), step);
        let scale = Scale::new(gain, size);
        let across = (width - 1) / step - 1;
        let mut sums = vec![[0.0; LANES]; SUMS * across.div_ceil(LANES)];
        for down in 0..(height - 1) / step - 1 {
            strips.squares(down, across, &mut sums);
            for (first, sums) in (0..across).step_by(LANES).zip(sums.chunks_exact(SUMS)) {
                scale.places(sums, (across - first).min(LANES), &mut all, &mut found);
            }
        }
    }
    let [va, vb, cov] = all.map(|lanes| sum(&lanes));
    Places {
        fine: cov / (va * vb).sqrt().max(1e-3),
        share: (step * step) as f32 / (size * size) as f32,
        found,
    }
}

/// Sums of each column over the lines of a strip, strip by strip.
struct Strips {
    step: usize,
    /// Of one strip.
    wide: usize,
    whole: Vec<Columns>,
    /// Over the first line alone.
    first: Vec<Columns>,
    /// Sums of each column over the lines of one row of squares, for a while.
    columns: Vec<Lanes>,
}

impl Strips {
    #[inline(always)]
    fn new(blocks: &[Block<Lanes>], (width, height): (usize, usize), step: usize) -> Self {
        let wide = width.div_ceil(LANES);
        let nothing = vec![[[0.0; LANES]; SUMS]; wide * height.div_ceil(step)];
        let (mut whole, mut first) = (nothing.clone(), nothing);
        for block in blocks {
            let line = ((block.y + 0.5) * height as f32) as usize;
            let column = ((block.x[0] + 0.5) * width as f32) as usize;
            let (moving, fixed, live) = (&block.under, &block.fixed, &block.live);
            let a = each(|l| (moving[l] - 128.0) * live[l]);
            let b = each(|l| (fixed[l] - 128.0) * live[l]);
            let products = [*live, a, b, times(&a, &a), times(&b, &b), times(&a, &b)];
            let at = line / step * wide + column / LANES;
            for (sum, product) in whole[at].iter_mut().zip(&products) {
                add(sum, product);
            }
            if line.is_multiple_of(step) {
                first[at] = products;
            }
        }
        Self {
            step,
            wide,
            whole,
            first,
            columns: vec![[0.0; LANES]; wide],
        }
    }

    /// The sums over the `across` squares that begin with strip `down`, by
    /// eights of squares.
    #[inline(always)]
    fn squares(&mut self, down: usize, across: usize, sums: &mut [Lanes]) {
        let of = |down: usize| down * self.wide..(down + 1) * self.wide;
        let upper = &self.whole[of(down)];
        let lower = &self.whole[of(down + 1)];
        let last = &self.first[of(down + 2)];
        for s in 0..SUMS {
            let thirds = upper.iter().zip(lower).zip(last);
            for (column, ((upper, lower), last)) in self.columns.iter_mut().zip(thirds) {
                *column = each(|l| upper[s][l] + lower[s][l] + last[s][l]);
            }
            let columns = self.columns.as_flattened();
            let strip = |place: usize| {
                let columns = &columns[place * self.step..(place + 1) * self.step];
                columns.iter().fold(0.0, |sum, column| sum + column)
            };
            let mut left = strip(0);
            for place in 0..across {
                let right = strip(place + 1);
                let square = left + right + columns[(place + 2) * self.step];
                sums[place / LANES * SUMS + s][place % LANES] = square;
                left = right;
            }
        }
    }
}

/// What sums over a square are measured by.
struct Scale {
    /// Least number of samples.
    least: f32,
    /// Square of the gain.
    gain: f32,
    /// Of the fixed image, or of the moving one as the gain shows it.
    noise: f32,
}

impl Scale {
    fn new(gain: f32, size: usize) -> Self {
        Self {
            least: 0.6 * (size * size) as f32,
            gain: (gain * gain).max(0.01),
            noise: NOISE.max(DARK_NOISE * gain.abs()),
        }
    }

    /// Tells `found` of the correlations and weights of `count` squares; adds
    /// their variances and covariances to `all`.
    #[inline(always)]
    fn places(&self, s: &[Lanes], count: usize, all: &mut [Lanes; 3], found: &mut Vec<(f32, f32)>) {
        let counts = each(|l| {
            if (l < count) & (s[0][l] >= self.least) {
                1.0
            } else {
                0.0
            }
        });
        let n = each(|l| 1.0 / if s[0][l] > 1.0 { s[0][l] } else { 1.0 });
        let positive = |v: f32| if v > 0.0 { v } else { 0.0 };
        let (a, b) = (times(&s[1], &n), times(&s[2], &n));
        let va = each(|l| positive(s[3][l] * n[l] - a[l] * a[l]));
        let vb = each(|l| positive(s[4][l] * n[l] - b[l] * b[l]));
        let cov = each(|l| s[5][l] * n[l] - a[l] * b[l]);
        for (all, value) in all.iter_mut().zip([&va, &vb, &cov]) {
            add(all, &times(value, &counts));
        }
        let weight = each(|l| {
            let (one, other) = (va[l] * self.gain, vb[l]);
            let energy = (if one > other { one } else { other }).sqrt();
            let weight = positive(energy - 2.0 * self.noise);
            counts[l] * weight / (weight + 6.0)
        });
        let noise = NOISE * NOISE;
        let under = self.noise * self.noise / self.gain.max(1.0);
        let local = each(|l| cov[l] / ((va[l] + under) * (vb[l] + noise)).sqrt());
        found.extend(
            (0..LANES)
                .filter(|&l| weight[l] > 0.0)
                .map(|l| (local[l], weight[l])),
        );
    }
}
