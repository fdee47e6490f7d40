//! Manifests: CSV, TSV, JSON Lines and Parquet.

use super::*;
use splitlint::sample::Labels;
use splitlint::source::Columns;

const IMAGES: [&str; 4] = ["img/1.jpg", "img/2.jpg", "img/3.jpg", "img/4.jpg"];

/// A set of four images and a manifest of this name and text.
fn with_manifest(name: &str, text: &str) -> (Set, Request) {
    let set = Set::of(&IMAGES);
    set.put(name, text.as_bytes());
    let request = Request {
        root: Some(set.path(name)),
        ..Request::default()
    };
    (set, request)
}

fn csv(text: &str) -> Listing {
    let (_set, request) = with_manifest("list.csv", text);
    listed(&request).listing
}

fn csv_error(text: &str) -> String {
    let (_set, request) = with_manifest("list.csv", text);
    error(&request)
}

const EXPECTED: [&str; 3] = [
    "img/1.jpg train cat",
    "img/2.jpg val dog",
    "img/3.jpg test -",
];

#[test]
fn columns_are_guessed_from_usual_names() {
    let listing = csv("ID,File_Name,Class,Subset,Patient ID\n\
         7,img/1.jpg,cat,Training,anna\n\
         8,./img//2.jpg,dog,VALID,bob\n\
         9,img/../img/3.jpg,,test,anna\n");
    assert_eq!(rows(&listing), EXPECTED);
    assert_eq!(listing.groups, ["anna", "bob"]);
    assert_eq!(listing.samples[0].group, listing.samples[2].group);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    has_all(
        &listing.layout.summary,
        &[
            "manifest `list.csv`: 3 splits (train, val, test) × 2 classes",
            "path = `File_Name`, label = `Class`, split = `Subset`, group = `Patient ID`",
        ],
    );
    has_all(&listing.layout.correction, &["--label-column"]);
}

#[test]
fn columns_are_settable_and_a_missing_one_is_told_with_those_there_are() {
    let (_set, mut request) = with_manifest("l.csv", "a,b,label\nimg/1.jpg,x,wrong\n");
    has_all(&error(&request), &["--path-column", "`a`, `b`, `label`"]);
    request.columns = Columns {
        path: Some("a".into()),
        label: Some("b".into()),
        ..Columns::default()
    };
    assert_eq!(rows(&listed(&request).listing), ["img/1.jpg - x"]);
    request.columns.split = Some("part".into());
    has_all(
        &error(&request),
        &["`part`", "--split-column", "`a`, `b`, `label`"],
    );
}

#[test]
fn a_manifest_without_splits_or_labels_says_so() {
    let listing = csv("path\nimg/1.jpg\n");
    assert_eq!(rows(&listing), ["img/1.jpg - -"]);
    has_all(
        &listing.layout.summary,
        &["no label column", "no split column"],
    );
    has_all(&listing.layout.correction, &["--split-column"]);
}

#[test]
fn separators_quotes_line_ends_and_a_byte_order_mark_are_understood() {
    for (name, text) in [
        (
            "l.csv",
            "\u{feff}path,label\r\n\"img/1.jpg\",\"a, \"\"b\"\"\"\r\n",
        ),
        ("l.csv", "path;label\nimg/1.jpg;a, \"b\"\n"),
        ("l.tsv", "path\tlabel\nimg/1.jpg\ta, \"b\"\n"),
        ("L.CSV", "path,label\n\nimg/1.jpg,\"a, \"\"b\"\"\""),
    ] {
        let (_set, request) = with_manifest(name, text);
        assert_eq!(
            rows(&listed(&request).listing),
            ["img/1.jpg - a, \"b\""],
            "{text}"
        );
    }
    let (set, request) = with_manifest("l.csv", "");
    // Excel's "Unicode text".
    let units: Vec<u16> = "\u{feff}path\tlabel\r\nimg/1.jpg\tK\u{e4}fer\r\n"
        .encode_utf16()
        .collect();
    for bytes in [
        units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        units
            .iter()
            .flat_map(|unit| unit.to_be_bytes())
            .collect::<Vec<u8>>(),
    ] {
        set.put("l.csv", &bytes);
        assert_eq!(rows(&listed(&request).listing), ["img/1.jpg - K\u{e4}fer"]);
    }
    set.put("l.csv", b"\xff\xfep\0a\0t\0h\0\n");
    has_all(&error(&request), &["path"]);
}

