//! What became of a data set since it was audited, sample by sample. Reads no
//! image.

use std::collections::{BTreeMap, VecDeque};

/// A sample as a report lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its key.
    pub sample: String,
    /// Its split, if it has one.
    pub split: Option<String>,
    /// Its classes joined by `;`, if it has any.
    pub label: Option<String>,
    /// Its content hash; `None` for a file that cannot be read.
    pub content: Option<String>,
}

/// A sample with another split or other classes than before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moved {
    /// Its key now.
    pub sample: String,
    /// What it had.
    pub before: Option<String>,
    /// What it has.
    pub now: Option<String>,
}

/// What changed; every list in the order of the keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Samples that were not there.
    pub added: Vec<String>,
    /// Samples that are not there any more, by their keys then.
    pub removed: Vec<String>,
    /// Samples of the same key whose content is another.
    pub replaced: Vec<String>,
    /// Samples of the same content with other classes.
    pub relabelled: Vec<Moved>,
    /// Samples of the same content in another split.
    pub moved: Vec<Moved>,
    /// Samples that have only another key, which is no change of the data.
    pub renamed: usize,
    /// Samples whose file could be read neither then nor now.
    pub unreadable: usize,
}

impl Changes {
    /// Whether the data are the same: names and order do not count.
    pub fn is_same(&self) -> bool {
        let lists = [&self.added, &self.removed, &self.replaced];
        let moves = [&self.relabelled, &self.moved];
        lists.iter().all(|list| list.is_empty()) && moves.iter().all(|list| list.is_empty())
    }
}

/// A way to say which sample of then is which of now: those of equal names
/// may be the same.
type Name = fn(&Listed) -> Option<[Option<&str>; 4]>;

/// What changed from `then` to `now`.
///
/// Samples are matched by content, because a moved file has another key: first
/// those that are equal in all, then those that changed as little as possible.
/// What is left has another content, or is new or gone.
pub fn changes(then: &[Listed], now: &[Listed]) -> Changes {
    const BY: [Name; 6] = [
        |s| {
            Some([
                Some(&s.sample),
                s.content.as_deref(),
                s.split.as_deref(),
                s.label.as_deref(),
            ])
        },
        |s| {
            Some([
                None,
                Some(s.content.as_deref()?),
                s.split.as_deref(),
                s.label.as_deref(),
            ])
        },
        |s| Some([Some(&s.sample), Some(s.content.as_deref()?), None, None]),
        |s| Some([None, Some(s.content.as_deref()?), s.split.as_deref(), None]),
        |s| Some([None, Some(s.content.as_deref()?), None, None]),
        |s| Some([Some(&s.sample), None, None, None]),
    ];
    let mut left: (Vec<&Listed>, Vec<&Listed>) = (then.iter().collect(), now.iter().collect());
    left.0.sort_unstable();
    left.1.sort_unstable();
    let mut changes = Changes::default();
    for name in BY {
        let matched = matched(&mut left, name);
        for (before, after) in matched {
            changes.take(before, after);
        }
    }
    changes.removed = left.0.iter().map(|s| s.sample.clone()).collect();
    changes.added = left.1.iter().map(|s| s.sample.clone()).collect();
    changes.removed.sort_unstable();
    changes.added.sort_unstable();
    changes.replaced.sort_unstable();
    changes.relabelled.sort_unstable();
    changes.moved.sort_unstable();
    changes
}

/// Takes out of both sides what has equal names, one for one.
fn matched<'a>(
    left: &mut (Vec<&'a Listed>, Vec<&'a Listed>),
    name: Name,
) -> Vec<(&'a Listed, &'a Listed)> {
    let mut by_name: BTreeMap<_, VecDeque<&Listed>> = BTreeMap::new();
    let (before, after) = (std::mem::take(&mut left.0), std::mem::take(&mut left.1));
    for sample in before {
        match name(sample) {
            Some(name) => by_name.entry(name).or_default().push_back(sample),
            None => left.0.push(sample),
        }
    }
    let mut matched = Vec::new();
    for sample in after {
        let same = name(sample).and_then(|name| by_name.get_mut(&name)?.pop_front());
        match same {
            Some(earlier) => matched.push((earlier, sample)),
            None => left.1.push(sample),
        }
    }
    left.0.extend(by_name.into_values().flatten());
    left.0.sort_unstable();
    matched
}

