"""A dataset without what a report drops. Decides nothing of what that is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Set

from . import _kinds
from ._columns import SPLIT_NAMES
from ._errors import SplitlintError

if TYPE_CHECKING:
    from ._report import Report


def drop_indices(report: Report, split: Optional[str], unreadable: bool) -> List[int]:
    """Ascending positions of what is dropped from ``split``."""
    order = positions(report, split)
    name = split_name(report, split)
    indices: Set[int] = set()
    for key in _dropped(report, name, unreadable):
        try:
            indices.update(order[key])
        except KeyError:
            raise SplitlintError(
                f"`{key}` is not a sample of the dataset that this report remembers: "
                "the report's files belong to different scans; scan again"
            ) from None
    return sorted(indices)


def positions(report: Report, split: Optional[str]) -> Dict[str, List[int]]:
    """Where each sample of ``split`` stands, by its name."""
    origins = report.origins
    if origins is not None:
        given = _given_split(report, split)
        found: Dict[str, List[int]] = {}
        for index, key in enumerate(given.keys):
            if key is not None:
                found.setdefault(key, []).append(index)
        return found
    name = split_name(report, split)
    mine = (row["sample"] for row in report.samples if row["split"] == name)
    return {key: [index] for index, key in enumerate(mine)}


def split_name(report: Report, split: Optional[str]) -> Optional[str]:
    """The name that the report has for ``split``."""
    names = report.splits
    origins = report.origins
    if origins is not None and len(origins.splits) == len(names) == 1:
        _given_split(report, split)
        return names[0]
    if split is None:
        if len(names) == 1:
            return names[0]
        raise SplitlintError(f"name the split, one of {_listed(names)}")
    if split in names:
        return split
    canonical = SPLIT_NAMES.get(split.lower())
    if canonical in names:
        return canonical
    raise SplitlintError(f"the report has no split `{split}`; it has {_listed(names)}")


def clean(report: Report, dataset: Any, split: Optional[str], unreadable: bool) -> Any:
    """``dataset`` without what is dropped."""
    if isinstance(dataset, Mapping):
        parts = {name: clean(report, part, name, unreadable) for name, part in dataset.items()}
        return _kinds.same_mapping(dataset, parts)
    dropped = set(_dropped_of(report, dataset, split, unreadable))
    keep = [index for index in range(_kinds.length(dataset)) if index not in dropped]
    return _kinds.take(dataset, keep)


def _dropped_of(report: Report, dataset: Any, split: Optional[str], unreadable: bool) -> List[int]:
    """Positions in ``dataset``, which is one split, or all of them with a column for it."""
    count = _kinds.length(dataset)
    if report.origins is not None:
        if split is None and len(report.origins.splits) == 1:
            split = report.origins.splits[0].name
        given = _given_split(report, split)
        state = _kinds.fingerprint(dataset)
        if state and given.fingerprint and state != given.fingerprint:
            raise SplitlintError(
                "the dataset was changed since it was scanned (its fingerprint is another): "
                "clean it first and transform it then, or scan it as it is now"
            )
        if len(given.keys) != count:
            raise SplitlintError(
                f"the dataset has {count} samples, and {len(given.keys)} were scanned: "
                "hand over the dataset that was scanned"
            )
        return _all_of(report, given.name, unreadable)
    files = _kinds.files(dataset)
    if files is None:
        raise SplitlintError(
            f"a {_kinds.describe(dataset)} cannot be matched to a report of files: hand it to "
            "`splitlint.scan`, and clean it with that report"
        )
    return _matched(report, files, split, unreadable)


def _all_of(report: Report, name: Optional[str], unreadable: bool) -> List[int]:
    """What is dropped of data that were handed over as ``name``."""
    if name is not None or len(report.splits) == 1:
        return drop_indices(report, name, unreadable)
    # A table with a column of splits: all of them are in it.
    order = report.origins.positions() if report.origins else {}
    keys = [key for split in report.splits for key in _dropped(report, split, unreadable)]
    return sorted({index for key in keys for index in order[key]})


def _matched(
    report: Report, files: List[Optional[str]], split: Optional[str], unreadable: bool
) -> List[int]:
    """Positions of what is dropped among ``files``, by their places on disk."""
    places: Dict[str, List[int]] = {}
    for index, file in enumerate(files):
        if file is not None:
            places.setdefault(_place(file), []).append(index)
    wanted = [split_name(report, split)] if split is not None else report.splits
    scanned = [row["sample"] for row in report.samples if row["split"] in wanted]
    known = sum(any(c in places for c in candidates(report, key)) for key in scanned)
    if scanned and not known:
        raise SplitlintError(
            "no file of the dataset was scanned for this report; the report is about "
            f"{report.dataset}"
        )
    indices: Set[int] = set()
    for name in wanted:
        for key in _dropped(report, name, unreadable):
            for candidate in candidates(report, key):
                indices.update(places.get(candidate, ()))
    return sorted(indices)


def candidates(report: Report, key: str) -> Iterable[str]:
    """The places on disk that the sample ``key`` may have."""
    asked = report.summary["dataset"]
    path = _path_of(key)
    if asked["root"] is not None:
        root = Path(asked["root"])
        base = root.parent if root.is_file() else root
        yield _place(os.path.join(base, path))
        # A manifest names files elsewhere by paths from the top.
        yield _place(os.sep + path)
    for split in asked["splits"]:
        name, _, rest = path.partition("/")
        if name == split["split"]:
            yield _place(os.path.join(split["path"], rest))


def _path_of(key: str) -> str:
    """The path that a sample's name is written of."""
    if "\\" not in key:
        return key
    out, index, raw = bytearray(), 0, key.encode("utf-8")
    while index < len(raw):
        if raw[index : index + 2] == b"\\\\":
            out += b"\\"
            index += 2
        elif raw[index : index + 2] == b"\\x":
            out.append(int(raw[index + 2 : index + 4], 16))
            index += 4
        else:
            out.append(raw[index])
            index += 1
    return os.fsdecode(bytes(out))


def _place(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


def _dropped(report: Report, split: Optional[str], unreadable: bool) -> List[str]:
    """The names of the samples of ``split`` that are dropped."""
    keys = [row["sample"] for row in report.drop if row["split"] == split]
    if unreadable:
        problems = (row for row in report.samples if row["problem"] is not None)
        keys += [row["sample"] for row in problems if row["split"] == split]
    return keys


def _given_split(report: Report, split: Optional[str]) -> Any:
    """The split as it was handed over, by its name there or in the report."""
    splits = report.origins.splits if report.origins else []
    if len(splits) == 1 and split is None:
        return splits[0]
    for given in splits:
        if given.name == split:
            return given
    for given in splits:
        if given.name and split and _canonical(given.name) == _canonical(split):
            return given
    names = [given.name for given in splits]
    if split is None:
        raise SplitlintError(f"name the split, one of {_listed(names)}")
    raise SplitlintError(f"the report has no split `{split}`; it has {_listed(names)}")


def _canonical(name: str) -> str:
    return SPLIT_NAMES.get(name.lower(), name)


def _listed(names: List[Optional[str]]) -> str:
    return ", ".join("(none)" if name is None else f"`{name}`" for name in names)
