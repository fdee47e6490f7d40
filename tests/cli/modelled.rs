//! Labels judged by an ONNX model that the user brings.

use std::path::Path;

use image::{DynamicImage, ImageFormat};

use super::pictures::waves;
use super::run::Place;

/// Pictures of each class in each of two splits.
const EACH: u64 = 20;

impl Place {
    /// Two splits of red cats and blue dogs, one of whom lies among the cats;
    /// and the small ResNet of `tests/onnx`.
    fn tinted_set(&self) {
        for (i, folder) in ["train/cat", "train/dog", "test/cat", "test/dog"]
            .into_iter()
            .enumerate()
        {
            for j in 0..EACH {
                let key = format!("data/{folder}/{j:03}.png");
                let cat = folder.ends_with("cat") && key != "data/test/cat/007.png";
                let mut picture = waves(i as u64 * 1000 + j);
                for pixel in picture.pixels_mut() {
                    let [r, g, b] = pixel.0;
                    pixel.0 = match cat {
                        true => [r / 2 + 120, g / 2, b / 2],
                        false => [r / 2, g / 2, b / 2 + 120],
                    };
                }
                let mut bytes = std::io::Cursor::new(Vec::new());
                let picture = DynamicImage::from(picture);
                picture
                    .write_to(&mut bytes, ImageFormat::Png)
                    .expect("encodes");
                self.write(key, bytes.into_inner());
            }
        }
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/resnet.onnx");
        self.write("model.onnx", std::fs::read(model).expect("the model"));
    }
}

const JUDGED: [&str; 4] = ["--select", "LABEL", "--model", "model.onnx"];

#[cfg(feature = "onnx")]
#[test]
fn wrong_label_is_told_by_a_model_that_sees_it() {
    let place = Place::new();
    place.tinted_set();
    let told = place.scan().args(JUDGED).exits(0);
    told.says("`test/cat/007.png` is labelled `cat` but looks like `dog`")
        .says("judged by the vectors of `model.onnx` (")
        .warns("model `model.onnx` (")
        .warns("sees 32 × 32 pixels, less a mean of 0.485, 0.456, 0.406");
}

#[cfg(feature = "onnx")]
#[test]
fn report_by_a_model_is_the_same_for_any_threads_and_from_the_cache() {
    let place = Place::new();
    place.tinted_set();
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
    place.tinted_set();
    place
        .scan()
        .args(JUDGED)
        .exits(2)
        .warns("`cargo install splitlint --features onnx`");
}
