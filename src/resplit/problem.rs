//! The question as numbers: atoms, splits, and how good an answer is. Knows no
//! sample and solves nothing.

/// Samples that go into one split together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Atom {
    /// How many samples.
    pub size: u32,
    /// Labels and how often each occurs, in label order, none with 0.
    pub labels: Box<[(u32, u32)]>,
    /// Splits in which its samples lie today and how many, in split order.
    /// Samples that lie in none are left out.
    pub today: Box<[(u16, u32)]>,
    /// The only split it may go to.
    pub pin: Option<u16>,
    /// Its place in line, from its content: what decides between equals.
    pub tie: u64,
}

/// Atoms to spread over splits.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// What is spread, in an order that depends on content alone.
    pub atoms: Vec<Atom>,
    /// Samples wanted in each split, together all there are.
    pub targets: Vec<u64>,
    /// How far a split's size may lie from its target for free.
    pub tolerance: Vec<u64>,
    /// How many labels there are.
    pub labels: usize,
    /// The first labels up to here are the user's, whose worst deviation is
    /// held down; further ones only count in the sum of squares.
    pub judged: usize,
    /// The order in which splits get the atoms of a label that has fewer of
    /// them than there are splits.
    pub first: Vec<u16>,
}

/// How good an answer is, the weightiest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measure {
    /// Labels that a split lacks though there are atoms enough for one in each,
    /// and empty splits.
    pub missing: u64,
    /// Samples by which sizes lie outside their tolerance.
    pub size: u64,
    /// The largest deviation of a label's count from its even part, in parts
    /// of the split.
    pub worst: f64,
    /// The sum of squared deviations, each by what is expected (Pearson 1900).
    pub squares: f64,
    /// Samples that change their split.
    pub moved: u64,
}

impl Measure {
    /// Whether it is better than `other`.
    pub(super) fn is_below(&self, other: &Self) -> bool {
        let key = |m: &Self| (m.missing, m.size, m.worst, m.squares, m.moved);
        key(self) < key(other)
    }

    /// Whether it is better in what is missing or sizes, or by a ten-thousandth
    /// in its worst deviation.
    pub(super) fn is_well_below(&self, other: &Self) -> bool {
        (self.missing, self.size, self.worst) < (other.missing, other.size, 0.9999 * other.worst)
    }

    /// Whether nothing is missing, sizes are met and the worst deviation is
    /// `floor` up to rounding: there is nothing to gain.
    pub(super) fn is_at(&self, floor: f64) -> bool {
        (self.missing, self.size) == (0, 0) && self.worst <= floor * (1.0 + ROUNDING)
    }
}

/// Two deviations that differ by less, relative to their size, are equal.
const ROUNDING: f64 = 1e-9;

impl Problem {
    /// How many splits there are.
    pub fn splits(&self) -> usize {
        self.targets.len()
    }

    /// How many samples there are.
    pub fn samples(&self) -> u64 {
        self.atoms.iter().map(|atom| u64::from(atom.size)).sum()
    }

