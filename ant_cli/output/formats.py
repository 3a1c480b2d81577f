"""The formats: for each name, the function that renders the values of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ant_cli.gjson import json_text

TYPE_CHECKING = False  # what a pipe does not need is not imported
if TYPE_CHECKING:
    from ant_cli.output.look import Look

Renderer = Callable[[list[bytes]], bytes]
"""Takes the JSON texts of the next values, and returns the bytes to print for them."""


@dataclass
class Series:
    """Values one after another, each on its own."""

    render: Callable[[bytes], bytes]
    separator: bytes = b""
    _begun: bool = False

    def __call__(self, values: list[bytes]) -> bytes:
        """Return the values as they are printed."""
        if not values:
            return b""
        start = self.separator if self._begun else b""
        self._begun = True
        return start + self.separator.join(map(self.render, values))


def as_json(text: bytes) -> bytes:
    """Lay it out over several lines."""
    return json_text.indent(text) + b"\n"


def as_jsonl(text: bytes) -> bytes:
    """Put it on one line."""
    return json_text.compact(text) + b"\n"


def as_raw(text: bytes) -> bytes:
    """Leave it as it came."""
    return text.strip() + b"\n"


def as_yaml(text: bytes) -> bytes:
    """Write it as YAML."""
    from ant_cli.output.yaml_writer import to_yaml

    return json_text.encoded(to_yaml(text))


def as_pretty(text: bytes) -> bytes:
    """Write it for people."""
    from ant_cli.output.pretty import to_pretty

    return json_text.encoded(to_pretty(text))


def as_bare_text(text: bytes) -> bytes:
    """Write a string without its quotes."""
    return json_text.encoded(json_text.string(text)) + b"\n"


def renderer(
    name: str,
    columns: str = "",
    *,
    is_list: bool = False,
    look: Look | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Renderer:
    """Return what renders values in a format, plain without a look. Raises UsageError for a bad `--columns`."""
    if name == "table":
        return _table(columns, warn, look, is_list=is_list)
    if name == "pretty" and look is not None:
        from ant_cli.output.terminal_view import to_view

        return Series(lambda text: json_text.encoded(to_view(text, look)), b"\n")
    plain = Series(*_SERIES[name])
    if look is None or not look.is_terminal:
        return plain
    from ant_cli.output.terminal_text import show

    return lambda values: show(plain(values), name, look)


def _table(columns: str, warn: Callable[[str], None], look: Look | None, *, is_list: bool) -> Renderer:
    """Return what draws a table: plain, in colour, or fitted to a screen."""
    if look is None:
        from ant_cli.output.table import Table

        return Table(columns, warn, is_list=is_list)
    from ant_cli.output.terminal_table import ColouredTable, TerminalTable

    table = TerminalTable if look.is_terminal else ColouredTable
    return table(columns, warn, look, is_list=is_list)


_SERIES: dict[str, tuple[Callable[[bytes], bytes], bytes]] = {
    "json": (as_json, b""),
    "jsonl": (as_jsonl, b""),
    "raw": (as_raw, b""),
    "yaml": (as_yaml, b"---\n"),
    "pretty": (as_pretty, b"\n"),
    "explore": (as_json, b""),  # what was chosen on the screen
}
