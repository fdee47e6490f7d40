"""Writes the few kinds of ONNX messages that a convolutional network consists of, and runs
such a network with numpy to check it. Reads no file."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Tuple, Union

#: A `numpy.ndarray`; numpy need not be installed.
Array = Any

#: Version 8 of the format with operators of set 13: what every runtime since 2021 reads.
IR_VERSION = 8
OPSET = 13

#: Numbers of fields and kinds in `onnx.proto`.
FLOAT = 1
ATTRIBUTE_INT, ATTRIBUTE_STRING, ATTRIBUTE_INTS = 2, 3, 7

Attribute = Union[int, str, List[int]]


class Node:
    """One operator."""

    def __init__(self, kind: str, inputs: List[str], output: str, **attributes: Attribute) -> None:
        self.kind, self.inputs, self.output, self.attributes = kind, inputs, output, attributes


class Network:
    """A chain of operators from images to one vector each.

    Attributes:
        nodes: The operators, each after those it depends on.
        weights: The constants, in single precision, by name.
        metadata: What the file says of itself.
    """

    def __init__(self, name: str, width: int, metadata: Mapping[str, str]) -> None:
        self.name, self.width, self.metadata = name, width, dict(metadata)
        self.nodes: List[Node] = []
        self.weights: Dict[str, Array] = {}

    def add(self, kind: str, inputs: List[str], output: str, **attributes: Attribute) -> str:
        """Appends an operator; returns its output."""
        self.nodes.append(Node(kind, inputs, output, **attributes))
        return output

    def onnx(self) -> bytes:
        """The network as an ONNX file. The same network gives the same bytes."""
        graph = b"".join(_part(1, _node(node)) for node in self.nodes)
        graph += _part(2, self.name.encode())
        graph += b"".join(_part(5, _tensor(name, data)) for name, data in self.weights.items())
        graph += _part(11, _value("pixel_values", ["batch", 3, "height", "width"]))
        graph += _part(12, _value("image_embeds", ["batch", self.width]))
        model = _number(1, IR_VERSION) + _part(2, b"splitlint") + _part(7, graph)
        model += _part(8, _part(1, b"") + _number(2, OPSET))
        for key, value in self.metadata.items():
            model += _part(14, _part(1, key.encode()) + _part(2, value.encode()))
        return model

    def run(self, images: Array) -> Array:
        """What the network makes of `images` (images × 3 × rows × columns)."""
        values: Dict[str, Array] = {"pixel_values": images, **self.weights}
        for node in self.nodes:
            inputs = [values[name] for name in node.inputs]
            values[node.output] = OPERATORS[node.kind](node, *inputs)
        return values["image_embeds"]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _part(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _node(node: Node) -> bytes:
    data = b"".join(_part(1, name.encode()) for name in node.inputs)
    data += _part(2, node.output.encode()) + _part(3, node.output.encode())
    data += _part(4, node.kind.encode())
    return data + b"".join(_part(5, _attribute(*pair)) for pair in node.attributes.items())


def _attribute(name: str, value: Attribute) -> bytes:
    data = _part(1, name.encode())
    if isinstance(value, int):
        return data + _number(3, value) + _number(20, ATTRIBUTE_INT)
    if isinstance(value, str):
        return data + _part(4, value.encode()) + _number(20, ATTRIBUTE_STRING)
    return data + b"".join(_number(8, v) for v in value) + _number(20, ATTRIBUTE_INTS)


def _tensor(name: str, data: Array) -> bytes:
    dims = b"".join(_number(1, length) for length in data.shape)
    return dims + _number(2, FLOAT) + _part(8, name.encode()) + _part(9, data.tobytes())


def _value(name: str, dims: List[Union[int, str]]) -> bytes:
    shape = b""
    for length in dims:
        named = isinstance(length, str)
        shape += _part(1, _part(2, str(length).encode()) if named else _number(1, int(length)))
    kind = _part(1, _number(1, FLOAT) + _part(2, shape))
    return _part(1, name.encode()) + _part(2, kind)


def _convolution(node: Node, images: Array, weights: Array, bias: Array) -> Array:
    """A convolution of one group, or of one channel each, padded as ``SAME_UPPER``."""
    import numpy

    (rows, row_pad), (columns, column_pad) = (
        _padded(images.shape[axis], weights.shape[axis], _ints(node, "strides")[axis - 2])
        for axis in (2, 3)
    )
    step = _ints(node, "strides")[0]
    images = numpy.pad(images, ((0, 0), (0, 0), row_pad, column_pad))
    out = numpy.zeros((images.shape[0], weights.shape[0], rows, columns), numpy.float32)
    for y in range(weights.shape[2]):
        for x in range(weights.shape[3]):
            part = images[:, :, y : y + step * rows : step, x : x + step * columns : step]
            kernel = weights[:, :, y, x]
            if node.attributes.get("group", 1) == 1:
                out += numpy.einsum("oc,ncyx->noyx", kernel, part, optimize=True)
            else:
                out += part * kernel[:, 0][None, :, None, None]
    biased: Array = out + bias[None, :, None, None]
    return biased


def _padded(length: int, kernel: int, step: int) -> Tuple[int, Tuple[int, int]]:
    out = -(-length // step)
    pad = max((out - 1) * step + kernel - length, 0)
    return out, (pad // 2, pad - pad // 2)


def _ints(node: Node, name: str) -> List[int]:
    value = node.attributes[name]
    return value if isinstance(value, list) else []


def _clipped(_: Node, values: Array, low: Array, high: Array) -> Array:
    clipped: Array = values.clip(low, high)
    return clipped


def _added(_: Node, left: Array, right: Array) -> Array:
    total: Array = left + right
    return total


def _averaged(_: Node, values: Array) -> Array:
    mean: Array = values.mean(axis=(2, 3), keepdims=True)
    return mean


def _flattened(_: Node, values: Array) -> Array:
    flat: Array = values.reshape(values.shape[0], -1)
    return flat


OPERATORS: Dict[str, Any] = {
    "Conv": _convolution,
    "Clip": _clipped,
    "Add": _added,
    "GlobalAveragePool": _averaged,
    "Flatten": _flattened,
}
