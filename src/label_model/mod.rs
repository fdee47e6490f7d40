//! Judges given labels from vectors, or from probabilities the user brings.
//! Works on plain slices: knows nothing of images, splits or files.

mod bursts;
mod calibrate;
mod chunks;
mod classes;
mod clusters;
mod confident;
mod flags;
mod islands;
mod many;
mod many_confident;
mod noise;
mod outliers;
mod ridge;
#[cfg(test)]
mod tests;

pub use classes::{ClassAdvice, OneClass, TwoClasses};
pub use clusters::Cluster;
pub use confident::judge_probabilities;
pub use many::{Doubt, JudgedMany, ManyJudgement, judge_many};
pub use many_confident::judge_many_probabilities;
pub use noise::{Noise, Point};
pub use outliers::Outlier;

use serde::{Deserialize, Serialize};

use crate::executor::{Executor, Interrupted};
use crate::neighbors::{Neighbor, Space};
use chunks::Layout;

/// The hyperparameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Samples in one chunk of the regression. Time grows with its square for
    /// each sample, memory with its square: 5,000 take 100 MB.
    pub chunk: usize,
    /// Nearest samples asked for their label.
    pub neighbors: usize,
    /// Odds against the given label from which it is likely wrong.
    pub likely: f64,
    /// Odds from which it is strongly suspected.
    pub strong: f64,
    /// Samples that make a cluster.
    pub cluster_size: usize,
    /// A flag is left out if it is less probably right than this, however many
    /// wrong labels are assumed.
    pub least_precision: f64,
    /// Of the chunk order and the permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            // Accuracy still rises from 2,000 to 5,000, hardly beyond.
            chunk: 5_000,
            neighbors: 50,
            // 20 and 50 to 1: precision .9 and .98 at 10% wrong labels.
            likely: 20.0,
            strong: 50.0,
            // Fewer are found by chance in confusable classes.
            cluster_size: 12,
            // Two of three flags may be false in a queue worth reading.
            least_precision: 0.3,
            seed: 0,
        }
    }
}

/// What is judged: row `i` of `vectors` belongs to `labels[i]` and `groups[i]`.
#[derive(Debug, Clone, Copy)]
pub struct Labelled<'a> {
    /// Rows of `dim` numbers, each of length 1.
    pub vectors: &'a [f32],
    /// Numbers in a row.
    pub dim: usize,
    /// What length each row had before it was scaled: one far longer or shorter
    /// than its neighbours is unusual.
    pub lengths: &'a [f32],
    /// Class of each row, below `classes`.
    pub labels: &'a [u32],
    /// Rows of one group (copies, one patient, one scene) never vouch for each
    /// other.
    pub groups: &'a [u32],
    /// How many classes there are.
    pub classes: usize,
}

impl<'a> Labelled<'a> {
    fn row(&self, sample: u32) -> &'a [f32] {
        let start = sample as usize * self.dim;
        &self.vectors[start..start + self.dim]
    }
}

/// How sure a suspicion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Worth a look: at 10% wrong labels about nine of ten are wrong.
    Likely,
    /// Nearly all of these are wrong where more than a few labels are.
    Strong,
}

impl Level {
    /// By the log odds of another label against the given one, where nothing
    /// but these speaks.
    fn of(odds: f64, settings: &Settings) -> Option<Self> {
        if odds > settings.strong.ln() {
            Some(Self::Strong)
        } else if odds > settings.likely.ln() {
            Some(Self::Likely)
        } else {
            None
        }
    }

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::Strong => "strong",
        }
    }
}

