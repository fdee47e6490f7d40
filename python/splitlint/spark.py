"""A scan whose images are read and fingerprinted by the workers of a Spark cluster.

::

    report = splitlint.spark.scan(spark, "/shared/data")
    report = splitlint.spark.scan(spark, frame, image="content", label="label", split="split")

Each task starts the program on some images and returns a file of fingerprints as a row, so
a task that is tried again, or twice at once, leaves nothing behind. The driver judges the
files with ``splitlint merge``. docs/spark.md describes what it costs.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

from . import _kinds
from ._api import arguments
from ._errors import SplitlintError
from ._generated import SCAN_FLAGS
from ._report import Report
from ._run import Finished, run

#: Images of a DataFrame in one file of fingerprints: some 50 MB of them in one row.
CHUNK = 10_000

#: Tasks for each core, so that a lost worker takes little with it.
PER_CORE = 3

#: Rows that tasks return.
SCHEMA = "fingerprints binary"

#: Keywords of ``splitlint.scan`` that say how data is read; what a frame holds is said here.
DATA = (
    "layout images split reference include exclude path_column label_column split_column "
    "group_column group_regex group_file slices"
).split()


class Columns(NamedTuple):
    """The columns of a DataFrame by their meaning."""

    image: str
    key: str
    label: Optional[str]
    split: Optional[str]
    group: Optional[str]
    #: What keys begin with that no report shows.
    root: str


def scan(
    spark: Any,
    data: Any,
    *,
    image: Optional[str] = None,
    key: Optional[str] = None,
    label: Optional[str] = None,
    split: Optional[str] = None,
    group: Optional[str] = None,
    root: str = "",
    parts: Optional[int] = None,
    **options: Any,
) -> Report:
    """Scans a data set on a Spark cluster, and returns its report.

    Args:
        spark: The ``SparkSession``.
        data: A path, or a mapping of splits to paths, that the driver and all workers reach
            under the same name; or a DataFrame of images, such as
            ``spark.read.format("binaryFile").load(…)``.
        image: The column that holds the bytes of an image, or a struct with a field
            ``bytes`` [default: ``content``, ``image`` or ``bytes``].
        key: The column that names a sample [default: ``key`` or ``path``].
        label: The column of its class, or of a list of its classes [default: ``label``, if
            there is one].
        split: The column of its split [default: ``split``, if there is one].
        group: The column of the group that must not be split [default: ``group``, if there
            is one].
        root: What the keys begin with that the report is not to show.
        parts: Parts that a path is read in [default: three for each core].
        **options: Further keywords of :func:`splitlint.scan`. Those that say how data is
            read are for paths.

    Returns:
        The report, whatever its verdict: the one that ``splitlint.scan`` of the same images
        gives.

    Raises:
        SplitlintError: The data cannot be scanned; the message is the program's.
    """
    unknown = sorted(set(options) - set(SCAN_FLAGS))
    if unknown:
        raise SplitlintError(f"no such keyword: {', '.join(unknown)}")
    reading = {name: options.pop(name) for name in DATA if options.get(name) is not None}
    folder = options.pop("report", None) or "splitlint-report"
    options["report"] = os.path.abspath(folder)
    with tempfile.TemporaryDirectory(prefix="splitlint-") as place:
        if _is_frame(data):
            if reading:
                raise SplitlintError(
                    f"`{next(iter(reading))}` is for paths: name the columns of a DataFrame "
                    "with `image`, `key`, `label`, `split` and `group`"
                )
            columns = _columns(data, Columns(image or "", key or "", label, split, group, root))
            files = _collect(_of_frame(data, columns, options), Path(place))
            return _merge_frame(data, columns, files, Path(place), options)
        files = _collect(_of_paths(spark, data, reading, parts, options), Path(place))
        return _report(_merge(files, options))


# On workers.


def _of_paths(
    spark: Any, data: Any, reading: Dict[str, Any], parts: Optional[int], options: Dict[str, Any]
) -> Any:
    """Files of fingerprints of a data set that every worker reaches."""
    if isinstance(data, Mapping):
        reading = {**reading, "split": {name: os.path.abspath(p) for name, p in data.items()}}
        place: List[str] = []
    elif _kinds.is_path(data):
        place = ["--", os.path.abspath(os.fspath(data))]
    else:
        raise SplitlintError(
            f"a {_kinds.describe(data)} cannot be scanned on Spark: hand over a path that all "
            "workers reach, a mapping of splits to such, or a Spark DataFrame"
        )
    words = [*arguments(SCAN_FLAGS, {**reading, **_limits(options)}), *place]
    of = parts or max(1, spark.sparkContext.defaultParallelism * PER_CORE)

    def work(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for index in batch.column(0).to_pylist():
                with tempfile.TemporaryDirectory(prefix="splitlint-") as folder:
                    yield _fingerprint(folder, [f"--part={index + 1}/{of}", *words])

    return spark.range(0, of, 1, of).mapInArrow(work, SCHEMA)


def _of_frame(data: Any, columns: Columns, options: Dict[str, Any]) -> Any:
    """Files of fingerprints of the images in a DataFrame."""
    words = arguments(SCAN_FLAGS, _limits(options))

    def work(batches: Iterable[Any]) -> Iterator[Any]:
        chunk = None
        for batch in batches:
            for row in batch.to_pylist():
                chunk = chunk or _Chunk()
                chunk.add(row, columns)
                if chunk.count == CHUNK:
                    yield chunk.finish(words)
                    chunk = None
        if chunk is not None:
            yield chunk.finish(words)

    return _wanted_columns(data, columns).mapInArrow(work, SCHEMA)


class _Chunk:
    """Images on their way from rows into one file of fingerprints."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="splitlint-")
        self._folder = Path(self._place.name) / "data"
        self._folder.mkdir()
        self._manifest = open(self._folder / "manifest.jsonl", "w", encoding="utf-8")
        self.count = 0

    def add(self, row: Dict[str, Any], columns: Columns) -> None:
        """Writes an image where its key says."""
        key = _key(row[columns.key], columns.root)
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        # A row without an image is a sample whose file is empty, which is a finding.
        file.write_bytes(_bytes(row[columns.image]) or b"")
        line: Dict[str, Any] = {"path": key, "label": _labels(row, columns.label)}
        for name, column in (("split", columns.split), ("group", columns.group)):
            if column is not None:
                line[name] = None if row[column] is None else str(row[column])
        self._manifest.write(json.dumps(line) + "\n")
        self.count += 1

    def finish(self, words: List[str]) -> Any:
        """The row with the file of fingerprints."""
        self._manifest.close()
        place = ["--no-source", "--", str(self._folder / "manifest.jsonl")]
        with self._place:
            return _fingerprint(self._place.name, [*words, *place])


