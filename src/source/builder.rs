//! Gathers samples from any kind of source and numbers them. Reads nothing
//! but the identity of files.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::Listed;
use super::container::Container;
use super::descriptions::Description;
use super::places::{Place, Places};
use super::same_file::{Hint, repeats};
use crate::error::{Error, Result};
use crate::sample::{
    ClassFolder, ClassId, Containers, GroupId, Labels, Layout, Listing, Object, ObjectId, Problem,
    ProblemKind, Role, Sample, SampleId, SampleKey, Skipped, Split, SplitId,
};

/// The name of the split of `--reference`.
pub(super) const REFERENCE: &str = "reference";

/// More splits than this are a column that is no split: pairs of splits are
/// compared, and even twenty folds are 190 pairs.
const MAX_SPLITS: usize = 256;

/// A data set in the making. Ids given out here are provisional: the order of
/// first mention, not the final one.
#[derive(Default)]
pub(super) struct Builder {
    splits: Names,
    classes: Names,
    groups: Names,
    folders: Vec<PathBuf>,
    containers: Vec<Arc<dyn Container>>,
    container_keys: Vec<SampleKey>,
    drafts: Vec<Draft>,
    class_folders: Vec<ClassFolder>,
    descriptions: Vec<Description>,
    /// What is no sample. A problem about a sample bears its key.
    pub(super) problems: Vec<Problem>,
    /// What was passed over.
    pub(super) skipped: Skipped,
}

/// A sample before all of them are known.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) key: SampleKey,
    pub(super) split: Option<SplitId>,
    pub(super) labels: Labels,
    /// Their classes are labels too.
    pub(super) objects: Vec<Object>,
    pub(super) group: Option<GroupId>,
    /// See [`Builder::folder`] and [`Builder::container`].
    pub(super) place: Place,
    pub(super) hint: Hint,
}

impl Builder {
    /// The provisional id of a split; [`REFERENCE`] is the one for reference.
    ///
    /// # Errors
    /// [`Error::Input`] when there are too many to be splits.
    pub(super) fn split(&mut self, name: &str) -> Result<SplitId> {
        let id = self.splits.id(name);
        if id as usize >= MAX_SPLITS {
            let some: Vec<_> = (self.splits.names.iter().take(5))
                .map(|name| format!("`{name}`"))
                .collect();
            return Err(Error::Input(format!(
                "more than {MAX_SPLITS} different splits ({}, …): name the column of splits with \
                 `--split-column`",
                some.join(", ")
            )));
        }
        Ok(SplitId(id as u16))
    }

    /// The provisional id of a class.
    pub(super) fn class(&mut self, name: &str) -> ClassId {
        ClassId(self.classes.id(name))
    }

    /// The provisional id of a declared group.
    pub(super) fn group(&mut self, name: &str) -> GroupId {
        GroupId(self.groups.id(name))
    }

    /// The index of a folder of files.
    pub(super) fn folder(&mut self, path: PathBuf) -> u32 {
        self.folders.push(path);
        (self.folders.len() - 1) as u32
    }

    /// The index of a file that holds samples. `key` is its path from the data
    /// set's root.
    pub(super) fn container(&mut self, container: Arc<dyn Container>, key: SampleKey) -> u32 {
        self.containers.push(container);
        self.container_keys.push(key);
        (self.containers.len() - 1) as u32
    }

    /// How many containers there are.
    pub(super) fn containers(&self) -> usize {
        self.containers.len()
    }

    /// Puts another in the place of each container from `first` on.
    pub(super) fn replace_containers(
        &mut self,
        first: usize,
        other: impl Fn(Arc<dyn Container>) -> Arc<dyn Container>,
    ) {
        let later = self.containers.split_off(first);
        self.containers.extend(later.into_iter().map(other));
    }

