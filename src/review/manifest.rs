//! What stays, and what is done, as tables. Decides nothing.

use super::plan::{Action, Plan};
use super::stay::Stay;
use crate::sample::{Location, canonical_split};
use crate::source::OwnTable;

/// What stays as a manifest that `splitlint scan` reads. Paths are where the
/// samples lie now, or where they lie in the copy. A data set with a manifest
/// of its `own` keeps its columns and cells, changed only in what was decided: labels, and
/// where `in_new_splits` splits, for which a column is added where there is none.
pub fn manifest(
    staying: &[Stay],
    in_copy: bool,
    own: Option<&OwnTable>,
    in_new_splits: bool,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let adds_split = |own: &OwnTable| in_new_splits && own.split.is_none();
    // Writing to memory cannot fail.
    let _ = match own {
        Some(own) => {
            let more = adds_split(own).then_some("split");
            writer.write_record(own.headers.iter().map(String::as_str).chain(more))
        }
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
                if stay.is_relabelled {
                    relabel(own, &stay.label, &mut cells);
                }
                if let Some(cell) = own.split.filter(|_| in_new_splits).map(|i| &mut cells[i])
                    && canonical_split(cell).unwrap_or(cell) != stay.split
                {
                    cell.clone_from(&stay.split);
                }
                if adds_split(own) {
                    cells.push(stay.split.clone());
                }
                writer.write_record(&cells)
            }
            // Made of a row that cannot be found again, as one of bytes that are
            // no text.
            (Some(own), None) => {
                let mut cells = vec![String::new(); own.headers.len()];
                path.clone_into(&mut cells[own.path]);
                relabel(own, &stay.label, &mut cells);
                if let Some(split) = own.split {
                    cells[split].clone_from(&stay.split);
                } else if adds_split(own) {
                    cells.push(stay.split.clone());
                }
                writer.write_record(&cells)
            }
            (None, None) => writer.write_record([path, &stay.label, &stay.split, &stay.group]),
        };
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// Writes the classes of `label` into a row of `own`.
fn relabel(own: &OwnTable, label: &str, cells: &mut [String]) {
    if let Some(place) = own.label {
        label.clone_into(&mut cells[place]);
    }
    for (place, class) in &own.indicators {
        let has = label == class || label.split(';').any(|one| one == class);
        cells[*place] = own.as_truth(&cells[*place], has);
    }
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
