//! The images that take part in a search: prepares their descriptors, proposes their pairs
//! and registers them. Scores none.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Candidate, QueryDescriptors, QueryWindows, by_descriptors};
use super::images::ImageSource;
use super::registration::affine::Affine;
use super::scoring::Registered;
use super::scoring::cascade::{Coarse, CoarseImage, Outcome, register_coarse, register_thumbnails};
use super::transform::Image;
use crate::decode::Matte;
use crate::executor::{Executor, Interrupted};

/// Registrations of one pair that are followed to full thumbnail size.
const TRIES: usize = 2;

/// Images up to which the coarse images of all are kept in memory, at about a kilobyte
/// each; beyond, they are computed anew for each pair.
const KEPT: usize = 200_000;

/// Pairs registered at once: most outcomes are dropped right after.
const AT_ONCE: usize = 1 << 16;

/// An image before one matte.
struct View {
    /// Its number among those that take part.
    image: u32,
    matte: Matte,
    /// The image looks the same before all mattes.
    only: bool,
}

/// The images that take part; each has a number, which is lower for a lower id.
pub(super) struct Participants<'a> {
    /// The index of each image in the source.
    pub(super) ids: Vec<u32>,
    /// Of each image one or, before each matte, several; in order.
    views: Vec<View>,
    /// Of all views or, beyond [`KEPT`], of none.
    coarse: Vec<CoarseImage>,
    pub(super) source: &'a dyn ImageSource,
}

/// What the cascade made of all candidate pairs.
#[derive(Default)]
pub(super) struct Registrations {
    /// Likely pairs, in the order of the two images.
    pub(super) pairs: Vec<Registered>,
    /// Pairs of ids with too little texture to score.
    pub(super) abstained: Vec<(u32, u32)>,
    /// Candidate pairs.
    pub(super) candidates: u64,
    /// Those of them that were registered at half size.
    pub(super) at_half_size: u64,
}

impl<'a> Participants<'a> {
    /// The images of `source` below `count` that can be compared, and the query descriptors
    /// of their views.
    pub(super) fn prepare(
        count: usize,
        source: &'a dyn ImageSource,
        executor: &Executor,
    ) -> Result<(Self, Vec<QueryDescriptors>), Interrupted> {
        let windows = QueryWindows::new();
        let prepared = executor.map(count, |index| {
            let mattes = match source.depends_on_matte(index) {
                true => &Matte::ALL[..],
                false => &Matte::ALL[..1],
            };
            let views = mattes.iter().map(|&matte| {
                let (thumbnail, width, height) = source.thumbnail(index, matte)?;
                let coarse = CoarseImage::new(&thumbnail, width, height)?;
                let query = windows.describe(&thumbnail.luma);
                Some((query, (count <= KEPT).then_some(coarse)))
            });
            views.collect::<Option<Vec<_>>>()
        })?;
        let mut participants = Self {
            ids: Vec::new(),
            views: Vec::new(),
            coarse: Vec::new(),
            source,
        };
        let mut queries = Vec::new();
        for (id, prepared) in (0u32..).zip(prepared) {
            let Some(prepared) = prepared else { continue };
            let only = prepared.len() == 1;
            for (&matte, (query, coarse)) in Matte::ALL.iter().zip(prepared) {
                participants.views.push(View {
                    image: participants.ids.len() as u32,
                    matte,
                    only,
                });
                queries.push(query);
                participants.coarse.extend(coarse);
            }
            participants.ids.push(id);
        }
        Ok((participants, queries))
    }

    /// Candidates between views: those of their descriptors, and the pairs of ids
    /// `by_hash`, `a < b`, as copies of one view. Those of one pair of images stand
    /// together, best first.
    pub(super) fn candidates(
        &self,
        queries: Vec<QueryDescriptors>,
        by_hash: &[(u32, u32)],
        executor: &Executor,
    ) -> Result<Vec<Candidate>, Interrupted> {
        let mut candidates = self.by_descriptors(queries, executor)?;
        candidates.extend(by_hash.iter().filter_map(|(a, b)| {
            Some(Candidate {
                fixed: self.default_view(*a)?,
                moving: self.default_view(*b)?,
                map: Affine::IDENTITY,
                score: 1.0,
            })
        }));
        let order = |a: &Candidate, b: &Candidate| {
            (self.images_of(a).cmp(&self.images_of(b))).then(b.score.total_cmp(&a.score))
        };
        candidates.sort_by(order);
        Ok(candidates)
    }

