"""How the text of a flag becomes a value: numbers, strings, and invalid values."""

import json
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ant_cli.errors import UsageError
from ant_cli.gjson.json_text import Number
from ant_cli.input.values import convert, encode, parse
from ant_cli.input.yaml_reader import YAMLProblem, positions_of, read_yaml
from ant_cli.operations.spec import Field


def refusal(text):
    with pytest.raises(UsageError) as caught:
        parse(text, "--config")
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "{a: Yes, b: OFF, c: Null, d: 0o17, e: 1E3}",
            '{"a":"Yes","b":"OFF","c":null,"d":15,"e":"1E3"}',
        ),
        ('{"a": 1e3, "b": 1E400, "c": 0.10}', '{"a":1e3,"b":1E400,"c":0.10}'),
        ("{a: \"1\", b: '2', c: !!str 3, d: ! 4}", '{"a":"1","b":"2","c":"3","d":"4"}'),
        (
            '{a: !!int 3, b: !!int "0x1F", c: !!float 1e3, d: !!float "-0.50", e: !!float 7}',
            '{"a":3,"b":31,"c":1e3,"d":-0.50,"e":7}',
        ),
        (
            "{a: !!bool TRUE, b: !!bool 'false', c: !!null ~, d: !!null '', e: [!!null , x]}",
            '{"a":true,"b":false,"c":null,"d":null,"e":[null,"x"]}',
        ),
        ("a: &v |\n  x\n  y\nb: *v\n", '{"a":"x\\ny\\n","b":"x\\ny\\n"}'),
        ("&k a: 1\nb: *k\n", '{"a":1,"b":"a"}'),
        (
            "base: &b {x: 1, y: 2}\nsub:\n  y: 3\n  <<: *b\n",
            '{"base":{"x":1,"y":2},"sub":{"y":3,"x":1}}',
        ),
        ("<<: [{x: 1}, {x: 2, y: 3}]\n", '{"x":1,"y":3}'),
        ('"<<": 1\n', '{"<<":1}'),
        ("- [a, {b: c}]\n", '[["a",{"b":"c"}]]'),
        ("# nothing\n", "null"),
        ('{"a": "\\ud83d", "b": "\\u00e9"}', '{"a":"\\ud83d","b":"é"}'),
        ('"tab\\tand \\"quotes\\""', '"tab\\tand \\"quotes\\""'),
        ("'@x': 1", '{"@x":1}'),
        ("a: b\u2028c\u2029d\x85e\n", '{"a":"b\u2028c\u2029d\x85e"}'),
        ("a: b\u2028\u2028c: d: e\n", '{"a":"b\u2028\u2028c: d: e"}'),
        ("a: b\u2028c" + ": d" * 500, '{"a":"b\u2028c' + ": d" * 500 + '"}'),
        (
            "- a: b\u2028c: d:\n  e: f\n" * 500,
            "[" + ",".join(['{"a":"b\u2028c: d:","e":"f"}'] * 500) + "]",
        ),
        (
            "a: b\u2028c: d\nx: {e\u2028: f}\ng\u2028: 'h\u2028i: j'",
            '{"a":"b\u2028c: d","x":{"e\u2028":"f"},"g\u2028":"h\u2028i: j"}',
        ),
        ('"a\u2028b": c', '{"a\u2028b":"c"}'),
        ("{a\x85b: c}", '{"a\x85b":"c"}'),
        ("# x\u2028a: b\nc: |\n  d\u2029e\n", '{"c":"d\u2029e\\n"}'),
        (
            "{a: \"\\ud83d\\ude00\\uD83D\\uDE01?\", b: '\\ud83d\\ude00'}",
            '{"a":"😀😁?","b":"\\\\ud83d\\\\ude00"}',
        ),
        (
            '{a: \U000f0000?b, b: "\\U000F0001 \\ud83d\\ude00"}',
            '{"a":"\U000f0000?b","b":"\U000f0001 😀"}',
        ),
        ('{a: ?b, b: "\\U000f0000 \\U000F0001"}', '{"a":"?b","b":"\U000f0000 \U000f0001"}'),
        ("{?foo: bar, b: ?c, ?d : [?e, a ?f]}", '{"?foo":"bar","b":"?c","?d":["?e","a ?f"]}'),
        ("? foo\n: bar\n", '{"foo":"bar"}'),
        ("{} # nothing", "{}"),
        ("[] # nothing", "[]"),
        ("0 # nothing", "0"),
        ("'' # nothing", '""'),
        ("false # nothing", "false"),
        ("- 0\n- ''\n- {}\n- ~\n", '[0,"",{},null]'),
        (
            "{a: 0x1f, b: 0X1f, c: 0o7, d: 0o8, e: 0xg}",
            '{"a":31,"b":"0X1f","c":7,"d":"0o8","e":"0xg"}',
        ),
        (
            "{a: 1.5, b: 1., c: .5, d: +1, e: -0, f: 01, g: 1.5e3}",
            '{"a":1.5,"b":"1.","c":".5","d":"+1","e":-0,"f":"01","g":1.5e3}',
        ),
        ("{a: NaN, b: Infinity, c: -}", '{"a":"NaN","b":"Infinity","c":"-"}'),
        ("a: &x 1\nb: {<<: [{c: 1}], c: 2}\n", '{"a":1,"b":{"c":2}}'),
        ("a: 'x: y'\nb: \"x\\ty\"\nc: >\n  d\n  e\n", '{"a":"x: y","b":"x\\ty","c":"d e\\n"}'),
        (
            "{a: True, b: False, c: TRUE, d: FALSE, e: NULL, f: Null}",
            '{"a":true,"b":false,"c":true,"d":false,"e":null,"f":null}',
        ),
        ("{a: 1.5e+3, b: -1.5E-3}", '{"a":1.5e+3,"b":-1.5E-3}'),
        ("a: &x\t1\nb: *x\n", '{"a":1,"b":1}'),
        ("{a: !!seq [x], b: !!map {c: d}}", '{"a":["x"],"b":{"c":"d"}}'),
        (r'a: "\uD83D\uDE01"', '{"a":"😁"}'),
        ("a:b:\n", '{"a:b":null}'),
        ('{"a:1"}', '{"a:1":null}'),
        ('{a:1: ""}', '{"a:1":""}'),
        ("x: R&b.c\na: &b p\nc: *b\n", '{"x":"R&b.c","a":"p","c":"p"}'),
        ("a: R&D.x &b:c *d:e\nb: 'x &b:c'\n", '{"a":"R&D.x &b:c *d:e","b":"x &b:c"}'),
    ],
)
def test_text_is_read_as_json_or_relaxed_yaml(text, expected):
    """Plain strings, numbers and null are distinguished as in YAML 1.2."""
    assert encode(parse(text, "--config")).decode() == expected


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: b\u2028\nc: d?e: f", ["line 2, column 7", "mapping values are not allowed"]),
        ('{"a": -Infinity}', ["-Infinity"]),
        ("a: &a.b v", ["line 1, column 6", "scanning an anchor"]),
        (
            "a: b\u2028c: d\ne: f: g\u2028: h",
            ["line 2, column 5", "mapping values are not allowed"],
        ),
        ("a: b: c\u2028: d", ["column 5", "mapping values are not allowed"]),
        ('a: "\\U00110000?x"', ["not valid YAML"]),
        ("a: ?b" + "".join(map(chr, range(0xF0000, 0x110000))), ["too many different characters"]),
        ('a: "\\ud83d"', ["not valid YAML"]),
        ('a: "\\\\ud83d\\ude00"', ["not valid YAML"]),
        ('a: "\\ud83d\\ude00"\nb: \ud83d', ["line 2, column 4", "U+D83D is not allowed"]),
        ("a: '\a'", ["line 1, column 5", "U+0007"]),
        ("{a: !!int 1.5}", ["column 5", "the tag !!int needs a whole number"]),
        ("{a: !!int 017}", ["the tag !!int needs a whole number"]),
        ("{a: !!float .inf}", ["the tag !!float needs a number that JSON has"]),
        ("{a: !!bool yes}", ["the tag !!bool needs true or false"]),
        ("{a: !!null 0}", ["the tag !!null needs null or nothing"]),
        ("{a: !!int 0x" + "f" * 5000 + "}", ["at most 1000 digits"]),
        ("a:\n\tb: 2", ["line 2, column 1", "a tab can't indent YAML: write spaces"]),
        ("a: @x", ["line 1, column 4", "a text that starts with @ needs quotes in YAML"]),
        ("a: `x", ["starts with ` needs quotes"]),
        ("a: %x", ["starts with % needs quotes"]),
        ("{a:1}", ["line 1, column 2", "'a:' needs a space after the colon, or quotes"]),
        ("{a: 1, b:c:d}", ["line 1, column 8", "'b:' needs a space"]),
        ("{1: a}", ["line 1, column 2", 'a key must be a string: write "1"']),
        ("null: a", ['a key must be a string: write "null"']),
        ("[a]: b", ["line 1, column 1", "a key must be a string"]),
        ("{a: 1, b: 2, a: 3}", ["line 1, column 14", "the key 'a' appears twice"]),
        ("a: *b", ["line 1, column 4", "there is no &b before this *b"]),
        ("a: .inf", ["line 1, column 4", "JSON has no .inf, so it can't be sent"]),
        ("a: -.Inf", ["JSON has no -.Inf"]),
        ("a: .NaN", ["JSON has no .NaN"]),
        ('{"a": NaN}', ["JSON has no NaN"]),
        ("a: 1\n---\nb: 2", ["line 2, column 1", "there is a second document"]),
        ('{"a": 1} {"b": 2}', ["something follows the end of the value"]),
        ("<<: 1", ["<< takes keys and values from maps only"]),
        ("<<: [{a: 1}, 2]", ["<< takes keys and values from maps only"]),
        ("{a: !x 1}", ["the tag '!x' is not known"]),
        ("a: b\nc: @x", ["line 2, column 4", "a text that starts with @ needs quotes in YAML"]),
        ("a: !!bool null", ["the tag !!bool needs true or false"]),
        ("a: +.Inf", ["JSON has no +.Inf"]),
        ('{"a": Infinity}', ["line 1, column 7", "JSON has no Infinity"]),
        ("[NaN, Infinity]", ["line 1, column 2", "JSON has no NaN"]),
        ("[*a:b]", ["*a must be followed by a space"]),
        ("a: &a 1\nb: {*a:c}", ["line 2, column 5", "*a must be followed by a space"]),
        ('{"a": "b', ["line 1, column 7: not valid JSON: unterminated string."]),
        ('{"a": 1} x', ["line 1, column 10: something follows the end of the value"]),
        ("a: !x [1]", ["the tag '!x' is not known"]),
        ("a: !!bool 1", ["the tag !!bool needs true or false"]),
        ("a: !!float 1x", ["the tag !!float needs a number"]),
        ('{"a" 1}', ["line 1, column 6", "not valid JSON: expecting ':' delimiter"]),
        ("{a: [1, 2}", ["line 1, column 10", "not valid YAML"]),
        ("{a: [1,\n", ["line 1, column 8", "not valid YAML"]),
        ("{a: !<int> 3}", ["the tag 'int' is not known"]),
        ("{a: !!set x}", ["the tag 'tag:yaml.org,2002:set' is not known"]),
        ("[" * 101 + "]" * 101, ["nested deeper than 100"]),
        ('{"a":' * 101 + "1" + "}" * 101, ["nested deeper than 100"]),
        ("[" * 100_000, ["nested deeper than 100"]),
        (
            "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n"
                for old, new in zip("abcdef", "bcdefg", strict=True)
            ),
            ["aliases", "1,000,000"],
        ),
    ],
)
def test_ambiguous_values_are_rejected_with_their_position(text, parts):
    """The message names the flag, the line, the column, and the reason."""
    message = refusal(text)
    assert message.startswith("--config, line")
    assert all(part in message for part in parts)


