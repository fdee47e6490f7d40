use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Model, ModelFile, Seen, WholeImages};
use crate::decode::{Limits, Thumbnail};
use crate::error::Error;
use crate::executor::{Executor, StopFlag};
use crate::fingerprint::{FingerprintTable, Images};
use crate::sample::Location;
use crate::sample::SampleId;
use crate::source::{ReadFailure, Reader, Version};

/// The folder of the models, of the image, and of what ONNX Runtime made of
/// it; `make.py` there made all of them.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx")
}

fn file(name: &str) -> ModelFile {
    ModelFile {
        path: folder().join(format!("{name}.onnx")),
        ..ModelFile::default()
    }
}

/// One image under every number, but for number 1, which is broken.
struct One(Vec<u8>);

impl Reader for One {
    fn read(&self, id: SampleId) -> Result<Vec<u8>, ReadFailure> {
        let whole = if id.0 == 1 { 100 } else { self.0.len() };
        Ok(self.0[..whole].to_vec())
    }
    fn version(&self, _: SampleId) -> Option<Version> {
        None
    }
    fn location(&self, id: SampleId) -> Location {
        Location::File(format!("/{}", id.0).into())
    }
}

fn see(model: &Model, ids: &[u32], jobs: usize) -> Seen {
    let executor = Executor::new(jobs, StopFlag::default()).expect("threads");
    let image = fs::read(folder().join("image.png")).expect("the image");
    let make = |_| -> Option<Thumbnail> { None };
    let images = Images::made(make, Arc::new(One(image)), Limits::default());
    let ids: Vec<SampleId> = ids.iter().copied().map(SampleId).collect();
    let table = FingerprintTable::default();
    let shown = WholeImages {
        ids: &ids,
        fingerprints: &table,
        images: &images,
    };
    let seen = model.vectors(&shown, &executor, |_| {});
    seen.expect("not stopped")
}

fn load(file: &ModelFile) -> Model {
    Model::load(file).unwrap_or_else(|e| panic!("{e}"))
}

fn refused(file: &ModelFile) -> String {
    match Model::load(file) {
        Err(Error::Input(why)) => why,
        Err(e) => panic!("another error: {e}"),
        Ok(_) => panic!("`{}` was taken", file.path.display()),
    }
}

/// Of numbers of about 1: sums of some hundred products in single precision, in
/// another order.
const TOLERANCE: f64 = 1e-4;
/// ONNX Runtime rounds to eleven bits where a model says so, ours does not.
const HALF: f64 = 2e-3;

#[test]
fn vectors_are_those_of_onnx_runtime() {
    let text = fs::read_to_string(folder().join("expected.json")).expect("the answers");
    let messages: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let vectors = messages["vectors"].as_object().expect("vectors by name");
    assert_eq!(vectors.len(), 6);
    for (name, expected) in vectors {
        let (name, output) = match name.split_once(' ') {
            Some((name, output)) => (name, Some(output.to_owned())),
            None => (name.as_str(), None),
        };
        let model = load(&ModelFile {
            output,
            ..file(name)
        });
        let seen = see(&model, &[0], 1);
        let expected: Vec<f64> = (expected.as_array().expect("numbers").iter())
            .filter_map(serde_json::Value::as_f64)
            .collect();
        assert_eq!(seen.vectors.dim(), expected.len(), "{name}");
        for (ours, theirs) in seen.vectors.row(0).iter().zip(&expected) {
            let apart = (f64::from(*ours) - theirs).abs();
            let tolerance = if name == "half" { HALF } else { TOLERANCE };
            assert!(apart < tolerance, "{name}: {ours} for {theirs}");
        }
    }
}

#[test]
fn model_tells_how_it_is_shown_images() {
    let messages = |file: &ModelFile| load(file).notes().join("\n");
    let imagenet = messages(&file("resnet"));
    assert!(imagenet.contains("32 × 32 pixels"), "{imagenet}");
    assert!(imagenet.contains("0.485, 0.456, 0.406"), "{imagenet}");
    assert!(imagenet.contains("ImageNet's"), "{imagenet}");
    assert!(imagenet.contains("16 numbers"), "{imagenet}");
    assert!(messages(&file("vit")).contains("0.250 (as its metadata says)"));
    assert!(messages(&file("keras")).contains("of 0 to 255, as the model normalises"));
    assert!(messages(&file("bytes")).contains("as bytes"));
    let given = messages(&ModelFile {
        mean: Some(vec![0.5]),
        std: Some(vec![0.125, 0.25, 0.5]),
        ..file("vit")
    });
    assert!(given.contains("0.125, 0.250, 0.500 (as given)"), "{given}");
}

