//! Kernel ridge regression on vectors, with exact predictions for groups left
//! out. Knows nothing of probabilities.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::chunks::Layout;
use crate::executor::{Executor, Interrupted};
use crate::linear::{Factor, FactorError, solve_small};
use crate::neighbors::{Neighbor, Space, nearest_seeing};

/// Added to the kernel's diagonal: how far a given label is trusted less than
/// its surroundings. 0.1 to 0.5 measure alike.
const RIDGE: f32 = 0.2;
/// Pairs drawn to estimate the median distance: good to 1%.
const SAMPLED_PAIRS: usize = 20_000;
/// Columns of the kernel made by one piece of work.
const PIECE: usize = 128;

/// What the regression says of each row: a number near 1 for a class that
/// fits, near 0 for one that does not.
pub(super) struct Fitted {
    /// `rows × classes`, predicted without the row's own group.
    pub(super) values: Vec<f32>,
    /// Nearest rows outside the own group.
    pub(super) neighbors: Vec<Vec<Neighbor>>,
}

/// Fits the rows of `space`, which lie as `layout` orders them, to `targets`
/// (`rows × classes`, row by row, centred).
pub(super) fn fit(
    space: Space<'_>,
    layout: &Layout,
    targets: &[f32],
    classes: usize,
    neighbors: usize,
    executor: &Executor,
) -> Result<Fitted, Interrupted> {
    let mut own = Vec::with_capacity(targets.len());
    let mut models = Vec::with_capacity(layout.chunks.len());
    for chunk in &layout.chunks {
        let part = &targets[chunk.start * classes..chunk.end * classes];
        let (model, left_out) = fit_chunk(space, layout, chunk.clone(), part, classes, executor)?;
        models.push(model);
        own.extend(left_out);
    }
    let (neighbors, sums) = nearest_seeing(
        space,
        neighbors,
        &layout.chunks,
        executor,
        |rows| Sums {
            values: own[rows.start * classes..rows.end * classes].to_vec(),
            counts: vec![1; rows.len()],
        },
        |sums: &mut Sums, tile| {
            let chunk = models.iter().position(|m| m.chunk == tile.columns);
            let Some(index) = chunk else { return };
            // A row's group may reach into other chunks when it is very large.
            let counted: Vec<bool> = tile
                .rows
                .clone()
                .map(|row| !layout.touches(row, index))
                .collect();
            if counted.iter().any(|&c| c) {
                let predicted = models[index].predict(tile.values, tile.rows.len(), classes);
                sums.add(&predicted, &counted, classes);
            }
        },
    )?;
    Ok(Fitted {
        values: sums.into_iter().flat_map(|s| s.mean(classes)).collect(),
        neighbors,
    })
}

struct Sums {
    values: Vec<f32>,
    counts: Vec<u32>,
}

impl Sums {
    fn add(&mut self, predicted: &[f32], counted: &[bool], classes: usize) {
        for (row, &counted) in counted.iter().enumerate() {
            if counted {
                self.counts[row] += 1;
                let range = row * classes..(row + 1) * classes;
                for (sum, value) in self.values[range.clone()].iter_mut().zip(&predicted[range]) {
                    *sum += value;
                }
            }
        }
    }

    fn mean(mut self, classes: usize) -> Vec<f32> {
        for (row, count) in self
            .values
            .chunks_exact_mut(classes.max(1))
            .zip(&self.counts)
        {
            row.iter_mut().for_each(|v| *v /= *count as f32);
        }
        self.values
    }
}

struct Model {
    chunk: Range<usize>,
    /// Kernel = exp((cosine − 1) · sharpness).
    sharpness: f32,
    weights: Mat<f32>,
}

impl Model {
    /// Overwrites `cosines` (`rows` × the chunk's rows).
    fn predict(&self, cosines: &mut [f32], rows: usize, classes: usize) -> Vec<f32> {
        for value in cosines.iter_mut() {
            *value = exp((*value - 1.0) * self.sharpness);
        }
        let mut out = vec![0.0; rows * classes];
        matmul(
            MatMut::from_row_major_slice_mut(&mut out, rows, classes),
            Accum::Replace,
            MatRef::from_row_major_slice(cosines, rows, self.chunk.len()),
            self.weights.as_ref(),
            1.0,
            Par::Seq,
        );
        out
    }
}

