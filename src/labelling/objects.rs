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
use crate::object_flaws::ObjectTable;
use crate::progress::{Progress, Stage};
use crate::sample::{ObjectId, Role, SampleId};

/// Counts changes to how objects are cut out or judged, with that of labels: raise it
/// with every such change.
const METHOD: &str = "object labels 2";

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
    /// wrong way, and those of too few pixels in it.
    pub left_out: u64,
    /// Why some of them could not be seen again.
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
                "{} not judged by what they show: crowds, boxes that are read in a wrong way, \
                 fewer than {LEAST_SIDE} pixels a side inside the image, or an image that \
                 cannot be decoded",
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
/// another of its image, of a copy of it, of its scene or of its declared group. Vectors
/// and probabilities that the user supplied are of images, so that objects are then judged
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
    let (mut subjects, left_out) = judged(material, objects);
    progress.begin(Stage::Labels, Some(subjects.ids.len() as u64));
    let done = |steps| progress.advance(steps);
    let (said, unseen) = match material.external {
        External::Model(model) => {
            let (fingerprints, images) = (material.fingerprints, material.images);
            let cut = Crops::new(&subjects.crops, images, fingerprints, executor.jobs());
            let seen = model.vectors(&cut, executor, done)?;
            let unseen = seen.failed.first().map(|(row, why)| {
                let sample = subjects.crops[*row].sample;
                cannot_be_seen(material, seen.failed.len(), sample, why)
            });
            subjects = subjects.rows(&seen.rows);
            let case = Case::of(material, &subjects, Some(&seen.vectors), settings);
            let said = case.or_else(|| Ok(Ok(seen.vectors.clone())), executor)?;
            (said, unseen)
        }
        _ => by_built_in_features(material, &mut subjects, settings, executor, &done)?,
    };
    let mut opinions = vec![LabelOpinion::default(); material.listing.objects.len()];
    if let Said::One(judgement) = &said {
        for (id, judged) in subjects.ids.iter().zip(&judgement.samples) {
            let given = material.listing.objects[id.index()].class;
            opinions[id.index()] = opinion(judged, Some(given));
        }
    }
    let features = match material.external {
        External::Model(model) => model.name().to_owned(),
        _ => BUILT_IN.to_owned(),
    };
    let count = subjects.ids.len();
    progress.end(Stage::Labels, &format!("{count} objects judged"));
    Ok(ObjectLabels {
        owners: subjects.owners(),
        ids: subjects.ids,
        said,
        features,
        left_out,
        unseen,
        opinions,
    })
}

/// What built-in features say, and which objects they cannot see any more: these are
/// taken out of `subjects`.
fn by_built_in_features(
    material: Material<'_>,
    subjects: &mut Cut,
    settings: &Settings,
    executor: &Executor,
    done: &(impl Fn(u64) + Sync),
) -> Result<(Said, Option<String>), Interrupted> {
    let (fingerprints, images) = (material.fingerprints, material.images);
    let key = Case::of(material, subjects, None, settings).key();
    if let Some(said) = memo::known(key, &images.memo) {
        done(subjects.ids.len() as u64);
        return Ok((said, None));
    }
    let cut = Crops::new(&subjects.crops, images, fingerprints, executor.jobs());
    let (mut rows, mut thumbnails) = (Vec::new(), Vec::new());
    let mut first = None;
    for (row, made) in cut.thumbnails(executor, done)?.into_iter().enumerate() {
        match made {
            Ok(thumbnail) => {
                rows.push(row);
                thumbnails.push(thumbnail);
            }
            Err(why) => first = first.or(Some((row, why))),
        }
    }
    let unseen = first.map(|(row, why)| {
        let (count, sample) = (subjects.ids.len() - rows.len(), subjects.crops[row].sample);
        cannot_be_seen(material, count, sample, &format!("the image {why}"))
    });
    *subjects = subjects.rows(&rows);
    let vectors = || {
        let thumbnail = |i: usize| thumbnails[i].clone();
        match built_in::vectors(thumbnails.len(), thumbnail, executor, |_| ()) {
            Ok(vectors) => Ok(Ok(vectors)),
            Err(FitError::Interrupted(stop)) => Err(stop),
            Err(FitError::NoVariance) => Ok(Err("the objects do not differ from each other")),
        }
    };
    let said = Case::of(material, subjects, None, settings).or_else(vectors, executor)?;
    Ok((said, unseen))
}

/// That `count` objects could not be seen, such as one of `sample`.
fn cannot_be_seen(material: Material<'_>, count: usize, sample: SampleId, why: &str) -> String {
    let key = &material.listing.sample(sample).key;
    let objects = match count {
        1 => "1 object was".to_owned(),
        more => format!("{more} objects were"),
    };
    format!("{objects} not judged by what they show, one of them in `{key}`: {why}")
}

/// Objects, and how each is cut out; sorted by sample.
struct Cut {
    ids: Vec<ObjectId>,
    crops: Vec<Crop>,
}

impl Cut {
    fn rows(&self, rows: &[usize]) -> Self {
        Self {
            ids: rows.iter().map(|&row| self.ids[row]).collect(),
            crops: rows.iter().map(|&row| self.crops[row]).collect(),
        }
    }

