//! A walked folder or archive in memory: its subfolders, images and other
//! files. Knows nothing of splits and classes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::builder::Builder;
use super::container::{Container, Stretches};
use super::descriptions::{Folder, Top};
use super::names::is_beside_an_image;
use super::places::{Place, read_whole};
use super::reader::ReadFailure;
use super::same_file::Hint;
use super::split_dirs;
use crate::sample::{Problem, ProblemKind, SampleKey, Skipped, escaped};

/// What a walk found below one folder, or what an archive holds.
#[derive(Default)]
pub(super) struct Tree {
    /// `dirs[0]` is the folder itself; a parent comes before its children.
    pub(super) dirs: Vec<Dir>,
    /// The images, in no order.
    pub(super) images: Vec<Image>,
    /// What is no sample.
    pub(super) problems: Vec<Problem>,
    /// What was passed over.
    pub(super) skipped: Skipped,
    /// Files that are no images, in no order.
    pub(super) files: Vec<OtherFile>,
    /// The archive that all of it lies in, if it is no folder.
    pub(super) archive: Option<Arc<Stretches>>,
    /// In an archive that lies in a data set: its path from the set's root.
    pub(super) archive_key: Option<SampleKey>,
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
    /// The split that its name means: see [`split_dirs`].
    pub(super) split: Option<&'static str>,
    /// Images in the folder itself.
    pub(super) direct: u32,
    /// Images in it or below.
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

/// An image by name or content.
#[derive(Debug)]
pub(super) struct Image {
    pub(super) dir: usize,
    pub(super) name: Box<OsStr>,
    pub(super) at: At,
}

/// A file that is no image.
#[derive(Debug)]
pub(super) struct OtherFile {
    pub(super) dir: usize,
    pub(super) name: Box<OsStr>,
    pub(super) at: At,
    /// A layout reads it, so that it is no stray file.
    pub(super) claimed: bool,
}

/// Where the bytes of a file are.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// In its folder.
    Disk(Hint),
    /// In the archive, by its place there.
    Entry(u64),
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
        for image in &self.images {
            self.dirs[image.dir].direct += 1;
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
        split_dirs::name(self);
    }

    /// The files that are no images in `dir` itself, by name.
    pub(super) fn files_in(&self, dir: usize) -> Vec<usize> {
        let mut files: Vec<usize> = (0..self.files.len())
            .filter(|&i| self.files[i].dir == dir)
            .collect();
        files.sort_unstable_by(|&a, &b| self.files[a].name.cmp(&self.files[b].name));
        files
    }

    /// The path of a folder by the names that lead to it, whatever links they
    /// are.
    pub(super) fn logical(&self, dir: usize) -> PathBuf {
        match self.dirs[dir].parent {
            None => self.dirs[dir].path.clone(),
            Some(parent) => self.logical(parent).join(&self.dirs[dir].name),
        }
    }

    /// The folder (`Ok`) or file that is no image (`Err`) at a path.
    pub(super) fn find(&self, path: &Path) -> Option<Result<usize, usize>> {
        let inside = path.strip_prefix(&self.dirs[0].path).ok()?;
        let mut dir = 0;
        let mut parts = inside.components().peekable();
        while let Some(part) = parts.next() {
            let name = part.as_os_str();
            let children = &self.dirs[dir].children;
            match children
                .iter()
                .find(|&&child| self.dirs[child].name == name)
            {
                Some(&child) => dir = child,
                None if parts.peek().is_none() => {
                    let is = |file: &OtherFile| file.dir == dir && &*file.name == name;
                    return self.files.iter().position(is).map(Err);
                }
                None => return None,
            }
        }
        Some(Ok(dir))
    }

    /// By folder, whether it is `dir` or lies below.
    pub(super) fn below(&self, dir: usize) -> Vec<bool> {
        let mut below = vec![false; self.dirs.len()];
        for (index, folder) in self.dirs.iter().enumerate() {
            below[index] = index == dir || folder.parent.is_some_and(|parent| below[parent]);
        }
        below
    }