    /// How often each label occurs.
    pub fn label_counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.labels];
        for atom in &self.atoms {
            for &(label, count) in &atom.labels {
                counts[label as usize] += u64::from(count);
            }
        }
        counts
    }

    /// The atoms that hold each label.
    pub fn label_atoms(&self) -> Vec<u32> {
        let mut atoms = vec![0; self.labels];
        for atom in &self.atoms {
            for &(label, _) in &atom.labels {
                atoms[label as usize] += 1;
            }
        }
        atoms
    }

    /// The part of all samples wanted in each split, 0 to 1.
    pub fn parts(&self) -> Vec<f64> {
        let total = self.targets.iter().sum::<u64>().max(1) as f64;
        let part = |&target: &u64| target as f64 / total;
        self.targets.iter().map(part).collect()
    }

    /// Whether each cell (split by split, label by label) must not be empty:
    /// every split where a label has atoms enough for all, else as many of
    /// [`Problem::first`] as it has atoms. Pinned atoms count where they are.
    pub fn required(&self) -> Vec<bool> {
        let splits = self.splits();
        let mut free = vec![0usize; self.judged];
        let mut pinned = vec![false; self.judged * splits];
        for atom in &self.atoms {
            for &(label, _) in &atom.labels {
                let label = label as usize;
                match atom.pin {
                    _ if label >= self.judged => {}
                    Some(split) => pinned[usize::from(split) * self.judged + label] = true,
                    None => free[label] += 1,
                }
            }
        }
        let mut required = vec![false; splits * self.labels];
        for (label, &free) in free.iter().enumerate() {
            let mut left = free;
            for &split in &self.first {
                let split = usize::from(split);
                if self.targets[split] == 0 {
                    continue;
                }
                if !pinned[split * self.judged + label] {
                    if left == 0 {
                        continue;
                    }
                    left -= 1;
                }
                required[split * self.labels + label] = true;
            }
        }
        required
    }

    /// A worst deviation that no answer can pass: the largest atom of a label
    /// has to lie somewhere.
    pub fn floor(&self) -> f64 {
        let (all, parts) = (self.label_counts(), self.parts());
        let mut largest = vec![0u32; self.labels];
        for atom in &self.atoms {
            for &(label, count) in &atom.labels {
                let largest = &mut largest[label as usize];
                *largest = count.max(*largest);
            }
        }
        let open = || (0..self.splits()).filter(|&split| self.targets[split] > 0);
        let of_label = |label: usize| {
            let over = |split: usize| {
                let off = f64::from(largest[label]) - all[label] as f64 * parts[split];
                off.max(0.0) / self.targets[split] as f64
            };
            open().map(over).fold(f64::INFINITY, f64::min)
        };
        (0..self.judged)
            .map(of_label)
            .filter(|floor| floor.is_finite())
            .fold(0.0, f64::max)
    }

    /// Judges an answer: the split of each atom.
    pub fn measure(&self, answer: &[u16]) -> Measure {
        let (splits, labels) = (self.splits(), self.labels);
        let mut sizes = vec![0u64; splits];
        let mut counts = vec![0u64; splits * labels];
        let mut moved = 0;
        for (atom, &split) in self.atoms.iter().zip(answer) {
            sizes[usize::from(split)] += u64::from(atom.size);
            for &(label, count) in &atom.labels {
                counts[usize::from(split) * labels + label as usize] += u64::from(count);
            }
            moved += atom.moved(split);
        }
        let required = self.required();
        let lacking = counts.iter().zip(&required).filter(|&(&n, &r)| r && n == 0);
        let empty = (sizes.iter().zip(&self.targets)).filter(|&(&n, &target)| n == 0 && target > 0);
        let outside = (sizes.iter().zip(&self.targets).zip(&self.tolerance))
            .map(|((&n, &target), &free)| n.abs_diff(target).saturating_sub(free));
        let mut measure = Measure {
            missing: (lacking.count() + empty.count()) as u64,
            size: outside.sum(),
            moved,
            ..Measure::default()
        };
        let (all, parts) = (self.label_counts(), self.parts());
        for split in 0..splits {
            for label in 0..labels {
                let expected = all[label] as f64 * parts[split];
                let off = counts[split * labels + label] as f64 - expected;
                measure.squares += off * off / expected.max(LEAST_EXPECTED);
                if label < self.judged && self.targets[split] > 0 {
                    let share = off.abs() / self.targets[split] as f64;
                    measure.worst = measure.worst.max(share);
                }
            }
        }
        measure
    }
}

/// Below this expected count a deviation counts as by this many: Pearson's
/// quotient has no bound where nothing is expected.
pub(super) const LEAST_EXPECTED: f64 = 0.5;

impl Atom {
    /// How many of its samples change their split when it goes to `split`.
    pub fn moved(&self, split: u16) -> u64 {
        let elsewhere = self.today.iter().filter(|&&(today, _)| today != split);
        elsewhere.map(|&(_, count)| u64::from(count)).sum()
    }

