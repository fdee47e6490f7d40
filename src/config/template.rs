//! The text of a `splitlint.toml` with every setting in it, for one data set.
//! Looks at none itself.

use super::setting::{Example, SETTINGS};
use crate::checks::registry;

/// What a template says of a data set.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// How it was understood, one line.
    pub layout: String,
    /// Where it lies, as seen from the file.
    pub root: String,
    /// The splits that models are tested on.
    pub evaluation: Vec<String>,
    /// Its splits.
    pub splits: Vec<String>,
    /// Families and checks that apply to it as it is.
    pub applies: Vec<String>,
}

/// A settings file: what is set is what a scan needs, everything else stands
/// in a comment, with its default where it has one.
pub fn template(facts: &Facts) -> String {
    let mut text = general(facts);
    for declared in registry::all() {
        let settings = (declared.defaults)();
        if settings.is_empty() {
            continue;
        }
        let info = declared.info;
        text.push_str(&format!("\n# {}: {}.\n", info.code, info.summary));
        text.push_str(&format!("#[checks.{}]\n", info.name));
        for (key, value) in settings {
            text.push_str(&format!("#{key} = {value}\n"));
        }
    }
    text
}

/// The part of [`template`] that does not depend on which checks there are.
pub fn general(facts: &Facts) -> String {
    let mut text = format!(
        "\
# Settings of splitlint for this data set, which was read as
#   {}
# Flags override this file. `#name = …` is off; take the `#` away to set it.
",
        facts.layout.replace(['\n', '\r'], " ")
    );
    let mut section = None;
    for setting in SETTINGS {
        if section != Some(setting.section) {
            section = Some(setting.section);
            text.push_str(&format!("\n## {}\n", setting.section.heading()));
        }
        let sentences = [setting.about, setting.in_file];
        let sentences = sentences.iter().filter(|sentence| !sentence.is_empty());
        let sentences: Vec<String> = sentences.map(|sentence| format!("{sentence}.")).collect();
        text.push_str(&comment(&sentences.join(" ")));
        let (off, value) = match setting.example {
            Example::Root => ("", toml::Value::String(facts.root.clone()).to_string()),
            Example::Toml(value) => ("#", value.to_owned()),
            Example::EachEvaluation(value) => ("#", each(&facts.evaluation, value)),
            Example::Applies(value) => match &facts.applies[..] {
                [] => ("#", value.to_owned()),
                words => ("", toml::Value::from(words.to_vec()).to_string()),
            },
            Example::EachSplit(value) => ("#", each(&facts.splits, value)),
        };
        text.push_str(&format!("{off}{} = {value}\n", setting.key));
    }
    text + TABLES
}

/// What follows the settings: TOML wants tables last.
const TABLES: &str = "
# Severity by code, family or name: error, warning or advice.
#[severity]
#LEAK002 = \"warning\"

# Findings accepted by kind: a check, a path pattern, or both.
#[[accept]]
#check = \"LEAK002\"
#path = \"train/video-7/**\"
#reason = \"a known burst\"
#expires = \"2027-01-31\"

# Settings of single checks; `splitlint explain CODE` describes them.
";

/// `text` as comment lines of 80 characters at most.
fn comment(text: &str) -> String {
    const WIDTH: usize = 80;
    let mut lines = vec!["#".to_owned()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("# {word}"));
        } else {
            lines[last].push_str(&format!(" {word}"));
        }
    }
    lines.join("\n") + "\n"
}

/// `{ test = 0.0, val = 0.0 }`.
fn each(splits: &[String], value: &str) -> String {
    let bare = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let cells: Vec<String> = splits
        .iter()
        .map(|name| {
            if bare(name) {
                format!("{name} = {value}")
            } else {
                format!("{} = {value}", toml::Value::String(name.clone()))
            }
        })
        .collect();
    if cells.is_empty() {
        value.to_owned()
    } else {
        format!("{{ {} }}", cells.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, keys, parse, resolve};

    fn facts() -> Facts {
        Facts {
            layout: "image folders\nof two lines".to_owned(),
            root: "a \"quoted\" \\ folder".to_owned(),
            evaluation: vec!["test".to_owned(), "hold out\"".to_owned()],
            splits: vec!["train".to_owned()],
            applies: vec!["LEAK".to_owned()],
        }
    }

    /// Everything that is off, on.
    fn all_on(text: &str) -> String {
        text.lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[') => {
                    rest
                }
                _ => line,
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn template_is_read_as_it_stands() {
        let options = parse(&template(&facts()), "t");
        assert!(options.problems.is_empty(), "{:?}", options.problems);
        assert_eq!(options.root, Some("a \"quoted\" \\ folder".into()));
        resolve(options).map(drop).expect("complete");
    }

    #[test]
    fn every_setting_is_in_the_template_and_sound() {
        let text = all_on(&template(&facts()));
        let table: toml::Table = text.parse().expect("TOML");
        for key in keys::of::<Options>() {
            assert!(table.contains_key(*key), "`{key}` is missing");
        }
        let mut options = parse(&text, "t");
        assert!(options.problems.is_empty(), "{:?}", options.problems);
        options.splits.clear();
        options.baseline = None;
        // Labels are judged by one of three.
        (options.embeddings, options.pred_probs, options.row_keys) = (None, None, None);
        resolve(options).map(drop).expect("every example holds");
    }
}
