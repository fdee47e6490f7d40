//! Random moves and swaps of a search, ever fewer of them for the worse
//! (simulated annealing: Kirkpatrick, Gelatt, Vecchi 1983). Keeps no best.

use super::improve::{Best, Search};
use crate::executor::Interrupted;

/// Temperatures of annealing, where the worst cell costs 1: at first it may
/// grow by some percent, at last nothing of note may.
const HOT: f64 = 0.5;
const COLD: f64 = 0.001;

/// The price of an empty cell that must not be, while annealing: more than any
/// heat pays.
const MISSING: f64 = 10.0;

impl Search<'_> {
    /// Random moves and swaps, worse ones too while it is hot. The worst
    /// deviation may grow to `slack` times what it is at the price of 1.
    pub(super) fn anneal(
        &mut self,
        steps: u64,
        slack: f64,
        sizes: f64,
        squares: f64,
    ) -> Result<(), Interrupted> {
        let (count, splits) = (self.problem.atoms.len(), self.problem.splits());
        let worst = self.table.worst().max(1e-9);
        self.table
            .weigh(self.worst_first(slack * worst, sizes, squares));
        let steps = steps.min(self.left);
        self.left -= steps;
        let mut heat = HOT;
        for step in 0..steps {
            if step % 256 == 0 {
                self.stop.check()?;
                heat = HOT * (COLD / HOT).powf(step as f64 / steps as f64);
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
