//! Nearest descriptors of one set for each of another, exact for small sets
//! and by coarse cells beyond. Knows nothing of images but their number.

use super::descriptor::{Descriptor, cosine};
use super::ivf::{Cells, Lists};
use super::quantized::{Packed, Rounded, Seek, above};
use crate::executor::{Executor, Interrupted};

/// A database entry near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    /// Cosine of the two.
    pub(crate) score: f32,
    /// Its number: see [`Database::first`].
    pub(crate) entry: u32,
}

impl Hit {
    /// Stands where there is no hit.
    pub(crate) const NONE: Self = Self {
        score: 0.0,
        entry: u32::MAX,
    };

    /// A greater score is better, then a smaller number.
    fn better_than(&self, other: &Self) -> bool {
        self.score > other.score || (self.score == other.score && self.entry < other.entry)
    }
}

/// What is looked through: `per` descriptors of each image, image by
/// image. It may be a run of a longer list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Database<'a> {
    /// All descriptors.
    pub(crate) all: &'a [Descriptor],
    /// How many belong to one image.
    pub(crate) per: usize,
    /// The image that the first belong to; entries are numbered from
    /// `first · per` on.
    pub(crate) first: usize,
}

/// What is looked for: one descriptor of each image, or several times one of
/// each.
pub(crate) struct Queries<'a> {
    all: Vec<Descriptor>,
    rounded: Vec<Rounded>,
    images: usize,
    /// The cells, and for each the queries that look into it; `None` where
    /// every query meets every entry.
    cells: Option<(&'a Cells, Lists)>,
}

