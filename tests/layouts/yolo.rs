//! An Ultralytics set with one box an image.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::{CLASSES, Image, put};

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    let yaml = format!(
        "train: images/train\nval: images/val\nnames: [{}]\n",
        CLASSES.join(", ")
    );
    put(&root.join("data.yaml"), yaml.as_bytes());
    for image in images {
        let Image { split, stem, .. } = image;
        put(
            &root.join(format!("images/{split}/{stem}.png")),
            &image.bytes,
        );
        let class = CLASSES
            .iter()
            .position(|class| *class == image.class)
            .expect("a class");
        let label = format!("{class} 0.5 0.5 0.5 0.5\n");
        put(
            &root.join(format!("labels/{split}/{stem}.txt")),
            label.as_bytes(),
        );
    }
    root
}

pub(crate) fn in_tar(images: &[Image], folder: &Path) -> PathBuf {
    let root = write(images, &folder.join("unpacked"));
    let path = folder.join("set.tar");
    let mut archive = tar::Builder::new(File::create(&path).expect("created"));
    archive.append_dir_all("set", root).expect("written");
    archive.finish().expect("finished");
    path
}
