"""The output formats as rows: what each value of `--format` means."""

from __future__ import annotations

from ant_cli.runtime.light_typing import NamedTuple


class Format(NamedTuple):
    """A format."""

    name: str
    render: str = ""
    """The function of `output/renderers.py` that renders values.

    It takes JSON values and the style of the output (None in a pipe), and returns the bytes to print for each. A
    table has none: the widths of its columns depend on the rows before.
    """
    separator: bytes = b""
    """Printed between values."""
    is_table: bool = False
    """It has columns, and `--slurp` makes one table instead of an array."""
    is_response: bool = False
    """It prints the response as received. A list is a single request, and its pages are not followed."""
    opens_screen: bool = False
    """Results are shown on a screen of their own; the value chosen there is rendered afterwards."""


FORMATS = (
    Format("auto", "as_json"),
    Format("json", "as_json"),
    Format("jsonl", "as_jsonl"),
    Format("yaml", "as_yaml", separator=b"---\n"),
    Format("table", is_table=True),
    Format("pretty", "as_pretty", separator=b"\n"),
    Format("raw", "as_raw", is_response=True),
    Format("explore", "as_json", opens_screen=True),
)
BY_NAME = {row.name: row for row in FORMATS}

AUTO_LIST, AUTO_OBJECT, AUTO_PIPE = "table", "pretty", "json"
"""What `auto` stands for: for lists on a terminal, for objects on a terminal, and for everything in a pipe."""
