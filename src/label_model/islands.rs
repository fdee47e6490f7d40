//! Finds blocks of different images that share one wrong label and confirm it to each
//! other. Judges no burst.
//!
//! Left out one by one, images of such a block are predicted from the others, and carry
//! their label rightly. So each image is taken together with those of its label among its
//! neighbours, and all of them are predicted without one another. A rare form of the right
//! class may lie amid another class, too; but what is left of its own class still explains
//! it.

use std::collections::BTreeMap;

use super::clusters::{AMID, Cluster, coherence, group_count, surrounded};
use super::{Judged, Labelled, Settings, chunks::Layout, regress};
use crate::disjoint_sets::DisjointSets;
use crate::executor::{Executor, Interrupted};
use crate::neighbors::Neighbor;

/// Times that members which lie amid their own class are left out.
const ROUNDS: usize = 3;
/// Odds for the other label that an island needs. Rare forms of the right class reach 80
/// by the built-in features; blocks planted with a network's vectors 1,000 (median).
const ODDS: f64 = 200.0;

/// What islands are looked for in.
pub(super) struct Case<'a> {
    pub(super) data: Labelled<'a>,
    /// Class shares of all samples.
    pub(super) prior: &'a [f32],
    /// The softmax temperature fitted to all samples.
    pub(super) temperature: f64,
    pub(super) judged: &'a [Judged],
    pub(super) neighbors: &'a [Vec<Neighbor>],
    pub(super) settings: &'a Settings,
    pub(super) executor: &'a Executor,
}

/// Samples of one label amid another.
struct Island {
    suggested: u32,
    /// In rising order.
    samples: Vec<u32>,
}

