"""Renderers: convert the JSON values of a page to the bytes to print.

`operations/formats.py` has a row for each format, which names a function here.
"""

from __future__ import annotations

from collections.abc import Callable

from ant_cli.gjson import json_text
from ant_cli.operations.formats import Format
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant_cli.output.terminal import Style

Renderer = Callable[[list[bytes]], bytes]
"""Takes the next values, at least one, as JSON, and returns the bytes to print for them."""


def make_renderer(
    format_: Format,
    columns: str = "",
    *,
    is_list: bool = False,
    style: Style | None = None,
    warn: Callable[[str], None] = lambda _: None,
    shows_archived: bool = False,
) -> Renderer:
    """Return the renderer of a format, plain if there is no style. Raises UsageError for a bad `--columns`."""
    if format_.is_table:
        from ant_cli.output.columns import Columns
        from ant_cli.output.table import PlainTable, TerminalTable

        given = Columns(columns, warn, is_list=is_list)
        return TerminalTable(given, style, shows_archived=shows_archived) if style else PlainTable(given)
    render, separator, has_begun = globals()[format_.render], format_.separator, False

    def encode(values: list[bytes]) -> bytes:
        nonlocal has_begun
        start = separator if has_begun else b""
        has_begun = True
        return start + separator.join([render(value, style) for value in values])

    return encode


def as_json(value: bytes, style: Style | None) -> bytes:
    """Render a value over several lines."""
    return _safe(json_text.indent(value) + b"\n", style, is_json=True)


def as_jsonl(value: bytes, style: Style | None) -> bytes:
    """Render a value on one line."""
    return _safe(json_text.compact(value) + b"\n", style, is_json=True)


def as_raw(value: bytes, style: Style | None) -> bytes:
    """Render a value unchanged."""
    return _safe(value.strip() + b"\n", style)


def as_raw_string(value: bytes, style: Style | None) -> bytes:
    """Render a JSON string without its quotes."""
    return _safe(json_text.encoded(json_text.string(value)) + b"\n", style)


def as_yaml(value: bytes, style: Style | None) -> bytes:
    """Render a value as a YAML document."""
    from ant_cli.output.yaml_writer import to_yaml

    return _safe(to_yaml(value).encode(), style)


def as_pretty(value: bytes, style: Style | None) -> bytes:
    """Render the view of a value, which itself escapes unsafe characters."""
    from ant_cli.output.views import view

    return json_text.encoded(view(value, style))


def _safe(rendered: bytes, style: Style | None, *, is_json: bool = False) -> bytes:
    """Return output that is safe for stdout: unchanged in a pipe; on a terminal, escaped and with JSON coloured."""
    return style.safe(rendered, is_json=is_json) if style else rendered
