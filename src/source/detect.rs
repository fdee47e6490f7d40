//! Which layout a data set has, and by what sign. Lists no sample.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ask::{As, Ask};
use super::builder::Builder;
use super::recognised::Recognised;
use super::tree::Tree;
use super::{
    archive, arrays, coco, folder, hugging_face, manifest, masks, tables, voc, webdataset, yolo,
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
}

/// A layout: how it is recognised, and how it is listed.
struct Known {
    name: LayoutName,
    /// What shows that a folder or archive has this layout, in a few words.
    sign: fn(&Tree, &Ask<'_>) -> Option<String>,
    list: fn(Tree, &Ask<'_>, &mut Builder) -> Result<Recognised>,
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
];

impl LayoutName {
    /// All, in the order of the variants.
    pub const ALL: [Self; 10] = [
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

/// Lists what lies at `ask.path`, whatever its layout.
pub(super) fn list(ask: &Ask<'_>, builder: &mut Builder) -> Result<Recognised> {
    if let Some(snapshot) = cache_snapshot(ask)? {
        let mut key = ask.key.clone();
        let inside = snapshot.strip_prefix(ask.path).unwrap_or(Path::new(""));
        inside
            .components()
            .for_each(|part| key = key.child(part.as_os_str()));
        let role = (key, ask.role);
        let ask = Ask::new(ask.shown, &snapshot, role, ask.request, ask.walker);
        let mut recognised = list(&ask, builder)?;
        let shown = inside.display();
        recognised
            .notes
            .push(format!("a Hugging Face cache: `{shown}` is read"));
        return Ok(recognised);
    }
    if !ask.path.exists()
        && let Some(shards) = ask.path.to_str().and_then(webdataset::expanded)
    {
        let shards: Vec<PathBuf> = shards.into_iter().map(PathBuf::from).collect();
        return webdataset::list_files(&shards, ask, builder);
    }
    if ask.path.is_dir() {
        let tree = ask.walker.walk(ask.path, ask.key.clone())?;
        return list_tree(tree, ask, builder);
    }
    if let Some(kind) = archive::kind(ask.path)? {
        let tree = archive::tree(ask.path, kind, ask.key.clone(), ask.walker)?;
        let mut recognised = list_tree(tree, ask, builder)?;
        let name = ask.path.file_name().unwrap_or_default();
        recognised.what = format!("{} in `{}`", recognised.what, crate::sample::escaped(name));
        return Ok(recognised);
    }
    let extension = ask
        .path
        .extension()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match extension.to_str() {
        _ if arrays::is_one(ask.path) => arrays::list_file(ask, builder),
        Some("yaml" | "yml") => yolo::list_file(ask, builder),
        Some("json") if coco::is_coco(ask.path) => coco::list_file(ask, builder),
        _ if ask.request.layout != Some(LayoutName::Manifest)
            && hugging_face::holds_images(ask) =>
        {
            hugging_face::list_file(ask, builder)
        }
        _ => manifest::list(ask.path, ask, builder),
    }
}

/// In a folder of the Hugging Face cache, which keeps each file under its hash
/// in `blobs` and the set as links in `snapshots/REVISION`: the revision that
/// `refs/main` names, or the only one (huggingface_hub, "Understand caching").
fn cache_snapshot(ask: &Ask<'_>) -> Result<Option<PathBuf>> {
    let snapshots = ask.path.join("snapshots");
    if !ask.path.join("blobs").is_dir() || !snapshots.is_dir() {
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
    let main = fs::read_to_string(ask.path.join("refs").join("main")).unwrap_or_default();
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
                    let path = ask.shown.join("snapshots").join(name);
                    format!("`splitlint scan {}`", path.display())
                })
                .collect();
            Err(Error::Input(format!(
                "{} is a Hugging Face cache with {} revisions\nchoose one: {}",
                ask.flag(),
                several.len(),
                commands.join(" or ")
            )))
        }
    }
}

/// Lists a folder or archive by the layout that was asked for, or by the one
/// that its files are a sign of.
fn list_tree(tree: Tree, ask: &Ask<'_>, builder: &mut Builder) -> Result<Recognised> {
    // `--layout` is about the set itself.
    if let (Some(wanted), As::Set | As::Split(_)) = (ask.request.layout, ask.role) {
        return match KNOWN.iter().find(|known| known.name == wanted) {
            Some(known) => (known.list)(tree, ask, builder),
            None => folder::list(tree, ask, builder),
        };
    }
    let recognised: Vec<(&Known, String)> = (KNOWN.iter())
        .filter_map(|known| Some((known, (known.sign)(&tree, ask)?)))
        .collect();
    match &recognised[..] {
        [] => folder::list(tree, ask, builder),
        [(known, sign)] => {
            let mut recognised = (known.list)(tree, ask, builder)?;
            // A manifest is recognised by its name already.
            if known.name != LayoutName::Manifest {
                recognised.what = format!("{} (by {sign})", recognised.what);
            }
            Ok(recognised)
        }
        several => Err(which(ask, several)),
    }
}

/// The question for a set that can be read in more than one way.
fn which(ask: &Ask<'_>, several: &[(&Known, String)]) -> Error {
    let ways: Vec<String> = (several.iter())
        .map(|(known, sign)| format!("as {} by {sign}", known.name.name()))
        .collect();
    let root = ask.shown.display();
    let command = |name: LayoutName| match ask.role {
        As::Split(split) => format!("`--split {split}={root} --layout {}`", name.name()),
        As::Set | As::Reference => format!("`splitlint scan {root} --layout {}`", name.name()),
    };
    let mut commands: Vec<String> = (several.iter())
        .map(|(known, _)| command(known.name))
        .collect();
    commands.push(command(LayoutName::Folders));
    Error::Input(format!(
        "{} can be read in {} ways: {}\nchoose one: {}",
        ask.flag(),
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
