"""A report folder as an object. Reads what the program wrote; judges nothing."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

from . import _clean, _html, _others
from ._errors import SplitlintError, VerdictError
from ._origins import Origins
from ._run import run
from ._table import Table

#: The version of ``summary.json`` that this package reads.
VERSION = 1


class Headline(NamedTuple):
    """A headline of a report.

    Attributes:
        topic: ``leaks``, ``labels``, ``distribution`` or ``files``.
        tone: ``bad``, ``doubtful`` or ``good``.
        text: The fact.
        detail: What qualifies it, if anything does.
    """

    topic: str
    tone: str
    text: str
    detail: Optional[str]

    def __str__(self) -> str:
        return self.text


class Difference(NamedTuple):
    """What changed from an older report to a newer one.

    Attributes:
        worse: Findings of severity ``warning`` or above are new, or more severe than before.
        text: The changes, as ``splitlint diff`` prints them.
    """

    worse: bool
    text: str

    def __str__(self) -> str:
        return self.text


class Report:
    """What a scan found.

    Args:
        folder: A folder that ``splitlint scan`` wrote.

    Attributes:
        folder: The report's folder.
        summary: ``summary.json`` as a dictionary; ``docs/schema/report-v1.json`` is its
            schema.

    Raises:
        SplitlintError: ``folder`` holds no report, or one that this version cannot read.
    """

    def __init__(self, folder: Union[str, Path]) -> None:
        self.folder = Path(folder)
        file = self.folder / "summary.json"
        try:
            self.summary: Dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SplitlintError(
                f"`{self.folder}` is no report: it has no `summary.json`; "
                "`splitlint.scan` writes one"
            ) from None
        except (OSError, ValueError) as error:
            raise SplitlintError(f"`{file}` cannot be read: {error}") from error
        version = self.summary.get("version") if isinstance(self.summary, dict) else None
        if version != VERSION:
            raise SplitlintError(
                f"`{file}` has version {version}, and this package reads {VERSION}: "
                "scan again, or install the splitlint that wrote it"
            )

    # The verdict.

    @property
    def verdict(self) -> str:
        """``clean``, ``breached`` or ``incomplete``."""
        return str(self.summary["verdict"]["result"])

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings at or above ``fail_on``, 2 could not judge."""
        return int(self.summary["verdict"]["exit_code"])

    @property
    def reasons(self) -> List[str]:
        """Why the verdict is not ``clean``."""
        return list(self.summary["verdict"]["reasons"])

    @property
    def headlines(self) -> List[Headline]:
        """The figures a person asks for first, in sentences."""
        return [
            Headline(s["topic"], s["tone"], s["text"], s.get("detail"))
            for s in self.summary["sentences"]
        ]

    def raise_for_verdict(self) -> "Report":
        """Raises unless the verdict is ``clean``.

        Returns:
            This report.

        Raises:
            VerdictError: With the reasons and the headlines that are not good.
        """
        if self.exit_code == 0:
            return self
        lines = [f"{self.verdict}: {'; '.join(self.reasons)}"]
        lines += [headline.text for headline in self.headlines if headline.tone != "good"]
        lines.append(f"report: {self.page}")
        raise VerdictError("\n".join(lines), self)

    # What was scanned.

    @property
    def digest(self) -> Optional[str]:
        """A digest of the data set: of each split's name, contents and labels.

        It is the same for the same images and labels in any order and under any file names.
        ``None`` where the scan opened no image, or not all of them.
        """
        digest = self.summary.get("digest")
        return None if digest is None else str(digest["value"])

    @property
    def digests(self) -> Dict[Optional[str], str]:
        """The digest of each split, by its name; ``None`` names the only one of a data set
        without splits. Empty where :attr:`digest` is ``None``."""
        digest = self.summary.get("digest")
        return {} if digest is None else {s["split"]: s["value"] for s in digest["splits"]}

    @property
    def splits(self) -> List[Optional[str]]:
        """The names of the splits; ``[None]`` for a data set without splits."""
        return [split["split"] for split in self.summary["headlines"]["splits"]]

    # The tables.

    @property
    def findings(self) -> Table:
        """A row for each finding that counts, worst first."""
        return Table(self.folder, "findings")

    @property
    def pairs(self) -> Table:
        """A row for each verified pair of copies."""
        return Table(self.folder, "pairs")

    @property
    def samples(self) -> Table:
        """A row for each image, with its facts."""
        return Table(self.folder, "samples")

    @property
    def classes(self) -> Table:
        """A row for each class in each split."""
        return Table(self.folder, "classes")

    @property
    def objects(self) -> Table:
        """A row for each object of a detection set: its box in pixels, and what speaks
        against it.

        Raises:
            SplitlintError: The data set has no objects.
        """
        return self._of_objects("objects")

    @property
    def cooccurrence(self) -> Table:
        """A row for each two classes that have objects in one image.

        Raises:
            SplitlintError: The data set has no objects.
        """
        return self._of_objects("cooccurrence")

    def _of_objects(self, name: str) -> Table:
        if not self.summary["counts"].get("objects"):
            raise SplitlintError(f"there is no table `{name}`: the data set has no objects")
        return Table(self.folder, name)

    @property
    def drift(self) -> Table:
        """A row for each pair of splits."""
        return Table(self.folder, "drift")

    @property
    def drop(self) -> Table:
        """A row for each copy to drop to end a leak."""
        return Table(self.folder, "drop")

    @property
    def decisions(self) -> Table:
        """A row for each suspicious label that waits for a decision."""
        return Table(self.folder, "decisions")

    # The page.

    @property
    def page(self) -> Path:
        """``report.html``."""
        return self.folder / "report.html"

    def open(self) -> None:
        """Opens the report's page in a browser.

        Raises:
            SplitlintError: The report has no page.
        """
        if not self.page.is_file():
            raise SplitlintError(f"`{self.page}` is missing; scan again to have it written")
        webbrowser.open(self.page.resolve().as_uri())

    def diff(self, older: Union["Report", str, Path]) -> Difference:
        """What changed since an older report.

        Args:
            older: The report to compare with, or its folder.

        Raises:
            SplitlintError: One of the two cannot be compared, as a report of an interrupted
                scan.
        """
        before = older.folder if isinstance(older, Report) else Path(older)
        finished = run(["diff", "--", str(before), str(self.folder)])
        if finished.code not in (0, 1):
            raise finished.error()
        return Difference(finished.code == 1, finished.stdout)

    # Acting on it.

    def drop_indices(self, split: Optional[str] = None, *, unreadable: bool = True) -> List[int]:
        """Positions of the samples to drop from a split, so that no leak stays.

        Args:
            split: The split's name, as it was given or as the report has it. May be left out
                for a data set with one split.
            unreadable: Also drop images that cannot be read or decoded.

        Returns:
            Ascending positions: in the dataset that was handed to :func:`splitlint.scan`, or,
            where that was a path, in the order of :attr:`samples` within the split.

        Raises:
            SplitlintError: The data set has no such split.
        """
        return _clean.drop_indices(self, split, unreadable)

    def clean(self, dataset: Any, split: Optional[str] = None, *, unreadable: bool = True) -> Any:
        """``dataset`` without what is to be dropped, of the same kind.

        Args:
            dataset: What was scanned: a ``DatasetDict`` or another mapping of splits, a
                ``datasets.Dataset``, a torch dataset (a ``Subset`` of it comes back), a
                DataFrame, or a list. A dataset of files may also be one that was loaded
                from the folder that was scanned.
            split: Which split ``dataset`` is, where it is one and the report has several.
            unreadable: Also drop images that cannot be read or decoded.

        Raises:
            SplitlintError: ``dataset`` cannot be matched to what was scanned.
        """
        return _clean.clean(self, dataset, split, unreadable)

    def to_fiftyone(self, dataset: Any) -> int:
        """Tags the samples of a FiftyOne dataset with the codes of their findings.

        Each sample concerned gets a tag for each check (``LEAK001``), and the fields
        ``splitlint_label_score`` and ``splitlint_suggested_label`` where its label was
        judged. Samples are matched by ``filepath``.

        Returns:
            The number of samples that were matched.

        Raises:
            SplitlintError: No sample of ``dataset`` is one of this report.
        """
        return _others.to_fiftyone(self, dataset)

    def to_cleanlab(self, split: Optional[str] = None) -> Any:
        """The issues of a split as a frame like that of cleanlab's ``Datalab.get_issues()``.

        Args:
            split: The split's name; may be left out for a data set with one split.

        Returns:
            A ``pandas.DataFrame``, one row a sample, its index the position in the dataset as
            in :meth:`drop_indices`: ``is_label_issue``, ``label_score``, ``given_label``,
            ``predicted_label``, ``is_near_duplicate_issue``, ``near_duplicate_score`` (0 for
            equal contents), ``near_duplicate_sets`` (positions in this split),
            ``copies_in_other_splits`` (their names), ``is_dark_issue``, ``is_light_issue``,
            ``is_blurry_issue``, ``is_low_information_issue``, ``is_odd_size_issue``,
            ``is_odd_aspect_ratio_issue``, ``is_grayscale_issue``, ``sample``.

        Raises:
            SplitlintError: pandas is not installed, or there is no such split.
        """
        return _others.to_cleanlab(self, split)

    # In a notebook.

    def __repr__(self) -> str:
        lines = [f"<splitlint report of {self.dataset}: {self.verdict}>"]
        lines += [f"  {headline.text}" for headline in self.headlines]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return _html.report(self)

    @property
    def dataset(self) -> str:
        """What was scanned, in words."""
        return self.origins.kind if self.origins else self._asked()

    @property
    def origins(self) -> Optional[Origins]:
        """Where each sample stands in the dataset that was handed over in memory; ``None``
        where a path was scanned."""
        if not hasattr(self, "_origins"):
            self._origins = Origins.load(self.folder, self.digest)
        return self._origins

    def _asked(self) -> str:
        asked = self.summary["dataset"]
        if asked["root"] is not None:
            return str(asked["root"])
        return ", ".join(f"{s['split']}={s['path']}" for s in asked["splits"])

    def _counts(self) -> Tuple[int, Dict[str, int]]:
        counts = self.summary["counts"]
        return counts["samples"], counts["findings"]
