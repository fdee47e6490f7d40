//! Which of two copies is described as made from the other: one direction, the same in every
//! message, table and page. Measures nothing.

use crate::duplicates::Pair;
use crate::finding::PairEvidence;
use crate::sample::{Listing, Role, SampleId};

/// A pair with a direction.
#[derive(Debug, Clone, PartialEq)]
pub struct Directed {
    /// The sample that the other is described as made from.
    pub from: SampleId,
    /// The other.
    pub to: SampleId,
    /// What was measured; the transform leads from `from` to `to`.
    pub evidence: PairEvidence,
}

impl Pair {
    /// The pair as it is described: what is used later is made from what is used
    /// earlier (data used before, training, evaluation); else the smaller view
    /// is made from the larger, and the later in listing order from the first.
    pub fn directed(&self, listing: &Listing) -> Directed {
        let used = |id| match listing.role(id) {
            Some(Role::Reference) => 0,
            Some(Role::Train) => 1,
            Some(Role::Evaluation) | None => 2,
        };
        let backwards = match used(self.a).cmp(&used(self.b)) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal => self.evidence.transform.shows_more(),
        };
        let mut evidence = self.evidence.clone();
        let (from, to) = match backwards {
            true => {
                evidence.transform = evidence.transform.reversed();
                (self.b, self.a)
            }
            false => (self.a, self.b),
        };
        Directed { from, to, evidence }
    }
}
