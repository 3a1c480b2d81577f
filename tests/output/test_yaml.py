import json
import re
import tracemalloc
import unicodedata
from typing import ClassVar

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.gjson.json_text import JSONTextError
from ant_cli.output.yaml_writer import to_yaml


class Core(yaml.SafeLoader):
    """A reader of YAML 1.2 with its core schema."""

    yaml_implicit_resolvers: ClassVar[dict] = {}


for tag, pattern in {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
}.items():
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern})\\Z"), None)

DOCUMENTS = [
    ('"env_1"', "env_1\n"),
    ("1.50", "1.50\n"),
    ("null", "null\n"),
    ("true", "true\n"),
    ("{}", "{}\n"),
    ("[ ]", "[]\n"),
    ('{"b": 1E+2, "a": {"x": false}}', "b: 1E+2\na:\n  x: false\n"),
    (
        '{"labels": [1, "two"], "none": [], "no": {}}',
        'labels:\n  - 1\n  - two\nnone: []\n"no": {}\n',
    ),
    (
        '[{"id": 1, "tags": ["x"], "more": {"k": null}}, []]',
        "- id: 1\n  tags:\n    - x\n  more:\n    k: null\n- []\n",
    ),
    ("[[1, [2, 3]], [[4]]]", "- - 1\n  - - 2\n    - 3\n- - - 4\n"),
    ('{"a": "x\\ny\\n", "b": ["p\\n\\n q"]}', "a: |\n  x\n  y\nb:\n  - |-\n    p\n\n     q\n"),
    ('"x\\ny"', "|-\n  x\n  y\n"),
]


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS)
def test_json_is_printed_as_the_expected_yaml(text, expected):
    assert to_yaml(text.encode()) == expected


def test_numbers_keep_their_digits():
    numbers = ["0", "-0", "1.50", "1E400", "1e-400", "123456789012345678901234567890", "9" * 5000]
    assert to_yaml(f"[{','.join(numbers)}]".encode()) == "".join(
        f"- {number}\n" for number in numbers
    )


PLAIN = """a é😀 https://example.com/?a=b&c=d#e C# a:b a::b /srv/x pandas==2.0.1 it's x* $HOME (x) _x nobody"""


@pytest.mark.parametrize(
    "value", [*PLAIN.split(), "two words", "😀 first", 'say "x"', "a, b", "a [b] {c}", "a - b"]
)
def test_strings_that_yaml_reads_as_strings_are_not_quoted(value):
    assert to_yaml(json.dumps(value).encode()) == value + "\n"


WORDS = (
    "no Yes ON off y N null Null ~ true FALSE = << - ... a: :a #a &a *a !a | > %a @a `a 'a' "
    + '"a" [a] {a}'
)
NUMBERS = "0 1 -1 +1 1.5 .5 1e3 1.5e+3 0x10 0o17 012 0b11 1_000 1,000 .inf -.INF .nan"
TIMES = "12:30:45 190:20:30 2026-01-01 2026-01-01T00:00:00Z"
SPACED = (
    "",
    " ",
    "- a",
    "--- a",
    "? a",
    "a: b",
    "a #b",
    " a",
    "a ",
    "a\tb",
    "a\rb",
    "a\n",
    "\n",
    "\n\n",
    "\n ",
)
LINES = (" a\nb", "\ta\nb", "a\nb\n\n", "a\n\x1b")
CONTROLS = ("a\x1bb", "a\x85b", "a\u2028b", "\ufeffa", "a\ud83d", "\x00", "\x7f", "\x9b", "\u202e")


@pytest.mark.parametrize(
    "value", [*f"{WORDS} {NUMBERS} {TIMES}".split(), *SPACED, *LINES, *CONTROLS]
)
def test_ambiguous_strings_are_quoted_and_read_back_unchanged(value):
    written = to_yaml(json.dumps([value, {value: value}]).encode())
    assert written.startswith('- "')
    assert written.isprintable() or not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", written
    )
    for loader in (yaml.SafeLoader, Core):
        assert yaml.load(written, loader) == [value, {value: value}]
    document = {"key": value, value: "x", "metadata": {value: value}}
    assert yaml.safe_load(to_yaml(json.dumps(document).encode())) == document


