//! Pascal VOC sets in new splits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Place, files, halved};

fn xml(name: &str, class: &str, i: usize) -> String {
    format!(
        "<annotation>\r\n <filename>{name}</filename><size><width>64</width><height>64</height></size>\
         <object><name>{class}</name><difficult>0</difficult><mine>{i}</mine><bndbox><xmin>10</xmin>\
         <ymin>10.50</ymin><xmax>40</xmax><ymax>50</ymax></bndbox></object></annotation>"
    )
}

/// A set with lists of splits and of one class, and a mask for each image.
pub(super) fn devkit(place: &Place) {
    let mut lists: BTreeMap<&str, String> = BTreeMap::new();
    for i in 0..24 {
        // One of val is a copy of the first, under the same label.
        let seed = if i == 22 { 0 } else { i };
        place.image(&format!("data/JPEGImages/{i:02}.png"), seed as u64);
        let class = ["cat", "dog"][i % 2];
        place.write(
            format!("data/Annotations/{i:02}.xml"),
            xml(&format!("{i:02}.png"), class, i),
        );
        place.write(format!("data/SegmentationClass/{i:02}.png"), [i as u8]);
        let split = if i < 16 { "train" } else { "val" };
        for list in [split, "trainval"] {
            lists
                .entry(list)
                .or_default()
                .push_str(&format!("{i:02}\n"));
        }
        let of_class = if i % 2 == 0 { " 1" } else { "-1" };
        let list = if i < 16 { "cat_train" } else { "cat_val" };
        let line = format!("{i:02} {of_class}\n");
        lists.entry(list).or_default().push_str(&line);
    }
    for (name, text) in &lists {
        place.write(format!("data/ImageSets/Main/{name}.txt"), text);
    }
}

#[test]
fn voc_set_gets_other_lists_and_keeps_every_other_byte() {
    let place = Place::new();
    devkit(&place);
    let before = files(&place.path("data"));
    halved(&place, "Pascal VOC set");
    let after = files(&place.path("new"));
    let is_list = |path: &&PathBuf| path.starts_with("ImageSets");
    let plain = |set: &BTreeMap<PathBuf, Vec<u8>>| -> BTreeMap<PathBuf, Vec<u8>> {
        (set.iter())
            .filter(|(path, _)| !is_list(path))
            .map(|(path, bytes)| (path.clone(), bytes.clone()))
            .collect()
    };
    assert_eq!(plain(&after), plain(&before));
    let lines = |set: &str, name: &str| -> BTreeSet<String> {
        let text = place.read(format!("{set}/ImageSets/Main/{name}.txt"));
        text.lines().map(str::to_owned).collect()
    };
    assert_eq!(lines("new", "trainval"), lines("data", "trainval"));
    let both = |set: &str, a: &str, b: &str| &lines(set, a) | &lines(set, b);
    assert_eq!(
        both("new", "cat_train", "cat_val"),
        both("data", "cat_train", "cat_val")
    );
    assert_eq!(both("new", "train", "val"), lines("data", "trainval"));
    assert!(lines("new", "train").is_disjoint(&lines("new", "val")));
}

#[test]
fn voc_annotations_beside_images_move_with_them() {
    let place = Place::new();
    for i in 0..24 {
        let seed = if i == 23 { 0 } else { i };
        let split = if i < 16 { "train" } else { "val" };
        // The same names in both splits.
        let name = format!("{:02}", i % 16);
        place.image(&format!("data/{split}/{name}.png"), seed as u64);
        let text = xml(&format!("{name}.png"), ["cat", "dog"][i % 2], i);
        place.write(format!("data/{split}/{name}.xml"), text);
    }
    halved(&place, "Pascal VOC set");
    let objects = |set: &str| -> BTreeSet<(Vec<u8>, String)> {
        let all = files(&place.path(set));
        let xml = all
            .iter()
            .filter(|(path, _)| path.extension().is_some_and(|e| e == "xml"));
        xml.map(|(path, bytes)| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let name = path.with_extension("png");
            let tag = format!(
                "<filename>{}</filename>",
                name.file_name().expect("a name").display()
            );
            assert!(text.contains(&tag), "{tag} in {text}");
            (all[&name].clone(), text.replace(&tag, ""))
        })
        .collect()
    };
    assert_eq!(objects("new"), objects("data"));
    assert_eq!(objects("new").len(), 24);
}
