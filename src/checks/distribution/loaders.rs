//! Which folders training frameworks take for classes, and in which order they
//! number them. Compares nothing.

use std::cmp::Ordering;

use crate::sample::ClassFolder;

/// A way in which a framework numbers the class folders of one split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loader {
    /// `torchvision.datasets.ImageFolder`: every folder, hidden ones too, in
    /// code point order. An empty one makes it stop, so what numbers it would
    /// give is not asked.
    Torchvision,
    /// `image_dataset_from_directory`: folders not starting with a dot, empty
    /// ones too, in code point order.
    Keras,
    /// timm's folder reader: folders that hold images, in natural order.
    Timm,
    /// Ultralytics classification before 8.4.154: `ImageFolder` with empty
    /// folders allowed.
    Ultralytics,
    /// Since 8.4.154 (read in 8.4.190): folders are aligned to the names of the
    /// model, which are those of `train`, as soon as one name is the same.
    UltralyticsAligned,
    /// Hugging Face `imagefolder`, where each split is loaded by itself: the
    /// folders of images, in code point order. Loaded together, the splits
    /// share one numbering and cannot disagree.
    HuggingFace,
}

impl Loader {
    /// All, in the order of the variants.
    pub(super) const ALL: [Self; 6] = [
        Self::Torchvision,
        Self::Keras,
        Self::Timm,
        Self::Ultralytics,
        Self::UltralyticsAligned,
        Self::HuggingFace,
    ];

    /// The names of `loaders` for a message; of one framework, its versions only
    /// where they differ.
    pub(super) fn names(loaders: &[Self]) -> Vec<&'static str> {
        let has_both = [Self::Ultralytics, Self::UltralyticsAligned]
            .iter()
            .all(|one| loaders.contains(one));
        let named = loaders.iter().filter_map(|&loader| match loader {
            Self::Ultralytics if has_both => Some("Ultralytics"),
            Self::UltralyticsAligned if has_both => None,
            _ => Some(loader.name()),
        });
        named.collect()
    }

    /// Whether it numbers a later split by the names of the first.
    pub(super) fn aligns(self, first: &[&ClassFolder], later: &[&ClassFolder]) -> bool {
        let is_shared = |folder: &&ClassFolder| first.iter().any(|other| other.name == folder.name);
        self == Self::UltralyticsAligned && later.iter().any(is_shared)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Torchvision => "torchvision",
            Self::Keras => "Keras",
            Self::Timm => "timm",
            Self::Ultralytics => "Ultralytics before 8.4.154",
            Self::UltralyticsAligned => "Ultralytics since 8.4.154",
            Self::HuggingFace => "Hugging Face (each split by itself)",
        }
    }

    /// The folders of one split that count as classes, in the order of their
    /// numbers.
    pub(super) fn classes<'a>(self, folders: &[&'a ClassFolder]) -> Vec<&'a ClassFolder> {
        let mut classes: Vec<&ClassFolder> = folders
            .iter()
            .copied()
            .filter(|folder| self.counts(folder))
            .collect();
        classes.sort_by(|a, b| match self {
            Self::Timm => natural(&a.name, &b.name),
            _ => a.name.cmp(&b.name),
        });
        classes
    }

    fn counts(self, folder: &ClassFolder) -> bool {
        match self {
            // Of a folder passed over we do not know what it holds; if it is
            // empty, torchvision stops instead of shifting.
            Self::Torchvision | Self::Ultralytics | Self::UltralyticsAligned => true,
            Self::Keras => !folder.name.starts_with('.'),
            Self::Timm | Self::HuggingFace => folder.samples > 0,
        }
    }
}

/// timm's `natural_key`: lower case, runs of digits compared as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let key = |name: &str| tokens(&name.to_lowercase());
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

/// Text and numbers in turn, beginning with text, as Python's `re.split` with
/// a captured pattern gives them. Numbers are kept as digits without leading
/// zeros, by length, so that no number is too large.
fn tokens(name: &str) -> Vec<(String, usize, String)> {
    let mut tokens = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits_at = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (text, from_digits) = rest.split_at(digits_at);
        let digits_end = from_digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from_digits.len());
        let (digits, after) = from_digits.split_at(digits_end);
        let digits = digits.trim_start_matches('0').to_owned();
        tokens.push((text.to_owned(), digits.len(), digits));
        rest = after;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order_counts_and_ignores_case() {
        let mut names = ["class10", "Class9", "class2", "b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["b", "class2", "Class9", "class10"]);
    }

    #[test]
    fn code_point_order_puts_ten_before_two_and_capitals_first() {
        let folder = |name: &str| ClassFolder {
            split: None,
            name: name.to_owned(),
            samples: 1,
            passed_over: false,
        };
        let folders = ["2", "10", "a", "B"].map(folder);
        let order = |loader: Loader| -> Vec<String> {
            let all: Vec<&ClassFolder> = folders.iter().collect();
            let classes = loader.classes(&all);
            classes.iter().map(|folder| folder.name.clone()).collect()
        };
        assert_eq!(order(Loader::Torchvision), ["10", "2", "B", "a"]);
        assert_eq!(order(Loader::Timm), ["2", "10", "a", "B"]);
    }
}
