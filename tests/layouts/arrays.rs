//! Arrays of pixels: IDX files and a NumPy archive. They have no names, and no
//! image of them is cut off.

use std::fs;
use std::path::{Path, PathBuf};

use super::deflated::deflated_zip;
use super::{CLASSES, Image, put};

/// The pixels of an image, and the number of its class.
fn pixels(image: &Image) -> (Vec<u8>, u8) {
    let class = CLASSES.iter().position(|class| *class == image.class);
    let decoded = image::load_from_memory(&image.bytes).expect("an image");
    (
        decoded.into_rgb8().into_raw(),
        class.expect("a class") as u8,
    )
}

fn of<'a>(images: &'a [Image], split: &'a str) -> (Vec<u8>, Vec<u8>) {
    let own = images.iter().filter(|image| image.split == split);
    let (all, labels): (Vec<_>, Vec<_>) = own.map(pixels).unzip();
    (all.concat(), labels)
}

/// Files of images and labels for each split.
pub(crate) fn idx(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for (split, name) in [("train", "train"), ("val", "val")] {
        let (pixels, labels) = of(images, split);
        let count = labels.len() as u32;
        for (kind, shape, bytes) in [
            ("images-idx4", &[count, 96, 128, 3][..], pixels),
            ("labels-idx1", &[count], labels),
        ] {
            let mut file = vec![0, 0, 8, shape.len() as u8];
            file.extend(shape.iter().flat_map(|side| side.to_be_bytes()));
            file.extend(bytes);
            put(&root.join(format!("{name}-{kind}-ubyte")), &file);
        }
    }
    root
}

/// One archive of four compressed arrays.
pub(crate) fn npz(images: &[Image], folder: &Path) -> PathBuf {
    let path = folder.join("set.npz");
    let mut members: Vec<(String, Vec<u8>)> = Vec::new();
    for split in ["train", "val"] {
        let (pixels, labels) = of(images, split);
        let count = labels.len();
        for (name, shape, bytes) in [
            (
                format!("x_{split}"),
                format!("({count}, 96, 128, 3)"),
                pixels,
            ),
            (format!("y_{split}"), format!("({count},)"), labels),
        ] {
            let head = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n");
            let length = (head.len() as u16).to_le_bytes();
            let file = [
                &b"\x93NUMPY\x01\x00"[..],
                &length[..],
                head.as_bytes(),
                &bytes,
            ]
            .concat();
            members.push((format!("{name}.npy"), file));
        }
    }
    let members: Vec<(String, &[u8])> = (members.iter())
        .map(|(name, bytes)| (name.clone(), &bytes[..]))
        .collect();
    fs::write(&path, deflated_zip(&members)).expect("written");
    path
}
