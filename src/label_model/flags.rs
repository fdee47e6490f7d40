//! Decides which labels to suspect: the model and the neighbours must both
//! speak against the given one.

use super::{Judged, Level, Settings};
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

/// Judges each sample by its line of `probabilities` and its neighbours.
pub(super) fn judge_all(
    probabilities: &[f32],
    neighbors: &[Vec<Neighbor>],
    labels: &[u32],
    classes: usize,
    settings: &Settings,
) -> Vec<Judged> {
    let mut votes = vec![0.0; classes];
    probabilities
        .chunks_exact(classes.max(1))
        .zip(neighbors)
        .zip(labels)
        .map(|((line, near), &given)| {
            let mut judged = from_probabilities(line, given);
            let alternative = judged.alternative;
            let carrying = |label: u32| -> Vec<Neighbor> {
                near.iter()
                    .filter(|n| labels[n.row as usize] == label)
                    .take(SHOWN)
                    .copied()
                    .collect()
            };
            judged.agreeing = carrying(given);
            judged.disagreeing = carrying(alternative);
            if f64::from(judged.log_odds) > settings.likely.ln() {
                votes.fill(0.0);
                for neighbor in near {
                    let label = labels[neighbor.row as usize] as usize;
                    votes[label] += (NEARNESS * neighbor.similarity).exp();
                }
                judged.level = level(&judged, given, &votes, settings);
            }
            judged
        })
        .collect()
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
        level: None,
        agreeing: Vec::new(),
        disagreeing: Vec::new(),
    }
}

fn level(judged: &Judged, given: u32, votes: &[f32], settings: &Settings) -> Option<Level> {
    if first(votes, None) != Some(judged.alternative) {
        return None;
    }
    let total: f32 = votes.iter().sum();
    let share = |label: u32| votes[label as usize] / total + SMOOTHING;
    let witness = f64::from((share(judged.alternative) / share(given)).ln());
    let passes =
        |odds: f64| f64::from(judged.log_odds) > odds.ln() && witness > WITNESS_POWER * odds.ln();
    if passes(settings.strong) {
        Some(Level::Strong)
    } else if passes(settings.likely) {
        Some(Level::Likely)
    } else {
        None
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
        let against = judge_all(&line, &[near(&[1, 2])], &labels[..], 2, &settings);
        assert_eq!(against[0].level, Some(Level::Strong));
        let split = judge_all(&line, &[near(&[1, 3, 2, 4])], &labels[..], 2, &settings);
        assert_eq!(split[0].level, None);
        assert_eq!(split[0].suggested, 1);
    }

    #[test]
    fn shown_neighbours_carry_the_two_labels() {
        let labels = [0, 1, 1, 0, 2];
        let line = [0.2, 0.7, 0.1];
        let judged = judge_all(
            &line,
            &[near(&[4, 1, 3, 2])],
            &labels,
            3,
            &Settings::default(),
        );
        let rows = |list: &[Neighbor]| list.iter().map(|n| n.row).collect::<Vec<_>>();
        assert_eq!(rows(&judged[0].agreeing), [3]);
        assert_eq!(rows(&judged[0].disagreeing), [1, 2]);
    }
}
