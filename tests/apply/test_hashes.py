"""The hashes of bodies and of the server's objects, which must equal those of the official tool."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ant_cli.apply.comparison import (
    canonical,
    declared_part,
    hash_of_body,
    hash_of_remote,
    hashes_by_name,
)
from ant_cli.gjson import json_text
from ant_cli.gjson.json_text import Number
from ant_cli.input.values import parse

VECTORS = json.loads(Path(__file__).with_name("hashes.json").read_text())
NUMBERS = json.loads(Path(__file__).with_name("numbers.json").read_text())

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.text())
@example({"a": 1, "name": "x", "z": 2}, "y")
@example({}, "\ud800")
def test_the_hash_with_another_name_is_that_of_the_body_with_it(body, name):
    """It is made of the canonical text around the name."""
    value = parse(json.dumps(body), "x") or {}
    assert hashes_by_name(value)(canonical(name)) == hash_of_body({**value, "name": name})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_known_values_have_known_hashes(vector):
    """The canonical text is compared, too, to show a difference."""
    value = json_text.decode(vector["json"].encode())
    if vector["kind"] == "remote":
        assert canonical(declared_part(value)) == vector["canonical"]
        assert hash_of_remote(value) == vector["hash"]
    else:
        assert canonical(value) == vector["canonical"]
        assert hash_of_body(value) == vector["hash"]


@pytest.mark.parametrize(("written", "expected"), NUMBERS.items())
def test_a_number_has_one_canonical_notation(written, expected):
    """It is that of Go's encoding/json, or the original notation if no float has the value."""
    assert canonical(Number(written)) == expected


@given(JSON)
def test_the_canonical_text_of_a_canonical_text_is_the_same(value):
    """It is JSON with the same value, except for the notation of numbers."""
    text = canonical(parse(json.dumps(value), "test"))
    assert canonical(json_text.decode(text.encode())) == text
    assert json.loads(text) == json.loads(json.dumps(value))


@example(2.0**-24)  # its last digit is exactly between two
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_as_the_same_number(number):
    """This holds for each notation."""
    assert math.isclose(float(canonical(Number(repr(number)))), number, rel_tol=0, abs_tol=0)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=5), st.randoms())
def test_neither_order_nor_layout_changes_a_hash(value, random):
    """Keys may have another order, and white space between tokens is ignored."""
    items = list(value.items())
    random.shuffle(items)
    one, other = json.dumps(value, indent=3), json.dumps(dict(items), ensure_ascii=False)
    assert hash_of_body(parse(one, "one")) == hash_of_body(
        json_text.decode(other.encode("utf-8", "surrogatepass"))
    )


@given(st.text(st.characters(codec="utf-8")))
def test_a_string_keeps_its_characters(text):
    """`<`, `>`, `&` and line separators are escaped."""
    written = canonical(text)
    assert json.loads(written) == text
    assert not set(written) & set("<>&\u2028\u2029\n\r\t\b\f\0")


def test_a_lone_surrogate_becomes_the_replacement_character():
    """Go reads it in the same way."""
    assert (
        canonical(json_text.decode(rb'{"a":"\ud83d!","\ude00":1}')) == '{"a":"\ufffd!","\ufffd":1}'
    )


def test_an_element_of_a_list_is_never_dropped():
    """Only empty members of maps are dropped, including those of maps in a list."""
    remote = {"l": ["", None, {}, {"a": None, "b": ["", {}]}], "m": {"n": {"o": ""}}, "keep": False}
    assert canonical(declared_part(remote)) == '{"keep":false,"l":["",null,{},{"b":["",{}]}]}'
