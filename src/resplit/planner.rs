//! Sorts samples into what is kept and what is dealt, as a problem of numbers,
//! and takes the answer back. Searches for nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::atoms::Atoms;
use super::plan::{Large, Material, Reason};
use super::problem::{Atom, Problem, sizes};
use super::wanted::Shape;
use crate::error::{Error, Result};
use crate::sample::{ClassId, ContentHash, Role, SampleId, SplitId};

/// How far a split's size may lie from what is wanted, in parts of it: half a
/// percent is less than people mean by "80%".
const TOLERANCE: f64 = 0.005;

/// What a plan is made in.
pub(super) struct Planner<'a> {
    pub(super) material: Material<'a>,
    pub(super) shape: Shape,
    pub(super) atoms: Atoms,
    pub(super) today: Vec<Option<SplitId>>,
    pub(super) new: Vec<Option<SplitId>>,
    pub(super) reasons: Vec<Reason>,
    /// The split that a kept sample of an atom holds it in.
    pub(super) pins: Vec<Option<SplitId>>,
    /// Atoms to deal, in the order of their content.
    pub(super) free: Vec<u32>,
    pub(super) scarce: BTreeSet<ClassId>,
    pub(super) proofs: Vec<String>,
    pub(super) faults: Vec<String>,
}

