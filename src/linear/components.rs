//! The leading principal components of a covariance matrix, by subspace
//! iteration. Knows nothing of what the columns mean.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Accum, Mat, MatRef, Par};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::PIECE;
use super::cholesky::{FactorError, factor_dense};
use crate::executor::Executor;

/// Directions of most variance, strongest first.
#[derive(Debug)]
pub struct Components {
    /// Variance along each direction.
    pub values: Vec<f64>,
    /// One direction of length 1 in each column.
    pub vectors: Mat<f64>,
}

/// Directions iterated beyond those asked for: they let the last ones settle
/// (Halko, Martinsson & Tropp 2011 advise 5–10; the spectrum here is flat).
const SPARE: usize = 32;
/// Eight rounds leave the descriptors' components unchanged to three digits.
const ROUNDS: usize = 8;
/// Directions with less than this share of the strongest variance are noise of
/// single precision.
const FLOOR: f64 = 1e-6;

/// The at most `wanted` strongest components of a covariance matrix, of which
/// the lower triangle is read.
///
/// # Errors
/// [`FactorError::Interrupted`], or [`FactorError::NotPositive`] when the
/// matrix holds numbers that are not finite.
pub fn top_components(
    covariance: &Mat<f32>,
    wanted: usize,
    executor: &Executor,
) -> Result<Components, FactorError> {
    let size = covariance.nrows();
    let trace: f64 = (0..size).map(|i| f64::from(covariance[(i, i)])).sum();
    if trace <= 0.0 || wanted == 0 {
        return Ok(Components {
            values: Vec::new(),
            vectors: Mat::zeros(size, 0),
        });
    }
    // The shift keeps the iterated columns independent when the variance has
    // fewer directions than are iterated; it moves no eigenvector.
    let shift = 1e-4 * trace / size as f64;
    let matrix = Mat::<f64>::from_fn(size, size, |i, j| {
        let value = f64::from(covariance[(i.max(j), i.min(j))]);
        if i == j { value + shift } else { value }
    });
    let width = (wanted + SPARE).min(size);
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut basis = Mat::<f64>::from_fn(size, width, |_, _| {
        f64::from(random.next_u32()) / f64::from(u32::MAX) - 0.5
    });
    orthonormalize(&mut basis)?;
    for _ in 0..ROUNDS {
        basis = product(matrix.as_ref(), basis.as_ref(), executor)?;
        orthonormalize(&mut basis)?;
    }
    let image = product(matrix.as_ref(), basis.as_ref(), executor)?;
    let mut small = Mat::<f64>::zeros(width, width);
    matmul(
        small.as_mut(),
        Accum::Replace,
        basis.transpose(),
        image.as_ref(),
        1.0,
        Par::Seq,
    );
    let (values, turn) = eigen(small.as_ref())?;
    let strongest = values.last().copied().unwrap_or(0.0) - shift;
    let kept: Vec<usize> = (0..width)
        .rev()
        .take(wanted)
        .take_while(|&i| values[i] - shift > FLOOR * strongest)
        .collect();
    let chosen = Mat::<f64>::from_fn(width, kept.len(), |i, j| turn[(i, kept[j])]);
    let mut vectors = Mat::<f64>::zeros(size, kept.len());
    matmul(
        vectors.as_mut(),
        Accum::Replace,
        basis.as_ref(),
        chosen.as_ref(),
        1.0,
        Par::Seq,
    );
    Ok(Components {
        values: kept.iter().map(|&i| values[i] - shift).collect(),
        vectors,
    })
}

fn product(
    matrix: MatRef<'_, f64>,
    basis: MatRef<'_, f64>,
    executor: &Executor,
) -> Result<Mat<f64>, FactorError> {
    let mut out = Mat::<f64>::zeros(matrix.nrows(), basis.ncols());
    executor.install(|| {
        out.as_mut()
            .par_row_chunks_mut(PIECE)
            .enumerate()
            .try_for_each(|(piece, part)| {
                executor.stop().check()?;
                let rows = matrix.subrows(piece * PIECE, part.nrows());
                matmul(part, Accum::Replace, rows, basis, 1.0, Par::Seq);
                Ok::<(), FactorError>(())
            })
    })?;
    Ok(out)
}

/// Cholesky QR, twice: the first pass brings the columns near enough for the
/// second to be exact.
fn orthonormalize(basis: &mut Mat<f64>) -> Result<(), FactorError> {
    for _ in 0..2 {
        let width = basis.ncols();
        let mut gram = Mat::<f64>::zeros(width, width);
        matmul(
            gram.as_mut(),
            Accum::Replace,
            basis.transpose(),
            basis.as_ref(),
            1.0,
            Par::Seq,
        );
        factor_dense(gram.as_mut())?;
        solve_lower_triangular_in_place(gram.as_ref(), basis.as_mut().transpose_mut(), Par::Seq);
    }
    Ok(())
}

/// Eigenvalues in rising order and their vectors in columns.
fn eigen(matrix: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), FactorError> {
    use faer::diag::Diag;
    use faer::dyn_stack::{MemBuffer, MemStack};
    use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};

    let size = matrix.nrows();
    let mut values = Diag::<f64>::zeros(size);
    let mut vectors = Mat::<f64>::zeros(size, size);
    let scratch = self_adjoint_evd_scratch::<f64>(
        size,
        ComputeEigenvectors::Yes,
        Par::Seq,
        Default::default(),
    );
    let mut memory = MemBuffer::new(scratch);
    self_adjoint_evd(
        matrix,
        values.as_mut(),
        Some(vectors.as_mut()),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map_err(|_| FactorError::NotPositive)?;
    let values = (0..size).map(|i| values.column_vector()[i]).collect();
    Ok((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StopFlag;

    #[test]
    fn known_spectrum_is_found() {
        let size = 90;
        let covariance =
            Mat::<f32>::from_fn(
                size,
                size,
                |i, j| {
                    if i == j { 1.0 / (i + 1) as f32 } else { 0.0 }
                },
            );
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        let found = top_components(&covariance, 5, &executor).expect("finite");
        for (i, value) in found.values.iter().enumerate() {
            assert!((value - 1.0 / (i + 1) as f64).abs() < 1e-4);
            assert!((found.vectors[(i, i)].abs() - 1.0).abs() < 1e-2);
        }
    }

    #[test]
    fn no_more_components_than_the_variance_has() {
        let covariance = Mat::<f32>::from_fn(60, 60, |i, j| f32::from(i == j && i < 3));
        let executor = Executor::new(1, StopFlag::default()).expect("threads");
        let found = top_components(&covariance, 20, &executor).expect("finite");
        assert_eq!(found.values.len(), 3);
    }
}
