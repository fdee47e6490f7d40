//! Plain networks against the runtime, which shares nothing with them.

use std::cell::RefCell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, TypeProtoTensor, ValueInfoProto,
};
use rten_tensor::prelude::*;

use super::Plain;

/// A network under construction.
struct Network {
    graph: GraphProto,
    random: ChaCha8Rng,
    at: String,
    channels: usize,
}

impl Network {
    fn new(channels: usize) -> Self {
        Self {
            graph: GraphProto {
                input: vec![value("input", 4)],
                ..GraphProto::default()
            },
            random: ChaCha8Rng::seed_from_u64(5),
            at: "input".to_owned(),
            channels,
        }
    }

    fn number(&mut self) -> f32 {
        self.random.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0
    }

    fn weight(&mut self, dims: &[usize]) -> String {
        let count: usize = dims.iter().product();
        let fan = dims.iter().skip(1).product::<usize>().max(1) as f32;
        let numbers: Vec<f32> = (0..count)
            .map(|_| self.number() * 2.0 / fan.sqrt())
            .collect();
        self.constant(dims, &numbers)
    }

    fn constant(&mut self, dims: &[usize], numbers: &[f32]) -> String {
        let name = format!("w{}", self.graph.initializer.len());
        let bytes = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        self.graph.initializer.push(TensorProto {
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: Some(DataType::FLOAT),
            raw_data: Some(RefCell::new(bytes)),
            name: Some(name.clone()),
            ..TensorProto::default()
        });
        name
    }

    fn node(&mut self, kind: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> &mut Self {
        let output = format!("n{}", self.graph.node.len());
        self.graph.node.push(NodeProto {
            name: Some(output.clone()),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.clone()],
            op_type: Some(kind.to_owned()),
            attribute: attributes,
            ..NodeProto::default()
        });
        self.at = output;
        self
    }

    /// A convolution of all channels, or of each by itself where `outputs` is 0.
    fn convolve(&mut self, outputs: usize, kernel: usize, more: Vec<AttributeProto>) -> &mut Self {
        let (outputs, inputs, groups) = match outputs {
            0 => (self.channels, 1, self.channels),
            _ => (outputs, self.channels, 1),
        };
        let weights = self.weight(&[outputs, inputs, kernel, kernel]);
        let bias = self.weight(&[outputs]);
        let mut attributes = vec![
            ints("kernel_shape", &[kernel as i64; 2]),
            int("group", groups as i64),
        ];
        attributes.extend(more);
        self.channels = outputs;
        let at = self.at.clone();
        self.node("Conv", &[&at, &weights, &bias], attributes)
    }

    fn then(&mut self, kind: &str) -> &mut Self {
        let at = self.at.clone();
        self.node(kind, &[&at], Vec::new())
    }

    fn clip(&mut self, low: f32, high: f32) -> &mut Self {
        let (low, high) = (self.constant(&[], &[low]), self.constant(&[], &[high]));
        let at = self.at.clone();
        self.node("Clip", &[&at, &low, &high], Vec::new())
    }

    fn end(&mut self) -> &mut Self {
        self.then("GlobalAveragePool").then("Flatten");
        self.graph.output = vec![value(&self.at, 2)];
        self
    }

    fn plain(&self) -> Option<Plain> {
        Plain::of(&self.graph, "input", &self.at)
    }

    /// The runtime's vector of an image given channel by channel.
    fn expected(&self, image: &[f32], [height, width]: [usize; 2]) -> Vec<f32> {
        let model = ModelProto {
            ir_version: Some(8),
            graph: Some(self.graph.clone()),
            opset_import: vec![OperatorSetIdProto {
                version: Some(13),
                ..OperatorSetIdProto::default()
            }],
            ..ModelProto::default()
        };
        let bytes = model.write_buf().expect("encodes");
        let options = rten::ModelOptions::with_all_ops();
        let model = options.load(bytes).expect("a model");
        let channels = image.len() / (height * width);
        let shape = [1, channels, height, width];
        let value = rten::Value::from_shape(shape, image.to_vec()).expect("its shape");
        let made = model.run_one(value.into(), None).expect("runs");
        match made {
            rten::Value::FloatTensor(tensor) => tensor.to_vec(),
            other => panic!("{other:?}"),
        }
    }
}

fn value(name: &str, dims: usize) -> ValueInfoProto {
    let any = |i| Dimension {
        dim_param: Some(format!("{name}{i}")),
        ..Dimension::default()
    };
    let tensor = TypeProtoTensor {
        elem_type: Some(DataType::FLOAT),
        shape: Some(TensorShapeProto {
            dim: (0..dims).map(any).collect(),
        }),
    };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            tensor_type: Some(tensor),
            ..TypeProto::default()
        }),
    }
}

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}

