//! What the columns of a Parquet file mean to Hugging Face `datasets`. Reads no
//! rows.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use polars_parquet::parquet::metadata::ColumnDescriptor;
use polars_parquet::read::{FileMetadata, PhysicalType, PrimitiveConvertedType, read_metadata};
use serde_json::Value;

use crate::parquet::guarded;

/// The key of a file's notes under which `datasets` keeps its features.
const NOTES: &str = "huggingface";

/// More classes than this are not read: ImageNet-21k has 21,841.
const MAX_CLASSES: usize = 1 << 20;

/// Usual names of the column of images, the likeliest first.
const IMAGE: [&str; 8] = [
    "image", "img", "jpg", "png", "webp", "picture", "photo", "images",
];

/// The columns of a file that matter.
#[derive(Debug)]
pub(super) struct Schema {
    /// That of the images.
    pub(super) image: ImageColumn,
    /// Other columns of images, by name.
    pub(super) others: Vec<String>,
    /// The columns that may hold labels, splits or groups, by name.
    pub(super) plain: Vec<String>,
    /// The classes of columns, by name.
    pub(super) classes: BTreeMap<String, Vec<String>>,
}

/// A column of images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImageColumn {
    pub(super) name: String,
    /// The number of the leaf of the bytes.
    pub(super) bytes: usize,
    /// The number of the leaf of the paths, if it has one.
    pub(super) path: Option<usize>,
    /// It is one by its type or the notes, not by its name alone.
    pub(super) is_sure: bool,
}

/// The notes of a Parquet file on its own layout.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn metadata(path: &Path) -> Result<FileMetadata, String> {
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    guarded(|| read_metadata(&mut file))
}

impl Schema {
    /// What the columns mean; `None` for a file without a column of images.
    /// `wanted` names that column.
    pub(super) fn of(metadata: &FileMetadata, wanted: Option<&str>) -> Option<Self> {
        let features = features(metadata);
        let leaves = metadata.schema().columns();
        let mut columns: Vec<(&str, Vec<usize>)> = Vec::new();
        for (number, leaf) in leaves.iter().enumerate() {
            let Some(name) = leaf.path_in_schema.first() else {
                continue;
            };
            match columns.last_mut() {
                Some((last, numbers)) if *last == name.as_str() => numbers.push(number),
                _ => columns.push((name.as_str(), vec![number])),
            }
        }
        let mut images: Vec<ImageColumn> = (columns.iter())
            .filter_map(|(name, numbers)| image(name, numbers, leaves, features.get(*name)))
            .filter(|column| wanted.is_none_or(|wanted| wanted == column.name))
            .collect();
        let rank = |column: &ImageColumn| {
            let usual = IMAGE.iter().position(|usual| *usual == column.name);
            (!column.is_sure, usual.unwrap_or(IMAGE.len()))
        };
        // The first of the likeliest.
        let chosen = (0..images.len()).min_by_key(|&index| rank(&images[index]))?;
        let image = images.swap_remove(chosen);
        let is_plain = |numbers: &[usize]| numbers.len() == 1;
        let mut others: Vec<String> = (images.into_iter())
            .filter(|column| column.is_sure)
            .map(|column| column.name)
            .collect();
        others.sort_unstable();
        Some(Self {
            plain: (columns.iter())
                .filter(|(name, numbers)| is_plain(numbers) && *name != image.name)
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            classes: (features.into_iter())
                .filter_map(|(name, feature)| match feature {
                    Feature::Classes(names) => Some((name, names)),
                    _ => None,
                })
                .collect(),
            image,
            others,
        })
    }
}

