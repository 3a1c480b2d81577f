r"""The values of flags: texts, files, and structured values.

A text may name a file whose contents it stands for (D10). `@notes.txt` is the file's text, or its base64 form if it
is binary; `@file://p` is always text, `@data://p` always base64; `@-` is standard input; `\@x` is the text "@x".
`@ada` is sent literally if no such file exists and it does not look like a file name. Only flags are read in this
way: data that is piped in or comes from a file never names a file (D32).

A structured value is YAML, JSON, the name of a file, or `key=value` for each key (D35). A text is read as
`key=value` only if it can't be anything else. A YAML mapping stays one, as in the official tool. A text that could
be read in two ways is rejected, or noted if the official tool accepts it.
"""

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from ant_cli.errors import BadValue, UsageError
from ant_cli.errors.command_line import quote
from ant_cli.input.values import Value, convert, encode, parse
from ant_cli.operations.spec import Field, Operation, Text, Texts, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.streams import Stdin

_KEY = r"\w[\w./-]*"
"""A key that may precede `=`. Any other key has to be written in YAML or JSON."""
_BINARY = rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]"
"""Control characters that text never contains, by the rules of https://mimesniff.spec.whatwg.org."""
_SNIFFED = 512
_MAY_BE_A_NAME = r"[\w-]*\w"
"""A text after `@` that may be the name of a person, or the mistyped name of a file."""


def read_flags(operation: Operation, texts: Texts, runtime: Runtime) -> dict[str, Value]:
    """Return the values of flags, by field, without the IDs if there are several.

    Raises:
        UsageError: if a text can't be read or converted, or could be read in two ways, or a key is given twice.

    """
    given = [field for field in operation.fields if field.name in texts]
    values = {
        field.name: _read_flag(field, texts[field.name], runtime)
        for field in given
        if field.repeatable or isinstance(texts[field.name], str)
    }
    for field in given:
        if field.outer in values:
            _reject_contradiction(field, values[field.outer])
    return values


def _reject_contradiction(field: Field, outer: Value) -> None:
    """Raise BadValue if two flags give the same field, such as `--config` and `--config.type`."""
    flag = flag_name(field.outer)
    if not isinstance(outer, dict):
        raise BadValue(
            field.flag, f"can't be combined with a {flag} that is null", "Leave out one of them."
        )
    if field.inner in outer:
        problem = f"can't be combined with a {flag} that has {field.inner!r}"
        raise BadValue(field.flag, problem, "Leave out one of them.")


def _read_flag(field: Field, given: Text, runtime: Runtime) -> Value:
    texts = [given] if isinstance(given, str) else given
    if field.type is dict:
        return read_structured(field, texts, runtime)
    values = [convert(field, field.flag, text) for text in texts]
    if field.location != "path":
        values = [_expand_file_refs(value, field.flag, runtime) for value in values]
    return values[0] if isinstance(given, str) else values


# Structured values


class _Pair:
    """A text of the form `key=value`."""

    def __init__(self, key: str, text: str, mapping: Any = None) -> None:
        self.key = key
        self.text = text
        self.mapping = mapping
        """The text as a YAML mapping, which takes precedence, as in the official tool; None if it is not one."""


def read_structured(field: Field, texts: Sequence[str], runtime: Runtime) -> Value:
    """Return the value of a structured flag: the last mapping, plus the keys of each `key=value`.

    Raises:
        UsageError: if a text can't be read, or could be read in two ways, or a key is given twice.

    """
    mappings: list[str] = []
    pairs: list[_Pair] = []
    ambiguous: list[_Pair] = []
    for text in texts:
        pair = _pair_in(field, text)
        if pair and not pair.mapping:
            pairs.append(pair)
            continue
        mappings.append(text)
        if pair:
            ambiguous.append(pair)
    for pair in ambiguous:
        _report_ambiguous(field, pair, runtime.say, has_pairs=pairs != [])
    whole = _read_mapping(field, mappings[-1], runtime) if mappings else {}
    return _with_pairs(field, whole, pairs, runtime) if pairs else whole


def _with_pairs(field: Field, whole: Value, pairs: Sequence[_Pair], runtime: Runtime) -> Value:
    if not isinstance(whole, dict):
        problem = "is null in one place and has keys in another"
        raise BadValue(field.flag, problem, "Leave out one of them.")
    members = dict(whole)
    for pair in pairs:
        if pair.key in members:
            raise BadValue(field.flag, f"has the key {pair.key!r} twice")
        members[pair.key] = _value_of(field, pair, runtime)
    return members


def _read_mapping(field: Field, text: str, runtime: Runtime) -> Value:
    if text.startswith("@"):
        path = _path_in(text)
        contents = _read(path, field.flag, runtime.stdin)
        return convert(field, field.flag, decode(contents, f"{field.flag}: {path}"))
    value = convert(field, field.flag, text)
    if field.key_values:
        return _expand_file_refs(value, field.flag, runtime)
    return _map_texts(value, _unescape)