    /// For each matte the images before it are searched by themselves, so that views of one
    /// image do not displace others.
    fn by_descriptors(
        &self,
        queries: Vec<QueryDescriptors>,
        executor: &Executor,
    ) -> Result<Vec<Candidate>, Interrupted> {
        let mut all = Vec::new();
        for matte in Matte::ALL {
            let default = matte == Matte::White;
            if !default && self.views.iter().all(|view| view.only) {
                break;
            }
            let (numbers, queries): (Vec<u32>, Vec<&QueryDescriptors>) = (0u32..)
                .zip(&queries)
                .filter(|&(view, _)| {
                    let view = &self.views[view as usize];
                    view.only || view.matte == matte
                })
                .unzip();
            let luma = |index: usize| Some(self.thumbnail_of_view(numbers[index])?.0.luma);
            let found = by_descriptors(&queries, &luma, executor)?.into_iter();
            let found = found.map(|candidate| Candidate {
                fixed: numbers[candidate.fixed as usize],
                moving: numbers[candidate.moving as usize],
                ..candidate
            });
            let only = |view: u32| self.views[view as usize].only;
            all.extend(
                found.filter(|candidate| {
                    default || !only(candidate.fixed) || !only(candidate.moving)
                }),
            );
        }
        Ok(all)
    }

    /// Registers each candidate pair coarse to fine; `candidates` as
    /// [`Participants::candidates`] returns them.
    pub(super) fn register(
        &self,
        candidates: &[Candidate],
        executor: &Executor,
    ) -> Result<Registrations, Interrupted> {
        let same_pair = |a: &Candidate, b: &Candidate| self.images_of(a) == self.images_of(b);
        let pairs: Vec<&[Candidate]> = candidates.chunk_by(same_pair).collect();
        let mut out = Registrations {
            candidates: pairs.len() as u64,
            ..Registrations::default()
        };
        for chunk in pairs.chunks(AT_ONCE) {
            let outcomes = executor.map(chunk.len(), |i| self.register_pair(chunk[i]))?;
            for (candidates, (outcome, at_half_size)) in chunk.iter().zip(outcomes) {
                out.at_half_size += u64::from(at_half_size);
                match outcome {
                    Outcome::Registered(pair) if pair.is_likely() => out.pairs.push(*pair),
                    Outcome::Abstained => {
                        let (a, b) = self.images_of(&candidates[0]);
                        out.abstained.push(self.ids_of(a, b));
                    }
                    _ => {}
                }
            }
        }
        Ok(out)
    }

    /// The best outcome of all candidates of one pair, which come best first, and whether
    /// any of them was registered at half size.
    fn register_pair(&self, candidates: &[Candidate]) -> (Outcome, bool) {
        let mut images: BTreeMap<u32, Cow<'_, CoarseImage>> = BTreeMap::new();
        let mut mattes = BTreeSet::new();
        for candidate in candidates {
            for view in [candidate.fixed, candidate.moving] {
                if images.contains_key(&view) {
                    continue;
                }
                let Some(image) = self.coarse_image(view) else {
                    return (Outcome::Rejected, false);
                };
                images.insert(view, image);
                mattes.insert(self.views[view as usize].matte);
            }
        }
        let image = |view: u32| &*images[&view];
        let mut coarse: Vec<_> = candidates
            .iter()
            .take(2 * TRIES * mattes.len())
            .filter_map(|c| register_coarse(c, image(c.fixed), image(c.moving)))
            .collect();
        coarse.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
        let mut best = Outcome::Rejected;
        for pair in coarse.iter().take(TRIES * mattes.len()) {
            let thumbnail = |view| self.thumbnail_of_view(view);
            let (Some((a, ..)), Some((b, ..))) = (thumbnail(pair.fixed), thumbnail(pair.moving))
            else {
                continue;
            };
            let (fixed, moving) = (image(pair.fixed), image(pair.moving));
            best = best.or(register_thumbnails(pair, (fixed, &a), (moving, &b)));
        }
        if let Outcome::Registered(pair) = &mut best {
            let view = |view: u32| &self.views[view as usize];
            let (fixed, moving) = (view(pair.fixed), view(pair.moving));
            pair.mattes = (fixed.matte, moving.matte);
            (pair.fixed, pair.moving) = (fixed.image, moving.image);
        }
        (best, !coarse.is_empty())
    }

