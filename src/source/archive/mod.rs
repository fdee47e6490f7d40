//! Archives read in place: zip, tar and tar.gz. Lists members; understands no
//! layout.

mod nested;
mod packed;
mod tar;
mod zip;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub(super) use nested::{Nest, Unpacked, unpacked};

use super::container::{Coding, Content, Member, Stretches, read_start};
use super::names::{is_junk, is_text};
use super::tree::{At, DirState, Image, OtherFile, Tree};
use super::walk::Walker;
use crate::error::{Error, Result};
use crate::image_format::{HEAD, begins_image, has_image_extension};
use crate::sample::{Problem, ProblemKind, SampleKey, escaped};

/// More members than this are not listed: each takes about 200 bytes of
/// memory, and the largest public sets in one archive have some millions.
const MAX_MEMBERS: usize = 50_000_000;

/// Folders in folders, at most; systems allow paths of 4,096 bytes.
const MAX_DEPTH: usize = 256;

/// What kind of archive a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Tar,
    TarGz,
}

/// What an archive holds, as stored.
#[derive(Debug, Default)]
struct Found {
    members: Vec<Stored>,
    /// What is wrong with the archive itself.
    faults: Vec<String>,
}

/// A member as stored.
#[derive(Debug)]
struct Stored {
    name: OsString,
    /// Why it is not read, or where it lies; `None` for a folder.
    place: Result<Option<(u64, u64, Coding)>, String>,
    /// Its first bytes, where it is known that they will be looked at.
    start: Option<Vec<u8>>,
}

/// The kind of the file at `path`: by its first bytes, because `.npz` and
/// `.docx` are zip too by its extension; `None` if it is no archive that is
/// read here.
///
/// # Errors
/// When it cannot be read, or is an archive of another kind.
pub(super) fn kind(path: &Path) -> Result<Option<Kind>> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let failure = |error: io::Error| Error::Input(format!("`{}`: {error}", path.display()));
    let mut start = Vec::new();
    // 262 bytes: up to the end of the magic word of a tar header.
    let file = File::open(path).map_err(failure)?;
    file.take(262).read_to_end(&mut start).map_err(failure)?;
    let is_tar = start.get(257..262) == Some(b"ustar");
    if name.ends_with(".npz") {
        return Ok(None);
    }
    if start.starts_with(b"PK\x03\x04")
        || start.starts_with(b"PK\x05\x06")
        || name.ends_with(".zip")
    {
        return Ok(Some(Kind::Zip));
    }
    if is_tar || name.ends_with(".tar") {
        return Ok(Some(Kind::Tar));
    }
    if start.starts_with(b"\x1f\x8b") && (name.ends_with(".tar.gz") || name.ends_with(".tgz")) {
        return Ok(Some(Kind::TarGz));
    }
    let foreign = [
        (&b"7z\xbc\xaf\x27\x1c"[..], "7z"),
        (b"Rar!\x1a\x07", "RAR"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
    ];
    match foreign.iter().find(|(sign, _)| start.starts_with(sign)) {
        Some((_, kind)) => Err(Error::Input(format!(
            "`{}` is compressed by {kind}, which is not supported: unpack it and scan the folder",
            path.display()
        ))),
        None => Ok(None),
    }
}

/// What lies in the archive at `path`, as a tree whose keys begin with `key`.
///
/// # Errors
/// When the archive cannot be read at all, or a stop was asked for. Single
/// members that cannot be read are problems of the tree.
pub(super) fn tree(path: &Path, kind: Kind, key: SampleKey, walker: &Walker<'_>) -> Result<Tree> {
    let (found, content, method) = match kind {
        Kind::Zip => (zip::list(path, walker.stop)?, Content::InPlace, "zip 1"),
        Kind::Tar => (tar::list(path, walker.stop)?, Content::InPlace, "tar 1"),
        Kind::TarGz => {
            let (found, content) = packed::list(path, walker)?;
            (found, content, "tar.gz 1")
        }
    };
    let mut making = Making {
        tree: Tree::new(path.to_owned(), key),
        dirs: HashMap::from([(String::new(), 0)]),
        members: Vec::new(),
        path,
        content,
        walker,
    };
    for fault in found.faults {
        let name = path.file_name().unwrap_or_default();
        making.problem(making.tree.dirs[0].key.child(name), fault);
    }
    let twice = later(&found.members);
    for (index, stored) in found.members.into_iter().enumerate() {
        if index.is_multiple_of(256) {
            walker.stop.check()?;
            walker.progress.advance(256);
        }
        making.add(stored, twice.contains(&index));
    }
    let Making {
        mut tree,
        members,
        content,
        ..
    } = making;
    let stretches = Stretches::new(path, method, members, content);
    tree.archive = Some(Arc::new(stretches));
    tree.finish();
    Ok(tree)
}

