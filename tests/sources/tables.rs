//! Folders with their labels in tables: competitions, one-hot, ImageNet.

use super::*;

fn of(files: &[&str], tables: &[(&str, &str)]) -> Set {
    let set = Set::of(files);
    for (name, text) in tables {
        set.put(name, text.as_bytes());
    }
    set
}

#[test]
fn ids_are_completed_by_the_files_that_are_there() {
    for folder in ["train", "train_images", "images", "Images", "."] {
        let files = [format!("{folder}/aa.jpg"), format!("{folder}/bb.png")];
        let set = of(
            &files.each_ref().map(String::as_str),
            &[("labels.csv", "id,label\naa,pug\nbb,boxer\ncc,pug\n")],
        );
        let request = Request {
            root: Some(set.path("labels.csv")),
            ..Request::default()
        };
        let listing = listed(&request).listing;
        let key = |name: &str| match folder {
            "." => name.to_owned(),
            _ => format!("{folder}/{name}"),
        };
        let expected = [
            format!("{} - pug", key("aa.jpg")),
            format!("{} - boxer", key("bb.png")),
        ];
        assert_eq!(rows(&listing), expected);
        has_all(
            &listing.layout.summary,
            &[&format!("names completed by the files in `{folder}`")],
        );
        assert_eq!(
            problems(&listing, ProblemKind::MissingFile).len(),
            1,
            "{folder}"
        );
    }
}

#[test]
fn an_id_of_two_files_is_not_guessed() {
    let set = of(
        &["images/1.jpg", "images/2.jpg", "train/1.jpg"],
        &[("labels.csv", "id,label\n1,pug\n2,boxer\n../images/1,cat\n")],
    );
    let request = Request {
        root: Some(set.path("labels.csv")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(rows(&listing), ["images/2.jpg - boxer"]);
    has_all(
        &problems(&listing, ProblemKind::MissingFile).join("\n"),
        &[
            "row 1 (line 2): `1` may be `images/1.jpg` or `train/1.jpg`",
            "row 3",
        ],
    );
}

#[test]
fn a_table_of_a_split_means_the_folder_of_that_split() {
    let set = of(
        &["train/1.jpg", "test/1.jpg"],
        &[("test.csv", "id,label\n1,pug\n")],
    );
    let request = Request {
        splits: vec![split("test", &set.path("test.csv"))],
        ..Request::default()
    };
    assert_eq!(
        rows(&listed(&request).listing),
        ["test/test/1.jpg test pug"]
    );
}

#[test]
fn columns_of_0_and_1_are_the_label_set() {
    let set = Set::of(&["1.jpg", "2.jpg", "3.jpg"]);
    let csv =
        "file, cat, dog , sharp,weight\n1.jpg,1,0,0,0.5\n2.jpg,1.0,True,0,1\n3.jpg,0,False,0,0\n";
    let json = [
        (1, 1, "false", "0.5"),
        (2, 1, "true", "1"),
        (3, 0, "false", "0"),
    ]
    .map(|(n, cat, dog, weight)| {
        format!(
            r#"{{"file": "{n}.jpg", "cat": {cat}, "dog": {dog}, "sharp": 0, "weight": {weight}}}"#
        )
    })
    .join("\n");
    for (name, text) in [("list.csv", csv), ("list.jsonl", json.as_str())] {
        set.put(name, text.as_bytes());
        let request = Request {
            root: Some(set.path(name)),
            ..Request::default()
        };
        let listing = listed(&request).listing;
        assert_eq!(
            rows(&listing),
            ["1.jpg - cat", "2.jpg - cat;dog", "3.jpg - -"],
            "{name}"
        );
        has_all(
            &listing.layout.summary,
            &["labels = columns of 0 and 1: `cat`, `dog`, `sharp`"],
        );
    }
}

#[test]
fn one_column_of_0_and_1_or_a_label_beside_them_is_no_label_set() {
    let set = Set::of(&["1.jpg", "2.jpg"]);
    for (text, expected) in [
        (
            "Unnamed: 0,file,clean\n0,1.jpg,1\n1,2.jpg,0\n",
            ["1.jpg - -", "2.jpg - -"],
        ),
        (
            "file,label,a,b\n1.jpg,x,1,0\n2.jpg,y,0,1\n",
            ["1.jpg - x", "2.jpg - y"],
        ),
        (
            "file,a,b\n1.jpg,1,0\n2.jpg,0,2\n",
            ["1.jpg - -", "2.jpg - -"],
        ),
    ] {
        set.put("list.csv", text.as_bytes());
        let request = Request {
            root: Some(set.path("list.csv")),
            ..Request::default()
        };
        assert_eq!(rows(&listed(&request).listing), expected, "{text}");
    }
}

#[test]
fn one_hot_tables_in_split_folders_are_labels() {
    let set = of(
        &["train/1.jpg", "train/2.jpg", "train/3.jpg", "valid/4.jpg"],
        &[
            (
                "train/_classes.csv",
                "filename, cat, dog\n1.jpg, 1, 0\n2.jpg, 1, 1\n9.jpg, 0, 1\n",
            ),
            ("valid/_classes.csv", "filename, cat, dog\n4.jpg, 0, 1\n"),
        ],
    );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "train/1.jpg train cat",
            "train/2.jpg train cat;dog",
            "train/3.jpg train -",
            "valid/4.jpg val dog"
        ]
    );
    assert_eq!(
        problems(&listing, ProblemKind::MissingFile),
        ["train/9.jpg: line 4 of `train/_classes.csv` names `9.jpg`"]
    );
    assert_eq!(
        problems(&listing, ProblemKind::Annotation),
        [
            "train/3.jpg: an image has no row in the table of its folder: not in `train/_classes.csv`"
        ]
    );
    assert!(problems(&listing, ProblemKind::NotAnImage).is_empty());
    has_all(
        &listing.layout.summary,
        &["folders with `_classes.csv` (by `train/_classes.csv` and 1 more)"],
    );
}

