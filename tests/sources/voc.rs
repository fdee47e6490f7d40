//! Pascal VOC sets.

use splitlint::sample::Bounds;

use super::*;

fn object(name: &str, [left, upper, right, lower]: [i32; 4], difficult: u8) -> String {
    format!(
        "<object><name>{name}</name><difficult>{difficult}</difficult><bndbox><xmin>{left}</xmin>\
         <ymin>{upper}</ymin><xmax>{right}</xmax><ymax>{lower}</ymax></bndbox></object>"
    )
}

fn xml(file: &str, objects: &[String]) -> String {
    format!(
        "<annotation>\n<filename>{file}</filename>\n<size><width>100</width><height>50</height>\
         </size>\n{}\n</annotation>\n",
        objects.join("\n")
    )
}

const BOX: [i32; 4] = [1, 2, 30, 40];

/// A devkit of four images: train has 1 and 2, val has 3; 4 is in no list.
fn devkit(root: &str) -> Set {
    let set = Set::of(&[]);
    for (id, class) in [("1", "cat"), ("2", "dog"), ("3", "cat"), ("4", "dog")] {
        let file = format!("{id}.jpg");
        set.put(&format!("{root}JPEGImages/{file}"), id.as_bytes());
        let text = xml(&file, &[object(class, BOX, 0)]);
        set.put(&format!("{root}Annotations/{id}.xml"), text.as_bytes());
    }
    for (list, text) in [
        ("train", "1\n2\n"),
        ("val", "3\r\n"),
        ("trainval", "1\n2\n3\n"),
        ("cat_train", "1  1\n2 -1\n"),
    ] {
        let list = format!("{root}ImageSets/Main/{list}.txt");
        set.put(&list, text.as_bytes());
    }
    set
}

#[test]
fn lists_are_splits_wherever_the_devkit_lies() {
    for root in ["", "VOCdevkit/VOC2007/"] {
        let set = devkit(root);
        set.put(&format!("{root}SegmentationClass/1.png"), b"1");
        let listing = set.list();
        assert_eq!(
            rows(&listing),
            [
                format!("{root}JPEGImages/1.jpg train cat"),
                format!("{root}JPEGImages/2.jpg train dog"),
                format!("{root}JPEGImages/3.jpg val cat"),
            ]
        );
        assert_eq!(listing.problems.len(), 1, "{:?}", listing.problems);
        assert_eq!(
            problems(&listing, ProblemKind::OutsideSplits),
            [format!(
                "{root}JPEGImages: 1 image in no list of the set; not scanned"
            )]
        );
        has_all(
            &listing.layout.summary,
            &["Pascal VOC set (by `Annotations`)"],
        );
    }
}

#[test]
fn boxes_are_objects_in_pixels_and_difficult_ones_are_marked() {
    let set = devkit("");
    let text = xml(
        "1.jpg",
        &[object("cat", BOX, 0), object("cat", [5, 5, 9, 9], 1)],
    );
    set.put("Annotations/1.xml", text.as_bytes());
    let listing = set.list();
    let objects = listing.objects_of(SampleId(0));
    let Bounds::Pixels(bounds) = objects[0].bounds else {
        panic!("pixels")
    };
    assert_eq!(
        (bounds.x, bounds.y, bounds.width, bounds.height),
        (1.0, 2.0, 29.0, 38.0)
    );
    assert_eq!(
        objects
            .iter()
            .map(|object| object.flags.difficult)
            .collect::<Vec<_>>(),
        [false, true]
    );
}

#[test]
fn rotated_boxes_are_what_they_cover() {
    let set = devkit("");
    let rotated = "<object><type>robndbox</type><name>cat</name><robndbox><cx>30</cx><cy>20</cy>\
                   <w>20</w><h>10</h><angle>1.5707964</angle></robndbox></object>";
    let text = xml("1.jpg", &[rotated.to_owned()]);
    set.put("Annotations/1.xml", text.as_bytes());
    let listing = set.list();
    let [object] = listing.objects_of(SampleId(0)) else {
        panic!("one object")
    };
    let Bounds::Pixels(bounds) = object.bounds else {
        panic!("pixels")
    };
    let sides = [bounds.x, bounds.y, bounds.width, bounds.height];
    for (found, expected) in sides.into_iter().zip([25.0, 10.0, 10.0, 20.0]) {
        assert!((found - expected).abs() < 1e-3, "{sides:?}");
    }
}

