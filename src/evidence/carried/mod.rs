//! Objects of one image carried over to another that shows the same, and what differs
//! there. Judges no object by the image alone.
//!
//! Copies are compared by the transform that was measured, images of one scene by the map
//! of their matched places. But for equal pixels, what differs counts only where the two
//! images agree around the box: a thing that moved between two frames is no wrong box.

mod compare;
mod proof;

use std::collections::{BTreeMap, BTreeSet};

pub use compare::{Boxed, Difference, MOST};

use super::Directed;
use crate::disjoint_sets::DisjointSets;
use crate::duplicates::{Duplicates, Pair};
use crate::executor::{Executor, Interrupted};
use crate::finding::{PairEvidence, Relation, Transform};
use crate::fingerprint::{FingerprintTable, Images};
use crate::object_flaws::{BoxFlaw, ObjectTable};
use crate::sample::{Listing, Rect, Role, SampleId};
use crate::scenes::Scenes;
use compare::{Laid, compare};
use proof::Proof;

/// Pairs with differences whose pixels are compared, at most: twenty minutes of photos on
/// two cores.
const MOST_PROVEN: usize = 20_000;

/// Overlap from which boxes of one class in one image are one object.
const SAME: f64 = 0.5;

/// Why two images can be held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// They are copies.
    Copies,
    /// They show one scene.
    Scene,
}

/// Two images whose objects differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The two, and what was measured of them.
    pub pair: Pair,
    /// The same with its direction, in which the differences are described.
    pub directed: Directed,
    /// Why they are compared.
    pub shown: Shown,
    /// What differs, at least one.
    pub differences: Vec<Difference>,
}

/// All images whose objects differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CarriedObjects {
    /// Copies first, each kind in the order of its pairs.
    pub conflicts: Vec<Conflict>,
    /// Images with too many objects to compare.
    pub too_many: Vec<SampleId>,
    /// Pairs with differences whose pixels were not compared: too many, or an image cannot
    /// be decoded any more.
    pub not_proven: u64,
}

/// What objects are carried over by.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The samples.
    pub listing: &'a Listing,
    /// The sizes of their images.
    pub fingerprints: &'a FingerprintTable,
    /// Their images.
    pub images: &'a Images,
    /// Their objects in pixels.
    pub objects: &'a ObjectTable,
    /// Copies.
    pub duplicates: &'a Duplicates,
    /// Images of one scene, where they were searched.
    pub scenes: Option<&'a Scenes>,
}

/// Finds the copies, and the images of one scene, whose objects differ.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn carry(ground: Ground<'_>, executor: &Executor) -> Result<CarriedObjects, Interrupted> {
    let mut found = CarriedObjects::default();
    if ground.objects.is_empty() {
        return Ok(found);
    }
    let shared = ground.listing.shared_classes();
    let mut conflicts = Vec::new();
    ground.copies(&shared, &mut conflicts, &mut found.too_many, executor)?;
    ground.scenes(&shared, &mut conflicts, executor)?;
    let is_exact = |conflict: &Conflict| conflict.pair.evidence.relation == Relation::Exact;
    let (exact, others): (Vec<Conflict>, Vec<Conflict>) = conflicts.into_iter().partition(is_exact);
    found.not_proven = others.len().saturating_sub(MOST_PROVEN) as u64;
    let others = &others[..others.len().min(MOST_PROVEN)];
    let proven = executor.map(others.len(), |i| ground.proven(&others[i]))?;
    found.not_proven += proven.iter().filter(|proven| proven.is_none()).count() as u64;
    let proven = proven.into_iter().flatten();
    let proven = proven.filter(|conflict| !conflict.differences.is_empty());
    found.conflicts = exact.into_iter().chain(proven).collect();
    found.conflicts.sort_by_key(|conflict| {
        let is_scene = conflict.shown == Shown::Scene;
        (is_scene, conflict.pair.a, conflict.pair.b)
    });
    found.drop_repeated(ground);
    found.too_many.sort_unstable();
    found.too_many.dedup();
    Ok(found)
}

