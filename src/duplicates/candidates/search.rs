//! Nearest-neighbour search of query descriptors among database descriptors: exhaustive for
//! small sets, by inverted lists beyond. Knows nothing of images but their number.

use super::descriptor::{Descriptor, cosine};
use super::ivf::{CoarseQuantizer, InvertedLists};
use super::quantized::{QuantizedDatabase, QuantizedQuery, RangeSearch, range_search};
use crate::executor::{Executor, Interrupted};

/// A database entry near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    /// Cosine of the two.
    pub(crate) score: f32,
    /// Its number in the database: see [`Database::first`].
    pub(crate) entry: u32,
}

impl Hit {
    /// Fills up rows with fewer hits.
    pub(crate) const NONE: Self = Self {
        score: 0.0,
        entry: u32::MAX,
    };

    /// A greater score is better, then a smaller number.
    fn better_than(&self, other: &Self) -> bool {
        self.score > other.score || (self.score == other.score && self.entry < other.entry)
    }
}

/// The database descriptors: `per` of each image, image by image. May be a run of a longer
/// database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Database<'a> {
    /// All descriptors.
    pub(crate) all: &'a [Descriptor],
    /// Descriptors of one image.
    pub(crate) per: usize,
    /// The image of the first descriptors; entries are numbered from `first · per` on.
    pub(crate) first: usize,
}

/// The query descriptors: one of each image, or several times one of each.
pub(crate) struct Queries<'a> {
    all: Vec<Descriptor>,
    quantized: Vec<QuantizedQuery>,
    images: usize,
    /// The quantizer, and for each of its lists the queries that probe it; `None` for
    /// exhaustive search.
    probes: Option<(&'a CoarseQuantizer, InvertedLists)>,
}

