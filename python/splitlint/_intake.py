"""The samples of a dataset in memory, whatever its kind, on their way into a store.
Scans nothing.
"""

from __future__ import annotations

import contextlib
import copy
import os
import sys
import warnings
from collections.abc import Mapping
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import _kinds
from ._errors import SplitlintError, SplitlintWarning
from ._pixels import Levels, OutOfUnit
from ._progress import Progress
from ._store import Sample, Store

#: Columns of a table or of a ``datasets.Dataset`` by their meaning, the likeliest first.
LABELS = ("label", "labels", "class", "classes", "category", "target", "targets", "fine_label")
SPLITS = ("split", "splits", "subset", "partition")
GROUPS = ("group", "groups", "group_id", "patient_id", "patient", "subject_id", "video_id")


class Columns(NamedTuple):
    """Columns that the user named."""

    path: Optional[str] = None
    label: Optional[str] = None
    split: Optional[str] = None
    group: Optional[str] = None


def store(data: Any, columns: Columns, progress: Progress, groups: Any = None) -> Store:
    """Writes a dataset in memory into a store.

    Args:
        data: The dataset.
        columns: Columns that the user named.
        progress: What is shown meanwhile.
        groups: The group of each sample in order, or a mapping of splits to such; ``None``
            for what a column says.

    Raises:
        SplitlintError: It is of no known kind, or holds something that is no image.
    """
    splits: List[Tuple[Optional[str], Any]]
    if isinstance(data, Mapping):
        splits = [(str(name), part) for name, part in data.items()]
        inner = _kinds.describe(splits[0][1]) if splits else "nothing"
        same = _kinds.is_dataset_dict(data)
        kind = _kinds.describe(data) if same else f"a mapping to {inner}"
    else:
        name = getattr(data, "split", None) if _kinds.is_hugging_face(data) else None
        splits = [(None if name is None else str(name), data)]
        kind = f"a {_kinds.describe(data)}"
    made = Store(kind)
    try:
        for name, part in splits:
            of_split = groups.get(name) if isinstance(groups, Mapping) else groups
            _add_split(made, name, part, columns, progress, of_split)
        made.finish()
    except BaseException:
        made.__exit__()
        raise
    return made


def _add_split(
    made: Store,
    name: Optional[str],
    data: Any,
    columns: Columns,
    progress: Progress,
    groups: Any,
) -> None:
    count = _kinds.length(data)
    if groups is not None and len(groups) != count:
        raise SplitlintError(
            f"there are {len(groups)} groups for {count} samples"
            + ("" if name is None else f" of `{name}`")
        )
    split = made.begin(name, count, _kinds.fingerprint(data))
    doing = "writing images" if name is None else f"writing images of {name}"
    read = _reader(data, name, columns)
    for levels in (Levels(), Levels(highest=255.0)):
        try:
            for index, sample in read():
                if groups is not None:
                    group = groups[index]
                    sample = sample._replace(group=None if _absent(group) else str(group))
                try:
                    made.add(split, index, sample, levels)
                except SplitlintError as error:
                    where = f"sample {index}" if name is None else f"sample {index} of `{name}`"
                    raise SplitlintError(f"{where}: {error}") from None
                progress.show(doing, index + 1, count)
        except OutOfUnit:
            made.forget(split)
            continue
        break
    if levels.rounded:
        warn(
            f"images of `{name or 'the dataset'}` hold numbers between the 256 levels of 8 bits "
            "and were rounded: a transform has changed them"
        )


def warn(message: str) -> None:
    """Warns at the line that called this package."""
    warnings.warn(message, SplitlintWarning, stacklevel=_depth())


def _depth() -> int:
    ours = (os.path.dirname(__file__), os.path.dirname(contextlib.__file__))
    depth = 1
    frame: Any = sys._getframe(1)
    while frame is not None and os.path.dirname(frame.f_code.co_filename) in ours:
        frame, depth = frame.f_back, depth + 1
    return depth


Read = Callable[[], Iterator[Tuple[int, Sample]]]


def _reader(data: Any, name: Optional[str], columns: Columns) -> Read:
    """What reads the samples of one split, from the start each time it is called."""
    if _kinds.is_hugging_face(data):
        return _hugging_face(data, name, columns)
    if _kinds.is_frame(data):
        return _frame(data, columns)
    if _kinds.is_arrays(data):
        images, labels = data
        return lambda: (
            (index, Sample(images[index], _labels(labels[index], None)))
            for index in range(len(images))
        )
    if _kinds.package(data) == "tensorflow" or not _kinds.is_indexed(data):
        raise SplitlintError(
            f"a {_kinds.describe(data)} cannot be scanned: hand over a path, a "
            "`datasets.Dataset`, a torch dataset, a DataFrame with paths, a pair of arrays "
            "`(images, labels)`, or a mapping of splits to these"
        )
    from ._torch import reader

    return reader(data)


