//! How differently two splits spread over the classes. Every class counts,
//! however rare. Decides nothing by effect: that is for a check.

use super::counts::{ClassCounts, SplitCounts};
use crate::executor::{Executor, Interrupted};
use crate::sample::{Listing, Role, SampleId, SplitId};
use crate::statistics::{self, Interval, Random, Significance};

/// The figures of one pair of splits.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// The split named first.
    pub a: SplitId,
    /// The other.
    pub b: SplitId,
    /// Labelled samples of each.
    pub samples: (u64, u64),
    /// The part of labels that would have to move, 0 to 1.
    pub total_variation: f64,
    /// The 95% bootstrap interval of it.
    pub interval: Interval,
    /// Bias-corrected (Bergsma 2013), 0 to 1.
    pub cramers_v: f64,
    /// The distance, to base 2, 0 to 1.
    pub jensen_shannon: f64,
    /// Population stability index; an empty cell counts half a sample.
    pub psi: f64,
    /// Pearson's chi-square.
    pub chi2: f64,
    /// Its degrees of freedom.
    pub dof: usize,
    /// How often a random division of the same samples differs as much; by the
    /// chi-square distribution, or drawn where expected counts are small or
    /// samples have several labels.
    pub p_value: f64,
    /// How often a random division differs as little.
    pub p_alike: f64,
    /// The total variation that chance alone is expected to give.
    pub by_chance: f64,
    /// What kind of division this looks like, at a level of 1%.
    pub division: Division,
    /// How the numbers of labels a sample has differ; `None` where none has
    /// several.
    pub label_sets: Option<LabelSetDrift>,
}

/// How the numbers of labels a sample has differ between two splits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelSetDrift {
    /// The part of samples whose number of labels would have to change, 0 to 1.
    pub total_variation: f64,
    /// Labels of a sample in the mean, of each split.
    pub mean: (f64, f64),
}

/// What a division of one population into two splits looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    /// Shares agree more closely than chance would make them.
    Stratified,
    /// As a random division would come out.
    Random,
    /// Shares differ by more than chance.
    Drifted,
    /// Too few samples: chance alone hides any but the largest drift.
    CannotTell,
}

impl Division {
    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stratified => "stratified",
            Self::Random => "random",
            Self::Drifted => "drifted",
            Self::CannotTell => "cannot-tell",
        }
    }

    /// For a sentence: "`train` and `test` …".
    pub fn words(self) -> &'static str {
        match self {
            Self::Stratified => "are stratified",
            Self::Random => "are consistent with a random split",
            Self::Drifted => "differ in their class distributions",
            Self::CannotTell => "have too few samples to decide",
        }
    }

    fn of(significance: &Significance, by_chance: f64) -> Self {
        // 1%: one in a hundred sound data sets is reported to drift, by
        // this word alone; the check asks for an effect besides.
        if significance.p_value <= 0.01 {
            Self::Drifted
        // 5%, because naming a random split stratified harms nobody.
        } else if significance.p_alike <= 0.05 {
            Self::Stratified
        } else if by_chance > TOO_NOISY {
            Self::CannotTell
        } else {
            Self::Random
        }
    }
}

/// Where chance alone moves a fifth of the labels, a drift that matters
/// (5% of them) is far below the noise.
const TOO_NOISY: f64 = 0.2;

