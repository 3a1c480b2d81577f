r"""The `@` notation of flags: the contents of a file instead of a literal value (D10).

`@notes.txt` is the file's text, or its base64 form if it is binary; `@file://p` is always text, `@data://p`
always base64; `@-` is standard input; `\@x` is the text "@x". `@ada` is sent literally if no such file exists
and it does not look like a file name. Only flags are read in this way: data that is piped in or comes from a
file never names a file (D32).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ant_cli.input.values import Value
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Literal, NamedTuple
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.streams import Stdin

_BINARY = rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]"
"""Control characters that text never contains, by the rules of https://mimesniff.spec.whatwg.org."""
_SNIFFED = 512
_MAY_BE_A_NAME = r"@[\w-]*\w"
"""A text that may be a mistyped name of a file, or the name of a person."""
_PREFIXES: dict[str, Literal["text", "base64", "either"]] = {
    "@file://": "text",
    "@data://": "base64",
    "@": "either",
}


class FileRef(NamedTuple):
    """A file whose contents replace a value."""

    path: str
    """`-` is standard input."""
    form: Literal["text", "base64", "either"]


def expand_file_refs(value: Value, where: str, runtime: Runtime) -> Value:
    """Return the value with every file reference in it replaced. Keys are not changed.

    A string that may be a mistyped reference is sent literally, with a note.

    Raises:
        UsageError: if a file can't be read, or is not text where text is required.

    """
    return _map_texts(value, lambda text: _expand(text, where, runtime))


def unescape(value: Value) -> Value:
    r"""Return the value of a flag that takes no files. `\@x`, which the official tool requires, becomes `@x`."""
    return _map_texts(value, _unescape)


def _map_texts(value: Value, function: Callable[[str], str]) -> Value:
    if isinstance(value, dict):
        return {key: _map_texts(child, function) for key, child in value.items()}
    if isinstance(value, list):
        return [_map_texts(child, function) for child in value]
    return function(value) if isinstance(value, str) else value


def read_structured(text: str, where: str, stdin: Stdin) -> str | None:
    """Return the contents of the file that a structured flag names; None if the flag has the value itself."""
    ref = _parse(text)
    return None if ref is None else decode(_read(ref, where, stdin), f"{where}: {ref.path}")


def _unescape(text: str) -> str:
    return text[1:] if text.startswith("\\@") else text


def _expand(text: str, where: str, runtime: Runtime) -> str:
    if text.startswith("\\@"):
        return _unescape(text)
    if re.fullmatch(_MAY_BE_A_NAME, text) and not _exists(text[1:]):
        runtime.stderr.say(f"Note: {where}: {text!r} is sent literally, because there is no such file.")
        return text
    ref = None if _is_plain_text(text) else _parse(text)
    if ref is None:
        return text
    data = _read(ref, where, runtime.stdin, _escape_hint(text))
    if ref.form == "base64" or (ref.form == "either" and _is_binary(data)):
        return _base64(data)
    return decode(data, f"{where}: {ref.path}")


def _parse(text: str) -> FileRef | None:
    prefix = next((prefix for prefix in _PREFIXES if text.startswith(prefix)), None)
    return FileRef(text.removeprefix(prefix), _PREFIXES[prefix]) if prefix else None


def _is_plain_text(text: str) -> bool:
    name = text[1:]
    return name == "" or not (name == "-" or "." in name or "/" in name or _exists(name))


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # the name is too long, or a folder can't be searched
        return False


def _is_binary(data: bytes) -> bool:
    if re.search(_BINARY, data[:_SNIFFED]):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _escape_hint(text: str) -> str:
    return f"For the text itself, write \\{text}"


def _read(ref: FileRef, where: str, stdin: Stdin, hint: str = "") -> bytes:
    return stdin.read() if ref.path == "-" else read_file(ref.path, where, hint)


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()
