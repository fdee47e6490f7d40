//! Finds the samples that earlier decisions are about, wherever they lie now.
//! Judges no decision.

use std::collections::{BTreeMap, BTreeSet};

use super::Decision;
use super::file::CONTENT_MARK;
use crate::sample::{Listing, SampleId};
use crate::spreadsheet::is_alike;

/// Earlier decisions, sorted by whether they still apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// By sample.
    pub kept: BTreeMap<SampleId, Kept>,
    /// Those that apply to nothing here, in the order of the files.
    pub aside: Vec<Aside>,
    /// The columns that a person added, in order of first mention.
    pub columns: Vec<String>,
}

/// A decision that still applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What was decided; may be blank where only a column of the person's own
    /// was filled in.
    pub decision: String,
    /// Cells of the person's own columns, by name.
    pub more: BTreeMap<String, String>,
    /// The suggestion that was decided on.
    pub suggested: String,
    /// The line in the file, for messages.
    pub line: u64,
}

/// A decision that does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The line as it was.
    pub decision: Decision,
    /// Why it does not apply.
    pub why: String,
    /// It asked for what is the case now.
    pub is_done: bool,
}

/// Sorts `decisions`; of two about one sample the first counts. `content` is
/// the content hash of a sample as text, where it could be read.
pub fn carry(
    decisions: Vec<Decision>,
    listing: &Listing,
    content: impl Fn(SampleId) -> Option<String>,
) -> Carried {
    let by_key: BTreeMap<&str, SampleId> = (listing.samples.iter())
        .map(|sample| (sample.key.as_str(), sample.id))
        .collect();
    let wanted: BTreeSet<&str> = decisions
        .iter()
        .filter_map(|d| d.content.as_deref())
        .collect();
    let mut by_content: BTreeMap<String, Vec<SampleId>> = BTreeMap::new();
    if !wanted.is_empty() {
        for sample in &listing.samples {
            if let Some(hash) = content(sample.id).filter(|hash| wanted.contains(hash.as_str())) {
                by_content.entry(hash).or_default().push(sample.id);
            }
        }
    }
    let mut carried = Carried::default();
    for decision in decisions {
        for (name, _) in &decision.more {
            if !carried.columns.contains(name) {
                carried.columns.push(name.clone());
            }
        }
        let mut here = candidates(&decision, &by_key, &by_content);
        // Where the image was not opened, its name has to do.
        let at_key = by_key.get(decision.sample.as_str());
        if let (true, Some(&id)) = (here.is_empty(), at_key)
            && content(id).is_none()
        {
            here.push(id);
        }
        let same_label = |id: &&SampleId| is_alike(&decision.given, &listing.label_text(**id));
        let free = |id: &&SampleId| !carried.kept.contains_key(*id);
        // The file where it was, else a copy of the same content under the
        // same label.
        let found = (here.iter().filter(same_label))
            .find(free)
            .or_else(|| here.iter().find(same_label));
        match found {
            Some(&id) => {
                carried.kept.entry(id).or_insert_with(|| Kept {
                    more: decision.more.iter().cloned().collect(),
                    decision: decision.decision,
                    suggested: decision.suggested,
                    line: decision.line,
                });
            }
            None => {
                let (why, is_done) = why_not(&decision, &here, listing);
                let is_known = carried.aside.iter().any(|aside| {
                    let other = &aside.decision;
                    (&other.sample, &other.decision, &other.content)
                        == (&decision.sample, &decision.decision, &decision.content)
                });
                if !is_known {
                    carried.aside.push(Aside {
                        decision,
                        why,
                        is_done,
                    });
                }
            }
        }
    }
    carried
}

/// The samples that a decision may be about, the likeliest first.
fn candidates(
    decision: &Decision,
    by_key: &BTreeMap<&str, SampleId>,
    by_content: &BTreeMap<String, Vec<SampleId>>,
) -> Vec<SampleId> {
    let at_key = by_key.get(decision.sample.as_str()).copied();
    let Some(hash) = &decision.content else {
        return at_key.into_iter().collect();
    };
    let mut of_content = by_content.get(hash).cloned().unwrap_or_default();
    // A stable sort: the rest stays in listing order.
    of_content.sort_by_key(|&id| Some(id) != at_key);
    of_content
}

