//! Which checks a user means by a word. Runs none of them.

use std::collections::BTreeSet;

use super::registry;

/// The codes selected: all named by `select` (everything if it is empty) but
/// those named by `ignore`. A word is a code, a family or a name, any case.
///
/// # Errors
/// One message for each word that names nothing, with the nearest word that does.
pub fn resolve(
    select: &[String],
    ignore: &[String],
) -> Result<BTreeSet<&'static str>, Vec<String>> {
    let mut problems = Vec::new();
    let mut codes_of = |words: &[String]| {
        let mut codes = BTreeSet::new();
        for word in words {
            let named = codes_named(word);
            if named.is_empty() {
                problems.push(unknown(word));
            }
            codes.extend(named);
        }
        codes
    };
    let mut selected = codes_of(select);
    let ignored = codes_of(ignore);
    if !problems.is_empty() {
        return Err(problems);
    }
    if select.is_empty() {
        selected = registry::all().map(|declared| declared.info.code).collect();
    }
    selected.retain(|code| !ignored.contains(code));
    Ok(selected)
}

fn codes_named(word: &str) -> Vec<&'static str> {
    if word.eq_ignore_ascii_case("all") {
        return registry::all().map(|declared| declared.info.code).collect();
    }
    registry::all()
        .map(|declared| declared.info)
        .filter(|info| {
            [info.code, info.family.name(), info.name]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
        })
        .map(|info| info.code)
        .collect()
}

/// "no check `LEEK`; did you mean `LEAK`?"
pub fn unknown(word: &str) -> String {
    let full = in_full(word);
    let nearest = registry::all()
        .flat_map(|declared| {
            [
                declared.info.code,
                declared.info.family.name(),
                declared.info.name,
            ]
        })
        .max_by(|a, b| closeness(&full, a).total_cmp(&closeness(&full, b)));
    match nearest {
        Some(nearest) => format!(
            "no check is called `{word}`; did you mean `{nearest}`? `splitlint checks` lists them"
        ),
        None => format!("no check is called `{word}`"),
    }
}

/// `leak1` as `leak001`: a code's number has three digits.
fn in_full(word: &str) -> String {
    let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
    match word[letters.len()..].parse::<u16>() {
        Ok(number) => format!("{letters}{number:03}"),
        Err(_) => word.to_owned(),
    }
}

fn closeness(word: &str, known: &str) -> f64 {
    strsim::jaro_winkler(&word.to_ascii_lowercase(), &known.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_for_means_all() {
        let all = resolve(&[], &[]).expect("no words");
        assert_eq!(all.len(), registry::all().count());
    }

    #[test]
    fn family_code_and_name_are_understood_in_any_case() {
        let leaks = resolve(&["leak".into()], &["leak001".into()]).expect("known words");
        assert!(leaks.contains("LEAK002") && !leaks.contains("LEAK001"));
        assert!(leaks.iter().all(|code| code.starts_with("LEAK")));
    }

    #[test]
    fn unknown_words_are_all_named_with_the_nearest_known() {
        let problems = resolve(&["LEEK".into()], &["LABEL01".into()]).expect_err("unknown");
        assert_eq!(problems.len(), 2);
        assert!(problems[0].contains("`LEAK`"), "{}", problems[0]);
    }
}
