"""Images in memory, and what is known of them, where the program reads them. Knows no dataset.

They are written as Parquet shards where pyarrow or polars is installed, else as files.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

from . import _shards
from ._errors import SplitlintError
from ._origins import Origins, Split
from ._pixels import Levels, encoded

#: Names of files that are kept, because groups are inferred from them.
PLAIN = re.compile(r"[\w()+,=@ -][\w.()+,=@ -]*", re.ASCII)


class Sample(NamedTuple):
    """A sample of a dataset in memory."""

    image: Any
    labels: List[str]
    #: Its split, where a column has it.
    split: Optional[str] = None
    group: Optional[str] = None


class Store:
    """Images and what is known of them, in a folder that the program reads.

    Where all images are files, they stay where they are, and ``manifest.jsonl`` lists them.
    Others become rows of Parquet shards, or files where nothing writes such.
    """

    def __init__(self, kind: str) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="splitlint-")
        self.folder = Path(self._place.name)
        self.origins = Origins(kind, [])
        self._parts: List[_Part] = []
        self._folders: Dict[Optional[str], str] = {}
        #: Shards are written; files if not.
        self._sharded = False

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        for part in self._parts:
            part.stop()
        self._place.cleanup()

    @property
    def arguments(self) -> List[str]:
        """The words that name the data for the program."""
        if not self._sharded:
            return ["--", str(self.folder / "manifest.jsonl")]
        columns = [f"--{name}-column={name}" for name in ("label", "split", "group")]
        return ["--path-column=image", *columns, "--", str(self.folder)]

    def begin(self, name: Optional[str], count: int, fingerprint: Optional[str]) -> Split:
        """A split, to which :meth:`add` adds its samples."""
        split = Split(name, [None] * count, fingerprint)
        self.origins.splits.append(split)
        self._parts.append(_Part(split, self._folder(name)))
        return split

    def forget(self, split: Split) -> None:
        """Takes out the samples of a split, to add them again."""
        part = self._part(split)
        for path in part.stop():
            path.unlink()
        for _, row in part.rows:
            if "path" in row and not os.path.isabs(row["path"]):
                (self.folder / row["path"]).unlink()
        part.rows, part.names = [], set()

    def add(self, split: Split, index: int, sample: Sample, levels: Levels) -> None:
        """Adds the sample at position ``index`` of its split."""
        part = self._part(split)
        row: Dict[str, Any] = {"label": sample.labels}
        name = split.name if sample.split is None else sample.split
        if name is not None:
            row["split"] = name
        if sample.group is not None:
            row["group"] = sample.group
        image = sample.image
        made = encoded(image, levels)
        if isinstance(made, str):
            row["path"] = os.path.abspath(made)
        else:
            data, suffix = made
            given = image.get("path") if isinstance(image, dict) else None
            named = _file_name(given, index, suffix)
            if part.shard(self.folder) is None:
                row["path"] = self._file(name, named, index, data)
            else:
                self._sharded = True
                row["key"] = part.put(data, named, index, row)
        part.rows.append((index, row))

    def finish(self) -> None:
        """Writes what is left.

        Raises:
            SplitlintError: There is no sample.
        """
        if not any(part.rows for part in self._parts):
            raise SplitlintError("the dataset is empty")
        if not self._sharded:
            self._write_manifest()
            return
        for part in self._parts:
            part.shard(self.folder)
            for index, row in part.rows:
                # An image that is a file, among others that are none.
                if "key" not in row:
                    row["key"] = part.put(*_read(row["path"], index), index, row)
                part.split.keys[index] = row["key"]
            part.close()

    def _part(self, split: Split) -> "_Part":
        return next(part for part in self._parts if part.split is split)

    def _file(self, split: Optional[str], name: str, index: int, data: bytes) -> str:
        folder = self.folder / self._folder(split)
        folder.mkdir(exist_ok=True)
        path = folder / name
        if path.exists():
            path = folder / f"{index:07}" / name
            path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path.relative_to(self.folder).as_posix()

    def _folder(self, split: Optional[str]) -> str:
        if split not in self._folders:
            name = re.sub(r"[^A-Za-z0-9_-]", "_", split or "images") or "_"
            while name in self._folders.values():
                name += "_"
            self._folders[split] = name
        return self._folders[split]

    def _write_manifest(self) -> None:
        """Writes the manifest, and finds the names that the program gives to the samples: a
        path, and the number of the row behind it where the same file is listed again as
        another sample."""
        met: Dict[str, List[Tuple[Any, Any, str]]] = {}
        number = 0
        with (self.folder / "manifest.jsonl").open("w", encoding="utf-8") as file:
            for part in self._parts:
                for index, row in part.rows:
                    number += 1
                    file.write(json.dumps(row) + "\n")
                    key = _key(row["path"])
                    what = (row.get("split"), sorted(set(row["label"])))
                    earlier = met.setdefault(key, [])
                    same = next((named for *known, named in earlier if tuple(known) == what), None)
                    if same is None:
                        same = key if not earlier else f"{key}#{number}"
                        earlier.append((*what, same))
                    part.split.keys[index] = same


class _Part:
    """The samples of one split, on their way to disk."""

    def __init__(self, split: Split, name: str) -> None:
        self.split = split
        #: What its files are called.
        self.name = name
        self.rows: List[Tuple[int, Dict[str, Any]]] = []
        self.names: Set[str] = set()
        self._writer: Optional[_shards.Writer] = None

    def shard(self, folder: Path) -> Optional[_shards.Writer]:
        """What writes its rows, if something does."""
        if self._writer is None:
            self._writer = _shards.writer(folder, self.name)
        return self._writer

    def put(self, data: bytes, name: str, index: int, row: Dict[str, Any]) -> str:
        """Writes a row, and answers with what the program calls the sample."""
        assert self._writer is not None
        if name in self.names:
            name = f"{index:07}/{name}"
        self.names.add(name)
        split, group = row.get("split"), row.get("group")
        file = self._writer.add(_shards.Row(data, name, row["label"], split, group))
        return f"{file}/{name}"

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def stop(self) -> List[Path]:
        """Ends writing, and answers with what was written and is of no use."""
        if self._writer is None:
            return []
        written, self._writer = self._writer.stop(), None
        return written


def _read(path: str, index: int) -> Tuple[bytes, str]:
    """The bytes of a file, and what it is called among others."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise SplitlintError(f"sample {index}: `{path}`: {error.strerror or error}") from None
    return data, _file_name(path, index, os.path.splitext(path)[1] or ".img")


def _file_name(name: Optional[str], index: int, suffix: str) -> str:
    stem, ending = os.path.splitext(os.path.basename(name or ""))
    if stem and PLAIN.fullmatch(stem) and stem == stem.strip() and len(stem) <= 100:
        return stem + (ending if PLAIN.fullmatch(ending[1:] or "-") and ending else suffix)
    return f"{index:07}{suffix}"


def _key(path: str) -> str:
    """A path as the program names the sample: without root and drive, control characters and
    backslashes escaped."""
    path = os.path.splitdrive(path)[1].replace(os.sep, "/").lstrip("/")
    raw = path.encode("utf-8", "surrogateescape")
    out = []
    for char in raw.decode("utf-8", "surrogateescape"):
        code = ord(char)
        if char == "\\":
            out.append("\\\\")
        elif 0xDC80 <= code <= 0xDCFF:
            out.append(f"\\x{code - 0xDC00:02x}")
        elif code < 32 or 127 <= code < 160:
            out += [f"\\x{byte:02x}" for byte in char.encode()]
        else:
            out.append(char)
    return "".join(out)
