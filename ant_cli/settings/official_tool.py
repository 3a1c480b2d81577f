"""Whether a program is the official `ant`, which has the resources of the API that this one lacks."""

from __future__ import annotations

from pathlib import Path

MODULE = "github.com/anthropics/anthropic-cli"
"""The Go module of the official tool. Its name is in every binary; a script that starts one has to have it, too."""
_NATIVE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
"""How a program of Linux, Windows or macOS begins."""


def is_official(program: Path) -> bool:
    """Whether a program is the official tool, or a script that starts it. Apache Ant and this one are not."""
    try:
        # reading a pipe might never end
        content = program.read_bytes() if program.is_file() else b""
    except OSError:
        return False
    has_module = MODULE.partition("/")[2].encode() in content
    if content.startswith(_NATIVE):
        return has_module
    return has_module and b"ant_cli" not in content
