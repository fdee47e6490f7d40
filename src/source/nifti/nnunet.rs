//! The folders and JSON files of nnU-Net (documentation of version 2, and the Medical
//! Segmentation Decathlon it reads). Opens no volume.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::Case;
use crate::error::{Error, Result};
use crate::nifti;
use crate::source::input::Input;
use crate::source::tree::Tree;

/// Bytes of a JSON file at most: splits of 100,000 cases in five folds take 20 MB.
const MOST_BYTES: usize = 64 << 20;

/// A set as nnU-Net has it.
pub(super) struct NnUnet {
    top: usize,
    /// Names of label values.
    names: BTreeMap<u32, String>,
    /// By case, the split that the chosen fold gives it.
    fold: HashMap<String, &'static str>,
    pub(super) notes: Vec<String>,
    /// The JSON files.
    pub(super) files: Vec<usize>,
}

/// A fold of `splits_final.json`.
#[derive(Deserialize)]
struct Fold {
    train: Vec<String>,
    val: Vec<String>,
}

impl NnUnet {
    /// The set in a tree, by its folder `imagesTr`; `None` where there is none.
    ///
    /// # Errors
    /// When several folds are there and none was chosen.
    pub(super) fn of(tree: &Tree, input: &Input<'_>) -> Result<Option<Self>> {
        let folder = tree.dirs.iter().position(|dir| dir.name == "imagesTr");
        let Some(top) = folder.and_then(|dir| tree.dirs[dir].parent) else {
            return Ok(None);
        };
        let mut set = Self {
            top,
            names: BTreeMap::new(),
            fold: HashMap::new(),
            notes: Vec::new(),
            files: Vec::new(),
        };
        let file = |name: &str| {
            let is =
                |file: &usize| tree.files[*file].dir == top && &*tree.files[*file].name == name;
            (0..tree.files.len()).find(is)
        };
        let fault =
            |name: &str, why: String| Error::Input(format!("{}: `{name}`: {why}", input.flag()));
        if let Some(found) = file("dataset.json") {
            set.files.push(found);
            let text = tree
                .head(found, MOST_BYTES)
                .map_err(|e| fault("dataset.json", e.0))?;
            let read: Value =
                serde_json::from_slice(&text).map_err(|e| fault("dataset.json", e.to_string()))?;
            set.names = names(&read);
        }
        if let Some(found) = file("splits_final.json") {
            set.files.push(found);
            let text = tree
                .head(found, MOST_BYTES)
                .map_err(|e| fault("splits_final.json", e.0))?;
            let folds: Vec<Fold> = serde_json::from_slice(&text)
                .map_err(|e| fault("splits_final.json", e.to_string()))?;
            set.choose(&folds, input)?;
        }
        Ok(Some(set))
    }

    /// Takes the fold that `--split-column fold-N` names, or the only one.
    fn choose(&mut self, folds: &[Fold], input: &Input<'_>) -> Result<()> {
        let wanted = input.request.columns.split.as_deref();
        let index = match (wanted, folds.len()) {
            (None, 0) => return Ok(()),
            (None, 1) => 0,
            (None, count) => {
                return Err(Error::Input(format!(
                    "{}: `splits_final.json` has {count} folds, each with a train and a val split of its own\n\
                     choose one: `splitlint scan {} --split-column fold-0` to `fold-{}`",
                    input.flag(),
                    input.shown.display(),
                    count - 1
                )));
            }
            (Some(wanted), count) => {
                let number = wanted
                    .strip_prefix("fold-")
                    .and_then(|number| number.parse().ok());
                number.filter(|&number: &usize| number < count).ok_or_else(|| {
                    Error::config(format!("`--split-column {wanted}`: `splits_final.json` has {count} folds, from `fold-0` on"))
                })?
            }
        };
        self.notes.push(format!(
            "train and val by fold {index} of `splits_final.json`"
        ));
        let Fold { train, val } = &folds[index];
        self.fold = train
            .iter()
            .map(|case| (case.clone(), "train"))
            .chain(val.iter().map(|case| (case.clone(), "val")))
            .collect();
        Ok(())
    }

    /// What the volumes of `imagesTr` and `imagesTs` are listed as.
    pub(super) fn cases(&self, tree: &Tree, volumes: &[usize]) -> Vec<Case> {
        let folder = |file: usize| {
            let dir = &tree.dirs[tree.files[file].dir];
            (dir.parent == Some(self.top)).then(|| dir.name.to_string_lossy().into_owned())
        };
        let stem = |file: usize| {
            let name = tree.files[file].name.to_string_lossy().into_owned();
            nifti::stem(&name).map(str::to_owned).unwrap_or(name)
        };
        let mut labels: BTreeMap<(String, String), usize> = BTreeMap::new();
        for &file in volumes {
            if let Some(name) = folder(file).filter(|name| name.starts_with("labels")) {
                labels.insert((name.replace("labels", "images"), stem(file)), file);
            }
        }
        let images = volumes.iter().filter_map(|&file| {
            let name = folder(file).filter(|name| name == "imagesTr" || name == "imagesTs")?;
            let stem = stem(file);
            // Channels of a case are numbered by four digits; the Decathlon has none.
            let case = match labels.contains_key(&(name.clone(), stem.clone())) {
                true => stem,
                false => channel_of(&stem).unwrap_or(stem),
            };
            let in_fold = self.fold.get(&case).copied();
            let split = match (name.as_str(), in_fold) {
                ("imagesTs", _) => Some("test"),
                (_, Some(split)) => Some(split),
                (_, None) if self.fold.is_empty() => Some("train"),
                (_, None) => None,
            };
            Some(Case {
                file,
                split: split.map(str::to_owned),
                labels: labels.get(&(name, case.clone())).copied(),
                group: case,
                class: None,
            })
        });
        images.collect()
    }

    /// The name of a label value.
    pub(super) fn class(&self, value: u32) -> String {
        self.names
            .get(&value)
            .cloned()
            .unwrap_or_else(|| value.to_string())
    }
}

/// `case_0000` without the number of its channel.
fn channel_of(stem: &str) -> Option<String> {
    let (case, channel) = stem.rsplit_once('_')?;
    let is_number = channel.len() == 4 && channel.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| case.to_owned())
}

/// Names of values: `{"liver": 1}`, or the other way round in the Decathlon. Regions,
/// which are lists of values, name none.
fn names(dataset: &Value) -> BTreeMap<u32, String> {
    let labels = dataset.get("labels").and_then(Value::as_object);
    let pairs = labels.into_iter().flatten().filter_map(|(key, value)| {
        let number = value.as_u64().and_then(|v| u32::try_from(v).ok());
        match (number, key.parse(), value.as_str()) {
            (Some(number), ..) => Some((number, key.clone())),
            (None, Ok(number), Some(name)) => Some((number, name.to_owned())),
            _ => None,
        }
    });
    pairs.collect()
}
