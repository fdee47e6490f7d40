//! The image pyramid: luma at full, half and quarter size (Burt & Adelson 1983), and
//! its gradient. Compares nothing.

use crate::decode::Plane;

/// Grey levels below and above which a sample may be clipped to black or white. Not
/// 0 and 255: samples are means.
pub(crate) const CLIPPED: (f32, f32) = (7.0, 248.0);

/// One level of a pyramid: grey levels, row by row.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

impl Level {
    /// The 2 × 2 neighbourhood for bilinear interpolation: the samples at `first`, right
    /// of it, below it, and right of that.
    #[inline(always)]
    pub(crate) fn neighbours(&self, first: usize) -> [f32; 4] {
        let upper = &self.values[first..first + 2];
        let lower = &self.values[first + self.width..first + self.width + 2];
        [upper[0], upper[1], lower[0], lower[1]]
    }

    /// Whether any sample may be clipped.
    pub(crate) fn is_clipped(&self) -> bool {
        let (low, high) = CLIPPED;
        let clipped = |any: bool, &value: &f32| any | (value <= low) | (value >= high);
        let (blocks, rest) = self.values.as_chunks::<32>();
        // Thirty-two at a time without a branch between them.
        blocks.iter().any(|block| block.iter().fold(false, clipped))
            || rest.iter().fold(false, clipped)
    }

    fn halved(&self) -> Self {
        let (width, height, values) = halve(self.width, self.height, &self.values);
        Self {
            width,
            height,
            values,
        }
    }
}

/// A level with its gradient: the moving image of a registration.
#[derive(Debug, Clone)]
pub(crate) struct GradientLevel {
    pub(crate) level: Level,
    /// Value, derivative in x, derivative in y (grey levels a sample), padding.
    pixels: Vec<[f32; 4]>,
}

impl GradientLevel {
    pub(crate) fn new(level: Level) -> Self {
        let (width, height, values) = (level.width, level.height, &level.values);
        let mut pixels = Vec::with_capacity(values.len());
        for y in 0..height {
            let row = &values[y * width..(y + 1) * width];
            let (top, bottom) = (y.saturating_sub(1), (y + 1).min(height - 1));
            let (up, down) = (
                &values[top * width..(top + 1) * width],
                &values[bottom * width..(bottom + 1) * width],
            );
            let scale = 1.0 / (bottom - top).max(1) as f32;
            let start = pixels.len();
            pixels.extend(
                row.iter()
                    .zip(up)
                    .zip(down)
                    .map(|((&v, &u), &d)| [v, 0.0, (d - u) * scale, 0.0]),
            );
            let line: &mut [[f32; 4]] = &mut pixels[start..];
            for (pixel, pair) in line[1..].iter_mut().zip(row.windows(3)) {
                pixel[1] = (pair[2] - pair[0]) * 0.5;
            }
            line[0][1] = row[1.min(width - 1)] - row[0];
            line[width - 1][1] = row[width - 1] - row[width.saturating_sub(2)];
        }
        Self { level, pixels }
    }

    /// As [`Level::neighbours`].
    #[inline(always)]
    pub(crate) fn neighbours(&self, first: usize) -> [&[f32; 4]; 4] {
        let width = self.level.width;
        let upper = &self.pixels[first..first + 2];
        let lower = &self.pixels[first + width..first + width + 2];
        [&upper[0], &upper[1], &lower[0], &lower[1]]
    }
}

/// Width and height at full, half and quarter thumbnail size.
pub(crate) type Sizes = [(usize, usize); 3];

/// Three levels, finest first: at most 64, 32 and 16 samples long for a thumbnail.
/// Coarse levels are computed on demand.
#[derive(Debug, Clone)]
pub(crate) struct Pyramid(Level);

impl Pyramid {
    /// `None` for images thinner than 4 samples, which cannot be registered.
    pub(crate) fn new(luma: &Plane) -> Option<Self> {
        let (width, height) = (luma.width as usize, luma.height as usize);
        let values = || luma.samples.iter().map(|&v| f32::from(v)).collect();
        (width.min(height) >= 4).then(|| {
            Self(Level {
                width,
                height,
                values: values(),
            })
        })
    }

