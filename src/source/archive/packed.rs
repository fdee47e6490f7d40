//! Packed tar archives, whose members are listed once for each state of the file:
//! later listings take the index from the memo, and unpack when a member is read.

use std::ffi::OsString;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Found, Stored, is_known_by_content, tar};
use crate::error::Result;
use crate::executor::StopFlag;
use crate::image_format::HEAD;
use crate::source::container::{Coding, Content, Member, Unpacked, read_start};
use crate::source::reader::Version;
use crate::source::walk::Walker;

/// Name and version of the index.
const METHOD: &str = "index of tar.gz 1";

/// Bytes of an index at most: beyond, it is not kept.
const MAX_INDEX: usize = 64 << 20;

/// What an archive holds, as kept.
#[derive(Debug, Serialize, Deserialize)]
struct Index {
    members: Vec<Entry>,
    faults: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    name: OsString,
    /// Offset and size in the content, or why it is not read; `None` for a folder.
    place: std::result::Result<Option<(u64, u64)>, String>,
    start: Option<Vec<u8>>,
}

/// Lists a packed archive.
pub(super) fn list(path: &Path, walker: &Walker<'_>) -> Result<(Found, Content)> {
    let before = Version::of_file(path);
    let kept = before.as_ref().and_then(|of| walker.memo.get(METHOD, of));
    if let Some(index) = kept.and_then(|kept| postcard::from_bytes::<Index>(&kept).ok()) {
        return Ok((index.into_found(), content(path, before, walker.stop, None)));
    }
    let (mut found, unpacked) = tar::list_packed(path, walker.stop)?;
    for member in &mut found.members {
        let Ok(Some((offset, stored, coding))) = member.place else {
            continue;
        };
        let name = Path::new(&member.name).file_name().unwrap_or_default();
        if is_known_by_content(name) {
            let place = Member {
                name: "".into(),
                offset,
                stored,
                coding,
            };
            member.start = read_start(&unpacked, &place, HEAD).ok();
        }
    }
    // What was written to meanwhile is listed anew.
    if let Some(version) = &before
        && Version::of_file(path).as_ref() == Some(version)
        && let Ok(index) = postcard::to_stdvec(&Index::of(&found))
        && index.len() <= MAX_INDEX
    {
        walker.memo.put(METHOD, version, index);
    }
    Ok((found, content(path, before, walker.stop, Some(unpacked))))
}

/// The content of an archive that had this version when it was listed.
fn content(
    path: &Path,
    listed: Option<Version>,
    stop: &StopFlag,
    there: Option<std::fs::File>,
) -> Content {
    let (path, stop) = (path.to_owned(), stop.clone());
    let unpack = move || {
        let (file, _) = tar::unpacked(&path, &stop).map_err(|error| error.to_string())?;
        match Version::of_file(&path) == listed {
            true => Ok(file),
            false => Err("the archive was changed while it was read".to_owned()),
        }
    };
    Content::Unpacked(Unpacked::new(unpack, there))
}

impl Index {
    fn of(found: &Found) -> Self {
        let entry = |stored: &Stored| Entry {
            name: stored.name.clone(),
            place: (stored.place.clone()).map(|place| place.map(|(at, size, _)| (at, size))),
            start: stored.start.clone(),
        };
        Self {
            members: found.members.iter().map(entry).collect(),
            faults: found.faults.clone(),
        }
    }

    fn into_found(self) -> Found {
        let stored = |entry: Entry| Stored {
            name: entry.name,
            place: (entry.place).map(|place| place.map(|(at, size)| (at, size, Coding::Plain))),
            start: entry.start,
        };
        Found {
            members: self.members.into_iter().map(stored).collect(),
            faults: self.faults,
        }
    }
}
