//! Names of folders that are no classes, whatever they hold. Reads no folder.

use std::ffi::OsStr;

/// Folders that hold images without being a class, in lower case. Only a
/// folder that is alone in its place is taken for one.
pub(super) const CONTAINERS: [&str; 17] = [
    "all",
    "data",
    "dataset",
    "image",
    "images",
    "img",
    "imgs",
    "jpegimages",
    "jpg",
    "photo",
    "photos",
    "pic",
    "pics",
    "pictures",
    "unknown",
    "unlabeled",
    "unlabelled",
];

/// Folders of masks and the like, which repeat the class folders without
/// being a split, in lower case.
pub(super) const ANNOTATIONS: [&str; 12] = [
    "annotation",
    "annotations",
    "ground_truth",
    "groundtruth",
    "gt",
    "label",
    "labels",
    "mask",
    "masks",
    "segmentation",
    "segmentations",
    "xml",
];

/// Containers of images without labels, in lower case: a split of them alone is
/// meant to have no classes.
pub(super) const UNLABELLED: [&str; 4] = ["unknown", "unlabeled", "unlabelled", "test"];

/// Whether a folder is called one of these, in whatever case.
pub(super) fn is_one_of(name: &OsStr, known: &[&str]) -> bool {
    known.iter().any(|known| name.eq_ignore_ascii_case(known))
}
