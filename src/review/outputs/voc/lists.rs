//! The lists of `ImageSets` for other splits: each line moves, with what stands
//! behind its id. Knows no annotation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use super::{by_id, joined};
use crate::error::Result;
use crate::resplit::file_name;
use crate::review::copy::{Beside, Content};
use crate::review::outputs::unreadable;
use crate::review::stay::within;
use crate::sample::canonical_split;
use crate::source::Folder;

/// The list of what is in train or val.
const UNION: &str = "trainval";

/// A list as it is.
struct List {
    /// The split, as its name says: `train`, `valid`, [`UNION`].
    word: String,
    lines: Vec<String>,
}

/// The lists below `sets` for the new splits of `samples`: the path of each from
/// the folder of images, and its split.
pub(super) fn written(sets: &Folder, samples: &[(PathBuf, String)]) -> Result<Vec<Beside>> {
    let splits: BTreeSet<&str> = samples.iter().map(|(_, split)| split.as_str()).collect();
    let by_id = by_id(samples);
    let mut written = Vec::new();
    for (folder, families) in read(sets, &splits)? {
        for (prefix, lists) in families {
            for split in &splits {
                // A set without splits has one list, whatever it is called.
                let own = (lists.iter().find(|list| means(&list.word, split)))
                    .or(lists.first().filter(|_| split.is_empty()));
                let word = own.map_or_else(|| file_name(split), |list| list.word.clone());
                let goes = |id: &str| by_id.get(id).is_some_and(|splits| splits.contains(split));
                written.extend(list(
                    &folder,
                    &prefix,
                    &word,
                    lines(&lists, &word, &by_id, goes),
                ));
            }
            let is_union = lists.iter().any(|list| list.word == UNION);
            if is_union && splits.contains("train") && splits.contains("val") {
                let goes = |id: &str| {
                    let splits = by_id.get(id);
                    splits.is_some_and(|s| s.contains("train") || s.contains("val"))
                };
                let lines = lines(&lists, UNION, &by_id, goes);
                written.extend(list(&folder, &prefix, UNION, lines));
            }
        }
    }
    Ok(written)
}

fn list(folder: &str, prefix: &str, word: &str, text: String) -> Option<Beside> {
    let to = within(&joined(folder, &format!("{prefix}{word}.txt")));
    let what = Content::Text(text);
    Some(Beside { to, what }).filter(|list| !matches!(&list.what, Content::Text(t) if t.is_empty()))
}

/// The lines whose ids go to a split: first those of its own list, in its order.
fn lines<T>(
    lists: &[List],
    own: &str,
    by_id: &BTreeMap<String, T>,
    goes: impl Fn(&str) -> bool,
) -> String {
    let mut text = String::new();
    let mut met: BTreeSet<&str> = BTreeSet::new();
    let (first, then): (Vec<&List>, Vec<&List>) = lists.iter().partition(|list| list.word == own);
    // The union repeats what the others say.
    let (last, then): (Vec<&List>, Vec<&List>) = then.into_iter().partition(|l| l.word == UNION);
    for list in first.into_iter().chain(then).chain(last) {
        // An id may have several lines in one list, as in `Layout`.
        let mut of_list = BTreeSet::new();
        for line in &list.lines {
            let Some(id) = id_of(line, by_id).filter(|id| goes(id)) else {
                continue;
            };
            if met.contains(id) {
                continue;
            }
            of_list.insert(id);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push('\n');
            }
        }
        met.extend(of_list);
    }
    text
}

/// The id that a line begins with.
fn id_of<'a, T>(line: &'a str, by_id: &BTreeMap<String, T>) -> Option<&'a str> {
    let mut id = line.trim();
    loop {
        if by_id.contains_key(id) {
            return Some(id);
        }
        id = id.rsplit_once(char::is_whitespace)?.0.trim_end();
    }
}

