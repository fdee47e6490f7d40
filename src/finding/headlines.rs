//! The figures a person asks for first, which thresholds are held against.
//! Plain numbers; computes nothing.

use super::LabelBelief;
use crate::sample::{ClassId, SplitId};

/// Headline figures of one data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Headlines {
    /// Every split, in listing order; a single nameless one for a data set
    /// without splits.
    pub splits: Vec<SplitFigures>,
    /// Every evaluation split, in listing order; `None` where copies were not
    /// searched for, or there are no two splits.
    pub leaks: Option<Vec<LeakFigures>>,
    /// Samples that are trained on and have a verified copy in the data used
    /// before: nothing is measured on them, so that is no leak.
    pub trained_before: u64,
    /// Every split, in listing order; `None` where no label could be judged.
    pub suspects: Option<Vec<SuspectFigures>>,
    /// What the suspicion of labels rests on.
    pub belief: Option<LabelBelief>,
}

/// What a split consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SplitFigures {
    /// Which; `None` in a data set without splits.
    pub split: Option<SplitId>,
    /// Its samples.
    pub samples: u64,
    /// Those among them whose image could not be read or decoded; 0 where no
    /// image was to be opened.
    pub unseen: u64,
    /// Those whose image was compared with others: it could be seen and holds
    /// enough to be distinguished.
    pub compared: u64,
    /// Those with a label.
    pub labelled: u64,
    /// The class with the fewest samples here, 0 included; `None` where
    /// nothing is labelled.
    pub smallest_class: Option<(ClassId, u64)>,
    /// The class with the most samples here: always guessing it is right so
    /// often; `None` where nothing is labelled.
    pub largest_class: Option<(ClassId, u64)>,
}

/// How much of an evaluation split a model has seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct LeakFigures {
    /// Which; `None` for a data set without splits beside data used before.
    pub split: Option<SplitId>,
    /// Its samples.
    pub samples: u64,
    /// Those with a verified copy in a split that is trained on or was used
    /// before; where there is no such split, in any other.
    pub leaked: u64,
    /// Those among `leaked` of which a copy carries the same classes.
    pub same_label: u64,
    /// What a model that remembers its training images and no more gets
    /// right on those of `leaked` that are labelled and have a labelled copy,
    /// 0 to 1: it answers with the classes most of the copies carry, and shares
    /// out a tie. `None` where there are none.
    pub memorised: Option<f64>,
    /// Those with a verified copy in each other split, in listing order;
    /// splits without one are left out. A sample may count in several.
    pub sources: Vec<(SplitId, u64)>,
    /// Classes with a leaked sample, in listing order.
    pub classes: Vec<ClassLeak>,
}

/// [`LeakFigures`] of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassLeak {
    /// Which.
    pub class: ClassId,
    /// The split's samples of this class.
    pub samples: u64,
    /// Those leaked.
    pub leaked: u64,
}

/// How many labels of a split are in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuspectFigures {
    /// Which; `None` in a data set without splits.
    pub split: Option<SplitId>,
    /// Its samples whose label was judged.
    pub judged: u64,
    /// Those flagged. Some flags are wrong, so this is an upper bound of the
    /// wrong labels among those the check can see.
    pub suspects: u64,
    /// Those among `suspects` flagged at the stronger level.
    pub strong: u64,
}

impl LeakFigures {
    /// `leaked` of `samples`, 0 to 1.
    pub fn share(&self) -> f64 {
        share(self.leaked, self.samples)
    }
}

impl ClassLeak {
    /// `leaked` of `samples`, 0 to 1.
    pub fn share(&self) -> f64 {
        share(self.leaked, self.samples)
    }
}

impl SuspectFigures {
    /// `suspects` of `judged`, 0 to 1.
    pub fn share(&self) -> f64 {
        share(self.suspects, self.judged)
    }
}

/// `part` of `whole`; 0 of nothing.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
