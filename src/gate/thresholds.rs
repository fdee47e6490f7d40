//! Limits on headline figures. Computes none of the figures.

use std::collections::BTreeMap;

use super::acceptance::{Accepted, of_label};
use crate::distribution::Drift;
use crate::finding::{CountsAs, Family, Finding, FindingId, Headlines, LeakFigures};
use crate::sample::{Listing, Role, SampleId, SplitId};
use crate::words::percent;

/// A limit for all splits, for single ones, or none.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum PerSplit<T> {
    /// No limit.
    #[default]
    None,
    /// The same everywhere.
    All(T),
    /// By the split's name.
    Named(BTreeMap<String, T>),
}

/// At most so many samples, or at most such a share of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum AtMost {
    /// Samples.
    Count(u64),
    /// 0 to 1.
    Share(f64),
}

/// Limits on headline figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    /// Of an evaluation split's samples, the share with a copy in a split
    /// that is trained on.
    pub max_leaked_share: PerSplit<f64>,
    /// Suspect labels: of the whole data set, or by split.
    pub max_suspect_labels: PerSplit<AtMost>,
    /// The total variation between the class shares of any two splits, 0 to 1.
    pub max_drift: Option<f64>,
    /// What every class has at least in a split.
    pub min_samples_per_class: PerSplit<u64>,
}

impl Figures<'_> {
    /// The samples whose label a finding doubts, without the neighbours that it
    /// shows beside them.
    fn doubted(&self, finding: &Finding) -> Vec<SampleId> {
        let of_label = of_label(self.label_ids, finding.id);
        let copies: Vec<SampleId> = (finding.samples.iter())
            .filter(|id| of_label.iter().any(|(_, other)| other == *id))
            .copied()
            .collect();
        match copies.is_empty() {
            true => finding.samples.first().copied().into_iter().collect(),
            false => copies,
        }
    }
}

impl<T: Copy> PerSplit<T> {
    fn of(&self, split: &str) -> Option<T> {
        match self {
            Self::None => None,
            Self::All(limit) => Some(*limit),
            Self::Named(limits) => limits.get(split).copied(),
        }
    }

    fn is_set(&self) -> bool {
        !matches!(self, Self::None)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let named = match self {
            Self::Named(limits) => Some(limits.keys().map(String::as_str)),
            _ => None,
        };
        named.into_iter().flatten()
    }
}

/// What the thresholds say.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The limits overstepped, in words.
    pub(super) breaches: Vec<String>,
    /// The limits that could not be held against anything.
    pub(super) not_held: Vec<String>,
}

/// What the thresholds are held against.
pub(super) struct Figures<'a> {
    pub(super) headlines: &'a Headlines,
    pub(super) drift: &'a [Drift],
    pub(super) listing: &'a Listing,
    pub(super) label_ids: &'a [(FindingId, SampleId)],
    pub(super) new: &'a [Finding],
    pub(super) accepted: &'a [Accepted],
}

impl Thresholds {
    /// Whether a leak finding is judged by its share, so that `fail-on` does
    /// not judge it again: `max-leaked-share` covers all the evaluation splits
    /// it is about.
    pub(super) fn judge_leak(&self, finding: &Finding, listing: &Listing) -> bool {
        let limited = |id: SampleId| {
            let split = listing.sample(id).split;
            self.max_leaked_share
                .of(split_name(listing, split))
                .is_some()
        };
        let mut evaluated = finding
            .samples
            .iter()
            .copied()
            .filter(|&id| matches!(listing.role(id), None | Some(Role::Evaluation)))
            .peekable();
        let of_splits = (finding.splits.iter())
            .map(|split| &listing.splits[split.index()])
            .filter(|split| split.role == Role::Evaluation);
        // Findings about splits alone name no sample.
        let all_limited = match evaluated.peek().is_some() {
            true => evaluated.all(limited),
            false => {
                let mut names = of_splits.map(|split| split.name.as_str()).peekable();
                names.peek().is_some() && names.all(|name| self.max_leaked_share.of(name).is_some())
            }
        };
        finding.check.family == Family::Leak && self.max_leaked_share.is_set() && all_limited
    }

    /// Holds every limit against the figures.
    pub(super) fn hold(&self, figures: &Figures<'_>) -> Held {
        let mut held = Held::default();
        self.hold_leaks(figures, &mut held);
        self.hold_suspects(figures, &mut held);
        self.hold_drift(figures, &mut held);
        self.hold_classes(figures, &mut held);
        held
    }

    fn hold_leaks(&self, figures: &Figures<'_>, held: &mut Held) {
        let Some(leaks) = &figures.headlines.leaks else {
            if self.max_leaked_share.is_set() {
                held.not_held.push(
                    "`max-leaked-share` could not be applied: copies across splits were not searched for"
                        .to_owned(),
                );
            }
            return;
        };
        for of_split in leaks {
            let name = split_name(figures.listing, of_split.split);
            let Some(limit) = self.max_leaked_share.of(name) else {
                continue;
            };
            let counted = LeakFigures {
                leaked: of_split
                    .leaked
                    .saturating_sub(excused(figures, of_split.split)),
                ..of_split.clone()
            };
            if counted.share() > limit {
                let (leaked, samples) = (counted.leaked, counted.samples);
                held.breaches.push(format!(
                    "{leaked} of {samples} {name} samples ({}) are leaked; `max-leaked-share` is {limit}",
                    percent(counted.share())
                ));
            }
        }
    }

