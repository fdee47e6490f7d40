//! Groups declared beside the data set: by a pattern over keys, or by a file.
//! A manifest's own column is read with its rows.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::error::{Error, Result};
use crate::sample::{GroupId, Listing};
use crate::spreadsheet;

/// Gives every sample whose key `pattern` finds the group that it names: the
/// first capture, or the whole match where nothing is captured. Other samples
/// keep theirs.
///
/// # Errors
/// [`Error::Input`] when it finds none.
pub(super) fn by_pattern(listing: &mut Listing, pattern: &Regex) -> Result<()> {
    let keys = || listing.samples.iter().map(|sample| sample.key.as_str());
    if !keys().any(|key| pattern.is_match(key)) {
        return Err(Error::Input(format!(
            "`--group-regex {pattern}` matches none of {} paths, such as `{}`",
            listing.samples.len(),
            keys().next().unwrap_or_default()
        )));
    }
    declare(listing, |key| {
        let found = pattern.captures(key)?;
        let named = found.iter().skip(1).flatten().next().or(found.get(0))?;
        Some(named.as_str().to_owned())
    });
    Ok(())
}

/// Gives samples the groups that a CSV file names: a sample's key, or its file
/// name, in the first column and its group in the second, below a header.
///
/// # Errors
/// [`Error::Input`] when the file cannot be read or names no sample.
pub(super) fn by_file(listing: &mut Listing, path: &Path) -> Result<()> {
    let fault = |why: String| Error::Input(format!("`--group-file {}`: {why}", path.display()));
    let bytes = fs::read(path).map_err(|e| fault(e.to_string()))?;
    let sheet = spreadsheet::read(&bytes, None).map_err(fault)?;
    let mut groups = HashMap::new();
    for row in &sheet.rows {
        if let [name, group, ..] = &row.cells[..]
            && let (name, group) = (name.trim(), group.trim())
            && !name.is_empty()
            && !group.is_empty()
        {
            let name = name.replace('\\', "/");
            let name = name.strip_prefix("./").unwrap_or(&name);
            groups.insert(name.to_owned(), group.to_owned());
        }
    }
    let before = declared(listing);
    declare(listing, |key| {
        let name = key.rsplit('/').next().unwrap_or(key);
        groups.get(key).or_else(|| groups.get(name)).cloned()
    });
    if declared(listing) == before {
        return Err(fault(format!(
            "none of its {} rows names a sample; the first column must hold keys such as `{}`",
            groups.len(),
            listing
                .samples
                .first()
                .map_or("train/cat/1.jpg", |sample| sample.key.as_str())
        )));
    }
    Ok(())
}

fn declared(listing: &Listing) -> usize {
    let samples = listing.samples.iter();
    samples.filter(|sample| sample.group.is_some()).count()
}

/// Gives samples the groups that `group_of` names for their keys; others keep theirs.
pub(super) fn declare(listing: &mut Listing, group_of: impl Fn(&str) -> Option<String>) {
    let names: Vec<Option<String>> = listing
        .samples
        .iter()
        .map(|sample| {
            let earlier = || Some(listing.group_name(sample.group?).to_owned());
            group_of(sample.key.as_str()).or_else(earlier)
        })
        .collect();
    let mut groups: Vec<String> = names.iter().flatten().cloned().collect();
    groups.sort_unstable();
    groups.dedup();
    for (sample, name) in listing.samples.iter_mut().zip(names) {
        let place = name.and_then(|name| groups.binary_search(&name).ok());
        sample.group = place.and_then(|place| u32::try_from(place).ok().map(GroupId));
    }
    listing.groups = groups;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Labels, Sample, SampleId, SampleKey};

    fn listing(keys: &[&str]) -> Listing {
        Listing {
            samples: (0..)
                .map(SampleId)
                .zip(keys)
                .map(|(id, key)| Sample {
                    id,
                    key: SampleKey::from_path(key.as_ref()),
                    split: None,
                    labels: Labels::None,
                    objects: crate::sample::NO_OBJECTS,
                    group: None,
                })
                .collect(),
            ..Listing::default()
        }
    }

    fn groups(listing: &Listing) -> Vec<Option<&str>> {
        let samples = listing.samples.iter();
        samples
            .map(|sample| sample.group.map(|group| listing.group_name(group)))
            .collect()
    }

    #[test]
    fn first_capture_names_the_group_and_else_the_whole_match() {
        let keys = ["train/p2_1.png", "train/p10_1.png", "test/odd.png"];
        let mut captured = listing(&keys);
        by_pattern(&mut captured, &Regex::new(r"(p\d+)_").expect("a pattern")).expect("matches");
        assert_eq!(groups(&captured), [Some("p2"), Some("p10"), None]);
        let mut whole = listing(&keys);
        by_pattern(&mut whole, &Regex::new(r"p\d+").expect("a pattern")).expect("matches");
        assert_eq!(groups(&whole), groups(&captured));
    }

    #[test]
    fn file_names_groups_by_key_or_by_file_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("groups.csv");
        std::fs::write(&path, "path,patient\ntrain/1.png,a\n2.png,b\n").expect("written");
        let mut found = listing(&["test/2.png", "train/1.png", "train/3.png"]);
        by_file(&mut found, &path).expect("groups");
        assert_eq!(groups(&found), [Some("b"), Some("a"), None]);
        let mut strange = listing(&["other.png"]);
        assert!(by_file(&mut strange, &path).is_err());
    }
}
