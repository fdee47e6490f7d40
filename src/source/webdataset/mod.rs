//! WebDataset shards: tar archives in which the members of a sample lie
//! together, recognised by the part of their names before the first dot. Reads no
//! pixels.

mod names;
mod pattern;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

pub use names::sample_key;
use names::{Name, parted};
pub(super) use pattern::expanded;

use super::LayoutName;
use super::archive::{self, Kind};
use super::builder::{Builder, Draft};
use super::input::{Input, Role};
use super::recognised::Recognised;
use super::tree::{At, Placer, Tree};
use crate::error::{Error, Result};
use crate::image_format::has_image_extension;
use crate::sample::{ClassId, Labels, ProblemKind, SampleKey, SplitLike, canonical_split, escaped};

/// Kinds of faults in shards; the library makes other samples of such members
/// without a word.
const APART: &str = "members of a sample do not lie together";
const DOTS: &str = "a name has dots before its extension";
const NO_IMAGE: &str = "a sample has no image";
const NO_LABEL: &str = "a label cannot be read";

/// Fields of a `json` member that hold the label, where none is named.
const FIELDS: [&str; 8] = [
    "label",
    "class",
    "cls",
    "class_name",
    "category",
    "labels",
    "classes",
    "target",
];

/// A label of more bytes is none.
const MAX_LABEL: usize = 1 << 16;

/// Members that show what a tar is: its first samples.
const PROBES: usize = 64;

/// What shows that a folder holds shards, or that a tar is one.
pub(super) fn sign(tree: &Tree, _: &Input<'_>) -> Option<String> {
    if tree.archive.is_some() {
        let members = members(tree);
        let labelled = |run: &[Member]| {
            let extensions: BTreeSet<&str> =
                run.iter().map(|m| m.name.extension.as_str()).collect();
            run.iter().any(|m| m.is_image)
                && ["cls", "json", "txt"]
                    .iter()
                    .any(|label| extensions.contains(label))
        };
        let mut runs = members
            .chunk_by(|a, b| a.name.key == b.name.key)
            .take(PROBES);
        let run = runs.find(|run| labelled(run))?;
        let names: Vec<String> = run
            .iter()
            .take(2)
            .map(|m| format!("`{}`", m.shown()))
            .collect();
        return Some(names.join(" beside "));
    }
    let shards = shards(tree);
    if shards.is_empty() || !tree.images.is_empty() {
        return None;
    }
    let first = tree
        .logical(tree.files[shards[0]].dir)
        .join(&*tree.files[shards[0]].name);
    let name = escaped(first.file_name().unwrap_or_default());
    Some(match shards.len() {
        1 => format!("`{name}`"),
        count => format!("`{name}` and {} more", count - 1),
    })
}

/// Lists a folder of shards, or a tar that is one.
pub(super) fn list(tree: Tree, input: &Input<'_>, builder: &mut Builder) -> Result<Recognised> {
    let mut set = Set::new(input);
    if tree.archive.is_some() {
        let name = input.path.file_name().unwrap_or_default();
        let split = split_of(Path::new(name), None);
        set.shard(tree, split, builder)?;
        return set.finish(builder);
    }
    let shards = shards(&tree);
    if shards.is_empty() {
        return Err(Error::Input(format!(
            "{} holds no `.tar` shard",
            input.flag()
        )));
    }
    for shard in shards {
        let file = &tree.files[shard];
        let path = tree.dirs[file.dir].path.join(&*file.name);
        let folder = (file.dir != 0).then(|| &*tree.dirs[file.dir].name);
        let split = split_of(Path::new(&*file.name), folder);
        set.open(&path, tree.file_key(shard), split, builder)?;
    }
    let recognised = set.finish(builder)?;
    let mut tree = tree;
    tree.claim_all();
    tree.leave(builder);
    Ok(recognised)
}

/// Lists shards that a pattern such as `train-{000..127}.tar` names.
pub(super) fn list_files(
    shards: &[PathBuf],
    input: &Input<'_>,
    builder: &mut Builder,
) -> Result<Recognised> {
    let mut set = Set::new(input);
    for path in shards {
        let name = path.file_name().unwrap_or_default();
        let split = split_of(Path::new(name), None);
        set.open(path, input.key.child(name), split, builder)?;
    }
    set.finish(builder)
}

