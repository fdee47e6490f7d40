//! Finds objects whose crop fits another class than the given one. Blind to what the
//! features cannot see.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{class, figure};
use crate::checks::objects::named;
use crate::checks::words::counted;
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::label_model::{Judged, Level};
use crate::labelling::{ObjectLabels, Said};
use crate::sample::{ClassId, ObjectId, Role, SampleId};
use crate::words::percent;

declare_check! { pub SUSPICIOUS_OBJECT_LABEL = {
    code: "LABEL008",
    family: Label,
    counts_as: SuspectObject,
    name: "suspicious-object-label",
    summary: "an object fits another class better than the given one, and similar objects agree",
    next_step: "inspect the objects, correct the annotations, or accept the finding",
    severity: Severity::Warning,
    docs: "suspicious-object-label.md",
} }

/// Settings of this check.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    /// Objects up to which they are judged.
    up_to: usize,
}

impl Default for Settings {
    /// As many as take ten minutes on two cores, with two objects an image.
    fn default() -> Self {
        Self { up_to: 100_000 }
    }
}

#[derive(Debug)]
struct ThisCheck {
    settings: Settings,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SUSPICIOUS_OBJECT_LABEL
    }

    fn needs(&self) -> Needs {
        Needs {
            fingerprints: true,
            duplicates: true,
            objects_up_to: self.settings.up_to,
            ..Needs::default()
        }
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        if data.objects.is_empty() {
            return Ok(Ran::NotApplicable("the data set has no objects".to_owned()));
        }
        let Some(labels) = &data.evidence.object_labels else {
            let setting = "set `up-to` under `[checks.suspicious-object-label]`";
            return Ok(Ran::NotApplicable(match self.settings.up_to {
                0 => format!("objects are not judged; {setting}"),
                up_to => format!(
                    "the data set has {}, more than `up-to` = {up_to}; {setting}",
                    counted(data.listing.objects.len() as u64, "object"),
                ),
            }));
        };
        if let Some(why) = labels.unusable() {
            return Ok(Ran::NotApplicable(why));
        }
        let Said::One(judgement) = &labels.said else {
            return Ok(Ran::Completed);
        };
        let judged = labels.ids.iter().zip(&labels.owners);
        let mut all: Vec<Suspicion<'_>> = (judged.zip(&judgement.samples))
            .filter_map(|((&object, &sample), judged)| {
                let level = judged.level?;
                Some(Suspicion {
                    object,
                    sample,
                    level,
                    judged,
                })
            })
            .collect();
        all.sort_by(|a, b| {
            (weight(data, b).cmp(&weight(data, a)))
                .then(a.judged.right().total_cmp(&b.judged.right()))
                .then(a.object.cmp(&b.object))
        });
        for (id, suspicion, copies) in folded(data, &all) {
            report(data, labels, out, id, suspicion, copies);
        }
        Ok(Ran::Completed)
    }
}

/// An object whose class is doubted.
struct Suspicion<'a> {
    object: ObjectId,
    sample: SampleId,
    level: Level,
    judged: &'a Judged,
}

/// As for labels of images: a wrong one in training is outvoted by its class.
fn weight(data: &CheckContext<'_>, suspicion: &Suspicion<'_>) -> Severity {
    let is_evaluation = data.listing.role(suspicion.sample) == Some(Role::Evaluation);
    if is_evaluation || suspicion.level == Level::Strong {
        Severity::Warning
    } else {
        Severity::Advice
    }
}

/// A finding's id, its first object, and the same object in copies.
type Folded<'a, 'b> = (FindingId, &'b Suspicion<'a>, Vec<(SampleId, ObjectId)>);

/// One finding for the same box under the same class in copies of one content in one
/// split, with the other copies.
fn folded<'a, 'b>(data: &CheckContext<'_>, all: &'b [Suspicion<'a>]) -> Vec<Folded<'a, 'b>> {
    let mut places: BTreeMap<FindingId, usize> = BTreeMap::new();
    let mut kept: Vec<Folded<'_, '_>> = Vec::new();
    for suspicion in all {
        let id = identity(data, suspicion);
        match places.get(&id) {
            Some(&earlier) => kept[earlier].2.push((suspicion.sample, suspicion.object)),
            None => {
                places.insert(id, kept.len());
                kept.push((id, suspicion, Vec::new()));
            }
        }
    }
    kept
}

/// By content, split, box and the class in doubt: suggestions come and go.
fn identity(data: &CheckContext<'_>, suspicion: &Suspicion<'_>) -> FindingId {
    let sample = data.listing.sample(suspicion.sample);
    let content = data.fingerprints.get(suspicion.sample);
    let content = match content.and_then(|row| row.content) {
        Some(content) => content.to_string(),
        None => sample.key.as_str().to_owned(),
    };
    let rect = data.objects.get(suspicion.object).and_then(|row| row.rect);
    let place = rect.map_or(String::new(), |rect| {
        let sides = [rect.x, rect.y, rect.width, rect.height];
        sides.map(|side| format!("{side:.1}")).join(" ")
    });
    let given = data.listing.objects[suspicion.object.index()].class;
    let split = data.listing.split_name(sample.split).unwrap_or("");
    let names = [&content, split, data.listing.class_name(given), &place];
    FindingId::of_names(SUSPICIOUS_OBJECT_LABEL.code, names)
}

/// Objects of the suggested class that look like the doubted one, shown with it.
const SHOWN: usize = 3;

fn report(
    data: &CheckContext<'_>,
    labels: &ObjectLabels,
    out: &mut Findings,
    id: FindingId,
    suspicion: &Suspicion<'_>,
    copies: Vec<(SampleId, ObjectId)>,
) {
    let Suspicion {
        object,
        sample,
        level,
        judged,
    } = *suspicion;
    let given = data.listing.objects[object.index()].class;
    let (mut samples, mut objects) = (vec![sample], vec![object]);
    let alike = judged.disagreeing.iter().take(SHOWN);
    let alike = alike.map(|near| near.row as usize);
    let alike = alike.map(|row| (labels.owners[row], labels.ids[row]));
    for (sample, object) in copies.into_iter().chain(alike) {
        if !samples.contains(&sample) {
            samples.push(sample);
            objects.push(object);
        }
    }
    out.push_of_objects(
        weight(data, suspicion),
        NewFinding {
            id,
            message: format!(
                "{} looks like {} ({}: {} against {})",
                named(data, sample, object),
                class(data, judged.alternative),
                level.name(),
                percent(judged.suggested_score.into()),
                percent(judged.score.into()),
            ),
            samples,
            splits: data.listing.sample(sample).split.into_iter().collect(),
            labels: vec![given, ClassId(judged.alternative)],
            score: Some(1.0 - f64::from(judged.right())),
            measured: Measured::Figures(vec![
                figure("given_probability", judged.score),
                figure("suggested_probability", judged.suggested_score),
            ]),
        },
        objects,
    );
}
