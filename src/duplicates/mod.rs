//! Pairs of samples that show the same image, proven on pixels, and the
//! groups they form. Knows nothing of splits or labels.

mod candidates;
mod contents;
mod directed;
mod doubt;
mod groups;
mod images;
mod memo;
mod pipeline;
mod refinement;
mod registration;
mod same_pixels;
mod scoring;
mod transform;

pub use candidates::hash;
#[cfg(test)]
pub(crate) use contents::of_same_content;
pub use directed::Directed;
pub use doubt::{Doubt, WEAK};
pub use groups::groups;
pub use memo::find;
pub(crate) use scoring::explained_map as explained;

use crate::finding::PairEvidence;
use crate::sample::SampleId;

/// Two samples and their relation; `a < b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The first in listing order.
    pub a: SampleId,
    /// The second.
    pub b: SampleId,
    /// What was measured.
    pub evidence: PairEvidence,
    /// Set aside: see [`Duplicates::set_aside`].
    pub doubtful: bool,
}

/// All pairs found, and what they connect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Duplicates {
    /// Sorted by `(a, b)`; every verified pair of contents, and of each the
    /// pairs of samples up to the cap. Lists and connects, but counts nothing.
    pub pairs: Vec<Pair>,
    /// Samples connected by pairs that are not doubtful: each of two members or more, sorted;
    /// groups sorted by first member.
    pub groups: Vec<Vec<SampleId>>,
    /// What was said of each band of weak pairs that is doubtful.
    pub doubts: Vec<Doubt>,
    /// Pairs left out because a giant group reached the cap.
    pub pairs_not_listed: u64,
    /// Candidates whose images hold too little to say.
    pub abstained: u64,
    /// How many candidates each stage kept, for `-v`.
    pub kept: Vec<(&'static str, u64)>,
}

impl Duplicates {
    /// Whether copies were searched for at all.
    pub fn is_searched(&self) -> bool {
        !self.kept.is_empty()
    }

    /// All pairs, listed or not.
    pub fn count(&self) -> u64 {
        self.pairs.len() as u64 + self.pairs_not_listed
    }

    /// Adds the pairs of another search; a pair that is known stays as it is.
    /// `count` is the number of samples.
    pub fn join(&mut self, pairs: Vec<Pair>, count: usize) {
        let known = self.pairs.len();
        let new = |pair: &Pair| {
            let place = self.pairs[..known].binary_search_by_key(&(pair.a, pair.b), |p| (p.a, p.b));
            place.is_err()
        };
        let new: Vec<Pair> = pairs.into_iter().filter(new).collect();
        self.pairs.extend(new);
        self.pairs.sort_by_key(|pair| (pair.a, pair.b));
        let believed = self.pairs.iter().filter(|pair| !pair.doubtful);
        self.groups = groups(count, believed.map(|pair| (pair.a, pair.b)));
    }
}

#[cfg(test)]
mod tests;
