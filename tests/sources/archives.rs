//! Archives that hold a data set, whole and hostile.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;

use super::*;

const FILES: [&str; 5] = [
    "train/cat/1.jpg",
    "train/cat/deep/2.jpg",
    "train/dog/3.png",
    "val/cat/4.jpg",
    "val/dog/5.jpg",
];

/// A tar archive with these members, each holding its own name.
pub(super) fn tar(names: &[&str]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for name in names {
        member(&mut archive, name, name.as_bytes());
    }
    archive.into_inner().expect("written to memory")
}

fn member(archive: &mut tar::Builder<Vec<u8>>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    // As no well-meaning writer would: any name goes in.
    header.as_gnu_mut().expect("GNU").name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    archive.append(&header, bytes).expect("written");
}

pub(super) fn zip(names: &[&str]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for name in names {
        archive.start_file(*name, options).expect("started");
        archive.write_all(name.as_bytes()).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

pub(super) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("written");
    packer.finish().expect("finished")
}

fn archive(name: &str, bytes: &[u8]) -> (Set, Request) {
    let set = Set::of(&[]);
    set.put(name, bytes);
    let request = Request {
        root: Some(set.path(name)),
        ..Request::default()
    };
    (set, request)
}

#[test]
fn class_folders_in_an_archive_are_listed_as_on_disk() {
    let plain = Set::of(&FILES).list();
    for (name, bytes) in [
        ("set.tar", tar(&FILES)),
        ("set.zip", zip(&FILES)),
        ("set.tar.gz", packed(&tar(&FILES))),
        ("set.tgz", packed(&tar(&FILES))),
    ] {
        let (_set, request) = archive(name, &bytes);
        let Listed {
            listing, reader, ..
        } = listed(&request);
        assert_eq!(rows(&listing), rows(&plain), "{name}");
        assert_eq!(listing.folders, plain.folders, "{name}");
        assert!(
            listing.problems.is_empty(),
            "{name}: {:?}",
            listing.problems
        );
        assert_eq!(
            listing.layout.summary,
            format!("image folders in `{name}`: 2 splits (train, val) × 2 classes")
        );
        for sample in &listing.samples {
            assert_eq!(
                reader.read(sample.id).as_deref(),
                Ok(sample.key.as_str().as_bytes())
            );
            assert_eq!(
                listing.container_of(sample.id).expect("a member").as_str(),
                name
            );
        }
    }
}

#[test]
fn a_run_visits_members_in_the_order_of_the_archive() {
    let backwards: Vec<&str> = FILES.iter().rev().copied().collect();
    let (_set, request) = archive("set.tar", &tar(&backwards));
    let Listed {
        listing, reader, ..
    } = listed(&request);
    let runs = reader.runs(listing.samples.len(), 64);
    assert_eq!(runs.len(), 1);
    let mut visited = Vec::new();
    let _ = reader.read_run(&runs[0], &mut |id, bytes| {
        assert_eq!(
            bytes.as_deref(),
            Ok(listing.sample(id).key.as_str().as_bytes())
        );
        visited.push(listing.sample(id).key.as_str());
        std::ops::ControlFlow::Continue(())
    });
    assert_eq!(visited, backwards);
}

#[test]
fn no_two_members_share_a_version_and_a_changed_archive_changes_all() {
    let (set, request) = archive("set.tar", &tar(&FILES));
    let versions = |request: &Request| {
        let Listed {
            listing, reader, ..
        } = listed(request);
        let ids = listing.samples.iter().map(|sample| sample.id);
        ids.map(|id| reader.version(id).expect("a version"))
            .collect::<Vec<_>>()
    };
    let before = versions(&request);
    for (index, version) in before.iter().enumerate() {
        assert!(!before[index + 1..].contains(version));
    }
    assert_eq!(versions(&request), before);
    set.put("set.tar", &tar(&[&FILES[..], &["val/dog/6.jpg"]].concat()));
    assert!(
        versions(&request)
            .iter()
            .all(|version| !before.contains(version))
    );
}

#[test]
fn names_that_leave_the_archive_are_told_and_not_read() {
    let names = [
        "cat/1.jpg",
        "dog/2.jpg",
        "../../etc/3.jpg",
        "/etc/4.jpg",
        "cat/../../5.jpg",
    ];
    for (name, bytes) in [("set.tar", tar(&names)), ("set.zip", zip(&names))] {
        let (_set, request) = archive(name, &bytes);
        let listing = listed(&request).listing;
        assert_eq!(
            rows(&listing),
            ["cat/1.jpg - cat", "dog/2.jpg - dog"],
            "{name}"
        );
        let messages = problems(&listing, ProblemKind::BadMember);
        assert_eq!(messages.len(), 3, "{name}: {messages:?}");
        has_all(
            &messages.join("\n"),
            &["leaves the archive", "../../etc/3.jpg"],
        );
    }
}

#[test]
fn a_truncated_tar_lists_what_is_whole_and_says_so() {
    let whole = tar(&FILES);
    // Behind the header of the third member, before its content.
    let (_set, request) = archive("set.tar", &whole[..5 * 512]);
    let Listed {
        listing, reader, ..
    } = listed(&request);
    assert_eq!(listing.samples.len(), 3);
    has_all(
        &problems(&listing, ProblemKind::BadMember).join("\n"),
        &["set.tar", "cut off"],
    );
    let unread = listing
        .samples
        .iter()
        .filter(|sample| reader.read(sample.id).is_err());
    assert_eq!(unread.count(), 1);
    for length in 0..whole.len() {
        let (_set, request) = archive("set.tar", &whole[..length]);
        let _ = list(&request);
    }
}

#[test]
fn damaged_archives_of_every_kind_are_errors_or_findings_and_never_a_panic() {
    let zipped = zip(&FILES);
    let tarred = packed(&tar(&FILES));
    for (name, bytes) in [("set.zip", &zipped), ("set.tar.gz", &tarred)] {
        for length in 0..bytes.len() {
            let (_set, request) = archive(name, &bytes[..length]);
            if let Ok(Listed {
                listing, reader, ..
            }) = list(&request)
            {
                assert!(!listing.problems.is_empty(), "{name} cut to {length}");
                listing
                    .samples
                    .iter()
                    .for_each(|sample| drop(reader.read(sample.id)));
            }
        }
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x41;
            let (_set, request) = archive(name, &damaged);
            if let Ok(Listed {
                listing, reader, ..
            }) = list(&request)
            {
                listing
                    .samples
                    .iter()
                    .for_each(|sample| drop(reader.read(sample.id)));
            }
        }
    }
}

