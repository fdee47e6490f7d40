//! From a problem to an answer: deal, improve, settle. Reads no report.

use super::assign;
use super::improve::{Effort, improve};
use super::problem::Problem;
use super::settle::settle;
use super::table::Table;
use crate::executor::{Interrupted, StopFlag};

/// Where an answer starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Nothing: the best shares that can be found.
    Fresh,
    /// Today's splits: the fewest moves after which shares are even.
    Today,
}

/// Changes compared at most: some seconds of one core, ten where atoms are many.
const CHANGES: u64 = 30_000_000;

/// The same of a repair that leaves labels uneven: less than a second, because every scan
/// that finds a leak forecasts a repair.
const CHANGES_REPAIRED: u64 = 4_000_000;

/// Up to this many atoms an answer is annealed.
const ANNEALED: usize = 20_000;

/// How often at most: many short annealings find more than a few long ones.
const ANNEALINGS: u64 = 32;

/// A repair lets deviations be that are a twentieth of what chance gives, or
/// half a sample: a test for drift sees a stratified split then.
const LET_BE: f64 = 0.05;

/// The split of every atom.
///
/// # Errors
/// When the user asks to stop.
pub fn solve(problem: &Problem, start: Start, stop: &StopFlag) -> Result<Vec<u16>, Interrupted> {
    let count = problem.atoms.len();
    let (fixed, effort) = match start {
        Start::Fresh => {
            let effort = Effort {
                changes: CHANGES,
                annealings: if count <= ANNEALED { ANNEALINGS } else { 0 },
                free: 0.0,
            };
            (vec![None; count], effort)
        }
        Start::Today => {
            let effort = Effort {
                changes: CHANGES,
                annealings: 0,
                free: LET_BE,
            };
            let fixed = at_home(problem);
            return repair(problem, fixed, effort, stop);
        }
    };
    let mut answer = assign::deal(problem, &fixed);
    if start == Start::Fresh {
        settle(problem, &mut answer);
    }
    let mut answer = improve(problem, answer, effort, stop)?;
    settle(problem, &mut answer);
    Ok(answer)
}

/// The answer with the fewest moves; where that leaves labels uneven, as large atoms
/// that lie in several splits do, the best that annealing makes of it.
fn repair(
    problem: &Problem,
    fixed: Vec<Option<u16>>,
    effort: Effort,
    stop: &StopFlag,
) -> Result<Vec<u16>, Interrupted> {
    let mut answer = improve(problem, assign::deal(problem, &fixed), effort, stop)?;
    settle(problem, &mut answer);
    let mut table = Table::new(problem, Vec::new(), LET_BE);
    table.recount(answer.clone());
    if table.worst() <= 0.0 || problem.atoms.len() > ANNEALED {
        return Ok(answer);
    }
    let effort = Effort {
        changes: CHANGES_REPAIRED,
        annealings: ANNEALINGS,
        ..effort
    };
    let mut better = improve(problem, answer.clone(), effort, stop)?;
    settle(problem, &mut better);
    let is_better = problem
        .measure(&better)
        .is_well_below(&problem.measure(&answer));
    Ok(if is_better { better } else { answer })
}

/// Where every atom may stay: where most of it lies, unless its split has too
/// much of what it brings. Of equals those late in line leave.
fn at_home(problem: &Problem) -> Vec<Option<u16>> {
    let mut home: Vec<Option<u16>> = problem
        .atoms
        .iter()
        .map(|atom| atom.pin.or_else(|| atom.home()))
        .map(|home| home.filter(|&split| problem.targets[usize::from(split)] > 0))
        .collect();
    let all: Vec<u16> = home.iter().map(|home| home.unwrap_or(u16::MAX)).collect();
    let mut table = Table::new(problem, Vec::new(), LET_BE);
    table.recount(all);
    let mut order: Vec<usize> = (0..problem.atoms.len()).collect();
    order.sort_unstable_by_key(|&atom| std::cmp::Reverse((problem.atoms[atom].tie, atom)));
    for atom in order {
        if problem.atoms[atom].pin.is_none() && home[atom].is_some() && table.relief(atom) > 0.0 {
            table.take_out(atom);
            home[atom] = None;
        }
    }
    home
}
