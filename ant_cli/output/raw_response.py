"""A large response, printed part by part as it was received, after all of it has been validated."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ant_cli.gjson.json_stream import validate_stream

_SPACE = b" \t\r\n"


def print_raw(
    parts: Callable[[], Iterable[bytes]], write: Callable[[bytes], None], *, on_one_line: bool = False
) -> None:
    """Write the JSON text that `parts` yields, without the space around it, and a line break.

    Args:
        parts: Yields the text from its beginning, each time it is called.
        write: Writes to stdout.
        on_one_line: Leave out line breaks, which in JSON can only be between tokens.

    Raises:
        JSONTextError: if it is not JSON; nothing is written then.

    """
    validate_stream(parts())
    held = b""  # space, which is not written if it is at the end
    has_begun = False
    for part in parts():
        text = part.translate(None, b"\r\n") if on_one_line else part
        text = text if has_begun else text.lstrip(_SPACE)
        content = text.rstrip(_SPACE)
        if content:
            has_begun = True
            write(held + content)
            held = b""
        held += text[len(content) :] if has_begun else b""
    write(b"\n")
