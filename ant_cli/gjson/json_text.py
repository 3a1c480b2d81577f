r"""JSON as the bytes that were received: it is sliced and laid out, but never decoded and encoded again.

`raw` is `bytes` with one JSON value. Numbers, escapes, the order of keys and unknown fields are preserved, because
nothing here turns them into Python objects and back.

There are two implementations of `validate`, `members`, `elements`, `compact` and `indent`, since neither is fast in
both a short run and a long one:

- The standard library's `json` and `re`, in this module. Nothing has to be imported. It accepts all JSON, and
  decides about everything that the other one rejects.
- msgspec, in `fast_json`. It needs a tenth of the time, but importing it takes as long as Python needs to start
  twice, more than half of a `retrieve`.

A run begins with the first, and continues with the second after `BYTES_BEFORE_MSGSPEC`. Their results are equal, so
the count of bytes changes only the speed: the tests run both.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from typing import Any, Literal, NamedTuple, NoReturn, TypeVar

JSONType = Literal["object", "array", "string", "number", "true", "false", "null"]
_Parsed = TypeVar("_Parsed")

BYTES_BEFORE_MSGSPEC = 100_000
"""How many bytes a run processes with the standard library before it imports msgspec.

The count is for the run, not for one value: a long list is many small values, for which importing msgspec pays off
just as it does for one large value. 10,000 items in pages of 20 take 0.4 s instead of 2.0 s.
"""

DEEPEST = 920
"""The most levels of a value, a little fewer than every parser accepts. Some accept any number: with msgspec on
Python 3.14, 60 kB of brackets would be laid out as gigabytes."""
_NOT_OPENING = bytes(set(range(256)) - set(b"[{"))
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'[]{}"'))
_CHANGES = bytes.maketrans(b"[]{}", b"\x01\xff\x01\xff")
"""By how much each bracket changes the depth: 0xff is -1 as a signed byte."""

_TYPES: dict[bytes, JSONType] = {
    b"{": "object",
    b"[": "array",
    b'"': "string",
    b"t": "true",
    b"f": "false",
    b"n": "null",
}

_STRING = rb'"(?:[^"\\]+|\\.)*+"'
_INDENT = 2
_STRING_OR_SPACE = re.compile(rb"(" + _STRING + rb")|[ \t\r\n]+")
_STRUCTURE = re.compile(_STRING + rb"|\{\}|\[\]|[\[\]{},:]")
_SPACE = re.compile(r"[ \t\r\n]*")


class JSONTextError(ValueError):
    """A value that is not JSON, or not of the expected JSON type."""


class NotFinite(JSONTextError):
    """NaN or Infinity, where JSON has a value."""


class Number(NamedTuple):
    """A number as written, such as `1.0` or `1e2`: no digit is lost, and it is not a str."""

    text: str

    def __str__(self) -> str:
        return self.text


def scalar_text(value: object) -> str:
    """Return a decoded scalar as text, which may contain control characters."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def json_type(raw: bytes) -> JSONType:
    """Return the type of a JSON value, which its first character determines."""
    return _TYPES.get(raw.lstrip(b" \t\r\n")[:1], "number")


def validate(raw: bytes) -> None:
    """Raise JSONTextError unless `raw` is one JSON value."""
    _fast_or_slow(raw, lambda fast: fast.validate(raw), _decode)


def decode(raw: bytes) -> object:
    """Return the Python value, with each number as a `Number`. The last of equal keys wins."""
    check_depth(raw)
    return _decode(raw)


def members(raw: bytes, *, shallow: bool = False) -> dict[str, bytes]:
    """Return the members of an object as slices of `raw`; of equal keys, the last.

    With `shallow`, the depth is not checked: that takes less time when each slice is used.
    """
    return _fast_or_slow(raw, lambda fast: fast.members(raw), _members, shallow=shallow)


