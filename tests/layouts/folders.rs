//! Class folders in split folders.

use std::path::{Path, PathBuf};

use super::{Image, put};

/// The path of an image from the set's root.
pub(crate) fn path(image: &Image) -> String {
    format!("{}/{}/{}.png", image.split, image.class, image.stem)
}

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for image in images {
        put(&root.join(path(image)), &image.bytes);
    }
    root
}
