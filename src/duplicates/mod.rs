//! Copies: pairs of samples that show the same image, verified on pixels, and the groups
//! they form. Knows nothing of splits or labels.
//!
//! In stages (`pipeline.rs`), in order of cost, each of which leaves fewer pairs to the next:
//!
//! 1. **Candidate generation** (`candidates/`). Two sources propose pairs. All pairs of
//!    64-bit DCT hashes within 8 bits, exactly, by multi-index hashing (`hash/`; Norouzi,
//!    Punjani & Fleet 2012, "Fast search in Hamming space with multi-index hashing"). And
//!    the nearest neighbours of descriptors of windows, for copies that were mirrored,
//!    rotated, cropped, padded or covered in part (`windows.rs`, `descriptor.rs`): an
//!    inverted file with a coarse quantizer (`ivf.rs`; Sivic & Zisserman 2003, "Video
//!    Google"; Jégou, Douze & Schmid 2011, "Product quantization for nearest neighbor
//!    search") over scalar-quantized descriptors (`quantized/`).
//! 2. **Registration** (`registration/`). The affine map between the two thumbnails, with
//!    gain and offset, by Gauss–Newton steps (`gauss_newton.rs`; Lucas & Kanade 1981;
//!    Evangelidis & Psarakis 2008), coarse to fine on an image pyramid (`pyramid.rs`; Burt
//!    & Adelson 1983). `scoring/cascade.rs` runs it at three sizes and rejects at each
//!    (Viola & Jones 2001).
//! 3. **Scoring** (`scoring/`). Local normalized cross-correlation (`local_ncc.rs`; Lewis
//!    1995), a robust photometric model (`photometric.rs`) and the chroma of the two give
//!    log odds by logistic regressions on planted copies (`logistic.rs`). Regions that only
//!    one of two images shows are searched in what remains (`differences.rs`).
//! 4. **Refinement** (`refinement/`, `scoring/refine.rs`). The likely pairs are decoded to
//!    256 pixels, registered and scored again; `memo/` recalls those of earlier scans.
//! 5. **Context rescoring** (`scoring/context.rs`). Among many images that resemble each
//!    other a pair must exceed what look-alikes reach by chance: the ratio test (Lowe 2004)
//!    for images without finer detail, extreme values (Gumbel 1958) for others. Groups of
//!    copies of a small image are completed before (`completion.rs`), and support each other
//!    (`scoring/vouching.rs`; Jarvis & Patrick 1973, shared nearest neighbours).
//! 6. **Transforms and groups** (`transform.rs`, `same_pixels.rs`, `contents.rs`,
//!    `groups.rs`). Names what was done to the image, compares untouched pairs pixel by
//!    pixel, lists the pairs of samples, and connects them to groups by union-find.
//!
//! A false pair has passed stages 3 to 5; a missed copy was mostly not proposed by stage 1.

mod candidates;
mod completion;
mod contents;
mod given;
mod groups;
mod images;
mod memo;
mod participants;
mod pipeline;
mod refinement;
mod registration;
mod same_pixels;
mod scoring;
mod transform;

pub(crate) use candidates::by_hashes as candidates_by_hashes;
pub use candidates::hash;
#[cfg(test)]
pub(crate) use contents::of_same_content;
pub use given::{LikelyPair, is_sound};
pub use groups::groups;
pub(crate) use images::ImageSource;
pub(crate) use memo::METHOD;
pub(crate) use memo::pairs::PairRow;
pub(crate) use pipeline::verify;
pub use pipeline::{find, find_given, likely};
pub(crate) use transform::{Image, of_map as transform_of_map};

use crate::finding::PairEvidence;
use crate::sample::SampleId;

/// Similarity below which a pair is weak: log odds of 8, which nearly all re-encoded copies
/// and half of the planted crops reach, and no pair of different photos came near
/// (docs/accuracy.md, "Pairs").
pub const WEAK: f64 = 0.9997;

/// Two samples and their relation; `a < b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The first in listing order.
    pub a: SampleId,
    /// The second.
    pub b: SampleId,
    /// What was measured.
    pub evidence: PairEvidence,
    /// Withheld by evidence beyond pixels: see `evidence::demote`.
    pub demoted: bool,
}

/// All pairs found, and what they connect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Duplicates {
    /// Sorted by `(a, b)`; every verified pair of contents, and of each the
    /// pairs of samples up to the cap. Lists and connects, but counts nothing.
    pub pairs: Vec<Pair>,
    /// Samples connected by pairs that are not demoted: each of two members or more, sorted;
    /// groups sorted by first member.
    pub groups: Vec<Vec<SampleId>>,
    /// Pairs left out because a giant group reached the cap.
    pub pairs_not_listed: u64,
    /// Candidate pairs with too little texture to score.
    pub abstained: u64,
    /// Copies were searched across splits, and not among all images of the training side.
    pub across_only: bool,
    /// Images that the search wanted to see at more detail and could not open.
    pub unopened: u64,
    /// Number of pairs after each stage, for `-v`.
    pub stages: Vec<(&'static str, u64)>,
}

impl Duplicates {
    /// Whether copies were searched for at all.
    pub fn is_searched(&self) -> bool {
        !self.stages.is_empty()
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
            let found = self.pairs[..known].binary_search_by_key(&(pair.a, pair.b), |p| (p.a, p.b));
            found.is_err()
        };
        let new: Vec<Pair> = pairs.into_iter().filter(new).collect();
        self.pairs.extend(new);
        self.pairs.sort_by_key(|pair| (pair.a, pair.b));
        self.group(count);
    }

    /// Groups `count` samples anew by the pairs that are not demoted.
    pub fn group(&mut self, count: usize) {
        let pairs = self.pairs.iter().filter(|pair| !pair.demoted);
        self.groups = groups(count, pairs.map(|pair| (pair.a, pair.b)));
    }
}

#[cfg(test)]
mod tests;
