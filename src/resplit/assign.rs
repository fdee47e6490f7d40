//! A first answer: the rarest label first, each atom to the split that wants
//! it most. Improves nothing.
//!
//! Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011, "On the
//! Stratification of Multi-Label Data"), of atoms instead of samples. Large
//! atoms go one by one; the many small ones are laid in a row by content hash
//! and cut where demand says, so that a new sample shifts a cut by one place
//! and not all that follow it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::problem::{Atom, Problem};

/// Up to this many atoms of about one size go one by one.
const FEW: usize = 12;

/// The split of every atom. Those that `fixed` names stay there.
pub(super) fn deal(problem: &Problem, fixed: &[Option<u16>]) -> Vec<u16> {
    let mut dealer = Dealer::new(problem, fixed);
    dealer.give_heavy();
    let atoms_of = atoms_by_label(problem);
    let mut heap: BinaryHeap<Reverse<(usize, u32)>> = (0..problem.labels as u32)
        .map(|label| Reverse((dealer.left[label as usize], label)))
        .collect();
    while let Some(Reverse((known, label))) = heap.pop() {
        let left = dealer.left[label as usize];
        if left == 0 {
            continue;
        }
        // Other labels took some since.
        if left != known {
            heap.push(Reverse((left, label)));
            continue;
        }
        let free = |atom: &&u32| dealer.answer[**atom as usize].is_none();
        let open: Vec<u32> = atoms_of.of(label).iter().filter(free).copied().collect();
        dealer.deal(open, Some(label));
    }
    let open = (0..problem.atoms.len() as u32)
        .filter(|&atom| dealer.answer[atom as usize].is_none())
        .collect();
    dealer.deal(open, None);
    dealer
        .answer
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
}

/// The atoms of each label, in atom order.
pub(super) struct ByLabel {
    starts: Vec<usize>,
    atoms: Vec<u32>,
}

impl ByLabel {
    pub(super) fn of(&self, label: u32) -> &[u32] {
        &self.atoms[self.starts[label as usize]..self.starts[label as usize + 1]]
    }
}

pub(super) fn atoms_by_label(problem: &Problem) -> ByLabel {
    let mut starts = vec![0; problem.labels + 1];
    for (label, atoms) in problem.label_atoms().into_iter().enumerate() {
        starts[label + 1] = starts[label] + atoms as usize;
    }
    let mut next = starts.clone();
    let mut atoms = vec![0; starts[problem.labels]];
    for (index, atom) in (0..).zip(&problem.atoms) {
        for &(label, _) in &atom.labels {
            atoms[next[label as usize]] = index;
            next[label as usize] += 1;
        }
    }
    ByLabel { starts, atoms }
}

struct Dealer<'a> {
    problem: &'a Problem,
    answer: Vec<Option<u16>>,
    /// What each split still wants: of each label, and of samples.
    demand: Vec<f64>,
    room: Vec<f64>,
    /// Atoms of each label not yet dealt.
    left: Vec<usize>,
}

impl<'a> Dealer<'a> {
    fn new(problem: &'a Problem, fixed: &[Option<u16>]) -> Self {
        let (all, parts) = (problem.label_counts(), problem.parts());
        let splits = problem.splits();
        let wanted = |split: usize| {
            all.iter().map(move |&n| n as f64).map({
                let part = parts[split];
                move |n| n * part
            })
        };
        let mut dealer = Self {
            problem,
            answer: vec![None; problem.atoms.len()],
            demand: (0..splits).flat_map(wanted).collect(),
            room: problem
                .targets
                .iter()
                .map(|&target| target as f64)
                .collect(),
            left: problem
                .label_atoms()
                .into_iter()
                .map(|n| n as usize)
                .collect(),
        };
        for (atom, &split) in fixed.iter().enumerate() {
            if let Some(split) = problem.atoms[atom].pin.or(split) {
                dealer.give(atom as u32, split);
            }
        }
        dealer
    }

