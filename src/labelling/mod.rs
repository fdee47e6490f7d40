//! What is thought of every sample's label: takes vectors from where the user
//! wants them, asks the label model, answers by sample. Flags nothing itself.

mod external;
mod groups;
mod memo;
mod objects;

pub use external::{External, Wanted, external};
pub use objects::{ObjectLabels, object_labels};

use serde::{Deserialize, Serialize};

use crate::duplicates::Duplicates;
use crate::executor::{Executor, Interrupted};
use crate::features::Vectors;
use crate::features::built_in::{self, FitError};
use crate::features::onnx::WholeImages;
use crate::features::supplied::Supplied;
use crate::finding::{LabelBelief, LabelFlag, LabelOpinion, LabelQueue};
use crate::fingerprint::{FingerprintTable, Images};
use crate::label_model::{
    self, Judged, Judgement, Labelled, Level, ManyJudgement, Settings, judge, judge_many,
    judge_many_probabilities, judge_probabilities,
};
use crate::progress::{Progress, Stage};
use crate::sample::{ClassId, Listing, Role, SampleId};
use memo::Basis;

/// What labels are judged from.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// Which of them could be seen.
    pub fingerprints: &'a FingerprintTable,
    /// Copies, which never vouch for each other.
    pub duplicates: &'a Duplicates,
    /// Images of one scene, whose objects never vouch for each other.
    pub scenes: &'a [(SampleId, SampleId)],
    /// Their images.
    pub images: &'a Images,
    /// What the user brings to judge by.
    pub external: &'a External,
}

/// What the model said, its row `i` being about `ids[i]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// The user supplied them.
    pub external: bool,
    /// What a person should know of the judging itself.
    pub notes: Vec<String>,
    /// For every sample of the listing.
    pub opinions: Vec<LabelOpinion>,
}

impl Labelling {
    /// Why no label is flagged, where none can be.
    pub fn unusable(&self) -> Option<String> {
        let help = "; provide a model (`--model`) or embeddings (`--embeddings`)";
        let help = if self.external { "" } else { help };
        unusable(&self.said, &self.features, help)
    }

    /// How far the flags may be believed, where there are any.
    pub fn belief(&self) -> Option<LabelBelief> {
        match &self.said {
            Said::One(judgement) if judgement.belief.unusable.is_none() => Some(LabelBelief {
                features: self.features.clone(),
                accuracy: judgement.belief.accuracy,
                guessing: judgement.belief.majority,
                is_built_in: !self.external,
                queue: judgement.belief.queue.as_deref().map(|queue| LabelQueue {
                    detectable: queue.detectable,
                    precision: queue.precision,
                    cut: queue.cut.into(),
                }),
            }),
            _ => None,
        }
    }
}

/// Why labels cannot be judged by what was said, if they cannot; `help` is what would
/// change that.
fn unusable(said: &Said, features: &str, help: &str) -> Option<String> {
    let why = match said {
        Said::Nothing(why) => return Some(why.clone()),
        Said::One(judgement) => judgement.belief.unusable.as_deref()?,
        Said::Many(judgement) => judgement.unusable.as_deref()?,
    };
    Some(format!("cannot judge labels with {features}; {why}{help}"))
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
    let (mut ids, row_of) = judged(material);
    progress.begin(Stage::Labels, Some(ids.len() as u64));
    let mut notes = Vec::new();
    let said = if ids.len() < 2 {
        Said::Nothing("fewer than two samples carry a label and could be judged".to_owned())
    } else {
        let of_rows = |rows: &Supplied| {
            let rows = row_of.iter().map(|&row| rows.vectors.row(row));
            rows.collect::<Vec<_>>().concat()
        };
        match material.external {
            External::Nothing => from_images(material, &ids, settings, executor, progress)?,
            External::Embeddings(rows, _) => {
                let vectors = Vectors::new(rows.vectors.dim(), of_rows(rows)).unwrap_or_default();
                from_vectors(material, &ids, vectors, settings, executor)?
            }
            External::Model(model) => {
                let done = |steps| progress.advance(steps);
                let shown = WholeImages {
                    ids: &ids,
                    fingerprints: material.fingerprints,
                    images: material.images,
                };
                let seen = model.vectors(&shown, executor, done)?;
                if let Some((row, why)) = seen.failed.first() {
                    notes.push(unseen(material.listing, ids[*row], why, seen.failed.len()));
                }
                ids = seen.rows.iter().map(|&row| ids[row]).collect();
                match ids.len() {
                    0 | 1 => Said::Nothing("the model was given fewer than two images".to_owned()),
                    _ => from_vectors(material, &ids, seen.vectors, settings, executor)?,
                }
            }
            External::Probabilities(rows, _) => probable(material, &ids, &of_rows(rows), settings),
        }
    };
    let opinions = opinions(material.listing, &ids, &said);
    progress.end(Stage::Labels, &format!("{} labels judged", ids.len()));
    let (features, external) = match material.external {
        External::Nothing => (BUILT_IN.to_owned(), false),
        External::Model(model) => (model.name().to_owned(), true),
        External::Embeddings(_, name) | External::Probabilities(_, name) => (name.clone(), true),
    };
    Ok(Labelling {
        ids,
        said,
        features,
        external,
        notes,
        opinions,
    })
}

