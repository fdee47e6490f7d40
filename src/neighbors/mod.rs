//! Nearest neighbours by cosine among vectors of length 1, every pair looked
//! at. Knows nothing of what the vectors stand for.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use serde::{Deserialize, Serialize};
use std::ops::Range;

use crate::executor::{Executor, Interrupted};

/// Rows compared at once: the multiplication runs at full speed and a tile of
/// similarities stays within a few megabytes.
const TILE: usize = 128;

/// Plain rows of vectors, each of length 1, and the group each belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Space<'a> {
    /// Numbers in a row.
    pub dim: usize,
    /// The rows, one after the other.
    pub rows: &'a [f32],
    /// One for each row; rows of one group are no neighbours of each other.
    pub groups: &'a [u32],
}

impl Space<'_> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}

/// One row near another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Neighbor {
    /// Which row.
    pub row: u32,
    /// Cosine of the angle between, 1 for the same direction.
    pub similarity: f32,
}

/// Similarities of a run of rows with a run of columns, in row order.
#[derive(Debug)]
pub struct Tile<'a> {
    /// The rows.
    pub rows: Range<usize>,
    /// The columns.
    pub columns: Range<usize>,
    /// `rows.len() * columns.len()` cosines; the reader may overwrite them.
    pub values: &'a mut [f32],
}

/// For each row of `space` its `count` nearest rows of other groups, nearest
/// first, ties by row number; fewer where there are not so many.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn nearest(
    space: Space<'_>,
    count: usize,
    executor: &Executor,
) -> Result<Vec<Vec<Neighbor>>, Interrupted> {
    let all = 0..space.len();
    let cuts = std::slice::from_ref(&all);
    let (found, _) = nearest_seeing(space, count, cuts, executor, |_| (), |_: &mut (), _| ())?;
    Ok(found)
}

/// As [`nearest`], and hands every tile of similarities to `see`, so that who
/// needs them does not compute them again. `columns` cut all rows into runs;
/// `start` makes what a run of rows gathers.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn nearest_seeing<S: Send>(
    space: Space<'_>,
    count: usize,
    columns: &[Range<usize>],
    executor: &Executor,
    start: impl Fn(Range<usize>) -> S + Sync,
    see: impl Fn(&mut S, Tile<'_>) + Sync,
) -> Result<(Vec<Vec<Neighbor>>, Vec<S>), Interrupted> {
    let len = space.len();
    let widest = columns.iter().map(Range::len).max().unwrap_or(0);
    let tiles = executor.map(len.div_ceil(TILE), |tile| {
        let rows = tile * TILE..((tile + 1) * TILE).min(len);
        let mut gathered = start(rows.clone());
        let mut lists: Vec<Nearest> = rows.clone().map(|_| Nearest::new(count)).collect();
        let mut buffer = vec![0.0; rows.len() * widest];
        for columns in columns {
            if executor.stop().is_raised() {
                return Err(Interrupted);
            }
            let values = &mut buffer[..rows.len() * columns.len()];
            similarities(space, &rows, columns, values);
            for (offset, list) in lists.iter_mut().enumerate() {
                let own = space.groups[rows.start + offset];
                let line = &values[offset * columns.len()..(offset + 1) * columns.len()];
                list.offer_all(line, columns.start, |row| space.groups[row] != own);
            }
            see(
                &mut gathered,
                Tile {
                    rows: rows.clone(),
                    columns: columns.clone(),
                    values,
                },
            );
        }
        Ok((lists, gathered))
    })?;
    let mut found = Vec::with_capacity(len);
    let mut all = Vec::with_capacity(tiles.len());
    for tile in tiles {
        let (lists, gathered) = tile?;
        found.extend(lists.into_iter().map(Nearest::finish));
        all.push(gathered);
    }
    Ok((found, all))
}

fn similarities(space: Space<'_>, rows: &Range<usize>, columns: &Range<usize>, out: &mut [f32]) {
    let part = |range: &Range<usize>| {
        let values = &space.rows[range.start * space.dim..range.end * space.dim];
        MatRef::from_row_major_slice(values, range.len(), space.dim)
    };
    matmul(
        MatMut::from_row_major_slice_mut(out, rows.len(), columns.len()),
        Accum::Replace,
        part(rows),
        part(columns).transpose(),
        1.0,
        Par::Seq,
    );
}