def _fingerprint(folder: str, words: List[str]) -> Any:
    """Runs the program, and makes a row of the file that it wrote."""
    import pyarrow

    # What lies in the worker's folder are no settings of ours.
    settings = os.path.join(folder, "splitlint.toml")
    Path(settings).touch()
    file = os.path.join(folder, "fingerprints.parquet")
    start = ["fingerprint", "--progress=json", "--jobs=1", "--no-cache", f"--config={settings}"]
    finished = run([*start, f"--output={file}", *words])
    if finished.code != 0:
        raise finished.error()
    data = Path(file).read_bytes()
    return pyarrow.RecordBatch.from_arrays(
        [pyarrow.array([data], pyarrow.binary())], names=["fingerprints"]
    )


# On the driver.


def _collect(rows: Any, place: Path) -> List[str]:
    """Writes the files of fingerprints that tasks return, one at a time."""
    files = []
    for number, row in enumerate(_rows(rows)):
        file = place / f"{number}.parquet"
        file.write_bytes(row["fingerprints"])
        files.append(str(file))
    if not files:
        raise SplitlintError("the DataFrame is empty")
    return files


def _rows(frame: Any) -> Iterator[Any]:
    """The rows of a frame; what a task says of the data is the error.

    All tasks run at once and leave their rows on the workers' disks, because one after the
    other they come to the driver's memory.
    """
    from pyspark import StorageLevel

    frame = frame.persist(StorageLevel.DISK_ONLY)
    try:
        frame.count()
        yield from frame.toLocalIterator()
    except Exception as error:
        said = re.search(r"^\S*SplitlintError: (.+(?:\n(?!\n|\s).+)*)", str(error), re.M)
        if said is None:
            raise
        raise SplitlintError(said.group(1)) from error
    finally:
        frame.unpersist()


