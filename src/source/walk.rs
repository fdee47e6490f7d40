//! Walks a folder, links followed, and keeps the images. Understands no
//! layout.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::globs::Globs;
use super::memo::Memo;
use super::names::{is_junk, is_text};
use super::same_file::Hint;
use super::tree::{At, DirState, Image, OtherFile, Tree};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::image_format::{HEAD, begins_image, has_image_extension};
use crate::progress::Progress;
use crate::sample::{Problem, ProblemKind, SampleKey, escaped};

/// A link below this many others is not followed. Folders that link to each
/// other twice double with every level; real sets have one or two.
const MAX_LINKS: usize = 8;

/// Files between two checks of the stop flag and two steps of progress: well
/// under a tenth of a second even where every file is opened.
const BATCH: u64 = 256;

/// What notebooks leave in every folder they were opened in.
const CHECKPOINTS: &str = ".ipynb_checkpoints";

/// Entries looked at in a folder that is passed over, at most.
const MAX_HIDDEN: usize = 10_000;

/// What is the same for all folders of one request.
pub(super) struct Walker<'a> {
    pub(super) globs: &'a Globs,
    /// Folders never entered, links resolved.
    pub(super) never_enter: &'a [PathBuf],
    pub(super) stop: &'a StopFlag,
    pub(super) progress: &'a dyn Progress,
    pub(super) memo: &'a dyn Memo,
}

/// A folder to walk, itself reached by links from the folders in `through`.
struct Start {
    dir: usize,
    path: PathBuf,
    through: Vec<PathBuf>,
}

impl Walker<'_> {
    /// All that lies below the folder `root`, whose key is `key`. `root` has
    /// its links resolved.
    ///
    /// # Errors
    /// When `root` itself cannot be read, or a stop was asked for.
    pub(super) fn walk(&self, root: &Path, key: SampleKey) -> Result<Tree> {
        fs::read_dir(root).map_err(|error| {
            Error::Input(format!(
                "cannot read the folder `{}`: {error}",
                root.display()
            ))
        })?;
        let mut found = Found {
            walker: self,
            tree: Tree::new(root.to_owned(), key),
            starts: vec![Start {
                dir: 0,
                path: root.to_owned(),
                through: Vec::new(),
            }],
            seen: 0,
        };
        while let Some(start) = found.starts.pop() {
            found.walk_from(&start)?;
        }
        self.progress.advance(found.seen % BATCH);
        found.tree.finish();
        Ok(found.tree)
    }
}

struct Found<'a> {
    walker: &'a Walker<'a>,
    tree: Tree,
    starts: Vec<Start>,
    seen: u64,
}