/// The best so far, as a heap whose root is the worst of them.
struct Nearest {
    count: usize,
    best: Vec<Neighbor>,
}

impl Nearest {
    fn new(count: usize) -> Self {
        Self {
            count,
            best: Vec::with_capacity(count),
        }
    }

    fn offer_all(&mut self, line: &[f32], first: usize, allowed: impl Fn(usize) -> bool) {
        // Most rows are far away: one comparison for eight of them.
        for (part, values) in line.chunks(8).enumerate() {
            let nearest = values.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
            if nearest <= self.threshold() {
                continue;
            }
            for (offset, &similarity) in values.iter().enumerate() {
                let row = first + part * 8 + offset;
                if similarity > self.threshold() && allowed(row) {
                    self.push(Neighbor {
                        row: row as u32,
                        similarity,
                    });
                }
            }
        }
    }

    /// What a row must exceed; rows come in rising order, so a tie stays with
    /// the earlier.
    fn threshold(&self) -> f32 {
        if self.best.len() < self.count {
            f32::NEG_INFINITY
        } else {
            self.best.first().map_or(f32::INFINITY, |n| n.similarity)
        }
    }

    fn push(&mut self, neighbor: Neighbor) {
        if self.best.len() < self.count {
            self.best.push(neighbor);
            let mut at = self.best.len() - 1;
            while at > 0 && worse(&self.best[at], &self.best[(at - 1) / 2]) {
                self.best.swap(at, (at - 1) / 2);
                at = (at - 1) / 2;
            }
        } else {
            self.best[0] = neighbor;
            let mut at = 0;
            loop {
                let child = (2 * at + 1..(2 * at + 3).min(self.best.len())).reduce(|a, b| {
                    if worse(&self.best[b], &self.best[a]) {
                        b
                    } else {
                        a
                    }
                });
                match child {
                    Some(child) if worse(&self.best[child], &self.best[at]) => {
                        self.best.swap(at, child);
                        at = child;
                    }
                    _ => break,
                }
            }
        }
    }

    fn finish(mut self) -> Vec<Neighbor> {
        self.best.sort_by(|a, b| {
            (b.similarity.total_cmp(&a.similarity)).then_with(|| a.row.cmp(&b.row))
        });
        self.best
    }
}

fn worse(a: &Neighbor, b: &Neighbor) -> bool {
    (a.similarity, b.row) < (b.similarity, a.row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::StopFlag;

    fn circle(count: usize) -> Vec<f32> {
        (0..count)
            .flat_map(|i| {
                let angle = (i * i % 97) as f32 / 20.0;
                [angle.cos(), angle.sin()]
            })
            .collect()
    }

    #[test]
    fn neighbours_equal_brute_force_and_leave_out_the_own_group() {
        let (count, wanted) = (300, 7);
        let rows = circle(count);
        let groups: Vec<u32> = (0..count as u32).map(|i| i / 3).collect();
        let space = Space {
            dim: 2,
            rows: &rows,
            groups: &groups,
        };
        for jobs in [1, 3] {
            let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
            let found = nearest(space, wanted, &executor).expect("not stopped");
            for (i, list) in found.iter().enumerate() {
                let mut all: Vec<f32> = (0..count)
                    .filter(|&j| groups[j] != groups[i])
                    .map(|j| rows[2 * i] * rows[2 * j] + rows[2 * i + 1] * rows[2 * j + 1])
                    .collect();
                all.sort_by(|a, b| b.total_cmp(a));
                assert_eq!(list.len(), wanted);
                for (neighbor, expected) in list.iter().zip(all) {
                    assert!((neighbor.similarity - expected).abs() < 1e-5);
                    assert_ne!(groups[neighbor.row as usize], groups[i]);
                }
            }
        }
    }

    #[test]
    fn lonely_group_has_no_neighbours() {
        let executor = Executor::new(1, StopFlag::default()).expect("threads");
        let rows = circle(4);
        let space = Space {
            dim: 2,
            rows: &rows,
            groups: &[5; 4],
        };
        let found = nearest(space, 3, &executor).expect("not stopped");
        assert!(found.iter().all(Vec::is_empty));
    }
}
