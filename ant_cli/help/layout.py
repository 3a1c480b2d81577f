"""The look of help pages: wrapped text, lists and examples, plain in a pipe and styled on a terminal.

The page of `ant` itself is here, too, since it needs nothing else: no row of a command is imported for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from ant_cli.help.contents import EXAMPLES, SUMMARY, TOPICS, sections
from ant_cli.output.terminal import Style, detect_style, wrap
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple

FIRST_PAGE_FLAGS = {"-v, --version": "Show the version.", "-h, --help": "Show help."}
_END = "Flags and examples: ant COMMAND --help. With the official ant: ant help official"
_PIPE_WIDTH = 80
"""The width of a help page in a pipe."""
_MAX_WIDTH = 100
"""The most columns of a help page. Longer lines are hard to read."""
_MAX_TERM = 26
"""The longest term of a list that has its text on the same line."""
_MAX_EXAMPLE = 72
_MARGIN = "  "


class Layout(NamedTuple):
    """How a page is laid out."""

    width: int = _PIPE_WIDTH
    style: Style | None = None

    def paint(self, text: str, style: str) -> str:
        """Return the text in a style, if there are styles."""
        return self.style.paint(text, style) if self.style else text

    def heading(self, title: str) -> str:
        """Return the heading of a section."""
        return self.paint(f"{title}:", "bold")

    def inline(self, text: str) -> str:
        """Return a line with `code` highlighted."""
        parts = text.split("`")
        if len(parts) % 2 == 0:  # a span that continues on the next line
            return text
        return "".join(self.paint(f"`{part}`", "cyan") if index % 2 else part for index, part in enumerate(parts))

    def paragraphs(self, text: str) -> str:
        """Return paragraphs, wrapped and indented."""
        blocks = (wrap(block, self.width - len(_MARGIN)) for block in text.split("\n\n"))
        return "\n\n".join("\n".join(_MARGIN + self.inline(line) for line in lines) for lines in blocks)

    def section(self, title: str, rows: Iterable[tuple[str, str]]) -> str:
        """Return a section of terms and their meanings; empty without rows."""
        lines = [line for row in self._aligned(list(rows)) for line in row]
        return "\n".join([self.heading(title), *lines]) if lines else ""

    def _aligned(self, rows: Sequence[tuple[str, str]]) -> Iterator[list[str]]:
        column = max((len(term) for term, _ in rows if len(term) <= _MAX_TERM), default=_MAX_TERM)
        indent = _MARGIN + " " * column + _MARGIN
        for term, meaning in rows:
            lines = [self.inline(line) for line in wrap(meaning, self.width - len(indent))]
            start = _MARGIN + self.paint(term, "cyan")
            if len(term) <= column:
                start += " " * (column - len(term)) + _MARGIN + lines.pop(0)
            yield [start, *(indent + line for line in lines)]

    def examples(self, examples: Iterable[tuple[str, str]]) -> str:
        """Return the section of the examples."""
        lines = [
            line
            for purpose, text in examples
            for line in (self.paint(f"# {purpose}", "dim"), *fold(text).split("\n"))
        ]
        return "\n".join([self.heading("Examples"), *(_MARGIN + line for line in lines)])


def show(page: Callable[[Layout], str], runtime: Runtime) -> None:
    """Write a page to stdout; through the pager if it is longer than the terminal."""
    style = detect_style(runtime)
    width = min(style.width, _MAX_WIDTH) if style else _PIPE_WIDTH
    text = page(Layout(width, style)).encode()
    if style and text.count(b"\n") >= style.height:
        from ant_cli.output import pager

        pager.show([text], runtime, style, lambda: None)
    else:
        runtime.stdout.write(text, escape=False)


def fold(line: str) -> str:
    """Return a command line. If it is too long, it is broken with backslashes before flags and operators."""
    lines = [""]
    for part in re.split(r" (?=--|\||&&)", line):
        if len(lines[-1]) + len(part) > _MAX_EXAMPLE and lines[-1]:
            lines[-1] += " \\"
            lines.append("    " + part)
        else:
            lines[-1] += f" {part}" if lines[-1] else part
    return "\n".join(lines)


# The first page


def show_first_page(runtime: Runtime) -> None:
    """Show the page of `ant` itself."""
    show(_first_page, runtime)


def _first_page(layout: Layout) -> str:
    parts = (
        f"{layout.heading('Usage')} ant COMMAND [FLAGS]",
        layout.paragraphs(SUMMARY),
        *(layout.section(title, commands) for title, commands in sections().items()),
        layout.section("Flags", FIRST_PAGE_FLAGS.items()),
        layout.examples(EXAMPLES),
        f"{layout.heading('Topics')} ant help TOPIC\n{layout.paragraphs(', '.join(TOPICS))}\n{_END}",
    )
    return "\n\n".join(parts) + "\n"
