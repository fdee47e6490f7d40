//! Images that share a scene or a part without being registered copies: overlapping
//! windows, turned and strongly cropped copies, and other shots of the same place.
//! Knows nothing of splits or labels.
//!
//! In stages, each of which leaves fewer pairs to the next:
//!
//! 1. **Local features** (`detector.rs`, `fast.rs`, `descriptor.rs`): FAST corners on a pyramid,
//!    described by 192 binary tests (ORB, Rublee et al. 2011; BRISK, Leutenegger et al.
//!    2011). Kept in the cache, 12 kB an image.
//! 2. **Candidate generation** (`index.rs`): votes of shared descriptor stretches
//!    (multi-index hashing, Norouzi et al. 2012) that agree on a turn (weak geometric
//!    consistency, Jégou et al. 2008), for the image and its mirror image.
//! 3. **Matching** (`matching.rs`): mutual nearest neighbours under the ratio test
//!    (Lowe 2004).
//! 4. **Geometric verification** (`geometry.rs`): similarity, then affine map, judged by
//!    its number of false alarms (Moisan & Stival 2004).
//! 5. **Links** (`links.rs`): where on both images the inliers lie, and whether they are
//!    many enough to stand without a proof.
//! 6. **Pixel proof** (`proof.rs`): local NCC over all that two images share. What passes
//!    is a copy; the rest are same-scene links.

mod descriptor;
mod detector;
mod fast;
mod geometry;
mod index;
mod links;
mod matching;
mod memo;
mod pattern;
mod proof;

use std::cell::RefCell;
use std::collections::BTreeSet;

use descriptor::{Features, SIDE, features};
use geometry::{Fit, Map, fit, inverse};
use index::{Candidate, Index, Votes};
use links::link;
use proof::prove;

use crate::decode::{Plane, Thumbnail};
use crate::duplicates::{Duplicates, Pair, groups, transform_of_map};
use crate::executor::{Executor, Interrupted};
use crate::finding::{Extent, PairEvidence, Relation, Share};
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::SampleId;

/// The name of an image's features in the cache. Its number is raised with every
/// change to what features are.
const NAME: &str = "scene features 2";

/// Partners matched for each image, at most. Of planted windows, turns, crops and
/// insets the true partner is among the first six as often as among twelve.
const PARTNERS: usize = 6;

/// Pixels along an image's long side, at least. In smaller ones the descriptors of most
/// features overlap and agree together by chance: of 900 soft, noisy images of 64 to 128
/// pixels 40 pairs were called copies; of 1,000 of 160 to 320 none was called
/// a copy, and those above 192 were not linked either.
pub const LEAST_SIDE: u32 = 192;

/// Features below which an image holds too little to link it.
const LEAST_FEATURES: usize = 24;

