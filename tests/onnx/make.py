"""Makes the models and the image of this folder, and what ONNX Runtime makes
of that image (`expected.json`). Everything is drawn from one seed.

    pip install onnx==1.23.2 onnxruntime==1.31.1 pillow numpy
    python tests/onnx/make.py
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = pathlib.Path(__file__).parent
SIDE = 32
MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
random = np.random.default_rng(7)


class Graph:
    """Nodes and weights, gathered in order."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, values, dtype=np.float32):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def noise(self, *shape):
        fan = max(1, int(np.prod(shape[1:])))
        return self.weight(random.normal(size=shape) / np.sqrt(fan))

    def node(self, kind, *inputs, output=None, outputs=1, **attributes):
        names = [output or f"n{len(self.nodes)}"]
        names += [f"n{len(self.nodes)}_{i}" for i in range(1, outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def save(self, name, inputs, outputs, metadata=None):
        value = lambda n, kind, shape: helper.make_tensor_value_info(n, kind, shape)
        graph = helper.make_graph(
            self.nodes,
            name,
            [value(*i) for i in inputs],
            [value(*o) for o in outputs],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        if metadata:
            helper.set_model_props(model, metadata)
        onnx.checker.check_model(model)
        onnx.save(model, HERE / f"{name}.onnx")


def batch_norm(g, x, width):
    positive = lambda: g.weight(random.uniform(0.5, 1.5, width))
    return g.node("BatchNormalization", x, positive(), g.noise(width), g.noise(width), positive())


def residual_network():
    """A small ResNet: any batch, 32 x 32, ends in [N, 16]."""
    g = Graph()
    x = g.node("Conv", "input", g.noise(8, 3, 7, 7), strides=[2, 2], pads=[3] * 4)
    x = g.node("Relu", batch_norm(g, x, 8))
    x = g.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    y = g.node("Conv", x, g.noise(16, 8, 3, 3), strides=[2, 2], pads=[1] * 4)
    y = g.node("Relu", batch_norm(g, y, 16))
    y = batch_norm(g, g.node("Conv", y, g.noise(16, 16, 3, 3), pads=[1] * 4), 16)
    short = batch_norm(g, g.node("Conv", x, g.noise(16, 8, 1, 1), strides=[2, 2]), 16)
    x = g.node("Relu", g.node("Add", y, short))
    x = g.node("Flatten", g.node("GlobalAveragePool", x), axis=1)
    g.node("Gemm", x, g.noise(16, 16), g.noise(16), output="embedding", transB=1)
    g.save(
        "resnet",
        [("input", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])],
        [("embedding", TensorProto.FLOAT, ["batch", 16])],
    )


def vision_transformer():
    """One block of a ViT: one image of any size, two outputs, tokens first."""
    g, dim, heads, patches = Graph(), 16, 2, 16
    split = lambda x: g.node(
        "Transpose",
        g.node("Reshape", x, g.weight([1, patches + 1, heads, dim // heads], np.int64)),
        perm=[0, 2, 1, 3],
    )
    norm = lambda x: g.node(
        "LayerNormalization", x, g.weight(random.uniform(0.5, 1.5, dim)), g.noise(dim), axis=-1
    )
    dense = lambda x, a, b: g.node("Add", g.node("MatMul", x, g.noise(a, b)), g.noise(b))
    x = g.node("Conv", "pixel_values", g.noise(dim, 3, 8, 8), g.noise(dim), strides=[8, 8])
    x = g.node("Reshape", x, g.weight([1, dim, patches], np.int64))
    x = g.node("Transpose", x, perm=[0, 2, 1])
    x = g.node("Concat", g.noise(1, 1, dim), x, axis=1)
    x = g.node("Add", x, g.noise(1, patches + 1, dim))
    y = norm(x)
    q, k, v = (split(dense(y, dim, dim)) for _ in range(3))
    k = g.node("Transpose", k, perm=[0, 1, 3, 2])
    attention = g.node("Mul", g.node("MatMul", q, k), g.weight([(dim // heads) ** -0.5]))
    y = g.node("MatMul", g.node("Softmax", attention, axis=-1), v)
    y = g.node("Transpose", y, perm=[0, 2, 1, 3])
    y = g.node("Reshape", y, g.weight([1, patches + 1, dim], np.int64))
    x = g.node("Add", x, dense(y, dim, dim))
    y = dense(norm(x), dim, 4 * dim)
    error = g.node("Erf", g.node("Div", y, g.weight([2**0.5])))
    y = g.node("Mul", g.node("Mul", y, g.node("Add", error, g.weight([1.0]))), g.weight([0.5]))
    x = g.node("Add", x, dense(y, 4 * dim, dim))
    x = g.node(
        "LayerNormalization", x, g.weight(np.ones(dim)), g.noise(dim),
        axis=-1, output="last_hidden_state",
    )
    g.node("ReduceMean", x, axes=[1], keepdims=0, output="patch_mean")
    g.save(
        "vit",
        [("pixel_values", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [
            ("last_hidden_state", TensorProto.FLOAT, [1, patches + 1, dim]),
            ("patch_mean", TensorProto.FLOAT, [1, dim]),
        ],
        {"image_size": "[32, 32]", "image_mean": "[0.5, 0.5, 0.5]", "image_std": "[0.25, 0.25, 0.25]"},
    )


def keras_like():
    """As Keras exports: channels last, normalised inside, a map as output."""
    g = Graph()
    x = g.node("Mul", "images", g.weight([1 / 255]))
    x = g.node("Sub", x, g.weight(MEAN.reshape(1, 1, 1, 3)))
    x = g.node("Div", x, g.weight(STD.reshape(1, 1, 1, 3)))
    x = g.node("Transpose", x, perm=[0, 3, 1, 2])
    x = g.node("Conv", x, g.noise(12, 3, 5, 5), g.noise(12), strides=[4, 4])
    x = g.node("Mul", x, g.node("Sigmoid", x))
    g.node("Transpose", x, perm=[0, 2, 3, 1], output="map")
    g.save(
        "keras",
        [("images", TensorProto.FLOAT, ["n", SIDE, SIDE, 3])],
        [("map", TensorProto.FLOAT, ["n", "h", "w", 12])],
    )


def bytes_in_batches():
    """Takes bytes, always four images at once."""
    g = Graph()
    x = g.node("Cast", "pixels", to=TensorProto.FLOAT)
    x = g.node("Div", x, g.weight([255.0]))
    x = g.node("Div", g.node("Sub", x, g.weight(MEAN)), g.weight(STD))
    x = g.node("Conv", x, g.noise(12, 3, 8, 8), strides=[8, 8])
    g.node("GlobalAveragePool", g.node("HardSwish", x), output="pooled")
    g.save(
        "bytes",
        [("pixels", TensorProto.UINT8, [4, 3, SIDE, SIDE])],
        [("pooled", TensorProto.FLOAT, [4, 12, 1, 1])],
    )


def half_precision():
    """Numbers of half precision throughout; starts with a double-precision input."""
    g = Graph()
    x = g.node("Cast", "input", to=TensorProto.FLOAT16)
    kernel = g.weight(random.normal(size=(12, 3, 4, 4)) / 7, np.float16)
    x = g.node("Relu", g.node("Conv", x, kernel, strides=[4, 4]))
    g.node("Flatten", g.node("GlobalAveragePool", x), axis=1, output="embedding")
    g.save(
        "half",
        [("input", TensorProto.DOUBLE, ["n", 3, SIDE, SIDE])],
        [("embedding", TensorProto.FLOAT16, ["n", 12])],
    )


def unusable():
    """Models that have to be refused."""
    image = ("input", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    g = Graph()
    x = g.node("Flatten", g.node("GlobalAveragePool", "input"), axis=1)
    g.node("ArgMax", x, axis=1, output="class")
    g.save("whole_numbers", [image], [("class", TensorProto.INT64, ["n", 1])])
    g = Graph()
    g.node("GlobalAveragePool", "input", output="colour")
    huge = ("input", TensorProto.FLOAT, [1, 3, 100_000, 100_000])
    g.save("huge", [huge], [("colour", TensorProto.FLOAT, [1, 3, 1, 1])])
    g = Graph()
    g.node("MatMul", "tokens", g.noise(8, 4), output="embedding")
    tokens = ("tokens", TensorProto.FLOAT, ["n", 8])
    g.save("text", [tokens], [("embedding", TensorProto.FLOAT, ["n", 4])])
    g = Graph()
    x = g.node("Flatten", g.node("GlobalAveragePool", "input"), axis=1)
    g.node("MatMul", x, "other", output="embedding")
    other = ("other", TensorProto.FLOAT, [3, 4])
    g.save("two_inputs", [image, other], [("embedding", TensorProto.FLOAT, ["n", 4])])


def seen(name, pixels, output, pool):
    session = onnxruntime.InferenceSession(HERE / f"{name}.onnx", providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: pixels}
    return [round(float(v), 6) for v in pool(session.run([output], feed)[0][0])]


def stored_exactly(rgb):
    """`rgb` with colours that pass unchanged through the 8-bit Rec. 601 YCbCr in
    which splitlint holds images, so that both sides see the same numbers."""
    levels = lambda x: np.clip(np.floor(x + 0.5), 0, 255)

    def through(rgb):
        r, g, b = np.moveaxis(rgb.astype(np.float64), -1, 0)
        y = 0.299 * r + 0.587 * g + 0.114 * b
        y, cb, cr = levels(y), levels((b - y) * 0.5 / 0.886 + 128), levels((r - y) * 0.5 / 0.701 + 128)
        cb, cr = cb - 128, cr - 128
        return levels(np.stack([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb], -1))

    for _ in range(4):
        rgb = through(rgb)
    unstable = (through(rgb) != rgb).any(-1)
    rgb[unstable] = 128
    return rgb.astype(np.uint8)


def main():
    residual_network()
    vision_transformer()
    keras_like()
    bytes_in_batches()
    half_precision()
    unusable()
    # Smooth enough that a image seen through a resize stays much the same.
    noise = random.integers(0, 256, (8, 8, 3), np.uint8)
    image = Image.fromarray(noise).resize((SIDE, SIDE), Image.BICUBIC)
    image = Image.fromarray(stored_exactly(np.asarray(image)))
    image.save(HERE / "image.png")
    last = np.asarray(image)[None]
    first = last.transpose(0, 3, 1, 2)
    unit = first.astype(np.float32) / 255
    expected = {
        "resnet": seen("resnet", (unit - MEAN) / STD, "embedding", lambda v: v),
        "vit": seen("vit", (unit - np.float32(0.5)) / np.float32(0.25), "last_hidden_state", lambda v: v[0]),
        "vit patch_mean": seen("vit", (unit - np.float32(0.5)) / np.float32(0.25), "patch_mean", lambda v: v),
        "keras": seen("keras", last.astype(np.float32), "map", lambda v: v.mean((0, 1))),
        "half": seen("half", ((unit - MEAN) / STD).astype(np.float64), "embedding", lambda v: v),
        "bytes": seen("bytes", first.repeat(4, 0), "pooled", lambda v: v[:, 0, 0]),
    }
    text = json.dumps({"onnxruntime": onnxruntime.__version__, "vectors": expected}, indent=1)
    (HERE / "expected.json").write_text(text + "\n")


main()
