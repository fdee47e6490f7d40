//! Whether the places of matched features fit one map, more than chance allows.
//! Looks at no pixel.
//!
//! Similarities from two matches that agree with what each says by itself of
//! turn and scale, the most distinct matches first (PROSAC, Chum & Matas 2005),
//! then an affine map by least squares on the inliers (locally optimised RANSAC,
//! Chum et al. 2003). A map is judged by its number of false alarms (a contrario
//! RANSAC, Moisan & Stival 2004): NFA = (n − d) · C(n, k) · C(k, d) · α^(k − d) for
//! the k best of n matches, d of which fix the map, where α is the share of the
//! image that the k-th error covers. No random number is drawn.

use std::f32::consts::{LN_10, PI, TAU};

use super::descriptor::{Feature, Features, TURNS, mirrored_turn};
use super::detector::STEP;
use super::matching::{Match, matches};

/// An affine map in samples: `(x, y) → (m[0]·x + m[1]·y + m[2], m[3]·x + m[4]·y + m[5])`.
pub(super) type Map = [f32; 6];

/// A point of each image.
type Correspondence = ((f32, f32), (f32, f32));

/// How two images lie over each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// From the first image to the second, in samples of their lumas.
    pub(super) map: Map,
    /// Decimal logarithm of the number of false alarms.
    pub(super) log_nfa: f32,
    /// Matched places that fit the map.
    pub(super) inliers: Vec<Correspondence>,
}

/// Samples by which an inlier may miss, in one of the images.
const FARTHEST: f32 = 8.0;
/// An error below this is as good as none: corners are found to a sample.
const CLOSEST: f32 = 1.0;
/// Samples between the two matches that fix a similarity, at least.
const LEAST_BASE: f32 = 10.0;
/// Scales beyond which no map is tried: the pyramid spans 3.6.
const SCALES: std::ops::RangeInclusive<f32> = 0.2..=5.0;
/// Turns by which the orientations of two matches may disagree: 29°.
const TURN_GAP: f32 = 0.08;
/// Octaves by which their scales may.
const SCALE_GAP: f32 = 0.6;
/// Matches that may fix a similarity: the most distinct.
const FIXING: usize = 60;
/// Similarities tried.
const TRIES: usize = 400;
/// Inliers of a similarity, at least: two of them fix it.
const LEAST_INLIERS: usize = 5;

/// The best map between two images; `None` if not even a few matches agree.
pub(super) fn fit(first: &Features, second: &Features, flip: bool) -> Option<Fit> {
    let found = matches(&first.list, &second.list, flip);
    if found.len() < LEAST_INLIERS {
        return None;
    }
    let correspondences = |m: &Match| -> Correspondence {
        let (a, b) = (
            &first.list[usize::from(m.first)],
            &second.list[usize::from(m.second)],
        );
        (a.place(), b.place())
    };
    let hints: Vec<Hint> = (found.iter())
        .map(|m| {
            let (a, b) = (
                &first.list[usize::from(m.first)],
                &second.list[usize::from(m.second)],
            );
            Hint::of(a, b, flip)
        })
        .collect();
    let area = |features: &Features| features.size().0 * features.size().1;
    let mut search = Search {
        correspondences: found.iter().map(correspondences).collect(),
        areas: (area(first), area(second)),
        logs: Logs::up_to(found.len()),
        errors: Vec::new(),
    };
    let (mut map, mut best) = search.similarity(&hints, flip)?;
    for _ in 0..3 {
        let inliers: Vec<Correspondence> = best
            .inliers
            .iter()
            .map(|&i| search.correspondences[i as usize])
            .collect();
        let Some(affine) = affine(&inliers) else {
            break;
        };
        let judged = search.judged(&affine, 3);
        if judged.log_nfa >= best.log_nfa {
            break;
        }
        (map, best) = (affine, judged);
    }
    Some(Fit {
        map,
        log_nfa: best.log_nfa,
        inliers: best
            .inliers
            .iter()
            .map(|&i| search.correspondences[i as usize])
            .collect(),
    })
}

/// Where a point goes.
pub(super) fn apply(m: &Map, (x, y): (f32, f32)) -> (f32, f32) {
    (m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5])
}