    fn give(&mut self, index: u32, split: u16) {
        let atom = &self.problem.atoms[index as usize];
        self.answer[index as usize] = Some(split);
        self.room[usize::from(split)] -= f64::from(atom.size);
        for &(label, count) in &atom.labels {
            let cell = usize::from(split) * self.problem.labels + label as usize;
            self.demand[cell] -= f64::from(count);
            self.left[label as usize] -= 1;
        }
    }

    /// Gives first what is not welcome everywhere: an atom that alone would bring a split
    /// further off than [`Problem::floor`] goes where it does not.
    fn give_heavy(&mut self) {
        let problem = self.problem;
        let (floor, all, parts) = (problem.floor(), problem.label_counts(), problem.parts());
        let alone = |atom: &Atom, split: usize| {
            let labels = atom.labels.iter();
            let judged = labels.filter(|&&(label, _)| (label as usize) < problem.judged);
            let over = judged.map(|&(label, count)| {
                f64::from(count) - all[label as usize] as f64 * parts[split]
            });
            over.fold(0.0, f64::max) / problem.targets[split] as f64
        };
        let open: Vec<usize> = (0..problem.splits())
            .filter(|&split| problem.targets[split] > 0)
            .collect();
        // Up to rounding.
        let most = floor * (1.0 + 1e-9) + 1e-12;
        let mut heavy: Vec<(u32, Vec<usize>)> = (0..problem.atoms.len())
            .filter(|&index| self.answer[index].is_none())
            .filter_map(|index| {
                let atom = &problem.atoms[index];
                let welcome = open.iter().copied();
                let welcome: Vec<usize> = welcome.filter(|&s| alone(atom, s) <= most).collect();
                (welcome.len() < open.len()).then_some((index as u32, welcome))
            })
            .collect();
        let size = |index: u32| problem.atoms[index as usize].size;
        heavy.sort_by_key(|(index, welcome)| (welcome.len(), Reverse(size(*index)), *index));
        for (index, welcome) in heavy {
            let best =
                welcome
                    .into_iter()
                    .reduce(|best, next| match self.room[next] > self.room[best] {
                        true => next,
                        false => best,
                    });
            if let Some(split) = best {
                self.give(index, split as u16);
            }
        }
    }

    /// What a split wants of `label`, or of samples where none is named.
    fn wants(&self, split: usize, label: Option<u32>) -> f64 {
        match label {
            Some(label) => self.demand[split * self.problem.labels + label as usize],
            None => self.room[split],
        }
    }

    fn deal(&mut self, mut open: Vec<u32>, label: Option<u32>) {
        let problem = self.problem;
        let amount = |index: u32| amount(&problem.atoms[index as usize], label);
        // Sizes within a factor of two are about one size.
        let class = |index: u32| u32::BITS - amount(index).leading_zeros();
        open.sort_unstable_by_key(|&index| {
            (
                Reverse(class(index)),
                problem.atoms[index as usize].tie,
                index,
            )
        });
        let mut rest: u64 = open.iter().map(|&index| u64::from(amount(index))).sum();
        for run in open.chunk_by(|&a, &b| class(a) == class(b)) {
            let here: u64 = run.iter().map(|&index| u64::from(amount(index))).sum();
            if run.len() <= FEW {
                for &index in run {
                    let split = self.greediest(label);
                    self.give(index, split);
                }
            } else {
                self.cut(run, label, here as f64 / rest.max(1) as f64);
            }
            rest -= here;
        }
    }

    /// The split that wants most of `label`; of equals the one with most room,
    /// then the first.
    fn greediest(&self, label: Option<u32>) -> u16 {
        let splits = (0..self.problem.splits()).filter(|&s| self.problem.targets[s] > 0);
        let best = splits.reduce(|best, next| {
            let wants = self.wants(next, label).total_cmp(&self.wants(best, label));
            let room = self.room[next].total_cmp(&self.room[best]);
            if wants.then(room).is_gt() { next } else { best }
        });
        best.unwrap_or(0) as u16
    }

