"""The folder of the profiles. This program shares it with the official tool."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ant_cli.errors import BadValue
from ant_cli.runtime import variables


def config_dir(
    environ: Mapping[str, str], platform: str = os.name, expand: Callable[[str], str] = os.path.expanduser
) -> Path | None:
    """Return the folder of the profiles; None without a home directory, or if profiles are disabled."""
    if named := environ.get(variables.CONFIG_DIR):
        if named[0] == "~":  # a folder of this name would be created in the current one
            raise BadValue(variables.CONFIG_DIR, "begins with ~, which only a shell replaces: write the whole path")
        return None if named == os.devnull else Path(named)
    if platform == "nt" and (roaming := environ.get("APPDATA")):
        return Path(roaming) / "Anthropic"
    home = environ.get("HOME") or expand("~")
    return None if home == "~" else Path(home) / ".config" / "anthropic"
