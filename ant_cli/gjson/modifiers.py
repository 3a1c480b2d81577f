"""The modifiers of GJSON: functions from JSON text to JSON text, or to None if there is no result.

Modifiers for arrays or objects return other values unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ant_cli.gjson import json_text

ModifierOptions = dict[str, bytes]
_Function = Callable[[bytes, ModifierOptions], bytes | None]


def make_array(values: list[bytes]) -> bytes:
    """Return a JSON array of JSON texts."""
    return b"[" + b",".join(values) + b"]"


def make_object(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a JSON object of keys and values, both JSON texts."""
    return b"{" + b",".join(key + b":" + value for key, value in pairs) + b"}"


def child_values(text: bytes) -> list[bytes]:
    """Return the values in an array or object; an empty list for a scalar."""
    match json_text.json_type(text):
        case "array":
            return json_text.elements(text)
        case "object":
            return [value for _, value in json_text.raw_pairs(text)]
    return []


def _this(text: bytes, _: ModifierOptions) -> bytes:
    return text


def _pretty(text: bytes, options: ModifierOptions) -> bytes:
    # GJSON's other options are about layout, which the output format decides here.
    return json_text.indent(_sorted(text) if _is_on(options, "sortKeys") else text)


def _ugly(text: bytes, _: ModifierOptions) -> bytes:
    return json_text.compact(text)


def _tostr(text: bytes, _: ModifierOptions) -> bytes:
    return json_text.quote(text.decode())


def _fromstr(text: bytes, _: ModifierOptions) -> bytes | None:
    match json_text.json_type(text):
        case "string":
            inner = json_text.encoded(json_text.string(text))
        case "null":
            return None
        case _:
            return text
    try:
        json_text.validate(inner)
    except json_text.JSONTextError:
        return None
    return inner


def _reverse(text: bytes, _: ModifierOptions) -> bytes:
    match json_text.json_type(text):
        case "array":
            return make_array(json_text.elements(text)[::-1])
        case "object":
            return make_object(json_text.raw_pairs(text)[::-1])
    return text


def _keys(text: bytes, _: ModifierOptions) -> bytes:
    match json_text.json_type(text):
        case "object":
            return make_array([key for key, _ in json_text.raw_pairs(text)])
        case "array":
            return make_array([b"null"] * len(json_text.elements(text)))
    return make_array([b"null"])


def _values(text: bytes, _: ModifierOptions) -> bytes:
    match json_text.json_type(text):
        case "object":
            return make_array(child_values(text))
        case "array":
            return text
    return make_array([text])


def _flatten(text: bytes, options: ModifierOptions) -> bytes:
    if json_text.json_type(text) != "array":
        return text
    return make_array(list(_flat(text, deep=_is_on(options, "deep"))))


def _flat(text: bytes, *, deep: bool) -> Iterator[bytes]:
    for element in json_text.elements(text):
        if json_text.json_type(element) != "array":
            yield element
        elif deep:
            yield from _flat(element, deep=True)
        else:
            yield from json_text.elements(element)


def _join(text: bytes, options: ModifierOptions) -> bytes:
    if json_text.json_type(text) != "array":
        return text
    objects = [each for each in json_text.elements(text) if json_text.json_type(each) == "object"]
    pairs = [pair for each in objects for pair in json_text.raw_pairs(each)]
    if _is_on(options, "preserve"):
        return make_object(pairs)
    joined: dict[str, tuple[bytes, bytes]] = {}
    for key, value in pairs:
        name = json_text.string(key)
        joined[name] = (joined[name][0] if name in joined else key, value)
    return make_object(list(joined.values()))


def _group(text: bytes, _: ModifierOptions) -> bytes | None:
    """Turn an object of arrays into an array of objects."""
    if json_text.json_type(text) != "object":
        return None
    rows: list[list[tuple[bytes, bytes]]] = []
    for key, value in json_text.raw_pairs(text):
        for at, element in enumerate(json_text.elements(value) if json_text.json_type(value) == "array" else ()):
            if at == len(rows):
                rows.append([])
            rows[at].append((key, element))
    return make_array([make_object(row) for row in rows])


def _sorted(text: bytes) -> bytes:
    match json_text.json_type(text):
        case "array":
            return make_array([_sorted(element) for element in json_text.elements(text)])
        case "object":
            pairs = sorted(json_text.raw_pairs(text), key=lambda pair: json_text.string(pair[0]))
            return make_object([(key, _sorted(value)) for key, value in pairs])
    return text


def _is_on(options: ModifierOptions, name: str) -> bool:
    """Whether an option is true, by GJSON's rules for numbers and strings."""
    value = options.get(name, b"false")
    match json_text.json_type(value):
        case "number":
            return float(value) != 0
        case "string":
            return json_text.string(value) not in ("", "0", "false")
    return value == b"true"


FUNCTIONS: dict[str, _Function] = {
    "this": _this,
    "valid": _this,
    "pretty": _pretty,
    "ugly": _ugly,
    "tostr": _tostr,
    "fromstr": _fromstr,
    "reverse": _reverse,
    "keys": _keys,
    "values": _values,
    "flatten": _flatten,
    "join": _join,
    "group": _group,
}
"""The modifiers by name. `@dig` takes a path as its argument, so `evaluate.py` implements it."""
