"""Read the most common YAML, such as `{type: cloud, packages: {pip: [pandas]}}`, without a YAML parser.

Importing a parser takes two thirds of the time of the rest of a `create`. A flow collection of plain words is JSON
without its quotes, so it is enough to add them. Anything else is left to the parser.
"""

from __future__ import annotations

import re

_WORD = r"(?!True|TRUE|False|FALSE|Null|NULL)[A-Za-z_][A-Za-z0-9_./=@-]*+"
_COLLECTION = rf"[\[{{](?:{_WORD}(?:: |(?=[ ,\]}}]))|[\[\]{{}}, ])*+"
_JSON_WORDS = ("true", "false", "null")


def as_json(text: str) -> str | None:
    """Return the JSON text for a flow collection of plain words; None for any other text.

    If the result is not valid JSON, the text is not such a collection.
    """
    text = text.strip(" \n")
    return re.sub(_WORD, _quoted, text) if re.fullmatch(_COLLECTION, text) else None


def _quoted(match: re.Match[str]) -> str:
    return match[0] if match[0] in _JSON_WORDS else f'"{match[0]}"'
