//! From images to verified pairs. Knows nothing of files, hashes, splits or
//! labels.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::candidates::{Asker, Asking, Guess, propose};
use super::memo::refinements::Look;
use super::refinement::batches::{Place, runs};
use super::registration::affine::Map;
use super::same_pixels::UNTOUCHED;
use super::scoring::context::in_view_of_all;
use super::scoring::refine::SIDE as CLOSE_UP;
use super::scoring::{Aligned, Answer, Closer, Detail, Subject, approach, explained, judge};
use crate::decode::{CloseUp, Matte, Thumbnail};
use crate::disjoint_sets::DisjointSets;
use crate::executor::{Executor, Interrupted};
use crate::finding::{Relation, Transform};

/// Gives images by index.
pub(crate) trait Album: Sync {
    /// Thumbnail, full width and full height of image `index` before `matte`;
    /// `None` for images that take no part.
    fn thumbnail(&self, index: usize, matte: Matte) -> Option<(Thumbnail, u32, u32)>;

    /// Whether image `index` looks otherwise before another matte.
    fn has_mattes(&self, _index: usize) -> bool {
        false
    }

    /// Luma of image `index` before `matte`, as fine as two are compared; at
    /// the price of a decode.
    fn close_up(&self, index: usize, matte: Matte) -> Option<CloseUp>;

    /// What each of `looks` is known to give without looking; `Some(None)` where
    /// the two share too little. `None` if it is not known.
    fn remembered(&self, looks: &[Look]) -> Vec<Option<Option<Closer>>> {
        vec![None; looks.len()]
    }

    /// Receives what a closer look found.
    fn remember(&self, _look: &Look, _seen: Option<Closer>) {}
}

/// A pair that passed; `first < second`.
#[derive(Debug, Clone)]
pub(crate) struct Proven {
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// 0 to 1.
    pub(crate) similarity: f32,
    pub(crate) relation: Relation,
    /// From first to second.
    pub(crate) transform: Transform,
    /// See `Agreement::residual`.
    pub(crate) residual: f32,
}

/// What came out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proof {
    /// Sorted by `(first, second)`.
    pub(crate) pairs: Vec<Proven>,
    /// Candidate pairs with too little in them to say.
    pub(crate) abstained: u64,
    /// Pairs given up that look untouched, or hold too little to say: they may
    /// still be equal pixel by pixel.
    pub(crate) given_up: Vec<(u32, u32)>,
    /// How many were left after each stage.
    pub(crate) kept: Vec<(&'static str, u64)>,
}

/// Alignments of one pair that are followed to the end.
const TRIES: usize = 2;

/// Images up to which the small ones of all are kept in memory, at about a
/// kilobyte each; beyond, they are made anew for each pair.
const KEPT: usize = 200_000;

/// Pairs judged before the answers are looked through: most are worth
/// forgetting.
const AT_ONCE: usize = 1 << 16;

/// Looks that are remembered together.
const RUN: usize = 256;

