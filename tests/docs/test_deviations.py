"""The page of deviations: short rows, and the rest below them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deviations.md").read_text()
TWO_LINES = 130
"""Characters of a cell that GitHub breaks into at most two lines."""
CELLS = [
    cell.strip() for row in re.findall(r"^\|(.*)\|$", PAGE, re.MULTILINE) for cell in row.split("|")
]
CODE = [*(ROOT / "ant_cli").rglob("*.py"), *(ROOT / "tests" / "run").rglob("*.json")]


def test_a_cell_has_at_most_two_lines():
    """A reader finds the row; what is longer is in a section of its own."""
    shown = [re.sub(r"\(\[more\]\([^)]*\)\)|\]\([^)]*\)|[`\[]", "", cell) for cell in CELLS]
    assert [cell for cell in shown if len(cell) > TWO_LINES] == []


def test_every_deviation_that_the_code_names_has_one_row():
    """Its number stands in a comment or in a conformance case."""
    rows = re.findall(r"^\| (D\d+) \|", PAGE, re.MULTILINE)
    assert len(rows) == len(set(rows))
    named = {
        number
        for path in CODE
        for number in re.findall(r"\bD(?:[1-9]|[1-4]\d|50)\b", path.read_text())
    }
    assert len(named) > 20
    assert named <= set(rows)


def test_every_section_below_the_tables_is_linked_from_its_row():
    """Nobody would find it otherwise."""
    sections = re.findall(r"^### About (D\d+)$", PAGE, re.MULTILINE)
    linked = re.findall(r"^\| (D\d+) \|.*\(#about-(d\d+)\)", PAGE, re.MULTILINE)
    assert [row for row, _ in linked if row.lower() != _] == []
    assert sorted(sections) == sorted(row for row, _ in linked)
