"""Read a body of `multipart/form-data`, in one pass."""

from __future__ import annotations

import re
from typing import NamedTuple

from ant_cli.emulator.errors import InvalidRequest

_BOUNDARY = re.compile(r'multipart/form-data;.*\bboundary="?(?P<boundary>[^";,\s]{1,200})"?', re.I)
_NAME = re.compile(rb'[; ]name="(?P<name>[^"]*)"')
_FILENAME = re.compile(rb'[; ]filename="(?P<filename>[^"]*)"')
_TYPE = re.compile(rb"\r\ncontent-type:[ \t]*(?P<type>[!-~]+)", re.IGNORECASE)
MOST_PARTS = 100
LONGEST_HEAD = 8_192
"""How many bytes of a part's headers are searched."""
UNKNOWN_TYPE = "application/octet-stream"


class Part(NamedTuple):
    """A field of a form."""

    filename: str
    media_type: str
    data: bytes


def parts_of(content_type: str, body: bytes) -> dict[str, Part]:
    """Return the parts of a body by their names. Raises InvalidRequest for another type of body."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise InvalidRequest(
            f"content-type: must be multipart/form-data with a boundary, got {content_type!r}."
        )
    delimiter = b"\r\n--" + found["boundary"].encode()
    pieces = (b"\r\n" + body).split(delimiter, MOST_PARTS + 1)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise InvalidRequest(f"body: must be of 1 to {MOST_PARTS} parts with the boundary's end.")
    return dict(_read(piece) for piece in pieces[1:-1])


def _read(piece: bytes) -> tuple[str, Part]:
    head, _, data = piece.partition(b"\r\n\r\n")
    disposition = head[:LONGEST_HEAD]
    name = _NAME.search(disposition)
    if name is None:
        raise InvalidRequest("body: a part has no name.")
    filename = _FILENAME.search(disposition)
    media_type = _TYPE.search(disposition)
    part = Part(
        filename["filename"].decode("utf-8", "replace") if filename else "",
        media_type["type"].decode() if media_type else UNKNOWN_TYPE,
        data,
    )
    return name["name"].decode("utf-8", "replace"), part
