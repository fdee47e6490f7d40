//! Finds splits to which a training framework would give other class numbers.
//! Compares folders, not labels.

use std::collections::BTreeMap;

use super::class_names::folded;
use super::figure;
use super::loaders::Loader;
use crate::checks::words::{counted, listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassFolder, Listing, Role, SplitId};

declare_check! { pub CLASS_INDEX_MISMATCH = {
    code: "DIST008",
    family: Distribution,
    name: "class-index-mismatch",
    summary: "a training framework would number a class differently in two splits",
    next_step: "give every split the same class folders, or build the numbering from `train` and use it everywhere",
    severity: Severity::Error,
    docs: "class-index-mismatch.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CLASS_INDEX_MISMATCH
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let listing = &data.evidence.listing;
        if listing.folders.is_empty() {
            return Ok(Ran::NotApplicable(
                "there are no class folders for a loader to number".to_owned(),
            ));
        }
        let by_split = by_split(listing);
        let mut splits = by_split.iter();
        // The first in listing order: train, where there is one.
        let (Some((&first, base)), true) = (splits.next(), by_split.len() > 1) else {
            return Ok(Ran::NotApplicable(
                "there are no two splits with class folders".to_owned(),
            ));
        };
        for (&split, folders) in splits {
            // Loaders that disagree in the same way share a finding.
            let mut reported: BTreeMap<Mismatch, Vec<Loader>> = BTreeMap::new();
            for loader in Loader::ALL {
                if let Some(mismatch) = mismatch(loader, base, folders) {
                    reported.entry(mismatch).or_default().push(loader);
                }
            }
            let mut reported: Vec<_> = reported.into_iter().collect();
            reported.sort_by_key(|(_, loaders)| loaders.clone());
            for (mismatch, loaders) in reported {
                out.push(finding(listing, first, split, &mismatch, &loaders));
            }
        }
        Ok(Ran::Completed)
    }
}

fn by_split(listing: &Listing) -> BTreeMap<SplitId, Vec<&ClassFolder>> {
    let mut by_split: BTreeMap<SplitId, Vec<&ClassFolder>> = BTreeMap::new();
    for folder in &listing.folders {
        if let Some(split) = folder.split
            && listing.splits[split.index()].role != Role::Reference
        {
            by_split.entry(split).or_default().push(folder);
        }
    }
    by_split
}

/// How the numbers of one split differ from those of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Mismatch {
    /// Classes the other split has and this one lacks, in its order.
    missing: Vec<String>,
    /// Classes this split has and the other lacks.
    extra: Vec<String>,
    /// The first number that means two classes: in the other split and here.
    first: (usize, String, String),
    /// Samples here whose number means another class in the other split.
    wrong_samples: u64,
}

fn mismatch(loader: Loader, base: &[&ClassFolder], other: &[&ClassFolder]) -> Option<Mismatch> {
    let (of_base, of_other) = (loader.classes(base), loader.classes(other));
    if loader.aligns(&of_base, &of_other) {
        return None;
    }
    let names = |classes: &[&ClassFolder]| -> Vec<String> {
        classes.iter().map(|folder| folded(&folder.name)).collect()
    };
    let (base_names, other_names) = (names(&of_base), names(&of_other));
    let place = (0..base_names.len().min(other_names.len()))
        .find(|&index| base_names[index] != other_names[index])?;
    let lacking = |from: &[&ClassFolder], names: &[String], others: &[String]| -> Vec<String> {
        let pairs = from.iter().zip(names);
        pairs
            .filter(|(_, name)| !others.contains(name))
            .map(|(folder, _)| folder.name.clone())
            .collect()
    };
    let wrong = of_other
        .iter()
        .zip(&other_names)
        .enumerate()
        .filter(|&(index, (_, name))| base_names.get(index) != Some(name))
        .map(|(_, (folder, _))| u64::from(folder.samples))
        .sum();
    Some(Mismatch {
        missing: lacking(&of_base, &base_names, &other_names),
        extra: lacking(&of_other, &other_names, &base_names),
        first: (
            place,
            of_base[place].name.clone(),
            of_other[place].name.clone(),
        ),
        wrong_samples: wrong,
    })
}

