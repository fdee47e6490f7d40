//! Finds samples far from all others, by the standards of every class. Says
//! nothing of labels.

use serde::{Deserialize, Serialize};

use crate::neighbors::Neighbor;

/// Nearest neighbours whose mean distance counts.
const NEAREST: usize = 10;
/// Modified z-score from which a value is an outlier (Iglewicz & Hoaglin 1993).
const FAR: f64 = 3.5;
/// The median absolute deviation of a normal distribution is its standard
/// deviation over this.
const MAD_TO_DEVIATION: f64 = 1.4826;
/// Members a class needs to tell what is usual in it.
const CLASS_SIZE: usize = 20;

/// A sample that fits no class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outlier {
    /// Which.
    pub sample: u32,
    /// Mean distance to its ten nearest neighbours over the usual one of the
    /// class it is least unusual for.
    pub distance: f64,
    /// Deviations above the median of the class it is least unusual for.
    pub deviations: f64,
}

/// Mean distance of each sample to its nearest neighbours, rows taken at the
/// lengths they had, as a logarithm; `None` for one that has none.
pub(super) fn distances(neighbors: &[Vec<Neighbor>], lengths: &[f32]) -> Vec<Option<f64>> {
    let length = |row: usize| f64::from(lengths.get(row).copied().unwrap_or(1.0));
    neighbors
        .iter()
        .enumerate()
        .map(|(row, near)| {
            let count = near.len().min(NEAREST);
            let own = length(row);
            let sum: f64 = (near.iter().take(count))
                .map(|neighbor| {
                    let other = length(neighbor.row as usize);
                    let product = own * other * f64::from(neighbor.similarity);
                    (own * own + other * other - 2.0 * product).max(0.0).sqrt()
                })
                .sum();
            (count > 0).then(|| (sum / count as f64).max(f64::MIN_POSITIVE).ln())
        })
        .collect()
}

/// Samples whose distance is unusual for every class, farthest first.
pub(super) fn find(distances: &[Option<f64>], labels: &[u32], classes: usize) -> Vec<Outlier> {
    let mut members = vec![Vec::new(); classes];
    for (distance, &label) in distances.iter().zip(labels) {
        if let Some(distance) = distance {
            members[label as usize].push(*distance);
        }
    }
    let usual: Vec<(f64, f64)> = members
        .into_iter()
        .filter(|m| m.len() >= CLASS_SIZE)
        .map(|mut m| {
            let middle = median(&mut m);
            let mut apart: Vec<f64> = m.iter().map(|d| (d - middle).abs()).collect();
            (middle, median(&mut apart) * MAD_TO_DEVIATION)
        })
        .filter(|&(_, deviation)| deviation > 0.0)
        .collect();
    let mut found: Vec<Outlier> = distances
        .iter()
        .enumerate()
        .filter_map(|(sample, distance)| {
            let distance = (*distance)?;
            let (deviations, middle) = usual
                .iter()
                .map(|&(middle, deviation)| ((distance - middle) / deviation, middle))
                .min_by(|a, b| a.0.total_cmp(&b.0))?;
            (deviations > FAR).then_some(Outlier {
                sample: sample as u32,
                distance: (distance - middle).exp(),
                deviations,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        (b.deviations.total_cmp(&a.deviations)).then_with(|| a.sample.cmp(&b.sample))
    });
    found
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_far_from_every_class_is_found_and_a_wide_class_is_not() {
        let mut distances: Vec<Option<f64>> = (0..60)
            .map(|i| Some(0.2 + f64::from(i % 20) / 200.0))
            .collect();
        let labels: Vec<u32> = (0..60).map(|i| u32::from(i >= 30)).collect();
        assert!(find(&distances, &labels, 2).is_empty());
        distances[7] = Some(0.9);
        let found = find(&distances, &labels, 2);
        assert_eq!(found.iter().map(|o| o.sample).collect::<Vec<_>>(), [7]);
    }
}
