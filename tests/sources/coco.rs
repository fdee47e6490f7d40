//! COCO sets.

use splitlint::sample::Bounds;

use super::*;

/// Categories 1 (kite) and 90 (sled), one box in each image.
fn json(images: &[(u32, &str)]) -> String {
    let rows: Vec<String> = (images.iter())
        .map(|(id, name)| {
            format!(r#"{{"id": {id}, "file_name": "{name}", "width": 9, "height": 9}}"#)
        })
        .collect();
    let boxes: Vec<String> = (images.iter())
        .map(|(id, _)| {
            let category = if id % 2 == 0 { 90 } else { 1 };
            format!(r#"{{"id": {id}, "image_id": {id}, "category_id": {category}, "iscrowd": 0, "bbox": [1, 2, 3, 4]}}"#)
        })
        .collect();
    format!(
        r#"{{"info": {{}}, "images": [{}], "annotations": [{}],
            "categories": [{{"id": 1, "name": "kite"}}, {{"id": 90, "name": "sled"}}]}}"#,
        rows.join(","),
        boxes.join(",\n")
    )
}

#[test]
fn annotation_files_are_splits_wherever_their_images_lie() {
    for (train, val) in [
        ("train2017", "val2017"),
        ("images/train2017", "images/val2017"),
        ("images/train", "images/val"),
        ("train", "val"),
    ] {
        let files = [
            format!("{train}/1.jpg"),
            format!("{train}/2.jpg"),
            format!("{val}/3.jpg"),
        ];
        let set = Set::of(&files.each_ref().map(String::as_str));
        set.put(
            "annotations/instances_train2017.json",
            json(&[(1, "1.jpg"), (2, "2.jpg")]).as_bytes(),
        )
        .put(
            "annotations/instances_val2017.json",
            json(&[(3, "3.jpg")]).as_bytes(),
        )
        .put(
            "annotations/captions_val2017.json",
            json(&[(3, "3.jpg")]).as_bytes(),
        );
        let listing = set.list();
        assert_eq!(
            rows(&listing),
            [
                format!("{train}/1.jpg train kite"),
                format!("{train}/2.jpg train sled"),
                format!("{val}/3.jpg val kite")
            ]
        );
        assert!(listing.problems.is_empty(), "{:?}", listing.problems);
        has_all(
            &listing.layout.summary,
            &[
                "COCO set (by `annotations/instances_train2017.json` and 1 more)",
                "2 classes",
            ],
        );
        let objects = listing.objects_of(SampleId(0));
        let Bounds::Pixels(bounds) = objects[0].bounds else {
            panic!("pixels")
        };
        assert_eq!((bounds.x, bounds.height), (1.0, 4.0));
    }
}

#[test]
fn roboflow_and_fiftyone_exports_are_read() {
    let set = Set::of(&["train/1.jpg", "valid/3.jpg"]);
    set.put(
        "train/_annotations.coco.json",
        json(&[(1, "1.jpg")]).as_bytes(),
    )
    .put(
        "valid/_annotations.coco.json",
        json(&[(3, "3.jpg")]).as_bytes(),
    );
    assert_eq!(
        rows(&set.list()),
        ["train/1.jpg train kite", "valid/3.jpg val kite"]
    );
    let set = Set::of(&["data/1.jpg", "data/2.jpg"]);
    set.put(
        "labels.json",
        json(&[(1, "1.jpg"), (2, "2.jpg")]).as_bytes(),
    );
    assert_eq!(
        rows(&set.list()),
        ["data/1.jpg - kite", "data/2.jpg - sled"]
    );
}

#[test]
fn a_file_is_scanned_with_its_images_and_several_are_splits() {
    let set = Set::of(&["pool/1.jpg", "pool/2.jpg", "pool/3.jpg"]);
    set.put("a/one.json", json(&[(1, "1.jpg"), (2, "2.jpg")]).as_bytes())
        .put("a/two.json", json(&[(3, "3.jpg"), (2, "2.jpg")]).as_bytes());
    let request = Request {
        splits: vec![
            split("train", &set.path("a/one.json")),
            split("test", &set.path("a/two.json")),
        ],
        images: Some(set.path("pool")),
        ..Request::default()
    };
    let listing = listed(&request).listing;
    assert_eq!(
        rows(&listing),
        [
            "test/2.jpg test sled",
            "test/3.jpg test kite",
            "train/1.jpg train kite",
            "train/2.jpg train sled"
        ]
    );
    assert_eq!(problems(&listing, ProblemKind::SameFileTwice).len(), 1);
    let lost = Request {
        root: Some(set.path("a/one.json")),
        ..Request::default()
    };
    has_all(&error(&lost), &["one.json", "`1.jpg`", "--images DIR"]);
}