impl Found<'_> {
    fn walk_from(&mut self, start: &Start) -> Result<()> {
        // `above[d]` is the folder that holds the entries of depth `d + 1`.
        let mut above = vec![start.dir];
        let mut entries = WalkDir::new(&start.path).min_depth(1).into_iter();
        while let Some(entry) = entries.next() {
            self.seen += 1;
            if self.seen.is_multiple_of(BATCH) {
                self.walker.stop.check()?;
                self.walker.progress.advance(BATCH);
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(&above, &error);
                    continue;
                }
            };
            above.truncate(entry.depth());
            let parent = above[above.len() - 1];
            let kind = entry.file_type();
            if is_junk(entry.file_name()) {
                self.tree.skipped.junk += 1;
                if kind.is_dir() {
                    self.add_dir(parent, &entry, DirState::Junk);
                    self.hidden(parent, &entry);
                    entries.skip_current_dir();
                }
            } else if kind.is_symlink() {
                self.follow(parent, &entry, start);
            } else if kind.is_dir() {
                if self.is_forbidden(entry.path()) {
                    entries.skip_current_dir();
                } else {
                    let state = self.state_of(parent, entry.file_name());
                    above.push(self.add_dir(parent, &entry, state));
                }
            } else if kind.is_file() {
                let hint = Hint::of_entry(&entry, !start.through.is_empty());
                self.file(parent, entry.file_name(), entry.path(), hint);
            } else {
                self.special(parent, entry.file_name());
            }
        }
        Ok(())
    }

    /// Notes images in a folder that is passed over, which loaders that walk
    /// down read nevertheless. What lies hidden beside the splits concerns
    /// nobody.
    fn hidden(&mut self, parent: usize, entry: &DirEntry) {
        if parent == 0 && entry.file_name() != CHECKPOINTS {
            return;
        }
        let images = WalkDir::new(entry.path())
            .min_depth(1)
            .into_iter()
            .take(MAX_HIDDEN);
        let images = images.flatten().filter(|file| {
            let name = file.file_name();
            file.file_type().is_file() && has_image_extension(name) && !is_junk(name)
        });
        let count = images.count();
        if count == 0 || self.is_filtered(parent, entry.file_name()) {
            return;
        }
        let images = if count == 1 { "image" } else { "images" };
        let detail = format!(
            "{count} {images} in a folder that is skipped; torchvision, timm, Keras and Ultralytics enter it and read them, Hugging Face does not"
        );
        let name = entry.file_name().to_owned();
        self.problem(parent, &name, ProblemKind::OutsideSplits, detail);
    }

    fn add_dir(&mut self, parent: usize, entry: &DirEntry, state: DirState) -> usize {
        let path = entry.path().to_owned();
        self.tree.add(parent, entry.file_name(), path, state)
    }

    fn is_forbidden(&self, path: &Path) -> bool {
        self.walker.never_enter.iter().any(|never| never == path)
    }

    fn state_of(&self, parent: usize, name: &OsStr) -> DirState {
        let globs = self.walker.globs;
        if !globs.is_empty() && globs.excludes(self.tree.dirs[parent].key.child(name).as_str()) {
            DirState::Excluded
        } else {
            DirState::Walked
        }
    }

    /// Counts a file that a glob keeps out; true if so.
    fn is_filtered(&mut self, parent: usize, name: &OsStr) -> bool {
        let globs = self.walker.globs;
        let kept = globs.is_empty() || globs.keeps(self.tree.dirs[parent].key.child(name).as_str());
        if !kept {
            self.tree.skipped.filtered += 1;
            self.tree.dirs[parent].filtered = true;
        }
        !kept
    }

    fn file(&mut self, parent: usize, name: &OsStr, path: &Path, hint: Hint) {
        // `--include '*.jpg'` chooses images: what annotates them is read all the
        // same, and is no stray file.
        let is_annotation = is_text(name)
            && self
                .walker
                .globs
                .leaves_out(|| self.tree.dirs[parent].key.child(name).as_str().to_owned());
        if self.is_filtered(parent, name) && !is_annotation {
            return;
        }
        let is_image = if has_image_extension(name) {
            Ok(true)
        } else if is_text(name) {
            Ok(false)
        } else {
            sniff(path)
        };
        match is_image {
            Ok(true) => self.tree.images.push(Image {
                dir: parent,
                name: name.into(),
                at: At::Disk(hint),
            }),
            Ok(false) => self.tree.files.push(OtherFile {
                dir: parent,
                name: name.into(),
                at: At::Disk(hint),
                claimed: is_annotation,
            }),
            Err(error) => {
                self.problem(parent, name, ProblemKind::Unreadable, error.to_string());
            }
        }
    }

    fn special(&mut self, parent: usize, name: &OsStr) {
        if !self.is_filtered(parent, name) {
            let detail = "not a regular file (a pipe, a socket or a device)".to_owned();
            self.problem(parent, name, ProblemKind::NotAnImage, detail);
        }
    }

    /// Follows a symbolic link: a file at once, a folder when its turn comes.
    fn follow(&mut self, parent: usize, entry: &DirEntry, start: &Start) {
        let (name, path) = (entry.file_name(), entry.path());
        let target = match fs::canonicalize(path).and_then(|t| Ok((fs::metadata(&t)?, t))) {
            Ok((metadata, target)) if metadata.is_dir() => target,
            Ok((metadata, _)) if metadata.is_file() => {
                return self.file(parent, name, path, Hint::of_file(&metadata));
            }
            Ok(_) => return self.special(parent, name),
            Err(error) => {
                if !self.is_filtered(parent, name) {
                    let (kind, detail) = broken(path, &error);
                    self.problem(parent, name, kind, detail);
                }
                return;
            }
        };
        if self.is_forbidden(&target) {
            return;
        }
        if self.state_of(parent, name) == DirState::Excluded {
            self.tree.skipped.filtered += 1;
            return;
        }
        let holder = path.parent().unwrap_or(path);
        let loops = (start.through.iter().map(PathBuf::as_path))
            .chain([holder])
            .any(|passed| passed.starts_with(&target));
        if loops || start.through.len() >= MAX_LINKS {
            let shown = escaped(target.as_os_str());
            let detail = if loops {
                format!("a link to `{shown}`, a folder above it; not followed")
            } else {
                format!("a link to `{shown}` below {MAX_LINKS} other links; not followed")
            };
            return self.problem(parent, name, ProblemKind::LinkLoop, detail);
        }
        let dir = self
            .tree
            .add(parent, name, target.clone(), DirState::Walked);
        let mut through = start.through.clone();
        through.push(holder.to_owned());
        self.starts.push(Start {
            dir,
            path: target,
            through,
        });
    }

    /// A folder that cannot be listed, or an entry that cannot be looked at.
    fn unreadable(&mut self, above: &[usize], error: &walkdir::Error) {
        let depth = error.depth().min(above.len().saturating_sub(1));
        let mut dir = above[depth];
        let why = error
            .io_error()
            .map_or_else(|| error.to_string(), std::string::ToString::to_string);
        if let Some(path) = error.path()
            && path != self.tree.dirs[dir].path
        {
            let known = above.iter().rev().copied();
            match known.into_iter().find(|&d| self.tree.dirs[d].path == path) {
                Some(known) => dir = known,
                None => {
                    let name = path.file_name().unwrap_or_default().to_owned();
                    return self.problem(dir, &name, ProblemKind::Unreadable, why);
                }
            }
        }
        self.tree.dirs[dir].state = DirState::Unreadable;
        let key = self.tree.dirs[dir].key.clone();
        self.push(key, ProblemKind::Unreadable, why);
    }

    fn problem(&mut self, parent: usize, name: &OsStr, kind: ProblemKind, detail: String) {
        let key = self.tree.dirs[parent].key.child(name);
        self.push(key, kind, detail);
    }

    fn push(&mut self, key: SampleKey, kind: ProblemKind, detail: String) {
        self.tree.problems.push(Problem {
            key,
            kind,
            detail,
            sample: None,
        });
    }
}

/// Whether the first bytes of the file at `path` are those of an image.
fn sniff(path: &Path) -> io::Result<bool> {
    let mut start = Vec::with_capacity(HEAD);
    File::open(path)?
        .take(HEAD as u64)
        .read_to_end(&mut start)?;
    Ok(begins_image(&start))
}

/// Why a link could not be followed: nothing there, forbidden, or a circle of
/// links, which systems report in their own ways.
fn broken(path: &Path, error: &io::Error) -> (ProblemKind, String) {
    let target = fs::read_link(path).map_or_else(
        |_| "an unknown place".to_owned(),
        |target| format!("`{}`", escaped(target.as_os_str())),
    );
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => (
            ProblemKind::BrokenLink,
            format!("a link to {target}, which does not exist"),
        ),
        io::ErrorKind::PermissionDenied => (
            ProblemKind::Unreadable,
            format!("a link to {target}: {error}"),
        ),
        _ => (
            ProblemKind::LinkLoop,
            format!("a link to {target} that loops: {error}"),
        ),
    }
}
