//! What stays, and what is done, as tables. Decides nothing.

use super::plan::{Action, Plan};
use super::stay::Stay;
use crate::sample::Location;
use crate::source::OwnTable;

/// What stays as a manifest that `splitlint scan` reads. Paths are where the
/// samples lie now, or where they lie in the copy. A data set with a manifest
/// of its `own` keeps its columns and cells, changed only in what was decided.
pub fn manifest(staying: &[Stay], in_copy: bool, own: Option<&OwnTable>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = match own {
        Some(own) => writer.write_record(&own.headers),
        None => writer.write_record(["path", "label", "split", "group"]),
    };
    for stay in staying {
        let from = shown(&stay.from);
        let path = if in_copy { stay.to.as_str() } else { &from };
        let row = own.and_then(|own| Some((own, own.row(&stay.key)?)));
        let _ = match (own, row) {
            (_, Some((own, row))) => {
                let mut cells = row.to_vec();
                path.clone_into(&mut cells[own.path]);
                if let Some(label) = own.label.filter(|_| stay.is_relabelled) {
                    cells[label].clone_from(&stay.label);
                }
                writer.write_record(&cells)
            }
            // Made of a row that cannot be found again, as one of bytes that are
            // no text.
            (Some(own), None) => {
                let mut cells = vec![""; own.headers.len()];
                cells[own.path] = path;
                if let Some(label) = own.label {
                    cells[label] = &stay.label;
                }
                writer.write_record(&cells)
            }
            (None, None) => writer.write_record([path, &stay.label, &stay.split, &stay.group]),
        };
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The absolute path of a file; of a member, that of its container with its
/// name or number behind it.
fn shown(from: &Location) -> String {
    let file = std::path::absolute(from.file());
    let file = file.as_deref().unwrap_or(from.file()).to_string_lossy();
    match from {
        Location::File(_) => file.into_owned(),
        Location::Member { entry, name, .. } => match name {
            Some(name) => format!("{file}/{name}"),
            None => format!("{file}#{entry}"),
        },
    }
}

/// The steps as CSV.
pub fn steps(plan: &Plan) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(["sample", "action", "given", "label", "because", "finding"]);
    for step in &plan.steps {
        let (from, to) = match &step.action {
            Action::Relabel { from, to } => (from.as_str(), to.as_str()),
            _ => ("", ""),
        };
        let cells = [
            &step.sample,
            step.action.name(),
            from,
            to,
            &step.because,
            &step.finding,
        ];
        let _ = writer.write_record(cells);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
