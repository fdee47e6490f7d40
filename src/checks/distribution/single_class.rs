//! Finds data sets and splits in which every sample has the same class.

use super::{role, split_words};
use crate::checks::words::counted;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::distribution::SplitCounts;
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ClassId, Listing, Role, SplitId};

declare_check! { pub SINGLE_CLASS = {
    code: "DIST005",
    family: Distribution,
    name: "single-class",
    summary: "every sample has the same class, so that any model is always right",
    next_step: "check that the folder given is the one above the class folders, and that no class was filtered out",
    severity: Severity::Warning,
    docs: "single-class.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SINGLE_CLASS
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let counts = &data.evidence.classes;
        let ours: Vec<&SplitCounts> = counts
            .splits
            .iter()
            .filter(|split| split.labelled > 0)
            .filter(|split| role(&data.evidence.listing, split.split) != Role::Reference)
            .collect();
        if ours.is_empty() {
            return Ok(Ran::NotApplicable("no sample has a label".to_owned()));
        }
        let alone: Vec<Option<ClassId>> = ours.iter().map(|split| only_class(split)).collect();
        if let [Some(first), rest @ ..] = &alone[..]
            && rest.iter().all(|class| class == &Some(*first))
        {
            let samples = ours.iter().map(|split| split.labelled).sum();
            let splits = ours.iter().filter_map(|split| split.split).collect();
            out.push(finding(
                &data.evidence.listing,
                None,
                splits,
                *first,
                samples,
            ));
            return Ok(Ran::Completed);
        }
        for (split, class) in ours.iter().zip(alone) {
            if let Some(class) = class {
                let splits = split.split.into_iter().collect();
                let samples = split.labelled;
                out.push(finding(
                    &data.evidence.listing,
                    split.split,
                    splits,
                    class,
                    samples,
                ));
            }
        }
        Ok(Ran::Completed)
    }
}

/// The class of all labelled samples; one sample alone proves nothing.
fn only_class(split: &SplitCounts) -> Option<ClassId> {
    let mut classes = split.classes();
    let class = classes.next()?;
    (classes.next().is_none() && split.labelled > 1).then_some(class)
}

fn finding(
    listing: &Listing,
    split: Option<SplitId>,
    splits: Vec<SplitId>,
    class: ClassId,
    samples: u64,
) -> NewFinding {
    let name = listing.class_name(class);
    let split_name = listing.split_name(split).unwrap_or_default();
    NewFinding {
        id: FindingId::of_names(SINGLE_CLASS.code, [split_name, name]),
        message: format!(
            "{} has {}, all of class `{name}`: always predicting `{name}` scores 100%",
            split_words(listing, split),
            counted(samples, "labelled sample"),
        ),
        samples: Vec::new(),
        splits,
        labels: vec![class],
        score: None,
        measured: Measured::None,
    }
}