def raw_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Return the members of an object, equal keys included; keys and values are slices of `raw`."""
    check_depth(raw)
    if not isinstance(_decode(raw), dict):
        _reject(raw, "an object")
    values = _values(raw.decode())
    return list(zip(values, values, strict=True))


def elements(raw: bytes, *, shallow: bool = False) -> list[bytes]:
    """Return the elements of an array as slices of `raw`. `shallow` means the same as for `members`."""
    return _fast_or_slow(raw, lambda fast: fast.elements(raw), _elements, shallow=shallow)


def compact(raw: bytes) -> bytes:
    """Return `raw` without white space between tokens."""
    return _fast_or_slow(raw, lambda fast: fast.compact(raw), _compact)


def indent(raw: bytes) -> bytes:
    """Return `raw` with one member or element per line; empty objects and arrays stay on theirs."""
    return _fast_or_slow(raw, lambda fast: fast.indent(raw), _indent)


def string(raw: bytes) -> str:
    """Return the Python string of a JSON string. Lone surrogates are kept."""
    value = _decode(raw)
    if not isinstance(value, str):
        _reject(raw, "a string")
    return value


def quote(value: str) -> bytes:
    """Return `value` as a JSON string. Only characters that JSON requires to be escaped are."""
    return encoded(json.encoder.encode_basestring(value))


def encoded(text: str) -> bytes:
    r"""Encode a text in UTF-8. A lone surrogate, which UTF-8 cannot encode, becomes its JSON escape: \ud83d."""
    return text.encode("utf-8", "backslashreplace")


def check_depth(raw: bytes, deepest: int = DEEPEST) -> None:
    """Raise JSONTextError if a value has too many levels. Called before any parser.

    A short value, such as an item of a list, can't have them, and few values have enough brackets.
    """
    if len(raw) <= deepest or len(raw.translate(None, _NOT_OPENING)) <= deepest:
        return
    # Quotes in strings go first. Then only strings with brackets in them keep a quote, and can be cut out.
    structure = (
        raw.replace(b"\\\\", b"")
        .replace(b'\\"', b"")
        .translate(None, _NOT_STRUCTURE)
        .replace(b'""', b"")
    )
    brackets = b"".join(structure.split(b'"')[::2])
    depths = accumulate(memoryview(brackets.translate(_CHANGES)).cast("b"))
    if any(map(deepest.__lt__, depths)):
        raise JSONTextError("The JSON is nested too deeply.")


def _fast_or_slow(
    raw: bytes,
    fast: Callable[[Any], Any],
    slow: Callable[[bytes], _Parsed],
    *,
    shallow: bool = False,
) -> _Parsed:
    """Call `fast` with `fast_json` once its import pays off, if it accepts the value; otherwise call `slow`."""
    if len(raw) > DEEPEST and not shallow:
        check_depth(raw)
    _run.bytes_seen += len(raw)
    if _run.bytes_seen <= BYTES_BEFORE_MSGSPEC:
        return slow(raw)
    fast_json = _fast_json()
    try:
        raw.decode()
        parsed: _Parsed = fast(fast_json)
    # the standard library may accept it, or gives the better message
    except fast_json.REJECTIONS:
        return slow(raw)
    return parsed


class _Run:
    """What a run has done so far: the one state of this room."""

    bytes_seen = 0
    """How many bytes it has processed. The count changes only the speed."""


_run = _Run()


@cache  # an import statement takes as long as compacting an item of a list
def _fast_json() -> Any:
    from ant_cli.gjson import fast_json

    return fast_json


def reject_constant(name: str) -> NoReturn:
    """Raise `NotFinite`. For a decoder that calls it for NaN and Infinity."""
    raise NotFinite(f"{name} is not JSON.")


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=reject_constant)
"""Keeps numbers as text: int() rejects more than 4300 digits, and float() keeps about 16."""


def _decode(raw: bytes) -> object:
    """Decode with the standard library. Raises JSONTextError if `raw` is not JSON."""
    try:
        return DECODER.decode(raw.decode())
    except json.JSONDecodeError as error:
        problem = error.msg.removesuffix(" at")
        raise JSONTextError(
            f"Not JSON: {problem} at line {error.lineno} column {error.colno}."
        ) from None
    except UnicodeDecodeError as error:
        raise JSONTextError(f"Not JSON: no UTF-8 at byte {error.start}.") from None
    except RecursionError:
        raise JSONTextError("The JSON is nested too deeply.") from None


def _reject(raw: bytes, wanted: str) -> NoReturn:
    type_ = json_type(raw)
    article = {"object": "an ", "array": "an ", "string": "a ", "number": "a "}.get(type_, "")
    raise JSONTextError(f"Expected {wanted} in the JSON, got {article}{type_}.")


def _members(raw: bytes) -> dict[str, bytes]:
    return {string(key): value for key, value in raw_pairs(raw)}


def _elements(raw: bytes) -> list[bytes]:
    if not isinstance(_decode(raw), list):
        _reject(raw, "an array")
    return list(_values(raw.decode()))


def _values(text: str) -> Iterator[bytes]:
    """Yield the elements of a valid array; of an object, key, value, key, value ..."""
    position = after_space(text, after_space(text, 0) + 1)
    while text[position] not in "]}":
        _, end = DECODER.raw_decode(text, position)
        yield text[position:end].encode()
        position = after_space(text, end)
        if text[position] in ",:":
            position = after_space(text, position + 1)


def after_space(text: str, position: int) -> int:
    """Return the position after the white space of JSON at a position."""
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _compact(raw: bytes) -> bytes:
    _decode(raw)
    return _STRING_OR_SPACE.sub(rb"\1", raw)


def _indent(raw: bytes) -> bytes:
    depth = 0

    def lay_out(match: re.Match[bytes]) -> bytes:
        nonlocal depth
        token = match[0]
        depth += _DEPTH_CHANGE.get(token, 0)
        line = b"\n" + b" " * (_INDENT * depth)
        if token in _DEPTH_CHANGE:
            return token + line if token in b"{[" else line + token
        return {b",": b"," + line, b":": b": "}.get(token, token)

    return _STRUCTURE.sub(lay_out, _compact(raw))


_DEPTH_CHANGE = {b"{": 1, b"[": 1, b"}": -1, b"]": -1}