/// The way back; `None` for a map that flattens.
pub(super) fn inverse(m: &Map) -> Option<Map> {
    let det = determinant(m);
    if det.is_nan() || det.abs() < 1e-4 {
        return None;
    }
    let [a, b, c, d] = [m[4] / det, -m[1] / det, -m[3] / det, m[0] / det];
    Some([a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5])])
}

/// Area of the image of a unit square; negative for mirrored maps.
pub(super) fn determinant(m: &Map) -> f32 {
    m[0] * m[4] - m[1] * m[3]
}

/// What one match says by itself.
#[derive(Debug, Clone, Copy)]
struct Hint {
    /// Share of a full turn.
    turn: f32,
    /// Octaves.
    scale: f32,
}

impl Hint {
    fn of(a: &Feature, b: &Feature, flip: bool) -> Self {
        let from = if flip { mirrored_turn(a.turn) } else { a.turn };
        Self {
            turn: (f32::from(b.turn) - f32::from(from)) / f32::from(TURNS),
            scale: (f32::from(b.level) - f32::from(a.level)) * STEP.log2(),
        }
    }

    fn agrees(&self, other: &Self) -> bool {
        let gap = (self.turn - other.turn).rem_euclid(1.0);
        gap.min(1.0 - gap) <= TURN_GAP && (self.scale - other.scale).abs() <= SCALE_GAP
    }
}

struct Judged {
    log_nfa: f32,
    inliers: Vec<u32>,
}

struct Search {
    correspondences: Vec<Correspondence>,
    areas: (f32, f32),
    logs: Logs,
    /// Share of an image that each match's error covers, and the match.
    errors: Vec<(f32, u32)>,
}

impl Search {
    fn similarity(&mut self, hints: &[Hint], flip: bool) -> Option<(Map, Judged)> {
        let mut best: Option<(Map, f32)> = None;
        let mut tries = 0;
        'search: for j in 1..hints.len().min(FIXING) {
            for i in 0..j {
                if !hints[i].agrees(&hints[j]) {
                    continue;
                }
                let Some((map, hint)) =
                    similarity(self.correspondences[i], self.correspondences[j], flip)
                else {
                    continue;
                };
                if !hint.agrees(&hints[i]) {
                    continue;
                }
                tries += 1;
                if tries > TRIES {
                    break 'search;
                }
                if self.near(&map) < LEAST_INLIERS {
                    continue;
                }
                self.measure(&map);
                let (log_nfa, _) = self.least(2);
                if best.is_none_or(|(_, least)| log_nfa < least) {
                    best = Some((map, log_nfa));
                }
            }
        }
        let (map, _) = best?;
        let judged = self.judged(&map, 2);
        (judged.inliers.len() >= LEAST_INLIERS).then_some((map, judged))
    }

    fn judged(&mut self, map: &Map, fixing: usize) -> Judged {
        self.measure(map);
        let (log_nfa, count) = self.least(fixing);
        Judged {
            log_nfa,
            inliers: self.errors[..count]
                .iter()
                .map(|&(_, which)| which)
                .collect(),
        }
    }

    /// How many matches a similarity lays near each other: those of [`Search::measure`],
    /// without their errors. Nearly all similarities that are tried end here.
    fn near(&self, map: &Map) -> usize {
        let shrinks = determinant(map).abs().max(1.0);
        let squared = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).powi(2) + (a.1 - b.1).powi(2);
        let near =
            |&&(a, b): &&Correspondence| squared(apply(map, a), b) <= FARTHEST * FARTHEST * shrinks;
        self.correspondences.iter().filter(near).count()
    }

    /// Errors under `map` that may be an inlier's, in order.
    fn measure(&mut self, map: &Map) {
        self.errors.clear();
        let Some(back) = inverse(map) else {
            return;
        };
        let squared = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).powi(2) + (a.1 - b.1).powi(2);
        for (which, &(a, b)) in (0..).zip(&self.correspondences) {
            let there = squared(apply(map, a), b).max(CLOSEST * CLOSEST);
            let here = squared(apply(&back, b), a).max(CLOSEST * CLOSEST);
            if there.min(here) <= FARTHEST * FARTHEST {
                let share = (there / self.areas.1).max(here / self.areas.0);
                self.errors.push((PI * share, which));
            }
        }
        self.errors
            .sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    }

    /// The least number of false alarms over all counts of inliers, as a decimal
    /// logarithm, and the count it is reached at.
    fn least(&self, fixing: usize) -> (f32, usize) {
        let n = self.correspondences.len();
        let mut least = (0.0, 0);
        for k in fixing + 1..=self.errors.len() {
            let alpha = self.errors[k - 1].0.min(1.0);
            let log = ((n - fixing) as f32).ln()
                + self.logs.choose(n, k)
                + self.logs.choose(k, fixing)
                + (k - fixing) as f32 * alpha.ln();
            if log / LN_10 < least.0 {
                least = (log / LN_10, k);
            }
        }
        least
    }
}

