"""The layout of help pages: plain text; on a terminal headings, flags and examples are styled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import indent

from ant_cli.output.terminal import Style

Example = tuple[str, str]
"""What a command line is for, and the line."""
WIDTH = 80
"""The width of a help page in a pipe."""
WIDEST = 100
"""The most columns that a help page uses: longer lines are hard to read."""
LONGEST_EXAMPLE = 72
_STYLES = (
    (re.compile(r"(?<=^)[A-Z][^\n]*:(?=$)|^Usage:", re.M), "bold"),
    (re.compile(r"(?<=^  )-[\w-]+(?:, --[\w-]+)?(?=[ \n])", re.M), "cyan"),
    (re.compile(r"(?<=^  )(?:ant )?[a-z][\w:-]*(?=  )", re.M), "cyan"),
    (re.compile(r"(?<=^  )# .+$", re.M), "dim"),
    (re.compile(r"`[^`\n]+`"), "cyan"),
)
"""Which parts of a page are shown in which style."""


def painted(page: str, style: Style | None) -> str:
    """Return a help page as it is shown; plain without a style."""
    if style is None or not style.colour:
        return page
    for pattern, name in _STYLES:
        page = pattern.sub(style.paint(r"\g<0>", name), page)
    return page


def page_width(style: Style | None) -> int:
    """Return the columns that a help page takes."""
    return min(style.width, WIDEST) if style and style.is_terminal else WIDTH


def section(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a section of a help page: names and what they mean."""
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{title}:", *(f"  {name.ljust(width)}  {text}" for name, text in rows)])


def examples(found: Sequence[Example]) -> str:
    """Return the section of the examples."""
    lines = "\n".join(f"# {purpose}\n{folded(line)}" for purpose, line in found)
    return f"Examples:\n{indent(lines, '  ')}"


def more_examples(group: str) -> str:
    """Return what stands at the end of a group's page."""
    return f"More examples: ant {group} COMMAND --help"


def folded(line: str) -> str:
    """Return a command line, broken with backslashes before flags and operators where it would be too long."""
    lines = [""]
    for part in re.split(r" (?=--|\||&&)", line):
        if len(lines[-1]) + len(part) > LONGEST_EXAMPLE and lines[-1]:
            lines[-1] += " \\"
            lines.append("    " + part)
        else:
            lines[-1] += f" {part}" if lines[-1] else part
    return "\n".join(lines)
