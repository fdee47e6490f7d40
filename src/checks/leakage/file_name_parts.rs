//! What a file name says of groups: the part that several names share, and what
//! kind of sharing it is. Looks at one name at a time.

/// What a file name says of its origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// The kind of hint.
    pub(super) hint: Hint,
    /// The part shared by samples of one origin.
    pub(super) stem: &'a str,
    /// The number that distinguishes them, where it counts up.
    pub(super) counter: Option<u64>,
}

/// Kinds of hints, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hint {
    /// `cat_jpg.rf.0a1b….jpg`: an export that augments images and names each
    /// with a hash behind its source's name.
    Export,
    /// `cat (2).jpg`, `cat - Copy.jpg`: what systems call a copy.
    Copy,
    /// `patient012_slice03`, `vid7_000123`: a stem with a number in it, and a
    /// counter behind it.
    Numbered,
    /// `20190312_101500`, `IMG-20190312-WA0001`: the same with a date, which
    /// images of one day share and need not be related for.
    Dated,
    /// `IMG_1234`, `frame0007`: a counter behind mere words.
    Counter,
}

impl Hint {
    /// For a sentence: "file names …".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Export => "exports of one source image (`.rf.` and a hash)",
            Self::Copy => "copies by name (`(2)`, `copy`)",
            Self::Numbered => "counters behind a numbered stem",
            Self::Dated => "counters behind a date",
            Self::Counter => "runs of consecutive counters",
        }
    }
}

/// The last part of `key`, extension left out.
pub(super) fn stem_of(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// What the stem of a name says. Several hints may hold; the most telling is
/// given. Counters are looked for at the end of `counted`, which is the stem
/// without what all names like it end in.
pub(super) fn read<'a>(stem: &'a str, counted: &'a str) -> Option<Named<'a>> {
    export(stem)
        .or_else(|| copy(stem))
        .or_else(|| counter(counted))
}

pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | ' ')
}

fn export(stem: &str) -> Option<Named<'_>> {
    let (source, hash) = stem.rsplit_once(".rf.")?;
    // 32 hexadecimal digits, of which a few suffice to know them.
    let is_hash = hash.len() >= 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hash && !source.is_empty()).then_some(Named {
        hint: Hint::Export,
        stem: source,
        counter: None,
    })
}

/// What systems put behind the name of a copy, but for ` (2)`.
pub(super) const COPY_ENDINGS: [&str; 6] =
    [" - Copy", " copy", "_copy", "-copy", " - Kopie", " - copie"];

/// Names that browsers and programs give to everything they save: `images (3)`
/// is another image of some search and no copy of `images`.
const DEFAULT_NAMES: [&str; 14] = [
    "image",
    "images",
    "img",
    "download",
    "downloads",
    "unnamed",
    "untitled",
    "index",
    "photo",
    "picture",
    "screenshot",
    "file",
    "maxresdefault",
    "hqdefault",
];

fn copy(stem: &str) -> Option<Named<'_>> {
    let named = |stem: &'_ str| -> bool {
        let lower = stem.trim().to_lowercase();
        !lower.is_empty() && !DEFAULT_NAMES.contains(&lower.as_str())
    };
    let of = |stem| Named {
        hint: Hint::Copy,
        stem,
        counter: None,
    };
    if let Some((source, number)) = stem.strip_suffix(')').and_then(|s| s.rsplit_once(" ("))
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit())
    {
        return named(source).then(|| of(source));
    }
    let before = COPY_ENDINGS
        .iter()
        .find_map(|ending| stem.strip_suffix(ending));
    let source = before.or_else(|| stem.strip_prefix("Copy of "))?;
    named(source).then(|| of(source))
}

fn counter(stem: &str) -> Option<Named<'_>> {
    let before_digits = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    // Longer numbers are ids or times, which do not count up by one.
    let digits = &stem[before_digits.len()..];
    let counter = (digits.len() <= 9).then(|| digits.parse().ok()).flatten();
    if digits.is_empty() {
        return None;
    }
    let before_word = before_digits.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let prefix = before_word.trim_end_matches(is_separator);
    let separated = prefix.len() < before_word.len();
    if separated && prefix.bytes().any(|b| b.is_ascii_digit()) {
        let hint = if is_date(prefix) {
            Hint::Dated
        } else {
            Hint::Numbered
        };
        return Some(Named {
            hint,
            stem: prefix,
            counter,
        });
    }
    counter.map(|counter| Named {
        hint: Hint::Counter,
        stem: before_digits,
        counter: Some(counter),
    })
}

/// Whether the digits of `prefix` are a date: year, month and day in eight
/// digits, written together or apart, or a year alone.
fn is_date(prefix: &str) -> bool {
    let digits: String = prefix.chars().filter(char::is_ascii_digit).collect();
    let (year, rest) = (digits.get(..4), digits.get(4..).unwrap_or(""));
    let is_year = year.is_some_and(|year| ("1970".."2100").contains(&year));
    let number = |range: std::ops::Range<usize>| -> Option<u32> { rest.get(range)?.parse().ok() };
    match rest.len() {
        0 => is_year,
        4 => {
            is_year
                && number(0..2).is_some_and(|month| (1..=12).contains(&month))
                && number(2..4).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(key: &str) -> Option<(Hint, &str, Option<u64>)> {
        let stem = stem_of(key);
        read(stem, stem).map(|named| (named.hint, named.stem, named.counter))
    }

    #[test]
    fn stems_of_patients_videos_exports_and_copies_are_read() {
        assert_eq!(
            hint("train/ct/patient012_slice03.png"),
            Some((Hint::Numbered, "patient012", Some(3)))
        );
        assert_eq!(
            hint("a/vid7_000123.jpg"),
            Some((Hint::Numbered, "vid7", Some(123)))
        );
        assert_eq!(
            hint("a/person1_bacteria_2.jpeg"),
            Some((Hint::Numbered, "person1_bacteria", Some(2)))
        );
        assert_eq!(
            hint("a/dog_12_jpg.rf.0123456789abcdef0123456789abcdef.jpg"),
            Some((Hint::Export, "dog_12_jpg", None))
        );
        assert_eq!(hint("a/cat (2).jpg"), Some((Hint::Copy, "cat", None)));
        assert_eq!(hint("a/cat - Copy.jpg"), Some((Hint::Copy, "cat", None)));
    }

    #[test]
    fn plain_counters_dates_and_ids_are_told_apart() {
        assert_eq!(
            hint("a/IMG_1234.jpg"),
            Some((Hint::Counter, "IMG_", Some(1234)))
        );
        assert_eq!(
            hint("a/IMG_20190312_101500.jpg"),
            Some((Hint::Dated, "IMG_20190312", Some(101_500)))
        );
        assert_eq!(hint("a/6075b4a5-1f2e-4c11-9b1d-aa5c0de5f00d.jpg"), None);
        assert_eq!(hint("a/sunset.jpg"), None);
    }

    #[test]
    fn names_that_browsers_give_are_no_copies() {
        for key in [
            "a/images (3).jpg",
            "a/download (1).png",
            "a/Unnamed - Copy.jpg",
            "a/ (2).jpg",
        ] {
            assert_ne!(hint(key).map(|(hint, ..)| hint), Some(Hint::Copy), "{key}");
        }
    }
}
