//! `--include` and `--exclude`. Opens no file.

use crate::error::{Error, Result};
use crate::path_pattern::PathPatterns;

/// The patterns of a request, ready to match.
#[derive(Debug, Clone)]
pub(super) struct Globs {
    include: Option<PathPatterns>,
    exclude: Option<PathPatterns>,
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
        self.include.as_ref().is_none_or(|set| set.matches(key)) && !self.excludes(key)
    }

    /// Whether the file with this key is left out by `--include` alone.
    pub(super) fn leaves_out(&self, key: impl Fn() -> String) -> bool {
        (self.include.as_ref()).is_some_and(|set| {
            let key = key();
            !set.matches(&key) && !self.excludes(&key)
        })
    }

    /// Whether the file or folder with this key was asked to be left out.
    pub(super) fn excludes(&self, key: &str) -> bool {
        self.exclude.as_ref().is_some_and(|set| set.matches(key))
    }
}

fn compile(flag: &str, patterns: &[String], mistakes: &mut Vec<String>) -> Option<PathPatterns> {
    if patterns.is_empty() {
        return None;
    }
    let compiled = PathPatterns::new(patterns);
    let recognised = compiled.map_err(|bad| {
        let lines = bad.iter();
        mistakes.extend(lines.map(|(place, why)| format!("`{flag} {}`: {why}", patterns[*place])));
    });
    recognised.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(include: &[&str], exclude: &[&str]) -> Globs {
        let owned = |list: &[&str]| list.iter().map(|&p| p.to_owned()).collect::<Vec<_>>();
        Globs::new(&owned(include), &owned(exclude)).expect("good patterns")
    }

    #[test]
    fn what_is_left_out_is_not_kept_whatever_else_matches() {
        let globs = globs(&["*.jpg"], &["thumbs"]);
        assert!(globs.keeps("train/cat/1.jpg"));
        assert!(!globs.keeps("train/cat/1.png"));
        assert!(!globs.keeps("train/thumbs/deep/1.jpg"));
        assert!(globs.excludes("train/thumbs"));
    }

    #[test]
    fn all_bad_patterns_are_told_at_once() {
        let error = Globs::new(&["a[".into(), "{b".into()], &["/".into()]).expect_err("bad");
        assert_eq!(error.to_string().lines().count(), 3, "{error}");
    }
}
