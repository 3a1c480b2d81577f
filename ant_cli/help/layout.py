"""The look of help pages: wrapped text, lists and examples, plain in a pipe and styled on a terminal."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from ant_cli.output.style import Style, style_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.screen import wrap

_MAX_WIDTH = 100
"""The most columns of a help page. Longer lines are hard to read."""
_MAX_TERM = 26
"""The longest term of a list that has its text on the same line."""
_LEAST_WIDTH = 60
"""In fewer columns, every text is below its term."""
_MARGIN = "  "
_EXAMPLE = re.compile(r"  \S")


def show(page: str, runtime: Runtime) -> None:
    """Write a page to stdout; through the pager if it is longer than the terminal.

    A page is Markdown: `# title`, `## section`, `> text` to wrap, lists of `- `term`: text`, and other lines, which
    stay as they are except for `code` and **bold** text. Examples are indented by two spaces.
    """
    style = style_of(runtime.stdout, runtime)
    width = min(style.width, _MAX_WIDTH)
    text = _Layout(width, style).render(page).encode()
    if style.is_laid_out and text.count(b"\n") >= style.height:
        from ant_cli.output import pager

        pager.show([text], runtime, style, lambda: None)
    else:
        runtime.stdout.write(text, escape=False)


def _is_of_list(line: str) -> bool:
    return line.startswith("- `")


class _Layout(NamedTuple):
    """How a page is laid out."""

    width: int
    style: Style

    def render(self, page: str) -> str:
        lines = list[str]()
        for is_list, block in groupby(page.split("\n"), _is_of_list):
            if is_list:
                rows = [line.removeprefix("- `").split("`: ", 1) for line in block]
                lines += self._list(rows)
            else:
                for line in block:
                    lines += self._line(line)
        return "\n".join(lines)

    def _line(self, line: str) -> list[str]:
        mark, _, text = line.partition(" ")
        if mark == "#":
            return [self.style.paint(text, "bold")]
        if mark == "##":
            return [self.style.paint(f"{text}:", "bold")]
        if mark == ">":
            parts = wrap(text, self.width - len(_MARGIN))
            return [_MARGIN + self._inline(part) for part in parts]
        if _EXAMPLE.match(line):
            colour = "dim" if line.startswith("  #") else ""
            example = self.style.paint(line.removeprefix(_MARGIN), colour)
            return [_MARGIN + example]
        return [self._inline(line)]

    def _list(self, rows: Sequence[Sequence[str]]) -> Iterator[str]:
        """Yield terms with their meanings, which begin in the same column, or are below their terms."""
        lengths = [len(term) for term, _ in rows]
        column = max((length for length in lengths if length <= _MAX_TERM), default=_MAX_TERM)
        if self.width < _LEAST_WIDTH:
            column = 0
        indent = _MARGIN + " " * column + _MARGIN
        for term, meaning in rows:
            parts = wrap(meaning, self.width - len(indent))
            lines = [self._inline(part) for part in parts]
            start = _MARGIN + self.style.paint(term, "cyan")
            if len(term) <= column:
                padding = " " * (column - len(term))
                start += padding + _MARGIN + lines.pop(0)
            yield start
            for line in lines:
                yield indent + line

    def _inline(self, text: str) -> str:
        """Return a line with `code` and **bold** text highlighted."""

        def bold(part: re.Match[str]) -> str:
            return self.style.paint(part[1], "bold")

        def code(part: re.Match[str]) -> str:
            return self.style.paint(part[0], "cyan")

        text = re.sub(r"\*\*(.+?)\*\*", bold, text)
        if text.count("`") % 2:  # a span that continues on the next line
            return text
        return re.sub("`.*?`", code, text)
