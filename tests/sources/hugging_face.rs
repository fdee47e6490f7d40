//! Hugging Face: Parquet shards and image folders.

use std::fs;

use polars::prelude::{IntoColumn, ListChunked, NamedFrom, ParquetCompression, Series};
use splitlint::sample::Location;

use super::shards::{Row, Style, write};
use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and no more";

fn image(number: usize) -> Vec<u8> {
    [PNG, number.to_string().as_bytes(), &[7; 2000]].concat()
}

/// Shards of 12 and 5 rows, named `0.png` and so on.
pub(super) fn shards(set: &Set) {
    for (split, rows) in [("train", 0..12), ("validation", 12..17)] {
        let rows: Vec<usize> = rows.collect();
        let bytes: Vec<Vec<u8>> = rows.iter().map(|&row| image(row)).collect();
        let names: Vec<String> = rows.iter().map(|row| format!("{row}.png")).collect();
        let rows: Vec<Row<'_>> = (bytes.iter().zip(&names).zip(&rows))
            .map(|((bytes, name), row)| {
                (
                    Some(&bytes[..]),
                    Some(name.as_str()),
                    Some((row % 2) as i64),
                )
            })
            .collect();
        let path = set.path(&format!("data/{split}-00000-of-00001.parquet"));
        write(&path, &rows, Style::default(), Vec::new());
    }
}

