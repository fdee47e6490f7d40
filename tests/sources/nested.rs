//! Files of many samples in an archive: listed as beside each other on disk.

use std::collections::HashSet;
use std::io::{Cursor, Write};

use splitlint::sample::Location;
use zip::write::SimpleFileOptions;

use super::archives::packed;
use super::deflated::deflated_zip;
use super::*;

/// The files of a set by their paths in it, in order.
fn files(set: &Set) -> Vec<(String, Vec<u8>)> {
    fn below(folder: &Path, top: &Path, files: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => below(&path, top, files),
                false => {
                    let inside = path.strip_prefix(top).expect("inside");
                    let name = inside.to_str().expect("text").replace('\\', "/");
                    files.push((name, fs::read(&path).expect("read")));
                }
            }
        }
    }
    let mut files = Vec::new();
    below(&set.path(""), &set.path(""), &mut files);
    files.sort();
    files
}

fn stored(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        let options = SimpleFileOptions::default();
        let options = options.compression_method(zip::CompressionMethod::Stored);
        archive.start_file(name, options).expect("started");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

fn deflated(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let files: Vec<_> = (files.iter())
        .map(|(name, bytes)| (name.clone(), &bytes[..]))
        .collect();
    deflated_zip(&files)
}

fn tarred(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        let added = archive.append_data(&mut header, name, &bytes[..]);
        added.expect("written");
    }
    archive.into_inner().expect("written")
}

fn sets() -> Vec<(&'static str, Set)> {
    let parquet = Set::of(&[]);
    hugging_face::shards(&parquet);
    vec![
        ("parquet", parquet),
        ("shards", webdataset::shards()),
        ("arrays", arrays::mnist()),
        ("volumes", nifti::nnunet()),
    ]
}

/// Every sample's bytes.
fn bytes(listed: &Listed) -> Vec<Vec<u8>> {
    (listed.listing.samples.iter())
        .map(|sample| listed.reader.read(sample.id).expect("read"))
        .collect()
}

fn request(set: &Set, root: &str) -> Request {
    Request {
        root: Some(set.path(root)),
        slices: Some(4),
        ..Request::default()
    }
}

#[test]
fn shards_arrays_and_volumes_are_listed_in_an_archive_as_on_disk() {
    for (kind, set) in sets() {
        let plain = listed(&request(&set, ""));
        assert!(plain.listing.samples.len() > 3, "{kind}");
        let files = files(&set);
        for (name, archive) in [
            ("set.zip", deflated(&files)),
            ("a.zip", stored(&files)),
            ("set.tar", tarred(&files)),
            ("set.tgz", packed(&tarred(&files))),
        ] {
            let packed = Set::of(&[]);
            packed.put(name, &archive);
            let ask = request(&packed, name);
            let found = listed(&ask);
            assert_eq!(rows(&found.listing), rows(&plain.listing), "{kind} {name}");
            assert_eq!(bytes(&found), bytes(&plain), "{kind} {name}");
            assert_eq!(found.listing.problems, [], "{kind} {name}");
            // Reports refer to the archive; the cache knows each member again.
            let again = listed(&ask);
            let mut versions = HashSet::new();
            for sample in &found.listing.samples {
                let Location::Member {
                    container, name, ..
                } = found.reader.location(sample.id)
                else {
                    panic!("{kind}: `{}` is a file", sample.key);
                };
                assert_eq!(
                    container.file_name(),
                    packed.path(ask_name(&ask)).file_name()
                );
                assert!(name.is_some_and(|name| name.contains('/')), "{kind}");
                let version = found.reader.version(sample.id).expect("a version");
                assert_eq!(again.reader.version(sample.id).as_ref(), Some(&version));
                assert!(versions.insert(format!("{version:?}")), "{kind}: shared");
            }
        }
    }
}

fn ask_name(request: &Request) -> &str {
    let root = request.root.as_deref().and_then(Path::file_name);
    root.and_then(std::ffi::OsStr::to_str).expect("a name")
}

#[test]
fn a_damaged_member_is_a_finding_and_the_others_are_read() {
    let set = Set::of(&[]);
    hugging_face::shards(&set);
    let files = files(&set);
    let mut archive = deflated(&files);
    // Inside the deflated bytes of the first shard.
    archive[200] ^= 0xff;
    let damaged = Set::of(&[]);
    damaged.put("set.zip", &archive);
    let listed = listed(&request(&damaged, "set.zip"));
    assert_eq!(listed.listing.samples.len(), 5);
    let problems = problems(&listed.listing, ProblemKind::BadMember);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("data/train-00000-of-00001.parquet: "));
}

#[test]
fn several_sets_in_an_archive_are_a_question_that_says_to_unpack_it() {
    let set = arrays::mnist();
    let mut files = files(&set);
    let other: Vec<_> = (files.iter())
        .map(|(name, bytes)| (format!("other/{name}"), bytes.clone()))
        .collect();
    files.extend(other);
    let both = Set::of(&[]);
    both.put("set.zip", &stored(&files));
    let error = error(&request(&both, "set.zip"));
    has_all(
        &error,
        &["is an archive: to scan a part of it, unpack it first"],
    );
}
