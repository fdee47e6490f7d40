//! The program as its users meet it: arguments, exit codes, files.

mod acting;
mod baseline;
mod cache;
#[allow(dead_code)]
#[path = "../../src/dicom/written.rs"]
mod dicom_files;
mod digest;
mod fingerprints;
#[cfg(unix)]
mod gate;
mod groups;
mod images;
mod init;
mod interrupt;
mod judged;
mod layouts;
mod medical;
mod modelled;
mod planted;
mod resplit;
mod review;
#[path = "../support/reviewing.rs"]
mod reviewing;
mod round_trip;
mod run;
mod satellite;
mod scanning;
mod settings;
#[path = "../support/shards.rs"]
mod shards;
mod usage;