/// Finds and verifies pairs among `count` images; keeps those of at least
/// `cut` similarity. `hinted` are pairs `(a, b)`, `a < b`, to look at in any
/// case, as images of one view.
pub(crate) fn prove(
    count: usize,
    album: &dyn Album,
    hinted: &[(u32, u32)],
    cut: f32,
    executor: &Executor,
) -> Result<Proof, Interrupted> {
    let asking = Asking::new();
    let prepared = executor.map(count, |index| {
        let mattes = match album.has_mattes(index) {
            true => &Matte::ALL[..],
            false => &Matte::ALL[..1],
        };
        let views = mattes.iter().map(|&matte| {
            let (thumbnail, width, height) = album.thumbnail(index, matte)?;
            let subject = Subject::new(&thumbnail, width, height)?;
            let asker = asking.of(&thumbnail.luma);
            Some((asker, (count <= KEPT).then_some(subject)))
        });
        views.collect::<Option<Vec<_>>>()
    })?;
    let mut ids = Vec::new();
    let (mut views, mut askers, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    for (id, prepared) in (0u32..).zip(prepared) {
        let Some(prepared) = prepared else { continue };
        let alone = prepared.len() == 1;
        for (&matte, (asker, subject)) in Matte::ALL.iter().zip(prepared) {
            views.push(View {
                image: ids.len() as u32,
                matte,
                alone,
            });
            askers.push(asker);
            kept.extend(subject);
        }
        ids.push(id);
    }
    let judges = Judges {
        ids,
        views,
        kept,
        album,
    };
    let mut guesses = judges.proposed(askers, executor)?;
    guesses.extend(hinted.iter().filter_map(|(a, b)| {
        Some(Guess {
            fixed: judges.usual(*a)?,
            moving: judges.usual(*b)?,
            map: Map::IDENTITY,
            score: 1.0,
        })
    }));
    let key = |g: &Guess| {
        let (a, b) = (judges.owner(g.fixed), judges.owner(g.moving));
        (a.min(b), a.max(b))
    };
    guesses.sort_by(|a, b| key(a).cmp(&key(b)).then(b.score.total_cmp(&a.score)));
    let candidates: Vec<&[Guess]> = guesses.chunk_by(|a, b| key(a) == key(b)).collect();
    let mut proof = Proof::default();
    let mut near = 0;
    let mut aligned: Vec<Aligned> = Vec::new();
    for chunk in candidates.chunks(AT_ONCE) {
        let answers = executor.map(chunk.len(), |i| judges.answer(chunk[i]))?;
        for (guesses, (answer, approached)) in chunk.iter().zip(answers) {
            near += u64::from(approached > 0);
            match answer {
                Answer::Aligned(pair) if pair.matters() => aligned.push(*pair),
                Answer::Abstained => {
                    proof.abstained += 1;
                    let (a, b) = key(&guesses[0]);
                    proof.given_up.push(judges.pair(a, b));
                }
                _ => {}
            }
        }
    }
    let alone = alone(&aligned, &judges, executor)?;
    let odds = in_view_of_all(judges.ids.len(), &aligned, &alone);
    let least = (cut / (1.0 - cut)).ln();
    let passes = |odds: Option<f32>| odds.is_some_and(|odds| odds >= least);
    let by_itself = (alone.iter())
        .filter(|seen| passes(seen.map(|seen| seen.odds)))
        .count();
    let proven = executor.map(aligned.len(), |i| {
        odds[i]
            .filter(|odds| passes(Some(*odds)))
            .and_then(|odds| judges.proven(&aligned[i], odds))
    })?;
    let untouched = |pair: &&Aligned| pair.agreement.residual < UNTOUCHED;
    let not_proven = aligned
        .iter()
        .zip(&proven)
        .filter(|(_, proven)| proven.is_none());
    let not_proven = not_proven.map(|(pair, _)| pair).filter(untouched);
    proof
        .given_up
        .extend(not_proven.map(|pair| judges.pair(pair.fixed, pair.moving)));
    proof.pairs = proven.into_iter().flatten().collect();
    proof.kept = vec![
        ("images", judges.ids.len() as u64),
        ("candidate pairs", candidates.len() as u64),
        ("aligned", near),
        ("likely", aligned.len() as u64),
        ("alike by themselves", by_itself as u64),
        (
            "verified, byte-identical ones apart",
            proof.pairs.len() as u64,
        ),
    ];
    Ok(proof)
}

/// Log odds by thumbnails at which a pair within one proven group needs no
/// closer look: no pair of different photos came near.
const SURE: f32 = 5.0;

/// The same for two images that resemble nothing else: of the planted copies
/// three in four are there, of pairs of different photos none came above 2.
/// Where images resemble each other, thumbnails say less than they seem to.
const SURE_IF_ALONE: f32 = 7.0;

/// What is seen of each pair by itself. Of many copies of one image only as many
/// pairs are decoded as hold them together.
fn alone(
    aligned: &[Aligned],
    judges: &Judges<'_>,
    executor: &Executor,
) -> Result<Vec<Option<Closer>>, Interrupted> {
    let mut odds = vec![None; aligned.len()];
    let mut partners = vec![0u32; judges.ids.len()];
    for pair in aligned {
        partners[pair.fixed as usize] += 1;
        partners[pair.moving as usize] += 1;
    }
    let (sure, mut order): (Vec<usize>, Vec<usize>) = (0..aligned.len()).partition(|&i| {
        let pair = &aligned[i];
        let alone = |image: u32| partners[image as usize] == 1;
        pair.odds >= SURE_IF_ALONE && alone(pair.fixed) && alone(pair.moving)
    });
    for (i, found) in spared(aligned, sure, judges, executor)? {
        odds[i] = Some(found);
    }
    order.sort_by(|&a, &b| aligned[b].odds.total_cmp(&aligned[a].odds).then(a.cmp(&b)));
    let mut tree = DisjointSets::new(judges.ids.len());
    let (first, rest): (Vec<usize>, Vec<usize>) =
        (order.into_iter()).partition(|&i| tree.join(aligned[i].fixed, aligned[i].moving));
    let looked = judges.looked(aligned, &first, executor)?;
    let mut proven = DisjointSets::new(judges.ids.len());
    // Look-alikes of which two show other things before one view: thumbnails say
    // less than they seem to.
    let mut disputed = vec![false; judges.ids.len()];
    for (&i, found) in first.iter().zip(looked) {
        odds[i] = found;
        if found.is_some_and(|seen| seen.shows_two_things()) {
            disputed[tree.find(aligned[i].fixed) as usize] = true;
        }
        if found.is_some_and(|seen| seen.odds >= SURE && !seen.shows_two_things()) {
            proven.join(aligned[i].fixed, aligned[i].moving);
        }
    }
    let (sure, unsure): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(|&i| {
        let pair = &aligned[i];
        pair.odds >= SURE
            && !disputed[tree.find(pair.fixed) as usize]
            && proven.find(pair.fixed) == proven.find(pair.moving)
    });
    let looked = judges.looked(aligned, &unsure, executor)?;
    for (i, found) in unsure.into_iter().zip(looked) {
        odds[i] = found;
    }
    for (i, found) in spared(aligned, sure, judges, executor)? {
        odds[i] = Some(found);
    }
    Ok(odds)
}

/// What is seen of pairs that their thumbnails prove: what differs there is looked
/// at closer, but takes no odds from them by itself.
fn spared(
    aligned: &[Aligned],
    sure: Vec<usize>,
    judges: &Judges<'_>,
    executor: &Executor,
) -> Result<Vec<(usize, Closer)>, Interrupted> {
    let seen = executor.map(sure.len(), |k| judges.by_thumbnails(&aligned[sure[k]]))?;
    let is_plain = |seen: &Option<Closer>| seen.is_none_or(Closer::is_plain);
    let unclear: Vec<usize> = (0..sure.len()).filter(|&k| !is_plain(&seen[k])).collect();
    let pairs: Vec<usize> = unclear.iter().map(|&k| sure[k]).collect();
    let looked = judges.looked(aligned, &pairs, executor)?;
    let mut out: Vec<_> = (sure.into_iter())
        .map(|i| (i, Closer::sure(aligned[i].odds)))
        .collect();
    for (k, found) in unclear.into_iter().zip(looked) {
        out[k].1.differences = found.and_then(|found| found.differences);
    }
    Ok(out)
}

/// An image before one matte.
struct View {
    /// Its number among those that take part.
    image: u32,
    matte: Matte,
    /// It looks the same before all.
    alone: bool,
}

/// The images that take part.
struct Judges<'a> {
    ids: Vec<u32>,
    /// Of each image one or, before each matte, several; in order.
    views: Vec<View>,
    /// Of all views or, beyond [`KEPT`], of none.
    kept: Vec<Subject>,
    album: &'a dyn Album,
}

