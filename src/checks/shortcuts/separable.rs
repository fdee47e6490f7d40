//! Classes that simple features separate from the rest: screened by one cut,
//! cross-validated, and compared with permuted labels. Reports nothing.

use super::columns::Column;
use super::words::rule;
use super::{FOLDS, TREE};
use crate::checks::CheckError;
use crate::executor::Executor;
use crate::finding::Figure;
use crate::sample::ClassId;
use crate::statistics::{
    self, Chance, Feature, Interval, Random, Size, Task, balanced_accuracy, beyond_chance,
    cross_validate, wilson,
};

/// With fewer rows a class cannot be cross-validated: four a fold.
pub(super) const FEWEST_OF_CLASS: usize = 20;

/// Rows asked: an accuracy is then known to a hundredth.
pub(super) const MOST_ROWS: usize = 6_000;

/// A class goes on to cross-validation only if some single cut separates it from
/// the rest at least so well: far below any bar, and far above noise.
const SCREEN: f64 = 0.7;

/// What a class has to exceed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar {
    /// Balanced accuracy, 0.5 to 1.
    pub(super) accuracy: f64,
    /// How often a sound data set may exceed it by chance, 0 to 1.
    pub(super) level: f64,
}

/// A class that can be predicted.
pub(super) struct Separable {
    pub(super) class: ClassId,
    /// Cross-validated balanced accuracy.
    pub(super) accuracy: f64,
    /// Its 95% interval.
    pub(super) interval: Interval,
    /// What permuted labels reach.
    pub(super) chance: Chance,
    /// A small tree in words.
    pub(super) rule: String,
}

impl Separable {
    /// The figures of a finding about it.
    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |name, value| Figure { name, value };
        vec![
            figure("balanced_accuracy", self.accuracy),
            figure("balanced_accuracy_low", self.interval.low),
            figure("balanced_accuracy_high", self.interval.high),
            figure("permuted_best", self.chance.best),
            figure("permutations", self.chance.draws as f64),
        ]
    }
}

/// Those of `classes` that `columns` separate from the rest, the clearest first.
/// `targets` gives 1 for each row of a class, else 0.
///
/// # Errors
/// When the user asked to stop.
pub(super) fn separable(
    executor: &Executor,
    columns: &[&Column],
    classes: &[ClassId],
    bar: Bar,
    targets: impl Fn(ClassId) -> Vec<u32> + Sync,
) -> Result<Vec<Separable>, CheckError> {
    let features: Vec<Feature> = columns.iter().map(|c| c.feature.clone()).collect();
    let judged = executor.map(classes.len(), |index| {
        let class = classes[index];
        let targets = targets(class);
        if best_single_cut(&features, &targets) < SCREEN {
            return None;
        }
        let seed = u64::from(class.0);
        let (accuracy, interval) = validated(&features, &targets, &mut Random::seeded(seed));
        if accuracy < bar.accuracy {
            return None;
        }
        let chance = beyond_chance(accuracy, bar.level, seed, |random| {
            let mut dealt = targets.clone();
            random.shuffle(&mut dealt);
            validated(&features, &dealt, random).0
        });
        let small = Size { leaves: 3, ..TREE };
        chance.is_beyond.then(|| Separable {
            class,
            accuracy,
            interval,
            chance,
            rule: rule(columns, &features, &targets, small),
        })
    })?;
    let mut found: Vec<Separable> = judged.into_iter().flatten().collect();
    found.sort_by(|a, b| {
        b.accuracy
            .total_cmp(&a.accuracy)
            .then(a.class.cmp(&b.class))
    });
    Ok(found)
}

/// The classes that enough of `rows` rows have and enough have not, of `counts`
/// rows of each class. Of two only the first: the second says what the first does.
/// `None` where there are no two.
pub(super) fn judged_classes(counts: &[usize], rows: usize) -> Option<Vec<ClassId>> {
    let enough = |&count: &usize| count >= FEWEST_OF_CLASS && rows - count >= FEWEST_OF_CLASS;
    let classes = (0..).map(ClassId).zip(counts);
    let mut classes: Vec<ClassId> = classes
        .filter(|(_, count)| enough(count))
        .map(|(class, _)| class)
        .collect();
    match classes.len() {
        0 | 1 => return None,
        2 => classes.truncate(1),
        _ => {}
    }
    Some(classes)
}

/// The balanced accuracy, on the rows themselves, of the best single question.
fn best_single_cut(features: &[Feature], targets: &[u32]) -> f64 {
    let positives = targets.iter().filter(|&&target| target == 1).count() as f64;
    let negatives = targets.len() as f64 - positives;
    let mut best = 0.5f64;
    for feature in features {
        let mut counts = vec![[0u32; 2]; feature.count];
        for (&bin, &target) in feature.bins.iter().zip(targets) {
            counts[usize::from(bin)][target as usize] += 1;
        }
        let (mut no, mut yes) = (0.0, 0.0);
        for [of_no, of_yes] in counts {
            if feature.ordered {
                no += f64::from(of_no);
                yes += f64::from(of_yes);
            } else {
                (no, yes) = (f64::from(of_no), f64::from(of_yes));
            }
            let difference: f64 = yes / positives - no / negatives;
            best = best.max(0.5 + difference.abs() / 2.0);
        }
    }
    best
}

/// Cross-validated balanced accuracy of a small tree, and its 95% interval
/// (the mean of the two recalls' Wilson intervals).
fn validated(features: &[Feature], targets: &[u32], random: &mut Random) -> (f64, Interval) {
    let task = Task {
        features,
        targets,
        classes: 2,
    };
    let fold_of = statistics::folds(targets, FOLDS, random);
    let shares = cross_validate(&task, &fold_of, FOLDS, TREE);
    let (mut right, mut total) = ([0u64; 2], [0u64; 2]);
    for (of_row, &target) in shares.chunks_exact(2).zip(targets) {
        total[target as usize] += 1;
        right[target as usize] += u64::from((of_row[1] > of_row[0]) == (target == 1));
    }
    let recalls = [wilson(right[0], total[0]), wilson(right[1], total[1])];
    let interval = Interval {
        low: (recalls[0].low + recalls[1].low) / 2.0,
        high: (recalls[0].high + recalls[1].high) / 2.0,
    };
    (balanced_accuracy(&task, &shares), interval)
}
