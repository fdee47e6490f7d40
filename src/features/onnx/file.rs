//! Opens ONNX files. Runs nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Component, Path};

use rten_onnx::onnx::{AttributeProto, AttributeType, GraphProto, ModelProto};

/// A model file, read.
pub(super) struct Opened {
    /// Of the file, and of the files of weights that it names.
    pub(super) digest: blake3::Hash,
    /// What it says.
    pub(super) proto: ModelProto,
    /// What runs it.
    pub(super) model: rten::Model,
}

/// Reads `path`; says in words why it cannot.
pub(super) fn open(path: &Path) -> Result<Opened, String> {
    let is_onnx = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("onnx"));
    if !is_onnx {
        return Err("not an `.onnx` file".to_owned());
    }
    let mut digest = blake3::Hasher::new();
    add(&mut digest, path)?;
    let (proto, model) = guarded(|| parse(path))?;
    for file in weights(&proto) {
        add(&mut digest, &path.with_file_name(file))?;
    }
    Ok(Opened {
        digest: digest.finalize(),
        proto,
        model,
    })
}

/// Turns a panic of the runtime into words.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // Unwind safe: what a panic leaves half done is dropped with the failed run.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err("the runtime does not support it".to_owned()))
}

fn parse(path: &Path) -> Result<(ModelProto, rten::Model), String> {
    let broken = |why: String| format!("not readable as ONNX: {why}");
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut proto = ModelProto::parse_file(file).map_err(|e| broken(e.to_string()))?;
    let Some(graph) = &mut proto.graph else {
        return Err(broken("it holds no graph".to_owned()));
    };
    let model = match with_kernel_shapes(graph) {
        false => rten::Model::load_file(path),
        true => {
            let mut options = rten::ModelOptions::with_all_ops();
            for file in weights(&proto) {
                let bytes = fs::read(path.with_file_name(file)).map_err(|e| e.to_string())?;
                options.external_data(file, bytes);
            }
            let bytes = proto.write_buf().map_err(|e| broken(e.to_string()))?;
            options.load(bytes)
        }
    };
    Ok((proto, model.map_err(|e| broken(e.to_string()))?))
}

/// Gives convolutions the shape of their kernel where it has to be given by the
/// weights, as ONNX allows and the runtime does not. Whether there was one.
fn with_kernel_shapes(graph: &mut GraphProto) -> bool {
    let weights: BTreeMap<&str, &[i64]> = (graph.initializer.iter())
        .filter_map(|tensor| Some((tensor.name.as_deref()?, &tensor.dims[..])))
        .collect();
    let mut changed = false;
    for node in &mut graph.node {
        let convolution = node
            .op_type
            .as_deref()
            .is_some_and(|t| t.starts_with("Conv"));
        let mut said = node.attribute.iter();
        if !convolution || said.any(|a| a.name.as_deref() == Some("kernel_shape")) {
            continue;
        }
        let shape = (node.input.get(1)).and_then(|name| weights.get(name.as_str()));
        if let Some([_, _, kernel @ ..]) = shape {
            node.attribute.push(AttributeProto {
                name: Some("kernel_shape".to_owned()),
                ints: kernel.to_vec(),
                r#type: Some(AttributeType::INTS),
                ..AttributeProto::default()
            });
            changed = true;
        }
    }
    changed
}

/// The files of weights beside the model that it names, each once. The runtime
/// reads no others.
fn weights(model: &ModelProto) -> Vec<&str> {
    let tensors = model.graph.iter().flat_map(|graph| &graph.initializer);
    let places = tensors.flat_map(|tensor| &tensor.external_data);
    let mut files: Vec<&str> = places
        .filter(|pair| pair.key.as_deref() == Some("location"))
        .filter_map(|pair| pair.value.as_deref())
        .filter(|file| {
            let mut parts = Path::new(file).components();
            parts.all(|part| matches!(part, Component::Normal(_)))
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

fn add(digest: &mut blake3::Hasher, path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|e| format!("`{}`: {e}", path.display()))?;
    digest.update_reader(file).map_err(|e| e.to_string())?;
    Ok(())
}
