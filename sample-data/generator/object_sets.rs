//! The smallest sets with objects: a COCO file and blank images, because only
//! sizes and boxes count.

use anyhow::Result;
use image::{Rgb, RgbImage, imageops};

use super::check_sets::{Fill, small};
use super::folder::{Folder, encode};
use super::paint::Motif;

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    ("OBJECT001", |f| one(f, [50, 10, 20, 20]), sound),
    // Below a pixel, but not without size: that is FILE016 in a COCO file.
    ("OBJECT002", thin, sound),
    ("OBJECT003", |f| one(f, [0, 0, 64, 48]), sound),
    (
        "OBJECT004",
        |f| two(f, (CITY, [5, 5, 30, 30])),
        |f| two(f, (CITY, [9, 5, 30, 30])),
    ),
    (
        "OBJECT005",
        |f| two(f, (LAKE, [5, 5, 30, 30])),
        |f| two(f, (LAKE, [9, 5, 30, 30])),
    ),
    (
        "OBJECT006",
        |f| many(f, [5, 10, 50, 1]),
        |f| many(f, [5, 10, 8, 6]),
    ),
    (
        "OBJECT007",
        |f| two(f, (CITY, [9, 5, 30, 30])),
        |f| two(f, (CITY, [30, 5, 30, 30])),
    ),
    (
        "OBJECT008",
        |f| turned(f, [50, 4, 10, 40]),
        |f| turned(f, [20, 4, 10, 40]),
    ),
    ("OBJECT009", |f| corners(f, true), |f| corners(f, false)),
    ("DIST010", |f| sides(f, 3, 10), |f| sides(f, 1, 10)),
    ("DIST011", |f| sides(f, 1, 20), |f| sides(f, 1, 10)),
    ("SHORTCUT004", |f| places(f, true), |f| places(f, false)),
    ("LABEL007", |f| copies(f, LAKE), |f| copies(f, CITY)),
    ("LEAK010", |f| pasted(f, true), |f| pasted(f, false)),
    ("LABEL008", |f| painted(f, true), |f| painted(f, false)),
];

const CITY: usize = 0;
const LAKE: usize = 1;

/// Class and box: x, y, width, height in pixels.
pub(super) type Annotated = (usize, [u32; 4]);

/// A COCO file for `split` with images of 64 × 48 and these boxes.
pub(super) fn coco(folder: &Folder, split: &str, images: &[Vec<Annotated>]) -> Result<()> {
    for (index, _) in images.iter().enumerate() {
        let gray = 60 + (index % 160) as u8;
        let image = RgbImage::from_pixel(64, 48, Rgb([gray, gray, 90]));
        folder.save(&format!("{split}/{index}.png"), &image)?;
    }
    let named: Vec<(String, &Vec<Annotated>)> = (images.iter().enumerate())
        .map(|(index, boxes)| (format!("{index}.png"), boxes))
        .collect();
    annotations(folder, split, &named)
}

/// The COCO file alone.
pub(super) fn annotations(
    folder: &Folder,
    split: &str,
    images: &[(String, &Vec<Annotated>)],
) -> Result<()> {
    let mut listed = Vec::new();
    let mut boxes = Vec::new();
    for (id, (name, of_image)) in images.iter().enumerate() {
        listed.push(format!("{{\"id\": {id}, \"file_name\": \"{name}\"}}"));
        for (class, [x, y, width, height]) in of_image.iter() {
            boxes.push(format!(
                "{{\"image_id\": {id}, \"category_id\": {class}, \"bbox\": [{x}, {y}, {width}, {height}]}}"
            ));
        }
    }
    let text = format!(
        "{{\"images\": [\n{}\n],\n\"annotations\": [\n{}\n],\n\"categories\": [{{\"id\": 0, \"name\": \"city\"}}, {{\"id\": 1, \"name\": \"lake\"}}]}}\n",
        listed.join(",\n"),
        boxes.join(",\n"),
    );
    let name = format!("annotations/instances_{split}.json");
    folder.write(&name, text.as_bytes())
}

