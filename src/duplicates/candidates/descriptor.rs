//! Describes windows of a thumbnail by their lowest discrete cosine coefficients without the
//! mean (DCT, Ahmed et al. 1974). Compares nothing.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::decode::{Plane, Thumbnail};

/// Cells along each side of the grid over a window.
pub(crate) const GRID: usize = 8;
/// Highest frequency kept along one side.
const ORDER: usize = 5;
/// Numbers in a descriptor: 5 × 5 cosine coefficients without the constant.
pub(crate) const DIM: usize = ORDER * ORDER - 1;

/// A descriptor in units of 1/[`ONE`]: of unit length, or shorter when the window is nearly
/// flat. Integers, so that inner products do not depend on the order of additions.
pub(crate) type Descriptor = [i16; DIM];
/// The fixed-point one: rounding to it changes a cosine by 0.0002 at most.
pub(crate) const ONE: i32 = 1 << 14;

/// The cosine of two descriptors, or less where one is nearly flat.
pub(crate) fn cosine(a: &Descriptor, b: &Descriptor) -> f32 {
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a) * i32::from(b));
    products.sum::<i32>() as f32 / (ONE * ONE) as f32
}

/// The descriptor of unit length in the direction of `sum`.
pub(crate) fn unit(sum: [i64; DIM]) -> Descriptor {
    let values = sum.map(|v| v as f32);
    let norm = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1.0);
    fixed(&values, 1.0 / norm)
}

/// `values` times `scale`, which are from −1 to 1, in units of 1/[`ONE`].
fn fixed(values: &[f32; DIM], scale: f32) -> Descriptor {
    // The low bits of the sum with 1.5 · 2^23 are the nearest integer; a cast would test
    // the range, one after the other.
    const SHIFT: f32 = 12_582_912.0;
    values.map(|v| (v * (scale * ONE as f32) + SHIFT).to_bits() as i16)
}

/// Coefficients of photos decrease about as one over their frequency to this power; the
/// best of 0.3, 0.5, 0.7 and 1 on planted copies.
const DECAY: f32 = 0.7;

/// Cosine tables, and the weights that whiten coarse and fine coefficients of ordinary
/// images.
#[derive(Debug)]
pub(crate) struct Basis {
    cosines: [[f32; GRID]; ORDER],
    weights: [f32; DIM + 1],
}

impl Basis {
    pub(crate) fn new() -> Self {
        Self {
            cosines: std::array::from_fn(|u| {
                std::array::from_fn(|x| {
                    (std::f32::consts::PI * (2 * x + 1) as f32 * u as f32 / (2 * GRID) as f32).cos()
                })
            }),
            weights: std::array::from_fn(|i| {
                let (v, u) = (i / ORDER, i % ORDER);
                ((u * u + v * v) as f32).sqrt().powf(DECAY)
                    * if u == 0 || v == 0 { 0.707 } else { 1.0 }
            }),
        }
    }

    /// The descriptor of a window, from the means of the cells of its grid.
    pub(crate) fn describe(&self, grid: &[[f32; GRID]; GRID]) -> Descriptor {
        let mut columns = [[0.0f32; GRID]; ORDER]; // columns[v][x]
        for (column, cosine) in columns.iter_mut().zip(&self.cosines) {
            for (row, cosine) in grid.iter().zip(cosine) {
                for (sum, value) in column.iter_mut().zip(row) {
                    *sum += value * cosine;
                }
            }
        }
        self.whiten(|v, u| {
            let both = columns[v].iter().zip(&self.cosines[u]);
            both.map(|(a, b)| a * b).sum()
        })
    }

    /// The descriptor from the coefficients at `(v, u)`.
    fn whiten(&self, coefficient: impl Fn(usize, usize) -> f32) -> Descriptor {
        let mut values = [0.0; DIM];
        let mut power = 0.0;
        for v in 0..ORDER {
            for u in 0..ORDER {
                let i = v * ORDER + u;
                if i > 0 {
                    let value = coefficient(v, u) * self.weights[i];
                    power += value * value;
                    values[i - 1] = value;
                }
            }
        }
        // 30: about a grey level of contrast, below which there is only noise.
        fixed(&values, 1.0 / (power + 30.0 * 30.0).sqrt())
    }
}

