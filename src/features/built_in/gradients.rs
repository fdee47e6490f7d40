//! Signed gradient histograms of Y′, Cb and Cr at three scales, pooled 4 × 4.
//! Sees which side is brighter, which HOG does not.

use super::image::{Image, SIDE};

const SCALES: [usize; 3] = [SIDE, SIDE / 2, SIDE / 4];
const BINS: usize = 8;
const GRID: usize = 4;
const PART: usize = BINS * GRID * GRID;
/// Added to the mean so that noise in flat channels is not blown up.
const FLOOR: f32 = 0.1;

/// Numbers written.
pub(super) const LEN: usize = 3 * SCALES.len() * PART;

/// Writes √(H / (mean H + floor)) for each channel and scale.
pub(super) fn write(image: &Image, out: &mut [f32]) {
    let mut parts = out.chunks_exact_mut(PART);
    for channel in &image.ycc {
        let mut plane: Vec<f32> = channel.iter().map(|v| v / 255.0).collect();
        for side in SCALES {
            if let Some(part) = parts.next() {
                histogram(&plane, side, part);
            }
            plane = halved(&plane, side);
        }
    }
}

fn histogram(plane: &[f32], side: usize, out: &mut [f32]) {
    let cell = side / GRID;
    for y in 0..side {
        let (up, down) = (y.saturating_sub(1), (y + 1).min(side - 1));
        for x in 0..side {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(side - 1));
            let dx = plane[y * side + right] - plane[y * side + left];
            let dy = plane[down * side + x] - plane[up * side + x];
            let strength = (dx * dx + dy * dy).sqrt();
            if strength <= 0.0 {
                continue;
            }
            let bin = dy.atan2(dx) / std::f32::consts::TAU * BINS as f32;
            let low = bin.floor();
            let share = bin - low;
            let first = (low as i32).rem_euclid(BINS as i32) as usize;
            let base = ((y / cell) * GRID + x / cell) * BINS;
            out[base + first] += strength * (1.0 - share);
            out[base + (first + 1) % BINS] += strength * share;
        }
    }
    let mean = out.iter().sum::<f32>() / out.len() as f32;
    for value in out {
        *value = (*value / (mean + FLOOR)).sqrt();
    }
}

fn halved(plane: &[f32], side: usize) -> Vec<f32> {
    let half = side / 2;
    (0..half * half)
        .map(|i| {
            let at = (i / half) * 2 * side + (i % half) * 2;
            (plane[at] + plane[at + 1] + plane[at + side] + plane[at + side + 1]) / 4.0
        })
        .collect()
}
