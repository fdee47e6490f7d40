//! Samples of each class in each split. Compares nothing.

use crate::sample::{ClassId, Listing, SplitId};

/// What one split holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCounts {
    /// Which; `None` for samples outside any split.
    pub split: Option<SplitId>,
    /// Samples of each class of the listing, by class index. A sample with
    /// several labels counts in each of its classes.
    pub counts: Vec<u64>,
    /// Objects of each class, by class index; empty where the data set has none.
    pub objects: Vec<u64>,
    /// Samples with at least one label.
    pub labelled: u64,
    /// Samples without.
    pub unlabelled: u64,
}

impl SplitCounts {
    /// The part of labelled samples that have this class, 0 to 1.
    pub fn share(&self, class: ClassId) -> f64 {
        if self.labelled == 0 {
            0.0
        } else {
            self.count(class) as f64 / self.labelled as f64
        }
    }

    /// Samples of a class.
    pub fn count(&self, class: ClassId) -> u64 {
        self.counts.get(class.index()).copied().unwrap_or(0)
    }

    /// Objects of a class; `None` where the data set has no objects.
    pub fn objects_of(&self, class: ClassId) -> Option<u64> {
        self.objects.get(class.index()).copied()
    }

    /// All samples, labelled or not.
    pub fn samples(&self) -> u64 {
        self.labelled + self.unlabelled
    }

    /// The classes with samples here, in class order.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> {
        (0..)
            .map(ClassId)
            .zip(&self.counts)
            .filter(|&(_, &count)| count > 0)
            .map(|(class, _)| class)
    }

    /// The class with most samples and their number; the first of equals.
    pub fn majority(&self) -> Option<(ClassId, u64)> {
        self.classes()
            .map(|class| (class, self.count(class)))
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

/// What all splits hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Every split in listing order, empty ones too; samples outside any split
    /// last, if there are such.
    pub splits: Vec<SplitCounts>,
    /// Some sample has more than one label.
    pub multi_label: bool,
}

/// Counts the samples of `listing` by split and class.
pub fn count(listing: &Listing) -> ClassCounts {
    let with_objects = match listing.objects.is_empty() {
        true => 0,
        false => listing.classes.len(),
    };
    let empty = |split| SplitCounts {
        split,
        counts: vec![0; listing.classes.len()],
        objects: vec![0; with_objects],
        labelled: 0,
        unlabelled: 0,
    };
    let mut splits: Vec<SplitCounts> = (0..listing.splits.len())
        .map(|index| empty(u16::try_from(index).ok().map(SplitId)))
        .collect();
    let mut outside = empty(None);
    let mut multi_label = false;
    for sample in &listing.samples {
        let of_split = match sample.split {
            Some(split) => &mut splits[split.index()],
            None => &mut outside,
        };
        let classes = sample.labels.classes();
        multi_label |= classes.len() > 1;
        if classes.is_empty() {
            of_split.unlabelled += 1;
        } else {
            of_split.labelled += 1;
        }
        for class in classes {
            of_split.counts[class.index()] += 1;
        }
        for object in listing.objects_of(sample.id) {
            of_split.objects[object.class.index()] += 1;
        }
    }
    if outside.samples() > 0 {
        splits.push(outside);
    }
    ClassCounts {
        splits,
        multi_label,
    }
}

impl ClassCounts {
    /// All splits taken together.
    pub fn together(&self) -> SplitCounts {
        let classes = self.splits.first().map_or(0, |split| split.counts.len());
        let mut all = SplitCounts {
            split: None,
            counts: vec![0; classes],
            objects: vec![0; self.splits.first().map_or(0, |split| split.objects.len())],
            labelled: 0,
            unlabelled: 0,
        };
        for split in &self.splits {
            all.labelled += split.labelled;
            all.unlabelled += split.unlabelled;
            for (sum, count) in all.counts.iter_mut().zip(&split.counts) {
                *sum += count;
            }
            for (sum, count) in all.objects.iter_mut().zip(&split.objects) {
                *sum += count;
            }
        }
        all
    }
}
