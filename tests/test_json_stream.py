"""Validation in parts: it accepts what the parser of whole documents accepts, wherever the parts are split."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.gjson import json_stream
from ant_cli.gjson.json_stream import validate_stream
from ant_cli.gjson.json_text import JSONTextError, validate

PIECES = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"a"',
        b'"',
        b"\\",
        b"1",
        b"-",
        b"0",
        b".5",
        b"e",
        b"true",
        b"nul",
        b"null",
    ),
    *(b" ", b"\n", b"\xc3", b"\xa9", b"\\u12", b"34", b'"x,},"', b'{"a":[1,2,{"b":null}]},'),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
WHOLE = VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace"))


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Draw JSON, JSON with an insertion, or a random sequence of its pieces."""
    text = draw(st.one_of(WHOLE, st.lists(st.sampled_from(PIECES)).map(b"".join)))
    position = draw(st.integers(0, len(text)))
    return text[:position] + draw(st.sampled_from((b"", *PIECES))) + text[position:]


def accepts(function, argument) -> bool:
    try:
        function(argument)
    except JSONTextError:
        return False
    return True


@pytest.mark.parametrize("shortest_run", [4, 32_768], ids=["runs of elements", "single tokens"])
def test_a_document_in_parts_is_accepted_if_the_whole_document_is(monkeypatch, shortest_run):
    """Both with runs of elements that msgspec validates at once, and token by token."""
    monkeypatch.setattr(json_stream, "_SHORTEST_RUN", shortest_run)

    @given(texts(), st.integers(1, 9))
    def compare(text: bytes, size: int) -> None:
        parts = [text[start : start + size] for start in range(0, len(text), size)]
        assert accepts(validate_stream, parts) == accepts(validate, text)

    compare()


def test_brackets_that_are_nested_too_deep_are_an_error():
    """The limit is that of a whole document: no printer could handle more."""
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    with pytest.raises(JSONTextError, match="nested"):
        validate_stream([deep])
