//! Local normalized cross-correlation (NCC) of two registered images, patch by patch
//! (Lewis 1995, "Fast normalized cross-correlation": from running sums). Does not judge.

use crate::duplicates::registration::sampling::{Block, F32x8, LANES, add, lanewise, sum, times};

/// Standard deviation of compression artefacts and noise in a thumbnail, in grey levels.
const NOISE: f32 = 1.5;

/// Standard deviation of rounding to whole grey levels and of sensor noise in the dark,
/// in grey levels, which no reduction removes: a large gain amplifies it.
const DARK_NOISE: f32 = 0.5;

/// Sums over a patch: number, moving, fixed, their squares and product, relative to
/// mid-grey.
const SUMS: usize = 6;
/// The sums of eight columns.
type Columns = [F32x8; SUMS];

/// The local NCCs of two images.
pub(super) struct LocalNcc {
    /// NCC pooled over all patches.
    pub(super) pooled: f32,
    /// NCC and weight of each textured patch.
    pub(super) patches: Vec<(f32, f32)>,
    /// Share of a patch that no other covers, on average.
    pub(super) share: f32,
}

/// The NCC of each patch of 5 to 9 samples a side, in steps of half a patch.
#[inline(always)]
pub(super) fn local_ncc(
    blocks: &[Block<F32x8>],
    (width, height): (usize, usize),
    gain: f32,
) -> LocalNcc {
    let step = match width.max(height) {
        41.. => 4,
        23.. => 3,
        _ => 2,
    };
    // Two strips and one more line or column.
    let size = 2 * step + 1;
    let (mut patches, mut all) = (Vec::with_capacity(256), [[0.0; LANES]; 3]);
    if width >= size && height >= size {
        let mut strips = Strips::new(blocks, (width, height), step);
        let scale = Scale::new(gain, size);
        let across = (width - 1) / step - 1;
        let mut sums = vec![[0.0; LANES]; SUMS * across.div_ceil(LANES)];
        for down in 0..(height - 1) / step - 1 {
            strips.patches(down, across, &mut sums);
            for (first, sums) in (0..across).step_by(LANES).zip(sums.chunks_exact(SUMS)) {
                scale.ncc(sums, (across - first).min(LANES), &mut all, &mut patches);
            }
        }
    }
    let [va, vb, cov] = all.map(|lanes| sum(&lanes));
    LocalNcc {
        pooled: cov / (va * vb).sqrt().max(1e-3),
        share: (step * step) as f32 / (size * size) as f32,
        patches,
    }
}

/// Sums of each column over the lines of a strip, strip by strip.
struct Strips {
    step: usize,
    /// Vectors in a strip.
    wide: usize,
    whole: Vec<Columns>,
    /// Over the first line of each strip.
    first: Vec<Columns>,
    /// Scratch: sums of each column over the lines of one row of patches.
    columns: Vec<F32x8>,
}

impl Strips {
    #[inline(always)]
    fn new(blocks: &[Block<F32x8>], (width, height): (usize, usize), step: usize) -> Self {
        let wide = width.div_ceil(LANES);
        let nothing = vec![[[0.0; LANES]; SUMS]; wide * height.div_ceil(step)];
        let (mut whole, mut first) = (nothing.clone(), nothing);
        for block in blocks {
            let line = ((block.y + 0.5) * height as f32) as usize;
            let column = ((block.x[0] + 0.5) * width as f32) as usize;
            let (moving, fixed, valid) = (&block.moving, &block.fixed, &block.valid);
            let a = lanewise(|l| (moving[l] - 128.0) * valid[l]);
            let b = lanewise(|l| (fixed[l] - 128.0) * valid[l]);
            let products = [*valid, a, b, times(&a, &a), times(&b, &b), times(&a, &b)];
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

    /// The sums over the `across` patches that begin with strip `down`, in vectors of
    /// eight patches.
    #[inline(always)]
    fn patches(&mut self, down: usize, across: usize, sums: &mut [F32x8]) {
        let of = |down: usize| down * self.wide..(down + 1) * self.wide;
        let upper = &self.whole[of(down)];
        let lower = &self.whole[of(down + 1)];
        let last = &self.first[of(down + 2)];
        for s in 0..SUMS {
            let thirds = upper.iter().zip(lower).zip(last);
            for (column, ((upper, lower), last)) in self.columns.iter_mut().zip(thirds) {
                *column = lanewise(|l| upper[s][l] + lower[s][l] + last[s][l]);
            }
            let columns = self.columns.as_flattened();
            let strip = |strip: usize| {
                let columns = &columns[strip * self.step..(strip + 1) * self.step];
                columns.iter().fold(0.0, |sum, column| sum + column)
            };
            let mut left = strip(0);
            for patch in 0..across {
                let right = strip(patch + 1);
                let sum = left + right + columns[(patch + 2) * self.step];
                sums[patch / LANES * SUMS + s][patch % LANES] = sum;
                left = right;
            }
        }
    }
}

/// How sums over a patch become its NCC and weight.
struct Scale {
    /// Least number of samples.
    least: f32,
    /// Square of the gain.
    gain: f32,
    /// Standard deviation of the noise of the fixed image, or of the moving one after the
    /// gain, in grey levels.
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

    /// Appends NCC and weight of the textured of `count` patches to `patches`, and adds
    /// their variances and covariances to `all`.
    #[inline(always)]
    fn ncc(&self, s: &[F32x8], count: usize, all: &mut [F32x8; 3], patches: &mut Vec<(f32, f32)>) {
        let counts = lanewise(|l| {
            if (l < count) & (s[0][l] >= self.least) {
                1.0
            } else {
                0.0
            }
        });
        let n = lanewise(|l| 1.0 / if s[0][l] > 1.0 { s[0][l] } else { 1.0 });
        let positive = |v: f32| if v > 0.0 { v } else { 0.0 };
        let (a, b) = (times(&s[1], &n), times(&s[2], &n));
        let va = lanewise(|l| positive(s[3][l] * n[l] - a[l] * a[l]));
        let vb = lanewise(|l| positive(s[4][l] * n[l] - b[l] * b[l]));
        let cov = lanewise(|l| s[5][l] * n[l] - a[l] * b[l]);
        for (all, value) in all.iter_mut().zip([&va, &vb, &cov]) {
            add(all, &times(value, &counts));
        }
        let weight = lanewise(|l| {
            let (one, other) = (va[l] * self.gain, vb[l]);
            let energy = (if one > other { one } else { other }).sqrt();
            let weight = positive(energy - 2.0 * self.noise);
            counts[l] * weight / (weight + 6.0)
        });
        let noise_of_fixed = NOISE * NOISE;
        let noise_of_moving = self.noise * self.noise / self.gain.max(1.0);
        let local =
            lanewise(|l| cov[l] / ((va[l] + noise_of_moving) * (vb[l] + noise_of_fixed)).sqrt());
        patches.extend(
            (0..LANES)
                .filter(|&l| weight[l] > 0.0)
                .map(|l| (local[l], weight[l])),
        );
    }
}
