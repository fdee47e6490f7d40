//! Images of each split in a folder, labels in a table: of ids beside the
//! folders, and of a column for each class in each.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{CLASSES, Image, put};

fn images_of(images: &[Image], root: &Path) {
    for image in images {
        let path = format!("{}/{}.png", image.split, image.stem);
        put(&root.join(path), &image.bytes);
    }
}

pub(crate) fn ids(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    images_of(images, &root);
    for split in ["train", "val"] {
        let mut table = "id,label\n".to_owned();
        for image in images.iter().filter(|image| image.split == split) {
            let _ = writeln!(table, "{},{}", image.stem, image.class);
        }
        put(&root.join(format!("{split}.csv")), table.as_bytes());
    }
    root
}

pub(crate) fn one_hot(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    images_of(images, &root);
    for split in ["train", "val"] {
        let mut table = format!("filename, {}\n", CLASSES.join(", "));
        for image in images.iter().filter(|image| image.split == split) {
            let cells = CLASSES.map(|class| format!(" {}", u8::from(class == image.class)));
            let _ = writeln!(table, "{}.png,{}", image.stem, cells.join(","));
        }
        put(
            &root.join(format!("{split}/_classes.csv")),
            table.as_bytes(),
        );
    }
    root
}
