//! Ultralytics YOLO sets: `data.yaml`, and a label file for each image. Reads
//! no pixels and runs no `download`.

mod config;
mod images;
mod labels;
mod rewrite;

use std::path::{Path, PathBuf};

use config::Config;
use images::Images;

pub use rewrite::{description, rewritten};

use super::builder::Builder;
use super::input::Input;
use super::places::read_whole;
use super::recognised::Recognised;
use super::tree::Tree;
use crate::error::{Error, Result};
use crate::sample::escaped;

/// The `data.yaml` that describes a folder, if one lies in it.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    let described = descriptions(tree);
    let &(file, _) = described.first()?;
    Some(format!("`{}`", escaped(&tree.files[file].name)))
}

/// Lists a folder or archive by the `data.yaml` in it.
pub(super) fn list(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let mut described = descriptions(&tree);
    let usual = (described.iter()).position(|&(file, _)| &*tree.files[file].name == "data.yaml");
    let (file, config) = match (described.len(), usual) {
        (0, _) => return Err(no_description(&tree, input)),
        (1, _) => described.remove(0),
        (_, Some(usual)) => described.remove(usual),
        (_, None) => {
            let commands: Vec<String> = (described.iter())
                .map(|&(file, _)| {
                    let path = input.shown.join(tree.file_key(file).as_str());
                    format!("`splitlint scan {}`", path.display())
                })
                .collect();
            return Err(Error::Input(format!(
                "{} holds several descriptions of a set\nchoose one: {}",
                input.flag(),
                commands.join(" or ")
            )));
        }
    };
    let folder = tree.logical(tree.files[file].dir);
    let name = tree.file_key(file);
    Images::new(input, folder, config, vec![tree]).list(name.as_str(), builder)
}

/// Lists the set that the file `input.path` describes, wherever its images lie.
pub(super) fn list_file(input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let failure = |why: String| Error::Input(format!("{}: {why}", input.flag()));
    let bytes = read_whole(input.path).map_err(|error| failure(error.to_string()))?;
    let config = config::parse(&bytes).map_err(failure)?;
    if !config.is_data_set() {
        return Err(failure(
            "it describes no data set: a `data.yaml` has `train`, `val` and `names`".to_owned(),
        ));
    }
    let folder = input.path.parent().unwrap_or(Path::new("")).to_owned();
    let name = escaped(input.path.file_name().unwrap_or_default());
    Images::new(input, folder, config, Vec::new()).list(&name, builder)
}

/// The descriptions at the top of a tree, by name.
fn descriptions(tree: &Tree) -> Vec<(usize, Config)> {
    let is_yaml = |&file: &usize| {
        let name = Path::new(&*tree.files[file].name);
        let extension = name.extension().unwrap_or_default();
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    };
    let files = tree.files_in(tree.top()).into_iter().filter(is_yaml);
    files
        .filter_map(|file| Some((file, config::parse(&tree.read(file).ok()?).ok()?)))
        .filter(|(_, config)| config.is_data_set())
        .collect()
}

/// Why a folder is no YOLO set: what is wrong with its YAML, if it has any.
fn no_description(tree: &Tree, input: &Input<'_>) -> Error {
    let names = ["data.yaml", "data.yml", "dataset.yaml"];
    let broken = tree.files_in(tree.top()).into_iter().find_map(|file| {
        let name = tree.files[file].name.to_str()?;
        let bytes = names.contains(&name).then(|| tree.read(file).ok())??;
        let why = config::parse(&bytes).err()?;
        Some(format!("`{name}`: {why}"))
    });
    let why = broken.unwrap_or_else(|| "no `data.yaml` with `train`, `val` and `names`".to_owned());
    Error::Input(format!("{} is no YOLO set: {why}", input.flag()))
}

/// Where the label file of an image lies: the last folder `images` on its way
/// is `labels` there, and the extension `.txt` (Ultralytics, `img2label_paths`).
pub fn label_path(image: &Path) -> PathBuf {
    let parts: Vec<_> = image.components().collect();
    let folders = parts.len().saturating_sub(1);
    let last = (1..folders)
        .rev()
        .find(|&i| parts[i].as_os_str() == "images");
    let mut path: PathBuf = (parts.iter().enumerate())
        .map(|(i, part)| match last {
            Some(last) if i == last => "labels".as_ref(),
            _ => part.as_os_str(),
        })
        .collect();
    path.set_extension("txt");
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_folder_images_becomes_labels() {
        for (image, label) in [
            ("/set/images/train/1.jpg", "/set/labels/train/1.txt"),
            (
                "/images/set/images/a/1.b.jpg",
                "/images/set/labels/a/1.b.txt",
            ),
            ("/set/train/1.jpg", "/set/train/1.txt"),
            ("/set/my-images/1.jpg", "/set/my-images/1.txt"),
        ] {
            assert_eq!(label_path(Path::new(image)), Path::new(label), "{image}");
        }
    }
}
