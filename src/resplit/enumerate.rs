//! All answers to a very small problem, by branch and bound (Land, Doig 1960).
//! Gives up after a number of steps, never after a time.

use super::problem::Problem;

/// Up to this many atoms all answers are gone through: what the search misses
/// there is large beside a split.
pub(super) const FEW: usize = 32;

/// Placements to try: about a quarter of a second.
const STEPS: u64 = 4_000_000;

/// Deviations nearer than this to each other are the same.
const SAME: f64 = 1e-9;

/// What is held down, the weightiest first: see [`super::Measure`].
type Key = (u64, u64, f64);

/// An answer better than `answer` in what is missing, sizes or the worst
/// deviation, if there is one, and whether all were gone through.
pub(super) fn enumerate(problem: &Problem, answer: &[u16]) -> (Option<Vec<u16>>, bool) {
    let measure = problem.measure(answer);
    let mut order: Vec<usize> = (0..problem.atoms.len()).collect();
    let profile = |index: usize| {
        let atom = &problem.atoms[index];
        (std::cmp::Reverse(atom.size), &atom.labels, atom.pin)
    };
    order.sort_by(|&a, &b| profile(a).cmp(&profile(b)).then(a.cmp(&b)));
    let same = |place: usize| place > 0 && profile(order[place]) == profile(order[place - 1]);
    let (all, parts) = (problem.label_counts(), problem.parts());
    let cells = (0..problem.splits()).flat_map(|s| (0..problem.labels).map(move |l| (s, l)));
    let repeats = (0..order.len()).map(same).collect();
    let mut tree = Tree {
        expected: cells.map(|(s, l)| all[l] as f64 * parts[s]).collect(),
        required: problem.required(),
        sizes: vec![0; problem.splits()],
        counts: vec![0; problem.splits() * problem.labels],
        rest: all,
        rest_atoms: problem.label_atoms(),
        placed: vec![0; order.len()],
        left: STEPS,
        best: (measure.missing, measure.size, measure.worst),
        found: None,
        problem,
        order,
        repeats,
    };
    let is_whole = tree.branch(0);
    let answer = tree.found.map(|placed| {
        let mut answer = vec![0; placed.len()];
        for (&atom, &split) in tree.order.iter().zip(&placed) {
            answer[atom] = split;
        }
        answer
    });
    (answer, is_whole)
}

struct Tree<'a> {
    problem: &'a Problem,
    /// Atoms, the largest first, equal ones side by side.
    order: Vec<usize>,
    /// Whether each equals the one before.
    repeats: Vec<bool>,
    expected: Vec<f64>,
    required: Vec<bool>,
    sizes: Vec<u64>,
    counts: Vec<u64>,
    /// What is not placed yet of each label, in samples and in atoms.
    rest: Vec<u64>,
    rest_atoms: Vec<u32>,
    placed: Vec<u16>,
    left: u64,
    best: Key,
    found: Option<Vec<u16>>,
}

