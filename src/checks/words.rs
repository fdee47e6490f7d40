//! Numbers and lists of names as sentences want them. Knows no check.

pub(super) use crate::words::percent;

/// "1 sample", "2 samples".
pub(super) fn counted(count: u64, singular: &str) -> String {
    let ending = match singular {
        _ if count == 1 => "",
        _ if singular.ends_with('s') => "es",
        _ => "s",
    };
    format!("{count} {singular}{ending}")
}

/// "a, b and c", and after `most` of them "a, b and 7 more".
pub(super) fn listed(names: &[String], most: usize) -> String {
    let shown = if names.len() > most {
        most.saturating_sub(1).max(1)
    } else {
        names.len()
    };
    let (first, rest) = names.split_at(shown.min(names.len()));
    match (first, rest.len()) {
        ([], _) => String::new(),
        ([one], 0) => one.clone(),
        (many, 0) => {
            let (last, before) = (&many[many.len() - 1], &many[..many.len() - 1]);
            format!("{} and {last}", before.join(", "))
        }
        (many, more) => format!("{} and {more} more", many.join(", ")),
    }
}

/// A name in back-quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_counted() {
        let names: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(listed(&names, 4), "a, b, c and d");
        assert_eq!(listed(&names, 3), "a, b and 2 more");
        assert_eq!(listed(&names[..1], 3), "a");
        assert_eq!(listed(&[], 3), "");
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(counted(1, "class"), "1 class");
        assert_eq!(counted(2, "class"), "2 classes");
        assert_eq!(counted(0, "sample"), "0 samples");
    }
}
