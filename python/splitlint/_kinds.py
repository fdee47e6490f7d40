"""What kind of dataset an object is, and how it is taken apart. Imports none of their packages."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ._errors import SplitlintError

#: Columns that hold the path of an image, the likeliest first.
PATHS = ("path", "image_path", "img_path", "file_path", "filepath", "file_name", "filename")


def package(of: Any) -> str:
    """The package that an object's class comes from."""
    return type(of).__module__.partition(".")[0]


def describe(of: Any) -> str:
    """The kind of an object in a word."""
    kind = type(of)
    return kind.__name__ if kind.__module__ == "builtins" else f"{package(of)}.{kind.__name__}"


def is_path(of: Any) -> bool:
    """Whether it names a file or folder."""
    return isinstance(of, (str, os.PathLike))


def is_dataset_dict(of: Any) -> bool:
    """Whether it is a ``datasets.DatasetDict``."""
    return package(of) == "datasets" and isinstance(of, dict)


def same_mapping(of: Any, parts: Dict[Any, Any]) -> Any:
    """``parts`` as the kind of mapping that ``of`` is."""
    return type(of)(parts) if is_dataset_dict(of) else parts


def is_hugging_face(of: Any) -> bool:
    """Whether it is a ``datasets.Dataset``."""
    return package(of) == "datasets" and hasattr(of, "features") and hasattr(of, "select")


def is_pandas(of: Any) -> bool:
    """Whether it is a ``pandas.DataFrame``."""
    return package(of) in ("pandas", "geopandas") and hasattr(of, "iloc")


def is_polars(of: Any) -> bool:
    """Whether it is a ``polars.DataFrame``."""
    return package(of) == "polars" and hasattr(of, "iter_rows")


def is_arrow(of: Any) -> bool:
    """Whether it is a ``pyarrow.Table``."""
    return package(of) == "pyarrow" and hasattr(of, "to_pylist") and hasattr(of, "column_names")


def is_frame(of: Any) -> bool:
    """Whether it is a table with named columns."""
    return is_pandas(of) or is_polars(of) or is_arrow(of)


def is_arrays(of: Any) -> bool:
    """Whether it is a pair of images and labels as arrays, as Keras' datasets come."""
    return (
        isinstance(of, tuple)
        and len(of) == 2
        and all(hasattr(part, "shape") and hasattr(part, "dtype") for part in of)
        and len(of[0].shape) in (3, 4)
        and len(of[1].shape) in (1, 2)
        and of[0].shape[0] == of[1].shape[0]
    )


def is_indexed(of: Any) -> bool:
    """Whether its samples can be counted and asked for one by one."""
    return hasattr(of, "__getitem__") and hasattr(of, "__len__")


def length(of: Any) -> int:
    """How many samples it has."""
    if is_arrays(of):
        return int(of[0].shape[0])
    try:
        return len(of)
    except TypeError:
        raise SplitlintError(
            f"a {describe(of)} has no length: hand over a dataset whose samples can be asked "
            "for by number"
        ) from None


def fingerprint(of: Any) -> Optional[str]:
    """What it calls its own state, if it has such."""
    state = getattr(of, "_fingerprint", None) if is_hugging_face(of) else None
    return state if isinstance(state, str) else None


def take(of: Any, keep: List[int]) -> Any:
    """The samples at the positions ``keep``, as the same kind of dataset."""
    if is_hugging_face(of):
        return of.select(keep)
    if is_pandas(of):
        return of.iloc[keep]
    if is_polars(of):
        return of[keep]
    if is_arrow(of):
        return of.take(keep)
    if is_arrays(of):
        return (of[0][keep], of[1][keep])
    if isinstance(of, (list, tuple)):
        return type(of)(of[index] for index in keep)
    try:
        from torch.utils.data import Subset
    except ImportError:
        raise SplitlintError(
            f"a {describe(of)} cannot be made smaller without torch: use `drop_indices`"
        ) from None
    return Subset(of, keep)


