//! Arithmetic of convolutions on rows of channels. Every product is added with
//! one rounding (fused), in the order of the channels: the same numbers on every
//! processor. Knows nothing of networks.

use pulp::{Simd, WithSimd};

/// Columns of a panel of weights: two vectors of AVX2, four of NEON.
pub(super) const PANEL: usize = 16;
/// Rows done at once: with two vectors a row, as many sums as AVX2 has registers
/// for beside their operands.
const ROWS: usize = 6;
/// Numbers of the left matrix read again for each panel: 128 KB, which the
/// second-level cache holds beside a panel.
const BLOCK: usize = 32_768;
/// Vectors of sums that a depthwise convolution holds.
const SUMS: usize = 4;

/// A matrix of weights in panels of [`PANEL`] columns, the last filled up with
/// zeros: panel, row, column.
#[derive(Debug, Clone)]
pub(super) struct Panels {
    rows: usize,
    columns: usize,
    data: Vec<f32>,
    bias: Vec<f32>,
}

impl Panels {
    /// Of weights by column (output), then row (input).
    pub(super) fn new(rows: usize, columns: usize, weights: &[f32], bias: &[f32]) -> Self {
        let count = columns.div_ceil(PANEL);
        let mut data = vec![0.0; count * rows * PANEL];
        for column in 0..columns {
            let panel = &mut data[column / PANEL * rows * PANEL..][..rows * PANEL];
            for row in 0..rows {
                panel[row * PANEL + column % PANEL] = weights[column * rows + row];
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(count * PANEL, 0.0);
        Self {
            rows,
            columns,
            data,
            bias,
        }
    }

    /// `left` (lines of `rows` numbers) times this, plus the bias, each number
    /// brought between the bounds; appended to `out`.
    pub(super) fn multiply(&self, left: &[f32], bounds: [f32; 2], out: &mut [f32]) {
        pulp::Arch::new().dispatch(Product {
            panels: self,
            left,
            bounds,
            out,
        });
    }
}

struct Product<'a> {
    panels: &'a Panels,
    left: &'a [f32],
    bounds: [f32; 2],
    out: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || match PANEL / S::F32_LANES {
                1 => self.run::<S, 1>(simd),
                2 => self.run::<S, 2>(simd),
                4 => self.run::<S, 4>(simd),
                8 => self.run::<S, 8>(simd),
                _ => self.run::<S, 16>(simd),
            },
        );
    }
}

impl Product<'_> {
    /// `V` vectors make a panel's row.
    #[inline(always)]
    fn run<S: Simd, const V: usize>(self, simd: S) {
        let Panels {
            rows,
            columns,
            data,
            ..
        } = self.panels;
        let (rows, columns) = (*rows, *columns);
        let lines = (BLOCK / rows.max(1)).max(ROWS);
        let blocks = self.left.chunks(lines * rows);
        for (left, out) in blocks.zip(self.out.chunks_mut(lines * columns)) {
            for (index, panel) in data.chunks_exact(rows * PANEL).enumerate() {
                let first = index * PANEL;
                let bias = &self.panels.bias[first..first + PANEL];
                let width = PANEL.min(columns - first);
                let mut line = 0;
                while line * rows < left.len() {
                    let left = &left[line * rows..];
                    let place = line * columns + first;
                    let tile = Tile {
                        left,
                        rows,
                        panel,
                        bias,
                        bounds: self.bounds,
                        out: &mut out[place..],
                        columns,
                        width,
                    };
                    let many = (left.len() / rows).min(ROWS);
                    match many {
                        6 => tile.run::<S, V, 6>(simd),
                        5 => tile.run::<S, V, 5>(simd),
                        4 => tile.run::<S, V, 4>(simd),
                        3 => tile.run::<S, V, 3>(simd),
                        2 => tile.run::<S, V, 2>(simd),
                        _ => tile.run::<S, V, 1>(simd),
                    }
                    line += many;
                }
            }
        }
    }
}

/// A few lines of the left matrix and one panel.
struct Tile<'a> {
    left: &'a [f32],
    rows: usize,
    panel: &'a [f32],
    bias: &'a [f32],
    bounds: [f32; 2],
    out: &'a mut [f32],
    columns: usize,
    width: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn run<S: Simd, const V: usize, const R: usize>(self, simd: S) {
        let (bias, _) = S::as_simd_f32s(self.bias);
        let mut sums = [[simd.splat_f32s(0.0); V]; R];
        for line in &mut sums {
            line.copy_from_slice(&bias[..V]);
        }
        let lines: [&[f32]; R] =
            std::array::from_fn(|line| &self.left[line * self.rows..][..self.rows]);
        for (row, weights) in self.panel.chunks_exact(PANEL).enumerate() {
            let (weights, _) = S::as_simd_f32s(weights);
            let weights: [S::f32s; V] = std::array::from_fn(|v| weights[v]);
            for (sums, line) in sums.iter_mut().zip(&lines) {
                let value = simd.splat_f32s(line[row]);
                for (sum, weight) in sums.iter_mut().zip(&weights) {
                    *sum = simd.mul_add_f32s(value, *weight, *sum);
                }
            }
        }
        let [low, high] = self.bounds.map(|bound| simd.splat_f32s(bound));
        for (line, sums) in sums.iter().enumerate() {
            let mut whole = [0.0; PANEL];
            let (out, _) = S::as_mut_simd_f32s(&mut whole);
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = simd.min_f32s(simd.max_f32s(*sum, low), high);
            }
            self.out[line * self.columns..][..self.width].copy_from_slice(&whole[..self.width]);
        }
    }
}

