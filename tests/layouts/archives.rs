//! Class folders in archives.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::CompressionMethod::Stored;
use zip::write::SimpleFileOptions;

use super::deflated::deflated_zip;
use super::{Image, folders};

pub(crate) fn zip(images: &[Image], folder: &Path) -> PathBuf {
    let path = folder.join("set.zip");
    let mut archive = zip::ZipWriter::new(File::create(&path).expect("created"));
    let options = SimpleFileOptions::default().compression_method(Stored);
    for image in images {
        archive
            .start_file(folders::path(image), options)
            .expect("started");
        archive.write_all(&image.bytes).expect("written");
    }
    archive.finish().expect("finished");
    path
}

/// As most tools write zip.
pub(crate) fn deflated(images: &[Image], folder: &Path) -> PathBuf {
    let members: Vec<(String, &[u8])> = (images.iter())
        .map(|image| (folders::path(image), &image.bytes[..]))
        .collect();
    let file = deflated_zip(&members);
    let path = folder.join("set.zip");
    fs::write(&path, file).expect("written");
    path
}

fn tar_bytes(images: &[Image]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for image in images {
        let mut header = tar::Header::new_gnu();
        header.set_size(image.bytes.len() as u64);
        header.set_mode(0o644);
        let path = folders::path(image);
        archive
            .append_data(&mut header, path, image.bytes.as_slice())
            .expect("written");
    }
    archive.into_inner().expect("written to memory")
}

pub(crate) fn tar(images: &[Image], folder: &Path) -> PathBuf {
    let path = folder.join("set.tar");
    fs::write(&path, tar_bytes(images)).expect("written");
    path
}

pub(crate) fn tar_gz(images: &[Image], folder: &Path) -> PathBuf {
    let path = folder.join("set.tar.gz");
    let mut packer = GzEncoder::new(File::create(&path).expect("created"), Compression::fast());
    packer.write_all(&tar_bytes(images)).expect("written");
    packer.finish().expect("finished");
    path
}
