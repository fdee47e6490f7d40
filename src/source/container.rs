//! Files that hold many samples. Knows no format and lists nothing.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;

use super::reader::{Bytes, ReadFailure};

/// No file or member above this is read: an uncompressed image of 512
/// megapixels, the most that is decoded unless asked, takes 2 GiB at 8-bit
/// RGBA, and a disk image that was named `.jpg` must not fill the memory.
pub(super) const MAX_BYTES: u64 = (2 << 30) + (1 << 20);

/// What a compressed member may unpack to whatever its ratio: an image of 16
/// megapixels at 8-bit RGBA, even if it is blank.
const FREE_BYTES: u64 = 64 << 20;

/// Above [`FREE_BYTES`], bytes that one compressed byte may become. Deflate
/// reaches 1032; an uncompressed photo stays below 10.
const MAX_RATIO: u64 = 200;

/// A file that holds many samples, each known by its place in the file's own
/// order.
pub(super) trait Container: Send + Sync {
    /// Where it lies.
    fn path(&self) -> &Path;

    /// How an entry becomes an image file: a name and a version, part of every
    /// cache key.
    fn method(&self) -> &'static str;

    /// The entry's name in it, if it has one.
    fn name(&self, entry: u64) -> Option<Cow<'_, str>>;

    /// What entries that are the same bytes share and no others do.
    fn identity(&self, entry: u64) -> u64 {
        entry
    }

    /// Bytes of an entry, where they are known without reading it.
    fn size(&self, _entry: u64) -> Option<u64> {
        None
    }

    /// The block of entries that can only be had as a whole, if there are such.
    fn block(&self, _entry: u64) -> Option<u64> {
        None
    }

    /// Visits `entries`, which ascend, the file opened once; the visitor gets
    /// the place in `entries`.
    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()>;
}

/// A container of which every entry is a stretch of the file, stored or
/// deflated: tar, zip.
#[derive(Debug)]
pub(super) struct Stretches {
    path: PathBuf,
    method: &'static str,
    members: Vec<Member>,
    content: Content,
}

/// Where the bytes of members are.
#[derive(Debug)]
pub(super) enum Content {
    /// In the file.
    InPlace,
    /// In what is unpacked from the file when a member is first read.
    Unpacked(Unpacked),
}

/// A file's content, unpacked when it is first asked for.
pub(super) struct Unpacked {
    unpack: Box<Unpack>,
    file: OnceLock<Result<Mutex<File>, String>>,
}

/// Unpacks to a file that nobody else sees.
type Unpack = dyn Fn() -> Result<File, String> + Send + Sync;

impl Unpacked {
    /// What `unpack` gives, unless it is there already.
    pub(super) fn new(
        unpack: impl Fn() -> Result<File, String> + Send + Sync + 'static,
        there: Option<File>,
    ) -> Self {
        let file = OnceLock::new();
        if let Some(there) = there {
            let _ = file.set(Ok(Mutex::new(there)));
        }
        Self {
            unpack: Box::new(unpack),
            file,
        }
    }

    fn open(&self) -> io::Result<File> {
        let file = self.file.get_or_init(|| (self.unpack)().map(Mutex::new));
        match file {
            // Reads name their offset, so threads may share the file.
            Ok(file) => (file.lock())
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .try_clone(),
            Err(why) => Err(io::Error::other(why.clone())),
        }
    }
}

impl std::fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacked").finish_non_exhaustive()
    }
}

impl Content {
    /// The file that members are stretches of, of the container at `path`.
    pub(super) fn open(&self, path: &Path) -> io::Result<File> {
        match self {
            Self::InPlace => File::open(path),
            Self::Unpacked(unpacked) => unpacked.open(),
        }
    }
}

/// A member's name and where its bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// With `/` between parts, as stored.
    pub(super) name: Box<str>,
    /// Of its first byte.
    pub(super) offset: u64,
    /// Bytes in the file.
    pub(super) stored: u64,
    pub(super) coding: Coding,
}

