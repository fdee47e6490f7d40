//! Joins samples that must stay together into atoms. Searches for no link and
//! knows no split.

use crate::duplicates::groups;
use crate::finding::Relation;
use crate::sample::{GroupId, SampleId};

/// Two samples that must stay together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// One.
    pub a: SampleId,
    /// The other.
    pub b: SampleId,
    /// Why.
    pub why: Why,
}

/// Why two samples must stay together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Why {
    /// They are a verified pair of copies.
    Copy {
        /// How they are related.
        relation: Relation,
        /// 0 to 1.
        similarity: f64,
    },
    /// They were declared to be of one group.
    Declared(GroupId),
    /// File names or camera data suggest that they belong together.
    Inferred,
    /// They show one place or thing.
    Scene {
        /// Places of one image found in the other.
        places: u32,
    },
    /// They cover ground in common, or touch.
    Ground {
        /// The share of the smaller of both, 0 to 1.
        share: f64,
    },
    /// They lie in one block of ground.
    Block,
}

impl Why {
    /// How much the link is to be trusted: what is inferred least, then scenes by
    /// what they share, then copies by similarity, then ground in common, then what is
    /// declared.
    pub fn strength(&self) -> f64 {
        match self {
            Self::Inferred => 0.0,
            // Below every copy: no pair is verified at such a similarity.
            Self::Scene { places } => 0.1 * (1.0 - 1.0 / (1.0 + f64::from(*places))),
            Self::Copy { similarity, .. } => *similarity,
            Self::Ground { share } => 1.0 + share / 2.0,
            Self::Declared(_) | Self::Block => 2.0,
        }
    }
}

/// Samples by atom.
#[derive(Debug, Clone, Default)]
pub struct Atoms {
    /// The samples of each atom, in listing order; atoms by first sample.
    pub members: Vec<Vec<SampleId>>,
    /// The atom of each sample.
    pub of_sample: Vec<u32>,
}

impl Atoms {
    /// Joins `count` samples along `links`.
    pub fn join(count: usize, links: &[Link]) -> Self {
        let mut members = groups(count, links.iter().map(|link| (link.a, link.b)));
        let mut grouped = vec![false; count];
        for id in members.iter().flatten() {
            grouped[id.index()] = true;
        }
        let single = |&(_, &grouped): &(u32, &bool)| !grouped;
        let singles = (0..)
            .zip(&grouped)
            .filter(single)
            .map(|(id, _)| vec![SampleId(id)]);
        members.extend(singles);
        members.sort_unstable_by_key(|atom| atom.first().copied());
        let mut of_sample = vec![0; count];
        for (atom, of_atom) in (0..).zip(&members) {
            for id in of_atom {
                of_sample[id.index()] = atom;
            }
        }
        Self { members, of_sample }
    }

    /// The links without which an atom would fall apart, weakest first: a
    /// greatest spanning tree (Kruskal 1956), so that every way around one of
    /// them is no stronger than it.
    pub fn holding(&self, atom: u32, links: &[Link]) -> Vec<Link> {
        let members = &self.members[atom as usize];
        let inside = |link: &&Link| self.of_sample[link.a.index()] == atom && link.a != link.b;
        let mut inside: Vec<Link> = links.iter().filter(inside).copied().collect();
        inside.sort_by(|x, y| {
            let strength = y.why.strength().total_cmp(&x.why.strength());
            strength.then((x.a, x.b).cmp(&(y.a, y.b)))
        });
        let place = |id: SampleId| members.binary_search(&id).unwrap_or(0);
        let mut above: Vec<usize> = (0..members.len()).collect();
        let root = |above: &mut Vec<usize>, mut at: usize| {
            while above[at] != at {
                above[at] = above[above[at]];
                at = above[at];
            }
            at
        };
        let mut holding: Vec<Link> = Vec::new();
        for link in inside {
            let (a, b) = (
                root(&mut above, place(link.a)),
                root(&mut above, place(link.b)),
            );
            if a != b {
                above[a] = b;
                holding.push(link);
            }
        }
        holding.reverse();
        holding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(a: u32, b: u32, similarity: f64) -> Link {
        Link {
            a: SampleId(a),
            b: SampleId(b),
            why: Why::Copy {
                relation: Relation::Near,
                similarity,
            },
        }
    }

    #[test]
    fn links_of_all_kinds_join_and_every_sample_has_an_atom() {
        let declared = Link {
            a: SampleId(3),
            b: SampleId(5),
            why: Why::Declared(GroupId(0)),
        };
        let atoms = Atoms::join(6, &[copy(1, 3, 0.9), declared]);
        assert_eq!(atoms.members.len(), 4);
        assert_eq!(atoms.members[1], [1, 3, 5].map(SampleId));
        assert_eq!(atoms.of_sample, [0, 1, 2, 1, 3, 1]);
    }

    #[test]
    fn weakest_link_that_holds_comes_first_and_a_way_around_does_not_count() {
        let links = [
            copy(0, 1, 0.99),
            copy(1, 2, 0.98),
            copy(0, 2, 0.5),
            copy(2, 3, 0.7),
        ];
        let atoms = Atoms::join(4, &links);
        let holding = atoms.holding(0, &links);
        let ends: Vec<(u32, u32)> = holding.iter().map(|link| (link.a.0, link.b.0)).collect();
        assert_eq!(ends, [(2, 3), (1, 2), (0, 1)]);
    }
}