#[test]
fn a_competition_folder_has_the_labels_of_its_table() {
    let set = of(
        &[
            "train_images/1.jpg",
            "train_images/2.jpg",
            "test_images/3.jpg",
        ],
        &[
            (
                "train.csv",
                "image_id,label,patient_id\n1.jpg,cat,a\n2.jpg,dog,b\n",
            ),
            ("sample_submission.csv", "image_id,label\n3.jpg,cat\n"),
        ],
    );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "test_images/3.jpg test -",
            "train_images/1.jpg train cat",
            "train_images/2.jpg train dog"
        ]
    );
    assert_eq!(listing.groups, ["a", "b"]);
    has_all(
        &listing.layout.summary,
        &[
            "image folders and a table (by `train.csv`)",
            "label = `label`",
            "test without labels",
        ],
    );
    let request = Request {
        layout: Some(splitlint::source::LayoutName::Folders),
        ..set.request()
    };
    assert!(listed(&request).listing.classes.is_empty());
}

#[test]
fn tables_named_by_splits_deal_one_folder_of_images() {
    let set = of(
        &[
            "images/1.jpg",
            "images/2.jpg",
            "images/3.jpg",
            "images/4.jpg",
        ],
        &[
            ("train.csv", "filename,label\n1.jpg,cat\n2.jpg,dog\n"),
            ("test.csv", "filename,label\n2.jpg,dog\n3.jpg,cat\n"),
        ],
    );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "images/1.jpg train cat",
            "images/2.jpg test dog",
            "images/2.jpg#2 train dog",
            "images/3.jpg test cat"
        ]
    );
    assert_eq!(
        problems(&listing, ProblemKind::OutsideSplits),
        ["images: 1 image in no table, and so in no split; not scanned"]
    );
    assert_eq!(problems(&listing, ProblemKind::SameFileTwice).len(), 1);
}

#[test]
fn class_folders_are_not_overruled_by_a_table_beside_them() {
    let set = of(
        &["cat/1.jpg", "dog/2.jpg"],
        &[("list.csv", "file,label\ncat/1.jpg,a\ndog/2.jpg,b\n")],
    );
    assert_eq!(rows(&set.list()), ["cat/1.jpg - cat", "dog/2.jpg - dog"]);
}

#[test]
fn two_tables_of_labels_are_a_question() {
    let table = "file,label\n1.jpg,a\n2.jpg,b\n";
    let set = of(
        &["images/1.jpg", "images/2.jpg"],
        &[("labels.csv", table), ("labels_new.csv", table)],
    );
    has_all(
        &set.error(),
        &[
            "several tables",
            "labels.csv`",
            "labels_new.csv`",
            "--layout folders",
        ],
    );
}

