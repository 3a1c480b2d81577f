"""The kinds of values, as completion knows them."""

from __future__ import annotations

from enum import Enum


class ValueKind(Enum):
    """What a flag or an argument takes; the values are the names in the completion scripts."""

    FREE = "free"
    """A value that can't be completed."""
    TEXT = "text"
    """A value that may also be @ followed by the name of a file."""
    FILE = "file"
    PROFILE = "profile"
    BOOLEAN = "boolean"
    """A flag without a value, to which =true or =false may be attached."""
    NOTHING = "plain"
    """A flag that never has a value."""
    CHOICE = "choices"
    """One of the choices of the parameter."""
    ID = "id"
    """The ID that the parameter is named after."""
    EMULATOR_ID = "emulator_id"
    """The same, in an emulator: the real API is not queried for it."""