/// Where a window begins along one side and how long it is, in shares of the side.
pub(crate) type Span = (f32, f32);

/// Describes all windows made of some spans along y and the same along x, by two matrix
/// products: cosines over means of cells are linear and separable.
#[derive(Debug)]
pub(crate) struct Windows {
    basis: Basis,
    spans: Vec<Span>,
    /// For each length of a side: samples × (spans × [`ORDER`]), by columns.
    filters: Vec<Vec<f32>>,
}

impl Windows {
    pub(crate) fn new(spans: &[Span]) -> Self {
        let basis = Basis::new();
        let filters =
            (0..=Thumbnail::LUMA_SIDE as usize).map(|length| filters(&basis, spans, length));
        Self {
            filters: filters.collect(),
            spans: spans.to_vec(),
            basis,
        }
    }

    /// One descriptor a window, those of one span along y side by side; zeros where there
    /// is no image. `plane` is of thumbnail size.
    pub(crate) fn describe(&self, plane: &Plane) -> Vec<Descriptor> {
        let (width, height) = (plane.width as usize, plane.height as usize);
        let (across, down) = match (self.filters.get(width), self.filters.get(height)) {
            (Some(across), Some(down)) if !plane.samples.is_empty() => (across, down),
            _ => return vec![[0; DIM]; self.spans.len() * self.spans.len()],
        };
        // Relative to the mean: small numbers keep their digits.
        let mean = plane.samples.iter().map(|&v| u32::from(v)).sum::<u32>() as f32
            / plane.samples.len() as f32;
        let values: Vec<f32> = (plane.samples.iter())
            .map(|&v| f32::from(v) - mean)
            .collect();
        let count = self.spans.len() * ORDER;
        let mut narrow = vec![0.0; count * height];
        matmul(
            MatMut::from_column_major_slice_mut(&mut narrow, count, height),
            Accum::Replace,
            MatRef::from_column_major_slice(across, width, count).transpose(),
            MatRef::from_column_major_slice(&values, width, height),
            1.0f32,
            Par::Seq,
        );
        let mut all = vec![0.0; count * count];
        matmul(
            MatMut::from_column_major_slice_mut(&mut all, count, count),
            Accum::Replace,
            MatRef::from_column_major_slice(&narrow, count, height),
            MatRef::from_column_major_slice(down, height, count),
            1.0f32,
            Par::Seq,
        );
        let spans = 0..self.spans.len();
        let windows = (spans.clone()).flat_map(|y| spans.clone().map(move |x| (y, x)));
        windows
            .map(|(y, x)| (self.basis).whiten(|v, u| all[(y * ORDER + v) * count + x * ORDER + u]))
            .collect()
    }
}

/// The cosines of a basis over the cells of each span of a side of `length`
/// samples.
fn filters(basis: &Basis, spans: &[Span], length: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(spans.len() * ORDER * length);
    for &(start, part) in spans {
        let step = part * length as f32 / GRID as f32;
        let first = start * length as f32;
        for cosine in &basis.cosines {
            out.extend((0..length).map(|sample| {
                let share = |cell: usize| {
                    let left = (first + step * cell as f32).max(sample as f32);
                    let right = (first + step * (cell + 1) as f32).min((sample + 1) as f32);
                    (right - left).max(0.0) / step
                };
                (0..GRID)
                    .map(|cell| cosine[cell] * share(cell))
                    .sum::<f32>()
            }));
        }
    }
    out
}

/// One of the eight flips and quarter turns of a descriptor: transpose first, then mirror
/// left-right, then top-bottom.
pub(crate) fn flipped(
    d: &Descriptor,
    (transpose, flip_x, flip_y): (bool, bool, bool),
) -> Descriptor {
    let mut out = [0; DIM];
    for v in 0..ORDER {
        for u in 0..ORDER {
            if u + v > 0 {
                let from = if transpose {
                    u * ORDER + v
                } else {
                    v * ORDER + u
                };
                let odd = (flip_x && u % 2 == 1) != (flip_y && v % 2 == 1);
                out[v * ORDER + u - 1] = if odd { -d[from - 1] } else { d[from - 1] };
            }
        }
    }
    out
}
