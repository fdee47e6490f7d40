"""Builds an EfficientNet-Lite (Liu 2020, after Tan and Le 2019) without its classifier from
named tensors. Reads and writes no file."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Tuple

from ._errors import SplitlintError
from ._onnx_file import Network

#: A `numpy.ndarray`; numpy need not be installed.
Array = Any

#: What the networks were trained with: bytes less 127, over 128; and the batch
#: normalisation's epsilon.
MEAN, DEVIATION = 127 / 255, 128 / 255
EPSILON = 1e-3


class Stage(NamedTuple):
    """Blocks that share their shape; the first of them has the stride."""

    blocks: int
    kernel: int
    stride: int


#: Kernels and strides of the seven stages, of every EfficientNet.
KERNELS = (3, 3, 5, 3, 5, 5, 3)
STRIDES = (1, 2, 2, 2, 1, 2, 1)


def stages(blocks: Tuple[int, ...]) -> List[Stage]:
    """The stages with so many blocks each."""
    return [Stage(*row) for row in zip(blocks, KERNELS, STRIDES)]


def network(name: str, side: int, plan: List[Stage], tensors: Dict[str, Array]) -> Network:
    """The network of `tensors`, with batch normalisation folded into the convolutions.

    Raises:
        SplitlintError: A tensor is missing, has another shape or no finite numbers, or one
            is left over.
    """
    return _Builder(name, side, plan, tensors).network


class _Builder:
    def __init__(self, name: str, side: int, plan: List[Stage], tensors: Dict[str, Array]) -> None:
        import numpy

        self.tensors = dict(tensors)
        width = self.shape("_conv_head.weight")[0]
        metadata = {
            "image_size": str(side),
            "image_mean": " ".join([f"{MEAN:.8f}"] * 3),
            "image_std": " ".join([f"{DEVIATION:.8f}"] * 3),
        }
        self.network = Network(name, width, metadata)
        self.network.weights["zero"] = numpy.array(0, "<f4")
        self.network.weights["six"] = numpy.array(6, "<f4")
        at = self.convolution("pixel_values", "_conv_stem", "_bn0", stride=2)
        index = 0
        for stage in plan:
            for repeat in range(stage.blocks):
                stride = stage.stride if repeat == 0 else 1
                at = self.block(at, f"_blocks.{index}", stage.kernel, stride, index, repeat)
                index += 1
        at = self.convolution(at, "_conv_head", "_bn1")
        at = self.network.add("GlobalAveragePool", [at], "pooled")
        self.network.add("Flatten", [at], "image_embeds", axis=1)
        left = [name for name in self.tensors if not name.startswith("_fc.")]
        left = [name for name in left if not name.endswith(".num_batches_tracked")]
        if left:
            raise SplitlintError(f"weights: `{left[0]}` has no place in `{name}`")

    def block(self, at: str, name: str, kernel: int, stride: int, index: int, repeat: int) -> str:
        """An inverted residual (Sandler et al. 2018); the first block expands nothing."""
        start = at
        if index > 0:
            at = self.convolution(at, f"{name}._expand_conv", f"{name}._bn0")
        depthwise, norm = f"{name}._depthwise_conv", f"{name}._bn1"
        at = self.convolution(at, depthwise, norm, kernel, stride, depthwise=True)
        at = self.convolution(at, f"{name}._project_conv", f"{name}._bn2", clipped=False)
        if repeat > 0:
            at = self.network.add("Add", [at, start], f"{name}.sum")
        return at

    def convolution(
        self,
        at: str,
        name: str,
        norm: str,
        kernel: int = 0,
        stride: int = 1,
        depthwise: bool = False,
        clipped: bool = True,
    ) -> str:
        import numpy

        shape = self.shape(f"{name}.weight")
        channels = shape[0]
        if depthwise and shape != (channels, 1, kernel, kernel):
            raise SplitlintError(f"weights: `{name}.weight` has the shape {shape}")
        weights = self.taken(f"{name}.weight", shape)
        gain, bias, mean, variance = (
            self.taken(f"{norm}.{part}", (channels,))
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        if not (variance >= 0).all():
            raise SplitlintError(f"weights: `{norm}.running_var` is below 0")
        scale = gain / numpy.sqrt(variance + EPSILON)
        self.network.weights[f"{name}.weight"] = (weights * scale[:, None, None, None]).astype(
            "<f4"
        )
        self.network.weights[f"{name}.bias"] = (bias - mean * scale).astype("<f4")
        at = self.network.add(
            "Conv",
            [at, f"{name}.weight", f"{name}.bias"],
            f"{name}.out",
            auto_pad="SAME_UPPER",
            group=channels if depthwise else 1,
            kernel_shape=[shape[2], shape[3]],
            strides=[stride, stride],
        )
        if clipped:
            at = self.network.add("Clip", [at, "zero", "six"], f"{name}.relu6")
        return at

    def shape(self, name: str) -> Tuple[int, ...]:
        tensor = self.tensors.get(name)
        if tensor is None or tensor.ndim != 4:
            raise SplitlintError(f"weights: `{name}` is missing or is no convolution")
        return tuple(tensor.shape)

    def taken(self, name: str, shape: Tuple[int, ...]) -> Array:
        """The tensor in double precision; each is used once."""
        import numpy

        tensor = self.tensors.pop(name, None)
        if tensor is None or tensor.shape != shape:
            found = "missing" if tensor is None else f"of the shape {tensor.shape}"
            raise SplitlintError(f"weights: `{name}` is {found}; expected {shape}")
        if not numpy.isfinite(tensor).all():
            raise SplitlintError(f"weights: `{name}` holds NaN or infinite numbers")
        return tensor.astype(numpy.float64)
