//! Which layout a data set has, and by what sign. Lists no sample.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::archive::Nest;
use super::builder::Builder;
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::Tree;
use super::{
    archive, arrays, coco, folder, hugging_face, manifest, masks, nifti, tables, voc, webdataset,
    yolo,
};
use crate::error::{Error, Result};

/// The layouts that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayoutName {
    /// Folders of classes, in folders of splits or without.
    Folders,
    /// A table with a row for each image.
    Manifest,
    /// Ultralytics YOLO: `data.yaml` and a label file for each image.
    Yolo,
    /// COCO: a JSON file for each split.
    Coco,
    /// WebDataset: tar archives whose members belong together by name.
    WebDataset,
    /// Folders with their labels in tables beside the images.
    Tables,
    /// Pascal VOC: an XML file for each image.
    Voc,
    /// Images with a mask each.
    Masks,
    /// Hugging Face: Parquet shards that hold the images, or a folder with a
    /// metadata file.
    HuggingFace,
    /// Arrays of pixels: IDX files, CIFAR batches, NumPy archives.
    Arrays,
    /// NIfTI volumes: slices of each.
    Nifti,
}

/// A layout: how it is recognised, and how it is listed.
struct Known {
    name: LayoutName,
    /// What shows that a folder or archive has this layout, in a few words.
    sign: fn(&Tree, &Input<'_>) -> Option<String>,
    list: fn(Tree, &Input<'_>, &mut Builder) -> Result<Recognised>,
}

/// All layouts of folders and archives but plain class folders, which have no
/// sign of their own.
const KNOWN: &[Known] = &[
    Known {
        name: LayoutName::Manifest,
        sign: manifest::sign,
        list: manifest::list_in,
    },
    Known {
        name: LayoutName::Yolo,
        sign: yolo::sign,
        list: yolo::list,
    },
    Known {
        name: LayoutName::Coco,
        sign: coco::sign,
        list: coco::list,
    },
    Known {
        name: LayoutName::WebDataset,
        sign: webdataset::sign,
        list: webdataset::list,
    },
    Known {
        name: LayoutName::Tables,
        sign: tables::sign,
        list: tables::list,
    },
    Known {
        name: LayoutName::Voc,
        sign: voc::sign,
        list: voc::list,
    },
    Known {
        name: LayoutName::Masks,
        sign: masks::sign,
        list: masks::list,
    },
    Known {
        name: LayoutName::HuggingFace,
        sign: hugging_face::sign,
        list: hugging_face::list,
    },
    Known {
        name: LayoutName::Arrays,
        sign: arrays::sign,
        list: arrays::list,
    },
    Known {
        name: LayoutName::Nifti,
        sign: nifti::sign,
        list: nifti::list,
    },
];

impl LayoutName {
    /// All, in the order of the variants.
    pub const ALL: [Self; 11] = [
        Self::Folders,
        Self::Manifest,
        Self::Yolo,
        Self::Coco,
        Self::WebDataset,
        Self::Tables,
        Self::Voc,
        Self::Masks,
        Self::HuggingFace,
        Self::Arrays,
        Self::Nifti,
    ];

    /// The name for `--layout`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folders => "folders",
            Self::Manifest => "manifest",
            Self::Yolo => "yolo",
            Self::Coco => "coco",
            Self::WebDataset => "webdataset",
            Self::Tables => "tables",
            Self::Voc => "voc",
            Self::Masks => "masks",
            Self::HuggingFace => "huggingface",
            Self::Arrays => "arrays",
            Self::Nifti => "nifti",
        }
    }
}

impl FromStr for LayoutName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = Self::ALL.map(Self::name);
        (Self::ALL.into_iter().find(|layout| layout.name() == text))
            .ok_or_else(|| format!("`{text}` is no layout: one of {}", all.join(", ")))
    }
}

/// Lists what lies at `input.path`, whatever its layout.
pub(super) fn list(input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    if let Some(snapshot) = cache_snapshot(input)? {
        let mut key = input.key.clone();
        let inside = snapshot.strip_prefix(input.path).unwrap_or(Path::new(""));
        inside
            .components()
            .for_each(|part| key = key.child(part.as_os_str()));
        let role = (key, input.role);
        let input = Input::new(input.shown, &snapshot, role, input.request, input.walker);
        let mut recognised = list(&input, builder)?;
        let shown = inside.display();
        recognised
            .notes
            .push(format!("a Hugging Face cache: `{shown}` is read"));
        return Ok(recognised);
    }
    if !input.path.exists()
        && let Some(shards) = input.path.to_str().and_then(webdataset::expanded)
    {
        let shards: Vec<PathBuf> = shards.into_iter().map(PathBuf::from).collect();
        return webdataset::list_files(&shards, input, builder);
    }
    if input.path.is_dir() {
        let tree = input.walker.walk(input.path, input.key.clone())?;
        return list_tree(tree, input, builder);
    }
    if let Some(kind) = archive::kind(input.path)? {
        let tree = archive::tree(input.path, kind, input.key.clone(), input.walker)?;
        let mut recognised = match archive::unpacked(&tree, input)? {
            Some(unpacked) => list_unpacked(unpacked, input, builder)?,
            None => list_tree(tree, input, builder)?,
        };
        let name = input.path.file_name().unwrap_or_default();
        recognised.what = format!("{} in `{}`", recognised.what, crate::sample::escaped(name));
        return Ok(recognised);
    }
    let extension = input
        .path
        .extension()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match extension.to_str() {
        _ if arrays::is_one(input.path) => arrays::list_file(input, builder),
        Some("yaml" | "yml") => yolo::list_file(input, builder),
        Some("json") if coco::is_coco(input.path) => coco::list_file(input, builder),
        _ if input.request.layout != Some(LayoutName::Manifest)
            && hugging_face::holds_images(input) =>
        {
            hugging_face::list_file(input, builder)
        }
        _ => manifest::list(input.path, input, builder),
    }
}