/// How a member's bytes are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Plain,
    /// Deflated, with the size and CRC-32 of what comes out.
    Deflated {
        size: u64,
        crc: u32,
    },
}

impl Stretches {
    /// The file at `path` with these members.
    pub(super) fn new(
        path: &Path,
        method: &'static str,
        members: Vec<Member>,
        content: Content,
    ) -> Self {
        Self {
            path: path.to_owned(),
            method,
            members,
            content,
        }
    }
}

impl Stretches {
    /// Writes the bytes of an entry to `out`, a part at a time.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub(super) fn copy(&self, entry: u64, out: &mut dyn Write) -> Result<(), ReadFailure> {
        let failure = |error: io::Error| ReadFailure(error.to_string());
        let member = (usize::try_from(entry).ok()).and_then(|entry| self.members.get(entry));
        let member = member.ok_or_else(|| ReadFailure("no such member".to_owned()))?;
        let file = self.content.open(&self.path).map_err(failure)?;
        let mut stretch = Stretch {
            file: &file,
            offset: member.offset,
            left: member.stored,
        };
        let (size, count, sum) = match member.coding {
            Coding::Plain => {
                let count = io::copy(&mut stretch, out).map_err(|error| cut_off(&error))?;
                (member.stored, count, None)
            }
            Coding::Deflated { size, crc } => {
                refuse_ratio(member.stored, size)?;
                // One byte more shows that the size is a lie.
                let mut unpacked = CrcReader::new(DeflateDecoder::new(stretch)).take(size + 1);
                let count = io::copy(&mut unpacked, out).map_err(|error| cut_off(&error))?;
                (size, count, Some((crc, unpacked.get_ref().crc().sum())))
            }
        };
        is_whole(size, count, sum)
    }
}

impl Container for Stretches {
    fn path(&self) -> &Path {
        &self.path
    }

    fn method(&self) -> &'static str {
        self.method
    }

    fn name(&self, entry: u64) -> Option<Cow<'_, str>> {
        let member = self.members.get(usize::try_from(entry).ok()?)?;
        Some(Cow::Borrowed(&member.name))
    }

    fn identity(&self, entry: u64) -> u64 {
        // Hard links of a tar are the bytes of the member they lead to.
        let member = usize::try_from(entry)
            .ok()
            .and_then(|e| self.members.get(e));
        member.map_or(u64::MAX, |member| member.offset)
    }

    fn size(&self, entry: u64) -> Option<u64> {
        let member = self.members.get(usize::try_from(entry).ok()?)?;
        Some(match member.coding {
            Coding::Plain => member.stored,
            Coding::Deflated { size, .. } => size,
        })
    }

    fn read_run(
        &self,
        entries: &[u64],
        visit: &mut dyn FnMut(usize, Bytes<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let file = (self.content.open(&self.path)).map_err(|error| ReadFailure(error.to_string()));
        for (place, &entry) in entries.iter().enumerate() {
            let member = usize::try_from(entry)
                .ok()
                .and_then(|e| self.members.get(e));
            let bytes = match (&file, member) {
                (Ok(file), Some(member)) => read(file, member).map(Cow::Owned),
                (Err(failure), _) => Err(failure.clone()),
                (_, None) => Err(ReadFailure("no such member".to_owned())),
            };
            visit(place, bytes)?;
        }
        ControlFlow::Continue(())
    }
}

