//! Layouts of image folders.

use super::*;
use splitlint::sample::Role;

#[test]
fn splits_and_classes_are_read_from_folders_at_any_depth_below_the_class() {
    let set = Set::of(&[
        "train/cat/1.jpg",
        "train/cat/deep/er/2.jpg",
        "train/dog/1.png",
        "val/cat/3.jpg",
        "test/dog/4.jpg",
    ]);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "test/dog/4.jpg test dog",
            "train/cat/1.jpg train cat",
            "train/cat/deep/er/2.jpg train cat",
            "train/dog/1.png train dog",
            "val/cat/3.jpg val cat",
        ]
    );
    assert_eq!(split_names(&listing), ["train", "val", "test"]);
    assert_eq!(listing.classes, ["cat", "dog"]);
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    assert_eq!(
        listing.layout.summary,
        "image folders: 3 splits (train, val, test) × 2 classes"
    );
    has_all(
        &listing.layout.correction,
        &["--split train=", "--split val="],
    );
}

#[test]
fn usual_spellings_become_canonical_splits_and_keys_keep_the_folder() {
    for (train, val, test) in [
        ("training", "validation", "testing"),
        ("TRAIN", "Valid", "Eval"),
        ("Train", "dev", "holdout"),
        ("train", "val", "evaluation"),
    ] {
        let files = [train, val, test].map(|split| format!("{split}/cat/1.jpg"));
        let set = Set::of(&files.each_ref().map(String::as_str));
        let listing = set.list();
        assert_eq!(split_names(&listing), ["train", "val", "test"]);
        let mut keys: Vec<_> = listing.samples.iter().map(|s| s.key.to_string()).collect();
        keys.sort();
        let mut expected = files.to_vec();
        expected.sort();
        assert_eq!(keys, expected);
    }
}

#[test]
fn a_renamed_split_is_told() {
    let set = Set::of(&["train/cat/1.jpg", "validation/cat/2.jpg"]);
    has_all(&set.list().layout.summary, &["`validation` is val"]);
}

#[test]
fn two_folders_for_one_split_ask_for_the_flag() {
    let set = Set::of(&["val/cat/1.jpg", "dev/cat/2.jpg", "train/cat/3.jpg"]);
    has_all(
        &set.error(),
        &["`dev`, `val`", "--split val=", "--split NAME="],
    );
}

#[test]
fn a_folder_of_classes_has_no_splits() {
    let set = Set::of(&["cat/1.jpg", "dog/2.jpg", "dog/deep/3.jpg"]);
    let listing = set.list();
    assert!(listing.splits.is_empty());
    assert_eq!(
        rows(&listing),
        ["cat/1.jpg - cat", "dog/2.jpg - dog", "dog/deep/3.jpg - dog"]
    );
    has_all(&listing.layout.summary, &["2 classes, no splits"]);
    has_all(&listing.layout.correction, &["--split train="]);
}

#[test]
fn a_class_called_train_among_other_vehicles_is_a_class() {
    let set = Set::of(&["bus/1.jpg", "car/1.jpg", "train/1.jpg"]);
    let listing = set.list();
    assert_eq!(listing.classes, ["bus", "car", "train"]);
    assert!(listing.splits.is_empty());
}

#[test]
fn an_evaluation_folder_of_pictures_is_unlabelled() {
    let set = Set::of(&[
        "train/cat/1.jpg",
        "train/dog/2.jpg",
        "test/3.jpg",
        "test/4.jpg",
    ]);
    let listing = set.list();
    assert_eq!(listing.classes, ["cat", "dog"]);
    assert_eq!(
        rows(&listing)[..2],
        ["test/3.jpg test -", "test/4.jpg test -"]
    );
    has_all(&listing.layout.summary, &["test without labels"]);
}

#[test]
fn a_container_that_is_alone_in_its_split_is_no_class() {
    for container in ["images", "unknown", "test"] {
        let inside = format!("test/{container}/3.jpg");
        let set = Set::of(&["train/cat/1.jpg", "train/dog/2.jpg", &inside]);
        let listing = set.list();
        assert_eq!(listing.classes, ["cat", "dog"], "{container}");
    }
    let set = Set::of(&["train/images/1.jpg", "train/dog/2.jpg", "test/images/1.jpg"]);
    assert_eq!(set.list().classes, ["dog", "images"], "claimed as a class");
}

#[test]
fn detection_sets_with_images_beside_labels_are_unlabelled_splits() {
    for files in [
        [
            "images/train/1.jpg",
            "images/val/2.jpg",
            "labels/train/1.txt",
        ],
        [
            "train/images/1.jpg",
            "val/images/2.jpg",
            "train/labels/1.txt",
        ],
    ] {
        let listing = Set::of(&files).list();
        assert_eq!(split_names(&listing), ["train", "val"]);
        assert!(listing.classes.is_empty(), "{:?}", listing.classes);
        assert_eq!(problems(&listing, ProblemKind::EmptyFolder), [""; 0]);
    }
}

