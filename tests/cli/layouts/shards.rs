//! WebDataset and Parquet shards in new splits.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use polars::prelude::{
    AnyValue, IntoColumn, NamedFrom, ParquetCompression, ParquetReader, SerReader, Series,
};

use super::super::images::encoded;
use super::super::shards::{Row, Style, write};
use super::{Place, files, halved};

/// A long key is stored in a header of its own.
fn key(i: usize) -> String {
    match i {
        5 => format!("{}/five", "long".repeat(40)),
        // The same in the shards of both splits.
        i => format!("{:03}", i % 8),
    }
}

fn shard(place: &Place, name: &str, numbers: std::ops::Range<usize>) {
    let path = place.write(format!("data/{name}"), b"");
    let mut shard = tar::Builder::new(File::create(path).expect("created"));
    for i in numbers {
        let seed = if i == 23 { 0 } else { i as u64 };
        let image = encoded(seed, "1.png");
        let label = format!("{}", i % 2);
        let json = format!("{{\"mine\": 1.50e0, \"number\": {i}}}");
        let members = [
            ("png", &image[..]),
            ("cls", label.as_bytes()),
            ("more.json", json.as_bytes()),
        ];
        for (extension, bytes) in members {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o640);
            header.set_mtime(1_600_000_000 + i as u64);
            let name = format!("{}.{extension}", key(i));
            shard
                .append_data(&mut header, name, bytes)
                .expect("written");
        }
    }
    shard.finish().expect("finished");
}

/// A sample: by extension, the bytes of its members and when they were written.
type Members = BTreeMap<String, (Vec<u8>, u64)>;

/// The samples of all shards whose names begin with the split's.
fn samples(folder: &Path, split: &str) -> Vec<Members> {
    let mut samples = Vec::new();
    for (name, bytes) in files(folder) {
        if !name.to_string_lossy().contains(split) {
            continue;
        }
        let mut of_shard: Vec<(String, Members)> = Vec::new();
        let mut archive = tar::Archive::new(&bytes[..]);
        for entry in archive.entries().expect("a tar") {
            let mut entry = entry.expect("a member");
            let path = entry.path().expect("a name").display().to_string();
            let (key, extension) = path.split_once('.').expect("an extension");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("readable");
            let mtime = entry.header().mtime().expect("a time");
            assert_eq!(entry.header().mode().expect("a mode"), 0o640);
            if of_shard.last().is_none_or(|(last, _)| last != key) {
                assert!(of_shard.iter().all(|(known, _)| known != key), "{key}");
                of_shard.push((key.to_owned(), Members::new()));
            }
            let (_, members) = of_shard.last_mut().expect("a sample");
            members.insert(extension.to_owned(), (content, mtime));
        }
        samples.extend(of_shard.into_iter().map(|(_, members)| members));
    }
    samples
}

#[test]
fn members_of_a_webdataset_move_together_with_their_bytes_and_headers() {
    let place = Place::new();
    shard(&place, "train-000000.tar", 0..8);
    shard(&place, "train-000001.tar", 8..16);
    shard(&place, "val-000000.tar", 16..24);
    let before = files(&place.path("data"));
    halved(&place, "WebDataset shards");
    assert_eq!(files(&place.path("data")), before, "the input is as it was");
    let all = |set: &str| -> BTreeSet<Members> {
        let both = ["train", "val"].map(|split| samples(&place.path(set), split));
        both.concat().into_iter().collect()
    };
    assert_eq!(all("new"), all("data"));
    assert_eq!(all("new").len(), 24);
    assert_eq!(samples(&place.path("new"), "train").len(), 12);
    assert_eq!(samples(&place.path("new"), "val").len(), 12);
    let largest = |set: &str| files(&place.path(set)).values().map(Vec::len).max();
    assert!(
        largest("new") <= largest("data"),
        "shards are as large as they were at most"
    );
}