/// What the model says of one sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// Probability of the given label, 0 to 1.
    pub score: f32,
    /// The most probable label, which may be the given one.
    pub suggested: u32,
    /// Its probability.
    pub suggested_score: f32,
    /// The most probable label but the given one.
    pub alternative: u32,
    /// Its probability over that of the given label, as a logarithm.
    pub log_odds: f32,
    /// Probability that the given label is right, given how many are wrong; `None`
    /// where that was not estimated.
    pub posterior: Option<f32>,
    /// Whether the given label is suspected.
    pub level: Option<Level>,
    /// Nearest samples that carry the given label, nearest first.
    pub agreeing: Vec<Neighbor>,
    /// Nearest samples that carry `alternative`, nearest first.
    pub disagreeing: Vec<Neighbor>,
}

impl Judged {
    /// Probability that the given label is right, as well as it is known.
    pub fn right(&self) -> f32 {
        self.posterior.unwrap_or(self.score)
    }
}

/// How far the model may be believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Belief {
    /// Share of samples whose given label is the model's first choice, each
    /// predicted without its own group.
    pub accuracy: f64,
    /// Share of the largest class: what guessing would reach.
    pub majority: f64,
    /// The softmax temperature that was fitted.
    pub temperature: f64,
    /// Why flags would mean nothing, where they would not.
    pub unusable: Option<String>,
    /// How many labels are wrong, and what the flags are worth, where that was
    /// estimated.
    pub queue: Option<Box<Queue>>,
}

/// What is expected of the flags.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// How many labels are wrong.
    pub noise: Noise,
    /// Of wrong labels drawn at random, the share that would be flagged.
    pub detectable: f64,
    /// Share of the flags that are right: expected, and at the two ends of the
    /// interval of `noise`. 0 where there is none.
    pub precision: [f64; 3],
    /// Flags left out because of `least_precision`.
    pub cut: u32,
}

/// All that the model says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// One for each sample.
    pub samples: Vec<Judged>,
    /// How far to believe it.
    pub belief: Belief,
    /// Neighbouring samples that share one given and one better label.
    pub clusters: Vec<Cluster>,
    /// Samples that fit no class.
    pub outliers: Vec<Outlier>,
    /// Classes that are two, and two that are one.
    pub advice: ClassAdvice,
}

impl Judgement {
    /// The same where class `i` is called `names[i]`.
    #[must_use]
    pub fn renamed(mut self, names: &[u32]) -> Self {
        let rename = |class: &mut u32| *class = names[*class as usize];
        for judged in &mut self.samples {
            rename(&mut judged.suggested);
            rename(&mut judged.alternative);
        }
        for cluster in &mut self.clusters {
            rename(&mut cluster.given);
            rename(&mut cluster.suggested);
        }
        for halves in &mut self.advice.split {
            rename(&mut halves.class);
        }
        for merged in &mut self.advice.merged {
            merged.classes.iter_mut().for_each(rename);
        }
        self
    }
}

