//! A small decision tree over binned features, grown best split first, and its
//! cross-validation. Small on purpose: it must fit into a sentence.

use super::random::Random;

/// One feature of all rows, in bins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// The bin of each row, below `count`.
    pub bins: Vec<u8>,
    /// How many bins there are.
    pub count: usize,
    /// Whether bins are in order, so that "at most" makes sense of them.
    pub ordered: bool,
}

/// A question asked of a row's bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// The bin is this one or a lower one.
    AtMost(u8),
    /// The bin is this one.
    Is(u8),
}

impl Test {
    fn holds(self, bin: u8) -> bool {
        match self {
            Self::AtMost(limit) => bin <= limit,
            Self::Is(wanted) => bin == wanted,
        }
    }
}

/// A node of a [`Tree`].
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// The share of each class among training rows here, each class weighing
    /// the same in the whole.
    Leaf(Vec<f64>),
    /// A question, and the nodes where it leads.
    Split {
        /// Index of the feature asked about.
        feature: usize,
        /// The question.
        test: Test,
        /// The node for yes.
        yes: usize,
        /// The node for no.
        no: usize,
    },
}

/// A grown tree; node 0 is its root.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// All nodes.
    pub nodes: Vec<Node>,
}

/// How large a tree may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Leaves at most.
    pub leaves: usize,
    /// Rows in each leaf at least.
    pub rows: usize,
}

/// What a tree is grown on.
#[derive(Debug, Clone, Copy)]
pub struct Task<'a> {
    /// The features, all with as many rows.
    pub features: &'a [Feature],
    /// The class of each row, below `classes`.
    pub targets: &'a [u32],
    /// How many classes there are.
    pub classes: usize,
}

impl Tree {
    /// Grows a tree on `rows` of `task`; each class weighs the same, however
    /// many rows it has.
    pub fn grow(task: &Task<'_>, rows: &[u32], size: Size) -> Self {
        let mut totals = vec![0u64; task.classes];
        for &row in rows {
            totals[task.targets[row as usize] as usize] += 1;
        }
        let weights: Vec<f64> = totals
            .iter()
            .map(|&total| if total == 0 { 0.0 } else { 1.0 / total as f64 })
            .collect();
        let grower = Grower {
            task,
            weights: &weights,
            size,
        };
        let mut nodes = vec![grower.leaf(rows)];
        // Leaves that can still be split: node, rows, best split.
        let mut open: Vec<Open> = grower.open(0, rows.to_vec()).into_iter().collect();
        let mut leaves = 1;
        while leaves < size.leaves {
            // The first of equals, so that the tree does not depend on chance.
            let Some(best) = (0..open.len()).reduce(|best, next| {
                if open[next].gain > open[best].gain {
                    next
                } else {
                    best
                }
            }) else {
                break;
            };
            let Open {
                node,
                rows,
                feature,
                test,
                ..
            } = open.remove(best);
            let bins = &task.features[feature].bins;
            let (yes_rows, no_rows): (Vec<u32>, Vec<u32>) = rows
                .iter()
                .partition(|&&row| test.holds(bins[row as usize]));
            let (yes, no) = (nodes.len(), nodes.len() + 1);
            nodes.push(grower.leaf(&yes_rows));
            nodes.push(grower.leaf(&no_rows));
            nodes[node] = Node::Split {
                feature,
                test,
                yes,
                no,
            };
            open.extend(grower.open(yes, yes_rows));
            open.extend(grower.open(no, no_rows));
            leaves += 1;
        }
        Self { nodes }
    }

    /// The class shares of the leaf that a row falls into.
    pub fn shares(&self, features: &[Feature], row: usize) -> &[f64] {
        let mut node = 0;
        loop {
            match &self.nodes[node] {
                Node::Leaf(shares) => return shares,
                Node::Split {
                    feature,
                    test,
                    yes,
                    no,
                } => {
                    node = if test.holds(features[*feature].bins[row]) {
                        *yes
                    } else {
                        *no
                    };
                }
            }
        }
    }

    /// How many leaves there are.
    pub fn leaves(&self) -> usize {
        let is_leaf = |node: &&Node| matches!(node, Node::Leaf(_));
        self.nodes.iter().filter(is_leaf).count()
    }
}

