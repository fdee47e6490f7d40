//! The list of all samples with the names they refer to. Plain data; knows
//! nothing of how it was read.

use super::{ClassId, GroupId, Sample, SampleId, SampleKey, Split, SplitId};

/// Everything known of a data set before a picture is opened.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// How the data set was understood.
    pub layout: Layout,
    /// In the order train, val, test, then others by name.
    pub splits: Vec<Split>,
    /// Class names, sorted.
    pub classes: Vec<String>,
    /// Names of declared groups, sorted.
    pub groups: Vec<String>,
    /// Sorted by key; `samples[i].id == SampleId(i)`.
    pub samples: Vec<Sample>,
    /// Class folders as they lie on disk, empty and passed-over ones too,
    /// sorted by split and name. Empty for a manifest.
    pub folders: Vec<ClassFolder>,
    /// What was met on the way and is no sample, sorted by key.
    pub problems: Vec<Problem>,
    /// What was passed over on purpose.
    pub skipped: Skipped,
}

/// How a data set was understood, for a person to confirm or correct.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// One line: "image folders: 3 splits (train, val, test) × 10 classes".
    pub summary: String,
    /// The flag that corrects it, with an example.
    pub correction: String,
}

/// A class folder on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFolder {
    /// The split it lies in.
    pub split: Option<SplitId>,
    /// Its name on disk (escaped as in a key).
    pub name: String,
    /// The images below it.
    pub samples: u32,
    /// Passed over by us (hidden, `.ipynb_checkpoints`, …) though a training
    /// framework's loader may take it for a class.
    pub passed_over: bool,
}

/// What was passed over on purpose, counted so that it is not a silence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Hidden files and folders, and the ones that systems and tools leave
    /// (`Thumbs.db`, `__MACOSX`, …).
    pub junk: u64,
    /// Files kept out by `--include` and `--exclude`.
    pub filtered: u64,
}

/// Something met while listing that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where: as a sample's key would be written.
    pub key: SampleKey,
    /// What.
    pub kind: ProblemKind,
    /// The fact in words, with row number or target where there is one.
    pub detail: String,
    /// The sample concerned, where it is in the listing.
    pub sample: Option<SampleId>,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A file that is no image, by name and content.
    NotAnImage,
    /// A folder or file that cannot be opened.
    Unreadable,
    /// A symbolic link that leads back to a folder above it.
    LinkLoop,
    /// A symbolic link that leads nowhere.
    BrokenLink,
    /// The same file on disk reached twice, by link or by hard link.
    SameFileTwice,
    /// A class folder without any image.
    EmptyFolder,
    /// Images of a data set with splits that lie in none of them, and so are
    /// not scanned.
    OutsideSplits,
    /// A manifest row that names a file which is not there.
    MissingFile,
    /// A manifest row that repeats another.
    DuplicateRow,
}

impl Listing {
    /// The sample `id` names.
    pub fn sample(&self, id: SampleId) -> &Sample {
        &self.samples[id.index()]
    }

    /// The name of a class.
    pub fn class_name(&self, id: ClassId) -> &str {
        &self.classes[id.index()]
    }

    /// The name of a group.
    pub fn group_name(&self, id: GroupId) -> &str {
        &self.groups[id.index()]
    }

    /// The split's name, or nothing for a data set without splits.
    pub fn split_name(&self, id: Option<SplitId>) -> Option<&str> {
        id.map(|id| self.splits[id.index()].name.as_str())
    }

    /// The names of a sample's classes joined by `;`, empty if unlabelled.
    pub fn label_text(&self, id: SampleId) -> String {
        let names: Vec<&str> = self
            .sample(id)
            .labels
            .classes()
            .iter()
            .map(|&class| self.class_name(class))
            .collect();
        names.join(";")
    }
}
