//! Cuts samples into chunks of bounded size in a seeded order, groups kept
//! together. Knows nothing of vectors.

use std::ops::Range;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Columns of the inverse made by one piece of work.
const BATCH: usize = 128;

/// An order of the samples in which groups lie together and chunks follow one
/// another.
pub(super) struct Layout {
    /// The sample at each place.
    pub(super) order: Vec<u32>,
    /// The places of each chunk.
    pub(super) chunks: Vec<Range<usize>>,
    /// The places of each group, in order; a group longer than a chunk spans
    /// several.
    groups: Vec<Range<usize>>,
    /// The group at each place.
    group_at: Vec<u32>,
}

impl Layout {
    /// `groups[i]` is the group of sample `i`; a chunk holds about `limit`
    /// samples, at most a quarter more.
    pub(super) fn new(groups: &[u32], limit: usize, seed: u64) -> Self {
        let limit = limit.max(1);
        let mut members: Vec<u32> = (0..groups.len() as u32).collect();
        members.sort_by_key(|&i| (groups[i as usize], i));
        let mut runs: Vec<&[u32]> = members
            .chunk_by(|&a, &b| groups[a as usize] == groups[b as usize])
            .collect();
        // By first member: group numbers may differ from run to run, their
        // members do not.
        runs.sort_by_key(|run| run[0]);
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        for i in (1..runs.len()).rev() {
            runs.swap(i, (random.next_u64() % (i as u64 + 1)) as usize);
        }
        let count = groups.len().div_ceil(limit).max(1);
        let target = groups.len().div_ceil(count).max(1);
        let mut layout = Self {
            order: Vec::with_capacity(groups.len()),
            chunks: Vec::new(),
            groups: Vec::new(),
            group_at: Vec::with_capacity(groups.len()),
        };
        let mut start = 0;
        for run in runs {
            let first = layout.order.len();
            for piece in run.chunks((target / 4).max(1)) {
                if layout.order.len() - start >= target {
                    layout.chunks.push(start..layout.order.len());
                    start = layout.order.len();
                }
                layout.order.extend(piece);
            }
            let number = layout.groups.len() as u32;
            layout.group_at.resize(layout.order.len(), number);
            layout.groups.push(first..layout.order.len());
        }
        if start < layout.order.len() {
            layout.chunks.push(start..layout.order.len());
        }
        layout
    }

    /// Whether a member of the group at `place` lies in chunk `chunk`.
    pub(super) fn touches(&self, place: usize, chunk: usize) -> bool {
        let group = &self.groups[self.group_at[place] as usize];
        let chunk = &self.chunks[chunk];
        group.start < chunk.end && chunk.start < group.end
    }

    /// The groups within `chunk`, counted from its start, in runs of about
    /// [`BATCH`] samples.
    pub(super) fn batches(&self, chunk: &Range<usize>) -> Vec<Vec<Range<usize>>> {
        let mut batches: Vec<Vec<Range<usize>>> = Vec::new();
        let mut filled = BATCH;
        let mut place = chunk.start;
        while place < chunk.end {
            let group = &self.groups[self.group_at[place] as usize];
            let end = group.end.min(chunk.end);
            let inner = place - chunk.start..end - chunk.start;
            match batches.last_mut() {
                Some(batch) if filled < BATCH => {
                    filled += inner.len();
                    batch.push(inner);
                }
                _ => {
                    filled = inner.len();
                    batches.push(vec![inner]);
                }
            }
            place = end;
        }
        batches
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_one_place_and_groups_stay_together() {
        let groups: Vec<u32> = (0..1000)
            .map(|i| if i % 10 == 0 { 7 } else { i + 10 })
            .collect();
        let layout = Layout::new(&groups, 300, 1);
        let mut seen = layout.order.clone();
        seen.sort_unstable();
        assert!(seen.iter().copied().eq(0..1000));
        assert_eq!(layout.chunks.last().map(|c| c.end), Some(1000));
        assert!(layout.chunks.iter().all(|c| c.len() <= 375));
        let places: Vec<usize> = (0..1000)
            .filter(|&p| groups[layout.order[p] as usize] == 7)
            .collect();
        assert_eq!(places.len(), places[places.len() - 1] - places[0] + 1);
    }

    #[test]
    fn batches_cover_a_chunk_without_splitting_a_group() {
        let groups: Vec<u32> = (0..700).map(|i| i / 9).collect();
        let layout = Layout::new(&groups, 400, 3);
        for chunk in &layout.chunks {
            let all: Vec<Range<usize>> = layout.batches(chunk).concat();
            assert_eq!(all.iter().map(Range::len).sum::<usize>(), chunk.len());
            assert!(all.windows(2).all(|w| w[0].end == w[1].start));
        }
    }
}
