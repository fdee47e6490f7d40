//! Turns descriptors into short vectors whose angles tell how alike images
//! are: scaling and two rounds of principal components, folded into one matrix.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use thiserror::Error;

use super::{BLOCKS, DESCRIPTOR_LEN};
use crate::executor::{Executor, Interrupted};
use crate::linear::{Components, FactorError, covariance, times, top_components};

/// Descriptors the projection is fitted on: more change no figure and cost
/// 16 kB each.
pub const FIT_LIMIT: usize = 10_000;
/// Components kept of each block, and of all blocks joined.
const BLOCK_COMPONENTS: usize = 256;
const COMPONENTS: usize = 192;
/// Components are divided by this power of their variance: halfway to
/// whitening, which would blow up noise.
const WHITENING: f64 = 0.25;
/// Share of the mean deviation added to each: columns that hardly move must
/// not be blown up.
const DEVIATION_FLOOR: f64 = 0.01;

/// Why no projection could be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FitError {
    /// A stop was asked for.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Nothing varies between the images.
    #[error("the images do not differ from each other")]
    NoVariance,
}

impl From<FactorError> for FitError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Interrupted(stop) => Self::Interrupted(stop),
            FactorError::NotPositive => Self::NoVariance,
        }
    }
}

/// The fitted map from descriptor to vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    mean: Vec<f32>,
    /// `DESCRIPTOR_LEN` × `width`, row by row.
    matrix: Vec<f32>,
    width: usize,
}

impl Projection {
    /// Fits on `descriptors`, rows of [`DESCRIPTOR_LEN`] numbers, at most
    /// [`FIT_LIMIT`] of them being worth their memory; gives their vectors too,
    /// as [`Projection::project`] would.
    ///
    /// # Errors
    /// When nothing varies, or a stop was asked for.
    pub fn fit(
        mut descriptors: Vec<f32>,
        executor: &Executor,
    ) -> Result<(Self, Vec<f32>), FitError> {
        let count = descriptors.len() / DESCRIPTOR_LEN;
        if count < 2 {
            return Err(FitError::NoVariance);
        }
        let (mean, scale) = standardize(&mut descriptors);
        let mut blocks = Vec::new();
        let mut joined_width = 0;
        let mut first = 0;
        for len in BLOCKS {
            let map = block_map(&descriptors, first, len, count, executor)?;
            joined_width += map.len() / len;
            blocks.push((first, len, map));
            first += len;
        }
        let mut join = vec![0.0; DESCRIPTOR_LEN * joined_width];
        let mut column = 0;
        for (first, len, map) in blocks {
            let width = map.len() / len;
            for (row, part) in map.chunks_exact(width.max(1)).enumerate() {
                let start = (first + row) * joined_width + column;
                join[start..start + width].copy_from_slice(part);
            }
            column += width;
        }
        let joined = times(&descriptors, DESCRIPTOR_LEN, &join, joined_width, executor)?;
        drop(descriptors);
        let spread = covariance(&joined, joined_width, 0..joined_width, executor)?;
        let last = top_components(&spread, COMPONENTS.min(count - 1), executor)?;
        let width = last.values.len();
        if width == 0 {
            return Err(FitError::NoVariance);
        }
        let turn: Vec<f32> = (0..joined_width * width)
            .map(|i| last.vectors[(i / width, i % width)] as f32)
            .collect();
        let vectors = times(&joined, joined_width, &turn, width, executor)?;
        let mut matrix = times(&join, joined_width, &turn, width, executor)?;
        for (row, scale) in matrix.chunks_exact_mut(width).zip(&scale) {
            row.iter_mut().for_each(|v| *v *= scale);
        }
        let projection = Self {
            mean,
            matrix,
            width,
        };
        Ok((projection, vectors))
    }

    /// Numbers in a projected vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The vectors of `descriptors`, row by row; their direction gives the kind,
    /// their length how unusual.
    ///
    /// # Errors
    /// [`Interrupted`] when a stop was asked for.
    pub fn project(
        &self,
        mut descriptors: Vec<f32>,
        executor: &Executor,
    ) -> Result<Vec<f32>, Interrupted> {
        for row in descriptors.chunks_exact_mut(DESCRIPTOR_LEN) {
            for (value, mean) in row.iter_mut().zip(&self.mean) {
                *value -= mean;
            }
        }
        times(
            &descriptors,
            DESCRIPTOR_LEN,
            &self.matrix,
            self.width,
            executor,
        )
    }
}

