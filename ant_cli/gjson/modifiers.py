"""The modifiers of GJSON: functions from a JSON value to a JSON value, or to None if there is no result.

Modifiers for arrays or objects return other values unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ant_cli.gjson import json_text

ModifierOptions = dict[str, bytes]
_Function = Callable[[bytes, ModifierOptions], bytes | None]


def make_array(values: list[bytes]) -> bytes:
    """Return a JSON array of JSON values."""
    return b"[" + b",".join(values) + b"]"


def make_object(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """Return a JSON object of keys and values, both JSON."""
    return b"{" + b",".join(key + b":" + value for key, value in pairs) + b"}"


def child_values(raw: bytes) -> list[bytes]:
    """Return the values in an array or object; an empty list for a scalar."""
    match json_text.json_type(raw):
        case "array":
            return json_text.elements(raw)
        case "object":
            return [value for _, value in json_text.raw_pairs(raw)]
    return []


def _pretty(raw: bytes, options: ModifierOptions) -> bytes:
    # GJSON's other options are about layout, which the output format decides here.
    return json_text.indent(_sorted(raw) if truth(options.get("sortKeys")) else raw)


def _fromstr(raw: bytes, _: ModifierOptions) -> bytes | None:
    type_ = json_text.json_type(raw)
    if type_ != "string":
        return None if type_ == "null" else raw
    inner = json_text.encoded(json_text.string(raw))
    try:
        json_text.validate(inner)
    except json_text.JSONTextError:
        return None
    return inner


def _reverse(raw: bytes, _: ModifierOptions) -> bytes:
    match json_text.json_type(raw):
        case "array":
            return make_array(json_text.elements(raw)[::-1])
        case "object":
            return make_object(json_text.raw_pairs(raw)[::-1])
    return raw


def _keys(raw: bytes, _: ModifierOptions) -> bytes:
    type_ = json_text.json_type(raw)
    if type_ == "object":
        return make_array([key for key, _ in json_text.raw_pairs(raw)])
    count = len(json_text.elements(raw)) if type_ == "array" else 1
    return make_array([b"null"] * count)


def _values(raw: bytes, _: ModifierOptions) -> bytes:
    type_ = json_text.json_type(raw)
    if type_ == "array":
        return raw
    return make_array(child_values(raw) if type_ == "object" else [raw])


def _flatten(raw: bytes, options: ModifierOptions) -> bytes:
    if json_text.json_type(raw) != "array":
        return raw
    is_deep = truth(options.get("deep")) is True
    return make_array(list(_flat(raw, deep=is_deep)))


def _flat(raw: bytes, *, deep: bool) -> Iterator[bytes]:
    for element in json_text.elements(raw):
        if json_text.json_type(element) != "array":
            yield element
        elif deep:
            yield from _flat(element, deep=True)
        else:
            yield from json_text.elements(element)


def _join(raw: bytes, options: ModifierOptions) -> bytes:
    if json_text.json_type(raw) != "array":
        return raw
    objects = [each for each in json_text.elements(raw) if json_text.json_type(each) == "object"]
    pairs = [pair for each in objects for pair in json_text.raw_pairs(each)]
    if truth(options.get("preserve")):
        return make_object(pairs)
    joined: dict[str, tuple[bytes, bytes]] = {}
    for key, value in pairs:
        name = json_text.string(key)
        joined[name] = (joined[name][0] if name in joined else key, value)
    return make_object(list(joined.values()))


def _group(raw: bytes, _: ModifierOptions) -> bytes | None:
    """Turn an object of arrays into an array of objects."""
    if json_text.json_type(raw) != "object":
        return None
    pairs = json_text.raw_pairs(raw)
    lists = [(key, value) for key, value in pairs if json_text.json_type(value) == "array"]
    rows: list[list[tuple[bytes, bytes]]] = []
    for key, value in lists:
        for at, element in enumerate(json_text.elements(value)):
            if at == len(rows):
                rows.append([])
            rows[at].append((key, element))
    return make_array([make_object(row) for row in rows])


def _sorted(raw: bytes) -> bytes:
    match json_text.json_type(raw):
        case "array":
            return make_array([_sorted(element) for element in json_text.elements(raw)])
        case "object":
            pairs = sorted(json_text.raw_pairs(raw), key=lambda pair: json_text.string(pair[0]))
            return make_object([(key, _sorted(value)) for key, value in pairs])
    return raw


def truth(value: bytes | None) -> bool | None:
    """Return the boolean that an option or a `~` comparison reads from a value; None if it is neither."""
    if value is None:
        return False
    match json_text.json_type(value):
        case "string":
            return _TRUTH_OF_TEXT.get(json_text.string(value).lower())
        case "number":
            return float(value) != 0
        case "object" | "array":
            return None
        case type_:
            return type_ == "true"


_TRUTH_OF_TEXT = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}

FUNCTIONS: dict[str, _Function] = {
    "this": lambda raw, _: raw,
    "valid": lambda raw, _: raw,
    "pretty": _pretty,
    "ugly": lambda raw, _: json_text.compact(raw),
    "tostr": lambda raw, _: json_text.quote(raw.decode()),
    "fromstr": _fromstr,
    "reverse": _reverse,
    "keys": _keys,
    "values": _values,
    "flatten": _flatten,
    "join": _join,
    "group": _group,
}
"""The modifiers by name. `@dig` takes a path as its argument, so `evaluate.py` implements it."""
