//! Labels judged by rows that the user brings.

use super::run::Place;

/// Images of each class in each of two splits.
const EACH: u64 = 20;

/// The keys of [`Place::clean_set`] and whether they are cats.
fn samples() -> Vec<(String, bool)> {
    let folders = ["test/cat", "test/dog", "train/cat", "train/dog"];
    let keys = folders.into_iter().flat_map(|folder| {
        (0..EACH).map(move |i| (format!("{folder}/{i:03}.jpg"), folder.ends_with("cat")))
    });
    keys.collect()
}

/// A NumPy file of single precision, and the file of its keys.
fn bring(place: &Place, name: &str, rows: &[(String, Vec<f32>)]) {
    let dim = rows[0].1.len();
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {dim}), }}",
        rows.len()
    );
    let padded = format!("{header:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((padded.len() as u16).to_le_bytes());
    bytes.extend(padded.bytes());
    for value in rows.iter().flat_map(|(_, row)| row) {
        bytes.extend(value.to_le_bytes());
    }
    place.write(name, bytes);
    let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
    place.write("keys.txt", keys.join("\n"));
}

/// Rows that see cats and dogs apart, and one dog among the cats.
fn rows(make: fn(bool, usize) -> Vec<f32>) -> Vec<(String, Vec<f32>)> {
    let samples = samples().into_iter().enumerate();
    let rows = samples.map(|(i, (key, cat))| {
        let seen = cat && key != "test/cat/007.jpg";
        (key, make(seen, i))
    });
    // In no order that a listing has.
    rows.rev().collect()
}

fn vector(cat: bool, i: usize) -> Vec<f32> {
    let (a, b) = ((i as f32).sin() * 0.2, (i as f32 * 1.7).cos() * 0.2);
    match cat {
        true => vec![1.0 + a, b, 0.3, a * b],
        false => vec![a, 1.0 + b, 0.3, a - b],
    }
}

fn probabilities(cat: bool, i: usize) -> Vec<f32> {
    let sure = 0.9 + (i % 10) as f32 / 200.0;
    match cat {
        true => vec![sure, 1.0 - sure],
        false => vec![1.0 - sure, sure],
    }
}

const JUDGED: [&str; 2] = ["--select", "LABEL"];

#[test]
fn wrong_label_is_told_by_embeddings_that_see_it() {
    let place = Place::new();
    place.clean_set(EACH);
    bring(&place, "vectors.npy", &rows(vector));
    let arguments = ["--embeddings", "vectors.npy", "--row-keys", "keys.txt"];
    place
        .scan()
        .args(JUDGED)
        .args(arguments)
        .exits(0)
        .says("`test/cat/007.jpg` is labelled `cat` but looks like `dog`")
        .says("judged with the embeddings of `vectors.npy`")
        .says("1 of 40 test labels");
    let decisions = place.read("splitlint-report/decisions.csv");
    assert_eq!(decisions.lines().count(), 2, "{decisions}");
    assert!(
        decisions.contains("test/cat/007.jpg,cat,dog,"),
        "{decisions}"
    );
}

#[test]
fn wrong_label_is_told_by_probabilities() {
    let place = Place::new();
    place.clean_set(EACH);
    bring(&place, "p.npy", &rows(probabilities));
    place
        .scan()
        .args(JUDGED)
        .args(["--pred-probs", "p.npy", "--row-keys", "keys.txt"])
        .exits(0)
        .says("`test/cat/007.jpg` is labelled `cat` but looks like `dog`")
        .says("judged with the probabilities of `p.npy`");
}

#[test]
fn images_that_say_nothing_of_their_class_are_not_judged() {
    let place = Place::new();
    place.clean_set(EACH);
    place
        .scan()
        .args(JUDGED)
        .exits(0)
        .says("cannot judge labels with built-in features")
        .says("`--embeddings`");
    let decisions = place.read("splitlint-report/decisions.csv");
    assert_eq!(decisions.lines().count(), 1, "{decisions}");
}

#[test]
fn rows_that_do_not_fit_are_refused_in_words() {
    let place = Place::new();
    place.clean_set(2);
    let refused = |flag: &str, rows: &[(String, Vec<f32>)], why: &str| {
        bring(&place, "rows.npy", rows);
        let arguments = [flag, "rows.npy", "--row-keys", "keys.txt"];
        place.scan().args(arguments).exits(2).warns(why);
    };
    let good: Vec<(String, Vec<f32>)> = [("test/cat/000.jpg", 0.4), ("test/dog/000.jpg", 0.6)]
        .map(|(key, p)| (key.to_owned(), vec![p, 1.0 - p]))
        .into();
    let with = |values: Vec<f32>| {
        let mut rows = good.clone();
        rows[1].1 = values;
        rows
    };
    refused("--embeddings", &with(vec![f32::NAN, 1.0]), "NaN");
    refused("--pred-probs", &with(vec![3.0, 1.0]), "sums to 4");
    let wide: Vec<_> = good
        .iter()
        .map(|(k, _)| (k.clone(), vec![0.2; 5]))
        .collect();
    refused(
        "--pred-probs",
        &wide,
        "5 probabilities in a row, but 2 classes",
    );
    let strange = [("other/1.jpg".to_owned(), vec![0.5, 0.5])];
    refused(
        "--embeddings",
        &strange,
        "none of its 1 rows belongs to a sample",
    );

    bring(&place, "rows.npy", &good);
    let alone = place.scan().args(["--embeddings", "rows.npy"]);
    alone.exits(2).warns("--row-keys");
    let none = place.scan().args(["--row-keys", "keys.txt"]);
    none.exits(2).warns("neither `embeddings` nor `pred-probs`");
    place
        .scan()
        .args(["--select", "LABEL", "--row-keys", "keys.txt"])
        .args(["--embeddings", "rows.npy"])
        .exits(0)
        .warns("6 labelled samples have no supplied row");
}

#[test]
fn label_of_several_is_doubted_by_a_probability_of_its_own() {
    let place = Place::new();
    place.clean_set(EACH);
    let mut manifest = "path,split,labels\n".to_owned();
    let mut rows = Vec::new();
    for (i, (key, cat)) in samples().into_iter().enumerate() {
        // Every third is outdoors, too; one that is not is labelled so.
        let outdoors = i % 3 == 0;
        let messages = outdoors || key == "test/dog/015.jpg";
        let animal = if cat { "cat" } else { "dog" };
        let labels = if messages {
            format!("{animal};outdoors")
        } else {
            animal.to_owned()
        };
        let split = key.split('/').next().unwrap_or("");
        manifest.push_str(&format!("{key},{split},{labels}\n"));
        let sure = 0.9 + (i % 10) as f32 / 110.0;
        let p = |is: bool| if is { sure } else { 1.0 - sure };
        rows.push((key, vec![p(cat), p(!cat), p(outdoors)]));
    }
    place.write("data/labels.csv", manifest);
    bring(&place, "p.npy", &rows);
    let messages = place
        .splitlint(["scan", "data/labels.csv", "--no-cache"])
        .args(JUDGED)
        .args(["--pred-probs", "p.npy", "--row-keys", "keys.txt"])
        .exits(0);
    messages.says("`test/dog/015.jpg`").says("outdoors");
    let decisions = place.read("splitlint-report/decisions.csv");
    assert_eq!(decisions.lines().count(), 2, "{decisions}");
}
