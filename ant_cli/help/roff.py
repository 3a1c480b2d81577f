"""Manual pages: convert the Markdown of `markdown.py` to roff."""

from __future__ import annotations

import re

_TITLE = re.compile(r"# (.+)")
ITEM = re.compile(r"- `([^`]+)`: (.*)")
SECTION = 2
"""The level of a section's heading. Lower levels are parts of a section."""
_MADE_FROM = r".\" The manual page of `\1`, written by `python docs/generate.py`: don't edit it."
ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"},
)
"""Characters that have a meaning in roff, or are replaced by it, and how to write them."""


def manual_page(name: str, page: str, see_also: str) -> str:
    """Return the manual page of a command. The first paragraph of its page is the sentence that describes it."""
    title, summary, *blocks = page.strip().split("\n\n")
    lines = [
        _TITLE.sub(_MADE_FROM, title),
        f'.TH {name.upper()} 1 "" "ant" "Manual of ant"',
        ".SH NAME",
        f"{escape(name)} \\- {inline(summary.removesuffix('.'))}",
        *(line for block in blocks for line in roff(block)),
        ".SH SEE ALSO",
        inline(see_also),
    ]
    return "\n".join([*lines, ""])


def roff(block: str) -> list[str]:
    """Return the lines of a block: a heading, code, a list, or a paragraph."""
    if block.startswith("#"):
        marks, _, title = block.partition(" ")
        return [f".SH {escape(title.upper())}" if len(marks) <= SECTION else f".SS {escape(title)}"]
    if block.startswith("    "):
        lines = [escape(line[4:]) for line in block.split("\n")]
        return [".PP", ".RS 4", ".nf", *lines, ".fi", ".RE"]
    if block.startswith("- "):
        return [
            line for item in ITEM.findall(block) for line in (".TP", rf"\fB{escape(item[0])}\fR", inline(item[1]))
        ]
    return [".PP", *(inline(line) for line in block.split("\n"))]


def inline(text: str) -> str:
    """Return a text in which `code` is bold."""
    parts = [escape(part) for part in text.split("`")]
    return "".join(rf"\fB{part}\fR" if number % 2 else part for number, part in enumerate(parts))


def escape(text: str) -> str:
    """Return the text with everything escaped that has a meaning in roff."""
    text = text.translate(ESCAPES)
    return r"\&" + text if text.startswith(".") else text
