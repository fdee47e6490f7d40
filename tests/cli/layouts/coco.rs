//! COCO sets in new splits.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::{Place, clean, files, halved};

/// An annotation as somebody wrote it: numbers in odd forms, fields of their own.
fn annotation(id: usize, image: usize, class: usize) -> String {
    format!(
        "{{ \"id\": {id}, \"image_id\":{image}, \"category_id\": {}, \"bbox\": [10.0, 1.20e1, 40, \
         30.50], \"area\": 1220.000, \"iscrowd\": 0, \"segmentation\": [[10.0,12, 70,12, 70,52.5]], \
         \"mine\": {{\"a]}}\": [7{id}0000000000000000000001]}} }}",
        class * 10 + 3
    )
}

/// Files of COCO with ids from 0 and the same names in each split, and key points
/// of the same images beside them.
pub(super) fn coco(place: &Place) {
    for (split, count) in [("train2017", 16), ("val2017", 8)] {
        let (mut images, mut boxes, mut points) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..count {
            let seed = if split == "train2017" { i } else { 100 + i };
            // One is a copy of the first of train, under the same box.
            let seed = if seed == 106 { 0 } else { seed };
            place.image(&format!("data/{split}/{i:02}.png"), seed as u64);
            images.push(format!(
                "{{\"file_name\": \"{i:02}.png\",\"id\": {i}, \"width\":1.6e1, \"of\": \"{split}\"}}"
            ));
            if i % 4 != 3 {
                boxes.push(annotation(i, i, i % 2));
                points.push(format!(
                    "{{\"id\":{i},\"image_id\":{i},\"keypoints\":[1.0,2.0,2]}}"
                ));
            }
        }
        let head = "\"categories\": [{\"id\": 3, \"name\": \"cat\", \"x\": 1.0}, {\"id\": 13, \"name\": \"dog\"}]";
        for (kind, list) in [("instances", boxes), ("person_keypoints", points)] {
            let text = format!(
                "{{\"info\": {{\"year\": 2.017e3}}, \"images\": [{}], \"annotations\":[{}], {head}}}",
                images.join(", "),
                list.join(",")
            );
            place.write(format!("data/annotations/{kind}_{split}.json"), text);
        }
    }
}

/// By the bytes of each image, its annotations but for ids.
pub(super) fn annotated(
    place: &Place,
    root: &str,
    kind: &str,
) -> BTreeSet<(Vec<u8>, String, Vec<String>)> {
    let mut all = BTreeSet::new();
    for split in ["train2017", "val2017"] {
        let json: Value =
            serde_json::from_str(&place.read(format!("{root}/annotations/{kind}_{split}.json")))
                .expect("JSON");
        let list = |key: &str| json[key].as_array().expect("a list").clone();
        let mut ids = BTreeSet::new();
        for image in list("images") {
            let name = image["file_name"].as_str().expect("a name");
            let path = place.path(format!("{root}/{split}/{name}"));
            assert!(
                ids.insert(image["id"].to_string()),
                "{kind} {split} {image}"
            );
            let of_image = list("annotations").into_iter();
            let of_image = of_image.filter(|a| a["image_id"] == image["id"]);
            let mine = of_image.map(|mut annotation| {
                let fields = annotation.as_object_mut().expect("an object");
                fields.remove("id");
                fields.remove("image_id");
                annotation.to_string()
            });
            let of = image["of"].to_string();
            all.insert((fs::read(path).expect("an image"), of, mine.collect()));
        }
        let ids: BTreeSet<String> = list("annotations")
            .iter()
            .map(|a| a["id"].to_string())
            .collect();
        assert_eq!(ids.len(), list("annotations").len(), "{kind} {split}");
    }
    all
}

#[test]
fn coco_set_is_written_with_every_field_and_number_as_it_was() {
    let place = Place::new();
    coco(&place);
    let before = files(&place.path("data"));
    halved(&place, "COCO set");
    assert_eq!(files(&place.path("data")), before, "the input is as it was");
    for kind in ["instances", "person_keypoints"] {
        let today = annotated(&place, "data", kind);
        assert_eq!(annotated(&place, "new", kind), today, "{kind}");
        assert_eq!(today.len(), 24);
    }
    let new = ["train2017", "val2017"]
        .map(|split| place.read(format!("new/annotations/instances_{split}.json")));
    let both = new.concat();
    for (id, image) in (0..16).zip(0..16).filter(|(i, _)| i % 4 != 3) {
        // Those of train keep their ids and every byte, wherever they lie.
        let mine = annotation(id, image, id % 2);
        let end = mine.split_once("\"category_id\"").expect("it has one").1;
        assert!(both.contains(end), "{end}");
    }
    for text in [
        "{\"year\": 2.017e3}",
        "\"width\":1.6e1",
        "{\"id\": 3, \"name\": \"cat\", \"x\": 1.0}",
    ] {
        assert!(new.iter().all(|file| file.contains(text)), "{text}");
    }
}

#[test]
fn coco_split_that_is_kept_keeps_every_byte() {
    let place = Place::new();
    coco(&place);
    let args = ["resplit", "data", "--to", "new", "--keep", "val"];
    let _ = place.splitlint(args).into_command().output().expect("runs");
    let name = "annotations/instances_val2017.json";
    assert_eq!(
        place.read(format!("new/{name}")),
        place.read(format!("data/{name}"))
    );
    clean(&place, "COCO set");
}

#[test]
fn coco_file_of_all_becomes_files_of_the_new_splits() {
    let place = Place::new();
    let mut images = Vec::new();
    let mut boxes = Vec::new();
    for i in 0..12 {
        place.image(&format!("data/images/a/{i:02}.png"), i as u64);
        images.push(format!(
            "{{\"id\": \"i{i}\", \"file_name\": \"a/{i:02}.png\"}}"
        ));
        boxes.push(annotation(i, i, i % 2).replace(
            &format!("\"image_id\":{i},"),
            &format!("\"image_id\":\"i{i}\","),
        ));
    }
    let text = format!(
        "{{\"images\":[{}],\"annotations\":[{}],\"categories\":[{{\"id\":3,\"name\":\"cat\"}},{{\"id\":13,\"name\":\"dog\"}}]}}",
        images.join(","),
        boxes.join(",")
    );
    place.write("data/annotations/instances_default.json", text);
    halved(&place, "COCO set");
    let found = files(&place.path("new"));
    let names: Vec<String> = (found.keys())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    assert_eq!(
        names,
        [
            "annotations/instances_train.json",
            "annotations/instances_val.json"
        ]
    );
    let both: String = names
        .iter()
        .map(|name| place.read(format!("new/{name}")))
        .collect();
    assert!(
        boxes.iter().all(|entry| both.contains(entry)),
        "every byte is there"
    );
}

#[test]
fn coco_files_that_number_their_classes_otherwise_are_not_mixed() {
    let place = Place::new();
    coco(&place);
    let name = "data/annotations/instances_val2017.json";
    let text = place.read(name).replace(
        "\"id\": 3, \"name\": \"cat\"",
        "\"id\": 3, \"name\": \"fox\"",
    );
    place.write(name, text);
    place
        .splitlint(["resplit", "data", "--to", "new", "--fresh"])
        .exits(2)
        .warns("category 3 is");
    assert!(!place.path("new").exists(), "no half set is left");
}
