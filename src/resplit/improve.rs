//! Makes an answer better by moves and swaps until none helps. Knows no sample
//! and draws nothing from outside: the same problem gives the same answer.
//!
//! Local search with cost changes computed from the touched counts alone. Small
//! problems, whose valleys are narrow, are annealed before (Kirkpatrick, Gelatt,
//! Vecchi 1983), with sizes as a price instead of a wall, and kicked after; of
//! very small ones all answers are gone through.

use super::assign::{ByLabel, atoms_by_label};
use super::enumerate::{FEW, enumerate};
use super::problem::{Measure, Problem};
use super::table::{Change, Table, Weight};
use crate::executor::{Interrupted, StopFlag};
use crate::statistics::Random;

/// How long to search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Changes to compare in all.
    pub(super) changes: u64,
    /// Times to anneal at most; none leaves an answer as near as it was.
    pub(super) annealings: u64,
    /// Deviations within this part of chance are let be: see [`Table::new`].
    pub(super) free: f64,
}

/// Up to this many atoms every move and swap is compared.
const SMALL: usize = 500;

/// Candidates compared for one cell: atoms, and partners for each.
const CANDIDATES: usize = 48;
const PARTNERS: usize = 6;

/// Rounds of lowering the worst deviation; each ends where it no longer falls.
const ROUNDS: usize = 8;

/// What all squares together weigh beside the worst deviation: enough to
/// decide between answers of about the same one.
pub(super) const SQUARES: f64 = 0.1;

/// So many labels of the atoms compared take as long as the rest of a change, and
/// so many cells looked over.
pub(super) const LABELS: u64 = 16;
const CELLS: u64 = 32;

/// Any number would do; fixed, so that two runs agree.
const SEED: u64 = 0x5917;

/// A better answer than `answer`, or the same.
pub(super) fn improve(
    problem: &Problem,
    answer: Vec<u16>,
    effort: Effort,
    stop: &StopFlag,
) -> Result<Vec<u16>, Interrupted> {
    if problem.splits() < 2 || problem.atoms.is_empty() {
        return Ok(answer);
    }
    let mut search = Search {
        problem,
        table: Table::new(problem, answer, effort.free),
        by_label: atoms_by_label(problem),
        random: Random::seeded(SEED),
        left: effort.changes,
        stop,
        locked: None,
        is_quick: false,
    };
    search.table.weigh(Weight::Squares);
    search.descend()?;
    search.lower_worst()?;
    if effort.annealings > 0 {
        if problem.atoms.len() <= FEW {
            let (found, is_whole) = enumerate(problem, &search.table.answer);
            if let Some(found) = found {
                search.table.recount(found);
                search.polish()?;
            }
            if is_whole {
                return Ok(search.table.answer);
            }
        }
        let floor = problem.floor();
        search.anneal_often(effort.annealings, floor)?;
        search.kick(floor)?;
    }
    Ok(search.table.answer)
}

/// A search under way.
pub(super) struct Search<'a> {
    pub(super) problem: &'a Problem,
    pub(super) table: Table<'a>,
    pub(super) by_label: ByLabel,
    pub(super) random: Random,
    /// Changes that may still be compared.
    pub(super) left: u64,
    pub(super) stop: &'a StopFlag,
    /// An atom that stays where it is for now.
    pub(super) locked: Option<usize>,
    /// Whether a descent works on what costs most, however few atoms there are.
    pub(super) is_quick: bool,
}

