//! What a check has to say. Knows nothing of how it was found or is shown.

mod about;
mod check_info;
mod headlines;
mod id;
mod label_opinion;
mod measured;
mod transform;

pub use about::About;
pub use check_info::{
    CONFLICTING_LABELS, CheckInfo, CheckRun, Code, CountsAs, Family, RunState, SUSPICIOUS_LABEL,
    Severity,
};
pub use headlines::{ClassLeak, Headlines, LeakFigures, SplitFigures, SuspectFigures};
pub use id::FindingId;
pub use label_opinion::{LabelBelief, LabelFlag, LabelOpinion, LabelQueue};
pub use measured::{Figure, Measured, PairEvidence, Relation};
pub use transform::{Colour, Extent, Share, Transform};

use crate::sample::{ClassId, ObjectId, SampleId, SplitId};

/// One answer worth telling.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable across runs, renames and moves.
    pub id: FindingId,
    /// The check that found it.
    pub check: &'static CheckInfo,
    /// The check's severity, unless the user set another.
    pub severity: Severity,
    /// The thing and the fact, one line; what to do next is the check's
    /// [`CheckInfo::next_step`].
    pub message: String,
    /// The samples concerned, the one to act on first. Empty for a finding
    /// about a split or the whole set.
    pub samples: Vec<SampleId>,
    /// The objects concerned, where the finding is about some: each of the sample at the
    /// same place.
    pub objects: Vec<ObjectId>,
    /// The splits concerned, in listing order.
    pub splits: Vec<SplitId>,
    /// The classes concerned, in listing order.
    pub labels: Vec<ClassId>,
    /// How strongly it holds, 0 to 1, where the check can say.
    pub score: Option<f64>,
    /// What was measured.
    pub measured: Measured,
}
