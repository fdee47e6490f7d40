//! Finds neighbouring samples that share one given label and are better
//! explained by one other: a mislabelled burst, folder or batch.

use serde::{Deserialize, Serialize};

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Judged, Labelled, Settings, bursts, islands};
use crate::disjoint_sets::DisjointSets;
use crate::executor::Interrupted;
use crate::neighbors::Neighbor;

/// Odds from which a sample may belong to a cluster.
const SUSPECT_ODDS: f32 = 2.0;
/// Nearest neighbours that link samples.
const LINKS: usize = 10;
/// Permutations of the null: the least p-value is 1/100.
const ROUNDS: usize = 99;
/// Clusters that chance makes as large in more than this share of the
/// permutations are left out.
const P_VALUE: f64 = 0.05;

/// Deviations by which a cluster must outnumber the suspects of the opposite
/// kind. Where two classes shade into each other, both sides of the border hold
/// suspects, alike and in runs; a wrong batch has no counterpart.
const ONE_SIDED: f64 = 2.0;

/// Samples that hang together and share one given and one better label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Members in rising order.
    pub samples: Vec<u32>,
    /// The label they carry.
    pub given: u32,
    /// The label that explains them better.
    pub suggested: u32,
    /// Share of their ten nearest neighbours outside their groups that carry
    /// the suggested label or lie in the cluster.
    pub coherence: f64,
    /// Groups (copies, scenes) among the members.
    pub groups: usize,
    /// Odds for the suggested label, as a logarithm: the median, of a burst the
    /// mean. Samples that confirm each other are predicted without one another.
    pub log_odds: f32,
    /// Share of permutations of the labels that make one as large; of a burst, and
    /// of samples that confirm each other, share of their class with such odds
    /// against the label.
    pub p_value: f64,
}

/// Clusters of at least `settings.cluster_size`, largest first: bursts, islands, and
/// components of suspects that are in none of these.
pub(super) fn find(
    case: &islands::Case<'_>,
    probabilities: &[f32],
) -> Result<Vec<Cluster>, Interrupted> {
    let &islands::Case {
        data,
        judged,
        neighbors,
        settings,
        ..
    } = case;
    let runs = bursts::runs(data, settings);
    let mut alone = vec![true; judged.len()];
    for &sample in runs.iter().flatten() {
        alone[sample as usize] = false;
    }
    let mut found = bursts::find(data, &runs, probabilities, judged, neighbors, settings);
    let islands = case.find(&alone)?;
    for &sample in islands.iter().flat_map(|island| &island.samples) {
        alone[sample as usize] = false;
    }
    found.extend(islands);
    let mut suspects: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    for (sample, judged) in judged.iter().enumerate() {
        if alone[sample] && judged.log_odds > SUSPECT_ODDS.ln() {
            let pair = (data.labels[sample], judged.alternative);
            suspects.entry(pair).or_default().push(sample as u32);
        }
    }
    let mut class_members = vec![Vec::new(); data.classes];
    for (sample, &label) in data.labels.iter().enumerate() {
        class_members[label as usize].push(sample as u32);
    }
    let mut links = Links::new(data.groups, neighbors);
    for (&(given, suggested), members) in &suspects {
        if members.len() < settings.cluster_size {
            continue;
        }
        let opposite = suspects.get(&(suggested, given)).map_or(0, Vec::len);
        let components: Vec<Vec<u32>> = links
            .components(members)
            .into_iter()
            .filter(|c| c.len() >= settings.cluster_size && one_sided(c.len(), opposite))
            .collect();
        if components.is_empty() {
            continue;
        }
        let seed = settings.seed ^ (u64::from(given) << 32 | u64::from(suggested));
        let null = null_sizes(
            &mut links,
            &class_members[given as usize],
            members.len(),
            seed,
        );
        for samples in components {
            let larger = null.iter().filter(|&&size| size >= samples.len()).count();
            let cluster = Cluster {
                given,
                suggested,
                coherence: coherence(&samples, suggested, data.labels, neighbors),
                groups: group_count(&samples, data.groups),
                log_odds: median_odds(&samples, judged),
                p_value: (1 + larger) as f64 / (1 + ROUNDS) as f64,
                samples,
            };
            let kind = [given, suggested];
            if convincing(&cluster, settings) && surrounded(&cluster.samples, kind, data, neighbors)
            {
                found.push(cluster);
            }
        }
    }
    found.sort_by(|a, b| (b.samples.len().cmp(&a.samples.len())).then(a.samples.cmp(&b.samples)));
    Ok(found)
}

fn one_sided(size: usize, opposite: usize) -> bool {
    let (size, opposite) = (size as f64, opposite as f64);
    size - opposite > ONE_SIDED * (size + opposite).sqrt()
}

/// A cluster of few groups is few images, however many frames: it must meet
/// the odds asked of one.
fn convincing(cluster: &Cluster, settings: &Settings) -> bool {
    let many = cluster.groups >= settings.cluster_size;
    cluster.p_value <= P_VALUE && (many || f64::from(cluster.log_odds) > settings.likely.ln())
}

/// Largest component of as many samples drawn from the same class, for each
/// permutation.
fn null_sizes(links: &mut Links<'_>, class: &[u32], drawn: usize, seed: u64) -> Vec<usize> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut pool = class.to_vec();
    (0..ROUNDS)
        .map(|_| {
            for i in 0..drawn.min(pool.len()) {
                let other = i + (random.next_u64() % (pool.len() - i) as u64) as usize;
                pool.swap(i, other);
            }
            let mut sample = pool[..drawn.min(pool.len())].to_vec();
            sample.sort_unstable();
            let components = links.components(&sample);
            components.iter().map(Vec::len).max().unwrap_or(0)
        })
        .collect()
}

