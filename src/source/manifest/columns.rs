//! Which column of a manifest means what. Reads no rows.

use std::fmt::Write;

use super::super::Columns;

/// Usual names of the column of paths, the likeliest first. Compared in lower
/// case with `-` and white space as `_`.
const PATH: [&str; 22] = [
    "path",
    "image_path",
    "img_path",
    "file_path",
    "filepath",
    "imagepath",
    "file_name",
    "filename",
    "image_file",
    "image_filename",
    "image_file_name",
    "image_name",
    "img_name",
    "imagename",
    "relative_path",
    "rel_path",
    "file",
    "files",
    "image",
    "images",
    "img",
    "sample",
];

/// Usual names of a column of ids, which are file names without their extension:
/// looked for where no column has the name of a path.
const ID: [&str; 8] = [
    "image_id", "img_id", "imageid", "isic_id", "id", "id_code", "uuid", "uid",
];

/// Names of columns that number the rows, which in a table of two rows are 0 and
/// 1, too; pandas writes the first two.
const NUMBERS: [&str; 4] = ["", "unnamed:_0", "index", "row"];

/// Columns of 0 and 1 shown by name in a summary.
const SHOWN: usize = 4;

/// Usual names of the column of labels; names come before numbers.
const LABEL: [&str; 21] = [
    "label",
    "labels",
    "class",
    "classes",
    "class_name",
    "classname",
    "label_name",
    "category",
    "categories",
    "category_name",
    "target",
    "targets",
    "tag",
    "tags",
    "class_label",
    "label_id",
    "class_id",
    "category_id",
    "class_index",
    "class_idx",
    "label_idx",
];

/// Usual names of the column of splits.
const SPLIT: [&str; 9] = [
    "split",
    "splits",
    "data_split",
    "dataset_split",
    "split_name",
    "subset",
    "partition",
    "set",
    "fold",
];

/// Usual names of the column of groups: what must not cross splits.
const GROUP: [&str; 20] = [
    "group",
    "groups",
    "group_id",
    "patient",
    "patient_id",
    "patientid",
    "subject",
    "subject_id",
    "person",
    "person_id",
    "video",
    "video_id",
    "scene",
    "scene_id",
    "sequence",
    "sequence_id",
    "session",
    "session_id",
    "study_id",
    "case_id",
];

/// Names of label columns whose text is a list of classes: `cat;dog` in
/// `labels` is two classes, in `label` it is one.
const PLURAL: [&str; 5] = ["labels", "classes", "categories", "targets", "tags"];

/// The columns to read, by index and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Picked {
    pub(in crate::source) path: Column,
    pub(in crate::source) label: Option<Column>,
    pub(in crate::source) split: Option<Column>,
    pub(in crate::source) group: Option<Column>,
    /// Text in the label column is a list.
    pub(in crate::source) label_is_list: bool,
    /// Columns of 0 and 1, each of which is a class: instead of a label column.
    pub(in crate::source) indicators: Vec<Column>,
    /// The cells of the column of paths are lists.
    pub(in crate::source) path_is_list: bool,
}

/// The columns that describe images which are in the table themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Beside {
    pub(in crate::source) label: Option<String>,
    pub(in crate::source) split: Option<String>,
    pub(in crate::source) group: Option<String>,
}

