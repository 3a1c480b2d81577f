"""The topics of help that cut across commands. In their files, # marks the title and ## a section."""

from __future__ import annotations

import re
from pathlib import Path

from ant_cli.help.layout import painted
from ant_cli.output.terminal import Style

TOPICS = {
    "input": "Flags, YAML, JSON, files and stdin.",
    "output": "Formats, --transform, tables, and the terminal.",
    "exit-codes": "What the exit status says.",
    "environment": "The variables that count.",
    "profiles": "Keys and settings under names.",
}
"""The topics: the name of each file, and its summary."""
FOLDER = Path(__file__).parent / "topic_pages"


def text_of(topic: str) -> str:
    """Return the text of a topic, as its file has it."""
    return (FOLDER / f"{topic}.md").read_text("utf-8")


def shown(topic: str, style: Style | None) -> str:
    """Return the text of a topic as a help page."""
    title, _, text = text_of(topic).removeprefix("# ").partition("\n")
    sections = re.sub(r"^## (.+)$", r"\1:", text, flags=re.M)
    return (style.paint(title, "bold") if style else title) + "\n" + painted(sections, style)
