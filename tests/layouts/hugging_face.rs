//! Hugging Face: Parquet shards, and a folder with a metadata file.

use std::path::{Path, PathBuf};

use super::shards::{self, Row, Style};
use super::{CLASSES, Image, put};

/// Two shards of train, one of val.
pub(crate) fn parquet(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for (split, of) in [("train", 2), ("validation", 1)] {
        let own: Vec<&Image> = (images.iter())
            .filter(|image| split.starts_with(image.split))
            .collect();
        for (number, part) in own.chunks(own.len().div_ceil(of)).enumerate() {
            let names: Vec<String> = part.iter().map(|i| format!("{}.png", i.stem)).collect();
            let rows: Vec<Row<'_>> = (part.iter().zip(&names))
                .map(|(image, name)| {
                    let class = CLASSES.iter().position(|class| *class == image.class);
                    let label = class.map(|class| class as i64);
                    (Some(&image.bytes[..]), Some(name.as_str()), label)
                })
                .collect();
            let name = format!("data/{split}-{number:05}-of-{of:05}.parquet");
            shards::write(&root.join(name), &rows, Style::default(), Vec::new());
        }
    }
    root
}

/// Images of each split in one folder, with their labels in a table.
pub(crate) fn metadata(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for split in ["train", "validation"] {
        let mut lines = String::new();
        for image in images {
            if !split.starts_with(image.split) {
                continue;
            }
            let name = format!("images/{}.png", image.stem);
            put(&root.join(split).join(&name), &image.bytes);
            let line = serde_json::json!({"file_name": name, "label": image.class});
            lines.push_str(&format!("{line}\n"));
        }
        put(&root.join(split).join("metadata.jsonl"), lines.as_bytes());
    }
    root
}
