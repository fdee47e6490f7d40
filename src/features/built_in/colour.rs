//! Mean and deviation of each colour channel on a 4 × 4 grid. Sees where colours
//! lie, not edges.

use super::image::{Image, SIDE};

const GRID: usize = 4;
const CELL: usize = SIDE / GRID;

/// Numbers written.
pub(super) const LEN: usize = 3 * GRID * GRID * 2;

/// Writes mean and deviation (0–255) channel by channel, cell by cell.
pub(super) fn write(image: &Image, out: &mut [f32]) {
    let mut pairs = out.chunks_exact_mut(2);
    for channel in &image.ycc {
        for cell in 0..GRID * GRID {
            let (top, left) = (cell / GRID * CELL, cell % GRID * CELL);
            let (mut sum, mut squares) = (0.0, 0.0);
            for y in top..top + CELL {
                for value in &channel[y * SIDE + left..y * SIDE + left + CELL] {
                    sum += value;
                    squares += value * value;
                }
            }
            let count = (CELL * CELL) as f32;
            let mean = sum / count;
            if let Some([first, second]) = pairs.next() {
                *first = mean;
                *second = (squares / count - mean * mean).max(0.0).sqrt();
            }
        }
    }
}
