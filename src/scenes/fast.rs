//! FAST-9 corners of a plane (Rosten & Drummond 2006). Chooses none of them.
//!
//! A corner's score is the largest contrast at which it still is one: of all arcs of nine
//! neighbours on the circle, the greatest least difference (Rosten, Porter & Drummond
//! 2010, section 3.4). Least and greatest of bytes are what processors compute in lanes,
//! so the scores of many samples are had at once, without a branch on a single one.

use super::detector::MARGIN;
use crate::decode::Plane;

/// The circle of radius 3 that is compared with its centre.
const CIRCLE: [(isize, isize); 16] = [
    (0, -3),
    (1, -3),
    (2, -2),
    (3, -1),
    (3, 0),
    (3, 1),
    (2, 2),
    (1, 3),
    (0, 3),
    (-1, 3),
    (-2, 2),
    (-3, 1),
    (-3, 0),
    (-3, -1),
    (-2, -2),
    (-1, -3),
];
/// Samples whose scores are computed together, unless four neighbours of each rule them all
/// out.
const BLOCK: usize = 64;

/// Score and position of each corner of more than `contrast` gray levels that no neighbour
/// outdoes, row by row, [`MARGIN`] samples away from the border at least.
pub(super) fn peaks(plane: &Plane, contrast: u8) -> Vec<(u8, u32)> {
    let stride = plane.width as usize;
    let mut scores = vec![0u8; plane.samples.len()];
    pulp::Arch::new().dispatch(Scan {
        samples: &plane.samples,
        stride,
        contrast,
        scores: &mut scores,
    });
    let mut found = Vec::new();
    let mut best = vec![0u8; stride - 2 * MARGIN];
    for y in MARGIN..plane.height as usize - MARGIN {
        let start = y * stride + MARGIN;
        pulp::Arch::new().dispatch(Peaks {
            scores: &scores,
            stride,
            start,
            best: &mut best,
        });
        for (number, part) in best.chunks(8).enumerate() {
            // Most parts of a row hold no peak.
            if part.first_chunk() == Some(&[0u8; 8]) {
                continue;
            }
            let at = (start + 8 * number) as u32;
            let peaks = (at..).zip(part).filter(|&(_, &score)| score > 0);
            found.extend(peaks.map(|(at, &score)| (score, at)));
        }
    }
    found
}

/// Keeps of a row the scores that no neighbour's is higher than; of equal ones the first.
struct Peaks<'a> {
    scores: &'a [u8],
    stride: usize,
    /// Of the row, among `scores`.
    start: usize,
    /// As wide as the row without its margins; 0 for what is no peak.
    best: &'a mut [u8],
}

impl pulp::WithSimd for Peaks<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.run(),
        );
    }
}

impl Peaks<'_> {
    #[inline(always)]
    fn run(self) {
        let columns = self.best.len();
        let row = |start: usize| &self.scores[start - 1..][..columns + 2];
        let above = row(self.start - self.stride);
        let here = row(self.start);
        let below = row(self.start + self.stride);
        for i in 0..columns {
            let greater = |a: u8, b: u8| if a > b { a } else { b };
            let before = greater(
                greater(above[i], above[i + 1]),
                greater(above[i + 2], here[i]),
            );
            let after = greater(
                greater(below[i], below[i + 1]),
                greater(below[i + 2], here[i + 2]),
            );
            let score = here[i + 1];
            let is_peak = (score > before) & (score >= after);
            self.best[i] = if is_peak { score } else { 0 };
        }
    }
}

/// Computes the scores of all samples inside the margin, and of some in the margins at the
/// ends of rows: one run over the samples has no rows to end in.
struct Scan<'a> {
    samples: &'a [u8],
    stride: usize,
    contrast: u8,
    /// 0 for what is no corner.
    scores: &'a mut [u8],
}

impl pulp::WithSimd for Scan<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || self.run(),
        );
    }
}

impl Scan<'_> {
    #[inline(always)]
    fn run(self) {
        let start = MARGIN * self.stride + MARGIN;
        let Some(count) = self.samples.len().checked_sub(2 * start) else {
            return;
        };
        let around = CIRCLE.map(|(dx, dy)| {
            let from = start.wrapping_add_signed(dy * self.stride as isize + dx);
            &self.samples[from..][..count]
        });
        let centre = &self.samples[start..][..count];
        let scores = &mut self.scores[start..][..count];
        let mut ring: [Lanes; 16] = [[0; BLOCK]; 16];
        for from in (0..count).step_by(BLOCK) {
            let to = (from + BLOCK).min(count);
            let mut here: Lanes = [0; BLOCK];
            here[..to - from].copy_from_slice(&centre[from..to]);
            for (ring, around) in ring.iter_mut().zip(around) {
                ring[..to - from].copy_from_slice(&around[from..to]);
            }
            if may_hold_corner(&ring, &here, self.contrast) {
                let best = best_arcs(&ring, &here, self.contrast);
                scores[from..to].copy_from_slice(&best[..to - from]);
            }
        }
    }
}

