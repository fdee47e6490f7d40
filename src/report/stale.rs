//! Marks a report that a later scan could not replace. Changes no finding.

use std::fs;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::scratch::write_file;

/// The report's summary.
const SUMMARY: &str = "summary.json";
/// The report's page.
const PAGE: &str = "report.html";
/// Before and after the mark in a page, so that there is one only.
const MARK: (&str, &str) = ("<p class=\"old\" role=\"alert\">", "</p><!--old-->");

/// Says in the report in `folder`, if there is one, that a later scan could not
/// judge: its verdict becomes `incomplete`, and its page opens with `why`.
///
/// # Errors
/// [`Error::Output`] when the report is there and cannot be changed.
pub fn mark_old(folder: &Path, why: &str) -> Result<()> {
    let path = folder.join(SUMMARY);
    let Some(text) = read(&path)? else {
        return Ok(());
    };
    let fact = format!("the scan after this report reached no verdict: {why}");
    // A summary that is none of ours is left alone.
    let Ok(mut summary) = serde_json::from_str::<Value>(&text) else {
        return Ok(());
    };
    if summary
        .get("verdict")
        .is_none_or(|verdict| !verdict.is_object())
    {
        return Ok(());
    }
    summary["verdict"] = json!({ "result": "incomplete", "exit_code": 2, "reasons": [fact] });
    let mut text = serde_json::to_string_pretty(&summary).unwrap_or(text);
    text.push('\n');
    write_file(&path, &text)?;

    let path = folder.join(PAGE);
    let Some(page) = read(&path)? else {
        return Ok(());
    };
    let mut safe = String::new();
    super::html::escape_into(&crate::words::shown(&fact), &mut safe);
    let mark = format!("{}{safe}{}", MARK.0, MARK.1);
    let page = match (page.find(MARK.0), page.find(MARK.1)) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{mark}{}", &page[..start], &page[end + MARK.1.len()..])
        }
        _ => page.replacen("<body>", &format!("<body>{mark}"), 1),
    };
    write_file(&path, &page)
}

fn read(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::output(path, e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;
    use crate::report::write_folder;

    #[test]
    fn old_report_says_so_once_and_nothing_in_the_reason_acts() {
        let folder = tempfile::tempdir().expect("a folder");
        let page = "<html><body>verdict</body></html>";
        write_folder(&Fixture::new().report(), Some(page), folder.path()).expect("written");
        for why in ["first", "no `<b>`"] {
            mark_old(folder.path(), why).expect("marked");
        }
        let page = fs::read_to_string(folder.path().join(PAGE)).expect("there");
        assert_eq!(page.matches("reached no verdict").count(), 1, "{page}");
        assert!(page.contains("no `&lt;b&gt;`"), "{page}");
        let summary = fs::read_to_string(folder.path().join(SUMMARY)).expect("there");
        let summary: Value = serde_json::from_str(&summary).expect("JSON");
        assert_eq!(summary["verdict"]["result"], "incomplete");
        assert_eq!(summary["version"], 1);
    }

    #[test]
    fn what_is_no_report_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        mark_old(&folder.path().join("none"), "x").expect("nothing to do");
        fs::write(folder.path().join(SUMMARY), "{}").expect("written");
        mark_old(folder.path(), "x").expect("nothing to do");
        let text = fs::read_to_string(folder.path().join(SUMMARY)).expect("there");
        assert_eq!(text, "{}");
    }
}
