"""Identifiers: a prefix and 24 characters, 22 of them random."""

from __future__ import annotations

import os
import string

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


def new_id(prefix: str) -> str:
    """Return a fresh identifier, `env_01...` for the prefix `env`."""
    return f"{prefix}_01{''.join(ALPHABET[byte % 62] for byte in os.urandom(22))}"