impl Beside {
    /// Picks the columns: as `wanted` says, else by their usual names.
    pub(in crate::source) fn pick(names: &[String], wanted: &Columns) -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut find = |flag: &str, wanted: &Option<String>, usual: &[&str]| {
            picked(names, flag, wanted, usual, &mut missing).map(|column| column.name)
        };
        let beside = Self {
            label: find("label", &wanted.label, &LABEL),
            split: find("split", &wanted.split, &SPLIT),
            group: find("group", &wanted.group, &GROUP),
        };
        match missing.is_empty() {
            true => Ok(beside),
            false => Err(format!(
                "{}\nthe columns are {}",
                missing.join("\n"),
                quoted(names)
            )),
        }
    }

    /// Whether text in the label column is a list.
    pub(in crate::source) fn label_is_list(&self) -> bool {
        let is_plural = |name: &String| PLURAL.contains(&plain(name).as_str());
        self.label.as_ref().is_some_and(is_plural)
    }

    /// "label = `class`, no split column".
    pub(in crate::source) fn in_words(&self) -> String {
        let words = [
            ("label", &self.label),
            ("split", &self.split),
            ("group", &self.group),
        ];
        let words = words.into_iter().filter_map(|(role, column)| match column {
            Some(column) => Some(format!("{role} = `{column}`")),
            None if role == "label" => Some("no label column".to_owned()),
            None => None,
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

/// The column for `flag`: as `wanted` says, else by its usual names; what was
/// wanted and is not there is `missing`.
fn picked(
    names: &[String],
    flag: &str,
    wanted: &Option<String>,
    usual: &[&str],
    missing: &mut Vec<String>,
) -> Option<Column> {
    let Some(name) = wanted else {
        return guess(names, usual);
    };
    let column = by_name(names, name);
    if column.is_none() {
        missing.push(format!("no column `{name}` (`--{flag}-column`)"));
    }
    column
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Column {
    pub(in crate::source) index: usize,
    pub(in crate::source) name: String,
}

/// Picks the columns: as `wanted` says, else by their usual names.
pub(in crate::source) fn pick(names: &[String], wanted: &Columns) -> Result<Picked, String> {
    let mut missing = Vec::new();
    let mut find = |flag: &str, wanted: &Option<String>, usual: &[&str]| {
        picked(names, flag, wanted, usual, &mut missing)
    };
    let path = find("path", &wanted.path, &PATH)
        .or_else(|| wanted.path.is_none().then(|| guess(names, &ID))?);
    let label = find("label", &wanted.label, &LABEL);
    let split = find("split", &wanted.split, &SPLIT);
    let group = find("group", &wanted.group, &GROUP);
    if path.is_none() && wanted.path.is_none() {
        missing.push(
            "no column with a usual name for the path of an image (`path`, `file_name`, `image`, \
             …): name it with `--path-column`"
                .to_owned(),
        );
    }
    match path {
        Some(path) if missing.is_empty() => Ok(Picked {
            label_is_list: (label.as_ref())
                .is_some_and(|column| PLURAL.contains(&plain(&column.name).as_str())),
            path,
            label,
            split,
            group,
            indicators: Vec::new(),
            path_is_list: false,
        }),
        _ => Err(format!(
            "{}\nthe columns are {}",
            missing.join("\n"),
            quoted(names)
        )),
    }
}

/// Whether a cell is a truth as one-hot columns write it: 0 and 1, as floats
/// and as Python's words.
pub(in crate::source) fn truth(cell: &str) -> Option<bool> {
    match cell.trim() {
        "1" | "1.0" | "True" | "true" => Some(true),
        "0" | "0.0" | "False" | "false" => Some(false),
        _ => None,
    }
}

impl Picked {
    /// The columns that may each be a class of its own: those without another
    /// meaning, and none where there is a label column.
    pub(in crate::source) fn candidates(&self, names: &[String]) -> Vec<Column> {
        if self.label.is_some() {
            return Vec::new();
        }
        let taken = [Some(&self.path), self.split.as_ref(), self.group.as_ref()];
        let is_taken = |index: usize| taken.iter().flatten().any(|column| column.index == index);
        (0..names.len())
            .filter(|&index| !is_taken(index) && !NUMBERS.contains(&plain(&names[index]).as_str()))
            .map(|index| column(names, index))
            .collect()
    }

    /// Takes these columns of 0 and 1 for classes, if they are several: one alone
    /// is a property (`is_valid`).
    pub(in crate::source) fn take_indicators(&mut self, columns: Vec<Column>) {
        if self.label.is_none() && columns.len() >= 2 {
            self.indicators = columns;
        }
    }

    /// The classes of a row by its columns of 0 and 1.
    pub(in crate::source) fn indicated(&self, is_one: impl Fn(&Column) -> bool) -> Vec<String> {
        (self.indicators.iter())
            .filter(|column| is_one(column))
            .map(|column| column.name.clone())
            .collect()
    }

    /// "path = `file`, label = `class`, no split column, no group column".
    pub(in crate::source) fn in_words(&self) -> String {
        let mut text = format!("path = `{}`", self.path.name);
        for (role, column) in [
            ("label", &self.label),
            ("split", &self.split),
            ("group", &self.group),
        ] {
            let _ = match column {
                None if role == "label" && !self.indicators.is_empty() => {
                    let shown = self.indicators.iter().take(SHOWN);
                    let shown: Vec<String> = shown.map(|c| c.name.clone()).collect();
                    let more = match self.indicators.len() - shown.len() {
                        0 => String::new(),
                        more => format!(" and {more} more"),
                    };
                    write!(
                        text,
                        ", labels = columns of 0 and 1: {}{more}",
                        quoted(&shown)
                    )
                }
                Some(column) => write!(text, ", {role} = `{}`", column.name),
                None if role == "group" => Ok(()),
                None => write!(text, ", no {role} column"),
            };
        }
        text
    }
}

/// Names in back-quotes, separated by commas.
pub(super) fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn guess(names: &[String], usual: &[&str]) -> Option<Column> {
    let plain: Vec<String> = names.iter().map(|name| plain(name)).collect();
    usual
        .iter()
        .find_map(|usual| plain.iter().position(|name| name == usual))
        .map(|index| column(names, index))
}

/// As written, or, where that is not there, in other case.
fn by_name(names: &[String], wanted: &str) -> Option<Column> {
    names
        .iter()
        .position(|name| name == wanted)
        .or_else(|| names.iter().position(|name| plain(name) == plain(wanted)))
        .map(|index| column(names, index))
}

fn column(names: &[String], index: usize) -> Column {
    Column {
        index,
        name: names[index].clone(),
    }
}

fn plain(name: &str) -> String {
    name.trim()
        .to_lowercase()
        .replace(|c: char| c == '-' || c.is_whitespace(), "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn usual_names_are_guessed_in_any_case() {
        let header = names(&["id", "Image Path", "CLASS", "Subset", "patient-id"]);
        let picked = pick(&header, &Columns::default()).expect("known names");
        assert_eq!(
            picked.in_words(),
            "path = `Image Path`, label = `CLASS`, split = `Subset`, group = `patient-id`"
        );
        assert!(!picked.label_is_list);
    }

    #[test]
    fn a_class_name_is_preferred_to_a_class_number() {
        let header = names(&["class_id", "path", "class_name"]);
        let picked = pick(&header, &Columns::default()).expect("known names");
        assert_eq!(picked.label.map(|c| c.index), Some(2));
    }

    #[test]
    fn a_column_that_was_named_wins_over_a_usual_one() {
        let wanted = Columns {
            label: Some("Species".into()),
            ..Columns::default()
        };
        let picked = pick(&names(&["path", "label", "species"]), &wanted).expect("named");
        assert_eq!(picked.label.map(|c| c.index), Some(2));
    }

    #[test]
    fn all_missing_columns_are_told_with_the_ones_there_are() {
        let wanted = Columns {
            label: Some("kind".into()),
            split: Some("part".into()),
            ..Columns::default()
        };
        let error = pick(&names(&["a", "b"]), &wanted).expect_err("missing");
        for part in ["`kind`", "`part`", "--path-column", "`a`, `b`"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