impl Search<'_> {
    /// What answers are compared by.
    pub(super) fn measure(&self) -> Measure {
        Measure {
            worst: self.table.worst(),
            squares: self.table.squares(),
            ..self.problem.measure(&self.table.answer)
        }
    }

    /// Lowers the squares of the best answer; keeps it where anything weightier
    /// would be worse.
    fn polish(&mut self) -> Result<(), Interrupted> {
        let before = (self.measure(), self.table.answer.clone());
        self.lower_worst()?;
        if !self.measure().is_below(&before.0) {
            self.table.recount(before.1);
        }
        Ok(())
    }

    /// Down to an answer whose worst deviation no move or swap makes better.
    pub(super) fn lower_worst(&mut self) -> Result<(), Interrupted> {
        for _ in 0..ROUNDS {
            let worst = self.table.worst();
            if worst <= 0.0 {
                break;
            }
            self.table.weigh(self.worst_first(worst));
            self.descend()?;
            // A round that gains less than a thousandth is the last.
            if self.table.worst() > 0.999 * worst {
                break;
            }
        }
        Ok(())
    }

    fn descend(&mut self) -> Result<(), Interrupted> {
        if self.problem.atoms.len() <= SMALL && !self.is_quick {
            while self.left > 0 && self.pass()? {}
            return Ok(());
        }
        self.focus()?;
        self.go_home()
    }

    /// The best change of every atom once; whether any helped.
    fn pass(&mut self) -> Result<bool, Interrupted> {
        let mut helped = false;
        for atom in 0..self.problem.atoms.len() {
            self.stop.check()?;
            let mut best = Best::default();
            for to in self.elsewhere(atom) {
                self.compare(&mut best, atom, to, None);
            }
            for back in 0..self.problem.atoms.len() {
                let to = self.table.answer[back];
                if to != self.table.answer[atom] && self.is_free(atom) && self.is_free(back) {
                    self.compare(&mut best, atom, to, Some(back));
                }
            }
            helped |= self.take(best);
            if self.left == 0 {
                break;
            }
        }
        Ok(helped)
    }

    /// Works on the cell that costs most until no cell can be helped.
    fn focus(&mut self) -> Result<(), Interrupted> {
        let cells = self.table.cells();
        let mut hopeless = vec![false; cells];
        while self.left > 0 {
            self.stop.check()?;
            self.spend(cells as u64 / CELLS);
            let splits = 0..self.problem.splits();
            let uneven = splits
                .max_by_key(|&s| self.table.oversize(s))
                .filter(|&s| self.table.oversize(s) > 0);
            if let Some(split) = uneven {
                let mut best = Best::default();
                self.lighten(&mut best, split);
                if self.take(best) {
                    continue;
                }
            }
            let cost = |cell: usize| (self.table.is_missing(cell), self.table.cost(cell));
            let open = (0..cells).filter(|&cell| !hopeless[cell]);
            let dearest = open
                .map(|cell| (cost(cell), cell))
                .reduce(|best, next| if next.0 > best.0 { next } else { best });
            let Some(((missing, cost), cell)) = dearest else {
                break;
            };
            if !missing && cost <= 0.0 {
                break;
            }
            let mut best = Best::default();
            self.relieve(&mut best, cell);
            if !self.take(best) {
                hopeless[cell] = true;
            }
        }
        Ok(())
    }

    /// Looks for the best change of a cell that has too much or too little.
    fn relieve(&mut self, best: &mut Best, cell: usize) {
        let (split, label) = (cell / self.problem.labels, cell % self.problem.labels);
        let too_much = self.table.excess(cell) > 0.0;
        let here = split as u16;
        let atoms = self.by_label.of(label as u32);
        let (count, start) = (atoms.len(), self.random.below(atoms.len()));
        let mut chosen = Vec::with_capacity(CANDIDATES);
        for step in 0..count {
            let atom = atoms[(start + step) % count] as usize;
            if (self.table.answer[atom] == here) == too_much && self.is_free(atom) {
                chosen.push(atom);
                if chosen.len() == CANDIDATES {
                    break;
                }
            }
        }
        self.spend(self.table.cells() as u64 / CELLS);
        let fitting: Vec<Option<u32>> = (0..self.problem.splits())
            .map(|other| match too_much {
                true => self.surplus(other, split),
                false => self.surplus(split, other),
            })
            .collect();
        for atom in chosen {
            let targets: Vec<u16> = if too_much {
                self.elsewhere(atom)
            } else {
                vec![here]
            };
            for to in targets {
                self.compare(best, atom, to, None);
                let from = usize::from(self.table.answer[atom]);
                let fitting = fitting[if too_much { usize::from(to) } else { from }];
                for back in self.partners(to, fitting) {
                    self.compare(best, atom, to, Some(back));
                }
            }
        }
    }

    /// Looks for the best change of a split that is too large.
    fn lighten(&mut self, best: &mut Best, split: usize) {
        let count = self.problem.atoms.len();
        let start = self.random.below(count);
        let mut chosen = 0;
        for step in 0..count {
            let atom = (start + step) % count;
            if usize::from(self.table.answer[atom]) != split || !self.is_free(atom) {
                continue;
            }
            for to in self.elsewhere(atom) {
                self.compare(best, atom, to, None);
                for back in self.partners(to, None) {
                    self.compare(best, atom, to, Some(back));
                }
            }
            chosen += 1;
            if chosen == CANDIDATES {
                break;
            }
        }
    }

    /// The label of which `from` has most too much for what `to` lacks.
    fn surplus(&self, from: usize, to: usize) -> Option<u32> {
        let labels = self.problem.labels;
        let gain = |label: usize| {
            let (a, b) = (from * labels + label, to * labels + label);
            let signed = |cell: usize| self.table.cost(cell) * self.table.excess(cell).signum();
            signed(a) - signed(b)
        };
        let best = (0..labels)
            .map(|label| (gain(label), label))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.filter(|&(gain, _)| from != to && gain > 0.0)
            .map(|(_, label)| label as u32)
    }

    /// Some atoms of `split` to swap with: any, and such of a label.
    fn partners(&mut self, split: u16, label: Option<u32>) -> Vec<usize> {
        let mut partners = Vec::with_capacity(2 * PARTNERS);
        // Small splits are met by one draw in their share; ten are enough on
        // most ways and cost little.
        for _ in 0..10 * PARTNERS {
            let atom = self.random.below(self.problem.atoms.len());
            if self.table.answer[atom] == split && self.is_free(atom) {
                partners.push(atom);
                if partners.len() == PARTNERS {
                    break;
                }
            }
        }
        let before = partners.len();
        let of_label = label.map_or(&[][..], |label| self.by_label.of(label));
        if !of_label.is_empty() {
            for _ in 0..10 * PARTNERS {
                let atom = of_label[self.random.below(of_label.len())] as usize;
                if self.table.answer[atom] == split && self.is_free(atom) {
                    partners.push(atom);
                    if partners.len() == before + PARTNERS {
                        break;
                    }
                }
            }
        }
        partners
    }

    /// Sends back what need not have moved.
    fn go_home(&mut self) -> Result<(), Interrupted> {
        for atom in 0..self.problem.atoms.len() {
            let Some(home) = self.problem.atoms[atom].home() else {
                continue;
            };
            if home != self.table.answer[atom] && self.is_free(atom) && self.left > 0 {
                self.stop.check()?;
                let mut best = Best::default();
                self.compare(&mut best, atom, home, None);
                self.take(best);
            }
        }
        Ok(())
    }

    fn worst_first(&self, worst: f64) -> Weight {
        Weight::Worst {
            of: worst,
            squares: SQUARES / self.table.squares().max(1e-9),
            sizes: 0.0,
        }
    }

    pub(super) fn is_free(&self, atom: usize) -> bool {
        self.problem.atoms[atom].pin.is_none() && self.locked != Some(atom)
    }

    /// The splits where `atom` may go and is not.
    fn elsewhere(&self, atom: usize) -> Vec<u16> {
        if !self.is_free(atom) {
            return Vec::new();
        }
        (0..self.problem.splits())
            .filter(|&split| self.problem.targets[split] > 0)
            .map(|split| split as u16)
            .filter(|&split| split != self.table.answer[atom])
            .collect()
    }

    /// Takes work as heavy as this many changes of two labels each from what is
    /// left.
    pub(super) fn spend(&mut self, changes: u64) {
        self.left = self.left.saturating_sub(changes);
    }

    fn compare(&mut self, best: &mut Best, atom: usize, to: u16, back: Option<usize>) {
        let labels = |atom: usize| self.problem.atoms[atom].labels.len();
        let touched = labels(atom) + back.map_or(0, labels);
        self.spend(1 + touched as u64 / LABELS);
        let change = self.table.of_swap(atom, to, back);
        if change.is_better_than(&best.change) {
            *best = Best {
                change,
                what: Some((atom, to, back)),
            };
        }
    }

    pub(super) fn take(&mut self, best: Best) -> bool {
        let Some((atom, to, back)) = best.what else {
            return false;
        };
        let from = self.table.answer[atom];
        self.table.send(atom, to);
        if let Some(back) = back {
            self.table.send(back, from);
        }
        true
    }
}

/// The best change met so far; at first to leave all as it is.
#[derive(Default)]
pub(super) struct Best {
    pub(super) change: Change,
    pub(super) what: Option<(usize, u16, Option<usize>)>,
}
