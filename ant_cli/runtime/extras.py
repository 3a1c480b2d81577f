"""Optional packages: what each feature requires, and how to install it.

Hints name packages instead of an extra such as `[emulator]`, which would need the name of the distribution: the
package index may have another project under a similar name.
"""

from __future__ import annotations

import sys

REQUIREMENTS = {
    "emulator": ("waitress>=3.0.1",),
    "explore": ("textual>=8",),
    "keyring": ("keyring>=24",),
    "worker": ("anthropic>=2.13,<3", "prometheus-client>=0.21"),
    "greenlet": ("greenlet>=3.1",),
    "socks": ("socksio>=1,<2",),
}
"""Requirements of optional features: the extras of pyproject.toml, httpx's for SOCKS proxies, and a worker's."""


def install_hint(feature: str) -> str:
    """Return the hint for an error about a missing package."""
    return f"To install it: {install_command(feature)}"


def install_command(feature: str) -> str:
    """Return the command that installs what a feature requires for the running Python, quoted for a shell."""
    from pathlib import Path

    from ant_cli.runtime.shell import quote  # late: few runs need a hint

    prefix, python = Path(sys.prefix), sys.executable or "python"
    if (prefix / "pipx_metadata.json").exists():
        installer = ["pipx", "inject", prefix.name]
    elif (prefix / "uv-receipt.toml").exists():
        installer = ["uv", "pip", "install", "--python", python]
    else:
        installer = [python, "-m", "pip", "install"]
    return " ".join(map(quote, [*installer, *REQUIREMENTS[feature]]))