#[test]
fn annotations_that_lead_nowhere_are_told() {
    let set = Set::of(&["data/1.jpg", "data/2.jpg", "data/9.jpg"]);
    let text = r#"{"images": [
        {"id": "a", "file_name": "1.jpg"}, {"id": "b", "file_name": "2.jpg"},
        {"id": "c", "file_name": "1.jpg"}, {"id": "d", "file_name": "4.jpg"}, {"id": "e"}],
      "annotations": [
        {"id": 1, "image_id": "a", "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 2, "image_id": "z", "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 3, "image_id": "z", "category_id": 1, "bbox": [0, 0, 1, 1]},
        {"id": 4, "image_id": "a", "category_id": 7, "bbox": [0, 0, 1, 1]},
        {"id": 5, "image_id": "b", "category_id": 1, "bbox": [0, 0, 0, 1]}],
      "categories": [{"id": 1, "name": "kite"}]}"#;
    set.put("labels.json", text.as_bytes());
    let listing = set.list();
    assert_eq!(rows(&listing), ["data/1.jpg - kite", "data/2.jpg - -"]);
    let messages = problems(&listing, ProblemKind::Annotation);
    assert_eq!(messages.len(), 5, "{messages:#?}");
    has_all(
        &messages.join("\n"),
        &[
            "not listed: image z, 2 times",
            "not listed: category 7",
            "a box has no size: image b",
            "one file is listed under two ids: image c",
            "an entry has no file name: image e",
        ],
    );
    assert_eq!(
        problems(&listing, ProblemKind::MissingFile),
        ["data/4.jpg: `labels.json` lists it as image d"]
    );
    assert_eq!(problems(&listing, ProblemKind::OutsideSplits).len(), 1);
}

#[test]
fn a_broken_file_is_told_with_its_line() {
    let set = Set::of(&["data/1.jpg"]);
    set.put(
        "labels.json",
        b"{\"images\": [{\"id\": 1, \"file_name\": \"1.jpg\"}],\n\"annotations\": [}",
    );
    has_all(&set.error(), &["`labels.json`", "line 2"]);
}

#[test]
fn polygons_stand_for_boxes_that_are_missing_and_keypoints_are_noted() {
    let set = Set::of(&["train/1.jpg", "train/2.jpg"]);
    let text = r#"{"images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"}],
        "annotations": [
            {"image_id": 1, "category_id": 1, "segmentation": [[5, 6, 20.5, 6, 9, 30]]},
            {"image_id": 1, "category_id": 1, "segmentation": [[0, 0, 9, 0, 9, 9]], "bbox": [1, 2, 3, 4]},
            {"image_id": 2, "category_id": 2, "segmentation": {"counts": [4], "size": [2, 2]},
             "keypoints": [1, 2, 2]}],
        "categories": [{"id": 1, "name": "kite"}, {"id": 2, "name": "sled"}]}"#;
    set.put("annotations/instances_train.json", text.as_bytes());
    let listing = set.list();
    let bounds: Vec<Bounds> = listing
        .objects_of(SampleId(0))
        .iter()
        .map(|object| object.bounds)
        .collect();
    let rect = |x, y, width, height| {
        Bounds::Pixels(splitlint::sample::Rect {
            x,
            y,
            width,
            height,
        })
    };
    assert_eq!(
        bounds,
        [rect(5.0, 6.0, 15.5, 24.0), rect(1.0, 2.0, 3.0, 4.0)]
    );
    assert_eq!(rows(&listing)[1], "train/2.jpg train sled");
    assert!(
        listing.objects_of(SampleId(1)).is_empty(),
        "a mask alone is a label"
    );
    has_all(
        &listing.layout.summary,
        &["keypoints of 1 annotation are not read"],
    );
}
