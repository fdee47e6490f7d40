//! Nearest descriptors of one set for each of another, exact for small sets
//! and by coarse cells beyond. Knows nothing of pictures but their number.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::descriptor::{DIM, Descriptor};
use crate::executor::{Executor, Interrupted};

/// A database entry near a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    /// Cosine of the two.
    pub(crate) score: f32,
    /// Index into the database.
    pub(crate) entry: u32,
}

/// What is looked through: `per` descriptors of each picture, picture by
/// picture. It may be a run of a longer list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Database<'a> {
    /// All descriptors.
    pub(crate) all: &'a [Descriptor],
    /// How many belong to one picture.
    pub(crate) per: usize,
    /// The picture that the first belong to.
    pub(crate) first: usize,
}

impl Database<'_> {
    fn picture(&self, entry: u32) -> usize {
        self.first + entry as usize / self.per
    }
}

/// What is looked for: one descriptor of each picture, or several times one of
/// each.
pub(crate) struct Queries<'a> {
    all: Vec<Descriptor>,
    pictures: usize,
    /// The cells, and for each the queries that look into it; `None` where
    /// every query meets every entry.
    cells: Option<(&'a Cells, Vec<Vec<u32>>)>,
}

impl<'a> Queries<'a> {
    /// Queries of `pictures` for a database of `per` entries each, all its
    /// runs together.
    pub(crate) fn new(
        all: Vec<Descriptor>,
        pictures: usize,
        per: usize,
        cells: &'a Cells,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let products = all.len().saturating_mul(pictures * per);
        let exact = products <= EXACT || cells.centres.is_empty();
        let cells = if exact {
            None
        } else {
            Some((cells, cells.askers(&all, executor)?))
        };
        Ok(Self {
            all,
            pictures,
            cells,
        })
    }

    /// The picture that asks.
    fn picture(&self, query: usize) -> usize {
        query % self.pictures
    }
}

/// How far to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// The least cosine of interest.
    pub(crate) cut: f32,
    /// How many pictures to keep for a query.
    pub(crate) keep: usize,
}

/// Products up to which every query meets every entry: about a second.
const EXACT: usize = 400_000_000;
/// Queries and entries multiplied at a time: the scores stay in the L2 cache.
const QUERIES: usize = 64;
const ENTRIES: usize = 1024;

/// For each query the best entry of up to `reach.keep` other pictures, best first.
pub(crate) fn join(
    queries: &Queries<'_>,
    database: Database<'_>,
    reach: Reach,
    executor: &Executor,
) -> Result<Vec<Vec<Hit>>, Interrupted> {
    match &queries.cells {
        None => exact(queries, database, reach, executor),
        Some((cells, askers)) => by_cells(queries, (cells, askers), database, reach, executor),
    }
}

/// Keeps the best hits of one query.
struct Best {
    hits: Vec<Hit>,
    cut: f32,
}

impl Best {
    fn new(cut: f32) -> Self {
        Self {
            hits: Vec::new(),
            cut,
        }
    }

    fn push(&mut self, hit: Hit, database: Database<'_>, keep: usize) {
        self.hits.push(hit);
        if self.hits.len() >= 8 * keep {
            self.prune(database, keep);
            if let (Some(last), true) = (self.hits.last(), self.hits.len() == keep) {
                self.cut = self.cut.max(last.score);
            }
        }
    }

    fn prune(&mut self, database: Database<'_>, keep: usize) {
        // By picture, best entry first, then by score: one entry a picture.
        let order = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.entry.cmp(&b.entry));
        self.hits.sort_unstable_by(|a, b| {
            database
                .picture(a.entry)
                .cmp(&database.picture(b.entry))
                .then(order(a, b))
        });
        self.hits.dedup_by_key(|hit| database.picture(hit.entry));
        self.hits.sort_unstable_by(order);
        self.hits.truncate(keep);
    }
}

fn matrix(descriptors: &[Descriptor]) -> MatRef<'_, f32> {
    MatRef::from_column_major_slice(descriptors.as_flattened(), DIM, descriptors.len())
}