/// The column `name` with these leaves, if it can hold images.
fn image(
    name: &str,
    numbers: &[usize],
    leaves: &[ColumnDescriptor],
    feature: Option<&Feature>,
) -> Option<ImageColumn> {
    let is_bytes = |number: usize| {
        let leaf = &leaves[number].descriptor;
        leaf.primitive_type.physical_type == PhysicalType::ByteArray && leaf.max_rep_level == 0
    };
    if feature.is_some_and(|feature| *feature != Feature::Image) {
        return None;
    }
    if let [only] = *numbers
        && leaves[only].path_in_schema.len() == 1
    {
        let leaf = &leaves[only].descriptor.primitive_type;
        let is_text = leaf.logical_type.is_some()
            || matches!(leaf.converted_type, Some(PrimitiveConvertedType::Utf8));
        let is_usual = IMAGE.contains(&name) || name == "bytes" || name == "image_bytes";
        let is_image = is_bytes(only) && !is_text && (feature.is_some() || is_usual);
        return is_image.then(|| ImageColumn {
            name: name.to_owned(),
            bytes: only,
            path: None,
            is_sure: feature.is_some(),
        });
    }
    let part = |part: &str| {
        let is = |&&number: &&usize| {
            let path = &leaves[number].path_in_schema;
            path.len() == 2 && path[1].as_str() == part && is_bytes(number)
        };
        numbers.iter().find(is).copied()
    };
    let (bytes, path) = (part("bytes")?, part("path"));
    (numbers.len() == 1 + usize::from(path.is_some())).then(|| ImageColumn {
        name: name.to_owned(),
        bytes,
        path,
        // Sound has bytes and a path, too.
        is_sure: feature.is_some() || path.is_some() && IMAGE.contains(&name),
    })
}

/// What `datasets` says of a column.
#[derive(Debug, PartialEq, Eq)]
enum Feature {
    Image,
    /// Numbers of these classes, or lists of such.
    Classes(Vec<String>),
    /// Sound, or what else may have bytes and a path.
    Foreign,
}

/// The features that `datasets` notes in a file, as far as they matter.
fn features(metadata: &FileMetadata) -> BTreeMap<String, Feature> {
    let notes = metadata.key_value_metadata().as_deref().unwrap_or_default();
    let text = (notes.iter())
        .find(|note| note.key.as_str() == NOTES)
        .and_then(|note| note.value.as_deref());
    let parsed: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
    let features =
        (parsed.as_ref()).and_then(|notes| notes.get("info")?.get("features")?.as_object());
    (features.into_iter().flatten())
        .filter_map(|(name, value)| Some((name.clone(), feature(value)?)))
        .collect()
}

fn feature(value: &Value) -> Option<Feature> {
    // A list is `[feature]`, or `{"_type": "List", "feature": feature}`.
    if let Some(list) = value.as_array() {
        return list.first().and_then(feature).filter(is_classes);
    }
    if let Some(inner) = value.get("feature") {
        return feature(inner).filter(is_classes);
    }
    match value.get("_type")?.as_str()? {
        "Image" => Some(Feature::Image),
        "ClassLabel" => {
            let names = value.get("names")?.as_array()?;
            let names = names.iter().take(MAX_CLASSES);
            let names = names.map(|name| match name {
                Value::String(name) => name.clone(),
                other => other.to_string(),
            });
            Some(Feature::Classes(names.collect()))
        }
        "Audio" | "Video" | "Pdf" | "Nifti" | "Mesh" => Some(Feature::Foreign),
        _ => None,
    }
}

fn is_classes(feature: &Feature) -> bool {
    matches!(feature, Feature::Classes(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<Feature> {
        feature(&serde_json::from_str(json).expect("JSON"))
    }

    #[test]
    fn class_names_are_read_of_numbers_and_of_lists_of_numbers() {
        let classes = Some(Feature::Classes(vec!["cat".into(), "dog".into()]));
        let label = r#"{"names": ["cat", "dog"], "_type": "ClassLabel"}"#;
        assert_eq!(of(label), classes);
        for kind in ["List", "Sequence", "LargeList"] {
            let list = format!(r#"{{"feature": {label}, "_type": "{kind}"}}"#);
            assert_eq!(of(&list), classes);
        }
        assert_eq!(of(&format!("[{label}]")), classes);
        assert_eq!(of(r#"{"_type": "Image"}"#), Some(Feature::Image));
        assert_eq!(
            of(r#"{"feature": {"_type": "Image"}, "_type": "List"}"#),
            None
        );
        assert_eq!(of(r#"{"dtype": "int64", "_type": "Value"}"#), None);
        assert_eq!(of(r#"{"_type": "Audio"}"#), Some(Feature::Foreign));
    }
}
