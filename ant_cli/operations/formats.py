"""The output formats as rows: what each value of `--format` means."""

from typing import Literal, NamedTuple

FormatName = Literal[
    "auto", "json", "jsonl", "yaml", "table", "pretty", "markdown", "csv", "tsv", "raw", "explore"
]


class Format(NamedTuple):
    """A format. `make_renderer` in `output/rendering.py` renders it."""

    name: FormatName
    help: str
    """What it prints, for `ant help output`."""
    has_columns: bool = False
    """It prints the columns of `--columns`, and `--slurp` makes one table instead of an array."""
    draws_plan: bool = False
    """A plan of `ant apply` is drawn in it, as text, and not printed as data."""
    is_response: bool = False
    """It prints the response as received. A list is a single request, and its pages are not followed."""
    shows_changes: bool = False
    """`--watch` prints each change as a line of JSON."""
    opens_screen: bool = False
    """Results are shown on a screen of their own; the value chosen there is rendered afterwards."""


FORMATS = (
    Format("auto", "a table or a view on a terminal; json in a pipe"),
    Format("json", "indented JSON, items one after another", shows_changes=True),
    Format("jsonl", "JSON, one item per line", shows_changes=True),
    Format("yaml", "YAML, with --- between items"),
    Format("table", "one line per item; plain text in a pipe", has_columns=True),
    Format("pretty", "an indented view, for reading"),
    Format(
        "markdown", "a table for GitHub, or a plan of ant diff", has_columns=True, draws_plan=True
    ),
    Format("csv", "the columns of a table with whole values, for a spreadsheet", has_columns=True),
    Format("tsv", "the same, with tabs between values", has_columns=True),
    Format("raw", "the response as received", is_response=True),
    Format("explore", "a browser of the response, on a terminal", opens_screen=True),
)
BY_NAME: dict[str, Format] = {row.name: row for row in FORMATS}

AUTO_LIST, AUTO_OBJECT, AUTO_PIPE = "table", "pretty", "json"
"""What `auto` stands for: for lists on a terminal, for objects on a terminal, and for everything in a pipe."""
