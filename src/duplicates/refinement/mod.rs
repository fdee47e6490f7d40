//! Which pairs are decoded, and in which order. Scores none.

pub(crate) mod batches;
