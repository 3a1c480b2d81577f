"""The output formats as rows: what each value of `--format` means."""

from __future__ import annotations

from ant_cli.runtime.light_typing import NamedTuple


class Format(NamedTuple):
    """A format."""

    name: str
    help: str
    """What it prints, for `ant help output`."""
    render: str = ""
    """The function of `output/printer.py` that renders a value.

    It takes the JSON and the style of the output (None in a pipe), and returns the bytes to print. A table has
    none: the widths of its columns depend on the rows before.
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
    Format("auto", "a table or a view on a terminal; json in a pipe", "as_json"),
    Format("json", "indented JSON, items one after another", "as_json"),
    Format("jsonl", "JSON, one item per line", "as_jsonl"),
    Format("yaml", "YAML, with --- between items", "as_yaml", separator=b"---\n"),
    Format("table", "one line per item; plain text in a pipe", is_table=True),
    Format("pretty", "an indented view, for reading", "as_pretty", separator=b"\n"),
    Format("raw", "the response as received", "as_raw", is_response=True),
    Format("explore", "a browser of the response, on a terminal", "as_json", opens_screen=True),
)
BY_NAME = {row.name: row for row in FORMATS}

AUTO_LIST, AUTO_OBJECT, AUTO_PIPE = "table", "pretty", "json"
"""What `auto` stands for: for lists on a terminal, for objects on a terminal, and for everything in a pipe."""
