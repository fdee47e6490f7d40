//! Decides which labels to suspect: the model and the neighbours must both
//! contradict the given one.

use super::{Judged, Level, Noise, Queue, Settings};
use crate::neighbors::Neighbor;

/// Neighbours kept of each kind, to show.
const SHOWN: usize = 3;
/// How much a nearer neighbour's vote weighs more: e⁴ from one end of the
/// cosine to the other.
const NEARNESS: f32 = 4.0;
/// Added to each share of the votes, half a vote of fifty: no vote at all is
/// not infinitely little.
const SMOOTHING: f32 = 0.01;
/// The neighbours' odds must reach this power of the model's.
const WITNESS_POWER: f64 = 0.5;

/// The class of highest probability, `but` left out; ties go to the first.
pub(super) fn first(line: &[f32], but: Option<u32>) -> Option<u32> {
    let mut best: Option<usize> = None;
    for (class, value) in line.iter().enumerate() {
        if Some(class as u32) != but && best.is_none_or(|b| *value > line[b]) {
            best = Some(class);
        }
    }
    best.map(|b| b as u32)
}

/// What labels are judged by.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    /// Of each class, line by line.
    pub(super) probabilities: &'a [f32],
    /// Of each sample, nearest first.
    pub(super) neighbors: &'a [Vec<Neighbor>],
    /// The given ones.
    pub(super) labels: &'a [u32],
    /// How many there are.
    pub(super) classes: usize,
    /// How many labels are wrong, where that was estimated.
    pub(super) noise: Option<&'a Noise>,
    /// Where to flag.
    pub(super) settings: &'a Settings,
}

/// Pairs of a sample and another label that are tried to learn what would be
/// found: the share is good to a hundredth.
const TRIED: usize = 200_000;

impl Case<'_> {
    /// Judges each sample by its line of probabilities and its neighbours.
    pub(super) fn judge_all(&self) -> Vec<Judged> {
        let mut votes = vec![0.0; self.classes];
        self.lines()
            .zip(self.neighbors)
            .zip(self.labels)
            .map(|((line, near), &given)| {
                let mut judged = from_probabilities(line, given);
                judged.posterior =
                    (self.noise).map(|noise| noise.right(line, given, self.labels.len()) as f32);
                let alternative = judged.alternative;
                let carrying = |label: u32| -> Vec<Neighbor> {
                    near.iter()
                        .filter(|n| self.labels[n.row as usize] == label)
                        .take(SHOWN)
                        .copied()
                        .collect()
                };
                judged.agreeing = carrying(given);
                judged.disagreeing = carrying(alternative);
                let odds = self.odds(line, given, judged.log_odds);
                if odds[0].max(odds[1]) > self.settings.likely.ln() {
                    self.count(near, &mut votes);
                    judged.level = self.level(odds, given, alternative, &votes);
                }
                judged
            })
            .collect()
    }

    /// What is expected of the flags; takes those away that are not worth
    /// reading.
    pub(super) fn queue(&self, noise: Noise, samples: &mut [Judged]) -> Queue {
        let (mut cut, mut kept, mut sums) = (0, 0_u32, [0.0; 3]);
        for ((line, &given), judged) in self.lines().zip(self.labels).zip(samples) {
            if judged.level.is_none() {
                continue;
            }
            if noise.wrong(noise.high, line, given) < self.settings.least_precision {
                judged.level = None;
                cut += 1;
                continue;
            }
            kept += 1;
            for (sum, point) in sums.iter_mut().zip([noise.best, noise.low, noise.high]) {
                *sum += noise.wrong(point, line, given);
            }
        }
        Queue {
            noise,
            detectable: self.detectable(&noise),
            precision: sums.map(|sum| sum / f64::from(kept.max(1))),
            cut,
        }
    }

    /// Of the samples whose label the model names too: the share that would be
    /// flagged under another label. A sample's own label has no part in what is
    /// predicted for it, so that this needs no second fit.
    fn detectable(&self, noise: &Noise) -> f64 {
        let mut present = vec![false; self.classes];
        for &label in self.labels {
            present[label as usize] = true;
        }
        let stride = (self.labels.len() * self.classes).div_ceil(TRIED).max(1);
        let mut votes = vec![0.0; self.classes];
        let (mut tried, mut found) = (0_u32, 0_u32);
        let samples = self.lines().zip(self.neighbors).zip(self.labels);
        for ((line, near), &given) in samples.step_by(stride) {
            if first(line, None) != Some(given) {
                continue;
            }
            self.count(near, &mut votes);
            let others = (0..self.classes as u32).filter(|&c| c != given && present[c as usize]);
            for other in others {
                tried += 1;
                let judged = from_probabilities(line, other);
                let odds = self.odds(line, other, judged.log_odds);
                let flagged = self.level(odds, other, given, &votes).is_some()
                    && noise.wrong(noise.high, line, other) >= self.settings.least_precision;
                found += u32::from(flagged);
            }
        }
        f64::from(found) / f64::from(tried.max(1))
    }

    fn lines(&self) -> std::slice::ChunksExact<'_, f32> {
        self.probabilities.chunks_exact(self.classes.max(1))
    }

    fn count(&self, near: &[Neighbor], votes: &mut [f32]) {
        votes.fill(0.0);
        for neighbor in near {
            let label = self.labels[neighbor.row as usize] as usize;
            votes[label] += (NEARNESS * neighbor.similarity).exp();
        }
    }

    /// Log odds against the given label: as the labels are, and, where wrong
    /// ones are certain, as they would be without those.
    fn odds(&self, line: &[f32], given: u32, log_odds: f32) -> [f64; 2] {
        let cleared = self.noise.filter(|noise| noise.is_certain()).map(|noise| {
            let wrong = noise.wrong(noise.best, line, given);
            (wrong / (1.0 - wrong).max(f64::MIN_POSITIVE)).ln()
        });
        [f64::from(log_odds), cleared.unwrap_or(f64::NEG_INFINITY)]
    }

    /// The level of a label by the odds of the model and the votes of the
    /// neighbours, either as both are or both cleared of wrong labels.
    fn level(&self, odds: [f64; 2], given: u32, alternative: u32, votes: &[f32]) -> Option<Level> {
        if first(votes, None) != Some(alternative) {
            return None;
        }
        let total: f32 = votes.iter().sum();
        let share = |label: u32| f64::from(votes[label as usize] / total);
        let witness = |alternative: f64, given: f64| {
            let smoothing = f64::from(SMOOTHING);
            ((alternative + smoothing) / (given + smoothing)).ln()
        };
        let (for_it, against) = (share(alternative), share(given));
        let cleared = self.noise.map_or(f64::NEG_INFINITY, |noise| {
            witness(noise.cleared(for_it), noise.cleared(against))
        });
        let witnesses = [witness(for_it, against), cleared];
        let passes = |least: f64| {
            let mut pairs = odds.iter().zip(witnesses);
            pairs.any(|(&odds, witness)| odds > least.ln() && witness > WITNESS_POWER * least.ln())
        };
        if passes(self.settings.strong) {
            Some(Level::Strong)
        } else if passes(self.settings.likely) {
            Some(Level::Likely)
        } else {
            None
        }
    }
}

