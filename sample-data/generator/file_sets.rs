//! The smallest sets of the FILE family: two classes in two splits, and one
//! file that is broken, odd or no image.

use anyhow::Result;
use image::{Rgb, RgbImage};

use super::check_sets::Fill;
use super::distribution_sets::{deal, tiny};
use super::folder::{Folder, encode};
use super::paint::Motif;

/// Code, set that fires, set that does not.
pub(crate) const SETS: &[(&str, Fill, Fill)] = &[
    (
        "FILE001",
        |f| {
            sound(f)?;
            let whole = encode("1.jpg", &tiny(Motif::City, 20), 70)?;
            f.write("train/city/truncated.jpg", &whole[..whole.len() / 2])?;
            f.write("train/city/empty.jpg", b"")?;
            f.write("test/lake/notes.jpg", b"no image at all\n")
        },
        sound,
    ),
    (
        "FILE002",
        |f| {
            sound(f)?;
            f.write("train/city/phone.jpg", HEIC)
        },
        sound,
    ),
    (
        "FILE003",
        |f| {
            sound(f)?;
            f.write("train/city/bomb.png", &giant()?)
        },
        sound,
    ),
    (
        "FILE004",
        |f| {
            sound(f)?;
            f.write("train/city/readme.txt", b"Cities by night.\n")
        },
        sound,
    ),
    ("FILE005", broken_link, sound),
    (
        "FILE006",
        |f| {
            sound(f)?;
            // Version control keeps no empty folder.
            f.write("test/forest/.gitkeep", b"")
        },
        sound,
    ),
    (
        "FILE007",
        |f| {
            sound(f)?;
            let blank = RgbImage::from_pixel(16, 12, Rgb([200, 210, 220]));
            f.save("train/lake/blank.png", &blank)
        },
        sound,
    ),
    (
        "FILE008",
        |f| manifest(f, "train/lake/0.png,lake,train\n"),
        |f| manifest(f, ""),
    ),
    (
        "FILE016",
        |f| boxes(f, "3 0.5 0.5 0.2 0.2\n"),
        |f| boxes(f, "1 0.5 0.5 0.2 0.2\n"),
    ),
    (
        "FILE009",
        |f| {
            sound(f)?;
            f.save("spare/city/0.png", &tiny(Motif::City, 30))
        },
        sound,
    ),
];

/// Two classes, two images each, in train and test, and nothing wrong.
fn sound(folder: &Folder) -> Result<()> {
    deal(folder, &[("train", 2, 2), ("test", 2, 2)])
}

/// The first box of a HEIC file, which is enough to know one.
const HEIC: &[u8] = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf\0\0\0\x08mdat";

/// A PNG whose header announces 30,000 × 30,000 pixels, and one pixel's data.
fn giant() -> Result<Vec<u8>> {
    let mut bytes = encode("1.png", &RgbImage::new(1, 1), 0)?;
    // Signature 8, length 4, type 4; then width and height, and after five
    // more bytes the checksum of type and data.
    bytes[16..20].copy_from_slice(&30_000u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&30_000u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    Ok(bytes)
}

/// The checksum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, &byte| {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(unix)]
fn broken_link(folder: &Folder) -> Result<()> {
    sound(folder)?;
    folder.link("nowhere.png", "train/city/link.png")
}

#[cfg(not(unix))]
fn broken_link(folder: &Folder) -> Result<()> {
    sound(folder)
}

/// A YOLO set whose last label file holds `line`.
fn boxes(folder: &Folder, line: &str) -> Result<()> {
    let yaml = "train: images/train\nval: images/val\nnames: [city, lake]\n";
    folder.write("data.yaml", yaml.as_bytes())?;
    for (split, motif, first) in [("train", Motif::City, 1), ("val", Motif::Lake, 3)] {
        for index in 0..2 {
            let image = tiny(motif, first + index);
            folder.save(&format!("images/{split}/{index}.png"), &image)?;
            let class = u8::from(motif == Motif::Lake);
            let whole = format!("{class} 0.5 0.5 1 1\n");
            let label = if (split, index) == ("val", 1) {
                line
            } else {
                &whole
            };
            folder.write(&format!("labels/{split}/{index}.txt"), label.as_bytes())?;
        }
    }
    Ok(())
}

/// A manifest of the sound set, with these rows more.
fn manifest(folder: &Folder, more: &str) -> Result<()> {
    sound(folder)?;
    let mut rows = String::from("path,label,split\n");
    for split in ["train", "test"] {
        for class in ["city", "lake"] {
            for index in 0..2 {
                rows += &format!("{split}/{class}/{index}.png,{class},{split}\n");
            }
        }
    }
    folder.write("manifest.csv", (rows + more).as_bytes())
}
