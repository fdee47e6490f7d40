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
from ._generated import __version__, scan, verify
from ._report import Difference, Headline, Report
from ._table import Table

__all__ = [
    "Difference",
    "Headline",
    "Moved",
    "Report",
    "SplitlintError",
    "SplitlintWarning",
    "Table",
    "VerdictError",
    "Verification",
    "__version__",
    "find_binary",
    "scan",
    "verify",
]