fn finding(
    listing: &Listing,
    base: SplitId,
    split: SplitId,
    mismatch: &Mismatch,
    loaders: &[Loader],
) -> NewFinding {
    let name = |split: SplitId| listing.splits[split.index()].name.as_str();
    let quote_all = |names: &[String]| -> Vec<String> { names.iter().map(|n| quoted(n)).collect() };
    let cause = match (&mismatch.missing[..], &mismatch.extra[..]) {
        ([], []) => "the class folders sort in another order".to_owned(),
        (missing, []) => format!("class {} is missing", listed(&quote_all(missing), 5)),
        ([], extra) => format!("there is an extra folder {}", listed(&quote_all(extra), 5)),
        (missing, extra) => format!(
            "class {} is missing and {} is there instead",
            listed(&quote_all(missing), 5),
            listed(&quote_all(extra), 5)
        ),
    };
    let (number, in_base, in_split) = &mismatch.first;
    let loader_names: Vec<String> = Loader::names(loaders)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let message = format!(
        "in `{}` {cause}: with {} class {number} is `{in_base}` in `{}` and `{in_split}` in `{}`, and {} there {} a wrong number",
        name(split),
        listed(&loader_names, 5),
        name(base),
        name(split),
        counted(mismatch.wrong_samples, "sample"),
        if mismatch.wrong_samples == 1 {
            "has"
        } else {
            "have"
        },
    );
    let classes = mismatch.missing.iter().chain(&mismatch.extra);
    let labels = classes
        .chain([in_base, in_split])
        .filter_map(|name| super::class_id(listing, name))
        .collect();
    let names = [name(base), name(split)].into_iter();
    NewFinding {
        id: FindingId::of_names(
            CLASS_INDEX_MISMATCH.code,
            names
                .chain(mismatch.missing.iter().map(String::as_str))
                .chain(["/"])
                .chain(mismatch.extra.iter().map(String::as_str)),
        ),
        message,
        samples: Vec::new(),
        splits: vec![base, split],
        labels,
        score: None,
        measured: Measured::Figures(vec![
            figure("first_number", *number as f64),
            figure("samples", mismatch.wrong_samples as f64),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str, samples: u32) -> ClassFolder {
        ClassFolder {
            split: None,
            name: name.to_owned(),
            samples,
            passed_over: name.starts_with('.'),
        }
    }

    fn compared(loader: Loader, base: &[(&str, u32)], other: &[(&str, u32)]) -> Option<Mismatch> {
        let make = |folders: &[(&str, u32)]| -> Vec<ClassFolder> {
            let all = folders.iter();
            all.map(|&(name, samples)| folder(name, samples)).collect()
        };
        let (base, other) = (make(base), make(other));
        mismatch(
            loader,
            &base.iter().collect::<Vec<_>>(),
            &other.iter().collect::<Vec<_>>(),
        )
    }

    const ALL: [(&str, u32); 3] = [("ant", 5), ("bee", 5), ("cat", 5)];

    #[test]
    fn missing_class_shifts_all_after_it() {
        let found = compared(Loader::Torchvision, &ALL, &[("ant", 2), ("cat", 3)]);
        let found = found.expect("a mismatch");
        assert_eq!(found.missing, ["bee"]);
        assert_eq!(found.first, (1, "bee".to_owned(), "cat".to_owned()));
        assert_eq!(found.wrong_samples, 3);
    }

    #[test]
    fn missing_last_class_shifts_nothing() {
        let found = compared(Loader::Torchvision, &ALL, &[("ant", 2), ("bee", 3)]);
        assert_eq!(found, None);
    }

    #[test]
    fn empty_folder_counts_for_keras_and_not_for_timm() {
        let other = [("ant", 2), ("bee", 0), ("cat", 2)];
        assert_eq!(compared(Loader::Keras, &ALL, &other), None);
        assert!(compared(Loader::Timm, &ALL, &other).is_some());
    }

    #[test]
    fn notebook_folder_becomes_class_zero_of_torchvision_only() {
        let other = [
            (".ipynb_checkpoints", 0),
            ("ant", 2),
            ("bee", 2),
            ("cat", 2),
        ];
        let found = compared(Loader::Torchvision, &ALL, &other).expect("a mismatch");
        assert_eq!(found.extra, [".ipynb_checkpoints"]);
        assert_eq!(found.first.0, 0);
        assert_eq!(compared(Loader::Keras, &ALL, &other), None);
    }

    #[test]
    fn ultralytics_aligns_names_since_8_4_154_if_any_is_shared() {
        let fewer = [("ant", 2), ("cat", 3)];
        assert!(compared(Loader::Ultralytics, &ALL, &fewer).is_some());
        assert_eq!(compared(Loader::UltralyticsAligned, &ALL, &fewer), None);
        let strange = [("dog", 2), ("eel", 3)];
        assert!(compared(Loader::UltralyticsAligned, &ALL, &strange).is_some());
        let both = [
            Loader::Timm,
            Loader::Ultralytics,
            Loader::UltralyticsAligned,
        ];
        assert_eq!(Loader::names(&both), ["timm", "Ultralytics"]);
        assert_eq!(
            Loader::names(&both[..2]),
            ["timm", "Ultralytics before 8.4.154"]
        );
    }

    #[test]
    fn other_case_alone_shifts_only_where_it_sorts_elsewhere() {
        let same_place = [("Ant", 5), ("bee", 5), ("cat", 5)];
        assert_eq!(compared(Loader::Torchvision, &ALL, &same_place), None);
        let moved = [("Cat", 5), ("ant", 5), ("bee", 5)];
        let found = compared(Loader::Torchvision, &ALL, &moved).expect("a mismatch");
        assert!(found.missing.is_empty() && found.extra.is_empty());
        assert_eq!(compared(Loader::Timm, &ALL, &moved), None);
    }
}
