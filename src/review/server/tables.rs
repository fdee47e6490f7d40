//! Rows of a report's tables, columns found by name; a report of an earlier
//! version may lack some. Understands none of them.

use std::collections::HashMap;
use std::path::Path;

use crate::error::Result;
use crate::review::folder::damaged;
use crate::sample::SampleId;

/// Visits the rows of `file`. Of `columns` the first `needed` have to be there;
/// others are blank where they are not.
pub(super) fn rows<const N: usize>(
    file: &Path,
    columns: [&str; N],
    needed: usize,
    mut visit: impl FnMut([&str; N]),
) -> Result<()> {
    let wrong = |e: csv::Error| damaged(file, &e.to_string());
    let mut reader = csv::Reader::from_path(file).map_err(wrong)?;
    let headers = reader.headers().map_err(wrong)?;
    let mut places = [None; N];
    for (index, column) in columns.iter().enumerate() {
        places[index] = headers.iter().position(|header| header == *column);
        if places[index].is_none() && index < needed {
            return Err(damaged(file, &format!("the column `{column}` is missing")));
        }
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(wrong)? {
        visit(places.map(|place| place.and_then(|place| record.get(place)).unwrap_or("")));
    }
    Ok(())
}

/// The parts of a list that `known` knows; a part may hold the `;` that joins them.
pub(super) fn parts<T>(joined: &str, known: impl Fn(&str) -> Option<T>) -> Vec<T> {
    let mut parts = Vec::new();
    let mut start = 0;
    let ends = joined.match_indices(';').map(|(place, _)| place);
    for end in ends.chain([joined.len()]) {
        if let Some(part) = joined.get(start..end).and_then(&known) {
            parts.push(part);
            start = end + 1;
        }
    }
    parts
}

/// Samples that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    of: HashMap<SampleId, u32>,
    members: Vec<Vec<SampleId>>,
}

impl Groups {
    /// Samples with the same name of their group, in the order given.
    pub(super) fn of_names<'a>(named: impl IntoIterator<Item = (SampleId, &'a str)>) -> Self {
        let mut groups = Self::default();
        let mut places: HashMap<&str, u32> = HashMap::new();
        for (id, name) in named {
            let place = *places.entry(name).or_insert_with(|| {
                groups.members.push(Vec::new());
                groups.members.len() as u32 - 1
            });
            groups.members[place as usize].push(id);
            groups.of.insert(id, place);
        }
        groups
    }

    /// The group of a sample and its members; none for a sample that is alone.
    pub(super) fn of(&self, id: SampleId) -> Option<(u32, &[SampleId])> {
        let place = *self.of.get(&id)?;
        let members = &self.members[place as usize];
        (members.len() > 1).then_some((place, members))
    }
}

/// Numbers of a cell, separated by blanks.
pub(super) fn numbers<const N: usize>(cell: &str) -> Option<[f64; N]> {
    let mut numbers = [0.0; N];
    let mut words = cell.split_ascii_whitespace();
    for number in &mut numbers {
        *number = words.next()?.parse().ok().filter(|n: &f64| n.is_finite())?;
    }
    words.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_with_the_separator_in_it_is_one_part() {
        let known = ["a", "b;c", "d"];
        let find = |part: &str| known.iter().position(|name| *name == part);
        assert_eq!(parts("a;b;c;d", find), [0, 1, 2]);
        assert_eq!(parts("", find), [0; 0]);
        assert_eq!(parts("gone", find), [0; 0]);
    }

    #[test]
    fn columns_are_found_by_name_and_late_ones_may_be_missing() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("t.csv");
        std::fs::write(&file, "b,a\n2,1\n").expect("written");
        let mut met = Vec::new();
        rows(&file, ["a", "b", "c"], 2, |cells| {
            met.push(cells.map(str::to_owned));
        })
        .expect("read");
        assert_eq!(met, [["1", "2", ""]]);
        assert!(rows(&file, ["a", "c"], 2, |_| ()).is_err());
    }

    #[test]
    fn cell_of_numbers_has_exactly_as_many() {
        assert_eq!(numbers("1 -0.5"), Some([1.0, -0.5]));
        for wrong in ["1", "1 2 3", "1 x", "1 inf", ""] {
            assert_eq!(numbers::<2>(wrong), None, "{wrong}");
        }
    }
}
