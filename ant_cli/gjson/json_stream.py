"""Validate a JSON value that arrives in parts, for responses that are too large for the memory.

It is read token by token. But if a part has whole elements or members, msgspec validates those at once. If
`[` + elements + `]` is valid, the elements are whole, so nothing is missed wherever they were split.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from ant_cli.gjson.json_text import JSONTextError

_DEEPEST = 1000
"""The deepest nesting of brackets, the same as for whole values."""
_SHORTEST_RUN = 32_768
_TRIES = 6
"""How many positions in a part are tried as the end of an element."""
_FAILURES = 3
"""How many unsuccessful searches for a run of elements are made in a part."""
_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING_PART = re.compile(rb'(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+')
_WORD = re.compile(rb"[-+.0-9A-Za-z]*+")
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null")
_LONGEST_ESCAPE = 6
_CLOSING = {b"[": b"]", b"{": b"}"}


def validate_stream(parts: Iterable[bytes]) -> None:
    """Read all parts. Raises JSONTextError unless they are one JSON value in UTF-8."""
    validator = _Validator()
    for part in parts:
        validator.feed(part)
    validator.finish()


class _Validator:
    """The state between two parts: the open brackets, what may come next, and the rest of the last part."""

    def __init__(self) -> None:
        self._open: list[bytes] = []
        """The closing brackets to come, the innermost last."""
        self._next = "value"
        """One of: value, element (or the end of an empty array), key, member (or the end of an empty object),
        colon, end (of a value), string and name (the rest of either)."""
        self._buffer = b""
        self._position = 0
        self._is_last = False
        self._ran = False
        """Whether the last part had a run of elements."""
        self._failures = 0
        """How many searches in this part found none."""
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def feed(self, part: bytes) -> None:
        """Validate another part."""
        self._check_encoding(part)
        self._offset += self._position
        self._buffer = self._buffer[self._position :] + part
        self._position = 0
        self._failures = 0
        while self._step():
            pass

    def finish(self) -> None:
        """Raise JSONTextError unless the value is complete."""
        self._is_last = True
        self.feed(b"")
        if self._open or self._next != "end" or self._position < len(self._buffer):
            raise self._error()

    def _check_encoding(self, part: bytes) -> None:
        try:
            self._decoder.decode(part, final=self._is_last)
        except UnicodeDecodeError:
            raise JSONTextError("Not JSON: no UTF-8.") from None

    def _error(self) -> JSONTextError:
        return JSONTextError(f"Not JSON at byte {self._offset + self._position}.")

    def _step(self) -> bool:
        """Read a token, or a run of elements, if it is completely in the buffer; otherwise return False."""
        if self._next in ("string", "name"):
            return self._read_string()
        self._position = self._after_space()
        token = self._buffer[self._position : self._position + 1]
        if not token:
            return False
        if self._next in ("colon", "end"):
            return self._read_punctuation(token)
        if self._may_skip_run:
            if self._skip_run():
                return True
            if self._ran and not self._is_last and len(self._buffer) - self._position < _SHORTEST_RUN:
                return False  # the rest of the element is in the next part
        if token == self._closing and self._next in ("element", "member"):
            return self._close()
        if token == b'"':
            self._position += 1
            self._next = "name" if self._next in ("key", "member") else "string"
            return True
        if self._next in ("key", "member"):
            raise self._error()
        return self._open_bracket(token) if token in _CLOSING else self._read_scalar()

    @property
    def _closing(self) -> bytes:
        return self._open[-1] if self._open else b""

    def _after_space(self) -> int:
        match = _SPACE.match(self._buffer, self._position)
        return match.end() if match else self._position

    def _read_punctuation(self, token: bytes) -> bool:
        if self._next == "colon" and token == b":":
            self._next = "value"
        elif self._next == "end" and token == b"," and self._open:
            self._next = "key" if self._closing == b"}" else "value"
        elif self._next == "end" and token == self._closing:
            return self._close()
        else:
            raise self._error()
        self._position += 1
        return True

    def _open_bracket(self, token: bytes) -> bool:
        if len(self._open) == _DEEPEST:
            raise JSONTextError("The JSON is nested too deeply.")
        self._open.append(_CLOSING[token])
        self._next = "element" if token == b"[" else "member"
        self._position += 1
        return True

    def _close(self) -> bool:
        self._open.pop()
        self._next = "end"
        self._position += 1
        return True

    def _read_string(self) -> bool:
        """Read the part of a string that is in the buffer."""
        match = _STRING_PART.match(self._buffer, self._position)
        self._position = match.end() if match else self._position
        rest = self._buffer[self._position : self._position + _LONGEST_ESCAPE]
        if rest.startswith(b'"'):
            self._position += 1
            self._next = "colon" if self._next == "name" else "end"
            return True
        if rest and (self._is_last or not rest.startswith(b"\\") or len(rest) == _LONGEST_ESCAPE):
            raise self._error()
        return False

    def _read_scalar(self) -> bool:
        match = _WORD.match(self._buffer, self._position)
        end = match.end() if match else self._position
        if end == len(self._buffer) and not self._is_last:
            return False
        if not _SCALAR.fullmatch(self._buffer, self._position, end):
            raise self._error()
        self._position = end
        self._next = "end"
        return True

    @property
    def _may_skip_run(self) -> bool:
        """Whether an element or a member may come next."""
        if not self._open:
            return False
        return self._next in (("element", "value") if self._closing == b"]" else ("member", "key"))

    def _skip_run(self) -> bool:
        """Skip whole elements or members, with the comma after the last. Return whether there were any."""
        if self._failures == _FAILURES or len(self._buffer) - self._position < _SHORTEST_RUN:
            return False
        for mark in (b"},", b'",', b"],"):
            end = len(self._buffer)
            for _ in range(_TRIES):
                end = self._buffer.rfind(mark, self._position, end)
                if end < 0:
                    break
                if self._is_run(self._position, end + 1):
                    self._position = end + 2
                    self._next = "value" if self._closing == b"]" else "key"
                    self._ran = True
                    return True
        self._failures += 1
        return False

    def _is_run(self, start: int, end: int) -> bool:
        import msgspec

        opening = b"[" if self._closing == b"]" else b"{"
        try:
            msgspec.json.decode(b"".join((opening, self._buffer[start:end], self._closing)), type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            return False
        return True