    /// Cuts a run of atoms where demand says; the run is `part` of what is left
    /// of its label.
    fn cut(&mut self, run: &[u32], label: Option<u32>, part: f64) {
        let splits = self.problem.splits();
        let wanted: Vec<f64> = (0..splits)
            .map(|split| self.wants(split, label).max(0.0) * part)
            .collect();
        let all: f64 = wanted.iter().sum();
        let amounts = run
            .iter()
            .map(|&i| f64::from(amount(&self.problem.atoms[i as usize], label)));
        let total: f64 = amounts.sum();
        let mut ends = wanted.iter().scan(0.0, |end, wanted| {
            *end += if all > 0.0 { wanted / all * total } else { 0.0 };
            Some(*end)
        });
        let (mut split, mut end) = (0, ends.next().unwrap_or(0.0));
        let mut before = 0.0;
        let last = wanted.iter().rposition(|&wanted| wanted > 0.0).unwrap_or(0);
        for &index in run {
            let size = f64::from(amount(&self.problem.atoms[index as usize], label));
            while split < last && before + size / 2.0 > end {
                split += 1;
                end = ends.next().unwrap_or(f64::INFINITY);
            }
            before += size;
            self.give(index, split as u16);
        }
    }
}

/// How much of `label` an atom brings, or how many samples.
fn amount(atom: &Atom, label: Option<u32>) -> u32 {
    let Some(label) = label else {
        return atom.size;
    };
    let place = atom
        .labels
        .binary_search_by_key(&label, |&(label, _)| label);
    place.map_or(0, |place| atom.labels[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single(label: u32, tie: u64) -> Atom {
        Atom {
            size: 1,
            labels: [(label, 1)].into(),
            tie,
            ..Atom::default()
        }
    }

    fn problem(atoms: Vec<Atom>, targets: Vec<u64>) -> Problem {
        Problem {
            labels: 3,
            judged: 3,
            tolerance: vec![0; targets.len()],
            first: (0..targets.len() as u16).collect(),
            atoms,
            targets,
        }
    }

    #[test]
    fn single_samples_of_one_label_come_out_even() {
        let atoms: Vec<Atom> = (0..300u32)
            .map(|i| single(i % 3, u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let problem = problem(atoms, vec![240, 30, 30]);
        let measure = problem.measure(&deal(&problem, &[None; 300]));
        assert_eq!((measure.missing, measure.size, measure.worst), (0, 0, 0.0));
    }

    #[test]
    fn large_atoms_go_first_and_small_ones_fill_up() {
        let mut atoms: Vec<Atom> = (0..40).map(|tie| single(0, tie)).collect();
        let large = |size| Atom {
            size,
            labels: [(0, size)].into(),
            ..Atom::default()
        };
        atoms.extend([large(30), large(20), large(10)]);
        let problem = problem(atoms, vec![60, 30, 10]);
        let measure = problem.measure(&deal(&problem, &[None; 43]));
        assert_eq!(measure.size, 0);
    }

    #[test]
    fn atom_that_alone_sets_the_worst_deviation_goes_where_it_is_least() {
        let mut atoms: Vec<Atom> = (0..60).map(|tie| single(1, tie)).collect();
        let labels = [(0, 30), (2, 1)].into();
        atoms.push(Atom {
            size: 31,
            labels,
            ..Atom::default()
        });
        let problem = problem(atoms, vec![33, 34, 24]);
        let answer = deal(&problem, &[None; 61]);
        assert_eq!(answer[60], 1, "the largest split");
    }

    #[test]
    fn what_is_fixed_stays() {
        let atoms: Vec<Atom> = (0..20).map(|tie| single(0, tie)).collect();
        let problem = problem(atoms, vec![10, 10]);
        let mut fixed = vec![None; 20];
        fixed[3] = Some(1);
        fixed[4] = Some(0);
        let answer = deal(&problem, &fixed);
        assert_eq!((answer[3], answer[4]), (1, 0));
        assert_eq!(problem.measure(&answer).size, 0);
    }
}
