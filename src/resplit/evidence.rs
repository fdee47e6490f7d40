//! What is known of samples, for a part of them. Measures nothing anew.

use crate::duplicates::{Duplicates, Pair};
use crate::fingerprint::FingerprintTable;
use crate::sample::{ContentHash, SampleId};

/// The fingerprints of `samples`, in their order.
pub fn fingerprints_of(table: &FingerprintTable, samples: &[SampleId]) -> FingerprintTable {
    FingerprintTable::new(samples.iter().map(|&id| table.get(id).cloned()).collect())
}

/// The content of every sample, where it could be read.
pub fn contents(table: &FingerprintTable) -> Vec<Option<ContentHash>> {
    let ids = (0..table.len() as u32).map(SampleId);
    ids.map(|id| table.get(id)?.content).collect()
}

/// The pairs among `samples`, which are in listing order, under their new
/// numbers.
pub fn duplicates_of(duplicates: &Duplicates, samples: &[SampleId]) -> Duplicates {
    let place = |id: SampleId| {
        let place = samples.binary_search(&id).ok()?;
        u32::try_from(place).ok().map(SampleId)
    };
    let pairs: Vec<Pair> = (duplicates.pairs.iter())
        .filter_map(|pair| {
            Some(Pair {
                a: place(pair.a)?,
                b: place(pair.b)?,
                ..pair.clone()
            })
        })
        .collect();
    let mut of_samples = Duplicates {
        groups: Vec::new(),
        pairs,
        pairs_not_listed: duplicates.pairs_not_listed,
        abstained: duplicates.abstained,
        across_only: duplicates.across_only,
        unopened: duplicates.unopened,
        stages: duplicates.stages.clone(),
    };
    of_samples.group(samples.len());
    of_samples
}
