"""What can go wrong, as exceptions. Judges nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from ._report import Report


class SplitlintError(Exception):
    """A scan, or another command, that could not be carried out.

    The message is the one that the ``splitlint`` program prints.

    Attributes:
        exit_code: The program's exit code, ``None`` where it was not started.
    """

    def __init__(self, message: str, exit_code: Optional[int] = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class VerdictError(SplitlintError):
    """A data set that did not pass, raised by :meth:`Report.raise_for_verdict`.

    Attributes:
        report: The :class:`Report` with the findings.
    """

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message, report.exit_code)
        self.report = report


class SplitlintWarning(UserWarning):
    """Something about the data handed over that a person should know."""