/// The similarity that lays two points over two, and what it says of turn and scale.
fn similarity(one: Correspondence, two: Correspondence, flip: bool) -> Option<(Map, Hint)> {
    let sign = if flip { -1.0 } else { 1.0 };
    let (dx, dy) = (sign * (two.0.0 - one.0.0), two.0.1 - one.0.1);
    let (ex, ey) = (two.1.0 - one.1.0, two.1.1 - one.1.1);
    let squared = dx * dx + dy * dy;
    if squared < LEAST_BASE * LEAST_BASE {
        return None;
    }
    let (cos, sin) = ((ex * dx + ey * dy) / squared, (ey * dx - ex * dy) / squared);
    let scale = cos.hypot(sin);
    if !SCALES.contains(&scale) {
        return None;
    }
    let linear = [sign * cos, -sin, 0.0, sign * sin, cos, 0.0];
    let moved = apply(&linear, one.0);
    let map = [
        linear[0],
        linear[1],
        one.1.0 - moved.0,
        linear[3],
        linear[4],
        one.1.1 - moved.1,
    ];
    let hint = Hint {
        turn: sin.atan2(cos) / TAU,
        scale: scale.log2(),
    };
    Some((map, hint))
}

/// The affine map of least squares; `None` where the points lie on a line or the
/// map would flatten.
fn affine(correspondences: &[Correspondence]) -> Option<Map> {
    if correspondences.len() < LEAST_INLIERS + 1 {
        return None;
    }
    let mean = |of: &dyn Fn(&Correspondence) -> f32| {
        correspondences
            .iter()
            .map(|correspondence| f64::from(of(correspondence)))
            .sum::<f64>()
            / correspondences.len() as f64
    };
    let (cx, cy) = (mean(&|t| t.0.0), mean(&|t| t.0.1));
    let (cu, cv) = (mean(&|t| t.1.0), mean(&|t| t.1.1));
    let [mut xx, mut xy, mut yy] = [0f64; 3];
    let [mut ux, mut uy, mut vx, mut vy] = [0f64; 4];
    for &((x, y), (u, v)) in correspondences {
        let (x, y) = (f64::from(x) - cx, f64::from(y) - cy);
        let (u, v) = (f64::from(u) - cu, f64::from(v) - cv);
        xx += x * x;
        xy += x * y;
        yy += y * y;
        ux += u * x;
        uy += u * y;
        vx += v * x;
        vy += v * y;
    }
    let det = xx * yy - xy * xy;
    // Points on a line, as along a border, fix no map across it.
    if det < 1e-3 * (xx + yy).powi(2) {
        return None;
    }
    let (a, b) = ((ux * yy - uy * xy) / det, (uy * xx - ux * xy) / det);
    let (c, d) = ((vx * yy - vy * xy) / det, (vy * xx - vx * xy) / det);
    let map = [a, b, cu - a * cx - b * cy, c, d, cv - c * cx - d * cy].map(|v| v as f32);
    let scale = determinant(&map).abs().sqrt();
    SCALES.contains(&scale).then_some(map)
}

/// Logarithms of factorials.
struct Logs(Vec<f32>);

impl Logs {
    fn up_to(n: usize) -> Self {
        let mut logs = vec![0.0; n + 1];
        for i in 1..=n {
            logs[i] = logs[i - 1] + (i as f32).ln();
        }
        Self(logs)
    }

    /// Of the binomial coefficient.
    fn choose(&self, n: usize, k: usize) -> f32 {
        self.0[n] - self.0[k] - self.0[n - k]
    }
}
