//! Files of many samples in an archive: Parquet and tar shards, arrays, volumes. They are read
//! at random, so they are unpacked to a folder for temporary files.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::sample::ProblemKind;
use crate::scratch::Scratch;
use crate::source::arrays;
use crate::source::builder::Builder;
use crate::source::container::{Container, Stretches};
use crate::source::input::Input;
use crate::source::reader::Bytes;
use crate::source::tree::{At, Tree};

/// What an archive without images of its own holds, unpacked.
pub(in crate::source) struct Unpacked {
    pub(in crate::source) tree: Tree,
    archive: Arc<Stretches>,
    scratch: Arc<Scratch>,
}

/// A file of many samples that lies in an archive.
struct Nested {
    inner: Arc<dyn Container>,
    archive: Arc<Stretches>,
    /// Its path in the archive.
    member: String,
    /// The folder that it was unpacked to, for as long as it is read.
    _scratch: Arc<Scratch>,
}

/// Unpacks an archive that holds files of many samples and no images.
///
/// # Errors
/// When there is no place for it, or a stop was asked for. A member that cannot be unpacked
/// is a problem of the tree.
pub(in crate::source) fn unpacked(tree: &Tree, input: &Input<'_>) -> Result<Option<Unpacked>> {
    let holds = |name: &OsStr| {
        let lower = name.to_string_lossy().to_lowercase();
        [".parquet", ".tar", ".nii", ".nii.gz"]
            .iter()
            .any(|end| lower.ends_with(end))
            || arrays::may_be_one(&lower)
    };
    let archive = match &tree.archive {
        Some(archive) if tree.images.is_empty() => Arc::clone(archive),
        _ => return Ok(None),
    };
    if !tree.files.iter().any(|file| holds(&file.name)) {
        return Ok(None);
    }
    let scratch =
        Scratch::private(&std::env::temp_dir()).map_err(|error| no_place(input, error))?;
    let mut problems = Vec::new();
    let top = &tree.dirs[0].path;
    for index in 0..tree.files.len() {
        let path = tree.file_path(index);
        let At::Entry(entry) = tree.files[index].at else {
            continue;
        };
        let to = scratch.path().join(path.strip_prefix(top).unwrap_or(&path));
        if let Some(why) = unpack(&archive, entry, &to, input)? {
            let _ = fs::remove_file(&to);
            problems.push((tree.file_key(index), why));
        }
    }
    let mut found = input.walker.walk(scratch.path(), input.key.clone())?;
    found.problems.extend(tree.problems.iter().cloned());
    found.skipped.junk += tree.skipped.junk;
    found.skipped.filtered += tree.skipped.filtered;
    for (key, why) in problems {
        found.problem(key, ProblemKind::BadMember, why);
    }
    Ok(Some(Unpacked {
        tree: found,
        archive,
        scratch: Arc::new(scratch),
    }))
}

/// Unpacks one member; gives why it cannot be read.
fn unpack(archive: &Stretches, entry: u64, to: &Path, input: &Input<'_>) -> Result<Option<String>> {
    let place = |error| no_place(input, error);
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(place)?;
    let mut out = Out {
        file: File::create(to).map_err(place)?,
        failure: None,
        stop: input.walker.stop,
    };
    let copied = archive.copy(entry, &mut out);
    input.walker.stop.check()?;
    match (out.failure, copied) {
        (Some(error), _) => Err(no_place(input, error)),
        (None, Err(why)) => Ok(Some(why.0)),
        (None, Ok(())) => Ok(None),
    }
}

/// A file that is written, and what went wrong with it and not with what is read.
struct Out<'a> {
    file: File,
    failure: Option<io::Error>,
    stop: &'a StopFlag,
}

impl io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stop.is_raised() {
            return Err(io::ErrorKind::Other.into());
        }
        self.file.write(bytes).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn no_place(input: &Input<'_>, error: io::Error) -> Error {
    Error::output(
        "the folder for temporary files",
        format!(
            "`{}` cannot be unpacked there: {error}; point TMPDIR to a larger disk, or unpack \
             the archive and scan the folder",
            input.shown.display()
        ),
    )
}

impl Unpacked {
    /// The place of what was unpacked.
    pub(in crate::source) fn path(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }
}

/// Puts what was added to a builder from its container `first` on into the archive that it was
/// unpacked from: `scratch` is where.
pub(in crate::source) struct Nest {
    archive: Arc<Stretches>,
    scratch: Arc<Scratch>,
}

impl Nest {
    /// For what is in `unpacked`.
    pub(in crate::source) fn of(unpacked: &Unpacked) -> Self {
        Self {
            archive: Arc::clone(&unpacked.archive),
            scratch: Arc::clone(&unpacked.scratch),
        }
    }

    /// Replaces the containers from `first` on.
    pub(in crate::source) fn apply(&self, first: usize, builder: &mut Builder) {
        builder.replace_containers(first, |inner| {
            let inside = inner.path().strip_prefix(self.scratch.path());
            let inside = inside.unwrap_or(Path::new(""));
            let parts = inside.iter().map(OsStr::to_string_lossy);
            Arc::new(Nested {
                member: parts.collect::<Vec<_>>().join("/"),
                archive: Arc::clone(&self.archive),
                inner,
                _scratch: Arc::clone(&self.scratch),
            })
        });
    }
}

impl Container for Nested {
    fn path(&self) -> &Path {
        self.archive.path()
    }

    fn method(&self) -> &'static str {
        self.inner.method()
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        let name = match self.inner.name(entry) {
            Some(name) => format!("{}/{name}", self.member),
            None => format!("{}/{entry}", self.member),
        };
        Some(Cow::Owned(name))
    }

    fn identity(&self, entry: u64) -> u64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.member.as_bytes());
        hasher.update(&[0]);
        hasher.update(&self.inner.identity(entry).to_le_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        u64::from_le_bytes(first)
    }

    fn size(&self, entry: u64) -> Option<u64> {
        self.inner.size(entry)
    }

    fn block(&self, entry: u64) -> Option<u64> {
        self.inner.block(entry)
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.inner.read_run(entries, visit)
    }
}
