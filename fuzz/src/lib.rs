//! What each fuzz target does with its bytes: one function for each parser of
//! ours, in any state of disrepair of its input.
//!
//! CONTRIBUTING has the command. A panic of ours is a find even where the program
//! would catch it, because libFuzzer stops at the panic itself.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use polars::prelude::{DataType, Schema};
use splitlint::config;
use splitlint::decode::{self, Limits};
use splitlint::duplicates::{self, LikelyPair};
use splitlint::executor::{Executor, StopFlag};
use splitlint::features::supplied::{self, RowsFile};
use splitlint::fingerprint::cache;
use splitlint::footprints;
use splitlint::gate::Baseline;
use splitlint::parquet::FileWriter;
use splitlint::progress::Silent;
use splitlint::sample::{
    ContentHash, Labels, Listing, Location, NO_OBJECTS, Sample, SampleId, SampleKey,
};
use splitlint::shards::Shards;
use splitlint::source::{self, LayoutName, ReadFailure, Reader, Request, Version};

/// Little enough that an image takes no second.
const LIMITS: Limits = Limits {
    max_pixels: 4_000_000,
};

/// The reader of a JPEG's DC coefficients, headers and EXIF, and its fallbacks.
pub fn jpeg(bytes: &[u8]) {
    if bytes.starts_with(&[0xff, 0xd8]) {
        image(bytes);
    }
}

/// The row-wise reduction of PNG.
pub fn png(bytes: &[u8]) {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        image(bytes);
    }
}

/// TIFF, of any kind.
pub fn tiff(bytes: &[u8]) {
    if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
        image(bytes);
    }
}

/// Photoshop documents.
pub fn psd(bytes: &[u8]) {
    if bytes.starts_with(b"8BPS") {
        image(bytes);
    }
}

/// JPEG 2000, as a file or a bare codestream.
pub fn jpeg2000(bytes: &[u8]) {
    if bytes.starts_with(b"\xff\x4f\xff\x51") || bytes.starts_with(b"\0\0\0\x0cjP  ") {
        image(bytes);
    }
}

/// JPEG XL, bare or in its container.
pub fn jpeg_xl(bytes: &[u8]) {
    if bytes.starts_with(b"\xff\x0a") || bytes.starts_with(b"\0\0\0\x0cJXL ") {
        image(bytes);
    }
}

/// DICOM behind its preamble, which needs not be found.
pub fn dicom(bytes: &[u8]) {
    let file = [&[0; 128], &b"DICM"[..], bytes].concat();
    let _ = splitlint::dicom::identity(&file);
    let _ = splitlint::dicom::frames::count(&file);
    if let Ok(frames) = splitlint::dicom::frames::Frames::of(&file) {
        let _ = (0..4).map(|index| frames.file(index)).collect::<Vec<_>>();
    }
    image(&file);
}

/// Where a GeoTIFF file lies, beside itself.
pub fn footprint(bytes: &[u8]) {
    let samples = [0, 1].map(|id| Sample {
        id: SampleId(id),
        key: SampleKey::from_path(Path::new(&format!("{id}.tif"))),
        split: None,
        labels: Labels::None,
        objects: NO_OBJECTS,
        group: None,
    });
    let listing = Listing {
        samples: samples.to_vec(),
        ..Listing::default()
    };
    let executor = one_thread();
    let file = OneFile(bytes.to_vec());
    if let Ok(found) = footprints::find(&listing, &file, executor, &Silent) {
        let near = found.near(10.0, executor).unwrap_or_default();
        assert!(near.iter().all(|pair| (0.0..=1.0).contains(&pair.share)));
        let _ = footprints::usual_side(&found).map(|side| found.blocks(side));
    }
}

/// Made once: threads cost more than most inputs.
fn one_thread() -> &'static Executor {
    static EXECUTOR: OnceLock<Executor> = OnceLock::new();
    EXECUTOR.get_or_init(|| Executor::new(1, StopFlag::default()).expect("a thread"))
}

/// The same bytes for every sample.
struct OneFile(Vec<u8>);

impl Reader for OneFile {
    fn read(&self, _: SampleId) -> Result<Vec<u8>, ReadFailure> {
        Ok(self.0.clone())
    }

    fn version(&self, _: SampleId) -> Option<Version> {
        None
    }

    fn location(&self, id: SampleId) -> Location {
        Location::Member {
            container: "set.tar".into(),
            entry: id.0.into(),
            name: Some("tile.tif".to_owned()),
        }
    }
}

