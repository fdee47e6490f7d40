//! A WebDataset in other splits: the members of each sample move together, with
//! their bytes and headers, into new shards. Writes nothing itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tar::{Archive, EntryType, Header};

use super::{Input, Output, refused, unreadable};
use crate::error::{Error, Result};
use crate::executor::StopFlag;
use crate::image_format::has_image_extension;
use crate::resplit::file_name;
use crate::review::copy::{Beside, Content, NotMade};
use crate::sample::Location;
use crate::source::sample_key;

/// A block of a tar archive (POSIX pax, section 4.2).
const BLOCK: u64 = 512;

/// Two blocks of zeros end an archive.
const END: u64 = 2 * BLOCK;

/// Bytes of a new shard, at most: the default of webdataset's `ShardWriter`, unless
/// no shard of today is as large.
const MAX_BYTES: u64 = 3_000_000_000;

/// Bytes copied at once.
const BUFFER: usize = 1 << 16;

/// A shard as it is.
struct Shard {
    path: PathBuf,
    runs: Vec<Run>,
}

/// The members of a sample, which lie together.
struct Run {
    key: String,
    members: Vec<Member>,
}

/// A member where it lies.
struct Member {
    name: Box<[u8]>,
    /// From the end of the member before to its own: its headers and its bytes.
    from: u64,
    to: u64,
    header: u64,
    /// Of its bytes; of a hard link, those of the member it leads to.
    content: u64,
    size: u64,
    is_link: bool,
}

/// What goes into one new shard: shard and run, and the key that is taken in place
/// of its own.
type Dealt = Vec<(usize, usize, Option<String>)>;

/// The shards of `input` in their new splits.
pub(super) fn webdataset(input: Input<'_>, stop: &StopFlag) -> Result<Output> {
    let mut splits_of: BTreeMap<&Path, BTreeMap<&str, &str>> = BTreeMap::new();
    for stay in &input.staying {
        let Location::Member {
            container,
            name: Some(name),
            ..
        } = &stay.from
        else {
            return Err(refused(&format!("`{}` is no member of a shard", stay.key)));
        };
        let of_shard = splits_of.entry(container).or_default();
        of_shard.insert(name, &stay.split);
    }
    let mut shards = Vec::new();
    let mut dealt: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    let (mut found, mut without_image, mut largest) = (0, 0, 0);
    for (number, (path, splits)) in splits_of.iter().enumerate() {
        let shard = read(path, stop)?;
        largest = largest.max(std::fs::metadata(path).map_or(0, |metadata| metadata.len()));
        // Of two members of one name the last is read.
        let mut last: HashMap<String, usize> = HashMap::new();
        for (index, run) in shard.runs.iter().enumerate() {
            for member in &run.members {
                last.insert(name_of(member), index);
            }
        }
        let mut goes: BTreeMap<usize, &str> = BTreeMap::new();
        for (name, split) in splits {
            let Some(&run) = last.get(*name) else {
                return Err(unreadable(
                    path,
                    format!(
                        "it has no member `{name}`: if its shards lie in an archive, unpack it first, \
                         and if it was changed, scan again"
                    ),
                ));
            };
            goes.insert(run, split);
        }
        found += goes.len();
        for (&run, split) in &goes {
            dealt.entry(split).or_default().push((number, run));
        }
        let is_image = |member: &Member| has_image_extension(name_of(member).as_ref());
        let bare = (shard.runs.iter()).filter(|run| !run.members.iter().any(is_image));
        without_image += bare.count();
        shards.push(shard);
    }
    if found != input.staying.len() {
        return Err(refused(
            "two samples have the same members; give each a key of its own",
        ));
    }
    let shards = Arc::new(shards);
    let limit = largest.min(MAX_BYTES);
    let mut beside = Vec::new();
    for (split, runs) in dealt {
        for (number, part) in parts(&shards, &runs, limit).into_iter().enumerate() {
            let shards = Arc::clone(&shards);
            beside.push(Beside {
                to: match split {
                    "" => format!("shard-{number:06}.tar"),
                    split => format!("{}-{number:06}.tar", file_name(split)),
                },
                what: Content::Made(Box::new(move |out, stop| write(&shards, &part, out, stop))),
            });
        }
    }
    let mut notes = Vec::new();
    if without_image > 0 {
        notes.push(format!(
            "{without_image} samples of the shards have no image and are not copied"
        ));
    }
    Ok(Output {
        images: Vec::new(),
        beside,
        notes,
    })
}

/// Deals runs to shards of at most `limit` bytes, none with two samples of one key.
fn parts(shards: &[Shard], runs: &[(usize, usize)], limit: u64) -> Vec<Dealt> {
    let mut parts: Vec<Dealt> = Vec::new();
    let (mut size, mut keys) = (u64::MAX, HashSet::new());
    for &(shard, index) in runs {
        let run = &shards[shard].runs[index];
        // Copied from end to end, or made anew with a header and up to a block more.
        let room = |m: &Member| (m.to - m.from).max(m.size + 2 * BLOCK);
        let bytes: u64 = run.members.iter().map(room).sum();
        if size.saturating_add(bytes) > limit {
            parts.push(Vec::new());
            (size, keys) = (END, HashSet::new());
        }
        size += bytes;
        let mut key = run.key.clone();
        let mut number = 1;
        while !keys.insert(key.clone()) {
            number += 1;
            key = format!("{}-{number}", run.key);
        }
        let new = (key != run.key).then_some(key);
        if let Some(part) = parts.last_mut() {
            part.push((shard, index, new));
        }
    }
    parts
}