/// Calls `found(query, entry, score)` for products above the query's cut.
fn multiply(
    queries: &[Descriptor],
    entries: &[Descriptor],
    scores: &mut Vec<f32>,
    mut found: impl FnMut(usize, usize, f32) -> f32,
    cuts: &mut [f32],
) {
    for (block, part) in entries.chunks(ENTRIES).enumerate() {
        let wanted = part.len() * queries.len();
        // All of it is written below.
        if scores.len() < wanted {
            scores.resize(wanted, 0.0);
        }
        let scores = &mut scores[..wanted];
        let target = MatMut::from_column_major_slice_mut(scores, part.len(), queries.len());
        matmul(
            target,
            Accum::Replace,
            matrix(part).transpose(),
            matrix(queries),
            1.0f32,
            Par::Seq,
        );
        for (query, row) in scores.chunks(part.len()).enumerate() {
            for (chunk, values) in row.chunks(32).enumerate() {
                let cut = cuts[query];
                if values.iter().fold(0u32, |any, &v| any | u32::from(v > cut)) != 0 {
                    for (i, &value) in values.iter().enumerate() {
                        if value > cuts[query] {
                            cuts[query] = found(query, block * ENTRIES + chunk * 32 + i, value);
                        }
                    }
                }
            }
        }
    }
}

fn exact(
    queries: &Queries<'_>,
    database: Database<'_>,
    reach: Reach,
    executor: &Executor,
) -> Result<Vec<Vec<Hit>>, Interrupted> {
    let all = &queries.all;
    let blocks = executor.map(all.len().div_ceil(QUERIES), |block| {
        let start = block * QUERIES;
        let part = &all[start..(start + QUERIES).min(all.len())];
        let mut best: Vec<Best> = part.iter().map(|_| Best::new(reach.cut)).collect();
        let mut cuts = vec![reach.cut; part.len()];
        let mut scores = Vec::new();
        multiply(
            part,
            database.all,
            &mut scores,
            |query, entry, score| {
                let best = &mut best[query];
                let entry = entry as u32;
                if database.picture(entry) != queries.picture(start + query) {
                    best.push(Hit { score, entry }, database, reach.keep);
                }
                best.cut
            },
            &mut cuts,
        );
        best.into_iter()
            .map(|mut best| {
                best.prune(database, reach.keep);
                best.hits
            })
            .collect::<Vec<_>>()
    })?;
    Ok(blocks.into_iter().flatten().collect())
}

/// Coarse cells of descriptor space: each entry lives in the cell of its
/// nearest centre, each query looks into a few cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    centres: Vec<Descriptor>,
}

impl Cells {
    /// Centres by a few rounds of spherical k-means over `sample`, started
    /// from evenly spaced members, so that the same sample gives the same cells.
    pub(crate) fn learn(
        sample: &[Descriptor],
        count: usize,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let count = count.min(sample.len() / 8);
        if count == 0 {
            return Ok(Self::default());
        }
        let mut cells = Self {
            centres: (0..count)
                .map(|i| unit(&sample[i * sample.len() / count]))
                .collect(),
        };
        for _ in 0..5 {
            let nearest = cells.assign(sample, executor)?;
            let mut sums = vec![[0.0f32; DIM]; count];
            for (descriptor, &cell) in sample.iter().zip(&nearest) {
                for (sum, value) in sums[cell as usize].iter_mut().zip(descriptor) {
                    *sum += value;
                }
            }
            for (centre, sum) in cells.centres.iter_mut().zip(&sums) {
                if sum.iter().any(|&v| v != 0.0) {
                    *centre = unit(sum);
                }
            }
        }
        Ok(cells)
    }

    /// The nearest cell of each.
    fn assign(&self, all: &[Descriptor], executor: &Executor) -> Result<Vec<u32>, Interrupted> {
        let count = self.centres.len();
        let blocks = executor.map(all.len().div_ceil(256), |block| {
            let part = &all[block * 256..(block * 256 + 256).min(all.len())];
            let scores = self.scores(part);
            scores
                .chunks(count)
                .map(|row| {
                    let top = greatest(row);
                    row.iter().position(|&v| v == top).unwrap_or(0) as u32
                })
                .collect::<Vec<_>>()
        })?;
        Ok(blocks.into_iter().flatten().collect())
    }

    fn scores(&self, part: &[Descriptor]) -> Vec<f32> {
        let mut scores = vec![0.0; part.len() * self.centres.len()];
        let target =
            MatMut::from_column_major_slice_mut(&mut scores, self.centres.len(), part.len());
        matmul(
            target,
            Accum::Replace,
            matrix(&self.centres).transpose(),
            matrix(part),
            1.0f32,
            Par::Seq,
        );
        scores
    }

    /// How many cells a query looks into: half the root of their number, at
    /// least 8, at most 40. With 8 of 160 and with 16 of 960 cells no planted
    /// copy of 1,600 was lost, with 10 of 960 one.
    fn probes(&self) -> usize {
        let half_root = (self.centres.len() as f32).sqrt() / 2.0;
        (half_root.round() as usize)
            .clamp(8, 40)
            .min(self.centres.len())
    }