/// One sample each of a block.
type Lanes = [u8; BLOCK];

#[inline(always)]
fn each(a: &Lanes, b: &Lanes, of: impl Fn(u8, u8) -> u8) -> Lanes {
    let mut out = [0; BLOCK];
    for i in 0..BLOCK {
        out[i] = of(a[i], b[i]);
    }
    out
}

#[inline(always)]
fn least(a: &Lanes, b: &Lanes) -> Lanes {
    each(a, b, |a, b| if a < b { a } else { b })
}

#[inline(always)]
fn greatest(a: &Lanes, b: &Lanes) -> Lanes {
    each(a, b, |a, b| if a > b { a } else { b })
}

/// `a` less `b`; 0 where that is below.
#[inline(always)]
fn beyond(a: &Lanes, b: &Lanes) -> Lanes {
    each(a, b, u8::saturating_sub)
}

/// Nine in a row hold two that follow each other of the four neighbours above, below and
/// beside: whether these differ enough anywhere in a block.
#[inline(always)]
fn may_hold_corner(ring: &[Lanes; 16], here: &Lanes, contrast: u8) -> bool {
    let [a, b, c, d] = [&ring[0], &ring[4], &ring[8], &ring[12]];
    let bright = least(&greatest(a, c), &greatest(b, d));
    let dark = greatest(&least(a, c), &least(b, d));
    let most = greatest(&beyond(&bright, here), &beyond(here, &dark));
    let mut any = 0;
    for lane in most {
        any = if lane > any { lane } else { any };
    }
    any > contrast
}

/// Of each sample the greatest least difference over all arcs of nine; 0 up to `contrast`.
#[inline(always)]
fn best_arcs(ring: &[Lanes; 16], here: &Lanes, contrast: u8) -> Lanes {
    let brighter = beyond(&arc(ring, least, greatest), here);
    let darker = beyond(here, &arc(ring, greatest, least));
    let mut best = greatest(&brighter, &darker);
    for lane in &mut best {
        *lane = if *lane > contrast { *lane } else { 0 };
    }
    best
}

/// The greatest least of nine in a row, for `least` and `greatest` as they are named; the
/// least greatest for the other way round.
#[inline(always)]
fn arc(
    r: &[Lanes; 16],
    least: impl Fn(&Lanes, &Lanes) -> Lanes,
    greatest: impl Fn(&Lanes, &Lanes) -> Lanes,
) -> Lanes {
    let (mut two, mut four) = ([[0; BLOCK]; 8], [[0; BLOCK]; 8]);
    for k in 0..8 {
        two[k] = least(&r[2 * k + 1], &r[(2 * k + 2) % 16]);
    }
    for k in 0..8 {
        four[k] = least(&two[k], &two[(k + 1) % 8]);
    }
    // Two arcs of nine share the eight that begin at each odd place.
    let nine = |k: usize| {
        let ends = greatest(&r[2 * k], &r[(2 * k + 9) % 16]);
        least(&least(&four[k], &four[(k + 2) % 8]), &ends)
    };
    let mut best = nine(0);
    for k in 1..8 {
        best = greatest(&best, &nine(k));
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_score_is_the_largest_contrast_of_nine_neighbours_in_a_row(
            ring in prop::array::uniform16(any::<u8>()),
        ) {
            let of = |start: usize| (0..9).map(|k| ring[(start + k) % 16]).min();
            let best = arc(&ring.map(|v| [v; BLOCK]), least, greatest);
            prop_assert_eq!(Some(best[3]), (0..16).filter_map(of).max());
        }

        #[test]
        fn corners_are_those_of_the_plain_test(
            samples in prop::collection::vec(0u8..30, 45 * 43), contrast in 1u8..12,
        ) {
            let plane = Plane { width: 45, height: 43, samples };
            let score = |x: usize, y: usize| {
                let at = |dx: isize, dy: isize| {
                    i32::from(plane.at((x as isize + dx) as u32, (y as isize + dy) as u32))
                };
                let arcs = (0..16).flat_map(|start| [1, -1].map(|sign| {
                    let arc = (0..9).map(|k| CIRCLE[(start + k) % 16]);
                    arc.map(|(dx, dy)| sign * (at(dx, dy) - at(0, 0))).min().unwrap_or(0)
                }));
                let best = arcs.max().unwrap_or(0);
                if best > i32::from(contrast) { best } else { 0 }
            };
            let inner = |x: usize, y: usize| {
                (MARGIN..45 - MARGIN).contains(&x) && (MARGIN..43 - MARGIN).contains(&y)
            };
            // Beside the inner part only what lies in it is certain to have a score.
            for (found, at) in peaks(&plane, contrast) {
                let (x, y) = (at as usize % 45, at as usize / 45);
                prop_assert!(inner(x, y));
                prop_assert_eq!(i32::from(found), score(x, y));
                for (dx, dy) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)] {
                    let (nx, ny) = ((x as isize + dx) as usize, (y as isize + dy) as usize);
                    prop_assert!(!inner(nx, ny) || score(nx, ny) <= score(x, y));
                }
            }
        }
    }
}
