//! From fingerprints to verified pairs. Knows nothing of splits or labels.

use std::collections::BTreeMap;

use super::candidates::hash::pairs_within;
use super::images::LookedAt;
use super::pipeline::prove;
use super::same_pixels::same_pixels;
use super::{Duplicates, Pair, groups};
use crate::executor::{Executor, Interrupted};
use crate::finding::{PairEvidence, Relation, Transform};
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::SampleId;

/// The least similarity of a pair worth telling: see docs/accuracy.md, "Pairs".
pub(crate) const CUT: f32 = 0.8;

/// Pairs of one group of equal files listed in full; of a larger group only
/// those with its first member are, so that ten thousand copies of one
/// image make ten thousand pairs and not fifty million. This is a limit of
/// the list: whoever counts copies goes by contents, as `checks/pairs.rs` does.
const WHOLE_GROUP: usize = 300;

/// Bits, of 64, within which hashes propose a pair whatever the descriptors
/// say: re-encoded and resized copies differ in 6 at most (docs/design.md,
/// "Decisions"), and pixels decide afterwards.
const RADIUS: u32 = 8;

/// Partners that one image may have by its hash alone; a set of look-alikes
/// would else propose all its pairs.
const NEAREST: usize = 16;

/// Finds all pairs: files of equal content, and images that prove to be the
/// same on their pixels. What is seen of a pair is kept under `method`.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub(crate) fn find(
    table: &FingerprintTable,
    images: &Images,
    method: &str,
    executor: &Executor,
) -> Result<Duplicates, Interrupted> {
    executor.stop().check()?;
    let copies = by_content(table);
    let looked_at = LookedAt {
        table,
        images,
        copies: &copies,
        method,
    };
    let hinted = alike_by_hash(table, &copies, executor)?;
    let proof = prove(copies.len(), &looked_at, &hinted, CUT, executor)?;
    let same = same_pixels(&proof, &looked_at, executor)?;

    let mut found = Duplicates {
        abstained: proof.abstained,
        kept: proof.kept.clone(),
        ..of_same_content(&copies)
    };
    for (proven, exact) in proof.pairs.iter().zip(same.proven) {
        let (a, b) = (
            &copies[proven.first as usize],
            &copies[proven.second as usize],
        );
        let evidence = if exact {
            identical()
        } else {
            PairEvidence {
                relation: proven.relation,
                transform: proven.transform,
                distance: distance(table, a[0], b[0]),
                similarity: f64::from(proven.similarity),
            }
        };
        expand(&mut found, a, b, &evidence);
    }
    let group = |index: u32| &copies[index as usize];
    for (a, b) in same.others {
        expand(&mut found, group(a), group(b), &identical());
    }
    for equals in same.groups {
        for (i, &a) in equals.iter().enumerate() {
            for &b in &equals[i + 1..] {
                // As of files that are equal byte by byte.
                if equals.len() <= WHOLE_GROUP || i == 0 {
                    expand(&mut found, group(a), group(b), &identical());
                } else {
                    found.pairs_not_listed += (group(a).len() * group(b).len()) as u64;
                }
            }
        }
    }
    found.pairs.sort_by_key(|pair| (pair.a, pair.b));
    // An image may be thin and yet be compared.
    found.pairs.dedup_by_key(|pair| (pair.a, pair.b));
    found.groups = groups(table.len(), found.pairs.iter().map(|pair| (pair.a, pair.b)));
    Ok(found)
}

/// The pairs of samples of equal content, before those that pixels prove.
pub(crate) fn of_same_content(copies: &[Vec<SampleId>]) -> Duplicates {
    let mut found = Duplicates::default();
    for group in copies {
        expand(&mut found, group, group, &identical());
    }
    found
}

/// The samples of each distinct content whose image could be seen, in
/// listing order.
fn by_content(table: &FingerprintTable) -> Vec<Vec<SampleId>> {
    let mut copies: BTreeMap<_, Vec<SampleId>> = BTreeMap::new();
    for (id, row) in table.iter() {
        if let (Some(content), Ok(_)) = (row.content, &row.image) {
            copies.entry(content).or_default().push(id);
        }
    }
    let mut copies: Vec<_> = copies.into_values().collect();
    copies.sort();
    copies
}

/// Pairs of distinct contents whose DCT hashes lie within [`RADIUS`], by their
/// index in `copies`.
fn alike_by_hash(
    table: &FingerprintTable,
    copies: &[Vec<SampleId>],
    executor: &Executor,
) -> Result<Vec<(u32, u32)>, Interrupted> {
    let hashes: Vec<Option<u64>> = (copies.iter())
        .map(|copies| Some(table.facts(*copies.first()?)?.hashes?.dct))
        .collect();
    let joined = pairs_within(&hashes, RADIUS, NEAREST, executor)?;
    Ok(joined.pairs.into_iter().map(|(a, b, _)| (a, b)).collect())
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

/// Lists the pairs between the copies `a` and the copies `b`, or among one
/// group of copies where both are the same.
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
                    doubtful: false,
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
