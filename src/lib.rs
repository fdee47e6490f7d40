//! splitlint: the linter for dataset splits.
//!
//! A labelled image set goes in; a verdict and a report come out. Everything
//! flows one way: `source` lists samples, `decode` makes small pixels of
//! bytes, `fingerprint` computes facts of one image, `duplicates` finds
//! verified pairs, `checks` ask their questions, `gate` judges and `report`
//! prints. [`scan`](scan::scan) is this image in code.

pub mod assignment;
pub mod calendar;
pub mod checks;
pub mod cli;
pub mod config;
pub mod decisions;
pub mod decode;
pub mod dicom;
pub mod digest;
pub mod disjoint_sets;
pub mod distribution;
pub mod duplicates;
pub mod error;
pub mod evidence;
pub mod executor;
pub mod features;
pub mod finding;
pub mod fingerprint;
pub mod footprints;
pub mod gate;
pub mod headlines;
pub mod image_format;
pub mod label_model;
pub mod labelling;
pub mod linear;
pub mod neighbors;
pub mod nifti;
pub mod object_copies;
pub mod object_flaws;
pub mod parquet;
pub mod path_pattern;
pub mod progress;
pub mod quality;
pub mod report;
pub mod resplit;
pub mod review;
pub mod sample;
pub mod scan;
pub mod scenes;
pub mod scratch;
pub mod shards;
pub mod source;
pub mod spreadsheet;
pub mod statistics;
pub mod tiff_directory;
mod words;

pub use error::{Error, Result};