    /// The folder where the set begins: below folders that hold one folder and
    /// nothing else, as archives have.
    pub(super) fn top(&self) -> usize {
        let mut filled: Vec<bool> = vec![false; self.dirs.len()];
        for dir in self
            .images
            .iter()
            .map(|p| p.dir)
            .chain(self.files.iter().map(|f| f.dir))
        {
            filled[dir] = true;
        }
        let mut top = 0;
        while let (false, [only]) = (filled[top], &self.dirs[top].children[..]) {
            top = *only;
        }
        top
    }

    /// Takes all files that are no images for a part of the layout.
    pub(super) fn claim_all(&mut self) {
        self.files.iter_mut().for_each(|file| file.claimed = true);
    }

    /// The key of a file that is no image.
    pub(super) fn file_key(&self, file: usize) -> SampleKey {
        let OtherFile { dir, name, .. } = &self.files[file];
        let name = Path::new(&**name).file_name().unwrap_or(name);
        self.dirs[*dir].key.child(name)
    }

    /// Where a file that is no image really lies.
    pub(super) fn file_path(&self, file: usize) -> PathBuf {
        let OtherFile { dir, name, .. } = &self.files[file];
        self.dirs[*dir].path.join(&**name)
    }

    /// The folder itself and what its keys begin with.
    pub(super) fn described_top(&self) -> Top {
        Top {
            path: self.dirs[0].path.clone(),
            key: self.dirs[0].key.clone(),
        }
    }

    /// A folder, for whoever writes the set anew.
    pub(super) fn described(&self, dir: usize) -> Folder {
        Folder {
            path: self.dirs[dir].path.clone(),
            inside: self.dirs[dir].key.as_str().to_owned(),
        }
    }

    /// Adds a file that lies elsewhere: its name is its whole path.
    pub(super) fn add_file(&mut self, path: &Path) -> usize {
        self.files.push(OtherFile {
            dir: 0,
            name: path.as_os_str().into(),
            at: At::Disk(Hint::default()),
            claimed: true,
        });
        self.files.len() - 1
    }