def test_no_character_that_controls_a_terminal_or_a_direction_is_written_as_it_is():
    """This holds for texts of one line and of several."""
    directions = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    unseen = {
        character
        for character in map(chr, range(0x10000))
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in directions
    }
    unseen |= set("\u200e\u200f\ufeff\ufffe\uffff")
    unseen -= set("\t\n")
    values = [f"a{character}b{rest}" for character in sorted(unseen) for rest in ("", "\nc")]
    assert unseen & set(to_yaml(json.dumps(values).encode())) == set()


@pytest.mark.parametrize(
    "value",
    ["a\nb", "a\nb\n", "a\n\n\n b\n\tc", "\n\na\nb", "a\n  \nb", "a\nb  ", "a: b\n# c\n- d"],
)
def test_a_string_of_several_lines_is_a_literal_block(value):
    for document in ({"k": [value]}, [[value, value]], value):
        written = to_yaml(json.dumps(document).encode())
        assert "|" in written
        assert '"' not in written
        assert yaml.safe_load(written) == document


def test_yaml_with_very_long_keys_reads_back_unchanged():
    document = {"k" * 2000: {"a": 1}, "b": [{"k" * 1500: "x", "no " * 500: []}]}
    assert yaml.safe_load(to_yaml(json.dumps(document).encode())) == document

    wide = {"\u200e" * 300: "x", "a": {"\u200e" * 300: "y"}}
    assert yaml.safe_load(to_yaml(json.dumps(wide, ensure_ascii=False).encode())) == wide


def test_long_values_take_no_memory_after_they_were_printed():
    """Only the lines of short ones are remembered."""
    tracemalloc.start()
    for number in range(50):
        to_yaml(json.dumps({"id": number, "text": f"{number} " + "x" * 100_000}).encode())
    remembered, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert remembered < 1_000_000


def test_the_last_of_duplicate_keys_is_printed():
    assert to_yaml(b'{"a": 1, "b": 2, "a": 3}') == "a: 3\nb: 2\n"
    assert to_yaml(b'{"m": {"a": "1", "b": "2", "a": "3"}}') == 'm:\n  a: "3"\n  b: "2"\n'


@pytest.mark.parametrize(
    "metadata",
    [
        {"team": "data", "number": "0", "on": "yes", "empty": "", "x: y": "# z"},
        {"team": "é", "k\u2028": "v\x7f", "a" * 200: "b"},
        {"lines": "a\nb", "nested": {"deep": ["x"]}},
        {"n": 1, "none": None},
    ],
)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
def test_metadata_is_the_same_for_a_yaml_reader_however_the_json_is_spaced(metadata, separators):
    document = {"id": "env_1", "metadata": metadata}
    written = to_yaml(json.dumps(document, separators=separators, ensure_ascii=False).encode())
    assert yaml.safe_load(written) == document
    assert written == to_yaml(json.dumps(document).encode())


@pytest.mark.parametrize("text", [b"NaN", b"[1", b"[" * 10_000 + b"]" * 10_000])
def test_yaml_of_invalid_json_is_rejected(text):
    with pytest.raises(JSONTextError):
        to_yaml(text)


def test_json_nested_beyond_the_recursion_limit_is_rejected_as_yaml():
    depth = 700
    with pytest.raises(JSONTextError, match="nested too deeply"):
        to_yaml(b"[" * depth + b"1" + b"]" * depth)


TEXT = st.text(st.characters(exclude_categories=[])) | st.text("ab -:#\n\t'\"|>0", max_size=12)
NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=15,
)


@given(VALUE)
def test_a_yaml_1_2_reader_returns_the_same_value_as_a_json_reader(value):
    text = json.dumps(value)
    assert yaml.load(to_yaml(text.encode()), Core) == json.loads(text)


@given(
    st.recursive(
        TEXT, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5)
    )
)
def test_a_yaml_1_1_reader_returns_the_same_values(value):
    """Only numbers like 1e3, which YAML 1.1 does not have, are excluded."""
    text = json.dumps(value)
    assert yaml.safe_load(to_yaml(text.encode())) == json.loads(text)
