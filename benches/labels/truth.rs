//! Reads the right labels of a set whose given ones people made.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use splitlint::sample::Listing;

/// The classes of every sample of `listing`.
pub(super) struct Truth {
    /// The right ones.
    pub(super) right: Vec<u32>,
    /// Those that people gave, by the name of their column.
    pub(super) given: Vec<(String, Vec<u32>)>,
}

/// Reads a CSV file with the columns `sample` (its key) and `label` (the right one). Every
/// further column holds labels that people gave; where there is none, they gave `folder`.
pub(super) fn read(
    file: &Path,
    listing: &Listing,
    folder: &[u32],
) -> Result<Truth, Box<dyn Error>> {
    let mut rows = csv::Reader::from_path(file)?;
    let head = rows.headers()?.clone();
    let missing = |name: &str| format!("`{}` has no column `{name}`", file.display());
    let column = |name: &str| head.iter().position(|column| column == name);
    let sample = column("sample").ok_or_else(|| missing("sample"))?;
    let label = column("label").ok_or_else(|| missing("label"))?;
    let others: Vec<usize> = (0..head.len())
        .filter(|&place| place != sample && place != label)
        .collect();
    let classes = listing.classes.iter().zip(0..);
    let classes: BTreeMap<&str, u32> = classes.map(|(name, i)| (name.as_str(), i)).collect();
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in rows.records() {
        let row = row?;
        let class = |place: usize| {
            let name = row.get(place).unwrap_or_default();
            (classes.get(name).copied()).ok_or_else(|| format!("no class `{name}`"))
        };
        let places = std::iter::once(label).chain(others.iter().copied());
        let own = places.map(class).collect::<Result<Vec<u32>, _>>()?;
        found.insert(row.get(sample).unwrap_or_default().to_owned(), own);
    }
    let of = |place: usize| -> Result<Vec<u32>, String> {
        let own = listing.samples.iter().map(|sample| {
            let own = found.get(sample.key.as_str()).map(|own| own[place]);
            own.ok_or_else(|| format!("`{}` has no row for `{}`", file.display(), sample.key))
        });
        own.collect()
    };
    let mut given = Vec::new();
    for (place, &column) in others.iter().enumerate() {
        given.push((head[column].to_owned(), of(place + 1)?));
    }
    if given.is_empty() {
        given.push(("as people made it".to_owned(), folder.to_vec()));
    }
    Ok(Truth {
        right: of(0)?,
        given,
    })
}
