//! A scan in two halves: fingerprints of parts made apart, and judged together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};

use super::images::{Random, encoded, waves};
use super::run::Place;

fn sample_data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("sample-data")
        .join(name)
}

impl Place {
    /// Fingerprints `data` in parts, and names the files.
    fn parts(&self, data: &str, of: u32) -> Vec<String> {
        let part = |number: u32| {
            let file = format!("parts/{number}.parquet");
            let part = format!("{number}/{of}");
            self.splitlint([
                "fingerprint",
                data,
                "--no-cache",
                "--part",
                &part,
                "-o",
                &file,
            ])
            .exits(0);
            file
        };
        (1..=of).map(part).collect()
    }

    /// The files of a report by name, but the page and what holds the time.
    fn tables(&self, report: &str) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.path(report)).expect("a report");
        let files = files.map(|file| file.expect("a file").path());
        let is_table = |file: &PathBuf| {
            let extension = file.extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("parquet" | "csv"))
        };
        files
            .filter(is_table)
            .map(|file| {
                let name = file.file_name().expect("a name").to_string_lossy();
                (name.into_owned(), fs::read(&file).expect("readable"))
            })
            .collect()
    }

    /// A scan and the merged parts of the same set come to the same.
    fn assert_halves_are_a_scan(&self, data: &str, of: u32) {
        let scan = self.splitlint(["scan", data, "--no-cache", "--report", "whole"]);
        let whole = scan.into_command().output().expect("the program starts");
        let merge = self.splitlint(["merge", "--no-cache", "--report", "merged"]);
        // In another order than that of the parts.
        let parts = self.parts(data, of).into_iter().rev();
        let merged = merge.args(parts).into_command().output().expect("starts");
        assert_eq!(
            merged.status.code(),
            whole.status.code(),
            "{data}: {}",
            String::from_utf8_lossy(&merged.stderr)
        );
        let (whole, merged) = (self.tables("whole"), self.tables("merged"));
        assert!(whole.len() >= 15, "{data}: {:?}", whole.keys());
        assert_eq!(
            whole.keys().collect::<Vec<_>>(),
            merged.keys().collect::<Vec<_>>()
        );
        for (name, bytes) in &whole {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            if name.ends_with(".csv") {
                assert_eq!(text(&merged[name]), text(bytes), "{data}: {name}");
            }
            assert!(merged[name] == *bytes, "{data}: {name}");
        }
    }
}

#[test]
fn seven_parts_fingerprinted_apart_and_merged_are_one_scan() {
    let demo = sample_data("demo");
    Place::new().assert_halves_are_a_scan(demo.to_str().expect("UTF-8"), 7);
}

#[test]
fn sets_with_objects_groups_and_faults_merge_as_they_are_scanned() {
    for set in [
        "OBJECT003",
        "OBJECT009",
        "FILE005",
        "FILE016",
        "LEAK004",
        "LEAK009",
        "LABEL008",
    ] {
        let folder = sample_data(&format!("checks/{set}/fires"));
        Place::new().assert_halves_are_a_scan(folder.to_str().expect("UTF-8"), 3);
    }
}

/// `image` larger, with grain that survives a closer look.
fn large(seed: u64) -> RgbImage {
    let mut image = image::imageops::resize(
        &waves(seed),
        320,
        240,
        image::imageops::FilterType::CatmullRom,
    );
    let mut random = Random(seed + 77);
    for pixel in image.pixels_mut() {
        let grain = random.unit() * 24.0 - 12.0;
        pixel.0 = pixel
            .0
            .map(|v| (f64::from(v) + grain).clamp(0.0, 255.0) as u8);
    }
    image
}

fn jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .expect("encodes");
    bytes
}