def joined(parts: List[Any]) -> Any:
    """Datasets of one kind one after another."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if is_hugging_face(first):
        from datasets import concatenate_datasets

        return concatenate_datasets(parts)
    if is_pandas(first):
        import pandas

        return pandas.concat(parts)
    if is_polars(first):
        import polars

        return polars.concat(parts)
    if is_arrow(first):
        import pyarrow

        return pyarrow.concat_tables(parts)
    if is_arrays(first):
        import numpy

        return tuple(numpy.concatenate(side) for side in zip(*parts))
    if isinstance(first, (list, tuple)):
        return type(first)(sample for part in parts for sample in part)
    from torch.utils.data import ConcatDataset

    return ConcatDataset(parts)


def records(of: Any) -> Tuple[List[str], Any]:
    """The columns of a table, and an iterator over its rows as dictionaries."""
    if is_pandas(of):
        names = [str(name) for name in of.columns]
        return names, (dict(zip(names, row)) for row in of.itertuples(index=False, name=None))
    if is_polars(of):
        return list(of.columns), of.iter_rows(named=True)
    batches = of.to_batches(max_chunksize=4096)
    return list(of.column_names), (row for batch in batches for row in batch.to_pylist())


def files(of: Any) -> Optional[List[Optional[str]]]:
    """The file of each sample, where it has files."""
    if is_hugging_face(of):
        return _hugging_face_files(of)
    if is_frame(of):
        names, rows = records(of)
        columns = [name for name in PATHS if name in names]
        return [row[columns[0]] for row in rows] if columns else None
    if is_arrays(of):
        return None
    base, indices = unwrapped(of)
    listed = listed_files(base)
    if listed is not None:
        paths: Sequence[str] = [path for path, _ in listed]
        return [paths[index] for index in indices] if indices is not None else list(paths)
    if isinstance(of, (list, tuple)) and of and is_path(of[0]):
        return [os.fspath(path) for path in of]
    if isinstance(of, (list, tuple)) and of and isinstance(of[0], (list, tuple)):
        if of[0] and is_path(of[0][0]):
            return [os.fspath(row[0]) for row in of]
    return None


def _hugging_face_files(of: Any) -> Optional[List[Optional[str]]]:
    column = image_column(of, None)
    if column is None:
        return None
    found = [image["path"] if image else None for image in undecoded(of, column)[column]]
    return found if any(path and os.path.isabs(path) for path in found) else None


def image_column(of: Any, named: Optional[str]) -> Optional[str]:
    """The column of a ``datasets.Dataset`` that holds images."""
    if named is not None:
        if named not in of.features:
            raise SplitlintError(f"the dataset has no column `{named}`; it has {_columns(of)}")
        return named
    for name, feature in of.features.items():
        if type(feature).__name__ == "Image":
            return str(name)
    return None


def undecoded(of: Any, column: str) -> Any:
    """A ``datasets.Dataset`` of whose column the images come as their bytes or paths."""
    if type(of.features[column]).__name__ != "Image":
        return of
    import datasets

    return of.with_format(None).cast_column(column, datasets.Image(decode=False))


def unwrapped(of: Any) -> Tuple[Any, Optional[List[int]]]:
    """The dataset below ``torch.utils.data.Subset``, and the positions there."""
    indices: Optional[List[int]] = None
    while hasattr(of, "indices") and hasattr(of, "dataset"):
        own = [int(index) for index in of.indices]
        indices = own if indices is None else [own[index] for index in indices]
        of = of.dataset
    return of, indices


def listed_files(of: Any) -> Optional[List[Tuple[str, Any]]]:
    """Path and target of each sample of torchvision's folder datasets."""
    for name in ("samples", "imgs"):
        listed = getattr(of, name, None)
        if not isinstance(listed, list) or len(listed) != len(of):
            continue
        if all(isinstance(row, (tuple, list)) and len(row) == 2 for row in listed) and all(
            is_path(path) for path, _ in listed
        ):
            return [(os.fspath(path), target) for path, target in listed]
    return None


def _columns(of: Any) -> str:
    return ", ".join(f"`{name}`" for name in of.features)