fn same() -> AttributeProto {
    AttributeProto {
        name: Some("auto_pad".to_owned()),
        s: Some("SAME_UPPER".to_owned()),
        r#type: Some(AttributeType::STRING),
        ..AttributeProto::default()
    }
}

fn stride(step: i64) -> AttributeProto {
    ints("strides", &[step, step])
}

/// Runs a network both ways over images of odd and even sizes.
fn agrees(network: &mut Network, channels: usize) {
    let plain = network.plain().expect("a plain network");
    for size in [[1, 1], [5, 8], [16, 16], [33, 47]] {
        let count = size[0] * size[1];
        let image: Vec<f32> = (0..channels * count).map(|_| network.number()).collect();
        let by_pixel = (0..count * channels)
            .map(|i| image[i % channels * count + i / channels])
            .collect();
        let made = plain.run(by_pixel, size).expect("fits");
        let expected = network.expected(&image, size);
        assert_eq!(made.len(), expected.len());
        assert!(expected.iter().any(|v| v.abs() > 0.01), "{expected:?}");
        for (ours, theirs) in made.iter().zip(&expected) {
            // Sums of some hundred products of about 1, in another order.
            assert!(
                (ours - theirs).abs() < 1e-4,
                "{size:?}: {ours} for {theirs}"
            );
        }
    }
}

#[test]
fn network_of_every_kind_of_step_is_computed_as_by_the_runtime() {
    let mut network = Network::new(3);
    network
        .convolve(10, 3, vec![same(), stride(2)])
        .clip(0.0, 0.5);
    network.convolve(37, 1, vec![]).then("Relu");
    network
        .convolve(0, 5, vec![same(), stride(2)])
        .clip(-0.25, 6.0);
    network.convolve(37, 1, vec![same()]);
    let start = network.at.clone();
    network.convolve(70, 1, vec![]).clip(0.0, 6.0);
    network
        .convolve(0, 3, vec![ints("pads", &[1; 4])])
        .then("Relu");
    network.convolve(37, 1, vec![]);
    let at = network.at.clone();
    network.node("Add", &[&at, &start], Vec::new());
    // The sum is taken twice.
    let sum = network.at.clone();
    network.convolve(37, 3, vec![ints("pads", &[1, 1, 1, 1])]);
    let at = network.at.clone();
    network.node("Add", &[&sum, &at], Vec::new());
    network.convolve(0, 5, vec![same()]).then("Relu");
    agrees(network.end(), 3);
}

#[test]
fn padding_may_differ_from_edge_to_edge() {
    let mut network = Network::new(1);
    network.convolve(8, 4, vec![ints("pads", &[3, 2, 1, 3]), stride(3)]);
    network.convolve(0, 2, vec![ints("pads", &[1, 0, 1, 1])]);
    agrees(network.end(), 1);
}

#[test]
fn networks_of_other_steps_are_left_to_the_runtime() {
    let plain = |change: &dyn Fn(&mut Network)| {
        let mut network = Network::new(3);
        network.convolve(6, 3, vec![same()]);
        change(&mut network);
        network.end().plain().is_some()
    };
    assert!(plain(&|_| ()));
    assert!(plain(&|network| {
        network.then("Relu");
    }));
    assert!(!plain(&|network| {
        network.then("Sigmoid");
    }));
    assert!(!plain(&|network| {
        network.then("Relu").then("Relu");
    }));
    assert!(!plain(&|network| {
        network.convolve(6, 3, vec![same(), ints("dilations", &[2, 2])]);
    }));
    assert!(!plain(&|network| {
        let weights = network.weight(&[6, 3, 1, 1]);
        let at = network.at.clone();
        network.node("Conv", &[&at, &weights], vec![int("group", 2)]);
    }));
    // What is bounded is also wanted as it was.
    assert!(!plain(&|network| {
        let before = network.at.clone();
        network.then("Relu");
        let at = network.at.clone();
        network.node("Add", &[&at, &before], Vec::new());
    }));
    // A feature map is no vector.
    let mut network = Network::new(3);
    network.convolve(6, 3, vec![same()]);
    assert!(network.plain().is_none());
}

#[test]
fn image_that_the_network_cannot_take_is_refused() {
    let mut network = Network::new(3);
    network.convolve(6, 5, vec![]);
    let plain = network.end().plain().expect("plain");
    assert!(plain.run(vec![0.0; 75], [5, 5]).is_ok());
    let why = plain.run(vec![0.0; 48], [4, 4]).expect_err("too small");
    assert!(why.contains("4 × 4 pixels"), "{why}");
    assert!(plain.run(vec![0.0; 25], [5, 5]).is_err(), "one channel");
}
