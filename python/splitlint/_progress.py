"""Shows how far a run is, in a notebook or at a terminal. Measures nothing."""

from __future__ import annotations

import html
import sys
import time
from typing import Any, Optional

#: Seconds between two drawings: a notebook keeps up with five a second.
INTERVAL = 0.2

#: Characters of the bar at a terminal.
WIDTH = 28


class Progress:
    """A place where progress is shown. This one shows nothing."""

    def show(self, doing: str, done: int, total: Optional[int]) -> None:
        """``done`` of ``total`` steps of what is being done."""

    def close(self) -> None:
        """Leaves nothing behind."""


def progress(wanted: Optional[bool]) -> Progress:
    """Progress for wherever this process runs.

    Args:
        wanted: ``None`` shows it where a person watches: in a notebook, and at a terminal.
    """
    if wanted is False:
        return Progress()
    if _in_notebook():
        return Notebook()
    if wanted or sys.stderr.isatty():
        return Terminal()
    return Progress()


class _Throttled(Progress):
    def __init__(self) -> None:
        self._drawn = 0.0
        self._doing = ""

    def show(self, doing: str, done: int, total: Optional[int]) -> None:
        now = time.monotonic()
        if doing == self._doing and now - self._drawn < INTERVAL:
            return
        self._drawn, self._doing = now, doing
        self._draw(doing, done, total)

    def _draw(self, doing: str, done: int, total: Optional[int]) -> None:
        raise NotImplementedError


class Terminal(_Throttled):
    """One line that is drawn over and over, and wiped in the end."""

    def __init__(self) -> None:
        super().__init__()
        self._width = 0

    def _draw(self, doing: str, done: int, total: Optional[int]) -> None:
        text = doing
        if total:
            full = int(WIDTH * min(1.0, done / total))
            text = f"{doing} [{'=' * full}{' ' * (WIDTH - full)}] {done:,}/{total:,}"
        elif done:
            text = f"{doing}: {done:,}"
        self._write(text)

    def close(self) -> None:
        if self._width:
            self._write("")
            self._width = 0

    def _write(self, text: str) -> None:
        sys.stderr.write("\r" + text + " " * max(0, self._width - len(text)) + "\r")
        sys.stderr.flush()
        self._width = len(text)


class Notebook(_Throttled):
    """A bar below the cell, gone when the run is over."""

    def __init__(self) -> None:
        super().__init__()
        self._handle: Any = None

    def _draw(self, doing: str, done: int, total: Optional[int]) -> None:
        bar = f'<progress value="{done}" max="{total}"></progress> ' if total else ""
        count = f"{done:,} of {total:,}" if total else (f"{done:,}" if done else "")
        self._display(f"<div>{bar}splitlint: {html.escape(doing)} {count}</div>")

    def close(self) -> None:
        if self._handle is not None:
            self._display("")
            self._handle = None

    def _display(self, text: str) -> None:
        from IPython.display import HTML, display

        if self._handle is None:
            self._handle = display(HTML(text), display_id=True)
        else:
            self._handle.update(HTML(text))


def _in_notebook() -> bool:
    # Asked of what is loaded already: whoever runs in a notebook has IPython.
    shell = sys.modules.get("IPython")
    if shell is None:
        return False
    try:
        return getattr(shell.get_ipython(), "kernel", None) is not None
    except AttributeError:
        return False
