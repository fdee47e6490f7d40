//! `--include` and `--exclude`. Opens no file.
//!
//! A pattern without `/` is held against the name of a file or folder at any
//! depth; one with `/` against the whole key from its beginning. `*` and `?`
//! do not cross a `/`, `**` does. A pattern that matches a folder matches
//! everything in it.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};

/// The patterns of a request, ready to match.
#[derive(Debug, Clone)]
pub(super) struct Globs {
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
}

impl Globs {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// [`Error::Config`] with one line for each pattern that is none.
    pub(super) fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        let mut mistakes = Vec::new();
        let globs = Self {
            include: compile("--include", include, &mut mistakes),
            exclude: compile("--exclude", exclude, &mut mistakes),
        };
        if mistakes.is_empty() {
            Ok(globs)
        } else {
            Err(Error::Config(mistakes))
        }
    }

    /// Whether there is nothing to match, so that keys need not be made.
    pub(super) fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none()
    }

    /// Whether the file with this key is scanned.
    pub(super) fn keeps(&self, key: &str) -> bool {
        self.include.as_ref().is_none_or(|set| set.is_match(key)) && !self.excludes(key)
    }

    /// Whether the file or folder with this key was asked to be left out.
    pub(super) fn excludes(&self, key: &str) -> bool {
        self.exclude.as_ref().is_some_and(|set| set.is_match(key))
    }
}

fn compile(flag: &str, patterns: &[String], mistakes: &mut Vec<String>) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let trimmed = pattern.trim_end_matches('/');
        let anchored = match trimmed.strip_prefix("./") {
            Some(rest) => rest,
            None => trimmed.strip_prefix('/').unwrap_or(trimmed),
        };
        if anchored.is_empty() {
            mistakes.push(format!(
                "`{flag} {pattern}`: the pattern is empty; name a file, a folder or a pattern such as `*.png`"
            ));
            continue;
        }
        let whole = if trimmed.contains('/') {
            anchored.to_owned()
        } else {
            format!("**/{anchored}")
        };
        for glob in [format!("{whole}/**"), whole] {
            match GlobBuilder::new(&glob).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => {
                    mistakes.push(format!("`{flag} {pattern}`: {}", error.kind()));
                    break;
                }
            }
        }
    }
    if patterns.is_empty() {
        return None;
    }
    match set.build() {
        Ok(set) => Some(set),
        Err(error) => {
            mistakes.push(format!("{flag}: {error}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(include: &[&str], exclude: &[&str]) -> Globs {
        let owned = |list: &[&str]| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        Globs::new(&owned(include), &owned(exclude)).expect("good patterns")
    }

    #[test]
    fn a_bare_pattern_matches_names_at_any_depth() {
        let globs = globs(&["*.jpg"], &["thumbs"]);
        assert!(globs.keeps("train/cat/1.jpg"));
        assert!(globs.keeps("1.jpg"));
        assert!(!globs.keeps("train/cat/1.png"));
        assert!(!globs.keeps("train/thumbs/1.jpg"));
        assert!(!globs.keeps("train/thumbs/deep/1.jpg"));
    }

    #[test]
    fn a_pattern_with_a_slash_begins_at_the_root_and_takes_whole_folders() {
        let globs = globs(&[], &["train/cat/", "/old", "test/*/raw/**"]);
        assert!(!globs.keeps("train/cat/deep/1.jpg"));
        assert!(globs.keeps("x/train/cat/1.jpg"));
        assert!(!globs.keeps("old/1.jpg"));
        assert!(globs.keeps("train/old/1.jpg"));
        assert!(!globs.keeps("test/dog/raw/1.jpg"));
        assert!(globs.keeps("test/dog/wild/raw/1.jpg"));
    }

    #[test]
    fn all_bad_patterns_are_told_at_once() {
        let error = Globs::new(&["a[".into(), "{b".into()], &["/".into()]).expect_err("bad");
        assert_eq!(error.to_string().lines().count(), 3, "{error}");
    }
}
