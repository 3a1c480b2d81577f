r"""JSON as the bytes that came: taken apart and laid out, never rebuilt.

A value is `bytes` that hold one JSON text. Numbers, escapes, the order of keys and unknown fields
survive because nothing here turns them into Python objects and back.

Two ways lead to the same bytes. msgspec is fast, but its import costs more than a small answer takes,
and it refuses lone surrogates such as "\ud83d". The standard library takes everything that is JSON,
and is what decides when msgspec refuses.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Literal, NoReturn, TypeVar

Kind = Literal["object", "array", "string", "number", "true", "false", "null"]
Result = TypeVar("Result")

# From here on the work that msgspec saves is worth the time of its import.
BYTES_BEFORE_MSGSPEC = 100_000

_KINDS: dict[bytes, Kind] = {
    b"{": "object",
    b"[": "array",
    b'"': "string",
    b"t": "true",
    b"f": "false",
    b"n": "null",
}

_STRING = rb'"(?:[^"\\]+|\\.)*+"'
_STRING_OR_SPACE = re.compile(rb"(" + _STRING + rb")|[ \t\r\n]+")
_STRUCTURE = re.compile(_STRING + rb"|\{\}|\[\]|[\[\]{},:]")
_SPACE = re.compile(r"[ \t\r\n]*")

_bytes_seen = 0


class JSONTextError(ValueError):
    """A text that is not JSON, or not the kind of JSON that was asked for."""


class Number(str):
    """A number as it is spelt."""

    __slots__ = ()


def kind(text: bytes) -> Kind:
    """Return what the first character of `text` says it is."""
    return _KINDS.get(text.lstrip(b" \t\r\n")[:1], "number")


def validate(text: bytes) -> None:
    """Raise JSONTextError unless `text` is one JSON text."""
    _first_that_can(text, _fast_validate, _decode)


def decode(text: bytes) -> object:
    """Return what `text` says: a number as `Number`, or an int that is spelt the same; of equal keys, the last."""
    return _first_that_can(text, _fast_decode, _decode)


def members(text: bytes) -> dict[str, bytes]:
    """Return the members of an object as slices of `text`; of equal keys, the last."""
    return _first_that_can(text, _fast_members, _slow_members)


def pairs(text: bytes) -> list[tuple[bytes, bytes]]:
    """Return the members of an object with their keys as they are spelt, equal ones included."""
    if not isinstance(_decode(text), dict):
        _refuse(text, "an object")
    values = _values(text.decode())
    return list(zip(values, values, strict=True))


def elements(text: bytes) -> list[bytes]:
    """Return the elements of an array as slices of `text`."""
    return _first_that_can(text, _fast_elements, _slow_elements)


def compact(text: bytes) -> bytes:
    """Return `text` without white space between tokens."""
    return _first_that_can(text, partial(_fast_layout, width=-1), _slow_compact)


def indent(text: bytes, width: int = 2) -> bytes:
    """Return `text` with one member or element per line; empty objects and arrays stay on theirs."""
    return _first_that_can(text, partial(_fast_layout, width=width), partial(_slow_indent, width=width))


def string(text: bytes) -> str:
    """Return the Python string of a JSON string; lone surrogates stay as they are."""
    value = _decode(text)
    if not isinstance(value, str) or kind(text) != "string":
        _refuse(text, "a string")
    return value


def quote(value: str) -> bytes:
    """Return `value` as a JSON string; only what JSON cannot hold otherwise is escaped."""
    return encoded(json.encoder.encode_basestring(value))


def encoded(text: str) -> bytes:
    r"""Return a text in UTF-8; a lone surrogate, which has none, as the escape that JSON has for it: \ud83d."""
    return text.encode("utf-8", "backslashreplace")


def _first_that_can(text: bytes, fast: Callable[[bytes], Result], slow: Callable[[bytes], Result]) -> Result:
    """Do it with msgspec if that pays and msgspec takes it, otherwise with the standard library."""
    global _bytes_seen
    _bytes_seen += len(text)
    if _bytes_seen > BYTES_BEFORE_MSGSPEC:
        import msgspec

        try:
            text.decode()  # msgspec does not look into strings that it only passes on.
            return fast(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # The standard library knows better, or gives the better message.
    return slow(text)


def _fast_validate(text: bytes) -> None:
    import msgspec

    msgspec.json.decode(text, type=msgspec.Raw)


def _fast_decode(text: bytes) -> object:
    return _decode(text) if _MINUS_ZERO.search(text) else _fast_decoder()(text)


@cache
def _fast_decoder() -> Callable[[bytes], object]:
    import msgspec

    return msgspec.json.Decoder(float_hook=Number).decode


# What may be the number that no int spells.
_MINUS_ZERO = re.compile(rb"-0(?![0-9])")


def _fast_members(text: bytes) -> dict[str, bytes]:
    import msgspec

    raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return {key: bytes(value) for key, value in raw.items()}


def _fast_elements(text: bytes) -> list[bytes]:
    import msgspec

    return [bytes(raw) for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]


def _fast_layout(text: bytes, width: int) -> bytes:
    import msgspec

    return msgspec.json.format(text, indent=width)


def _no_constant(name: str) -> NoReturn:
    raise JSONTextError(f"{name} is not JSON.")


# int() refuses more than 4300 digits, and float() knows about 16.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def _decode(text: bytes) -> object:
    """Read `text` with the standard library, which raises JSONTextError for what is not JSON."""
    try:
        return _DECODER.decode(text.decode())
    except json.JSONDecodeError as error:
        problem = error.msg.removesuffix(" at")
        raise JSONTextError(f"Not JSON: {problem} at line {error.lineno} column {error.colno}.") from None
    except UnicodeDecodeError as error:
        raise JSONTextError(f"Not JSON: no UTF-8 at byte {error.start}.") from None
    except RecursionError:
        raise JSONTextError("The JSON is nested too deeply.") from None


def _refuse(text: bytes, wanted: str) -> NoReturn:
    found = kind(text)
    article = {"object": "an ", "array": "an ", "string": "a ", "number": "a "}.get(found, "")
    raise JSONTextError(f"Expected {wanted} in the JSON, got {article}{found}.")


def _slow_members(text: bytes) -> dict[str, bytes]:
    return {string(key): value for key, value in pairs(text)}


def _slow_elements(text: bytes) -> list[bytes]:
    if not isinstance(_decode(text), list):
        _refuse(text, "an array")
    return list(_values(text.decode()))


def _values(text: str) -> Iterator[bytes]:
    """Yield what the outermost brackets of valid JSON hold; of an object key, value, key, value ..."""
    position = _after_space(text, _after_space(text, 0) + 1)
    while text[position] not in "]}":
        _, end = _DECODER.raw_decode(text, position)
        yield text[position:end].encode()
        position = _after_space(text, end)
        if text[position] in ",:":
            position = _after_space(text, position + 1)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _slow_compact(text: bytes) -> bytes:
    _decode(text)
    return _STRING_OR_SPACE.sub(rb"\1", text)


def _slow_indent(text: bytes, width: int) -> bytes:
    depth = 0

    def lay_out(token: re.Match[bytes]) -> bytes:
        nonlocal depth
        found = token[0]
        depth += _DEPTH_CHANGE.get(found, 0)
        line = b"\n" + b" " * (width * depth)
        if found in _DEPTH_CHANGE:
            return found + line if found in b"{[" else line + found
        return {b",": b"," + line, b":": b": "}.get(found, found)

    return _STRUCTURE.sub(lay_out, _slow_compact(text))


_DEPTH_CHANGE = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
