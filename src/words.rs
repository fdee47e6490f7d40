//! Numbers and names in words. Knows neither checks nor reports.

/// `count` with commas: 3,781.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 image`, `3 images`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A share from 0 to 1 as a percentage of one decimal. Near nothing and near
/// everything it gets more of them, so that neither 0% of something is written
/// nor 100% of not quite everything.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let from_end = percent.abs().min((100.0 - percent).abs());
    let decimals = match from_end {
        0.0 => 0,
        0.1.. => 1,
        0.01.. => 2,
        0.001.. => 3,
        _ if percent < 50.0 => return "<0.001%".to_owned(),
        _ => return ">99.999%".to_owned(),
    };
    let text = format!("{percent:.decimals$}");
    match text.split_once('.') {
        Some(_) => format!("{}%", text.trim_end_matches('0').trim_end_matches('.')),
        None => format!("{text}%"),
    }
}

/// A p-value as people write it.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".to_owned()
    } else {
        format!("p = {p:.3}")
    }
}

/// "training" for `train`, "validation" for `val`; others as they are, quoted
/// where they are no plain word.
pub(crate) fn of_split(name: &str) -> String {
    match name {
        "train" => "training".to_owned(),
        "val" => "validation".to_owned(),
        "test" => "test".to_owned(),
        other => format!("`{other}`"),
    }
}

/// `text` with everything escaped that could steer a terminal or turn the
/// order of letters round: controls, line breaks, directions, invisible marks.
pub(crate) fn shown(text: &str) -> String {
    use std::fmt::Write;
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Format characters of Unicode that change how their neighbours are shown or
/// are not shown themselves (general category Cf, and the two separators).
fn is_invisible(c: char) -> bool {
    matches!(
        u32::from(c),
        0xad | 0x61c | 0x180e | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e | 0x2060..=0x206f
            | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_get_commas() {
        let all = [0, 999, 1000, 12_345, 1_234_567].map(number);
        assert_eq!(all, ["0", "999", "1,000", "12,345", "1,234,567"]);
        assert_eq!(counted(1, "image", "images"), "1 image");
        assert_eq!(counted(0, "image", "images"), "0 images");
    }

    #[test]
    fn percentages_never_round_to_none_or_all() {
        let all = [0.0, 1e-9, 0.000_04, 0.0004, 0.075, 0.1, 0.1964, 0.5].map(percent);
        let shown = [
            "0%", "<0.001%", "0.004%", "0.04%", "7.5%", "10%", "19.6%", "50%",
        ];
        assert_eq!(all, shown);
        let all = [0.9994, 0.9999, 1.0 - 1e-9, 1.0, 1.5].map(percent);
        assert_eq!(all, ["99.94%", "99.99%", ">99.999%", "100%", "150%"]);
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_shown_raw() {
        assert_eq!(
            shown("a\x1b[2J\u{202e}b\nc\u{2066}"),
            "a\\u{1b}[2J\\u{202e}b\\u{a}c\\u{2066}"
        );
        assert_eq!(shown("שלום 猫 é"), "שלום 猫 é");
    }
}