/// Two splits with a cropped and a recompressed copy across them.
fn leaky(place: &Place) {
    for i in 0..8 {
        place.write(format!("data/train/cat/{i}.jpg"), jpeg(&large(i), 90));
        place.write(format!("data/test/cat/{i}.jpg"), jpeg(&large(100 + i), 90));
    }
    place.write("data/test/cat/again.jpg", jpeg(&large(3), 60));
    let crop = image::imageops::crop_imm(&large(5), 40, 20, 230, 190).to_image();
    place.write("data/test/cat/crop.jpg", jpeg(&crop, 85));
    let mut png = Cursor::new(Vec::new());
    large(6)
        .write_to(&mut png, ImageFormat::Png)
        .expect("encodes");
    place.write("data/train/cat/lossless.png", png.get_ref());
    let mut bmp = Cursor::new(Vec::new());
    large(6)
        .write_to(&mut bmp, ImageFormat::Bmp)
        .expect("encodes");
    place.write("data/test/cat/lossless.bmp", bmp.get_ref());
}

#[test]
fn without_images_what_could_not_be_looked_at_is_said_and_handed_over_by_content() {
    let place = Place::new();
    leaky(&place);
    place.assert_halves_are_a_scan("data", 2);
    fs::rename(place.path("data"), place.path("moved")).expect("moved");
    let merge = |more: &[&str]| {
        let merge = place.splitlint(["merge", "--no-cache", "--report", "merged"]);
        merge
            .args(["parts/1.parquet", "parts/2.parquet"])
            .args(more)
    };
    merge(&["--wanted", "wanted.csv"])
        .exits(2)
        .warns("the images are not at hand")
        .says("could not be opened for a closer look");
    merge(&["--data", "moved"]).exits(1);
    let whole = place.tables("whole");
    assert!(place.tables("merged") == whole);
    // As an engine would: only those images, each by its content.
    let wanted = place.read("wanted.csv");
    let wanted: Vec<(&str, &str)> = (wanted.lines().skip(1))
        .map(|line| line.split_once(',').expect("two cells"))
        .collect();
    assert!(wanted.len() > 2, "{wanted:?}");
    for (key, content) in &wanted {
        let bytes = fs::read(place.path("moved").join(key)).expect("an image");
        place.write(format!("originals/{content}"), bytes);
    }
    merge(&["--originals", "originals"]).exits(1);
    assert!(place.tables("merged") == whole);
    // Other bytes under that name are not that image.
    let (_, content) = wanted[0];
    place.write(format!("originals/{content}"), encoded(9, "1.jpg"));
    merge(&["--originals", "originals"]).exits(2);
}

#[test]
fn file_that_still_holds_is_kept_and_one_that_does_not_is_made_again() {
    let place = Place::new();
    place.clean_set(3);
    let fingerprint =
        || place.splitlint(["fingerprint", "data", "--no-cache", "-o", "all.parquet"]);
    fingerprint()
        .exits(0)
        .warns("12 samples, part 1/1, written");
    let first = fs::read(place.path("all.parquet")).expect("written");
    fingerprint().exits(0).warns("still holds");
    place.image("data/train/cat/000.jpg", 777);
    fingerprint().exits(0).warns("written");
    assert_ne!(fs::read(place.path("all.parquet")).expect("written"), first);
    place.image("data/train/cat/000.jpg", 0);
    fingerprint()
        .args(["--jobs", "1"])
        .exits(0)
        .warns("written");
    assert!(fs::read(place.path("all.parquet")).expect("written") == first);
    place.write("other.txt", "a text");
    place
        .splitlint(["fingerprint", "data", "-o", "other.txt"])
        .exits(2)
        .warns("a file of something else is in the way");
    place
        .splitlint(["fingerprint", "data", "-o", "data/all.parquet"])
        .exits(2)
        .warns("inside the data set");
}

