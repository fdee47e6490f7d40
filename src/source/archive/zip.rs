//! Members of zip archives. Reads no content of theirs.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::{CompressionMethod, ZipArchive};

use super::{Found, MAX_MEMBERS, Stored, too_many};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::source::container::Coding;

/// The bits of a Unix mode that tell a file's kind, and those of a link.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

/// Lists a zip archive by its central directory.
pub(super) fn list(path: &Path, stop: &StopFlag) -> Result<Found> {
    let failure = |why: String| {
        Error::Input(format!(
            "`{}` cannot be read as a zip archive: {why}; check it with `unzip -t`",
            path.display()
        ))
    };
    let file = File::open(path).map_err(|error| failure(error.to_string()))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|e| failure(e.to_string()))?;
    if archive.len() > MAX_MEMBERS {
        return Err(too_many(path));
    }
    let mut found = Found::default();
    for index in 0..archive.len() {
        if index.is_multiple_of(256) {
            stop.check()?;
        }
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        let place = match archive.by_index_raw(index) {
            Err(error) => Err(format!("it cannot be read: {error}")),
            Ok(member) if member.is_dir() => Ok(None),
            Ok(member) if member.encrypted() => Err(
                "encrypted, which is not read: unpack the archive and scan the folder".to_owned(),
            ),
            Ok(member) if member.unix_mode().is_some_and(|mode| mode & KIND == LINK) => {
                Err("a link in an archive; not followed".to_owned())
            }
            Ok(member) => {
                let coding = match member.compression() {
                    CompressionMethod::Stored => Ok(Coding::Plain),
                    CompressionMethod::DEFLATE => Ok(Coding::Deflated {
                        size: member.size(),
                        crc: member.crc32(),
                    }),
                    other => Err(format!("compressed by {other}, which is not supported")),
                };
                match (coding, member.data_start()) {
                    (Ok(coding), Some(start)) => {
                        Ok(Some((start, member.compressed_size(), coding)))
                    }
                    (Err(why), _) => Err(why),
                    (_, None) => Err("its position in the archive is unknown".to_owned()),
                }
            }
        };
        found.members.push(Stored {
            name: name.into(),
            place,
            start: None,
        });
    }
    Ok(found)
}
