//! The join of two lists of distinct hashes, band by band. Knows nothing of
//! samples or of equal hashes.

use super::bits::HashBits;
use super::plan::{Band, plan};
use crate::executor::{Executor, Interrupted};

/// A hash of the table within the radius of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Index among the rows.
    pub(super) row: u32,
    /// Bits in which they differ.
    pub(super) distance: u32,
    /// Index in the table.
    pub(super) other: u32,
}

/// Distinct hashes and how many samples have each.
#[derive(Debug)]
pub(super) struct Side<'a, H> {
    /// No two alike.
    pub(super) hashes: &'a [H],
    /// As many, each at least 1.
    pub(super) sizes: &'a [u32],
}

/// What [`join`] found.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// The nearest `cap` of each row, sorted.
    pub(super) nearest: Vec<Hit>,
    /// Pairs of samples within the radius, all reported.
    pub(super) total: u64,
}

/// Rows joined in one go: small enough that threads share the work and a stop
/// takes effect, large enough to use a bucket while it is in cache.
const ROWS_AT_ONCE: usize = 1024;

/// Every row against every hash of the table within `radius`.
///
/// # Errors
/// [`Interrupted`] when the stop flag was raised.
pub(super) fn join<H: HashBits>(
    rows: &Side<'_, H>,
    table: &Side<'_, H>,
    radius: u32,
    cap: usize,
    executor: &Executor,
) -> Result<Hits, Interrupted> {
    let bands = plan(rows.hashes.len(), table.hashes, radius);

    join_on(&bands, rows, table, radius, cap, executor)
}

fn join_on<H: HashBits>(
    bands: &[Band],
    rows: &Side<'_, H>,
    table: &Side<'_, H>,
    radius: u32,
    cap: usize,
    executor: &Executor,
) -> Result<Hits, Interrupted> {
    let mut hits = Hits::default();
    for index in 0..bands.len() {
        let (band, earlier) = (bands[index], &bands[..index]);
        executor.stop().check()?;
        let work = BandJoin {
            rows: Buckets::new(rows, &band),
            table: Buckets::new(table, &band),
            masks: band.masks(),
            earlier,
            radius,
            cap,
        };
        let tasks = rows.hashes.len().div_ceil(ROWS_AT_ONCE);
        let found = executor.map(tasks, |task| {
            let from = task * ROWS_AT_ONCE;
            let to = (from + ROWS_AT_ONCE).min(rows.hashes.len());
            work.run(from..to, executor)
        })?;
        for part in found {
            let part = part?;
            hits.total += part.total;
            hits.nearest.extend(part.nearest);
        }
        keep_nearest(&mut hits.nearest, cap);
    }
    Ok(hits)
}

/// Hashes in the order of their keys.
struct Buckets<H> {
    /// Where each key begins; one more than there are keys.
    starts: Vec<u32>,
    hashes: Vec<H>,
    /// Index and size of each.
    names: Vec<(u32, u32)>,
    key: Band,
}

impl<H: HashBits> Buckets<H> {
    fn new(side: &Side<'_, H>, band: &Band) -> Self {
        let mut starts = vec![0u32; (1 << band.width) + 1];
        let key = |hash: &H| hash.run(band.start, band.width) as usize;
        for hash in side.hashes {
            starts[key(hash) + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut next = starts.clone();
        let mut hashes = side.hashes.to_vec();
        let mut names = vec![(0, 0); side.hashes.len()];
        for (index, (hash, &size)) in (0..).zip(side.hashes.iter().zip(side.sizes)) {
            let position = &mut next[key(hash)];
            hashes[*position as usize] = *hash;
            names[*position as usize] = (index, size);
            *position += 1;
        }
        Self {
            starts,
            hashes,
            names,
            key: *band,
        }
    }

    fn of(&self, key: u32) -> std::ops::Range<usize> {
        self.starts[key as usize] as usize..self.starts[key as usize + 1] as usize
    }
}

struct BandJoin<'a, H> {
    rows: Buckets<H>,
    table: Buckets<H>,
    masks: Vec<u32>,
    /// A pair that meets in one of these was found there.
    earlier: &'a [Band],
    radius: u32,
    cap: usize,
}

/// [`BandJoin::meet_all`] as `pulp` requires it: a closure would not be inlined into the
/// function compiled for the features of the processor.
struct MeetAll<'a, 'b, H> {
    work: &'a BandJoin<'b, H>,
    key: u32,
    rows: std::ops::Range<usize>,
    first: usize,
    found: &'a mut Found,
}

impl<H: HashBits> pulp::WithSimd for MeetAll<'_, '_, H> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.work
            .meet_all(self.key, self.rows, self.first, self.found);
    }
}

