//! Volumes of one slice each in class folders: gray, and none of them is cut off.

use std::path::{Path, PathBuf};

use super::volumes::volume;
use super::{Image, put};

/// Unsigned bytes, as NIfTI numbers its types.
const BYTES: u16 = 2;

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for image in images {
        let gray = image::load_from_memory(&image.bytes).expect("an image");
        let gray = gray.into_luma8();
        let (width, height) = gray.dimensions();
        let value = |x, y, _| i32::from(gray.get_pixel(x, y).0[0]);
        let file = volume([width, height, 1], BYTES, (false, false), value);
        let place = format!("{}/{}/{}.nii", image.split, image.class, image.stem);
        put(&root.join(place), &file);
    }
    root
}
