//! What is thought of a sample's label. Plain data; thinks nothing itself.

use crate::sample::ClassId;

/// What the label model says of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LabelOpinion {
    /// The probability that the label given is right, 0 to 1; `None` where it was
    /// not judged.
    pub score: Option<f32>,
    /// The class that fits best and its probability, where that is another.
    pub suggested: Option<(ClassId, f32)>,
    /// The cluster of suspicious samples it belongs to, counted from 0.
    pub cluster: Option<u32>,
    /// Whether it is flagged.
    pub flag: LabelFlag,
}

/// Whether a label is in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LabelFlag {
    /// It is not.
    #[default]
    None,
    /// Likely wrong.
    Likely,
    /// The same at the stronger level.
    Strong,
}

/// How far opinions on labels may be believed.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelBelief {
    /// The features they rest on, for people.
    pub features: String,
    /// Share of samples whose given label is the model's first choice, each
    /// predicted without itself and its copies.
    pub accuracy: f64,
    /// What always guessing the largest class would reach.
    pub guessing: f64,
    /// The features are the built-in ones.
    pub is_built_in: bool,
    /// What is expected of the flags, where that was estimated.
    pub queue: Option<LabelQueue>,
}

/// What is expected of the flags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelQueue {
    /// Of wrong labels drawn at random, the share that would be flagged.
    pub detectable: f64,
    /// Share of the flags that are wrong labels: expected, at least, at most.
    pub precision: [f64; 3],
    /// Flags left out because too few of their kind would be.
    pub cut: u64,
}