/// What a line of probabilities alone says; no level yet.
pub(super) fn from_probabilities(line: &[f32], given: u32) -> Judged {
    let suggested = first(line, None).unwrap_or(given);
    let alternative = first(line, Some(given)).unwrap_or(given);
    let score = line.get(given as usize).copied().unwrap_or(0.0);
    let other = line.get(alternative as usize).copied().unwrap_or(0.0);
    // A probability that is zero in single precision is still no certainty.
    let log_odds = other.max(f32::MIN_POSITIVE).ln() - score.max(f32::MIN_POSITIVE).ln();
    Judged {
        score,
        suggested,
        suggested_score: line.get(suggested as usize).copied().unwrap_or(0.0),
        alternative,
        log_odds,
        posterior: None,
        level: None,
        agreeing: Vec::new(),
        disagreeing: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(rows: &[u32]) -> Vec<Neighbor> {
        rows.iter()
            .map(|&row| Neighbor {
                row,
                similarity: 0.8,
            })
            .collect()
    }

    #[test]
    fn model_alone_is_not_enough() {
        let settings = Settings::default();
        let labels = [0, 1, 1, 0, 0];
        let line = [0.001, 0.999];
        let judge = |line: &[f32], near: &[Neighbor]| {
            let case = Case {
                probabilities: line,
                neighbors: &[near.to_vec()],
                labels: &labels,
                classes: 2,
                noise: None,
                settings: &settings,
            };
            case.judge_all()
        };
        let against = judge(&line, &near(&[1, 2]));
        assert_eq!(against[0].level, Some(Level::Strong));
        let split = judge(&line, &near(&[1, 3, 2, 4]));
        assert_eq!(split[0].level, None);
        assert_eq!(split[0].suggested, 1);
    }

    #[test]
    fn shown_neighbours_carry_the_two_labels() {
        let labels = [0, 1, 1, 0, 2];
        let line = [0.2, 0.7, 0.1];
        let case = Case {
            probabilities: &line,
            neighbors: &[near(&[4, 1, 3, 2])],
            labels: &labels,
            classes: 3,
            noise: None,
            settings: &Settings::default(),
        };
        let judged = case.judge_all();
        let rows = |list: &[Neighbor]| list.iter().map(|n| n.row).collect::<Vec<_>>();
        assert_eq!(rows(&judged[0].agreeing), [3]);
        assert_eq!(rows(&judged[0].disagreeing), [1, 2]);
    }
}