/// The figures of every pair of splits that both have labels, in listing order;
/// data used before is left out.
///
/// # Errors
/// When the user asks to stop.
pub fn drift(
    listing: &Listing,
    counts: &ClassCounts,
    executor: &Executor,
) -> Result<Vec<Drift>, Interrupted> {
    // Data used before is no split of this data set, and may well hold other
    // classes.
    let is_own = |split: SplitId| listing.splits[split.index()].role != Role::Reference;
    let labelled: Vec<(SplitId, &SplitCounts)> = counts
        .splits
        .iter()
        .filter(|split| split.labelled > 0)
        .filter_map(|counts| Some((counts.split?, counts)))
        .filter(|&(split, _)| is_own(split))
        .collect();
    let mut pairs = Vec::new();
    for (index, &a) in labelled.iter().enumerate() {
        pairs.extend(labelled[index + 1..].iter().map(|&b| (a, b)));
    }
    let sets = LabelSets::of(listing, counts);
    // A pair needs p down to 1% after adjustment for all pairs.
    let draws = (2 * pairs.len() * 100).clamp(999, 9_999);
    executor.map(pairs.len(), |index| {
        let ((a, of_a), (b, of_b)) = pairs[index];
        let significance = if counts.multi_label {
            sets.permuted(a, b, draws, SEED)
        } else {
            statistics::equal_shares(&of_a.counts, &of_b.counts, draws, SEED)
        };
        Drift {
            label_sets: counts.multi_label.then(|| sets.drift(a, b)),
            ..figures(a, b, of_a, of_b, &significance)
        }
    })
}

/// Any number would do; fixed, so that two runs agree.
const SEED: u64 = 0x5eed;

fn figures(
    a: SplitId,
    b: SplitId,
    of_a: &SplitCounts,
    of_b: &SplitCounts,
    significance: &Significance,
) -> Drift {
    let (x, y) = (&of_a.counts[..], &of_b.counts[..]);
    let test = statistics::chi_square(x, y);
    let by_chance = expected_by_chance(x, y);
    Drift {
        a,
        b,
        samples: (of_a.labelled, of_b.labelled),
        total_variation: statistics::total_variation(x, y),
        interval: statistics::total_variation_interval(x, y, RESAMPLES, SEED),
        cramers_v: statistics::cramers_v(x, y),
        jensen_shannon: statistics::jensen_shannon(x, y),
        psi: statistics::population_stability(x, y),
        chi2: test.statistic,
        dof: test.degrees_of_freedom,
        p_value: significance.p_value,
        p_alike: significance.p_alike,
        by_chance,
        division: Division::of(significance, by_chance),
        label_sets: None,
    }
}

/// The ends of the interval are then the tenth value from each side.
const RESAMPLES: usize = 399;

/// The mean total variation between two random divisions: half the sum over
/// classes of the mean absolute value of a normal variable with the
/// hypergeometric variance, √(2/π)·σ.
fn expected_by_chance(a: &[u64], b: &[u64]) -> f64 {
    let (total_a, total_b) = (a.iter().sum::<u64>() as f64, b.iter().sum::<u64>() as f64);
    let total = total_a + total_b;
    if total_a == 0.0 || total_b == 0.0 || total < 2.0 {
        return 0.0;
    }
    let scale = (1.0 / total_a + 1.0 / total_b) * total / (total - 1.0);
    let deviations: f64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| (a + b) as f64 / total)
        .map(|share| (share * (1.0 - share) * scale).sqrt())
        .sum();
    (0.5 * std::f64::consts::FRAC_2_PI.sqrt() * deviations).min(1.0)
}

/// The samples of each split with their labels, for data sets whose samples
/// have several: labels of one sample are not independent draws, so whole
/// samples are dealt anew.
struct LabelSets<'a> {
    listing: &'a Listing,
    by_split: Vec<Vec<SampleId>>,
}

impl<'a> LabelSets<'a> {
    fn of(listing: &'a Listing, counts: &ClassCounts) -> Self {
        let mut by_split = vec![Vec::new(); listing.splits.len()];
        if counts.multi_label {
            for sample in &listing.samples {
                if let (Some(split), false) = (sample.split, sample.labels.classes().is_empty()) {
                    by_split[split.index()].push(sample.id);
                }
            }
        }
        Self { listing, by_split }
    }

