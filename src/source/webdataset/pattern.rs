//! Patterns of shards: `train-{000..127}.tar`. Looks for no file.

/// Names that a pattern may stand for: the largest public sets have some
/// 100,000 shards.
const MAX_NAMES: usize = 1_000_000;

/// The names that a pattern with `{a..b}` or `{a,b}` stands for, as a shell
/// expands it; `None` where it has none, or too many.
pub(in crate::source) fn expanded(pattern: &str) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    let mut rest = pattern;
    let mut any = false;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, behind) = after.split_once('}')?;
        let choices = choices(inside)?;
        if names.len().checked_mul(choices.len())? > MAX_NAMES {
            return None;
        }
        names = (names.iter())
            .flat_map(|name| {
                choices
                    .iter()
                    .map(move |choice| format!("{name}{before}{choice}"))
            })
            .collect();
        rest = behind;
        any = true;
    }
    names.iter_mut().for_each(|name| name.push_str(rest));
    any.then_some(names)
}

fn choices(inside: &str) -> Option<Vec<String>> {
    let Some((from, to)) = inside.split_once("..") else {
        let list: Vec<String> = inside.split(',').map(str::to_owned).collect();
        return (list.len() > 1).then_some(list);
    };
    let (first, last): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
    if last < first || last - first >= MAX_NAMES as u64 {
        return None;
    }
    let padded = from.len() > 1 && from.starts_with('0') || to.len() > 1 && to.starts_with('0');
    let width = if padded { from.len().max(to.len()) } else { 0 };
    Some(
        (first..=last)
            .map(|number| format!("{number:0width$}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_keep_their_zeros_and_lists_their_words() {
        assert_eq!(
            expanded("s-{008..010}.tar").expect("names"),
            ["s-008.tar", "s-009.tar", "s-010.tar"]
        );
        assert_eq!(
            expanded("{a,b}/{1..2}").expect("names"),
            ["a/1", "a/2", "b/1", "b/2"]
        );
        for none in [
            "plain.tar",
            "a{b",
            "a{b}.tar",
            "{9..1}",
            "{0..99999999999}",
            "{0..9999}{0..9999}",
        ] {
            assert_eq!(expanded(none), None, "{none}");
        }
    }
}
