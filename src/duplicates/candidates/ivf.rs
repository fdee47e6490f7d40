//! Coarse cells of descriptor space: each entry lives in the cell of its
//! nearest centre, each query looks into a few cells. Compares no two
//! images.

use super::descriptor::{DIM, Descriptor, unit};
use super::quantized::{BOTH, Packed, Rows, nearest};
use crate::executor::{Executor, Interrupted};

/// Centres of cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    centres: Packed,
}

/// Stands where a query looks into no further cell.
const NOWHERE: u16 = u16::MAX;
/// Cells at most: their numbers take 16 bits.
const MOST: usize = NOWHERE as usize;
/// Cells a query looks into however far they are.
const NEAREST: usize = 8;
/// How much farther than the nearest centre, in cosine, the centre of a
/// further cell may be: see docs/performance.md, "Products within cells".
const FARTHER: f32 = 0.15;
/// Descriptors handled by one piece of work.
const PIECE: usize = 1024;

impl Cells {
    /// Centres by a few rounds of spherical k-means over `sample`, started
    /// from evenly spaced members, so that the same sample gives the same cells.
    pub(crate) fn learn(
        sample: &[Descriptor],
        count: usize,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let count = count.min(sample.len() / 8).min(MOST);
        if count == 0 {
            return Ok(Self::default());
        }
        let evenly = |i: usize| unit(sample[i * sample.len() / count].map(i64::from));
        let mut centres: Vec<Descriptor> = (0..count).map(evenly).collect();
        let mut cells = Self {
            centres: Packed::new(centres.iter()),
        };
        for _ in 0..5 {
            let mut sums = vec![[0i64; DIM]; count];
            let nearest = cells.nearest(sample, executor)?;
            for (descriptor, &cell) in sample.iter().zip(nearest.iter().flatten()) {
                for (sum, value) in sums[usize::from(cell)].iter_mut().zip(descriptor) {
                    *sum += i64::from(*value);
                }
            }
            for (centre, sum) in centres.iter_mut().zip(sums) {
                if sum.iter().any(|&v| v != 0) {
                    *centre = unit(sum);
                }
            }
            cells.centres = Packed::new(centres.iter());
        }
        Ok(cells)
    }

    pub(crate) fn len(&self) -> usize {
        self.centres.len()
    }

    /// For each cell the entries that live in it, by their place in `all`.
    pub(crate) fn members(
        &self,
        all: &[Descriptor],
        executor: &Executor,
    ) -> Result<Lists, Interrupted> {
        let nearest = self.nearest(all, executor)?;
        Ok(Lists::new(self.len(), 1, &nearest))
    }

    /// The nearest cell of each, piece by piece.
    fn nearest(
        &self,
        all: &[Descriptor],
        executor: &Executor,
    ) -> Result<Vec<Vec<u16>>, Interrupted> {
        executor.map(all.len().div_ceil(PIECE), |piece| {
            let part = &all[piece * PIECE..((piece + 1) * PIECE).min(all.len())];
            nearest(part.iter(), &self.centres)
        })
    }

    /// For each cell the queries that look into it, by their place in
    /// `queries`.
    pub(crate) fn askers(
        &self,
        queries: &[Descriptor],
        executor: &Executor,
    ) -> Result<Lists, Interrupted> {
        let probes = self.probes();
        let chosen = executor.map(queries.len().div_ceil(PIECE), |piece| {
            let part = &queries[piece * PIECE..((piece + 1) * PIECE).min(queries.len())];
            let mut cells: Vec<u16> = Vec::with_capacity(part.len() * probes);
            let (mut rows, mut order) = (Rows::default(), Vec::new());
            for part in part.chunks(Rows::MOST) {
                rows.fill(part.iter(), &self.centres);
                for row in 0..part.len() {
                    // Greatest product first, and the first of equals.
                    let keys = rows.of(row).iter().zip((0..=u16::MAX).rev());
                    order.clear();
                    order.extend(keys.map(|(&product, place)| {
                        let above = product.wrapping_sub(i16::MIN).cast_unsigned();
                        u32::from(above) << 16 | u32::from(place)
                    }));
                    if probes < order.len() {
                        order.select_nth_unstable_by(probes - 1, |a, b| b.cmp(a));
                    }
                    let asked = &mut order[..probes];
                    asked.sort_unstable_by(|a, b| b.cmp(a));
                    let nearest = asked.first().map_or(0, |key| key >> 16);
                    let least = nearest.saturating_sub((FARTHER * BOTH) as u32);
                    cells.extend((0..).zip(asked).map(|(rank, key)| {
                        let asks = rank < NEAREST || *key >> 16 >= least;
                        if asks {
                            u16::MAX - *key as u16
                        } else {
                            NOWHERE
                        }
                    }));
                }
            }
            cells
        })?;
        Ok(Lists::new(self.len(), probes, &chosen))
    }

    /// How many cells a query looks into at most: half the root of their
    /// number, at least [`NEAREST`], at most 40. With 8 of 160 and with 16 of
    /// 960 cells no planted copy of 1,600 was lost, with 10 of 960 one.
    fn probes(&self) -> usize {
        let half_root = (self.len() as f32).sqrt() / 2.0;
        (half_root.round() as usize)
            .clamp(NEAREST, 40)
            .min(self.len())
    }
}

/// Numbers by cell, ascending in each.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    /// Where the list of each cell begins, and where the last ends.
    starts: Vec<usize>,
    values: Vec<u32>,
}

impl Lists {
    /// `cells` tells of one thing after the other the `per` cells it goes to,
    /// or [`NOWHERE`].
    pub(super) fn new(count: usize, per: usize, cells: &[Vec<u16>]) -> Self {
        let mut starts = vec![0; count + 1];
        for &cell in cells.iter().flatten().filter(|&&cell| cell != NOWHERE) {
            starts[usize::from(cell) + 1] += 1;
        }
        for cell in 0..count {
            starts[cell + 1] += starts[cell];
        }
        let mut next = starts.clone();
        let mut values = vec![0; starts[count]];
        let all = cells.iter().flat_map(|piece| piece.chunks(per));
        for (value, cells) in (0u32..).zip(all) {
            for &cell in cells.iter().filter(|&&cell| cell != NOWHERE) {
                let next = &mut next[usize::from(cell)];
                values[*next] = value;
                *next += 1;
            }
        }
        Self { starts, values }
    }

    pub(crate) fn of(&self, cell: usize) -> &[u32] {
        &self.values[self.starts[cell]..self.starts[cell + 1]]
    }
}
