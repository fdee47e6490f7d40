//! Whether samples said to belong together look so, and how often a random
//! split would tear them apart. Reads hashes and splits, no names.

use crate::checks::CheckContext;
use crate::sample::{ClassId, SampleId};
use crate::statistics::Random;

/// How much more alike neighbours are than strangers of the same class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cohesion {
    /// Mean difference of hash distances, strangers less neighbours, in bits
    /// of 64.
    pub(super) bits: f64,
    /// The same in standard errors.
    pub(super) z: f64,
    /// Pairs of neighbours compared.
    pub(super) pairs: usize,
}

impl Cohesion {
    /// Three standard errors are passed by chance once in a thousand times;
    /// two bits of 64 are the difference between two scenes' means that is
    /// worth a word.
    pub(super) fn is_clear(&self) -> bool {
        self.z >= 3.1 && self.bits >= 2.0
    }
}

/// Compares the hashes of each pair with those of a stranger: another sample
/// of the first one's class, drawn at random. `None` with fewer than eight
/// comparable pairs, too few for a standard error.
pub(super) fn cohesion(
    data: &CheckContext<'_>,
    pairs: &[(SampleId, SampleId)],
) -> Option<Cohesion> {
    let by_class = samples_by_class(data);
    let mut random = Random::seeded(0x6711);
    let differences: Vec<f64> = pairs
        .iter()
        .filter_map(|&(a, b)| {
            let own = distance(data, a, b)?;
            let class = data.listing.sample(a).labels.single();
            let strangers = by_class.get(class.map_or(by_class.len() - 1, ClassId::index))?;
            let stranger = *strangers.get(random.below(strangers.len()))?;
            if stranger == a || stranger == b {
                return None;
            }
            Some(f64::from(distance(data, a, stranger)?) - f64::from(own))
        })
        .collect();
    if differences.len() < 8 {
        return None;
    }
    let count = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>();
    let error = (squares / (count - 1.0) / count).sqrt();
    Some(Cohesion {
        bits: mean,
        z: if error > 0.0 { mean / error } else { 0.0 },
        pairs: differences.len(),
    })
}

/// Samples by class index; those without exactly one class last.
fn samples_by_class(data: &CheckContext<'_>) -> Vec<Vec<SampleId>> {
    let mut by_class = vec![Vec::new(); data.listing.classes.len() + 1];
    let last = by_class.len() - 1;
    for sample in &data.listing.samples {
        by_class[sample.labels.single().map_or(last, ClassId::index)].push(sample.id);
    }
    by_class
}

/// Bits in which the hashes of two images differ, where both have one.
pub(super) fn distance(data: &CheckContext<'_>, a: SampleId, b: SampleId) -> Option<u32> {
    let hash = |id| Some(data.fingerprints.facts(id)?.hashes?.dct);
    Some((hash(a)? ^ hash(b)?).count_ones())
}

/// How many of groups of these sizes a random split would spread over more
/// than one split: Σ (1 − Σ share^size).
pub(super) fn expected_crossings(data: &CheckContext<'_>, sizes: &[usize]) -> f64 {
    let total: u64 = data
        .classes
        .splits
        .iter()
        .map(|split| split.samples())
        .sum();
    if total == 0 {
        return 0.0;
    }
    let shares: Vec<f64> = (data.classes.splits.iter())
        .map(|split| split.samples() as f64 / total as f64)
        .collect();
    let whole = |size: usize| -> f64 {
        let exponent = i32::try_from(size).unwrap_or(i32::MAX);
        shares.iter().map(|share| share.powi(exponent)).sum()
    };
    sizes.iter().map(|&size| 1.0 - whole(size)).sum()
}
