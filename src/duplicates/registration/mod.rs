//! Finds the affine map between two images. Judges none.

pub(crate) mod affine;
pub(crate) mod gauss_newton;
pub(crate) mod pyramid;
pub(crate) mod sampling;
