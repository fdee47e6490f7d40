//! Flaws that most images of a split or of a class share. Judges no image.

use std::collections::BTreeMap;

use super::Flaw;
use crate::sample::{ClassId, Listing, Sample, SplitId};

/// How many images of each split and class have each flaw.
#[derive(Debug, Default)]
pub(super) struct Shared {
    of_split: BTreeMap<(SplitId, Flaw), usize>,
    of_class: BTreeMap<(ClassId, Flaw), usize>,
    splits: BTreeMap<SplitId, usize>,
    classes: BTreeMap<ClassId, usize>,
}

/// A split or class of fewer images has no manner of its own.
const FEWEST: usize = 5;

impl Shared {
    /// Counts the flaws found, one row a sample of `listing`.
    pub(super) fn of(listing: &Listing, found: &[Option<Vec<(Flaw, f64)>>]) -> Self {
        let mut shared = Self::default();
        for (sample, found) in listing.samples.iter().zip(found) {
            let Some(found) = found else { continue };
            let class = sample.labels.single();
            if let Some(split) = sample.split {
                *shared.splits.entry(split).or_default() += 1;
            }
            if let Some(class) = class {
                *shared.classes.entry(class).or_default() += 1;
            }
            for &(flaw, _) in found {
                if let Some(split) = sample.split {
                    *shared.of_split.entry((split, flaw)).or_default() += 1;
                }
                if let Some(class) = class {
                    *shared.of_class.entry((class, flaw)).or_default() += 1;
                }
            }
        }
        shared
    }

    /// Whether more than half of the images of the sample's split, or of its
    /// class, have the flaw.
    pub(super) fn by_most(&self, sample: &Sample, flaw: Flaw) -> bool {
        let most = |having: Option<&usize>, of: Option<&usize>| {
            let of = of.copied().unwrap_or(0);
            of >= FEWEST && 2 * having.copied().unwrap_or(0) > of
        };
        let in_split = |split| most(self.of_split.get(&(split, flaw)), self.splits.get(&split));
        let in_class = |class| most(self.of_class.get(&(class, flaw)), self.classes.get(&class));
        sample.split.is_some_and(in_split) || sample.labels.single().is_some_and(in_class)
    }
}