#[test]
fn rows_that_repeat_an_image_are_told_or_are_its_objects() {
    let files: Vec<String> = (0..30).map(|n| format!("images/{n}.jpg")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let mut table = "image_id,label\n".to_owned();
    (0..30).for_each(|n| table.push_str(&format!("{n},cat\n")));
    let once = format!("{table}3,dog\n3,cat\n");
    let listing = of(&files, &[("train.csv", &once)]).list();
    assert_eq!(listing.samples.len(), 30);
    let messages = problems(&listing, ProblemKind::DuplicateRow).join("\n");
    has_all(
        &messages,
        &[
            "line 32 of `train.csv` repeats line 5 with other labels; both are used",
            "line 33",
        ],
    );
    (0..30).for_each(|n| table.push_str(&format!("{n},dog\n")));
    let listing = of(&files, &[("train.csv", &table)]).list();
    assert_eq!(listing.samples.len(), 30);
    assert!(rows(&listing).iter().all(|row| row.ends_with("cat;dog")));
    assert!(problems(&listing, ProblemKind::DuplicateRow).is_empty());
}

#[test]
fn imagenet_has_its_validation_labels_from_the_solution() {
    let set = of(
        &[
            "ILSVRC/Data/CLS-LOC/train/n01/n01_1.JPEG",
            "ILSVRC/Data/CLS-LOC/train/n02/n02_1.JPEG",
            "ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_1.JPEG",
            "ILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_2.JPEG",
            "ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_1.JPEG",
        ],
        &[
            (
                "LOC_val_solution.csv",
                "ImageId,PredictionString\nILSVRC2012_val_1,n02 1 2 3 4 \nILSVRC2012_val_2,n01 1 2 3 4 n01 5 6 7 8\n",
            ),
            (
                "LOC_train_solution.csv",
                "ImageId,PredictionString\nn01_1,n01 1 2 3 4\n",
            ),
            (
                "LOC_sample_submission.csv",
                "ImageId,PredictionString\nx,n01 1 2 3 4\n",
            ),
        ],
    );
    let base = "ILSVRC/Data/CLS-LOC";
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            format!("{base}/test/ILSVRC2012_test_1.JPEG test -"),
            format!("{base}/train/n01/n01_1.JPEG train n01"),
            format!("{base}/train/n02/n02_1.JPEG train n02"),
            format!("{base}/val/ILSVRC2012_val_1.JPEG val n02"),
            format!("{base}/val/ILSVRC2012_val_2.JPEG val n01"),
        ]
    );
    has_all(
        &listing.layout.summary,
        &["ImageNet folders (by `LOC_val_solution.csv`)"],
    );
}

#[test]
fn tiny_imagenet_has_its_validation_labels_from_the_list() {
    let set = of(
        &[
            "train/n01/images/n01_0.JPEG",
            "train/n02/images/n02_0.JPEG",
            "val/images/val_0.JPEG",
            "val/images/val_1.JPEG",
            "val/images/val_2.JPEG",
            "test/images/test_0.JPEG",
        ],
        &[
            (
                "val/val_annotations.txt",
                "val_0.JPEG\tn02\t0\t32\t44\t62\nval_1.JPEG\tn01\t52\t55\t57\t59\n",
            ),
            ("train/n01/n01_boxes.txt", "n01_0.JPEG\t0\t0\t62\t63\n"),
            ("wnids.txt", "n01\nn02\n"),
        ],
    );
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "test/images/test_0.JPEG test -",
            "train/n01/images/n01_0.JPEG train n01",
            "train/n02/images/n02_0.JPEG train n02",
            "val/images/val_0.JPEG val n02",
            "val/images/val_1.JPEG val n01",
            "val/images/val_2.JPEG val -",
        ]
    );
    assert_eq!(problems(&listing, ProblemKind::Annotation).len(), 1);
    assert!(problems(&listing, ProblemKind::NotAnImage).is_empty());
    let folders: Vec<&str> = listing.folders.iter().map(|f| f.name.as_str()).collect();
    assert!(
        folders.contains(&"images"),
        "a class to loaders of folders: {folders:?}"
    );
}

