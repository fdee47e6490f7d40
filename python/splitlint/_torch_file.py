"""Reads tensors from the file format that PyTorch wrote before version 1.6. Runs nothing that
is in the file: of pickle it knows the few opcodes that a table of tensors needs, and refuses
all others."""

from __future__ import annotations

import pickletools
import struct
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Dict, List, Tuple, Union

from ._errors import SplitlintError

if TYPE_CHECKING:
    import numpy

#: The first pickle of such a file, and the version of the format in the second.
MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
#: Bytes of the largest file that is read: ten times what the networks named in
#: ``models.py`` take.
LARGEST_FILE = 400_000_000
#: Opcodes in one pickle: about 30 for each tensor, of at most a few thousand.
MOST_OPCODES = 500_000
#: Dimensions of a tensor: a convolution's weights have four.
MOST_DIMENSIONS = 8

#: The names that a pickle may refer to. None of them is imported: each stands for itself.
ORDERED = ("collections", "OrderedDict")
TENSOR = ("torch._utils", "_rebuild_tensor_v2")
STORAGES = {
    ("torch", "FloatStorage"): "<f4",
    ("torch", "DoubleStorage"): "<f8",
    ("torch", "HalfStorage"): "<f2",
    ("torch", "LongStorage"): "<i8",
    ("torch", "IntStorage"): "<i4",
}
ALLOWED = {ORDERED, TENSOR, *STORAGES}


class _Global:
    """A name that the pickle refers to."""

    def __init__(self, name: Tuple[str, str]) -> None:
        self.name = name


class _Storage:
    """Numbers that follow the pickles, by key."""

    def __init__(self, kind: str, key: str, count: int) -> None:
        self.kind, self.key, self.count = kind, key, count


class _Tensor:
    """A view of a storage."""

    def __init__(
        self, storage: _Storage, offset: int, shape: Tuple[int, ...], strides: Tuple[int, ...]
    ) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides


class _Mark:
    """Where a list of arguments begins on the stack."""


def read_tensors(file: Union[str, Path]) -> Dict[str, numpy.ndarray[Any, Any]]:
    """The tensors of a file that ``torch.save`` wrote, by name.

    Args:
        file: A state dictionary in the format before PyTorch 1.6.

    Raises:
        SplitlintError: It is another file, is damaged, or asks for more than tensors.
    """
    path = Path(file)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _Refused(f"it has more than {LARGEST_FILE // 1_000_000} MB")
        with path.open("rb") as stream:
            return _read(stream)
    except OSError as error:
        raise SplitlintError(f"weights `{path}`: {error.strerror or error}") from None
    except _Refused as error:
        raise SplitlintError(f"weights `{path}`: {error}") from None


class _Refused(Exception):
    """Why a file is not read."""