    pub(crate) fn level(&self, index: usize) -> Level {
        match index {
            0 => self.0.clone(),
            1 => self.0.halved(),
            _ => self.0.halved().halved(),
        }
    }

    pub(crate) fn sizes(&self) -> Sizes {
        let half = |(w, h): (usize, usize)| (halved(w), halved(h));
        let fine = (self.0.width, self.0.height);
        [fine, half(fine), half(half(fine))]
    }
}

/// Half and quarter size in bytes, small enough to keep for every image.
#[derive(Debug, Clone)]
pub(crate) struct CoarsePyramid {
    sizes: Sizes,
    half: Vec<u8>,
    quarter: Vec<u8>,
}

impl CoarsePyramid {
    /// `None` for images thinner than 4 samples.
    pub(crate) fn new(luma: &Plane) -> Option<Self> {
        let pyramid = Pyramid::new(luma)?;
        let half = pyramid.level(1);
        let bytes = |level: &Level| level.values.iter().map(|&v| (v + 0.5) as u8).collect();
        Some(Self {
            sizes: pyramid.sizes(),
            quarter: bytes(&half.halved()),
            half: bytes(&half),
        })
    }

    pub(crate) fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// Level 1 or 2.
    pub(crate) fn level(&self, index: usize) -> Level {
        let bytes = if index == 2 {
            &self.quarter
        } else {
            &self.half
        };
        let (width, height) = self.sizes[index.clamp(1, 2)];
        Level {
            width,
            height,
            values: bytes.iter().map(|&v| f32::from(v)).collect(),
        }
    }
}

/// The levels of two images nearest `level` whose samples are about the same size,
/// where the map between them scales the area of the unit square by `area`: a crop is
/// compared at a coarser level than the image it was taken from.
pub(crate) fn matched_levels(
    fixed: Sizes,
    moving: Sizes,
    area: f32,
    level: usize,
) -> (usize, usize) {
    let ((fw, fh), (mw, mh)) = (fixed[level], moving[level]);
    // Moving samples for one fixed sample, one way: beyond √2 the next level is nearer.
    let ratio = (area * (mw * mh) as f32 / (fw * fh) as f32).sqrt();
    match level {
        _ if (0.7..=1.42).contains(&ratio) => (level, level),
        0 if ratio > 1.0 => (0, 1),
        0 => (1, 0),
        1 if ratio > 1.0 => (1, 2),
        1 => (2, 1),
        // At the coarsest level the finer image gives more.
        _ if ratio > 1.0 => (1, 2),
        _ => (2, 1),
    }
}

/// Half of a side that is longer than 5.
fn halved(side: usize) -> usize {
    if side > 5 { side.div_ceil(2) } else { side }
}

/// Halves each side; an odd one keeps its extent (the cells get a little wider
/// than two samples).
fn halve(width: usize, height: usize, values: &[f32]) -> (usize, usize, Vec<f32>) {
    let (w, h) = (halved(width), halved(height));
    let columns = shares(width, w);
    let rows = shares(height, h);
    let mut narrow = vec![0.0; w * height];
    for y in 0..height {
        for (x, &(first, weights)) in columns.iter().enumerate() {
            narrow[y * w + x] = (0..3)
                .map(|k| values[y * width + (first + k).min(width - 1)] * weights[k])
                .sum();
        }
    }
    let mut out = vec![0.0; w * h];
    for (y, &(first, weights)) in rows.iter().enumerate() {
        for x in 0..w {
            out[y * w + x] = (0..3)
                .map(|k| narrow[(first + k).min(height - 1) * w + x] * weights[k])
                .sum();
        }
    }
    (w, h, out)
}

/// For each of `to` cells over `from` samples (at most 2 samples a cell): the
/// first sample it touches and the shares of it and the next two.
fn shares(from: usize, to: usize) -> Vec<(usize, [f32; 3])> {
    let step = from as f32 / to as f32;
    (0..to)
        .map(|cell| {
            let (start, end) = (cell as f32 * step, (cell + 1) as f32 * step);
            let first = start as usize;
            let weights = std::array::from_fn(|k| {
                let left = (first + k) as f32;
                ((left + 1.0).min(end) - left.max(start)).max(0.0) / step
            });
            (first, weights)
        })
        .collect()
}
