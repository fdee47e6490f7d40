//! A new assignment as rows, as paths and as a listing to check. Writes no
//! file.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Plan, Reason};
use crate::sample::{Listing, SampleId, SplitId, canonical_split};

/// A row of `splits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// The sample's key.
    pub sample: &'a str,
    /// Its split of today.
    pub old: Option<&'a str>,
    /// Its new split; none for one that is left out.
    pub new: Option<&'a str>,
    /// The key of the first sample of its atom.
    pub atom: &'a str,
    /// Why.
    pub reason: String,
}

impl Plan {
    /// The row of a sample.
    pub fn row<'a>(&'a self, listing: &'a Listing, id: SampleId) -> Row<'a> {
        let sample = listing.sample(id);
        let atom = self.atoms.of_sample[id.index()];
        let first = self.atoms.members[atom as usize]
            .first()
            .copied()
            .unwrap_or(id);
        Row {
            sample: sample.key.as_str(),
            old: listing.split_name(sample.split),
            new: self.split_name(self.new[id.index()]),
            atom: listing.sample(first).key.as_str(),
            reason: words(self.reasons[id.index()], listing),
        }
    }

    /// A new split's name.
    pub fn split_name(&self, split: Option<SplitId>) -> Option<&str> {
        split.map(|split| self.splits[split.index()].name.as_str())
    }

    /// Whether a sample changes its split. One that had none does not.
    pub fn is_moved(&self, listing: &Listing, id: SampleId) -> bool {
        let before = listing.sample(id).split.is_some();
        before && self.new[id.index()].is_some() && self.new[id.index()] != self.today[id.index()]
    }

    /// Samples that change their split.
    pub fn moved(&self, listing: &Listing) -> usize {
        listing
            .samples
            .iter()
            .filter(|sample| self.is_moved(listing, sample.id))
            .count()
    }

    /// Samples that no split takes.
    pub fn left_out(&self) -> usize {
        self.new.iter().filter(|split| split.is_none()).count()
    }

    /// The data set as it is then, without what is left out, and who each of
    /// its samples was.
    pub fn listing(&self, old: &Listing) -> (Listing, Vec<SampleId>) {
        let stays = old
            .samples
            .iter()
            .filter(|sample| self.new[sample.id.index()].is_some());
        let before: Vec<SampleId> = stays.map(|sample| sample.id).collect();
        let mut new = Listing {
            layout: old.layout.clone(),
            splits: self.splits.clone(),
            classes: old.classes.clone(),
            groups: old.groups.clone(),
            ..Listing::default()
        };
        new.samples = (0..)
            .map(SampleId)
            .zip(&before)
            .map(|(id, was)| {
                let mut sample = old.sample(*was).clone();
                sample.id = id;
                sample.split = self.new[was.index()];
                sample
            })
            .collect();
        (new, before)
    }

    /// Where each sample comes to lie, `/` between parts: in the folder of its
    /// new split, below which nothing changes. `None` for what is left out.
    /// No two are the same; one that stays keeps its place.
    pub fn places(&self, listing: &Listing) -> Vec<Option<String>> {
        let folders = self.folders(listing);
        let mut places: Vec<Option<String>> = vec![None; listing.samples.len()];
        let mut taken = BTreeSet::new();
        for stays in [true, false] {
            for sample in &listing.samples {
                let index = sample.id.index();
                let Some(new) = self.new[index] else { continue };
                if (self.today[index] == Some(new)) != stays {
                    continue;
                }
                let folder = folders.get(&new).map_or_else(
                    || file_name(&self.splits[new.index()].name),
                    |&folder| folder.to_owned(),
                );
                let old = listing.split_name(sample.split);
                places[index] = Some(free(below(sample.key.as_str(), old, &folder), &mut taken));
            }
        }
        places
    }

    /// The folder that each split has today, where it has one: `validation`
    /// stays `validation`.
    fn folders<'a>(&self, listing: &'a Listing) -> BTreeMap<SplitId, &'a str> {
        let mut folders = BTreeMap::new();
        for sample in &listing.samples {
            if let (Some(split), Some(name)) = (
                self.today[sample.id.index()],
                listing.split_name(sample.split),
            ) && let Some(part) = split_part(sample.key.as_str(), name)
            {
                folders.entry(split).or_insert(part);
            }
        }
        folders
    }
}

