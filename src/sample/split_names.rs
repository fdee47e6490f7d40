//! How people spell train, val and test. Knows no folders.

/// The usual spellings, in lower case, each with the name it stands for.
pub const SPELLINGS: [(&str, &str); 11] = [
    ("train", "train"),
    ("training", "train"),
    ("val", "val"),
    ("valid", "val"),
    ("validate", "val"),
    ("validation", "val"),
    ("dev", "val"),
    ("test", "test"),
    ("testing", "test"),
    ("eval", "test"),
    ("evaluation", "test"),
];

/// `holdout` is written in one word, with a hyphen or with an underscore.
const HELD_OUT: [&str; 3] = ["holdout", "hold-out", "hold_out"];

/// Words that stand beside a split's name and say nothing of content, in lower
/// case; numbers are such words, too: `train2017`, `test_images`, `val_set_v2`.
const FILLERS: [&str; 39] = [
    "all",
    "aug",
    "augmented",
    "clean",
    "cleaned",
    "cls",
    "classification",
    "crop",
    "cropped",
    "data",
    "dataset",
    "dir",
    "file",
    "files",
    "final",
    "folder",
    "full",
    "image",
    "images",
    "img",
    "imgs",
    "jpeg",
    "jpg",
    "large",
    "mini",
    "new",
    "orig",
    "original",
    "part",
    "photos",
    "pictures",
    "png",
    "raw",
    "resized",
    "sample",
    "samples",
    "set",
    "small",
    "split",
];

/// The split that `name` usually means (`train`, `val` or `test`), whatever
/// its case; `None` for any other name.
pub fn canonical_split(name: &str) -> Option<&'static str> {
    if HELD_OUT.iter().any(|held| name.eq_ignore_ascii_case(held)) {
        return Some("test");
    }
    SPELLINGS
        .iter()
        .find(|(spelling, _)| name.eq_ignore_ascii_case(spelling))
        .map(|&(_, canonical)| canonical)
}

/// A name with the word of a split in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLike {
    /// `train`, `val` or `test`.
    pub split: &'static str,
    /// The other words, in lower case and order.
    pub rest: Vec<String>,
}

impl SplitLike {
    /// The word of a split in `name`, if there is exactly one.
    pub fn of(name: &str) -> Option<Self> {
        let mut found = None;
        let mut rest = Vec::new();
        for word in words(name) {
            match in_word(&word) {
                Some((split, more)) if found.is_none() => {
                    found = Some(split);
                    rest.extend(more.map(str::to_owned));
                }
                Some(_) => return None,
                None => rest.push(word),
            }
        }
        found.map(|split| Self { split, rest })
    }

    /// Whether the other words say nothing of content.
    pub fn is_plain(&self) -> bool {
        let is_filler = |word: &String| {
            FILLERS.contains(&word.as_str())
                || word.chars().all(|c| c.is_ascii_digit())
                || word == "v"
        };
        self.rest.iter().all(is_filler)
    }
}

/// The split that a word means, and a filler grown together with it:
/// `testset`, `trainimages`.
fn in_word(word: &str) -> Option<(&'static str, Option<&str>)> {
    if let Some(split) = canonical_split(word) {
        return Some((split, None));
    }
    FILLERS.iter().find_map(|filler| {
        let split = canonical_split(word.strip_suffix(filler)?)?;
        Some((split, Some(*filler)))
    })
}

/// The words of a name in lower case: parted by what is no letter or digit,
/// between letters and digits, and before a capital behind a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before: Option<char> = None;
    for c in name.chars() {
        let parts = match before {
            Some(before) if before.is_alphanumeric() => {
                before.is_numeric() != c.is_numeric() || before.is_lowercase() && c.is_uppercase()
            }
            _ => true,
        };
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if !parts => word.extend(c.to_lowercase()),
                _ => words.push(c.to_lowercase().collect()),
            }
        }
        before = Some(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_known_in_any_case() {
        for (canonical, spellings) in [
            ("train", &["train", "Training", "TRAIN"][..]),
            ("val", &["val", "Valid", "validation", "validate", "DEV"]),
            (
                "test",
                &["Test", "testing", "eval", "Evaluation", "Holdout"],
            ),
        ] {
            for spelling in spellings {
                assert_eq!(canonical_split(spelling), Some(canonical), "{spelling}");
            }
        }
    }

    #[test]
    fn other_names_are_not_guessed() {
        for name in ["", "trains", "imgs_train", "test2", "fold1", "reference"] {
            assert_eq!(canonical_split(name), None, "{name}");
        }
    }

    #[test]
    fn a_split_is_found_among_other_words() {
        for (name, split, rest, plain) in [
            ("train2017", "train", &["2017"][..], true),
            ("seg_train", "train", &["seg"], false),
            ("Test Images", "test", &["images"], true),
            ("trainset", "train", &["set"], true),
            ("ValidationData", "val", &["data"], true),
            ("test_tube", "test", &["tube"], false),
            ("trainA", "train", &["a"], false),
            ("val", "val", &[], true),
        ] {
            let found = SplitLike::of(name).expect(name);
            assert_eq!(
                (found.split, &found.rest[..]),
                (
                    split,
                    &rest.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..]
                ),
                "{name}"
            );
            assert_eq!(found.is_plain(), plain, "{name}");
        }
        for name in [
            "trains",
            "contest",
            "latest",
            "train_test",
            "terrain",
            "device",
            "validity",
        ] {
            assert_eq!(SplitLike::of(name), None, "{name}");
        }
    }
}