impl Tree<'_> {
    /// Places the atom at `depth` and all behind it; whether nothing was left
    /// untried.
    fn branch(&mut self, depth: usize) -> bool {
        let bound = self.bound();
        if !is_less(bound, self.best) {
            return true;
        }
        let Some(&atom) = self.order.get(depth) else {
            self.best = bound;
            self.found = Some(self.placed.clone());
            return true;
        };
        let problem = self.problem;
        let from = if self.repeats[depth] {
            self.placed[depth - 1]
        } else {
            0
        };
        let mut splits: Vec<u16> = match problem.atoms[atom].pin {
            Some(pin) => vec![pin],
            None => (from..problem.splits() as u16)
                .filter(|&split| problem.targets[usize::from(split)] > 0)
                .collect(),
        };
        // Where most room is first: a good answer early spares the rest.
        let room = |split: u16| {
            let split = usize::from(split);
            problem.targets[split] as i64 - self.sizes[split] as i64
        };
        splits.sort_by_key(|&split| std::cmp::Reverse(room(split)));
        let mut is_whole = true;
        for split in splits {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            self.placed[depth] = split;
            self.put(atom, split, true);
            is_whole &= self.branch(depth + 1);
            self.put(atom, split, false);
        }
        is_whole
    }

    fn put(&mut self, atom: usize, split: u16, is_in: bool) {
        let atom = &self.problem.atoms[atom];
        let split = usize::from(split);
        let add = |to: &mut u64, by: u32, up: bool| match up {
            true => *to += u64::from(by),
            false => *to -= u64::from(by),
        };
        add(&mut self.sizes[split], atom.size, is_in);
        for &(label, count) in &atom.labels {
            let cell = split * self.problem.labels + label as usize;
            add(&mut self.counts[cell], count, is_in);
            add(&mut self.rest[label as usize], count, !is_in);
            match is_in {
                true => self.rest_atoms[label as usize] -= 1,
                false => self.rest_atoms[label as usize] += 1,
            }
        }
    }

    /// What no answer that goes on from here can pass; of a whole answer, what
    /// it is.
    fn bound(&self) -> Key {
        let problem = self.problem;
        let rest: u64 =
            (problem.targets.iter().sum::<u64>()).saturating_sub(self.sizes.iter().sum::<u64>());
        let (mut missing, mut over, mut under) = (0, 0, 0);
        for (split, &size) in self.sizes.iter().enumerate() {
            let (target, free) = (problem.targets[split], problem.tolerance[split]);
            over += size.saturating_sub(target + free);
            under += target.saturating_sub(free).saturating_sub(size);
            missing += u64::from(rest == 0 && size == 0 && target > 0);
        }
        let mut worst: f64 = 0.0;
        for label in 0..problem.judged {
            let mut lacking = 0;
            for split in 0..problem.splits() {
                let cell = split * problem.labels + label;
                lacking += u32::from(self.required[cell] && self.counts[cell] == 0);
                if problem.targets[split] == 0 {
                    continue;
                }
                let (count, expected) = (self.counts[cell] as f64, self.expected[cell]);
                let short = expected - count - self.rest[label] as f64;
                worst = worst.max((count - expected).max(short) / problem.targets[split] as f64);
            }
            missing += u64::from(lacking.saturating_sub(self.rest_atoms[label]));
        }
        // What is still to come may fill what is short, and no more.
        (missing, over + under.saturating_sub(rest), worst)
    }
}

fn is_less(a: Key, b: Key) -> bool {
    (a.0, a.1) < (b.0, b.1) || ((a.0, a.1) == (b.0, b.1) && a.2 < b.2 - SAME)
}

#[cfg(test)]
mod tests {
    use super::super::problem::{Atom, sizes};
    use super::*;
    use proptest::prelude::*;

    fn key(problem: &Problem, answer: &[u16]) -> Key {
        let measure = problem.measure(answer);
        (measure.missing, measure.size, measure.worst)
    }

    type Made = (Vec<u32>, Option<u16>);

    fn problem(made: &[Made]) -> Problem {
        let atom = |(counts, pin): &Made| Atom {
            size: counts.iter().copied().max().unwrap_or(0).max(1),
            labels: (0..)
                .zip(counts.iter().copied())
                .filter(|&(_, n)| n > 0)
                .collect(),
            pin: *pin,
            ..Atom::default()
        };
        let atoms: Vec<Atom> = made.iter().map(atom).collect();
        let total = atoms.iter().map(|atom| u64::from(atom.size)).sum();
        Problem {
            atoms,
            targets: sizes(total, &[0.5, 0.3, 0.2]),
            tolerance: vec![0, 1, 0],
            labels: 3,
            judged: 2,
            first: vec![0, 2, 1],
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn best_of_all_answers_is_found(made in prop::collection::vec(
            (prop::collection::vec(0u32..5, 3), prop::option::weighted(0.2, 0u16..2)), 2..8
        )) {
            let problem = problem(&made);
            let first: Vec<u16> = made.iter().map(|(_, pin)| pin.unwrap_or(0)).collect();
            let (found, is_whole) = enumerate(&problem, &first);
            prop_assert!(is_whole);
            let ours = key(&problem, &found.unwrap_or(first));
            for number in 0..3usize.pow(made.len() as u32) {
                let answer: Vec<u16> = (0..made.len() as u32)
                    .map(|place| (number / 3usize.pow(place) % 3) as u16)
                    .collect();
                let open = |split: u16| problem.targets[usize::from(split)] > 0;
                let is_allowed = made.iter().zip(&answer).all(|((_, pin), &split)| match pin {
                    Some(pin) => *pin == split,
                    None => open(split),
                });
                if is_allowed {
                    prop_assert!(!is_less(key(&problem, &answer), ours), "{answer:?} {ours:?}");
                }
            }
        }
    }

    #[test]
    fn giving_up_is_said() {
        let made: Vec<Made> = (1..=24)
            .map(|n| (vec![n * n % 37 + 1, n % 5, n % 3], None))
            .collect();
        let problem = problem(&made);
        let first = vec![0; 24];
        let (found, is_whole) = enumerate(&problem, &first);
        assert!(!is_whole, "that many answers are not gone through");
        assert!(found.is_some_and(|found| is_less(key(&problem, &found), key(&problem, &first))));
    }
}