fn means(word: &str, split: &str) -> bool {
    word == split || canonical_split(word) == Some(split)
}

/// Lists by folder, and by what stands before the split in their names: a class.
type Families = BTreeMap<String, BTreeMap<String, Vec<List>>>;

fn read(sets: &Folder, splits: &BTreeSet<&str>) -> Result<Families> {
    let mut families: Families = BTreeMap::new();
    let mut folders = vec![(sets.path.clone(), sets.inside.clone())];
    while let Some((folder, inside)) = folders.pop() {
        let failure = |why| unreadable(&folder, why);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failure)? {
            entries.push(entry.map_err(failure)?.path());
        }
        entries.sort();
        for path in entries {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() && folder == sets.path {
                folders.push((path, joined(&inside, &name)));
                continue;
            }
            let Some(stem) = name.strip_suffix(".txt") else {
                continue;
            };
            let is_split = |word: &str| {
                word == UNION || canonical_split(word).is_some() || splits.contains(word)
            };
            let (prefix, word) = match stem.rsplit_once('_') {
                Some((class, word)) if !is_split(stem) && is_split(word) => {
                    (format!("{class}_"), word)
                }
                _ => (String::new(), stem),
            };
            let bytes = fs::read(&path).map_err(|why| unreadable(&path, why))?;
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.split_inclusive('\n').map(str::to_owned).collect();
            let word = word.to_owned();
            let of_folder = families.entry(inside.clone()).or_default();
            of_folder
                .entry(prefix)
                .or_default()
                .push(List { word, lines });
        }
    }
    Ok(families)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(lists: &[(&str, &str)], samples: &[(&str, &str)]) -> Vec<(String, String)> {
        let place = tempfile::tempdir().expect("a folder");
        fs::create_dir(place.path().join("Main")).expect("a folder");
        for (name, text) in lists {
            fs::write(place.path().join("Main").join(name), text).expect("written");
        }
        let sets = Folder {
            path: place.path().to_owned(),
            inside: "ImageSets".to_owned(),
        };
        let samples: Vec<(PathBuf, String)> = (samples.iter())
            .map(|(name, split)| (PathBuf::from(name), (*split).to_owned()))
            .collect();
        let written = written(&sets, &samples).expect("written");
        (written.into_iter())
            .map(|beside| match beside.what {
                Content::Text(text) => (beside.to, text),
                _ => panic!("a text"),
            })
            .collect()
    }

    #[test]
    fn lines_move_with_what_stands_behind_their_ids() {
        let lists = [
            ("train.txt", "a\nb b\nc\n"),
            ("val.txt", "d"),
            ("trainval.txt", "a\nb b\nc\nd\n"),
            ("cat_train.txt", "a  1\r\nb b -1\nc  0\n"),
            ("cat_val.txt", "d  1\n"),
        ];
        let samples = [("a.jpg", "train"), ("b b.jpg", "val"), ("d.jpg", "train")];
        let expected = [
            ("ImageSets/Main/train.txt", "a\nd\n"),
            ("ImageSets/Main/val.txt", "b b\n"),
            ("ImageSets/Main/trainval.txt", "a\nb b\nd\n"),
            ("ImageSets/Main/cat_train.txt", "a  1\r\nd  1\n"),
            ("ImageSets/Main/cat_val.txt", "b b -1\n"),
        ];
        assert_eq!(
            listed(&lists, &samples),
            expected.map(|(to, text)| (to.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn list_of_all_becomes_lists_of_the_new_splits() {
        let samples = [("a.jpg", "train"), ("x/b.jpg", "fold-1")];
        assert_eq!(
            listed(&[("default.txt", "x/b.jpg\na\n")], &samples),
            [
                (
                    "ImageSets/Main/fold-1.txt".to_owned(),
                    "x/b.jpg\n".to_owned()
                ),
                ("ImageSets/Main/train.txt".to_owned(), "a\n".to_owned()),
            ]
        );
    }
}
