//! A `data.yaml` with other places for its splits. Writes no file.

use std::path::{Path, PathBuf};

use super::config::{Config, parse};

/// The keys that say where images lie.
const PLACES: [&str; 5] = ["path", "train", "val", "validation", "test"];

/// The file that describes the set at `root`, a folder on disk or the file
/// itself.
pub fn description(root: &Path) -> Option<PathBuf> {
    if root.is_file() {
        return Some(root.to_owned());
    }
    let entries = root.read_dir().ok()?.filter_map(Result::ok);
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            let extension = path.extension().unwrap_or_default();
            extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
        })
        .filter(|path| {
            let config = std::fs::read(path)
                .ok()
                .and_then(|bytes| parse(&bytes).ok());
            config.is_some_and(|config| config.is_data_set())
        })
        .collect();
    found.sort();
    let usual = found.iter().position(|path| path.ends_with("data.yaml"));
    match (found.len(), usual) {
        (1, _) => found.pop(),
        (_, Some(usual)) => Some(found.swap_remove(usual)),
        _ => None,
    }
}

/// `text` with the places of its splits changed to `splits`, relative to the
/// folder it lies in, and every other line as it is.
///
/// # Errors
/// What cannot be rewritten.
pub fn rewritten(text: &str, splits: &[(&str, String)]) -> Result<String, String> {
    let before = parse(text.as_bytes())?;
    let mut lines: Vec<&str> = Vec::new();
    let mut is_dropped = false;
    for line in text.lines() {
        // A value goes on in lines that are indented or items of a list.
        let goes_on = line.starts_with([' ', '\t', '-']) && !line.starts_with("---");
        if !goes_on {
            let key = line.split_once(':').map(|(key, _)| key.trim());
            is_dropped = key.is_some_and(|key| PLACES.contains(&key.trim_matches(['"', '\''])));
        }
        if !is_dropped {
            lines.push(line);
        }
    }
    let mut rewritten = String::new();
    for line in lines {
        rewritten.push_str(line);
        rewritten.push('\n');
    }
    for (split, place) in splits {
        // JSON's texts are YAML's, too.
        let place = serde_json::Value::from(place.as_str());
        rewritten.push_str(&format!("{split}: {place}\n"));
    }
    let after = parse(rewritten.as_bytes()).map_err(|why| {
        format!("it is written in a way that cannot be changed line by line: {why}")
    })?;
    let wanted: Vec<(&str, Vec<String>)> = (["train", "val", "test"].iter())
        .filter_map(|name| splits.iter().find(|(split, _)| split == name))
        .map(|(split, place)| (*split, vec![place.clone()]))
        .collect();
    let is_same = Config {
        root: None,
        splits: after.splits.clone(),
        ..before
    } == after;
    match is_same && after.splits == wanted {
        true => Ok(rewritten),
        false => Err("it is written in a way that cannot be changed line by line".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> Vec<(&'static str, String)> {
        vec![
            ("train", "train.txt".to_owned()),
            ("val", "images/v: 2".to_owned()),
        ]
    }

    #[test]
    fn only_the_places_change() {
        let text = "# a set\npath: ../x\ntrain:\n  - a\n  - b\nval: b # b\nnames:\n  0: cat\n  1: dog\nnc: 2\n";
        assert_eq!(
            rewritten(text, &new()).expect("changed"),
            "# a set\nnames:\n  0: cat\n  1: dog\nnc: 2\ntrain: \"train.txt\"\nval: \"images/v: 2\"\n"
        );
        let list = "train:\n- a\n- b\nval: [a,\n  b]\nnames: [cat, dog]\nkpt_shape: [17, 3]\n";
        let changed = rewritten(list, &new()).expect("changed");
        assert!(
            changed.starts_with("names: [cat, dog]\nkpt_shape: [17, 3]\n"),
            "{changed}"
        );
    }

    #[test]
    fn what_cannot_be_changed_by_lines_is_refused() {
        assert!(rewritten("{train: a, val: b, names: [cat]}\n", &new()).is_err());
        assert!(rewritten("train: [a,\nb]\nnames: [cat]\n", &new()).is_err());
    }
}
