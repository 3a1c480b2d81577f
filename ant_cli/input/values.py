"""Convert text to values: the text of a flag, JSON, and relaxed YAML.

A value is one of JSON's: None, a bool, a `Number`, a str, a list, or a dict with str keys. Ambiguous text is
rejected, with line and column.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ant_cli.errors import BadValue, UsageError
from ant_cli.gjson import json_text
from ant_cli.gjson.json_text import Number
from ant_cli.input import DEPTH_LIMIT
from ant_cli.operations.parsers import boolean
from ant_cli.operations.spec import Field

Value = bool | Number | str | list[Any] | dict[str, Any] | None


def convert(field: Field, where: str, text: str) -> Value:
    """Convert the text of a flag or key to the type of its field. Messages name it by `where`.

    Raises:
        UsageError: if it can't be converted.

    """
    if field.nullable and text == "null":
        return None
    converter = _CONVERTERS.get(field.type)
    return converter(where, text) if converter else text


def integer(where: str, text: str) -> Number:
    """Read a whole number in decimal. `010` is 10; `0x10` and `1_000` are rejected."""
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise BadValue(where, f"must be a whole number, got {text!r}")
    digits = text.lstrip("+-").lstrip("0")
    if not digits:
        return Number("0")
    return Number(f"-{digits}" if text[0] == "-" else digits)


_EXAMPLES = {
    "--config": "'{type: cloud}'",
    "--config.networking": "'{type: limited, allowed_hosts: [api.example.com]}'",
    "--config.packages": "'{pip: [pandas]}'",
    "--metadata": "KEY=VALUE",
}


def mapping(where: str, text: str) -> Value:
    """Read keys and values, in JSON or YAML. A text that is just `null`, as in a file, is None."""
    if text.strip() in _NULLS:
        return None
    if not text.strip():
        raise BadValue(where, "is empty", f"Write {where} '{{}}' for no keys, or null to clear it.")
    value = parse(text, where)
    if not isinstance(value, dict):
        raise BadValue(
            where, f"must be keys and values, got {type_name(value)}", _meant_mapping(where, text)
        )
    return value


def _meant_mapping(where: str, text: str) -> str:
    """Return a hint at how to write what was most likely meant."""
    if text.endswith((".yaml", ".yml", ".json")):
        return f"To read it from a file: {where} @{text}"
    if pair := re.fullmatch(r"([\w.-]+):(\S+)", text):
        return f"Write a space after the colon: {where} '{{{pair[1]}: {pair[2]}}}'"
    return f"For example: {where} " + _EXAMPLES.get(where, "'{key: value}'")


_NULLS = ("null", "Null", "NULL", "~")
_CONVERTERS: dict[type, Callable[[str, str], Value]] = {int: integer, bool: boolean, dict: mapping}
"""The converter for each type whose value is not the text itself."""
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
    return next((parsed.value for parsed in parse_all(text, where, several=False)()), None)


def parse_all(
    text: str, where: str, *, several: bool = True
) -> Callable[[], Iterator[ParsedValue]]:
    """Return an iterable of the values of a text: JSON values one after the other, or else YAML documents.

    JSON values are parsed again each time, so that only the text is in memory. Blank documents are skipped.

    Raises:
        UsageError: as `parse` does, except that there may be several values.

    """
    count, json_error = 0, None
    try:
        for _ in _json_values(text):
            count += 1
        if several or count <= 1:
            return lambda: _json_values(text)
    except (ValueError, RecursionError) as error:
        if several or count == 0:
            json_error = error
    documents = _parse_yaml(text, where, json_error, several=several)
    found = [ParsedValue(value, 0, is_json=False) for value in documents if value is not None]
    return lambda: iter(found)


def _json_values(text: str) -> Iterator[ParsedValue]:
    position = json_text.after_space(text, 0)
    line = 1 + text.count("\n", 0, position)
    while position < len(text):
        value, end = _parse_json(text, position)
        yield ParsedValue(value, line, is_json=True)
        line += text.count("\n", position, end)
        position = end


def _parse_json(text: str, position: int) -> tuple[Value, int]:
    """Read one value of strict JSON, and return it with the position after it.

    Raises ValueError for a repeated key and for more than `DEPTH_LIMIT` levels, too.
    """
    value, end = _DECODER.raw_decode(text, position)
    json_text.check_depth(json_text.encoded(text[position:end]), DEPTH_LIMIT)
    return value, json_text.after_space(text, end)


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key appears twice")
    return members


_LOOKS_LIKE_JSON = r'[\s\[{]*"'
"""A text with only brackets before its first quoted string. If it is not YAML either, it was meant as JSON."""
_DECODER = json.JSONDecoder(
    parse_int=Number,
    parse_float=Number,
    parse_constant=json_text.reject_constant,
    object_pairs_hook=_unique,
)


def _parse_yaml(
    text: str, where: str, json_error: Exception | None, *, several: bool
) -> list[Value]:
    """Read the documents of a text as relaxed YAML. `json_error` says why it is not JSON.

    Importing the reader takes two thirds of the time of the rest of a `create`. So the most common YAML, such as
    `{type: cloud, packages: {pip: [pandas]}}`, is read without it: a flow collection of plain words is JSON without
    its quotes, so it is enough to add them.
    """
    json_words = isinstance(json_error, json_text.NotFinite)
    collection = None if json_words else _flow_collection(text)
    if collection is not None:
        return [collection]
    from ant_cli.input.yaml_reader import YAMLProblem, read_yaml

    try:
        return read_yaml(text, json_words=json_words, several=several)
    except YAMLProblem as problem:
        is_json = problem.is_syntax and re.match(_LOOKS_LIKE_JSON, text)
        if is_json and isinstance(json_error, json.JSONDecodeError):
            raise _not_json(json_error, where) from None
        place = f"{where}, line {problem.line}, column {problem.column}"
        raise UsageError(f"{place}: {problem.message}.") from None


def _not_json(error: json.JSONDecodeError, where: str) -> UsageError:
    why = error.msg.removesuffix(" at").removesuffix(" starting")
    place = f"{where}, line {error.lineno}, column {error.colno}"
    return UsageError(f"{place}: not valid JSON: {why[:1].lower()}{why[1:]}.")


_WORD = r"(?!True|TRUE|False|FALSE|Null|NULL)[A-Za-z_][A-Za-z0-9_./=@-]*+"
_COLLECTION = rf"[\[{{](?:{_WORD}(?:: |(?=[ ,\]}}]))|[\[\]{{}}, ])*+"
_JSON_WORDS = ("true", "false", "null")


def _flow_collection(text: str) -> Value:
    """Return the value of a flow collection of plain words; None for any other text, or if it has mistakes."""
    text = text.strip(" \n")
    if not re.fullmatch(_COLLECTION, text):
        return None
    try:
        (parsed,) = _json_values(re.sub(_WORD, _quoted, text))
    except (ValueError, RecursionError):  # also if there are several values
        return None
    return parsed.value


def _quoted(match: re.Match[str]) -> str:
    return match[0] if match[0] in _JSON_WORDS else f'"{match[0]}"'


def encode(value: Value) -> bytes:
    """Write a value as compact JSON in UTF-8. Numbers keep their digits, and lone surrogates stay escaped."""
    return json_text.encoded(_json(value))


def _json(value: Value) -> str:
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, dict):
        members = [f"{_quote(key)}:{_json(child)}" for key, child in value.items()]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return json_text.scalar_text(value)


_quote = json.encoder.encode_basestring
