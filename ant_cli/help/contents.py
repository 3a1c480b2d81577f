"""What the help says as text: the contents of its first page, and the topics."""

from __future__ import annotations

from ant_cli.runtime.own_data import own_data

SUMMARY = "The Managed Agents environments API at the command line."
FIRST_STEPS = """\
ant: the Managed Agents environments API at the command line.
Log in:                  ant auth login
Or try it offline:       ant --local beta:environments create --name demo
All commands and flags:  ant help
"""
"""What `ant` alone prints at a terminal: how to begin. In a pipe it prints the page of all commands."""
TOPICS = {
    "input": "Flags, YAML, JSON, files and stdin.",
    "output": "Formats, --transform, tables, and the terminal.",
    "lists": "--filter, --until and --watch.",
    "flags": "The flags of every command of the API.",
    "exit-codes": "Exit codes.",
    "variables": "Environment variables.",
    "worker": "Handlers of `ant beta:worker poll`, and signals.",
    "profiles": "Profiles: named keys and settings.",
    "official": "This `ant` next to the official one.",
    "fields": "The fields of an environment.",
}
"""The topics with their summaries. Each is a file in `topics/`, except `flags`, whose page is made of rows."""

OTHER_NAMES = {
    "config": "fields",
    "columns": "output",
    "environment": "variables",
    "env": "variables",
    "errors": "exit-codes",
    "filter": "lists",
    "format": "output",
    "formats": "output",
    "gjson": "output",
    "handler": "worker",
    "packages": "fields",
    "transform": "output",
    "until": "lists",
    "watch": "lists",
}
"""Further names of topics, under which people look for them."""


def first_page() -> str:
    """Return the help page of `ant` itself.

    `docs/generate.py` has written it from the rows of all commands, whose import takes as long as Python's start.
    """
    return text_of("first_page.md").partition("\n\n")[2]


def text_of(file_name: str) -> str:
    """Return the text of a file of this folder."""
    return own_data("help", *file_name.split("/")).decode()
