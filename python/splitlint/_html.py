"""A report as a notebook shows it: headlines, and some pairs. Chooses from what was found."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

if TYPE_CHECKING:
    from ._report import Report

#: Pairs shown.
PAIRS = 20

#: Bytes of HTML, at most: a notebook is a file that is kept and compared.
LIMIT = 900_000

COLOURS = {"bad": "#c62828", "doubtful": "#b26a00", "good": "#2e7d32"}
VERDICTS = {"clean": "good", "breached": "bad", "incomplete": "doubtful"}


def report(of: Report) -> str:
    """The report as HTML that asks for nothing from elsewhere."""
    tone = COLOURS[VERDICTS.get(of.verdict, "doubtful")]
    samples, findings = of._counts()
    counts = ", ".join([_counted(findings, "error"), _counted(findings, "warning")])
    counts += f", {findings.get('advice', 0):,} advice"
    parts = [
        '<div style="max-width:60em">',
        f'<p><strong style="color:{tone}">{escape(of.verdict)}</strong> '
        f"{escape(of.dataset)}: {samples:,} samples; findings: {counts}</p>",
    ]
    if of.reasons:
        parts.append(f"<p>{escape('; '.join(of.reasons))}</p>")
    for headline in of.headlines:
        colour = COLOURS.get(headline.tone, "inherit")
        detail = ""
        if headline.detail:
            detail = f'<br><small style="opacity:.75">{escape(headline.detail)}</small>'
        parts.append(
            f'<p style="margin:.3em 0;border-left:4px solid {colour};padding-left:.6em">'
            f"{escape(headline.text)}{detail}</p>"
        )
    parts += _pairs(of, LIMIT - sum(map(len, parts)))
    parts.append(f"<p><small>the whole report: <code>{escape(str(of.page))}</code></small></p>")
    parts.append("</div>")
    return "\n".join(parts)


def _counted(findings: Dict[str, int], severity: str) -> str:
    count = findings.get(severity, 0)
    return f"{count:,} {severity}{'' if count == 1 else 's'}"


def _pairs(of: Report, room: int) -> List[str]:
    chosen, count = _chosen(of)
    if not chosen:
        return []
    images = _thumbnails(of)
    rows: List[str] = []
    for pair in chosen:
        a, b = (_figure(pair, side, images) for side in "ab")
        words = escape(str(pair["transform"] or pair["relation"]))
        row = (
            f'<tr><td style="text-align:center">{a}</td><td style="text-align:center">{b}</td>'
            f'<td style="text-align:left">{words}<br><small>similarity '
            f"{pair['similarity']:.3f}</small></td></tr>"
        )
        if len(row) > room:
            break
        room -= len(row)
        rows.append(row)
    more = count - len(rows)
    left = f"<p><small>and {more:,} more in <code>.pairs</code></small></p>" if more else ""
    return [f"<table>{''.join(rows)}</table>{left}"]


def _chosen(of: Report) -> Tuple[List[Dict[str, Any]], int]:
    """The pairs to show, those across splits first, and how many there are."""
    across: List[Dict[str, Any]] = []
    within: List[Dict[str, Any]] = []
    count = 0
    for pair in of.pairs:
        if pair["doubtful"]:
            continue
        count += 1
        place = across if pair["split_a"] != pair["split_b"] else within
        if len(place) < PAIRS:
            place.append(pair)
    return (across + within)[:PAIRS], count


def _figure(pair: Dict[str, Any], side: str, images: Dict[str, str]) -> str:
    key = str(pair[f"sample_{side}"])
    words = [pair[f"split_{side}"], pair[f"label_{side}"]]
    caption = escape(", ".join(str(word) for word in words if word))
    data = images.get(key)
    image = ""
    if data is not None:
        image = f'<img src="{data}" alt="{escape(key)}" style="max-height:8em;max-width:12em"><br>'
    name = escape(key if len(key) <= 60 else "…" + key[-59:])
    return f"{image}<small>{caption}<br><code>{name}</code></small>"


def _thumbnails(of: Report) -> Dict[str, str]:
    """The thumbnails that the report's page holds, by sample."""
    found = _Images()
    try:
        found.feed(of.page.read_text(encoding="utf-8"))
    except OSError:
        return {}
    return found.images


class _Images(HTMLParser):
    """Takes the inlined images out of a page; their alternative text names the sample."""

    def __init__(self) -> None:
        super().__init__()
        self.images: Dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        if tag != "img":
            return
        have = dict(attrs)
        source, name = have.get("src") or "", have.get("alt")
        if name and source.startswith("data:image/"):
            self.images.setdefault(name, source)
