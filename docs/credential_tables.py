"""The lists in `docs/credentials.md` that come from rows: the places of credentials, and the variables."""

from __future__ import annotations

import re

from ant_cli.settings.credentials import PLACES
from ant_cli.settings.variable_rows import ROWS


def page_with_tables(page: str) -> str:
    """Return the page with its lists as the rows have them, each between two comments."""
    page = _with(page, "places", _places())
    return _with(page, "variables", _variables())


def _with(page: str, name: str, text: str) -> str:
    start, end = f"<!-- {name}: written by docs/generate.py -->\n", f"<!-- end of {name} -->"
    pattern = f"({re.escape(start)}).*?({re.escape(end)})"
    page, count = re.subn(
        pattern, lambda match: f"{match[1]}\n{text}\n{match[2]}", page, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"docs/credentials.md has no place for the {name}")
    return page


def _places() -> str:
    return "".join(f"{number}. {place.text}\n" for number, place in enumerate(PLACES, 1))


def _variables() -> str:
    head = "| variable | what it may decide | what is checked |\n| --- | --- | --- |\n"
    lines = (f"| `{row.name}` | {row.decides} | {row.check.text} |\n" for row in ROWS)
    return head + "".join(lines)