impl Judges<'_> {
    fn owner(&self, view: u32) -> u32 {
        self.views[view as usize].image
    }

    /// Two images by their numbers in the album, the lower first.
    fn pair(&self, a: u32, b: u32) -> (u32, u32) {
        (self.ids[a.min(b) as usize], self.ids[a.max(b) as usize])
    }

    /// The first view of image `id`.
    fn usual(&self, id: u32) -> Option<u32> {
        let image = self.ids.binary_search(&id).ok()? as u32;
        let first = (self.views).partition_point(|view| view.image < image);
        Some(first as u32)
    }

    /// Guesses between views. For each matte the images before it are
    /// searched by themselves: views of one image do not crowd out others.
    fn proposed(&self, askers: Vec<Asker>, executor: &Executor) -> Result<Vec<Guess>, Interrupted> {
        let mut all = Vec::new();
        for matte in Matte::ALL {
            let usual = matte == Matte::White;
            if !usual && self.views.iter().all(|view| view.alone) {
                break;
            }
            let (numbers, askers): (Vec<u32>, Vec<&Asker>) = (0u32..)
                .zip(&askers)
                .filter(|&(view, _)| {
                    let view = &self.views[view as usize];
                    view.alone || view.matte == matte
                })
                .unzip();
            let luma = |place: usize| Some(self.thumbnail(numbers[place])?.0.luma);
            let guesses = propose(&askers, &luma, executor)?.into_iter();
            let guesses = guesses.map(|guess| Guess {
                fixed: numbers[guess.fixed as usize],
                moving: numbers[guess.moving as usize],
                ..guess
            });
            let alone = |view: u32| self.views[view as usize].alone;
            all.extend(
                guesses.filter(|guess| usual || !alone(guess.fixed) || !alone(guess.moving)),
            );
        }
        Ok(all)
    }

    fn thumbnail(&self, view: u32) -> Option<(Thumbnail, u32, u32)> {
        let View { image, matte, .. } = self.views[view as usize];
        self.thumbnail_of(image, matte)
    }

    fn thumbnail_of(&self, image: u32, matte: Matte) -> Option<(Thumbnail, u32, u32)> {
        let id = self.ids[image as usize];
        self.album.thumbnail(id as usize, matte)
    }

    fn subject(&self, view: u32) -> Option<Cow<'_, Subject>> {
        if let Some(kept) = self.kept.get(view as usize) {
            return Some(Cow::Borrowed(kept));
        }
        let (thumbnail, width, height) = self.thumbnail(view)?;
        Subject::new(&thumbnail, width, height).map(Cow::Owned)
    }

    /// The answer on a pair from all guesses about it, best first, and how
    /// many of them came near.
    fn answer(&self, guesses: &[Guess]) -> (Answer, usize) {
        let mut subjects: BTreeMap<u32, Cow<'_, Subject>> = BTreeMap::new();
        let mut mattes = BTreeSet::new();
        for guess in guesses {
            for view in [guess.fixed, guess.moving] {
                if subjects.contains_key(&view) {
                    continue;
                }
                let Some(subject) = self.subject(view) else {
                    return (Answer::Different, 0);
                };
                subjects.insert(view, subject);
                mattes.insert(self.views[view as usize].matte);
            }
        }
        let subject = |view: u32| &*subjects[&view];
        let mut near: Vec<_> = guesses
            .iter()
            .take(2 * TRIES * mattes.len())
            .filter_map(|guess| approach(guess, subject(guess.fixed), subject(guess.moving)))
            .collect();
        near.sort_by(|a, b| b.correlation.total_cmp(&a.correlation));
        let mut best = Answer::Different;
        for coarse in near.iter().take(TRIES * mattes.len()) {
            let (Some((a, ..)), Some((b, ..))) =
                (self.thumbnail(coarse.fixed), self.thumbnail(coarse.moving))
            else {
                continue;
            };
            let (fixed, moving) = (subject(coarse.fixed), subject(coarse.moving));
            best = best.or(judge(coarse, (fixed, &a), (moving, &b)));
        }
        if let Answer::Aligned(pair) = &mut best {
            let view = |view: u32| &self.views[view as usize];
            let (fixed, moving) = (view(pair.fixed), view(pair.moving));
            pair.mattes = (fixed.matte, moving.matte);
            (pair.fixed, pair.moving) = (fixed.image, moving.image);
        }
        (best, near.len())
    }

    /// What all that the pixels hold gives of each pair of `which`.
    fn looked(
        &self,
        aligned: &[Aligned],
        which: &[usize],
        executor: &Executor,
    ) -> Result<Vec<Option<Closer>>, Interrupted> {
        let mut seen = executor.map(which.len(), |k| {
            let pair = &aligned[which[k]];
            match pair.detail {
                Detail::Thumbnail => self.by_thumbnails(pair),
                Detail::Double | Detail::Full => self.refuted(pair),
            }
        })?;
        let finer: Vec<usize> = (0..which.len())
            .filter(|&k| seen[k].is_none() && aligned[which[k]].detail != Detail::Thumbnail)
            .collect();
        let pair = |k: usize| &aligned[which[finer[k]]];
        let known = executor.map(finer.len().div_ceil(RUN), |run| {
            let run = run * RUN..((run + 1) * RUN).min(finer.len());
            let looks: Vec<Look> = run.map(|k| self.look(pair(k))).collect();
            self.album.remembered(&looks)
        })?;
        let known: Vec<Option<Option<Closer>>> = known.into_iter().flatten().collect();
        let mut found: Vec<Option<Closer>> = vec![None; finer.len()];
        let mut unknown = Vec::new();
        for (k, known) in known.into_iter().enumerate() {
            match known {
                Some(known) => found[k] = known,
                None => unknown.push(k),
            }
        }
        let places: Vec<[Place; 2]> = (unknown.iter())
            .map(|&k| {
                let pair = pair(k);
                [(pair.fixed, pair.mattes.0), (pair.moving, pair.mattes.1)]
            })
            .collect();
        let bytes = |image: u32| {
            let longest = CLOSE_UP as f32 * 2.0;
            match self
                .kept
                .get(self.views.partition_point(|v| v.image < image))
            {
                Some(subject) => subject.samples(longest),
                None => (longest * longest) as usize,
            }
        };
        // Of one run and the next the same images, decoded once.
        let mut shown: BTreeMap<Place, Option<CloseUp>> = BTreeMap::new();
        for run in runs(&places, bytes) {
            let wanted: BTreeSet<Place> = run.iter().flat_map(|&i| places[i]).collect();
            shown.retain(|place, _| wanted.contains(place));
            let missing: Vec<Place> = (wanted.into_iter())
                .filter(|place| !shown.contains_key(place))
                .collect();
            let decoded = executor.map(missing.len(), |i| {
                let (image, matte) = missing[i];
                let id = self.ids[image as usize] as usize;
                self.album.close_up(id, matte)
            })?;
            shown.extend(missing.into_iter().zip(decoded));
            let seen = executor.map(run.len(), |i| {
                let [fixed, moving] = places[run[i]].map(|place| shown.get(&place));
                let pair = pair(unknown[run[i]]);
                self.closer(pair, fixed?.as_ref()?, moving?.as_ref()?)
            })?;
            for (&i, seen) in run.iter().zip(seen) {
                found[unknown[i]] = seen;
            }
        }
        for (k, found) in finer.into_iter().zip(found) {
            seen[k] = found;
        }
        Ok(seen)
    }

    fn by_thumbnails(&self, pair: &Aligned) -> Option<Closer> {
        let (fixed, ..) = self.thumbnail_of(pair.fixed, pair.mattes.0)?;
        let (moving, ..) = self.thumbnail_of(pair.moving, pair.mattes.1)?;
        Some(pair.by_thumbnails(&fixed, &moving))
    }

    /// What thumbnails refute, no file is decoded for.
    fn refuted(&self, pair: &Aligned) -> Option<Closer> {
        let (fixed, ..) = self.thumbnail_of(pair.fixed, pair.mattes.0)?;
        let (moving, ..) = self.thumbnail_of(pair.moving, pair.mattes.1)?;
        pair.refuted(&fixed, &moving)
    }

    fn look(&self, pair: &Aligned) -> Look {
        let id = |image: u32| self.ids[image as usize] as usize;
        Look::new(pair, id(pair.fixed), id(pair.moving))
    }

    fn closer(&self, pair: &Aligned, fixed: &CloseUp, moving: &CloseUp) -> Option<Closer> {
        let (fixed, moving) = (fixed.luma(pair.sides.0)?, moving.luma(pair.sides.1)?);
        let seen = pair.closer(&fixed, &moving);
        self.album.remember(&self.look(pair), seen);
        seen
    }

    /// The pair with what was done to the image.
    fn proven(&self, pair: &Aligned, odds: f32) -> Option<Proven> {
        let (fixed, moving) = (pair.fixed, pair.moving);
        let (a, b) = (
            self.thumbnail_of(fixed, pair.mattes.0)?,
            self.thumbnail_of(moving, pair.mattes.1)?,
        );
        let (relation, transform) = explained(pair, &a, &b)?;
        Some(Proven {
            first: self.ids[fixed.min(moving) as usize],
            second: self.ids[fixed.max(moving) as usize],
            similarity: 1.0 / (1.0 + (-odds).exp()),
            relation,
            transform,
            residual: pair.agreement.residual,
        })
    }
}
