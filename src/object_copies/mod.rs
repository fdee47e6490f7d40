//! Objects that show the same thing in two images which are no copies: pasted, or cut out
//! and set into another image. Knows nothing of splits or classes.
//!
//! Crops of objects are compared as whole images are (`duplicates`): proposed by hashes and
//! descriptors, registered, scored on pixels, and refined at 256 pixels.

mod crops;
mod memo;

use crate::disjoint_sets::DisjointSets;
use crate::duplicates::{Duplicates, Pair, candidates_by_hashes, groups, verify};
use crate::executor::{Executor, Interrupted};
use crate::features::crops::{Crop, Crops};
use crate::finding::PairEvidence;
use crate::fingerprint::{FingerprintTable, Images};
use crate::object_flaws::ObjectTable;
use crate::progress::{Progress, Stage};
use crate::sample::{Listing, ObjectId, SampleId};
use crops::ObjectImages;

/// Pixels of a box's shorter side, at least. Below, a crop holds no finer detail than its
/// thumbnail, and things of one kind (signs, cells, fruit) agree by chance.
pub const LEAST_SIDE: f32 = 48.0;

/// Similarity of a pair, at least: more than whole images need (.8), because a set has ten
/// times as many objects, and they look more alike. Of 51 blood cells cut out of photos and
/// pasted into others (mirrored, smaller, brighter, as JPEG) 44 were found, all at .9991 and
/// above; two other pairs of cells among 4,886 reached .977.
const LEAST_SIMILARITY: f32 = 0.998;

/// What objects are compared by.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// Which of them could be seen.
    pub fingerprints: &'a FingerprintTable,
    /// Their images.
    pub images: &'a Images,
    /// Their objects in pixels.
    pub objects: &'a ObjectTable,
    /// Copies: their objects are the same anyway.
    pub duplicates: &'a Duplicates,
    /// Images of one scene, of which the same holds.
    pub scenes: &'a [(SampleId, SampleId)],
}

/// Objects that show the same thing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObjectCopies {
    /// The objects compared, by number, and the sample of each.
    pub compared: Vec<(ObjectId, SampleId)>,
    /// Pairs of numbers (written as sample ids: a search knows no other images) in images
    /// that neither copies nor scenes connect; sorted.
    pub found: Duplicates,
    /// Objects that were not compared: crowds, boxes that are read in a wrong way, and
    /// those of too few pixels.
    pub left_out: u64,
    /// Why some of them could not be seen again.
    pub unseen: Option<String>,
}

/// One thing, and the objects that show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Thing {
    /// The objects, with their samples, in listing order.
    pub objects: Vec<(ObjectId, SampleId)>,
    /// The pairs that connect them.
    pub pairs: Vec<ThingPair>,
}

/// Two objects that are copies of each other.
#[derive(Debug, Clone, PartialEq)]
pub struct ThingPair {
    /// The first in listing order, with its sample.
    pub a: (ObjectId, SampleId),
    /// The other.
    pub b: (ObjectId, SampleId),
    /// What was measured on their crops.
    pub evidence: PairEvidence,
}

