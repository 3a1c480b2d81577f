"""The formats: a function for each row of `operations/formats.py`, which renders JSON values as bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import assert_never

from ant_cli.gjson import json_text
from ant_cli.operations.formats import Format
from ant_cli.output.style import PLAIN, Style

_MOST_VALUES = 100_000
_MOST_BYTES = 10_000_000
"""The most values, and bytes, that are laid out for people. More would take hundreds of megabytes."""

_MOST_VALUES_OF_JSON = 1_000_000
"""The most values of JSON that is laid out on several lines."""
_MOST_LEVELS = 32
_LONGEST_DEEP = 10_000
"""A value of more bytes is not laid out if it has more levels: each line would be indented by dozens of spaces."""

Render = Callable[[list[bytes]], bytes]
"""Takes the next values, at least one, and returns the bytes to print for them."""


def make_renderer(
    format_: Format,
    columns: str = "",
    *,
    is_list: bool = False,
    style: Style = PLAIN,
    warn: Callable[[str], None] = lambda _: None,
    shows_archived: bool = False,
) -> Render:
    """Return the function that renders a format.

    Raises:
        UsageError: for a bad `--columns`.

    """
    match format_.name:
        case "auto" | "json" | "explore":
            return _each(partial(_json, style=style))
        case "jsonl":
            return _each(partial(_jsonl, style=style))
        case "yaml":
            return _unless_large(
                _each(partial(_yaml, style=style), separator=b"---\n"), style, warn
            )
        case "pretty":
            return _unless_large(_each(partial(_pretty, style=style), separator=b"\n"), style, warn)
        case "raw":
            return _each(partial(_raw, style=style))
        case "csv" | "tsv":
            from ant_cli.output.columns import Columns
            from ant_cli.output.delimited import DELIMITERS, DelimitedTable

            given = Columns(columns, warn, is_list=is_list)
            return DelimitedTable(given, style, DELIMITERS[format_.name])
        case "markdown":
            from ant_cli.output.columns import Columns
            from ant_cli.output.table import markdown_table

            given = Columns(columns, warn, is_list=is_list)
            return _unless_large(markdown_table(given), style, warn)
        case "table":
            from ant_cli.output.columns import Columns
            from ant_cli.output.table import PlainTable, TerminalTable

            given = Columns(columns, warn, is_list=is_list)
            table: Render = PlainTable(given)
            if style.is_laid_out:
                table = TerminalTable(given, style, shows_archived=shows_archived, note=warn)
            return _unless_large(table, style, warn)
    assert_never(format_.name)


def _each(render: Callable[[bytes], bytes], separator: bytes = b"") -> Render:
    """Return a function that renders each value by itself, with the separator between them."""
    has_begun = False

    def render_all(values: list[bytes]) -> bytes:
        nonlocal has_begun
        start = separator if has_begun else b""
        has_begun = True
        return start + separator.join(map(render, values))

    return render_all


def _unless_large(render: Render, style: Style, warn: Callable[[str], None]) -> Render:
    """Return a function that prints values that are too large for a format as JSON, which is also YAML."""

    def render_or_print_json(values: list[bytes]) -> bytes:
        if not any(len(value) > _MOST_BYTES or _is_large(value, _MOST_VALUES) for value in values):
            return render(values)
        warn(
            "Note: the result is printed as JSON, because it has too many values or levels for this format."
        )
        return b"".join(_json(value, style) for value in values)

    return render_or_print_json


def _is_large(value: bytes, most: int) -> bool:
    """Whether a value has more values than `most`, or would be indented by many times its size."""
    if len(value) >= most and value.count(b",") >= most:  # a short value is not searched
        return True
    try:
        json_text.check_depth(
            value, _MOST_LEVELS if len(value) > _LONGEST_DEEP else json_text.DEEPEST
        )
    except json_text.JSONTextError:
        return True
    return False


def _json(value: bytes, style: Style) -> bytes:
    lay_out = json_text.compact if _is_large(value, _MOST_VALUES_OF_JSON) else json_text.indent
    return style.safe(lay_out(value) + b"\n", is_json=True)


def _jsonl(value: bytes, style: Style) -> bytes:
    return style.safe(json_text.compact(value) + b"\n", is_json=True)


def _raw(value: bytes, style: Style) -> bytes:
    return style.safe(value.strip() + b"\n")


def _yaml(value: bytes, style: Style) -> bytes:
    from ant_cli.output.yaml_writer import to_yaml

    return style.safe(to_yaml(value).encode())


def _pretty(value: bytes, style: Style) -> bytes:
    """Render the view of a value, which itself escapes unsafe characters."""
    from ant_cli.output.views import view

    return json_text.encoded(view(value, style))


def render_string(value: bytes, style: Style) -> bytes:
    """Render a JSON string without its quotes, for `-r`."""
    return style.safe(json_text.encoded(json_text.string(value)) + b"\n")
