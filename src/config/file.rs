//! `splitlint.toml`: found, read, and every mistake in it reported. Fills in no
//! default.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Options;
use super::keys;
use crate::error::{Error, Result};

/// The file's name.
pub const FILE_NAME: &str = "splitlint.toml";

/// The settings file that goes with a scan of `root` started in `here`: the
/// one in `here`, else the one in `root` (beside it, if it is a manifest).
pub fn find(here: &Path, root: Option<&Path>) -> Option<PathBuf> {
    let beside_root = root.map(|root| {
        if root.is_file() {
            root.parent().unwrap_or(Path::new(""))
        } else {
            root
        }
    });
    [Some(here), beside_root]
        .into_iter()
        .flatten()
        .map(|folder| folder.join(FILE_NAME))
        .find(|file| file.is_file())
}

/// Reads a settings file. Relative paths in it are taken from its folder;
/// mistakes in it are collected in [`Options::problems`].
///
/// # Errors
/// [`Error::Config`] when the file cannot be read.
pub fn load(file: &Path) -> Result<Options> {
    let text = fs::read_to_string(file).map_err(|e| {
        Error::config(format!(
            "cannot read the settings file `{}`: {e}",
            file.display()
        ))
    })?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Ok(parse(&text, &file.display().to_string()).below(folder))
}

/// Reads the text of a settings file; `name` is how messages call it.
pub fn parse(text: &str, name: &str) -> Options {
    let (table, lines) = match (text.parse::<toml::Table>(), Lines::of(text)) {
        (Ok(table), Ok(lines)) => (table, lines),
        (Err(e), _) | (_, Err(e)) => {
            return Options {
                problems: vec![format!("{name}: {}", e.to_string().trim_end())],
                ..Options::default()
            };
        }
    };
    let known = keys::of::<Options>();
    let (mut sound, mut problems) = (toml::Table::new(), Vec::new());
    for (key, value) in table {
        let place = format!("{name}:{}", lines.of_key(&key));
        if !known.contains(&key.as_str()) {
            problems.push(unknown_key(&place, &key, known));
            continue;
        }
        let single = toml::Table::from_iter([(key.clone(), value.clone())]);
        match Options::deserialize(single) {
            Ok(_) => {
                sound.insert(key, value);
            }
            Err(e) => problems.push(format!("{place}: `{key}`: {}", e.message())),
        }
    }
    // Each key was read on its own, so all of them can be read together.
    let mut options = Options::deserialize(sound).unwrap_or_default();
    options.problems = problems;
    options.places = (lines.0.into_iter())
        .map(|(key, line)| (key.to_ascii_lowercase(), format!("{name}:{line}")))
        .collect();
    options
}

fn unknown_key(place: &str, key: &str, known: &[&str]) -> String {
    match keys::nearest(key, known.iter().copied()) {
        Some(near) => format!("{place}: no setting is called `{key}`; did you mean `{near}`?"),
        None => format!(
            "{place}: no setting is called `{key}`; known are {}",
            known.join(", ")
        ),
    }
}

/// On which line each key stands, those of tables in a table after a point.
struct Lines(Vec<(String, usize)>);

impl Lines {
    fn of(text: &str) -> Result<Self, toml::de::Error> {
        let table = toml::de::DeTable::parse(text)?;
        let mut lines = Self(Vec::new());
        lines.add(text, "", table.get_ref());
        Ok(lines)
    }

    fn add(&mut self, text: &str, above: &str, table: &toml::de::DeTable<'_>) {
        for (key, value) in table {
            let before = text.get(..key.span().start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let path = format!("{above}{}", key.get_ref());
            if let toml::de::DeValue::Table(inner) = value.get_ref() {
                self.add(text, &format!("{path}."), inner);
            }
            self.0.push((path, line));
        }
    }

    fn of_key(&self, key: &str) -> usize {
        self.0
            .iter()
            .find_map(|(known, line)| (known == key).then_some(*line))
            .unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let options = parse(
            "select = [\"LEAK\"]\nsellect = []\njobs = \"many\"\n\n[chekcs.x]\n",
            "s.toml",
        );
        assert_eq!(options.select, Some(vec!["LEAK".to_owned()]));
        let messages = options.problems.join("\n");
        assert_eq!(options.problems.len(), 3, "{messages}");
        assert!(
            messages.contains("s.toml:2: no setting is called `sellect`; did you mean `select`?")
        );
        assert!(
            messages.contains("s.toml:3: `jobs`: invalid type"),
            "{messages}"
        );
        assert!(messages.contains("did you mean `checks`?"), "{messages}");
    }

    #[test]
    fn broken_toml_is_shown_where_it_breaks() {
        let options = parse("select = [\n", "s.toml");
        assert!(
            options.problems[0].contains("line 1"),
            "{:?}",
            options.problems
        );
    }

    #[test]
    fn paths_are_taken_from_the_files_folder() {
        let text = "root = \"data\"\noutput = [\"sarif=out.sarif\"]\n[splits]\ntest = \"/t\"\n";
        let options = parse(text, "s.toml").below(Path::new("conf"));
        assert_eq!(options.root, Some(PathBuf::from("conf/data")));
        assert_eq!(options.splits, [("test".to_owned(), PathBuf::from("/t"))]);
        assert_eq!(
            options.output,
            Some(vec![format!(
                "sarif={}",
                Path::new("conf").join("out.sarif").display()
            )])
        );
    }

    #[test]
    fn flags_stand_above_the_file_and_name_the_whole_data_set() {
        let flags = Options {
            root: Some("a".into()),
            ignore: Some(vec!["DIST".into()]),
            ..Options::default()
        };
        let both = flags.over(parse(
            "ignore = [\"FILE\"]\njobs = 2\n[splits]\ntest = \"t\"\n",
            "s",
        ));
        assert_eq!(both.ignore, Some(vec!["DIST".to_owned()]));
        assert_eq!(both.jobs, Some(2));
        assert!(both.splits.is_empty());
    }
}
