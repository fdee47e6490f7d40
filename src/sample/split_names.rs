//! How people spell train, val and test. Knows no folders.

/// The usual spellings, in lower case, each with the name it stands for.
pub const SPELLINGS: [(&str, &str); 10] = [
    ("train", "train"),
    ("training", "train"),
    ("val", "val"),
    ("valid", "val"),
    ("validation", "val"),
    ("dev", "val"),
    ("test", "test"),
    ("testing", "test"),
    ("eval", "test"),
    ("evaluation", "test"),
];

/// `holdout` is written in one word, with a hyphen or with an underscore.
const HELD_OUT: [&str; 3] = ["holdout", "hold-out", "hold_out"];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_known_in_any_case() {
        for (canonical, spellings) in [
            ("train", &["train", "Training", "TRAIN"][..]),
            ("val", &["val", "Valid", "validation", "DEV"]),
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
}
