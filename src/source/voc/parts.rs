//! Which folders of a tree belong together as a Pascal VOC set. Lists no sample.

use std::collections::HashSet;
use std::path::Path;

use super::xml;
use crate::source::tree::Tree;

/// Names of the folder of images and of the folder of annotations beside it.
const IMAGES: [&str; 3] = ["JPEGImages", "images", "Images"];
const ANNOTATIONS: [&str; 4] = ["Annotations", "annotations", "xml", "xmls"];

/// Bytes of a file that tell whether it is an annotation.
const HEAD: usize = 4096;

/// Annotations looked into to tell whether a folder has this layout.
const TRIED: usize = 8;

/// Folders that belong together.
pub(super) struct Part {
    /// Of the images.
    pub(super) images: usize,
    /// Of the XML files; the same one where they lie beside the images.
    pub(super) annotations: Option<usize>,
    /// Of the lists.
    pub(super) sets: Option<usize>,
    /// The folder that holds all of it.
    pub(super) holder: usize,
}

/// The parts of a tree, in the order of its folders.
pub(super) fn parts(tree: &Tree) -> Vec<Part> {
    let xml_dirs: HashSet<usize> = (tree.files.iter())
        .filter(|file| is_xml(&file.name))
        .map(|file| file.dir)
        .collect();
    let mut parts = Vec::new();
    for holder in 0..tree.dirs.len() {
        let child = |names: &[&str]| {
            let mut children = tree.dirs[holder].children.iter().copied();
            children.find(|&dir| names.iter().any(|name| tree.dirs[dir].name == *name))
        };
        let images = child(&IMAGES).filter(|&dir| tree.dirs[dir].below > 0);
        if let Some(images) = images {
            let annotations = child(&ANNOTATIONS).filter(|&dir| has_annotation(tree, dir));
            let sets = lists(tree, holder);
            let is_devkit = sets.is_some() && tree.dirs[images].name == "JPEGImages";
            if annotations.is_some() || is_devkit {
                parts.push(Part {
                    images,
                    annotations,
                    sets,
                    holder,
                });
                continue;
            }
        }
        let beside = tree.dirs[holder].direct > 0 && xml_dirs.contains(&holder);
        let is_taken = parts
            .iter()
            .any(|part: &Part| part.annotations == Some(holder));
        if beside && !is_taken && is_beside(tree, holder) {
            parts.push(Part {
                images: holder,
                annotations: Some(holder),
                sets: None,
                holder,
            });
        }
    }
    // A tree has its folders as the disk hands them out.
    parts.sort_by_cached_key(|part| tree.logical(part.holder));
    parts
}

/// The folder of the lists of splits: `ImageSets/Main`, or the one that is
/// there.
fn lists(tree: &Tree, holder: usize) -> Option<usize> {
    let child = |dir: usize, name: &str| {
        let mut children = tree.dirs[dir].children.iter().copied();
        children.find(|&child| tree.dirs[child].name == name)
    };
    let sets = child(holder, "ImageSets")?;
    let has_list = |dir: &usize| (tree.files_in(*dir).iter()).any(|&file| is_list(tree, file));
    (["Main", "Segmentation"]
        .iter()
        .filter_map(|name| child(sets, name)))
    .chain([sets])
    .find(has_list)
}

pub(super) fn is_list(tree: &Tree, file: usize) -> bool {
    Path::new(&*tree.files[file].name).extension() == Some("txt".as_ref())
}

pub(super) fn is_xml(name: &std::ffi::OsStr) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
}

/// Whether one of the first XML files below a folder is an annotation.
fn has_annotation(tree: &Tree, dir: usize) -> bool {
    let inside = tree.below(dir);
    let files = (0..tree.files.len())
        .filter(|&file| inside[tree.files[file].dir] && is_xml(&tree.files[file].name));
    are_annotations(tree, files)
}

/// Whether XML files beside images are their annotations.
fn is_beside(tree: &Tree, dir: usize) -> bool {
    let stem = |name: &std::ffi::OsStr| Path::new(name).file_stem().map(|stem| stem.to_owned());
    let images: HashSet<_> = (tree.images.iter())
        .filter(|image| image.dir == dir)
        .filter_map(|image| stem(&image.name))
        .collect();
    let files = tree.files_in(dir).into_iter().filter(|&file| {
        let name = &tree.files[file].name;
        is_xml(name) && stem(name).is_some_and(|stem| images.contains(&stem))
    });
    are_annotations(tree, files)
}

fn are_annotations(tree: &Tree, files: impl Iterator<Item = usize>) -> bool {
    let mut files: Vec<usize> = files.collect();
    files.sort_unstable_by(|&a, &b| tree.files[a].name.cmp(&tree.files[b].name));
    (files.into_iter().take(TRIED))
        .any(|file| tree.head(file, HEAD).is_ok_and(|head| xml::begins(&head)))
}
