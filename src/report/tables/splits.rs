//! The rows of `splits`: where each sample goes, and why.

use std::path::Path;

use super::both;
use super::frame::Frame;
use crate::error::Result;
use crate::resplit::{Plan, Row};
use crate::sample::{Listing, Sample};

/// Writes `splits.parquet` and `splits.csv` into `folder`, in listing order.
/// Data used before is no part of it.
///
/// # Errors
/// [`crate::Error::Output`] when one cannot be written.
pub fn write_splits(plan: &Plan, listing: &Listing, folder: &Path) -> Result<()> {
    let ours: Vec<&Sample> = (listing.samples.iter())
        .filter(|sample| !listing.is_reference(sample))
        .collect();
    both(folder, "splits", ours.len(), |range| {
        let rows: Vec<Row<'_>> = ours[range]
            .iter()
            .map(|sample| plan.row(listing, sample.id))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        Frame::default()
            .text("sample", rows.iter().map(|row| text(row.sample)))
            .text("old", rows.iter().map(|row| row.old.map(str::to_owned)))
            .text("new", rows.iter().map(|row| row.new.map(str::to_owned)))
            .text("atom", rows.iter().map(|row| text(row.atom)))
            .text("reason", rows.iter().map(|row| text(&row.reason)))
    })
}