    /// Adds a sample.
    pub(super) fn push(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Replaces each file of which `holds` gives a container by that many samples of it.
    /// Gives the indices of the containers.
    pub(super) fn expand_files(
        &mut self,
        holds: impl Fn(&Path) -> Option<(Arc<dyn Container>, u64)> + Sync,
    ) -> BTreeSet<u32> {
        let folders = &self.folders;
        let held: Vec<_> = (self.drafts.par_iter())
            .map(|draft| match &draft.place {
                Place::File { folder, name } => holds(&folders[*folder as usize].join(&**name)),
                Place::Member { .. } => None,
            })
            .collect();
        let mut containers = BTreeSet::new();
        let drafts = std::mem::take(&mut self.drafts);
        for (draft, held) in drafts.into_iter().zip(held) {
            let Some((container, count)) = held else {
                self.drafts.push(draft);
                continue;
            };
            let names: Vec<_> = (0..count)
                .map(|entry| container.name(entry).unwrap_or_default().into_owned())
                .collect();
            let container = self.container(container, draft.key.clone());
            containers.insert(container);
            for (entry, name) in (0..).zip(names) {
                self.drafts.push(Draft {
                    key: draft.key.child(name.as_ref()),
                    split: draft.split,
                    labels: draft.labels.clone(),
                    objects: draft.objects.clone(),
                    group: draft.group,
                    place: Place::Member { container, entry },
                    hint: Hint::default(),
                });
            }
        }
        containers
    }

    /// Adds a class folder; its split is a provisional id.
    pub(super) fn push_folder(&mut self, folder: ClassFolder) {
        self.class_folders.push(folder);
    }

    /// Notes what describes samples.
    pub(super) fn describe(&mut self, description: Description) {
        self.descriptions.push(description);
    }

    /// Adds a problem.
    pub(super) fn problem(&mut self, key: SampleKey, kind: ProblemKind, detail: String) {
        self.problems.push(Problem {
            key,
            kind,
            detail,
            sample: None,
        });
    }

    /// How many samples there are.
    pub(super) fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether `split` is the one for reference.
    pub(super) fn is_reference(&self, split: Option<SplitId>) -> bool {
        split.is_some_and(|split| self.splits.names[split.index()] == REFERENCE)
    }

    /// Whether `name` is a split already.
    pub(super) fn has_split(&self, name: &str) -> bool {
        self.splits.ids.contains_key(name)
    }

    /// Sorts and numbers everything. The layout is left to the caller.
    ///
    /// # Errors
    /// [`Error::Input`] when two samples would have one key.
    pub(super) fn finish(mut self) -> Result<Listed> {
        let objects: usize = self.drafts.iter().map(|draft| draft.objects.len()).sum();
        if u32::try_from(objects).is_err() {
            return Err(Error::Input(format!(
                "{objects} objects: splitlint counts up to {}; scan the set in parts",
                u32::MAX
            )));
        }
        if u32::try_from(self.drafts.len()).is_err() {
            return Err(Error::Input(format!(
                "{} images: splitlint counts up to {}; scan the set in parts",
                self.drafts.len(),
                u32::MAX
            )));
        }
        self.drafts.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        self.refuse_equal_keys()?;

        let (split_names, split_ids) = self.splits.sorted(|name| (rank(name), name.to_owned()));
        let (classes, class_ids) = self.classes.sorted(str::to_owned);
        let (groups, group_ids) = self.groups.sorted(str::to_owned);
        let split = |id: SplitId| SplitId(split_ids[id.index()] as u16);

        let mut samples = Vec::with_capacity(self.drafts.len());
        let mut objects = Vec::new();
        let mut places = Vec::with_capacity(self.drafts.len());
        let mut hints = Vec::with_capacity(self.drafts.len());
        for (index, draft) in self.drafts.into_iter().enumerate() {
            let first = ObjectId(objects.len() as u32);
            objects.extend(draft.objects.into_iter().map(|object| Object {
                class: ClassId(class_ids[object.class.index()]),
                ..object
            }));
            let of_objects = objects[first.index()..]
                .iter()
                .map(|object: &Object| object.class);
            let given = draft.labels.classes().iter();
            let given = given.map(|id| ClassId(class_ids[id.index()]));
            let classes = given.chain(of_objects).collect();
            samples.push(Sample {
                id: SampleId(index as u32),
                key: draft.key,
                split: draft.split.map(split),
                labels: Labels::from_classes(classes),
                objects: first..ObjectId(objects.len() as u32),
                group: draft.group.map(|id| GroupId(group_ids[id.index()])),
            });
            places.push(draft.place);
            hints.push(draft.hint);
        }
        let containers = Containers {
            of: if self.containers.is_empty() {
                Vec::new()
            } else {
                places.iter().map(Place::container).collect()
            },
            files: self.container_keys,
        };
        let places = Places::new(self.folders, self.containers, places);
        let mut problems = self.problems;
        for problem in &mut problems {
            let place = samples.binary_search_by(|sample| sample.key.cmp(&problem.key));
            problem.sample = place.ok().map(|index| samples[index].id);
        }
        let recognised = same_files(&places, &hints, &samples, &problems);
        problems.extend(recognised);
        problems.sort_unstable();

        let mut folders = self.class_folders;
        for folder in &mut folders {
            folder.split = folder.split.map(split);
        }
        let listing = Listing {
            layout: Layout::default(),
            splits: split_names.iter().map(|name| split_named(name)).collect(),
            classes,
            groups,
            samples,
            objects,
            containers,
            folders: merged(folders),
            problems,
            skipped: self.skipped,
        };
        Ok(Listed {
            listing,
            reader: Box::new(places),
            descriptions: self.descriptions,
        })
    }

    fn refuse_equal_keys(&self) -> Result<()> {
        let same = (self.drafts.windows(2)).find(|pair| pair[0].key == pair[1].key);
        match same {
            None => Ok(()),
            Some(pair) => {
                let path = |draft: &Draft| match &draft.place {
                    Place::File { folder, name } => {
                        let path = self.folders[*folder as usize].join(&**name);
                        format!("`{}`", path.display())
                    }
                    Place::Member { container, entry } => {
                        let container = &self.containers[*container as usize];
                        let name = container.name(*entry).unwrap_or_default();
                        format!("`{}` in `{}`", name, container.path().display())
                    }
                };
                Err(Error::Input(format!(
                    "{} and {} would both be called `{}`: give their folders different names \
                     with `--split NAME=PATH`",
                    path(&pair[0]),
                    path(&pair[1]),
                    pair[0].key
                )))
            }
        }
    }
}

/// Later samples that are the same file as an earlier one. A sample that a
/// manifest's repeated row made has its own problem already.
fn same_files(
    places: &Places,
    hints: &[Hint],
    samples: &[Sample],
    problems: &[Problem],
) -> Vec<Problem> {
    let recognised: BTreeSet<SampleId> = (problems.iter())
        .filter(|problem| problem.kind == ProblemKind::DuplicateRow)
        .filter_map(|problem| problem.sample)
        .collect();
    (repeats(places, hints).into_iter())
        .filter(|&(later, _)| !recognised.contains(&samples[later].id))
        .map(|(later, first)| Problem {
            key: samples[later].key.clone(),
            kind: ProblemKind::SameFileTwice,
            detail: format!("the same file on disk as `{}`", samples[first].key),
            sample: Some(samples[later].id),
        })
        .collect()
}

/// Folders by split and name, those of one split and name as one.
fn merged(mut folders: Vec<ClassFolder>) -> Vec<ClassFolder> {
    folders.sort_unstable_by(|a, b| {
        (a.split, &a.name, a.passed_over).cmp(&(b.split, &b.name, b.passed_over))
    });
    folders.dedup_by(|later, first| {
        let same = later.split == first.split
            && later.name == first.name
            && later.passed_over == first.passed_over;
        if same {
            first.samples += later.samples;
        }
        same
    });
    folders
}

/// Where a split comes among others: train, val, test, those of other names, data used
/// before.
pub fn rank(split: &str) -> u8 {
    match split {
        "train" => 0,
        "val" => 1,
        "test" => 2,
        REFERENCE => 4,
        _ => 3,
    }
}

fn split_named(name: &str) -> Split {
    let mut split = Split::named(name);
    if name == REFERENCE {
        split.role = Role::Reference;
    }
    split
}

/// Names by order of first mention.
#[derive(Debug, Default)]
struct Names {
    ids: HashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.names.len() as u32;
        self.ids.insert(name.to_owned(), id);
        self.names.push(name.to_owned());
        id
    }

    /// The names in the order of `by`, and the final id of each provisional one.
    fn sorted<K: Ord>(self, by: impl Fn(&str) -> K) -> (Vec<String>, Vec<u32>) {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        order.sort_by_cached_key(|&i| by(&self.names[i]));
        let mut ids = vec![0; order.len()];
        for (place, &i) in order.iter().enumerate() {
            ids[i] = place as u32;
        }
        let mut names = self.names;
        let sorted = order.iter().map(|&i| std::mem::take(&mut names[i]));
        (sorted.collect(), ids)
    }
}
