//! However many copies there are of an image, every figure counts them all:
//! random multisets over splits and labels, against brute force.

use proptest::prelude::*;

use super::registry;
use super::{CheckContext, Findings};
use crate::decode::DecodeFailure;
use crate::distribution;
use crate::duplicates::of_same_content;
use crate::evidence::Evidence;
use crate::executor::{Executor, StopFlag};
use crate::finding::{Finding, LeakFigures};
use crate::fingerprint::{Fingerprint, FingerprintTable};
use crate::headlines::{DropSide, Linked, drops, headlines};
use crate::sample::{
    ClassId, ContentHash, Labels, Listing, Sample, SampleId, SampleKey, Split, SplitId,
};

/// A sample by content, split and class.
type Drawn = (u8, u16, u32);

struct Set {
    evidence: Evidence,
}

impl Set {
    fn of(samples: &[Drawn]) -> Self {
        let row = |content| Fingerprint {
            content: Some(ContentHash([content; 16])),
            bytes: 1,
            image: Err(DecodeFailure::Empty),
        };
        let listing = Listing {
            splits: ["train", "val", "test"].map(Split::named).to_vec(),
            classes: vec!["a".to_owned(), "b".to_owned()],
            samples: (0..)
                .zip(samples)
                .map(|(id, &(_, split, class))| Sample {
                    id: SampleId(id),
                    key: SampleKey::from_path(format!("{id}.png").as_ref()),
                    split: Some(SplitId(split)),
                    labels: Labels::from_classes(vec![ClassId(class)]),
                    objects: crate::sample::NO_OBJECTS,
                    group: None,
                })
                .collect(),
            ..Listing::default()
        };
        let evidence = Evidence {
            classes: distribution::count(&listing),
            listing,
            fingerprints: FingerprintTable::new(samples.iter().map(|s| Some(row(s.0))).collect()),
            ..Evidence::default()
        };
        Self { evidence }
    }

    /// The findings of the checks of these codes, and the pairs found.
    fn findings(
        &self,
        samples: &[Drawn],
        codes: &[&str],
    ) -> (Vec<Finding>, Vec<(SampleId, SampleId)>) {
        let ids = (0u32..).map(SampleId).zip(samples);
        let of_content = |content| -> Vec<SampleId> {
            let own = ids.clone().filter(|(_, sample)| sample.0 == content);
            own.map(|(id, _)| id).collect()
        };
        let copies: Vec<Vec<SampleId>> = (0..4).map(of_content).filter(|c| !c.is_empty()).collect();
        let mut duplicates = of_same_content(&copies);
        duplicates.pairs.sort_by_key(|pair| (pair.a, pair.b));
        let executor = Executor::new(1, StopFlag::default()).expect("a thread");
        let evidence = Evidence {
            duplicates,
            ..self.evidence.clone()
        };
        let data = CheckContext {
            evidence: &evidence,
            executor: &executor,
        };
        let mut found = Vec::new();
        for declared in registry::all() {
            if codes.contains(&declared.info.code) {
                let check = (declared.build)(toml::Table::new()).expect("no settings");
                let mut out = Findings::new(declared.info, declared.info.severity);
                check.run(&data, &mut out).expect("runs");
                found.extend(out.into_vec());
            }
        }
        let split = |id: SampleId| samples[id.index()].1;
        let within = evidence
            .duplicates
            .pairs
            .iter()
            .map(|pair| (pair.a, pair.b));
        (
            found,
            within.filter(|&(a, b)| split(a) == split(b)).collect(),
        )
    }
}

