"""How a page is laid out, for each number of columns."""

from __future__ import annotations

import re

import pytest

from ant_cli.help.layout import show
from tests.conftest import Screen, make_runtime


def laid_out(page: str, columns: int = 80, *, terminal: bool = False) -> str:
    """Return a page as shown in a pipe, or on a terminal of so many columns."""
    screen = Screen(terminal=terminal)
    environ = {"COLUMNS": str(columns), "LINES": "50", "TERM": "xterm"}
    show(page, make_runtime(environ, stdout=screen))
    return screen.text()


def styled(page: str, columns: int = 80) -> str:
    return laid_out(page, columns, terminal=True)


def plain(page: str, columns: int) -> list[str]:
    """Return the lines of a page on a terminal of so many columns, without their colours."""
    return re.sub(r"\x1b\[\d*m", "", styled(page, columns)).splitlines()


def row(term: str, meaning: str) -> str:
    return f"- `{term}`: {meaning}\n"


def test_the_meanings_of_a_list_begin_below_each_other():
    assert laid_out(row("a", "One.") + row("long-term", "Two.") + row("b", "`c`: d.")) == (
        "  a          One.\n  long-term  Two.\n  b          `c`: d.\n"
    )


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (26, ["  {}  One.", "  b                           Two."]),
        (27, ["  {}", "     One.", "  b  Two."]),
    ],
)
def test_a_term_of_more_than_26_letters_has_its_meaning_below_it(length, shown):
    term = "x" * length
    lines = laid_out(row(term, "One.") + row("b", "Two.")).splitlines()
    assert lines == [line.replace("{}", term) for line in shown]


def test_each_of_two_lists_has_its_own_column():
    page = row("a", "One.") + "\n## Others\n" + row("abcdef", "Two.")
    assert laid_out(page) == "  a  One.\n\nOthers:\n  abcdef  Two.\n"


def test_a_long_term_alone_has_its_meaning_below_it():
    """There, it begins where it would beside the longest term that has it on its line."""
    assert laid_out(row("x" * 27, "One.")).splitlines() == ["  " + "x" * 27, " " * 30 + "One."]


@pytest.mark.parametrize(
    ("columns", "shown"),
    [(59, ["  a", "    One."]), (60, ["  a  One."]), (20, ["  a", "    One."])],
)
def test_in_few_columns_every_meaning_is_below_its_term(columns, shown):
    assert plain(row("a", "One."), columns) == shown


@pytest.mark.parametrize("columns", [20, 40, 59, 60, 61, 80, 99, 100, 101, 200])
def test_texts_fill_the_columns_up_to_100_and_not_more(columns):
    words = "ab " * 100
    for page in (f"> {words}", row("term", words), row("x" * 26, words), row("x" * 27, words)):
        longest = max(len(line) for line in plain(page, columns) if "ab" in line)
        assert min(columns, 100) - 3 < longest <= min(columns, 100)


def test_other_lines_stay_as_they_are():
    line = "y" * 150
    assert plain(f"{line}\n  {line}\n    {line}", 80) == [line, f"  {line}", f"    {line}"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("# Title", "\x1b[1mTitle\x1b[0m"),
        ("## Part", "\x1b[1mPart:\x1b[0m"),
        ("> Say `a` and `b`.", "  Say \x1b[36m`a`\x1b[0m and \x1b[36m`b`\x1b[0m."),
        ("**A:** b **C:** d", "\x1b[1mA:\x1b[0m b \x1b[1mC:\x1b[0m d"),
        ("a `span that", "a `span that"),
        ("> ends` before `a` span", "  ends` before `a` span"),
        ("- `--a`: Says `b`.", "  \x1b[36m--a\x1b[0m  Says \x1b[36m`b`\x1b[0m."),
        ("  # why", "  \x1b[2m# why\x1b[0m"),
        ("  ant `x` **y** # z", "  ant `x` **y** # z"),
    ],
)
def test_a_line_has_the_style_of_its_mark(line, shown):
    assert styled(line) == shown
    assert laid_out(line) == re.sub(r"\x1b\[\d*m", "", shown)
