//! The lists of `ImageSets`: which image is in which split, and which class is
//! in which image. Looks for no image.

use std::collections::{BTreeMap, BTreeSet};

use crate::sample::{canonical_split, escaped};

/// What a line of a list of one class says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// -1: no object of the class.
    Absent,
    /// 0: only difficult ones, which no evaluation counts.
    Difficult,
    /// 1: at least one.
    Present,
}

/// The lists of a set.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// Ids by split, in order; the split of a set without splits is `None`.
    pub(super) splits: BTreeMap<Option<String>, Vec<String>>,
    /// By id and class, what the lists of classes say.
    pub(super) classes: BTreeMap<String, BTreeMap<String, Presence>>,
    /// What a person might not expect.
    pub(super) notes: Vec<String>,
}

/// Lists by the stem of their names.
pub(super) fn read(lists: &[(String, Vec<u8>)]) -> Sets {
    let mut sets = Sets::default();
    let mut own: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stem, bytes) in lists {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<(String, Option<Presence>)> = text.lines().filter_map(line).collect();
        match of_class(stem, &lines) {
            Some(class) => {
                for (id, presence) in lines {
                    if let Some(presence) = presence {
                        let classes = sets.classes.entry(id).or_default();
                        classes.insert(escaped(class.as_ref()), presence);
                    }
                }
            }
            None => {
                let ids = lines.into_iter().map(|(id, _)| id).collect();
                own.insert(stem.clone(), ids);
            }
        }
    }
    // Lists of classes alone tell the splits, too.
    if own.is_empty() {
        for (stem, bytes) in lists {
            if let Some((_, split)) = stem.rsplit_once('_') {
                let text = String::from_utf8_lossy(bytes);
                let ids = text.lines().filter_map(line).map(|(id, _)| id);
                own.entry(split.to_owned()).or_default().extend(ids);
            }
        }
    }
    let union = own.remove("trainval").unwrap_or_default();
    let has = |name: &str| own.contains_key(name);
    let missing = match (has("train"), has("val")) {
        _ if union.is_empty() => None,
        (true, true) => None,
        (false, true) => Some("train"),
        (true, false) => Some("val"),
        (false, false) => {
            (sets.notes).push("`trainval.txt` is train: there is no `train.txt`".to_owned());
            Some("train")
        }
    };
    if let Some(missing) = missing {
        let others: BTreeSet<&String> = own.values().flatten().collect();
        let rest = union.into_iter().filter(|id| !others.contains(id));
        let rest: Vec<String> = rest.collect();
        own.insert(missing.to_owned(), rest);
    }
    // `default.txt` of an export is no split.
    let is_one = own.len() == 1;
    for (stem, mut ids) in own {
        let split = match canonical_split(&stem) {
            Some(split) => Some(split.to_owned()),
            None if is_one => None,
            None => Some(escaped(stem.as_ref())),
        };
        let known = sets.splits.entry(split).or_default();
        known.append(&mut ids);
        let mut met = BTreeSet::new();
        known.retain(|id| met.insert(id.clone()));
    }
    sets
}

/// The class of a list: its lines have a second column, and its name is
/// `CLASS_SPLIT`.
fn of_class<'a>(stem: &'a str, lines: &[(String, Option<Presence>)]) -> Option<&'a str> {
    let (class, split) = stem.rsplit_once('_')?;
    let is_split = split == "trainval" || canonical_split(split).is_some();
    let marked = lines.iter().filter(|(_, presence)| presence.is_some());
    (is_split && !class.is_empty() && marked.count() * 2 > lines.len()).then_some(class)
}

/// "2008_000001 -1": an id, and what a list of a class says of it.
fn line(text: &str) -> Option<(String, Option<Presence>)> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let (id, presence) = match text.rsplit_once(char::is_whitespace) {
        Some((id, "1" | "+1")) => (id, Some(Presence::Present)),
        Some((id, "0")) => (id, Some(Presence::Difficult)),
        Some((id, "-1")) => (id, Some(Presence::Absent)),
        _ => (text, None),
    };
    Some((id.trim().to_owned(), presence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splits(lists: &[(&str, &str)]) -> Vec<String> {
        let lists: Vec<(String, Vec<u8>)> = (lists.iter())
            .map(|(stem, text)| ((*stem).to_owned(), text.as_bytes().to_vec()))
            .collect();
        (read(&lists).splits.into_iter())
            .map(|(split, ids)| format!("{} {}", split.as_deref().unwrap_or("-"), ids.join(",")))
            .collect()
    }

    #[test]
    fn trainval_is_the_union_and_fills_what_is_missing() {
        let union = ("trainval", "a\nb\nc\n");
        assert_eq!(
            splits(&[("train", "a\r\nb\n"), union, ("val", "c\n")]),
            ["train a,b", "val c"]
        );
        assert_eq!(splits(&[("train", "a\n"), union]), ["train a", "val b,c"]);
        assert_eq!(splits(&[("test", "d\n"), union]), ["test d", "train a,b,c"]);
        assert_eq!(splits(&[("default", "a\na\nb")]), ["- a,b"]);
    }

    #[test]
    fn lists_of_classes_are_no_splits() {
        let lists = [
            ("cat_train".to_owned(), b"a  1\nb -1\nc  0\n".to_vec()),
            (
                "potted plant_train".to_owned(),
                b"a -1\nb 1\nc 1\n".to_vec(),
            ),
            ("train".to_owned(), b"a\nb\nc\n".to_vec()),
        ];
        let sets = read(&lists);
        assert_eq!(sets.splits.len(), 1);
        assert_eq!(sets.classes["c"]["cat"], Presence::Difficult);
        assert_eq!(sets.classes["b"]["potted plant"], Presence::Present);
        let alone = read(&lists[..2]);
        assert_eq!(alone.splits[&Some("train".to_owned())], ["a", "b", "c"]);
    }
}