/// Centres and scales each column in place; returns means and factors.
fn standardize(descriptors: &mut [f32]) -> (Vec<f32>, Vec<f32>) {
    let count = (descriptors.len() / DESCRIPTOR_LEN) as f64;
    let mut mean = vec![0.0_f64; DESCRIPTOR_LEN];
    for row in descriptors.chunks_exact(DESCRIPTOR_LEN) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    let mut deviation = vec![0.0_f64; DESCRIPTOR_LEN];
    for row in descriptors.chunks_exact(DESCRIPTOR_LEN) {
        for ((sum, value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
            let apart = f64::from(*value) - mean;
            *sum += apart * apart;
        }
    }
    deviation
        .iter_mut()
        .for_each(|sum| *sum = (*sum / count).sqrt());
    let mut scale = Vec::with_capacity(DESCRIPTOR_LEN);
    let mut first = 0;
    for len in BLOCKS {
        let part = &deviation[first..first + len];
        let floor = DEVIATION_FLOOR * part.iter().sum::<f64>() / len as f64;
        scale.extend(part.iter().map(|deviation| {
            let scaled = deviation + floor;
            if scaled > 0.0 {
                (1.0 / scaled) as f32
            } else {
                0.0
            }
        }));
        first += len;
    }
    let mean: Vec<f32> = mean.into_iter().map(|v| v as f32).collect();
    for row in descriptors.chunks_exact_mut(DESCRIPTOR_LEN) {
        for ((value, mean), scale) in row.iter_mut().zip(&mean).zip(&scale) {
            *value = (*value - mean) * scale;
        }
    }
    (mean, scale)
}

/// The map of one block, `len` × kept in row order: components, partly
/// whitened, so that the block's mean squared length is 1.
fn block_map(
    rows: &[f32],
    first: usize,
    len: usize,
    count: usize,
    executor: &Executor,
) -> Result<Vec<f32>, FitError> {
    let found = if count < len {
        of_few(rows, first..first + len, count, executor)?
    } else {
        let spread = covariance(rows, DESCRIPTOR_LEN, first..first + len, executor)?;
        top_components(&spread, BLOCK_COMPONENTS, executor)?
    };
    let width = found.values.len();
    // Dividing by value^0.25 leaves a variance of value^0.5 along each.
    let energy: f64 = (found.values.iter())
        .map(|v| v.powf(1.0 - 2.0 * WHITENING))
        .sum();
    let factors: Vec<f64> = (found.values.iter())
        .map(|v| v.powf(-WHITENING) / energy.sqrt())
        .collect();
    Ok((0..len * width)
        .map(|i| (found.vectors[(i / width, i % width)] * factors[i % width]) as f32)
        .collect())
}

/// The components of fewer rows than columns, by way of the products of the
/// rows with each other, which are fewer.
fn of_few(
    rows: &[f32],
    columns: Range<usize>,
    count: usize,
    executor: &Executor,
) -> Result<Components, FitError> {
    let all = MatRef::from_row_major_slice(rows, count, DESCRIPTOR_LEN);
    let block = all.subcols(columns.start, columns.len());
    let turned: Vec<f32> = (0..columns.len() * count)
        .map(|i| block[(i % count, i / count)])
        .collect();
    let products = covariance(&turned, count, 0..count, executor)?;
    let mut found = top_components(&products, BLOCK_COMPONENTS.min(count - 1), executor)?;
    for (index, value) in found.values.iter_mut().enumerate() {
        // `covariance` divided by the columns, where the rows are meant.
        let energy = *value * columns.len() as f64;
        for row in 0..count {
            found.vectors[(row, index)] /= energy.sqrt();
        }
        *value = energy / count as f64;
    }
    let turned = Mat::<f64>::from_fn(columns.len(), count, |i, j| f64::from(block[(j, i)]));
    let mut vectors = Mat::<f64>::zeros(columns.len(), found.values.len());
    let (weights, whole) = (found.vectors.as_ref(), Accum::Replace);
    matmul(
        vectors.as_mut(),
        whole,
        turned.as_ref(),
        weights,
        1.0,
        Par::Seq,
    );
    found.vectors = vectors;
    Ok(found)
}
