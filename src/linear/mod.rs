//! Dense linear algebra cut into fixed pieces, so that any number of threads
//! gives the same bits and a stop is heeded between pieces.

mod cholesky;
mod components;

pub use cholesky::{Factor, FactorError, solve_small};
pub use components::{Components, top_components};

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::executor::{Executor, Interrupted};

/// Columns or rows in one piece of work: large enough for the multiplication to
/// run at full speed, small enough that a piece takes milliseconds.
pub(crate) const PIECE: usize = 256;

/// `rowsᵀ · rows / count` of the columns `columns` of `count` rows of `dim`
/// numbers; only the lower triangle is filled.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn covariance(
    rows: &[f32],
    dim: usize,
    columns: std::ops::Range<usize>,
    executor: &Executor,
) -> Result<Mat<f32>, Interrupted> {
    let count = rows.len().checked_div(dim).unwrap_or(0);
    let all = MatRef::from_row_major_slice(rows, count, dim);
    let block = all.subcols(columns.start, columns.len());
    let width = columns.len();
    let mut out = Mat::<f32>::zeros(width, width);
    executor.install(|| {
        out.as_mut()
            .par_col_chunks_mut(PIECE)
            .enumerate()
            .try_for_each(|(piece, part)| {
                executor.stop().check()?;
                let start = piece * PIECE;
                let own = block.subcols(start, part.ncols());
                let below = block.subcols(start, width - start);
                matmul(
                    part.subrows_mut(start, width - start),
                    Accum::Replace,
                    below.transpose(),
                    own,
                    1.0 / count.max(1) as f32,
                    Par::Seq,
                );
                Ok(())
            })
    })?;
    Ok(out)
}

/// `rows · matrix`, row by row: `rows` holds rows of `dim` numbers, `matrix` is
/// `dim` × `width` in row order.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn times(
    rows: &[f32],
    dim: usize,
    matrix: &[f32],
    width: usize,
    executor: &Executor,
) -> Result<Vec<f32>, Interrupted> {
    let count = rows.len().checked_div(dim).unwrap_or(0);
    let mut out = vec![0.0; count * width];
    if width == 0 || dim == 0 {
        return Ok(out);
    }
    let matrix = MatRef::from_row_major_slice(matrix, dim, width);
    executor.install(|| {
        out.par_chunks_mut(PIECE * width)
            .zip(rows.par_chunks(PIECE * dim))
            .try_for_each(|(out, rows)| {
                executor.stop().check()?;
                let count = rows.len() / dim;
                matmul(
                    MatMut::from_row_major_slice_mut(out, count, width),
                    Accum::Replace,
                    MatRef::from_row_major_slice(rows, count, dim),
                    matrix,
                    1.0,
                    Par::Seq,
                );
                Ok(())
            })
    })?;
    Ok(out)
}
