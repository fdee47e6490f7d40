//! Finds flat images, from which perceptual hashes are withheld, and says
//! so: copies among them are looked for by bytes only.

use std::collections::BTreeMap;

use crate::checks::words::{counted, listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, Figure, FindingId, Measured, Severity};
use crate::sample::{SampleId, SplitId};

declare_check! { pub LOW_INFORMATION = {
    code: "FILE007",
    family: File,
    name: "low-information",
    summary: "images are blank or nearly so, and too flat to be compared by content",
    next_step: "inspect them: a blank image teaches nothing and is often a failed export",
    severity: Severity::Advice,
    docs: "low-information.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &LOW_INFORMATION
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let mut by_split: BTreeMap<Option<SplitId>, Vec<SampleId>> = BTreeMap::new();
        for (id, row) in data.fingerprints.iter() {
            if let Ok(facts) = &row.image
                && facts.hashes.is_none()
            {
                let split = data.listing.sample(id).split;
                by_split.entry(split).or_default().push(id);
            }
        }
        for (split, samples) in by_split {
            let names: Vec<String> = samples
                .iter()
                .map(|&id| quoted(data.listing.sample(id).key.as_str()))
                .collect();
            let name = data.listing.split_name(split);
            let place = name.map_or_else(String::new, |name| format!(" of `{name}`"));
            let count = samples.len() as u64;
            let message = format!(
                "{}{place} {} too flat to be compared other than by bytes and pixels: {}",
                counted(count, "image"),
                if count == 1 { "is" } else { "are" },
                listed(&names, 6),
            );
            let classes = |&id: &SampleId| data.listing.sample(id).labels.classes().to_vec();
            out.push(NewFinding {
                id: FindingId::of_names(LOW_INFORMATION.code, name),
                message,
                splits: split.into_iter().collect(),
                labels: samples.iter().flat_map(classes).collect(),
                samples,
                score: None,
                measured: Measured::Figures(vec![Figure {
                    name: "images",
                    value: count as f64,
                }]),
            });
        }
        Ok(Ran::Completed)
    }
}