def _pair_in(field: Field, text: str) -> _Pair | None:
    """Return the key and the value of a text; None if it can only be YAML, JSON or the name of a file."""
    key, equals, rest = text.partition("=")
    if not (field.key_values and equals and re.fullmatch(_KEY, key)):
        return None
    if ":" not in rest:
        return _Pair(key, rest)
    try:
        value = parse(text, "")
    except UsageError:
        value = None
    return _Pair(key, rest, value if isinstance(value, dict) else None)


def _report_ambiguous(
    field: Field, pair: _Pair, say: Callable[[str], None], *, has_pairs: bool
) -> None:
    """Report YAML such as `note=see: this`, which may be meant as `key=value`.

    Raises:
        BadValue: if there are several such values, which the official tool does not accept.

    """
    key, whole = pair.key, next(iter(pair.mapping))
    problem = f"{key + '=' + pair.text!r} is YAML with the key {whole!r}"
    meant = f"For the key {key!r}: {_as_json(field, {key: pair.text})}"
    if has_pairs:
        other = f"For the key {whole!r}: {_as_json(field, pair.mapping)}"
        raise BadValue(field.flag, problem, meant, other)
    say(f"Note: {field.flag} {problem}. {meant}")


def _value_of(field: Field, pair: _Pair, runtime: Runtime) -> Value:
    """Return the value of a key, a string; None to delete the key in a patch."""
    as_text = f"For the text: {_as_json(field, {pair.key: pair.text})}"
    is_patch = field.key_values == "patch"
    if pair.text == "null":
        delete = f"To delete the key: {field.flag} {pair.key}=" if is_patch else ""
        raise BadValue(field.flag, f"{pair.key}=null may mean null or a string", delete, as_text)
    if note := comma_note(field.flag, f"{pair.key}={pair.text}"):
        runtime.say(note)
    if pair.text:
        return _expand_file_refs(pair.text, f"{field.flag} {pair.key}", runtime)
    if not is_patch:
        raise BadValue(field.flag, f"has no value for the key {pair.key!r}", as_text)
    return None


def comma_note(flag: str, pair: str, prefix: str = "") -> str:
    """Return a note about `key=value,key=value`, which is one key; empty for a value without another key."""
    parts = re.split(rf",\s*(?={_KEY}=)", pair)
    if len(parts) == 1:
        return ""
    flags = [f"{flag} {prefix}{quote(part.removeprefix(prefix))}" for part in parts]
    several = " ".join(flags)
    key, _, value = pair.partition("=")
    return f"Note: {flag}: the value of {key!r} is {value!r}. For several keys: {several}"


def _as_json(field: Field, mapping: Value) -> str:
    return f"{field.flag} {quote(encode(mapping).decode())}"


# Files


def _expand_file_refs(value: Value, where: str, runtime: Runtime) -> Value:
    """Return the value with every file reference in it replaced. Keys are not changed."""
    return _map_texts(value, lambda text: _expand(text, where, runtime))


def _map_texts(value: Value, function: Callable[[str], str]) -> Value:
    if isinstance(value, dict):
        return {key: _map_texts(child, function) for key, child in value.items()}
    if isinstance(value, list):
        return [_map_texts(child, function) for child in value]
    return function(value) if isinstance(value, str) else value


def _unescape(text: str) -> str:
    return text[1:] if text.startswith("\\@") else text


def _expand(text: str, where: str, runtime: Runtime) -> str:
    """Return the contents of the file that a text names, or the text. A name that may be mistyped gets a note."""
    if not text.startswith("@"):
        return _unescape(text)
    name = text[1:]
    if not _names_file(name):
        if re.fullmatch(_MAY_BE_A_NAME, name):
            runtime.say(
                f"Note: {where}: {text!r} is sent literally, because there is no such file."
            )
        return text
    path = _path_in(text)
    data = _read(path, where, runtime.stdin, "For the text itself, write " + quote(f"\\{text}"))
    is_text = text.startswith("@file://")
    if text.startswith("@data://") or (not is_text and _is_binary(data)):
        import base64

        return base64.b64encode(data).decode()
    return decode(data, f"{where}: {path}")


def _names_file(name: str) -> bool:
    """Whether a text after `@` is a file: it looks like one, or exists."""
    if name == "-" or "." in name or "/" in name:
        return True
    return os.path.exists(name)  # noqa: PTH110 - Path.exists() may raise


def _path_in(text: str) -> str:
    """Return the path in a reference to a file; `-` is standard input."""
    return re.sub(r"^@(?:file://|data://)?", "", text)


def _is_binary(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return re.search(_BINARY, data[:_SNIFFED]) is not None


def _read(path: str, where: str, stdin: Stdin, hint: str = "") -> bytes:
    return stdin.read() if path == "-" else read_file(path, where, hint)
