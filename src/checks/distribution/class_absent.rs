//! Finds classes that one split has and another lacks altogether. Leaves
//! differing shares to DIST001.

use std::collections::BTreeSet;

use super::{class_words, figure, role, split_words};
use crate::checks::words::{counted, listed, percent};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::SplitCounts;
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassId, Listing, Role};
use crate::statistics;

declare_check! { pub CLASS_ABSENT_FROM_SPLIT = {
    code: "DIST002",
    family: Distribution,
    name: "class-absent-from-split",
    summary: "a class has samples in one split and none in another",
    next_step: "split anew with `splitlint resplit`, so that every split has some, or remove the class from all splits",
    severity: Severity::Error,
    docs: "class-absent-from-split.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CLASS_ABSENT_FROM_SPLIT
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let listing = &data.evidence.listing;
        let counts = &data.evidence.classes;
        // A split without any label has nothing to lack.
        let labelled: Vec<&SplitCounts> = counts
            .splits
            .iter()
            .filter(|split| split.labelled > 0 && role(listing, split.split) != Role::Reference)
            .collect();
        if labelled.len() < 2 {
            return Ok(Ran::NotApplicable(
                "there are no two splits with labels to compare".to_owned(),
            ));
        }
        let of_role = |wanted: Role| -> Vec<&SplitCounts> {
            let ours = labelled.iter().copied();
            ours.filter(|split| role(listing, split.split) == wanted)
                .collect()
        };
        let (train, evaluation) = (of_role(Role::Train), of_role(Role::Evaluation));
        let learnt = present(&train);
        let measured = present(&evaluation);
        let unseen: Vec<ClassId> = measured.difference(&learnt).copied().collect();
        if !train.is_empty() && !unseen.is_empty() {
            out.push(never_learnt(listing, &train, &evaluation, &unseen));
        }
        // Without a split to learn from, evaluation splits are held against
        // each other.
        let expected = if train.is_empty() { measured } else { learnt };
        for split in evaluation {
            let here: BTreeSet<ClassId> = split.classes().collect();
            let missing: Vec<ClassId> = expected.difference(&here).copied().collect();
            if !missing.is_empty() {
                let finding = never_measured(listing, &labelled, split, &missing);
                out.push_at(Severity::Warning, finding);
            }
        }
        Ok(Ran::Completed)
    }
}

fn present(splits: &[&SplitCounts]) -> BTreeSet<ClassId> {
    splits.iter().flat_map(|split| split.classes()).collect()
}

fn never_learnt(
    listing: &Listing,
    train: &[&SplitCounts],
    evaluation: &[&SplitCounts],
    unseen: &[ClassId],
) -> NewFinding {
    let samples = |class| -> u64 { evaluation.iter().map(|split| split.count(class)).sum() };
    let total: u64 = unseen.iter().map(|&class| samples(class)).sum();
    let having: Vec<&SplitCounts> = (evaluation.iter().copied())
        .filter(|split| unseen.iter().any(|&class| split.count(class) > 0))
        .collect();
    let places: Vec<String> = having
        .iter()
        .map(|split| split_words(listing, split.split))
        .collect();
    let lacking: Vec<String> = train
        .iter()
        .map(|split| split_words(listing, split.split))
        .collect();
    let message = format!(
        "{} has no sample of {}, which {} {}: a model cannot learn {}, and {} there {} certain to be predicted wrongly",
        listed(&lacking, 3),
        listed(&class_words(listing, unseen), 10),
        listed(&places, 4),
        if places.len() == 1 { "has" } else { "have" },
        if unseen.len() == 1 { "it" } else { "them" },
        counted(total, "sample"),
        if total == 1 { "is" } else { "are" },
    );
    let splits = train.iter().chain(&having).filter_map(|split| split.split);
    NewFinding {
        id: id(listing, "train", unseen),
        message,
        samples: Vec::new(),
        splits: splits.collect(),
        labels: unseen.to_vec(),
        score: None,
        measured: Measured::Figures(vec![
            figure("classes", unseen.len() as f64),
            figure("samples", total as f64),
        ]),
    }
}

fn never_measured(
    listing: &Listing,
    labelled: &[&SplitCounts],
    split: &SplitCounts,
    missing: &[ClassId],
) -> NewFinding {
    let total: u64 = labelled.iter().map(|split| split.labelled).sum();
    let samples = |class| -> u64 { labelled.iter().map(|split| split.count(class)).sum() };
    let by_chance = missing
        .iter()
        .map(|&class| statistics::absence_probability(total, samples(class), split.labelled))
        .fold(1.0, f64::min);
    let classes: Vec<String> = missing
        .iter()
        .zip(class_words(listing, missing))
        .map(|(&class, words)| format!("{words} ({} in other splits)", samples(class)))
        .collect();
    // 1%: the level at which this family calls a difference certain.
    let chance = if by_chance > 0.01 {
        format!(
            "; a random split would lack {} {} of the time",
            if missing.len() == 1 {
                "it"
            } else {
                "the largest of them"
            },
            percent(by_chance)
        )
    } else {
        String::new()
    };
    let message = format!(
        "{} has no sample of {}: accuracy on {} is never measured there{chance}",
        split_words(listing, split.split),
        listed(&classes, 10),
        if missing.len() == 1 {
            "this class"
        } else {
            "these classes"
        },
    );
    let name = listing.split_name(split.split).unwrap_or_default();
    NewFinding {
        id: id(listing, name, missing),
        message,
        samples: Vec::new(),
        splits: split.split.into_iter().collect(),
        labels: missing.to_vec(),
        score: None,
        measured: Measured::Figures(vec![
            figure("classes", missing.len() as f64),
            figure("probability_by_chance", by_chance),
        ]),
    }
}

fn id(listing: &Listing, split: &str, classes: &[ClassId]) -> FindingId {
    let names = classes.iter().map(|&class| listing.class_name(class));
    FindingId::of_names(
        CLASS_ABSENT_FROM_SPLIT.code,
        std::iter::once(split).chain(names),
    )
}
