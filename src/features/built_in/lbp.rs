//! Local binary patterns (Ojala et al. 2002), uniform, on a 4 × 4 grid. Sees
//! fine texture, blind to brightness and contrast.

use super::image::{Image, SIDE};

const GRID: usize = 4;
const CELL: usize = SIDE / GRID;
/// 58 patterns with at most two changes around the circle, and one for the rest.
const PATTERNS: usize = 59;
const CODES: [u8; 256] = codes();
/// Clockwise from the upper left.
const RING: [(i32, i32); 8] = [
    (-1, -1),
    (0, -1),
    (1, -1),
    (1, 0),
    (1, 1),
    (0, 1),
    (-1, 1),
    (-1, 0),
];

/// Numbers written.
pub(super) const LEN: usize = GRID * GRID * PATTERNS;

/// Writes the root of each pattern's frequency in each grid cell.
pub(super) fn write(image: &Image, out: &mut [f32]) {
    // Rounded, so that the averaging noise of a flat area makes no pattern.
    let luma = image.ycc[0].map(|value| value.round() as i32);
    let at = |x: i32, y: i32| {
        let last = SIDE as i32 - 1;
        luma[y.clamp(0, last) as usize * SIDE + x.clamp(0, last) as usize]
    };
    for y in 0..SIDE {
        for x in 0..SIDE {
            let centre = luma[y * SIDE + x];
            let code = RING.iter().enumerate().fold(0, |code, (bit, (dx, dy))| {
                let brighter = at(x as i32 + dx, y as i32 + dy) >= centre;
                code | usize::from(brighter) << bit
            });
            let cell = (y / CELL) * GRID + x / CELL;
            out[cell * PATTERNS + usize::from(CODES[code])] += 1.0;
        }
    }
    let pixels = (CELL * CELL) as f32;
    out.iter_mut().for_each(|v| *v = (*v / pixels).sqrt());
}

const fn codes() -> [u8; 256] {
    let mut table = [PATTERNS as u8 - 1; 256];
    let mut next = 0;
    let mut code = 0;
    while code < 256 {
        let byte = code as u8;
        if (byte ^ byte.rotate_right(1)).count_ones() <= 2 {
            table[code] = next;
            next += 1;
        }
        code += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_58_uniform_patterns() {
        let uniform = CODES.iter().filter(|&&c| usize::from(c) < PATTERNS - 1);
        assert_eq!(uniform.count(), PATTERNS - 1);
    }
}
