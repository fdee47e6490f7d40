//! Which findings come next: filters and pages over a queue that keeps its
//! order. Knows no decision but whether there is one.

use serde::Deserialize;

use super::item::Item;

/// Findings in one answer, at most: with their samples about 100 KB.
pub(super) const PAGE: usize = 50;

/// What a person wants to see. Blank fields want everything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Filter {
    /// A check's code.
    pub(super) check: String,
    /// A class that the finding is about.
    pub(super) class: String,
    pub(super) split: String,
    /// The score from which on.
    pub(super) least: f64,
    pub(super) state: Wanted,
    /// Words of the message.
    pub(super) words: String,
}

/// By whether there is a decision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wanted {
    #[default]
    Open,
    Decided,
    All,
}

impl Filter {
    /// Whether a finding is wanted, decided or not.
    fn fits(&self, item: &Item) -> bool {
        (self.check.is_empty() || item.code == self.check)
            && (self.class.is_empty() || item.labels.contains(&self.class))
            && (self.split.is_empty() || item.splits.contains(&self.split))
            && (self.least <= 0.0 || item.score.is_some_and(|score| score >= self.least))
            && (self.words.is_empty() || has_words(&item.message, &self.words))
    }

    fn wants(&self, is_decided: bool) -> bool {
        match self.state {
            Wanted::Open => !is_decided,
            Wanted::Decided => is_decided,
            Wanted::All => true,
        }
    }
}

fn has_words(message: &str, words: &str) -> bool {
    let message = message.to_lowercase();
    (words.split_whitespace()).all(|word| message.contains(&word.to_lowercase()))
}

/// Some of the queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Places in the queue, in its order.
    pub(super) places: Vec<usize>,
    /// Findings that fit the filter, decided or not.
    pub(super) fitting: usize,
    /// Those of them that are open.
    pub(super) open: usize,
    /// How many wanted ones stand before the first of `places`.
    pub(super) before: usize,
}

/// The first `count` wanted findings from the place `from` on; with `backwards`
/// the last that stand before it.
pub(super) fn page(
    items: &[Item],
    is_decided: impl Fn(usize) -> bool,
    filter: &Filter,
    from: usize,
    count: usize,
    backwards: bool,
) -> Page {
    let count = count.clamp(1, PAGE);
    let mut page = Page::default();
    let mut wanted_before = 0;
    for (place, item) in items.iter().enumerate() {
        if !filter.fits(item) {
            continue;
        }
        let decided = is_decided(place);
        page.fitting += 1;
        page.open += usize::from(!decided);
        if !filter.wants(decided) {
            continue;
        }
        if place < from {
            wanted_before += 1;
            if backwards {
                page.places.push(place);
                if page.places.len() > count {
                    page.places.remove(0);
                }
            }
        } else if !backwards && page.places.len() < count {
            page.places.push(place);
        }
    }
    page.before = match backwards {
        true => wanted_before - page.places.len(),
        false => wanted_before,
    };
    page
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::finding::{FindingId, Severity};
    use crate::review::server::item::Kind;

    /// A finding with this message.
    pub(in crate::review::server) fn item(code: &str, message: &str) -> Item {
        Item {
            code: code.to_owned(),
            name: "a-check".to_owned(),
            check: None,
            id: FindingId::of_names(code, [message]),
            severity: Severity::Warning,
            message: message.to_owned(),
            splits: vec!["train".to_owned()],
            labels: vec!["cat".to_owned()],
            objects: BTreeMap::new(),
            samples: Vec::new(),
            score: Some(0.5),
            kind: Kind::Set,
            suggested: None,
            acts_on: Vec::new(),
            pair: None,
        }
    }

    fn ten() -> Vec<Item> {
        (0..10)
            .map(|n| item("X001", &format!("Finding {n}")))
            .collect()
    }

    #[test]
    fn open_findings_come_in_order_and_pages_go_both_ways() {
        let items = ten();
        let decided = |place: usize| place.is_multiple_of(2);
        let page = |from, count, backwards| {
            super::page(&items, decided, &Filter::default(), from, count, backwards)
        };
        let first = page(0, 3, false);
        assert_eq!(first.places, [1, 3, 5]);
        assert_eq!((first.fitting, first.open, first.before), (10, 5, 0));
        assert_eq!(page(6, 3, false).places, [7, 9]);
        assert_eq!(page(6, 3, false).before, 3);
        let back = page(6, 2, true);
        assert_eq!((back.places, back.before), (vec![3, 5], 1));
        assert_eq!(page(0, 2, true).places, [0; 0]);
    }

    #[test]
    fn filter_wants_what_fits_in_every_point() {
        let mut items = ten();
        items[3].code = "X002".to_owned();
        items[4].labels = vec!["dog".to_owned()];
        items[5].splits = vec!["test".to_owned()];
        items[6].score = Some(0.9);
        items[7].score = None;
        let places = |filter: Filter| page(&items, |_| false, &filter, 0, 50, false).places;
        let filter = Filter::default;
        assert_eq!(
            places(Filter {
                check: "X002".to_owned(),
                ..filter()
            }),
            [3]
        );
        assert_eq!(
            places(Filter {
                class: "dog".to_owned(),
                ..filter()
            }),
            [4]
        );
        assert_eq!(
            places(Filter {
                split: "test".to_owned(),
                ..filter()
            }),
            [5]
        );
        assert_eq!(
            places(Filter {
                least: 0.6,
                ..filter()
            }),
            [6]
        );
        assert_eq!(
            places(Filter {
                words: "8 FIND".to_owned(),
                ..filter()
            }),
            [8]
        );
        assert_eq!(
            places(Filter {
                least: 0.6,
                check: "X002".to_owned(),
                ..filter()
            }),
            [0; 0]
        );
        assert_eq!(
            places(Filter {
                state: Wanted::Decided,
                ..filter()
            }),
            [0; 0]
        );
    }
}
