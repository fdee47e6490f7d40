//! Patterns over the keys of samples, as users write them. Opens no file.
//!
//! A pattern without `/` is held against the name of a file or folder at any
//! depth; one with `/` against the whole key from its beginning. `*` and `?`
//! do not cross a `/`, `**` does. A pattern that matches a folder matches
//! everything in it.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It names nothing.
    #[error("the pattern is empty; name a file, a folder or a pattern such as `*.png`")]
    Empty,
    /// The library cannot read it.
    #[error("{0}")]
    Malformed(String),
}

/// Several patterns, of which one has to match.
#[derive(Debug, Clone)]
pub struct PathPatterns {
    set: GlobSet,
}

impl PathPatterns {
    /// The patterns, ready to match.
    ///
    /// # Errors
    /// Each pattern that is none, by its place, and why.
    pub fn new(patterns: &[String]) -> Result<Self, Vec<(usize, PatternError)>> {
        let mut set = GlobSetBuilder::new();
        let mut mistakes = Vec::new();
        for (place, pattern) in patterns.iter().enumerate() {
            match globs(pattern) {
                Ok(globs) => globs.into_iter().for_each(|glob| {
                    set.add(glob);
                }),
                Err(mistake) => mistakes.push((place, mistake)),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        match set.build() {
            Ok(set) => Ok(Self { set }),
            Err(error) => Err(vec![(0, PatternError::Malformed(error.to_string()))]),
        }
    }

    /// Whether one of them matches the key, or a folder above it.
    pub fn matches(&self, key: &str) -> bool {
        self.set.is_match(key)
    }
}

/// The globs for what a pattern matches and for everything in it.
fn globs(pattern: &str) -> Result<[Glob; 2], PatternError> {
    let trimmed = pattern.trim_end_matches('/');
    let anchored = match trimmed.strip_prefix("./") {
        Some(rest) => rest,
        None => trimmed.strip_prefix('/').unwrap_or(trimmed),
    };
    if anchored.is_empty() {
        return Err(PatternError::Empty);
    }
    let whole = if trimmed.contains('/') {
        anchored.to_owned()
    } else {
        format!("**/{anchored}")
    };
    let glob = |text: &str| {
        let built = GlobBuilder::new(text).literal_separator(true).build();
        built.map_err(|error| PatternError::Malformed(error.kind().to_string()))
    };
    Ok([glob(&whole)?, glob(&format!("{whole}/**"))?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(patterns: &[&str]) -> PathPatterns {
        let owned: Vec<String> = patterns.iter().map(|&p| p.to_owned()).collect();
        PathPatterns::new(&owned).expect("good patterns")
    }

    #[test]
    fn bare_pattern_matches_names_at_any_depth() {
        let images = matching(&["*.jpg"]);
        assert!(images.matches("train/cat/1.jpg"));
        assert!(images.matches("1.jpg"));
        assert!(!images.matches("train/cat/1.png"));
        let thumbs = matching(&["thumbs"]);
        assert!(thumbs.matches("train/thumbs/1.jpg"));
        assert!(thumbs.matches("train/thumbs/deep/1.jpg"));
    }

    #[test]
    fn pattern_with_a_slash_begins_at_the_root_and_takes_whole_folders() {
        let patterns = matching(&["train/cat/", "/old", "./new", "test/*/raw/**"]);
        assert!(patterns.matches("train/cat/deep/1.jpg"));
        assert!(!patterns.matches("x/train/cat/1.jpg"));
        assert!(patterns.matches("old/1.jpg"));
        assert!(patterns.matches("new/1.jpg"));
        assert!(!patterns.matches("train/old/1.jpg"));
        assert!(patterns.matches("test/dog/raw/1.jpg"));
        assert!(!patterns.matches("test/dog/wild/raw/1.jpg"));
    }

    #[test]
    fn every_bad_pattern_is_reported_with_its_place() {
        let patterns = ["a[", "*.jpg", "{b", "/"].map(str::to_owned);
        let mistakes = PathPatterns::new(&patterns).expect_err("bad");
        let places: Vec<usize> = mistakes.iter().map(|(place, _)| *place).collect();
        assert_eq!(places, [0, 2, 3]);
        assert_eq!(mistakes[2].1, PatternError::Empty);
    }
}