/// NIfTI volumes: the header, then slices in both ways to choose them.
pub fn nifti(bytes: &[u8]) {
    let head = &bytes[..bytes.len().min(splitlint::nifti::HEADER)];
    let Ok(header) = splitlint::nifti::Header::read(head) else {
        return;
    };
    for step in [None, Some(3)] {
        let slices = header.slices(step);
        // Sides that a file does not have would take memory and time for nothing.
        if header.size.iter().map(|&side| u64::from(side)).product::<u64>() > 1 << 22 {
            return;
        }
        if let Ok(planes) = header.planes(bytes, &slices) {
            assert_eq!(header.levels(&planes).len(), slices.len());
        }
    }
}

/// Every road from bytes to pixels. A thumbnail is never of no size.
pub fn image(bytes: &[u8]) {
    if let Ok(decoded) = decode::decode(bytes, Some("tga"), &LIMITS) {
        let luma = &decoded.thumbnail.luma;
        assert!(luma.width > 0 && luma.height > 0);
        assert_eq!(luma.samples.len(), (luma.width * luma.height) as usize);
    }
    let _ = decode::preview(bytes, None, &LIMITS, 64);
    let _ = decode::pixel_hash(bytes, None, &LIMITS);
}

/// A record of the cache. What is read is written again and read alike.
pub fn record(bytes: &[u8]) {
    let Some(read) = cache::from_bytes(bytes) else {
        return;
    };
    if let Some(written) = cache::to_bytes(&read) {
        let again = cache::from_bytes(&written).expect("its own record");
        assert_eq!(cache::to_bytes(&again), Some(written));
    }
}

/// What a file of fingerprints says of its data set, in a table without rows; a row is
/// [`record`].
pub fn shard_header(bytes: &[u8]) {
    let column = |(name, kind): (&str, DataType)| match name {
        "labels" => (name.into(), DataType::List(Box::new(kind))),
        _ => (name.into(), kind),
    };
    let schema: Schema = COLUMNS.into_iter().map(column).collect();
    let Ok(note) = String::from_utf8(bytes.to_vec()) else {
        return;
    };
    let mut table = Vec::new();
    let writer = FileWriter::new(&mut table, &schema, Some(("splitlint:fingerprints", note)));
    writer.and_then(FileWriter::finish).expect("a table");
    with_file("part.parquet", &table, |path| {
        let Ok(shards) = Shards::open_some(&[path.to_owned()]) else {
            return;
        };
        let _ = Shards::open(&[path.to_owned()]);
        let found = shards.requests().iter().map(|_| None).collect();
        let _ = shards.restore(found, None, None, one_thread());
    });
}

/// The columns of such a file that are read, whatever its header says.
const COLUMNS: [(&str, DataType); 15] = [
    ("sample", DataType::Int64),
    ("key", DataType::String),
    ("split", DataType::String),
    ("labels", DataType::String),
    ("group", DataType::String),
    ("objects", DataType::Binary),
    ("container", DataType::Int64),
    ("file", DataType::String),
    ("entry", DataType::Int64),
    ("name", DataType::String),
    ("facts", DataType::Binary),
    ("failure", DataType::String),
    ("seal", DataType::Int64),
    ("thumbnail", DataType::Binary),
    ("thumbnail_seal", DataType::Int64),
];

/// The registration of two images in a file of pairs.
pub fn likely_pair(bytes: &[u8]) {
    let [a, b] = [0, 1].map(|n| ContentHash([n; 16]));
    let pair = LikelyPair {
        a,
        b,
        similarity: None,
        closer_look: false,
        record: bytes.to_vec(),
    };
    let _ = duplicates::is_sound(&pair);
}

/// A manifest: the first byte chooses among CSV, TSV and JSON lines. Parquet is
/// left out here and below: its library panics on most damage, which we catch.
pub fn manifest(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = ["m.csv", "m.tsv", "m.jsonl"][usize::from(kind % 3)];
    with_file(name, text, |path| {
        let request = Request {
            root: Some(path.to_owned()),
            ..Request::default()
        };
        let _ = source::list(&request, &StopFlag::default(), &Silent);
    });
}

/// Arrays of pixels: the first byte chooses among IDX, a pickle and a binary batch
/// of CIFAR, and NumPy archives. What is listed is read.
pub fn arrays(bytes: &[u8]) {
    let Some((kind, file)) = bytes.split_first() else {
        return;
    };
    let names = [
        "train-images-idx3-ubyte",
        "train-images-idx3-ubyte.gz",
        "test_batch",
        "test_batch.bin",
        "set.npz",
    ];
    with_file(names[usize::from(*kind) % names.len()], file, |path| {
        let request = Request {
            root: Some(path.to_owned()),
            ..Request::default()
        };
        let Ok(listed) = source::list(&request, &StopFlag::default(), &Silent) else {
            return;
        };
        for sample in listed.listing.samples.iter().take(8) {
            let _ = listed.reader.read(sample.id);
        }
    });
}

