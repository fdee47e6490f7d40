//! Ultralytics YOLO sets.

use splitlint::sample::Bounds;

use super::*;

const YAML: &str = "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: person\n  1: car\n";

/// Two images of train and one of val with their label files.
fn small() -> Set {
    let set = Set::of(&[
        "images/train/1.jpg",
        "images/train/2.jpg",
        "images/val/3.jpg",
    ]);
    set.put("data.yaml", YAML.as_bytes())
        .put(
            "labels/train/1.txt",
            b"0 0.5 0.5 0.2 0.4\n1 0.1 0.1 0.1 0.1\n",
        )
        .put("labels/train/2.txt", b"")
        .put("labels/val/3.txt", b"1 0.5 0.5 1 1\n");
    set
}

const ROWS: [&str; 3] = [
    "images/train/1.jpg train car;person",
    "images/train/2.jpg train -",
    "images/val/3.jpg val car",
];

#[test]
fn a_folder_with_data_yaml_and_the_file_itself_are_one_set() {
    let set = small();
    let listing = set.list();
    assert_eq!(rows(&listing), ROWS);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    assert_eq!(
        listing.layout.summary,
        "YOLO set (by `data.yaml`): 2 splits (train, val) × 2 classes; 1 background image without \
         objects"
    );
    let objects = listing.objects_of(SampleId(0));
    assert_eq!(objects.len(), 2);
    assert_eq!(listing.class_name(objects[0].class), "person");
    let Bounds::Shares(bounds) = objects[0].bounds else {
        panic!("shares")
    };
    assert!((bounds.y - 0.3).abs() < 1e-6);
    let by_file = Request {
        root: Some(set.path("data.yaml")),
        ..Request::default()
    };
    let by_file = listed(&by_file).listing;
    assert_eq!(rows(&by_file), ROWS);
    assert_eq!(by_file.objects, listing.objects);
}

#[test]
fn a_yolo_set_in_an_archive_is_one_too() {
    let mut archive = tar::Builder::new(Vec::new());
    let set = small();
    archive
        .append_dir_all("coco8", set.folder.path())
        .expect("written");
    let other = Set::of(&[]);
    other.put("coco8.tar", &archive.into_inner().expect("written"));
    let request = Request {
        root: Some(other.path("coco8.tar")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(rows(&listing), ROWS);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
}

#[test]
fn a_split_that_starts_above_is_tried_without_and_validation_is_val() {
    let set = Set::of(&["train/images/1.jpg", "valid/images/2.jpg"]);
    set.put("train/labels/1.txt", b"0 0.5 0.5 0.2 0.4\n")
        .put("valid/labels/2.txt", b"0 0.5 0.5 0.2 0.4\n")
        .put(
            "data.yaml",
            b"train: ../train/images\nvalidation: ../valid/images\nnc: 1\nnames: ['cat']\n",
        );
    assert_eq!(
        rows(&set.list()),
        ["train/images/1.jpg train cat", "valid/images/2.jpg val cat"]
    );
}

#[test]
fn lists_of_images_and_several_folders_are_followed() {
    let set = Set::of(&["a/images/1.jpg", "b/images/2.jpg", "c/images/3.jpg"]);
    set.put("a/labels/1.txt", b"0 0.5 0.5 0.2 0.4\n")
        .put("c/labels/3.txt", b"1 0.5 0.5 0.2 0.4\n")
        .put("lists/val.txt", b"../c/images/3.jpg\n\n../c/images/9.jpg\n")
        .put(
            "set.yaml",
            b"train: [a/images, b/images]\nval: lists/val.txt\nnc: 2\n",
        );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "a/images/1.jpg train class_0",
            "b/images/2.jpg train -",
            "c/images/3.jpg val class_1"
        ]
    );
    let missing = problems(&listing, ProblemKind::MissingFile);
    assert_eq!(
        missing,
        ["c/images/9.jpg: `lists/val.txt`, line 3, names it"]
    );
}

#[test]
fn what_a_trainer_passes_over_in_silence_is_told() {
    let set = small();
    set.put(
        "labels/train/1.txt",
        b"0 0.5 0.5 0.2 0.4\n2 0.1 0.1 0.1 0.1\n",
    )
    .put("labels/val/3.txt", b"0 0.5 0.5 0.2\n")
    .put("labels/train/9.txt", b"0 0.5 0.5 0.2 0.4\n")
    .put("images/train/4.jpg", b"image")
    .put("images/train/4.txt", b"0 0.5 0.5 0.2 0.4\n")
    .put("images/spare/5.jpg", b"image");
    let listing = set.list();
    let messages = problems(&listing, ProblemKind::Annotation);
    assert_eq!(messages.len(), 4, "{messages:#?}");
    has_all(
        &messages.join("\n"),
        &[
            "images/train/4.txt: a label file lies where Ultralytics does not read it: it reads \
             `labels/train/4.txt`",
            "labels/train/1.txt: a class number is outside `names`: line 2",
            "labels/train/9.txt: a label file has no image",
            "labels/val/3.txt: a line of a label file does not describe an object: line 1",
        ],
    );
    assert_eq!(
        problems(&listing, ProblemKind::OutsideSplits),
        ["images/spare: 1 image that no split of `data.yaml` names; not scanned"]
    );
    assert_eq!(problems(&listing, ProblemKind::NotAnImage), [""; 0]);
}

#[test]
fn an_image_in_two_splits_is_a_sample_of_each() {
    let set = small();
    set.put(
        "data.yaml",
        b"train: images/train\nval: [images/val, images/train]\nnames: [person, car]\n",
    );
    let listing = set.list();
    assert_eq!(listing.samples.len(), 5);
    assert!(rows(&listing).contains(&"images/train/1.jpg#val val car;person".to_owned()));
    assert_eq!(problems(&listing, ProblemKind::SameFileTwice).len(), 2);
}

#[test]
fn a_missing_folder_and_a_broken_yaml_are_told_with_the_next_step() {
    let set = small();
    set.put(
        "data.yaml",
        b"train: images/train\nval: images/gone\nnames: [a, b]\n",
    );
    has_all(
        &set.error(),
        &["`data.yaml`", "`val: images/gone`", "--split NAME=PATH"],
    );
    let broken = Request {
        layout: "yolo".parse().ok(),
        ..set.request()
    };
    set.put("data.yaml", b"train: [images/train\nval: x\n");
    has_all(&error(&broken), &["`data.yaml`", "no YOLO set"]);
}

#[test]
fn folders_may_be_forced() {
    let request = Request {
        layout: "folders".parse().ok(),
        ..small().request()
    };
    let set = small();
    let request = Request {
        root: set.request().root,
        ..request
    };
    let listing = listed(&request).listing;
    assert_eq!(listing.layout.name, "folders");
    assert!(listing.classes.is_empty());
}
