//! Rows of a manifest to samples. Knows no file format.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use super::Table;
use super::cell::{Cells, Place, Row};
use super::columns::Picked;
use super::probe::{Probe, Probed};
use crate::error::{Error, Result};
use crate::sample::{GroupId, Labels, ProblemKind, SampleKey, SplitId, canonical_split, escaped};
use crate::source::builder::{Builder, Draft};
use crate::source::input::Input;
use crate::source::paths::normalised;
use crate::source::places::Place as At;
use crate::source::same_file::Hint;
use crate::source::walk::Walker;

/// Malformed rows reported before the rest is only counted.
const SHOWN: usize = 20;

/// What a person should know of paths that were found only so.
const FORM: &str = "some paths use another Unicode form than the files";
const ABOVE: &str = "paths begin with the manifest's own folder";

/// Folders named in the summary; rows may lead into thousands.
const MAX_NOTES: usize = 4;

/// Rows between two checks of the stop flag and two steps of progress.
const BATCH: usize = 256;

/// Adds all rows of `table` to `builder`.
pub(super) fn list(
    table: &mut dyn Table,
    manifest: &Path,
    picked: &Picked,
    input: &Input<'_>,
    builder: &mut Builder,
) -> Result<Vec<String>> {
    let mut rows = Rows {
        base: manifest.parent().unwrap_or(Path::new("")).to_owned(),
        name: manifest.file_name().unwrap_or_default().to_owned(),
        forced: input.split(builder)?,
        top: &input.key,
        walker: input.walker,
        builder,
        spellings: BTreeMap::new(),
        accepted: Vec::new(),
        malformed: Vec::new(),
        malformed_count: 0,
        seen: 0,
        notes: BTreeSet::new(),
        probe: None,
    };
    table.rows(picked, &mut |row| rows.take(row))?;
    rows.refuse_malformed(manifest)?;
    rows.refuse_two_spellings(manifest)?;
    rows.add_samples(manifest, picked)?;
    Ok(rows.notes.into_iter().collect())
}

/// A row with its names interned, before its file was looked for.
struct Accepted {
    /// By its path alone: rows of one path have one key.
    key: SampleKey,
    place: Place,
    path: PathBuf,
    split: Option<SplitId>,
    labels: Labels,
    group: Option<GroupId>,
}

struct Rows<'a> {
    base: PathBuf,
    name: OsString,
    forced: Option<SplitId>,
    /// What keys begin with.
    top: &'a SampleKey,
    walker: &'a Walker<'a>,
    builder: &'a mut Builder,
    /// By canonical split, the spellings met, in lower case.
    spellings: BTreeMap<&'static str, BTreeMap<String, Place>>,
    accepted: Vec<Accepted>,
    malformed: Vec<String>,
    malformed_count: usize,
    seen: usize,
    /// What a person should know of how paths were found.
    notes: BTreeSet<String>,
    /// Made when a path leads nowhere.
    probe: Option<Probe>,
}

