//! What an earlier scan said of the very same samples, labels and groups, if
//! there was one. Judges nothing itself.

use super::{Material, Said};
use crate::executor::Interrupted;
use crate::features::Vectors;
use crate::fingerprint::Memo;
use crate::fingerprint::cache::Key;
use crate::label_model::Settings;
use crate::sample::SampleId;

/// Names what is kept. The number counts changes to the built-in features, to
/// how labels are judged, or to what is said of them: raise it with every such
/// change. The test `what_is_kept_changes_only_with_its_method` notices the
/// last.
pub(super) const METHOD: &str = "labels 5";

/// What samples are judged from.
#[derive(Clone, Copy)]
pub(super) enum Basis<'a> {
    /// Built-in features of the images.
    Images,
    /// Vectors, one a sample.
    Vectors(&'a Vectors),
}

/// What a judgement of `ids` in `groups` depends on; `None` where nothing is
/// kept.
pub(super) fn key(
    material: Material<'_>,
    ids: &[SampleId],
    groups: &[u32],
    basis: Basis<'_>,
    settings: &Settings,
) -> Option<Key> {
    if !material.images.memo.is_kept() {
        return None;
    }
    let mut samples: Vec<u8> = Vec::with_capacity(ids.len() * 32);
    for (&id, group) in ids.iter().zip(groups) {
        let classes = material.listing.sample(id).labels.classes();
        samples.extend((classes.len() as u64).to_le_bytes());
        samples.extend(classes.iter().flat_map(|class| class.0.to_le_bytes()));
        samples.extend(group.to_le_bytes());
        if matches!(basis, Basis::Images) {
            samples.extend(material.fingerprints.get(id)?.content?.0);
        }
    }
    let none = Vectors::default();
    let vectors = match basis {
        Basis::Images => &none,
        Basis::Vectors(rows) => rows,
    };
    let width = vectors.dim() as u64;
    let vectors = of_vectors(vectors);
    let counts = [material.listing.classes.len() as u64, width];
    let counts = counts.map(u64::to_le_bytes).concat();
    let counts = [&counts[..], &of_settings(settings)].concat();
    Some(Key::of_parts(
        METHOD,
        [&counts[..], &samples, vectors.as_bytes()],
    ))
}

/// A hash of all numbers.
pub(super) fn of_vectors(vectors: &Vectors) -> blake3::Hash {
    let mut hash = blake3::Hasher::new();
    let mut bytes = Vec::new();
    for row in 0..vectors.len() {
        bytes.clear();
        let numbers = vectors.row(row).iter();
        bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
        hash.update(&bytes);
    }
    hash.finalize()
}

/// All settings, as bytes.
pub(super) fn of_settings(settings: &Settings) -> Vec<u8> {
    let &Settings {
        chunk,
        neighbors,
        likely,
        strong,
        cluster_size,
        least_precision,
        seed,
    } = settings;
    let numbers = [
        chunk as u64,
        neighbors as u64,
        likely.to_bits(),
        strong.to_bits(),
        cluster_size as u64,
        least_precision.to_bits(),
        seed,
    ];
    numbers.map(u64::to_le_bytes).concat()
}

/// What was said under `key`.
pub(super) fn known(key: Option<Key>, memo: &Memo) -> Option<Said> {
    let bytes = key.and_then(|key| memo.verdict(key))?;
    postcard::from_bytes(&bytes).ok()
}

/// What was said under `key`, or else what `judge` says.
///
/// # Errors
/// Those of `judge`.
pub(super) fn or_else(
    key: Option<Key>,
    memo: &Memo,
    judge: impl FnOnce() -> Result<Said, Interrupted>,
) -> Result<Said, Interrupted> {
    if let Some(said) = known(key, memo) {
        return Ok(said);
    }
    let said = judge()?;
    if let (Some(key), Ok(bytes)) = (key, postcard::to_stdvec(&said)) {
        memo.keep_verdict(key, bytes);
    }
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label_model::{
        Belief, ClassAdvice, Cluster, Doubt, Judged, JudgedMany, Judgement, Level, ManyJudgement,
        OneClass, Outlier, TwoClasses,
    };
    use crate::neighbors::Neighbor;

    fn one() -> Said {
        let near = |row| Neighbor {
            row,
            similarity: 0.25,
        };
        Said::One(Judgement {
            samples: vec![Judged {
                score: 0.5,
                suggested: 1,
                suggested_score: 0.75,
                alternative: 2,
                log_odds: -1.5,
                posterior: Some(0.25),
                level: Some(Level::Strong),
                agreeing: vec![near(3)],
                disagreeing: vec![near(4), near(5)],
            }],
            belief: Belief {
                accuracy: 0.125,
                majority: 0.5,
                temperature: 2.0,
                unusable: Some("why".to_owned()),
                queue: None,
            },
            clusters: vec![Cluster {
                samples: vec![6, 7],
                given: 8,
                suggested: 9,
                coherence: 0.5,
                groups: 10,
                log_odds: 0.5,
                p_value: 0.25,
            }],
            outliers: vec![Outlier {
                sample: 11,
                distance: 0.5,
                deviations: 0.25,
            }],
            advice: ClassAdvice {
                split: vec![TwoClasses {
                    class: 12,
                    halves: [vec![13], vec![14]],
                    between: 0.5,
                    crossing: 0.25,
                }],
                merged: vec![OneClass {
                    classes: [15, 16],
                    auroc: 0.5,
                }],
            },
        })
    }

    fn many() -> Said {
        Said::Many(ManyJudgement {
            samples: vec![JudgedMany {
                score: 0.5,
                doubts: vec![Doubt {
                    label: 1,
                    given: true,
                    score: 0.25,
                    level: Level::Likely,
                }],
            }],
            aurocs: vec![None, Some(0.5)],
            unusable: None,
        })
    }

    #[test]
    fn what_is_kept_comes_back() {
        for said in [Said::Nothing("why".to_owned()), one(), many()] {
            let bytes = postcard::to_stdvec(&said).expect("written");
            assert_eq!(postcard::from_bytes::<Said>(&bytes), Ok(said));
        }
    }

    #[test]
    fn what_is_kept_changes_only_with_its_method() {
        let bytes = postcard::to_stdvec(&[one(), many()]).expect("written");
        let digest = blake3::hash(&bytes).to_hex();
        assert_eq!(
            (METHOD, &digest[..16]),
            ("labels 5", "de6175fada7b4178"),
            "what is said has another shape: raise METHOD, then put both here"
        );
    }
}