impl<'a> Queries<'a> {
    /// Queries of `images` for a database of `per` entries each, all its
    /// runs together.
    pub(crate) fn new(
        all: Vec<Descriptor>,
        images: usize,
        per: usize,
        quantizer: &'a CoarseQuantizer,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let products = all.len().saturating_mul(images * per);
        let exhaustive = products <= MAX_EXHAUSTIVE || quantizer.len() == 0;
        let probes = if exhaustive {
            None
        } else {
            Some((quantizer, quantizer.probe(&all, executor)?))
        };
        Ok(Self {
            quantized: all.iter().map(QuantizedQuery::new).collect(),
            all,
            images,
            probes,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

/// Which hits to keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SearchParameters {
    /// The least cosine.
    pub(crate) least: f32,
    /// Images kept for a query.
    pub(crate) keep: usize,
}

/// Inner products up to which search is exhaustive: about a tenth of a second.
const MAX_EXHAUSTIVE: usize = 400_000_000;
/// Queries in one piece of exhaustive work.
const QUERIES: usize = 256;
/// Inverted lists scanned before their hits raise the thresholds for the next.
const LISTS_AT_ONCE: usize = 64;

/// Searches for better hits than `best` holds: for each query the best entry of up to
/// `parameters.keep` other images, best first, then [`Hit::NONE`].
pub(crate) fn search(
    queries: &Queries<'_>,
    database: Database<'_>,
    parameters: SearchParameters,
    best: &mut [Hit],
    executor: &Executor,
) -> Result<(), Interrupted> {
    match &queries.probes {
        None => exhaustive(queries, database, parameters, best, executor),
        Some((quantizer, probing)) => {
            let lists = quantizer.assign(database.all, executor)?;
            for first in (0..quantizer.len()).step_by(LISTS_AT_ONCE) {
                let count = LISTS_AT_ONCE.min(quantizer.len() - first);
                let shared = &*best;
                let found = executor.map(count, |i| {
                    let (probing, list) = (probing.of(first + i), lists.of(first + i));
                    scan_list(queries, probing, list, database, parameters, shared)
                })?;
                for (query, hit) in found.into_iter().flatten() {
                    let row =
                        query as usize * parameters.keep..(query as usize + 1) * parameters.keep;
                    insert(&mut best[row], hit, database.per);
                }
            }
            Ok(())
        }
    }
}

fn exhaustive(
    queries: &Queries<'_>,
    database: Database<'_>,
    parameters: SearchParameters,
    best: &mut [Hit],
    executor: &Executor,
) -> Result<(), Interrupted> {
    let quantized = QuantizedDatabase::new(database.all.iter());
    let list: Vec<u32> = (0..database.all.len() as u32).collect();
    let shared = &*best;
    let found = executor.map(queries.len().div_ceil(QUERIES), |piece| {
        let (start, end) = (piece * QUERIES, (piece + 1) * QUERIES);
        let numbers: Vec<u32> = (start as u32..end.min(queries.len()) as u32).collect();
        let mut scan = ListScan {
            queries,
            numbers: &numbers,
            entries: database.all,
            list: &list,
            database,
            parameters,
            best: shared[start * parameters.keep..(end * parameters.keep).min(shared.len())]
                .to_vec(),
        };
        let part = queries.quantized[start..].iter().take(numbers.len());
        range_search(part.copied(), &quantized, &mut scan);
        scan.best
    })?;
    for (row, found) in best.iter_mut().zip(found.into_iter().flatten()) {
        *row = found;
    }
    Ok(())
}

/// The hits of the queries `numbers` among the entries `list` of the database that are
/// better than `shared`, the best hits of all queries so far.
fn scan_list(
    queries: &Queries<'_>,
    numbers: &[u32],
    list: &[u32],
    database: Database<'_>,
    parameters: SearchParameters,
    shared: &[Hit],
) -> Vec<(u32, Hit)> {
    if numbers.is_empty() || list.is_empty() {
        return Vec::new();
    }
    let entries: Vec<Descriptor> = (list.iter())
        .map(|&entry| database.all[entry as usize])
        .collect();
    let row = |query: u32| {
        let start = query as usize * parameters.keep;
        &shared[start..start + parameters.keep]
    };
    let mut best = Vec::with_capacity(numbers.len() * parameters.keep);
    for &query in numbers {
        best.extend_from_slice(row(query));
    }
    let mut scan = ListScan {
        queries,
        numbers,
        entries: &entries,
        list,
        database,
        parameters,
        best,
    };
    let part = numbers
        .iter()
        .map(|&query| queries.quantized[query as usize]);
    range_search(part, &QuantizedDatabase::new(entries.iter()), &mut scan);
    let mut new = Vec::new();
    for (&query, found) in numbers.iter().zip(scan.best.chunks_exact(parameters.keep)) {
        let known = row(query);
        if found != known {
            let unknown = found.iter().filter(|hit| !known.contains(hit));
            new.extend(unknown.map(|&hit| (query, hit)));
        }
    }
    new
}

/// The scan of one list of entries for some queries.
struct ListScan<'a> {
    queries: &'a Queries<'a>,
    /// The numbers of the queries.
    numbers: &'a [u32],
    entries: &'a [Descriptor],
    /// Their indices in the database.
    list: &'a [u32],
    database: Database<'a>,
    parameters: SearchParameters,
    /// The best hits of each query: `parameters.keep`.
    best: Vec<Hit>,
}

impl RangeSearch for ListScan<'_> {
    #[inline]
    fn least(&self, query: usize) -> f32 {
        let worst = self.best[(query + 1) * self.parameters.keep - 1].score;
        worst.max(self.parameters.least)
    }

    fn found(&mut self, query: usize, entry: usize) {
        let of = self.numbers[query] as usize;
        let score = cosine(&self.queries.all[of], &self.entries[entry]);
        if score < self.least(query) {
            return;
        }
        let number = (self.database.first * self.database.per) as u32 + self.list[entry];
        if number as usize / self.database.per != of % self.queries.images {
            let row = query * self.parameters.keep..(query + 1) * self.parameters.keep;
            let hit = Hit {
                score,
                entry: number,
            };
            insert(&mut self.best[row], hit, self.database.per);
        }
    }
}

/// Inserts a hit into those of one query, if it is the best of its image and among the best
/// of all.
fn insert(row: &mut [Hit], hit: Hit, per: usize) {
    let Some(rank) = row.iter().position(|other| hit.better_than(other)) else {
        return;
    };
    let image = |hit: &Hit| hit.entry / per as u32;
    let same = |other: &Hit| image(other) == image(&hit);
    if row[..rank].iter().any(same) {
        return;
    }
    let end = (row[rank..].iter().position(same)).map_or(row.len() - 1, |i| rank + i);
    row[rank..=end].rotate_right(1);
    row[rank] = hit;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::descriptor::{DIM, unit};
    use super::*;
    use crate::executor::StopFlag;

    const PER: usize = 3;
    const PARAMETERS: SearchParameters = SearchParameters {
        least: 0.5,
        keep: 3,
    };

    /// The definition in the documentation of [`search`], by all inner products.
    fn naive(queries: &[Descriptor], images: usize, database: &[Descriptor]) -> Vec<Hit> {
        let mut best = Vec::new();
        for (number, query) in queries.iter().enumerate() {
            let mut hits: Vec<Hit> = (0u32..)
                .zip(database)
                .map(|(entry, other)| Hit {
                    score: cosine(query, other),
                    entry,
                })
                .filter(|hit| hit.score >= PARAMETERS.least)
                .filter(|hit| hit.entry as usize / PER != number % images)
                .collect();
            hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry)));
            let mut kept: Vec<Hit> = Vec::new();
            for hit in hits {
                let known = |other: &Hit| other.entry / PER as u32 == hit.entry / PER as u32;
                if kept.len() < PARAMETERS.keep && !kept.iter().any(known) {
                    kept.push(hit);
                }
            }
            kept.resize(PARAMETERS.keep, Hit::NONE);
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
        fn runs_and_lists_probed_in_full_find_what_brute_force_finds(
            (queries, database) in (1usize..60).prop_flat_map(|images| {
                (descriptors(2 * images), descriptors(PER * images))
            }),
            run in 1usize..60,
            jobs in 1usize..3,
        ) {
            let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
            let images = queries.len() / 2;
            let quantizer = CoarseQuantizer::train(&database, 8, &executor).expect("not stopped");
            let expected = naive(&queries, images, &database);
            let quantized: Vec<QuantizedQuery> =
                queries.iter().map(QuantizedQuery::new).collect();
            let exhaustive = Queries {
                all: queries.clone(),
                quantized: quantized.clone(),
                images,
                probes: None,
            };
            // Every query probes all lists.
            let count = quantizer.len();
            let all: Vec<u16> = (0..queries.len()).flat_map(|_| 0..count as u16).collect();
            let by_lists = Queries {
                probes: (quantizer.len() > 0)
                    .then(|| (&quantizer, InvertedLists::new(count, count, &[all]))),
                all: queries,
                quantized,
                images,
            };
            for queries in [exhaustive, by_lists] {
                let mut best = vec![Hit::NONE; queries.len() * PARAMETERS.keep];
                for (number, all) in database.chunks(run * PER).enumerate() {
                    let database = Database { all, per: PER, first: number * run };
                    search(&queries, database, PARAMETERS, &mut best, &executor).expect("not stopped");
                }
                prop_assert_eq!(&best, &expected);
            }
        }
    }
}
