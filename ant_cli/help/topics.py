"""The help topics, which apply to many commands. In their files, # marks the title and ## a section."""

from __future__ import annotations

import os

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
FOLDER = os.path.join(os.path.dirname(__file__), "topic_pages")


def text_of(topic: str) -> str:
    """Return the text of a topic's file."""
    with open(os.path.join(FOLDER, f"{topic}.md"), encoding="utf-8") as file:
        return file.read()
