//! Pure statistics over plain numbers. Knows nothing of samples, splits or
//! classes, and imports nothing of this crate.

mod contingency;
mod interval;
mod multiple;
mod random;
mod significance;

pub use contingency::{
    ChiSquare, chi_square, cramers_v, jensen_shannon, population_stability, total_variation,
};
pub use interval::{Interval, total_variation_interval, wilson};
pub use multiple::benjamini_hochberg;
pub use random::Random;
pub use significance::{
    Significance, absence_probability, chi_square_upper_tail, equal_shares, fisher_exact,
    randomised,
};
