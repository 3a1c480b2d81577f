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
"""Takes the next values as JSON, and returns the bytes to print for them."""


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
        start = separator if has_begun and values else b""
        has_begun = has_begun or bool(values)
        return start + separator.join(render(values, style))

    return encode


def as_json(values: list[bytes], style: Style | None) -> list[bytes]:
    """Render each value over several lines."""
    return _lines(list(map(json_text.indent, values)), style, is_json=True)


def as_jsonl(values: list[bytes], style: Style | None) -> list[bytes]:
    """Render each value on one line."""
    return _lines(list(map(json_text.compact, values)), style, is_json=True)


def as_raw(values: list[bytes], style: Style | None) -> list[bytes]:
    """Render each value unchanged."""
    return _lines([value.strip() for value in values], style)


def as_raw_string(value: bytes, style: Style | None) -> bytes:
    """Render a JSON string without its quotes."""
    return _lines([json_text.encoded(json_text.string(value))], style)[0]


def as_yaml(values: list[bytes], style: Style | None) -> list[bytes]:
    """Render each value as a YAML document."""
    from ant_cli.output.yaml_writer import yaml_document

    return _safe(list(map(yaml_document, values)), style)


def as_pretty(values: list[bytes], style: Style | None) -> list[bytes]:
    """Render the view of each value. The view itself escapes unsafe characters."""
    from ant_cli.output.views import view

    return [json_text.encoded(view(value, style)) for value in values]


def _lines(rendered: list[bytes], style: Style | None, *, is_json: bool = False) -> list[bytes]:
    return _safe([value + b"\n" for value in rendered], style, is_json=is_json)


def _safe(rendered: list[bytes], style: Style | None, *, is_json: bool = False) -> list[bytes]:
    """Return output that is safe for stdout: unchanged in a pipe; on a terminal, escaped and with JSON coloured."""
    if style is None:
        return rendered
    from ant_cli.output.terminal import render_safe

    return [render_safe(value, style, is_json=is_json) for value in rendered]
