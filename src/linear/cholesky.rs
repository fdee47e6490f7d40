//! Cholesky factor of a large positive matrix, in place, by blocks. Gives what
//! leave-one-out needs without ever holding the inverse.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::prelude::ReborrowMut;
use faer::traits::RealField;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;
use thiserror::Error;

use super::PIECE;
use crate::executor::{Executor, Interrupted};

/// Why there is no factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FactorError {
    /// A stop was asked for.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The matrix has a direction without positive weight.
    #[error("the matrix is not positive definite")]
    NotPositive,
}

/// The lower factor of a symmetric positive definite matrix.
#[derive(Debug)]
pub struct Factor(Mat<f32>);

impl Factor {
    /// Factors `matrix`, of which only the lower triangle is read.
    ///
    /// # Errors
    /// When `matrix` is not positive definite, or a stop was asked for.
    pub fn of(mut matrix: Mat<f32>, executor: &Executor) -> Result<Self, FactorError> {
        let size = matrix.nrows();
        for start in (0..size).step_by(PIECE) {
            executor.stop().check()?;
            let width = PIECE.min(size - start);
            let (left, right) = matrix.as_mut().split_at_col_mut(start + width);
            let panel = left.submatrix_mut(start, start, size - start, width);
            let (mut diagonal, mut below) = panel.split_at_row_mut(width);
            factor_small(diagonal.rb_mut())?;
            let diagonal = diagonal.as_ref();
            executor.install(|| {
                below.rb_mut().par_row_chunks_mut(PIECE).for_each(|rows| {
                    solve_lower_triangular_in_place(diagonal, rows.transpose_mut(), Par::Seq);
                });
                let below = below.as_ref();
                let rest = size - start - width;
                right
                    .subrows_mut(start + width, rest)
                    .par_col_chunks_mut(PIECE)
                    .enumerate()
                    .for_each(|(piece, part)| {
                        let skip = piece * PIECE;
                        let own = below.subrows(skip, part.ncols());
                        let under = below.subrows(skip, rest - skip);
                        let part = part.subrows_mut(skip, rest - skip);
                        matmul(part, Accum::Add, under, own.transpose(), -1.0, Par::Seq);
                    });
            });
        }
        Ok(Self(matrix))
    }

    /// Replaces `right` by the solution of `matrix · x = right`.
    ///
    /// # Errors
    /// [`Interrupted`] when a stop was asked for.
    pub fn solve(&self, right: MatMut<'_, f32>, executor: &Executor) -> Result<(), Interrupted> {
        let lower = self.0.as_ref();
        executor.install(|| {
            right.par_col_chunks_mut(SOLVED).try_for_each(|mut part| {
                executor.stop().check()?;
                solve_lower_triangular_in_place(lower, part.rb_mut(), Par::Seq);
                solve_upper_triangular_in_place(lower.transpose(), part, Par::Seq);
                Ok(())
            })
        })
    }

    /// The square block of the inverse at rows and columns
    /// `start..start + width`, for each of the given blocks inside
    /// `outer`; `see` receives each block's place and its values.
    pub fn inverse_blocks(
        &self,
        outer: std::ops::Range<usize>,
        blocks: &[std::ops::Range<usize>],
        mut see: impl FnMut(&std::ops::Range<usize>, MatRef<'_, f32>),
    ) {
        let rest = self.0.nrows() - outer.start;
        let mut columns = Mat::<f32>::zeros(rest, outer.len());
        columns.as_mut().diagonal_mut().fill(1.0);
        let corner = self
            .0
            .as_ref()
            .submatrix(outer.start, outer.start, rest, rest);
        solve_lower_triangular_in_place(corner, columns.as_mut(), Par::Seq);
        for block in blocks {
            let own = columns
                .as_ref()
                .subcols(block.start - outer.start, block.len());
            let mut square = Mat::<f32>::zeros(block.len(), block.len());
            matmul(
                square.as_mut(),
                Accum::Replace,
                own.transpose(),
                own,
                1.0,
                Par::Seq,
            );
            see(block, square.as_ref());
        }
    }
}

/// Right sides solved at once: enough to read the factor few times, few enough
/// to share between threads.
const SOLVED: usize = 16;

fn factor_small<T: RealField>(matrix: MatMut<'_, T>) -> Result<(), FactorError> {
    let scratch = cholesky_in_place_scratch::<T>(matrix.nrows(), Par::Seq, Default::default());
    let mut memory = MemBuffer::new(scratch);
    cholesky_in_place(
        matrix,
        Default::default(),
        Par::Seq,
        MemStack::new(&mut memory),
        Default::default(),
    )
    .map(|_| ())
    .map_err(|_| FactorError::NotPositive)
}

/// Factors a small positive matrix in place: the lower triangle becomes the
/// factor.
///
/// # Errors
/// [`FactorError::NotPositive`].
pub(super) fn factor_dense(matrix: MatMut<'_, f64>) -> Result<(), FactorError> {
    factor_small(matrix)
}

/// Replaces `right` by the solution of `matrix · x = right`, in double
/// precision.
///
/// # Errors
/// [`FactorError::NotPositive`].
pub fn solve_small(mut matrix: Mat<f64>, mut right: MatMut<'_, f64>) -> Result<(), FactorError> {
    factor_small(matrix.as_mut())?;
    solve_lower_triangular_in_place(matrix.as_ref(), right.rb_mut(), Par::Seq);
    solve_upper_triangular_in_place(matrix.transpose(), right, Par::Seq);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StopFlag;

    fn matrix(size: usize) -> Mat<f32> {
        Mat::from_fn(size, size, |i, j| {
            let apart = (i as f32 - j as f32) / 9.0;
            (-apart * apart).exp() + if i == j { 0.2 } else { 0.0 }
        })
    }

    #[test]
    fn solution_fits_and_does_not_depend_on_the_number_of_threads() {
        let size = 700;
        let mut answers = Vec::new();
        for jobs in [1, 2, 5] {
            let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
            let factor = Factor::of(matrix(size), &executor).expect("positive");
            let mut x = Mat::<f32>::from_fn(size, 3, |i, j| ((i * 31 + j * 7) % 13) as f32 - 6.0);
            let right = x.clone();
            factor.solve(x.as_mut(), &executor).expect("not stopped");
            let back = matrix(size) * &x;
            assert!((back - right).norm_max() < 1e-3);
            answers.push(x);
        }
        assert!(answers.iter().all(|x| *x == answers[0]));
    }

    #[test]
    fn blocks_of_the_inverse_equal_the_inverse() {
        let size = 300;
        let executor = Executor::new(2, StopFlag::default()).expect("threads");
        let factor = Factor::of(matrix(size), &executor).expect("positive");
        let mut whole = Mat::<f32>::identity(size, size);
        factor
            .solve(whole.as_mut(), &executor)
            .expect("not stopped");
        let mut seen = 0;
        factor.inverse_blocks(
            100..140,
            &[100..101, 101..117, 117..140],
            |block, values| {
                let (start, width) = (block.start, block.len());
                let expected = whole.as_ref().submatrix(start, start, width, width);
                assert!((values - expected).norm_max() < 1e-3);
                seen += 1;
            },
        );
        assert_eq!(seen, 3);
    }

    #[test]
    fn matrix_without_positive_weight_is_refused() {
        let executor = Executor::new(1, StopFlag::default()).expect("threads");
        let flat = Mat::<f32>::from_fn(3, 3, |_, _| -1.0);
        let answer = Factor::of(flat, &executor);
        assert!(matches!(answer, Err(FactorError::NotPositive)));
    }
}
