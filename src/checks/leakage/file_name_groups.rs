//! Samples by what their file names share, all names of a listing taken
//! together: which part counts, and whether it is counted anew in each folder.
//! Looks at no pixel.

use std::collections::{BTreeMap, BTreeSet};

use super::file_name_parts::{Hint, Named, is_separator, read, stem_of};
use crate::sample::{ClassId, Listing, SampleId, SplitId};

/// Samples that may belong together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// What they share, for a person.
    pub(super) stem: String,
    /// In the order of their counters, then keys.
    pub(super) samples: Vec<SampleId>,
    /// Their counters; 0 where there is none.
    pub(super) counters: Vec<u64>,
}

/// What the file names of one kind of hint say.
#[derive(Debug, Default)]
pub(super) struct ByName {
    /// Stems that several samples share.
    pub(super) groups: Vec<Group>,
    /// Samples that share their stem with no other.
    pub(super) singles: usize,
    /// Stems are counted anew in each folder, and go by folder and stem.
    pub(super) by_folder: bool,
    /// What stands behind the counter in all of them.
    pub(super) suffix: Option<String>,
}

/// The samples that share a stem, by kind of hint.
pub(super) fn by_hint(listing: &Listing) -> BTreeMap<Hint, ByName> {
    let names = names(listing);
    let anew: BTreeSet<Hint> = [Hint::Numbered, Hint::Dated]
        .into_iter()
        .filter(|&hint| counts_anew(&names, hint))
        .collect();
    let mut found: BTreeMap<Place<'_>, Vec<(u64, SampleId)>> = BTreeMap::new();
    for name in &names {
        let members = found.entry(name.place(&anew)).or_default();
        members.push((name.named.counter.unwrap_or(0), name.id));
    }
    // A copy is one of something: the image that bears the plain name.
    let mut originals: BTreeSet<Place<'_>> = BTreeSet::new();
    for sample in &listing.samples {
        let place = Place {
            hint: Hint::Copy,
            class: sample.labels.single(),
            folder: "",
            stem: stem_of(sample.key.as_str()),
            suffix: "",
        };
        if let Some(members) = found.get_mut(&place) {
            members.push((0, sample.id));
            originals.insert(place);
        }
    }
    let mut by_hint: BTreeMap<Hint, ByName> = BTreeMap::new();
    for (place, mut members) in found {
        let named = by_hint.entry(place.hint).or_insert_with(|| ByName {
            by_folder: anew.contains(&place.hint),
            suffix: Some(place.suffix.to_owned()),
            ..ByName::default()
        });
        named.suffix = named.suffix.take().filter(|suffix| suffix == place.suffix);
        if members.len() < 2 || (place.hint == Hint::Copy && !originals.contains(&place)) {
            named.singles += 1;
            continue;
        }
        members.sort_unstable();
        named.groups.push(Group {
            stem: match place.folder {
                "" => place.stem.to_owned(),
                folder => format!("{folder}/{}", place.stem),
            },
            samples: members.iter().map(|&(_, id)| id).collect(),
            counters: members.iter().map(|&(counter, _)| counter).collect(),
        });
    }
    by_hint
}

/// A sample's name, read in view of all others.
struct Name<'a> {
    id: SampleId,
    class: Option<ClassId>,
    folder: &'a str,
    named: Named<'a>,
    suffix: &'a str,
}

/// What samples must share to be of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    hint: Hint,
    class: Option<ClassId>,
    folder: &'a str,
    stem: &'a str,
    suffix: &'a str,
}

impl<'a> Name<'a> {
    fn place(&self, anew: &BTreeSet<Hint>) -> Place<'a> {
        let hint = self.named.hint;
        // A patient or a video may show several classes; copies and runs of a
        // counter are looked for within one.
        let class = match hint {
            Hint::Numbered | Hint::Dated => None,
            _ => self.class,
        };
        let by_folder = hint == Hint::Counter || anew.contains(&hint);
        Place {
            hint,
            class,
            folder: if by_folder { self.folder } else { "" },
            stem: self.named.stem,
            suffix: self.suffix,
        }
    }
}