#[test]
fn two_years_are_one_set() {
    let set = devkit("VOCdevkit/VOC2007/");
    set.put("VOCdevkit/VOC2012/JPEGImages/9.jpg", b"9")
        .put(
            "VOCdevkit/VOC2012/Annotations/9.xml",
            xml("9.jpg", &[]).as_bytes(),
        )
        .put("VOCdevkit/VOC2012/ImageSets/Main/val.txt", b"9\n");
    let listing = set.list();
    assert_eq!(listing.samples.len(), 4);
    assert_eq!(
        rows(&listing)[3],
        "VOC2012/JPEGImages/9.jpg val -".replace("VOC2012", "VOCdevkit/VOC2012")
    );
    has_all(&listing.layout.summary, &["1 background image"]);
}

#[test]
fn xml_beside_images_in_split_folders_is_read() {
    let set = Set::of(&["train/1.jpg", "train/2.jpg", "valid/3.jpg"]);
    for (path, class) in [("train/1", "cat"), ("train/2", "dog"), ("valid/3", "cat")] {
        set.put(
            &format!("{path}.xml"),
            xml("x.jpg", &[object(class, BOX, 0)]).as_bytes(),
        );
    }
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "train/1.jpg train cat",
            "train/2.jpg train dog",
            "valid/3.jpg val cat"
        ]
    );
    assert!(listing.problems.is_empty(), "{:?}", listing.problems);
    has_all(
        &listing.layout.summary,
        &["`.xml` beside images in `train` and 1 more"],
    );
}

#[test]
fn folders_of_images_and_of_annotations_are_read_with_and_without_splits() {
    let annotation = xml("x.jpg", &[object("cat", BOX, 0)]);
    let set = Set::of(&["images/1.png", "images/2.png"]);
    set.put("annotations/1.xml", annotation.as_bytes());
    let listing = set.list();
    assert_eq!(rows(&listing), ["images/1.png - cat", "images/2.png - -"]);
    assert_eq!(
        problems(&listing, ProblemKind::Annotation),
        ["images/2.png: an image has no annotation, though others of its split have"]
    );
    for (image, label) in [
        ("train/images/1", "train/annotations/1"),
        ("images/train/1", "annotations/train/1"),
    ] {
        let other = image.replace("train", "val");
        let files = [format!("{image}.jpg"), format!("{other}.jpg")];
        let set = Set::of(&files.each_ref().map(String::as_str));
        set.put(&format!("{label}.xml"), annotation.as_bytes());
        set.put(
            &format!("{}.xml", label.replace("train", "val")),
            annotation.as_bytes(),
        );
        assert_eq!(
            rows(&set.list()),
            [
                format!("{image}.jpg train cat"),
                format!("{other}.jpg val cat")
            ]
        );
    }
}

#[test]
fn lists_of_classes_label_what_has_no_annotation() {
    let set = Set::of(&["JPEGImages/1.jpg", "JPEGImages/2.jpg", "JPEGImages/3.jpg"]);
    set.put("ImageSets/Main/cat_train.txt", b"1  1\n2 -1\n3  0\n")
        .put("ImageSets/Main/dog_train.txt", b"1 -1\n2  1\n3  1\n");
    assert_eq!(
        rows(&set.list()),
        [
            "JPEGImages/1.jpg train cat",
            "JPEGImages/2.jpg train dog",
            "JPEGImages/3.jpg train dog"
        ]
    );
}

#[test]
fn one_image_in_two_lists_is_a_sample_of_each() {
    let set = devkit("");
    set.put("ImageSets/Main/val.txt", b"3\n1.jpg\n");
    assert_eq!(
        rows(&set.list())[..2],
        ["JPEGImages/1.jpg train cat", "JPEGImages/1.jpg#val val cat"]
    );
    assert_eq!(problems(&set.list(), ProblemKind::SameFileTwice).len(), 1);
}

