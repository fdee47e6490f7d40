"""Images in memory as Parquet shards, where a package that writes them is there.

The columns are those of ``datasets``: ``image`` with ``bytes`` and ``path``, ``label``, and
``split`` and ``group`` where some sample has one.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

#: Bytes of images that are held before they are written. pyarrow writes them as a row group of
#: one file, polars as a file of their own.
HELD = {"pyarrow": 32 << 20, "polars": 256 << 20}

#: Rows in a part of a page, and bytes in a page: an image is read again at the price of its
#: page.
BATCH, PAGE = 8, 1 << 20


class Row(NamedTuple):
    """A row of a shard."""

    image: bytes
    name: str
    labels: List[str]
    split: Optional[str]
    group: Optional[str]


class Writer:
    """Writes the rows of one split."""

    def add(self, row: Row) -> str:
        """Adds a row, and answers with the name of its file."""
        raise NotImplementedError

    def close(self) -> None:
        """Writes what is held."""
        raise NotImplementedError

    def stop(self) -> List[Path]:
        """Drops what is held, and answers with the files that were written."""
        raise NotImplementedError


def writer(folder: Path, name: str) -> Optional[Writer]:
    """What writes shards called ``name`` into a folder; ``None`` without pyarrow and polars."""
    for package, made in WRITERS:
        try:
            module = importlib.import_module(package)
        except ImportError:
            continue
        return made(module, folder, name)
    return None


def _columns(rows: List[Row]) -> Dict[str, List[Any]]:
    return {
        "image": [{"bytes": row.image, "path": row.name} for row in rows],
        "label": [row.labels for row in rows],
        "split": [row.split for row in rows],
        "group": [row.group for row in rows],
    }


class _PyArrow(Writer):
    """One file, a row group at a time."""

    def __init__(self, module: Any, folder: Path, name: str) -> None:
        self._parquet = module
        self._arrow = importlib.import_module("pyarrow")
        self._path = folder / f"{name}.parquet"
        self._writer: Any = None
        self._rows: List[Row] = []
        self._held = 0

    def add(self, row: Row) -> str:
        self._rows.append(row)
        self._held += len(row.image)
        if self._held >= HELD["pyarrow"]:
            self._write()
        return self._path.name

    def close(self) -> None:
        if self._rows:
            self._write()
        if self._writer is not None:
            self._writer.close()

    def stop(self) -> List[Path]:
        self._rows = []
        self.close()
        return [] if self._writer is None else [self._path]

    def _write(self) -> None:
        arrow = self._arrow
        image = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
        text = arrow.string()
        schema = arrow.schema(
            [("image", image), ("label", arrow.list_(text)), ("split", text), ("group", text)]
        )
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(
                self._path,
                schema,
                compression="none",
                use_dictionary=False,
                data_page_size=PAGE,
                write_batch_size=BATCH,
            )
        self._writer.write_table(arrow.table(_columns(self._rows), schema=schema))
        self._rows, self._held = [], 0


class _Polars(Writer):
    """A file for each part."""

    def __init__(self, module: Any, folder: Path, name: str) -> None:
        self._polars = module
        self._folder = folder
        self._name = name
        self._rows: List[Row] = []
        self._held = 0
        self._count = 0

    def add(self, row: Row) -> str:
        if self._held >= HELD["polars"]:
            self._write()
        self._rows.append(row)
        self._held += len(row.image)
        return self._file()

    def close(self) -> None:
        if self._rows:
            self._write()

    def stop(self) -> List[Path]:
        self._rows = []
        count, self._count = self._count, 0
        names = [f"{self._name}-{number:05}.parquet" for number in range(count)]
        return [self._folder / name for name in names]

    def _file(self) -> str:
        return f"{self._name}-{self._count:05}.parquet"

    def _write(self) -> None:
        polars = self._polars
        schema = {
            "image": polars.Struct({"bytes": polars.Binary, "path": polars.String}),
            "label": polars.List(polars.String),
            "split": polars.String,
            "group": polars.String,
        }
        frame = polars.DataFrame(_columns(self._rows), schema=schema)
        frame.write_parquet(
            self._folder / self._file(),
            compression="uncompressed",
            row_group_size=256,
            data_page_size=PAGE,
        )
        self._rows, self._held = [], 0
        self._count += 1


#: The packages that write shards, the one that is tried first in front.
WRITERS: Tuple[Tuple[str, Callable[[Any, Path, str], Writer]], ...] = (
    ("pyarrow.parquet", _PyArrow),
    ("polars", _Polars),
)
