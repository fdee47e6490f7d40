//! Images and masks in new splits: every mask beside its image, byte for byte.

use super::*;
use image::{GrayImage, Luma};

/// Halves of one class each, and a mark by which a mask is known.
fn mask(class: u8, mark: u32) -> Vec<u8> {
    let gray = GrayImage::from_fn(64, 64, |x, y| match (x, y) {
        (x, 0) => Luma([u8::from(mark >> (x % 8) & 1 == 1) * class]),
        (x, _) if x > 32 => Luma([class]),
        _ => Luma([0]),
    });
    let mut png = std::io::Cursor::new(Vec::new());
    gray.write_to(&mut png, image::ImageFormat::Png)
        .expect("written to memory");
    png.into_inner()
}

fn image_of(place: &Place, path: &str, seed: u64) {
    let folder = place.path(path);
    fs::create_dir_all(folder.parent().expect("a folder")).expect("made");
    place.image(path, seed);
    let image = image::open(place.path(path)).expect("an image");
    let small = image.resize_exact(64, 64, image::imageops::FilterType::Triangle);
    small.save(place.path(path)).expect("saved");
}

/// By image, the bytes of it and of its mask.
fn paired(root: &Path, ending: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let all = files(root);
    let is_mask = |path: &PathBuf| path.to_string_lossy().contains("masks");
    let stem = |path: &PathBuf, ending: &str| {
        let text = path.with_extension("").to_string_lossy().into_owned();
        let text = text.strip_suffix(ending).unwrap_or(&text).to_owned();
        text.replace("masks", "images")
    };
    let masks: BTreeMap<String, &Vec<u8>> = (all.iter())
        .filter(|(path, _)| is_mask(path))
        .map(|(path, bytes)| (stem(path, ending), bytes))
        .collect();
    (all.iter())
        .filter(|(path, _)| !is_mask(path))
        .map(|(path, bytes)| {
            let mask = masks.get(&stem(path, ""));
            let mask = mask.unwrap_or_else(|| panic!("{path:?} has no mask in {masks:?}"));
            (bytes.clone(), (*mask).clone())
        })
        .collect()
}

#[test]
fn masks_move_with_their_images() {
    for (folders, ending) in [
        (
            ["train/images", "train/masks", "val/images", "val/masks"],
            "_mask",
        ),
        (
            ["images/train", "masks/train", "images/val", "masks/val"],
            "",
        ),
    ] {
        let place = Place::new();
        for i in 0..24 {
            let [images, masks] = match i < 16 {
                true => [folders[0], folders[1]],
                false => [folders[2], folders[3]],
            };
            // Names repeat across splits.
            let name = format!("{:02}", i % 16);
            image_of(&place, &format!("data/{images}/{name}.png"), i);
            let mask = mask(1 + (i % 2) as u8, i as u32);
            place.write(format!("data/{masks}/{name}{ending}.png"), mask);
        }
        let before = paired(&place.path("data"), ending);
        assert_eq!(before.len(), 24);
        halved(&place, "masks");
        assert_eq!(paired(&place.path("new"), ending), before);
    }
}

#[test]
fn masks_without_splits_get_folders_of_splits() {
    let place = Place::new();
    for i in 0..20 {
        image_of(&place, &format!("data/images/{i:02}.png"), i);
        place.write(
            format!("data/masks/{i:02}.png"),
            mask(1 + (i % 2) as u8, i as u32),
        );
    }
    let before = paired(&place.path("data"), "");
    halved(&place, "masks");
    assert_eq!(paired(&place.path("new"), ""), before);
}
