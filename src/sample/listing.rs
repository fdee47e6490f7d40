//! The list of all samples with the names they refer to. Plain data; knows
//! nothing of how it was read.

use super::{ClassId, GroupId, Object, Role, Sample, SampleId, SampleKey, Split, SplitId};

/// Everything known of a data set before an image is opened.
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
    /// The objects of all samples, those of one sample together.
    pub objects: Vec<Object>,
    /// The files that hold samples which are no files.
    pub containers: Containers,
    /// Class folders as they lie on disk, empty and passed-over ones too,
    /// sorted by split and name. Empty for a manifest.
    pub folders: Vec<ClassFolder>,
    /// What was met on the way and is no sample, sorted by key.
    pub problems: Vec<Problem>,
    /// What was passed over on purpose.
    pub skipped: Skipped,
}

/// The files that hold samples which are no files of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Containers {
    /// Each by its path from the data set's root, as a key would be written.
    pub files: Vec<SampleKey>,
    /// By sample, its place in `files`; empty where all samples are files.
    pub of: Vec<Option<u32>>,
}

/// How a data set was understood, for a person to confirm or correct.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The name for `--layout`.
    pub name: &'static str,
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
    /// A member of an archive or a row of a shard that is not read: encrypted,
    /// cut off, out of bounds or with a name that leaves the archive.
    BadMember,
    /// An annotation that a training framework passes over in silence, or that
    /// contradicts another.
    Annotation,
}

impl Listing {
    /// The sample `id` names.
    pub fn sample(&self, id: SampleId) -> &Sample {
        &self.samples[id.index()]
    }

    /// The objects of a sample.
    pub fn objects_of(&self, id: SampleId) -> &[Object] {
        let range = &self.sample(id).objects;
        (self.objects.get(range.start.index()..range.end.index())).unwrap_or_default()
    }

    /// The file that holds a sample, where it is no file itself.
    pub fn container_of(&self, id: SampleId) -> Option<&SampleKey> {
        let place = (*self.containers.of.get(id.index())?)?;
        self.containers.files.get(place as usize)
    }

    /// Whether a sample is of the data used before (`--reference`).
    pub fn is_reference(&self, sample: &Sample) -> bool {
        let role = sample.split.map(|split| self.splits[split.index()].role);
        role == Some(Role::Reference)
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

    /// What the sample's split is for; `None` for a data set without splits.
    pub fn role(&self, id: SampleId) -> Option<Role> {
        let split = self.sample(id).split?;
        Some(self.splits[split.index()].role)
    }

    /// Whether a copy of one sample in the place of the other spoils a
    /// measurement.
    pub fn is_leak(&self, a: SampleId, b: SampleId) -> bool {
        self.spoils(self.sample(a).split, self.sample(b).split)
    }

    /// Whether a copy across two places spoils a measurement: they are two, and
    /// not data trained on and data used before (`--reference`), because nothing
    /// is measured on either. What is in no split is measured on.
    pub fn spoils(&self, a: Option<SplitId>, b: Option<SplitId>) -> bool {
        let measured = |split: Option<SplitId>| {
            split.is_none_or(|split| self.splits[split.index()].role == Role::Evaluation)
        };
        a != b && (measured(a) || measured(b))
    }

    /// Whether the data set has no splits, apart from data used before.
    pub fn is_without_splits(&self) -> bool {
        self.splits
            .iter()
            .all(|split| split.role == Role::Reference)
    }

    /// How many places copies can lie in apart from each other: the splits, and
    /// what is in none.
    pub fn places(&self) -> usize {
        let outside = self.samples.iter().any(|sample| sample.split.is_none());
        self.splits.len() + usize::from(outside)
    }

    /// Whether the labels of two samples can be held against each other. Data
    /// used before may have a vocabulary of its own: only classes that both
    /// sides have are one and the same.
    pub fn are_labels_comparable(&self, a: SampleId, b: SampleId, shared: &[bool]) -> bool {
        let is_reference = |id| self.role(id) == Some(Role::Reference);
        let labels = |id| self.sample(id).labels.classes();
        if labels(a).is_empty() || labels(b).is_empty() {
            return false;
        }
        is_reference(a) == is_reference(b)
            || (labels(a).iter().chain(labels(b)))
                .all(|class| shared.get(class.index()).copied().unwrap_or(false))
    }

    /// For each class whether both the data set and the data used before have
    /// samples of it.
    pub fn shared_classes(&self) -> Vec<bool> {
        let mut met = vec![(false, false); self.classes.len()];
        for sample in &self.samples {
            let is_reference = self.role(sample.id) == Some(Role::Reference);
            for class in sample.labels.classes() {
                match is_reference {
                    true => met[class.index()].1 = true,
                    false => met[class.index()].0 = true,
                }
            }
        }
        met.into_iter().map(|(own, before)| own && before).collect()
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
