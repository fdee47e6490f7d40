//! Recognises a plain convolutional network in an ONNX graph. Runs nothing.

use std::collections::BTreeMap;

use rten_onnx::onnx::{AttributeProto, DataType, GraphProto, NodeProto, TensorProto};

use super::kernels::{Depthwise, Panels};
use super::{Dense, Kind, Padding, Plain, Step, Window};

/// No bounds.
const OPEN: [f32; 2] = [f32::NEG_INFINITY, f32::INFINITY];
/// Numbers of weights that are laid out again: more than any network that a
/// processor runs in a second; the runtime takes those beyond.
const MOST_WEIGHTS: usize = 100_000_000;

impl Plain {
    /// The network of `graph` that makes `output` of images given as `input`
    /// (image, channel, row, column), if it consists of nothing but what can be
    /// run here.
    pub(in super::super) fn of(graph: &GraphProto, input: &str, output: &str) -> Option<Self> {
        let mut reader = Reader {
            weights: weights(graph)?,
            places: BTreeMap::from([(input, 0)]),
            steps: Vec::new(),
            uses: BTreeMap::new(),
            flat: None,
        };
        for node in &graph.node {
            for name in &node.input {
                *reader.uses.entry(name.as_str()).or_default() += 1;
            }
        }
        for name in graph.output.iter().filter_map(|o| o.name.as_deref()) {
            *reader.uses.entry(name).or_default() += 1;
        }
        for node in &graph.node {
            reader.take(node)?;
        }
        // Only a mean is one vector whatever the image's size.
        let output = *reader.places.get(output)?;
        let step = reader.steps.get(output.checked_sub(1)?)?;
        if !matches!(step.kind, Kind::Mean) {
            return None;
        }
        let mut steps = reader.steps;
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            last.extend(step.from.iter().map(|&place| (place, index)));
        }
        last.remove(&output);
        for (place, index) in last {
            steps[index].dropped.push(place);
        }
        Some(Self { steps, output })
    }
}

/// A constant of single precision.
struct Weights<'a> {
    dims: Vec<usize>,
    tensor: &'a TensorProto,
}

impl Weights<'_> {
    fn numbers(&self) -> Option<Vec<f32>> {
        let count = self
            .dims
            .iter()
            .try_fold(1_usize, |n, &d| n.checked_mul(d))?;
        let numbers: Vec<f32> = match &self.tensor.raw_data {
            Some(raw) => {
                let raw = raw.borrow();
                let (numbers, rest) = raw.as_chunks::<4>();
                if !rest.is_empty() {
                    return None;
                }
                numbers.iter().map(|&n| f32::from_le_bytes(n)).collect()
            }
            None => self.tensor.float_data.clone(),
        };
        (numbers.len() == count).then_some(numbers)
    }

    fn one(&self) -> Option<f32> {
        match self.numbers()?[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn weights(graph: &GraphProto) -> Option<BTreeMap<&str, Weights<'_>>> {
    let mut total = 0_usize;
    let mut found = BTreeMap::new();
    for tensor in &graph.initializer {
        if tensor.data_type != Some(DataType::FLOAT) || !tensor.external_data.is_empty() {
            continue;
        }
        let dims = tensor.dims.iter().map(|&d| usize::try_from(d).ok());
        let dims = dims.collect::<Option<Vec<usize>>>()?;
        let count = dims.iter().try_fold(1_usize, |n, &d| n.checked_mul(d))?;
        total = total.checked_add(count)?;
        found.insert(tensor.name.as_deref()?, Weights { dims, tensor });
    }
    (total <= MOST_WEIGHTS).then_some(found)
}

struct Reader<'a> {
    weights: BTreeMap<&'a str, Weights<'a>>,
    /// Where each image made so far lies.
    places: BTreeMap<&'a str, usize>,
    steps: Vec<Step>,
    /// How often each name is used, as an output of the network too.
    uses: BTreeMap<&'a str, usize>,
    /// What has been flattened already: nothing but an end may follow.
    flat: Option<&'a str>,
}

impl<'a> Reader<'a> {
    fn take(&mut self, node: &'a NodeProto) -> Option<()> {
        let [output] = &node.output[..] else {
            return None;
        };
        if node
            .domain
            .as_deref()
            .is_some_and(|domain| !domain.is_empty())
            || self.flat.is_some()
        {
            return None;
        }
        let inputs: Vec<&str> = node.input.iter().map(String::as_str).collect();
        match (node.op_type.as_deref()?, &inputs[..]) {
            ("Conv", &[image, weights]) => self.convolve(node, image, weights, None, output),
            ("Conv", &[image, weights, bias]) => {
                self.convolve(node, image, weights, Some(bias), output)
            }
            ("Relu", &[image]) => self.bound(image, [0.0, f32::INFINITY], output),
            ("Clip", &[image]) => {
                let bounds = [number(node, "min"), number(node, "max")];
                let bounds = [bounds[0].unwrap_or(OPEN[0]), bounds[1].unwrap_or(OPEN[1])];
                self.bound(image, bounds, output)
            }
            ("Clip", &[image, low, high]) => {
                let bounds = [
                    self.weights.get(low)?.one()?,
                    self.weights.get(high)?.one()?,
                ];
                self.bound(image, bounds, output)
            }
            ("Add", &[left, right]) => {
                let from = vec![*self.places.get(left)?, *self.places.get(right)?];
                self.push(Kind::Add, from, output)
            }
            ("GlobalAveragePool", &[image]) => {
                let from = vec![*self.places.get(image)?];
                self.push(Kind::Mean, from, output)
            }
            ("Flatten", &[image]) if int(node, "axis").unwrap_or(1) == 1 => {
                let place = *self.places.get(image)?;
                self.places.insert(output, place);
                self.flat = Some(output);
                matches!(self.steps.get(place.checked_sub(1)?)?.kind, Kind::Mean).then_some(())
            }
            _ => None,
        }
    }

