"""An image in memory as the bytes of a file, without loss. Knows no dataset.

The files are PNG without compression, so that equal pixels give equal bytes with every
version of every library: digests depend on it.
"""

from __future__ import annotations

import os
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, List, Optional, Tuple, Union

from ._errors import SplitlintError

#: PNG's colour types by the number of channels.
COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}

#: Bytes in a stored block of DEFLATE, at most.
STORED = 65_535

#: How far a number may lie from one of the 256 levels and still be one: arithmetic in 32 bits
#: errs by less than a thousandth.
CLOSE = 0.01

#: How Pillow's modes are made ones that PNG has; those absent are kept.
MODES = {
    "1": "L",
    "La": "LA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
    "LAB": "RGB",
    "HSV": "RGB",
}

CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}


class OutOfUnit(Exception):
    """A number above 1 among images that so far lay within 0 and 1."""


@dataclass
class Levels:
    """How the numbers of a dataset's images become levels of 8 or 16 bits."""

    #: What 1 stands for; ``None`` while nothing but numbers within 0 and 1 was met.
    highest: Optional[float] = None
    #: Numbers had to be rounded.
    rounded: bool = False
    #: Kinds of images that were met, for messages.
    seen: List[str] = field(default_factory=list)


#: The bytes of a file and its extension, or the path of a file.
Encoded = Union[Tuple[bytes, str], str]


def encoded(image: Any, levels: Levels) -> Encoded:
    """An image as a file.

    Args:
        image: Bytes of an image file; a path; ``{"bytes": …, "path": …}``; a Pillow image; or
            an array of shape ``(H, W)``, ``(H, W, C)`` or ``(C, H, W)`` with 1 to 4 channels,
            whole numbers of 8 or 16 bits or floats within 0 and 1 or 0 and 255.

    Raises:
        SplitlintError: It is none of these, or holds numbers that are no levels of light.
        OutOfUnit: See there; begin again with ``levels.highest = 255``.
    """
    if isinstance(image, dict) and ("bytes" in image or "path" in image):
        data, path = image.get("bytes"), image.get("path")
        if data is not None:
            return bytes(data), extension(bytes(data), path)
        if path is not None:
            return str(path)
        raise SplitlintError("an image has neither bytes nor a path")
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image), extension(bytes(image), None)
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if hasattr(image, "tobytes") and hasattr(image, "mode") and hasattr(image, "convert"):
        return _pillow(image), ".png"
    if hasattr(image, "shape") or hasattr(image, "__array__"):
        return _array(image, levels), ".png"
    raise SplitlintError(
        f"a {type(image).__name__} is no image: expected a Pillow image, an array, the bytes of "
        "a file or its path"
    )


def extension(data: bytes, path: Optional[str]) -> str:
    """The extension that goes with a file's first bytes; else that of ``path``."""
    for start, name in (
        (b"\xff\xd8\xff", ".jpg"),
        (b"\x89PNG\r\n", ".png"),
        (b"GIF8", ".gif"),
        (b"BM", ".bmp"),
        (b"II*\0", ".tif"),
        (b"MM\0*", ".tif"),
    ):
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    suffix = os.path.splitext(path or "")[1].lower()
    return suffix if suffix[1:].isalnum() else ".img"


def _pillow(image: Any) -> bytes:
    mode = image.mode
    if mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif mode in MODES:
        image = image.convert(MODES[mode])
    width, height = image.size
    channels = CHANNELS.get(image.mode)
    if channels:
        return png(image.tobytes(), width, height, channels, 8)
    if mode in ("I;16", "I;16L"):
        data = bytearray(image.tobytes())
        data[0::2], data[1::2] = data[1::2], data[0::2]
        return png(bytes(data), width, height, 1, 16)
    if mode == "I;16B":
        return png(image.tobytes(), width, height, 1, 16)
    if mode == "I":
        low, high = image.getextrema()
        if 0 <= low and high <= 65_535:
            values = struct.unpack(f"={width * height}i", image.tobytes())
            return png(struct.pack(f">{len(values)}H", *values), width, height, 1, 16)
    raise SplitlintError(
        f"an image of Pillow's mode `{mode}` cannot be written without loss: convert it to `RGB` "
        "or `L` as the training does"
    )


