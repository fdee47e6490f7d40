//! Which samples some findings are about together. Judges no finding.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, FindingId};
use crate::sample::SampleId;

/// Findings by sample, to ask what is said of two samples together.
#[derive(Debug, Clone, Default)]
pub struct About {
    of_sample: BTreeMap<SampleId, BTreeSet<FindingId>>,
}

impl About {
    /// What `findings` are about.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut of_sample: BTreeMap<SampleId, BTreeSet<FindingId>> = BTreeMap::new();
        for finding in findings {
            for &id in &finding.samples {
                of_sample.entry(id).or_default().insert(finding.id);
            }
        }
        Self { of_sample }
    }

    /// The first finding, by its id, that is about both samples.
    pub fn both(&self, a: SampleId, b: SampleId) -> Option<FindingId> {
        let (of_a, of_b) = (self.of_sample.get(&a)?, self.of_sample.get(&b)?);
        of_a.intersection(of_b).next().copied()
    }
}
