//! What labels are to be judged by: one source, and what goes with it. Reads no
//! file.

use std::path::PathBuf;

use crate::features::onnx::{LARGEST_SIDE, Layout, ModelFile};
use crate::features::supplied::RowsFile;
use crate::labelling::Wanted;

/// What was given.
pub(super) struct Given {
    pub(super) model: Option<PathBuf>,
    pub(super) size: Option<u32>,
    pub(super) layout: Option<String>,
    pub(super) mean: Option<Vec<f32>>,
    pub(super) std: Option<Vec<f32>>,
    pub(super) output: Option<String>,
    pub(super) embeddings: Option<PathBuf>,
    pub(super) probabilities: Option<PathBuf>,
    pub(super) keys: Option<PathBuf>,
}

/// The one source that labels are judged by.
pub(super) fn wanted(given: Given, problems: &mut Vec<String>) -> Wanted {
    let sources = [
        ("model", given.model.is_some()),
        ("embeddings", given.embeddings.is_some()),
        ("pred-probs", given.probabilities.is_some()),
    ];
    let named: Vec<String> = (sources.iter())
        .filter(|(_, given)| *given)
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if named.len() > 1 {
        problems.push(format!(
            "{} are given together; labels are judged by one of them",
            named.join(" and ")
        ));
    }
    let rows = given.embeddings.is_some() || given.probabilities.is_some();
    if given.keys.is_some() && !rows {
        problems.push(
            "`row-keys` names the samples of rows, but neither `embeddings` nor `pred-probs` is set"
                .to_owned(),
        );
    }
    let file = model(&given, problems);
    let keys = given.keys;
    match (file, given.embeddings, given.probabilities) {
        (Some(file), _, _) => Wanted::Model(file),
        (None, Some(path), _) => Wanted::Embeddings(RowsFile { path, keys }),
        (None, None, Some(path)) => Wanted::Probabilities(RowsFile { path, keys }),
        (None, None, None) => Wanted::BuiltIn,
    }
}

fn model(given: &Given, problems: &mut Vec<String>) -> Option<ModelFile> {
    let details = [
        ("model-size", given.size.is_some()),
        ("model-layout", given.layout.is_some()),
        ("model-mean", given.mean.is_some()),
        ("model-std", given.std.is_some()),
        ("model-output", given.output.is_some()),
    ];
    let Some(path) = &given.model else {
        let stray = details.iter().filter(|(_, given)| *given);
        problems.extend(stray.map(|(name, _)| format!("`{name}` is of no use without `model`")));
        return None;
    };
    if (given.size).is_some_and(|side| side == 0 || side > LARGEST_SIDE) {
        problems.push(format!("`model-size` is not between 1 and {LARGEST_SIDE}"));
    }
    let layout = given.layout.as_deref().and_then(|text| {
        let known = Layout::ALL.into_iter().find(|(name, _)| *name == text);
        if known.is_none() {
            problems.push(format!("`model-layout` is `{text}`, not `nchw` or `nhwc`"));
        }
        known.map(|(_, layout)| layout)
    });
    for (name, numbers) in [("model-mean", &given.mean), ("model-std", &given.std)] {
        let Some(numbers) = numbers else { continue };
        if ![1, 3].contains(&numbers.len()) {
            problems.push(format!(
                "`{name}` has {} numbers; it takes three, or one for all colours",
                numbers.len()
            ));
        }
        if !numbers.iter().all(|number| number.is_finite()) {
            problems.push(format!("`{name}` is not a number"));
        }
    }
    // Means of 0 to 255 are a common slip, and nothing would tell of it later.
    if (given.mean.iter().flatten()).any(|mean| mean.abs() > 1.0) {
        problems.push("`model-mean` is of values of 0 to 1; divide it by 255".to_owned());
    }
    if (given.std.iter().flatten()).any(|&std| std <= 0.0) {
        problems.push("`model-std` has to be above 0".to_owned());
    }
    Some(ModelFile {
        path: path.clone(),
        size: given.size,
        layout,
        mean: given.mean.clone(),
        std: given.std.clone(),
        output: given.output.clone(),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{parse, resolve};
    use crate::error::Error;
    use crate::features::onnx::{Layout, ModelFile};
    use crate::labelling::Wanted;

    fn read(toml: &str) -> Result<Wanted, Vec<String>> {
        match resolve(parse(&format!("root = \"data\"\n{toml}"), "s.toml")) {
            Ok(settings) => Ok(settings.label_rows),
            Err(Error::Config(problems)) => Err(problems),
            Err(e) => Err(vec![e.to_string()]),
        }
    }

    #[test]
    fn model_and_what_it_leaves_unsaid_are_read() {
        let text = "model = \"m.onnx\"\nmodel-size = 96\nmodel-layout = \"nhwc\"\n\
                    model-mean = [0.5]\nmodel-std = [0.5, 0.4, 0.3]\nmodel-output = \"pooled\"\n";
        let file = ModelFile {
            path: "m.onnx".into(),
            size: Some(96),
            layout: Some(Layout::Nhwc),
            mean: Some(vec![0.5]),
            std: Some(vec![0.5, 0.4, 0.3]),
            output: Some("pooled".to_owned()),
        };
        assert_eq!(read(text), Ok(Wanted::Model(file)));
    }

    #[test]
    fn mistakes_about_models_come_at_once() {
        let messages = read(
            "model = \"m.onnx\"\nembeddings = \"e.npy\"\nmodel-size = 0\n\
             model-layout = \"hwc\"\nmodel-mean = [123.7, 116.3]\nmodel-std = [0.0]\n",
        );
        assert_eq!(messages.map_err(|messages| messages.len()), Err(6));
        let stray = read("model-size = 3\nmodel-output = \"x\"\nrow-keys = \"k\"\n");
        assert_eq!(stray.map_err(|messages| messages.len()), Err(3));
    }
}
