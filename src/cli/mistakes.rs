//! Tips for what is often typed wrongly and clap cannot know.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What is written into every report folder whatever the format.
const ALWAYS_WRITTEN: [&str; 3] = ["html", "csv", "parquet"];

/// What the user may have meant, if it is one of the usual mistakes.
pub(super) fn tip(error: &clap::Error) -> Option<String> {
    let given = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let is_there = |text: &&str| Path::new(text).exists();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let path = given(ContextKind::InvalidSubcommand).filter(is_there)?;
            Some(format!("to scan a data set: splitlint scan {path}"))
        }
        ErrorKind::UnknownArgument => {
            given(ContextKind::InvalidArg).filter(is_there)?;
            Some(
                "one data set is scanned at a time; if these are its splits, name them: \
                 --split train=PATH --split test=PATH"
                    .to_owned(),
            )
        }
        ErrorKind::InvalidValue => {
            let value = given(ContextKind::InvalidValue)?;
            ALWAYS_WRITTEN.contains(&value).then(|| {
                "report.html and tables as CSV and Parquet are written by every scan, into the \
                 folder that --report names"
                    .to_owned()
            })
        }
        _ => None,
    }
}
