//! Pure statistics over plain numbers. Knows nothing of samples, splits or
//! classes, and imports nothing of this crate.

mod contingency;
mod continuous;
mod interval;
mod multiple;
mod random;
mod significance;
mod tree;

pub use contingency::{
    ChiSquare, chi_square, cramers_v, jensen_shannon, population_stability, total_variation,
};
pub use continuous::{
    KolmogorovSmirnov, area_interval, area_under_curve, kolmogorov_smirnov, wasserstein,
};
pub use interval::{Interval, total_variation_interval, wilson};
pub use multiple::benjamini_hochberg;
pub use random::Random;
pub use significance::{
    Chance, Significance, absence_probability, beyond_chance, binomial_upper_tail,
    chi_square_upper_tail, equal_shares, fisher_exact, randomised,
};
pub use tree::{Feature, Node, Size, Task, Test, Tree, balanced_accuracy, cross_validate, folds};