/// The tar files of a folder, by path.
fn shards(tree: &Tree) -> Vec<usize> {
    let is_tar = |&file: &usize| {
        let extension = Path::new(&*tree.files[file].name)
            .extension()
            .unwrap_or_default();
        extension.eq_ignore_ascii_case("tar")
    };
    let mut shards: Vec<usize> = (0..tree.files.len()).filter(is_tar).collect();
    shards.sort_by_cached_key(|&file| tree.file_key(file));
    shards
}

/// The split that a shard belongs to, by its folder's name or its own.
fn split_of(name: &Path, folder: Option<&std::ffi::OsStr>) -> Option<String> {
    let by_folder = folder.and_then(|folder| canonical_split(folder.to_str()?));
    let by_name = || SplitLike::of(name.file_stem()?.to_str()?).map(|like| like.split);
    by_folder.or_else(by_name).map(str::to_owned)
}

/// A member with its name taken apart.
struct Member {
    entry: u64,
    folder: String,
    name: Name,
    file_name: String,
    is_image: bool,
    /// Among the images or among the other files of the tree.
    at: usize,
}

impl Member {
    fn shown(&self) -> String {
        escaped(self.file_name.as_ref())
    }
}

/// All members of a shard whose names have a dot, in its order.
fn members(tree: &Tree) -> Vec<Member> {
    let images = tree
        .images
        .iter()
        .enumerate()
        .map(|(at, p)| (p.dir, &p.name, p.at, true, at));
    let files = tree
        .files
        .iter()
        .enumerate()
        .map(|(at, f)| (f.dir, &f.name, f.at, false, at));
    let mut members: Vec<Member> = images
        .chain(files)
        .filter_map(|(dir, name, place, is_image, at)| {
            let At::Entry(entry) = place else {
                return None;
            };
            let file_name = name.to_string_lossy().into_owned();
            let folder = tree.dirs[dir].key.as_str().to_owned();
            Some(Member {
                entry,
                name: parted(&folder, &file_name)?,
                folder,
                file_name,
                is_image,
                at,
            })
        })
        .collect();
    members.sort_unstable_by_key(|member| member.entry);
    members
}

/// A set in the making.
struct Set<'a> {
    input: &'a Input<'a>,
    recognised: Recognised,
    captions: u64,
    without_split: Option<SampleKey>,
    with_split: bool,
}

impl<'a> Set<'a> {
    fn new(input: &'a Input<'a>) -> Self {
        Self {
            input,
            recognised: Recognised::new(LayoutName::WebDataset, "WebDataset shards"),
            captions: 0,
            without_split: None,
            with_split: false,
        }
    }

    fn open(
        &mut self,
        path: &Path,
        key: SampleKey,
        split: Option<String>,
        builder: &mut Builder,
    ) -> Result<()> {
        self.input.walker.stop.check()?;
        let mut tree = archive::tree(path, Kind::Tar, key.clone(), self.input.walker)?;
        tree.archive_key = Some(key);
        self.shard(tree, split, builder)
    }

