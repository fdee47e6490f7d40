//! A walked folder in memory: its subfolders and the pictures in them. Knows
//! nothing of splits and classes.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::same_file::Hint;
use crate::sample::{Problem, SampleKey, Skipped};

/// What a walk found below one folder.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// `dirs[0]` is the folder itself; a parent comes before its children.
    pub(super) dirs: Vec<Dir>,
    /// The pictures, in no order.
    pub(super) pictures: Vec<Picture>,
    /// What is no sample.
    pub(super) problems: Vec<Problem>,
    /// What was passed over.
    pub(super) skipped: Skipped,
    /// Files that are no pictures, by extension (`` for none).
    pub(super) others: BTreeMap<String, u64>,
}

/// A folder.
#[derive(Debug)]
pub(super) struct Dir {
    pub(super) parent: Option<usize>,
    pub(super) name: OsString,
    pub(super) key: SampleKey,
    /// Where it really is, links resolved.
    pub(super) path: PathBuf,
    pub(super) state: DirState,
    /// Pictures in the folder itself.
    pub(super) direct: u32,
    /// Pictures in it or below.
    pub(super) below: u32,
    /// Something in it or below was kept out by a glob.
    pub(super) filtered: bool,
    /// Subfolders, by name.
    pub(super) children: Vec<usize>,
}

/// Whether a folder was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DirState {
    /// It was.
    Walked,
    /// It has a name that is passed over.
    Junk,
    /// `--exclude` names it.
    Excluded,
    /// The system did not let us read it, or only a part.
    Unreadable,
}

/// A picture by name or content.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) dir: usize,
    pub(super) name: Box<OsStr>,
    pub(super) hint: Hint,
}

impl Tree {
    /// A tree whose top folder lies at `path` and has this `key`.
    pub(super) fn new(path: PathBuf, key: SampleKey) -> Self {
        let name = path.file_name().unwrap_or_default().to_owned();
        let mut tree = Self::default();
        tree.dirs
            .push(Dir::new(None, name, key, path, DirState::Walked));
        tree
    }

    /// Adds the folder `name` at `path` below the folder `parent`.
    pub(super) fn add(
        &mut self,
        parent: usize,
        name: &OsStr,
        path: PathBuf,
        state: DirState,
    ) -> usize {
        let key = self.dirs[parent].key.child(name);
        self.dirs
            .push(Dir::new(Some(parent), name.to_owned(), key, path, state));
        self.dirs.len() - 1
    }

    /// Sums up what lies below each folder, once all is added.
    pub(super) fn finish(&mut self) {
        for picture in &self.pictures {
            self.dirs[picture.dir].direct += 1;
        }
        for index in (0..self.dirs.len()).rev() {
            self.dirs[index].below += self.dirs[index].direct;
            let (below, filtered) = (self.dirs[index].below, self.dirs[index].filtered);
            if let Some(parent) = self.dirs[index].parent {
                self.dirs[parent].below += below;
                self.dirs[parent].filtered |= filtered;
                self.dirs[parent].children.push(index);
            }
        }
        let mut by_name: Vec<usize> = (0..self.dirs.len()).collect();
        by_name.sort_unstable_by(|&a, &b| self.dirs[a].name.cmp(&self.dirs[b].name));
        let mut rank = vec![0; self.dirs.len()];
        for (position, &index) in by_name.iter().enumerate() {
            rank[index] = position;
        }
        for dir in &mut self.dirs {
            dir.children.sort_unstable_by_key(|&child| rank[child]);
        }
    }

    /// The subfolders of `dir` that hold pictures, by name.
    pub(super) fn live(&self, dir: usize) -> Vec<usize> {
        (self.dirs[dir].children.iter().copied())
            .filter(|&child| self.dirs[child].below > 0)
            .collect()
    }
}

impl Dir {
    fn new(
        parent: Option<usize>,
        name: OsString,
        key: SampleKey,
        path: PathBuf,
        state: DirState,
    ) -> Self {
        Self {
            parent,
            name,
            key,
            path,
            state,
            direct: 0,
            below: 0,
            filtered: false,
            children: Vec::new(),
        }
    }
}