#[test]
fn faults_are_told_by_file_and_line() {
    let set = devkit("");
    set.put(
        "Annotations/1.xml",
        b"<annotation>\n<object>\n</annotation>",
    )
    .put(
        "Annotations/2.xml",
        xml(
            "2.jpg",
            &[
                object("", BOX, 0),
                object("dog", [5, 5, 5, 9], 0),
                object("dog", [90, 5, 140, 9], 0),
                object("dog", BOX, 0).replace("<xmin>1", "<xmin>nan"),
                "<object><name>cat</name></object>".to_owned(),
            ],
        )
        .as_bytes(),
    )
    .put("Annotations/8.xml", xml("8.jpg", &[]).as_bytes())
    .put("Annotations/9.xml", xml("../../etc/passwd", &[]).as_bytes())
    .put("ImageSets/Main/val.txt", b"3\n7\n../secret\n");
    let listing = set.list();
    let messages = problems(&listing, ProblemKind::Annotation);
    has_all(
        &messages.join("\n"),
        &[
            "Annotations/1.xml: an annotation cannot be read: line 3",
            "Annotations/2.xml: an object has no class: line 4",
            "Annotations/2.xml: a box has no size: line 5",
            "Annotations/2.xml: a box has no size: line 7",
            "Annotations/2.xml: a list of a class contradicts the annotation: it holds `cat`",
            "Annotations/8.xml: an annotation has no image: no image has its name",
            "Annotations/9.xml: a name leaves the folder of the images: `filename` is `../../etc/passwd`",
            "ImageSets/Main: a name leaves the folder of the images: `../secret` in val",
        ],
    );
    // A box that reaches out of its image is an object, and judged as such.
    assert_eq!(messages.len(), 8, "{messages:?}");
    assert_eq!(
        problems(&listing, ProblemKind::MissingFile),
        ["JPEGImages/7: val of `ImageSets/Main` names `7`"]
    );
    assert_eq!(
        rows(&listing),
        [
            "JPEGImages/1.jpg train -",
            "JPEGImages/2.jpg train cat;dog",
            "JPEGImages/3.jpg val cat"
        ]
    );
}

#[test]
fn xml_that_is_no_annotation_leaves_folders_what_they_are() {
    let set = Set::of(&["train/cat/1.jpg", "test/cat/2.jpg"]);
    set.put("train/cat/1.xml", b"<html><body/></html>");
    assert_eq!(
        rows(&set.list()),
        ["test/cat/2.jpg test cat", "train/cat/1.jpg train cat"]
    );
    let request = Request {
        layout: Some(splitlint::source::LayoutName::Voc),
        ..set.request()
    };
    has_all(&error(&request), &["no Pascal VOC set", "`JPEGImages`"]);
}

#[test]
fn a_cut_or_damaged_file_is_a_finding_and_every_image_stays() {
    let set = devkit("");
    let text = xml("1.jpg", &[object("cat", BOX, 0)]);
    for end in 0..text.len() {
        let mut bytes = text.as_bytes()[..end].to_vec();
        set.put("Annotations/1.xml", &bytes);
        assert_eq!(set.list().samples.len(), 3, "{end}");
        if let Some(last) = bytes.last_mut() {
            *last ^= 0x80;
        }
        set.put("Annotations/1.xml", &bytes);
        assert_eq!(set.list().samples.len(), 3, "{end}");
    }
    for list in [&b"\xff\xfe\0\n1"[..], b"", b"1 1 1\n", b"\n\n 2 \n"] {
        set.put("ImageSets/Main/train.txt", list);
        let _ = set.list();
    }
}

#[test]
fn a_set_of_two_layouts_is_a_question_with_a_command_for_each_answer() {
    let set = devkit("");
    set.put("data.yaml", b"train: JPEGImages\nnames: [cat, dog]\n");
    let shown = set.path("").display().to_string();
    let shown = shown.trim_end_matches('/');
    has_all(
        &set.error(),
        &[
            "can be read in 2 ways: as yolo by `data.yaml`, as voc by `Annotations`",
            &format!("`splitlint scan {shown} --layout yolo`"),
            &format!("`splitlint scan {shown} --layout voc`"),
            &format!("`splitlint scan {shown} --layout folders`"),
        ],
    );
    for (layout, count) in [
        (splitlint::source::LayoutName::Voc, 3),
        (splitlint::source::LayoutName::Yolo, 4),
    ] {
        let request = Request {
            layout: Some(layout),
            ..set.request()
        };
        assert_eq!(listed(&request).listing.samples.len(), count);
    }
    let request = Request {
        splits: vec![split("train", &set.path(""))],
        ..Request::default()
    };
    has_all(&error(&request), &["`--split train=", "--layout voc`"]);
}
