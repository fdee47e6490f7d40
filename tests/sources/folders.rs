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
fn an_evaluation_folder_of_images_is_unlabelled() {
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
    let folders = Request {
        layout: Some(splitlint::source::LayoutName::Folders),
        ..set.request()
    };
    let listing = listed(&folders).listing;
    assert_eq!(listing.samples.len(), 2);
    assert_eq!(problems(&listing, ProblemKind::OutsideSplits).len(), 1);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "images/train/cat/1.png train cat",
            "images/val/cat/2.png val cat"
        ]
    );
    assert_eq!(
        problems(&listing, ProblemKind::Annotation),
        [
            "images/val/cat/2.png: an image has no mask",
            "masks/train/cat/1.png: a mask cannot be read: no size in its header"
        ]
    );
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
    let messages = problems(&listing, ProblemKind::OutsideSplits);
    assert_eq!(messages.len(), 3, "{messages:?}");
    has_all(
        &messages.join("\n"),
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
fn a_flat_folder_of_images_has_neither_splits_nor_labels() {
    let set = Set::of(&["1.jpg", "2.jpg"]);
    let listing = set.list();
    assert_eq!(rows(&listing), ["1.jpg - -", "2.jpg - -"]);
    assert!(listing.folders.is_empty());
    has_all(&listing.layout.summary, &["no labels, no splits"]);
    assert_eq!(Set::of(&["images/1.jpg"]).list().classes, [""; 0]);
}

#[test]
fn images_beside_class_folders_are_unlabelled() {
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
        split("val", &set.path("lost.csv")),
        split("", &set.path("cat")),
    ]));
    has_all(&wrong, &["gone", "lost.csv", "no name"]);
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

#[test]
fn names_of_splits_among_other_words_are_splits() {
    for (train, val, test) in [
        ("train2017", "val2017", "test2017"),
        ("seg_train", "seg_val", "seg_test"),
        ("train_images", "validation_images", "test_images"),
        ("trainset", "validate", "testset"),
        ("birds-train", "birds-val", "birds-test"),
    ] {
        let files = [train, val, test].map(|split| format!("{split}/1.jpg"));
        let mut files = files.each_ref().map(String::as_str).to_vec();
        files.push("annotations/x.json");
        let listing = Set::of(&files).list();
        assert_eq!(split_names(&listing), ["train", "val", "test"], "{train}");
        assert!(listing.classes.is_empty(), "{train}: {:?}", listing.classes);
        assert_eq!(
            problems(&listing, ProblemKind::EmptyFolder),
            [""; 0],
            "{train}"
        );
    }
}

#[test]
fn a_split_folder_that_repeats_its_name_holds_the_classes() {
    let set = Set::of(&[
        "seg_train/seg_train/sea/1.jpg",
        "seg_train/seg_train/street/2.jpg",
        "seg_test/seg_test/sea/3.jpg",
        "seg_test/seg_test/street/4.jpg",
        "seg_pred/seg_pred/5.jpg",
    ]);
    let listing = set.list();
    assert_eq!(split_names(&listing), ["train", "test"]);
    assert_eq!(listing.classes, ["sea", "street"]);
    assert_eq!(problems(&listing, ProblemKind::OutsideSplits).len(), 1);
}

#[test]
fn a_word_of_a_split_in_a_class_is_no_split() {
    for files in [
        &["beaker/1.jpg", "flask/1.jpg", "test_tube/1.jpg"][..],
        &["bullet_train/1.jpg", "steam_train/1.jpg"],
        &["contest/1.jpg", "device/1.jpg"],
    ] {
        let listing = Set::of(files).list();
        assert!(listing.splits.is_empty(), "{files:?}");
        assert_eq!(listing.classes.len(), files.len());
    }
}

#[test]
fn folders_that_may_be_splits_or_classes_are_a_question_with_both_commands() {
    let doubtful = Set::of(&["birds_train/1.jpg", "cats_val/2.jpg"]);
    has_all(
        &doubtful.error(),
        &["splits or classes", "--split NAME=", "--split all="],
    );
    let twice = Set::of(&["trainA/1.jpg", "trainB/2.jpg", "testA/3.jpg", "testB/4.jpg"]);
    has_all(&twice.error(), &["`testA`, `testB`", "--split test="]);
    let among_classes = Set::of(&["cat/1.jpg", "dog/2.jpg", "train2017/3.jpg"]);
    has_all(&among_classes.error(), &["`train2017`", "--split"]);
}

