//! From fingerprints to verified pairs. Knows nothing of splits or labels.

use std::collections::BTreeMap;

use super::{Duplicates, Pair};
use crate::executor::{Executor, Interrupted};
use crate::finding::{PairEvidence, Relation, Transform};
use crate::fingerprint::{FingerprintTable, Pictures};
use crate::sample::SampleId;

/// Finds all pairs.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn find(
    table: &FingerprintTable,
    _pictures: &Pictures,
    executor: &Executor,
) -> Result<Duplicates, Interrupted> {
    executor.stop().check()?;
    let mut by_content: BTreeMap<_, Vec<SampleId>> = BTreeMap::new();
    for (id, row) in table.iter() {
        if let (Some(content), Ok(_)) = (row.content, &row.image) {
            by_content.entry(content).or_default().push(id);
        }
    }
    let groups: Vec<Vec<SampleId>> = by_content.into_values().filter(|g| g.len() > 1).collect();
    let mut pairs: Vec<Pair> = groups
        .iter()
        .flat_map(|group| {
            group.iter().enumerate().flat_map(|(i, &a)| {
                group[i + 1..].iter().map(move |&b| Pair {
                    a,
                    b,
                    evidence: PairEvidence {
                        relation: Relation::Exact,
                        transform: Transform::default(),
                        distance: Some(0),
                        similarity: 1.0,
                    },
                })
            })
        })
        .collect();
    pairs.sort_by_key(|pair| (pair.a, pair.b));
    let mut duplicates = Duplicates {
        pairs,
        groups,
        ..Duplicates::default()
    };
    duplicates.groups.sort();
    Ok(duplicates)
}
