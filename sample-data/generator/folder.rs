//! Writes images and other files below one folder. Paints nothing.

use std::fs;
use std::io::{Cursor, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage};

/// A folder being filled.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// An empty folder; what was there before is removed.
    pub(crate) fn fresh(path: &Path) -> Result<Self> {
        match fs::remove_dir_all(path) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e.into()),
            _ => {}
        }
        fs::create_dir_all(path).with_context(|| path.display().to_string())?;
        Ok(Self(path.to_owned()))
    }

    /// Saves an image as its name's extension says; JPEG at quality 70.
    pub(crate) fn save(&self, name: &str, image: &RgbImage) -> Result<()> {
        self.write(name, &encode(name, image, 70)?)
    }

    /// Saves a JPEG of another quality.
    pub(crate) fn save_at(&self, name: &str, image: &RgbImage, quality: u8) -> Result<()> {
        self.write(name, &encode(name, image, quality)?)
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.0.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes).with_context(|| path.display().to_string())
    }

    /// Makes a symbolic link at `name` to `target`, relative to its folder.
    #[cfg(unix)]
    pub(crate) fn link(&self, target: &str, name: &str) -> Result<()> {
        std::os::unix::fs::symlink(target, self.0.join(name)).with_context(|| name.to_owned())
    }

    /// Copies a file made before, byte for byte.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<()> {
        let bytes = fs::read(self.0.join(from)).with_context(|| from.to_owned())?;
        self.write(to, &bytes)
    }
}

/// An image as bytes of the format that `name` ends in.
pub(crate) fn encode(name: &str, image: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match ImageFormat::from_path(name)? {
        ImageFormat::Jpeg => {
            JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image)?;
        }
        other => image.write_to(&mut Cursor::new(&mut bytes), other)?,
    }
    Ok(bytes)
}
