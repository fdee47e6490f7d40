//! A COCO set with one box an image.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{CLASSES, Image, put};

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    let categories: Vec<_> = (CLASSES.iter().enumerate())
        .map(|(id, name)| json!({"id": id * 10 + 3, "name": name}))
        .collect();
    for split in ["train", "val"] {
        let (mut rows, mut boxes) = (Vec::new(), Vec::new());
        for (id, image) in images
            .iter()
            .enumerate()
            .filter(|(_, image)| image.split == split)
        {
            put(
                &root.join(format!("{split}2017/{}.png", image.stem)),
                &image.bytes,
            );
            let class = CLASSES
                .iter()
                .position(|class| *class == image.class)
                .expect("a class");
            rows.push(json!({"id": id, "file_name": format!("{}.png", image.stem)}));
            boxes.push(
                json!({"id": id, "image_id": id, "category_id": class * 10 + 3,
                              "bbox": [10, 10, 60, 40], "iscrowd": 0, "area": 2400}),
            );
        }
        let file = json!({"images": rows, "annotations": boxes, "categories": categories});
        let name = format!("annotations/instances_{split}2017.json");
        put(&root.join(name), file.to_string().as_bytes());
    }
    root
}