/// Finds all pairs of objects that are copies of each other, or recalls those of a scan
/// of the very same objects.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn find(
    material: Material<'_>,
    executor: &Executor,
    progress: &dyn Progress,
) -> Result<ObjectCopies, Interrupted> {
    let (ids, boxes, left_out) = compared(material);
    progress.begin(Stage::Objects, Some(boxes.len() as u64));
    let (fingerprints, images) = (material.fingerprints, material.images);
    let mut unseen = None;
    let found = memo::known_or(material, &boxes, || {
        let crops = Crops::new(&boxes, images, fingerprints, executor.jobs()).without_margin();
        let done = |steps| progress.advance(steps);
        let source = ObjectImages::prepare(&boxes, &crops, executor, done)?;
        unseen = source.unseen(material.listing);
        let by_hash = candidates_by_hashes(&source.hashes(), executor)?;
        let verified = verify(boxes.len(), &source, &by_hash, executor)?;
        let likely = verified.pairs.iter();
        let likely = likely.filter(|pair| pair.similarity >= LEAST_SIMILARITY);
        let pairs = likely.map(|pair| Pair {
            a: SampleId(pair.first),
            b: SampleId(pair.second),
            evidence: PairEvidence {
                relation: pair.relation,
                transform: pair.transform,
                distance: None,
                similarity: f64::from(pair.similarity),
            },
            demoted: false,
        });
        Ok(apart(material, &boxes, pairs.collect()))
    })?;
    let compared: Vec<_> = (ids.into_iter().zip(&boxes))
        .map(|(id, crop)| (id, crop.sample))
        .collect();
    let summary = format!("{} pairs of objects", found.len());
    progress.end(Stage::Objects, &summary);
    Ok(ObjectCopies {
        found: Duplicates {
            groups: groups(compared.len(), found.iter().map(|pair| (pair.a, pair.b))),
            pairs: found,
            ..Duplicates::default()
        },
        compared,
        left_out,
        unseen,
    })
}

/// The pairs of objects in images that neither copies nor scenes connect.
fn apart(material: Material<'_>, boxes: &[Crop], pairs: Vec<Pair>) -> Vec<Pair> {
    let mut connected = DisjointSets::new(material.listing.samples.len());
    for group in &material.duplicates.groups {
        for pair in group.windows(2) {
            connected.join(pair[0].0, pair[1].0);
        }
    }
    for (a, b) in material.scenes {
        connected.join(a.0, b.0);
    }
    let mut image = |index: SampleId| connected.find(boxes[index.index()].sample.0);
    let mut pairs = pairs;
    pairs.retain(|pair| image(pair.a) != image(pair.b));
    pairs
}

/// The objects that can be compared, how they are cut out, and how many others there are.
fn compared(material: Material<'_>) -> (Vec<ObjectId>, Vec<Crop>, u64) {
    let listing = material.listing;
    let (mut ids, mut boxes, mut left_out) = (Vec::new(), Vec::new(), 0);
    for sample in &listing.samples {
        let visible =
            material
                .objects
                .visible(listing, material.fingerprints, sample.id, LEAST_SIDE);
        for (object, shown) in visible {
            match shown {
                Some(rect) => {
                    ids.push(object);
                    boxes.push(Crop {
                        sample: sample.id,
                        rect,
                    });
                }
                None => left_out += 1,
            }
        }
    }
    (ids, boxes, left_out)
}

impl ObjectCopies {
    /// Which objects were not compared, for people.
    pub fn notes(&self) -> impl Iterator<Item = String> + '_ {
        let left_out = (self.left_out > 0).then(|| {
            format!(
                "{} not compared with those of other images: crowds, boxes that are read in a \
                 wrong way, fewer than {LEAST_SIDE} pixels a side inside the image, or an image \
                 that cannot be decoded",
                match self.left_out {
                    1 => "1 object was".to_owned(),
                    more => format!("{more} objects were"),
                }
            )
        });
        left_out.into_iter().chain(self.unseen.clone())
    }

    /// The objects that show one thing each, by pairs that are not demoted: in listing
    /// order of their first.
    pub fn things(&self) -> Vec<Thing> {
        let object = |number: SampleId| self.compared[number.index()];
        let mut of_object = vec![None; self.compared.len()];
        let mut things: Vec<Thing> = Vec::with_capacity(self.found.groups.len());
        for (number, group) in self.found.groups.iter().enumerate() {
            for member in group {
                of_object[member.index()] = Some(number);
            }
            things.push(Thing {
                objects: group.iter().map(|&number| object(number)).collect(),
                pairs: Vec::new(),
            });
        }
        for pair in self.found.pairs.iter().filter(|pair| !pair.demoted) {
            if let Some(thing) = of_object[pair.a.index()] {
                things[thing].pairs.push(ThingPair {
                    a: object(pair.a),
                    b: object(pair.b),
                    evidence: pair.evidence.clone(),
                });
            }
        }
        things
    }
}
