//! Finds images with so many objects, or with objects so close together, that a
//! detector cannot report all of them.

use serde::{Deserialize, Serialize};

use super::{figure, having, images_words, report, without_objects};
use crate::checks::words::{listed, quoted};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::object_flaws::{BoxFlaw, MOST_OBJECTS};
use crate::sample::{Role, SampleId};

declare_check! { pub CROWDED_BOXES = {
    code: "OBJECT007",
    family: Object,
    name: "crowded-boxes",
    summary: "an image has more objects, or objects closer together, than a detector reports",
    next_step: "raise the trainer's limits of detections and of overlap for these images, or annotate the group as one crowd",
    severity: Severity::Advice,
    docs: "crowded-boxes.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Objects of an image above which some are always missed.
    most_objects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            most_objects: MOST_OBJECTS,
        }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &CROWDED_BOXES
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if let Some(ran) = without_objects(data) {
            return Ok(ran);
        }
        let count = |id: SampleId| data.listing.objects_of(id).len();
        let mut full: Vec<SampleId> = (data.listing.samples.iter())
            .filter(|sample| data.listing.role(sample.id) != Some(Role::Reference))
            .map(|sample| sample.id)
            .filter(|&id| count(id) > self.settings.most_objects)
            .collect();
        full.sort_by_key(|&id| (std::cmp::Reverse(count(id)), id));
        if !full.is_empty() {
            let names: Vec<String> = (full.iter())
                .map(|&id| {
                    let key = quoted(data.listing.sample(id).key.as_str());
                    format!("{key} ({})", count(id))
                })
                .collect();
            let images = full.len() as u64;
            out.push(NewFinding {
                id: FindingId::of_names(CROWDED_BOXES.code, ["objects"]),
                message: format!(
                    "{} {} more than {} objects, of which COCO's evaluation counts no more: {}",
                    images_words(images),
                    if images == 1 { "has" } else { "have" },
                    self.settings.most_objects,
                    listed(&names, 4),
                ),
                splits: (full.iter())
                    .filter_map(|&id| data.listing.sample(id).split)
                    .collect(),
                samples: full,
                labels: Vec::new(),
                score: None,
                measured: Measured::Figures(vec![figure("images", images as f64)]),
            });
        }
        let boxes = having(data, BoxFlaw::Crowded);
        let ends = (
            "overlaps another of its class by more than 0.7, and one of both is suppressed",
            "overlap another of their class by more than 0.7, and one of each two is suppressed",
        );
        report(data, out, Severity::Advice, &boxes, ends);
        Ok(Ran::Completed)
    }
}
