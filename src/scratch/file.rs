//! Writes one file whole or not at all. Knows no format.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::SystemTime;

use super::{PREFIX, hold};
use crate::error::{Error, Result};

/// Writes `text` to `path`, making the folders above it. A file there is
/// replaced at once when the new one is complete; what is no plain file (a
/// pipe, a terminal) is written to directly.
///
/// # Errors
/// [`Error::Output`] when it cannot be written.
pub fn write_file(path: &Path, text: &str) -> Result<()> {
    write_file_with(path, None, |out| out.write_all(text.as_bytes()))
}

/// As [`write_file`], with what `write` writes; a plain file is said to be of the time
/// `modified`, if one is given.
///
/// # Errors
/// [`Error::Output`] when it cannot be written.
pub fn write_file_with(
    path: &Path,
    modified: Option<SystemTime>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let failed = |e: std::io::Error| Error::output(path, e);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut out| write(&mut out))
            .map_err(failed);
    }
    fs::create_dir_all(folder).map_err(failed)?;
    let mut file = beside().tempfile_in(folder).map_err(failed)?;
    hold(file.as_file());
    let mut out = BufWriter::new(file.as_file_mut());
    write(&mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    if let Some(time) = modified {
        file.as_file().set_modified(time).map_err(failed)?;
    }
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Makes hidden names, and gives what it makes the rights of any new file:
/// a temporary file's own are for its owner alone.
fn beside() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_and_nothing_is_left_beside_it() {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("a/b.json");
        write_file(&path, "one").expect("written");
        write_file(&path, "two").expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("there"), "two");
        let beside = fs::read_dir(place.path().join("a")).expect("there").count();
        assert_eq!(beside, 1);
    }

    #[test]
    fn folder_in_the_way_is_told_by_path() {
        let place = tempfile::tempdir().expect("a folder");
        let error = write_file(place.path(), "one").expect_err("a folder");
        assert!(error.to_string().contains(&*place.path().to_string_lossy()));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_was_written() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().expect("a folder");
        let plain = place.path().join("plain");
        fs::write(&plain, "").expect("written");
        let ours = place.path().join("ours");
        write_file(&ours, "").expect("written");
        let mode = |path| fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode(ours), mode(plain));
    }
}
