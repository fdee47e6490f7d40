//! Random moves and swaps of a search, ever fewer of them for the worse
//! (simulated annealing: Kirkpatrick, Gelatt, Vecchi 1983), again and again.

use super::improve::{Best, LABELS, SQUARES, Search};
use super::table::Weight;
use crate::executor::Interrupted;

/// Temperatures of annealing, where the worst cell costs 1: at first it may
/// grow by some percent, at last nothing of note may.
const HOT: f64 = 0.5;
const COLD: f64 = 0.001;

/// The price of an empty cell that must not be, while annealing: more than any
/// heat pays.
const MISSING: f64 = 10.0;

/// Annealing starts where a deviation of this many times the worst costs 1, so
/// that large atoms move. Of 2 to 32 the best on problems of 40 to 3,000 atoms.
const WIDE: f64 = 16.0;

/// It ends where this part of the worst deviation costs 1.
const NARROW: f64 = 0.8;

/// What sizes are worth beside the worst deviation, in turn: low prices for
/// detours, high ones where sizes are what is hard.
const SIZES: [f64; 3] = [4.0, 16.0, 64.0];

/// Random steps for each atom that make an annealing worth its while.
const STEPS: u64 = 200;

/// A deviation below this is none.
const LEAST: f64 = 1e-6;

/// How to anneal once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// Random changes to try; fewer where atoms have many labels.
    pub(super) steps: u64,
    /// The deviation, in parts of a split, that costs 1 at first and at last.
    pub(super) wide: f64,
    pub(super) narrow: f64,
    /// What sizes are worth beside it.
    pub(super) sizes: f64,
    /// What all squares together are worth beside it.
    pub(super) squares: f64,
}

impl Search<'_> {
    /// Anneals up to `times` times, each from the best answer so far.
    pub(super) fn anneal_often(&mut self, times: u64, floor: f64) -> Result<(), Interrupted> {
        let mut best = (self.measure(), self.table.answer.clone());
        let budget = self.left;
        let enough = STEPS * self.problem.atoms.len() as u64;
        let times = times.min(budget * 2 / 5 / enough).max(1);
        for round in 0..times {
            // A quarter is kept for kicks.
            if self.left <= budget / 4 || best.0.is_at(floor) {
                break;
            }
            let worst = self.table.worst();
            self.anneal(Schedule {
                steps: budget * 2 / 5 / times,
                wide: WIDE * worst,
                narrow: (NARROW * worst).max(floor),
                sizes: SIZES[round as usize % SIZES.len()],
                // Squares lead down from afar and lead astray at the bottom.
                squares: if round % 2 == 0 {
                    SQUARES
                } else {
                    SQUARES / 100.0
                },
            })?;
            self.lower_worst()?;
            let found = self.measure();
            if found.is_below(&best.0) {
                best = (found, self.table.answer.clone());
            } else {
                self.table.recount(best.1.clone());
            }
        }
        Ok(())
    }

    /// Random moves and swaps, worse ones too while it is hot. What a deviation
    /// costs rises on the way, so that large atoms find their places first.
    pub(super) fn anneal(&mut self, schedule: Schedule) -> Result<(), Interrupted> {
        let (count, splits) = (self.problem.atoms.len(), self.problem.splits());
        let labels: usize = self.problem.atoms.iter().map(|a| a.labels.len()).sum();
        let price = 1 + 2 * labels as u64 / count as u64 / LABELS;
        let steps = schedule.steps.min(self.left) / price;
        self.spend(steps * price);
        let (wide, narrow) = (schedule.wide.max(LEAST), schedule.narrow.max(LEAST));
        let squares = schedule.squares / self.table.squares().max(1e-9);
        let mut heat = HOT;
        for step in 0..steps {
            if step % 256 == 0 {
                self.stop.check()?;
                let progress = step as f64 / steps as f64;
                heat = HOT * (COLD / HOT).powf(progress);
                self.table.weigh(Weight::Worst {
                    of: wide * (narrow / wide).powf(progress),
                    squares,
                    sizes: schedule.sizes,
                });
            }
            let atom = self.random.below(count);
            let other = self.random.below(count);
            let (to, back) = match self.random.below(2) {
                0 => (self.random.below(splits) as u16, None),
                _ => (self.table.answer[other], Some(other)),
            };
            let fits = to != self.table.answer[atom]
                && self.problem.targets[usize::from(to)] > 0
                && self.is_free(atom)
                && self.is_free(other);
            if !fits {
                continue;
            }
            let change = self.table.of_swap(atom, to, back);
            let worse = change.labels + MISSING * change.missing as f64;
            if worse <= 0.0 || self.random.uniform() < (-worse / heat).exp() {
                self.take(Best {
                    change,
                    what: Some((atom, to, back)),
                });
            }
        }
        Ok(())
    }
}