/// A convolution of every channel by itself.
#[derive(Debug, Clone)]
pub(super) struct Depthwise {
    /// Rows and columns of the kernel.
    pub(super) kernel: [usize; 2],
    /// Steps down and right.
    pub(super) stride: [usize; 2],
    /// By place in the kernel, then channel.
    pub(super) weights: Vec<f32>,
    /// By channel.
    pub(super) bias: Vec<f32>,
}

impl Depthwise {
    /// Of an image of so many rows and columns to another; `before` is what lies
    /// above and left of the first and counts as 0.
    pub(super) fn run(
        &self,
        image: &[f32],
        (from, to): ([usize; 2], [usize; 2]),
        before: [usize; 2],
        bounds: [f32; 2],
        out: &mut [f32],
    ) {
        pulp::Arch::new().dispatch(Channels {
            layer: self,
            image,
            from,
            to,
            before,
            bounds,
            out,
        });
    }
}

struct Channels<'a> {
    layer: &'a Depthwise,
    image: &'a [f32],
    from: [usize; 2],
    to: [usize; 2],
    before: [usize; 2],
    bounds: [f32; 2],
    out: &'a mut [f32],
}

impl WithSimd for Channels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.run(simd),
        );
    }
}

impl Channels<'_> {
    /// Of the output's place `at` along `axis`: the part of the kernel that lies
    /// in the image, and where in the image it begins.
    #[inline(always)]
    fn inside(&self, axis: usize, at: usize) -> ((usize, usize), usize) {
        let start = at * self.layer.stride[axis];
        let before = self.before[axis];
        let first = before.saturating_sub(start);
        let end = (self.from[axis] + before).saturating_sub(start);
        let end = end.min(self.layer.kernel[axis]);
        (
            (first, end.max(first)),
            (start + first).saturating_sub(before),
        )
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let layer = self.layer;
        let channels = layer.bias.len();
        let [low, high] = self.bounds;
        let bounds = [simd.splat_f32s(low), simd.splat_f32s(high)];
        let (bias, bias_rest) = S::as_simd_f32s(&layer.bias);
        let vectors = bias.len();
        for y in 0..self.to[0] {
            let (top, down) = self.inside(0, y);
            for x in 0..self.to[1] {
                let (left, right) = self.inside(1, x);
                let place = (y * self.to[1] + x) * channels;
                let out = &mut self.out[place..place + channels];
                let (out, out_rest) = S::as_mut_simd_f32s(out);
                // Where in the image, and with which weights.
                let rows = (top.0..top.1).zip(down..);
                let pixels = rows.flat_map(|(ky, iy)| {
                    let columns = (left.0..left.1).zip(right..);
                    columns.map(move |(kx, ix)| {
                        let tap = ky * layer.kernel[1] + kx;
                        (tap * channels, (iy * self.from[1] + ix) * channels)
                    })
                });
                let mut done = 0;
                while done < vectors {
                    let many = SUMS.min(vectors - done);
                    let mut sums = [simd.splat_f32s(0.0); SUMS];
                    sums[..many].copy_from_slice(&bias[done..done + many]);
                    let from = done * S::F32_LANES;
                    for (weights, pixel) in pixels.clone() {
                        let (w, _) = S::as_simd_f32s(&layer.weights[weights + from..]);
                        let (p, _) = S::as_simd_f32s(&self.image[pixel + from..]);
                        if many == SUMS {
                            let (w, p) = (&w[..SUMS], &p[..SUMS]);
                            for i in 0..SUMS {
                                sums[i] = simd.mul_add_f32s(w[i], p[i], sums[i]);
                            }
                        } else {
                            for ((sum, w), p) in sums[..many].iter_mut().zip(w).zip(p) {
                                *sum = simd.mul_add_f32s(*w, *p, *sum);
                            }
                        }
                    }
                    for (out, sum) in out[done..done + many].iter_mut().zip(sums) {
                        *out = simd.min_f32s(simd.max_f32s(sum, bounds[0]), bounds[1]);
                    }
                    done += many;
                }
                // Channels that fill no vector.
                let from = vectors * S::F32_LANES;
                for (i, (out, bias)) in out_rest.iter_mut().zip(bias_rest).enumerate() {
                    let sum = pixels.clone().fold(*bias, |sum, (weights, pixel)| {
                        let weight = layer.weights[weights + from + i];
                        weight.mul_add(self.image[pixel + from + i], sum)
                    });
                    *out = sum.max(low).min(high);
                }
            }
        }
    }
}

/// The sum of two images, in place of the first.
pub(super) fn add(left: &mut [f32], right: &[f32]) {
    for (left, right) in left.iter_mut().zip(right) {
        *left += right;
    }
}
