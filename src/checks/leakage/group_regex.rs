//! Patterns for `--group-regex` that declare groups read off file names. Proposes
//! none that was not tried on the very names.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::file_name_groups::{ByName, Group};
use super::file_name_parts::{COPY_ENDINGS, Hint};
use crate::sample::{Listing, SampleId};

/// Copies by name are declared name by name; more of them make no pattern that
/// a person would read.
const MOST_NAMES: usize = 8;

/// What the names of some groups look like.
#[derive(Debug)]
pub(super) struct Form {
    hint: Hint,
    by_folder: bool,
    suffix: Option<String>,
}

impl Form {
    pub(super) fn of(hint: Hint, named: &ByName) -> Self {
        Self {
            hint,
            by_folder: named.by_folder,
            suffix: named.suffix.clone(),
        }
    }

    /// How a person declares `groups`, for the end of a sentence.
    pub(super) fn declaration(&self, listing: &Listing, groups: &[Group]) -> String {
        let patterns = self.patterns(groups);
        // It is printed between quotes of a shell, and of a sentence.
        let is_plain = |pattern: &String| !pattern.contains(['\'', '`']);
        let works = |pattern: &String| {
            Regex::new(pattern).is_ok_and(|regex| declares(&regex, listing, groups))
        };
        match patterns.into_iter().filter(is_plain).find(works) {
            Some(pattern) => format!("; declare them by `--group-regex '{pattern}'`"),
            None => "; `--group-file` can declare them".to_owned(),
        }
    }

    /// Patterns that may do, the plainest first.
    fn patterns(&self, groups: &[Group]) -> Vec<String> {
        match self.hint {
            Hint::Export => vec![r"([^/]+)\.rf\.[0-9a-f]+\.[^./]+$".to_owned()],
            Hint::Numbered | Hint::Dated => {
                let folder = if self.by_folder { "[^/]+/" } else { "" };
                let suffix = regex::escape(self.suffix.as_deref().unwrap_or(""));
                vec![format!(
                    r"({folder}[^/]*\d[^/]*?)[_\-. ]+[A-Za-z]*\d+{suffix}\.[^./]+$"
                )]
            }
            Hint::Copy if groups.len() <= MOST_NAMES => {
                let escaped = |text: &str| regex::escape(text).replace(r"\ ", " ");
                let names: BTreeSet<String> =
                    groups.iter().map(|group| escaped(&group.stem)).collect();
                let names: Vec<String> = names.into_iter().collect();
                let names = names.join("|");
                let endings: Vec<String> =
                    COPY_ENDINGS.iter().map(|ending| escaped(ending)).collect();
                let endings = endings.join("|");
                ["", "[^/]+/"]
                    .map(|folder| {
                        format!(
                            r"(?:^|/)(?:Copy of )?({folder}(?:{names}))(?: \(\d+\)|{endings})?\.[^./]+$"
                        )
                    })
                    .to_vec()
            }
            Hint::Copy | Hint::Counter => Vec::new(),
        }
    }
}

/// Whether the pattern gives every group a name of its own, and no two other
/// samples one name. Names are read as `--group-regex` reads them: the first
/// capture, or else the whole match.
fn declares(pattern: &Regex, listing: &Listing, groups: &[Group]) -> bool {
    let mut group_of: BTreeMap<SampleId, usize> = BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        group_of.extend(group.samples.iter().map(|&id| (id, index)));
    }
    let mut owners: BTreeMap<&str, Owner> = BTreeMap::new();
    let mut name_of: BTreeMap<usize, &str> = BTreeMap::new();
    for sample in &listing.samples {
        let captures = pattern.captures(sample.key.as_str());
        let named =
            captures.and_then(|found| found.iter().skip(1).flatten().next().or(found.get(0)));
        let owner = group_of.get(&sample.id).copied();
        let Some(name) = named.map(|named| named.as_str()) else {
            if owner.is_some() {
                return false;
            }
            continue;
        };
        let owner = owner.map_or(Owner::Single, Owner::Group);
        match owners.insert(name, owner) {
            None => {}
            Some(earlier) if earlier == owner && owner != Owner::Single => {}
            Some(_) => return false,
        }
        if let Owner::Group(index) = owner
            && *name_of.entry(index).or_insert(name) != name
        {
            return false;
        }
    }
    name_of.len() == groups.len()
}

/// Whose a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Group(usize),
    Single,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Labels, Sample, SampleKey, Split, SplitId};

    fn listing(keys: &[&str]) -> Listing {
        let samples = (0..).zip(keys).map(|(id, key)| Sample {
            id: SampleId(id),
            key: SampleKey::from_path(key.as_ref()),
            split: Some(SplitId(u16::from(key.starts_with("test")))),
            labels: Labels::None,
            objects: crate::sample::NO_OBJECTS,
            group: None,
        });
        Listing {
            splits: vec![Split::named("train"), Split::named("test")],
            samples: samples.collect(),
            ..Listing::default()
        }
    }

    fn group(stem: &str, samples: &[u32]) -> Group {
        Group {
            stem: stem.to_owned(),
            samples: samples.iter().map(|&id| SampleId(id)).collect(),
            counters: vec![0; samples.len()],
        }
    }

    fn declared(hint: Hint, by_folder: bool, keys: &[&str], groups: &[Group]) -> String {
        let form = Form {
            hint,
            by_folder,
            suffix: Some(String::new()),
        };
        form.declaration(&listing(keys), groups)
    }

    #[test]
    fn pattern_is_proposed_only_if_it_gives_just_these_groups() {
        let keys = [
            "train/a/p1_01.png",
            "test/a/p1_02.png",
            "train/b/p2_01.png",
            "test/b/p2_02.png",
        ];
        let groups = [group("p1", &[0, 1]), group("p2", &[2, 3])];
        assert!(declared(Hint::Numbered, false, &keys, &groups).contains("--group-regex"));
        assert!(!declared(Hint::Numbered, false, &keys, &groups[..1]).contains("--group-regex"));
    }

    #[test]
    fn tracks_counted_anew_are_declared_with_their_folder() {
        let keys = [
            "train/a/1_01.png",
            "test/a/1_02.png",
            "train/b/1_01.png",
            "test/b/1_02.png",
        ];
        let groups = [group("a/1", &[0, 1]), group("b/1", &[2, 3])];
        assert!(!declared(Hint::Numbered, false, &keys, &groups).contains("--group-regex"));
        assert!(declared(Hint::Numbered, true, &keys, &groups).contains("'([^/]+/[^/]*"));
    }

    #[test]
    fn copies_are_declared_by_their_names_and_others_of_the_name_are_not_drawn_in() {
        let keys = [
            "train/a/x.png",
            "test/a/x (2).png",
            "train/a/y.png",
            "test/b/y.png",
        ];
        let groups = [group("x", &[0, 1])];
        assert!(declared(Hint::Copy, false, &keys, &groups).contains("--group-regex"));
        let more = [
            "train/a/x.png",
            "test/a/x (2).png",
            "train/b/x.png",
            "test/b/y.png",
        ];
        assert!(declared(Hint::Copy, false, &more, &groups).contains("[^/]+/(?:x)"));
    }
}
