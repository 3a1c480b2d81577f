"""The forms of IDs, which tell an ID from a name, and the ID of an environment from that of a work item."""

from __future__ import annotations

import re

ENVIRONMENT, ITEM, WORKSPACE = "env_", "work_", "wrkspc_"
"""How the IDs of each type begin."""
OBJECT_NAMES = frozenset(("environment_id", "environment", "work_id"))
"""The names of the fields and arguments that take IDs."""


def is_of_other_object(text: str, name: str) -> bool:
    """Whether a text has the form of an ID, but not that of a field or an argument with this name."""
    others = (ENVIRONMENT, WORKSPACE) if name == "work_id" else (ITEM, WORKSPACE)
    return text.startswith(others)


def joined_ids(text: str) -> list[str]:
    """Return the IDs that commas or spaces join; empty if there are none, or something else is there, too.

    A name may have a comma, but an ID has none.
    """
    if "," not in text and " " not in text:
        return []
    parts = re.split("[, ]+", text.strip(", "))
    return parts if all(map(is_object_id, parts)) else []


def is_object_id(text: str) -> bool:
    """Whether a text has the form of an environment's or a work item's ID. It may be a name, too."""
    return re.fullmatch(rf"({ENVIRONMENT}|{ITEM})\w+", text, re.ASCII) is not None
