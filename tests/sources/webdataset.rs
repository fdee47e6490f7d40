//! WebDataset shards.

use super::archives::tar;
use super::*;

fn shard(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ::tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = ::tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        archive
            .append_data(&mut header, name, *bytes)
            .expect("written");
    }
    archive.into_inner().expect("written")
}

/// Three shards in two splits.
pub(super) fn shards() -> Set {
    let set = Set::of(&[]);
    let first: [(&str, &[u8]); 4] = [
        ("a.jpg", b"a"),
        ("a.cls", b"3\n"),
        ("b.jpg", b"b"),
        ("b.cls", b"5"),
    ];
    set.put("train-000.tar", &shard(&first))
        .put(
            "train-001.tar",
            &shard(&[("c.png", b"c"), ("c.json", b"{\"label\": 3, \"x\": [1]}")]),
        )
        .put("val/000.tar", &shard(&[("d.jpg", b"d"), ("d.cls", b"5")]));
    set
}

#[test]
fn shards_of_a_folder_are_splits_by_their_names() {
    let set = Set::of(&[]);
    set.put(
        "train-000.tar",
        &shard(&[
            ("a.jpg", b"a"),
            ("a.cls", b"3\n"),
            ("b.jpg", b"b"),
            ("b.cls", b"5"),
        ]),
    )
    .put(
        "train-001.tar",
        &shard(&[("c.png", b"c"), ("c.json", b"{\"label\": 3, \"x\": [1]}")]),
    )
    .put(
        "val/000.tar",
        &shard(&[("d.jpg", b"d"), ("d.seg.png", b"s"), ("d.cls", b"5")]),
    );
    let Listed {
        listing, reader, ..
    } = listed(&set.request());
    assert_eq!(
        rows(&listing),
        [
            "train-000.tar/a.jpg train 3",
            "train-000.tar/b.jpg train 5",
            "train-001.tar/c.png train 3",
            "val/000.tar/d.jpg val 5"
        ]
    );
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    has_all(
        &listing.layout.summary,
        &["WebDataset shards (by `train-000.tar` and 2 more)"],
    );
    assert_eq!(reader.read(SampleId(3)).as_deref(), Ok(&b"d"[..]));
    assert_eq!(
        listing.container_of(SampleId(3)).expect("a shard").as_str(),
        "val/000.tar"
    );
}

#[test]
fn a_tar_of_samples_is_a_shard_and_one_of_class_folders_is_not() {
    let set = Set::of(&[]);
    set.put(
        "one.tar",
        &shard(&[("x/a.jpg", b"a"), ("x/a.txt", b"a cat on a mat")]),
    )
    .put("two.tar", &tar(&["cat/1.jpg", "dog/2.jpg"]));
    let mut request = Request {
        root: Some(set.path("one.tar")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(rows(&listing), ["x/a.jpg - -"]);
    has_all(
        &listing.layout.summary,
        &["`a.jpg` beside `a.txt`", "--label-column txt"],
    );
    request.columns.label = Some("txt".to_owned());
    assert_eq!(
        rows(&listed(&request).listing),
        ["x/a.jpg - a cat on a mat"]
    );
    request.columns.label = None;
    request.root = Some(set.path("two.tar"));
    assert_eq!(
        rows(&listed(&request).listing),
        ["cat/1.jpg - cat", "dog/2.jpg - dog"]
    );
}

#[test]
fn a_pattern_names_shards_and_each_has_to_be_there() {
    let set = Set::of(&[]);
    for number in 8..11 {
        let name = format!("s-{number:03}.tar");
        set.put(
            &name,
            &shard(&[
                (&format!("{number}.jpg"), b"x"),
                (&format!("{number}.cls"), b"1"),
            ]),
        );
    }
    let pattern = |range: &str| Request {
        splits: vec![split("train", &set.path(&format!("s-{range}.tar")))],
        ..Request::default()
    };
    assert_eq!(
        rows(&listed(&pattern("{008..010}")).listing),
        [
            "train/s-008.tar/8.jpg train 1",
            "train/s-009.tar/9.jpg train 1",
            "train/s-010.tar/10.jpg train 1"
        ]
    );
    has_all(&error(&pattern("{008..011}")), &["no file", "s-011.tar"]);
}

#[test]
fn what_the_library_makes_other_samples_of_is_told() {
    let set = Set::of(&[]);
    set.put(
        "train-0.tar",
        &shard(&[
            ("a.jpg", b"a"),
            ("b.jpg", b"b"),
            ("b.cls", b"1"),
            ("a.cls", b"2"),
            ("v1.2.jpg", b"v"),
            ("c.cls", b"1"),
            ("d.jpg", b"d"),
            ("d.json", b"{broken"),
        ]),
    );
    let listing = set.list();
    let messages = problems(&listing, ProblemKind::Annotation);
    has_all(
        &messages.join("\n"),
        &[
            "a.cls: members of a sample do not lie together",
            "v1.2.jpg: a name has dots before its extension: its key is `",
            "c.cls: a sample has no image",
            "d.jpg: a label cannot be read",
        ],
    );
}

#[test]
fn a_damaged_shard_is_told_and_the_others_are_read() {
    let whole = shard(&[
        ("a.jpg", b"a"),
        ("a.cls", b"1"),
        ("b.jpg", b"b"),
        ("b.cls", b"1"),
    ]);
    let set = Set::of(&[]);
    set.put("train-0.tar", &whole[..3 * 512])
        .put("train-1.tar", &whole);
    let listing = set.list();
    assert!(listing.samples.len() >= 3);
    has_all(
        &problems(&listing, ProblemKind::BadMember).join("\n"),
        &["train-0.tar", "cut off"],
    );
}