/// Vectors that the user brings: NumPy and its archives.
pub fn rows(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = ["r.npy", "r.npz"][usize::from(kind % 2)];
    with_file(name, text, |path| {
        let keys = path.with_file_name("keys.txt");
        fs::write(&keys, "train/a/1.jpg\ntrain/b/2.jpg\n").expect("written");
        let file = RowsFile {
            path: path.to_owned(),
            keys: Some(keys),
        };
        let _ = supplied::load(&file, &Listing::default(), None);
    });
}

/// A baseline. What is read is written again and read alike.
pub fn baseline(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(read) = Baseline::parse(text) {
        let again = Baseline::parse(&read.render()).expect("its own lines");
        assert_eq!(again.render(), read.render());
    }
}

/// Settings, to the point where a scan would begin.
pub fn settings(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = config::resolve(config::parse(text, "splitlint.toml"));
    }
}

/// A table beside images: the first byte chooses among the forms of names that
/// are read.
pub fn table(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = [
        "labels.csv",
        "train/_classes.csv",
        "val/val_annotations.txt",
        "LOC_val_solution.csv",
    ][usize::from(kind % 4)];
    with_set(&["train/1.jpg", "train/2.jpg", "val/1.jpg"], name, text);
}

/// An annotation of Pascal VOC, or one of its lists.
pub fn voc(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = [
        "Annotations/1.xml",
        "ImageSets/Main/train.txt",
        "ImageSets/Main/cat_train.txt",
    ][usize::from(kind % 3)];
    let other = "<annotation><object><name>cat</name></object></annotation>";
    let folder = set(&["JPEGImages/1.jpg", "JPEGImages/2.jpg"]);
    put(folder.path(), "Annotations/2.xml", other.as_bytes());
    put(folder.path(), name, text);
    list_folder(folder.path(), LayoutName::Voc);
}

/// A mask of any format.
pub fn mask(bytes: &[u8]) {
    let folder = set(&["images/1.png", "images/2.png"]);
    put(folder.path(), "masks/1.png", bytes);
    list_folder(folder.path(), LayoutName::Masks);
}

/// A COCO file.
pub fn coco(bytes: &[u8]) {
    with_set(&["data/1.jpg", "data/2.jpg"], "labels.json", bytes);
}

/// The `data.yaml` of an Ultralytics set, or a label file of it.
pub fn yolo(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let folder = set(&["images/train/1.jpg", "images/val/2.jpg"]);
    if kind % 2 == 0 {
        put(folder.path(), "data.yaml", text);
    } else {
        let yaml = b"train: images/train\nval: images/val\nnames: [a, b]\n";
        put(folder.path(), "data.yaml", yaml);
        put(folder.path(), "labels/train/1.txt", text);
    }
    list_folder(folder.path(), LayoutName::Yolo);
}

/// An archive, each member read: the first byte chooses among zip, tar and
/// tar.gz.
pub fn archive(bytes: &[u8]) {
    let Some((kind, text)) = bytes.split_first() else {
        return;
    };
    let name = ["a.zip", "a.tar", "a.tar.gz"][usize::from(kind % 3)];
    with_file(name, text, |path| list_and_read(path, None));
}

/// A shard of WebDataset, each member read.
pub fn shard(bytes: &[u8]) {
    with_file("a.tar", bytes, |path| {
        list_and_read(path, Some(LayoutName::WebDataset));
    });
}

/// A spreadsheet's CSV.
pub fn spreadsheet(bytes: &[u8]) {
    let _ = splitlint::spreadsheet::read(bytes, Some(b'#'));
}

/// Lists what lies at `path`, and reads all of it.
fn list_and_read(path: &Path, layout: Option<LayoutName>) {
    let request = Request {
        root: Some(path.to_owned()),
        layout,
        ..Request::default()
    };
    if let Ok(listed) = source::list(&request, &StopFlag::default(), &Silent) {
        for sample in &listed.listing.samples {
            let _ = listed.reader.read(sample.id);
            let _ = listed.reader.version(sample.id);
        }
    }
}

/// Lists a folder of images with one more file.
fn with_set(images: &[&str], name: &str, bytes: &[u8]) {
    let folder = set(images);
    put(folder.path(), name, bytes);
    list_and_read(folder.path(), None);
}

fn list_folder(folder: &Path, layout: LayoutName) {
    list_and_read(folder, Some(layout));
}

/// A folder of these images, each an image by its name alone.
fn set(images: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for image in images {
        put(folder.path(), image, b"x");
    }
    folder
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("created");
    fs::write(path, bytes).expect("written");
}

fn with_file(name: &str, bytes: &[u8], work: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    work(&path);
}