    /// A file that is no image, to be read from its beginning. In an archive all
    /// of it is read at once.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(&self, file: usize) -> Result<Box<dyn Read>, ReadFailure> {
        if self.archive.is_some() {
            return Ok(Box::new(Cursor::new(self.read(file)?)));
        }
        let OtherFile { dir, name, .. } = &self.files[file];
        let opened = File::open(self.dirs[*dir].path.join(&**name));
        let opened = opened.map_err(|error| ReadFailure(error.to_string()))?;
        Ok(Box::new(BufReader::with_capacity(1 << 16, opened)))
    }

    /// At most the first `most` bytes of a file that is no image.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn head(&self, file: usize, most: usize) -> Result<Vec<u8>, ReadFailure> {
        let mut head = Vec::new();
        let read = self.open(file)?.take(most as u64).read_to_end(&mut head);
        read.map_err(|error| ReadFailure(error.to_string()))?;
        Ok(head)
    }

    /// Keeps only images of which `keeps` says so by their place, in order.
    pub(super) fn keep_images(&mut self, keeps: impl Fn(usize) -> bool) {
        for dir in &mut self.dirs {
            (dir.direct, dir.below) = (0, 0);
        }
        let mut index = 0;
        self.images.retain(|_| {
            index += 1;
            keeps(index - 1)
        });
        for image in &self.images {
            self.dirs[image.dir].direct += 1;
        }
        for index in (0..self.dirs.len()).rev() {
            self.dirs[index].below += self.dirs[index].direct;
            let below = self.dirs[index].below;
            if let Some(parent) = self.dirs[index].parent {
                self.dirs[parent].below += below;
            }
        }
    }

    /// The bytes of an image.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn image(&self, image: usize) -> Result<Vec<u8>, ReadFailure> {
        let Image { dir, name, at } = &self.images[image];
        self.bytes(*dir, name, *at)
    }

    /// The bytes of a file that is no image.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn read(&self, file: usize) -> Result<Vec<u8>, ReadFailure> {
        let OtherFile { dir, name, at, .. } = &self.files[file];
        self.bytes(*dir, name, *at)
    }

    fn bytes(&self, dir: usize, name: &OsStr, at: At) -> Result<Vec<u8>, ReadFailure> {
        match (at, &self.archive) {
            (At::Entry(entry), Some(archive)) => {
                let mut read = Err(ReadFailure("no such member".to_owned()));
                let _ = archive.read_run(&[entry], &mut |_, bytes| {
                    read = bytes.map(Cow::into_owned);
                    ControlFlow::Continue(())
                });
                read
            }
            _ => read_whole(&self.dirs[dir].path.join(name)),
        }
    }

    /// Files that are no images and that no layout reads, by extension (``
    /// for none).
    pub(super) fn others(&self) -> BTreeMap<String, u64> {
        let mut others = BTreeMap::new();
        for file in &self.files {
            *others.entry(extension(&file.name)).or_default() += 1;
        }
        others
    }

    /// Hands over what is no sample. Files that no layout reads are strays.
    pub(super) fn leave(self, builder: &mut Builder) {
        let is_stray = |file: &&OtherFile| !file.claimed && !is_beside_an_image(&file.name);
        let strays = self.files.iter().filter(is_stray);
        builder.problems.extend(strays.map(|file| {
            let extension = extension(&file.name);
            Problem {
                key: self.dirs[file.dir].key.child(&file.name),
                kind: ProblemKind::NotAnImage,
                detail: if extension.is_empty() {
                    "a file without extension and without an image signature".to_owned()
                } else {
                    format!("a `.{extension}` file without an image signature")
                },
                sample: None,
            }
        }));
        builder.problems.extend(self.problems);
        builder.skipped.junk += self.skipped.junk;
        builder.skipped.filtered += self.skipped.filtered;
    }

    /// Notes what is wrong with a file that is no sample.
    pub(super) fn problem(&mut self, key: SampleKey, kind: ProblemKind, detail: String) {
        self.problems.push(Problem {
            key,
            kind,
            detail,
            sample: None,
        });
    }

    /// The subfolders of `dir` that hold images, by name.
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
            split: None,
            direct: 0,
            below: 0,
            filtered: false,
            children: Vec::new(),
        }
    }
}

/// Gives the images of a tree their places in a [`Builder`].
pub(super) struct Placer {
    folders: Vec<Option<u32>>,
    container: Option<u32>,
}

impl Placer {
    /// For all images of `tree`.
    pub(super) fn new(tree: &Tree, builder: &mut Builder) -> Self {
        let container = tree.archive.as_ref().map(|archive| {
            let name = archive.path().file_name().unwrap_or_default();
            let key =
                (tree.archive_key.clone()).unwrap_or_else(|| SampleKey::from_path(Path::new(name)));
            builder.container(Arc::clone(archive) as _, key)
        });
        Self {
            folders: vec![None; tree.dirs.len()],
            container,
        }
    }

    /// The place of one image, and what identifies the same file.
    pub(super) fn place(
        &mut self,
        tree: &Tree,
        image: &Image,
        builder: &mut Builder,
    ) -> (Place, Hint) {
        match (image.at, self.container) {
            (At::Entry(entry), Some(container)) => {
                (Place::Member { container, entry }, Hint::default())
            }
            (at, _) => {
                let folder = *self.folders[image.dir]
                    .get_or_insert_with(|| builder.folder(tree.dirs[image.dir].path.clone()));
                let place = Place::File {
                    folder,
                    name: image.name.clone(),
                };
                match at {
                    At::Disk(hint) => (place, hint),
                    At::Entry(_) => (place, Hint::default()),
                }
            }
        }
    }
}

fn extension(name: &OsStr) -> String {
    let extension = Path::new(name).extension().unwrap_or_default();
    escaped(&extension.to_ascii_lowercase())
}
