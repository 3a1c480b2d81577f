"""Text to value: the words of a flag, JSON, and relaxed YAML.

A value is what JSON has: None, a bool, a `Number`, a str, a list, or a dict with str keys. Whatever could
be understood in two ways is refused, with line and column.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from ant_cli.errors import BadValue, UsageError
from ant_cli.operations.spec import Param

Value: TypeAlias = "bool | Number | str | list[Any] | dict[str, Any] | None"

DEPTH_LIMIT = 100
"""How deep input may be nested."""


class Number(NamedTuple):
    """A number as JSON writes it, as text, so that no digit is lost on the way."""

    text: str


def convert(param: Param, where: str, text: str) -> Value:
    """Read the word of a flag as the parameter's type has it; `where` is the flag, for the message.

    Raises:
        UsageError: if it can't be one.

    """
    if param.nullable and text == "null":
        return None
    return _CONVERTERS[param.type](where, text)


def integer(where: str, text: str) -> Number:
    """Read a whole number in decimal. `010` is 10; `0x10` and `1_000` are refused."""
    match = re.fullmatch(r"([+-]?)0*([0-9]+)", text)
    if not match:
        raise BadValue(where, f"must be a whole number, got {text!r}")
    sign, digits = match.groups()
    return Number(("-" if sign == "-" and digits != "0" else "") + digits)


def boolean(where: str, text: str) -> bool:
    """Read true or false, or what the official tool takes for them."""
    try:
        return _BOOLEANS[text]
    except KeyError:
        hint = f"Write {where}=false." if where.startswith("--") else ""
        raise BadValue(where, f"must be true or false, got {text!r}", hint) from None


def mapping(where: str, text: str) -> Value:
    """Read keys and values, in JSON or YAML; a text that is but null, such as that of a file, is None."""
    if text.strip() in _NULLS:
        return None
    if not text.strip():
        raise BadValue(where, "is empty", f"Write {where} '{{}}' for no keys, or null to clear it.")
    value = parse(text, where)
    if not isinstance(value, dict):
        raise BadValue(
            where, f"must be keys and values, got {type_name(value)}", f"For example: {where} '{{key: value}}'"
        )
    return value


def as_is(_where: str, text: str) -> str:
    """Take the text as it is."""
    return text


_NULLS = ("null", "Null", "NULL", "~")
_BOOLEANS = dict.fromkeys(("true", "True", "TRUE", "1", "t", "T"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "0", "f", "F"), False
)
_CONVERTERS: dict[type, Callable[[str, str], Value]] = {
    str: as_is,
    list: as_is,
    int: integer,
    bool: boolean,
    dict: mapping,
}
_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    Number: "a number",
    str: "text",
    list: "a list",
    dict: "keys and values",
}


def type_name(value: Value) -> str:
    """Return what a value is, in words."""
    return _KINDS[type(value)]


def parse(text: str, where: str) -> Value:
    """Read JSON, or else YAML. Blank text and bare comments are None.

    Raises:
        UsageError: if it is neither, holds a key twice, a key that is not a string, NaN or infinity, or more
            than one document, or if it is nested or expands beyond the limits; with line and column.

    """
    try:
        return _parse_json(text)
    except _NotFinite:
        return _parse_yaml(text, where, json_words=True)
    except (ValueError, RecursionError):  # not JSON, or not acceptable: the YAML reader says where and why
        return _parse_yaml(text, where, json_words=False)


class _NotFinite(ValueError):
    """The text would be JSON but for NaN or Infinity."""


def _parse_json(text: str) -> Value:
    """Read strict JSON. ValueError also for a repeated key and for more than `DEPTH_LIMIT` levels."""
    value: Value = json.loads(
        text,
        parse_int=Number,
        parse_float=Number,
        parse_constant=_refuse_constant,
        object_pairs_hook=_unique,
    )
    if text.count("[") + text.count("{") > DEPTH_LIMIT:
        _check_depth(value)
    return value


def _refuse_constant(word: str) -> Value:
    raise _NotFinite(word)


def _unique(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key appears twice")
    return members


def _check_depth(value: Value) -> None:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [child for parent in level for child in _containers_in(parent)]
    if level:
        raise ValueError("nested too deep")


def _containers_in(value: Value) -> list[Value]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in children if isinstance(child, dict | list)]


def _parse_yaml(text: str, where: str, *, json_words: bool) -> Value:
    """Read relaxed YAML. The reader is imported here because most commands do without it."""
    from ant_cli.input.yaml_reader import YAMLProblem, read_yaml

    try:
        value: Value = read_yaml(text, number=Number, depth_limit=DEPTH_LIMIT, json_words=json_words)
    except YAMLProblem as problem:
        raise UsageError(f"{where}, line {problem.line}, column {problem.column}: {problem.message}.") from None
    return value


def encode(value: Value) -> bytes:
    """Write a value as compact JSON in UTF-8. Numbers keep their digits, lone surrogates stay escapes."""
    return _json(value).encode("utf-8", "backslashreplace")


def _json(value: Value) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quote(key)}:{_json(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return to_text(value, quote=_quote)


def to_text(value: Value, quote: Callable[[str], str] = str) -> str:
    """Write null, a boolean, a number or a text as JSON has it; a text as `quote` makes it."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str):
        return quote(value)
    return "null" if value is None else str(value).lower()


_quote = json.encoder.encode_basestring
