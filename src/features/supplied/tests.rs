use std::fs;
use std::path::PathBuf;

use npyz::WriterBuilder;
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};
use tempfile::TempDir;

use super::*;
use crate::sample::{ClassId, Labels, Sample, SampleKey};

fn listing(keys: &[&str]) -> Listing {
    let samples = (0..).zip(keys).map(|(id, key)| Sample {
        id: SampleId(id),
        key: SampleKey::from_path(Path::new(key)),
        split: None,
        labels: Labels::One(ClassId(0)),
        objects: crate::sample::NO_OBJECTS,
        group: None,
    });
    Listing {
        classes: vec!["a".to_owned()],
        samples: samples.collect(),
        ..Listing::default()
    }
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn npy(&self, name: &str, shape: &[u64], order: npyz::Order, values: &[f32]) -> PathBuf {
        let file = fs::File::create(self.path(name)).expect("a file");
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(shape)
            .order(order)
            .writer(file)
            .begin_nd()
            .expect("a writer");
        writer.extend(values.iter().copied()).expect("written");
        writer.finish().expect("written");
        self.path(name)
    }

    fn keys(&self, text: &str) -> Option<PathBuf> {
        fs::write(self.path("keys.txt"), text).expect("written");
        Some(self.path("keys.txt"))
    }
}

fn messages(file: RowsFile, listing: &Listing) -> String {
    let error = load(&file, listing, None).expect_err("refused");
    error.to_string()
}

#[test]
fn rows_are_put_in_listing_order_whatever_theirs_is() {
    let place = Place::new();
    let listing = listing(&["a/1.jpg", "a/2.jpg"]);
    for (order, values) in [
        (npyz::Order::C, [3.0, 4.0, 1.0, 2.0]),
        (npyz::Order::Fortran, [3.0, 1.0, 4.0, 2.0]),
    ] {
        let file = RowsFile {
            path: place.npy("v.npy", &[2, 2], order, &values),
            keys: place.keys("a/2.jpg\n./a/1.jpg\n"),
        };
        let supplied = load(&file, &listing, None).expect("well formed");
        assert_eq!(supplied.vectors.as_slice(), [1.0, 2.0, 3.0, 4.0]);
        assert!(supplied.notes.is_empty());
    }
}

#[test]
fn strangers_and_missing_samples_are_told() {
    let place = Place::new();
    let file = RowsFile {
        path: place.npy("v.npy", &[2, 1], npyz::Order::C, &[1.0, 2.0]),
        keys: place.keys("/data/set/a/1.jpg\nb/9.jpg\n"),
    };
    let listing = listing(&["a/1.jpg", "a/2.jpg"]);
    let supplied = load(&file, &listing, Some(Path::new("/data/set"))).expect("well formed");
    assert_eq!(supplied.ids, [SampleId(0)]);
    assert_eq!(supplied.notes.len(), 2);
    assert!(supplied.notes[0].contains("`b/9.jpg`"));
    assert!(supplied.notes[1].contains("`a/2.jpg`"));
}

#[test]
fn wrong_shapes_values_and_keys_are_refused_in_words() {
    let place = Place::new();
    let listing = listing(&["a/1.jpg", "a/2.jpg"]);
    let both = "a/1.jpg\na/2.jpg\n";
    let refuse = |shape: &[u64], values: &[f32], keys: &str, why: &str| {
        let file = RowsFile {
            path: place.npy("v.npy", shape, npyz::Order::C, values),
            keys: place.keys(keys),
        };
        let text = messages(file, &listing);
        assert!(text.contains(why), "{text}");
    };
    refuse(&[4], &[1.0; 4], both, "two dimensions");
    refuse(&[3, 1], &[1.0; 3], both, "3 rows, but 2 keys");
    refuse(
        &[2, 1],
        &[1.0, f32::NAN],
        both,
        "1 of 2 rows hold NaN or infinite values: `a/2.jpg`",
    );
    refuse(
        &[2, 1],
        &[1.0; 2],
        "a/1.jpg\na/1.jpg\n",
        "two rows belong to `a/1.jpg`",
    );
    refuse(
        &[2, 1],
        &[1.0; 2],
        "x\ny\n",
        "the data set has samples like `a/1.jpg`",
    );
    let without = RowsFile {
        path: place.path("v.npy"),
        keys: None,
    };
    assert!(messages(without, &listing).contains("--row-keys"));
    fs::write(place.path("v.npz"), b"PK no").expect("written");
    let damaged = RowsFile {
        path: place.path("v.npz"),
        keys: place.keys(both),
    };
    assert!(messages(damaged, &listing).contains("not a NumPy archive"));
}

#[test]
fn parquet_of_lists_and_of_columns_is_read() {
    let place = Place::new();
    let listing = listing(&["a/1.jpg", "a/2.jpg"]);
    let keys = Series::new("sample".into(), ["a/2.jpg", "a/1.jpg"]);
    let lists = Series::new(
        "embedding".into(),
        [
            Series::new("".into(), [3.0_f64, 4.0]),
            Series::new("".into(), [1.0_f64, 2.0]),
        ],
    );
    let (x, y) = (
        Series::new("x".into(), [3.0_f32, 1.0]),
        Series::new("y".into(), [4.0_f32, 2.0]),
    );
    for (columns, named) in [(vec![lists], None), (vec![x, y], Some(["x", "y"]))] {
        let mut all = vec![Column::from(keys.clone())];
        all.extend(columns.into_iter().map(Column::from));
        let mut table = DataFrame::new(2, all).expect("a table");
        let path = place.path("v.parquet");
        let file = fs::File::create(&path).expect("a file");
        ParquetWriter::new(file)
            .finish(&mut table)
            .expect("written");
        let file = RowsFile { path, keys: None };
        let supplied = load(&file, &listing, None).expect("well formed");
        assert_eq!(supplied.vectors.as_slice(), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            supplied.columns,
            named.map(|n| n.map(str::to_owned).to_vec())
        );
    }
}