/// The bytes of one member.
pub(super) fn read(file: &File, member: &Member) -> Result<Vec<u8>, ReadFailure> {
    let failure = |error: io::Error| cut_off(&error);
    let size = match member.coding {
        Coding::Plain => member.stored,
        Coding::Deflated { size, .. } => size,
    };
    refuse_bomb(member.stored, size)?;
    let mut bytes = Vec::new();
    usize::try_from(size)
        .ok()
        .and_then(|size| bytes.try_reserve_exact(size).ok())
        .ok_or_else(|| ReadFailure(format!("{size} bytes do not fit into memory")))?;
    let mut stretch = Stretch {
        file,
        offset: member.offset,
        left: member.stored,
    };
    let sum = match member.coding {
        Coding::Plain => {
            stretch.read_to_end(&mut bytes).map_err(failure)?;
            None
        }
        Coding::Deflated { crc, .. } => {
            // One byte more shows that the size is a lie.
            let mut unpacked = CrcReader::new(DeflateDecoder::new(stretch)).take(size + 1);
            unpacked.read_to_end(&mut bytes).map_err(failure)?;
            Some((crc, unpacked.get_ref().crc().sum()))
        }
    };
    is_whole(size, bytes.len() as u64, sum)?;
    Ok(bytes)
}

fn cut_off(error: &io::Error) -> ReadFailure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ReadFailure("the archive ends inside it".to_owned()),
        _ => ReadFailure(error.to_string()),
    }
}

/// Whether `count` bytes with their checksums, announced and found, are all of `size` bytes.
fn is_whole(size: u64, count: u64, sums: Option<(u32, u32)>) -> Result<(), ReadFailure> {
    let fact = match count {
        _ if count < size => "less",
        _ if count > size => "more",
        _ if sums.is_some_and(|(announced, found)| announced != found) => {
            return Err(ReadFailure("its checksum does not match".to_owned()));
        }
        _ => return Ok(()),
    };
    Err(ReadFailure(format!(
        "it holds {fact} than the {size} bytes that the archive announces"
    )))
}

/// The first `most` bytes of one member.
pub(super) fn read_start(file: &File, member: &Member, most: usize) -> io::Result<Vec<u8>> {
    let stretch = Stretch {
        file,
        offset: member.offset,
        left: member.stored,
    };
    let mut start = Vec::with_capacity(most);
    let most = most as u64;
    match member.coding {
        Coding::Plain => stretch.take(most).read_to_end(&mut start)?,
        Coding::Deflated { .. } => DeflateDecoder::new(stretch)
            .take(most)
            .read_to_end(&mut start)?,
    };
    Ok(start)
}

/// `length` bytes of a file from `offset`, to be read one after the other.
pub(super) fn stretch(mut file: File, offset: u64, length: u64) -> io::Result<io::Take<File>> {
    file.seek(SeekFrom::Start(offset))?;
    Ok(file.take(length))
}

/// `length` bytes of a file from `offset`, all of them.
pub(super) fn read_stretch(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length)?;
    let left = length as u64;
    Stretch { file, offset, left }.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Refuses a member that would fill the memory.
pub(super) fn refuse_bomb(stored: u64, size: u64) -> Result<(), ReadFailure> {
    if size > MAX_BYTES {
        return Err(ReadFailure(format!(
            "{size} bytes: members above {MAX_BYTES} bytes are not read"
        )));
    }
    refuse_ratio(stored, size)
}

/// Refuses a member that would fill the disk.
fn refuse_ratio(stored: u64, size: u64) -> Result<(), ReadFailure> {
    if size > FREE_BYTES && size / stored.max(1) > MAX_RATIO {
        return Err(ReadFailure(format!(
            "it unpacks from {stored} to {size} bytes, more than {MAX_RATIO} times: not unpacked"
        )));
    }
    Ok(())
}

/// A part of a file, read without moving a position that threads share.
struct Stretch<'a> {
    file: &'a File,
    offset: u64,
    left: u64,
}

impl Read for Stretch<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let count = read_at(self.file, &mut bytes[..most], self.offset)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_refused_and_blank_images_are_not() {
        assert!(refuse_bomb(40_000, 40_000_000).is_ok());
        assert!(refuse_bomb(400_000, 400_000_000).is_err());
        assert!(refuse_bomb(100_000_000, 400_000_000).is_ok());
        assert!(refuse_bomb(MAX_BYTES + 1, MAX_BYTES + 1).is_err());
        assert!(refuse_bomb(0, u64::MAX).is_err());
    }
}