#[test]
fn neither_threads_nor_neighbours_change_a_vector() {
    for name in ["resnet", "vit", "bytes"] {
        let model = load(&file(name));
        let alone = see(&model, &[0], 1);
        let many = see(&model, &[0, 2, 3, 4, 5, 6, 7, 8, 9], 3);
        assert_eq!(many.vectors.len(), 9);
        for row in 0..9 {
            assert_eq!(many.vectors.row(row), alone.vectors.row(0), "{name}");
        }
    }
}

#[test]
fn broken_image_has_no_vector_and_is_told() {
    for name in ["resnet", "bytes"] {
        let seen = see(&load(&file(name)), &[0, 1, 2], 2);
        assert_eq!(seen.rows, [0, 2], "{name}");
        assert_eq!(seen.vectors.len(), 2);
        let [(row, why)] = &seen.failed[..] else {
            panic!("{:?}", seen.failed);
        };
        assert_eq!(*row, 1);
        assert!(why.contains("truncated"), "{why}");
    }
}

#[test]
fn models_that_cannot_serve_are_refused_in_words() {
    let messages = |name: &str, part: &str| {
        let why = refused(&file(name));
        assert!(why.contains(part), "`{part}` is not in: {why}");
    };
    messages("none", "none.onnx");
    messages("whole_numbers", "does not hold single-precision numbers");
    messages("huge", "100000 pixels a side");
    messages("text", "it takes no image");
    messages("text", "`tokens` [?, 8]");
    messages("two_inputs", "needs more inputs than an image (other)");
}

#[test]
fn what_is_asked_of_a_model_must_fit_it() {
    let messages = |file: ModelFile, part: &str| {
        let why = refused(&file);
        assert!(why.contains(part), "`{part}` is not in: {why}");
    };
    let size = |name, size| ModelFile {
        size: Some(size),
        ..file(name)
    };
    messages(size("resnet", 64), "32 pixels a side, not 64");
    // Its 17 tokens are of 32 × 32 pixels.
    messages(size("vit", 64), "cannot be run on an image");
    let layout = ModelFile {
        layout: Some(super::Layout::Nhwc),
        ..file("resnet")
    };
    messages(layout, "laid out `nchw`");
    let output = ModelFile {
        output: Some("logits".to_owned()),
        ..file("vit")
    };
    messages(
        output,
        "no output `logits` among last_hidden_state, patch_mean",
    );
    let mean = ModelFile {
        mean: Some(vec![0.5]),
        ..file("bytes")
    };
    messages(mean, "takes bytes");
}

#[test]
fn model_that_says_no_size_is_asked_for_one_where_the_usual_does_not_do() {
    let bytes = fs::read(folder().join("vit.onnx")).expect("a model");
    let mut model = rten_onnx::onnx::ModelProto::parse_buf(&bytes).expect("ONNX");
    model.metadata_props.clear();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vit.onnx");
    fs::write(&path, model.write_buf().expect("encodes")).expect("written");
    let of = |size| ModelFile {
        path: path.clone(),
        size,
        ..ModelFile::default()
    };
    let why = refused(&of(None));
    assert!(
        why.contains("224 pixels a side; set the size it needs with `--model-size`"),
        "{why}"
    );
    let messages = load(&of(Some(32))).notes().join("\n");
    assert!(messages.contains("ImageNet's"), "{messages}");
}

#[test]
fn files_that_are_no_models_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused_as = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        refused(&ModelFile {
            path,
            ..ModelFile::default()
        })
    };
    let whole = fs::read(self::folder().join("resnet.onnx")).expect("a model");
    assert!(refused_as("model.pt", &whole).contains("not an `.onnx` file"));
    for (bytes, what) in [
        (&b"layer: conv\nlayer: relu\n"[..], "text"),
        (b"", "nothing"),
        (b"\x89PNG\r\n\x1a\n", "an image"),
    ] {
        let why = refused_as("model.onnx", bytes);
        assert!(why.contains("not readable as ONNX"), "{what}: {why}");
    }
    // Wherever it ends, it is refused and nothing worse.
    for end in (0..whole.len()).step_by(97) {
        refused_as("model.onnx", &whole[..end]);
    }
}
