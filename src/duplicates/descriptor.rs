//! Describes windows of a thumbnail by a few mean-free cosine coefficients.
//! Knows nothing of other pictures.

use crate::decode::Plane;

/// Cells a side of the grid over a window.
pub(crate) const GRID: usize = 8;
/// Highest frequency kept along one side.
const ORDER: usize = 5;
/// Numbers in a descriptor: 5 × 5 cosine coefficients without the constant.
pub(crate) const DIM: usize = ORDER * ORDER - 1;

/// A descriptor: unit length, or shorter when the window is nearly flat.
pub(crate) type Descriptor = [f32; DIM];

/// A part of a picture, in shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) w: f32,
    pub(crate) h: f32,
}

/// Sums of samples above and left of each corner.
#[derive(Debug, Clone)]
pub(crate) struct Integral {
    width: usize,
    height: usize,
    sums: Vec<f32>,
}

impl Integral {
    pub(crate) fn new(plane: &Plane) -> Self {
        let (width, height) = (plane.width as usize, plane.height as usize);
        let stride = width + 1;
        // About the mean: small sums keep their digits in f32.
        let mean = plane.samples.iter().map(|&v| u32::from(v)).sum::<u32>() as f32
            / plane.samples.len().max(1) as f32;
        let mut sums = vec![0.0; stride * (height + 1)];
        for y in 0..height {
            let mut row = 0.0;
            for x in 0..width {
                row += f32::from(plane.samples[y * width + x]) - mean;
                sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
            }
        }
        Self {
            width,
            height,
            sums,
        }
    }

    /// The integral at fractional corners: columns `xs`, one row `y`.
    fn row(&self, xs: &[(usize, f32); GRID + 1], y: f32) -> [f32; GRID + 1] {
        let stride = self.width + 1;
        let top = (y as usize).min(self.height.saturating_sub(1));
        let fy = y - top as f32;
        let upper = &self.sums[top * stride..(top + 1) * stride];
        let lower = &self.sums[(top + 1) * stride..(top + 2) * stride];
        xs.map(|(x, fx)| {
            let a = upper[x] + (upper[x + 1] - upper[x]) * fx;
            let b = lower[x] + (lower[x + 1] - lower[x]) * fx;
            a + (b - a) * fy
        })
    }

    /// Means of the cells of a grid over `window`.
    pub(crate) fn grid(&self, window: Window) -> [[f32; GRID]; GRID] {
        let (w, h) = (self.width as f32, self.height as f32);
        let step_x = window.w * w / GRID as f32;
        let step_y = window.h * h / GRID as f32;
        let scale = 1.0 / (step_x * step_y).max(1e-6);
        let xs = std::array::from_fn(|i| {
            let x = (window.x * w + step_x * i as f32).clamp(0.0, w);
            let left = (x as usize).min(self.width - 1);
            (left, x - left as f32)
        });
        let y_at = |i: usize| (window.y * h + step_y * i as f32).clamp(0.0, h);
        let mut above = self.row(&xs, y_at(0));
        let mut grid = [[0.0; GRID]; GRID];
        for (i, cells) in grid.iter_mut().enumerate() {
            let below = self.row(&xs, y_at(i + 1));
            for (j, cell) in cells.iter_mut().enumerate() {
                *cell = (below[j + 1] - below[j] - above[j + 1] + above[j]) * scale;
            }
            above = below;
        }
        grid
    }
}

/// Coefficients of photos fall about as one over their frequency to this power;
/// the best of 0.3, 0.5, 0.7 and 1 on planted copies.
const EVEN: f32 = 0.7;

/// Cosine tables, and the weights that even out the strength of coarse and
/// fine coefficients in ordinary pictures.
#[derive(Debug)]
pub(crate) struct Basis {
    cosines: [[f32; GRID]; ORDER],
    weights: [[f32; ORDER]; ORDER],
}

impl Basis {
    pub(crate) fn new() -> Self {
        Self {
            cosines: std::array::from_fn(|u| {
                std::array::from_fn(|x| {
                    (std::f32::consts::PI * (2 * x + 1) as f32 * u as f32 / (2 * GRID) as f32).cos()
                })
            }),
            weights: std::array::from_fn(|v| {
                std::array::from_fn(|u| {
                    ((u * u + v * v) as f32).sqrt().powf(EVEN)
                        * if u == 0 || v == 0 { 0.707 } else { 1.0 }
                })
            }),
        }
    }

    pub(crate) fn describe(&self, grid: &[[f32; GRID]; GRID]) -> Descriptor {
        let mut rows = [[0.0f32; GRID]; ORDER]; // rows[u][y]
        for (u, cosine) in self.cosines.iter().enumerate() {
            for y in 0..GRID {
                rows[u][y] = (0..GRID).map(|x| grid[y][x] * cosine[x]).sum();
            }
        }
        let mut out = [0.0; DIM];
        for v in 0..ORDER {
            for u in 0..ORDER {
                if u + v > 0 {
                    let sum: f32 = (0..GRID).map(|y| rows[u][y] * self.cosines[v][y]).sum();
                    out[v * ORDER + u - 1] = sum * self.weights[v][u];
                }
            }
        }
        let norm = out.iter().map(|c| c * c).sum::<f32>().sqrt();
        // 20: about half a grey level of contrast, below which only noise is left.
        let scale = 1.0 / (norm + 20.0);
        out.map(|c| c * scale)
    }
}

/// One of the eight flips and quarter turns of a descriptor: transpose first,
/// then mirror left-right, then top-bottom.
pub(crate) fn turned(d: &Descriptor, transpose: bool, flip_x: bool, flip_y: bool) -> Descriptor {
    let mut out = [0.0; DIM];
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
