"""Opens every Parquet table of a report folder as its users do, and holds the
columns and their types against what is promised. Usage: check.py FOLDER

Needs pyarrow; looks through pandas and DuckDB too where they are installed.
Exit code 0 when all is well, 1 when not, 3 when pyarrow is not installed.
"""

import csv
import pathlib
import sys

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    print("pyarrow is not installed")
    sys.exit(3)

try:
    import pandas
except ImportError:
    pandas = None
try:
    import duckdb
except ImportError:
    duckdb = None

TEXT, LIST = pa.string(), pa.list_(pa.string())
COUNT, NUMBER, SINGLE = pa.int64(), pa.float64(), pa.float32()

# In the order of the contract; further columns may follow.
COLUMNS = {
    "findings": {
        "id": TEXT,
        "code": TEXT,
        "name": TEXT,
        "severity": TEXT,
        "message": TEXT,
        "splits": LIST,
        "labels": LIST,
        "samples": LIST,
        "score": NUMBER,
    },
    "pairs": {
        "sample_a": TEXT,
        "sample_b": TEXT,
        "split_a": TEXT,
        "split_b": TEXT,
        "label_a": TEXT,
        "label_b": TEXT,
        "relation": TEXT,
        "transform": TEXT,
        "distance": COUNT,
        "similarity": NUMBER,
    },
    "samples": {
        "sample": TEXT,
        "split": TEXT,
        "label": TEXT,
        "width": COUNT,
        "height": COUNT,
        "format": TEXT,
        "bytes": COUNT,
        "content_hash": TEXT,
        "phash": TEXT,
        "group": TEXT,
        "label_score": SINGLE,
        "suggested_label": TEXT,
        "cluster": COUNT,
    },
    "classes": {"split": TEXT, "label": TEXT, "count": COUNT, "share": NUMBER},
    "drift": {
        "split_a": TEXT,
        "split_b": TEXT,
        "total_variation": NUMBER,
        "cramers_v": NUMBER,
        "jensen_shannon": NUMBER,
        "psi": NUMBER,
        "chi2": NUMBER,
        "dof": COUNT,
        "p_value": NUMBER,
    },
}


def faults_of(folder, name, columns):
    path = folder / f"{name}.parquet"
    table = pq.read_table(path)
    names = table.schema.names
    if names[: len(columns)] != list(columns):
        yield f"{name}: columns are {names}"
        return
    for column, kind in columns.items():
        # The name of a list's values is nobody's concern.
        if not table.schema.field(column).type.equals(kind):
            yield f"{name}.{column}: {table.schema.field(column).type} is not {kind}"
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    if rows[0] != names:
        yield f"{name}.csv: columns are {rows[0]}"
    if len(rows) - 1 != table.num_rows:
        yield f"{name}.csv: {len(rows) - 1} rows, and {table.num_rows} in Parquet"
    for place, cells in enumerate(table.to_pylist()):
        for column, text in zip(names, rows[place + 1]):
            cell = cells[column]
            if isinstance(cell, list):
                cell = ";".join(cell)
            if isinstance(cell, str) and cell != text:
                yield f"{name}.csv, row {place + 1}: {column} is {text!r}, not {cell!r}"
    if pandas:
        frame = pandas.read_parquet(path)
        for column, kind in columns.items():
            cells = [cell for cell in frame[column] if cell is not None]
            if kind is TEXT and not all(isinstance(c, str) or c != c for c in cells):
                yield f"{name}.{column}: pandas sees other things than strings"
            if kind is LIST and not all(isinstance(s, str) for c in cells for s in c):
                yield f"{name}.{column}: pandas sees other things than lists of strings"
    if duckdb:
        kinds = {TEXT: "VARCHAR", LIST: "VARCHAR[]", COUNT: "BIGINT"}
        kinds |= {NUMBER: "DOUBLE", SINGLE: "FLOAT"}
        asked = duckdb.execute("describe select * from read_parquet(?)", [str(path)])
        seen = {row[0]: row[1] for row in asked.fetchall()}
        for column, kind in columns.items():
            if seen.get(column) != kinds[kind]:
                yield f"{name}.{column}: DuckDB sees {seen.get(column)}"


def main():
    folder = pathlib.Path(sys.argv[1])
    faults = [
        fault
        for name, columns in COLUMNS.items()
        for fault in faults_of(folder, name, columns)
    ]
    for fault in faults:
        print(fault)
    readers = ["pyarrow", pandas and "pandas", duckdb and "duckdb"]
    print("read with", ", ".join(filter(None, readers)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
