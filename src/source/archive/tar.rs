//! Members of tar archives. Reads no content of theirs.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::{Found, MAX_MEMBERS, Stored, too_many};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::source::container::Coding;

/// A block of a tar archive (POSIX pax, section 4.2).
const BLOCK: u64 = 512;

/// Bytes that one byte of a packed archive may become; deflate reaches 1032,
/// an archive of images stays below 2.
const MAX_RATIO: u64 = 200;

/// What a packed archive may become whatever its ratio.
const FREE_BYTES: u64 = 1 << 30;

/// Lists a tar archive.
pub(super) fn list(path: &Path, stop: &StopFlag) -> Result<Found> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    list_file(path, file, stop)
}

/// Lists a packed tar archive, and gives its content. It is unpacked to an unnamed
/// temporary file: its members cannot be read in place, and images hardly shrink.
pub(super) fn list_packed(path: &Path, stop: &StopFlag) -> Result<(Found, File)> {
    let (unpacked, fault) = unpacked(path, stop)?;
    let again = unpacked
        .try_clone()
        .map_err(|error| unreadable(path, &error))?;
    let mut found = list_file(path, again, stop)?;
    if let Some(fault) = fault {
        found.faults = vec![fault];
    }
    Ok((found, unpacked))
}

/// The content of a packed archive, and what ended it too early.
pub(super) fn unpacked(path: &Path, stop: &StopFlag) -> Result<(File, Option<String>)> {
    let failure = |error: io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(failure)?;
    let size = file.metadata().map_err(failure)?.len();
    let most = size.saturating_mul(MAX_RATIO).max(FREE_BYTES);
    let mut packed = MultiGzDecoder::new(BufReader::new(file));
    let mut unpacked = tempfile::tempfile().map_err(failure)?;
    let (mut buffer, mut total, mut fault) = (vec![0; 1 << 16], 0, None);
    loop {
        stop.check()?;
        match packed.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                total += count as u64;
                if total > most {
                    return Err(Error::Input(format!(
                        "`{}` unpacks to more than {MAX_RATIO} times its {size} bytes; unpack it \
                         yourself if you trust it, and scan the folder",
                        path.display()
                    )));
                }
                unpacked.write_all(&buffer[..count]).map_err(|error| {
                    Error::output(
                        "the folder for temporary files",
                        format!(
                            "no space to unpack `{}` there: {error}; point TMPDIR to a larger \
                             disk, or unpack the archive and scan the folder",
                            path.display()
                        ),
                    )
                })?;
            }
            // What came before is listed.
            Err(error) => {
                fault = Some(format!("the archive is cut off or damaged: {error}"));
                break;
            }
        }
    }
    Ok((unpacked, fault))
}

fn list_file(path: &Path, mut file: File, stop: &StopFlag) -> Result<Found> {
    let failure = |error: io::Error| unreadable(path, &error);
    let size = file.metadata().map_err(failure)?.len();
    file.seek(SeekFrom::Start(0)).map_err(failure)?;
    let mut found = Found::default();
    let mut archive = Archive::new(BufReader::new(&file));
    let mut end = 0;
    let mut fault = None;
    for entry in archive.entries_with_seek().map_err(failure)? {
        if found.members.len().is_multiple_of(256) {
            stop.check()?;
        }
        if found.members.len() >= MAX_MEMBERS {
            return Err(too_many(path));
        }
        match entry {
            Ok(entry) => {
                end = entry.raw_file_position() + entry.size().next_multiple_of(BLOCK);
                let stored = stored(&entry, &found.members);
                found.members.extend(stored);
            }
            Err(error) => {
                fault = Some(format!(
                    "the archive is damaged here; the rest is not read: {error}"
                ));
                break;
            }
        }
    }
    drop(archive);
    if found.members.is_empty()
        && let Some(fault) = fault
    {
        return Err(unreadable(path, &io::Error::other(fault)));
    }
    let whole = size > end && !found.members.is_empty();
    if fault.is_none() && !whole && end > 0 {
        fault =
            Some("the archive has no end mark: it was cut off, and members are missing".to_owned());
    }
    found.faults.extend(fault);
    Ok(found)
}

fn stored(entry: &Entry<'_, impl Read>, earlier: &[Stored]) -> Option<Stored> {
    let name = os_string(&entry.path_bytes());
    let place = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => Ok(Some((
            entry.raw_file_position(),
            entry.size(),
            Coding::Plain,
        ))),
        EntryType::Directory => Ok(None),
        EntryType::Link => {
            let target = entry.link_name_bytes().unwrap_or_default();
            let target = os_string(&target);
            let same = earlier.iter().rev().find(|member| member.name == target);
            match same {
                Some(Stored {
                    place: Ok(Some(place)),
                    ..
                }) => Ok(Some(*place)),
                _ => Err("a hard link without an earlier target; not read".to_owned()),
            }
        }
        EntryType::Symlink => Err("a link in an archive; not followed".to_owned()),
        EntryType::GNUSparse => Err("stored as a sparse file, which is not supported".to_owned()),
        // Notes on other members, and what no image is.
        _ => return None,
    };
    Some(Stored {
        name,
        place,
        start: None,
    })
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).to_owned()
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::Input(format!(
        "`{}` cannot be read as a tar archive: {error}; check it with `tar -t`",
        path.display()
    ))
}