    fn push(&mut self, kind: Kind, from: Vec<usize>, output: &'a str) -> Option<()> {
        self.steps.push(Step {
            kind,
            from,
            dropped: Vec::new(),
        });
        let fresh = self.places.insert(output, self.steps.len()).is_none();
        fresh.then_some(())
    }

    /// Bounds are kept within the convolution that nothing else looks at.
    fn bound(&mut self, image: &str, bounds: [f32; 2], output: &'a str) -> Option<()> {
        let place = *self.places.get(image)?;
        if self.uses.get(image) != Some(&1) || place != self.steps.len() || bounds[0] > bounds[1] {
            return None;
        }
        match &mut self.steps.last_mut()?.kind {
            Kind::Dense(Dense { bounds: own, .. }) | Kind::Depthwise(_, _, own) if *own == OPEN => {
                *own = bounds;
            }
            _ => return None,
        }
        self.places.insert(output, place).is_none().then_some(())
    }

    fn convolve(
        &mut self,
        node: &NodeProto,
        image: &str,
        weights: &str,
        bias: Option<&str>,
        output: &'a str,
    ) -> Option<()> {
        let from = vec![*self.places.get(image)?];
        let weights = self.weights.get(weights)?;
        let &[outputs, inputs, height, width] = &weights.dims[..] else {
            return None;
        };
        let numbers = weights.numbers()?;
        let bias = match bias {
            Some(name) => self.weights.get(name)?.numbers()?,
            None => vec![0.0; outputs],
        };
        let window = window(node, [height, width])?;
        if bias.len() != outputs || numbers.is_empty() {
            return None;
        }
        let groups = usize::try_from(int(node, "group").unwrap_or(1)).ok()?;
        let kind = if groups == 1 {
            // ONNX: output, input, place; a window here: place, input.
            let places = height * width;
            let mut by_place = Vec::with_capacity(numbers.len());
            for line in numbers.chunks_exact(inputs * places) {
                by_place
                    .extend((0..places * inputs).map(|i| line[i % inputs * places + i / inputs]));
            }
            Kind::Dense(Dense {
                window,
                inputs,
                outputs,
                weights: Panels::new(places * inputs, outputs, &by_place, &bias),
                bounds: OPEN,
            })
        } else if groups == outputs && inputs == 1 {
            let places = height * width;
            let by_place = (0..numbers.len()).map(|i| numbers[i % outputs * places + i / outputs]);
            let layer = Depthwise {
                kernel: window.kernel,
                stride: window.stride,
                weights: by_place.collect(),
                bias,
            };
            Kind::Depthwise(layer, window, OPEN)
        } else {
            return None;
        };
        self.push(kind, from, output)
    }
}

fn window(node: &NodeProto, kernel: [usize; 2]) -> Option<Window> {
    let two = |name: &str| -> Option<[usize; 2]> {
        match ints(node, name) {
            None => Some([1; 2]),
            Some(&[a, b]) => Some([usize::try_from(a).ok()?, usize::try_from(b).ok()?]),
            Some(_) => None,
        }
    };
    let stride = two("strides")?;
    if two("dilations")? != [1; 2] || stride.contains(&0) {
        return None;
    }
    let padding = match (
        text(node, "auto_pad").unwrap_or("NOTSET"),
        ints(node, "pads"),
    ) {
        ("SAME_UPPER", None) => Padding::Same,
        ("NOTSET" | "VALID", None) => Padding::Fixed([0; 2], [0; 2]),
        ("NOTSET", Some(pads)) => {
            let pads = pads.iter().map(|&pad| usize::try_from(pad).ok());
            match pads.collect::<Option<Vec<usize>>>()?[..] {
                // A kernel that lies in the padding alone is no convolution.
                [top, left, bottom, right]
                    if top.max(bottom) < kernel[0] && left.max(right) < kernel[1] =>
                {
                    Padding::Fixed([top, left], [bottom, right])
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(Window {
        kernel,
        stride,
        padding,
    })
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    let mut attributes = node.attribute.iter();
    attributes.find(|attribute| attribute.name.as_deref() == Some(name))
}

fn int(node: &NodeProto, name: &str) -> Option<i64> {
    attribute(node, name)?.i
}

fn ints<'a>(node: &'a NodeProto, name: &str) -> Option<&'a [i64]> {
    Some(&attribute(node, name)?.ints)
}

fn number(node: &NodeProto, name: &str) -> Option<f32> {
    attribute(node, name)?.f
}

fn text<'a>(node: &'a NodeProto, name: &str) -> Option<&'a str> {
    attribute(node, name)?.s.as_deref()
}
