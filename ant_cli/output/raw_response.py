"""Print a large response part by part as it was received, after validating all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ant_cli.gjson.json_stream import validate_stream

_SPACE = b" \t\r\n"


def print_raw(
    parts: Callable[[], Iterable[bytes]], write: Callable[[bytes], None], *, on_one_line: bool = False
) -> None:
    """Write the JSON value that `parts` yields, without surrounding white space, and a line break.

    Args:
        parts: Yields the value from its beginning, each time it is called.
        write: Writes to stdout.
        on_one_line: Leave out line breaks, which in JSON can only be between tokens.

    Raises:
        JSONTextError: if it is not JSON; in that case, nothing is written.

    """
    extent = _Extent()
    validate_stream(extent.measure(parts()))
    position = 0
    for part in parts():
        content = part[max(extent.start - position, 0) : extent.end - position]
        write(content.translate(None, b"\r\n") if on_one_line else content)
        position += len(part)
        if position >= extent.end:  # only white space is left, maybe a lot of it
            break
    write(b"\n")


class _Extent:
    """The start and the end of a value that arrives in parts, without surrounding white space."""

    def __init__(self) -> None:
        self.start = 0
        self.end = 0

    def measure(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the parts unchanged."""
        position = 0
        for part in parts:
            if not self.end:
                self.start = position + len(part) - len(part.lstrip(_SPACE))
            if content := part.rstrip(_SPACE):
                self.end = position + len(content)
            position += len(part)
            yield part