    /// For each cell the queries that look into it.
    fn askers(
        &self,
        queries: &[Descriptor],
        executor: &Executor,
    ) -> Result<Vec<Vec<u32>>, Interrupted> {
        let (count, probes) = (self.centres.len(), self.probes());
        let chosen = executor.map(queries.len().div_ceil(256), |block| {
            let start = block * 256;
            let part = &queries[start..(start + 256).min(queries.len())];
            let scores = self.scores(part);
            let mut pairs = Vec::with_capacity(part.len() * probes);
            for (i, row) in scores.chunks(count).enumerate() {
                let mut order: Vec<u32> = (0..count as u32).collect();
                let by_score =
                    |a: &u32, b: &u32| row[*b as usize].total_cmp(&row[*a as usize]).then(a.cmp(b));
                if probes < count {
                    order.select_nth_unstable_by(probes - 1, by_score);
                }
                let asked = order[..probes].iter();
                pairs.extend(asked.map(|&cell| (cell, (start + i) as u32)));
            }
            pairs
        })?;
        Ok(grouped(count, chosen.into_iter().flatten()))
    }
}

/// Eight at a time: one after the other, each would wait for the one before.
fn greatest(values: &[f32]) -> f32 {
    let greater = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [f32::MIN; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (lane, &value) in lanes.iter_mut().zip(block) {
            *lane = greater(*lane, value);
        }
    }
    let all = lanes.iter().chain(rest);
    all.fold(f32::MIN, |a, &b| greater(a, b))
}

fn unit(d: &Descriptor) -> Descriptor {
    let norm = d.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-9);
    d.map(|v| v / norm)
}

/// Queries whose hits in all their cells are in memory at once: at most about
/// 2 kB each.
const AT_ONCE: usize = 100_000;

fn by_cells(
    queries: &Queries<'_>,
    (cells, askers): (&Cells, &[Vec<u32>]),
    database: Database<'_>,
    reach: Reach,
    executor: &Executor,
) -> Result<Vec<Vec<Hit>>, Interrupted> {
    let nearest = cells.assign(database.all, executor)?;
    let entries = (0u32..).zip(&nearest).map(|(entry, &cell)| (cell, entry));
    let members = grouped(cells.centres.len(), entries);
    let mut hits = Vec::with_capacity(queries.all.len());
    while hits.len() < queries.all.len() {
        let (start, end) = (hits.len(), (hits.len() + AT_ONCE).min(queries.all.len()));
        let found = executor.map(members.len(), |cell| {
            // In ascending order, as they were grouped.
            let before = |bound: usize| askers[cell].partition_point(|&q| (q as usize) < bound);
            let asking = &askers[cell][before(start)..before(end)];
            in_cell(queries, asking, &members[cell], database, reach)
        })?;
        let mut best: Vec<Best> = (start..end).map(|_| Best::new(reach.cut)).collect();
        for (query, hit) in found.into_iter().flatten() {
            best[query as usize - start].push(hit, database, reach.keep);
        }
        hits.extend(best.into_iter().map(|mut best| {
            best.prune(database, reach.keep);
            best.hits
        }));
    }
    Ok(hits)
}

/// The best hits of the queries `asking` among `members` of the database.
fn in_cell(
    queries: &Queries<'_>,
    asking: &[u32],
    members: &[u32],
    database: Database<'_>,
    reach: Reach,
) -> Vec<(u32, Hit)> {
    let entries: Vec<Descriptor> = (members.iter())
        .map(|&entry| database.all[entry as usize])
        .collect();
    let mut found: Vec<(u32, Hit)> = Vec::new();
    let mut scores = Vec::new();
    for asking in asking.chunks(QUERIES) {
        let part: Vec<Descriptor> = (asking.iter())
            .map(|&query| queries.all[query as usize])
            .collect();
        let mut best: Vec<Best> = part.iter().map(|_| Best::new(reach.cut)).collect();
        let mut cuts = vec![reach.cut; part.len()];
        multiply(
            &part,
            &entries,
            &mut scores,
            |query, entry, score| {
                let best = &mut best[query];
                let entry = members[entry];
                if database.picture(entry) != queries.picture(asking[query] as usize) {
                    best.push(Hit { score, entry }, database, reach.keep);
                }
                best.cut
            },
            &mut cuts,
        );
        for (mut best, &query) in best.into_iter().zip(asking) {
            best.prune(database, reach.keep);
            found.extend(best.hits.into_iter().map(|hit| (query, hit)));
        }
    }
    found
}

/// Values by key, in the order given.
fn grouped(count: usize, pairs: impl Iterator<Item = (u32, u32)>) -> Vec<Vec<u32>> {
    let mut groups = vec![Vec::new(); count];
    for (key, value) in pairs {
        groups[key as usize].push(value);
    }
    for group in &mut groups {
        group.shrink_to_fit();
    }
    groups
}
