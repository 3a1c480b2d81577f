"""The flags that a suggested command repeats, so that it goes where the failed one went."""

from __future__ import annotations

from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.shell import quote

_TARGETS = ("profile", "base_url", "workspace_id")
"""The flags, besides `--local`, that choose a server or an account and are no secret."""


def target_flags(flags: Flags) -> str:
    """Return those of the given flags that choose the server, the profile and the workspace, each after a space."""
    chosen = {name: value for name in _TARGETS if (value := flags.text(name))}
    local = " --local" if flags.is_on("local") else ""
    return local + "".join(f" {flag_name(name)} {quote(strip_userinfo(value))}" for name, value in chosen.items())