    fn permuted(&self, a: SplitId, b: SplitId, draws: usize, seed: u64) -> Significance {
        let (of_a, of_b) = (&self.by_split[a.index()], &self.by_split[b.index()]);
        let mut pool: Vec<SampleId> = of_a.iter().chain(of_b).copied().collect();
        let seen = self.statistic(&pool, of_a.len());
        statistics::randomised(seen, draws, seed, |random: &mut Random| {
            for place in 0..of_a.len() {
                let other = place + random.below(pool.len() - place);
                pool.swap(place, other);
            }
            self.statistic(&pool, of_a.len())
        })
    }

    fn drift(&self, a: SplitId, b: SplitId) -> LabelSetDrift {
        let sizes = |split: SplitId| -> Vec<u64> {
            let mut sizes = vec![0; self.listing.classes.len() + 1];
            for &id in &self.by_split[split.index()] {
                sizes[self.listing.sample(id).labels.classes().len()] += 1;
            }
            sizes
        };
        let mean = |sizes: &[u64]| {
            let labels: u64 = (0..).zip(sizes).map(|(labels, &n)| labels * n).sum();
            labels as f64 / sizes.iter().sum::<u64>().max(1) as f64
        };
        let (a, b) = (sizes(a), sizes(b));
        LabelSetDrift {
            total_variation: statistics::total_variation(&a, &b),
            mean: (mean(&a), mean(&b)),
        }
    }

    /// Chi-square of labels, and of the number of labels a sample has.
    fn statistic(&self, pool: &[SampleId], in_a: usize) -> f64 {
        let classes = self.listing.classes.len();
        let count = |samples: &[SampleId]| {
            let (mut labels, mut sizes) = (vec![0u64; classes], vec![0u64; classes + 1]);
            for &id in samples {
                let of_sample = self.listing.sample(id).labels.classes();
                sizes[of_sample.len().min(classes)] += 1;
                for class in of_sample {
                    labels[class.index()] += 1;
                }
            }
            (labels, sizes)
        };
        let (a, b) = (count(&pool[..in_a]), count(&pool[in_a..]));
        statistics::chi_square(&a.0, &b.0).statistic + statistics::chi_square(&a.1, &b.1).statistic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(counts: &[u64]) -> SplitCounts {
        SplitCounts {
            split: None,
            counts: counts.to_vec(),
            objects: Vec::new(),
            labelled: counts.iter().sum(),
            unlabelled: 0,
        }
    }

    fn division(a: &[u64], b: &[u64]) -> Division {
        let (a, b) = (split(a), split(b));
        let significance = statistics::equal_shares(&a.counts, &b.counts, 999, SEED);
        figures(SplitId(0), SplitId(1), &a, &b, &significance).division
    }

    #[test]
    fn the_three_kinds_of_division_and_the_doubtful_one_are_told_apart() {
        let (train, equal) = ([800, 400, 200, 100], [200, 100, 50, 25]);
        assert_eq!(division(&train, &equal), Division::Stratified);
        assert_eq!(division(&train, &[190, 112, 45, 28]), Division::Random);
        assert_eq!(division(&train, &[100, 100, 100, 75]), Division::Drifted);
        assert_eq!(division(&train, &[3, 2, 1, 0]), Division::CannotTell);
    }

    #[test]
    fn chance_alone_is_foretold_to_a_tenth() {
        let mut random = Random::seeded(9);
        let both = [400u64, 300, 200, 100];
        let mut sum = 0.0;
        for _ in 0..500 {
            let (mut pool, mut left) = (1000, 200);
            let a: Vec<u64> = both
                .iter()
                .map(|&count| {
                    let taken = random.hypergeometric(pool, count, left);
                    pool -= count;
                    left -= taken;
                    taken
                })
                .collect();
            let b: Vec<u64> = both.iter().zip(&a).map(|(both, a)| both - a).collect();
            sum += statistics::total_variation(&a, &b);
        }
        let foretold = expected_by_chance(&[80, 60, 40, 20], &[320, 240, 160, 80]);
        assert!((sum / 500.0 / foretold - 1.0).abs() < 0.1);
    }
}
