//! Two ways to end a plan: what is said of classes, and placing by time. Deals
//! nothing.

use super::dates::{Placed, cut};
use super::plan::Reason;
use super::planner::Planner;
use super::problem::Problem;
use crate::error::{Error, Result};
use crate::sample::{ClassId, SampleId};

impl Planner<'_> {
    /// Says of every class that is not in every split whether it could be.
    pub(super) fn judge_classes(&mut self, problem: &Problem, answer: &[u16]) {
        let splits = problem.splits();
        let name = |place: usize| {
            self.shape.splits[self.shape.open[place].0.index()]
                .name
                .clone()
        };
        let (atoms, samples) = (problem.label_atoms(), problem.label_counts());
        let mut present = vec![false; splits * problem.labels];
        for (atom, &split) in problem.atoms.iter().zip(answer) {
            for &(label, _) in &atom.labels {
                present[usize::from(split) * problem.labels + label as usize] = true;
            }
        }
        let required = problem.required();
        let (mut proofs, mut faults) = (Vec::new(), Vec::new());
        for label in (0..problem.judged).filter(|&label| atoms[label] > 0) {
            let lacking: Vec<usize> = (0..splits)
                .filter(|s| !present[s * problem.labels + label])
                .collect();
            let open = |&&s: &&usize| problem.targets[s] > 0;
            let class = crate::sample::escaped(self.material.listing.classes[label].as_ref());
            if (atoms[label] as usize) < splits && !lacking.is_empty() {
                self.scarce.insert(ClassId(label as u32));
                let places: Vec<String> =
                    lacking.iter().map(|&s| format!("`{}`", name(s))).collect();
                proofs.push(format!(
                    "class `{class}` lives in {} ({}), so it cannot be in all {splits} splits: \
                         {} without it",
                    counted(u64::from(atoms[label]), "atom"),
                    counted(samples[label], "sample"),
                    listed(&places)
                ));
            }
            for &s in lacking.iter().filter(open) {
                if required[s * problem.labels + label] {
                    faults.push(format!(
                        "no place was found for class `{class}` in `{}` without breaking an \
                             atom, though {} hold it",
                        name(s),
                        counted(u64::from(atoms[label]), "atom")
                    ));
                }
            }
        }
        if problem.atoms.len() < splits {
            let atoms = counted(problem.atoms.len() as u64, "atom");
            proofs.push(format!(
                "there are {atoms} for {splits} splits: one stays empty"
            ));
        }
        self.proofs.extend(proofs);
        self.faults.extend(faults);
    }

    /// Places free atoms by the time of their latest sample.
    pub(super) fn by_time(&mut self, gap: i64) -> Result<()> {
        let time = |id: SampleId| self.material.times.get(id.index()).copied().flatten();
        let all: usize = self
            .free
            .iter()
            .map(|&atom| self.atoms.members[atom as usize].len())
            .sum();
        let mut dated: Vec<(u32, i64)> = Vec::new();
        let mut undated = 0;
        for &atom in &self.free {
            let members = &self.atoms.members[atom as usize];
            let times: Option<Vec<i64>> = members.iter().map(|&id| time(id)).collect();
            match times.and_then(|times| times.into_iter().max()) {
                Some(latest) => dated.push((atom, latest)),
                None => {
                    undated += members.len();
                    for id in members {
                        self.reasons[id.index()] = Reason::NoDate;
                    }
                }
            }
        }
        if dated.is_empty() || 2 * undated > all {
            return Err(Error::Input(format!(
                "{undated} of {all} samples are of unknown time, or belong together with one: give \
                 dates with `--dates FILE`, or split without `--temporal`"
            )));
        }
        let sized: Vec<(i64, u32)> = (dated.iter())
            .map(|&(atom, time)| (time, self.atoms.members[atom as usize].len() as u32))
            .collect();
        // Oldest first: train, then val, then test, then others by name.
        let mut order: Vec<usize> = (0..self.shape.open.len()).collect();
        order.sort_by_key(|&place| self.shape.open[place].0);
        let parts = self.parts();
        let parts: Vec<f64> = order.iter().map(|&place| parts[place]).collect();
        for (&(atom, _), placed) in dated.iter().zip(cut(&sized, &parts, gap)) {
            for id in &self.atoms.members[atom as usize] {
                let index = id.index();
                match placed {
                    Placed::In(place) => {
                        let split = self.shape.open[order[place]].0;
                        self.new[index] = Some(split);
                        self.reasons[index] = match self.today[index] == Some(split) {
                            true => Reason::Stays,
                            false => Reason::Date,
                        };
                    }
                    Placed::InGap => self.reasons[index] = Reason::Gap,
                }
            }
        }
        Ok(())
    }
}

fn counted(count: u64, thing: &str) -> String {
    match count {
        1 => format!("one {thing}"),
        count => format!("{count} {thing}s"),
    }
}

fn listed(words: &[String]) -> String {
    let is = if words.len() == 1 { "is" } else { "are" };
    format!("{} {is}", words.join(" and "))
}
