//! How good single images are as files: size, exposure, sharpness, format. By
//! header and thumbnail statistics; opens no image and compares no labels.

mod flaws;
mod shared;
mod typical;

pub use flaws::Flaw;

use crate::fingerprint::FingerprintTable;
use crate::sample::{Listing, SampleId};
use shared::Shared;
use typical::Typical;

/// What can be said against one image.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// 1 for an image without flaw; below it, how near the worst flaw is to
    /// making the image useless, 0 to 1.
    pub score: f64,
    /// All flaws, in the order of the variants.
    pub flaws: Vec<Flaw>,
}

/// The quality of all images of a data set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityTable {
    rows: Vec<Option<Quality>>,
}

impl QualityTable {
    /// Judges every image that was seen, each against fixed bars and, for
    /// size and colour, against the rest of the set.
    pub fn of(listing: &Listing, fingerprints: &FingerprintTable) -> Self {
        let typical = Typical::of(fingerprints);
        let found: Vec<Option<Vec<(Flaw, f64)>>> = (listing.samples.iter())
            .map(|sample| {
                let facts = fingerprints.facts(sample.id)?;
                Some(flaws::judge(sample.key.as_str(), facts, &typical))
            })
            .collect();
        let shared = Shared::of(listing, &found);
        let rows = listing.samples.iter().zip(found).map(|(sample, found)| {
            let mut found = found?;
            found.retain(|&(flaw, _)| !(flaw.is_relative() && shared.by_most(sample, flaw)));
            let worst = found.iter().map(|(_, score)| *score).fold(1.0, f64::min);
            Some(Quality {
                score: worst,
                flaws: found.into_iter().map(|(flaw, _)| flaw).collect(),
            })
        });
        Self {
            rows: rows.collect(),
        }
    }

    /// The quality of a sample's image, if it was seen.
    pub fn get(&self, id: SampleId) -> Option<&Quality> {
        self.rows.get(id.index())?.as_ref()
    }

    /// The samples with a flaw, in listing order.
    pub fn having(&self, flaw: Flaw) -> impl Iterator<Item = SampleId> + '_ {
        (0..)
            .map(SampleId)
            .zip(&self.rows)
            .filter(move |(_, row)| row.as_ref().is_some_and(|row| row.flaws.contains(&flaw)))
            .map(|(id, _)| id)
    }
}
