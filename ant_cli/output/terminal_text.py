"""Text formats on a terminal: control characters are made escape_controls, and JSON is lightly coloured."""

from __future__ import annotations

import re

from ant_cli.gjson import json_text
from ant_cli.output.look import Look
from ant_cli.runtime.sanitize import escape_controls

JSON = ("json", "jsonl")
_TOKEN = re.compile(r'(?P<key>"(?:[^"\\\n]|\\.)*+"(?=\s*:))|(?P<text>"(?:[^"\\\n]|\\.)*+")|(?P<null>\bnull\b)')
_STYLES = {"key": "blue", "text": "green", "null": "dim"}


def show(data: bytes, name: str, look: Look) -> bytes:
    """Return rendered output as it is safe to show, coloured if the format is JSON."""
    text = escape_controls(data.decode("utf-8", "backslashreplace"))
    if name in JSON and look.colour:
        text = _TOKEN.sub(lambda match: look.paint(match[0], _STYLES[match.lastgroup or "text"]), text)
    return json_text.encoded(text)