/// Writes a shard.
fn write(
    shards: &[Shard],
    part: &Dealt,
    out: &mut dyn Write,
    stop: &StopFlag,
) -> Result<(), NotMade> {
    let mut open: Option<(usize, File)> = None;
    for (number, index, key) in part {
        stop.check().map_err(Error::from)?;
        let shard = &shards[*number];
        let failure = |error: io::Error| NotMade::From(unreadable(&shard.path, error));
        if open.as_ref().is_none_or(|(known, _)| known != number) {
            open = Some((*number, File::open(&shard.path).map_err(failure)?));
        }
        let Some((_, file)) = &mut open else { continue };
        let run = &shard.runs[*index];
        for member in &run.members {
            match (key, member.is_link) {
                (None, false) => {
                    file.seek(SeekFrom::Start(member.from)).map_err(failure)?;
                    copy(file, member.to - member.from, out, failure)?;
                }
                _ => {
                    let bytes = made(file, member, key.as_deref()).map_err(failure)?;
                    out.write_all(&bytes)?;
                }
            }
        }
    }
    out.write_all(&[0; END as usize])?;
    Ok(())
}

fn copy(
    file: &mut File,
    mut left: u64,
    out: &mut dyn Write,
    failure: impl Fn(io::Error) -> NotMade,
) -> Result<(), NotMade> {
    let mut buffer = vec![0; BUFFER];
    while left > 0 {
        let most = left.min(BUFFER as u64) as usize;
        file.read_exact(&mut buffer[..most]).map_err(&failure)?;
        out.write_all(&buffer[..most])?;
        left -= most as u64;
    }
    Ok(())
}

/// A member with another key, or with the bytes that a link leads to.
fn made(file: &mut File, member: &Member, new: Option<&str>) -> io::Result<Vec<u8>> {
    let mut block = [0; BLOCK as usize];
    file.seek(SeekFrom::Start(member.header))?;
    file.read_exact(&mut block)?;
    let mut header = Header::from_byte_slice(&block).clone();
    if member.is_link {
        header.set_entry_type(EntryType::Regular);
        header.set_link_name_literal("")?;
    }
    header.set_size(member.size);
    let mut name = name_of(member);
    if let Some(new) = new {
        // A key ends at the first dot of the file's name.
        let file = name.rsplit('/').next().unwrap_or_default();
        let rest = file.find('.').map_or("", |dot| &file[dot..]);
        name = format!("{}{rest}", new.trim_start_matches('/'));
    }
    file.seek(SeekFrom::Start(member.content))?;
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, name, file.take(member.size))?;
    Ok(builder.get_ref().clone())
}

/// A name as samples are known by it.
fn name_of(member: &Member) -> String {
    let text = os_str(&member.name).to_string_lossy().replace('\\', "/");
    text.trim_start_matches("./").to_owned()
}

/// The members of a shard.
fn read(path: &Path, stop: &StopFlag) -> Result<Shard> {
    let failure = |error: io::Error| unreadable(path, error);
    let mut file = File::open(path).map_err(failure)?;
    let mut start = [0; 2];
    if file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b] {
        return Err(refused(&format!(
            "`{}` is a packed shard: unpack it by `gunzip` first",
            path.display()
        )));
    }
    file.seek(SeekFrom::Start(0)).map_err(failure)?;
    let mut runs: Vec<Run> = Vec::new();
    let mut contents: HashMap<Box<[u8]>, (u64, u64)> = HashMap::new();
    let mut end = 0;
    let mut is_sparse = false;
    let mut archive = Archive::new(BufReader::new(&file));
    for (count, entry) in archive.entries_with_seek().map_err(failure)?.enumerate() {
        if count.is_multiple_of(256) {
            stop.check()?;
        }
        // What stands before the damage was listed, and no more.
        let Ok(entry) = entry else { break };
        let name: Box<[u8]> = entry.path_bytes().into_owned().into();
        let kind = entry.header().entry_type();
        let own = (entry.raw_file_position(), entry.size());
        let header = entry.raw_header_position();
        let mut from = std::mem::replace(&mut end, own.0 + own.1.next_multiple_of(BLOCK));
        // A sparse file takes less room than it says.
        if std::mem::replace(&mut is_sparse, kind == EntryType::GNUSparse) || from > header {
            from = header;
        }
        let (content, size) = match kind {
            EntryType::Regular | EntryType::Continuous => own,
            EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                match contents.get(&*target) {
                    Some(&of_target) => of_target,
                    None => continue,
                }
            }
            _ => continue,
        };
        contents.insert(name.clone(), (content, size));
        let Some(key) = sample_key(&os_str(&name).to_string_lossy()) else {
            continue;
        };
        let member = Member {
            name,
            from,
            to: end,
            header,
            content,
            size,
            is_link: kind == EntryType::Link,
        };
        match runs.last_mut() {
            Some(run) if run.key == key => run.members.push(member),
            _ => runs.push(Run {
                key,
                members: vec![member],
            }),
        }
    }
    Ok(Shard {
        path: path.to_owned(),
        runs,
    })
}

#[cfg(unix)]
fn os_str(bytes: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

#[cfg(not(unix))]
fn os_str(bytes: &[u8]) -> &OsStr {
    OsStr::new(std::str::from_utf8(bytes).unwrap_or_default())
}