#[test]
fn wrapping_folders_are_gone_through_and_stay_in_the_key() {
    let set = Set::of(&["images/train/cat/1.jpg", "images/test/cat/2.jpg"]);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "images/test/cat/2.jpg test cat",
            "images/train/cat/1.jpg train cat"
        ]
    );
    let set = Set::of(&["flowers/flowers/rose/1.jpg", "flowers/flowers/tulip/2.jpg"]);
    let request = Request {
        root: Some(set.path("flowers")),
        ..Request::default()
    };
    assert_eq!(listed(&request).listing.classes, ["rose", "tulip"]);
}

#[test]
fn masks_beside_images_are_not_samples() {
    let set = Set::of(&[
        "images/train/cat/1.png",
        "images/val/cat/2.png",
        "masks/train/cat/1.png",
    ]);
    let listing = set.list();
    assert_eq!(listing.samples.len(), 2);
    assert_eq!(problems(&listing, ProblemKind::OutsideSplits).len(), 1);
}

#[test]
fn other_top_folders_are_splits_only_if_they_share_the_classes() {
    let set = Set::of(&[
        "train/cat/1.jpg",
        "train/dog/1.jpg",
        "test/cat/1.jpg",
        "test/dog/1.jpg",
        "extra/cat/1.jpg",
        "extra/dog/1.jpg",
        "previews/1.jpg",
        "ground_truth/cat/1.jpg",
        "ground_truth/dog/1.jpg",
        "overview.png",
    ]);
    let listing = set.list();
    assert_eq!(split_names(&listing), ["train", "test", "extra"]);
    assert_eq!(listing.samples.len(), 6);
    let told = problems(&listing, ProblemKind::OutsideSplits);
    assert_eq!(told.len(), 3, "{told:?}");
    has_all(
        &told.join("\n"),
        &[
            "ground_truth: 2 images",
            "previews: 1 image ",
            ".: 1 image ",
        ],
    );
    has_all(
        &listing.layout.summary,
        &["`previews` (1 image) passed over"],
    );
}

#[test]
fn folders_without_usual_names_that_share_their_classes_are_splits() {
    let set = Set::of(&[
        "fold1/cat/1.jpg",
        "fold1/dog/1.jpg",
        "fold2/cat/2.jpg",
        "fold2/dog/2.jpg",
    ]);
    let listing = set.list();
    assert_eq!(split_names(&listing), ["fold1", "fold2"]);
    assert_eq!(listing.classes, ["cat", "dog"]);
}

#[test]
fn folders_that_share_only_some_names_are_classes() {
    let set = Set::of(&[
        "cat/indoor/1.jpg",
        "cat/outdoor/1.jpg",
        "dog/indoor/1.jpg",
        "dog/run/1.jpg",
    ]);
    assert_eq!(set.list().classes, ["cat", "dog"]);
}

#[test]
fn split_folders_inside_class_folders_are_splits() {
    let set = Set::of(&["cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg"]);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "cat/test/2.jpg test cat",
            "cat/train/1.jpg train cat",
            "dog/train/3.jpg train dog"
        ]
    );
}

#[test]
fn several_sets_in_one_root_are_not_mixed() {
    let set = Set::of(&[
        "a/train/cat/1.jpg",
        "a/test/cat/2.jpg",
        "b/train/cat/3.jpg",
        "b/test/cat/4.jpg",
    ]);
    has_all(&set.error(), &["`a`, `b`", "scan one of them"]);
}

#[test]
fn a_single_split_beside_unnamed_classes_asks_for_the_flag() {
    let set = Set::of(&["cat/1.jpg", "dog/2.jpg", "test/3.jpg"]);
    has_all(&set.error(), &["`test`", "`cat`, `dog`", "--split"]);
}

#[test]
fn a_flat_folder_of_pictures_has_neither_splits_nor_labels() {
    let set = Set::of(&["1.jpg", "2.jpg"]);
    let listing = set.list();
    assert_eq!(rows(&listing), ["1.jpg - -", "2.jpg - -"]);
    assert!(listing.folders.is_empty());
    has_all(&listing.layout.summary, &["no labels, no splits"]);
    assert_eq!(Set::of(&["images/1.jpg"]).list().classes, [""; 0]);
}

#[test]
fn pictures_beside_class_folders_are_unlabelled() {
    let set = Set::of(&["train/cat/1.jpg", "train/loose.jpg", "test/cat/1.jpg"]);
    assert!(rows(&set.list()).contains(&"train/loose.jpg train -".to_owned()));
}

#[test]
fn an_unknown_root_is_told_with_what_was_found_and_what_is_accepted() {
    let set = Set::of(&["docs/a.txt", "docs/b.txt", "c.csv", ".git/x"]);
    has_all(
        &set.error(),
        &[
            "no image",
            "1 folder (`docs`)",
            "3 other files (2 `.txt`, 1 `.csv`)",
            "1 hidden",
            "ROOT/<split>/<class>/",
            "--split NAME=PATH",
        ],
    );
    has_all(&Set::of(&[]).error(), &["the folder is empty", "accepted:"]);
}