#[test]
fn json_lines_are_understood() {
    let text = "{\"path\": \"img/1.jpg\", \"label\": \"cat\", \"split\": \"train\"}\n\
                \n\
                {\"split\": \"val\", \"label\": [\"dog\", \"cat\"], \"path\": \"img/2.jpg\"}\n\
                {\"path\": \"img/3.jpg\", \"split\": \"test\", \"label\": 3, \"extra\": {}}\n\
                {\"path\": \"img/4.jpg\", \"label\": null}\n";
    for name in ["l.jsonl", "l.ndjson", "l.json", "l"] {
        let (_set, request) = with_manifest(name, text);
        assert_eq!(
            rows(&listed(&request).listing),
            [
                "img/1.jpg train cat",
                "img/2.jpg val cat;dog",
                "img/3.jpg test 3",
                "img/4.jpg - -"
            ]
        );
    }
    let (_set, request) = with_manifest("l.jsonl", "[{\"path\": \"img/1.jpg\"}]\n");
    has_all(&error(&request), &["array", "one object on each line"]);
}

#[test]
fn lines_that_are_no_object_are_told_by_number() {
    let text =
        "{\"path\": \"img/1.jpg\"}\n\n{\"path\": \n{\"path\": {}}\n{\"path\": \"img/2.jpg\"}\n";
    let (_set, request) = with_manifest("l.jsonl", text);
    has_all(
        &error(&request),
        &["row 2 (line 3)", "row 3 (line 4): `path` is an object"],
    );
}

#[test]
fn parquet_is_understood() {
    use polars::prelude::*;
    let labels = Series::new("label".into(), [Some(3_i64), None, Some(-1)]);
    let table = |columns: Vec<Column>| DataFrame::new(3, columns).expect("a table");
    let path = Column::new("image_path".into(), IMAGES[..3].to_vec());
    let split = Column::new("split".into(), [Some("train"), Some("Dev"), None]);
    let list = Series::new(
        "label".into(),
        [
            Series::new("".into(), ["cat", "dog"]),
            Series::new("".into(), ["dog"]),
            Series::new_empty("".into(), &DataType::String),
        ],
    );
    let floats = Series::new("label".into(), [1.0_f32, 0.1, f32::NAN]);
    for (label, expected) in [
        (labels, ["3", "-", "-1"]),
        (list, ["cat;dog", "dog", "-"]),
        (floats, ["1", "0.1", "-"]),
    ] {
        let set = Set::of(&IMAGES);
        let file = fs::File::create(set.path("l.parquet")).expect("created");
        let mut frame = table(vec![path.clone(), label.into(), split.clone()]);
        ParquetWriter::new(file)
            .finish(&mut frame)
            .expect("written");
        let request = Request {
            root: Some(set.path("l.parquet")),
            ..Request::default()
        };
        let [a, b, c] = expected;
        assert_eq!(
            rows(&listed(&request).listing),
            [
                format!("img/1.jpg train {a}"),
                format!("img/2.jpg val {b}"),
                format!("img/3.jpg - {c}")
            ]
        );
    }
}

#[test]
fn a_damaged_parquet_file_is_an_error_in_words() {
    let (set, request) = with_manifest("l.parquet", "PAR1 and nothing more");
    has_all(&error(&request), &["l.parquet", "not readable as Parquet"]);
    set.put("l.parquet", b"");
    has_all(&error(&request), &["not readable as Parquet"]);
}

#[test]
fn a_text_cell_is_several_classes_only_in_a_plural_column_or_in_brackets() {
    let listing = csv("path,label\nimg/1.jpg,cat;dog\nimg/2.jpg,\"['cat', 'dog']\"\n");
    assert_eq!(listing.classes, ["cat", "cat;dog", "dog"]);
    assert!(matches!(listing.samples[1].labels, Labels::Many(_)));
    let listing = csv("path,labels\nimg/1.jpg,cat;dog\nimg/2.jpg,dog|bird\n");
    assert_eq!(listing.classes, ["bird", "cat", "dog"]);
}

