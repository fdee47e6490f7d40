//! What stays of a data set: each sample with where it lies and where it comes to
//! lie in a copy. Writes nothing.

use std::collections::BTreeSet;
use std::path::Path;

use super::plan::{Action, Plan};
use crate::error::{Error, Result};
use crate::resplit::free;
use crate::sample::{Listing, Location, Role, SampleId};
use crate::source::Reader;

/// A sample that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Its key.
    pub key: String,
    /// Its number in the listing.
    pub id: SampleId,
    /// Where it lies.
    pub from: Location,
    /// Where it comes to lie in a copy, `/` between parts.
    pub to: String,
    /// Its split.
    pub split: String,
    /// Its classes joined by `;`, changed as decided.
    pub label: String,
    /// Whether they were changed.
    pub is_relabelled: bool,
    /// Its declared group.
    pub group: String,
}

/// The samples that stay, in listing order. Data used before
/// (`--reference`) is no part of the data set.
///
/// # Errors
/// [`Error::Input`] about the first whose file cannot be reached.
pub fn staying(plan: &Plan, listing: &Listing, reader: &dyn Reader) -> Result<Vec<Stay>> {
    let mut taken = BTreeSet::new();
    let mut staying = Vec::new();
    for sample in &listing.samples {
        let key = sample.key.as_str();
        let step = plan.step(key);
        let split = sample.split.map(|split| &listing.splits[split.index()]);
        let used_before = split.is_some_and(|split| split.role == Role::Reference);
        if used_before || step.is_some_and(|step| step.action == Action::Drop) {
            continue;
        }
        if reader.version(sample.id).is_none() {
            return Err(Error::Input(format!(
                "`{key}` cannot be reached; scan again to see why"
            )));
        }
        let from = reader.location(sample.id);
        let (place, label, is_relabelled) = match step.map(|step| &step.action) {
            Some(Action::Relabel { from, to }) => (in_class(key, from, to), to.clone(), true),
            _ => (key.to_owned(), listing.label_text(sample.id), false),
        };
        staying.push(Stay {
            id: sample.id,
            key: key.to_owned(),
            to: free(named(within(&place), &from), &mut taken),
            from,
            split: split.map(|split| split.name.clone()).unwrap_or_default(),
            label,
            is_relabelled,
            group: sample
                .group
                .map(|group| listing.group_name(group).to_owned())
                .unwrap_or_default(),
        });
    }
    Ok(staying)
}

/// The path with its class folder changed; the same where no folder is named
/// like the class, as in a manifest. The first part is the split's if any.
fn in_class(key: &str, from: &str, to: &str) -> String {
    let mut parts: Vec<&str> = key.split('/').collect();
    let folders = parts.len().saturating_sub(1);
    let place = (1..folders)
        .chain(0..1.min(folders))
        .find(|&i| parts[i] == from);
    if let Some(place) = place {
        parts[place] = to;
    }
    parts.join("/")
}

/// The path with `..` made a folder's name, so that it stays within a copy.
pub fn within(key: &str) -> String {
    let parts: Vec<&str> = key
        .split('/')
        .map(|part| if part == ".." { "__" } else { part })
        .collect();
    parts.join("/")
}

/// The path with the extension that a member's name announces, where its key
/// has none.
fn named(path: String, from: &Location) -> String {
    match from.extension() {
        Some(extension) if Path::new(&path).extension().is_none() => format!("{path}.{extension}"),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_folder_is_changed_and_the_split_of_that_name_is_not() {
        assert_eq!(
            in_class("train/cat/a/1.jpg", "cat", "dog"),
            "train/dog/a/1.jpg"
        );
        assert_eq!(in_class("cat/cat/1.jpg", "cat", "dog"), "cat/dog/1.jpg");
        assert_eq!(in_class("cat/1.jpg", "cat", "dog"), "dog/1.jpg");
        assert_eq!(in_class("images/cat", "cat", "dog"), "images/cat");
        assert_eq!(in_class("1.jpg", "cat", "dog"), "1.jpg");
    }

    #[test]
    fn nothing_leaves_the_copy_or_takes_anothers_place() {
        assert_eq!(within("../../x/1.jpg"), "__/__/x/1.jpg");
        let mut taken = BTreeSet::new();
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1.jpg");
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1-2.jpg");
        assert_eq!(free("a/1.jpg".into(), &mut taken), "a/1-3.jpg");
        assert_eq!(free("a.b/1".into(), &mut taken), "a.b/1");
        assert_eq!(free("a.b/1".into(), &mut taken), "a.b/1-2");
    }
}
