//! Finds splits that are one another: the same folder given twice, or a split
//! all of whose files lie in another. Leaves single copies to LEAK001.

use std::collections::BTreeSet;

use super::figure;
use crate::checks::words::counted;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::sample::{ContentHash, SplitId};

declare_check! { pub SAME_SAMPLES_IN_SPLITS = {
    code: "DIST007",
    family: Distribution,
    name: "same-samples-in-splits",
    summary: "every file of a split is in another split too",
    next_step: "check which folders the splits were given; a figure measured on such a split is a training figure",
    severity: Severity::Error,
    docs: "same-samples-in-splits.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SAME_SAMPLES_IN_SPLITS
    }

    fn needs(&self) -> Needs {
        Needs {
            contents: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.listing.splits.len() < 2 {
            return Ok(Ran::NotApplicable(
                "the data set has fewer than two splits".to_owned(),
            ));
        }
        let mut contents = vec![BTreeSet::new(); data.listing.splits.len()];
        for sample in &data.listing.samples {
            let content = data.fingerprints.content(sample.id);
            if let (Some(split), Some(content)) = (sample.split, content) {
                contents[split.index()].insert(content);
            }
        }
        for b in 1..contents.len() {
            for a in 0..b {
                if let Some(finding) = compare(data, &contents, a, b) {
                    out.push(finding);
                }
            }
        }
        Ok(Ran::Completed)
    }
}

fn compare(
    data: &CheckContext<'_>,
    contents: &[BTreeSet<ContentHash>],
    a: usize,
    b: usize,
) -> Option<NewFinding> {
    let name = |index: usize| data.listing.splits[index].name.as_str();
    let (inner, outer) = if contents[a].len() < contents[b].len() {
        (a, b)
    } else {
        (b, a)
    };
    // One file alone is a copy, which LEAK001 reports, and no split that is
    // another.
    if contents[inner].len() < 2 || !contents[inner].is_subset(&contents[outer]) {
        return None;
    }
    let held = counted(contents[inner].len() as u64, "file");
    let message = if contents[inner].len() == contents[outer].len() {
        format!("`{}` and `{}` hold the same {held}", name(a), name(b))
    } else {
        format!(
            "all {held} of `{}` are in `{}` too, among {}",
            name(inner),
            name(outer),
            contents[outer].len()
        )
    };
    let split = |index: usize| u16::try_from(index).ok().map(SplitId);
    Some(NewFinding {
        id: FindingId::of_names(SAME_SAMPLES_IN_SPLITS.code, [name(a), name(b)]),
        message,
        samples: Vec::new(),
        splits: [a, b].into_iter().filter_map(split).collect(),
        labels: Vec::new(),
        score: Some(1.0),
        measured: Measured::Figures(vec![figure("files", contents[inner].len() as f64)]),
    })
}