def _array(image: Any, levels: Levels) -> bytes:
    is_torch = type(image).__module__.partition(".")[0] == "torch"
    if is_torch:
        image = image.detach().cpu()
    try:
        import numpy
    except ImportError:
        raise SplitlintError("arrays need `numpy`: `pip install numpy`") from None
    array = numpy.asarray(image)
    array = array.reshape(array.shape[1:]) if array.ndim == 4 and array.shape[0] == 1 else array
    if array.ndim == 2:
        array = array[:, :, None]
    elif array.ndim == 3:
        first, last = array.shape[0] in COLOURS, array.shape[2] in COLOURS
        if first and (is_torch or not last):
            array = array.transpose(1, 2, 0)
        elif not last:
            array = numpy.zeros(())
    if array.ndim != 3 or 0 in array.shape:
        raise SplitlintError(
            f"an array of shape {tuple(numpy.shape(image))} is no image: expected (H, W), "
            "(H, W, C) or (C, H, W) with 1 to 4 channels"
        )
    pixels = numpy.ascontiguousarray(_levels(array, levels, numpy))
    height, width, channels = pixels.shape
    bits = 8 * pixels.dtype.itemsize
    data = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    return png(data, width, height, channels, bits)


def _levels(array: Any, levels: Levels, numpy: Any) -> Any:
    """The array as 8 or 16 bits."""
    if array.dtype == numpy.uint8 or array.dtype == numpy.uint16:
        return array
    if array.dtype == bool:
        return array.astype(numpy.uint8) * 255
    low, high = array.min(), array.max()
    if array.dtype.kind in "iu":
        if low >= 0 and high <= 255:
            return array.astype(numpy.uint8)
        if low >= 0 and high <= 65_535:
            return array.astype(numpy.uint16)
        raise _no_light(low, high)
    if array.dtype.kind != "f":
        array = array.astype(numpy.float32)
    if not (numpy.isfinite(low) and numpy.isfinite(high)):
        raise SplitlintError("an image holds numbers that are not finite")
    array = array.astype(numpy.float64)
    if low < -CLOSE / 255 or high > 255 + CLOSE:
        raise _no_light(low, high)
    if high > 1 + CLOSE / 255 and levels.highest is None:
        raise OutOfUnit
    scaled = array if levels.highest == 255 else array * 255
    whole = numpy.rint(scaled)
    levels.rounded |= bool(numpy.abs(scaled - whole).max() > CLOSE)
    return numpy.clip(whole, 0, 255).astype(numpy.uint8)


def _no_light(low: Any, high: Any) -> SplitlintError:
    return SplitlintError(
        f"an image holds numbers from {float(low):.3g} to {float(high):.3g}, which are no levels "
        "of light (0 to 1, or 0 to 255): hand over the dataset without normalisation"
    )


def png(data: bytes, width: int, height: int, channels: int, bits: int) -> bytes:
    """A PNG file of rows of pixels, big-endian where ``bits`` is 16; not compressed."""
    stride = width * channels * bits // 8
    rows = b"".join(
        b"\0" + data[start : start + stride] for start in range(0, stride * height, stride)
    )
    blocks = [b"\x78\x01"]
    for start in range(0, len(rows), STORED):
        block = rows[start : start + STORED]
        last = start + STORED >= len(rows)
        size = len(block)
        blocks += [struct.pack("<BHH", last, size, size ^ 0xFFFF), block]
    blocks.append(struct.pack(">I", zlib.adler32(rows)))
    header = struct.pack(">IIBBBBB", width, height, bits, COLOURS[channels], 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"IDAT", b"".join(blocks)),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return b"".join(
        [struct.pack(">I", len(data)), kind, data, struct.pack(">I", zlib.crc32(kind + data))]
    )
