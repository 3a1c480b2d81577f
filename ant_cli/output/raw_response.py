"""A large response in the format `raw`, printed part by part, after all of it has been validated."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ant_cli.gjson.json_stream import validate_stream

_SPACE = b" \t\r\n"


def print_raw(parts: Callable[[], Iterable[bytes]], write: Callable[[bytes], None]) -> None:
    """Write the JSON text that `parts` yields, without the space around it, and a line break.

    Raises:
        JSONTextError: if it is not JSON; nothing is written then.

    """
    validate_stream(parts())
    held = b""  # space, which is not written if it is at the end
    has_begun = False
    for part in parts():
        text = part if has_begun else part.lstrip(_SPACE)
        content = text.rstrip(_SPACE)
        if content:
            has_begun = True
            write(held + content)
            held = b""
        held += text[len(content) :] if has_begun else b""
    write(b"\n")
