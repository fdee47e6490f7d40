"""splitlint: the linter for dataset splits.

::

    import splitlint

    report = splitlint.scan("data")
    report.raise_for_verdict()

The program of the same name does the work; this package starts it, hands datasets in memory
over to it, and reads its reports. It needs no other package.
"""

from __future__ import annotations

from ._api import Moved, Verification
from ._binary import find_binary
from ._errors import SplitlintError, SplitlintWarning, VerdictError
from ._generated import __version__, resplit, scan, verify
from ._report import Difference, Headline, Report
from ._resplit import NewSplit
from ._table import Table

__all__ = [
    "Difference",
    "Headline",
    "Moved",
    "NewSplit",
    "Report",
    "SplitlintError",
    "SplitlintWarning",
    "Table",
    "VerdictError",
    "Verification",
    "__version__",
    "find_binary",
    "resplit",
    "scan",
    "verify",
]