/// Whether stems are counted anew in each folder: of those that several folders
/// have, at least half bear one counter in two of them.
fn counts_anew(names: &[Name<'_>], hint: Hint) -> bool {
    type Stems<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, BTreeSet<u64>>>;
    let mut stems: Stems<'_> = BTreeMap::new();
    for name in names.iter().filter(|name| name.named.hint == hint) {
        let folders = stems.entry((name.named.stem, name.suffix)).or_default();
        let counters = folders.entry(name.folder).or_default();
        counters.extend(name.named.counter);
    }
    let (mut several, mut meeting) = (0, 0);
    for folders in stems.values().filter(|folders| folders.len() > 1) {
        let all: usize = folders.values().map(BTreeSet::len).sum();
        let distinct: BTreeSet<u64> = folders.values().flatten().copied().collect();
        several += 1;
        meeting += usize::from(distinct.len() < all);
    }
    several > 0 && 2 * meeting >= several
}

/// Names alike from which the part that never varies is known to be constant.
const ENOUGH_NAMES: usize = 5;

/// The part of a folder from which names of one form are all of it, and their
/// constant numbers words.
const MOST_OF_FOLDER: f64 = 0.9;

fn names(listing: &Listing) -> Vec<Name<'_>> {
    let folders = folders(listing);
    let mut of_folder: BTreeMap<&str, usize> = BTreeMap::new();
    let mut forms: BTreeMap<(&str, String), Form<'_>> = BTreeMap::new();
    let stems = || {
        listing
            .samples
            .iter()
            .map(|sample| stem_of(sample.key.as_str()))
    };
    for (&folder, stem) in folders.iter().zip(stems()) {
        *of_folder.entry(folder).or_default() += 1;
        let (form, numbers) = form(stem);
        let known = forms.entry((folder, form)).or_default();
        known.add(&numbers);
    }
    let mut names = Vec::new();
    for ((sample, &folder), stem) in listing.samples.iter().zip(&folders).zip(stems()) {
        let (form, numbers) = form(stem);
        let Some(known) = forms.get(&(folder, form)) else {
            continue;
        };
        let counted = if known.names >= ENOUGH_NAMES {
            known.without_constant_end(stem)
        } else {
            stem
        };
        let Some(mut named) = read(stem, counted) else {
            continue;
        };
        let suffix = match named.hint {
            Hint::Export | Hint::Copy => "",
            _ => &stem[counted.len()..],
        };
        let before = numbers_in(named.stem);
        let is_most = known.names as f64 >= MOST_OF_FOLDER * of_folder[folder] as f64;
        let is_word = is_most
            && known.names >= ENOUGH_NAMES
            && known.constant.iter().take(before).all(Option::is_some)
            && before < numbers.len();
        if let (Hint::Numbered | Hint::Dated, true, Some(_)) = (named.hint, is_word, named.counter)
        {
            named.hint = Hint::Counter;
        }
        names.push(Name {
            id: sample.id,
            class: sample.labels.single(),
            folder,
            named,
            suffix,
        });
    }
    names
}

/// The last folder of each sample's key, where several splits have one of that
/// name: others are the split's own.
fn folders(listing: &Listing) -> Vec<&str> {
    let parent = |key| match str::rsplit_once(key, '/') {
        Some((folders, _)) => folders.rsplit('/').next().unwrap_or(folders),
        None => "",
    };
    let mut splits: BTreeMap<&str, BTreeSet<Option<SplitId>>> = BTreeMap::new();
    for sample in &listing.samples {
        splits
            .entry(parent(sample.key.as_str()))
            .or_default()
            .insert(sample.split);
    }
    let shared = |folder: &&str| splits.get(folder).is_some_and(|splits| splits.len() > 1);
    let parents = listing
        .samples
        .iter()
        .map(|sample| parent(sample.key.as_str()));
    parents
        .map(|folder| Some(folder).filter(shared).unwrap_or(""))
        .collect()
}

/// Names that differ in numbers only.
#[derive(Default)]
struct Form<'a> {
    names: usize,
    /// Of each number, its value where all names have one.
    constant: Vec<Option<&'a str>>,
}

impl<'a> Form<'a> {
    fn add(&mut self, numbers: &[&'a str]) {
        if self.names == 0 {
            self.constant = numbers.iter().map(|&number| Some(number)).collect();
        }
        self.names += 1;
        for (known, number) in self.constant.iter_mut().zip(numbers) {
            *known = known.filter(|known| known == number);
        }
    }

    /// `stem` up to its last number that varies: `57` of `57_100`. All of it
    /// where none varies, and where letters stand at that number, so that they
    /// may be one word with it.
    fn without_constant_end<'b>(&self, stem: &'b str) -> &'b str {
        let Some(last) = self.constant.iter().rposition(Option::is_none) else {
            return stem;
        };
        let end = ends_of_numbers(stem).nth(last).unwrap_or(stem.len());
        if stem[end..].starts_with(|c: char| !is_separator(c)) {
            return stem;
        }
        &stem[..end]
    }
}

