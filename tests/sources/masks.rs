//! Images with masks.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

use super::*;

fn gray(width: u32, values: &[u8]) -> Vec<u8> {
    let count = values.len() as u32;
    let image = GrayImage::from_fn(width, 8, |x, _| {
        Luma([values[(x * count / width) as usize]])
    });
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("written");
    bytes.into_inner()
}

fn coloured() -> Vec<u8> {
    let image = RgbImage::from_pixel(16, 8, Rgb([200, 10, 10]));
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("written");
    bytes.into_inner()
}

/// Images and masks of these values, 16 pixels wide.
fn of(pairs: &[(&str, &str, &[u8])]) -> Set {
    let set = Set::of(&[]);
    for (image, mask, values) in pairs {
        set.put(image, &gray(16, &[9, 80, 200]));
        set.put(mask, &gray(16, values));
    }
    set
}

#[test]
fn masks_are_labels_and_no_images_above_and_below_the_splits() {
    for (images, masks) in [
        ("SPLIT/images", "SPLIT/masks"),
        ("images/SPLIT", "masks/SPLIT"),
        ("SPLIT/images", "SPLIT/labels"),
        ("SPLIT/Images", "SPLIT/annotations"),
        ("SPLIT", "SPLIT_masks"),
    ] {
        let path = |folder: &str, split: &str, name: &str| {
            format!("{}/{name}", folder.replace("SPLIT", split))
        };
        let (a, b) = (path(images, "train", "1.png"), path(images, "val", "2.png"));
        let (c, d) = (path(masks, "train", "1.png"), path(masks, "val", "2.png"));
        let set = of(&[(&a, &c, &[0, 1, 3, 255]), (&b, &d, &[0, 0])]);
        let listing = set.list();
        assert_eq!(
            rows(&listing),
            [format!("{a} train 1;3"), format!("{b} val -")],
            "{masks}"
        );
        assert!(
            listing.problems.is_empty(),
            "{masks}: {:?}",
            listing.problems
        );
        has_all(
            &listing.layout.summary,
            &[
                "images and masks (by `",
                "2 masks, not compared as images",
                "0 is background, 255 is ignored",
            ],
        );
    }
}

#[test]
fn one_folder_without_splits_is_read_and_endings_of_masks_are_known() {
    for (image, mask) in [
        ("images/1.jpg", "masks/1_mask.png"),
        ("img/a.b.png", "gt/a.b.png"),
        ("imgs/x.png", "target/x_segmentation.png"),
        ("1 (2).png", "1 (2)_mask.png"),
    ] {
        let set = of(&[(image, mask, &[0, 255])]);
        let listing = set.list();
        assert_eq!(rows(&listing), [format!("{image} - foreground")], "{mask}");
        assert!(problems(&listing, ProblemKind::OutsideSplits).is_empty());
    }
}

#[test]
fn missing_extra_other_sized_and_broken_masks_are_told() {
    let set = of(&[
        ("images/1.png", "masks/1.png", &[0, 1]),
        ("images/2.png", "masks/2.png", &[0, 2]),
        ("images/3.png", "masks/3.png", &[0, 2]),
        ("images/4.png", "masks/4.png", &[0, 2]),
    ]);
    set.put("masks/2.png", &gray(20, &[0, 2]))
        .put("images/5.png", &gray(16, &[7]))
        .put("masks/6.png", &gray(16, &[0, 1]));
    let half = gray(16, &[0, 1]);
    set.put("masks/3.png", &half[..half.len() / 2]);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "images/1.png - 1",
            "images/2.png - 2",
            "images/3.png - -",
            "images/4.png - 2",
            "images/5.png - -"
        ]
    );
    let messages = problems(&listing, ProblemKind::Annotation);
    assert_eq!(messages.len(), 4, "{messages:?}");
    has_all(
        &messages.join("\n"),
        &[
            "images/5.png: an image has no mask",
            "masks/2.png: a mask has another size than its image: 20×8, `images/2.png` has 16×8",
            "masks/3.png: a mask cannot be read: ",
            "masks/6.png: a mask has no image",
        ],
    );
}

#[test]
fn coloured_masks_give_no_labels_and_say_so() {
    let set = of(&[
        ("images/1.png", "masks/1.png", &[0, 1]),
        ("images/2.png", "masks/2.png", &[0]),
    ]);
    set.put("masks/2.png", &coloured());
    let listing = set.list();
    assert_eq!(rows(&listing), ["images/1.png - -", "images/2.png - -"]);
    has_all(
        &listing.layout.summary,
        &["no labels: there are masks that are coloured, not class indices"],
    );
}

#[test]
fn class_folders_with_masks_keep_their_classes() {
    let set = of(&[
        ("covid/images/1.png", "covid/masks/1.png", &[0, 255]),
        ("normal/images/1.png", "normal/masks/1.png", &[0, 255]),
        ("normal/images/2.png", "normal/masks/2.png", &[0, 255]),
    ]);
    let listing = set.list();
    assert_eq!(
        rows(&listing),
        [
            "covid/images/1.png - covid",
            "normal/images/1.png - normal",
            "normal/images/2.png - normal"
        ]
    );
    has_all(
        &listing.layout.summary,
        &["labels are the class folders, not the masks"],
    );
}

#[test]
fn folders_that_share_few_names_are_no_images_and_masks() {
    let set = Set::of(&[
        "images/1.png",
        "labels/8.png",
        "labels/9.png",
        "labels/1.png",
    ]);
    has_all(&set.list().layout.summary, &["image folders"]);
    let request = Request {
        layout: Some(splitlint::source::LayoutName::Masks),
        ..set.request()
    };
    has_all(&error(&request), &["no masks", "`masks`"]);
}