/// A leaf and the best split of it.
struct Open {
    node: usize,
    rows: Vec<u32>,
    gain: f64,
    feature: usize,
    test: Test,
}

struct Grower<'a> {
    task: &'a Task<'a>,
    weights: &'a [f64],
    size: Size,
}

impl Grower<'_> {
    fn leaf(&self, rows: &[u32]) -> Node {
        let mut shares = vec![0.0; self.task.classes];
        for &row in rows {
            let class = self.task.targets[row as usize] as usize;
            shares[class] += self.weights[class];
        }
        let total: f64 = shares.iter().sum();
        if total > 0.0 {
            shares.iter_mut().for_each(|share| *share /= total);
        }
        Node::Leaf(shares)
    }

    /// The best split of a leaf, if any lowers its impurity.
    fn open(&self, node: usize, rows: Vec<u32>) -> Option<Open> {
        if rows.len() < 2 * self.size.rows {
            return None;
        }
        let mut best: Option<(f64, usize, Test)> = None;
        for (index, feature) in self.task.features.iter().enumerate() {
            if let Some((gain, test)) = self.best_test(feature, &rows)
                && best.is_none_or(|(most, _, _)| gain > most)
            {
                best = Some((gain, index, test));
            }
        }
        let (gain, feature, test) = best?;
        Some(Open {
            node,
            rows,
            gain,
            feature,
            test,
        })
    }

    fn best_test(&self, feature: &Feature, rows: &[u32]) -> Option<(f64, Test)> {
        let classes = self.task.classes;
        let mut weight = vec![0.0; feature.count * classes];
        let mut count = vec![0usize; feature.count];
        for &row in rows {
            let (bin, class) = (
                usize::from(feature.bins[row as usize]),
                self.task.targets[row as usize] as usize,
            );
            weight[bin * classes + class] += self.weights[class];
            count[bin] += 1;
        }
        let mut all = vec![0.0; classes];
        for of_bin in weight.chunks_exact(classes) {
            add(&mut all, of_bin);
        }
        let whole = impurity(&all);
        let (mut yes, mut yes_rows) = (vec![0.0; classes], 0);
        let mut best: Option<(f64, Test)> = None;
        for (bin, of_bin) in weight.chunks_exact(classes).enumerate() {
            if count[bin] == 0 {
                continue;
            }
            let test = if feature.ordered {
                add(&mut yes, of_bin);
                yes_rows += count[bin];
                Test::AtMost(bin as u8)
            } else {
                yes.copy_from_slice(of_bin);
                yes_rows = count[bin];
                Test::Is(bin as u8)
            };
            if yes_rows < self.size.rows || rows.len() - yes_rows < self.size.rows {
                continue;
            }
            let no: Vec<f64> = all.iter().zip(&yes).map(|(a, y)| a - y).collect();
            let gain = whole - impurity(&yes) - impurity(&no);
            // Less is rounding error.
            if gain > 1e-9 && best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, test));
            }
        }
        best
    }
}

fn add(sum: &mut [f64], more: &[f64]) {
    sum.iter_mut()
        .zip(more)
        .for_each(|(sum, more)| *sum += more);
}

/// Gini's impurity times the weight of the node.
fn impurity(weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return 0.0;
    }
    total - weights.iter().map(|w| w * w).sum::<f64>() / total
}

/// Deals rows into `folds`, each class evenly; the fold of each row.
pub fn folds(targets: &[u32], folds: usize, random: &mut Random) -> Vec<usize> {
    let mut order: Vec<usize> = (0..targets.len()).collect();
    random.shuffle(&mut order);
    order.sort_by_key(|&row| targets[row]);
    let mut fold_of = vec![0; targets.len()];
    for (place, row) in order.into_iter().enumerate() {
        fold_of[row] = place % folds.max(1);
    }
    fold_of
}