    fn shard(
        &mut self,
        mut tree: Tree,
        split: Option<String>,
        builder: &mut Builder,
    ) -> Result<()> {
        let split = match (self.input.split(builder)?, split) {
            (Some(forced), _) => Some(forced),
            (None, Some(name)) => {
                self.with_split = true;
                Some(builder.split(&name)?)
            }
            (None, None) => {
                self.without_split
                    .get_or_insert_with(|| tree.dirs[0].key.clone());
                None
            }
        };
        let members = members(&tree);
        let mut placer = Placer::new(&tree, builder);
        let mut met: HashSet<&str> = HashSet::new();
        for run in members.chunk_by(|a, b| a.name.key == b.name.key) {
            let key = run[0].name.key.as_str();
            let top = &tree.dirs[0].key;
            if !met.insert(key) {
                let key = top.child(run[0].file_name.as_ref());
                let detail = format!("{APART}: `{}` stands apart from its sample", run[0].shown());
                builder.problem(key, ProblemKind::Annotation, detail);
            }
            // The first plain one; `1.seg.png` is an annotation of `1.jpg`.
            let plain = |m: &&Member| m.is_image && !m.name.extension.contains('.');
            let image = run
                .iter()
                .find(plain)
                .or_else(|| run.iter().find(|m| m.is_image));
            let Some(image) = image else {
                let only_notes = run
                    .iter()
                    .all(|m| m.folder.is_empty() && m.name.key.starts_with("__"));
                if !only_notes {
                    let key = top.child(run[0].file_name.as_ref());
                    builder.problem(key, ProblemKind::Annotation, NO_IMAGE.to_owned());
                }
                continue;
            };
            let file = &tree.images[image.at];
            let sample = tree.dirs[file.dir].key.child(&file.name);
            let odd = image
                .name
                .extension
                .rsplit_once('.')
                .is_some_and(|(before, last)| {
                    has_image_extension(format!("x.{last}").as_ref()) && !before.is_empty()
                });
            if odd {
                let detail = format!(
                    "{DOTS}: its key is `{}`, and a sample of all names that begin so",
                    escaped(image.name.key.as_ref())
                );
                builder.problem(sample.clone(), ProblemKind::Annotation, detail);
            }
            let labels = self.labels(&tree, run, &sample, builder);
            let (place, hint) = placer.place(&tree, file, builder);
            builder.push(Draft {
                key: sample,
                split,
                labels: Labels::from_classes(labels),
                objects: Vec::new(),
                group: None,
                place,
                hint,
            });
        }
        tree.claim_all();
        tree.leave(builder);
        Ok(())
    }

    /// The classes that the members of a sample give it: `cls`, a field of
    /// `json`, or another member where it is named.
    fn labels(
        &mut self,
        tree: &Tree,
        run: &[Member],
        sample: &SampleKey,
        builder: &mut Builder,
    ) -> Vec<ClassId> {
        let wanted = self.input.request.columns.label.as_deref();
        let member = |extension: &str| {
            run.iter()
                .find(|m| !m.is_image && m.name.extension == extension)
        };
        let text = |member: &Member| -> Option<String> {
            let bytes = tree.read(member.at).ok()?;
            let text = String::from_utf8(bytes.get(..bytes.len().min(MAX_LABEL))?.to_vec()).ok()?;
            Some(text.trim().to_owned())
        };
        self.captions += u64::from(wanted.is_none() && member("txt").is_some());
        let plain = wanted.map_or_else(|| member("cls"), member);
        let texts = match (plain, member("json")) {
            (Some(plain), _) => text(plain).map(|text| vec![text]),
            (None, Some(json)) => tree
                .read(json.at)
                .ok()
                .and_then(|bytes| field(&bytes, wanted)),
            (None, None) => Some(Vec::new()),
        };
        let Some(texts) = texts else {
            builder.problem(sample.clone(), ProblemKind::Annotation, NO_LABEL.to_owned());
            return Vec::new();
        };
        (texts.iter().filter(|text| !text.is_empty()))
            .map(|text| builder.class(&escaped(text.as_ref())))
            .collect()
    }

    fn finish(mut self, _: &mut Builder) -> Result<Recognised> {
        if let (true, Some(shard)) = (
            self.with_split && self.input.role == Role::Set,
            &self.without_split,
        ) {
            return Err(Error::Input(format!(
                "{} holds shards whose names tell their split and others whose do not, as \
                 `{shard}`\nname each: `splitlint scan --split train='DIR/NAME-{{000..127}}.tar' \
                 --split NAME=…`",
                self.input.flag()
            )));
        }
        if self.captions > 0 {
            let note = "texts in `txt` are no labels unless `--label-column txt` says so";
            self.recognised.notes.push(note.to_owned());
        }
        self.recognised.correction =
            "if the label is elsewhere: `--label-column` names a member's \
                                extension or a field of `json`"
                .to_owned();
        Ok(self.recognised)
    }
}

/// The classes in a field of a JSON member: the one that is named, else the
/// first with a usual name. `None` for what is no JSON object.
fn field(bytes: &[u8], wanted: Option<&str>) -> Option<Vec<String>> {
    use serde_json::Value;
    let object: BTreeMap<String, Value> = serde_json::from_slice(bytes).ok()?;
    let value = match wanted {
        Some(name) => object.get(name),
        None => FIELDS.iter().find_map(|name| object.get(*name)),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    };
    Some(match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(text).collect::<Option<_>>()?,
        Some(value) => vec![text(value)?],
    })
}