impl Case<'_> {
    /// Islands that fit another label when none of their samples vouches for another;
    /// samples of which `alone` is false belong to none.
    pub(super) fn find(&self, alone: &[bool]) -> Result<Vec<Cluster>, Interrupted> {
        let labels = self.data.labels;
        let found = self.executor.map(labels.len(), |sample| {
            alone[sample].then(|| self.island(sample as u32, alone))
        })?;
        let candidates = self.merged(found.into_iter().flatten().flatten().collect());
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let odds = self.left_out(&candidates)?;
        let judged = candidates.into_iter().zip(odds);
        Ok(judged
            .filter(|(_, odds)| f64::from(*odds) > ODDS.ln())
            .map(|(island, odds)| self.cluster(island, odds))
            .collect())
    }

    /// `sample` and those of its label among its neighbours, if they lie amid another one.
    fn island(&self, sample: u32, alone: &[bool]) -> Option<Island> {
        let labels = self.data.labels;
        let given = labels[sample as usize];
        let near = self.neighbors[sample as usize].iter();
        let near = near.map(|neighbor| neighbor.row);
        let mut samples: Vec<u32> = near
            .filter(|&row| labels[row as usize] == given && alone[row as usize])
            .chain([sample])
            .collect();
        samples.sort_unstable();
        for _ in 0..ROUNDS {
            if samples.len() < self.settings.cluster_size {
                return None;
            }
            let suggested = self.most_around(&samples, given)?;
            let kept: Vec<u32> = (samples.iter().copied())
                .filter(|&member| self.is_amid(member, &samples, suggested))
                .collect();
            if kept.len() < self.settings.cluster_size || kept.len() == samples.len() {
                break;
            }
            samples = kept;
        }
        let suggested = self.most_around(&samples, given)?;
        self.is_surrounded(&samples, suggested)
            .then_some(Island { suggested, samples })
    }

    /// The label but `given` that the neighbours of `samples` outside them carry most.
    fn most_around(&self, samples: &[u32], given: u32) -> Option<u32> {
        let mut counts = vec![0_u32; self.data.classes];
        for row in samples
            .iter()
            .flat_map(|&sample| self.outside(sample, samples))
        {
            counts[self.data.labels[row as usize] as usize] += 1;
        }
        counts[given as usize] = 0;
        let most = counts.iter().copied().max().filter(|&most| most > 0)?;
        let place = counts.iter().position(|&count| count == most)?;
        Some(place as u32)
    }

    fn is_amid(&self, member: u32, samples: &[u32], suggested: u32) -> bool {
        let given = self.data.labels[member as usize];
        let (mut own, mut other) = (0_u32, 0_u32);
        for row in self.outside(member, samples) {
            let label = self.data.labels[row as usize];
            own += u32::from(label == given);
            other += u32::from(label == suggested);
        }
        f64::from(other) >= AMID * f64::from(own + other)
    }

    fn outside(&self, sample: u32, samples: &[u32]) -> impl Iterator<Item = u32> {
        let rows = self.neighbors[sample as usize].iter().map(|n| n.row);
        rows.filter(|row| samples.binary_search(row).is_err())
    }

    fn is_surrounded(&self, samples: &[u32], suggested: u32) -> bool {
        let data = self.data;
        let given = data.labels[samples[0] as usize];
        surrounded(samples, [given, suggested], data, self.neighbors)
    }

    /// Islands of one kind that share most of the smaller are one; of others that share
    /// samples the largest counts. Left out together, chains of them would leave too
    /// little of their class to explain them.
    fn merged(&self, mut all: Vec<Island>) -> Vec<Island> {
        all.sort_by(|a, b| {
            (b.samples.len().cmp(&a.samples.len())).then_with(|| a.samples.cmp(&b.samples))
        });
        let mut kept: Vec<Island> = Vec::new();
        for island in all {
            // Samples of one island share one label.
            let same = kept.iter_mut().find(|earlier| {
                let inside = |row: &&u32| earlier.samples.binary_search(row).is_ok();
                earlier.suggested == island.suggested
                    && island.samples.iter().filter(inside).count() * 2 > island.samples.len()
            });
            let Some(earlier) = same else {
                kept.push(island);
                continue;
            };
            earlier.samples.extend(island.samples);
            earlier.samples.sort_unstable();
            earlier.samples.dedup();
        }
        kept.retain(|island| self.is_surrounded(&island.samples, island.suggested));
        kept.sort_by(|a, b| {
            (b.samples.len().cmp(&a.samples.len())).then_with(|| a.samples.cmp(&b.samples))
        });
        let mut taken = vec![false; self.data.labels.len()];
        kept.retain(|island| {
            let is_free = island.samples.iter().all(|&row| !taken[row as usize]);
            for &row in &island.samples {
                taken[row as usize] |= is_free;
            }
            is_free
        });
        kept
    }

    /// The median log odds of each island for its suggested label, all of its samples
    /// predicted without the island and their groups.
    fn left_out(&self, islands: &[Island]) -> Result<Vec<f32>, Interrupted> {
        let data = self.data;
        let mut sets = DisjointSets::new(data.labels.len());
        let mut first: BTreeMap<u32, u32> = BTreeMap::new();
        for (sample, &group) in (0_u32..).zip(data.groups) {
            sets.join(*first.entry(group).or_insert(sample), sample);
        }
        for pair in islands.iter().flat_map(|island| island.samples.windows(2)) {
            sets.join(pair[0], pair[1]);
        }
        let mut rows: Vec<u32> = islands.iter().flat_map(|i| i.samples.clone()).collect();
        rows.sort_unstable();
        rows.dedup();
        let asked = rows.clone();
        let order = Layout::new(data.groups, data.labels.len(), self.settings.seed).order;
        let others = order.iter().filter(|row| asked.binary_search(row).is_err());
        let room = self.settings.chunk.max(asked.len());
        rows.extend(others.take(room));
        rows.sort_unstable();
        let of = |row: &u32| data.row(*row);
        let vectors = rows.iter().flat_map(of).copied().collect::<Vec<f32>>();
        let labels: Vec<u32> = rows.iter().map(|&row| data.labels[row as usize]).collect();
        let groups: Vec<u32> = rows.iter().map(|&row| sets.find(row)).collect();
        let part = Labelled {
            vectors: &vectors,
            labels: &labels,
            groups: &groups,
            ..data
        };
        let targets = |row: usize, class: usize| f32::from(labels[row] as usize == class);
        let whole = Settings {
            chunk: rows.len(),
            ..*self.settings
        };
        let fitted = regress(part, self.prior, targets, &whole, self.executor)?;
        let odds = islands.iter().map(|island| {
            let given = data.labels[island.samples[0] as usize] as usize;
            let places = island.samples.iter();
            let places = places.filter_map(|row| rows.binary_search(row).ok());
            let mut odds: Vec<f32> = places
                .map(|place| {
                    let line = &fitted.values[place * data.classes..(place + 1) * data.classes];
                    (line[island.suggested as usize] - line[given]) / self.temperature as f32
                })
                .collect();
            odds.sort_by(f32::total_cmp);
            odds.get(odds.len() / 2).copied().unwrap_or(0.0)
        });
        Ok(odds.collect())
    }

    fn cluster(&self, island: Island, log_odds: f32) -> Cluster {
        let Island { suggested, samples } = island;
        let labels = self.data.labels;
        let given = labels[samples[0] as usize];
        let (mut count, mut beyond) = (0_usize, 0_usize);
        for (row, judged) in (0_u32..).zip(self.judged) {
            if labels[row as usize] == given && samples.binary_search(&row).is_err() {
                count += 1;
                beyond += usize::from(judged.log_odds >= log_odds);
            }
        }
        Cluster {
            given,
            suggested,
            coherence: coherence(&samples, suggested, labels, self.neighbors),
            groups: group_count(&samples, self.data.groups),
            log_odds,
            p_value: (1 + beyond) as f64 / (1 + count) as f64,
            samples,
        }
    }
}
