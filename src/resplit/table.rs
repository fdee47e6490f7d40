//! Counts of a running answer, and what a move or a swap would change. Decides
//! nothing.

use super::problem::{LEAST_EXPECTED, Problem};

/// How much deviations weigh while an answer is improved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Weight {
    /// Squares by what is expected: every label alike.
    Squares,
    /// Deviations in parts of the split above all, the larger the more, each
    /// held against the worst one.
    Worst {
        /// The worst deviation, in parts of a split.
        of: f64,
        /// What a unit of the squares is worth beside it.
        squares: f64,
        /// What sizes are worth beside it, where they may be bargained over;
        /// 0 where they stand above all labels.
        sizes: f64,
    },
}

/// What a change would do; the weightiest first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Change {
    pub(super) missing: i64,
    pub(super) size: i64,
    pub(super) labels: f64,
    pub(super) moved: i64,
}

/// Differences below this are rounding.
const NOTHING: f64 = 1e-9;

impl Change {
    /// Whether it does more good than `other`.
    pub(super) fn is_better_than(&self, other: &Self) -> bool {
        if (self.missing, self.size) != (other.missing, other.size) {
            return (self.missing, self.size) < (other.missing, other.size);
        }
        let difference = self.labels - other.labels;
        difference < -NOTHING || (difference < NOTHING && self.moved < other.moved)
    }
}

/// The counts of an answer.
pub(super) struct Table<'a> {
    problem: &'a Problem,
    /// The split of each atom.
    pub(super) answer: Vec<u16>,
    sizes: Vec<i64>,
    counts: Vec<i64>,
    expected: Vec<f64>,
    /// Deviations up to this many samples are free, by cell.
    free: Vec<f64>,
    required: Vec<bool>,
    weight: Weight,
    /// Net change of each label in the atoms being compared, all 0 between
    /// questions, and the labels touched.
    net: Vec<i64>,
    touched: Vec<u32>,
}

impl<'a> Table<'a> {
    /// The counts of `answer`. Deviations within `free` of chance (a part of
    /// the standard deviation of a random division, or half a sample) cost
    /// nothing; 0 for none.
    pub(super) fn new(problem: &'a Problem, answer: Vec<u16>, free: f64) -> Self {
        let (splits, labels) = (problem.splits(), problem.labels);
        let (all, parts) = (problem.label_counts(), problem.parts());
        let cells = (0..splits).flat_map(|split| (0..labels).map(move |label| (split, label)));
        let expected: Vec<f64> = cells.map(|(s, l)| all[l] as f64 * parts[s]).collect();
        let band = |index: usize| {
            if free <= 0.0 {
                return 0.0;
            }
            let spread = (expected[index] * (1.0 - parts[index / labels.max(1)])).sqrt();
            (free * spread).max(0.5)
        };
        let mut table = Self {
            problem,
            answer: Vec::new(),
            sizes: vec![0; splits],
            counts: vec![0; splits * labels],
            free: (0..expected.len()).map(band).collect(),
            required: problem.required(),
            expected,
            weight: Weight::Squares,
            net: vec![0; labels],
            touched: Vec::new(),
        };
        table.recount(answer);
        table
    }

    /// Counts another answer. Atoms in no split (`u16::MAX`) are passed over.
    pub(super) fn recount(&mut self, answer: Vec<u16>) {
        self.sizes.fill(0);
        self.counts.fill(0);
        let given = self.problem.atoms.iter().zip(&answer);
        for (atom, &split) in given.filter(|&(_, &split)| split != u16::MAX) {
            self.sizes[usize::from(split)] += i64::from(atom.size);
            for &(label, count) in &atom.labels {
                let cell = usize::from(split) * self.problem.labels + label as usize;
                self.counts[cell] += i64::from(count);
            }
        }
        self.answer = answer;
    }

    /// From now on deviations weigh so.
    pub(super) fn weigh(&mut self, weight: Weight) {
        self.weight = weight;
    }

    /// The worst deviation of a judged label beyond what is free, in parts of
    /// its split.
    pub(super) fn worst(&self) -> f64 {
        let judged = |&cell: &usize| cell % self.problem.labels < self.problem.judged;
        (0..self.counts.len())
            .filter(judged)
            .map(|cell| self.beyond(cell, self.counts[cell]) / self.target(cell))
            .fold(0.0, f64::max)
    }

    /// The cell that has the worst deviation; the first of equals.
    pub(super) fn worst_cell(&self) -> Option<usize> {
        let judged = |&cell: &usize| cell % self.problem.labels < self.problem.judged;
        let of = |cell: usize| self.beyond(cell, self.counts[cell]) / self.target(cell);
        (0..self.counts.len())
            .filter(judged)
            .map(|cell| (of(cell), cell))
            .reduce(|best, next| if next.0 > best.0 { next } else { best })
            .map(|(_, cell)| cell)
    }

    /// The sum of squares beyond what is free.
    pub(super) fn squares(&self) -> f64 {
        (0..self.counts.len())
            .map(|cell| self.square(cell, self.counts[cell]))
            .sum()
    }

    /// What a cell costs now.
    pub(super) fn cost(&self, cell: usize) -> f64 {
        self.price(cell, self.counts[cell])
    }

    /// By how many samples a cell has more than its part.
    pub(super) fn excess(&self, cell: usize) -> f64 {
        self.counts[cell] as f64 - self.expected[cell]
    }

    /// Whether a cell must not be empty and is.
    pub(super) fn is_missing(&self, cell: usize) -> bool {
        self.required[cell] && self.counts[cell] == 0
    }

    /// How many cells there are.
    pub(super) fn cells(&self) -> usize {
        self.counts.len()
    }