fn fit_chunk(
    space: Space<'_>,
    layout: &Layout,
    chunk: Range<usize>,
    targets: &[f32],
    classes: usize,
    executor: &Executor,
) -> Result<(Model, Vec<f32>), Interrupted> {
    let rows = &space.rows[chunk.start * space.dim..chunk.end * space.dim];
    let count = chunk.len();
    let vectors = MatRef::from_row_major_slice(rows, count, space.dim);
    let sharpness = sharpness(vectors);
    let mut weights = Mat::<f32>::from_fn(count, classes, |i, j| targets[i * classes + j]);
    let factor = match Factor::of(kernel(vectors, sharpness, executor)?, executor) {
        Ok(factor) => factor,
        Err(FactorError::Interrupted(stop)) => return Err(stop),
        // A kernel plus a ridge is positive; rows that are not finite are
        // refused before. Saying nothing is the safe answer.
        Err(FactorError::NotPositive) => {
            weights.fill(0.0);
            let model = Model {
                chunk,
                sharpness,
                weights,
            };
            return Ok((model, vec![0.0; count * classes]));
        }
    };
    factor.solve(weights.as_mut(), executor)?;
    let batches = layout.batches(&chunk);
    let parts = executor.map(batches.len(), |batch| {
        let groups = &batches[batch];
        let outer = groups[0].start..groups[groups.len() - 1].end;
        let mut out = vec![0.0; outer.len() * classes];
        factor.inverse_blocks(outer.clone(), groups, |group, inverse| {
            let place = (group.start - outer.start) * classes..(group.end - outer.start) * classes;
            let given = &targets[group.start * classes..group.end * classes];
            left_out(inverse, weights.as_ref(), group, given, &mut out[place]);
        });
        out
    })?;
    let model = Model {
        chunk,
        sharpness,
        weights,
    };
    Ok((model, parts.concat()))
}

/// What the model fitted without `group` predicts for it:
/// `targets − (inverse of the group)⁻¹ · weights`.
fn left_out(
    inverse: MatRef<'_, f32>,
    weights: MatRef<'_, f32>,
    group: &Range<usize>,
    targets: &[f32],
    out: &mut [f32],
) {
    let classes = weights.ncols();
    let own = weights.subrows(group.start, group.len());
    let mut residual = Mat::<f64>::from_fn(group.len(), classes, |i, j| f64::from(own[(i, j)]));
    let square = Mat::<f64>::from_fn(group.len(), group.len(), |i, j| f64::from(inverse[(i, j)]));
    if solve_small(square, residual.as_mut()).is_err() {
        return;
    }
    for (i, line) in out.chunks_exact_mut(classes).enumerate() {
        for (j, value) in line.iter_mut().enumerate() {
            *value = targets[i * classes + j] - residual[(i, j)] as f32;
        }
    }
}

/// 2 / median squared distance of two rows of length 1.
fn sharpness(vectors: MatRef<'_, f32>) -> f32 {
    let count = vectors.nrows() as u64;
    if count < 2 {
        return 1.0;
    }
    let mut random = ChaCha8Rng::seed_from_u64(count);
    let mut distances: Vec<f32> = (0..SAMPLED_PAIRS)
        .filter_map(|_| {
            let (a, b) = (random.next_u64() % count, random.next_u64() % count);
            let (a, b) = (vectors.row(a as usize), vectors.row(b as usize));
            (a != b).then(|| 2.0 - 2.0 * (a * b.transpose()))
        })
        .collect();
    distances.sort_by(f32::total_cmp);
    let median = distances.get(distances.len() / 2).copied().unwrap_or(1.0);
    // Vectors that hardly differ would make a kernel of zeros and infinities.
    2.0 / median.max(1e-3)
}

fn kernel(
    vectors: MatRef<'_, f32>,
    sharpness: f32,
    executor: &Executor,
) -> Result<Mat<f32>, Interrupted> {
    let count = vectors.nrows();
    let mut out = Mat::<f32>::zeros(count, count);
    executor.install(|| {
        out.as_mut()
            .par_col_chunks_mut(PIECE)
            .enumerate()
            .try_for_each(|(piece, part)| {
                executor.stop().check()?;
                let start = piece * PIECE;
                let width = part.ncols();
                let mut part = part.subrows_mut(start, count - start);
                let own = vectors.subrows(start, width);
                let below = vectors.subrows(start, count - start);
                matmul(
                    part.as_mut(),
                    Accum::Replace,
                    below,
                    own.transpose(),
                    1.0,
                    Par::Seq,
                );
                for (index, column) in part.col_iter_mut().enumerate() {
                    if let Some(column) = column.try_as_col_major_mut() {
                        let column = column.as_slice_mut();
                        for value in column.iter_mut() {
                            *value = exp((*value - 1.0) * sharpness);
                        }
                        column[index] = 1.0 + RIDGE;
                    }
                }
                Ok(())
            })
    })?;
    Ok(out)
}