fn one_shard(rows: &[Row<'_>], more: Vec<polars::prelude::Column>) -> Set {
    let set = Set::of(&[]);
    write(&set.path("a.parquet"), rows, Style::default(), more);
    set
}

#[test]
fn rows_of_shards_are_images_with_the_classes_of_the_notes() {
    let set = Set::of(&[]);
    shards(&set);
    set.put("README.md", b"---\n---\n");
    let Listed {
        listing, reader, ..
    } = listed(&set.request());
    assert_eq!(listing.samples.len(), 17);
    assert_eq!(split_names(&listing), ["train", "val"]);
    assert_eq!(listing.classes, ["bird", "cat"]);
    let rows = rows(&listing);
    assert!(rows.contains(&"data/train-00000-of-00001.parquet/7.png train cat".to_owned()));
    assert!(rows.contains(&"data/validation-00000-of-00001.parquet/16.png val bird".to_owned()));
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    has_all(
        &listing.layout.summary,
        &[
            "Parquet shards (by `train-00000-of-00001.parquet` and 1 more)",
            "label = `label`",
        ],
    );
    for sample in &listing.samples {
        let number = sample
            .key
            .as_str()
            .rsplit(['/', '.'])
            .nth(1)
            .expect("a name");
        let expected = image(number.parse().expect("a number"));
        assert_eq!(reader.read(sample.id), Ok(expected), "{}", sample.key);
    }
    match reader.location(SampleId(0)) {
        Location::Member {
            container, name, ..
        } => {
            assert!(container.ends_with("train-00000-of-00001.parquet"));
            assert_eq!(name.as_deref(), Some("0.png"));
        }
        Location::File(path) => panic!("a file {}", path.display()),
    }
}

#[test]
fn every_compression_and_size_of_row_groups_gives_the_same_bytes() {
    let bytes: Vec<Vec<u8>> = (0..40).map(image).collect();
    // A null in between, and one image twice, so that dictionaries pay.
    let rows: Vec<Row<'_>> = (0..40)
        .map(|row| {
            (
                Some(&bytes[row / 2][..]).filter(|_| row != 11),
                None,
                Some(0),
            )
        })
        .collect();
    for compression in [
        ParquetCompression::Uncompressed,
        ParquetCompression::Snappy,
        ParquetCompression::Zstd(None),
    ] {
        for group_rows in [1, 7, 100] {
            let set = Set::of(&[]);
            let style = Style {
                group_rows,
                compression,
                ..Style::default()
            };
            write(&set.path("a.parquet"), &rows, style, Vec::new());
            let Listed {
                listing, reader, ..
            } = listed(&set.request());
            assert_eq!(listing.samples.len(), 39);
            for sample in &listing.samples {
                let row: usize = sample.key.as_str()["a.parquet/".len()..]
                    .parse()
                    .expect("a row number");
                assert_eq!(reader.read(sample.id).as_ref(), Ok(&bytes[row / 2]));
            }
            let lost = problems(&listing, ProblemKind::BadMember);
            has_all(
                &lost.join("\n"),
                &["a.parquet: 1 row holds no image", ": 11"],
            );
        }
    }
}

#[test]
fn a_number_below_the_classes_is_no_label_and_one_above_is_a_finding() {
    let rows: Vec<Row<'_>> = [Some(1), Some(-1), None, Some(2)]
        .map(|label| (Some(PNG), None, label))
        .to_vec();
    let listing = one_shard(&rows, Vec::new()).list();
    assert_eq!(
        super::rows(&listing),
        [
            "a.parquet/00000 - cat",
            "a.parquet/00001 - -",
            "a.parquet/00002 - -",
            "a.parquet/00003 - -"
        ]
    );
    has_all(
        &problems(&listing, ProblemKind::Annotation).join("\n"),
        &["a.parquet/00003: a class number is outside the list of names: 2"],
    );
    has_all(&listing.layout.summary, &["3 images without a label"]);
}

#[test]
fn columns_that_are_named_hold_labels_groups_and_splits() {
    let rows: Vec<Row<'_>> = vec![(Some(PNG), None, Some(0)); 3];
    let kinds = ListChunked::from_iter([
        Some(Series::new("".into(), ["x", "y"])),
        Some(Series::new("".into(), ["y"])),
        None,
    ]);
    let mut kinds = polars::prelude::IntoSeries::into_series(kinds);
    kinds.rename("kinds".into());
    let more = vec![
        kinds.into_column(),
        Series::new("who".into(), ["p1", "p2", "p1"]).into_column(),
        Series::new("split".into(), ["train", "dev", "train"]).into_column(),
    ];
    let set = one_shard(&rows, more);
    let mut request = set.request();
    request.columns.label = Some("kinds".to_owned());
    request.columns.group = Some("who".to_owned());
    let listing = listed(&request).listing;
    assert_eq!(
        super::rows(&listing),
        [
            "a.parquet/00000 train x;y",
            "a.parquet/00001 val y",
            "a.parquet/00002 train -"
        ]
    );
    assert_eq!(listing.groups, ["p1", "p2"]);
    request.columns.label = Some("kind".to_owned());
    has_all(
        &error(&request),
        &[
            "no column `kind` (`--label-column`)",
            "`label`, `kinds`, `who`, `split`",
        ],
    );
}

#[test]
fn a_row_without_bytes_is_the_file_that_it_names() {
    let set = Set::of(&["images/1.jpg"]);
    let rows: Vec<Row<'_>> = vec![
        (None, Some("images/1.jpg"), Some(0)),
        (None, Some("../outside.jpg"), Some(0)),
        (None, Some("/etc/hostname"), Some(1)),
        (None, None, Some(1)),
    ];
    write(&set.path("a.parquet"), &rows, Style::default(), Vec::new());
    let Listed {
        listing, reader, ..
    } = listed(&set.request());
    assert_eq!(super::rows(&listing), ["a.parquet/images/1.jpg - bird"]);
    assert_eq!(
        reader.read(SampleId(0)).as_deref(),
        Ok(&b"images/1.jpg"[..])
    );
    has_all(
        &problems(&listing, ProblemKind::BadMember).join("\n"),
        &[
            "a.parquet: 3 rows hold no image and name no file of the set: 1 (`../outside.jpg`), 2 \
           (`/etc/hostname`), 3",
        ],
    );
    // The same shard named itself.
    let request = Request {
        root: Some(set.path("a.parquet")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(super::rows(&listing), ["a.parquet/images/1.jpg - bird"]);
}

#[test]
fn one_name_twice_is_two_samples_of_two_keys() {
    let rows: Vec<Row<'_>> = vec![
        (Some(PNG), Some("a/../b/1.png"), None),
        (Some(PNG), Some("/b/1.png"), None),
        (Some(PNG), Some("b/1.png#2"), None),
    ];
    let listing = one_shard(&rows, Vec::new()).list();
    let keys: Vec<&str> = listing.samples.iter().map(|s| s.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "a.parquet/b/1.png",
            "a.parquet/b/1.png#1",
            "a.parquet/b/1.png#2"
        ]
    );
}

