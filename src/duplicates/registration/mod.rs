//! Registration: the affine map and the photometric model between two images. Does not
//! judge the result.

pub(crate) mod affine;
pub(crate) mod gauss_newton;
mod normal_equations;
pub(crate) mod pyramid;
pub(crate) mod sampling;
pub(crate) mod shape;
