//! Reads the right labels of a set whose given ones people made.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use splitlint::sample::Listing;

/// The right class of every sample of `listing`, by key, from a CSV file with
/// the columns `sample` and `label`.
pub(super) fn read(file: &Path, listing: &Listing) -> Result<Vec<u32>, Box<dyn Error>> {
    let mut rows = csv::Reader::from_path(file)?;
    let head = rows.headers()?.clone();
    let column = |name: &str| {
        let found = head.iter().position(|column| column == name);
        found.ok_or(format!("`{}` has no column `{name}`", file.display()))
    };
    let (sample, label) = (column("sample")?, column("label")?);
    let classes = listing.classes.iter().zip(0..);
    let classes: BTreeMap<&str, u32> = classes.map(|(name, i)| (name.as_str(), i)).collect();
    let mut right: BTreeMap<String, u32> = BTreeMap::new();
    for row in rows.records() {
        let row = row?;
        let name = row.get(label).unwrap_or_default();
        let class = classes.get(name).ok_or(format!("no class `{name}`"))?;
        right.insert(row.get(sample).unwrap_or_default().to_owned(), *class);
    }
    let of = |key: &str| {
        let found = right.get(key).copied();
        found.ok_or_else(|| format!("`{}` has no row for `{key}`", file.display()).into())
    };
    listing.samples.iter().map(|s| of(s.key.as_str())).collect()
}
