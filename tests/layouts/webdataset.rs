//! WebDataset shards: three for train, one for val.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Image;

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    fs::create_dir_all(&root).expect("created");
    for (split, length) in [("train", 4), ("val", 6)] {
        let own: Vec<&Image> = images.iter().filter(|image| image.split == split).collect();
        for (number, part) in own.chunks(length).enumerate() {
            let path = root.join(format!("set-{split}-{number:06}.tar"));
            let mut shard = tar::Builder::new(File::create(path).expect("created"));
            for image in part {
                let label = format!(r#"{{"label": "{}", "width": 128}}"#, image.class);
                for (extension, bytes) in [("png", &image.bytes[..]), ("json", label.as_bytes())] {
                    let mut header = tar::Header::new_ustar();
                    header.set_size(bytes.len() as u64);
                    header.set_mode(0o644);
                    let name = format!("{}.{extension}", image.stem);
                    shard
                        .append_data(&mut header, name, bytes)
                        .expect("written");
                }
            }
            shard.finish().expect("finished");
        }
    }
    root
}
