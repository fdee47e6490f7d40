"""Finds the program that was installed with this package. Runs nothing."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import Iterator

from ._errors import SplitlintError

#: Names another program, for tests and for a build from a checkout.
VARIABLE = "SPLITLINT_BINARY"


def find_binary() -> str:
    """The path of the ``splitlint`` program.

    Returns:
        The program that the environment variable ``SPLITLINT_BINARY`` names, else the one
        installed with this package, else the first on the ``PATH``.

    Raises:
        SplitlintError: There is none.
    """
    named = os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise SplitlintError(f"`{VARIABLE}` names `{named}`, which is no file")
        return named
    name = "splitlint" + (sysconfig.get_config_var("EXE") or "")
    for folder in _folders():
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which("splitlint")
    if found:
        return found
    raise SplitlintError(
        "the `splitlint` program was not found beside this package: install it again with "
        "`pip install --force-reinstall splitlint`"
    )


def _folders() -> Iterator[Path]:
    """Where installers put programs: the environment's folder, the user's, the folder of
    ``pip install --target`` and that of ``--prefix``."""
    yield Path(sysconfig.get_path("scripts"))
    user = "nt_user" if os.name == "nt" else "posix_user"
    if sys.platform == "darwin" and sysconfig.get_config_var("PYTHONFRAMEWORK"):
        user = "osx_framework_user"
    if user in sysconfig.get_scheme_names():
        yield Path(sysconfig.get_path("scripts", scheme=user))
    package = Path(__file__).resolve().parent
    yield package.parent / "bin"
    scripts = "Scripts" if os.name == "nt" else "bin"
    for above in package.parents:
        if above.name.lower() == "lib":
            yield above.parent / scripts
            break