/// The members that a later one of the same name stands for, as it does when
/// the archive is unpacked.
fn later(members: &[Stored]) -> HashSet<usize> {
    let mut last = HashMap::new();
    let mut earlier = HashSet::new();
    for (index, member) in members.iter().enumerate() {
        if matches!(member.place, Ok(Some(_)))
            && let Some(before) = last.insert(&member.name, index)
        {
            earlier.insert(before);
        }
    }
    earlier
}

/// Whether the first bytes have to say if a file is an image.
fn is_known_by_content(name: &OsStr) -> bool {
    !has_image_extension(name) && !is_text(name)
}

struct Making<'a> {
    tree: Tree,
    /// By path without a slash at its end.
    dirs: HashMap<String, usize>,
    members: Vec<Member>,
    path: &'a Path,
    content: Content,
    walker: &'a Walker<'a>,
}

impl Making<'_> {
    fn add(&mut self, stored: Stored, replaced: bool) {
        let shown = escaped(&stored.name);
        let text = stored.name.to_string_lossy().replace('\\', "/");
        let parts: Vec<&str> = text
            .split('/')
            .filter(|part| !matches!(*part, "" | "."))
            .collect();
        let leaves = text.starts_with('/')
            || parts.contains(&"..")
            || parts.first().is_some_and(|part| part.ends_with(':'));
        let top = &self.tree.dirs[0].key;
        if leaves || parts.len() > MAX_DEPTH {
            let key = top.child(shown.replace('/', ":").as_ref());
            let fact = format!("the name `{shown}` leaves the archive");
            return self.problem(key, fact);
        }
        let Some((name, folders)) = parts.split_last() else {
            return;
        };
        if parts.iter().any(|part| is_junk(part.as_ref())) {
            self.tree.skipped.junk += 1;
            return;
        }
        let is_folder = matches!(stored.place, Ok(None));
        let parent = self.dir(if is_folder { &parts } else { folders });
        if is_folder {
            return;
        }
        let key = self.tree.dirs[parent].key.child(name.as_ref());
        let globs = self.walker.globs;
        // As on disk: `--include` chooses images, not what annotates them.
        let is_annotation = is_text(name.as_ref()) && globs.leaves_out(|| key.as_str().to_owned());
        if !globs.is_empty() && !globs.keeps(key.as_str()) {
            self.tree.skipped.filtered += 1;
            self.tree.dirs[parent].filtered = true;
            if !is_annotation {
                return;
            }
        }
        match stored.place {
            Err(why) => self.problem(key, why),
            Ok(_) if replaced => {
                let fact = "this name occurs twice in the archive; the last one is read".to_owned();
                self.problem(key, fact);
            }
            Ok(None) => {}
            Ok(Some((offset, size, coding))) => {
                let member = Member {
                    name: text.trim_start_matches("./").into(),
                    offset,
                    stored: size,
                    coding,
                };
                self.file(parent, name, (member, stored.start), is_annotation);
            }
        }
    }

    fn file(
        &mut self,
        dir: usize,
        name: &str,
        (member, start): (Member, Option<Vec<u8>>),
        claimed: bool,
    ) {
        let start = || match start {
            Some(start) => Ok(start),
            None => read_start(&self.content.open(self.path)?, &member, HEAD),
        };
        let is_image = has_image_extension(name.as_ref())
            || is_known_by_content(name.as_ref())
                && start().is_ok_and(|start| begins_image(&start));
        let at = At::Entry(self.members.len() as u64);
        self.members.push(member);
        let name = std::ffi::OsStr::new(name).into();
        if is_image {
            self.tree.images.push(Image { dir, name, at });
        } else {
            self.tree.files.push(OtherFile {
                dir,
                name,
                at,
                claimed,
            });
        }
    }

    /// The folder of these parts, made with all above it where it is new.
    fn dir(&mut self, parts: &[&str]) -> usize {
        let path = parts.join("/");
        if let Some(&dir) = self.dirs.get(&path) {
            return dir;
        }
        let Some((name, above)) = parts.split_last() else {
            return 0;
        };
        let parent = self.dir(above);
        let place = self.tree.dirs[parent].path.join(name);
        let dir = (self.tree).add(parent, name.as_ref(), place, DirState::Walked);
        self.dirs.insert(path, dir);
        dir
    }

    fn problem(&mut self, key: SampleKey, detail: String) {
        self.tree.problems.push(Problem {
            key,
            kind: ProblemKind::BadMember,
            detail,
            sample: None,
        });
    }
}

/// The error for an archive with too many members.
fn too_many(path: &Path) -> Error {
    Error::Input(format!(
        "`{}` holds more than {MAX_MEMBERS} members: scan it in parts",
        path.display()
    ))
}