/// Some sound boxes, and `more` on the first image.
fn with(folder: &Folder, more: &[Annotated]) -> Result<()> {
    let mut images = vec![vec![(CITY, [5, 5, 30, 30])], vec![(LAKE, [20, 10, 30, 30])]];
    images[0].extend(more);
    coco(folder, "train", &images)
}

fn sound(folder: &Folder) -> Result<()> {
    with(folder, &[])
}

fn one(folder: &Folder, bounds: [u32; 4]) -> Result<()> {
    with(folder, &[(LAKE, bounds)])
}

fn two(folder: &Folder, other: Annotated) -> Result<()> {
    with(folder, &[other])
}

/// A YOLO set with a box that is half a pixel wide.
fn thin(folder: &Folder) -> Result<()> {
    let yaml = "train: images/train\nval: images/val\nnames: [city, lake]\n";
    folder.write("data.yaml", yaml.as_bytes())?;
    for split in ["train", "val"] {
        let image = RgbImage::from_pixel(64, 48, Rgb([80, 90, 100]));
        folder.save(&format!("images/{split}/0.png"), &image)?;
        let width = if split == "val" { 0.008 } else { 0.5 };
        let label = format!("0 0.5 0.5 {width} 0.5\n");
        folder.write(&format!("labels/{split}/0.txt"), label.as_bytes())?;
    }
    Ok(())
}

/// Boxes of one class that differ little, and one with these sides.
fn many(folder: &Folder, last: [u32; 4]) -> Result<()> {
    let images: Vec<Vec<Annotated>> = (0..10_u32)
        .map(|image| {
            let mut boxes: Vec<Annotated> = (0..5_u32)
                .map(|place| {
                    let (dx, dy) = ((image + place) % 3, (image * place) % 3);
                    (CITY, [5 + 11 * place, 20 + dy, 8 + dx, 6 + dy])
                })
                .collect();
            if image == 9 {
                boxes.push((CITY, last));
            }
            boxes
        })
        .collect();
    coco(folder, "train", &images)
}

/// A JPEG of 48 × 64 that EXIF turns by a quarter, with one box.
fn turned(folder: &Folder, bounds: [u32; 4]) -> Result<()> {
    let image = RgbImage::from_pixel(64, 48, Rgb([120, 90, 60]));
    let plain = encode("0.jpg", &image, 70)?;
    // After the start marker: EXIF with the orientation alone, 6.
    let exif: &[u8] = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let turned = [&plain[..2], exif, &plain[2..]].concat();
    folder.write("train/0.jpg", &turned)?;
    annotations(
        folder,
        "train",
        &[("0.jpg".to_owned(), &vec![(CITY, bounds)])],
    )
}

/// Boxes all over the image, the second split's as two corners if asked.
fn corners(folder: &Folder, second: bool) -> Result<()> {
    for split in ["train", "val"] {
        let images: Vec<Vec<Annotated>> = (0..8_u32)
            .map(|image| {
                (0..4_u32)
                    .map(|place| {
                        let (x, y) = (2 + 12 * place + image, 3 + 5 * (image % 4) + 4 * place);
                        let (width, height) = (9 + image % 5, 8 + image % 3);
                        match split == "val" && second {
                            true => (CITY, [x, y, x + width, y + height]),
                            false => (CITY, [x, y, width, height]),
                        }
                    })
                    .collect()
            })
            .collect();
        coco(folder, split, &images)?;
    }
    Ok(())
}

/// Twenty images in two splits, those of the second with `objects` each, whose
/// boxes have `side`.
fn sides(folder: &Folder, objects: u32, side: u32) -> Result<()> {
    for (split, objects, side) in [("train", 1, 10), ("val", objects, side)] {
        let images: Vec<Vec<Annotated>> = (0..20_u32)
            .map(|image| {
                (0..objects)
                    .map(|place| {
                        let (x, y) = (3 + (image * 7 + place * 19) % 40, 3 + (image * 5) % 20);
                        let class = if image % 2 == 0 { CITY } else { LAKE };
                        (class, [x, y, side + image % 3, side + image % 2])
                    })
                    .collect()
            })
            .collect();
        coco(folder, split, &images)?;
    }
    Ok(())
}

