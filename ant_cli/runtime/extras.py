"""Optional packages: what each feature requires, and how to install it.

Hints name packages instead of an extra such as `[emulator]`, which would need the name of the distribution: the
package index may have another project under a similar name.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from ant_cli.errors.command_line import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUIREMENTS = {
    "emulator": ("waitress>=3.0.1",),
    "explore": ("textual>=8",),
    "keyring": ("keyring>=24",),
    "worker": ("anthropic>=2.16,<3", "prometheus-client>=0.21"),
    "greenlet": ("greenlet>=3.1",),
    "socks": ("socksio>=1,<2",),
}
"""Requirements of optional features: the extras of pyproject.toml, httpx's for SOCKS proxies, and a worker's."""


_NOT_IN_A_FROZEN_PROGRAM = (
    "This frozen program has no place for it: install ant with pip or pipx instead."
)


def install_hint(feature: str) -> str:
    """Return the hint for an error about a missing package."""
    command = install_command(feature)
    return f"To install it: {command}" if command else _NOT_IN_A_FROZEN_PROGRAM


def install_command(feature: str) -> str:
    """Return the command that installs what a feature requires for the running Python, quoted for a shell.

    Empty in a frozen program, such as PyInstaller's: it has no Python to install packages for.
    """
    if getattr(sys, "frozen", False):
        return ""
    prefix, requirements = Path(sys.prefix), REQUIREMENTS[feature]
    receipt = prefix / "uv-receipt.toml"
    if (prefix / "pipx_metadata.json").exists():
        words = ["pipx", "inject", prefix.name, *requirements]
    elif receipt.exists():
        words = _uv_command(receipt, requirements)
    else:
        words = [sys.executable or "python", "-m", "pip", "install", *requirements]
    return " ".join(map(quote, words))


def _uv_command(receipt: Path, requirements: Sequence[str]) -> list[str]:
    """Return the command that installs the tool again, since uv removes packages that are not in its receipt."""
    tool, *others = tomllib.loads(receipt.read_text("utf-8"))["tool"]["requirements"]
    kept = [other["name"] + other.get("specifier", "") for other in others]
    flags = [word for requirement in (*kept, *requirements) for word in ("--with", requirement)]
    extras = f"[{','.join(tool['extras'])}]" if "extras" in tool else ""
    return [
        "uv",
        "tool",
        "install",
        *flags,
        tool.get("directory", tool.get("path", "SOURCE")) + extras,
    ]