def _merge(files: List[str], options: Dict[str, Any], *more: str) -> Finished:
    words = ["merge", "--progress=json", *arguments(SCAN_FLAGS, options), *more, "--", *files]
    return run(words)


def _report(finished: Finished) -> Report:
    if finished.report is None:
        raise finished.error()
    return Report(finished.report)


def _merge_frame(
    data: Any, columns: Columns, files: List[str], place: Path, options: Dict[str, Any]
) -> Report:
    """Judges the images of a DataFrame; those that need a closer look are fetched."""
    originals, wanted = place / "originals", place / "wanted.csv"
    originals.mkdir()
    flags = (f"--originals={originals}", f"--wanted={wanted}")
    fetched: Dict[str, str] = {}
    while True:
        report = _report(_merge(files, options, *flags))
        with open(wanted, encoding="utf-8", newline="") as table:
            missing = {row["sample"]: row["content_hash"] for row in csv.DictReader(table)}
        missing = {key: content for key, content in missing.items() if key not in fetched}
        # What was fetched and is wanted still is another image now.
        if not missing:
            return report
        _fetch(data, columns, missing, originals)
        fetched.update(missing)


def _fetch(data: Any, columns: Columns, wanted: Dict[str, str], folder: Path) -> None:
    """Writes the images that are wanted into a folder, named by their content."""
    known = data.sparkSession.sparkContext.broadcast(wanted)

    def work(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow

        for batch in batches:
            names, images = [], []
            for row in batch.to_pylist():
                name = known.value.get(_key(row[columns.key], columns.root))
                image = _bytes(row[columns.image])
                if name is not None and image is not None:
                    names.append(name)
                    images.append(image)
            yield pyarrow.RecordBatch.from_arrays(
                [pyarrow.array(names, pyarrow.string()), pyarrow.array(images, pyarrow.binary())],
                names=["name", "image"],
            )

    pair = data.select(columns.key, columns.image)
    for row in _rows(pair.mapInArrow(work, "name string, image binary")):
        if re.fullmatch("[0-9a-f]{32}", row["name"]):
            (folder / row["name"]).write_bytes(row["image"])


# What a row holds.


def _is_frame(data: Any) -> bool:
    return hasattr(data, "mapInArrow")


def _columns(data: Any, given: Columns) -> Columns:
    """The columns that were named or have a usual name."""
    there = list(data.columns)

    def find(what: str, named: Optional[str], usual: Iterable[str]) -> Optional[str]:
        if named:
            if named not in there:
                raise SplitlintError(f"no column `{named}` ({what}) among {', '.join(there)}")
            return named
        return next((name for name in usual if name in there), None)

    image = find("image", given.image, ("content", "image", "bytes"))
    key = find("key", given.key, ("key", "path"))
    if image is None or key is None:
        raise SplitlintError(
            f"no column of {'images' if image is None else 'names'} among {', '.join(there)}: "
            "name it with `image` or `key`"
        )
    return Columns(
        image,
        key,
        find("label", given.label, ("label",)),
        find("split", given.split, ("split",)),
        find("group", given.group, ("group",)),
        given.root,
    )


def _wanted_columns(data: Any, columns: Columns) -> Any:
    names = [columns.key, columns.image, columns.label, columns.split, columns.group]
    return data.select(*dict.fromkeys(name for name in names if name is not None))


def _key(value: Any, root: str) -> str:
    """The sample's name: without ``root``, a scheme or slashes before it."""
    text = "" if value is None else str(value)
    if root and text.startswith(root):
        text = text[len(root) :]
    text = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*:", "", text).lstrip("/")
    parts = text.split("/")
    if not all(parts) or any(part in (".", "..") for part in parts) or "\0" in text:
        raise SplitlintError(f"{value!r} is no name for a sample: a path below a folder is one")
    return text


def _bytes(value: Any) -> Optional[bytes]:
    if isinstance(value, Mapping):
        value = value.get("bytes", value.get("data"))
    return None if value is None else bytes(value)


def _labels(row: Dict[str, Any], column: Optional[str]) -> List[str]:
    value = None if column is None else row[column]
    if value is None:
        return []
    values = value if isinstance(value, (list, tuple)) else [value]
    return [str(one) for one in values if one is not None]


def _limits(options: Dict[str, Any]) -> Dict[str, Any]:
    """Options of a scan that are about single images."""
    return {name: options[name] for name in ("max_pixels",) if options.get(name) is not None}
