"""Convert text to values: the text of a flag, JSON, and relaxed YAML.

A value is one of JSON's: None, a bool, a `Number`, a str, a list, or a dict with str keys. Ambiguous text is
rejected, with line and column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from ant_cli.errors import BadValue, UsageError
from ant_cli.gjson.json_text import Number, encoded
from ant_cli.operations.spec import Param, boolean
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeAlias

Value: TypeAlias = "bool | Number | str | list[Any] | dict[str, Any] | None"

DEPTH_LIMIT = 100
"""How deep input may be nested."""


def convert(param: Param, where: str, text: str) -> Value:
    """Convert the text of a flag or key to its parameter's type. Messages name it by `where`.

    Raises:
        UsageError: if it can't be converted.

    """
    if param.nullable and text == "null":
        return None
    return _CONVERTERS[param.type](where, text)


def integer(where: str, text: str) -> Number:
    """Read a whole number in decimal. `010` is 10; `0x10` and `1_000` are rejected."""
    match = re.fullmatch(r"([+-]?)0*([0-9]+)", text)
    if not match:
        raise BadValue(where, f"must be a whole number, got {text!r}")
    sign, digits = match.groups()
    return Number(("-" if sign == "-" and digits != "0" else "") + digits)


def mapping(where: str, text: str) -> Value:
    """Read keys and values, in JSON or YAML. A text that is just `null`, as in a file, is None."""
    if text.strip() in _NULLS:
        return None
    if not text.strip():
        raise BadValue(where, "is empty", f"Write {where} '{{}}' for no keys, or null to clear it.")
    value = parse(text, where)
    if not isinstance(value, dict):
        raise BadValue(where, f"must be keys and values, got {type_name(value)}", _meant_mapping(where, text))
    return value


def _meant_mapping(where: str, text: str) -> str:
    """Return a hint at how to write what was most likely meant."""
    if text.endswith((".yaml", ".yml", ".json")):
        return f"To read it from a file: {where} @{text}"
    if pair := re.fullmatch(r"([\w.-]+):(\S+)", text):
        return f"Write a space after the colon: {where} '{{{pair[1]}: {pair[2]}}}'"
    return f"For example: {where} '{{key: value}}'"


def _as_is(_where: str, text: str) -> str:
    return text


_NULLS = ("null", "Null", "NULL", "~")
_CONVERTERS: dict[type, Callable[[str, str], Value]] = {
    str: _as_is,
    list: _as_is,
    int: integer,
    bool: boolean,
    dict: mapping,
}
_TYPE_NAMES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    Number: "a number",
    str: "text",
    list: "a list",
    dict: "keys and values",
}


def type_name(value: Value) -> str:
    """Return the name of a value's type for messages."""
    return _TYPE_NAMES[type(value)]


# JSON and YAML


class ParsedValue(NamedTuple):
    """One of the values in a text."""

    value: Value
    line: int
    """The line on which it starts, from 1; 0 if unknown."""
    is_json: bool
    """It is JSON, not YAML."""


def parse(text: str, where: str) -> Value:
    """Read the single value of a text: JSON, or else YAML. Blank text and bare comments are None.

    Raises:
        UsageError: if it is neither, has a repeated key, a key that is not a string, NaN or infinity, or more
            than one document, or if it is nested or expands beyond the limits; with line and column.

    """
    try:
        value, end = parse_json(text, after_space(text, 0))
        if end < len(text):
            raise json.JSONDecodeError("Extra data", text, end)
    except (ValueError, RecursionError) as error:
        documents = _parse_yaml(text, where, _why_not_json(error), several=False)
        return documents[0] if documents else None
    return value


def parse_all(text: str, where: str) -> Callable[[], Iterator[ParsedValue]]:
    """Return an iterable of the values of a text: JSON values one after the other, or else YAML documents.

    Several JSON values are parsed again each time, so that only the text is in memory. Blank documents are skipped.

    Raises:
        UsageError: as `parse` does, except that there may be several values.

    """
    values = _json_values(text)
    try:
        first, second = next(values, None), next(values, None)
        for _ in values:
            pass
    except (ValueError, RecursionError) as error:
        documents = _parse_yaml(text, where, _why_not_json(error), several=True)
        documents = [value for value in documents if value is not None]
        return lambda: (ParsedValue(value, 0, is_json=False) for value in documents)
    return (lambda: _json_values(text)) if second else (lambda: iter((first,) if first else ()))


def _json_values(text: str) -> Iterator[ParsedValue]:
    position, line = after_space(text, 0), 1 + text.count("\n", 0, after_space(text, 0))
    while position < len(text):
        value, end = parse_json(text, position)
        yield ParsedValue(value, line, is_json=True)
        line += text.count("\n", position, end)
        position = end


