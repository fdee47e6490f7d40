//! The splits that `datasets` reads from the names of files and folders. Touches
//! no disk.

use std::collections::BTreeSet;

/// The words that name a split (datasets, `data_files.py`, `SPLIT_KEYWORDS`).
const KEYWORDS: [(&str, &str); 10] = [
    ("train", "train"),
    ("training", "train"),
    ("validation", "val"),
    ("valid", "val"),
    ("dev", "val"),
    ("val", "val"),
    ("test", "test"),
    ("testing", "test"),
    ("eval", "test"),
    ("evaluation", "test"),
];

/// What may stand beside a word: `NON_WORDS_CHARS`, in the same file.
const BESIDE: &str = "-._ 0123456789";

/// The splits whose words stand in the name of a folder, apart from others.
pub(super) fn of_folder(name: &str) -> BTreeSet<&'static str> {
    found(name, |after| {
        after.is_none_or(|after| BESIDE.contains(after))
    })
}

/// The splits whose words stand in the name of a file, apart from others; the
/// word is not the last.
pub(super) fn of_file(name: &str) -> BTreeSet<&'static str> {
    found(name, |after| {
        after.is_some_and(|after| BESIDE.contains(after))
    })
}

fn found(name: &str, ends: impl Fn(Option<char>) -> bool) -> BTreeSet<&'static str> {
    let mut splits = BTreeSet::new();
    for (word, split) in KEYWORDS {
        for (start, _) in name.match_indices(word) {
            let before = name[..start].chars().next_back();
            let after = name[start + word.len()..].chars().next();
            if before.is_none_or(|before| BESIDE.contains(before)) && ends(after) {
                splits.insert(split);
            }
        }
    }
    splits
}

/// The split in the name of a shard, `SPLIT-00000-of-00002….parquet`, as
/// written, and the number of the shard.
pub fn of_shard(name: &str) -> Option<(&str, u32)> {
    let (at, _) = name.match_indices("-of-").find(|(at, _)| {
        let digits =
            |text: Option<&str>| text.is_some_and(|text| text.bytes().all(|b| b.is_ascii_digit()));
        let before = at.checked_sub(6).and_then(|start| name.get(start..*at));
        before.is_some_and(|before| before.starts_with('-') && digits(before.get(1..)))
            && digits(name.get(at + 4..at + 9))
    })?;
    let number = name.get(at - 5..at)?.parse().ok()?;
    let split = name.get(..at - 6)?;
    (!split.is_empty()).then_some((split, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_only_apart_from_others() {
        let folder = |name: &str| of_folder(name).into_iter().collect::<Vec<_>>();
        assert_eq!(folder("train"), ["train"]);
        assert_eq!(folder("my-train_2017"), ["train"]);
        assert_eq!(folder("validation.set"), ["val"]);
        assert_eq!(folder("train_test"), ["test", "train"]);
        for name in ["trainset", "Train", "contest", "holdout", "xval"] {
            assert_eq!(folder(name), [""; 0], "{name}");
        }
        let file = |name: &str| of_file(name).into_iter().collect::<Vec<_>>();
        assert_eq!(file("train.jpg"), ["train"]);
        assert_eq!(file("a_test_1.jpg"), ["test"]);
        assert_eq!(file("a_test"), [""; 0]);
    }

    #[test]
    fn a_shard_names_its_split_and_number() {
        assert_eq!(
            of_shard("train-00001-of-00012-ab12.parquet"),
            Some(("train", 1))
        );
        assert_eq!(
            of_shard("my-split-00000-of-00001.parquet"),
            Some(("my-split", 0))
        );
        for name in [
            "train.parquet",
            "-00000-of-00001.parquet",
            "a-0-of-1.parquet",
        ] {
            assert_eq!(of_shard(name), None, "{name}");
        }
    }
}
