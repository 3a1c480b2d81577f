"""A pipe of many objects that is longer than one may be: it is kept in a temporary file, and read in parts."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from itertools import chain
from weakref import finalize

from ant_cli.errors import UsageError
from ant_cli.input.values import ParsedValue, Value, after_space, describe_json_error, parse_json
from ant_cli.runtime.light_typing import BinaryIO
from ant_cli.runtime.reading import INPUT_LIMIT

_PART = 1_000_000


class ObjectStream:
    """The JSON values of a file. It is read again each time."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self._file = file
        self._source = source
        finalize(self, file.close)

    def values(self) -> Iterator[ParsedValue]:
        """Yield the values.

        Raises:
            UsageError: if the file has something else, or a value is longer than `INPUT_LIMIT`.

        """
        text, position, line = "", 0, 1
        for part in chain(self._texts(), [""]):
            text, position = text[position:] + part, 0
            while (start := after_space(text, position)) < len(text):
                line += text.count("\n", position, start)
                position = start
                value_and_end = self._value(text, start, line, is_last=not part)
                if value_and_end is None:
                    break
                yield ParsedValue(value_and_end[0], line, is_json=True)
                position = value_and_end[1]
                line += text.count("\n", start, position)
            if len(text) - position > INPUT_LIMIT:
                limit = f"{INPUT_LIMIT // 1_000_000} MB"
                raise UsageError(f"{self._source}, line {line}: a value longer than {limit}, which is the limit.")

    def _value(self, text: str, start: int, line: int, *, is_last: bool) -> tuple[Value, int] | None:
        """Return a value and the position after it; None if the rest of it may be in the next part."""
        try:
            value, end = parse_json(text, start)
        except json.JSONDecodeError as error:
            if not is_last:
                return None
            line += text.count("\n", start, error.pos)
            raise UsageError(f"{self._source}, line {line}: {describe_json_error(error)}.") from None
        except (ValueError, RecursionError) as error:
            problem = "nested too deep" if isinstance(error, RecursionError) else error
            raise UsageError(f"{self._source}, line {line}: {problem}.") from None
        return (value, end) if is_last or end < len(text) else None

    def _texts(self) -> Iterator[str]:
        """Yield the text in parts, from the beginning."""
        decoder, offset = codecs.getincrementaldecoder("utf-8-sig")(), 0
        while True:
            self._file.seek(offset)  # another reader may have moved it
            data = self._file.read(_PART)
            offset += len(data)
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError:
                raise UsageError(f"{self._source} is not text in UTF-8 before byte {offset}.") from None
            if not data:
                return
            if text:
                yield text
