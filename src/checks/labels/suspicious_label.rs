//! Finds labels that the image and its neighbours contradict. Blind to
//! what the features cannot see.

use std::collections::BTreeMap;

use super::model::{NEEDS, class, figure, usable};
use crate::checks::{Check, CheckContext, CheckError, Findings, Needs, NewFinding, Ran};
use crate::finding::{CheckInfo, FindingId, Measured, Severity};
use crate::label_model::{Doubt, Judged, Level};
use crate::labelling::{Labelling, Said};
use crate::sample::{ClassId, ContentHash, Role, SampleId, SplitId};
use crate::words::percent;

declare_check! { pub SUSPICIOUS_LABEL = {
    code: "LABEL002",
    family: Label,
    counts_as: SuspectLabel,
    name: "suspicious-label",
    summary: "an image fits another class better than the given one, and its neighbours agree",
    next_step: "inspect the images and write your decisions into `decisions.csv`",
    severity: Severity::Warning,
    docs: "suspicious-label.md",
    settings: none,
} }

#[derive(Debug)]
struct ThisCheck;

/// A suspicion, before copies are folded.
struct Suspicion {
    sample: SampleId,
    level: Level,
    /// Probability that the label in question is right.
    score: f32,
    message: String,
    others: Vec<SampleId>,
    labels: Vec<ClassId>,
    measured: Measured,
}

impl Check for ThisCheck {
    fn info(&self) -> &'static CheckInfo {
        &SUSPICIOUS_LABEL
    }

    fn needs(&self) -> Needs {
        NEEDS
    }

    fn run(&self, data: &CheckContext<'_>, out: &mut Findings) -> Result<Ran, CheckError> {
        let labelling = match usable(data) {
            Ok(labelling) => labelling,
            Err(ran) => return Ok(ran),
        };
        let mut all: Vec<Suspicion> = match &labelling.said {
            Said::One(judgement) => (labelling.ids.iter().zip(&judgement.samples))
                .filter_map(|(&id, judged)| one(data, labelling, id, judged))
                .collect(),
            Said::Many(judgement) => (labelling.ids.iter().zip(&judgement.samples))
                .flat_map(|(&id, judged)| judged.doubts.iter().map(move |doubt| (id, doubt)))
                .map(|(id, doubt)| several(data, id, doubt))
                .collect(),
            Said::Nothing(_) => Vec::new(),
        };
        all.sort_by(|a, b| {
            (weight(data, b).cmp(&weight(data, a)))
                .then(a.score.total_cmp(&b.score))
                .then(a.sample.cmp(&b.sample))
        });
        for suspicion in folded(data, all) {
            tell(data, out, suspicion);
        }
        Ok(Ran::Completed)
    }
}

/// A wrong label in an evaluation split makes a right answer count as wrong;
/// one in train is outvoted by its class.
fn weight(data: &CheckContext<'_>, suspicion: &Suspicion) -> Severity {
    let split = data.listing.sample(suspicion.sample).split;
    let role = split.map(|split| data.listing.splits[split.index()].role);
    if role == Some(Role::Evaluation) || suspicion.level == Level::Strong {
        Severity::Warning
    } else {
        Severity::Advice
    }
}

fn one(
    data: &CheckContext<'_>,
    labelling: &Labelling,
    sample: SampleId,
    judged: &Judged,
) -> Option<Suspicion> {
    let level = judged.level?;
    let given = data.listing.sample(sample).labels.single()?;
    let message = format!(
        "`{}` is labelled {} but looks like {} ({}: {} against {})",
        data.listing.sample(sample).key,
        class(data, given.0),
        class(data, judged.alternative),
        level.name(),
        percent(judged.suggested_score.into()),
        percent(judged.score.into()),
    );
    let near = judged.disagreeing.iter().chain(&judged.agreeing);
    Some(Suspicion {
        sample,
        level,
        score: judged.right(),
        message,
        others: near.map(|n| labelling.ids[n.row as usize]).collect(),
        labels: vec![given, ClassId(judged.alternative)],
        measured: Measured::Figures(vec![
            figure("given_probability", judged.score),
            figure("suggested_probability", judged.suggested_score),
        ]),
    })
}

fn several(data: &CheckContext<'_>, sample: SampleId, doubt: &Doubt) -> Suspicion {
    let key = &data.listing.sample(sample).key;
    let name = class(data, doubt.label);
    let message = if doubt.given {
        format!("`{key}` is labelled {name} but does not look like it")
    } else {
        format!("`{key}` is not labelled {name} but looks like it")
    };
    Suspicion {
        sample,
        level: doubt.level,
        score: doubt.score,
        message: format!(
            "{message} ({}: {} against {})",
            doubt.level.name(),
            percent((1.0 - doubt.score).into()),
            percent(doubt.score.into())
        ),
        others: Vec::new(),
        labels: vec![ClassId(doubt.label)],
        measured: Measured::Figures(vec![figure("given_probability", doubt.score)]),
    }
}

/// Copies of one content in one split under one suspicion are reported once; the
/// copies follow the first.
fn folded(data: &CheckContext<'_>, all: Vec<Suspicion>) -> Vec<Suspicion> {
    type Place = (ContentHash, Option<SplitId>, Vec<ClassId>);
    let mut places: BTreeMap<Place, usize> = BTreeMap::new();
    let mut kept: Vec<Suspicion> = Vec::new();
    for suspicion in all {
        let split = data.listing.sample(suspicion.sample).split;
        let content = data.fingerprints.get(suspicion.sample);
        let Some(content) = content.and_then(|row| row.content) else {
            kept.push(suspicion);
            continue;
        };
        let place = (content, split, suspicion.labels.clone());
        if let Some(&earlier) = places.get(&place) {
            kept[earlier].others.insert(0, suspicion.sample);
        } else {
            places.insert(place, kept.len());
            kept.push(suspicion);
        }
    }
    kept
}

fn tell(data: &CheckContext<'_>, out: &mut Findings, suspicion: Suspicion) {
    let severity = weight(data, &suspicion);
    let sample = data.listing.sample(suspicion.sample);
    // By content, split and the label in doubt: neighbours and suggestions come
    // and go, and one sample of several labels may be suspected twice.
    let content = data.fingerprints.get(suspicion.sample);
    let id = match (
        content.and_then(|row| row.content),
        suspicion.labels.first(),
    ) {
        (Some(content), Some(&given)) => {
            let split = data.listing.split_name(sample.split);
            FindingId::of_label(out.code(), content, split, data.listing.class_name(given))
        }
        _ => data.id_of(out.code(), &[suspicion.sample]),
    };
    let mut samples = vec![suspicion.sample];
    samples.extend(suspicion.others);
    out.push_at(
        severity,
        NewFinding {
            id,
            message: suspicion.message,
            samples,
            splits: sample.split.into_iter().collect(),
            labels: suspicion.labels,
            score: Some(1.0 - f64::from(suspicion.score)),
            measured: suspicion.measured,
        },
    );
}