/// A stem with `#` for each number, and the numbers.
fn form(stem: &str) -> (String, Vec<&str>) {
    let (mut form, mut numbers) = (String::with_capacity(stem.len()), Vec::new());
    let mut rest = stem;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        form.push_str(&rest[..start]);
        form.push('#');
        let from = &rest[start..];
        let length = from
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from.len());
        numbers.push(&from[..length]);
        rest = &from[length..];
    }
    form.push_str(rest);
    (form, numbers)
}

fn numbers_in(text: &str) -> usize {
    ends_of_numbers(text).count()
}

/// Where each run of digits ends.
fn ends_of_numbers(text: &str) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    (1..=bytes.len()).filter(move |&end| {
        bytes[end - 1].is_ascii_digit() && !bytes.get(end).is_some_and(u8::is_ascii_digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Labels, Sample, SampleKey, Split};

    /// Keys by split; the class is the folder.
    fn listing(keys: &[(u16, String)]) -> Listing {
        let mut classes: Vec<String> = Vec::new();
        let samples = (0..).zip(keys).map(|(id, (split, key))| {
            let folder = key.split('/').nth(1).unwrap_or("").to_owned();
            let class = classes
                .iter()
                .position(|known| *known == folder)
                .unwrap_or_else(|| {
                    classes.push(folder);
                    classes.len() - 1
                });
            Sample {
                id: SampleId(id),
                key: SampleKey::from_path(key.as_ref()),
                split: Some(SplitId(*split)),
                labels: Labels::from_classes(vec![ClassId(class as u32)]),
                objects: crate::sample::NO_OBJECTS,
                group: None,
            }
        });
        let samples = samples.collect();
        Listing {
            splits: vec![Split::named("train"), Split::named("test")],
            samples,
            classes,
            ..Listing::default()
        }
    }

    fn dealt(names: impl Iterator<Item = String>) -> Listing {
        let keys = (0..).zip(names).map(|(index, name): (u16, String)| {
            let split = u16::from(index % 5 == 4);
            (
                split,
                format!("{}/{name}", ["train", "test"][usize::from(split)]),
            )
        });
        listing(&keys.collect::<Vec<_>>())
    }

    #[test]
    fn constant_behind_the_counter_is_no_counter() {
        let listing = dealt((0..40).map(|frame| format!("c{}/{frame}_100.jpg", frame % 2)));
        let found = by_hint(&listing);
        assert_eq!(found.keys().collect::<Vec<_>>(), [&Hint::Counter]);
        let groups = &found[&Hint::Counter].groups;
        assert_eq!(
            groups.iter().map(|g| g.samples.len()).collect::<Vec<_>>(),
            [20, 20]
        );
        assert_eq!(groups[1].counters[..3], [1, 3, 5]);
    }

    #[test]
    fn tracks_counted_anew_in_each_folder_go_by_folder() {
        let names = (0..6).flat_map(|class| {
            (0..4).flat_map(move |track| {
                (0..10).map(move |frame| format!("{class:05}/{track:05}_{frame:05}.ppm"))
            })
        });
        let found = by_hint(&dealt(names));
        let numbered = &found[&Hint::Numbered];
        assert!(numbered.by_folder);
        assert_eq!(numbered.groups.len(), 24);
        assert_eq!(numbered.groups[5].stem, "00001/00001");
        assert!(
            numbered
                .groups
                .iter()
                .all(|group| group.samples.len() == 10)
        );
    }

    #[test]
    fn patient_with_slices_of_two_classes_is_one_group() {
        let names = (0..8).flat_map(|patient| {
            (0..10).map(move |slice| {
                let class = ["sound", "sick"][usize::from(slice > 5)];
                format!("{class}/patient{patient}_slice{slice}.png")
            })
        });
        let found = by_hint(&dealt(names));
        assert!(!found[&Hint::Numbered].by_folder);
        assert_eq!(found[&Hint::Numbered].groups.len(), 8);
    }
}