/// Twenty objects of each class, the first class on the left if asked.
fn places(folder: &Folder, apart: bool) -> Result<()> {
    let images: Vec<Vec<Annotated>> = (0..40_u32)
        .map(|image| {
            let class = if image % 2 == 0 { CITY } else { LAKE };
            let right = match apart {
                true => class == LAKE,
                false => image % 4 < 2,
            };
            let x = (image / 2) % 20 + if right { 30 } else { 2 };
            vec![(class, [x, 5 + image % 20, 10, 10])]
        })
        .collect();
    coco(folder, "train", &images)
}

/// One image in two splits, its first object under `class` in the second.
fn copies(folder: &Folder, class: usize) -> Result<()> {
    for (split, class, own) in [("train", CITY, 70), ("val", class, 80)] {
        folder.save(&format!("{split}/copy.png"), &small(Motif::City, 60))?;
        folder.save(&format!("{split}/own.png"), &small(Motif::Lake, own))?;
        let boxes = [
            vec![(class, [5, 5, 20, 20]), (LAKE, [30, 20, 20, 20])],
            vec![(LAKE, [10, 10, 30, 30])],
        ];
        let images = [
            ("copy.png".to_owned(), &boxes[0]),
            ("own.png".to_owned(), &boxes[1]),
        ];
        annotations(folder, split, &images)?;
    }
    Ok(())
}

/// Six images with two scenes in each, a box around each scene; one scene of `train` is
/// there again in `val` if asked.
fn pasted(folder: &Folder, is_pasted: bool) -> Result<()> {
    for (split, first) in [("train", 800_u64), ("val", 900)] {
        let mut images = Vec::new();
        for image in 0..3_u64 {
            let gray = 60 + 20 * image as u8;
            let mut canvas = RgbImage::from_pixel(150, 80, Rgb([gray, gray, 90]));
            let mut boxes: Vec<Annotated> = Vec::new();
            for place in 0..2_u32 {
                let seed = first + 2 * image + u64::from(place);
                let is_copy = is_pasted && (split, image, place) == ("val", 1, 0);
                let seed = if is_copy { 803 } else { seed };
                let (x, y) = (4 + 72 * place, 4 + 9 * image as u32);
                let scene = small(Motif::City, seed);
                imageops::replace(&mut canvas, &scene, x.into(), y.into());
                boxes.push((CITY, [x, y, 64, 48]));
            }
            folder.save(&format!("{split}/{image}.jpg"), &canvas)?;
            images.push((format!("{image}.jpg"), boxes));
        }
        let named: Vec<(String, &Vec<Annotated>)> = (images.iter())
            .map(|(name, boxes)| (name.clone(), boxes))
            .collect();
        annotations(folder, split, &named)?;
    }
    Ok(())
}

/// Forty images with two scenes in each, a box around each scene; one of the classes is
/// wrong if asked.
fn painted(folder: &Folder, is_wrong: bool) -> Result<()> {
    let mut images = Vec::new();
    for image in 0..40_u64 {
        let mut canvas = RgbImage::from_pixel(144, 64, Rgb([110, 110, 110]));
        let mut boxes: Vec<Annotated> = Vec::new();
        for place in 0..2_u32 {
            let class = ((image * 7 / 3 + u64::from(place)) % 2) as usize;
            let motif = [Motif::City, Motif::Lake][class];
            let (x, y) = (4 + 70 * place, 4 + (image % 9) as u32);
            let scene = small(motif, 700 + 2 * image + u64::from(place));
            imageops::replace(&mut canvas, &scene, x.into(), y.into());
            let is_wrong = is_wrong && (image, place) == (17, 1);
            let class = if is_wrong { 1 - class } else { class };
            boxes.push((class, [x, y, 64, 48]));
        }
        folder.save(&format!("train/{image}.jpg"), &canvas)?;
        images.push((format!("{image}.jpg"), boxes));
    }
    let named: Vec<(String, &Vec<Annotated>)> = (images.iter())
        .map(|(name, boxes)| (name.clone(), boxes))
        .collect();
    annotations(folder, "train", &named)
}