impl Ground<'_> {
    fn copies(
        self,
        shared: &[bool],
        conflicts: &mut Vec<Conflict>,
        too_many: &mut Vec<SampleId>,
        executor: &Executor,
    ) -> Result<(), Interrupted> {
        // Copies of the same pixels under the same objects stand for each other.
        let mut alike = DisjointSets::new(self.listing.samples.len());
        let mut met = BTreeSet::new();
        for pair in self.duplicates.pairs.iter().filter(|pair| !pair.demoted) {
            executor.stop().check()?;
            if !self.is_compared(pair.a, pair.b, shared) {
                continue;
            }
            let both = [pair.a, pair.b].map(|id| alike.find(id.0));
            if both[0] == both[1] || !met.insert((both[0].min(both[1]), both[0].max(both[1]))) {
                continue;
            }
            if self.has_too_many(pair.a, pair.b) {
                too_many.extend([pair.a, pair.b]);
                continue;
            }
            match self.conflict(pair, Shown::Copies) {
                Some(conflict) if !conflict.differences.is_empty() => conflicts.push(conflict),
                Some(_) if pair.evidence.relation == Relation::Exact => {
                    alike.join(pair.a.0, pair.b.0);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Of images of one scene only what one has and the other lacks: their map is too
    /// coarse for edges.
    fn scenes(
        self,
        shared: &[bool],
        conflicts: &mut Vec<Conflict>,
        executor: &Executor,
    ) -> Result<(), Interrupted> {
        for link in self.scenes.iter().flat_map(|scenes| &scenes.links) {
            executor.stop().check()?;
            if !self.is_compared(link.a, link.b, shared) || self.has_too_many(link.a, link.b) {
                continue;
            }
            let pair = Pair {
                a: link.a,
                b: link.b,
                evidence: PairEvidence {
                    relation: Relation::Overlap,
                    transform: Transform {
                        matrix: link.matrix,
                        ..Transform::default()
                    },
                    distance: None,
                    similarity: 0.0,
                },
                demoted: false,
            };
            let Some(mut conflict) = self.conflict(&pair, Shown::Scene) else {
                continue;
            };
            conflict.differences.retain(|difference| {
                matches!(difference, Difference::Missing(_) | Difference::Extra(_))
            });
            if !conflict.differences.is_empty() {
                conflicts.push(conflict);
            }
        }
        Ok(())
    }

    /// Whether the objects of two images can be held against each other: both lie
    /// where objects are annotated at all, one of them has some, neither is read in
    /// a wrong way, and classes mean the same on both sides.
    fn is_compared(self, a: SampleId, b: SampleId, shared: &[bool]) -> bool {
        let listing = self.listing;
        let is_reference = |id| listing.role(id) == Some(Role::Reference);
        let is_annotated = |id: SampleId| {
            let split = listing.sample(id).split;
            let mut splits = self.objects.splits.iter();
            splits.any(|figures| figures.split == split && figures.objects > 0)
        };
        let is_read = |id: SampleId| {
            let rows = self.objects.of_sample(listing, id);
            let meant = |flaw| rows.iter().all(|row| !row.flaws.contains(flaw));
            meant(BoxFlaw::Misread) && meant(BoxFlaw::Unturned)
        };
        let is_shared = |id: SampleId| {
            let mut objects = listing.objects_of(id).iter();
            objects.all(|object| shared.get(object.class.index()).copied().unwrap_or(false))
        };
        let both = [a, b];
        !both.iter().all(|&id| is_reference(id))
            && both.iter().any(|&id| !listing.objects_of(id).is_empty())
            && both.iter().all(|&id| is_annotated(id) && is_read(id))
            && (is_reference(a) == is_reference(b) || both.iter().all(|&id| is_shared(id)))
    }

    fn has_too_many(self, a: SampleId, b: SampleId) -> bool {
        let count = |id| self.listing.objects_of(id).len();
        count(a).max(count(b)) > MOST
    }

    /// What differs from the image that the other is described as made from; `None`
    /// where a size is not known.
    fn conflict(self, pair: &Pair, shown: Shown) -> Option<Conflict> {
        let directed = pair.directed(self.listing);
        let laid = self.laid(&directed)?;
        let (first, second) = (self.boxes(directed.from), self.boxes(directed.to));
        Some(Conflict {
            differences: compare(&laid, &first, &second),
            pair: pair.clone(),
            directed,
            shown,
        })
    }

    fn laid(self, pair: &Directed) -> Option<Laid> {
        let size = |id: SampleId| -> Option<(f32, f32)> {
            let header = &self.fingerprints.facts(id)?.header;
            Some((header.width as f32, header.height as f32))
        };
        Some(Laid {
            first: size(pair.from)?,
            second: size(pair.to)?,
            matrix: pair.evidence.transform.matrix,
            exact: pair.evidence.relation == Relation::Exact,
        })
    }

    /// The objects of a sample that have a size.
    fn boxes(self, id: SampleId) -> Vec<Boxed> {
        let objects = self.listing.objects_of(id).iter();
        let rows = self.objects.of_sample(self.listing, id).iter();
        (objects.zip(rows).enumerate())
            .filter(|(_, (_, row))| !row.flaws.contains(BoxFlaw::Degenerate))
            .filter_map(|(place, (object, row))| {
                Some(Boxed {
                    place,
                    class: object.class,
                    rect: row.rect?,
                    // Of two boxes on one object, one may have been taken away.
                    optional: object.flags.crowd
                        || object.flags.difficult
                        || row.flaws.contains(BoxFlaw::Duplicate),
                })
            })
            .collect()
    }

    /// The conflict with the differences around which the pixels of both agree; `None`
    /// where an image cannot be decoded any more.
    fn proven(self, conflict: &Conflict) -> Option<Conflict> {
        let laid = self.laid(&conflict.directed)?;
        let (from, to) = (conflict.directed.from, conflict.directed.to);
        let proof = Proof::of(&laid, &self.images.access, from, to)?;
        let mut least = f32::INFINITY;
        let agrees = |difference: &&Difference| {
            let rect = match difference {
                Difference::Missing(a) => a.rect,
                Difference::Relabelled(a, _) | Difference::Shifted(a, _) => a.rect,
                Difference::Extra(b) => laid.carry(&b.rect),
            };
            let agreement = proof.around(&rect);
            let agrees = agreement.is_some_and(|agreement| agreement >= proof::LEAST);
            if agrees {
                least = least.min(agreement.unwrap_or(0.0));
            }
            agrees
        };
        let differences: Vec<Difference> = conflict
            .differences
            .iter()
            .filter(agrees)
            .copied()
            .collect();
        let mut conflict = Conflict {
            differences,
            ..conflict.clone()
        };
        if conflict.shown == Shown::Scene {
            let similarity = f64::from(least.clamp(0.0, 1.0));
            conflict.pair.evidence.similarity = similarity;
            conflict.directed.evidence.similarity = similarity;
        }
        Some(conflict)
    }
}

impl CarriedObjects {
    /// Of a film each frame would name a box that one frame lacks: the first does.
    fn drop_repeated(&mut self, ground: Ground<'_>) {
        let mut named: BTreeMap<SampleId, Vec<Boxed>> = BTreeMap::new();
        for conflict in &mut self.conflicts {
            let (from, to) = (conflict.directed.from, conflict.directed.to);
            let Some(laid) = ground.laid(&conflict.directed) else {
                continue;
            };
            let is_scene = conflict.shown == Shown::Scene;
            conflict.differences.retain(|difference| {
                // The image that lacks the object, or may not have it, and where.
                let (image, missed) = match difference {
                    Difference::Missing(a) => {
                        let Some(rect) = laid.carry_back(&a.rect) else {
                            return true;
                        };
                        (to, Boxed { rect, ..*a })
                    }
                    Difference::Extra(b) => (
                        from,
                        Boxed {
                            rect: laid.carry(&b.rect),
                            ..*b
                        },
                    ),
                    _ => return true,
                };
                let named = named.entry(image).or_default();
                let is_known = named.iter().any(|other: &Boxed| {
                    let overlap = |a: &Rect, b: &Rect| a.iou(b) >= SAME;
                    other.class == missed.class && overlap(&other.rect, &missed.rect)
                });
                if !is_known {
                    named.push(missed);
                }
                !(is_known && is_scene)
            });
        }
        (self.conflicts).retain(|conflict| !conflict.differences.is_empty());
    }
}