/// Judges every label of `data`: kernel ridge regression in chunks, every
/// sample predicted without its group, as probabilities; neighbours as the
/// second witness.
///
/// # Errors
/// [`Interrupted`] when a stop was asked for.
pub fn judge(
    data: Labelled<'_>,
    settings: &Settings,
    executor: &Executor,
) -> Result<Judgement, Interrupted> {
    let count = data.labels.len();
    let prior = shares(data.labels, data.classes);
    let targets = |sample: usize, class: usize| f32::from(data.labels[sample] as usize == class);
    let mut fitted = regress(data, &prior, targets, settings, executor)?;
    let values = std::mem::take(&mut fitted.values);
    let (mut probabilities, temperature) =
        calibrate::probabilities(values, data.labels, data.groups, data.classes);
    executor.stop().check()?;
    let mut noise = Noise::fit(&probabilities, data.labels, data.groups, data.classes);
    executor.stop().check()?;
    let mut belief = belief(&probabilities, data.labels, data.classes, &prior);
    belief.temperature = temperature;
    let case = flagging(data, &fitted, &probabilities, noise.as_ref(), settings);
    let mut samples = case.judge_all();
    let distances = outliers::distances(&fitted.neighbors, data.lengths);
    let outliers = outliers::find(&distances, data.labels, data.classes);
    let (mut found, mut advice) = (Vec::new(), ClassAdvice::default());
    if belief.unusable.is_none() {
        // By the first fit: in a second one the images of a cluster would have outvoted
        // the few among them whose label is right.
        let case = islands::Case {
            data,
            prior: &prior,
            temperature,
            judged: &samples,
            neighbors: &fitted.neighbors,
            settings,
            executor,
        };
        found = clusters::find(&case, &probabilities)?;
        executor.stop().check()?;
        advice = classes::advise(data, &probabilities, &fitted.neighbors, executor)?;
        if let Some(certain) = noise.filter(Noise::is_certain) {
            let values = again(data, &probabilities, &certain, settings, executor)?;
            (probabilities, belief.temperature) =
                calibrate::probabilities(values, data.labels, data.groups, data.classes);
            let carried = certain.carried(&probabilities, data.labels, data.groups, data.classes);
            noise = Some(carried);
            samples = flagging(data, &fitted, &probabilities, Some(&carried), settings).judge_all();
        }
    }
    for sample in alone(data) {
        samples[sample].level = None;
    }
    let case = flagging(data, &fitted, &probabilities, noise.as_ref(), settings);
    belief.queue = noise.map(|noise| Box::new(case.queue(noise, &mut samples)));
    if belief.unusable.is_some() {
        samples.iter_mut().for_each(|s| s.level = None);
    }
    debug_assert_eq!(samples.len(), count);
    Ok(Judgement {
        samples,
        belief,
        clusters: found,
        outliers,
        advice,
    })
}

fn flagging<'a>(
    data: Labelled<'a>,
    fitted: &'a ridge::Fitted,
    probabilities: &'a [f32],
    noise: Option<&'a Noise>,
    settings: &'a Settings,
) -> flags::Case<'a> {
    flags::Case {
        probabilities,
        neighbors: &fitted.neighbors,
        labels: data.labels,
        classes: data.classes,
        noise,
        settings,
    }
}

/// What is predicted where each label is no more than as probable as `noise` has it: wrong
/// labels no longer count fully for the images around them (soft bootstrapping, Reed et
/// al. 2015). A second time adds nothing: docs/accuracy.md.
fn again(
    data: Labelled<'_>,
    probabilities: &[f32],
    noise: &Noise,
    settings: &Settings,
    executor: &Executor,
) -> Result<Vec<f32>, Interrupted> {
    let classes = data.classes;
    let mut cleaned = vec![0.0; probabilities.len()];
    let mut prior = vec![0.0_f64; classes];
    let lines = probabilities.chunks_exact(classes).zip(data.labels);
    for (target, (line, &label)) in cleaned.chunks_exact_mut(classes).zip(lines) {
        noise.cleaned(line, label, target);
        for (sum, value) in prior.iter_mut().zip(&*target) {
            *sum += f64::from(*value);
        }
    }
    let count = data.labels.len().max(1) as f64;
    let prior: Vec<f32> = prior.into_iter().map(|sum| (sum / count) as f32).collect();
    let targets = |sample: usize, class: usize| cleaned[sample * classes + class];
    regress(data, &prior, targets, settings, executor).map(|fitted| fitted.values)
}

/// Samples whose label no other group carries: nothing could support it, so
/// evidence against it means nothing.
fn alone(data: Labelled<'_>) -> Vec<usize> {
    let mut first: Vec<Option<u32>> = vec![None; data.classes];
    let mut several = vec![false; data.classes];
    for (&label, &group) in data.labels.iter().zip(data.groups) {
        let earlier = first[label as usize].get_or_insert(group);
        several[label as usize] |= *earlier != group;
    }
    (0..data.labels.len())
        .filter(|&sample| !several[data.labels[sample] as usize])
        .collect()
}

