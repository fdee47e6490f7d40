//! What is thought of every sample's label: takes vectors from where the user
//! wants them, asks the label model, answers by sample. Flags nothing itself.

mod groups;

use crate::duplicates::Duplicates;
use crate::executor::{Executor, Interrupted};
use crate::features::Vectors;
use crate::features::built_in::{self, FitError};
use crate::finding::{LabelBelief, LabelFlag, LabelOpinion};
use crate::fingerprint::{FingerprintTable, Pictures};
use crate::label_model::{
    self, Judgement, Labelled, Level, ManyJudgement, Settings, judge, judge_many,
};
use crate::progress::{Progress, Stage};
use crate::sample::{Labels, Listing, Role, SampleId};

/// What labels are judged from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// Which of them could be seen.
    pub fingerprints: &'a FingerprintTable,
    /// Copies, which never vouch for each other.
    pub duplicates: &'a Duplicates,
    /// Thumbnails.
    pub pictures: &'a Pictures,
}

/// What the model said, its row `i` being about `ids[i]`.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Nothing: the reason.
    Nothing(String),
    /// Of samples with one label each.
    One(Judgement),
    /// Of samples with several labels.
    Many(ManyJudgement),
}

/// The answer, and what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelling {
    /// The samples judged, in listing order.
    pub ids: Vec<SampleId>,
    /// What was said of them.
    pub said: Said,
    /// The features used, for people.
    pub features: String,
    /// For every sample of the listing.
    pub opinions: Vec<LabelOpinion>,
}

impl Labelling {
    /// Why no label is flagged, where none can be.
    pub fn unusable(&self) -> Option<String> {
        let why = match &self.said {
            Said::Nothing(why) => return Some(why.clone()),
            Said::One(judgement) => judgement.belief.unusable.as_deref()?,
            Said::Many(judgement) => judgement.unusable.as_deref()?,
        };
        Some(format!(
            "cannot judge labels with {}; {why}; features that see more are needed",
            self.features
        ))
    }

    /// How far the flags may be believed, where there are any.
    pub fn belief(&self) -> Option<LabelBelief> {
        match &self.said {
            Said::One(judgement) if judgement.belief.unusable.is_none() => Some(LabelBelief {
                features: self.features.clone(),
                accuracy: judgement.belief.accuracy,
                guessing: judgement.belief.majority,
            }),
            _ => None,
        }
    }
}

/// The features' name where the user brings none.
const BUILT_IN: &str = "built-in features";

/// Judges the labels of all samples that carry one and could be seen; data used
/// before (`--reference`) is left alone.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn labelling(
    material: Material<'_>,
    settings: &Settings,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Labelling, Interrupted> {
    let ids = judged(material);
    progress.begin(Stage::Labels, Some(ids.len() as u64));
    let said = if ids.len() < 2 {
        Said::Nothing("fewer than two samples carry a label and could be seen".to_owned())
    } else {
        let thumbnail = |i: usize| material.pictures.thumbnail(ids[i]).unwrap_or_default();
        let done = |steps| progress.advance(steps);
        match built_in::vectors(ids.len(), thumbnail, executor, done) {
            Ok(vectors) => ask(material, &ids, vectors, settings, executor)?,
            Err(FitError::Interrupted(stop)) => return Err(stop),
            Err(FitError::NoVariance) => {
                Said::Nothing("the labelled pictures do not differ from each other".to_owned())
            }
        }
    };
    let opinions = opinions(material.listing, &ids, &said);
    progress.end(Stage::Labels, &format!("{} labels judged", ids.len()));
    Ok(Labelling {
        ids,
        said,
        features: BUILT_IN.to_owned(),
        opinions,
    })
}

/// The samples with a label and a picture, in listing order.
fn judged(material: Material<'_>) -> Vec<SampleId> {
    let listing = material.listing;
    let samples = listing.samples.iter().filter(|sample| {
        let split = sample.split.map(|split| &listing.splits[split.index()]);
        !sample.labels.classes().is_empty()
            && split.is_none_or(|split| split.role != Role::Reference)
            && material.fingerprints.facts(sample.id).is_some()
    });
    samples.map(|sample| sample.id).collect()
}

fn ask(
    material: Material<'_>,
    ids: &[SampleId],
    vectors: Vectors,
    settings: &Settings,
    executor: &Executor,
) -> Result<Said, Interrupted> {
    let listing = material.listing;
    let mut vectors = vectors;
    let lengths = vectors.normalize();
    let groups = groups::of(listing, material.duplicates, ids);
    let labels = || ids.iter().map(|&id| &listing.sample(id).labels);
    let single: Vec<u32> = labels()
        .filter_map(|labels| match labels {
            Labels::One(class) => Some(class.0),
            _ => None,
        })
        .collect();
    let data = Labelled {
        vectors: vectors.as_slice(),
        dim: vectors.dim(),
        lengths: &lengths,
        labels: &single,
        groups: &groups,
        classes: listing.classes.len(),
    };
    if single.len() == ids.len() {
        return judge(data, settings, executor).map(Said::One);
    }
    let several: Vec<Vec<u32>> = labels()
        .map(|labels| labels.classes().iter().map(|class| class.0).collect())
        .collect();
    judge_many(data, &several, settings, executor).map(Said::Many)
}

fn opinions(listing: &Listing, ids: &[SampleId], said: &Said) -> Vec<LabelOpinion> {
    let mut opinions = vec![LabelOpinion::default(); listing.samples.len()];
    let class = |class: u32| crate::sample::ClassId(class);
    match said {
        Said::Nothing(_) => {}
        Said::One(judgement) => {
            for (id, judged) in ids.iter().zip(&judgement.samples) {
                opinions[id.index()] = LabelOpinion {
                    score: Some(judged.score),
                    suggested: (listing.sample(*id).labels.single()
                        != Some(class(judged.suggested)))
                    .then_some((class(judged.suggested), judged.suggested_score)),
                    cluster: None,
                    flag: flag(judged.level),
                };
            }
            for (number, cluster) in judgement.clusters.iter().enumerate() {
                for &row in &cluster.samples {
                    opinions[ids[row as usize].index()].cluster = Some(number as u32);
                }
            }
        }
        Said::Many(judgement) => {
            for (id, judged) in ids.iter().zip(&judgement.samples) {
                let missing = judged.doubts.iter().find(|doubt| !doubt.given);
                opinions[id.index()] = LabelOpinion {
                    score: Some(judged.score),
                    suggested: missing.map(|doubt| (class(doubt.label), 1.0 - doubt.score)),
                    cluster: None,
                    flag: flag(judged.doubts.iter().map(|doubt| doubt.level).max()),
                };
            }
        }
    }
    opinions
}

fn flag(level: Option<label_model::Level>) -> LabelFlag {
    match level {
        None => LabelFlag::None,
        Some(Level::Likely) => LabelFlag::Likely,
        Some(Level::Strong) => LabelFlag::Strong,
    }
}