    fn hold_suspects(&self, figures: &Figures<'_>, held: &mut Held) {
        let Some(suspects) = &figures.headlines.suspects else {
            if self.max_suspect_labels.is_set() {
                held.not_held.push(
                    "`max-suspect-labels` could not be applied: no label was judged".to_owned(),
                );
            }
            return;
        };
        let accepted = |split: Option<SplitId>| {
            (figures.accepted.iter())
                .filter(|accepted| accepted.finding.check.counts_as == CountsAs::SuspectLabel)
                .map(|accepted| figures.doubted(&accepted.finding))
                .filter(|samples| {
                    (samples.first()).is_some_and(|&id| figures.listing.sample(id).split == split)
                })
                .map(|samples| samples.len() as u64)
                .sum()
        };
        let of_splits = suspects.iter().map(|of_split| {
            let name = split_name(figures.listing, of_split.split).to_owned();
            let accepted: u64 = accepted(of_split.split);
            let suspect = of_split.suspects.saturating_sub(accepted);
            (name, suspect, of_split.judged)
        });
        let parts: Vec<(String, u64, u64)> = match self.max_suspect_labels {
            PerSplit::All(_) => vec![of_splits.fold(
                (String::new(), 0, 0),
                |(_, suspects, judged), (_, more, of)| {
                    ("all".to_owned(), suspects + more, judged + of)
                },
            )],
            _ => of_splits.collect(),
        };
        for (name, suspects, judged) in parts {
            let Some(limit) = self.max_suspect_labels.of(&name) else {
                continue;
            };
            let share = suspects as f64 / judged.max(1) as f64;
            let (over, limit) = match limit {
                AtMost::Count(count) => (suspects > count, count.to_string()),
                AtMost::Share(most) => (share > most, most.to_string()),
            };
            if over {
                held.breaches.push(format!(
                    "{suspects} of {judged} labels ({}) in {name} are suspect; `max-suspect-labels` is {limit}",
                    percent(share)
                ));
            }
        }
    }

    fn hold_drift(&self, figures: &Figures<'_>, held: &mut Held) {
        let Some(limit) = self.max_drift else {
            return;
        };
        if figures.drift.is_empty() {
            held.not_held
                .push("`max-drift` could not be applied: no two splits were compared".to_owned());
        }
        for pair in figures.drift {
            if pair.total_variation > limit {
                let (a, b) = (
                    split_name(figures.listing, Some(pair.a)),
                    split_name(figures.listing, Some(pair.b)),
                );
                held.breaches.push(format!(
                    "the class distributions of {a} and {b} differ by {:.3} (total variation); `max-drift` is {limit}",
                    pair.total_variation
                ));
            }
        }
    }

    fn hold_classes(&self, figures: &Figures<'_>, held: &mut Held) {
        for of_split in &figures.headlines.splits {
            let name = split_name(figures.listing, of_split.split);
            let (Some(limit), Some((class, samples))) =
                (self.min_samples_per_class.of(name), of_split.smallest_class)
            else {
                continue;
            };
            if samples < limit {
                held.breaches.push(format!(
                    "class `{}` has {samples} samples in {name}; `min-samples-per-class` is {limit}",
                    figures.listing.class_name(class)
                ));
            }
        }
    }

    /// A limit on a split that is not there limits nothing: one line each.
    pub fn unknown_splits(&self, listing: &Listing) -> Vec<String> {
        let known: Vec<String> = (listing.splits.iter())
            .map(|split| format!("`{}`", split.name))
            .collect();
        let known = match known.is_empty() {
            true => "it has no splits".to_owned(),
            false => format!("it has {}", known.join(", ")),
        };
        let mut problems = Vec::new();
        for name in self.max_leaked_share.names() {
            let split = listing.splits.iter().find(|split| split.name == name);
            if split.is_some_and(|split| split.role != Role::Evaluation) {
                problems.push(format!(
                    "`max-leaked-share` names `{name}`, which is not an evaluation split: name a \
                     validation or test split"
                ));
            }
        }
        let named = [
            (
                "max-leaked-share",
                self.max_leaked_share.names().collect::<Vec<_>>(),
            ),
            (
                "max-suspect-labels",
                self.max_suspect_labels.names().collect(),
            ),
            (
                "min-samples-per-class",
                self.min_samples_per_class.names().collect(),
            ),
        ];
        for (key, names) in named {
            for name in names {
                if listing.splits.iter().all(|split| split.name != name) {
                    problems.push(format!(
                        "`{key}` names split `{name}`, which this data set does not have; {known}"
                    ));
                }
            }
        }
        problems
    }
}

/// The samples of `split` whose every leak was accepted. Only leaks out of
/// data that is trained on are counted by the figures, so only those excuse.
fn excused(figures: &Figures<'_>, split: Option<SplitId>) -> u64 {
    let listing = figures.listing;
    let training = |id: &SplitId| listing.splits[id.index()].role != Role::Evaluation;
    let any_training = listing.splits.iter().any(|s| s.role != Role::Evaluation);
    let counts = |finding: &&Finding| {
        finding.check.counts_as == CountsAs::Leak
            && (!any_training || finding.splits.iter().any(training))
    };
    let of_split = |findings: Vec<&Finding>| -> Vec<SampleId> {
        let mut ids: Vec<SampleId> = findings
            .iter()
            .flat_map(|finding| finding.samples.iter().copied())
            .filter(|&id| listing.sample(id).split == split)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let open = of_split(figures.new.iter().filter(counts).collect());
    let accepted = of_split(
        figures
            .accepted
            .iter()
            .map(|accepted| &accepted.finding)
            .filter(counts)
            .collect(),
    );
    accepted
        .iter()
        .filter(|id| open.binary_search(id).is_err())
        .count() as u64
}

fn split_name(listing: &Listing, split: Option<SplitId>) -> &str {
    listing.split_name(split).unwrap_or("the data set")
}
