//! The samples of a data set and what is declared about them. Reads no pixels
//! and no files.

mod key;
mod listing;
mod location;
mod object;
mod split_names;

use std::ops::Range;

pub use key::{ContentHash, SampleKey, escaped};
pub use listing::{ClassFolder, Containers, Layout, Listing, Problem, ProblemKind, Skipped};
pub use location::Location;
pub use object::{Bounds, Object, ObjectFlags, ObjectId, Rect};
pub use split_names::{SPELLINGS, SplitLike, canonical_split};

/// Index of a sample in its [`Listing`], which is sorted by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleId(pub u32);

/// Index of a split in its [`Listing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SplitId(pub u16);

/// Index of a class in its [`Listing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// Index of a declared group in its [`Listing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

impl SampleId {
    /// The index as a slice wants it.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl SplitId {
    /// The index as a slice wants it.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl ClassId {
    /// The index as a slice wants it.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl GroupId {
    /// The index as a slice wants it.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a split is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A model learns from it.
    Train,
    /// A model is tuned or tested on it.
    Evaluation,
    /// Data used before, given to compare with (`--reference`).
    Reference,
}

/// A part of the data set: train, val, test or one the user named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Canonical name: `train`, `val`, `test`, or the name given.
    pub name: String,
    /// What it is for.
    pub role: Role,
}

impl Split {
    /// A split by its canonical `name`; anything but `train` is for
    /// evaluation, because a copy of it elsewhere spoils a measurement.
    pub fn named(name: &str) -> Self {
        let role = if name == "train" {
            Role::Train
        } else {
            Role::Evaluation
        };
        Self {
            name: name.to_owned(),
            role,
        }
    }
}

/// The classes given to one sample.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Labels {
    /// Unlabelled.
    #[default]
    None,
    /// One class, the usual case.
    One(ClassId),
    /// Several classes, sorted, without repeats.
    Many(Box<[ClassId]>),
}

impl Labels {
    /// All classes given, in class order.
    pub fn classes(&self) -> &[ClassId] {
        match self {
            Self::None => &[],
            Self::One(class) => std::slice::from_ref(class),
            Self::Many(classes) => classes,
        }
    }

    /// The class, if there is exactly one.
    pub fn single(&self) -> Option<ClassId> {
        match self.classes() {
            [class] => Some(*class),
            _ => None,
        }
    }

    /// Sorts `classes`, drops repeats, and takes the smallest form.
    pub fn from_classes(mut classes: Vec<ClassId>) -> Self {
        classes.sort_unstable();
        classes.dedup();
        match classes[..] {
            [] => Self::None,
            [class] => Self::One(class),
            _ => Self::Many(classes.into_boxed_slice()),
        }
    }
}

/// The objects of a sample that has none.
pub const NO_OBJECTS: Range<ObjectId> = ObjectId(0)..ObjectId(0);

/// One image with its annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its place in the listing.
    pub id: SampleId,
    /// Its name for people and for tables.
    pub key: SampleKey,
    /// The split it belongs to, if the data set has splits.
    pub split: Option<SplitId>,
    /// The classes given to it; of a detection set, those of its objects.
    pub labels: Labels,
    /// Its objects in [`Listing::objects`]; empty where only labels are given.
    pub objects: Range<ObjectId>,
    /// The group (patient, video, …) declared for it.
    pub group: Option<GroupId>,
}
