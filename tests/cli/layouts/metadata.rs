//! Hugging Face image folders in new splits.

use std::collections::BTreeSet;
use std::fs;

use polars::prelude::{
    AnyValue, DataFrame, KeyValueMetadata, NamedFrom, ParquetReader, ParquetWriter, SerReader,
    Series,
};

use super::{Place, files, halved};

/// Images of two splits with the same names; `table` makes a row of a name and a
/// number.
fn images(place: &Place) -> Vec<(&'static str, String, usize)> {
    (0..24)
        .map(|i| {
            let split = if i < 16 { "train" } else { "validation" };
            let name = format!("images/{:02}.png", i % 16);
            let seed = if i == 23 { 0 } else { i as u64 };
            place.image(&format!("data/{split}/{name}"), seed);
            (split, name, i)
        })
        .collect()
}

/// By the bytes of each image, its row without its name.
fn described(place: &Place, set: &str, name: &str) -> BTreeSet<(Vec<u8>, String)> {
    let mut all = BTreeSet::new();
    for split in ["train", "validation"] {
        let text = place.read(format!("{set}/{split}/{name}"));
        for line in text.lines().filter(|line| line.contains("images/")) {
            let start = line.find("images/").expect("a name");
            let name = &line[start..start + line[start..].find(".png").expect("a name") + 4];
            let bytes = fs::read(place.path(format!("{set}/{split}/{name}"))).expect("an image");
            assert!(all.insert((bytes, line.replace(name, ""))), "{line}");
        }
    }
    all
}

#[test]
fn rows_of_json_lines_keep_every_byte_but_names_that_change() {
    let place = Place::new();
    for split in ["train", "validation"] {
        let lines: String = (images(&place).into_iter())
            .filter(|(of, ..)| *of == split)
            .map(|(_, name, i)| {
                format!(
                    "{{\"n\":1.{i}0e1, \"file_name\": \"{name}\",\"label\":\"{}\"}}\n",
                    i % 2
                )
            })
            .collect();
        // The last line has no end.
        place.write(format!("data/{split}/metadata.jsonl"), lines.trim_end());
    }
    let before = files(&place.path("data"));
    halved(&place, "Hugging Face image folder");
    assert_eq!(files(&place.path("data")), before, "the input is as it was");
    let today = described(&place, "data", "metadata.jsonl");
    assert_eq!(today.len(), 24);
    assert_eq!(described(&place, "new", "metadata.jsonl"), today);
}

#[test]
fn rows_of_csv_keep_every_byte_but_names_that_change() {
    let place = Place::new();
    for split in ["train", "validation"] {
        let rows: String = (images(&place).into_iter())
            .filter(|(of, ..)| *of == split)
            .map(|(_, name, i)| format!("{name},{},\"a \"\"b\"\", {i}\"\n", i % 2))
            .collect();
        place.write(
            format!("data/{split}/metadata.csv"),
            format!("file_name,label,note\n{rows}"),
        );
    }
    halved(&place, "Hugging Face image folder");
    let today = described(&place, "data", "metadata.csv");
    assert_eq!(today.len(), 24);
    assert_eq!(described(&place, "new", "metadata.csv"), today);
}

#[test]
fn split_in_a_column_changes_with_the_split() {
    let place = Place::new();
    let rows: String = (0..24)
        .map(|i| {
            let seed = if i == 23 { 0 } else { i as u64 };
            place.image(&format!("data/images/{i:02}.png"), seed);
            let split = if i < 16 { "train" } else { "valid" };
            format!("images/{i:02}.png,{},{split}\n", i % 2)
        })
        .collect();
    place.write(
        "data/metadata.csv",
        format!("file_name,label,split\n{rows}"),
    );
    halved(&place, "Hugging Face image folder");
    for (split, names) in [("train", ["train"].as_slice()), ("val", &["valid", "val"])] {
        let text = place.read(format!("new/{split}/metadata.csv"));
        assert_eq!(text.lines().count(), 13, "{text}");
        for line in text.lines().skip(1) {
            let given = line.rsplit(',').next().expect("a cell");
            assert!(names.contains(&given), "{split}: {line}");
        }
    }
}

/// By the bytes of each image of `metadata.parquet`, the other cells of its row.
fn cells(place: &Place, set: &str) -> BTreeSet<(Vec<u8>, String)> {
    let mut all = BTreeSet::new();
    for split in ["train", "validation"] {
        let folder = place.path(format!("{set}/{split}"));
        let file = fs::File::open(folder.join("metadata.parquet")).expect("a file");
        let mut reader = ParquetReader::new(file);
        let notes = reader.get_metadata().expect("Parquet").clone();
        let notes = notes.key_value_metadata().clone().unwrap_or_default();
        assert!(notes.iter().any(|note| note.key == "kept"), "{notes:?}");
        let frame = reader.finish().expect("Parquet");
        for row in 0..frame.height() {
            let cell = |name: &str| frame.column(name).expect(name).get(row).expect("a cell");
            let names = cell("file_names");
            let AnyValue::List(names) = names else {
                panic!("{names:?} is no list");
            };
            let name = names
                .str()
                .expect("texts")
                .get(0)
                .expect("a name")
                .to_owned();
            let bytes = fs::read(folder.join(name)).expect("an image");
            let rest = format!("{:?} {:?}", cell("label"), cell("weight"));
            assert!(all.insert((bytes, rest)), "no row is doubled");
        }
    }
    all
}

#[test]
fn rows_of_parquet_keep_every_cell_and_note_but_names_that_change() {
    let place = Place::new();
    for split in ["train", "validation"] {
        let rows: Vec<_> = (images(&place).into_iter())
            .filter(|(of, ..)| *of == split)
            .collect();
        let names: Vec<Series> = (rows.iter())
            .map(|(_, name, _)| Series::new("".into(), [name.as_str()]))
            .collect();
        let labels: Vec<String> = rows.iter().map(|(_, _, i)| (i % 2).to_string()).collect();
        let weights: Vec<f64> = rows.iter().map(|(_, _, i)| *i as f64 / 7.0).collect();
        let columns = vec![
            Series::new("file_names".into(), names).into(),
            Series::new("label".into(), labels).into(),
            Series::new("weight".into(), weights).into(),
        ];
        let mut frame = DataFrame::new_infer_height(columns).expect("a frame");
        let path = place.path(format!("data/{split}/metadata.parquet"));
        let file = fs::File::create(path).expect("created");
        let note = vec![("kept".to_owned(), "as it is".to_owned())];
        ParquetWriter::new(file)
            .with_key_value_metadata(Some(KeyValueMetadata::from_static(note)))
            .finish(&mut frame)
            .expect("written");
    }
    halved(&place, "Hugging Face image folder");
    let today = cells(&place, "data");
    assert_eq!(today.len(), 24);
    assert_eq!(cells(&place, "new"), today);
}
