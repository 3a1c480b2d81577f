"""The YAML that people type most, such as `{type: cloud, packages: {pip: [pandas]}}`, without a YAML parser.

To import one takes two thirds of the time that the rest of a `create` needs. A flow collection of plain words is
JSON without its quotes, so it is enough to add them. Whatever may be anything else is left to the parser.
"""

from __future__ import annotations

import re

_WORD = r"(?!True|TRUE|False|FALSE|Null|NULL)[A-Za-z_][A-Za-z0-9_./=@-]*+"
_COLLECTION = rf"[\[{{](?:{_WORD}(?:: |(?=[ ,\]}}]))|[\[\]{{}}, ])*+"
_JSON_WORDS = ("true", "false", "null")


def as_json(text: str) -> str | None:
    """Return the JSON text that a flow collection of plain words means; None for any other text.

    Where the result is not valid JSON, the text is no such collection.
    """
    text = text.strip(" \n")
    return re.sub(_WORD, _quoted, text) if re.fullmatch(_COLLECTION, text) else None


def _quoted(match: re.Match[str]) -> str:
    return match[0] if match[0] in _JSON_WORDS else f'"{match[0]}"'