/// eˣ for x ≤ about 80 to 5 digits at least, in a form the compiler turns into vector
/// instructions; the library call is ten times slower and most of the time.
#[inline]
fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let scaled = (x * std::f32::consts::LOG2_E).clamp(-126.0, 126.0);
    let shifted = scaled + ROUND;
    let part = (scaled - (shifted - ROUND)) * std::f32::consts::LN_2;
    // Taylor's series on |part| ≤ ln 2 / 2, where the next term is below 1e-7.
    let series = 1.0 / 120.0 + part * (1.0 / 720.0);
    let series = 1.0 / 6.0 + part * (1.0 / 24.0 + part * series);
    let mantissa = 1.0 + part * (1.0 + part * (0.5 + part * series));
    let exponent = (shifted.to_bits() << 23).wrapping_add(mantissa.to_bits());
    f32::from_bits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_exponential_is_exact_to_five_digits() {
        for step in -4000..=40 {
            let x = step as f32 / 100.0;
            let exact = x.exp();
            assert!((exp(x) - exact).abs() <= 5e-6 * exact, "{x}");
        }
    }

    /// Predictions for `left`, from a fit to all the others.
    fn refitted(
        rows: &[f32],
        dim: usize,
        targets: &[f32],
        left: &Range<usize>,
        s: f32,
    ) -> Vec<f64> {
        let row = |i: usize| &rows[i * dim..(i + 1) * dim];
        let near = |a: usize, b: usize| -> f64 {
            let cosine: f32 = row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum();
            f64::from((cosine - 1.0) * s).exp()
        };
        let kept: Vec<usize> = (0..targets.len()).filter(|i| !left.contains(i)).collect();
        let kernel = Mat::<f64>::from_fn(kept.len(), kept.len(), |i, j| {
            if i == j {
                1.0 + f64::from(RIDGE)
            } else {
                near(kept[i], kept[j])
            }
        });
        let mut weights = Mat::<f64>::from_fn(kept.len(), 1, |i, _| f64::from(targets[kept[i]]));
        solve_small(kernel, weights.as_mut()).expect("positive");
        let predict = |a: usize| {
            (0..kept.len())
                .map(|j| near(a, kept[j]) * weights[(j, 0)])
                .sum()
        };
        left.clone().map(predict).collect()
    }

    #[test]
    fn predictions_equal_those_of_a_model_fitted_without_the_group() {
        let (count, dim) = (60, 3);
        let rows: Vec<f32> = (0..count)
            .flat_map(|i| {
                let (a, b) = (i as f32 * 0.7, i as f32 * 0.31);
                [a.cos() * b.cos(), a.sin() * b.cos(), b.sin()]
            })
            .collect();
        let groups: Vec<u32> = (0..count as u32)
            .map(|i| if i < 50 { i / 5 } else { i })
            .collect();
        let layout = Layout::new(&groups, 1000, 0);
        let mut sorted = Vec::new();
        for &i in &layout.order {
            sorted.extend_from_slice(&rows[i as usize * dim..(i as usize + 1) * dim]);
        }
        let places: Vec<u32> = layout.order.iter().map(|&i| groups[i as usize]).collect();
        let targets: Vec<f32> = layout.order.iter().map(|i| (i % 2) as f32 - 0.5).collect();
        let space = Space {
            dim,
            rows: &sorted,
            groups: &places,
        };
        let executor = Executor::new(2, crate::executor::StopFlag::default()).expect("threads");
        let fitted = fit(space, &layout, &targets, 1, 5, &executor).expect("not stopped");
        let s = sharpness(MatRef::from_row_major_slice(&sorted, count, dim));
        for group in layout.batches(&(0..count)).concat() {
            let expected = refitted(&sorted, dim, &targets, &group, s);
            for (value, expected) in fitted.values[group].iter().zip(expected) {
                assert!((f64::from(*value) - expected).abs() < 1e-3);
            }
        }
    }
}