/// The samples with a label, and an image or a row, in listing order; and
/// their rows.
fn judged(material: Material<'_>) -> (Vec<SampleId>, Vec<usize>) {
    let listing = material.listing;
    let rows = match material.external {
        External::Nothing | External::Model(_) => None,
        External::Embeddings(rows, _) | External::Probabilities(rows, _) => Some(&rows.ids),
    };
    let row_of = |id: SampleId| match rows {
        None => material.fingerprints.facts(id).map(|_| 0),
        Some(ids) => ids.binary_search(&id).ok(),
    };
    let samples = listing.samples.iter().filter(|sample| {
        let split = sample.split.map(|split| &listing.splits[split.index()]);
        !sample.labels.classes().is_empty()
            && split.is_none_or(|split| split.role != Role::Reference)
    });
    samples
        .filter_map(|sample| Some((sample.id, row_of(sample.id)?)))
        .unzip()
}

/// That a model could not be shown `count` images, such as `id`.
fn unseen(listing: &Listing, id: SampleId, why: &str, count: usize) -> String {
    let key = &listing.sample(id).key;
    format!("{count} labelled images have no vector and were not judged; `{key}`: {why}")
}

fn from_images(
    material: Material<'_>,
    ids: &[SampleId],
    settings: &Settings,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<Said, Interrupted> {
    let groups = groups::of(material.listing, material.duplicates, ids);
    let key = memo::key(material, ids, &groups, Basis::Images, settings);
    let thumbnail = |i: usize| material.images.thumbnails.get(ids[i]).unwrap_or_default();
    let done = |steps| progress.advance(steps);
    memo::or_else(key, &material.images.memo, || {
        match built_in::vectors(ids.len(), thumbnail, executor, done) {
            Ok(vectors) => ask(material.listing, ids, &groups, vectors, settings, executor),
            Err(FitError::Interrupted(stop)) => Err(stop),
            Err(FitError::NoVariance) => Ok(Said::Nothing(
                "the labelled images do not differ from each other".to_owned(),
            )),
        }
    })
}

fn from_vectors(
    material: Material<'_>,
    ids: &[SampleId],
    vectors: Vectors,
    settings: &Settings,
    executor: &Executor,
) -> Result<Said, Interrupted> {
    let groups = groups::of(material.listing, material.duplicates, ids);
    let basis = Basis::Vectors(&vectors);
    let key = memo::key(material, ids, &groups, basis, settings);
    memo::or_else(key, &material.images.memo, || {
        ask(material.listing, ids, &groups, vectors, settings, executor)
    })
}

/// What probabilities say.
fn probable(material: Material<'_>, ids: &[SampleId], rows: &[f32], settings: &Settings) -> Said {
    let classes = material.listing.classes.len();
    let Some(labels) = single(material.listing, ids) else {
        let labels = several(material.listing, ids);
        return Said::Many(judge_many_probabilities(rows, &labels, classes, settings));
    };
    let groups = groups::of(material.listing, material.duplicates, ids);
    Said::One(judge_probabilities(
        rows, &labels, &groups, classes, settings,
    ))
}

/// The class of each sample, if each has one and no more.
fn single(listing: &Listing, ids: &[SampleId]) -> Option<Vec<u32>> {
    let single = |&id: &SampleId| listing.sample(id).labels.single();
    let labels = ids.iter().map(|id| single(id).map(|class| class.0));
    labels.collect()
}

/// The classes of each sample.
fn several(listing: &Listing, ids: &[SampleId]) -> Vec<Vec<u32>> {
    let labels = ids.iter().map(|&id| {
        let classes = listing.sample(id).labels.classes().iter();
        classes.map(|class| class.0).collect()
    });
    labels.collect()
}

fn ask(
    listing: &Listing,
    ids: &[SampleId],
    groups: &[u32],
    mut vectors: Vectors,
    settings: &Settings,
    executor: &Executor,
) -> Result<Said, Interrupted> {
    let lengths = vectors.normalize();
    let single = single(listing, ids);
    let data = Labelled {
        vectors: vectors.as_slice(),
        dim: vectors.dim(),
        lengths: &lengths,
        labels: single.as_deref().unwrap_or_default(),
        groups,
        classes: listing.classes.len(),
    };
    if single.is_some() {
        return judge(data, settings, executor).map(Said::One);
    }
    let several = several(listing, ids);
    judge_many(data, &several, settings, executor).map(Said::Many)
}

fn opinions(listing: &Listing, ids: &[SampleId], said: &Said) -> Vec<LabelOpinion> {
    let mut opinions = vec![LabelOpinion::default(); listing.samples.len()];
    match said {
        Said::Nothing(_) => {}
        Said::One(judgement) => {
            for (id, judged) in ids.iter().zip(&judgement.samples) {
                let given = listing.sample(*id).labels.single();
                opinions[id.index()] = opinion(judged, given);
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
                    suggested: missing.map(|doubt| (ClassId(doubt.label), 1.0 - doubt.score)),
                    cluster: None,
                    flag: flag(judged.doubts.iter().map(|doubt| doubt.level).max()),
                };
            }
        }
    }
    opinions
}

/// What is thought of one label; only another than the given one is suggested.
fn opinion(judged: &Judged, given: Option<ClassId>) -> LabelOpinion {
    let suggested = ClassId(judged.suggested);
    LabelOpinion {
        score: Some(judged.right()),
        suggested: (given != Some(suggested)).then_some((suggested, judged.suggested_score)),
        cluster: None,
        flag: flag(judged.level),
    }
}

fn flag(level: Option<label_model::Level>) -> LabelFlag {
    match level {
        None => LabelFlag::None,
        Some(Level::Likely) => LabelFlag::Likely,
        Some(Level::Strong) => LabelFlag::Strong,
    }
}