impl<H: HashBits> BandJoin<'_, H> {
    /// Joins the rows at the positions `range` of the sorted order.
    fn run(&self, range: std::ops::Range<usize>, executor: &Executor) -> Result<Hits, Interrupted> {
        let mut found = Found {
            hits: Vec::new(),
            bars: vec![(u32::MAX, u32::MAX); range.len()],
            total: 0,
        };
        let mut position = range.start;
        while position < range.end {
            executor.stop().check()?;
            let key = self.rows.hashes[position].run(self.rows.key.start, self.rows.key.width);
            let end = self.rows.of(key).end.min(range.end);
            // The processor's own bit count, where it has one.
            pulp::Arch::new().dispatch(MeetAll {
                work: self,
                key,
                rows: position..end,
                first: range.start,
                found: &mut found,
            });
            position = end;
        }
        keep_nearest(&mut found.hits, self.cap);
        Ok(Hits {
            nearest: found.hits,
            total: found.total,
        })
    }

    /// The rows of one key against every bucket near enough.
    #[inline(always)]
    fn meet_all(&self, key: u32, rows: std::ops::Range<usize>, first: usize, found: &mut Found) {
        for &mask in &self.masks {
            let bucket = self.table.of(key ^ mask);
            let hashes = &self.table.hashes[bucket.clone()];
            let mut position = rows.start;
            // Four rows at a time: with some fifteen hashes in a bucket, the
            // end of the inner loop is a branch mispredicted each time.
            while let Some(four) = self.rows.hashes[position..rows.end].first_chunk::<4>() {
                for (offset, hash) in hashes.iter().enumerate() {
                    let distances = four.map(|row| row.distance(hash));
                    let [a, b, c, d] = distances;
                    if a.min(b).min(c.min(d)) > self.radius {
                        continue;
                    }
                    for (row, distance) in (position..).zip(distances) {
                        if distance <= self.radius {
                            self.take(row, bucket.start + offset, distance, first, found);
                        }
                    }
                }
                position += 4;
            }
            for row in position..rows.end {
                for (offset, hash) in hashes.iter().enumerate() {
                    let distance = self.rows.hashes[row].distance(hash);
                    if distance <= self.radius {
                        self.take(row, bucket.start + offset, distance, first, found);
                    }
                }
            }
        }
    }

    #[inline(never)]
    fn take(&self, position: usize, other: usize, distance: u32, first: usize, found: &mut Found) {
        let (row, hash) = (&self.rows.hashes[position], &self.table.hashes[other]);
        if self.earlier.iter().any(|band| band.meet(row, hash)) {
            return;
        }
        let ((row, rows), (other, others)) = (self.rows.names[position], self.table.names[other]);
        found.total += u64::from(rows) * u64::from(others);
        if (distance, other) > found.bars[position - first] {
            return;
        }
        found.hits.push(Hit {
            row,
            distance,
            other,
        });
        // Sorting at twice what may stay keeps the cost a hit constant.
        if found.hits.len() >= 2 * self.cap.saturating_mul(found.bars.len()).max(4096) {
            keep_nearest(&mut found.hits, self.cap);
            found.raise_bars(&self.rows.names[first..], self.cap);
        }
    }
}

struct Found {
    hits: Vec<Hit>,
    /// For each row, `(distance, other)` of the last one that can stay.
    bars: Vec<(u32, u32)>,
    total: u64,
}

impl Found {
    fn raise_bars(&mut self, names: &[(u32, u32)], cap: usize) {
        for (bar, (row, _)) in self.bars.iter_mut().zip(names) {
            let start = self.hits.partition_point(|hit| hit.row < *row);
            if let Some(last) = self.hits.get(start + cap - 1)
                && last.row == *row
            {
                *bar = (last.distance, last.other);
            }
        }
    }
}

/// Sorts, and keeps the nearest `cap` of each row.
fn keep_nearest(hits: &mut Vec<Hit>, cap: usize) {
    hits.sort_unstable();
    let mut run = (u32::MAX, 0);
    hits.retain(|hit| {
        run = if run.0 == hit.row {
            (hit.row, run.1 + 1)
        } else {
            (hit.row, 1)
        };
        run.1 <= cap
    });
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `count` bands of even width with the slack that `radius` asks for.
    pub(in super::super) fn even_bands(bits: u32, count: u32, radius: u32) -> Vec<Band> {
        (0..count)
            .map(|i| Band {
                start: i * bits / count,
                width: (bits / count).min(16),
                slack: (radius + 1) / count + u32::from(i < (radius + 1) % count) - 1,
            })
            .collect()
    }

    pub(in super::super) fn join_on<H: HashBits>(
        bands: &[Band],
        side: &Side<'_, H>,
        radius: u32,
        cap: usize,
        executor: &Executor,
    ) -> Hits {
        super::join_on(bands, side, side, radius, cap, executor).expect("not stopped")
    }
}
