//! Class folders in archives.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use zip::CompressionMethod::Stored;
use zip::write::SimpleFileOptions;

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

/// As most tools write zip, by hand (APPNOTE.TXT 6.3.10): the crate has its
/// packer left out.
pub(crate) fn deflated(images: &[Image], folder: &Path) -> PathBuf {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for image in images {
        let name = folders::path(image);
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(&image.bytes).expect("written");
        let packed = packer.finish().expect("finished");
        let mut crc = flate2::Crc::new();
        crc.update(&image.bytes);
        let mut facts = Vec::new();
        for field in [20_u16, 0, 8, 0, 33] {
            facts.extend(field.to_le_bytes());
        }
        for field in [crc.sum(), packed.len() as u32, image.bytes.len() as u32] {
            facts.extend(field.to_le_bytes());
        }
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend(0_u16.to_le_bytes());
        let offset = file.len() as u32;
        file.extend(b"PK\x03\x04");
        file.extend(&facts);
        file.extend(name.as_bytes());
        file.extend(packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&facts);
        // Comment, disk, attributes: none.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (offset, count) = (file.len() as u32, images.len() as u16);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(offset.to_le_bytes());
    file.extend([0, 0]);
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