    /// Registers two images before these mattes at full thumbnail size, from a `map` between
    /// them that is close. `None` where that fails or tells too little.
    pub(super) fn register_close(
        &self,
        images: (u32, u32),
        mattes: (Matte, Matte),
        map: Affine,
    ) -> Option<Registered> {
        let (fixed, width, height) = self.thumbnail(images.0, mattes.0)?;
        let (moving, moving_width, moving_height) = self.thumbnail(images.1, mattes.1)?;
        let start = Coarse {
            map,
            correlation: 1.0,
            fixed: images.0,
            moving: images.1,
        };
        let coarse = (
            CoarseImage::new(&fixed, width, height)?,
            CoarseImage::new(&moving, moving_width, moving_height)?,
        );
        match register_thumbnails(&start, (&coarse.0, &fixed), (&coarse.1, &moving)) {
            Outcome::Registered(pair) => Some(Registered { mattes, ..*pair }),
            _ => None,
        }
    }

    /// The thumbnail and full size of an image before a matte.
    pub(super) fn thumbnail(&self, image: u32, matte: Matte) -> Option<Image> {
        self.source.thumbnail(self.id(image), matte)
    }

    /// The thumbnails of a registered pair: fixed, moving.
    pub(super) fn thumbnails(&self, pair: &Registered) -> Option<(Image, Image)> {
        Some((
            self.thumbnail(pair.fixed, pair.mattes.0)?,
            self.thumbnail(pair.moving, pair.mattes.1)?,
        ))
    }

    /// Samples of luma of an image whose long side has at most `longest`; at most the
    /// square of that where the size is not at hand.
    pub(super) fn samples(&self, image: u32, longest: f32) -> usize {
        match self.coarse.get(self.first_view(image)) {
            Some(coarse) => coarse.samples(longest),
            None => (longest * longest) as usize,
        }
    }

    /// The index of an image in the source.
    pub(super) fn id(&self, image: u32) -> usize {
        self.ids[image as usize] as usize
    }

    /// The ids of two images, the lower first.
    pub(super) fn ids_of(&self, a: u32, b: u32) -> (u32, u32) {
        (self.ids[a.min(b) as usize], self.ids[a.max(b) as usize])
    }

    /// The ids of the two images of a candidate, the lower first.
    pub(super) fn ids_of_candidate(&self, candidate: &Candidate) -> (u32, u32) {
        let (a, b) = self.images_of(candidate);
        self.ids_of(a, b)
    }

    /// The two images of a candidate, the lower first.
    fn images_of(&self, candidate: &Candidate) -> (u32, u32) {
        let image = |view: u32| self.views[view as usize].image;
        let (a, b) = (image(candidate.fixed), image(candidate.moving));
        (a.min(b), a.max(b))
    }

    /// The first view of the image of this id.
    fn default_view(&self, id: u32) -> Option<u32> {
        let image = self.ids.binary_search(&id).ok()? as u32;
        Some(self.first_view(image) as u32)
    }

    fn first_view(&self, image: u32) -> usize {
        self.views.partition_point(|view| view.image < image)
    }

    fn thumbnail_of_view(&self, view: u32) -> Option<Image> {
        let View { image, matte, .. } = self.views[view as usize];
        self.thumbnail(image, matte)
    }

    fn coarse_image(&self, view: u32) -> Option<Cow<'_, CoarseImage>> {
        if let Some(kept) = self.coarse.get(view as usize) {
            return Some(Cow::Borrowed(kept));
        }
        let (thumbnail, width, height) = self.thumbnail_of_view(view)?;
        CoarseImage::new(&thumbnail, width, height).map(Cow::Owned)
    }
}