    fn owners(&self) -> Vec<SampleId> {
        self.crops.iter().map(|crop| crop.sample).collect()
    }
}

/// The objects that can be cut out of their images, in listing order, and how many of
/// those that are no data used before cannot.
fn judged(material: Material<'_>, objects: &ObjectTable) -> (Cut, u64) {
    let listing = material.listing;
    let (mut ids, mut crops, mut left_out) = (Vec::new(), Vec::new(), 0);
    for sample in &listing.samples {
        if listing.role(sample.id) == Some(Role::Reference) {
            continue;
        }
        let visible = objects.visible(listing, material.fingerprints, sample.id, LEAST_SIDE);
        for (object, shown) in visible {
            match shown {
                Some(rect) => {
                    ids.push(object);
                    crops.push(Crop {
                        sample: sample.id,
                        rect,
                    });
                }
                None => left_out += 1,
            }
        }
    }
    (Cut { ids, crops }, left_out)
}

/// Objects to be judged together.
struct Case<'a> {
    material: Material<'a>,
    subjects: &'a Cut,
    groups: Vec<u32>,
    /// Vectors that the user's model made.
    brought: Option<&'a Vectors>,
    settings: &'a Settings,
}

impl<'a> Case<'a> {
    fn of(
        material: Material<'a>,
        subjects: &'a Cut,
        brought: Option<&'a Vectors>,
        settings: &'a Settings,
    ) -> Self {
        let (listing, duplicates) = (material.listing, material.duplicates);
        let owners = subjects.owners();
        Self {
            material,
            subjects,
            groups: groups::of_scenes(listing, duplicates, material.scenes, &owners),
            brought,
            settings,
        }
    }

    /// What an earlier scan said, or else what is said of the objects with `vectors`, or
    /// why there are none.
    fn or_else(
        &self,
        vectors: impl FnOnce() -> Result<Result<Vectors, &'static str>, Interrupted>,
        executor: &Executor,
    ) -> Result<Said, Interrupted> {
        if self.subjects.ids.len() < 2 {
            let why = "fewer than two objects can be judged by their pixels";
            return Ok(Said::Nothing(why.to_owned()));
        }
        // What was seen of a file that was written to since belongs to another content.
        let mut samples = self.subjects.owners();
        samples.dedup();
        let access = &self.material.images.access;
        let key = self.key();
        let key = key.filter(|_| samples.iter().all(|&id| access.is_unchanged(id)));
        memo::or_else(key, &self.material.images.memo, || match vectors()? {
            Ok(vectors) => self.ask(vectors, executor),
            Err(why) => Ok(Said::Nothing(why.to_owned())),
        })
    }

    fn ask(&self, mut vectors: Vectors, executor: &Executor) -> Result<Said, Interrupted> {
        let lengths = vectors.normalize();
        let objects = &self.material.listing.objects;
        let class = |id: &ObjectId| objects[id.index()].class.0;
        // Memory grows with the classes: only those of objects count.
        let mut used: Vec<u32> = self.subjects.ids.iter().map(class).collect();
        used.sort_unstable();
        used.dedup();
        let number = |class: u32| used.partition_point(|&other| other < class) as u32;
        let labels = self.subjects.ids.iter().map(|id| number(class(id)));
        let labels: Vec<u32> = labels.collect();
        if used.len() < 2 {
            let why = "all objects that can be judged by their pixels have one class";
            return Ok(Said::Nothing(why.to_owned()));
        }
        let data = Labelled {
            vectors: vectors.as_slice(),
            dim: vectors.dim(),
            lengths: &lengths,
            labels: &labels,
            groups: &self.groups,
            classes: used.len(),
        };
        let judgement = judge(data, self.settings, executor)?;
        Ok(Said::One(judgement.renamed(&used)))
    }

    /// What a judgement of these objects depends on; `None` where nothing is kept.
    fn key(&self) -> Option<Key> {
        if !self.material.images.memo.is_kept() {
            return None;
        }
        let listing = self.material.listing;
        let mut objects = blake3::Hasher::new();
        let subjects = self.subjects.ids.iter().zip(&self.subjects.crops);
        for ((id, crop), group) in subjects.zip(&self.groups) {
            let rect = [crop.rect.x, crop.rect.y, crop.rect.width, crop.rect.height];
            objects.update(&self.material.fingerprints.get(crop.sample)?.content?.0);
            for number in rect.map(f32::to_bits) {
                objects.update(&number.to_le_bytes());
            }
            let class = listing.objects[id.index()].class.0;
            objects.update(&class.to_le_bytes());
            objects.update(&group.to_le_bytes());
        }
        let classes = (listing.classes.len() as u64).to_le_bytes();
        // What the built-in features see follows from the contents and boxes.
        let vectors = self.brought.map(memo::of_vectors);
        let vectors = vectors.map(|hash| hash.as_bytes().to_vec());
        Some(Key::of_parts(
            METHOD,
            [
                &objects.finalize().as_bytes()[..],
                &classes[..],
                &vectors.unwrap_or_default(),
                &memo::of_settings(self.settings),
                memo::METHOD.as_bytes(),
            ],
        ))
    }
}
