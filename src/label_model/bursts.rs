//! Finds mislabelled bursts: many copies, or frames of one scene, that share one
//! given label. Judges them as the one image they nearly are.

use std::collections::{BTreeMap, BTreeSet};

use super::clusters::{Cluster, coherence, surrounded};
use super::{Judged, Labelled, Settings, flags};
use crate::neighbors::Neighbor;

/// Share of a class with such odds against its label beyond which they are
/// usual in it. Stricter bounds lose wrong bursts in classes that are hard
/// anyway and no right one: docs/accuracy.md.
const USUAL: f64 = 0.1;

/// Runs of `(group, label)` long enough to be a cluster, members in rising
/// order.
pub(super) fn runs(data: Labelled<'_>, settings: &Settings) -> Vec<Vec<u32>> {
    let mut members: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for (sample, place) in data.groups.iter().zip(data.labels).enumerate() {
        let (group, label) = place;
        members
            .entry((*group, *label))
            .or_default()
            .push(sample as u32);
    }
    let long = |run: &Vec<u32>| run.len() >= settings.cluster_size;
    members.into_values().filter(long).collect()
}

/// Those of `runs` whose frames, taken together, support another label at the
/// odds asked of one sample, and more than is usual among single samples of
/// their class.
pub(super) fn find(
    data: Labelled<'_>,
    runs: &[Vec<u32>],
    probabilities: &[f32],
    judged: &[Judged],
    neighbors: &[Vec<Neighbor>],
    settings: &Settings,
) -> Vec<Cluster> {
    let in_runs: BTreeSet<u32> = runs.iter().flatten().copied().collect();
    let found = runs.iter().filter_map(|run| {
        let given = data.labels[*run.first()? as usize];
        let line = together(run, probabilities, data.classes);
        let suggested = flags::first(&line, Some(given))?;
        let log_odds = line[suggested as usize] - line[given as usize];
        if f64::from(log_odds) <= settings.likely.ln() {
            return None;
        }
        let alone = (0..data.labels.len() as u32)
            .filter(|sample| data.labels[*sample as usize] == given && !in_runs.contains(sample));
        let (mut count, mut beyond) = (0, 0);
        for sample in alone {
            count += 1;
            beyond += usize::from(judged[sample as usize].log_odds >= log_odds);
        }
        let p_value = (1 + beyond) as f64 / (1 + count) as f64;
        let cluster = Cluster {
            given,
            suggested,
            coherence: coherence(run, suggested, data.labels, neighbors),
            groups: 1,
            log_odds,
            p_value,
            samples: run.clone(),
        };
        let is_sound = p_value <= USUAL && surrounded(run, [given, suggested], data, neighbors);
        is_sound.then_some(cluster)
    });
    found.collect()
}

/// The mean log-probability of each class over the frames of a run.
fn together(run: &[u32], probabilities: &[f32], classes: usize) -> Vec<f32> {
    let mut sums = vec![0.0; classes];
    for &sample in run {
        let start = sample as usize * classes;
        for (sum, p) in sums.iter_mut().zip(&probabilities[start..start + classes]) {
            *sum += f64::from(p.max(f32::MIN_POSITIVE).ln());
        }
    }
    let mean = |sum: f64| (sum / run.len() as f64) as f32;
    sums.into_iter().map(mean).collect()
}