impl<'a> Queries<'a> {
    /// Queries of `images` for a database of `per` entries each, all its
    /// runs together.
    pub(crate) fn new(
        all: Vec<Descriptor>,
        images: usize,
        per: usize,
        cells: &'a Cells,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let products = all.len().saturating_mul(images * per);
        let exact = products <= EXACT || cells.len() == 0;
        let cells = if exact {
            None
        } else {
            Some((cells, cells.askers(&all, executor)?))
        };
        Ok(Self {
            rounded: all.iter().map(Rounded::new).collect(),
            all,
            images,
            cells,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

/// How far to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// The least cosine of interest.
    pub(crate) cut: f32,
    /// How many images to keep for a query.
    pub(crate) keep: usize,
}

/// Products up to which every query meets every entry: about a tenth of a
/// second.
const EXACT: usize = 400_000_000;
/// Queries that one piece of work brings to all entries.
const QUERIES: usize = 256;
/// Cells looked into before what was found in them raises the cuts for the
/// next.
const CELLS: usize = 64;

/// Looks for better hits than `best` holds: for each query the best entry of
/// up to `reach.keep` other images, best first, then [`Hit::NONE`].
pub(crate) fn join(
    queries: &Queries<'_>,
    database: Database<'_>,
    reach: Reach,
    best: &mut [Hit],
    executor: &Executor,
) -> Result<(), Interrupted> {
    match &queries.cells {
        None => exact(queries, database, reach, best, executor),
        Some((cells, askers)) => {
            let members = cells.members(database.all, executor)?;
            for first in (0..cells.len()).step_by(CELLS) {
                let count = CELLS.min(cells.len() - first);
                let shared = &*best;
                let found = executor.map(count, |i| {
                    let (asking, members) = (askers.of(first + i), members.of(first + i));
                    in_cell(queries, asking, members, database, reach, shared)
                })?;
                for (query, hit) in found.into_iter().flatten() {
                    let row = query as usize * reach.keep..(query as usize + 1) * reach.keep;
                    offer(&mut best[row], hit, database.per);
                }
            }
            Ok(())
        }
    }
}

fn exact(
    queries: &Queries<'_>,
    database: Database<'_>,
    reach: Reach,
    best: &mut [Hit],
    executor: &Executor,
) -> Result<(), Interrupted> {
    let packed = Packed::new(database.all.iter());
    let members: Vec<u32> = (0..database.all.len() as u32).collect();
    let shared = &*best;
    let found = executor.map(queries.len().div_ceil(QUERIES), |piece| {
        let (start, end) = (piece * QUERIES, (piece + 1) * QUERIES);
        let asking: Vec<u32> = (start as u32..end.min(queries.len()) as u32).collect();
        let mut look = Look {
            queries,
            asking: &asking,
            entries: database.all,
            members: &members,
            database,
            reach,
            best: shared[start * reach.keep..(end * reach.keep).min(shared.len())].to_vec(),
        };
        let asked = queries.rounded[start..].iter().take(asking.len());
        above(asked.copied(), &packed, &mut look);
        look.best
    })?;
    for (row, found) in best.iter_mut().zip(found.into_iter().flatten()) {
        *row = found;
    }
    Ok(())
}

/// What the queries `asking` find among `members` of the database that is
/// better than `shared`, the best hits of all queries so far.
fn in_cell(
    queries: &Queries<'_>,
    asking: &[u32],
    members: &[u32],
    database: Database<'_>,
    reach: Reach,
    shared: &[Hit],
) -> Vec<(u32, Hit)> {
    if asking.is_empty() || members.is_empty() {
        return Vec::new();
    }
    let entries: Vec<Descriptor> = (members.iter())
        .map(|&entry| database.all[entry as usize])
        .collect();
    let row = |query: u32| {
        let start = query as usize * reach.keep;
        &shared[start..start + reach.keep]
    };
    let mut best = Vec::with_capacity(asking.len() * reach.keep);
    for &query in asking {
        best.extend_from_slice(row(query));
    }
    let mut look = Look {
        queries,
        asking,
        entries: &entries,
        members,
        database,
        reach,
        best,
    };
    let asked = asking.iter().map(|&query| queries.rounded[query as usize]);
    above(asked, &Packed::new(entries.iter()), &mut look);
    let mut new = Vec::new();
    for (&query, found) in asking.iter().zip(look.best.chunks_exact(reach.keep)) {
        let known = row(query);
        if found != known {
            let unknown = found.iter().filter(|hit| !known.contains(hit));
            new.extend(unknown.map(|&hit| (query, hit)));
        }
    }
    new
}

/// Some queries that look through some entries.
struct Look<'a> {
    queries: &'a Queries<'a>,
    /// The numbers of the queries.
    asking: &'a [u32],
    entries: &'a [Descriptor],
    /// The places of these in the database.
    members: &'a [u32],
    database: Database<'a>,
    reach: Reach,
    /// The best hits of each query: `reach.keep`.
    best: Vec<Hit>,
}

impl Seek for Look<'_> {
    #[inline]
    fn cut(&self, query: usize) -> f32 {
        let worst = self.best[(query + 1) * self.reach.keep - 1].score;
        worst.max(self.reach.cut)
    }

    fn found(&mut self, query: usize, entry: usize) {
        let asking = self.asking[query] as usize;
        let score = cosine(&self.queries.all[asking], &self.entries[entry]);
        if score < self.cut(query) {
            return;
        }
        let number = (self.database.first * self.database.per) as u32 + self.members[entry];
        if number as usize / self.database.per != asking % self.queries.images {
            let row = query * self.reach.keep..(query + 1) * self.reach.keep;
            let hit = Hit {
                score,
                entry: number,
            };
            offer(&mut self.best[row], hit, self.database.per);
        }
    }
}

/// Takes a hit into those of one query, if it is the best of its image and
/// among the best of all.
fn offer(row: &mut [Hit], hit: Hit, per: usize) {
    let Some(place) = row.iter().position(|other| hit.better_than(other)) else {
        return;
    };
    let image = |hit: &Hit| hit.entry / per as u32;
    let same = |other: &Hit| image(other) == image(&hit);
    if row[..place].iter().any(same) {
        return;
    }
    let end = (row[place..].iter().position(same)).map_or(row.len() - 1, |i| place + i);
    row[place..=end].rotate_right(1);
    row[place] = hit;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::descriptor::{DIM, unit};
    use super::*;
    use crate::executor::StopFlag;

    const PER: usize = 3;
    const REACH: Reach = Reach { cut: 0.5, keep: 3 };

    /// What the documentation of [`join`] says, by looking at all products.
    fn naive(queries: &[Descriptor], images: usize, database: &[Descriptor]) -> Vec<Hit> {
        let mut best = Vec::new();
        for (number, query) in queries.iter().enumerate() {
            let mut hits: Vec<Hit> = (0u32..)
                .zip(database)
                .map(|(entry, other)| Hit {
                    score: cosine(query, other),
                    entry,
                })
                .filter(|hit| hit.score >= REACH.cut)
                .filter(|hit| hit.entry as usize / PER != number % images)
                .collect();
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)));
            let mut kept: Vec<Hit> = Vec::new();
            for hit in hits {
                let known = |other: &Hit| other.entry / PER as u32 == hit.entry / PER as u32;
                if kept.len() < REACH.keep && !kept.iter().any(known) {
                    kept.push(hit);
                }
            }
            kept.resize(REACH.keep, Hit::NONE);
            best.extend(kept);
        }
        best
    }

    fn descriptors(count: usize) -> impl Strategy<Value = Vec<Descriptor>> {
        // Few values, so that there are equals.
        let one = proptest::collection::vec(-2i64..3, 4).prop_map(|few| {
            unit(std::array::from_fn::<i64, DIM, _>(|i| {
                few[i % few.len()] * 1000
            }))
        });
        proptest::collection::vec(one, count)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn runs_and_cells_looked_into_in_full_find_what_brute_force_finds(
            (queries, database) in (1usize..60).prop_flat_map(|images| {
                (descriptors(2 * images), descriptors(PER * images))
            }),
            run in 1usize..60,
            jobs in 1usize..3,
        ) {
            let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
            let images = queries.len() / 2;
            let cells = Cells::learn(&database, 8, &executor).expect("not stopped");
            let expected = naive(&queries, images, &database);
            let rounded: Vec<Rounded> = queries.iter().map(Rounded::new).collect();
            let exactly = Queries {
                all: queries.clone(),
                rounded: rounded.clone(),
                images,
                cells: None,
            };
            // Every query looks into all cells.
            let count = cells.len();
            let all: Vec<u16> = (0..queries.len()).flat_map(|_| 0..count as u16).collect();
            let by_cells = Queries {
                cells: (cells.len() > 0)
                    .then(|| (&cells, Lists::new(count, count, &[all]))),
                all: queries,
                rounded,
                images,
            };
            for queries in [exactly, by_cells] {
                let mut best = vec![Hit::NONE; queries.len() * REACH.keep];
                for (number, all) in database.chunks(run * PER).enumerate() {
                    let database = Database { all, per: PER, first: number * run };
                    join(&queries, database, REACH, &mut best, &executor).expect("not stopped");
                }
                prop_assert_eq!(&best, &expected);
            }
        }
    }
}