/// The class shares that a tree gives to each row when grown without the row's
/// fold: `classes` numbers a row.
pub fn cross_validate(task: &Task<'_>, fold_of: &[usize], folds: usize, size: Size) -> Vec<f64> {
    let mut shares = vec![0.0; task.targets.len() * task.classes];
    for fold in 0..folds {
        let rows: Vec<u32> = (0..task.targets.len() as u32)
            .filter(|&row| fold_of[row as usize] != fold)
            .collect();
        let tree = Tree::grow(task, &rows, size);
        for row in (0..task.targets.len()).filter(|&row| fold_of[row] == fold) {
            let place = row * task.classes;
            let of_leaf = tree.shares(task.features, row);
            shares[place..place + task.classes].copy_from_slice(of_leaf);
        }
    }
    shares
}

/// The mean over classes of the share of their rows for which the largest of
/// `shares` is the right one; the first of equals counts.
pub fn balanced_accuracy(task: &Task<'_>, shares: &[f64]) -> f64 {
    let (mut right, mut total) = (vec![0u64; task.classes], vec![0u64; task.classes]);
    for (of_row, &target) in shares.chunks_exact(task.classes).zip(task.targets) {
        let best = (0..task.classes).reduce(|best, next| {
            if of_row[next] > of_row[best] {
                next
            } else {
                best
            }
        });
        total[target as usize] += 1;
        right[target as usize] += u64::from(best == Some(target as usize));
    }
    let recalls: Vec<f64> = right
        .iter()
        .zip(&total)
        .filter(|&(_, &total)| total > 0)
        .map(|(&right, &total)| right as f64 / total as f64)
        .collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { leaves: 4, rows: 5 };

    fn ordered(bins: Vec<u8>) -> Feature {
        let count = bins.iter().copied().max().map_or(0, |b| usize::from(b) + 1);
        Feature {
            bins,
            count,
            ordered: true,
        }
    }

    #[test]
    fn tree_finds_the_feature_that_tells_and_the_place_to_cut() {
        let noise = ordered((0..200u32).map(|i| (i * 7 % 16) as u8).collect());
        let telling = ordered((0..200u32).map(|i| (i % 16) as u8).collect());
        let targets: Vec<u32> = (0..200).map(|i| u32::from(i % 16 > 10)).collect();
        let features = [noise, telling];
        let task = Task {
            features: &features,
            targets: &targets,
            classes: 2,
        };
        let rows: Vec<u32> = (0..200).collect();
        let tree = Tree::grow(&task, &rows, SMALL);
        assert_eq!(tree.leaves(), 2);
        assert!(matches!(
            tree.nodes[0],
            Node::Split {
                feature: 1,
                test: Test::AtMost(10),
                ..
            }
        ));
        let fold_of = folds(&targets, 5, &mut Random::seeded(1));
        let shares = cross_validate(&task, &fold_of, 5, SMALL);
        assert_eq!(balanced_accuracy(&task, &shares), 1.0);
    }

    #[test]
    fn random_labels_are_predicted_no_better_than_by_chance() {
        let mut random = Random::seeded(3);
        let feature = ordered((0..2000).map(|_| random.below(16) as u8).collect());
        let targets: Vec<u32> = (0..2000).map(|_| random.below(2) as u32).collect();
        let features = [feature];
        let task = Task {
            features: &features,
            targets: &targets,
            classes: 2,
        };
        let fold_of = folds(&targets, 5, &mut random);
        let shares = cross_validate(&task, &fold_of, 5, SMALL);
        // Four standard errors of a share of 2,000.
        assert!((balanced_accuracy(&task, &shares) - 0.5).abs() < 0.045);
    }

    #[test]
    fn categories_are_told_by_being_one() {
        let category = Feature {
            bins: (0..90).map(|i| (i % 3) as u8).collect(),
            count: 3,
            ordered: false,
        };
        let targets: Vec<u32> = (0..90).map(|i| u32::from(i % 3 == 1)).collect();
        let features = [category];
        let task = Task {
            features: &features,
            targets: &targets,
            classes: 2,
        };
        let tree = Tree::grow(&task, &(0..90).collect::<Vec<_>>(), SMALL);
        assert!(matches!(
            tree.nodes[0],
            Node::Split {
                test: Test::Is(1),
                ..
            }
        ));
    }
}
