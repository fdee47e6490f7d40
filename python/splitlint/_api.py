"""From keywords to the program's arguments, and from its answer to objects."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from . import _intake, _kinds
from ._errors import SplitlintError
from ._origins import Origins
from ._progress import Progress
from ._progress import progress as progress_for
from ._report import Report
from ._resplit import NewSplit, group_file
from ._run import Finished, run

#: Keywords that name columns; for data in memory they are read here.
COLUMNS = ("path_column", "label_column", "split_column", "group_column")


class Flag(NamedTuple):
    """A flag of the program.

    Attributes:
        name: As it is typed, with its hyphens.
        kind: ``switch``, ``value``, ``list`` or ``mapping``.
    """

    name: str
    kind: str


def arguments(flags: Mapping[str, Flag], given: Mapping[str, Any]) -> List[str]:
    """The flags for the keywords that were given.

    Raises:
        SplitlintError: A value is of the wrong kind.
    """
    out: List[str] = []
    for keyword, value in given.items():
        if value is None or value is False:
            continue
        flag = flags[keyword]
        if flag.kind == "switch":
            if value is not True:
                raise SplitlintError(f"`{keyword}` is True or False, not {value!r}")
            out.append(flag.name)
        elif flag.kind == "mapping":
            out += _named(keyword, flag.name, value)
        elif flag.kind == "list" and not _kinds.is_path(value):
            out += [f"{flag.name}={_text(keyword, one)}" for one in _elements(keyword, value)]
        else:
            out.append(f"{flag.name}={_text(keyword, value)}")
    return out


def _elements(keyword: str, value: Any) -> List[Any]:
    try:
        return list(value)
    except TypeError:
        raise SplitlintError(f"`{keyword}` is a list, not {value!r}") from None


def _named(keyword: str, flag: str, value: Any) -> List[str]:
    if not isinstance(value, Mapping):
        return [f"{flag}={_text(keyword, one)}" for one in _elements(keyword, value)]
    return [f"{flag}={name}={_text(keyword, path)}" for name, path in value.items()]


def _text(keyword: str, value: Any) -> str:
    if isinstance(value, (bool, Mapping)) or value is None:
        raise SplitlintError(f"`{keyword}` cannot be {value!r}")
    return str(os.fspath(value)) if _kinds.is_path(value) else str(value)


@contextlib.contextmanager
def _handed_over(
    data: Any, given: Dict[str, Any], shown: Progress, groups: Any = None
) -> Iterator[Tuple[List[str], Dict[str, Any], Optional[Origins]]]:
    """The arguments that name the data, the keywords that are left, and the origins of data
    that were in memory; these lie on disk until the end."""
    if data is None:
        yield [], given, None
    elif _kinds.is_path(data):
        yield ["--", os.fspath(data)], given, None
    elif isinstance(data, Mapping) and data and all(map(_kinds.is_path, data.values())):
        if given.get("split"):
            raise SplitlintError("splits are given twice: by `data` and by `split`")
        yield [], {**given, "split": data}, None
    else:
        named = _intake.Columns(*(given.get(column) for column in COLUMNS))
        left = {name: value for name, value in given.items() if name not in COLUMNS}
        with _intake.store(data, named, shown, groups) as made:
            yield made.arguments, left, made.origins


def scan(
    data: Any, flags: Mapping[str, Flag], given: Dict[str, Any], progress: Optional[bool]
) -> Report:
    """Runs ``splitlint scan``."""
    quiet = bool(given.get("quiet"))
    shown = progress_for(False if quiet else progress)
    with _handed_over(data, given, shown) as (place, left, origins):
        if origins is not None and left.get("cache") is None:
            # Files that are gone afterwards are never met again.
            left["no_cache"] = True
        words = ["scan", "--progress=json", *arguments(flags, left), *place]
        live = bool(given.get("verbose"))
        finished = run(words, progress=shown, show_notes=live)
    if given.get("format") is not None:
        sys.stdout.write(finished.stdout)
    if finished.report is None:
        raise finished.error()
    if not quiet and not live:
        # Only now: notes of a run that failed are the exception's message.
        for note in finished.messages:
            print(note, file=sys.stderr)
    report = Report(finished.report)
    if origins is None:
        Origins.forget(report.folder)
    else:
        origins.save(report.folder, report.digest)
    return report


def resplit(
    data: Any,
    groups: Any,
    flags: Mapping[str, Flag],
    given: Dict[str, Any],
    progress: Optional[bool],
) -> NewSplit:
    """Runs ``splitlint resplit``."""
    shown = progress_for(progress)
    if isinstance(data, Report):
        if data.origins is not None:
            raise SplitlintError("hand over the dataset: the report is about one in memory")
        data = data.folder
    in_memory = not (
        data is None
        or _kinds.is_path(data)
        or (isinstance(data, Mapping) and data and all(map(_kinds.is_path, data.values())))
    )
    with contextlib.ExitStack() as open_files:
        if not in_memory:
            file = open_files.enter_context(group_file(groups))
            if file is not None:
                given = {**given, "group_file": file}
        elif given.get("by") == "symlink" and given.get("to") is not None:
            raise SplitlintError('a symlink to an image in memory breaks: use `by="copy"`')
        place, left, origins = open_files.enter_context(
            _handed_over(data, given, shown, groups if in_memory else None)
        )
        if origins is not None and left.get("cache") is None:
            left["no_cache"] = True
        words = ["resplit", "--progress=json", *arguments(flags, left), *place]
        finished = run(words, progress=shown)
    if finished.code not in (0, 1):
        raise finished.error()
    folder = Path(given.get("out") or "splitlint-resplit").absolute()
    return NewSplit(folder, finished.stdout, finished.code == 0, origins)


class Moved(NamedTuple):
    """A sample that changed its split or its labels.

    Attributes:
        sample: Its name now.
        before: Its split, or its labels, when it was audited.
        now: The same now.
    """

    sample: str
    before: Optional[str]
    now: Optional[str]


class Verification:
    """Whether a data set is the one that was audited; true if it is.

    Attributes:
        digest: The digest of the data set now.
        added: Samples that were not there.
        removed: Samples that are not there any more, by their names then.
        replaced: Samples whose image is another now.
        relabelled: Samples with other labels, as :class:`Moved`.
        moved: Samples in another split, as :class:`Moved`.
        text: The answer as ``splitlint digest --check`` prints it.
    """

    def __init__(self, answer: Dict[str, Any], text: str) -> None:
        changes = answer["changes"]
        self.digest: Optional[str] = answer["digest"]["value"] if answer["digest"] else None
        self.added: List[str] = changes["added"]
        self.removed: List[str] = changes["removed"]
        self.replaced: List[str] = changes["replaced"]
        self.relabelled = [Moved(**change) for change in changes["relabelled"]]
        self.moved = [Moved(**change) for change in changes["moved"]]
        self.text = text
        self._same: bool = answer["same"]

    def __bool__(self) -> bool:
        return self._same

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<splitlint verification: {self.text}>"

    def raise_for_changes(self) -> "Verification":
        """Raises unless the data set is the one that was audited.

        Raises:
            SplitlintError: With the changes.
        """
        if not self:
            raise SplitlintError(self.text, 1)
        return self


def verify(
    data: Any,
    report: Any,
    flags: Mapping[str, Flag],
    given: Dict[str, Any],
    progress: Optional[bool],
) -> Verification:
    """Runs ``splitlint digest --check``."""
    folder = report.folder if isinstance(report, Report) else os.fspath(report)
    shown = progress_for(progress)
    if isinstance(report, Report) and report.origins is not None and data is None:
        raise SplitlintError("hand over the dataset: the report is about one in memory")
    with _handed_over(data, given, shown) as (place, left, _):
        words = ["digest", "--progress=json", "--format=json", f"--check={folder}"]
        finished = run([*words, *arguments(flags, left), *place], progress=shown)
    answer = _answer(finished)
    return Verification(answer, answer["text"])


def _answer(finished: Finished) -> Dict[str, Any]:
    if finished.code not in (0, 1):
        raise finished.error()
    try:
        answer: Dict[str, Any] = json.loads(finished.stdout)
    except ValueError:
        raise finished.error() from None
    return answer
