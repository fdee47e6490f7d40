"""A report in the terms of other tools: FiftyOne, cleanlab. Judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from . import _clean
from ._errors import SplitlintError

if TYPE_CHECKING:
    from ._report import Report

#: cleanlab's name of an issue with single images, by ours of the flaw.
ISSUES = {
    "is_dark_issue": {"too-dark"},
    "is_light_issue": {"too-bright"},
    "is_blurry_issue": {"blurry"},
    "is_low_information_issue": {"blank", "low-contrast"},
    "is_odd_size_issue": {"odd-size"},
    "is_odd_aspect_ratio_issue": {"odd-aspect"},
    "is_grayscale_issue": {"grayscale"},
}


def to_fiftyone(report: Report, dataset: Any) -> int:
    """Tags the samples of a FiftyOne dataset; how many were matched."""
    if report.origins is not None:
        raise SplitlintError(
            "the report is about a dataset in memory, whose images have no file that FiftyOne "
            "knows: scan the folder, and tag with that report"
        )
    codes: Dict[str, List[str]] = {}
    for finding in report.findings:
        for key in finding["samples"]:
            known = codes.setdefault(key, [])
            if finding["code"] not in known:
                known.append(finding["code"])
    rows: Dict[str, Dict[str, Any]] = {}
    for row in report.samples:
        for place in _clean.candidates(report, row["sample"]):
            rows.setdefault(place, row)
    matched = 0
    for sample in dataset.iter_samples(autosave=True):
        place = _clean._place(sample.filepath)
        if place not in rows:
            continue
        row = rows[place]
        matched += 1
        tags = codes.get(row["sample"], ())
        sample.tags = [*sample.tags, *(tag for tag in tags if tag not in sample.tags)]
        if row["label_score"] is not None:
            sample["splitlint_label_score"] = row["label_score"]
        if row["suggested_label"] is not None:
            sample["splitlint_suggested_label"] = row["suggested_label"]
    if not matched:
        raise SplitlintError(
            f"no sample of the FiftyOne dataset was scanned for this report, which is about "
            f"{report.dataset}"
        )
    return matched


def to_cleanlab(report: Report, split: Optional[str]) -> Any:
    """The issues of a split as a ``pandas.DataFrame``."""
    try:
        import pandas
    except ImportError:
        raise SplitlintError("to_cleanlab() needs `pandas`: `pip install pandas`") from None
    name = _clean.split_name(report, split) if report.origins is None else None
    order = _clean.positions(report, split)
    # A label that a person decided to keep is no issue any more.
    asked = [row for row in report.decisions if row["decision"] != "keep"]
    wanted = {row["sample"]: row["suggested"] for row in asked}
    rows: Dict[int, Dict[str, Any]] = {}
    for row in report.samples:
        if report.origins is None and row["split"] != name:
            continue
        for index in order.get(row["sample"], ()):
            rows[index] = _issues(row, row["sample"] in wanted)
            if wanted.get(row["sample"]) is not None:
                rows[index]["predicted_label"] = wanted[row["sample"]]
    for pair in report.pairs:
        if pair["doubtful"]:
            continue
        for one, other in (("a", "b"), ("b", "a")):
            mine, theirs = pair[f"sample_{one}"], pair[f"sample_{other}"]
            for index in order.get(mine, ()):
                _relate(rows[index], pair, theirs, order.get(theirs))
    found = sorted(rows)
    columns = list(_issues(dict.fromkeys(("flaws",), []), False))
    return pandas.DataFrame([rows[index] for index in found], index=found, columns=columns)


def _issues(row: Dict[str, Any], suspicious: bool) -> Dict[str, Any]:
    flaws = set(row.get("flaws") or ())
    suggested = row.get("suggested_label")
    return {
        "is_label_issue": suspicious,
        "label_score": row.get("label_score"),
        "given_label": row.get("label"),
        "predicted_label": row.get("label") if suggested is None else suggested,
        "is_near_duplicate_issue": False,
        "near_duplicate_score": 1.0,
        "near_duplicate_sets": [],
        "copies_in_other_splits": [],
        **{issue: bool(flaws & named) for issue, named in ISSUES.items()},
        "sample": row.get("sample"),
    }


def _relate(
    row: Dict[str, Any], pair: Dict[str, Any], other: str, here: Optional[List[int]]
) -> None:
    row["is_near_duplicate_issue"] = True
    distance = 0.0 if pair["relation"] == "exact" else 1.0 - pair["similarity"]
    row["near_duplicate_score"] = min(row["near_duplicate_score"], max(0.0, distance))
    if here is None:
        row["copies_in_other_splits"].append(other)
    else:
        row["near_duplicate_sets"].extend(here)
