"""The files that come with this program. Their package may be in a zip, so its loader reads them."""

from __future__ import annotations

import os
from typing import Any

import ant_cli


def own_data(*path: str) -> bytes:
    """Return the content of a file, whose path is below the package. Raises OSError if it does not exist."""
    loader: Any = ant_cli.__spec__.loader
    content: bytes = loader.get_data(os.sep.join((ant_cli.__path__[0], *path)))  # noqa: PTH118 - pathlib is slow to load
    return content
