"""A table of a report, read when it is needed. Computes no figure."""

from __future__ import annotations

import csv
import html
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

from ._columns import COLUMNS
from ._errors import SplitlintError

#: Rows that a notebook shows of a table.
SHOWN = 20

_READ: Dict[str, Callable[[str], Any]] = {
    "text": str,
    "int": int,
    "float": float,
    "list": lambda cell: cell.split(";"),
}


class Table:
    """A table of a report: a sequence of rows, and an Arrow stream.

    Rows are dictionaries by column name; what is absent is ``None``, an absent list is
    empty. Iterating and :func:`len` need no other package. Libraries that take Arrow data
    (``polars.DataFrame(table)``, ``pyarrow.table(table)``, ``duckdb.from_arrow(table)``,
    ``pandas.DataFrame.from_arrow(table)``) take a table as it is, if pyarrow or polars is
    installed to read the Parquet file.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._csv = folder / f"{name}.csv"
        self._parquet = folder / f"{name}.parquet"
        self.name = name
        if not self._csv.is_file():
            raise SplitlintError(
                f"`{self._csv}` is missing; `splitlint scan` writes the report anew"
            )

    @property
    def columns(self) -> List[str]:
        """The names of the columns, in order."""
        with self._csv.open(encoding="utf-8", newline="") as file:
            return next(csv.reader(file), [])

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        # A cell may be longer than the 128 KiB that the module allows.
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        with self._csv.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            names = next(rows, [])
            kinds = [COLUMNS.get(self.name, {}).get(name, "text") for name in names]
            for row in rows:
                yield {name: _cell(kind, cell) for name, kind, cell in zip(names, kinds, row)}

    def __len__(self) -> int:
        pyarrow = _parquet_module() if self._parquet.is_file() else None
        if pyarrow is not None:
            return int(pyarrow.read_metadata(self._parquet).num_rows)
        csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
        with self._csv.open(encoding="utf-8", newline="") as file:
            return max(0, sum(1 for _ in csv.reader(file)) - 1)

    def to_arrow(self) -> Any:
        """The table as a ``pyarrow.Table``.

        Raises:
            SplitlintError: pyarrow is not installed.
        """
        parquet = _parquet_module()
        if parquet is None:
            raise _missing("pyarrow", "to_arrow()")
        if self._parquet.is_file():
            return parquet.read_table(self._parquet)
        import pyarrow

        kinds = {
            "text": pyarrow.string(),
            "int": pyarrow.int64(),
            "float": pyarrow.float64(),
            "list": pyarrow.list_(pyarrow.string()),
        }
        schema = pyarrow.schema([(name, kinds[kind]) for name, kind in self._kinds()])
        return pyarrow.Table.from_pylist(list(self), schema=schema)

    def to_polars(self) -> Any:
        """The table as a ``polars.DataFrame``.

        Raises:
            SplitlintError: polars is not installed.
        """
        try:
            import polars
        except ImportError:
            raise _missing("polars", "to_polars()") from None
        if self._parquet.is_file():
            return polars.read_parquet(self._parquet)
        kinds = {
            "text": polars.String,
            "int": polars.Int64,
            "float": polars.Float64,
            "list": polars.List(polars.String),
        }
        schema = {name: kinds[kind] for name, kind in self._kinds()}
        return polars.DataFrame(list(self), schema=schema)

    def to_pandas(self) -> Any:
        """The table as a ``pandas.DataFrame``; lists of text are lists in their cells.

        Raises:
            SplitlintError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise _missing("pandas", "to_pandas()") from None
        if _parquet_module() is not None:
            frame = self.to_arrow().to_pandas()
            for name, kind in self._kinds():
                if kind == "list":
                    frame[name] = [list(cell) for cell in frame[name]]
            return frame
        columns: Dict[str, List[Any]] = {name: [] for name in self.columns}
        for row in self:
            for name, cell in row.items():
                columns[name].append(cell)
        types = {"int": "float64", "float": "float64"}
        series = {}
        for name, kind in self._kinds():
            cells = columns[name]
            whole = kind == "int" and None not in cells
            dtype = "int64" if whole else types.get(kind, "object")
            series[name] = pandas.Series(cells, dtype=dtype)
        return pandas.DataFrame(series)

    def __arrow_c_stream__(self, requested_schema: Optional[object] = None) -> object:
        """The table as an Arrow C stream (the Arrow PyCapsule interface).

        Raises:
            SplitlintError: Neither pyarrow nor polars is installed.
        """
        if _parquet_module() is not None:
            return self.to_arrow().__arrow_c_stream__(requested_schema)
        try:
            return self.to_polars().__arrow_c_stream__(requested_schema)
        except SplitlintError:
            raise _missing("pyarrow` or `polars", "handing over Arrow data") from None

    def __repr__(self) -> str:
        return f"<splitlint table {self.name}: {len(self)} rows, {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        rows = []
        for index, row in enumerate(self):
            if index == SHOWN:
                break
            cells = "".join(f"<td>{_shown(cell)}</td>" for cell in row.values())
            rows.append(f"<tr>{cells}</tr>")
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        count = len(self)
        more = f"<p>{count - SHOWN:,} more rows</p>" if count > SHOWN else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"

    def _kinds(self) -> List[Any]:
        known = COLUMNS.get(self.name, {})
        return [(name, known.get(name, "text")) for name in self.columns]


def _cell(kind: str, cell: str) -> Any:
    if cell == "":
        return [] if kind == "list" else None
    return _READ[kind](cell)


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:.4g}"
    text = ", ".join(cell) if isinstance(cell, list) else str(cell)
    return html.escape(text if len(text) <= 120 else text[:119] + "…")


def _parquet_module() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        return None
    return pyarrow.parquet


def _missing(package: str, what: str) -> SplitlintError:
    first = package.split("`")[0]
    return SplitlintError(
        f"{what} needs `{package}`: `pip install {first}`; without it, iterate over the table"
    )
