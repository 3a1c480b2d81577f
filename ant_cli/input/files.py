r"""The `@` notation: in place of a text, the contents of a file.

`@notes.txt` is the file's text, or its base64 form if it is binary; `@file://p` is always text, `@data://p`
always base64; `@-` is standard input; `\@x` is the text "@x". A word such as `@ada`, for which there is no
file and which does not look like one, stays as it is.
"""

from __future__ import annotations

import re
from pathlib import Path

from ant_cli.errors import UsageError
from ant_cli.input.values import Value
from ant_cli.runtime.streams import Stdin, os_error_text, read_limited

_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Control characters that no text holds, by the rule of https://mimesniff.spec.whatwg.org."""
_SNIFFED = 512


def embed(value: Value, where: str, stdin: Stdin) -> Value:
    """Return the value with every `@` text in it replaced; keys stay as they are.

    Raises:
        UsageError: if a file can't be read, or is not text where text is asked for.

    """
    if isinstance(value, dict):
        return {key: embed(child, where, stdin) for key, child in value.items()}
    if isinstance(value, list):
        return [embed(child, where, stdin) for child in value]
    return _embed_text(value, where, stdin) if isinstance(value, str) else value


def _embed_text(text: str, where: str, stdin: Stdin) -> str:
    if text.startswith("\\@"):
        return text[1:]
    if not text.startswith("@") or _is_a_word(text):
        return text
    if text.startswith("@data://"):
        return _base64(_read(text.removeprefix("@data://"), where, stdin, _literal(text)))
    path = text.removeprefix("@file://") if text.startswith("@file://") else text[1:]
    data = _read(path, where, stdin, _literal(text))
    if path == text[1:] and _is_binary(data):
        return _base64(data)
    return decode(data, f"{where}: {path}")


def text_of(word: str, where: str, stdin: Stdin) -> str:
    """Return the text that stands for a structured value: the word itself, or the file that it names."""
    if not word.startswith("@"):
        return word
    path = word.removeprefix("@file://") if word.startswith("@file://") else word[1:]
    return decode(_read(path, where, stdin), f"{where}: {path}")


def decode(data: bytes, name: str) -> str:
    """Return text in UTF-8 without a byte order mark.

    Raises:
        UsageError: if it is not UTF-8; with the place of the first byte that is not.

    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is not text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}."
        ) from None


def read_file(path: str, where: str, hint: str = "") -> bytes:
    """Read a file of at most `streams.INPUT_LIMIT` bytes.

    Raises:
        UsageError: if it can't be read, or is larger.

    """
    if not path:
        raise UsageError(f"{where}: the name of the file is missing.", hint)
    try:
        with Path(path).open("rb") as file:
            return read_limited(file, f"{where}: {path}")
    except (OSError, ValueError) as error:
        raise UsageError(f"{where}: {path!r} can't be read: {os_error_text(error)}.", hint) from None


def _is_a_word(text: str) -> bool:
    name = text[1:]
    return name == "" or not (name == "-" or "." in name or "/" in name or _exists(name))


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except OSError:  # the name is too long for one, or a folder may not be looked into
        return False


def _is_binary(data: bytes) -> bool:
    if _BINARY.search(data, 0, _SNIFFED):
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def _literal(text: str) -> str:
    return f"For the text itself, write \\{text}"


def _read(path: str, where: str, stdin: Stdin, hint: str = "") -> bytes:
    return stdin.read() if path == "-" else read_file(path, where, hint)


def _base64(data: bytes) -> str:
    import base64

    return base64.b64encode(data).decode()
