//! Takes apart what the worst deviation is made of, and repairs the rest around
//! it. Keeps an answer only if it is better.
//!
//! Iterated local search (Lourenço, Martin, Stützle 2003) whose perturbations are
//! chosen instead of drawn: a few large atoms make the worst deviation, and no
//! single move brings them elsewhere without a worse answer in between.

use std::cmp::Reverse;

use super::anneal::Schedule;
use super::improve::{SQUARES, Search};
use crate::executor::Interrupted;

/// Atoms of the worst cell that are tried elsewhere, the largest first.
const ATOMS: usize = 4;

/// Random steps to repair after a kick, for each atom, and their bounds.
const REPAIR: u64 = 40;
const REPAIRS: (u64, u64) = (2_000, 100_000);

/// Changes that one repair may compare: a good kick needs few, and there are many.
const DESCENT: u64 = 100_000;

/// From this many atoms on a repair compares what costs most instead of all.
const MANY: usize = 100;

#[derive(Debug, Clone, Copy)]
enum Kick {
    /// An atom to a split, where it is held during the repair.
    Send(usize, u16),
    /// All of two splits: the same split by other sizes.
    Exchange(u16, u16),
}

impl Search<'_> {
    /// Kicks until none of them makes the answer better, or `floor`, which no
    /// answer can pass, is reached.
    pub(super) fn kick(&mut self, floor: f64) -> Result<(), Interrupted> {
        let mut best = (self.measure(), self.table.answer.clone());
        let steps = (REPAIR * self.problem.atoms.len() as u64).clamp(REPAIRS.0, REPAIRS.1);
        'better: while self.left > 0 && !best.0.is_at(floor) {
            let worst = self.table.worst();
            for kick in self.kicks() {
                if self.left == 0 {
                    break 'better;
                }
                self.apply(kick);
                self.is_quick = self.problem.atoms.len() > MANY;
                self.anneal(Schedule {
                    steps,
                    wide: 2.0 * worst,
                    narrow: (0.9 * worst).max(floor),
                    sizes: 8.0,
                    squares: SQUARES,
                })?;
                self.locked = None;
                let rest = self.left.saturating_sub(DESCENT);
                self.left -= rest;
                self.lower_worst()?;
                self.left += rest;
                self.is_quick = false;
                let found = self.measure();
                if found.is_well_below(&best.0) {
                    best = (found, self.table.answer.clone());
                    continue 'better;
                }
                self.table.recount(best.1.clone());
            }
            break;
        }
        self.table.recount(best.1);
        Ok(())
    }

    /// What may help the worst cell.
    fn kicks(&self) -> Vec<Kick> {
        let labels = self.problem.labels;
        let Some(cell) = self.table.worst_cell() else {
            return Vec::new();
        };
        let (here, label) = ((cell / labels) as u16, (cell % labels) as u32);
        let others: Vec<u16> = (0..self.problem.splits() as u16)
            .filter(|&split| split != here && self.problem.targets[usize::from(split)] > 0)
            .collect();
        let exchanges = others.iter().map(|&other| Kick::Exchange(here, other));
        let mut kicks: Vec<Kick> = exchanges.collect();
        let too_much = self.table.excess(cell) > 0.0;
        let amount = |atom: usize| {
            let held = &self.problem.atoms[atom].labels;
            let place = held.binary_search_by_key(&label, |&(label, _)| label);
            place.map_or(0, |place| held[place].1)
        };
        let mut atoms: Vec<usize> = (self.by_label.of(label).iter())
            .map(|&atom| atom as usize)
            .filter(|&atom| self.is_free(atom) && (self.table.answer[atom] == here) == too_much)
            .collect();
        atoms.sort_by_key(|&atom| (Reverse(amount(atom)), atom));
        for &atom in atoms.iter().take(ATOMS) {
            match too_much {
                true => kicks.extend(others.iter().map(|&other| Kick::Send(atom, other))),
                false => kicks.push(Kick::Send(atom, here)),
            }
        }
        kicks
    }

    fn apply(&mut self, kick: Kick) {
        match kick {
            Kick::Send(atom, to) => {
                self.table.send(atom, to);
                self.locked = Some(atom);
            }
            Kick::Exchange(a, b) => {
                let exchanged = |atom: usize| match self.table.answer[atom] {
                    split if !self.is_free(atom) => split,
                    split if split == a => b,
                    split if split == b => a,
                    split => split,
                };
                let answer = (0..self.problem.atoms.len()).map(exchanged).collect();
                self.table.recount(answer);
            }
        }
    }
}
