//! Manifests as JSON Lines: one object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::Table;
use super::cell::{Cells, Place, Row, json_text, labels};
use super::columns::{Column, Picked, truth};
use crate::error::{Error, Result};

/// A JSON Lines file. Keys that a line lacks are empty cells.
pub(super) struct JsonLines {
    path: PathBuf,
}

impl JsonLines {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Hands out every line that is not blank with its number.
    fn lines<E: From<io::Error>>(
        &self,
        mut visit: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = BufReader::new(File::open(&self.path)?);
        let (mut line, mut number) = (Vec::new(), 0);
        while reader.read_until(b'\n', &mut line)? > 0 {
            number += 1;
            let mut content = line.trim_ascii();
            if number == 1 {
                content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
            }
            if !content.is_empty() {
                visit(number, content)?;
            }
            line.clear();
        }
        Ok(())
    }
}

impl Table for JsonLines {
    fn columns(&mut self) -> Result<Vec<String>, String> {
        let mut names = BTreeSet::new();
        let mut first = None;
        self.lines(|_, line| {
            first = first.or(line.first().copied());
            // Lines that are no object are reported with their number later.
            if let Ok(object) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(line) {
                names.extend(object.into_keys());
            }
            io::Result::Ok(())
        })
        .map_err(|error| error.to_string())?;
        match first {
            None => Err("the manifest is empty".to_owned()),
            Some(b'[') => Err(
                "a JSON array is not JSON Lines: write one object on each line, for example \
                 with `jq -c '.[]'`"
                    .to_owned(),
            ),
            Some(_) if names.is_empty() => Err("no line is a JSON object".to_owned()),
            Some(_) => Ok(names.into_iter().collect()),
        }
    }

    fn rows(&mut self, picked: &Picked, visit: &mut dyn FnMut(Row) -> Result<()>) -> Result<()> {
        let mut row = 0;
        let answer = self.lines(|line, content| {
            row += 1;
            let cells = match serde_json::from_slice::<BTreeMap<String, Value>>(content) {
                Ok(object) => cells(&object, picked),
                Err(error) => Err(format!("not a JSON object: {error}")),
            };
            let line = Some(line);
            visit(Row {
                place: Place { row, line },
                cells,
            })
            .map_err(Stopped::ByVisitor)
        });
        answer.map_err(|stopped| match stopped {
            Stopped::ByVisitor(error) => error,
            Stopped::ByFile(error) => Error::Input(format!("`{}`: {error}", self.path.display())),
        })
    }

    fn indicators(&mut self, mut columns: Vec<Column>) -> Result<Vec<Column>, String> {
        let read: io::Result<()> = self.lines(|_, content| {
            if let Ok(object) = serde_json::from_slice::<BTreeMap<String, Value>>(content) {
                columns.retain(|column| object.get(&column.name).and_then(is_one).is_some());
            }
            Ok(())
        });
        read.map_err(|error| error.to_string())?;
        Ok(columns)
    }
}

/// A value of a one-hot column.
fn is_one(value: &Value) -> Option<bool> {
    json_text(value)
        .ok()
        .flatten()
        .and_then(|text| truth(&text))
}

enum Stopped {
    ByVisitor(Error),
    ByFile(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::ByFile(error)
    }
}

fn cells(object: &BTreeMap<String, Value>, picked: &Picked) -> Result<Cells, String> {
    let text = |column: &Column| match object.get(&column.name) {
        None => Ok(None),
        Some(value) => json_text(value).map_err(|what| format!("`{}` is {what}", column.name)),
    };
    let optional = |column: &Option<Column>| column.as_ref().map_or(Ok(None), text);
    let classes = match &picked.label {
        None => picked.indicated(|column| object.get(&column.name).and_then(is_one) == Some(true)),
        Some(column) => match object.get(&column.name) {
            Some(Value::Array(list)) => {
                let texts: Result<Vec<_>, _> = list.iter().map(json_text).collect();
                let texts = texts.map_err(|what| format!("`{}` holds {what}", column.name))?;
                texts.into_iter().flatten().collect()
            }
            _ => text(column)?.map_or_else(Vec::new, |t| labels(&t, picked.label_is_list)),
        },
    };
    let mut paths = match (picked.path_is_list, object.get(&picked.path.name)) {
        (true, Some(Value::Array(list))) => {
            let texts: Result<Vec<_>, _> = list.iter().map(json_text).collect();
            let texts = texts.map_err(|what| format!("`{}` holds {what}", picked.path.name))?;
            texts.into_iter().flatten().collect()
        }
        _ => Vec::from_iter(text(&picked.path)?),
    }
    .into_iter()
    .map(PathBuf::from);
    Ok(Cells {
        path: paths.next(),
        more: paths.collect(),
        labels: classes,
        split: optional(&picked.split)?,
        group: optional(&picked.group)?,
    })
}
