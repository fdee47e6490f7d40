//! Names of IDX files, as of MNIST and the sets made after it. Opens none.

use crate::sample::SplitLike;

/// Whether a file of this name, in lower case, holds images.
pub(super) fn is_images(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    plain.contains("images") && ["idx3", "idx4"].iter().any(|mark| plain.contains(mark))
}

/// The names that the labels of such a file may have, the likeliest first.
pub(super) fn labels_of(name: &str) -> Vec<String> {
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let mut names = Vec::new();
    for (from, to) in [("images", "labels"), ("Images", "Labels")] {
        if !plain.contains(from) {
            continue;
        }
        for mark in ["idx3", "idx4"] {
            for (labels, kind) in [("idx1", "ubyte"), ("idx2", "int")] {
                if plain.contains(mark) {
                    let name = plain.replace(from, to).replace(mark, labels);
                    let name = name.replace("ubyte", kind);
                    names.extend([name.clone(), format!("{name}.gz")]);
                }
            }
        }
    }
    names
}

/// The split in the name; `t10k` are the ten thousand for tests.
pub(super) fn split_of(name: &str) -> Option<String> {
    let words = words(name);
    if words.iter().any(|word| word == "t10k") {
        return Some("test".to_owned());
    }
    SplitLike::of(&words.join("-")).map(|like| like.split.to_owned())
}

/// What is left of the name without split, kind and format: sets of one folder
/// differ in it.
pub(super) fn base_of(name: &str) -> String {
    let words = words(name);
    let is_own =
        |word: &&String| **word != "t10k" && **word != "images" && SplitLike::of(word).is_none();
    words
        .iter()
        .filter(is_own)
        .cloned()
        .collect::<Vec<_>>()
        .join("-")
}

/// The words of a name before the format, in lower case.
fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let words = lower.split(['-', '.', '_', ' ']);
    let words = words.take_while(|word| !word.starts_with("idx"));
    words
        .map(str::to_owned)
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_mnist_and_its_followers_are_understood() {
        for (name, split, base) in [
            ("train-images-idx3-ubyte", Some("train"), ""),
            ("t10k-images.idx3-ubyte.gz", Some("test"), ""),
            (
                "emnist-balanced-train-images-idx3-ubyte",
                Some("train"),
                "emnist-balanced",
            ),
            ("qmnist-test-images-idx3-ubyte", Some("test"), "qmnist"),
            ("digits-images-idx3-ubyte", None, "digits"),
        ] {
            assert!(is_images(name), "{name}");
            assert_eq!(split_of(name).as_deref(), split, "{name}");
            assert_eq!(base_of(name), base, "{name}");
        }
        assert!(!is_images("train-labels-idx1-ubyte"));
        assert_eq!(
            labels_of("t10k-images.idx3-ubyte.gz")[..2],
            ["t10k-labels.idx1-ubyte", "t10k-labels.idx1-ubyte.gz"]
        );
    }
}