impl Planner<'_> {
    pub(super) fn all_can_be_kept(&self, keep_samples: &[SampleId]) -> Result<()> {
        let lost = keep_samples
            .iter()
            .filter(|id| self.today[id.index()].is_none());
        let sentence = |id: &SampleId| {
            let key = &self.material.listing.sample(*id).key;
            format!(
                "`{key}` is to be kept where it is, and its split of today is none of the new ones"
            )
        };
        let mistakes: Vec<String> = lost.map(sentence).collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(Error::Config(mistakes)),
        }
    }

    /// Leaves kept splits and samples where they are, and takes out what
    /// belongs together with them elsewhere. What is left is free.
    pub(super) fn hold_kept(&mut self, keep_samples: &[SampleId]) {
        let pinned: BTreeSet<SampleId> = keep_samples.iter().copied().collect();
        for atom in 0..self.atoms.members.len() {
            let members = std::mem::take(&mut self.atoms.members[atom]);
            let in_kept = |id: &SampleId| {
                self.today[id.index()].is_some_and(|split| self.shape.kept[split.index()])
            };
            let held: Vec<SampleId> = members
                .iter()
                .copied()
                .filter(|id| in_kept(id) || pinned.contains(id))
                .collect();
            let places: BTreeSet<SplitId> = held
                .iter()
                .filter_map(|id| self.today[id.index()])
                .collect();
            let closed = held.iter().find(|&id| in_kept(id)).copied();
            if places.len() > 1 {
                self.conflict(&held);
            }
            match (
                closed.or_else(|| (places.len() > 1).then(|| held[0])),
                places.first(),
            ) {
                (Some(keeper), _) => {
                    for &id in &members {
                        if held.contains(&id) {
                            self.new[id.index()] = self.today[id.index()];
                            self.reasons[id.index()] = Reason::Kept;
                        } else {
                            self.reasons[id.index()] = Reason::LeavesKept(keeper);
                        }
                    }
                }
                (None, place) => {
                    self.pins[atom] = place.copied();
                    for &id in &held {
                        self.reasons[id.index()] = Reason::Kept;
                    }
                    self.free.push(atom as u32);
                }
            }
            self.atoms.members[atom] = members;
        }
        let ties: BTreeMap<u32, u64> = self
            .free
            .iter()
            .map(|&atom| (atom, self.tie(atom)))
            .collect();
        self.free
            .sort_unstable_by_key(|atom| (ties.get(atom).copied(), *atom));
    }

    fn conflict(&mut self, held: &[SampleId]) {
        let listing = self.material.listing;
        let first = held[0];
        let other = held
            .iter()
            .find(|id| self.today[id.index()] != self.today[first.index()]);
        if let Some(&other) = other {
            let name = |id: SampleId| {
                let split = self.today[id.index()].map(|split| &self.shape.splits[split.index()]);
                split.map_or("", |split| split.name.as_str())
            };
            let fault = format!(
                "`{}` of `{}` and `{}` of `{}` belong together and both are kept where they are; \
                 let one of them move, or drop it",
                listing.sample(first).key,
                name(first),
                listing.sample(other).key,
                name(other)
            );
            self.faults.push(fault);
        }
    }

    /// An atom's place in line: the first of its contents.
    fn tie(&self, atom: u32) -> u64 {
        let of_sample = |&id: &SampleId| {
            let content = self.material.contents.get(id.index()).copied().flatten();
            content.unwrap_or_else(|| {
                ContentHash::of(self.material.listing.sample(id).key.as_str().as_bytes())
            })
        };
        let first = self.atoms.members[atom as usize]
            .iter()
            .map(of_sample)
            .min();
        let bytes = first.map_or([0; 16], |first| first.0);
        bytes[..8]
            .iter()
            .fold(0, |tie, &byte| tie << 8 | u64::from(byte))
    }

    /// The parts of the open splits: as given, else those of today.
    pub(super) fn parts(&self) -> Vec<f64> {
        let given: Option<Vec<f64>> = self.shape.open.iter().map(|&(_, size)| size).collect();
        let sizes = given.unwrap_or_else(|| {
            let mut sizes = vec![0.0; self.shape.open.len()];
            for &id in self
                .free
                .iter()
                .flat_map(|&atom| &self.atoms.members[atom as usize])
            {
                if let Some(place) = self.today[id.index()].and_then(|split| self.open(split)) {
                    sizes[place] += 1.0;
                }
            }
            sizes
        });
        let all: f64 = sizes.iter().sum();
        sizes
            .iter()
            .map(|size| {
                if all > 0.0 {
                    size / all
                } else {
                    1.0 / sizes.len() as f64
                }
            })
            .collect()
    }

    /// The place of a split among the open ones.
    fn open(&self, split: SplitId) -> Option<usize> {
        self.shape.open.iter().position(|&(open, _)| open == split)
    }

    pub(super) fn problem(&self) -> Problem {
        let listing = self.material.listing;
        let classes = listing.classes.len();
        let of = |atom: u32| {
            self.atoms.members[atom as usize]
                .iter()
                .map(|&id| listing.sample(id))
        };
        let samples = || self.free.iter().flat_map(|&atom| of(atom));
        // How many labels a sample has is spread evenly too, where it differs:
        // a model meets crowded images in one split as often as in another.
        let most = samples()
            .map(|sample| sample.labels.classes().len())
            .max()
            .unwrap_or(0);
        let fewest = samples()
            .map(|sample| sample.labels.classes().len())
            .min()
            .unwrap_or(0);
        let by_number = most > fewest;
        // Objects of each class, where there are any: an image of forty cars weighs
        // more for cars than one of a single car.
        let of_objects = classes + if by_number { most - fewest + 1 } else { 0 };
        let has_objects = samples().any(|sample| !listing.objects_of(sample.id).is_empty());
        let atoms: Vec<Atom> = (self.free.iter())
            .map(|&atom| {
                let mut labels: BTreeMap<u32, u32> = BTreeMap::new();
                let mut today: BTreeMap<u16, u32> = BTreeMap::new();
                for sample in of(atom) {
                    for class in sample.labels.classes() {
                        *labels.entry(class.0).or_default() += 1;
                    }
                    if by_number {
                        let number = sample.labels.classes().len() - fewest;
                        *labels.entry((classes + number) as u32).or_default() += 1;
                    }
                    for object in listing.objects_of(sample.id) {
                        let label = of_objects as u32 + object.class.0;
                        *labels.entry(label).or_default() += 1;
                    }
                    let place = self.today[sample.id.index()].and_then(|split| self.open(split));
                    if let Some(place) = place {
                        *today.entry(place as u16).or_default() += 1;
                    }
                }
                Atom {
                    size: self.atoms.members[atom as usize].len() as u32,
                    labels: labels.into_iter().collect(),
                    today: today.into_iter().collect(),
                    pin: self.pins[atom as usize]
                        .and_then(|split| self.open(split))
                        .map(|place| place as u16),
                    tie: self.tie(atom),
                }
            })
            .collect();
        let total = atoms.iter().map(|atom| u64::from(atom.size)).sum();
        let targets = sizes(total, &self.parts());
        let mut first: Vec<u16> = (0..targets.len() as u16).collect();
        let role =
            |place: u16| self.shape.splits[self.shape.open[usize::from(place)].0.index()].role;
        // A class that is rare must be learnt before it is measured.
        first.sort_by_key(|&place| {
            (
                role(place) != Role::Train,
                std::cmp::Reverse(targets[usize::from(place)]),
                place,
            )
        });
        Problem {
            atoms,
            tolerance: targets
                .iter()
                .map(|&target| (target as f64 * TOLERANCE) as u64)
                .collect(),
            targets,
            labels: of_objects + if has_objects { classes } else { 0 },
            judged: classes,
            first,
        }
    }

    pub(super) fn large(&self, problem: &Problem) -> Vec<Large> {
        let smallest = problem
            .targets
            .iter()
            .copied()
            .filter(|&target| target > 0)
            .min();
        let mut large: Vec<Large> = (self.free.iter().zip(&problem.atoms))
            .filter(|(_, atom)| smallest.is_some_and(|least| u64::from(atom.size) > least))
            .map(|(&index, atom)| Large {
                atom: index,
                samples: u64::from(atom.size),
                links: self.atoms.holding(index, self.material.links),
            })
            .collect();
        large.sort_by_key(|large| (std::cmp::Reverse(large.samples), large.atom));
        large
    }

    pub(super) fn take(&mut self, answer: &[u16]) {
        for (place, &atom) in self.free.iter().enumerate() {
            let (split, _) = self.shape.open[usize::from(answer[place])];
            let members = &self.atoms.members[atom as usize];
            let homes: BTreeSet<Option<SplitId>> = members
                .iter()
                .map(|id| self.today[id.index()])
                .filter(Option::is_some)
                .collect();
            for &id in members {
                let index = id.index();
                self.new[index] = Some(split);
                if self.reasons[index] != Reason::Kept {
                    self.reasons[index] = match self.today[index] {
                        Some(today) if today == split => Reason::Stays,
                        None if self.material.listing.sample(id).split.is_none() => Reason::New,
                        Some(_) if homes.len() > 1 => Reason::Together,
                        _ => Reason::Balance,
                    };
                }
            }
        }
    }
}