#[test]
fn the_layout_can_be_asked_for_and_refuses_what_has_no_table() {
    let set = Set::of(&["a/1.jpg", "b/2.jpg"]);
    let request = Request {
        layout: Some(splitlint::source::LayoutName::Tables),
        ..set.request()
    };
    has_all(
        &error(&request),
        &["no table", "_classes.csv", "--path-column"],
    );
}

#[test]
fn a_table_cut_off_anywhere_or_damaged_is_read_or_refused() {
    for (name, text) in [
        (
            "train/_classes.csv",
            "filename, cat, dog\n1.jpg, 1, 0\n\"2.jpg\", 1, 1\n",
        ),
        (
            "val/val_annotations.txt",
            "1.jpg\tn02\t0\t1\n../1.jpg\tn01\t5\n",
        ),
        (
            "LOC_val_solution.csv",
            "ImageId,PredictionString\n1,n02 1 2 3 4\n",
        ),
        ("labels.csv", "id,label\n1,\"a\"\n2,b\n"),
    ] {
        let set = Set::of(&["train/1.jpg", "train/2.jpg", "val/1.jpg"]);
        for end in 0..=text.len() {
            let mut bytes = text.as_bytes()[..end].to_vec();
            for damage in [None, Some(0xff), Some(b'"'), Some(0)] {
                if let (Some(byte), Some(last)) = (damage, bytes.last_mut()) {
                    *last = byte;
                }
                set.put(name, &bytes);
                match list(&set.request()) {
                    Ok(listed) => assert_eq!(listed.listing.samples.len(), 3, "{name} {end}"),
                    Err(error) => assert!(error.to_string().contains('`'), "{error}"),
                }
            }
        }
    }
}

#[test]
fn what_globs_keep_out_is_no_missing_file_in_any_layout_with_lists() {
    let table = of(
        &["train/1.jpg", "train/2.jpg"],
        &[("labels.csv", "id,label\n1,a\n2,b\n")],
    );
    let coco = of(
        &["data/1.jpg", "data/2.jpg"],
        &[(
            "labels.json",
            r#"{"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}],
                "annotations": [], "categories": []}"#,
        )],
    );
    let annotation = "<annotation></annotation>";
    let voc = of(
        &["JPEGImages/1.jpg", "JPEGImages/2.jpg"],
        &[
            ("Annotations/1.xml", annotation),
            ("Annotations/2.xml", annotation),
            ("ImageSets/Main/train.txt", "1\n2\n"),
        ],
    );
    let yolo = of(
        &["images/train/1.jpg", "images/train/2.jpg"],
        &[
            ("data.yaml", "train: images/train\nnames: [a]\n"),
            ("labels/train/2.txt", "0 0.5 0.5 0.1 0.1\n"),
        ],
    );
    for (set, name) in [
        (table, "table"),
        (coco, "coco"),
        (voc, "voc"),
        (yolo, "yolo"),
    ] {
        let request = Request {
            exclude: vec!["**/2.jpg".to_owned()],
            ..set.request()
        };
        let listing = listed(&request).listing;
        assert_eq!(listing.samples.len(), 1, "{name}");
        assert!(
            listing.problems.is_empty(),
            "{name}: {:?}",
            listing.problems
        );
    }
}

#[test]
fn parquet_columns_of_truths_and_whole_numbers_are_the_label_set() {
    use polars::prelude::*;
    let set = Set::of(&["images/1.jpg", "images/2.jpg", "images/3.jpg"]);
    let columns = vec![
        Column::new("image_id".into(), ["1", "2", "3"]),
        Column::new("cat".into(), [true, true, false]),
        Column::new("dog".into(), [0_i64, 1, 0]),
        Column::new("age".into(), [0_i64, 1, 7]),
        Column::new("score".into(), [0.0_f64, 1.0, 0.0]),
    ];
    let mut table = DataFrame::new(3, columns).expect("a table");
    let file = fs::File::create(set.path("list.parquet")).expect("created");
    ParquetWriter::new(file)
        .finish(&mut table)
        .expect("written");
    let request = Request {
        root: Some(set.path("list.parquet")),
        ..Request::default()
    };
    assert_eq!(
        rows(&listed(&request).listing),
        [
            "images/1.jpg - cat",
            "images/2.jpg - cat;dog",
            "images/3.jpg - -"
        ]
    );
}
