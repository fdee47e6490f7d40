//! Files of equal content: compared once, and listed as pairs of samples. Compares no pixels.

use std::collections::BTreeMap;

use super::pipeline::Verified;
use super::same_pixels::SamePixels;
use super::{Duplicates, Pair, groups};
use crate::finding::{PairEvidence, Relation, Transform};
use crate::fingerprint::FingerprintTable;
use crate::sample::SampleId;

/// Pairs of one group of equal files listed in full; of a larger group only those with its
/// first member are, so that ten thousand copies of one image make ten thousand pairs and
/// not fifty million. This is a limit of the list: counts of copies go by contents, as
/// `checks/pairs.rs` does.
const WHOLE_GROUP: usize = 300;

/// The samples of each distinct content whose image could be decoded, in listing order.
pub(super) fn distinct(table: &FingerprintTable) -> Vec<Vec<SampleId>> {
    let mut contents: BTreeMap<_, Vec<SampleId>> = BTreeMap::new();
    for (id, row) in table.iter() {
        if let (Some(content), Ok(_)) = (row.content, &row.image) {
            contents.entry(content).or_default().push(id);
        }
    }
    let mut contents: Vec<_> = contents.into_values().collect();
    contents.sort();
    contents
}

/// The perceptual hash of each content.
pub(super) fn hashes(table: &FingerprintTable, contents: &[Vec<SampleId>]) -> Vec<Option<u64>> {
    (contents.iter())
        .map(|samples| Some(table.facts(*samples.first()?)?.hashes?.dct))
        .collect()
}

/// All pairs of samples and their groups, from the verified pairs of `contents`.
pub(super) fn list_pairs(
    table: &FingerprintTable,
    contents: &[Vec<SampleId>],
    verified: &Verified,
    same: SamePixels,
) -> Duplicates {
    let mut found = Duplicates {
        abstained: verified.abstained,
        stages: verified.stages.clone(),
        ..of_same_content(contents)
    };
    let content = |index: u32| &contents[index as usize];
    for (pair, exact) in verified.pairs.iter().zip(same.verified) {
        let (a, b) = (content(pair.first), content(pair.second));
        let evidence = if exact {
            identical()
        } else {
            PairEvidence {
                relation: pair.relation,
                transform: pair.transform,
                distance: distance(table, a[0], b[0]),
                similarity: f64::from(pair.similarity),
            }
        };
        expand(&mut found, a, b, &evidence);
    }
    for (a, b) in same.others {
        expand(&mut found, content(a), content(b), &identical());
    }
    for equals in same.groups {
        for (i, &a) in equals.iter().enumerate() {
            for &b in &equals[i + 1..] {
                // As for files that are equal byte by byte.
                if equals.len() <= WHOLE_GROUP || i == 0 {
                    expand(&mut found, content(a), content(b), &identical());
                } else {
                    found.pairs_not_listed += (content(a).len() * content(b).len()) as u64;
                }
            }
        }
    }
    found.pairs.sort_by_key(|pair| (pair.a, pair.b));
    // A thin image may still have been registered.
    found.pairs.dedup_by_key(|pair| (pair.a, pair.b));
    found.groups = groups(table.len(), found.pairs.iter().map(|pair| (pair.a, pair.b)));
    found
}

/// The pairs of samples of equal content.
pub(crate) fn of_same_content(contents: &[Vec<SampleId>]) -> Duplicates {
    let mut found = Duplicates::default();
    for samples in contents {
        expand(&mut found, samples, samples, &identical());
    }
    found
}

fn identical() -> PairEvidence {
    PairEvidence {
        relation: Relation::Exact,
        transform: Transform::default(),
        distance: Some(0),
        similarity: 1.0,
    }
}

/// Bits in which the perceptual hashes of two samples differ.
fn distance(table: &FingerprintTable, a: SampleId, b: SampleId) -> Option<u32> {
    let hash = |id| Some(table.facts(id)?.hashes?.dct);
    Some((hash(a)? ^ hash(b)?).count_ones())
}

/// Lists the pairs between the samples `a` of one content and the samples `b` of another, or
/// among those of one content where both are the same.
fn expand(found: &mut Duplicates, a: &[SampleId], b: &[SampleId], evidence: &PairEvidence) {
    let same = a.first() == b.first();
    let all = if same {
        a.len() * (a.len() - 1) / 2
    } else {
        a.len() * b.len()
    };
    let whole = a.len().max(b.len()) <= WHOLE_GROUP;
    let before = found.pairs.len();
    for (i, &x) in a.iter().enumerate() {
        let partners = if same { &b[i + 1..] } else { b };
        for (j, &y) in partners.iter().enumerate() {
            if whole || i == 0 || (!same && j == 0) {
                let evidence = if x < y {
                    evidence.clone()
                } else {
                    PairEvidence {
                        transform: evidence.transform.reversed(),
                        ..evidence.clone()
                    }
                };
                found.pairs.push(Pair {
                    a: x.min(y),
                    b: x.max(y),
                    evidence,
                    demoted: false,
                });
            }
            if !whole && i > 0 {
                break;
            }
        }
        if !whole && same {
            break;
        }
    }
    found.pairs_not_listed += (all - (found.pairs.len() - before)) as u64;
}
