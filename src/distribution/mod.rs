//! How classes are spread over splits, in numbers that checks and reports
//! share. Reads labels only; finds nothing worth telling by itself.

mod counts;
mod drift;

pub use counts::{ClassCounts, SplitCounts, count};
pub use drift::{Division, Drift, LabelSetDrift, drift};