#[test]
fn folds_of_shards_are_read_by_their_names() {
    let place = Place::new();
    shard(&place, "train-000000.tar", 0..8);
    shard(&place, "val-000000.tar", 16..24);
    let args = ["resplit", "data", "--to", "new", "--kfold", "2"];
    let said = place.splitlint(args).into_command().output().expect("runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let command = said.split_once("`splitlint scan ").expect("a command").1;
    let command = command.split_once('`').expect("its end").0;
    // A shell takes the quotes away.
    let words = command.replace('\'', "");
    let args = ["scan", "--no-cache", "--select", "FILE,DIST006"];
    place
        .splitlint(args)
        .args(words.split(' '))
        .exits(0)
        .says("fold-2");
    let folds = ["fold-1", "fold-2"].map(|split| samples(&place.path("new"), split).len());
    assert_eq!(folds, [8, 8]);
}

/// All rows of Parquet shards, as text, and the notes of each shard.
fn rows(folder: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut rows, mut notes) = (BTreeSet::new(), BTreeSet::new());
    for (name, bytes) in files(folder) {
        let mut reader = ParquetReader::new(std::io::Cursor::new(&bytes[..]));
        let metadata = reader.get_metadata().expect("Parquet").clone();
        let own = metadata.key_value_metadata().as_deref().unwrap_or_default();
        let note = own
            .iter()
            .find(|note| note.key == "huggingface")
            .expect("a note");
        notes.insert(note.value.as_ref().expect("a text").to_string());
        let frame = reader
            .finish()
            .unwrap_or_else(|e| panic!("{}: {e}", name.display()));
        let mut columns: Vec<Series> = Vec::new();
        for column in frame.columns() {
            let series = column.as_materialized_series();
            match series.struct_() {
                Ok(fields) => columns.extend(fields.fields_as_series()),
                Err(_) => columns.push(series.clone()),
            }
        }
        for row in 0..frame.height() {
            let cells: Vec<AnyValue<'_>> = (columns.iter())
                .map(|column| column.get(row).expect("a cell"))
                .collect();
            assert!(rows.insert(format!("{cells:?}")), "no row is doubled");
        }
    }
    (rows, notes)
}

#[test]
fn parquet_rows_keep_all_columns_and_the_names_of_classes() {
    let place = Place::new();
    for (name, numbers) in [
        ("train-00000-of-00002", 0..8),
        ("train-00001-of-00002", 8..16),
        ("validation-00000-of-00001", 16..24),
    ] {
        let images: Vec<Vec<u8>> = (numbers.clone())
            .map(|i| encoded(if i == 23 { 0 } else { i }, "1.png"))
            .collect();
        let names: Vec<String> = numbers.clone().map(|i| format!("{i}.png")).collect();
        let of_shard: Vec<Row<'_>> = (numbers.clone().zip(images.iter().zip(&names)))
            .map(|(i, (bytes, name))| (Some(&bytes[..]), Some(&name[..]), Some(i as i64 % 2)))
            .collect();
        let boxes: Vec<Series> = numbers
            .clone()
            .map(|i| Series::new("".into(), [i as f32 / 3.0, 1.5]))
            .collect();
        let more = vec![
            Series::new("boxes".into(), boxes).into_column(),
            Series::new(
                "score".into(),
                numbers.map(|i| i as f64 / 7.0).collect::<Vec<_>>(),
            )
            .into_column(),
        ];
        let path = place.path(format!("data/data/{name}.parquet"));
        let style = Style {
            group_rows: 3,
            compression: ParquetCompression::Snappy,
            ..Style::default()
        };
        write(&path, &of_shard, style, more);
    }
    halved(&place, "Parquet shards");
    assert_eq!(rows(&place.path("new")), rows(&place.path("data")));
    assert_eq!(rows(&place.path("new")).0.len(), 24);
    let names: Vec<String> = (files(&place.path("new")).keys())
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    assert_eq!(
        names,
        [
            "data/train-00000-of-00001.parquet",
            "data/validation-00000-of-00001.parquet"
        ]
    );
}