#[test]
fn an_unknown_file_is_told_by_row_number() {
    let listing = csv("path,label\nimg/1.jpg,a\nimg/9.jpg,b\n,c\nimg,d\nhttps://x.org/1.jpg,e\n");
    assert_eq!(listing.samples.len(), 1);
    let messages = problems(&listing, ProblemKind::MissingFile);
    assert_eq!(messages.len(), 4, "{messages:?}");
    let messages = messages.join("\n");
    has_all(
        &messages,
        &[
            "img/9.jpg: row 2 (line 3): no file",
            "list.csv: row 3 (line 4): no path",
            "img: row 4 (line 5)",
            "row 5 (line 6): `https://x.org/1.jpg` is a `https` address",
        ],
    );
}

#[test]
fn a_manifest_whose_files_are_all_missing_is_an_error_that_says_where_we_looked() {
    has_all(
        &csv_error("path\nx/1.jpg\nx/2.jpg\n"),
        &[
            "no file",
            "`x/1.jpg` (row 1 (line 2))",
            "relative to the manifest's folder",
        ],
    );
    has_all(&csv_error("path,label\n"), &["no row"]);
    has_all(&csv_error(""), &["empty"]);
}

#[test]
fn a_repeated_row_is_told_and_one_sample_is_kept() {
    let listing =
        csv("path,label,split\nimg/1.jpg,cat,train\nimg/2.jpg,cat,test\nimg/./1.jpg,cat,TRAIN\n");
    assert_eq!(listing.samples.len(), 2);
    assert_eq!(
        problems(&listing, ProblemKind::DuplicateRow),
        ["img/1.jpg: row 3 (line 4) repeats row 1 (line 2)"]
    );
    assert_eq!(listing.problems[0].sample, Some(SampleId(0)));
}

#[test]
fn one_path_in_two_splits_is_two_samples_and_the_same_file_twice() {
    let listing = csv("path,label,split\nimg/1.jpg,cat,train\nimg/1.jpg,cat,test\n");
    assert_eq!(
        rows(&listing),
        ["img/1.jpg train cat", "img/1.jpg#2 test cat"]
    );
    if cfg!(unix) {
        assert_eq!(
            problems(&listing, ProblemKind::SameFileTwice),
            ["img/1.jpg#2: the same file on disk as `img/1.jpg`"]
        );
    }
    assert_eq!(problems(&listing, ProblemKind::DuplicateRow), [""; 0]);
}

#[test]
fn one_path_with_two_labels_is_two_samples_and_told_by_row() {
    let listing = csv("path,label,split\nimg/1.jpg,cat,train\nimg/1.jpg,dog,train\n");
    assert_eq!(
        rows(&listing),
        ["img/1.jpg train cat", "img/1.jpg#2 train dog"]
    );
    assert_eq!(
        problems(&listing, ProblemKind::DuplicateRow),
        ["img/1.jpg#2: row 2 (line 3) repeats row 1 (line 2) with other labels; both are kept"]
    );
    assert_eq!(listing.problems.len(), 1, "told once");
}

#[test]
fn malformed_rows_are_told_together() {
    let mut text = String::from("path,label\nimg/1.jpg,cat\n");
    for _ in 0..25 {
        text.push_str("img/2.jpg\n");
    }
    has_all(
        &csv_error(&text),
        &["row 2 (line 3): 1 cells", "row 21 (line 22)", "and 5 more"],
    );
}

#[test]
fn different_spellings_of_one_split_are_not_mixed_in_silence() {
    has_all(
        &csv_error("path,split\nimg/1.jpg,val\nimg/2.jpg,dev\nimg/3.jpg,VAL\n"),
        &["`dev` (row 2 (line 3))", "`val` (row 1 (line 2))"],
    );
}

#[test]
fn paths_may_be_absolute_and_are_named_from_the_manifest_where_they_can() {
    let set = Set::of(&IMAGES);
    let elsewhere = Set::of(&["x/9.jpg"]);
    let text = format!(
        "path\n{}\n{}\n",
        set.folder
            .path()
            .canonicalize()
            .expect("there")
            .join("img/1.jpg")
            .display(),
        elsewhere.path("x/9.jpg").display()
    );
    set.put("l.csv", text.as_bytes());
    let request = Request {
        root: Some(set.path("l.csv")),
        ..Request::default()
    };
    let Listed {
        listing, reader, ..
    } = listed(&request);
    assert_eq!(listing.samples.len(), 2);
    assert!(
        listing
            .samples
            .iter()
            .any(|s| s.key.as_str() == "img/1.jpg")
    );
    assert!(
        listing
            .samples
            .iter()
            .any(|s| s.key.as_str().ends_with("/x/9.jpg"))
    );
    assert!((0..2).all(|i| reader.read(SampleId(i)).is_ok()));
}

