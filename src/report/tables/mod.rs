//! The report's tables, each as Parquet and as CSV. Computes no figure.

mod distribution;
mod findings;
mod frame;
mod lists;
mod objects;
mod pairs;
mod samples;
mod scenes;
mod splits;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

pub use splits::write_splits;

use frame::{CsvFile, Frame, ParquetFile};

use super::Report;
use crate::decisions;
use crate::error::{Error, Result};

/// The names of all files that [`write`] makes.
pub(super) const FILES: [&str; 15] = [
    "findings.parquet",
    "findings.csv",
    "pairs.parquet",
    "pairs.csv",
    "samples.parquet",
    "samples.csv",
    "classes.parquet",
    "classes.csv",
    "drift.parquet",
    "drift.csv",
    "links.parquet",
    "links.csv",
    "scene-groups.csv",
    "drop.csv",
    decisions::FILE,
];

/// The names of the files that [`write`] makes only of a data set with objects.
pub(super) const OF_OBJECTS: [&str; 4] = [
    "objects.parquet",
    "objects.csv",
    "cooccurrence.parquet",
    "cooccurrence.csv",
];

/// Rows made at a time: some 30 MB of a wide table.
const BATCH: usize = 1 << 16;

/// Writes all tables into `folder`.
///
/// # Errors
/// [`Error::Output`] when one cannot be written.
pub(super) fn write(report: &Report<'_>, folder: &Path) -> Result<()> {
    let findings = &report.outcome.findings;
    both(folder, "findings", findings.len(), |rows| {
        findings::rows(report, &findings[rows])
    })?;
    let pairs = &report.duplicates.pairs;
    both(folder, "pairs", pairs.len(), |rows| {
        pairs::rows(report, &pairs[rows])
    })?;
    let samples = &report.listing.samples;
    let first_copies = samples::first_copies(report);
    both(folder, "samples", samples.len(), |rows| {
        samples::rows(report, &first_copies, &samples[rows])
    })?;
    let classes = distribution::class_rows(report);
    both(folder, "classes", classes.len(), |rows| {
        distribution::classes(report, &classes[rows])
    })?;
    both(folder, "drift", report.drift.len(), |rows| {
        distribution::drift(report, &report.drift[rows])
    })?;
    let found = report.scenes.as_ref();
    let links = found.map_or(&[][..], |scenes| &scenes.links);
    both(folder, "links", links.len(), |rows| {
        scenes::links(report, &links[rows])
    })?;
    if !report.objects.is_empty() {
        let owners = objects::owners(report);
        both(folder, "objects", owners.len(), |rows| {
            objects::rows(report, &owners[rows.clone()], rows.start)
        })?;
        let together = &report.objects.together;
        both(folder, "cooccurrence", together.len(), |rows| {
            objects::together(report, &together[rows])
        })?;
    }
    csv_only(folder, "scene-groups", scenes::groups(report))?;
    csv_only(folder, "drop", lists::drops(report))?;
    into_file(&folder.join(decisions::FILE), |out| {
        lists::decisions(report, out)
    })?;
    if report.decided.aside.is_empty() {
        return Ok(());
    }
    into_file(&folder.join(decisions::ASIDE), |out| {
        lists::aside(report, out)
    })
}

fn both(
    folder: &Path,
    name: &str,
    count: usize,
    frame: impl Fn(Range<usize>) -> Frame,
) -> Result<()> {
    let batches = || {
        // One batch even of no rows, because it carries the column names.
        (0..count.max(1))
            .step_by(BATCH)
            .map(|start| start..count.min(start + BATCH))
    };
    into_file(&folder.join(format!("{name}.parquet")), |out| {
        let mut batches = batches();
        let mut file = ParquetFile::start(out, frame(batches.next().unwrap_or(0..0)))?;
        batches.try_for_each(|rows| file.more(frame(rows)))?;
        file.finish()
    })?;
    into_file(&folder.join(format!("{name}.csv")), |out| {
        let mut batches = batches();
        let mut file = CsvFile::start(out, &frame(batches.next().unwrap_or(0..0)))?;
        batches.try_for_each(|rows| file.more(&frame(rows)))?;
        file.finish()
    })
}

fn csv_only(folder: &Path, name: &str, frame: Frame) -> Result<()> {
    into_file(&folder.join(format!("{name}.csv")), |out| {
        CsvFile::start(out, &frame)?.finish()
    })
}

fn into_file(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    let failed = |e: io::Error| Error::output(path, e);
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    fill(&mut out).and_then(|()| out.flush()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::Fixture;

    fn text(name: &str) -> String {
        let place = tempfile::tempdir().expect("a folder");
        write(&Fixture::new().report(), place.path()).expect("written");
        std::fs::read_to_string(place.path().join(name)).expect("there")
    }

    /// The first columns of each table, whose names are a promise to users.
    const PROMISED: [(&str, &str); 9] = [
        (
            "findings.csv",
            "id,code,name,severity,message,splits,labels,samples,score",
        ),
        (
            "pairs.csv",
            "sample_a,sample_b,split_a,split_b,label_a,label_b,relation,transform,distance,similarity",
        ),
        (
            "samples.csv",
            "sample,split,label,width,height,format,bytes,content_hash,phash,group,label_score,\
             suggested_label,cluster",
        ),
        ("classes.csv", "split,label,count,share"),
        ("drop.csv", "sample,split,because_of,finding"),
        (
            "links.csv",
            "sample_a,sample_b,split_a,split_b,label_a,label_b,matched_places",
        ),
        ("scene-groups.csv", "sample,group"),
        (
            "decisions.csv",
            "sample,given,suggested,label_score,decision,split,checks,content",
        ),
        (
            "drift.csv",
            "split_a,split_b,total_variation,cramers_v,jensen_shannon,psi,chi2,dof,p_value",
        ),
    ];

    #[test]
    fn promised_columns_come_first_and_by_their_names() {
        for (name, columns) in PROMISED {
            let table = text(name);
            let header = table.lines().next().expect("a header");
            assert!(header.starts_with(columns), "{name}: {header}");
        }
    }

    #[test]
    fn rows_of_the_fixture() {
        for name in [
            "findings.csv",
            "pairs.csv",
            "classes.csv",
            "drop.csv",
            "decisions.csv",
        ] {
            insta::assert_snapshot!(name, text(name));
        }
    }

    #[test]
    fn every_sample_has_a_row_in_both_forms() {
        use polars::prelude::{ParquetReader, SerReader};
        let place = tempfile::tempdir().expect("a folder");
        let fixture = Fixture::new();
        write(&fixture.report(), place.path()).expect("written");
        let file = File::open(place.path().join("samples.parquet")).expect("there");
        let back = ParquetReader::new(file).finish().expect("read");
        assert_eq!(back.height(), fixture.evidence.listing.samples.len());
        let mut csv = csv::Reader::from_path(place.path().join("samples.csv")).expect("there");
        assert_eq!(csv.records().count(), back.height());
        let header = csv.headers().expect("a header").clone();
        let names = back.get_column_names();
        assert!(header.iter().eq(names.iter().map(|name| name.as_str())));
    }
}
