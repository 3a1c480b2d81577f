"""What the help says as text: the contents of its first page, and the topics, which apply to many commands.

In the files of topics, # marks the title and ## a section. No row of a command is imported for the first page.
"""

from __future__ import annotations

import os

SUMMARY = "The Managed Agents environments API at the command line."
EXAMPLES = (
    ("try it here, without an account", "ant --local beta:environments create --name demo"),
    ("the environments of your organization", "ant beta:environments list"),
)
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
    "environment": "Environment variables.",
    "worker": "Handlers of `ant beta:worker poll`, and signals.",
    "profiles": "Profiles: named keys and settings.",
    "official": "This `ant` next to the official one.",
    "config": "The fields of an environment.",
}
"""The topics with their summaries. Each has a file of that name, except `flags`, whose page the catalog makes."""


def text_of(topic: str) -> str:
    """Return the text of a topic's file. In that on output, FORMATS stands for a line about each format."""
    text = read_page(os.path.join("topic_pages", f"{topic}.md"))
    if topic == "output":
        from ant_cli.operations.formats import FORMATS  # late: the first page needs no rows

        text = text.replace("    FORMATS\n", "".join(f"    {row.name:<8} {row.help}\n" for row in FORMATS))
    return text


def read_page(path: str) -> str:
    """Return the text of a file in this folder."""
    with open(os.path.join(os.path.dirname(__file__), path), encoding="utf-8") as file:
        return file.read()