def _read(stream: BinaryIO) -> Dict[str, numpy.ndarray[Any, Any]]:
    if stream.read(4) == b"PK\x03\x04":
        raise _Refused("a zip archive, as PyTorch writes since 1.6; only the older format is read")
    stream.seek(0)
    if (_load(stream), _load(stream)) != (MAGIC, VERSION):
        raise _Refused("it was not written by `torch.save`")
    system = _load(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _Refused("its numbers are not little-endian")
    table, keys = _load(stream), _load(stream)
    if not isinstance(table, dict) or not isinstance(keys, list):
        raise _Refused("it holds no table of tensors")
    tensors = {name: value for name, value in table.items() if isinstance(value, _Tensor)}
    if len(tensors) != len(table) or not all(isinstance(name, str) for name in tensors):
        raise _Refused("it holds other things than named tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    data = {}
    for key in keys:
        if not isinstance(key, str) or key not in storages or key in data:
            raise _Refused("its list of storages does not fit its tensors")
        data[key] = _numbers(stream, storages[key])
    return {name: _view(tensor, data) for name, tensor in tensors.items()}


def _numbers(stream: BinaryIO, storage: _Storage) -> numpy.ndarray[Any, Any]:
    """The next storage of the file: how many numbers it has, and the numbers."""
    import numpy

    head = stream.read(8)
    kind = numpy.dtype(storage.kind)
    # The storage is not larger than the file, which is what `read` allocates at most.
    if len(head) != 8 or struct.unpack("<q", head) != (storage.count,):
        raise _Refused(f"storage `{storage.key}` is truncated or of another size")
    body = stream.read(storage.count * kind.itemsize)
    if len(body) != storage.count * kind.itemsize:
        raise _Refused(f"storage `{storage.key}` is truncated")
    numbers: numpy.ndarray[Any, Any] = numpy.frombuffer(body, kind)
    return numbers


def _view(tensor: _Tensor, data: Dict[str, numpy.ndarray[Any, Any]]) -> numpy.ndarray[Any, Any]:
    """A tensor's numbers in the order of its dimensions, copied."""
    import numpy

    numbers = data.get(tensor.storage.key)
    if numbers is None:
        raise _Refused(f"storage `{tensor.storage.key}` is missing")
    size = 1
    for length in tensor.shape:
        size *= length
    last = tensor.offset + sum((n - 1) * s for n, s in zip(tensor.shape, tensor.strides))
    # A stride of 0 would make a large tensor of a small storage.
    if size > numbers.size or (size > 0 and last >= numbers.size):
        raise _Refused(f"a tensor of shape {tensor.shape} reaches beyond its storage")
    if size == 0:
        empty: numpy.ndarray[Any, Any] = numpy.zeros(tensor.shape, numbers.dtype)
        return empty
    steps = [stride * numbers.itemsize for stride in tensor.strides]
    view = numpy.lib.stride_tricks.as_strided(numbers[tensor.offset :], tensor.shape, steps)
    copied: numpy.ndarray[Any, Any] = numpy.ascontiguousarray(view).reshape(tensor.shape)
    return copied


def _load(stream: BinaryIO) -> Any:
    """One pickle, read by the rules of this module."""
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if count > MOST_OPCODES:
                raise _Refused("its pickle is too long for a table of tensors")
            machine.step(opcode.name, argument)
        return machine.result
    except _Refused:
        raise
    # What a damaged pickle makes of the stack, and what `pickletools` says of its bytes.
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise _Refused(f"its pickle is damaged ({error})") from None


class _Machine:
    """The stack of a pickle. Knows dictionaries, lists, tuples, numbers, texts and the names
    of ``ALLOWED``."""

    def __init__(self) -> None:
        self.stack: List[Any] = []
        self.memo: Dict[int, Any] = {}
        self.result: Any = None

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE"):
            stack.append(argument)
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(self.memo[argument])
        elif name == "GLOBAL":
            stack.append(_named(argument))
        elif name == "MARK":
            stack.append(_Mark())
        elif name in ("EMPTY_DICT", "EMPTY_LIST"):
            stack.append({} if name == "EMPTY_DICT" else [])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            stack.append(tuple(self.popped(int(name[-1]))))
        elif name == "TUPLE":
            stack.append(tuple(self.marked()))
        elif name in ("APPEND", "APPENDS"):
            values = self.marked() if name == "APPENDS" else self.popped(1)
            self.container(list).extend(values)
        elif name in ("SETITEM", "SETITEMS"):
            values = self.marked() if name == "SETITEMS" else self.popped(2)
            self.container(dict).update(zip(values[::2], values[1::2]))
        elif name == "BINPERSID":
            stack.append(_storage(*self.popped(1)))
        elif name == "REDUCE":
            stack.append(_made(*self.popped(2)))
        elif name == "BUILD":
            # The versions of the modules, kept beside a state dictionary.
            self.popped(1)
            self.container(OrderedDict)
        elif name == "STOP":
            (self.result,) = self.popped(1)
        elif name != "PROTO":
            raise _Refused(f"its pickle uses the opcode `{name}`, which no table of tensors needs")

    def popped(self, count: int) -> List[Any]:
        if len(self.stack) < count:
            raise ValueError("nothing on the stack")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def marked(self) -> List[Any]:
        for place in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[place], _Mark):
                values = self.stack[place + 1 :]
                del self.stack[place:]
                return values
        raise ValueError("no mark on the stack")

    def container(self, kind: type) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise ValueError(f"no {kind.__name__} on the stack")
        return self.stack[-1]


CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}


def _named(argument: str) -> _Global:
    module, _, name = argument.partition(" ")
    if (module, name) not in ALLOWED:
        raise _Refused(f"its pickle refers to `{module}.{name}`, which no tensor needs")
    return _Global((module, name))


def _storage(identity: Any) -> _Storage:
    """The storage that a persistent identity names; parts of one are not made any more."""
    if isinstance(identity, tuple) and len(identity) == 6:
        word, kind, key, _, count, part = identity
        known = isinstance(kind, _Global) and kind.name in STORAGES
        if word == "storage" and known and isinstance(key, str) and part is None:
            if type(count) is int and count >= 0:
                return _Storage(STORAGES[kind.name], key, count)
    raise _Refused("its pickle names a storage in an unknown way")


def _made(function: Any, arguments: Any) -> Any:
    """The two calls that a table of tensors consists of."""
    if isinstance(function, _Global) and isinstance(arguments, tuple):
        if function.name == ORDERED and not arguments:
            return OrderedDict()
        if function.name == TENSOR and len(arguments) >= 4:
            storage, offset, shape, strides = arguments[:4]
            if isinstance(storage, _Storage) and _counts((offset,)):
                if _counts(shape) and _counts(strides) and len(shape) == len(strides):
                    return _Tensor(storage, offset, shape, strides)
    raise _Refused("its pickle calls a function in an unknown way")


def _counts(values: Any) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) <= MOST_DIMENSIONS
        and all(type(value) is int and value >= 0 for value in values)
    )