    /// The split where most of its samples lie today; the first of equals.
    pub fn home(&self) -> Option<u16> {
        let most =
            (self.today.iter()).reduce(|best, next| if next.1 > best.1 { next } else { best });
        most.map(|&(split, _)| split)
    }
}

/// Sizes of `parts` (0 to 1, together 1) of `total`, each rounded so that
/// together they are the total: the largest remainders are rounded up
/// (Hamilton's method); of equals the first.
pub fn sizes(total: u64, parts: &[f64]) -> Vec<u64> {
    let exact: Vec<f64> = parts.iter().map(|part| part * total as f64).collect();
    let mut sizes: Vec<u64> = exact.iter().map(|size| size.floor() as u64).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| {
        let rest = |i: usize| exact[i] - exact[i].floor();
        rest(b).total_cmp(&rest(a)).then(a.cmp(&b))
    });
    let left = total.saturating_sub(sizes.iter().sum());
    for &index in order.iter().cycle().take(left as usize) {
        sizes[index] += 1;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_and_add_up() {
        assert_eq!(sizes(10, &[0.8, 0.1, 0.1]), [8, 1, 1]);
        assert_eq!(sizes(11, &[0.8, 0.1, 0.1]), [9, 1, 1]);
        assert_eq!(sizes(3, &[0.25; 4]), [1, 1, 1, 0]);
        assert_eq!(sizes(0, &[0.5, 0.5]), [0, 0]);
    }

    #[test]
    fn label_of_two_atoms_is_required_in_the_first_two_splits() {
        let atom = |label| Atom {
            size: 1,
            labels: [(label, 1)].into(),
            ..Atom::default()
        };
        let problem = Problem {
            atoms: vec![atom(0), atom(0), atom(1), atom(1), atom(1)],
            targets: vec![3, 1, 1],
            tolerance: vec![0; 3],
            labels: 2,
            judged: 2,
            first: vec![0, 2, 1],
        };
        assert_eq!(
            problem.required(),
            [true, true, false, true, true, true],
            "label 0 in splits 0 and 2 only"
        );
    }

    #[test]
    fn largest_atom_of_a_label_bounds_the_worst_deviation() {
        let atom = |size, label| Atom {
            size,
            labels: [(label, size)].into(),
            ..Atom::default()
        };
        let problem = Problem {
            atoms: vec![atom(6, 0), atom(2, 0), atom(8, 1)],
            targets: vec![8, 8],
            tolerance: vec![0, 0],
            labels: 2,
            judged: 2,
            first: vec![0, 1],
        };
        assert_eq!(
            problem.floor(),
            0.5,
            "8 of label 1 where 4 are expected, of 8"
        );
        assert!(problem.measure(&[0, 0, 1]).worst >= problem.floor());
    }

    #[test]
    fn measure_counts_what_the_words_say() {
        let atom = |label, today| Atom {
            size: 2,
            labels: [(label, 2)].into(),
            today: [(today, 2)].into(),
            ..Atom::default()
        };
        let problem = Problem {
            atoms: vec![atom(0, 0), atom(0, 0), atom(1, 1), atom(1, 1)],
            targets: vec![4, 4],
            tolerance: vec![1, 1],
            labels: 2,
            judged: 2,
            first: vec![0, 1],
        };
        let today = problem.measure(&[0, 0, 1, 1]);
        assert_eq!((today.missing, today.size, today.moved), (2, 0, 0));
        assert_eq!((today.worst, today.squares), (0.5, 8.0));
        let even = problem.measure(&[0, 1, 0, 1]);
        assert_eq!((even.missing, even.moved), (0, 4));
        assert_eq!((even.worst, even.squares), (0.0, 0.0));
        let heavy = problem.measure(&[0, 0, 0, 1]);
        assert_eq!(heavy.size, 2, "two samples off in both, one of each free");
    }
}
