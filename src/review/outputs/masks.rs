//! What a copy of images and masks needs beside its images: each mask where it belongs to
//! its image, and the tables that name classes. Copies nothing itself.

use std::collections::{BTreeMap, HashMap};

use super::{Input, Output, is_member, refused};
use crate::error::Result;
use crate::review::copy::{Beside, Content};
use crate::source::{Description, MaskFiles};

/// The images of `input`, and their masks in the folders that go with them.
pub(super) fn masks(input: Input<'_>) -> Result<Output> {
    if input.staying.iter().any(is_member) {
        return Err(refused(
            "masks of an archive are not copied: unpack it first",
        ));
    }
    let mut files: Vec<&MaskFiles> = Vec::new();
    for description in input.descriptions {
        if let Description::Masks(described) = description {
            files.push(described);
        }
    }
    let of_image: HashMap<&str, _> = (files.iter())
        .flat_map(|files| &files.masks)
        .map(|mask| (mask.image.as_str(), mask))
        .collect();
    let mut beside: BTreeMap<String, Content> = BTreeMap::new();
    for stay in &input.staying {
        let Some(mask) = of_image.get(stay.key.as_str()) else {
            continue;
        };
        let to = with_image(&stay.key, &stay.to, &mask.key);
        if let Some(Content::File(other)) =
            beside.insert(to.clone(), Content::File(mask.path.clone()))
        {
            return Err(refused(&format!(
                "`{}` and `{}` would both come to lie at `{to}`: give them different names",
                other.display(),
                mask.path.display()
            )));
        }
    }
    // Names of classes count wherever one of these tables lies.
    for table in files.iter().flat_map(|files| &files.tables) {
        let folder = table.key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let is_there = |stay: &crate::review::Stay| {
            stay.to.rsplit_once('/').map_or("", |(folder, _)| folder) == folder
        };
        let to = match input.staying.iter().any(is_there) {
            true => table.key.clone(),
            false => table.key[folder.len()..].trim_start_matches('/').to_owned(),
        };
        beside
            .entry(to)
            .or_insert(Content::File(table.path.clone()));
    }
    Ok(Output {
        images: input.staying,
        beside: (beside.into_iter())
            .map(|(to, what)| Beside { to, what })
            .collect(),
        notes: Vec::new(),
    })
}

/// Where the file `beside` comes to lie when the image that it belongs to goes from `key`
/// to `to`: the same folder is changed, put before or left, and the same is put behind its
/// name.
fn with_image(key: &str, to: &str, beside: &str) -> String {
    let inside = |path: &str| path.replace("..", "__");
    let (from, to): (Vec<&str>, Vec<&str>) = (key.split('/').collect(), to.split('/').collect());
    let mut parts: Vec<String> = inside(beside).split('/').map(str::to_owned).collect();
    let folders = parts.len() - 1;
    if to.len() > from.len() {
        let before = &to[..to.len() - from.len()];
        let mut all: Vec<String> = before.iter().map(|&part| part.to_owned()).collect();
        all.append(&mut parts);
        parts = all;
    } else {
        for (place, (&old, &new)) in from.iter().zip(&to).enumerate().take(from.len() - 1) {
            if inside(old) == new {
                continue;
            }
            let same = |place: &usize| *place < folders && parts[*place] == old;
            let place = [place].into_iter().chain(0..folders).find(same);
            if let Some(place) = place {
                new.clone_into(&mut parts[place]);
            }
        }
    }
    let stem = |path: &[&str]| {
        let name = path.last().copied().unwrap_or_default();
        name.rsplit_once('.')
            .map_or(name, |(stem, _)| stem)
            .to_owned()
    };
    let (old, new) = (stem(&from), stem(&to));
    if let Some(name) = parts.last_mut()
        && let Some(rest) = name.strip_prefix(&old)
    {
        *name = format!("{new}{rest}");
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mask_follows_its_image_into_the_folder_of_the_split_and_takes_its_name() {
        for (key, to, mask, there) in [
            (
                "train/images/1.jpg",
                "val/images/1.jpg",
                "train/masks/1.png",
                "val/masks/1.png",
            ),
            (
                "images/train/1.jpg",
                "images/val/1-2.jpg",
                "masks/train/1_mask.png",
                "masks/val/1-2_mask.png",
            ),
            (
                "images/1.jpg",
                "train/images/1.jpg",
                "masks/1.png",
                "train/masks/1.png",
            ),
            (
                "train/1.jpg",
                "val/1.jpg",
                "train_masks/1.png",
                "train_masks/1.png",
            ),
            (
                "a/train/1.jpg",
                "a/train/1.jpg",
                "a/train/1_mask.png",
                "a/train/1_mask.png",
            ),
            (
                "../images/1.jpg",
                "__/images/1.jpg",
                "../masks/1.png",
                "__/masks/1.png",
            ),
        ] {
            assert_eq!(with_image(key, to, mask), there);
        }
    }
}
