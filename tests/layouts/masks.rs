//! Images with a mask each, whose class indices are named by a table.

use std::path::{Path, PathBuf};

use super::{CLASSES, Image, put};

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for image in images {
        let Image { split, stem, .. } = image;
        put(
            &root.join(format!("{split}/images/{stem}.png")),
            &image.bytes,
        );
        let class = CLASSES.iter().position(|class| *class == image.class);
        let value = class.expect("a class") as u8 + 1;
        put(
            &root.join(format!("{split}/masks/{stem}.png")),
            &mask(value),
        );
    }
    let table = format!(
        "Pixel Value, Class\n0, background\n1, {}\n2, {}\n",
        CLASSES[0], CLASSES[1]
    );
    put(&root.join("_classes.csv"), table.as_bytes());
    root
}

/// A quarter of this value on background.
fn mask(value: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mask = image::GrayImage::from_fn(128, 96, |x, y| {
        image::Luma([if x < 64 && y < 48 { value } else { 0 }])
    });
    let to = &mut std::io::Cursor::new(&mut bytes);
    mask.write_to(to, image::ImageFormat::Png)
        .expect("written to memory");
    bytes
}