#[test]
fn a_single_file_is_a_shard_by_its_columns_and_else_a_manifest() {
    let set = Set::of(&["1.jpg"]);
    write(
        &set.path("my-train.parquet"),
        &[(Some(PNG), Some("x.png"), Some(1))],
        Style::default(),
        Vec::new(),
    );
    let mut frame = polars::prelude::DataFrame::new(
        1,
        vec![
            Series::new("image".into(), ["1.jpg"]).into_column(),
            Series::new("label".into(), ["dog"]).into_column(),
        ],
    )
    .expect("a table");
    let file = fs::File::create(set.path("table.parquet")).expect("created");
    polars::prelude::ParquetWriter::new(file)
        .finish(&mut frame)
        .expect("written");
    let mut request = Request {
        root: Some(set.path("my-train.parquet")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(rows(&listing), ["my-train.parquet/x.png train cat"]);
    has_all(
        &listing.layout.summary,
        &["Parquet shard `my-train.parquet`"],
    );
    request.root = Some(set.path("table.parquet"));
    assert_eq!(rows(&listed(&request).listing), ["1.jpg - dog"]);
}

#[test]
fn plain_bytes_are_images_if_they_begin_like_one() {
    for (bytes, is_image) in [(PNG, true), (&b"1.jpg"[..], false)] {
        let set = Set::of(&[]);
        let mut frame = polars::prelude::DataFrame::new(
            1,
            vec![Series::new("image".into(), [bytes]).into_column()],
        )
        .expect("a table");
        let file = fs::File::create(set.path("a.parquet")).expect("created");
        polars::prelude::ParquetWriter::new(file)
            .finish(&mut frame)
            .expect("written");
        let request = set.request();
        match is_image {
            true => assert_eq!(rows(&listed(&request).listing), ["a.parquet/00000 - -"]),
            false => has_all(&error(&request), &["no image in", "1 `.parquet`"]),
        }
    }
}

#[test]
fn several_configurations_and_images_beside_shards_are_questions() {
    let set = Set::of(&[]);
    let row: Row<'_> = (Some(PNG), None, Some(0));
    for name in [
        "full/train-00000-of-00001.parquet",
        "small/train-00000-of-00001.parquet",
    ] {
        write(&set.path(name), &[row], Style::default(), Vec::new());
    }
    has_all(
        &set.error(),
        &["2 configurations", "full` or `splitlint scan", "/small`"],
    );
    let set = Set::of(&["cat/1.jpg", "dog/2.jpg"]);
    write(&set.path("a.parquet"), &[row], Style::default(), Vec::new());
    has_all(
        &set.error(),
        &[
            "can be read in 2 ways",
            "--layout huggingface`",
            "--layout folders`",
        ],
    );
    let mut request = set.request();
    request.layout = Some("huggingface".parse().expect("a layout"));
    assert_eq!(listed(&request).listing.samples.len(), 1);
    let set = Set::of(&[]);
    for name in ["train.parquet", "more.parquet"] {
        write(&set.path(name), &[row], Style::default(), Vec::new());
    }
    has_all(
        &set.error(),
        &["whose names tell their split and others", "`more.parquet`"],
    );
}

#[test]
fn folders_of_shards_are_splits_and_a_cache_is_read_at_its_revision() {
    let set = Set::of(&[]);
    set.folder("blobs").put("refs/main", b"abc");
    let row: Row<'_> = (Some(PNG), Some("x.png"), Some(0));
    for name in ["train/0.parquet", "train/1.parquet", "test/0.parquet"] {
        let path = set.path(&format!("snapshots/abc/{name}"));
        write(&path, &[row], Style::default(), Vec::new());
    }
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "snapshots/abc/test/0.parquet/x.png test bird",
            "snapshots/abc/train/0.parquet/x.png train bird",
            "snapshots/abc/train/1.parquet/x.png train bird"
        ]
    );
}

#[test]
fn a_shard_cut_off_anywhere_is_reported_and_the_others_are_read() {
    let set = Set::of(&[]);
    shards(&set);
    let path = set.path("data/train-00000-of-00001.parquet");
    let whole = fs::read(&path).expect("there");
    let tail = whole.len().saturating_sub(300);
    for end in (0..whole.len()).filter(|end| end % 97 == 0 || *end > tail) {
        fs::write(&path, &whole[..end]).expect("written");
        let listing = set.list();
        assert_eq!(listing.samples.len(), 5, "{end}");
        let bad = problems(&listing, ProblemKind::BadMember);
        has_all(&bad.join("\n"), &["data/train-00000-of-00001.parquet: "]);
    }
}

#[test]
fn damage_anywhere_never_ends_in_a_panic_or_in_other_bytes_of_whole_pages() {
    let set = Set::of(&[]);
    let bytes: Vec<Vec<u8>> = (0..6).map(image).collect();
    let rows: Vec<Row<'_>> = bytes
        .iter()
        .map(|b| (Some(&b[..]), Some("x.png"), Some(0)))
        .collect();
    let style = Style {
        group_rows: 3,
        compression: ParquetCompression::Snappy,
        ..Style::default()
    };
    let path = set.path("a.parquet");
    write(&path, &rows, style, Vec::new());
    let whole = fs::read(&path).expect("there");
    let mut read = 0;
    for place in 0..whole.len() {
        if place > 400 && place + 900 < whole.len() && place % 11 != 0 {
            continue;
        }
        let mut damaged = whole.clone();
        damaged[place] ^= 0x15;
        fs::write(&path, &damaged).expect("written");
        let Ok(Listed {
            listing, reader, ..
        }) = list(&set.request())
        else {
            continue;
        };
        for sample in &listing.samples {
            read += usize::from(reader.read(sample.id).is_ok());
        }
    }
    assert!(read > 0);
}

