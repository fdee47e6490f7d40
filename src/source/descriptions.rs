//! What beside the images describes the samples of a listing, for whoever writes
//! the set anew. Reads nothing.

use std::path::{Path, PathBuf};

use super::paths::normalised;
use crate::sample::SampleKey;

/// A file, or folders, that describe samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Description {
    /// A COCO file.
    Coco(CocoFile),
    /// Folders of a Pascal VOC set that belong together.
    Voc(VocFolders),
    /// A metadata file of a Hugging Face image folder.
    Metadata(MetadataFile),
    /// Masks of images, and tables that name their values.
    Masks(MaskFiles),
    /// A Parquet file of which a column gives the splits of its rows.
    SplitColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
}

/// Masks of images that are files, and tables that name their values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskFiles {
    /// In the order of the images.
    pub masks: Vec<MaskFile>,
    /// Tables that name the values of masks.
    pub tables: Vec<Named>,
}

/// The mask of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskFile {
    /// The key of the image.
    pub image: String,
    /// What its own key would be, if it were an image of the set.
    pub key: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// A file by its way from the top of the set, as in keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The way.
    pub key: String,
    /// Where it lies.
    pub path: PathBuf,
}

/// A metadata file of a Hugging Face image folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The folder that its file names are relative to, by the names that lead there.
    pub folder: PathBuf,
    /// The column of file names.
    pub names: String,
    /// The column that gives the splits, where no folder or file name does.
    pub split: Option<String>,
    /// What the keys of its images begin with.
    pub top: Top,
}

impl MetadataFile {
    /// The key of the image that it calls `name`.
    pub fn key(&self, name: &str) -> Option<String> {
        let key = self.top.key(&self.folder.join(name.replace('\\', "/")))?;
        Some(key.as_str().to_owned())
    }
}

/// A COCO file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CocoFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The split that its images were listed in.
    pub split: Option<String>,
    /// The split that its own name or folder gives.
    pub own_split: Option<String>,
    /// The folder that its file names are relative to.
    pub images: PathBuf,
    /// The folder of the set in which that folder was searched for.
    pub root: PathBuf,
    /// What the keys of its images begin with.
    pub top: Top,
}

impl CocoFile {
    /// The key of the image that it calls `name`, and the one that the image has
    /// where an earlier file lists it, too.
    pub fn keys(&self, name: &str) -> Option<(String, String)> {
        let key = self.top.key(&self.images.join(name.replace('\\', "/")))?;
        let again = key.marked(&again_mark(self.own_split.as_deref()));
        Some((key.as_str().to_owned(), again.as_str().to_owned()))
    }
}

/// What follows the key of an image that an earlier file lists, too.
pub(super) fn again_mark(own_split: Option<&str>) -> String {
    format!("#{}", own_split.unwrap_or("again"))
}

/// Folders of a Pascal VOC set that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VocFolders {
    /// The folder that holds the others.
    pub holder: Folder,
    /// Of the images.
    pub images: Folder,
    /// Of the XML files; the same one where they lie beside the images.
    pub annotations: Option<Folder>,
    /// The folder `ImageSets`, where lists tell the splits.
    pub sets: Option<Folder>,
}

/// A folder of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where it really is, links resolved.
    pub path: PathBuf,
    /// The way to it from the top of the set, as in keys.
    pub inside: String,
}

/// A listed folder, and what the keys of the images in it begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Top {
    pub(super) path: PathBuf,
    pub(super) key: SampleKey,
}

impl Top {
    /// The key of the image at `path`; `None` for one outside.
    pub fn key(&self, path: &Path) -> Option<SampleKey> {
        let path = normalised(path);
        let inside = path.strip_prefix(&self.path).ok()?;
        Some(SampleKey::from_path(inside).below(&self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_has_the_key_it_was_listed_under() {
        let file = CocoFile {
            path: "/set/annotations/instances_val.json".into(),
            split: Some("val".to_owned()),
            own_split: Some("val".to_owned()),
            images: "/set/val".into(),
            root: "/set".into(),
            top: Top {
                path: "/set".into(),
                key: SampleKey::from_path(Path::new("a")),
            },
        };
        let keys = file.keys("x\\..\\1.jpg").expect("inside");
        assert_eq!(keys.0, "a/val/1.jpg");
        assert_eq!(keys.1, "a/val/1.jpg#val");
        assert_eq!(file.keys("../../1.jpg"), None);
    }
}
