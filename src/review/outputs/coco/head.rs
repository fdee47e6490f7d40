//! What stands in an annotation file beside its images and annotations. Moves no
//! entry.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Part;
use crate::error::{Error, Result};
use crate::review::outputs::raw_json::{Found, Take};
use crate::review::outputs::refused;
use crate::source::CocoId as Id;

/// Lists whose entries other entries refer to by id.
pub(super) const LISTS: [&str; 2] = ["categories", "licenses"];

/// What stands in a file beside its images and annotations.
#[derive(Default)]
pub(super) struct Head {
    /// All keys, as they follow each other.
    pub(super) keys: Vec<String>,
    /// Values as they are written.
    pub(super) values: BTreeMap<String, Vec<u8>>,
    /// The entries of [`LISTS`].
    pub(super) lists: BTreeMap<String, Vec<Entry>>,
}

/// An entry of one of [`LISTS`].
pub(super) struct Entry {
    pub(super) id: Option<Id>,
    name: Option<String>,
    /// As it is written.
    pub(super) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<Id>,
    name: Option<String>,
}

/// What of a file is read for it.
pub(super) fn take(key: &str) -> Take {
    match key {
        "annotations" => Take::Pass,
        "images" => Take::Entries,
        key if LISTS.contains(&key) => Take::Entries,
        _ => Take::Whole,
    }
}

impl Head {
    /// Adds what was found beside images.
    ///
    /// # Errors
    /// [`Error::Input`] for an entry that has no id as others have.
    pub(super) fn add(&mut self, found: Found<'_>) -> Result<()> {
        match found {
            Found::Key(key) => self.keys.push(key.to_owned()),
            Found::Value(key, bytes) => {
                self.values.insert(key.to_owned(), bytes.to_owned());
            }
            Found::Entry(key, bytes) => {
                let named: Named = serde_json::from_slice(bytes)
                    .map_err(|why| Error::Input(format!("an entry of `{key}`: {why}")))?;
                self.lists.entry(key.to_owned()).or_default().push(Entry {
                    id: named.id,
                    name: named.name,
                    bytes: bytes.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Whether the file has this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|own| own == key)
    }
}

/// Refuses files that mean different things by one id, because their annotations
/// are to lie in one file.
///
/// # Errors
/// [`Error::Input`] about the first such id.
pub(super) fn agree(parts: &[&Part]) -> Result<()> {
    let mut meanings: BTreeMap<(&str, &Id), (&Part, Value)> = BTreeMap::new();
    let mut numbers: BTreeMap<&str, (&Part, &Id)> = BTreeMap::new();
    for &part in parts {
        for list in LISTS {
            for entry in part.head.lists.get(list).into_iter().flatten() {
                let Some(id) = &entry.id else { continue };
                // Categories are known by their names, licences by all they say.
                let meaning = match (&entry.name, list) {
                    (Some(name), "categories") => Value::from(name.as_str()),
                    _ => serde_json::from_slice(&entry.bytes).unwrap_or_default(),
                };
                let (other, known) =
                    (meanings.entry((list, id))).or_insert_with(|| (part, meaning.clone()));
                if *known != meaning {
                    let what = if list == "categories" {
                        "category"
                    } else {
                        "licence"
                    };
                    return Err(apart(
                        &format!("{what} {} is {known} in", shown(id)),
                        other,
                        &format!("{meaning} in"),
                        part,
                    ));
                }
                if let (Some(name), "categories") = (&entry.name, list) {
                    let (other, known) = *numbers.entry(name).or_insert((part, id));
                    if known != id && !std::ptr::eq(other, part) {
                        return Err(apart(
                            &format!("the class `{name}` is category {} in", shown(known)),
                            other,
                            &format!("category {} in", shown(id)),
                            part,
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

fn apart(first: &str, of: &Part, second: &str, of_other: &Part) -> Error {
    refused(&format!(
        "{first} `{}` and {second} `{}`, and entries of both go into one file: number them alike \
         first",
        of.file.path.display(),
        of_other.file.path.display()
    ))
}

fn shown(id: &Id) -> String {
    match id {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => format!("`{text}`"),
    }
}