    /// By how many samples a split is larger than its target, beyond what is
    /// free; negative where it is smaller.
    pub(super) fn oversize(&self, split: usize) -> i64 {
        let off = self.sizes[split] - self.problem.targets[split] as i64;
        off.signum() * (off.abs() - self.problem.tolerance[split] as i64).max(0)
    }

    fn target(&self, cell: usize) -> f64 {
        (self.problem.targets[cell / self.problem.labels] as f64).max(0.5)
    }

    fn beyond(&self, cell: usize, count: i64) -> f64 {
        ((count as f64 - self.expected[cell]).abs() - self.free[cell]).max(0.0)
    }

    fn square(&self, cell: usize, count: i64) -> f64 {
        let off = self.beyond(cell, count);
        off * off / self.expected[cell].max(LEAST_EXPECTED)
    }

    fn price(&self, cell: usize, count: i64) -> f64 {
        match self.weight {
            Weight::Squares => self.square(cell, count),
            Weight::Worst { of, squares, .. } => {
                let square = squares * self.square(cell, count);
                if cell % self.problem.labels >= self.problem.judged {
                    return square;
                }
                let part = self.beyond(cell, count) / self.target(cell) / of;
                let second = part * part;
                let fourth = second * second;
                fourth * fourth + square
            }
        }
    }

    fn size_cost(&self, split: usize, size: i64) -> i64 {
        let off = (size - self.problem.targets[split] as i64).abs();
        (off - self.problem.tolerance[split] as i64).max(0)
    }

    /// What a change of a split's size costs where it may be bargained over.
    fn bargain(&self, split: usize, by: i64) -> f64 {
        match self.weight {
            Weight::Worst { of, sizes, .. } if sizes > 0.0 => {
                sizes * by as f64 / (self.problem.targets[split] as f64).max(0.5) / of
            }
            _ => 0.0,
        }
    }

    fn is_empty(&self, split: usize, size: i64) -> i64 {
        i64::from(size == 0 && self.problem.targets[split] > 0)
    }

    /// By how much `atom`'s split comes nearer to its part without it, in
    /// squares; negative where it goes further away.
    pub(super) fn relief(&self, atom: usize) -> f64 {
        let split = usize::from(self.answer[atom]);
        let labels = self.problem.atoms[atom].labels.iter();
        let of_label = labels.map(|&(label, count)| {
            let cell = split * self.problem.labels + label as usize;
            let now = self.counts[cell];
            self.square(cell, now) - self.square(cell, now - i64::from(count))
        });
        of_label.sum()
    }

    /// Takes `atom` out of the counts.
    pub(super) fn take_out(&mut self, atom: usize) {
        let split = usize::from(self.answer[atom]);
        let of_atom = &self.problem.atoms[atom];
        self.sizes[split] -= i64::from(of_atom.size);
        for &(label, count) in &of_atom.labels {
            self.counts[split * self.problem.labels + label as usize] -= i64::from(count);
        }
    }

    /// What it would change to send `atom` to `to` and `back`, which lies
    /// there, to where `atom` is now.
    pub(super) fn of_swap(&mut self, atom: usize, to: u16, back: Option<usize>) -> Change {
        let problem = self.problem;
        let from = self.answer[atom];
        let (s, t) = (usize::from(from), usize::from(to));
        let mut shift = i64::from(problem.atoms[atom].size);
        let mut moved =
            problem.atoms[atom].moved(to) as i64 - problem.atoms[atom].moved(from) as i64;
        for &(label, count) in &problem.atoms[atom].labels {
            self.net[label as usize] += i64::from(count);
            self.touched.push(label);
        }
        if let Some(back) = back {
            let other = &problem.atoms[back];
            shift -= i64::from(other.size);
            moved += other.moved(from) as i64 - other.moved(to) as i64;
            for &(label, count) in &other.labels {
                self.net[label as usize] -= i64::from(count);
                self.touched.push(label);
            }
        }
        let size = |split: usize, by: i64| {
            let (now, then) = (self.sizes[split], self.sizes[split] + by);
            (
                self.size_cost(split, then) - self.size_cost(split, now),
                self.is_empty(split, then) - self.is_empty(split, now),
            )
        };
        let (out, into) = (size(s, -shift), size(t, shift));
        let mut change = Change {
            missing: out.1 + into.1,
            size: out.0 + into.0,
            labels: self.bargain(s, out.0) + self.bargain(t, into.0),
            moved,
        };
        let mut touched = std::mem::take(&mut self.touched);
        for &label in &touched {
            let net = std::mem::take(&mut self.net[label as usize]);
            if net == 0 {
                continue;
            }
            for (split, by) in [(s, -net), (t, net)] {
                let cell = split * problem.labels + label as usize;
                let (now, then) = (self.counts[cell], self.counts[cell] + by);
                change.labels += self.price(cell, then) - self.price(cell, now);
                if self.required[cell] {
                    change.missing += i64::from(then == 0) - i64::from(now == 0);
                }
            }
        }
        touched.clear();
        self.touched = touched;
        change
    }

    /// Sends `atom` to `to`.
    pub(super) fn send(&mut self, atom: usize, to: u16) {
        let (s, t) = (usize::from(self.answer[atom]), usize::from(to));
        let labels = self.problem.labels;
        let of_atom = &self.problem.atoms[atom];
        self.sizes[s] -= i64::from(of_atom.size);
        self.sizes[t] += i64::from(of_atom.size);
        for &(label, count) in &of_atom.labels {
            self.counts[s * labels + label as usize] -= i64::from(count);
            self.counts[t * labels + label as usize] += i64::from(count);
        }
        self.answer[atom] = to;
    }
}
