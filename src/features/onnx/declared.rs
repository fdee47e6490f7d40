//! What an ONNX file says of the images its model takes. Runs no model.

use rten_onnx::onnx::{DataType, ModelProto, ValueInfoProto};

use super::normalised::{self, Range};
use super::preprocessing::{Channels, Shown, Values};
use super::{LARGEST_SIDE, Layout, ModelFile};

/// How to show a model images, and where each fact was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared {
    /// The name of the input that takes the images.
    pub(super) input: String,
    /// Images in a batch; 1 where the model does not mind.
    pub(super) batch: usize,
    /// How an image is made ready.
    pub(super) shown: Shown,
    /// Nobody said how large it is.
    pub(super) guessed_size: bool,
    /// Where the range of values was found, for people.
    pub(super) source: &'static str,
}

/// Pixels on a side where neither the model nor the user says: ImageNet's.
const SIDE: u32 = 224;
/// ImageNet's means and deviations of red, green and blue, of 0 to 1: what
/// torchvision and timm normalise with.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Names of metadata that hold a mean, a deviation or a size: those of Hugging
/// Face's preprocessors, of timm's configurations, and of Ultralytics' exports.
const MEAN_KEYS: [&str; 3] = ["image_mean", "mean", "pixel_mean"];
const STD_KEYS: [&str; 3] = ["image_std", "std", "pixel_std"];
const SIZE_KEYS: [&str; 4] = ["image_size", "input_size", "imgsz", "crop_size"];

/// Reads what `model` says, `file` filling in what it does not.
pub(super) fn read(model: &ModelProto, file: &ModelFile) -> Result<Declared, String> {
    let graph = (model.graph.as_ref()).ok_or_else(|| "it holds no graph".to_owned())?;
    let weights = |name: &str| {
        let mut stored = graph.initializer.iter();
        stored.any(|tensor| tensor.name.as_deref() == Some(name))
    };
    let inputs = || {
        let inputs = graph.input.iter();
        inputs.filter(|input| input.name.as_deref().is_some_and(|name| !weights(name)))
    };
    let input = match inputs().find(|input| dims(input).is_some_and(|dims| dims.len() == 4)) {
        Some(input) => input,
        None => return Err(no_image(inputs())),
    };
    let name = input.name.clone().unwrap_or_default();
    let dims = dims(input).unwrap_or_default();
    let layout = layout(&dims, file.layout)?;
    let (channels, rows, columns) = match layout {
        Layout::Nchw => (dims[1], dims[2], dims[3]),
        Layout::Nhwc => (dims[3], dims[1], dims[2]),
    };
    let said = |keys: &[&str]| numbers(model, keys);
    let wanted = match (file.size, said(&SIZE_KEYS).as_deref()) {
        (Some(side), _) => (Some(side), Some(side)),
        (None, Some(&[side])) => (Some(side as u32), Some(side as u32)),
        (None, Some(&[height, width])) => (Some(height as u32), Some(width as u32)),
        (None, Some(&[_, height, width])) => (Some(height as u32), Some(width as u32)),
        (None, _) => (None, None),
    };
    let user = file.size.is_some();
    let height = side(rows, wanted.0, user)?;
    let width = side(columns, wanted.1, user)?;
    let kind = element(input);
    let bytes = kind == Some(DataType::UINT8);
    let numbers = [DataType::FLOAT, DataType::FLOAT16, DataType::DOUBLE];
    if !bytes && !kind.is_some_and(|kind| numbers.contains(&kind)) {
        return Err(format!(
            "its input `{name}` takes neither floating-point numbers nor bytes"
        ));
    }
    let mut channels = match (channels, property(model, "Image.BitmapPixelFormat")) {
        (Some(1), _) => Channels::Gray,
        (_, Some(format)) if format.starts_with("Bgr") => Channels::Bgr,
        _ => Channels::Rgb,
    };
    let unsaid = file.mean.is_none() && file.std.is_none();
    let graph_range = normalised::range(graph, &name);
    let range = property(model, "Image.NominalPixelRange");
    let (values, source) = if bytes {
        if !unsaid {
            return Err(format!(
                "its input `{name}` takes bytes; `--model-mean` and `--model-std` have no effect"
            ));
        }
        (Values::Bytes, "as the model takes bytes")
    } else if !unsaid {
        let mean = three(file.mean.as_deref(), MEAN);
        let std = three(file.std.as_deref(), STD);
        (Values::normal(mean, std), "as given")
    } else if let (Some(mean), Some(std)) = (said(&MEAN_KEYS), said(&STD_KEYS)) {
        let (mean, std) = (three(Some(&mean), MEAN), three(Some(&std), STD));
        if !std.iter().all(|v| v.is_finite() && *v > 0.0) || !mean.iter().all(|v| v.is_finite()) {
            return Err("the mean and deviation in its metadata are not valid numbers".to_owned());
        }
        // Some configurations count from 0 to 255.
        let unit = if std.iter().all(|&v| v > 1.0) {
            255.0
        } else {
            1.0
        };
        let [mean, std] = [mean, std].map(|three| three.map(|v| v / unit));
        (Values::normal(mean, std), "as its metadata says")
    } else if let Some(range) = range.and_then(nominal) {
        (range, "as its metadata says")
    } else {
        match graph_range {
            Some(Range::Byte) => (Values::RAW, "as the model normalises them itself"),
            Some(Range::Unit) => (Values::UNIT, "as the model normalises them itself"),
            None => (
                Values::normal(MEAN, STD),
                "ImageNet's, as the model does not declare any",
            ),
        }
    };
    if channels == Channels::Rgb && property(model, "Image.BitmapPixelFormat") == Some("Gray8") {
        channels = Channels::Gray;
    }
    Ok(Declared {
        input: name,
        batch: dims[0].and_then(|n| usize::try_from(n).ok()).unwrap_or(1),
        shown: Shown {
            width,
            height,
            layout,
            channels,
            values,
        },
        guessed_size: wanted.0.is_none() && (rows.is_none() || columns.is_none()),
        source,
    })
}