#[test]
fn files_that_do_not_go_together_are_refused_with_both_named() {
    let place = Place::new();
    place.clean_set(3);
    let parts = place.parts("data", 3);
    let merge = |files: &[&str]| place.splitlint(["merge", "--no-cache"]).args(files);
    merge(&[&parts[0], &parts[2]])
        .exits(2)
        .warns("part 2/3 is not named");
    merge(&[&parts[0], &parts[1], &parts[2], &parts[1]])
        .exits(2)
        .warns("are both part 2/3");
    place
        .splitlint([
            "fingerprint",
            "data",
            "--max-pixels",
            "9",
            "-o",
            "other.parquet",
        ])
        .exits(0);
    merge(&[&parts[0], "other.parquet"])
        .exits(2)
        .warns("`parts/1.parquet` and `other.parquet` were computed in different ways")
        .warns("at most 9 pixels");
    merge(&["data/train/cat/000.jpg"])
        .exits(2)
        .warns("is no file of fingerprints");
    let bytes = fs::read(place.path(&parts[0])).expect("written");
    place.write("cut.parquet", &bytes[..bytes.len() / 2]);
    merge(&["cut.parquet"]).exits(2).warns("cut.parquet");
}

#[test]
fn several_data_sets_are_judged_as_one() {
    let place = Place::new();
    for i in 0..6 {
        place.image(&format!("a/{i}.jpg"), i);
        place.image(&format!("b/{i}.jpg"), 50 + i);
    }
    place.image("b/copy.jpg", 2);
    for (split, folder) in [("train", "a"), ("test", "b")] {
        let named = format!("{split}={folder}");
        let file = format!("{split}.parquet");
        place
            .splitlint(["fingerprint", "--no-cache", "--split", &named, "-o", &file])
            .exits(0);
    }
    place
        .splitlint(["merge", "--no-cache", "test.parquet", "train.parquet"])
        .exits(1)
        .says("LEAK001");
    let pairs = place.read("splitlint-report/pairs.csv");
    assert!(
        pairs.contains("test/copy.jpg") && pairs.contains("train/2.jpg"),
        "{pairs}"
    );
}

#[test]
fn pairs_matched_apart_are_the_leaks_of_one_scan() {
    let place = Place::new();
    leaky(&place);
    let fingerprint = |split: &str, part: &str, file: &str| {
        let named = format!("{split}=data/{split}");
        place
            .splitlint([
                "fingerprint",
                "--no-cache",
                "--no-source",
                "--split",
                &named,
            ])
            .args(["--part", part, "-o", file])
            .exits(0);
    };
    fingerprint("test", "1/1", "test.parquet");
    let train: Vec<String> = (1..=3)
        .map(|part| format!("train-{part}.parquet"))
        .collect();
    for (part, file) in (1..).zip(&train) {
        fingerprint("train", &format!("{part}/3"), file);
    }
    let mut pairs = Vec::new();
    for file in &train {
        let out = format!("pairs-{file}");
        place
            .splitlint(["match", "--against", "test.parquet", file, "-o", &out])
            .exits(0)
            .warns("likely pairs");
        pairs.push(format!("--pairs={out}"));
    }
    for split in ["train", "test"] {
        for image in fs::read_dir(place.path(format!("data/{split}/cat"))).expect("images") {
            let bytes = fs::read(image.expect("a file").path()).expect("an image");
            let hash = blake3::hash(&bytes).to_hex();
            place.write(format!("originals/{}", &hash[..32]), bytes);
        }
    }
    let merge = |report: &str, more: &[String]| {
        let merge = place.splitlint(["merge", "--no-cache", "--ignore", "LEAK008"]);
        merge
            .args([
                "--originals",
                "originals",
                "--report",
                report,
                "test.parquet",
            ])
            .args(&train)
            .args(more)
    };
    merge("whole", &[]).exits(1);
    merge("matched", &pairs)
        .exits(1)
        .says("not all images of the training side");
    let across = |report: &str| -> BTreeSet<String> {
        let found = place.read(format!("{report}/findings.csv"));
        let leaks = found.lines().filter(|line| line.contains("LEAK00"));
        leaks
            .filter(|line| !line.contains("LEAK004") && !line.contains("LEAK003"))
            .map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","))
            .collect()
    };
    assert!(across("whole").len() >= 3, "{:?}", across("whole"));
    assert_eq!(across("matched"), across("whole"));
    // A train part that was never matched with the test set.
    merge("half", &pairs[..2])
        .exits(2)
        .warns("`train-3.parquet`")
        .warns("were not compared");
}