def test_values_may_be_nested_a_hundred_levels_deep():
    """The limit is the same for JSON and YAML."""
    for text in ("[" * 100 + "]" * 100, "[" * 99 + "[a]" + "]" * 99):
        assert encode(parse(text, "x")).decode() == text.replace("a", '"a"')
    assert (
        encode(parse("[" * 100 + "'a'" + "]" * 100, "x")).decode() == f'{"[" * 100}"a"{"]" * 100}'
    )
    assert "nested deeper than 100 levels" in refusal("[" * 101 + "'a'" + "]" * 101)


NULLABLE = Field("scope", "body", str, "", nullable=True)
METADATA = Field("metadata", "body", dict, "", nullable=True)
LIMIT = Field("limit", "query", int, "")
FORCE = Field("force", "body", bool, "")


@pytest.mark.parametrize(
    ("param", "text", "value"),
    [
        (NULLABLE, "null", None),
        (NULLABLE, "", ""),
        (NULLABLE, "Null", "Null"),
        (Field("name", "body", str, ""), "null", "null"),
        (METADATA, "null", None),
        (METADATA, "null\n", None),
        (METADATA, " ~ ", None),
        (METADATA, "{a: '1'}", {"a": "1"}),
        (LIMIT, "010", Number("10")),
        (LIMIT, "-0", Number("0")),
        (LIMIT, "-7", Number("-7")),
        (FORCE, "TRUE", True),
        (FORCE, "f", False),
    ],
)
def test_the_value_of_a_flag_has_the_type_of_its_parameter(param, text, value):
    """Only nullable parameters accept null. Integers are decimal."""
    assert convert(param, param.flag, text) == value