/// Dimensions of an input, `None` where any size will do.
fn dims(input: &ValueInfoProto) -> Option<Vec<Option<i64>>> {
    let shape = tensor(input)?.shape.as_ref()?;
    let fixed = |value: Option<i64>| value.filter(|&value| value > 0);
    Some((shape.dim.iter()).map(|dim| fixed(dim.dim_value)).collect())
}

fn element(input: &ValueInfoProto) -> Option<DataType> {
    tensor(input)?.elem_type
}

fn tensor(input: &ValueInfoProto) -> Option<&rten_onnx::onnx::TypeProtoTensor> {
    input.r#type.as_ref()?.tensor_type.as_ref()
}

fn no_image<'a>(inputs: impl Iterator<Item = &'a ValueInfoProto>) -> String {
    let messages: Vec<String> = inputs
        .map(|input| {
            let dims = dims(input).unwrap_or_default();
            let dims: Vec<String> = (dims.iter())
                .map(|dim| dim.map_or_else(|| "?".to_owned(), |n| n.to_string()))
                .collect();
            let name = input.name.as_deref().unwrap_or("");
            format!("`{name}` [{}]", dims.join(", "))
        })
        .collect();
    format!(
        "it takes no image: an image has four dimensions, as in [batch, 3, 224, 224], and its \
         inputs are {}",
        messages.join(", ")
    )
}

fn layout(dims: &[Option<i64>], wanted: Option<Layout>) -> Result<Layout, String> {
    // A dimension of any size may be the channels; PyTorch's order comes first.
    let colours = |dim: Option<i64>| matches!(dim, None | Some(1 | 3));
    let certain = |dim: Option<i64>| matches!(dim, Some(1 | 3));
    let (nchw, nhwc) = (dims[1], dims[3]);
    let found = match (colours(nchw), colours(nhwc)) {
        (true, true) if certain(nhwc) && !certain(nchw) => Layout::Nhwc,
        (true, true) if certain(nchw) && !certain(nhwc) => Layout::Nchw,
        (true, true) => return Ok(wanted.unwrap_or(Layout::Nchw)),
        (true, false) => Layout::Nchw,
        (false, true) => Layout::Nhwc,
        (false, false) => {
            let shown = |dim: Option<i64>| dim.map_or_else(|| "?".to_owned(), |n| n.to_string());
            let dims: Vec<String> = dims.iter().map(|&dim| shown(dim)).collect();
            return Err(format!(
                "its input of shape [{}] has neither three colours nor one",
                dims.join(", ")
            ));
        }
    };
    match wanted {
        Some(wanted) if wanted != found => Err(format!(
            "its input is laid out `{}`, not `{}`",
            found.name(),
            wanted.name()
        )),
        _ => Ok(found),
    }
}

fn side(fixed: Option<i64>, wanted: Option<u32>, user: bool) -> Result<u32, String> {
    let largest = i64::from(LARGEST_SIDE);
    match (fixed, wanted) {
        (Some(fixed), _) if fixed > largest => Err(format!(
            "it takes images of {fixed} pixels a side; more than {LARGEST_SIDE} are not supported"
        )),
        (Some(fixed), Some(wanted)) if user && fixed != i64::from(wanted) => Err(format!(
            "it takes images of {fixed} pixels a side, not {wanted}; leave out `--model-size`"
        )),
        (Some(fixed), _) => Ok(fixed as u32),
        (None, Some(wanted)) if wanted == 0 || wanted > LARGEST_SIDE => Err(format!(
            "its metadata asks for images of {wanted} pixels a side"
        )),
        (None, wanted) => Ok(wanted.unwrap_or(SIDE)),
    }
}

fn property<'a>(model: &'a ModelProto, key: &str) -> Option<&'a str> {
    let mut properties = model.metadata_props.iter();
    let found = properties.find(|property| property.key.as_deref() == Some(key));
    found?.value.as_deref().map(str::trim)
}

/// The numbers under the first of `keys` that holds any, however they are
/// written: `[0.5, 0.5]`, `0.5 0.5`, `(3, 224, 224)`.
fn numbers(model: &ModelProto, keys: &[&str]) -> Option<Vec<f32>> {
    let texts = keys.iter().filter_map(|key| property(model, key));
    let read = |text: &str| -> Option<Vec<f32>> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
        let words = words.filter(|word| !word.is_empty());
        words.map(|word| word.parse().ok()).collect()
    };
    texts
        .filter_map(read)
        .find(|numbers: &Vec<f32>| (1..=3).contains(&numbers.len()))
}

fn three(given: Option<&[f32]>, usual: [f32; 3]) -> [f32; 3] {
    match given {
        Some(&[one]) => [one; 3],
        Some(&[r, g, b]) => [r, g, b],
        _ => usual,
    }
}

/// The ranges that the ONNX specification names ("Optional Metadata").
fn nominal(range: &str) -> Option<Values> {
    match range {
        "NominalRange_0_255" => Some(Values::RAW),
        "Normalized_0_1" => Some(Values::UNIT),
        "Normalized_1_1" | "Normalized_-1_1" => Some(Values::normal([0.5; 3], [0.5; 3])),
        _ => None,
    }
}
