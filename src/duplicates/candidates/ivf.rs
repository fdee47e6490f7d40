//! The inverted file (IVF, Sivic & Zisserman 2003; Jégou et al. 2011): a coarse quantizer
//! assigns each database descriptor to the inverted list of its nearest centroid, and each
//! query probes a few lists. Compares no two images.

use super::descriptor::{DIM, Descriptor, unit};
use super::quantized::{InnerProducts, QuantizedDatabase, SCALE, nearest};
use crate::executor::{Executor, Interrupted};

/// The centroids of a k-means clustering.
#[derive(Debug, Clone, Default)]
pub(crate) struct CoarseQuantizer {
    centroids: QuantizedDatabase,
}

/// Stands where a query probes no further list.
const NO_LIST: u16 = u16::MAX;
/// Centroids at most: their numbers take 16 bits.
const MOST: usize = NO_LIST as usize;
/// Inverted lists that a query probes whatever the cosine of their centroid.
const LEAST_NPROBE: usize = 8;
/// How much lower than the nearest centroid's the cosine of a further centroid may be for
/// its list to be probed: see docs/performance.md, "Products within lists".
const MARGIN: f32 = 0.15;
/// Descriptors handled by one piece of work.
const PIECE: usize = 1024;

impl CoarseQuantizer {
    /// Trains `count` centroids by a few rounds of spherical k-means (Dhillon & Modha 2001)
    /// over `sample`, started from evenly spaced members, so that the same sample gives the
    /// same centroids.
    pub(crate) fn train(
        sample: &[Descriptor],
        count: usize,
        executor: &Executor,
    ) -> Result<Self, Interrupted> {
        let count = count.min(sample.len() / 8).min(MOST);
        if count == 0 {
            return Ok(Self::default());
        }
        let evenly = |i: usize| unit(sample[i * sample.len() / count].map(i64::from));
        let mut centroids: Vec<Descriptor> = (0..count).map(evenly).collect();
        let mut quantizer = Self {
            centroids: QuantizedDatabase::new(centroids.iter()),
        };
        for _ in 0..5 {
            let mut sums = vec![[0i64; DIM]; count];
            let nearest = quantizer.nearest(sample, executor)?;
            for (descriptor, &list) in sample.iter().zip(nearest.iter().flatten()) {
                for (sum, value) in sums[usize::from(list)].iter_mut().zip(descriptor) {
                    *sum += i64::from(*value);
                }
            }
            for (centroid, sum) in centroids.iter_mut().zip(sums) {
                if sum.iter().any(|&v| v != 0) {
                    *centroid = unit(sum);
                }
            }
            quantizer.centroids = QuantizedDatabase::new(centroids.iter());
        }
        Ok(quantizer)
    }

    pub(crate) fn len(&self) -> usize {
        self.centroids.len()
    }

    /// The inverted lists: for each centroid the entries assigned to it, by their index in
    /// `all`.
    pub(crate) fn assign(
        &self,
        all: &[Descriptor],
        executor: &Executor,
    ) -> Result<InvertedLists, Interrupted> {
        let nearest = self.nearest(all, executor)?;
        Ok(InvertedLists::new(self.len(), 1, &nearest))
    }

    /// The nearest centroid of each, piece by piece.
    fn nearest(
        &self,
        all: &[Descriptor],
        executor: &Executor,
    ) -> Result<Vec<Vec<u16>>, Interrupted> {
        executor.map(all.len().div_ceil(PIECE), |piece| {
            let part = &all[piece * PIECE..((piece + 1) * PIECE).min(all.len())];
            nearest(part.iter(), &self.centroids)
        })
    }

    /// For each list the queries that probe it, by their index in `queries`.
    pub(crate) fn probe(
        &self,
        queries: &[Descriptor],
        executor: &Executor,
    ) -> Result<InvertedLists, Interrupted> {
        let nprobe = self.nprobe();
        let chosen = executor.map(queries.len().div_ceil(PIECE), |piece| {
            let part = &queries[piece * PIECE..((piece + 1) * PIECE).min(queries.len())];
            let mut lists: Vec<u16> = Vec::with_capacity(part.len() * nprobe);
            let (mut products, mut order) = (InnerProducts::default(), Vec::new());
            for part in part.chunks(InnerProducts::MOST) {
                products.fill(part.iter(), &self.centroids);
                for row in 0..part.len() {
                    // Greatest product first, and the first of equals.
                    let keys = products.of(row).iter().zip((0..=u16::MAX).rev());
                    order.clear();
                    order.extend(keys.map(|(&product, reversed)| {
                        let above = product.wrapping_sub(i16::MIN).cast_unsigned();
                        u32::from(above) << 16 | u32::from(reversed)
                    }));
                    if nprobe < order.len() {
                        order.select_nth_unstable_by(nprobe - 1, |a, b| b.cmp(a));
                    }
                    let nearest_lists = &mut order[..nprobe];
                    nearest_lists.sort_unstable_by(|a, b| b.cmp(a));
                    let nearest = nearest_lists.first().map_or(0, |key| key >> 16);
                    let least = nearest.saturating_sub((MARGIN * SCALE) as u32);
                    lists.extend((0..).zip(nearest_lists).map(|(rank, key)| {
                        let probed = rank < LEAST_NPROBE || *key >> 16 >= least;
                        if probed {
                            u16::MAX - *key as u16
                        } else {
                            NO_LIST
                        }
                    }));
                }
            }
            lists
        })?;
        Ok(InvertedLists::new(self.len(), nprobe, &chosen))
    }

    /// Lists that a query probes at most: half the square root of their number, at least
    /// [`LEAST_NPROBE`], at most 40. With 8 of 160 and with 16 of 960 lists no planted copy
    /// of 1,600 was lost, with 10 of 960 one.
    fn nprobe(&self) -> usize {
        let half_root = (self.len() as f32).sqrt() / 2.0;
        (half_root.round() as usize)
            .clamp(LEAST_NPROBE, 40)
            .min(self.len())
    }
}

/// Indices by centroid, ascending in each list.
#[derive(Debug, Clone)]
pub(crate) struct InvertedLists {
    /// Where each list begins, and where the last ends.
    starts: Vec<usize>,
    values: Vec<u32>,
}

impl InvertedLists {
    /// `lists` holds, for one index after the other, the `per` of `count` lists it goes to,
    /// or [`NO_LIST`].
    pub(super) fn new(count: usize, per: usize, lists: &[Vec<u16>]) -> Self {
        let mut starts = vec![0; count + 1];
        for &list in lists.iter().flatten().filter(|&&list| list != NO_LIST) {
            starts[usize::from(list) + 1] += 1;
        }
        for list in 0..count {
            starts[list + 1] += starts[list];
        }
        let mut next = starts.clone();
        let mut values = vec![0; starts[count]];
        let all = lists.iter().flat_map(|piece| piece.chunks(per));
        for (value, lists) in (0u32..).zip(all) {
            for &list in lists.iter().filter(|&&list| list != NO_LIST) {
                let next = &mut next[usize::from(list)];
                values[*next] = value;
                *next += 1;
            }
        }
        Self { starts, values }
    }

    pub(crate) fn of(&self, list: usize) -> &[u32] {
        &self.values[self.starts[list]..self.starts[list + 1]]
    }
}
