"""The table of how an item of the worker ends, as `docs/worker-faults.md` has it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ant_cli.worker.endings import Ending, Fate, HistoryChange

_TITLES = ("ending", "when", "outcome", "the item", "its history")
_FATES: dict[Fate, str] = {
    "stop": "is stopped",
    "give_back": "is given back",
    "leave": "is left alone",
}
_CHANGES: dict[HistoryChange, str] = {
    "cleared": "is cleared",
    "failure": "counts a failure",
    "excused": "counts an excused failure",
    "unreported": "counts a run without a reported end",
    "kept": "stays, and is written",
    "untouched": "stays",
}
_TABLE = re.compile(rf"^\| {_TITLES[0]} \|.*\n(?:\|.*\n)+", re.MULTILINE)


def page_with_endings(page: str) -> str:
    """Return the page with the current table."""
    rows = [_TITLES, ["---"] * len(_TITLES), *map(_cells, Ending)]
    table = "".join(map(_line, rows))
    return _TABLE.sub(lambda _: table, page)


def _cells(row: Ending) -> list[str]:
    name, outcome = row.name.lower(), row.outcome or "(not counted)"
    return [f"`{name}`", row.when, outcome, _FATES[row.fate], _CHANGES[row.history]]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