def _hugging_face(data: Any, name: Optional[str], columns: Columns) -> Read:
    image = _kinds.image_column(data, columns.path)
    if image is None:
        raise SplitlintError(
            f"the dataset has no column of images, only {', '.join(data.features)}: name it "
            "with `path_column`"
        )
    label = _column(list(data.features), columns.label, LABELS)
    if label is None:
        classes = (n for n, f in data.features.items() if type(f).__name__ == "ClassLabel")
        label = next(classes, None)
    split = _column(list(data.features), columns.split, SPLITS if name is None else ())
    group = _column(list(data.features), columns.group, GROUPS)
    wanted = [n for n in (image, label, split, group) if n is not None]
    names = _class_names(data.features[label]) if label is not None else None
    undecoded = _kinds.undecoded(data.select_columns(wanted), image)

    def read() -> Iterator[Tuple[int, Sample]]:
        for index, row in enumerate(undecoded):
            labels = [] if label is None else _labels(row[label], names, listed=True)
            yield index, Sample(row[image], labels, _text(row, split), _text(row, group))

    return read


def _class_names(feature: Any) -> Optional[List[str]]:
    """The names of the classes of a feature, or of the elements of a list of such."""
    inner = getattr(feature, "feature", feature)
    inner = inner[0] if isinstance(inner, list) and inner else inner
    names = getattr(inner, "names", None)
    return None if names is None else [str(name) for name in names]


def _frame(data: Any, columns: Columns) -> Read:
    names, rows = _kinds.records(data)
    path = _column(names, columns.path, ()) or _path_column(names, rows)
    label = _column(names, columns.label, LABELS)
    split = _column(names, columns.split, SPLITS)
    group = _column(names, columns.group, GROUPS)

    def read() -> Iterator[Tuple[int, Sample]]:
        for index, row in enumerate(_kinds.records(data)[1]):
            if _absent(row[path]):
                raise SplitlintError(f"row {index}: the column `{path}` is empty")
            labels = [] if label is None else _labels(row[label], None)
            yield index, Sample(row[path], labels, _text(row, split), _text(row, group))

    return read


def _path_column(names: List[str], rows: Iterator[Dict[str, Any]]) -> str:
    """The column whose first cell is an image or the path of a file that is there."""
    first = next(iter(rows), None)
    if first is None:
        raise SplitlintError("the table has no row")
    for name in [*(n for n in _kinds.PATHS if n in names), *names]:
        cell = first[name]
        if isinstance(cell, dict) and ("bytes" in cell or "path" in cell):
            return name
        if isinstance(cell, bytes) or (_kinds.is_path(cell) and os.path.isfile(cell)):
            return name
    raise SplitlintError(
        f"no column of the table holds the path of a file that is there ({', '.join(names)}): "
        f"relative paths start in `{os.getcwd()}`; name the column with `path_column`"
    )


def _column(names: List[str], named: Optional[str], usual: Any) -> Optional[str]:
    if named is not None:
        if named not in names:
            known = ", ".join(f"`{name}`" for name in names)
            raise SplitlintError(f"there is no column `{named}`; the columns are {known}")
        return named
    lower = {name.lower(): name for name in reversed(names)}
    return next((lower[name] for name in usual if name in lower), None)


def _text(row: Dict[str, Any], column: Optional[str]) -> Optional[str]:
    cell = None if column is None else row[column]
    return None if _absent(cell) else str(cell)


def _absent(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell) or cell == ""


def _labels(target: Any, names: Optional[List[str]], listed: bool = False) -> List[str]:
    """The classes that a target names.

    Args:
        target: A number, a name, a list of such, an array of zeros and ones with a place for
            each class, or the target of a detection dataset, whose ``labels`` count.
        names: The names of the classes by number.
        listed: Arrays are lists of numbers, not zeros and ones.
    """
    if isinstance(target, dict):
        return _labels(target.get("labels"), names, listed=True)
    is_array = hasattr(target, "tolist")
    if is_array:
        target = target.tolist()
    if isinstance(target, (list, tuple)):
        if len(target) == 1:
            return _labels(target[0], names)
        marks = all(isinstance(n, (int, float)) and n in (0, 1) for n in target)
        # A list that names a class twice is none; zeros and ones do repeat.
        if not listed and marks and (is_array or len(set(target)) < len(target)):
            target = [index for index, n in enumerate(target) if n]
        return sorted({name for one in target for name in _labels(one, names)})
    if _absent(target) or target == -1:
        return []
    if isinstance(target, float) and target.is_integer():
        target = int(target)
    if names is not None and isinstance(target, int) and 0 <= target < len(names):
        return [names[target]]
    return [str(target)]


def shallow(data: Any) -> Any:
    """A copy of a dataset whose attributes can be set without changing the original."""
    try:
        return copy.copy(data)
    except Exception:  # noqa: BLE001 - a dataset may refuse in any way
        return None