fn why_not(decision: &Decision, here: &[SampleId], listing: &Listing) -> (String, bool) {
    let word = decision.decision.to_ascii_lowercase();
    let Some(&id) = here.first() else {
        return match word.as_str() {
            _ if decision.content.is_none() => {
                (format!("no sample is called `{}`", decision.sample), false)
            }
            "drop" => ("done: the image is gone".to_owned(), true),
            _ => (
                "no image of this content is in the data set".to_owned(),
                false,
            ),
        };
    };
    let label = listing.label_text(id);
    let target = match word.as_str() {
        "change" => decision.suggested.as_str(),
        _ => decision.decision.as_str(),
    };
    if is_alike(target, &label) {
        (format!("done: the label is `{label}`"), true)
    } else {
        (format!("the label is `{label}` now"), false)
    }
}

/// The cell of a content hash.
pub(crate) fn content_cell(hash: &str) -> String {
    format!("{CONTENT_MARK}{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{ClassId, Labels, Sample, SampleKey};

    /// Samples by key, class and content.
    fn listing(samples: &[(&str, u32)]) -> Listing {
        Listing {
            classes: vec!["cat".to_owned(), "dog".to_owned()],
            samples: (0..)
                .zip(samples)
                .map(|(id, &(key, class))| Sample {
                    id: SampleId(id),
                    key: SampleKey::from_path(key.as_ref()),
                    split: None,
                    labels: Labels::One(ClassId(class)),
                    objects: crate::sample::NO_OBJECTS,
                    group: None,
                })
                .collect(),
            ..Listing::default()
        }
    }

    fn decision(sample: &str, given: &str, decision: &str, content: Option<&str>) -> Decision {
        Decision {
            sample: sample.to_owned(),
            given: given.to_owned(),
            suggested: "dog".to_owned(),
            decision: decision.to_owned(),
            content: content.map(str::to_owned),
            more: vec![("note".to_owned(), "mine".to_owned())],
            line: 2,
        }
    }

    fn content(id: SampleId) -> Option<String> {
        Some(["aa", "aa", "bb"][id.index()].to_owned())
    }

    #[test]
    fn decision_follows_its_content_and_its_label() {
        let listing = listing(&[("new/1.jpg", 0), ("new/2.jpg", 1), ("old/3.jpg", 0)]);
        let decisions = vec![
            decision("old/1.jpg", "cat", "keep", Some("aa")),
            decision("old/1.jpg", "dog", "cat", Some("aa")),
            decision("old/3.jpg", "cat", "drop", None),
        ];
        let carried = carry(decisions, &listing, content);
        let kept: Vec<_> = (carried.kept.iter())
            .map(|(id, kept)| (id.0, kept.decision.as_str()))
            .collect();
        assert_eq!(kept, [(0, "keep"), (1, "cat"), (2, "drop")]);
        assert!(carried.aside.is_empty());
        assert_eq!(carried.columns, ["note"]);
    }

    #[test]
    fn decision_that_applies_to_nothing_is_kept_aside_with_the_reason() {
        let listing = listing(&[("1.jpg", 1), ("2.jpg", 1), ("3.jpg", 0)]);
        let decisions = vec![
            decision("1.jpg", "cat", "change", Some("aa")),
            decision("1.jpg", "cat", "change", Some("aa")),
            decision("9.jpg", "cat", "drop", Some("cc")),
            decision("9.jpg", "cat", "keep", Some("dd")),
            decision("1.jpg", "bird", "keep", Some("aa")),
        ];
        let carried = carry(decisions, &listing, content);
        assert!(carried.kept.is_empty());
        let why: Vec<_> = (carried.aside.iter())
            .map(|aside| (aside.why.as_str(), aside.is_done))
            .collect();
        assert_eq!(
            why,
            [
                ("done: the label is `dog`", true),
                ("done: the image is gone", true),
                ("no image of this content is in the data set", false),
                ("the label is `dog` now", false),
            ]
        );
    }

    #[test]
    fn file_overwritten_by_another_image_is_not_decided_on() {
        let listing = listing(&[("1.jpg", 0), ("2.jpg", 0), ("3.jpg", 0)]);
        let carried = carry(
            vec![decision("1.jpg", "cat", "drop", Some("ff"))],
            &listing,
            content,
        );
        assert!(carried.kept.is_empty() && carried.aside.len() == 1);
    }
}