#[test]
fn globs_hold_for_manifests_too() {
    let (_set, mut request) = with_manifest("l.csv", "path\nimg/1.jpg\nimg/2.jpg\n");
    request.exclude = vec!["2.*".into()];
    let listing = listed(&request).listing;
    assert_eq!(rows(&listing), ["img/1.jpg - -"]);
    assert_eq!(listing.skipped.filtered, 1);
}

#[test]
fn a_column_of_ids_is_not_taken_for_splits() {
    let mut text = String::from("path,split\n");
    for id in 0..300 {
        text.push_str(&format!("img/1.jpg,{id}\n"));
    }
    has_all(
        &csv_error(&text),
        &["more than 256 different splits", "--split-column"],
    );
}

#[test]
fn a_manifest_may_be_the_reference() {
    let (set, _) = with_manifest("old.csv", "path,split\nimg/1.jpg,train\nimg/2.jpg,test\n");
    let root = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
    let request = Request {
        reference: Some(set.path("old.csv")),
        ..root.request()
    };
    let listing = listed(&request).listing;
    assert_eq!(split_names(&listing), ["train", "test", "reference"]);
    assert_eq!(rows(&listing)[0], "reference/img/1.jpg reference -");
}

#[cfg(unix)]
#[test]
fn paths_of_a_manifest_may_be_other_than_utf8_or_written_on_windows() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let (set, request) = with_manifest("l.csv", "");
    set.put("l.csv", b"path,label\nimg\\1.jpg,a\n\xff.jpg,caf\xe9\n");
    let odd = set.folder.path().join(OsStr::from_bytes(b"\xff.jpg"));
    if fs::write(odd, b"bytes").is_err() {
        return; // A file system that takes only UTF-8.
    }
    let listing = listed(&request).listing;
    assert_eq!(listing.samples.len(), 2);
    assert_eq!(listing.classes, ["a", "café"]);
}

#[test]
fn paths_that_begin_with_the_manifests_own_folder_are_found_one_up() {
    let set = Set::of(&["chest/train/1.jpg", "chest/train/2.jpg"]);
    set.put(
        "chest/train.csv",
        b"Path,label\nchest/train/1.jpg,a\nchest/train/2.jpg,b\n",
    );
    let request = Request {
        root: Some(set.path("chest/train.csv")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(listing.samples.len(), 2);
    has_all(
        &listing.layout.summary,
        &["paths begin with the manifest's own folder"],
    );
}

#[test]
fn a_path_in_another_unicode_form_is_found() {
    for (on_disk, in_table) in [
        ("\u{c4}1.jpg", "A\u{308}1.jpg"),
        ("A\u{308}1.jpg", "\u{c4}1.jpg"),
    ] {
        let set = Set::of(&[on_disk]);
        set.put("list.csv", format!("path,label\n{in_table},a\n").as_bytes());
        let request = Request {
            root: Some(set.path("list.csv")),
            ..Request::default()
        };
        let listing = listed(&request).listing;
        assert_eq!(listing.samples.len(), 1);
        has_all(&listing.layout.summary, &["another Unicode form"]);
    }
}

#[test]
fn each_split_may_have_its_own_manifest() {
    let set = Set::of(&["train/1.png", "test/2.png"]);
    set.put(
        "train/metadata.jsonl",
        b"{\"file_name\": \"1.png\", \"label\": \"cat\"}\n",
    )
    .put(
        "test/metadata.jsonl",
        b"{\"file_name\": \"2.png\", \"label\": \"dog\"}\n",
    );
    let request = Request {
        splits: vec![
            split("train", &set.path("train/metadata.jsonl")),
            split("test", &set.path("test/metadata.jsonl")),
        ],
        ..Request::default()
    };
    assert_eq!(
        rows(&listed(&request).listing),
        ["test/2.png test dog", "train/1.png train cat"]
    );
}