@pytest.mark.parametrize(
    ("param", "text", "part"),
    [
        (LIMIT, "many", "'many'"),
        (LIMIT, "0x10", "whole number"),
        (LIMIT, "1_000", "whole number"),
        (LIMIT, "1.0", "whole number"),
        (LIMIT, "null", "'null'"),
        (LIMIT, "", "whole number"),
        (FORCE, "yes", "true or false"),
        (METADATA, "", "is empty"),
        (METADATA, " \n", "is empty"),
        (METADATA, "[1, 2]", "a list"),
        (METADATA, "5", "a number"),
        (METADATA, "# only a comment", "null"),
        (METADATA, "true", "a boolean"),
    ],
)
def test_a_flag_value_of_another_type_is_rejected(param, text, part):
    """The message names the flag and its type."""
    with pytest.raises(UsageError) as caught:
        convert(param, param.flag, text)
    assert param.flag in caught.value.message
    assert part in caught.value.message


def yaml_value(text):
    """Return the value that the YAML parser finds in a text; None if it is invalid."""
    try:
        values = read_yaml(text)
    except YAMLProblem:
        return None
    return values[0] if values else None


FLOW_PARTS = [
    *"{}[],: \n\t'\"#&-~?!|",
    ", ",
    ": ",
    ", ",
    ": ",
    "a",
    "b-c",
    "x.y/z",
    "n==1",
    "c@d",
    "_",
    "1",
    "-1",
]
FLOW_WORDS = [
    "true",
    "True",
    "truex",
    "null",
    "Nullable",
    "~",
    "yes",
    "NaN",
    "Infinity",
    "é",
    "\x85",
    "<<",
    "a:b",
]
FLOW_TEXTS = st.lists(st.sampled_from([*FLOW_PARTS, *FLOW_WORDS]), max_size=12).map("".join)
FLOW_VALUES = st.recursive(
    st.sampled_from(["a", "b-c", "true", "True", "null", "yes", "1", "x y", "NaN"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(st.sampled_from(["a", "b", "true", "Null"]), inner, max_size=3).map(
            lambda members: (
                "{" + ", ".join(f"{key}: {value}" for key, value in members.items()) + "}"
            )
        )
    ),
)


@given(FLOW_TEXTS | FLOW_VALUES | FLOW_TEXTS.map(lambda text: f"{{{text}}}"))
@example("{a: [b, c-d], e: {f: true}, g: null}")
@example("{true: null}")
def test_a_text_has_the_value_that_the_yaml_parser_finds_unless_it_is_json(text):
    """Simple YAML is read without that parser."""
    with suppress(ValueError):
        json.loads(text)
        return
    with suppress(UsageError):
        assert parse(text, "--config") == yaml_value(text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("type:cloud", "Write a space after the colon: --config '{type: cloud}'"),
        ("my-key.x:a", "Write a space after the colon: --config '{my-key.x: a}'"),
        ("type:two words", "For example: --config '{type: cloud}'"),
        ("env.yml", "To read it from a file: --config @env.yml"),
        ("a/b.json", "To read it from a file: --config @a/b.json"),
        ("cloud", "For example: --config '{type: cloud}'"),
    ],
)
def test_a_text_in_place_of_keys_and_values_gets_a_hint_at_what_was_meant(text, hint):
    with pytest.raises(UsageError) as caught:
        convert(Field("config", "body", dict, ""), "--config", text)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "value"),
    [("+5", "5"), ("-005", "-5"), ("0", "0"), ("-0", "0"), ("000", "0"), ("+0", "0"), ("100", "100")],
)  # fmt: skip
def test_a_whole_number_is_sent_in_the_form_of_json(text, value):
    assert encode(convert(LIMIT, "--limit", text)) == value.encode()


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("a: 1\nb:\n  - c\n  - d: 2\n", {("a",): (1, 1), ("b", 1): (4, 5), ("b", 1, "d"): (4, 5)}),
        ('{"a": [1, {"b": 2}]}', {("a", 0): (1, 8), ("a", 1, "b"): (1, 12), (): (1, 1)}),
        ("a:\n  b: 1\n", {("a", "x"): (1, 1), ("x",): (1, 1), ("a", "b", "c"): (2, 3)}),
        ("a: [", {("a",): (1, 1)}),
        ("x: a\u2028b\x85c\u2029d\ny: 1\n", {("y",): (2, 1)}),
        ("x: {a: 1,\tb: 2}\n", {("x", "b"): (1, 11)}),
    ],
)
def test_the_position_of_a_value_is_that_of_its_key_or_of_what_is_around_it(text, positions):
    assert positions_of(text, list(positions)) == list(positions.values())


def test_an_anchor_belongs_to_its_document():
    """The next document may come from elsewhere."""
    assert read_yaml("a: &x p\nb: *x\n---\nc: d", several=True) == [
        {"a": "p", "b": "p"},
        {"c": "d"},
    ]
    with pytest.raises(YAMLProblem, match="there is no &x before this \\*x"):
        read_yaml("a: &x 1\n---\nb: *x", several=True)
