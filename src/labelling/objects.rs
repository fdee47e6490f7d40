//! What is thought of every object's class, judged by its crop as labels are by whole
//! images. Flags nothing itself.

use super::memo;
use super::{BUILT_IN, External, Material, Said, groups, opinion, unusable};
use crate::executor::{Executor, Interrupted};
use crate::features::Vectors;
use crate::features::built_in::{self, FitError};
use crate::features::crops::{Crop, Crops, LEAST_SIDE};
use crate::finding::LabelOpinion;
use crate::fingerprint::cache::Key;
use crate::label_model::{Labelled, Settings, judge};
use crate::object_flaws::{BoxFlaw, ObjectTable};
use crate::progress::{Progress, Stage};
use crate::sample::{ObjectId, Rect, Role, SampleId};

/// Counts changes to how objects are cut out or judged, with that of labels: raise it
/// with every such change.
const METHOD: &str = "object labels 1";

/// What is thought of the objects' classes.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectLabels {
    /// The objects judged, in listing order.
    pub ids: Vec<ObjectId>,
    /// The sample of each.
    pub owners: Vec<SampleId>,
    /// What was said of them.
    pub said: Said,
    /// The features used, for people.
    pub features: String,
    /// Objects that were not judged: crowds, boxes outside their image or read in a
    /// wrong way, and those of too few pixels.
    pub left_out: u64,
    /// Why a model saw some of them not.
    pub unseen: Option<String>,
    /// For every object of the listing.
    pub opinions: Vec<LabelOpinion>,
}

impl ObjectLabels {
    /// Why no object's class is flagged, where none can be.
    pub fn unusable(&self) -> Option<String> {
        let help = "; provide a model (`--model`)";
        let is_built_in = self.features == BUILT_IN;
        unusable(
            &self.said,
            &self.features,
            if is_built_in { help } else { "" },
        )
    }

    /// Which objects were not judged, for people.
    pub fn notes(&self) -> impl Iterator<Item = String> + '_ {
        let left_out = (self.left_out > 0).then(|| {
            format!(
                "{} not judged by what they show: crowds, boxes that reach out of their image or \
                 are read in a wrong way, fewer than {LEAST_SIDE} pixels a side, or an image \
                 that cannot be decoded",
                match self.left_out {
                    1 => "1 object was".to_owned(),
                    more => format!("{more} objects were"),
                }
            )
        });
        left_out.into_iter().chain(self.unseen.clone())
    }

    /// What is thought of an object's class, where that may be believed.
    pub fn usable_opinion(&self, id: ObjectId) -> Option<&LabelOpinion> {
        match self.unusable() {
            None => self.opinions.get(id.index()),
            Some(_) => None,
        }
    }
}

/// Judges the classes of all objects that can be cut out. No object vouches for
/// another of its image, of a copy of it or of its declared group. Vectors and
/// probabilities that the user supplied are of images, so that objects are then judged
/// by built-in features.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn object_labels(
    material: Material<'_>,
    objects: &ObjectTable,
    settings: &Settings,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<ObjectLabels, Interrupted> {
    let (mut ids, mut crops, left_out) = judged(material, objects);
    progress.begin(Stage::Labels, Some(ids.len() as u64));
    let (fingerprints, images) = (material.fingerprints, material.images);
    let done = |steps| progress.advance(steps);
    let mut features = BUILT_IN.to_owned();
    let (mut brought, mut unseen) = (None, None);
    if let External::Model(model) = material.external {
        let cut = Crops::new(&crops, images, fingerprints, executor.jobs());
        let seen = model.vectors(&cut, executor, done)?;
        if let Some((row, why)) = seen.failed.first() {
            let (key, count) = (
                &material.listing.sample(crops[*row].sample).key,
                seen.failed.len(),
            );
            unseen = Some(format!(
                "{count} objects have no vector and were not judged; one of `{key}`: {why}"
            ));
        }
        features = model.name().to_owned();
        ids = seen.rows.iter().map(|&row| ids[row]).collect();
        crops = seen.rows.iter().map(|&row| crops[row]).collect();
        brought = Some(seen.vectors);
    }
    let owners: Vec<SampleId> = crops.iter().map(|crop| crop.sample).collect();
    let groups = groups::of(material.listing, material.duplicates, &owners);
    let key = key(material, &ids, &crops, &groups, brought.as_ref(), settings);
    let said = if ids.len() < 2 {
        Said::Nothing("fewer than two objects can be judged by their pixels".to_owned())
    } else {
        memo::or_else(key, &images.memo, || {
            let vectors = match brought {
                Some(vectors) => vectors,
                None => {
                    let cut = Crops::new(&crops, images, fingerprints, executor.jobs());
                    let thumbnail = |i| cut.thumbnail(i);
                    match built_in::vectors(crops.len(), thumbnail, executor, done) {
                        Ok(vectors) => vectors,
                        Err(FitError::Interrupted(stop)) => return Err(stop),
                        Err(FitError::NoVariance) => {
                            let why = "the objects do not differ from each other";
                            return Ok(Said::Nothing(why.to_owned()));
                        }
                    }
                }
            };
            ask(material, &ids, &groups, vectors, settings, executor)
        })?
    };
    let mut opinions = vec![LabelOpinion::default(); material.listing.objects.len()];
    if let Said::One(judgement) = &said {
        for (id, judged) in ids.iter().zip(&judgement.samples) {
            let given = material.listing.objects[id.index()].class;
            opinions[id.index()] = opinion(judged, Some(given));
        }
    }
    let count = ids.len();
    progress.end(Stage::Labels, &format!("{count} objects judged"));
    Ok(ObjectLabels {
        ids,
        owners,
        said,
        features,
        left_out,
        unseen,
        opinions,
    })
}

