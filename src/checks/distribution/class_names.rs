//! When two class names may mean one class. Knows no samples.

use unicode_normalization::UnicodeNormalization;

/// In what two names differ and yet may mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Case, blanks, `_` and `-`, or the Unicode form of the same characters:
    /// hardly ever meant.
    Spelling,
    /// Zeros that change no number: `01` and `1`, `0` and `0.0`.
    Number,
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
            Self::Number => "only in how a number is written",
            Self::Plural => "only by a plural ending",
            Self::OneLetter => "by one letter",
        }
    }

    /// How `a` and `b`, both [`folded`], are alike, if they are.
    pub(super) fn of(a: &str, b: &str) -> Option<Self> {
        if a == b {
            return Some(Self::Spelling);
        }
        if without_idle_zeros(a) == without_idle_zeros(b) {
            return Some(Self::Number);
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
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let lower = lower.trim();
    // The sign of a number is none of its spelling.
    let digits = lower
        .strip_prefix('-')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (sign, rest) = digits.map_or(("", lower), |digits| ("-", digits));
    let kept = rest
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'));
    sign.chars().chain(kept).collect()
}

/// A folded name without the zeros that begin its numbers, and without the
/// fraction of a whole number that is the whole name.
fn without_idle_zeros(name: &str) -> String {
    let digits = name.strip_prefix('-').unwrap_or(name);
    let whole = match digits.split_once('.') {
        Some((whole, fraction))
            if !whole.is_empty()
                && whole.bytes().all(|b| b.is_ascii_digit())
                && fraction.bytes().all(|b| b == b'0') =>
        {
            &name[..name.len() - 1 - fraction.len()]
        }
        _ => name,
    };
    let mut kept = String::with_capacity(whole.len());
    let mut before = None;
    let mut rest = whole.chars().peekable();
    while let Some(c) = rest.next() {
        let begins = before.is_none_or(|b: char| !b.is_ascii_digit() && b != '.');
        let goes_on = rest.peek().is_some_and(char::is_ascii_digit);
        if c == '0' && begins && goes_on {
            continue;
        }
        kept.push(c);
        before = Some(c);
    }
    kept
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
    fn numbers_written_in_two_ways_are_alike_and_other_numbers_are_not() {
        for (a, b) in [
            ("0", "0.0"),
            ("01", "1"),
            ("class_001", "Class 1"),
            ("10", "10.00"),
            ("00", "0"),
        ] {
            assert_eq!(likeness(a, b), Some(Likeness::Number), "{a} {b}");
        }
        for (a, b) in [
            ("1", "10"),
            ("1.5", "1.50"),
            ("0", "0.5"),
            ("-1", "1"),
            ("100", "1"),
            ("1.01", "1.1"),
            ("n0", "n"),
        ] {
            assert_eq!(likeness(a, b), None, "{a} {b}");
        }
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