#[test]
fn a_set_inside_itself_is_one_problem_and_no_class() {
    for (inner, splits) in [
        ("cells/cells", 0),
        ("augmented data", 0),
        ("train/again", 2),
    ] {
        let mut files = vec!["no/1.jpg".to_owned(), "yes/2.jpg".to_owned()];
        if splits == 2 {
            files = files
                .iter()
                .flat_map(|f| [format!("train/{f}"), format!("test/{f}")])
                .collect();
        }
        for index in 0..9 {
            files.push(format!("{inner}/no/{index}.jpg"));
            files.push(format!("{inner}/yes/{index}.jpg"));
        }
        let listing = Set::of(&files.iter().map(String::as_str).collect::<Vec<_>>()).list();
        assert_eq!(listing.classes, ["no", "yes"], "{inner}");
        assert_eq!(listing.splits.len(), splits, "{inner}");
        let messages = problems(&listing, ProblemKind::OutsideSplits);
        assert_eq!(messages.len(), 1, "{messages:?}");
        has_all(
            &messages[0],
            &["18 images", "same class folders", "--split original="],
        );
    }
}

#[test]
fn a_container_beside_class_folders_is_a_folder_for_loaders() {
    let set = Set::of(&[
        "train/n01/images/1.jpg",
        "train/n02/images/2.jpg",
        "val/images/3.jpg",
        "test/unknown/4.jpg",
    ]);
    let listing = set.list();
    assert_eq!(listing.classes, ["n01", "n02"]);
    let folders: Vec<_> = (listing.folders.iter())
        .map(|f| format!("{} {}", listing.split_name(f.split).unwrap_or("-"), f.name))
        .collect();
    assert_eq!(folders, ["train n01", "train n02", "val images"]);
}

#[cfg(unix)]
#[test]
fn a_hugging_face_cache_is_read_at_its_revision() {
    let set = Set::of(&["blobs/aa", "blobs/bb"]);
    set.put("refs/main", b"r2\n")
        .link("snapshots/r2/train/cat/1.jpg", "../../../../blobs/aa")
        .link("snapshots/r2/test/cat/2.jpg", "../../../../blobs/bb");
    let expected = [
        "snapshots/r2/test/cat/2.jpg test cat",
        "snapshots/r2/train/cat/1.jpg train cat",
    ];
    assert_eq!(rows(&set.list()), expected);
    set.folder("snapshots/r1");
    assert_eq!(rows(&set.list()), expected, "the one that main names");
    set.put("refs/main", b"gone");
    has_all(
        &set.error(),
        &["2 revisions", "snapshots/r1", "snapshots/r2"],
    );
}

#[test]
fn a_manifest_in_the_folder_is_the_set_and_folders_can_be_forced() {
    let set = Set::of(&["a/1.jpg", "b/2.jpg"]);
    set.put(
        "manifest.csv",
        b"path,label,split\na/1.jpg,cat,train\nb/2.jpg,dog,test\n",
    );
    let listing = set.list();
    assert_eq!(rows(&listing), ["a/1.jpg train cat", "b/2.jpg test dog"]);
    has_all(&listing.layout.summary, &["manifest `manifest.csv`"]);
    let forced = Request {
        layout: "folders".parse().ok(),
        ..set.request()
    };
    assert_eq!(
        rows(&listed(&forced).listing),
        ["a/1.jpg - a", "b/2.jpg - b"]
    );
}

#[test]
fn two_possible_readings_are_a_question_with_both_commands() {
    let set = Set::of(&["images/1.jpg"]);
    set.put("manifest.csv", b"path,label\nimages/1.jpg,cat\n")
        .put("data.yaml", b"train: images\nval: images\nnames: [cat]\n");
    has_all(
        &set.error(),
        &[
            "2 ways",
            "`manifest.csv`",
            "`data.yaml`",
            "--layout manifest",
            "--layout yolo",
        ],
    );
}
