//! Histograms of oriented gradients (Dalal & Triggs 2005) over 4-pixel cells.
//! Sees edges, not colour.

use super::image::{Image, SIDE, Square};

const CELL: usize = 4;
const CELLS: usize = SIDE / CELL;
const BINS: usize = 9;
const BLOCKS: usize = CELLS - 1;
const BLOCK_LEN: usize = 4 * BINS;
/// No bin of a block may hold more than this share of its length (L2-hys).
const CUT: f32 = 0.2;

/// Numbers written.
pub(super) const LEN: usize = BLOCKS * BLOCKS * BLOCK_LEN;

/// Writes the 7 × 7 overlapping blocks of 2 × 2 cells.
pub(super) fn write(image: &Image, out: &mut [f32]) {
    let cells = histograms(image);
    for (index, block) in out.chunks_exact_mut(BLOCK_LEN).enumerate() {
        let (row, column) = (index / BLOCKS, index % BLOCKS);
        for (part, bins) in block.chunks_exact_mut(BINS).enumerate() {
            let cell = (row + part / 2) * CELLS + column + part % 2;
            bins.copy_from_slice(&cells[cell * BINS..(cell + 1) * BINS]);
        }
        scale(block);
        block.iter_mut().for_each(|v| *v = v.min(CUT));
        scale(block);
    }
}

fn scale(block: &mut [f32]) {
    // 1e-5 is a gradient no 8-bit image has: flat blocks become zeros.
    let norm = (block.iter().map(|v| v * v).sum::<f32>() + 1e-10).sqrt();
    block.iter_mut().for_each(|v| *v /= norm);
}

fn histograms(image: &Image) -> [f32; CELLS * CELLS * BINS] {
    let roots: [Square; 3] =
        std::array::from_fn(|c| image.rgb[c].map(|value| (value / 255.0).sqrt()));
    let mut cells = [0.0; CELLS * CELLS * BINS];
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (dx, dy) = strongest(&roots, x, y);
            let strength = (dx * dx + dy * dy).sqrt();
            if strength <= 0.0 {
                continue;
            }
            let turn = dy.atan2(dx) / std::f32::consts::PI;
            let turn = if turn < 0.0 { turn + 1.0 } else { turn };
            let bin = turn * BINS as f32 - 0.5;
            let low = bin.floor();
            let share = bin - low;
            let first = (low as i32).rem_euclid(BINS as i32) as usize;
            let second = (first + 1) % BINS;
            for (cy, wy) in between(y) {
                for (cx, wx) in between(x) {
                    let base = (cy * CELLS + cx) * BINS;
                    let weight = strength * wy * wx;
                    cells[base + first] += weight * (1.0 - share);
                    cells[base + second] += weight * share;
                }
            }
        }
    }
    cells
}

/// Central difference of the channel where it is largest; edges repeat.
fn strongest(channels: &[Square; 3], x: usize, y: usize) -> (f32, f32) {
    let (left, right) = (x.saturating_sub(1), (x + 1).min(SIDE - 1));
    let (up, down) = (y.saturating_sub(1), (y + 1).min(SIDE - 1));
    let mut best = (0.0, 0.0);
    let mut most = -1.0;
    for channel in channels {
        let dx = channel[y * SIDE + right] - channel[y * SIDE + left];
        let dy = channel[down * SIDE + x] - channel[up * SIDE + x];
        let strength = dx * dx + dy * dy;
        if strength > most {
            most = strength;
            best = (dx, dy);
        }
    }
    best
}

/// The two cells whose centres surround pixel `at`, with their shares; the
/// share beyond the border is lost.
fn between(at: usize) -> impl Iterator<Item = (usize, f32)> {
    let place = (at as f32 + 0.5) / CELL as f32 - 0.5;
    let low = place.floor();
    let share = place - low;
    [(low as i32, 1.0 - share), (low as i32 + 1, share)]
        .into_iter()
        .filter(|&(cell, _)| (0..CELLS as i32).contains(&cell))
        .map(|(cell, weight)| (cell as usize, weight))
}
