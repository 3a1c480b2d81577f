"""What a new field of an environment needs besides its row: a rule in the schema, and a line in `ant help fields`.

Both are written once, and may then say more than the row: what is there already stays as it is.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence

from ant_cli.operations.spec import Field

_TYPES = {
    dict: "object",
    list: "array",
    bool: "boolean",
    str: "string",
    int: "number",
    float: "number",
}
_EXAMPLES = {
    dict: "{KEY: TEXT}",
    list: "[TEXT]",
    bool: "true",
    str: "TEXT",
    int: "NUMBER",
    float: "NUMBER",
}
_PARTS = {dict: "additionalProperties", list: "items"}
"""Where a rule says what is in an object or a list."""
_AFTER_RULES, _AFTER_LINES = '\n  },\n  "$defs"', "\nA cloud config"
"""What follows the last rule, and the last line."""
_COLUMN, _WIDTH = 36, 80


def schema_with(fields: Sequence[Field], schema: str) -> str:
    """Return the schema of a file with a rule for each of these fields."""
    known = json.loads(schema)["properties"]
    rules = [
        f",\n    {json.dumps(field.name)}: {_rule(field)}"
        for field in fields
        if field.name not in known
    ]
    return schema.replace(_AFTER_RULES, "".join((*rules, _AFTER_RULES)), 1)


def page_with(fields: Sequence[Field], page: str) -> str:
    """Return the page of the topic with a line about each of these fields."""
    lines = [_line(field) for field in fields if not re.search(rf"^    {field.name}:", page, re.M)]
    return page.replace(_AFTER_LINES, "".join((*lines, _AFTER_LINES)), 1)


def _rule(field: Field) -> str:
    null = [None] if field.nullable else []
    rule: dict[str, object] = {
        "description": field.help,
        "type": [_TYPES[field.type], *("null" for _ in null)],
    }
    if field.choices:
        rule["enum"] = [*field.choices, *null]
    if field.type in _PARTS:
        rule[_PARTS[field.type]] = {"type": ["string"]}
    members = (f"\n      {json.dumps(key)}: {json.dumps(value)}" for key, value in rule.items())
    return f"{{{','.join(members)}\n    }}"


def _line(field: Field) -> str:
    value = " or ".join(field.choices) or _EXAMPLES[field.type]
    text = f"    {field.name}: {value}".ljust(_COLUMN - 1) + " " + field.help
    return textwrap.fill(text, _WIDTH, subsequent_indent=" " * _COLUMN) + "\n"