/// In a folder of the Hugging Face cache, which keeps each file under its hash
/// in `blobs` and the set as links in `snapshots/REVISION`: the revision that
/// `refs/main` names, or the only one (huggingface_hub, "Understand caching").
fn cache_snapshot(input: &Input<'_>) -> Result<Option<PathBuf>> {
    let snapshots = input.path.join("snapshots");
    if !input.path.join("blobs").is_dir() || !snapshots.is_dir() {
        return Ok(None);
    }
    let failure = |e: io::Error| Error::Input(format!("`{}`: {e}", snapshots.display()));
    let mut revisions = Vec::new();
    for entry in fs::read_dir(&snapshots).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        if path.is_dir() {
            revisions.push(path);
        }
    }
    revisions.sort_unstable();
    let main = fs::read_to_string(input.path.join("refs").join("main")).unwrap_or_default();
    let main = revisions
        .iter()
        .find(|path| path.file_name() == Some(main.trim().as_ref()));
    match (main, &revisions[..]) {
        (Some(main), _) => Ok(Some(main.clone())),
        (None, [only]) => Ok(Some(only.clone())),
        (None, []) => Ok(None),
        (None, several) => {
            let commands: Vec<String> = (several.iter())
                .map(|path| {
                    let name = path.file_name().unwrap_or_default();
                    let path = input.shown.join("snapshots").join(name);
                    format!("`splitlint scan {}`", path.display())
                })
                .collect();
            Err(Error::Input(format!(
                "{} is a Hugging Face cache with {} revisions\nchoose one: {}",
                input.flag(),
                several.len(),
                commands.join(" or ")
            )))
        }
    }
}

/// Lists what an archive holds that was unpacked for it.
fn list_unpacked(
    unpacked: archive::Unpacked,
    input: &Input<'_>,
    builder: &mut Builder,
) -> Result<Recognised> {
    let (nest, path, first) = (Nest::of(&unpacked), unpacked.path(), builder.containers());
    let role = (input.key.clone(), input.role);
    let inside = Input::new(input.shown, &path, role, input.request, input.walker);
    let recognised = list_tree(unpacked.tree, &inside, builder).map_err(|error| match error {
        Error::Input(why) => Error::Input(format!(
            "{why}\n`{}` is an archive: to scan a part of it, unpack it first",
            input.shown.display()
        )),
        other => other,
    })?;
    nest.apply(first, builder);
    Ok(recognised)
}

/// Lists a folder or archive by the layout that was asked for, or by the one
/// that its files are a sign of.
fn list_tree(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    // `--layout` is about the set itself.
    if let (Some(wanted), Role::Set | Role::Split(_)) = (input.request.layout, input.role) {
        return match KNOWN.iter().find(|known| known.name == wanted) {
            Some(known) => (known.list)(tree, input, builder),
            None => folder::list(tree, input, builder),
        };
    }
    let recognised: Vec<(&Known, String)> = (KNOWN.iter())
        .filter_map(|known| Some((known, (known.sign)(&tree, input)?)))
        .collect();
    match &recognised[..] {
        [] => folder::list(tree, input, builder),
        [(known, sign)] => {
            let mut recognised = (known.list)(tree, input, builder)?;
            // A manifest is recognised by its name already.
            if known.name != LayoutName::Manifest {
                recognised.what = format!("{} (by {sign})", recognised.what);
            }
            Ok(recognised)
        }
        several => Err(which(input, several)),
    }
}

/// The question for a set that can be read in more than one way.
fn which(input: &Input<'_>, several: &[(&Known, String)]) -> Error {
    let ways: Vec<String> = (several.iter())
        .map(|(known, sign)| format!("as {} by {sign}", known.name.name()))
        .collect();
    let root = input.shown.display();
    let command = |name: LayoutName| match input.role {
        Role::Split(split) => format!("`--split {split}={root} --layout {}`", name.name()),
        Role::Set | Role::Reference => format!("`splitlint scan {root} --layout {}`", name.name()),
    };
    let mut commands: Vec<String> = (several.iter())
        .map(|(known, _)| command(known.name))
        .collect();
    commands.push(command(LayoutName::Folders));
    Error::Input(format!(
        "{} can be read in {} ways: {}\nchoose one: {}",
        input.flag(),
        several.len(),
        ways.join(", "),
        commands.join(" or ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_is_found_by_its_name() {
        for layout in LayoutName::ALL {
            assert_eq!(layout.name().parse(), Ok(layout));
        }
        assert!("folder".parse::<LayoutName>().is_err());
    }
}
