//! A Pascal VOC set with one box an image: lists of splits, and XML beside the
//! images of each split.

use std::path::{Path, PathBuf};

use super::{Image, put};

fn annotation(image: &Image) -> String {
    format!(
        "<annotation>\n\t<filename>{}.png</filename>\n\t<size><width>128</width><height>96</height>\
         <depth>3</depth></size>\n\t<object><name>{}</name><difficult>0</difficult><bndbox>\
         <xmin>10</xmin><ymin>10</ymin><xmax>70</xmax><ymax>50</ymax></bndbox></object>\n\
         </annotation>\n",
        image.stem, image.class
    )
}

pub(crate) fn write(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for image in images {
        let stem = &image.stem;
        put(&root.join(format!("JPEGImages/{stem}.png")), &image.bytes);
        let path = root.join(format!("Annotations/{stem}.xml"));
        put(&path, annotation(image).as_bytes());
    }
    for split in ["train", "val"] {
        let own = images.iter().filter(|image| image.split == split);
        let list: String = own.map(|image| format!("{}\n", image.stem)).collect();
        let path = root.join(format!("ImageSets/Main/{split}.txt"));
        put(&path, list.as_bytes());
    }
    root
}

pub(crate) fn beside(images: &[Image], folder: &Path) -> PathBuf {
    let root = folder.join("set");
    for image in images {
        let path = format!("{}/{}", image.split, image.stem);
        put(&root.join(format!("{path}.png")), &image.bytes);
        let text = annotation(image);
        put(&root.join(format!("{path}.xml")), text.as_bytes());
    }
    root
}