/// Who is linked with whom: near neighbours, and members of one group.
struct Links<'a> {
    groups: &'a [u32],
    neighbors: &'a [Vec<Neighbor>],
    /// Place of a sample within the set looked at, or `ABSENT`.
    place: Vec<u32>,
}

const ABSENT: u32 = u32::MAX;

impl<'a> Links<'a> {
    fn new(groups: &'a [u32], neighbors: &'a [Vec<Neighbor>]) -> Self {
        Self {
            groups,
            neighbors,
            place: vec![ABSENT; groups.len()],
        }
    }

    /// Connected parts of `members` (in rising order), each in rising order.
    fn components(&mut self, members: &[u32]) -> Vec<Vec<u32>> {
        for (place, &member) in members.iter().enumerate() {
            self.place[member as usize] = place as u32;
        }
        let mut sets = DisjointSets::new(members.len());
        let mut of_group: BTreeMap<u32, u32> = BTreeMap::new();
        for (place, &member) in members.iter().enumerate() {
            let place = place as u32;
            let group = self.groups[member as usize];
            let earlier = *of_group.entry(group).or_insert(place);
            sets.join(place, earlier);
            for neighbor in self.neighbors[member as usize].iter().take(LINKS) {
                let other = self.place[neighbor.row as usize];
                if other != ABSENT {
                    sets.join(place, other);
                }
            }
        }
        let mut parts: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (place, &member) in members.iter().enumerate() {
            parts
                .entry(sets.find(place as u32))
                .or_default()
                .push(member);
            self.place[member as usize] = ABSENT;
        }
        parts.into_values().collect()
    }
}

/// Neighbours outside a cluster that must be there to ask: as many as one sample
/// has links.
const SURROUNDINGS: usize = LINKS;

/// The part of them that must carry the suggested label rather than the given
/// one. A wrong batch lies amid the class it belongs to. A rare form of the
/// right class, such as a one with serifs, is odd too, but those around it
/// carry its label as well.
pub(super) const AMID: f64 = 0.75;

/// Whether the neighbours of `samples` outside them carry the second of the two labels
/// rather than the first, their own. Samples of one group ask as one, and answer as one.
pub(super) fn surrounded(
    samples: &[u32],
    [given, suggested]: [u32; 2],
    data: Labelled<'_>,
    near: &[Vec<Neighbor>],
) -> bool {
    let mut votes: BTreeSet<(u32, u32, bool)> = BTreeSet::new();
    for &sample in samples {
        for neighbor in &near[sample as usize] {
            let row = neighbor.row as usize;
            let label = data.labels[row];
            if (label == given || label == suggested)
                && samples.binary_search(&neighbor.row).is_err()
            {
                let groups = (data.groups[sample as usize], data.groups[row]);
                votes.insert((groups.0, groups.1, label == suggested));
            }
        }
    }
    let all = votes.len();
    let amid = votes.iter().filter(|vote| vote.2).count();
    all >= SURROUNDINGS && amid as f64 >= AMID * all as f64
}

pub(super) fn coherence(
    samples: &[u32],
    suggested: u32,
    labels: &[u32],
    near: &[Vec<Neighbor>],
) -> f64 {
    let (mut agreeing, mut all) = (0, 0);
    for &sample in samples {
        for neighbor in near[sample as usize].iter().take(LINKS) {
            let inside = samples.binary_search(&neighbor.row).is_ok();
            agreeing += usize::from(inside || labels[neighbor.row as usize] == suggested);
            all += 1;
        }
    }
    agreeing as f64 / all.max(1) as f64
}

pub(super) fn group_count(samples: &[u32], groups: &[u32]) -> usize {
    let mut own: Vec<u32> = samples.iter().map(|&s| groups[s as usize]).collect();
    own.sort_unstable();
    own.dedup();
    own.len()
}

fn median_odds(samples: &[u32], judged: &[Judged]) -> f32 {
    let mut odds: Vec<f32> = samples
        .iter()
        .map(|&s| judged[s as usize].log_odds)
        .collect();
    odds.sort_by(f32::total_cmp);
    odds.get(odds.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve samples labelled 0 that look like 1, each with ten neighbours
    /// outside, of which `amid` are labelled 1 and the others 0.
    fn is_surrounded(amid: usize, group: fn(u32) -> u32) -> bool {
        let labels: Vec<u32> = (0..32)
            .map(|row| u32::from(row >= 12 && row < 12 + amid))
            .collect();
        let inside = (0..12).chain(12..22);
        let near: Vec<Neighbor> = inside
            .map(|row| Neighbor {
                row,
                similarity: 0.9,
            })
            .collect();
        let groups: Vec<u32> = (0..32).map(group).collect();
        let data = Labelled {
            vectors: &[],
            dim: 0,
            lengths: &[],
            labels: &labels,
            groups: &groups,
            classes: 2,
        };
        let samples: Vec<u32> = (0..12).collect();
        surrounded(&samples, [0, 1], data, &vec![near; 32])
    }

    #[test]
    fn wrong_batch_lies_amid_the_other_class_and_a_rare_form_amid_its_own() {
        let amid = |count| is_surrounded(count, |row| row);
        assert!(amid(10) && amid(8));
        assert!(!amid(7) && !amid(0));
    }

    #[test]
    fn copies_around_a_cluster_have_one_vote() {
        // Those labelled 1 are copies of one image, and too few are left to ask.
        assert!(!is_surrounded(9, |row| if row < 21 {
            row.max(20)
        } else {
            row
        }));
    }
}
