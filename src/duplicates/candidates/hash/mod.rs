//! All pairs of hashes within a Hamming radius, exactly. Knows nothing of
//! images.

mod bits;
mod join;
mod plan;

use rayon::slice::ParallelSliceMut;

pub use bits::HashBits;

use crate::executor::{Executor, Interrupted};
use join::{Side, join};

/// Pairs of hashes within a radius.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    /// Two indices and the bits in which their hashes differ; sorted.
    pub pairs: Vec<(u32, u32, u8)>,
    /// Pairs within the radius that `cap` left out.
    pub not_listed: u64,
}

/// All pairs `a < b` of hashes that differ in at most `radius` bits.
///
/// `None` is a sample without a hash, in no pair. A pair is listed if either
/// of its two has it among its nearest `cap` (ties: the lower index first),
/// so that a giant group of like images stays connected and costs memory in
/// proportion to its members, not to their square; the others are counted.
/// Distances above 255 are written as 255.
///
/// # Errors
/// [`Interrupted`] when the stop flag was raised.
pub fn pairs_within<H: HashBits>(
    hashes: &[Option<H>],
    radius: u32,
    cap: usize,
    executor: &Executor,
) -> Result<Joined, Interrupted> {
    let cap = cap.max(1);
    let groups = Collapsed::new(hashes, executor);
    let side = groups.side();
    // One more, because a hash is its own nearest.
    let hits = join(&side, &side, radius, cap + 1, executor)?;
    let mut pairs = Vec::new();
    for run in hits.nearest.chunk_by(|a, b| a.row == b.row) {
        let nearest = groups.nearest_members(run, cap + 1);
        for &a in groups.members(run[0].row) {
            let others = nearest.iter().filter(|&&(_, b)| b != a).take(cap);
            pairs.extend(others.map(|&(distance, b)| (a.min(b), a.max(b), distance)));
        }
    }
    executor.install(|| pairs.par_sort_unstable());
    pairs.dedup();
    // The join met each pair from both sides, and each sample with itself.
    let own: u64 = groups.sizes.iter().map(|&size| u64::from(size)).sum();
    let total = (hits.total - own) / 2;
    Ok(Joined {
        not_listed: total - pairs.len() as u64,
        pairs,
    })
}

/// All pairs of a query and a hash of the table that differ in at most
/// `radius` bits: `(query, table, distance)`.
///
/// Each query has its nearest `cap` listed (ties: the lower index first); the
/// others are counted. An index in both is not taken for the same sample:
/// queries made of the table's own images, mirrored, meet themselves.
///
/// # Errors
/// [`Interrupted`] when the stop flag was raised.
pub fn queries_within<H: HashBits>(
    queries: &[Option<H>],
    table: &[Option<H>],
    radius: u32,
    cap: usize,
    executor: &Executor,
) -> Result<Joined, Interrupted> {
    let cap = cap.max(1);
    let (rows, groups) = (
        Collapsed::new(queries, executor),
        Collapsed::new(table, executor),
    );
    let hits = join(&rows.side(), &groups.side(), radius, cap, executor)?;
    let mut pairs = Vec::new();
    for run in hits.nearest.chunk_by(|a, b| a.row == b.row) {
        let nearest = groups.nearest_members(run, cap);
        for &query in rows.members(run[0].row) {
            pairs.extend(
                nearest
                    .iter()
                    .map(|&(distance, other)| (query, other, distance)),
            );
        }
    }
    executor.install(|| pairs.par_sort_unstable());
    Ok(Joined {
        not_listed: hits.total - pairs.len() as u64,
        pairs,
    })
}

/// Equal hashes as one, in the order of their first members.
struct Collapsed<H> {
    hashes: Vec<H>,
    sizes: Vec<u32>,
    /// Where the members of each begin; one more than there are hashes.
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl<H: HashBits> Collapsed<H> {
    fn new(hashes: &[Option<H>], executor: &Executor) -> Self {
        let mut all: Vec<(H, u32)> = (0..)
            .zip(hashes)
            .filter_map(|(index, hash)| Some(((*hash)?, index)))
            .collect();
        executor.install(|| all.par_sort_unstable());
        let mut runs: Vec<&[(H, u32)]> = all.chunk_by(|a, b| a.0 == b.0).collect();
        // With groups in the order of their first members, the lowest members
        // among groups at one distance are in the lowest groups.
        runs.sort_unstable_by_key(|run| run[0].1);
        let mut starts = vec![0];
        let mut members = Vec::with_capacity(all.len());
        for run in &runs {
            members.extend(run.iter().map(|&(_, index)| index));
            starts.push(members.len() as u32);
        }
        Self {
            hashes: runs.iter().map(|run| run[0].0).collect(),
            sizes: runs.iter().map(|run| run.len() as u32).collect(),
            starts,
            members,
        }
    }

    fn side(&self) -> Side<'_, H> {
        Side {
            hashes: &self.hashes,
            sizes: &self.sizes,
        }
    }

    fn members(&self, group: u32) -> &[u32] {
        let group = group as usize;
        &self.members[self.starts[group] as usize..self.starts[group + 1] as usize]
    }

    /// The nearest `cap` members of the groups hit, with distances, nearest
    /// and lowest first.
    fn nearest_members(&self, hits: &[join::Hit], cap: usize) -> Vec<(u8, u32)> {
        let mut nearest: Vec<(u8, u32)> = Vec::new();
        for ring in hits.chunk_by(|a, b| a.distance == b.distance) {
            let from = nearest.len();
            if from >= cap {
                break;
            }
            let distance = u8::try_from(ring[0].distance).unwrap_or(u8::MAX);
            for hit in ring {
                let members = self.members(hit.other).iter().take(cap);
                nearest.extend(members.map(|&member| (distance, member)));
            }
            nearest[from..].sort_unstable();
            nearest.truncate(cap);
        }
        nearest
    }
}

#[cfg(test)]
mod tests;