/// Copies of up to four contents, few or hundreds, shuffled.
fn multiset() -> impl Strategy<Value = Vec<Drawn>> {
    let count = prop_oneof![4 => 0usize..3, 1 => Just(150), 1 => 299usize..303];
    let cell = (0u8..4, 0u16..3, 0u32..2, count);
    let cells = prop::collection::vec(cell, 1..7);
    let all = cells.prop_map(|cells| {
        let copies = cells.into_iter();
        copies
            .flat_map(|(content, split, class, count)| vec![(content, split, class); count])
            .collect::<Vec<Drawn>>()
    });
    all.prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_number_of_copies_changes_what_is_counted(samples in multiset()) {
        let set = Set::of(&samples);
        let codes = ["LEAK001", "LEAK003", "LABEL001"];
        let (findings, within) = set.findings(&samples, &codes);
        let of = |code: &str| -> Vec<&Finding> {
            findings.iter().filter(|finding| finding.check.code == code).collect()
        };
        let counted = |content: u8, split: u16, class: u32| {
            samples.iter().filter(|&&sample| sample == (content, split, class)).count()
        };
        let in_split = |content, split| counted(content, split, 0) + counted(content, split, 1);

        // A finding for each content and two splits that hold it, with all copies.
        let mut across = 0;
        let mut twice = 0;
        for content in 0..4 {
            let splits: Vec<u16> = (0..3).filter(|&split| in_split(content, split) > 0).collect();
            across += splits.len() * splits.len().saturating_sub(1) / 2;
            twice += (0..3).filter(|&split| in_split(content, split) > 1).count();
        }
        prop_assert_eq!(of("LEAK001").len(), across);
        prop_assert_eq!(of("LEAK003").len(), twice);
        for finding in of("LEAK003") {
            let (content, split, _) = samples[finding.samples[0].index()];
            prop_assert_eq!(finding.samples.len(), in_split(content, split));
        }
        let mut conflicting: Vec<SampleId> =
            of("LABEL001").iter().flat_map(|finding| finding.samples.clone()).collect();
        conflicting.sort_unstable();
        conflicting.dedup();
        let expected = (0u32..).zip(&samples).filter(|(_, own)| {
            samples.iter().any(|other| other.0 == own.0 && other.2 != own.2)
        });
        prop_assert_eq!(conflicting, expected.map(|(id, _)| SampleId(id)).collect::<Vec<_>>());

        // What a test sample has in train.
        let figures = headlines(&set.evidence, &findings, true);
        for LeakFigures { split, leaked, same_label, memorised, sources, .. } in figures.leaks.expect("searched") {
            let own: Vec<Drawn> = samples.iter().copied().filter(|s| split.map(|split| split.0) == Some(s.1)).collect();
            let has = |sample: &Drawn, from: u16| in_split(sample.0, from) > 0;
            let of_train: Vec<&Drawn> = own.iter().filter(|sample| has(sample, 0)).collect();
            prop_assert_eq!(leaked, of_train.len() as u64);
            let same = of_train.iter().filter(|s| counted(s.0, 0, s.2) > 0).count();
            prop_assert_eq!(same_label, same as u64);
            let right = of_train.iter().map(|s| {
                let (same, other) = (counted(s.0, 0, s.2), counted(s.0, 0, 1 - s.2));
                if same == other { 0.5 } else { f64::from(u8::from(same > other)) }
            });
            let share = right.sum::<f64>() / of_train.len() as f64;
            prop_assert!(memorised.is_none_or(|memorised| (memorised - share).abs() < 1e-9));
            for (source, count) in sources {
                let having = own.iter().filter(|sample| has(sample, source.0)).count();
                prop_assert_eq!(count, having as u64);
            }
        }

        // No content under one label is left in two splits, and none is touched in
        // vain; one under two labels waits for a person.
        for (side, backwards) in [(DropSide::Training, true), (DropSide::Evaluation, false)] {
            let linked = Linked {
                listing: &set.evidence.listing,
                findings: &findings,
                within: &within,
            };
            let gone: Vec<SampleId> = drops(linked, side).iter().map(|drop| drop.sample).collect();
            let expected = (0u32..).map(SampleId).zip(&samples).filter(|(_, sample)| {
                let mut splits = (0..3).filter(|&split| in_split(sample.0, split) > 0);
                let kept = if backwards { splits.next_back() } else { splits.next() };
                let is_one_label = (0..2).any(|class| {
                    (0..3).all(|split| counted(sample.0, split, class) == 0)
                });
                is_one_label && kept != Some(sample.1)
            });
            prop_assert_eq!(gone, expected.map(|(id, _)| id).collect::<Vec<_>>());
        }
    }
}
