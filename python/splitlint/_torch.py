"""Samples of torch datasets, and of whatever can be asked for samples by number."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterator, List, Optional, Tuple

from . import _intake, _kinds, _store
from ._errors import SplitlintError
from ._pixels import Encoded, Levels, OutOfUnit, encoded

#: Steps that change no pixel's value beyond its scale.
HARMLESS = {"ToTensor", "PILToTensor", "ToImage", "ToDtype", "ConvertImageDtype", "ToPILImage"}


def reader(data: Any) -> _intake.Read:
    """What reads ``data`` from the start each time it is called."""
    get, count = _getter(data)

    def read() -> Iterator[Tuple[int, _store.Sample]]:
        for index in range(count):
            yield index, get(index)

    return read


Get = Callable[[int], _store.Sample]


def _getter(data: Any) -> Tuple[Get, int]:
    base, indices = _kinds.unwrapped(data)
    if indices is not None:
        get, _ = _getter(base)
        chosen = indices
        return (lambda index: get(chosen[index])), len(chosen)
    parts = getattr(base, "datasets", None)
    if isinstance(parts, (list, tuple)) and hasattr(base, "cumulative_sizes"):
        return _joined([_getter(part) for part in parts])
    count = _kinds.length(base)
    names = _class_names(base)
    listed = _kinds.listed_files(base)
    if listed is not None:
        targets = _target_of(base)
        return (
            lambda index: _store.Sample(
                listed[index][0], _intake._labels(targets(listed[index][1]), names)
            )
        ), count
    stored = _stored(base, count)
    if stored is not None:
        images, labels = stored
        targets = _target_of(base)
        return (
            lambda index: _store.Sample(
                images[index], _intake._labels(targets(labels[index]), names)
            )
        ), count
    return _asked(base, names), count


def _joined(parts: List[Tuple[Get, int]]) -> Tuple[Get, int]:
    places = [(get, index) for get, count in parts for index in range(count)]
    return (lambda at: places[at][0](places[at][1])), len(places)


def _class_names(base: Any) -> Optional[List[str]]:
    names = getattr(base, "classes", None)
    if isinstance(names, (list, tuple)) and all(isinstance(name, str) for name in names):
        return list(names)
    return None


def _target_of(base: Any) -> Callable[[Any], Any]:
    """What the dataset makes of a target before training sees it."""
    change = getattr(base, "target_transform", None)
    return change if callable(change) else (lambda target: target)


def _stored(base: Any, count: int) -> Optional[Tuple[Any, Any]]:
    """Images and labels of datasets that hold them as arrays, as torchvision's MNIST, CIFAR
    and SVHN do; no transform has touched those."""
    images: Any = getattr(base, "data", None)
    if not hasattr(images, "shape") or len(images.shape) not in (3, 4):
        return None
    for name in ("targets", "labels"):
        labels = getattr(base, name, None)
        if labels is not None and _kinds.is_indexed(labels):
            if len(labels) == len(images) == count:
                return images, labels
    return None


def _asked(base: Any, names: Optional[List[str]]) -> Get:
    """Asks the dataset itself, without the transforms that it would apply."""
    plain = _without_transforms(base)
    _notice_random(plain)
    return lambda index: _sample(plain[index], names)


def _without_transforms(base: Any) -> Any:
    present = [name for name in ("transform", "transforms") if getattr(base, name, None)]
    if not present:
        return base
    steps = _steps(getattr(base, present[0]))
    plain = _intake.shallow(base)
    try:
        for name in present:
            setattr(plain, name, None)
        _image_bytes(plain[0])
    except Exception:  # noqa: BLE001 - it may need them in any way
        _intake.warn(
            f"the transforms of {_kinds.describe(base)} ({', '.join(steps)}) could not be left "
            "out: the scan looks at what they make of the images"
        )
        return base
    if not set(steps) <= HARMLESS:
        _intake.warn(
            f"the transforms of {_kinds.describe(base)} ({', '.join(steps)}) were left out: the "
            "scan looks at the images before them"
        )
    return plain


def _steps(transform: Any) -> List[str]:
    inner = getattr(transform, "transform", None) or transform
    steps = getattr(inner, "transforms", None)
    if isinstance(steps, (list, tuple)):
        return [name for step in steps for name in _steps(step)]
    name = getattr(inner, "__name__", None) or type(inner).__name__
    return [str(name)]


def _notice_random(data: Any) -> None:
    """A dataset that gives another image each time cannot be compared with anything."""
    if not _kinds.length(data):
        return
    try:
        once, again = (_image_bytes(data[0]) for _ in range(2))
    except SplitlintError:
        return  # It will be raised again, with the number of the sample.
    if once != again:
        _intake.warn(
            f"{_kinds.describe(data)} gives another image each time it is asked: a random "
            "transform changes what is scanned; hand over the dataset without it"
        )


def _sample(item: Any, names: Optional[List[str]]) -> _store.Sample:
    """Image and labels of what a dataset hands out."""
    if isinstance(item, dict):
        image = next((item[k] for k in ("image", "img", "pixel_values", "path") if k in item), None)
        if image is None:
            raise SplitlintError(f"a sample has no image among its fields {sorted(item)}")
        label = next((item[k] for k in ("label", "labels", "target", "class") if k in item), None)
        return _store.Sample(image, _intake._labels(label, names))
    if isinstance(item, (tuple, list)) and len(item) >= 2:
        return _store.Sample(item[0], _intake._labels(item[1], names))
    if isinstance(item, (tuple, list)) and len(item) == 1:
        item = item[0]
    return _store.Sample(os.fspath(item) if _kinds.is_path(item) else item, [])


def _image_bytes(item: Any) -> Encoded:
    image = _sample(item, None).image
    try:
        return encoded(image, Levels())
    except OutOfUnit:
        return encoded(image, Levels(highest=255.0))
