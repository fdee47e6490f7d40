//! Whether a model normalises images itself, and from which range of values.
//! Reads the first steps of its graph; runs nothing.

use std::collections::BTreeMap;

use rten_onnx::onnx::{DataType, GraphProto, NodeProto, TensorProto};

/// The range of values a model wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// 0 to 1.
    Unit,
    /// 0 to 255.
    Byte,
}

/// Steps that change where values stand or how they are stored, and leave the
/// values as they are.
const MOVING: [&str; 10] = [
    "Cast",
    "Transpose",
    "Identity",
    "Slice",
    "Gather",
    "Resize",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Clip",
];

/// Means above this are of values of 0 to 255: of 0 to 1 they are below 1.
const UNIT_MEAN: f64 = 1.5;
/// A model that multiplies by less than this and subtracts nothing brings 0 to
/// 255 down to about 1 (1/255 and 1/127.5 are far below, 1/0.229 far above).
const SHRINKING: f64 = 0.1;

/// The range that the model normalises from, if the first thing it does with
/// `input` is to shift or scale it by constants, one for all or for each channel.
pub(super) fn range(graph: &GraphProto, input: &str) -> Option<Range> {
    let constants = constants(graph);
    let (mut scale, mut shift) = (1.0, 0.0);
    let mut at = input;
    let mut found = false;
    // Each node of the chain is a new one in a graph without cycles.
    for _ in 0..graph.node.len() {
        let mut users = (graph.node.iter()).filter(|node| node.input.iter().any(|i| i == at));
        let (Some(node), None) = (users.next(), users.next()) else {
            break;
        };
        let kind = node.op_type.as_deref().unwrap_or("");
        if let Some((value, first)) = operand(node, at, &constants) {
            (scale, shift) = match (kind, first) {
                ("Add", _) => (scale, shift + value),
                ("Sub", false) => (scale, shift - value),
                ("Sub", true) => (-scale, value - shift),
                ("Mul", _) => (scale * value, shift * value),
                ("Div", false) if value != 0.0 => (scale / value, shift / value),
                _ => break,
            };
            found = true;
        } else if !MOVING.contains(&kind) || node.input.first().is_none_or(|i| i != at) {
            break;
        }
        let Some(next) = node.output.first() else {
            break;
        };
        at = next;
    }
    if !found || scale == 0.0 {
        return None;
    }
    let mean = -shift / scale;
    let of_bytes = mean > UNIT_MEAN || (shift == 0.0 && scale.abs() < SHRINKING);
    Some(if of_bytes { Range::Byte } else { Range::Unit })
}

/// The constant that `node` combines `at` with, the mean over channels, and
/// whether it stands first.
fn operand(node: &NodeProto, at: &str, constants: &BTreeMap<&str, f64>) -> Option<(f64, bool)> {
    let [a, b] = &node.input[..] else {
        return None;
    };
    match (a == at, b == at) {
        (true, false) => Some((*constants.get(b.as_str())?, false)),
        (false, true) => Some((*constants.get(a.as_str())?, true)),
        _ => None,
    }
}

/// Constants of one number, or one for each of three channels, as their mean.
fn constants(graph: &GraphProto) -> BTreeMap<&str, f64> {
    let stored = (graph.initializer.iter())
        .filter_map(|tensor| Some((tensor.name.as_deref()?, mean(tensor)?)));
    let nodes = (graph.node.iter()).filter(|node| node.op_type.as_deref() == Some("Constant"));
    let made = nodes.filter_map(|node| {
        let value = |name: &str| {
            let attributes = node.attribute.iter();
            attributes
                .into_iter()
                .find(|a| a.name.as_deref() == Some(name))
        };
        let number = match (value("value"), value("value_float")) {
            (Some(tensor), _) => mean(tensor.t.as_ref()?)?,
            (None, number) => f64::from(number?.f?),
        };
        Some((node.output.first()?.as_str(), number))
    });
    stored.chain(made).collect()
}

fn mean(tensor: &TensorProto) -> Option<f64> {
    let count: i64 = tensor.dims.iter().product();
    if count != 1 && count != 3 {
        return None;
    }
    let raw = tensor.raw_data.as_ref().map(|raw| raw.borrow());
    let raw = raw.as_deref().map_or(&[][..], Vec::as_slice);
    let numbers: Vec<f64> = match tensor.data_type {
        Some(DataType::FLOAT) if raw.is_empty() => {
            tensor.float_data.iter().copied().map(f64::from).collect()
        }
        Some(DataType::FLOAT) => {
            let numbers = raw.as_chunks::<4>().0.iter();
            numbers.map(|&n| f64::from(f32::from_le_bytes(n))).collect()
        }
        Some(DataType::DOUBLE) if raw.is_empty() => tensor.double_data.clone(),
        Some(DataType::DOUBLE) => {
            let numbers = raw.as_chunks::<8>().0.iter();
            numbers.map(|&n| f64::from_le_bytes(n)).collect()
        }
        _ => return None,
    };
    let whole = numbers.len() as i64 == count;
    whole.then(|| numbers.iter().sum::<f64>() / count as f64)
}