#[test]
fn a_name_that_is_there_twice_is_the_last_one_as_when_unpacked() {
    let mut twice = tar::Builder::new(Vec::new());
    member(&mut twice, "cat/1.jpg", b"old");
    member(&mut twice, "dog/2.jpg", b"dog");
    member(&mut twice, "cat/1.jpg", b"new");
    let (_set, request) = archive("set.tar", &twice.into_inner().expect("written"));
    let Listed {
        listing, reader, ..
    } = listed(&request);
    assert_eq!(rows(&listing), ["cat/1.jpg - cat", "dog/2.jpg - dog"]);
    assert_eq!(reader.read(SampleId(0)).as_deref(), Ok(&b"new"[..]));
    assert_eq!(problems(&listing, ProblemKind::BadMember).len(), 1);
}

#[test]
fn globs_junk_and_wrapping_folders_are_as_on_disk() {
    let names = [
        "set/train/cat/1.jpg",
        "set/train/cat/.DS_Store",
        "set/val/cat/2.jpg",
        "set/val/cat/3.png",
        "__MACOSX/set/val/cat/._2.jpg",
    ];
    let (_set, mut request) = archive("set.zip", &zip(&names));
    request.exclude = vec!["*.png".into()];
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        ["set/train/cat/1.jpg train cat", "set/val/cat/2.jpg val cat"]
    );
    assert_eq!((listing.skipped.junk, listing.skipped.filtered), (2, 1));
}

#[test]
fn a_split_or_a_reference_may_be_an_archive() {
    let set = Set::of(&["train/cat/1.jpg", "train/dog/2.jpg"]);
    set.put("test.tar", &tar(&["cat/3.jpg", "dog/4.jpg"]));
    set.put("old.zip", &zip(&["cat/5.jpg"]));
    let request = Request {
        splits: vec![
            split("train", &set.path("train")),
            split("test", &set.path("test.tar")),
        ],
        reference: Some(set.path("old.zip")),
        ..Request::default()
    };
    assert_eq!(
        rows(&listed(&request).listing),
        [
            "reference/cat/5.jpg reference cat",
            "test/cat/3.jpg test cat",
            "test/dog/4.jpg test dog",
            "train/cat/1.jpg train cat",
            "train/dog/2.jpg train dog",
        ]
    );
}

#[test]
fn archives_of_other_kinds_are_named() {
    let (_set, request) = archive("set.7z", b"7z\xbc\xaf\x27\x1c\0\x04 and so on");
    has_all(&error(&request), &["7z", "unpack it"]);
}

#[test]
fn an_encrypted_member_is_a_finding_and_the_others_are_read() {
    let mut bytes = zip(&["train/cat/1.jpg", "train/cat/2.jpg", "val/cat/3.jpg"]);
    let name = b"train/cat/2.jpg";
    // The first bit of the flags, in the member's own header and in the directory.
    for (sign, flags, at) in [(b"PK\x03\x04", 6, 30), (b"PK\x01\x02", 8, 46)] {
        let place = (0..bytes.len()).find(|&place| {
            bytes[place..].starts_with(sign)
                && bytes
                    .get(place + at..)
                    .is_some_and(|rest| rest.starts_with(name))
        });
        bytes[place.expect("a header") + flags] |= 1;
    }
    let (_set, request) = archive("set.zip", &bytes);
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        ["train/cat/1.jpg train cat", "val/cat/3.jpg val cat"]
    );
    assert_eq!(
        problems(&listing, ProblemKind::BadMember),
        ["train/cat/2.jpg: encrypted, which is not read: unpack the archive and scan the folder"]
    );
}
