//! Chooses the images that a page shows. Makes none.

use std::collections::BTreeSet;

use crate::finding::{Family, Finding, Measured};
use crate::report::Report;
use crate::sample::{ObjectId, SampleId};

/// Pairs shown of one check: ten rows of three, beyond which nobody scrolls.
const PAIRS: usize = 30;
/// Groups of copies shown, the largest first.
const GROUPS: usize = 12;
/// Members shown of a group.
const MEMBERS: usize = 8;
/// Findings about labels shown.
const LABELS: usize = 60;
/// Samples shown of a finding about many: two rows of them.
const FACES: usize = 8;
/// Findings shown of any other check.
const OTHERS: usize = 12;

/// What is shown of the findings of one check.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Its findings with images, the first of all there are.
    pub(super) findings: Vec<&'a Finding>,
    /// All its findings.
    pub(super) all: usize,
}

/// The images of a page.
#[derive(Debug)]
pub(super) struct ChosenImages<'a> {
    /// Copies, by check.
    pub(super) pairs: Vec<Section<'a>>,
    /// Groups of three copies or more: the members shown, and how many there
    /// are.
    pub(super) groups: Vec<(Vec<SampleId>, usize)>,
    /// Groups of three or more that are not shown.
    pub(super) groups_left: usize,
    /// Labels in question, by check.
    pub(super) labels: Vec<Section<'a>>,
    /// What else is known of single images, by check.
    pub(super) others: Vec<Section<'a>>,
}

impl<'a> ChosenImages<'a> {
    /// What the page over `report` shows.
    pub(super) fn plan(report: &Report<'a>) -> Self {
        let mut chosen = Self {
            pairs: Vec::new(),
            groups: Vec::new(),
            groups_left: 0,
            labels: Vec::new(),
            others: Vec::new(),
        };
        for run in &report.outcome.runs {
            let found: Vec<&Finding> = report.of_check(run.check.code).collect();
            let Some(first) = found.first() else {
                continue;
            };
            let is_pair = matches!(first.measured, Measured::Pair(_)) && first.samples.len() > 1;
            let (sections, most) = match run.check.family {
                Family::Leak if is_pair => (&mut chosen.pairs, PAIRS),
                Family::Label if is_pair => (&mut chosen.labels, PAIRS),
                Family::Label => (&mut chosen.labels, LABELS),
                Family::Distribution => continue,
                _ => (&mut chosen.others, OTHERS),
            };
            sections.push(Section {
                findings: found.iter().take(most).copied().collect(),
                all: found.len(),
            });
        }
        let mut groups: Vec<&Vec<SampleId>> = (report.duplicates.groups.iter())
            .filter(|group| group.len() > 2)
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        chosen.groups_left = groups.len().saturating_sub(GROUPS);
        chosen.groups = (groups.iter().take(GROUPS))
            .map(|group| (group.iter().take(MEMBERS).copied().collect(), group.len()))
            .collect();
        chosen
    }

    /// The objects shown of findings about objects, each once, in listing order.
    pub(super) fn objects(&self) -> Vec<(SampleId, ObjectId)> {
        let findings = (self.labels.iter().chain(&self.others)).flat_map(|s| &s.findings);
        let shown = findings.flat_map(|finding| {
            let faces = finding.samples.iter().copied().take(FACES);
            faces.zip(finding.objects.iter().copied())
        });
        let all: BTreeSet<(SampleId, ObjectId)> = shown.collect();
        all.into_iter().collect()
    }

    /// Every sample shown, each once, in listing order.
    pub(super) fn samples(&self) -> Vec<SampleId> {
        let sections = (self.pairs.iter())
            .chain(&self.labels)
            .chain(&self.others)
            .flat_map(|section| &section.findings)
            .flat_map(|finding| faces(finding));
        let groups = self.groups.iter().flat_map(|(members, _)| members.clone());
        let all: BTreeSet<SampleId> = sections.chain(groups).collect();
        all.into_iter().collect()
    }
}

/// The samples of a finding whose images are shown: of a pair the two that its
/// sentence and evidence are about, which come first among its samples, the one
/// that the other is described as made from first; of others the first few.
pub(super) fn faces(finding: &Finding) -> Vec<SampleId> {
    let most = match finding.measured {
        Measured::Pair(_) => 2,
        _ => FACES,
    };
    let mut first: Vec<SampleId> = finding.samples.iter().take(most).copied().collect();
    if most == 2 {
        first.reverse();
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    #[test]
    fn card_of_many_copies_shows_the_two_that_its_sentence_is_about() {
        let fixture = Fixture::new();
        let is_pair = |f: &&Finding| matches!(f.measured, Measured::Pair(_));
        let leak = fixture.outcome.findings.iter().find(is_pair);
        let mut leak = leak.expect("a pair").clone();
        leak.samples = [12, 0, 1, 2, 3].map(SampleId).to_vec();
        assert_eq!(faces(&leak), [0, 12].map(SampleId));
    }
}
