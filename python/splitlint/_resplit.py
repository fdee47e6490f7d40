"""A new split: runs ``splitlint resplit``, and deals samples of a dataset by its answer."""

from __future__ import annotations

import contextlib
import csv
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from . import _kinds
from ._errors import SplitlintError
from ._origins import Origins, Split

#: Samples named in a message.
SHOWN = 3


class NewSplit:
    """A new assignment of samples to splits, true if the checks pass on it.

    Attributes:
        folder: Where ``splits.csv``, ``splits.parquet``, ``manifest.csv`` and the lists lie.
        text: What ``splitlint resplit`` printed: before and after, proofs, what is wrong.
        rows: A dictionary for each sample: ``sample``, ``old``, ``new`` (``None``: left out),
            ``atom``, ``reason``.
    """

    def __init__(self, folder: Path, text: str, passes: bool, origins: Optional[Origins]) -> None:
        self.folder = folder
        self.text = text
        self._passes = passes
        self._origins = origins
        with (folder / "splits.csv").open(encoding="utf-8", newline="") as file:
            self.rows: List[Dict[str, Optional[str]]] = [
                {name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)
            ]

    def __bool__(self) -> bool:
        return self._passes

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {size}" for name, size in self.sizes.items())
        return f"<splitlint split: {sizes}>"

    @property
    def sizes(self) -> Dict[str, int]:
        """Samples of each new split."""
        sizes: Dict[str, int] = {}
        for row in self.rows:
            if row["new"] is not None:
                sizes[row["new"]] = sizes.get(row["new"], 0) + 1
        return sizes

    @property
    def left_out(self) -> List[str]:
        """Samples that no split takes."""
        return [str(row["sample"]) for row in self.rows if row["new"] is None]

    def raise_for_verdict(self) -> "NewSplit":
        """Raises unless the checks pass on the new split.

        Raises:
            SplitlintError: With the reasons.
        """
        if not self:
            raise SplitlintError(self.text, 1)
        return self

    def apply(self, dataset: Any) -> Dict[str, Any]:
        """``dataset`` in the new splits, by name: a ``DatasetDict`` where it is one, or a
        ``datasets.Dataset``; else a dictionary of torch ``Subset`` or ``ConcatDataset``,
        DataFrames, lists or pairs of arrays. Nothing is copied that need not be.

        Args:
            dataset: What was split. Where that was a path, a dataset or a mapping of splits
                to such whose files lie there. Columns stay as they are, also one of splits.

        Raises:
            SplitlintError: ``dataset`` holds something that was not split.
        """
        parts = list(dataset.items()) if isinstance(dataset, Mapping) else [(None, dataset)]
        if self._origins is not None:
            news = self._by_position(parts, self._origins)
        else:
            news = self._by_file(parts)
        chosen: Dict[str, List[Any]] = {name: [] for name in self.sizes}
        for (_, part), new in zip(parts, news):
            positions: Dict[str, List[int]] = {}
            for index, name in enumerate(new):
                if name is not None:
                    positions.setdefault(name, []).append(index)
            for name, keep in positions.items():
                chosen[name].append(_kinds.take(part, keep))
        joined = {name: _kinds.joined(taken) for name, taken in chosen.items() if taken}
        return _mapping(dataset, joined)

    def _by_position(
        self, parts: List[Tuple[Any, Any]], origins: Origins
    ) -> List[List[Optional[str]]]:
        """The new split at each position of each part."""
        new = {row["sample"]: row["new"] for row in self.rows}
        out = []
        if len(parts) != len(origins.splits):
            raise SplitlintError(
                f"the dataset has {len(parts)} splits, and {len(origins.splits)} were split: "
                "hand over the dataset that was split"
            )
        for name, part in parts:
            given = _given(origins, name)
            count, state = _kinds.length(part), _kinds.fingerprint(part)
            if len(given.keys) != count or (
                state and given.fingerprint and state != given.fingerprint
            ):
                raise SplitlintError(
                    f"the dataset was changed since it was split (it has {count} samples, "
                    f"{len(given.keys)} were split): split it as it is now"
                )
            out.append([None if key is None else new.get(key) for key in given.keys])
        return out

    def _by_file(self, parts: List[Tuple[Any, Any]]) -> List[List[Optional[str]]]:
        with (self.folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
            new = {_place(row["path"]): row["split"] for row in csv.DictReader(file)}
        out, unknown = [], []
        for _, part in parts:
            files = _kinds.files(part)
            if files is None:
                raise SplitlintError(
                    f"a {_kinds.describe(part)} cannot be matched to files: hand it to "
                    "`splitlint.resplit`"
                )
            places = [None if file is None else _place(file) for file in files]
            unknown += [str(f) for f, p in zip(files, places) if p is None or p not in new]
            out.append([None if place is None else new.get(place) for place in places])
        # What is left out has no place; anything beyond that was never split.
        if len(unknown) > len(self.left_out):
            named = ", ".join(f"`{file}`" for file in unknown[:SHOWN])
            raise SplitlintError(
                f"{len(unknown)} samples of the dataset were not split, such as {named}: split "
                "the folder that the dataset was loaded from"
            )
        return out


def _given(origins: Origins, name: Any) -> Split:
    for split in origins.splits:
        if len(origins.splits) == 1 or (name is not None and split.name == str(name)):
            return split
    names = ", ".join(f"`{split.name}`" for split in origins.splits)
    raise SplitlintError(f"no split `{name}` was split anew; there are {names}")


def _mapping(dataset: Any, parts: Dict[str, Any]) -> Dict[str, Any]:
    if _kinds.is_hugging_face(dataset):
        from datasets import DatasetDict

        made: Dict[str, Any] = DatasetDict(parts)
        return made
    return dict(parts) if not isinstance(dataset, Mapping) else _same(dataset, parts)


def _same(dataset: Any, parts: Dict[str, Any]) -> Dict[str, Any]:
    made: Dict[str, Any] = _kinds.same_mapping(dataset, parts)
    return made


def _place(path: str) -> str:
    return os.path.normcase(os.path.realpath(path))


@contextlib.contextmanager
def group_file(groups: Any) -> Iterator[Optional[str]]:
    """The file that names the groups of files.

    Raises:
        SplitlintError: ``groups`` are not by file.
    """
    if groups is None or _kinds.is_path(groups):
        yield None if groups is None else os.fspath(groups)
        return
    if not isinstance(groups, Mapping):
        raise SplitlintError(
            "groups of files are a mapping of their paths to groups, or the path of a CSV file"
        )
    with tempfile.TemporaryDirectory(prefix="splitlint-") as folder:
        file = os.path.join(folder, "groups.csv")
        with open(file, "w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["sample", "group"])
            writer.writerows((os.fspath(path), group) for path, group in groups.items())
        yield file