#[test]
fn a_metadata_file_gives_labels_and_folders_give_splits_by_their_words() {
    let set = Set::of(&[
        "my-train/a/1.jpg",
        "my-train/a/2.jpg",
        "my-train/3.jpg",
        "validation_1/4.jpg",
        "other/5.jpg",
    ]);
    set.put(
        "my-train/metadata.csv",
        b"file_name,label,patient\na/1.jpg,cat,p1\na/2.jpg,dog,p2\nnone.jpg,cat,p3\n../other/5.jpg,cat,p3\n",
    )
    .put(
        "validation_1/metadata.csv",
        b"file_name,label\n4.jpg,cat\n4.jpg,dog\n",
    );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "my-train/a/1.jpg train cat",
            "my-train/a/2.jpg train dog",
            "validation_1/4.jpg val cat"
        ]
    );
    assert_eq!(listing.groups[..2], ["p1", "p2"]);
    has_all(
        &listing.layout.summary,
        &[
            "Hugging Face image folder (by `file_name` in `metadata.csv`)",
            "label = `label`",
        ],
    );
    has_all(
        &problems(&listing, ProblemKind::MissingFile).join("\n"),
        &["my-train/none.jpg: row 3", "no image `none.jpg`"],
    );
    has_all(
        &problems(&listing, ProblemKind::OutsideSplits).join("\n"),
        &[
            "my-train: 1 image that no metadata file lists",
            "other: 1 image",
        ],
    );
    has_all(
        &problems(&listing, ProblemKind::DuplicateRow).join("\n"),
        &[
            "validation_1/4.jpg: row 2",
            "with other labels; the first row counts",
        ],
    );
}

#[test]
fn several_images_of_one_row_are_samples_of_one_group() {
    let set = Set::of(&["a.jpg", "b.jpg", "c.jpg"]);
    set.put(
        "metadata.jsonl",
        b"{\"file_names\": [\"a.jpg\", \"b.jpg\"], \"label\": \"x\"}\n{\"file_names\": [\"c.jpg\"], \"label\": \"y\"}\n",
    );
    let listing = set.list();
    assert_eq!(rows(&listing), ["a.jpg - x", "b.jpg - x", "c.jpg - y"]);
    assert_eq!(listing.samples[0].group, listing.samples[1].group);
    assert_eq!(listing.samples[2].group, None);
}

#[test]
fn metadata_in_an_archive_is_read_there() {
    let set = Set::of(&[]);
    let file = fs::File::create(set.path("set.zip")).expect("created");
    let mut zip = zip::ZipWriter::new(file);
    for (name, bytes) in [
        ("set/train_a.jpg", &b"a"[..]),
        ("set/test_b.jpg", b"b"),
        (
            "set/metadata.csv",
            b"file_name,label\ntrain_a.jpg,x\ntest_b.jpg,y\n",
        ),
    ] {
        let plain = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        zip.start_file(name, plain).expect("started");
        std::io::Write::write_all(&mut zip, bytes).expect("written");
    }
    zip.finish().expect("finished");
    let request = Request {
        root: Some(set.path("set.zip")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        ["set/test_b.jpg test y", "set/train_a.jpg train x"]
    );
}

#[test]
fn without_metadata_the_layout_reads_folders_as_the_loader_does() {
    let set = Set::of(&[
        "train/cat/1.jpg",
        "train/dog/2.jpg",
        "dev/cat/3.jpg",
        "x/cat/4.jpg",
    ]);
    let mut request = set.request();
    request.layout = Some("huggingface".parse().expect("a layout"));
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        [
            "dev/cat/3.jpg val cat",
            "train/cat/1.jpg train cat",
            "train/dog/2.jpg train dog"
        ]
    );
    has_all(
        &problems(&listing, ProblemKind::OutsideSplits).join("\n"),
        &["x/cat: 1 image in no split"],
    );
    let set = Set::of(&["train_test/1.jpg"]);
    request.root = Some(set.folder.path().to_owned());
    has_all(
        &error(&request),
        &["in several splits by its name", "test, train"],
    );
}