#[test]
fn a_root_that_is_not_there_or_no_manifest_is_told() {
    let set = Set::of(&["note.txt"]);
    let root = |path: &str| Request {
        root: Some(set.path(path)),
        ..Request::default()
    };
    has_all(&error(&root("gone")), &["gone", "no such file or folder"]);
    has_all(
        &error(&root("note.txt")),
        &["note.txt", "accepted:", ".parquet"],
    );
}

#[test]
fn splits_from_several_places_are_named_by_flags() {
    let (one, two) = (
        Set::of(&["a/cat/1.jpg"]),
        Set::of(&["b/2.jpg", "c/cat/3.jpg"]),
    );
    let request = Request {
        splits: vec![
            split("train", &one.path("a")),
            split("Validation", &two.path("b")),
            split("mine", &two.path("c")),
        ],
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        [
            "Validation/2.jpg val -",
            "mine/cat/3.jpg mine cat",
            "train/cat/1.jpg train cat"
        ]
    );
    assert_eq!(split_names(&listing), ["train", "val", "mine"]);
}

#[test]
fn a_split_may_be_given_twice_and_keys_stay_unique() {
    let set = Set::of(&["a/cat/1.jpg", "b/cat/1.jpg"]);
    let request = Request {
        splits: vec![
            split("train", &set.path("a")),
            split("train", &set.path("b")),
        ],
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        ["train/@2/cat/1.jpg train cat", "train/cat/1.jpg train cat"]
    );
    assert_eq!(listing.folders.len(), 1, "one class folder of both");
    assert_eq!(listing.folders[0].samples, 2);
}

#[test]
fn contradictions_in_the_request_are_told() {
    let set = Set::of(&["cat/1.jpg", "empty/x.txt", "list.csv"]);
    let both = Request {
        splits: vec![split("train", &set.path("cat"))],
        ..set.request()
    };
    assert!(is_config(list(&both)));
    assert!(is_config(list(&Request::default())));
    let splits = |splits: &[(String, PathBuf)]| Request {
        splits: splits.to_vec(),
        ..Request::default()
    };
    let wrong = error(&splits(&[
        split("train", &set.path("gone")),
        split("val", &set.path("list.csv")),
        split("", &set.path("cat")),
    ]));
    has_all(&wrong, &["gone", "list.csv", "no name"]);
    has_all(
        &error(&splits(&[split("train", &set.path("empty"))])),
        &["no image", "`.txt`"],
    );
}

#[test]
fn a_reference_is_a_split_of_its_own_whatever_its_layout() {
    let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
    for (files, expected) in [
        (
            &["train/cat/9.jpg", "test/dog/8.jpg"][..],
            &["cat", "dog"][..],
        ),
        (&["cat/9.jpg", "dog/8.jpg"], &["cat", "dog"]),
        (&["9.jpg"], &["cat"]),
    ] {
        let other = Set::of(files);
        let request = Request {
            reference: Some(other.folder.path().to_owned()),
            ..set.request()
        };
        let listing = listed(&request).listing;
        assert_eq!(split_names(&listing), ["train", "test", "reference"]);
        assert_eq!(listing.splits[2].role, Role::Reference);
        assert_eq!(listing.classes, expected);
        let own = rows(&listing)
            .into_iter()
            .filter(|r| r.starts_with("reference/"));
        assert_eq!(own.count(), files.len());
        assert_eq!(
            listing.folders.len(),
            2,
            "folders of the reference are its own matter"
        );
    }
}

#[test]
fn a_reference_inside_the_root_is_not_listed_twice() {
    let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg", "old/cat/3.jpg"]);
    let request = Request {
        reference: Some(set.path("old")),
        ..set.request()
    };
    assert_eq!(listed(&request).listing.samples.len(), 3);
}

#[test]
fn class_folders_are_listed_as_they_lie_on_disk() {
    let set = Set::of(&["train/cat/1.jpg", "train/cat/x/2.jpg", "test/cat/3.jpg"]);
    set.folder("train/empty").folder("train/.ipynb_checkpoints");
    let listing = set.list();
    let folders: Vec<_> = (listing.folders.iter())
        .map(|f| {
            let split = listing.split_name(f.split).unwrap_or("-");
            format!("{split} {} {} {}", f.name, f.samples, f.passed_over)
        })
        .collect();
    assert_eq!(
        folders,
        [
            "train .ipynb_checkpoints 0 true",
            "train cat 2 false",
            "train empty 0 false",
            "test cat 1 false"
        ]
    );
    assert_eq!(
        problems(&listing, ProblemKind::EmptyFolder),
        ["train/empty: a class folder without any image"]
    );
    assert_eq!(listing.classes, ["cat"]);
}

#[test]
fn an_empty_split_folder_is_a_split_without_samples() {
    let set = Set::of(&["train/cat/1.jpg", "val/notes.txt"]);
    let listing = set.list();
    assert_eq!(split_names(&listing), ["train", "val"]);
    assert_eq!(listing.samples.len(), 1);
}
