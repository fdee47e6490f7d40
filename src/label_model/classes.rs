//! Advice on classes: one that falls into two far-apart halves, two that the
//! vectors cannot tell apart. Judges no sample.

use serde::{Deserialize, Serialize};

use super::Labelled;
use crate::executor::{Executor, Interrupted};
use crate::neighbors::Neighbor;
use crate::statistics::area_under_curve;

/// Members each side needs before anything is said.
const SIDE: usize = 20;
/// Two classes are one when even the upper end of the interval of the area
/// under the curve stays below this; guessing gives 0.5.
const INSEPARABLE: f64 = 0.65;
/// Standard deviations of that interval.
const SIGMAS: f64 = 2.0;
/// Least share of a class that makes a half of its own.
const HALF: f64 = 0.2;
/// Two halves are apart when fewer than this share of the links that chance
/// would make between them is there.
const CROSSING: f64 = 0.1;
/// Rounds of two-means; it settles in fewer.
const ROUNDS: usize = 20;

/// What is worth knowing of the classes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassAdvice {
    /// Classes that are two, in class order.
    pub split: Vec<TwoClasses>,
    /// Pairs of classes that are one, in class order.
    pub merged: Vec<OneClass>,
}

/// A class of two far-apart halves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TwoClasses {
    /// Which.
    pub class: u32,
    /// Members of each half, in rising order; the larger half first.
    pub halves: [Vec<u32>; 2],
    /// Cosine between the centres of the halves.
    pub between: f64,
    /// Links between the halves, of those that chance would make.
    pub crossing: f64,
}

/// Two classes that cannot be distinguished.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OneClass {
    /// The two, the lower first.
    pub classes: [u32; 2],
    /// Area under the curve when telling one from the other; 0.5 is guessing.
    pub auroc: f64,
}

/// Looks at every class and every pair of classes.
pub(super) fn advise(
    data: Labelled<'_>,
    probabilities: &[f32],
    neighbors: &[Vec<Neighbor>],
    executor: &Executor,
) -> Result<ClassAdvice, Interrupted> {
    let mut members = vec![Vec::new(); data.classes];
    for (sample, &label) in data.labels.iter().enumerate() {
        members[label as usize].push(sample as u32);
    }
    let centres: Vec<Vec<f64>> = members.iter().map(|m| centre(data, m)).collect();
    let split = executor.map(data.classes, |class| {
        two_halves(data, class as u32, &members, &centres, neighbors)
    })?;
    let merged = executor.map(data.classes, |a| {
        let pairs = (a + 1..data.classes).filter_map(|b| {
            let auroc = inseparable(probabilities, data.classes, [a, b], &members)?;
            Some(OneClass {
                classes: [a as u32, b as u32],
                auroc,
            })
        });
        pairs.collect::<Vec<_>>()
    })?;
    Ok(ClassAdvice {
        split: split.into_iter().flatten().collect(),
        merged: merged.concat(),
    })
}

/// The area under the curve, if even its upper bound is near guessing.
fn inseparable(
    probabilities: &[f32],
    classes: usize,
    pair: [usize; 2],
    members: &[Vec<u32>],
) -> Option<f64> {
    let [a, b] = pair;
    let (first, second) = (members[a].len(), members[b].len());
    if first.min(second) < SIDE {
        return None;
    }
    // How much likelier the second class is.
    let leans = |members: &[u32]| -> Vec<f64> {
        let lines = members.iter().map(|&sample| {
            let start = sample as usize * classes;
            &probabilities[start..start + classes]
        });
        let log = |p: f32| p.max(f32::MIN_POSITIVE).ln();
        lines
            .map(|line| f64::from(log(line[b]) - log(line[a])))
            .collect()
    };
    let auroc = area_under_curve(&leans(&members[b]), &leans(&members[a]));
    let (m, n) = (first as f64, second as f64);
    // Of the rank-sum statistic when nothing separates the two.
    let deviation = ((m + n + 1.0) / (12.0 * m * n)).sqrt();
    (auroc + SIGMAS * deviation < INSEPARABLE).then_some(auroc)
}