impl Changes {
    /// Takes note of a sample that was `before` and is `now`.
    fn take(&mut self, before: &Listed, now: &Listed) {
        let moved = |before: &Option<String>, after: &Option<String>| Moved {
            sample: now.sample.clone(),
            before: before.clone(),
            now: after.clone(),
        };
        if before.content != now.content {
            self.replaced.push(now.sample.clone());
        } else if before.content.is_none() {
            self.unreadable += 1;
        }
        if before.label != now.label {
            self.relabelled.push(moved(&before.label, &now.label));
        }
        if before.split != now.split {
            self.moved.push(moved(&before.split, &now.split));
        }
        let same =
            before.content == now.content && before.label == now.label && before.split == now.split;
        self.renamed += usize::from(same && before.sample != now.sample);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn listed(sample: &str, split: &str, label: &str, content: &str) -> Listed {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Listed {
            sample: sample.to_owned(),
            split: some(split),
            label: some(label),
            content: some(content),
        }
    }

    fn audited() -> Vec<Listed> {
        vec![
            listed("train/cat/1", "train", "cat", "c1"),
            listed("train/cat/2", "train", "cat", "c2"),
            listed("train/cat/2-again", "train", "cat", "c2"),
            listed("train/dog/3", "train", "dog", "c3"),
            listed("test/dog/4", "test", "dog", "c4"),
            listed("test/dog/5", "test", "dog", ""),
        ]
    }

    #[test]
    fn the_same_data_in_another_order_under_other_names_are_the_same() {
        let mut now = audited();
        now.reverse();
        now[5].sample = "train/cat/renamed".to_owned();
        let changes = changes(&audited(), &now);
        assert!(changes.is_same(), "{changes:?}");
        assert_eq!((changes.renamed, changes.unreadable), (1, 1));
    }

    #[test]
    fn each_kind_of_change_is_named_as_what_it_is() {
        let now = vec![
            // One of two equal files is gone, and one file is another.
            listed("train/cat/1", "train", "cat", "other"),
            listed("train/cat/2", "train", "cat", "c2"),
            // A file moved into another class folder, and one into another split.
            listed("train/cat/3", "train", "cat", "c3"),
            listed("train/dog/4", "train", "dog", "c4"),
            listed("test/dog/5", "test", "dog", ""),
            listed("test/dog/6", "test", "dog", "c6"),
        ];
        let changes = changes(&audited(), &now);
        assert_eq!(changes.added, ["test/dog/6"]);
        assert_eq!(changes.removed, ["train/cat/2-again"]);
        assert_eq!(changes.replaced, ["train/cat/1"]);
        let moved = |sample: &str, before: &str, now: &str| Moved {
            sample: sample.to_owned(),
            before: Some(before.to_owned()),
            now: Some(now.to_owned()),
        };
        assert_eq!(changes.relabelled, [moved("train/cat/3", "dog", "cat")]);
        assert_eq!(changes.moved, [moved("train/dog/4", "test", "train")]);
        assert!(!changes.is_same());
    }

    #[test]
    fn a_file_that_can_no_longer_be_read_is_a_change() {
        let mut now = audited();
        now[0].content = None;
        assert_eq!(changes(&audited(), &now).replaced, ["train/cat/1"]);
    }

    fn any_listed() -> impl Strategy<Value = Listed> {
        ("[a-d]", "[tv]?", "[xy]?", "[0-3]?").prop_map(|(a, b, c, d)| listed(&a, &b, &c, &d))
    }

    proptest! {
        /// Same exactly where contents, splits and labels are the same, however
        /// they are ordered, and no sample is lost or counted twice.
        #[test]
        fn agrees_with_comparing_sorted_lists(
            then in proptest::collection::vec(any_listed(), 0..12),
            now in proptest::collection::vec(any_listed(), 0..12),
        ) {
            let changes = changes(&then, &now);
            let bare = |all: &[Listed]| {
                // A file that cannot be read is known by its key alone.
                let mut bare: Vec<_> = (all.iter().cloned())
                    .map(|mut s| { if s.content.is_some() { s.sample.clear(); } s })
                    .collect();
                bare.sort();
                bare
            };
            prop_assert_eq!(changes.is_same(), bare(&then) == bare(&now));
            let gone = then.len() as isize - changes.removed.len() as isize;
            prop_assert_eq!(gone, now.len() as isize - changes.added.len() as isize);
        }
    }
}
