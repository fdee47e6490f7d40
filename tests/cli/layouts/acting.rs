//! `splitlint apply --to` of sets with annotations.

use std::collections::BTreeMap;

use super::coco::{annotated, coco};
use super::voc::devkit;
use super::{Place, files};

#[test]
fn cleaned_coco_set_lacks_the_dropped_copy_and_changes_nothing_else() {
    let place = Place::new();
    coco(&place);
    place
        .splitlint(["scan", "data", "--select", "LEAK"])
        .exits(1);
    place
        .splitlint(["apply", "--to", "new"])
        .exits(0)
        .says("1 sample dropped")
        .says("no copy across splits");
    let (before, after) = (files(&place.path("data")), files(&place.path("new")));
    let changed: Vec<String> = (before.iter())
        .filter(|(path, bytes)| after.get(*path) != Some(bytes))
        .map(|(path, _)| path.to_string_lossy().replace('\\', "/"))
        .collect();
    let [points, boxes, image] = [
        "annotations/instances_",
        "annotations/person_keypoints_",
        "",
    ]
    .map(|prefix| {
        changed
            .iter()
            .filter(|path| path.starts_with(prefix))
            .count()
    });
    assert_eq!((points, boxes, image), (1, 1, 3), "{changed:?}");
    let today = annotated(&place, "data", "instances");
    let new = annotated(&place, "new", "instances");
    assert_eq!(new.len(), 23);
    assert!(new.is_subset(&today), "what stays is as it was");
}

#[test]
fn cleaned_yolo_set_keeps_its_labels_byte_for_byte() {
    let place = Place::new();
    for i in 0..24usize {
        let split = if i < 16 { "train" } else { "val" };
        // One of val is a copy of the first, under the same label.
        let like = if i == 22 { 0 } else { i };
        place.image(&format!("data/images/{split}/{i:02}.png"), like as u64);
        // Corners of a polygon, in digits of somebody's own.
        let label = format!(
            "{} 0.10 0.1 5e-1 .5 0.300 0.70 0.2 0.{}\r\n",
            like % 2,
            10 + like
        );
        place.write(format!("data/labels/{split}/{i:02}.txt"), label);
    }
    let yaml = "path: .\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n";
    place.write("data/data.yaml", yaml);
    place
        .splitlint(["scan", "data", "--select", "LEAK"])
        .exits(1);
    place
        .splitlint(["apply", "--to", "new"])
        .exits(0)
        .says("1 sample dropped");
    let of = |set: &str| -> BTreeMap<_, _> {
        let mut all = files(&place.path(set));
        all.retain(|path, _| path.extension().is_some_and(|e| e != "yaml"));
        all
    };
    let (before, after) = (of("data"), of("new"));
    assert_eq!(after.len(), before.len() - 2, "an image and its label");
    assert!(after.iter().all(|(path, bytes)| before[path] == *bytes));
}

#[test]
fn changed_label_of_an_annotated_set_makes_a_manifest_and_says_what_is_lost() {
    let place = Place::new();
    coco(&place);
    place
        .splitlint(["scan", "data", "--select", "LEAK"])
        .exits(1);
    let rows = "sample,given,suggested,score,decision\ntrain2017/02.png,cat,dog,0.1,change\n";
    place.write("decisions.csv", rows);
    let args = ["apply", "--decisions", "decisions.csv", "--to", "new"];
    place
        .splitlint(args)
        .exits(0)
        .says("the copy is a manifest of images and labels, without other annotations");
    assert!(place.read("new/manifest.csv").contains("02.png,dog,train"));
}

#[test]
fn cleaned_voc_set_lacks_the_dropped_image_in_every_list_and_folder() {
    let place = Place::new();
    devkit(&place);
    place
        .splitlint(["scan", "data", "--select", "LEAK"])
        .exits(1);
    place
        .splitlint(["apply", "--to", "new"])
        .exits(0)
        .says("1 sample dropped")
        .says("no copy across splits");
    let (before, after) = (files(&place.path("data")), files(&place.path("new")));
    let gone: Vec<String> = (before.keys())
        .filter(|path| !after.contains_key(*path))
        .map(|path| path.to_string_lossy().replace('\\', "/"))
        .collect();
    assert_eq!(
        gone,
        [
            "Annotations/00.xml",
            "JPEGImages/00.png",
            "SegmentationClass/00.png"
        ]
    );
    for (path, bytes) in &after {
        let old = &before[path];
        if !path.starts_with("ImageSets") {
            assert_eq!(bytes, old, "{}", path.display());
            continue;
        }
        let text = String::from_utf8_lossy(old).into_owned();
        let kept: String = (text.split_inclusive('\n'))
            .filter(|line| !line.starts_with("00"))
            .collect();
        assert_eq!(String::from_utf8_lossy(bytes), kept, "{}", path.display());
    }
}