fn two_halves(
    data: Labelled<'_>,
    class: u32,
    members: &[Vec<u32>],
    centres: &[Vec<f64>],
    neighbors: &[Vec<Neighbor>],
) -> Option<TwoClasses> {
    let own = &members[class as usize];
    let least = SIDE.max((own.len() as f64 * HALF).ceil() as usize);
    if own.len() < 2 * least {
        return None;
    }
    let sides = two_means(data, own);
    let mut halves = [Vec::new(), Vec::new()];
    for (&sample, &side) in own.iter().zip(&sides) {
        halves[usize::from(side)].push(sample);
    }
    if halves[0].len() < halves[1].len() {
        halves.swap(0, 1);
    }
    if halves[1].len() < least {
        return None;
    }
    let crossing = crossing(&halves, data.labels, class, neighbors)?;
    let (one, two) = (centre(data, &halves[0]), centre(data, &halves[1]));
    let between = cosine(&one, &two);
    // Far apart: each half is nearer to some other class than to its sibling.
    let nearest_other = |half: &[f64]| {
        centres
            .iter()
            .enumerate()
            .filter(|&(other, _)| other != class as usize && !members[other].is_empty())
            .map(|(_, centre)| cosine(half, centre))
            .fold(f64::NEG_INFINITY, f64::max)
    };
    let apart = nearest_other(&one) > between && nearest_other(&two) > between;
    (crossing < CROSSING && apart).then_some(TwoClasses {
        class,
        halves,
        between,
        crossing,
    })
}

/// Links between halves over those expected if links ignored the halves.
fn crossing(
    halves: &[Vec<u32>; 2],
    labels: &[u32],
    class: u32,
    neighbors: &[Vec<Neighbor>],
) -> Option<f64> {
    let (mut crossed, mut expected) = (0.0, 0.0);
    let all = (halves[0].len() + halves[1].len()) as f64;
    for (side, half) in halves.iter().enumerate() {
        let other = &halves[1 - side];
        for &sample in half {
            for neighbor in &neighbors[sample as usize] {
                if labels[neighbor.row as usize] == class {
                    crossed += f64::from(u8::from(other.binary_search(&neighbor.row).is_ok()));
                    expected += other.len() as f64 / all;
                }
            }
        }
    }
    (expected > 0.0).then(|| crossed / expected)
}

/// Two-means by direction, started from the member farthest from the centre and
/// the one farthest from that; `true` marks the second half.
fn two_means(data: Labelled<'_>, members: &[u32]) -> Vec<bool> {
    let lean = |centre: &[f64], sample: u32| -> f64 {
        data.row(sample)
            .iter()
            .zip(centre)
            .map(|(v, c)| f64::from(*v) * c)
            .sum()
    };
    let farthest = |centre: &[f64]| {
        members
            .iter()
            .copied()
            .min_by(|&a, &b| lean(centre, a).total_cmp(&lean(centre, b)))
    };
    let as_centre = |sample: Option<u32>| match sample {
        Some(sample) => centre(data, &[sample]),
        None => vec![0.0; data.dim],
    };
    let mut one = as_centre(farthest(&centre(data, members)));
    let mut two = as_centre(farthest(&one));
    let mut sides = vec![false; members.len()];
    for _ in 0..ROUNDS {
        let next: Vec<bool> = members
            .iter()
            .map(|&s| lean(&two, s) > lean(&one, s))
            .collect();
        if next == sides {
            break;
        }
        sides = next;
        let half = |side: bool| -> Vec<u32> {
            let chosen = members.iter().zip(&sides).filter(|(_, s)| **s == side);
            chosen.map(|(m, _)| *m).collect()
        };
        (one, two) = (centre(data, &half(false)), centre(data, &half(true)));
    }
    sides
}

/// The mean direction, of length 1; zeros for no members.
fn centre(data: Labelled<'_>, members: &[u32]) -> Vec<f64> {
    let mut sum = vec![0.0; data.dim];
    for &member in members {
        for (sum, value) in sum.iter_mut().zip(data.row(member)) {
            *sum += f64::from(*value);
        }
    }
    let norm = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
    if norm > 0.0 {
        sum.iter_mut().for_each(|v| *v /= norm);
    }
    sum
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