class _NotFinite(ValueError):
    """The text has NaN or Infinity where JSON has a value."""


class _NotJSON(NamedTuple):
    """Why a text is not JSON."""

    has_constant: bool
    """NaN or Infinity is where JSON has a value."""
    message: str = ""
    """For an error of syntax, what it is."""
    line: int = 0
    column: int = 0


def parse_json(text: str, position: int) -> tuple[Value, int]:
    """Read one value of strict JSON, and return it with the position after it.

    Raises ValueError for a repeated key and for more than `DEPTH_LIMIT` levels, too.
    """
    value, end = _DECODER.raw_decode(text, position)
    if text.count("[", position, end) + text.count("{", position, end) > DEPTH_LIMIT:
        _check_depth(value)
    return value, after_space(text, end)


def after_space(text: str, position: int) -> int:
    """Return the position after the white space of JSON at a position."""
    match = _JSON_SPACE.match(text, position)
    return match.end() if match else position


def _reject_constant(name: str) -> Value:
    raise _NotFinite(name)


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key appears twice")
    return members


_JSON_SPACE = re.compile(r"[ \t\r\n]*")
_LOOKS_LIKE_JSON = re.compile(r'[\s\[{]*"')
"""Only brackets before the first quoted string: if the text is not YAML, either, it was meant as JSON."""
_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_reject_constant, object_pairs_hook=_unique
)


def _check_depth(value: Value) -> None:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [child for parent in level for child in _containers_in(parent)]
    if level:
        raise ValueError("nested too deep")


def _containers_in(value: Value) -> list[Value]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in children if isinstance(child, dict | list)]


def _why_not_json(error: Exception) -> _NotJSON:
    if not isinstance(error, json.JSONDecodeError):
        return _NotJSON(isinstance(error, _NotFinite))
    message = "not valid JSON: " + error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
    if error.msg == "Extra data":
        message = "something follows the end of the value, and only one value can be used"
    return _NotJSON(has_constant=False, message=message, line=error.lineno, column=error.colno)


def _parse_yaml(text: str, where: str, not_json: _NotJSON, *, several: bool) -> list[Value]:
    """Read the documents of a text as relaxed YAML.

    Importing the reader takes two thirds of the time of the rest of a `create`. So the most common YAML, such as
    `{type: cloud, packages: {pip: [pandas]}}`, is read without it: a flow collection of plain words is JSON without
    its quotes, so it is enough to add them.
    """
    if not not_json.has_constant and (collection := _flow_collection(text)) is not None:
        return [collection]
    from ant_cli.input.yaml_reader import YAMLProblem, read_yaml

    constants = not_json.has_constant
    try:
        return read_yaml(text, number=Number, depth_limit=DEPTH_LIMIT, json_words=constants, several=several)
    except YAMLProblem as problem:
        if problem.is_syntax and not_json.message and _LOOKS_LIKE_JSON.match(text):
            raise _error(where, not_json.line, not_json.column, not_json.message) from None
        raise _error(where, problem.line, problem.column, problem.message) from None


def _error(where: str, line: int, column: int, message: str) -> UsageError:
    return UsageError(f"{where}, line {line}, column {column}: {message}.")


_WORD = r"(?!True|TRUE|False|FALSE|Null|NULL)[A-Za-z_][A-Za-z0-9_./=@-]*+"
_COLLECTION = rf"[\[{{](?:{_WORD}(?:: |(?=[ ,\]}}]))|[\[\]{{}}, ])*+"
_JSON_WORDS = ("true", "false", "null")


def _flow_collection(text: str) -> Value:
    """Return the value of a flow collection of plain words; None for any other text, or if it has mistakes."""
    text = text.strip(" \n")
    if not re.fullmatch(_COLLECTION, text):
        return None
    json_text = re.sub(_WORD, _quoted, text)
    try:
        value, end = parse_json(json_text, 0)
    except (ValueError, RecursionError):
        return None
    return value if end == len(json_text) else None


def _quoted(match: re.Match[str]) -> str:
    return match[0] if match[0] in _JSON_WORDS else f'"{match[0]}"'


def encode(value: Value) -> bytes:
    """Write a value as compact JSON in UTF-8. Numbers keep their digits, and lone surrogates stay escaped."""
    return encoded(_json(value))


def _json(value: Value) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{_quote(key)}:{_json(child)}" for key, child in value.items()]) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return to_text(value)


def to_text(value: Value) -> str:
    """Write null, a boolean or a number as in JSON, and a string unchanged."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str):
        return value
    return "null" if value is None else str(value).lower()


_quote = json.encoder.encode_basestring
