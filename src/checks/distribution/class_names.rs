//! When two class names may mean one class. Knows no samples.

use unicode_normalization::UnicodeNormalization;

/// In what two names differ and yet may mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Case, blanks, `_` and `-`, or the Unicode form of the same characters:
    /// hardly ever meant.
    Spelling,
    /// An "s" or "es" at the end.
    Plural,
    /// One letter more, less, other or exchanged with its neighbour.
    OneLetter,
}

impl Likeness {
    /// "only by case, blanks or Unicode form".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Spelling => "only by case, blanks or Unicode form",
            Self::Plural => "only by a plural ending",
            Self::OneLetter => "by one letter",
        }
    }

    /// How `a` and `b`, both [`folded`], are alike, if they are.
    pub(super) fn of(a: &str, b: &str) -> Option<Self> {
        if a == b {
            return Some(Self::Spelling);
        }
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        let ending = long.strip_prefix(short);
        if short.chars().count() >= 3 && matches!(ending, Some("s" | "es")) {
            return Some(Self::Plural);
        }
        one_letter_apart(a, b).then_some(Self::OneLetter)
    }
}

/// A name in the form in which spelling does not count.
pub(super) fn folded(name: &str) -> String {
    name.nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .collect()
}

/// Names shorter than this differ by one letter all the time: cat, car, bat.
const SHORTEST: usize = 5;

/// Whether one letter was added, dropped, changed or exchanged with its
/// neighbour. Digits count as names do: `class1` and `class2` are not alike.
fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if short.len() < SHORTEST || long.len() - short.len() > 1 {
        return false;
    }
    let same_head = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same_head..], &long[same_head..]);
    let same_tail = short
        .iter()
        .rev()
        .zip(long.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (short, long) = (
        &short[..short.len() - same_tail],
        &long[..long.len() - same_tail],
    );
    match (short, long) {
        ([], [one]) => one.is_alphabetic(),
        ([one], [other]) => one.is_alphabetic() && other.is_alphabetic(),
        ([a, b], [c, d]) => a == d && b == c && a.is_alphabetic() && b.is_alphabetic(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> Option<Likeness> {
        Likeness::of(&folded(a), &folded(b))
    }

    #[test]
    fn spelling_is_seen_through_case_blanks_and_unicode_form() {
        assert_eq!(
            likeness("Polar Bear", "polar_bear"),
            Some(Likeness::Spelling)
        );
        assert_eq!(
            likeness("caf\u{e9}", "cafe\u{301}"),
            Some(Likeness::Spelling)
        );
    }

    #[test]
    fn plurals_and_typing_mistakes_are_alike() {
        assert_eq!(likeness("dress", "dresses"), Some(Likeness::Plural));
        assert_eq!(likeness("giraffe", "girafe"), Some(Likeness::OneLetter));
        assert_eq!(likeness("zebra", "zerba"), Some(Likeness::OneLetter));
    }

    #[test]
    fn numbers_short_names_and_other_words_are_not() {
        for (a, b) in [
            ("class1", "class2"),
            ("cat", "car"),
            ("n01440764", "n01440765"),
            ("shirt", "dress"),
            ("7", "77"),
        ] {
            assert_eq!(likeness(a, b), None, "{a} {b}");
        }
    }
}
