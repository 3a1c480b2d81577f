r"""What `json_text` does, by msgspec: fast, but importing it takes longer than processing a small response.

msgspec rejects lone surrogates such as "\ud83d", which JSON allows, and does not check the encoding of strings that
it only slices.
"""

from __future__ import annotations

import msgspec

_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode

REJECTIONS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What is raised for a value that msgspec can't process."""


def validate(raw: bytes) -> None:
    """Raise one of `REJECTIONS` unless `raw` is one JSON value."""
    msgspec.json.decode(raw, type=msgspec.Raw)


def members(raw: bytes) -> dict[str, bytes]:
    """Return the members of an object as slices of `raw`; of equal keys, the last."""
    return {key: bytes(value) for key, value in _object(raw).items()}


def elements(raw: bytes) -> list[bytes]:
    """Return the elements of an array as slices of `raw`."""
    return [bytes(element) for element in _array(raw)]


def compact(raw: bytes) -> bytes:
    """Return `raw` without white space between tokens."""
    return msgspec.json.format(raw, indent=-1)


def indent(raw: bytes) -> bytes:
    """Return `raw` with one member or element per line, indented by two spaces per level."""
    return msgspec.json.format(raw, indent=2)