/// The part of a key that is the folder of split `name`.
fn split_part<'a>(key: &'a str, name: &str) -> Option<&'a str> {
    let (folders, _) = key.rsplit_once('/')?;
    folders.split('/').find(|part| is_split(part, name))
}

fn is_split(part: &str, name: &str) -> bool {
    part == name || canonical_split(part) == Some(name)
}

/// `key` with the folder of its split, `old`, changed to `folder`; below
/// `folder` where it has none.
fn below(key: &str, old: Option<&str>, folder: &str) -> String {
    let parts: Vec<&str> = key
        .split('/')
        .map(|part| if part == ".." { "__" } else { part })
        .collect();
    let folders = parts.len() - 1;
    let place = old.and_then(|old| parts[..folders].iter().position(|part| is_split(part, old)));
    match place {
        Some(place) => {
            let mut parts = parts;
            parts[place] = folder;
            parts.join("/")
        }
        None => format!("{folder}/{}", parts.join("/")),
    }
}

/// `path`, or the first of `path-2`, `path-3`, … that nothing else has, and takes it.
pub fn free(path: String, taken: &mut BTreeSet<String>) -> String {
    let (stem, extension) = match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => (stem, format!(".{extension}")),
        _ => (path.as_str(), String::new()),
    };
    let mut candidate = path.clone();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{stem}-{number}{extension}");
        number += 1;
    }
    candidate
}

/// A split's name as that of a file or folder: what could lead elsewhere or is
/// not allowed somewhere becomes `_`.
pub fn file_name(split: &str) -> String {
    let safe = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() => '_',
        c => c,
    };
    let name: String = split.chars().map(safe).collect();
    match name.trim_matches('.') {
        "" => "_".to_owned(),
        name => name.to_owned(),
    }
}

fn words(reason: Reason, listing: &Listing) -> String {
    match reason {
        Reason::Stays => "stays".to_owned(),
        Reason::Kept => "kept as it is".to_owned(),
        Reason::New => "was in no split".to_owned(),
        Reason::Together => "its atom was in several splits".to_owned(),
        Reason::Balance => "split sizes or class shares".to_owned(),
        Reason::Date => "its date".to_owned(),
        Reason::LeavesKept(keeper) => format!(
            "left out: belongs together with `{}`, which is kept",
            listing.sample(keeper).key
        ),
        Reason::Gap => "left out: in the gap behind a cut in time".to_owned(),
        Reason::NearGround(other) => format!(
            "left out: its ground is near that of `{}`, which is in another split",
            listing.sample(other).key
        ),
        Reason::NoDate => "left out: its time is unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_of_the_split_changes_and_nothing_else() {
        assert_eq!(
            below("train/cat/1.jpg", Some("train"), "val"),
            "val/cat/1.jpg"
        );
        assert_eq!(
            below("cat/Train/1.jpg", Some("train"), "val"),
            "cat/val/1.jpg"
        );
        assert_eq!(
            below("valid/test/1.jpg", Some("val"), "test"),
            "test/test/1.jpg"
        );
        assert_eq!(below("cat/1.jpg", None, "train"), "train/cat/1.jpg");
        assert_eq!(
            below("images/1.jpg", Some("train"), "val"),
            "val/images/1.jpg"
        );
        assert_eq!(below("../x/train", Some("train"), "val"), "val/__/x/train");
    }

    #[test]
    fn name_of_a_split_leads_nowhere() {
        assert_eq!(file_name("../a/b"), "_a_b");
        assert_eq!(file_name(".."), "_");
        assert_eq!(file_name("fold-1"), "fold-1");
    }

    #[test]
    fn folder_keeps_the_name_it_has_on_disk() {
        assert_eq!(
            split_part("cat/Validation/1.jpg", "val"),
            Some("Validation")
        );
        assert_eq!(split_part("cat/1.jpg", "val"), None);
        assert_eq!(
            split_part("val", "val"),
            None,
            "a file of that name is no folder"
        );
    }
}
