//! What a copy of an Ultralytics set needs beside its images: label files byte for
//! byte, and a `data.yaml` of its splits. Copies nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{file_of, refused};
use crate::error::Result;
use crate::review::copy::{Beside, Content};
use crate::review::stay::Stay;
use crate::source::{yolo_description, yolo_label, yolo_rewritten};

/// The splits that a `data.yaml` can name.
const SPLITS: [&str; 3] = ["train", "val", "test"];

/// The files beside the images of `staying`, whose places change where two
/// images would come to share a label file.
///
/// # Errors
/// [`Error::Input`] for what this layout cannot hold.
pub(super) fn yolo(root: &Path, staying: &mut [Stay]) -> Result<Vec<Beside>> {
    if let Some(stay) = staying.iter().find(|s| !SPLITS.contains(&s.split.as_str())) {
        return Err(refused(&format!(
            "a `data.yaml` has the splits train, val and test, and no `{}`: leave `--to` out and \
             use the lists of paths",
            stay.split
        )));
    }
    let description = yolo_description(root)
        .ok_or_else(|| refused("name the set's `data.yaml` instead of its folder"))?;
    let text = std::fs::read_to_string(&description)
        .map_err(|e| refused(&format!("`{}`: {e}", description.display())))?;
    let mut beside = Vec::new();
    let mut labels: BTreeMap<String, Option<PathBuf>> = BTreeMap::new();
    let mut taken: BTreeSet<String> = staying.iter().map(|stay| stay.to.clone()).collect();
    for stay in staying.iter_mut() {
        let image = file_of(stay)?;
        let image = std::path::absolute(image).unwrap_or_else(|_| image.clone());
        let from = Some(yolo_label(&image)).filter(|label| label.is_file());
        // `a.jpg` and `a.png` have one label file, here as there, or none of them may.
        let mut number = 1;
        let original = stay.to.clone();
        while labels
            .get(&label_of(&stay.to))
            .is_some_and(|other| *other != from)
        {
            number += 1;
            let next = numbered(&original, number);
            if taken.insert(next.clone()) {
                stay.to = next;
            }
        }
        let to = label_of(&stay.to);
        if labels.insert(to.clone(), from.clone()).is_none()
            && let Some(from) = from
        {
            let what = Content::File(from);
            beside.push(Beside { to, what });
        }
    }
    let mut places: Vec<(&str, String)> = Vec::new();
    for split in SPLITS
        .into_iter()
        .filter(|split| staying.iter().any(|s| s.split == *split))
    {
        let place = match folder_of(split, staying) {
            Some(folder) => folder,
            None => {
                let of_split = staying.iter().filter(|stay| stay.split == split);
                let list: String = of_split.map(|stay| format!("./{}\n", stay.to)).collect();
                let to = format!("{split}.txt");
                beside.push(Beside {
                    to: to.clone(),
                    what: Content::Text(list),
                });
                to
            }
        };
        places.push((split, place));
    }
    let text = yolo_rewritten(&text, &places)
        .map_err(|why| refused(&format!("`{}`: {why}", description.display())))?;
    let to = "data.yaml".to_owned();
    beside.push(Beside {
        to,
        what: Content::Text(text),
    });
    Ok(beside)
}

/// The label file of an image in the copy.
fn label_of(image: &str) -> String {
    // The rule is about paths from the top.
    let label = yolo_label(&Path::new("/").join(image));
    let parts = label.components().skip(1);
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

fn numbered(path: &str, number: u32) -> String {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => {
            format!("{stem}-{number}.{extension}")
        }
        _ => format!("{path}-{number}"),
    }
}

/// The folder that holds the images of `split` and no others.
fn folder_of(split: &str, staying: &[Stay]) -> Option<String> {
    let folders = |stay: &Stay| -> Vec<String> {
        let mut parts: Vec<String> = stay.to.split('/').map(str::to_owned).collect();
        parts.pop();
        parts
    };
    let mine = staying
        .iter()
        .filter(|stay| stay.split == split)
        .map(folders);
    let common = mine.reduce(|a, b| {
        let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        a[..same].to_vec()
    })?;
    let is_alone = (staying.iter().filter(|stay| stay.split != split))
        .all(|stay| !folders(stay).starts_with(&common));
    (!common.is_empty() && is_alone).then(|| common.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Location;

    #[test]
    fn label_lies_where_ultralytics_searches_it() {
        assert_eq!(label_of("images/val/1.png"), "labels/val/1.txt");
        assert_eq!(label_of("val/images/a.b.jpg"), "val/labels/a.b.txt");
        assert_eq!(label_of("val/1.jpg"), "val/1.txt");
    }

    #[test]
    fn split_has_a_folder_if_no_other_lies_below_it() {
        let stay = |to: &str, split: &str| Stay {
            id: crate::sample::SampleId(0),
            key: to.to_owned(),
            from: Location::File(to.into()),
            to: to.to_owned(),
            split: split.to_owned(),
            label: String::new(),
            is_relabelled: false,
            group: String::new(),
        };
        let mut all = vec![
            stay("images/train/a/1.jpg", "train"),
            stay("images/train/b/1.jpg", "train"),
            stay("images/val/1.jpg", "val"),
        ];
        assert_eq!(folder_of("train", &all).as_deref(), Some("images/train"));
        assert_eq!(folder_of("val", &all).as_deref(), Some("images/val"));
        all.push(stay("images/train/c/2.jpg", "test"));
        assert_eq!(folder_of("train", &all), None);
    }
}