/// Regresses `targets` less `prior` on the vectors; answers in sample order,
/// `prior` added again.
fn regress(
    data: Labelled<'_>,
    prior: &[f32],
    targets: impl Fn(usize, usize) -> f32,
    settings: &Settings,
    executor: &Executor,
) -> Result<ridge::Fitted, Interrupted> {
    let (dim, classes) = (data.dim, prior.len());
    let layout = Layout::new(data.groups, settings.chunk, settings.seed);
    let mut rows = Vec::with_capacity(data.vectors.len());
    let mut groups = Vec::with_capacity(layout.order.len());
    let mut wanted = Vec::with_capacity(layout.order.len() * classes);
    for &sample in &layout.order {
        let sample = sample as usize;
        rows.extend_from_slice(&data.vectors[sample * dim..(sample + 1) * dim]);
        groups.push(data.groups[sample]);
        wanted.extend((0..classes).map(|class| targets(sample, class) - prior[class]));
    }
    let space = Space {
        dim,
        rows: &rows,
        groups: &groups,
    };
    let asked = neighbors_asked(prior, layout.order.len(), settings);
    let mut fitted = ridge::fit(space, &layout, &wanted, classes, asked, executor)?;
    let mut values = vec![0.0; fitted.values.len()];
    let mut neighbors = vec![Vec::new(); layout.order.len()];
    for (place, &sample) in layout.order.iter().enumerate() {
        let sample = sample as usize;
        let line = &fitted.values[place * classes..(place + 1) * classes];
        for (class, value) in line.iter().enumerate() {
            values[sample * classes + class] = value + prior[class];
        }
        let mut list = std::mem::take(&mut fitted.neighbors[place]);
        for neighbor in &mut list {
            neighbor.row = layout.order[neighbor.row as usize];
        }
        neighbors[sample] = list;
    }
    Ok(ridge::Fitted { values, neighbors })
}

/// Least number of neighbours asked: fewer are no witness.
const FEWEST_NEIGHBORS: usize = 10;

/// As many as the settings say, but no more than half of a usual class: beyond
/// that the neighbours of every sample carry every label.
fn neighbors_asked(prior: &[f32], count: usize, settings: &Settings) -> usize {
    let used = prior.iter().filter(|&&share| share > 0.0).count().max(1);
    let half = count / (2 * used);
    settings.neighbors.min(half.max(FEWEST_NEIGHBORS))
}

fn shares(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0_u32; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let total = labels.len().max(1) as f32;
    counts.into_iter().map(|c| c as f32 / total).collect()
}

/// Share of what guessing misses that the model must get right. Random labels
/// reach 0, the hardest set measured where flags still help (40% wrong labels
/// on 32 × 32 images) a third.
const USABLE_GAIN: f64 = 0.1;
/// Standard deviations by which it must beat guessing.
const USABLE_SIGMA: f64 = 4.0;

fn belief(probabilities: &[f32], labels: &[u32], classes: usize, prior: &[f32]) -> Belief {
    let majority = f64::from(prior.iter().copied().fold(0.0, f32::max));
    let right = probabilities
        .chunks_exact(classes.max(1))
        .zip(labels)
        .filter(|(line, label)| flags::first(line, None) == Some(**label))
        .count();
    let count = labels.len().max(1) as f64;
    let accuracy = right as f64 / count;
    let noise = (majority * (1.0 - majority) / count).sqrt();
    let gain = (accuracy - majority) / (1.0 - majority).max(f64::EPSILON);
    let used = prior.iter().filter(|&&share| share > 0.0).count();
    let unusable = if used < 2 {
        Some("all judged samples carry one label".to_owned())
    } else if gain < USABLE_GAIN || accuracy - majority < USABLE_SIGMA * noise {
        Some(format!(
            "the model names the given label for {:.0}% of the samples, always guessing the \
             largest class for {:.0}%",
            accuracy * 100.0,
            majority * 100.0
        ))
    } else {
        None
    };
    Belief {
        accuracy,
        majority,
        temperature: 1.0,
        unusable,
        queue: None,
    }
}
