"""The commands as functions. Made by `splitlint python`; changed by no hand."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Optional, Sequence, Union

from . import _api
from ._api import Flag, Verification
from ._report import Report
from ._resplit import NewSplit

__version__ = "0.1.0"

Path = Union[str, "os.PathLike[str]"]

SCAN_FLAGS: Dict[str, Flag] = {
    "layout": Flag("--layout", "value"),
    "images": Flag("--images", "value"),
    "split": Flag("--split", "mapping"),
    "reference": Flag("--reference", "value"),
    "include": Flag("--include", "list"),
    "exclude": Flag("--exclude", "list"),
    "path_column": Flag("--path-column", "value"),
    "label_column": Flag("--label-column", "value"),
    "split_column": Flag("--split-column", "value"),
    "group_column": Flag("--group-column", "value"),
    "group_regex": Flag("--group-regex", "value"),
    "group_file": Flag("--group-file", "value"),
    "slices": Flag("--slices", "value"),
    "show_identifiers": Flag("--show-identifiers", "switch"),
    "select": Flag("--select", "list"),
    "ignore": Flag("--ignore", "list"),
    "fail_on": Flag("--fail-on", "value"),
    "require": Flag("--require", "list"),
    "baseline": Flag("--baseline", "value"),
    "report": Flag("--report", "value"),
    "format": Flag("--format", "value"),
    "output": Flag("--output", "mapping"),
    "config": Flag("--config", "value"),
    "jobs": Flag("--jobs", "value"),
    "cache": Flag("--cache", "value"),
    "no_cache": Flag("--no-cache", "switch"),
    "check_content": Flag("--check-content", "switch"),
    "max_pixels": Flag("--max-pixels", "value"),
    "model": Flag("--model", "value"),
    "model_size": Flag("--model-size", "value"),
    "model_layout": Flag("--model-layout", "value"),
    "model_mean": Flag("--model-mean", "list"),
    "model_std": Flag("--model-std", "list"),
    "model_output": Flag("--model-output", "value"),
    "embeddings": Flag("--embeddings", "value"),
    "pred_probs": Flag("--pred-probs", "value"),
    "row_keys": Flag("--row-keys", "value"),
    "label_chunk": Flag("--label-chunk", "value"),
    "verbose": Flag("--verbose", "switch"),
    "quiet": Flag("--quiet", "switch"),
}


def scan(
    data: Any = None,
    *,
    layout: Optional[str] = None,
    images: Optional[Path] = None,
    split: Optional[Union[Mapping[str, Path], Sequence[str]]] = None,
    reference: Optional[Path] = None,
    include: Optional[Union[str, Sequence[str]]] = None,
    exclude: Optional[Union[str, Sequence[str]]] = None,
    path_column: Optional[str] = None,
    label_column: Optional[str] = None,
    split_column: Optional[str] = None,
    group_column: Optional[str] = None,
    group_regex: Optional[str] = None,
    group_file: Optional[Path] = None,
    slices: Optional[int] = None,
    show_identifiers: bool = False,
    select: Optional[Union[str, Sequence[str]]] = None,
    ignore: Optional[Union[str, Sequence[str]]] = None,
    fail_on: Optional[str] = None,
    require: Optional[Union[str, Sequence[str]]] = None,
    baseline: Optional[Path] = None,
    report: Optional[Path] = None,
    format: Optional[str] = None,
    output: Optional[Union[Mapping[str, Path], Sequence[str]]] = None,
    config: Optional[Path] = None,
    jobs: Optional[int] = None,
    cache: Optional[Path] = None,
    no_cache: bool = False,
    check_content: bool = False,
    max_pixels: Optional[int] = None,
    model: Optional[Path] = None,
    model_size: Optional[int] = None,
    model_layout: Optional[str] = None,
    model_mean: Optional[Union[float, Sequence[float]]] = None,
    model_std: Optional[Union[float, Sequence[float]]] = None,
    model_output: Optional[str] = None,
    embeddings: Optional[Path] = None,
    pred_probs: Optional[Path] = None,
    row_keys: Optional[Path] = None,
    label_chunk: Optional[int] = None,
    verbose: bool = False,
    quiet: bool = False,
    progress: Optional[bool] = None,
) -> Report:
    """Scans a data set and returns its report.

    Args:
        data: A folder, a manifest, a mapping of splits to folders; or data in memory: a
            `datasets.Dataset` or `DatasetDict`, a torch dataset, a DataFrame with a column of
            paths, a pair of arrays `(images, labels)`, a list of `(image, label)`, or a mapping
            of splits to these. Images are Pillow images, the bytes or the path of a file, or
            arrays of shape `(H, W)`, `(H, W, C)` or `(C, H, W)` with 1 to 4 channels. `None`
            takes what `splitlint.toml` names.
        layout: How the data set is laid out, where its files do not show it. One of "folders",
            "manifest", "yolo", "coco", "webdataset", "tables", "voc", "masks", "huggingface",
            "arrays", "nifti".
        images: Folder of the images that a COCO file lists [default: beside the file].
        split: Folder, archive or manifest of one split, instead of ROOT.
        reference: Data used before, e.g. for pretraining: a copy of it in an evaluation split is a
            leak, one in training data is advice.
        include: Scan only files whose path in the data set matches a pattern.
        exclude: Leave out files whose path in the data set matches a pattern.
        path_column: Manifest column with the image's path.
        label_column: Manifest column with the label.
        split_column: Manifest column with the split.
        group_column: Manifest column with the group (patient, video, scene).
        group_regex: Part of a path that names the group: the first capture, e.g. `(patient\\d+)_`.
        group_file: CSV file with groups: a path or file name in the first column, its group in the
            second.
        slices: Of a volume (NIfTI) compare every Nth slice of the last axis [default: the middle
            slice of each axis].
        show_identifiers: Call groups of DICOM files by the patients' and studies' own ids, in every
            report [default: their hashes].
        select: Run only these checks: codes, families or names.
        ignore: Leave these checks out: codes, families or names.
        fail_on: Lowest severity that fails the scan [default: error]. One of "error", "warning",
            "advice", "never".
        require: Exit with 2 unless these checks ran: families, codes or names.
        baseline: File of findings accepted earlier: only new ones fail the scan.
        report: Folder for the report [default: splitlint-report].
        format: What to print to standard output [default: text]. One of "text", "json", "github",
            "gitlab", "sarif", "junit", "markdown".
        output: Also write FORMAT to PATH, e.g. `sarif=leaks.sarif`.
        config: Settings file [default: splitlint.toml in the current folder, else in ROOT].
        jobs: Threads [default: one for each core].
        cache: Keep fingerprints in a folder, so that the next scan reads only what changed.
        no_cache: Neither read nor keep fingerprints of other scans.
        check_content: Recognise unchanged files by content (reads every file), not by size and
            time.
        max_pixels: Do not decode an image of more than this many pixels [default: 512 million].
        model: Judge labels by an ONNX model's vectors of the images: a file, or an installed
            network's name.
        model_size: Pixels a side of the images the model takes, if it does not declare them
            [default: 224].
        model_layout: The order of the dimensions of the model's input, if it does not declare it
            [default: nchw]. One of "nchw", "nhwc".
        model_mean: What the model expects subtracted from red, green, blue of 0 to 1 [default: what
            it declares, else ImageNet's].
        model_std: What the model expects red, green, blue divided by then [default: what it
            declares, else ImageNet's].
        model_output: The model's output to use, if it has several.
        embeddings: Judge labels by vectors of a model of yours: Parquet, or NumPy with `row-keys`.
        pred_probs: Judge labels by out-of-sample probabilities, a column for each class: Parquet or
            NumPy.
        row_keys: Samples of the rows of a NumPy file: a text file with one on each line, or CSV
            with a column `sample`.
        label_chunk: Samples in one chunk of the label model: fewer are faster and judge a little
            worse [default: 5000].
        verbose: Report what each stage kept and how long it took.
        quiet: No progress, no notes, no text: only the exit code and the report.
        progress: Whether to show progress; by default in a notebook and at a terminal.

    Returns:
        The report, whatever its verdict; `report.raise_for_verdict()` raises on a bad one.

    Raises:
        SplitlintError: The data cannot be scanned; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the scan was stopped.
    """
    given: Dict[str, Any] = {
        "layout": layout,
        "images": images,
        "split": split,
        "reference": reference,
        "include": include,
        "exclude": exclude,
        "path_column": path_column,
        "label_column": label_column,
        "split_column": split_column,
        "group_column": group_column,
        "group_regex": group_regex,
        "group_file": group_file,
        "slices": slices,
        "show_identifiers": show_identifiers,
        "select": select,
        "ignore": ignore,
        "fail_on": fail_on,
        "require": require,
        "baseline": baseline,
        "report": report,
        "format": format,
        "output": output,
        "config": config,
        "jobs": jobs,
        "cache": cache,
        "no_cache": no_cache,
        "check_content": check_content,
        "max_pixels": max_pixels,
        "model": model,
        "model_size": model_size,
        "model_layout": model_layout,
        "model_mean": model_mean,
        "model_std": model_std,
        "model_output": model_output,
        "embeddings": embeddings,
        "pred_probs": pred_probs,
        "row_keys": row_keys,
        "label_chunk": label_chunk,
        "verbose": verbose,
        "quiet": quiet,
    }
    return _api.scan(data, SCAN_FLAGS, given, progress)


VERIFY_FLAGS: Dict[str, Flag] = {
    "layout": Flag("--layout", "value"),
    "images": Flag("--images", "value"),
    "split": Flag("--split", "mapping"),
    "reference": Flag("--reference", "value"),
    "include": Flag("--include", "list"),
    "exclude": Flag("--exclude", "list"),
    "path_column": Flag("--path-column", "value"),
    "label_column": Flag("--label-column", "value"),
    "split_column": Flag("--split-column", "value"),
    "group_column": Flag("--group-column", "value"),
    "group_regex": Flag("--group-regex", "value"),
    "group_file": Flag("--group-file", "value"),
    "slices": Flag("--slices", "value"),
    "show_identifiers": Flag("--show-identifiers", "switch"),
    "config": Flag("--config", "value"),
    "jobs": Flag("--jobs", "value"),
}


def verify(
    data: Any,
    report: Union[Report, str, "os.PathLike[str]"],
    *,
    layout: Optional[str] = None,
    images: Optional[Path] = None,
    split: Optional[Union[Mapping[str, Path], Sequence[str]]] = None,
    reference: Optional[Path] = None,
    include: Optional[Union[str, Sequence[str]]] = None,
    exclude: Optional[Union[str, Sequence[str]]] = None,
    path_column: Optional[str] = None,
    label_column: Optional[str] = None,
    split_column: Optional[str] = None,
    group_column: Optional[str] = None,
    group_regex: Optional[str] = None,
    group_file: Optional[Path] = None,
    slices: Optional[int] = None,
    show_identifiers: bool = False,
    config: Optional[Path] = None,
    jobs: Optional[int] = None,
    progress: Optional[bool] = None,
) -> Verification:
    """Whether `data` are what `report` is about: same images, labels and splits.

    Every file is read. Names of files and order do not count.

    Args:
        data: What is trained on, as :func:`scan` takes it; `None` takes what the report was
            asked to scan.
        report: The report, its folder, or a file that `splitlint digest --write` made.
        layout: How the data set is laid out, where its files do not show it. One of "folders",
            "manifest", "yolo", "coco", "webdataset", "tables", "voc", "masks", "huggingface",
            "arrays", "nifti".
        images: Folder of the images that a COCO file lists [default: beside the file].
        split: Folder, archive or manifest of one split, instead of ROOT.
        reference: Data used before, e.g. for pretraining: a copy of it in an evaluation split is a
            leak, one in training data is advice.
        include: Scan only files whose path in the data set matches a pattern.
        exclude: Leave out files whose path in the data set matches a pattern.
        path_column: Manifest column with the image's path.
        label_column: Manifest column with the label.
        split_column: Manifest column with the split.
        group_column: Manifest column with the group (patient, video, scene).
        group_regex: Part of a path that names the group: the first capture, e.g. `(patient\\d+)_`.
        group_file: CSV file with groups: a path or file name in the first column, its group in the
            second.
        slices: Of a volume (NIfTI) compare every Nth slice of the last axis [default: the middle
            slice of each axis].
        show_identifiers: Call groups of DICOM files by the patients' and studies' own ids, in every
            report [default: their hashes].
        config: Settings file [default: splitlint.toml in the current folder, else in ROOT].
        jobs: Threads [default: one for each core].
        progress: Whether to show progress; by default in a notebook and at a terminal.

    Returns:
        The answer, which is true if they are the same, and else names the samples that are not.

    Raises:
        SplitlintError: The two cannot be compared; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the program was stopped.
    """
    given: Dict[str, Any] = {
        "layout": layout,
        "images": images,
        "split": split,
        "reference": reference,
        "include": include,
        "exclude": exclude,
        "path_column": path_column,
        "label_column": label_column,
        "split_column": split_column,
        "group_column": group_column,
        "group_regex": group_regex,
        "group_file": group_file,
        "slices": slices,
        "show_identifiers": show_identifiers,
        "config": config,
        "jobs": jobs,
    }
    return _api.verify(data, report, VERIFY_FLAGS, given, progress)


RESPLIT_FLAGS: Dict[str, Flag] = {
    "layout": Flag("--layout", "value"),
    "images": Flag("--images", "value"),
    "split": Flag("--split", "mapping"),
    "reference": Flag("--reference", "value"),
    "include": Flag("--include", "list"),
    "exclude": Flag("--exclude", "list"),
    "path_column": Flag("--path-column", "value"),
    "label_column": Flag("--label-column", "value"),
    "split_column": Flag("--split-column", "value"),
    "group_column": Flag("--group-column", "value"),
    "group_regex": Flag("--group-regex", "value"),
    "group_file": Flag("--group-file", "value"),
    "slices": Flag("--slices", "value"),
    "show_identifiers": Flag("--show-identifiers", "switch"),
    "fresh": Flag("--fresh", "switch"),
    "kfold": Flag("--kfold", "value"),
    "temporal": Flag("--temporal", "switch"),
    "sizes": Flag("--sizes", "mapping"),
    "keep": Flag("--keep", "list"),
    "keep_samples": Flag("--keep-samples", "value"),
    "keep_together": Flag("--keep-together", "list"),
    "spatial_blocks": Flag("--spatial-blocks", "value"),
    "buffer": Flag("--buffer", "value"),
    "gap": Flag("--gap", "value"),
    "dates": Flag("--dates", "value"),
    "date_column": Flag("--date-column", "value"),
    "prove": Flag("--prove", "value"),
    "out": Flag("--out", "value"),
    "to": Flag("--to", "value"),
    "by": Flag("--by", "value"),
    "config": Flag("--config", "value"),
    "jobs": Flag("--jobs", "value"),
    "cache": Flag("--cache", "value"),
    "no_cache": Flag("--no-cache", "switch"),
}


def resplit(
    data: Any,
    groups: Any = None,
    *,
    layout: Optional[str] = None,
    images: Optional[Path] = None,
    split: Optional[Union[Mapping[str, Path], Sequence[str]]] = None,
    reference: Optional[Path] = None,
    include: Optional[Union[str, Sequence[str]]] = None,
    exclude: Optional[Union[str, Sequence[str]]] = None,
    path_column: Optional[str] = None,
    label_column: Optional[str] = None,
    split_column: Optional[str] = None,
    group_column: Optional[str] = None,
    group_regex: Optional[str] = None,
    group_file: Optional[Path] = None,
    slices: Optional[int] = None,
    show_identifiers: bool = False,
    fresh: bool = False,
    kfold: Optional[int] = None,
    temporal: bool = False,
    sizes: Optional[Union[Mapping[str, float], Sequence[str]]] = None,
    keep: Optional[Union[str, Sequence[str]]] = None,
    keep_samples: Optional[Path] = None,
    keep_together: Optional[Union[str, Sequence[str]]] = None,
    spatial_blocks: Optional[float] = None,
    buffer: Optional[float] = None,
    gap: Optional[str] = None,
    dates: Optional[Path] = None,
    date_column: Optional[str] = None,
    prove: Optional[float] = None,
    out: Optional[Path] = None,
    to: Optional[Path] = None,
    by: Optional[str] = None,
    config: Optional[Path] = None,
    jobs: Optional[int] = None,
    cache: Optional[Path] = None,
    no_cache: bool = False,
    progress: Optional[bool] = None,
) -> NewSplit:
    """Splits a data set anew, so that nothing leaks; changes nothing of it.

    Args:
        data: A report or its folder, or a data set as :func:`scan` takes it.
        groups: Samples of one group stay together: the path of a CSV file, a mapping of
            samples' names to groups; or of data in memory the group of each sample in
            order, or a mapping of splits to such.
        layout: How the data set is laid out, where its files do not show it. One of "folders",
            "manifest", "yolo", "coco", "webdataset", "tables", "voc", "masks", "huggingface",
            "arrays", "nifti".
        images: Folder of the images that a COCO file lists [default: beside the file].
        split: Folder, archive or manifest of one split, instead of ROOT.
        reference: Data used before, e.g. for pretraining: a copy of it in an evaluation split is a
            leak, one in training data is advice.
        include: Scan only files whose path in the data set matches a pattern.
        exclude: Leave out files whose path in the data set matches a pattern.
        path_column: Manifest column with the image's path.
        label_column: Manifest column with the label.
        split_column: Manifest column with the split.
        group_column: Manifest column with the group (patient, video, scene).
        group_regex: Part of a path that names the group: the first capture, e.g. `(patient\\d+)_`.
        group_file: CSV file with groups: a path or file name in the first column, its group in the
            second.
        slices: Of a volume (NIfTI) compare every Nth slice of the last axis [default: the middle
            slice of each axis].
        show_identifiers: Call groups of DICOM files by the patients' and studies' own ids, in every
            report [default: their hashes].
        fresh: Split anew, whatever today's splits are.
        kfold: Split anew into N folds of one size.
        temporal: Split by time: the oldest to train on, the newest to be measured on.
        sizes: Sizes of the splits, in relation to each other [default: as today, else
            train=0.8,val=0.1,test=0.1].
        keep: A split that stays as it is, such as a published test split.
        keep_samples: Samples that stay where they are: a file with one a line.
        keep_together: What stays together: copies, declared (groups), inferred (groups), scenes
            (other shots of one place), footprints (images that cover ground in common or touch).
        spatial_blocks: Keep the images of each block of ground together, squares of METRES (by
            default some 64 blocks), and leave out what overlaps another split.
        buffer: With `--spatial-blocks` or `--keep-together footprints`: count images up to METRES
            apart as neighbours.
        gap: With `--temporal`: leave out what lies less than this behind a cut, e.g. `7d`, `12h`.
        dates: With `--temporal`: CSV file with dates, where EXIF has none or others.
        date_column: The column of `--dates` with the date [default: date, else the second].
        prove: Look for a proof that no split of these atoms is better, for SECONDS twice; for few
            atoms.
        out: Folder for splits.csv, splits.parquet, manifest.csv and lists of paths.
        to: Also make a copy of the data set in DIR that lies in the new splits.
        by: How the copy is made. One of "copy", "link-or-copy", "hard-link", "symlink".
        config: Settings file [default: splitlint.toml in the current folder, else in ROOT].
        jobs: Threads [default: one for each core].
        cache: Where scans keep fingerprints, if not in the user's own cache.
        no_cache: Neither read nor keep fingerprints of other scans.
        progress: Whether to show progress; by default in a notebook and at a terminal.

    Returns:
        The new split, which is true if the checks pass on it; `.apply(dataset)` deals a
        dataset.

    Raises:
        SplitlintError: The data cannot be split; the message is the program's.
        KeyboardInterrupt: Ctrl-C; the program was stopped.
    """
    given: Dict[str, Any] = {
        "layout": layout,
        "images": images,
        "split": split,
        "reference": reference,
        "include": include,
        "exclude": exclude,
        "path_column": path_column,
        "label_column": label_column,
        "split_column": split_column,
        "group_column": group_column,
        "group_regex": group_regex,
        "group_file": group_file,
        "slices": slices,
        "show_identifiers": show_identifiers,
        "fresh": fresh,
        "kfold": kfold,
        "temporal": temporal,
        "sizes": sizes,
        "keep": keep,
        "keep_samples": keep_samples,
        "keep_together": keep_together,
        "spatial_blocks": spatial_blocks,
        "buffer": buffer,
        "gap": gap,
        "dates": dates,
        "date_column": date_column,
        "prove": prove,
        "out": out,
        "to": to,
        "by": by,
        "config": config,
        "jobs": jobs,
        "cache": cache,
        "no_cache": no_cache,
    }
    return _api.resplit(data, groups, RESPLIT_FLAGS, given, progress)
