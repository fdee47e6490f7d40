//! Wrong labels to find, drawn by seed. Judges none.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use splitlint::features::Vectors;
use splitlint::labelling::Labelling;
use splitlint::sample::{ClassId, Labels, Listing};

/// How a wrong label is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Any other class alike.
    Symmetric,
    /// As often as the model takes the class for it.
    Confusable,
    /// The class that the model most often takes it for.
    MostConfusable,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Symmetric, Self::Confusable, Self::MostConfusable];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Symmetric => "symmetric",
            Self::Confusable => "confusable",
            Self::MostConfusable => "most confusable",
        }
    }
}

/// The class of each sample.
pub(super) fn labels(listing: &Listing) -> Result<Vec<u32>, String> {
    let single = listing.samples.iter().map(|sample| {
        let class = sample.labels.single().map(|class| class.0);
        class.ok_or_else(|| format!("`{}` does not carry one label", sample.key))
    });
    single.collect()
}

pub(super) fn relabelled(listing: &Listing, labels: &[u32]) -> Listing {
    let mut listing = listing.clone();
    for (sample, &label) in listing.samples.iter_mut().zip(labels) {
        sample.labels = Labels::One(ClassId(label));
    }
    listing
}

/// How often each class (row) is taken for each other.
pub(super) fn confusion(listing: &Listing, given: &[u32], said: &Labelling) -> Vec<Vec<u64>> {
    let classes = listing.classes.len();
    let mut counts = vec![vec![0; classes]; classes];
    for (&given, opinion) in given.iter().zip(&said.opinions) {
        if let Some((class, _)) = opinion.suggested {
            counts[given as usize][class.index()] += 1;
        }
    }
    counts
}

/// `labels` with `share` of them changed.
pub(super) fn flip(
    kind: Kind,
    labels: &[u32],
    confusion: &[Vec<u64>],
    share: f64,
    seed: u64,
) -> Vec<u32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let wanted = (labels.len() as f64 * share).round() as usize;
    let mut flipped = labels.to_vec();
    for sample in drawn(labels.len(), wanted, &mut random) {
        let own = labels[sample] as usize;
        let weights: Vec<u64> = match kind {
            Kind::Symmetric => (0..confusion.len())
                .map(|class| u64::from(class != own))
                .collect(),
            Kind::Confusable => confusion[own].clone(),
            Kind::MostConfusable => {
                let most = confusion[own].iter().max().copied().unwrap_or(0);
                confusion[own]
                    .iter()
                    .map(|&n| u64::from(n == most && n > 0))
                    .collect()
            }
        };
        let total: u64 = weights.iter().sum();
        // A class taken for no other keeps its labels.
        if total == 0 {
            continue;
        }
        let mut left = random.next_u64() % total;
        for (class, weight) in weights.iter().enumerate() {
            if left < *weight {
                flipped[sample] = class as u32;
                break;
            }
            left -= weight;
        }
    }
    flipped
}

/// Blocks of one seed, and samples in a block.
const BLOCKS: usize = 5;
const BLOCK: usize = 25;

/// `labels` with samples and their nearest of the same class all put into one
/// other class, and those blocks.
pub(super) fn blocks(
    vectors: &Vectors,
    labels: &[u32],
    classes: usize,
    seed: u64,
) -> (Vec<u32>, Vec<Vec<usize>>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut flipped, mut blocks) = (labels.to_vec(), Vec::new());
    for _ in 0..BLOCKS {
        let centre = (random.next_u64() % labels.len() as u64) as usize;
        let own = labels[centre];
        let nearness = |sample: usize| -> f32 {
            let pairs = vectors.row(sample).iter().zip(vectors.row(centre));
            pairs.map(|(a, b)| a * b).sum()
        };
        let mut block: Vec<usize> = (0..labels.len())
            .filter(|&sample| labels[sample] == own && flipped[sample] == own)
            .collect();
        block.sort_by(|&a, &b| nearness(b).total_cmp(&nearness(a)));
        block.truncate(BLOCK);
        let step = 1 + random.next_u64() % (classes as u64 - 1).max(1);
        let wrong = ((u64::from(own) + step) % classes as u64) as u32;
        for &sample in &block {
            flipped[sample] = wrong;
        }
        blocks.push(block);
    }
    (flipped, blocks)
}

/// `wanted` of `count`, none twice.
pub(super) fn drawn(count: usize, wanted: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for place in 0..wanted.min(count) {
        let other = place + (random.next_u64() % (count - place) as u64) as usize;
        order.swap(place, other);
    }
    order.truncate(wanted);
    order
}
