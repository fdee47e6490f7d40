//! How well planted wrong labels were found. Plants and judges none.

use std::fmt;

use splitlint::finding::LabelFlag;
use splitlint::labelling::{Labelling, Said};

/// Above lines of figures.
pub(super) const HEAD: &str =
    "labels changed        AUROC    AP   P@k  likely P/R     strong P/R    clusters  CPU s";

/// What was found in one labelling.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    auroc: f64,
    average_precision: f64,
    precision_at_k: f64,
    likely: [f64; 2],
    strong: [f64; 2],
    clusters: f64,
    seconds: f64,
}

impl Figures {
    pub(super) fn of(said: &Labelling, right: &[u32], given: &[u32], seconds: f64) -> Self {
        let wrong: Vec<bool> = right.iter().zip(given).map(|(a, b)| a != b).collect();
        let errors = wrong.iter().filter(|w| **w).count();
        let score = |i: usize| said.opinions[i].score.unwrap_or(1.0);
        let mut order: Vec<usize> = (0..wrong.len()).collect();
        order.sort_by(|&a, &b| score(a).total_cmp(&score(b)));
        let (mut hits, mut precisions, mut before, mut at_k) = (0, 0.0, 0, 0.0);
        for (rank, &sample) in order.iter().enumerate() {
            if wrong[sample] {
                hits += 1;
                precisions += hits as f64 / (rank + 1) as f64;
            } else {
                before += hits;
            }
            if rank + 1 == errors {
                at_k = hits as f64 / errors as f64;
            }
        }
        let found = |least: LabelFlag| {
            let flagged: Vec<usize> = (0..wrong.len())
                .filter(|&i| said.opinions[i].flag >= least)
                .collect();
            let right = flagged.iter().filter(|&&i| wrong[i]).count() as f64;
            [
                right / flagged.len().max(1) as f64,
                right / errors.max(1) as f64,
            ]
        };
        Self {
            auroc: before as f64 / (errors * (wrong.len() - errors)).max(1) as f64,
            average_precision: precisions / errors.max(1) as f64,
            precision_at_k: at_k,
            likely: found(LabelFlag::Likely),
            strong: found(LabelFlag::Strong),
            clusters: clusters(said).len() as f64,
            seconds,
        }
    }

    pub(super) fn mean(all: &[Self]) -> Self {
        let mean = |figure: fn(&Self) -> f64| {
            all.iter().map(figure).sum::<f64>() / all.len().max(1) as f64
        };
        Self {
            auroc: mean(|f| f.auroc),
            average_precision: mean(|f| f.average_precision),
            precision_at_k: mean(|f| f.precision_at_k),
            likely: [mean(|f| f.likely[0]), mean(|f| f.likely[1])],
            strong: [mean(|f| f.strong[0]), mean(|f| f.strong[1])],
            clusters: mean(|f| f.clusters),
            seconds: mean(|f| f.seconds),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:7.4} {:5.3} {:5.3}  {:.3} / {:.3}  {:.3} / {:.3}  {:8.1} {:6.1}",
            self.auroc,
            self.average_precision,
            self.precision_at_k,
            self.likely[0],
            self.likely[1],
            self.strong[0],
            self.strong[1],
            self.clusters,
            self.seconds
        )
    }
}

/// The clusters told, as places in the listing.
pub(super) fn clusters(said: &Labelling) -> Vec<Vec<usize>> {
    let Said::One(judgement) = &said.said else {
        return Vec::new();
    };
    let of_rows = |rows: &[u32]| rows.iter().map(|&r| said.ids[r as usize].index()).collect();
    judgement
        .clusters
        .iter()
        .map(|c| of_rows(&c.samples))
        .collect()
}

/// Whether one cluster holds more than half of `planted`.
pub(super) fn hit(planted: &[usize], clusters: &[Vec<usize>]) -> bool {
    clusters.iter().any(|cluster| {
        let inside = planted.iter().filter(|sample| cluster.contains(sample));
        inside.count() * 2 > planted.len()
    })
}

/// Clusters of which half or more is labelled right.
pub(super) fn elsewhere(clusters: &[Vec<usize>], right: &[u32], given: &[u32]) -> usize {
    let mostly_right = |cluster: &&Vec<usize>| {
        let wrong = cluster.iter().filter(|&&i| right[i] != given[i]).count();
        wrong * 2 <= cluster.len()
    };
    clusters.iter().filter(mostly_right).count()
}