impl Rows<'_> {
    fn take(&mut self, row: Row) -> Result<()> {
        self.seen += 1;
        if self.seen.is_multiple_of(BATCH) {
            self.walker.stop.check()?;
        }
        let cells = match row.cells {
            Ok(cells) => cells,
            Err(why) => {
                self.malformed_count += 1;
                if self.malformed.len() < SHOWN {
                    self.malformed.push(format!("{}: {why}", row.place));
                }
                return Ok(());
            }
        };
        let Some(path) = &cells.path else {
            let key = SampleKey::from_path(Path::new(&self.name));
            let detail = format!("{}: no path", row.place);
            self.builder.problem(key, ProblemKind::MissingFile, detail);
            return Ok(());
        };
        let slashed = self.slashed(path);
        let given = slashed.as_deref().unwrap_or(path);
        let slashed = match self.probed(given) {
            Probed::Nothing => slashed,
            Probed::One(found) => Some(found),
            Probed::Several(one, other) => {
                let detail = format!(
                    "{}: `{}` may be `{}` or `{}`; not read",
                    row.place,
                    escaped(given.as_os_str()),
                    escaped(one.as_os_str()),
                    escaped(other.as_os_str())
                );
                let key = self.key(given);
                self.builder.problem(key, ProblemKind::MissingFile, detail);
                return Ok(());
            }
        };
        let key = self.key(slashed.as_deref().unwrap_or(path));
        let globs = self.walker.globs;
        if !globs.is_empty() && !globs.keeps(key.as_str()) {
            self.builder.skipped.filtered += 1;
            return Ok(());
        }
        let cells = match slashed {
            Some(path) => Cells {
                path: Some(path),
                ..cells
            },
            None => cells,
        };
        let accepted = self.accept(key, row.place, cells)?;
        self.accepted.extend(accepted);
        Ok(())
    }

    fn accept(&mut self, key: SampleKey, place: Place, cells: Cells) -> Result<Option<Accepted>> {
        let Some(path) = cells.path else {
            return Ok(None);
        };
        let split = match (self.forced, &cells.split) {
            (Some(split), _) => Some(split),
            (None, None) => None,
            (None, Some(given)) => Some(match canonical_split(given) {
                Some(split) => {
                    let spellings = self.spellings.entry(split).or_default();
                    spellings.entry(given.to_lowercase()).or_insert(place);
                    self.builder.split(split)?
                }
                None => self.builder.split(&escaped(given.as_ref()))?,
            }),
        };
        let classes = (cells.labels.iter())
            .map(|label| self.builder.class(&escaped(label.as_ref())))
            .collect();
        Ok(Some(Accepted {
            key,
            place,
            path,
            split,
            labels: Labels::from_classes(classes),
            group: (cells.group).map(|group| self.builder.group(&escaped(group.as_ref()))),
        }))
    }

    /// The key of `path`: relative to the manifest where it lies below it.
    fn key(&self, path: &Path) -> SampleKey {
        key_of(path, &self.base).below(self.top)
    }

    /// A path that was written on Windows and is read elsewhere, with `/` between
    /// its parts: unless there is a file of that very name.
    fn slashed(&self, path: &Path) -> Option<PathBuf> {
        let text = path.to_str().filter(|text| text.contains('\\'))?;
        if cfg!(windows) || fs::symlink_metadata(self.base.join(path)).is_ok() {
            return None;
        }
        Some(PathBuf::from(text.replace('\\', "/")))
    }

    /// The file that a path means which leads nowhere: an id, or a name without
    /// its folder.
    fn probed(&mut self, path: &Path) -> Probed {
        if fs::symlink_metadata(self.base.join(path)).is_ok_and(|there| !there.is_dir()) {
            return Probed::Nothing;
        }
        let table = self.base.join(&self.name);
        let probe = self.probe.get_or_insert_with(|| Probe::new(&table));
        let found = probe.find(path);
        if let Probed::One(file) = &found {
            let folder = file
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.map_or(".".into(), |folder| escaped(folder.as_os_str()));
            if self.notes.len() < MAX_NOTES {
                self.notes
                    .insert(format!("names completed by the files in `{folder}`"));
            }
        }
        found
    }

    fn refuse_malformed(&self, manifest: &Path) -> Result<()> {
        if self.malformed_count == 0 {
            return Ok(());
        }
        let mut text = format!("`{}` has rows that cannot be read\n", manifest.display());
        text.push_str(&self.malformed.join("\n"));
        if self.malformed_count > SHOWN {
            text.push_str(&format!("\nand {} more", self.malformed_count - SHOWN));
        }
        Err(Error::Input(text))
    }

    /// `val` and `dev` in one column may well be two splits.
    fn refuse_two_spellings(&self, manifest: &Path) -> Result<()> {
        for (split, spellings) in &self.spellings {
            if spellings.len() > 1 {
                let all: Vec<_> = (spellings.iter())
                    .map(|(spelling, place)| format!("`{spelling}` ({place})"))
                    .collect();
                return Err(Error::Input(format!(
                    "`{}` names the split {split} in several ways: {}; write one of them \
                     everywhere, or another name for another split",
                    manifest.display(),
                    all.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Looks for the files, and makes samples of the rows that say something
    /// new. The first row of a path keeps the plain key; a later one with
    /// another split or other labels is a sample of its own, with its row
    /// number behind the key.
    fn add_samples(&mut self, manifest: &Path, picked: &Picked) -> Result<()> {
        let mut accepted = std::mem::take(&mut self.accepted);
        accepted.sort_unstable_by(|a, b| (&a.key, a.place).cmp(&(&b.key, b.place)));
        let before = self.builder.len();
        let mut folders = HashMap::new();
        let mut looked_for = 0;
        for rows in accepted.chunk_by(|a, b| a.key == b.key) {
            looked_for += 1;
            if looked_for % BATCH == 0 {
                self.walker.stop.check()?;
                self.walker.progress.advance(BATCH as u64);
            }
            match self.locate(&rows[0].path) {
                Ok((path, hint)) => self.add_rows(rows, &path, hint, &mut folders),
                Err(why) => {
                    for row in rows {
                        let detail = format!("{}: {why}", row.place);
                        (self.builder).problem(row.key.clone(), ProblemKind::MissingFile, detail);
                    }
                }
            }
        }
        self.walker.progress.advance((looked_for % BATCH) as u64);
        if self.builder.len() > before {
            return Ok(());
        }
        Err(Error::Input(
            match (accepted.first(), self.builder.skipped.filtered) {
                (Some(first), _) => format!(
                    "`{}`: no file that column `{}` names exists, as `{}` ({})\npaths are taken \
                 relative to the manifest's folder, `{}`; names without folder or extension are \
                 also searched in `train`, `images` and the like there",
                    manifest.display(),
                    picked.path.name,
                    first.path.display(),
                    first.place,
                    self.base.display()
                ),
                (None, 1..) => format!(
                    "`{}`: `--include` and `--exclude` leave none of its rows",
                    manifest.display()
                ),
                (None, 0) => format!("`{}` has no row with a path", manifest.display()),
            },
        ))
    }

    /// Adds the rows of one file.
    fn add_rows(
        &mut self,
        rows: &[Accepted],
        path: &Path,
        hint: Hint,
        folders: &mut HashMap<PathBuf, u32>,
    ) {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return;
        };
        let folder = match folders.get(folder) {
            Some(&index) => index,
            None => {
                let index = self.builder.folder(folder.to_owned());
                folders.insert(folder.to_owned(), index);
                index
            }
        };
        for (index, row) in rows.iter().enumerate() {
            let earlier = &rows[..index];
            let same_split = earlier.iter().find(|e| e.split == row.split);
            let repeated = earlier
                .iter()
                .find(|e| e.split == row.split && e.labels == row.labels);
            let key = match index {
                0 => row.key.clone(),
                _ if repeated.is_some() => row.key.clone(),
                _ => row.key.marked(&format!("#{}", row.place.row)),
            };
            if let Some(first) = repeated {
                let place = first.place;
                let detail = if first.group == row.group {
                    format!("{} repeats {place}", row.place)
                } else {
                    format!("{} repeats {place} with another group", row.place)
                };
                self.builder.problem(key, ProblemKind::DuplicateRow, detail);
                continue;
            }
            if let Some(first) = same_split {
                let detail = format!(
                    "{} repeats {} with other labels; both are kept",
                    row.place, first.place
                );
                (self.builder).problem(key.clone(), ProblemKind::DuplicateRow, detail);
            }
            self.builder.push(Draft {
                key,
                split: row.split,
                labels: row.labels.clone(),
                objects: Vec::new(),
                group: row.group,
                place: At::File {
                    folder,
                    name: name.into(),
                },
                hint,
            });
        }
    }

    /// A file that a path means though it does not lead there: written on
    /// Windows, in another Unicode form than the disk has, or from one folder
    /// up, with the manifest's own folder in front.
    fn elsewhere(&mut self, path: &Path, text: &str) -> Option<(PathBuf, fs::Metadata)> {
        let slashed = match text.contains('\\') && !cfg!(windows) {
            true => text.replace('\\', "/"),
            false => text.to_owned(),
        };
        let mut forms = vec![(PathBuf::from(&slashed), None)];
        if path.to_str().is_some() && !slashed.is_ascii() {
            let composed = slashed.nfc().collect::<String>();
            let apart = slashed.nfd().collect::<String>();
            forms.extend([composed, apart].map(|form| (PathBuf::from(form), Some(FORM))));
        }
        let above = self.base.parent().filter(|_| {
            let own = self.base.file_name();
            own.is_some() && Path::new(&slashed).iter().next() == own
        });
        for (form, note) in forms {
            for (base, from) in [(Some(&*self.base), None), (above, Some(ABOVE))] {
                let Some(place) = base.map(|base| base.join(&form)) else {
                    continue;
                };
                if let Ok(found) = fs::metadata(&place) {
                    let notes = note.into_iter().chain(from);
                    self.notes.extend(notes.map(str::to_owned));
                    return Some((place, found));
                }
            }
        }
        None
    }

    /// Where the file of a row lies, or why there is none.
    fn locate(&mut self, path: &Path) -> Result<(PathBuf, Hint), String> {
        let text = path.to_string_lossy();
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(format!(
                "`{}` is a `{scheme}` address; only files on disk are read",
                escaped(path.as_os_str())
            ));
        }
        let mut place = self.base.join(path);
        let mut metadata = fs::metadata(&place);
        if metadata.is_err()
            && let Some((other, found)) = self.elsewhere(path, &text)
        {
            (place, metadata) = (other, Ok(found));
        }
        let shown = escaped(place.as_os_str());
        match metadata {
            Ok(found) if found.is_file() => Ok((place, Hint::of_file(&found))),
            Ok(_) => Err(format!("`{shown}` is no file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(format!("no file `{shown}`"))
            }
            Err(error) => Err(format!("`{shown}`: {error}")),
        }
    }
}

/// The key of the file that a row of a manifest in `base` names: relative to the
/// manifest where it lies below it.
pub(super) fn key_of(path: &Path, base: &Path) -> SampleKey {
    SampleKey::from_path(&normalised(path.strip_prefix(base).unwrap_or(path)))
}
