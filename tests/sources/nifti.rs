//! NIfTI volumes in folders and as nnU-Net keeps them.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use splitlint::sample::{ProblemKind, SampleId};
use splitlint::source::{Columns, Request};

use super::nifti_files::volume;
use super::{Set, list};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn scan(seed: u32) -> Vec<u8> {
    packed(&volume([20, 18, 16], 4, (false, false), |x, y, z| {
        ((x * 13 + y * 7 + z * 29 + seed * 101) % 900) as i32 - 300
    }))
}

/// A tumour (2) above the tenth plane, the organ (1) below.
fn labels() -> Vec<u8> {
    packed(&volume([20, 18, 16], 2, (false, false), |x, _, z| {
        match (x, z) {
            (0..=3, _) => 0,
            (_, 11..) => 2,
            _ => 1,
        }
    }))
}

pub(super) fn nnunet() -> Set {
    let set = Set::of(&[]);
    for case in 0..4 {
        for channel in 0..2 {
            let name = format!("imagesTr/liver_{case:03}_{channel:04}.nii.gz");
            set.put(&name, &scan(case * 2 + channel));
        }
        set.put(&format!("labelsTr/liver_{case:03}.nii.gz"), &labels());
    }
    set.put("imagesTs/liver_009_0000.nii.gz", &scan(77));
    let names = br#"{"labels": {"background": 0, "liver": 1, "tumour": 2}, "numTraining": 4}"#;
    set.put("dataset.json", names);
    set
}

fn request(set: &Set) -> Request {
    Request {
        root: Some(set.path("")),
        ..Request::default()
    }
}

#[test]
fn volumes_of_nnunet_are_groups_and_their_labels_those_of_each_slice() {
    let set = nnunet();
    let listed = list(&request(&set)).expect("listed");
    let listing = &listed.listing;
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    assert_eq!(listing.samples.len(), 9 * 3);
    assert_eq!(listing.groups.len(), 5, "channels of a case are one group");
    let found = |key: &str| {
        let sample = listing
            .samples
            .iter()
            .find(|sample| sample.key.as_str() == key);
        let sample = sample.unwrap_or_else(|| panic!("{key}"));
        let split = listing.split_name(sample.split).unwrap_or("none");
        (split.to_owned(), listing.label_text(sample.id))
    };
    let train = |label: &str| ("train".to_owned(), label.to_owned());
    assert_eq!(
        found("imagesTr/liver_001_0001.nii.gz/axis3-008.pgm"),
        train("liver")
    );
    assert_eq!(
        found("imagesTr/liver_001_0001.nii.gz/axis2-009.pgm"),
        train("liver;tumour")
    );
    assert_eq!(
        found("imagesTs/liver_009_0000.nii.gz/axis1-010.pgm").0,
        "test"
    );
    let image = listed.reader.read(SampleId(0)).expect("read");
    let image = image::load_from_memory(&image)
        .expect("an image")
        .to_luma16();
    assert_eq!(image.dimensions(), (18, 16), "the middle of the first axis");
    // Rows run up: the last row is the first plane.
    let levels: Vec<u16> = (0..18).map(|x| image.get_pixel(x, 15).0[0]).collect();
    // The slices of a volume share their black and white: 63 and 745 here.
    let expected = f64::from(10 * 13 + 5 * 7 - 63) / f64::from(745 - 63);
    let level = f64::from(levels[5]) / 65_535.0;
    assert!((level - expected).abs() < 0.01, "{levels:?}");
}

#[test]
fn folds_are_a_question_and_the_chosen_one_decides() {
    let set = nnunet();
    let fold = |val: &str| {
        let train: Vec<String> = (0..4)
            .map(|case| format!("liver_{case:03}"))
            .filter(|case| case != val)
            .collect();
        format!("{{\"train\": {train:?}, \"val\": [\"{val}\"]}}")
    };
    let folds = format!("[{}, {}]", fold("liver_000"), fold("liver_003"));
    set.put("splits_final.json", folds.as_bytes());
    let error = list(&request(&set)).err().expect("a question").to_string();
    assert!(error.contains("--split-column fold-0"), "{error}");
    let chosen = |name: &str| Request {
        columns: Columns {
            split: Some(name.to_owned()),
            ..Columns::default()
        },
        ..request(&set)
    };
    let listing = list(&chosen("fold-1")).expect("listed").listing;
    let val = listing
        .samples
        .iter()
        .filter(|sample| listing.split_name(sample.split) == Some("val"));
    assert!(
        val.clone().count() == 6
            && val
                .clone()
                .all(|sample| sample.key.as_str().contains("liver_003"))
    );
    assert!(list(&chosen("fold-2")).is_err());
}

#[test]
fn folders_are_splits_and_classes_and_every_nth_slice_is_one() {
    let set = Set::of(&[]);
    for (split, class, number) in [
        ("train", "ill", 0),
        ("train", "ill", 1),
        ("train", "well", 2),
        ("test", "well", 3),
    ] {
        set.put(&format!("{split}/{class}/{number}.nii.gz"), &scan(number));
    }
    let every = Request {
        slices: Some(5),
        ..request(&set)
    };
    let listing = list(&every).expect("listed").listing;
    assert_eq!(listing.samples.len(), 4 * 3);
    assert_eq!(listing.classes, ["ill", "well"]);
    assert_eq!(
        listing.samples[0].key.as_str(),
        "test/well/3.nii.gz/axis3-002.pgm"
    );
    assert_eq!(listing.split_name(listing.samples[0].split), Some("test"));
    // Folders of subjects are no classes, and keep a subject's volumes together.
    let set = Set::of(&[]);
    for (subject, run) in [("sub-01", 1), ("sub-01", 2), ("sub-02", 1), ("sub-02", 2)] {
        set.put(&format!("{subject}/{subject}_run-{run}.nii.gz"), &scan(run));
    }
    let listing = list(&request(&set)).expect("listed").listing;
    assert!(listing.classes.is_empty());
    assert_eq!(listing.groups, ["sub-01", "sub-02"]);
}

#[test]
fn damaged_volumes_are_findings_and_stop_nothing() {
    let set = nnunet();
    set.put("imagesTr/liver_000_0000.nii.gz", b"not packed at all");
    set.put("imagesTr/liver_001_0000.nii.gz", &scan(3)[..400]);
    let listed = list(&request(&set)).expect("listed");
    let problems = &listed.listing.problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].kind, ProblemKind::BadMember);
    let cut = listed
        .listing
        .samples
        .iter()
        .find(|sample| sample.key.as_str().contains("liver_001_0000"));
    let read = listed.reader.read(cut.expect("listed by its header").id);
    assert!(read.is_err(), "cut off inside");
}
