//! Questions asked of the data. Each check is one file and knows no other.

#[macro_use]
mod declare;
mod context;
mod differences;
pub mod distribution;
pub mod files;
pub mod labels;
pub mod leakage;
#[cfg(test)]
mod multisets;
pub mod objects;
mod pairs;
mod ranges;
pub mod registry;
pub mod selector;
pub mod shortcuts;
mod words;

pub use context::{CheckContext, Findings, NewFinding};
pub use declare::{Declared, SettingsError};

use thiserror::Error;

use crate::executor::Interrupted;
use crate::finding::CheckInfo;

/// What a check reads beyond the listing. Only what some selected check needs
/// is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Fingerprints: every file is read.
    pub fingerprints: bool,
    /// Fingerprints, if the set has objects: their boxes are put into pixels.
    pub boxes: bool,
    /// Content hashes of splits that may hold the same files: their files are read.
    pub contents: bool,
    /// Verified duplicate pairs and groups. Implies `fingerprints`.
    pub duplicates: bool,
    /// The label model's judgement. Implies `duplicates`.
    pub label_model: bool,
    /// The ground that each image covers: headers of images that lie on earth are read.
    pub footprints: bool,
    /// Objects carried over to images that show the same. Implies `duplicates`.
    pub carried_objects: bool,
    /// Images up to which links of one scene are searched; 0 for not at all.
    /// Implies `duplicates`.
    pub scenes_up_to: usize,
    /// Objects up to which the label model judges them by their crops; 0 for not at
    /// all. Implies `duplicates`.
    pub objects_up_to: usize,
    /// Objects up to which they are compared with those of other images; 0 for not at
    /// all. Implies `duplicates`.
    pub object_copies_up_to: usize,
}

impl Needs {
    /// What both together need.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            fingerprints: self.fingerprints || other.fingerprints,
            boxes: self.boxes || other.boxes,
            contents: self.contents || other.contents,
            duplicates: self.duplicates || other.duplicates,
            label_model: self.label_model || other.label_model,
            footprints: self.footprints || other.footprints,
            carried_objects: self.carried_objects || other.carried_objects,
            scenes_up_to: self.scenes_up_to.max(other.scenes_up_to),
            objects_up_to: self.objects_up_to.max(other.objects_up_to),
            object_copies_up_to: self.object_copies_up_to.max(other.object_copies_up_to),
        }
    }

    /// Whether images have to be opened, of a set with objects or without.
    pub fn opens_images(self, has_objects: bool) -> bool {
        self.fingerprints || self.boxes && has_objects || self.searches_copies()
    }

    /// Whether pairs have to be searched for.
    pub fn searches_copies(self) -> bool {
        let bounds = [
            self.scenes_up_to,
            self.objects_up_to,
            self.object_copies_up_to,
        ];
        self.duplicates
            || self.carried_objects
            || self.label_model
            || bounds.iter().any(|&bound| bound > 0)
    }
}

/// How a check that did not fail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// It checked all that it had to.
    Completed,
    /// Nothing in the data can be checked; why, in words for the report.
    NotApplicable(String),
}

/// Why a check failed.
#[derive(Debug, Error)]
pub enum CheckError {
    /// The user asked to stop.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// It cannot judge, for a fault of its own or of the machine.
    #[error("{0}")]
    Failed(String),
}

/// A question asked of the data.
pub trait Check: Send + Sync {
    /// Its declaration.
    fn info(&self) -> &'static CheckInfo;

    /// What it reads.
    fn needs(&self) -> Needs;

    /// Runs the check, and reports to `out` what it finds.
    ///
    /// # Errors
    /// When it cannot judge; the verdict is then incomplete.
    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError>;
}
