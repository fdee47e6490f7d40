//! Finds declared groups with samples in several splits. Infers none.

use std::collections::BTreeMap;

use crate::checks::words::{counted, listed};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{GroupId, Role, SampleId, SplitId};

declare_check! { pub DECLARED_GROUP_ACROSS_SPLITS = {
    code: "LEAK005",
    family: Leak,
    name: "declared-group-across-splits",
    summary: "a declared group (patient, object, video, …) has samples in several splits",
    next_step: "split anew with `splitlint resplit`, so that each group lies in one split whole",
    severity: Severity::Error,
    docs: "declared-group-across-splits.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &DECLARED_GROUP_ACROSS_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let listing = &data.evidence.listing;
        if listing.splits.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        let mut groups: BTreeMap<GroupId, BTreeMap<SplitId, Vec<SampleId>>> = BTreeMap::new();
        for sample in &listing.samples {
            if let (Some(group), Some(split)) = (sample.group, sample.split) {
                let splits = groups.entry(group).or_default();
                splits.entry(split).or_default().push(sample.id);
            }
        }
        if groups.is_empty() {
            return Ok(Ran::NotApplicable(
                "no group is declared; declare groups with `--group-column`, `--group-regex` or `--group-file`"
                    .to_owned(),
            ));
        }
        for (group, splits) in groups {
            // The data used before is not ours to judge by itself.
            let ours = splits
                .keys()
                .any(|split| role(data, *split) != Role::Reference);
            if splits.len() > 1 && ours {
                out.push(finding(data, group, splits));
            }
        }
        Ok(Ran::Completed)
    }
}

fn role(data: &CheckContext<'_>, split: SplitId) -> Role {
    data.listing.splits[split.index()].role
}

fn finding(
    data: &CheckContext<'_>,
    group: GroupId,
    splits: BTreeMap<SplitId, Vec<SampleId>>,
) -> NewFinding {
    let listing = &data.evidence.listing;
    let split_name = |split: SplitId| listing.splits[split.index()].name.as_str();
    let places: Vec<String> = splits
        .iter()
        .map(|(&split, samples)| {
            format!(
                "{} in `{}`",
                counted(samples.len() as u64, "sample"),
                split_name(split)
            )
        })
        .collect();
    let name = listing.group_name(group);
    let names = std::iter::once(name).chain(splits.keys().map(|&split| split_name(split)));
    let id = FindingId::of_names(DECLARED_GROUP_ACROSS_SPLITS.code, names);
    let order: Vec<SplitId> = splits.keys().copied().collect();
    // Samples of evaluation splits first: they are what the group spoils.
    let mut samples: Vec<(bool, SampleId)> = splits
        .into_iter()
        .flat_map(|(split, samples)| {
            let last = role(data, split) != Role::Evaluation;
            samples.into_iter().map(move |id| (last, id))
        })
        .collect();
    samples.sort_unstable();
    let samples: Vec<SampleId> = samples.into_iter().map(|(_, id)| id).collect();
    let labels = samples
        .iter()
        .flat_map(|&id| listing.sample(id).labels.classes().to_vec())
        .collect();
    NewFinding {
        id,
        message: format!(
            "group `{name}` has {}: a figure measured on it shows what the model memorized",
            listed(&places, 5)
        ),
        measured: Measured::Figures(vec![
            Figure {
                name: "samples",
                value: samples.len() as f64,
            },
            Figure {
                name: "splits",
                value: order.len() as f64,
            },
        ]),
        samples,
        splits: order,
        labels,
        score: None,
    }
}
