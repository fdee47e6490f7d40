//! Labels judged by an ONNX model that the user brings.

use std::path::Path;

use super::run::Place;

impl Place {
    /// A tinted set, and the small ResNet of `tests/onnx`.
    fn modelled_set(&self) {
        self.tinted_set();
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/resnet.onnx");
        self.write("model.onnx", std::fs::read(model).expect("the model"));
    }
}

const JUDGED: [&str; 4] = ["--select", "LABEL", "--model", "model.onnx"];

#[cfg(feature = "onnx")]
#[test]
fn wrong_label_is_told_by_a_model_that_sees_it() {
    let place = Place::new();
    place.modelled_set();
    let messages = place.scan().args(JUDGED).exits(0);
    messages
        .says("`test/cat/007.png` is labelled `cat` but looks like `dog`")
        .says("judged with the vectors of `model.onnx` (")
        .warns("model `model.onnx` (")
        .warns("takes 32 × 32 pixels, less a mean of 0.485, 0.456, 0.406");
}

#[cfg(feature = "onnx")]
#[test]
fn report_by_a_model_is_the_same_for_any_threads_and_from_the_cache() {
    let place = Place::new();
    place.modelled_set();
    place.write("data/train/dog/broken.png", b"\x89PNG\r\n\x1a\n");
    let run = |report: &str, more: &[&str]| {
        let arguments = ["scan", "data", "--fail-on", "never", "--report", report];
        let run = place.splitlint(arguments).args(JUDGED).args(more);
        run.exits(0);
    };
    run("cold", &["--jobs", "1"]);
    run("warm", &["--jobs", "2"]);
    run("anew", &["--jobs", "2", "--no-cache"]);
    for file in [
        "findings.csv",
        "samples.csv",
        "decisions.csv",
        "summary.json",
    ] {
        let read = |folder: &str| place.read(format!("{folder}/{file}"));
        assert_eq!(read("cold"), read("warm"), "{file}");
        assert_eq!(read("cold"), read("anew"), "{file}");
    }
}

#[cfg(feature = "onnx")]
#[test]
fn model_that_cannot_serve_ends_the_scan_before_it_begins() {
    let place = Place::new();
    place.clean_set(2);
    place.write("model.onnx", "layer: conv\n");
    place
        .scan()
        .args(JUDGED)
        .exits(2)
        .warns("model `model.onnx`: not readable as ONNX");
    place
        .scan()
        .args(["--model", "none.onnx", "--model-mean", "0.5,0.5"])
        .exits(2)
        .warns("`model-mean` has 2 numbers");
    place
        .scan()
        .args(["--model", "none.onnx"])
        .exits(2)
        .warns("model `none.onnx`: ");
    let both = ["--model", "a.onnx", "--embeddings", "b.npy"];
    place
        .scan()
        .args(both)
        .exits(2)
        .warns("cannot be used with");
}

#[cfg(not(feature = "onnx"))]
#[test]
fn build_without_the_feature_refuses_with_the_way_to_get_it() {
    let place = Place::new();
    place.modelled_set();
    place
        .scan()
        .args(JUDGED)
        .exits(2)
        .warns("`cargo install splitlint --features onnx`");
}
