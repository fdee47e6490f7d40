//! Folders and files for what is not finished yet, beside the place where it
//! will lie. Knows nothing of what they hold.
//!
//! Each holds a file that its process keeps locked: the system gives the lock
//! back when the process ends, however it ends. What a killed process left is
//! known by that and removed by the next.

mod file;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

pub use file::{write_file, write_file_with};

/// How the names of unfinished files and folders begin.
pub const PREFIX: &str = ".splitlint-";

/// The locked file.
const OWNER: &str = ".owner";

/// Letters and digits behind [`PREFIX`].
const RANDOM: usize = 6;

/// Age of a file that nobody holds, or of a folder without an owner, from which
/// on it is nobody's: between making and locking one lie milliseconds, and no
/// version that locks nothing takes as long to write a report.
const OLD: Duration = Duration::from_secs(3600);

/// A folder that is gone when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    // Dropped in this order: a file that is open cannot be removed everywhere.
    _owner: File,
    folder: TempDir,
    inside: PathBuf,
}

impl Scratch {
    /// An empty folder in `place`, whose rights are those of any new folder.
    /// Removes what killed processes of the same user left there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn in_folder(place: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(fs::Permissions::from_mode(0o777));
        }
        Self::made(&mut builder, place)
    }

    /// As [`Self::in_folder`], for the user alone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn private(place: &Path) -> io::Result<Self> {
        Self::made(&mut tempfile::Builder::new(), place)
    }

    fn made(builder: &mut tempfile::Builder<'_, '_>, place: &Path) -> io::Result<Self> {
        builder.prefix(PREFIX).rand_bytes(RANDOM);
        let folder = builder.tempdir_in(place)?;
        let owner = File::create(folder.path().join(OWNER))?;
        hold(&owner);
        sweep(place, folder.path());
        let inside = folder.path().join("inside");
        fs::create_dir(&inside)?;
        Ok(Self {
            _owner: owner,
            folder,
            inside,
        })
    }

    /// The empty folder; it may be moved away.
    pub fn path(&self) -> &Path {
        &self.inside
    }

    /// Removes what killed processes left in `place`, too.
    pub fn sweep(&self, place: &Path) {
        sweep(place, self.folder.path());
    }
}

/// Marks a file as in use for as long as it is open. Where the disk knows no
/// locks it does not hold, and nothing there is ever removed.
pub fn hold(file: &File) {
    let _ = file.try_lock();
}

/// Removes what dead processes of the owner of `own` left in `place`. What
/// cannot be removed stays: it harms nobody.
fn sweep(place: &Path, own: &Path) {
    let Ok(all) = fs::read_dir(place) else { return };
    for entry in all.flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
        let is_ours = random.is_some_and(|random| {
            random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let path = entry.path();
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        if !is_ours || path == own || !same_user(&found, own) {
            continue;
        }
        let old = (found.modified().ok())
            .and_then(|modified| modified.elapsed().ok())
            .is_some_and(|age| age > OLD);
        if found.is_dir() {
            let abandoned = match is_free(&path.join(OWNER)) {
                Ok(free) => free,
                Err(error) => error.kind() == io::ErrorKind::NotFound && old,
            };
            if abandoned {
                let _ = fs::remove_dir_all(&path);
            }
        } else if found.is_file() && old && is_free(&path).is_ok_and(|free| free) {
            let _ = fs::remove_file(&path);
        }
    }
}

/// Whether no process holds a file.
fn is_free(path: &Path) -> io::Result<bool> {
    let file = File::options().read(true).write(true).open(path)?;
    Ok(file.try_lock().is_ok())
}

#[cfg(unix)]
fn same_user(found: &fs::Metadata, own: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(own).is_ok_and(|own| own.uid() == found.uid())
}

#[cfg(not(unix))]
fn same_user(_: &fs::Metadata, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests;
