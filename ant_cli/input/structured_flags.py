"""The values of structured flags: YAML, JSON, the name of a file, or `key=value` for each key (D35).

A text is read as `key=value` only if it can't be anything else. A YAML mapping stays one, as in the official tool.
A text that could be read in two ways is rejected, or noted if the official tool accepts it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ant_cli.errors import BadValue, UsageError
from ant_cli.input.file_refs import expand_file_refs, read_structured, unescape
from ant_cli.input.values import Value, convert, encode, parse
from ant_cli.operations.spec import Param
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.streams import Stderr

_KEY = re.compile(r"\w[\w./-]*")
"""A key that may precede `=`. Any other key has to be written in YAML or JSON."""


class _Pair(NamedTuple):
    """A text of the form `key=value`."""

    key: str
    text: str


def read_structured_flag(param: Param, texts: Sequence[str], runtime: Runtime) -> Value:
    """Return the value of a structured flag: the last mapping, plus the keys of each `key=value`.

    Raises:
        UsageError: if a text can't be read, or could be read in two ways, or a key is given twice.

    """
    texts_and_pairs = [(text, _pair_in(param, text)) for text in texts]
    pairs = [pair for _, pair in texts_and_pairs if pair]
    mappings = [text for text, pair in texts_and_pairs if not pair]
    for text in mappings:
        _check_ambiguous(param, text, runtime.stderr, has_pairs=bool(pairs))
    whole = _read_mapping(param, mappings[-1], runtime) if mappings else {}
    if not pairs:
        return whole
    if not isinstance(whole, dict):
        raise BadValue(param.flag, "is null in one place and has keys in another", "Leave out one of them.")
    members = dict(whole)
    for pair in pairs:
        if pair.key in members:
            raise BadValue(param.flag, f"has the key {pair.key!r} twice")
        members[pair.key] = _value_of(param, pair, runtime)
    return members


def _read_mapping(param: Param, text: str, runtime: Runtime) -> Value:
    """Read YAML or JSON, with file names replaced by the files' contents (D10, D32)."""
    contents = read_structured(text, param.flag, runtime.stdin)
    if contents is not None:
        return convert(param, param.flag, contents)
    value = convert(param, param.flag, text)
    return expand_file_refs(value, param.flag, runtime) if param.texts_may_be_files else unescape(value)


def _pair_in(param: Param, text: str) -> _Pair | None:
    """Return the key and the value of a text; None to read it as YAML, JSON or the name of a file.

    Raises:
        BadValue: if it is not a YAML mapping, and the part before its `=` can't be a key.

    """
    key, equals, rest = text.partition("=")
    if not (param.key_values and equals):
        return None
    is_key = _KEY.fullmatch(key) is not None
    value = None if is_key and ":" not in rest else _parsed(text)  # also None for @file, which is not YAML
    if isinstance(value, dict) or not (is_key or isinstance(value, str)):
        return None
    if not key:
        raise BadValue(param.flag, f"has no key before the =, got {text!r}", f"For example: {param.flag} team=data")
    if not is_key:
        problem = f"can't have the key {key!r} before =, where a key consists of letters, digits and ._/-"
        raise BadValue(param.flag, problem, f"For another key: {_as_json(param, {key: rest})}")
    return _Pair(key, rest)


def _check_ambiguous(param: Param, text: str, stderr: Stderr, *, has_pairs: bool) -> None:
    """Report YAML such as `note=see: this`, which may be meant as `key=value`.

    Raises:
        BadValue: if there are several such values, which the official tool does not accept.

    """
    key, equals, rest = text.partition("=")
    if not (param.key_values and equals and _KEY.fullmatch(key)):
        return
    mapping = _parsed(text)
    whole = next(iter(mapping)) if isinstance(mapping, dict) else ""
    problem = f"{text!r} is YAML with the key {whole!r}"
    meant = f"For the key {key!r}: {_as_json(param, {key: rest})}"
    if has_pairs:
        raise BadValue(param.flag, problem, meant, f"For the key {whole!r}: {_as_json(param, mapping)}")
    stderr.say(f"Note: {param.flag} {problem}. {meant}")


def _value_of(param: Param, pair: _Pair, runtime: Runtime) -> Value:
    """Return the value of a key, a string; None to delete the key in a patch."""
    as_text = f"For the text: {_as_json(param, {pair.key: pair.text})}"
    is_patch = param.key_values == "patch"
    if pair.text == "null":
        delete = f"To delete the key: {param.flag} {pair.key}=" if is_patch else ""
        raise BadValue(param.flag, f"{pair.key}=null may mean null or a string", delete, as_text)
    if pair.text:
        return expand_file_refs(pair.text, f"{param.flag} {pair.key}", runtime)
    if not is_patch:
        raise BadValue(param.flag, f"has no value for the key {pair.key!r}", as_text)
    return None


def _parsed(text: str) -> Value:
    """Parse a text as YAML or JSON; return None if it is neither."""
    try:
        return parse(text, "")
    except UsageError:
        return None


def _as_json(param: Param, mapping: Value) -> str:
    """Return the flag with a mapping as its value, in JSON, quoted for a shell."""
    from shlex import quote

    return f"{param.flag} {quote(encode(mapping).decode())}"