/// Two images that show the same place or thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The first in listing order.
    pub a: SampleId,
    /// The second.
    pub b: SampleId,
    /// What of the first is matched, in shares of its sides.
    pub region_a: Share,
    /// What of the second.
    pub region_b: Share,
    /// Lays the second over the first, in shares of their sides; see
    /// [`Transform::matrix`](crate::finding::Transform::matrix).
    pub matrix: [f32; 6],
    /// Matched places that fit one map.
    pub inliers: u32,
    /// Decimal logarithm of how many links as good chance gives in one comparison.
    pub log_nfa: f64,
    /// The second lies over the first as it is: one camera that did not move.
    pub still: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scenes {
    /// Copies that pixels prove, sorted by `(a, b)`.
    pub copies: Vec<Pair>,
    /// Other images of one scene, sorted by `(a, b)`.
    pub links: Vec<Link>,
    /// Images with enough features to be linked.
    pub compared: u64,
    /// How many candidates each stage kept, for `-v`.
    pub kept: Vec<(&'static str, u64)>,
}

/// Finds copies and links among all images that could be decoded, one for each
/// content, or recalls those of a scan of the very same set. Memory: 25 kB an image.
///
/// # Errors
/// [`Interrupted`] when the user asked to stop.
pub fn find(
    table: &FingerprintTable,
    images: &Images,
    executor: &Executor,
) -> Result<Scenes, Interrupted> {
    memo::known_or(table, images, || search(table, images, executor))
}

fn search(
    table: &FingerprintTable,
    images: &Images,
    executor: &Executor,
) -> Result<Scenes, Interrupted> {
    let ids = distinct(table);
    let all = executor.map(ids.len(), |i| features_of(ids[i], images))?;
    let enough = |features: &Features| features.list.len() >= LEAST_FEATURES;
    let compared = all.iter().filter(|features| enough(features)).count() as u64;
    let index = Index::new(&all, executor)?;
    let proposed = executor.map(ids.len(), |i| {
        if !enough(&all[i]) {
            return Vec::new();
        }
        with_votes(|votes| index.candidates(i as u32, &all[i], votes, PARTNERS))
    })?;
    drop(index);
    let mut candidates: Vec<Candidate> = proposed.into_iter().flatten().collect();
    candidates.sort_unstable();
    candidates.dedup();
    let of = |i: u32| &all[i as usize];
    let fits = executor.map(candidates.len(), |k| {
        let pair = candidates[k];
        let (first, second) = (of(pair.first), of(pair.second));
        let fit = fit(first, second, pair.mirrored)?;
        // No second shot of a place is its mirror image: that is a copy or chance.
        let regions = link(&fit, first.size(), second.size()).ok();
        let regions = regions.filter(|_| !pair.mirrored);
        (fit.log_nfa <= links::LEAST).then_some((pair, fit, regions))
    })?;
    let mut fits: Vec<_> = fits.into_iter().flatten().collect();
    // Of an image and its mirror image the better one.
    fits.sort_by(|a, b| {
        let key = |pair: &Candidate| (pair.first, pair.second);
        (key(&a.0).cmp(&key(&b.0))).then(a.1.log_nfa.total_cmp(&b.1.log_nfa))
    });
    fits.dedup_by_key(|(pair, ..)| (pair.first, pair.second));
    let proven = executor.map(fits.len(), |k| {
        let (pair, fit, _) = &fits[k];
        let (a, b) = (ids[pair.first as usize], ids[pair.second as usize]);
        let bodies = (Body::of(a, table, images)?, Body::of(b, table, images)?);
        copy(&bodies, (of(pair.first), of(pair.second)), fit)
    })?;
    let mut found = Scenes {
        compared,
        kept: vec![
            ("images with features", compared),
            ("candidate pairs", candidates.len() as u64),
            ("of one geometry", fits.len() as u64),
        ],
        ..Scenes::default()
    };
    for ((pair, fit, regions), copy) in fits.into_iter().zip(proven) {
        match copy {
            Some(copy) => found.copies.push(copy),
            None => {
                let sizes = (of(pair.first).size(), of(pair.second).size());
                let back = inverse(&fit.map);
                let matrix = back.map(|back| in_shares(&back, sizes.1, sizes.0));
                found
                    .links
                    .extend(regions.zip(matrix).map(|(regions, matrix)| Link {
                        a: ids[pair.first as usize],
                        b: ids[pair.second as usize],
                        region_a: regions.0,
                        region_b: regions.1,
                        matrix,
                        inliers: fit.inliers.len() as u32,
                        log_nfa: f64::from(fit.log_nfa),
                        still: links::is_still(&fit, sizes.0, sizes.1),
                    }));
            }
        }
    }
    found
        .kept
        .push(("proven on pixels", found.copies.len() as u64));
    found.copies.sort_by_key(|pair| (pair.a, pair.b));
    found.links.sort_by_key(|link| (link.a, link.b));
    Ok(found)
}

impl Scenes {
    /// Adds the copies to `duplicates`, and keeps the links between samples that no
    /// copies connect. `count` is the number of samples.
    #[must_use]
    pub fn beyond(mut self, duplicates: &mut Duplicates, count: usize) -> Self {
        duplicates.join(self.copies.clone(), count);
        let mut group = vec![None; count];
        for (number, members) in duplicates.groups.iter().enumerate() {
            for member in members {
                group[member.index()] = Some(number);
            }
        }
        let known = |link: &Link| {
            let (a, b) = (group[link.a.index()], group[link.b.index()]);
            a.is_some() && a == b
        };
        self.links.retain(|link| !known(link));
        self
    }

    /// Samples connected by links or by copies, each group sorted, by first member.
    pub fn groups(&self, duplicates: &Duplicates, count: usize) -> Vec<Vec<SampleId>> {
        let links = self.links.iter().map(|link| (link.a, link.b));
        let copies = duplicates.groups.iter().flat_map(|group| {
            let pairs = group.windows(2);
            pairs.map(|pair| (pair[0], pair[1]))
        });
        groups(count, links.chain(copies))
    }

    /// Whether most images lie over each other as they are: one camera that did not
    /// move. What its images share is no scene but the set.
    pub fn is_one_view(&self) -> bool {
        let still = self.still_images();
        // Of ten images two may be a second shot of two others.
        still >= 10 && 2 * still as u64 > self.compared
    }

    /// Images that another lies over as it is.
    pub fn still_images(&self) -> usize {
        let mut still: Vec<SampleId> = (self.links.iter())
            .filter(|link| link.still)
            .flat_map(|link| [link.a, link.b])
            .collect();
        still.sort_unstable();
        still.dedup();
        still.len()
    }
}

/// The first sample of each content that could be decoded and is large enough, in listing
/// order.
fn distinct(table: &FingerprintTable) -> Vec<SampleId> {
    let is_large = |id| {
        let header = table.facts(id).map(|facts| &facts.header);
        header.is_some_and(|header| header.width.max(header.height) >= LEAST_SIDE)
    };
    let mut seen = BTreeSet::new();
    (table.iter())
        .filter(|(_, row)| row.image.is_ok())
        .filter(|(_, row)| row.content.is_some_and(|content| seen.insert(content)))
        .map(|(id, _)| id)
        .filter(|&id| is_large(id))
        .collect()
}

fn features_of(id: SampleId, images: &Images) -> Features {
    let made = |luma: Plane| features(luma).to_bytes();
    let bytes = images.access.of_luma(id, NAME, SIDE, made);
    let known = bytes.as_deref().and_then(Features::from_bytes);
    // What the cache holds is not ours to believe.
    known
        .or_else(|| images.access.luma(id, SIDE).map(features))
        .unwrap_or_default()
}

/// What the proof of a pair needs of one image.
struct Body {
    id: SampleId,
    luma: Plane,
    /// Thumbnail, full width and full height.
    whole: (Thumbnail, u32, u32),
}

impl Body {
    fn of(id: SampleId, table: &FingerprintTable, images: &Images) -> Option<Self> {
        let header = &table.facts(id)?.header;
        Some(Self {
            id,
            luma: images.access.luma(id, SIDE)?,
            whole: (images.thumbnails.get(id)?, header.width, header.height),
        })
    }
}

/// The pair, if its pixels prove it.
fn copy(bodies: &(Body, Body), features: (&Features, &Features), fit: &Fit) -> Option<Pair> {
    let (first, second) = bodies;
    if !is_new(fit, features.0.size(), features.1.size()) {
        return None;
    }
    let proof = prove(&first.luma, &second.luma, &fit.map)?;
    if !proof.is_copy() {
        return None;
    }
    let centred = centred(&inverse(&fit.map)?, features.1.size(), features.0.size());
    let (relation, transform) = transform_of_map(
        &first.whole,
        &second.whole,
        centred,
        proof.gain,
        proof.offset,
    );
    let relation = match transform.extent {
        Extent::Shifted(_) => Relation::Overlap,
        _ => relation,
    };
    Some(Pair {
        a: first.id,
        b: second.id,
        evidence: PairEvidence {
            relation,
            transform,
            distance: None,
            similarity: f64::from(proof.agreeing * proof.correlation),
        },
        demoted: false,
    })
}

/// Turns, in degrees off a quarter, and changes of scale below which registration
/// (`duplicates`) has compared the two, and its answer stands: it knows more of one
/// view than local NCC does.
const LEAST_TURN: f32 = 8.0;
const LEAST_SCALE: f32 = 1.3;
/// Share of the first image that the two must not share for the same. Windows a tenth of
/// their width apart are new; a still camera moves less (2%, `links.rs`).
const LEAST_REST: f32 = 0.08;

/// Whether registration does not propose a pair that lies like this.
fn is_new(fit: &Fit, first: (f32, f32), second: (f32, f32)) -> bool {
    let m = &fit.map;
    let scale = geometry::determinant(m).abs().sqrt();
    let turn = m[3].atan2(m[0]).to_degrees().rem_euclid(90.0);
    let turned = turn.min(90.0 - turn) >= LEAST_TURN;
    let scaled = scale.max(1.0 / scale) >= LEAST_SCALE;
    // Of a grid over the first image, the part that lies in the second.
    let steps = 20;
    let inside = (0..steps * steps).filter(|i| {
        let at = |i: usize, side: f32| (i as f32 + 0.5) / steps as f32 * side;
        let (x, y) = geometry::apply(m, (at(i % steps, first.0), at(i / steps, first.1)));
        x > 0.0 && y > 0.0 && x < second.0 && y < second.1
    });
    let shared = inside.count() as f32 / (steps * steps) as f32;
    turned || scaled || shared < 1.0 - LEAST_REST
}

/// `map`, from samples to samples, as one between shares of the sides.
fn in_shares(map: &Map, from: (f32, f32), to: (f32, f32)) -> [f32; 6] {
    let m = map;
    [
        m[0] * from.0 / to.0,
        m[1] * from.1 / to.0,
        m[2] / to.0,
        m[3] * from.0 / to.1,
        m[4] * from.1 / to.1,
        m[5] / to.1,
    ]
}

/// `map`, from samples to samples, as one between squares from −½ to ½.
fn centred(map: &Map, from: (f32, f32), to: (f32, f32)) -> [f32; 6] {
    let m = map;
    [
        m[0] * from.0 / to.0,
        m[1] * from.1 / to.0,
        (m[0] * from.0 / 2.0 + m[1] * from.1 / 2.0 + m[2]) / to.0 - 0.5,
        m[3] * from.0 / to.1,
        m[4] * from.1 / to.1,
        (m[3] * from.0 / 2.0 + m[4] * from.1 / 2.0 + m[5]) / to.1 - 0.5,
    ]
}

fn with_votes<R>(work: impl FnOnce(&mut Votes) -> R) -> R {
    thread_local! {
        static VOTES: RefCell<Votes> = RefCell::default();
    }
    VOTES.with_borrow_mut(work)
}

#[cfg(test)]
mod frames;
#[cfg(test)]
mod tests;
