//! The best answer to a small problem, proven by a mixed-integer program.
//! Leaves large ones alone.
//!
//! Atoms that are equal (size, labels) are one whole-number variable for each
//! split, so that a proof need not tell them apart. First the sizes' excess is
//! least, then, at those sizes, the worst deviation of a label.

use good_lp::{
    Expression, ProblemVariables, Solution, SolutionStatus, SolverModel, Variable, WithTimeLimit,
    constraint, microlp, variable, variables,
};

use super::problem::Problem;

/// What a proof came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Proof {
    /// Nothing better exists; the answer is the given one or a better.
    Optimal(Vec<u16>),
    /// Not settled within the time; the answer is as good as the given one or
    /// better.
    Open(Vec<u16>),
}

/// Whole-number variables up to which a proof is tried: a few seconds of a
/// solver that does not use several threads.
const MOST_VARIABLES: usize = 240;

/// Whether `problem` is small enough for a proof.
pub fn is_small(problem: &Problem) -> bool {
    kinds(problem).len() * problem.splits() <= MOST_VARIABLES
}

/// Looks for the best answer for at most `seconds` in each of two steps, from
/// `answer` on.
pub fn prove(problem: &Problem, answer: Vec<u16>, seconds: f64) -> Proof {
    let mut best = answer;
    let mut proven = true;
    for goal in [Goal::Size, Goal::Worst] {
        let measure = problem.measure(&best);
        let nothing_left = match goal {
            Goal::Size => measure.missing == 0 && measure.size == 0,
            Goal::Worst => measure.worst <= 0.0,
        };
        if nothing_left {
            continue;
        }
        match solve(problem, goal, measure.size, seconds) {
            Some((found, is_optimal)) => {
                let better = problem.measure(&found);
                let key = |m: &super::Measure| (m.missing, m.size, m.worst);
                if key(&better) < key(&measure) {
                    best = found;
                }
                proven &= is_optimal;
            }
            None => proven = false,
        }
    }
    match proven {
        true => Proof::Optimal(best),
        false => Proof::Open(best),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Goal {
    Size,
    Worst,
}

/// Equal atoms, in atom order.
fn kinds(problem: &Problem) -> Vec<Vec<usize>> {
    let key = |index: usize| {
        let atom = &problem.atoms[index];
        (atom.pin, atom.size, &atom.labels)
    };
    let mut order: Vec<usize> = (0..problem.atoms.len()).collect();
    order.sort_by(|&a, &b| key(a).cmp(&key(b)).then(a.cmp(&b)));
    order
        .chunk_by(|&a, &b| key(a) == key(b))
        .map(<[usize]>::to_vec)
        .collect()
}

struct Model {
    variables: ProblemVariables,
    /// How many of each kind go to each split, kind by kind.
    of_kind: Vec<Vec<Variable>>,
}

fn solve(problem: &Problem, goal: Goal, most: u64, seconds: f64) -> Option<(Vec<u16>, bool)> {
    let kinds = kinds(problem);
    let splits = problem.splits();
    let mut model = Model {
        variables: variables!(),
        of_kind: Vec::new(),
    };
    for kind in &kinds {
        let pin = problem.atoms[kind[0]].pin;
        let of_split = (0..splits).map(|split| {
            let open = match pin {
                Some(pin) => usize::from(pin) == split,
                None => problem.targets[split] > 0,
            };
            let most = if open { kind.len() as f64 } else { 0.0 };
            model.variables.add(variable().integer().min(0.0).max(most))
        });
        model.of_kind.push(of_split.collect());
    }
    let outside: Vec<Variable> = (0..splits)
        .map(|_| model.variables.add(variable().min(0.0)))
        .collect();
    let worst = model.variables.add(variable().min(0.0));
    let sum = |weight: &dyn Fn(usize) -> f64, split: usize| -> Expression {
        let weighted = kinds.iter().zip(&model.of_kind).map(|(kind, of_split)| {
            let weight = weight(kind[0]);
            (of_split[split], weight)
        });
        weighted
            .filter(|&(_, weight)| weight != 0.0)
            .map(|(v, weight)| v * weight)
            .sum()
    };
    let all_outside: Expression = outside.iter().copied().sum();
    let objective: Expression = match goal {
        Goal::Size => all_outside.clone(),
        Goal::Worst => worst.into(),
    };
    let mut constraints = Vec::new();
    for (kind, of_split) in kinds.iter().zip(&model.of_kind) {
        let all: Expression = of_split.iter().copied().sum();
        constraints.push(constraint!(all == kind.len() as f64));
    }
    let size = |atom: usize| f64::from(problem.atoms[atom].size);
    for (split, &outside) in outside.iter().enumerate() {
        let (target, free) = (
            problem.targets[split] as f64,
            problem.tolerance[split] as f64,
        );
        let held = sum(&size, split);
        constraints.push(constraint!(held.clone() - outside <= target + free));
        constraints.push(constraint!(held.clone() + outside >= target - free));
        if problem.targets[split] > 0 {
            constraints.push(constraint!(held >= 1.0));
        }
    }
    if goal == Goal::Worst {
        constraints.push(constraint!(all_outside <= most as f64));
    }
    let (counts, parts, required) = (problem.label_counts(), problem.parts(), problem.required());
    for split in 0..splits {
        for label in 0..problem.judged {
            let amount = |atom: usize| {
                let labels = &problem.atoms[atom].labels;
                let place = labels.binary_search_by_key(&(label as u32), |&(label, _)| label);
                place.map_or(0.0, |place| f64::from(labels[place].1))
            };
            let held = sum(&amount, split);
            if required[split * problem.labels + label] {
                constraints.push(constraint!(held.clone() >= 1.0));
            }
            if goal == Goal::Worst && problem.targets[split] > 0 {
                let expected = counts[label] as f64 * parts[split];
                let target = problem.targets[split] as f64;
                constraints.push(constraint!(held.clone() - target * worst <= expected));
                constraints.push(constraint!(held + target * worst >= expected));
            }
        }
    }
    let mut solver = model.variables.minimise(objective).using(microlp);
    solver = solver.with_time_limit(seconds);
    for constraint in constraints {
        solver = solver.with(constraint);
    }
    let solution = solver.solve().ok()?;
    let is_optimal = matches!(solution.status(), SolutionStatus::Optimal);
    let mut answer = vec![0; problem.atoms.len()];
    for (kind, of_split) in kinds.iter().zip(&model.of_kind) {
        let mut members = kind.iter();
        for (split, &variable) in of_split.iter().enumerate() {
            let count = solution.value(variable).round().max(0.0) as usize;
            for &member in members.by_ref().take(count) {
                answer[member] = split as u16;
            }
        }
    }
    Some((answer, is_optimal))
}