/// The objects that can be cut out of their images, in listing order, and how many of
/// those that are no data used before cannot.
fn judged(material: Material<'_>, objects: &ObjectTable) -> (Vec<ObjectId>, Vec<Crop>, u64) {
    let listing = material.listing;
    let (mut ids, mut crops, mut left_out) = (Vec::new(), Vec::new(), 0);
    for sample in &listing.samples {
        if listing.role(sample.id) == Some(Role::Reference) {
            continue;
        }
        let is_seen = material.fingerprints.facts(sample.id).is_some();
        let rows = objects.of_sample(listing, sample.id);
        let annotated = listing.objects_of(sample.id);
        for (place, (object, row)) in (sample.objects.start.0..).zip(annotated.iter().zip(rows)) {
            let is_meant = [
                BoxFlaw::Misread,
                BoxFlaw::Unturned,
                BoxFlaw::Degenerate,
                BoxFlaw::Outside,
            ]
            .iter()
            .all(|&flaw| !row.flaws.contains(flaw));
            let is_large =
                |rect: &Rect| rect.is_finite() && rect.width.min(rect.height) >= LEAST_SIDE;
            match row.rect {
                Some(rect) if is_seen && is_meant && is_large(&rect) && !object.flags.crowd => {
                    ids.push(ObjectId(place));
                    crops.push(Crop {
                        sample: sample.id,
                        rect,
                    });
                }
                _ => left_out += 1,
            }
        }
    }
    (ids, crops, left_out)
}

fn ask(
    material: Material<'_>,
    ids: &[ObjectId],
    groups: &[u32],
    mut vectors: Vectors,
    settings: &Settings,
    executor: &Executor,
) -> Result<Said, Interrupted> {
    let lengths = vectors.normalize();
    let listing = material.listing;
    let classes = ids.iter().map(|id| listing.objects[id.index()].class.0);
    let data = Labelled {
        vectors: vectors.as_slice(),
        dim: vectors.dim(),
        lengths: &lengths,
        labels: &classes.collect::<Vec<_>>(),
        groups,
        classes: listing.classes.len(),
    };
    judge(data, settings, executor).map(Said::One)
}

/// What a judgement of these objects depends on; `None` where nothing is kept.
fn key(
    material: Material<'_>,
    ids: &[ObjectId],
    crops: &[Crop],
    groups: &[u32],
    vectors: Option<&Vectors>,
    settings: &Settings,
) -> Option<Key> {
    if !material.images.memo.is_kept() {
        return None;
    }
    let listing = material.listing;
    let mut objects = blake3::Hasher::new();
    for ((id, crop), group) in ids.iter().zip(crops).zip(groups) {
        let rect = [crop.rect.x, crop.rect.y, crop.rect.width, crop.rect.height];
        objects.update(&material.fingerprints.get(crop.sample)?.content?.0);
        for number in rect.map(f32::to_bits) {
            objects.update(&number.to_le_bytes());
        }
        let class = listing.objects[id.index()].class.0;
        objects.update(&class.to_le_bytes());
        objects.update(&group.to_le_bytes());
    }
    let classes = (listing.classes.len() as u64).to_le_bytes();
    // What the built-in features see follows from the contents and boxes.
    let vectors = vectors.map(|vectors| memo::of_vectors(vectors).as_bytes().to_vec());
    let vectors = vectors.unwrap_or_default();
    Some(Key::of_parts(
        METHOD,
        [
            &objects.finalize().as_bytes()[..],
            &classes[..],
            &vectors,
            &memo::of_settings(settings),
            memo::METHOD.as_bytes(),
        ],
    ))
}
