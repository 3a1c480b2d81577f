r"""The documented behaviour of GJSON, the behaviour of its Go implementation, and rejected paths."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.json_text import JSONTextError
from ant_cli.gjson.parser import BadPath, escaped_key, parse, split_at_commas
from tests.helpers.words import LINES, RETRIEVE, page


def transform(text, path):
    """Return the result of a path."""
    return apply(parse(path), text)


TABLES = yaml.safe_load(Path(__file__).with_name("gjson.yaml").read_text("utf-8"))
DOCUMENT = TABLES.pop("document").encode()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(path, found, id=path[:60])
        for table in TABLES.values()
        for path, found in table.items()
    ],
)
def test_a_path_selects_the_expected_json(path, expected):
    found = transform(DOCUMENT, path)
    assert found == (None if expected is None else expected.encode())


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        (b" 7 ", "@this", b"7"),
        (b'"x"', "[@this]", b'["x"]'),
        (b'"a{b"', "b", None),
        (b"[]", "#(hello)#", b"[]"),
        (b"[]", "#", b"0"),
        (b'{"a":1}', "{}", b"{}"),
        (b'{"a":1}', "[]", b"[]"),
        (b"1", "{,}", b"{}"),
        (b'["x"]', "9" * 5000, None),
        (b'["","a"]', '#(!="")#', b'["a"]'),
        (b'["","a"]', "#(!=)#", b'["a"]'),
        (b'["~x","y"]', '#(="~x")', b'"~x"'),
        (b'["a\\nb"]', r'#(="a\nb")#|#', b"1"),
        (b'["a\\\\db"]', r'#(="a\db")#|#', b"1"),
        (b'{"\\ud83d":{"x":"\\ude00"}}', "*.x", b'"\\ude00"'),
        (b'{"a*b":1,"axb":2}', r"a\*b*", b"1"),
        (b'{"a\\\\b":1}', r"a\\*", b"1"),
        (b'{"a|b":1}', r"a\|b", b"1"),
        (b'{"a\\\\":1}', "a\\", None),
        (b'{"a":1}', "a\\", b"1"),
        (b'{"m":"[\\"\\\\ud83d\\"]"}', "m.@fromstr.0", b'"\\ud83d"'),
        (
            b'[{"b":1,"a":[{"d":1,"c":2}]},3]',
            '@pretty:{"sortKeys":true}.@ugly',
            b'[{"a":[{"c":2,"d":1}],"b":1},3]',
        ),
        (b'{"a":1,"a":2}', "@keys", b'["a","a"]'),
        (b'{"@thisx":1}', "@thisx", b"1"),
        (b'{"!truex":1}', "!truex", b"1"),
        (b'{"a":1,"a":2}', "@values", b"[1,2]"),
        (b'{"a":{"x":1},"a":{"x":2}}', "@dig:x", b"[1,2]"),
        (b"1", '!"\udcff"', b'"\\udcff"'),
        (b'["\\"a\\"b"]', '#(="a"b)#|#', b"1"),
        (b'{"b":1,"B":2,"a":3}', '@pretty:{"sortKeys":true}.@ugly', b'{"B":2,"a":3,"b":1}'),
        (b'{"b":1,"a":2}', '@pretty:{"sortKeys":false}.@ugly', b'{"b":1,"a":2}'),
        (b'["0","f","FALSE","1","t","True","x"]', "#(==~false)#", b'["0","f","FALSE"]'),
        (b'["0","f","FALSE","1","t","True","x"]', "#(==~true)#", b'["1","t","True"]'),
        (b'["a\\nb","a"]', '#(%"a*b")#', b'["a\\nb"]'),
        (b'[{"id":"b"}]', '#(\tid\n==\r"b"\x1f).id', b'"b"'),
    ],
)
def test_escapes_duplicate_keys_and_modifiers_in_paths_select_the_expected_json(
    text, path, expected
):
    assert transform(text, path) == expected


@pytest.mark.parametrize("key", ["{}", "a{}b", "{}b", "a{}"])
def test_a_key_is_escaped_for_each_place_in_a_path(key):
    for char in "".join(map(chr, range(33, 127))):
        name = key.format(char)
        text, step = json.dumps([{name: 1}]).encode(), escaped_key(name)
        assert transform(text, f"0.{step}") == b"1", name
        assert transform(text, f"#({step}==1).{step}") == b"1", name
        assert split_at_commas(f"{step},{step}") == [step, step], name


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("hosts.#(", '"(" in the path is not closed'),
        ('a.#(b=="x)', '"(b=="x)" in the path is not closed'),
        ("{id,name", '"{id,name" in the path is not closed'),
        ("a.[0,1", '"[0,1" in the path is not closed'),
        ('@flatten:{"deep":true', '"{"deep":true" in the path is not closed'),
        ('@this:"x', '""x" in the path is not closed'),
        ('!"x', 'The literal !"x in the path does not start with JSON'),
        ("a.#(b!c)", '"!c" in the path starts with no known operator: == != < <= > >= % !%'),
        (
            "a.#(b=c)d",
            'After the query #(b=c) the path continues with "d": write . or | between them',
        ),
        ("{id}x", 'After {id} the path continues with "x": write . or | between them'),
        ("@flatten:{}x", 'After @flatten the path continues with "x": write . or | between them'),
        ("!1x", 'After the literal !1 the path continues with "x": write . or | between them'),
        ("!{a:1}", "The literal !{a:1} in the path does not start with JSON"),
        ("!+1", "The literal !+1 in the path does not start with JSON"),
        pytest.param("!" + "[" * 5000, "The literal ![[[[", id="deep literal"),
        ("@flatten:{deep:true}", "The argument of @flatten in the path: Not JSON: "),
        (".".join("a" * 101), "The path is longer or nested deeper than 100 steps"),
        ("[" * 200 + "]" * 200, "The path is longer or nested deeper than 100 steps"),
        ("#." * 200, "The path is longer or nested deeper than 100 steps"),
        ("#(" * 200 + ")" * 200, "The path is longer or nested deeper than 100 steps"),
        ("@dig:" * 200, "The path is longer or nested deeper than 100 steps"),
    ],
)
def test_malformed_paths_are_rejected_before_anything_is_sent(path, message):
    with pytest.raises(BadPath) as refused:
        parse(path)
    assert str(refused.value).startswith(message)
    assert not str(refused.value).endswith(".")


@pytest.mark.parametrize("number", ["1_0", "\N{ARABIC-INDIC DIGIT ONE}0", "ten"])
def test_a_number_that_only_python_reads_is_0_in_a_query(number):
    """As any other text that is no number."""
    assert transform(b'[{"n":5},{"n":20}]', f"#(n<{number})#|#") == b"0"
    assert transform(b'[{"n":5},{"n":20}]', "#(n<1e1)#|#") == b"1"


def test_a_path_may_have_a_hundred_steps():
    deep = b'{"a":' * 100 + b"1" + b"}" * 100
    assert transform(deep, ".".join("a" * 100)) == b"1"


def test_an_element_of_a_long_array_is_found_by_its_number():
    numbers = json.dumps(list(range(1001))).encode()
    assert [transform(numbers, index) for index in ("999", "1000", "1001")] == [
        b"999",
        b"1000",
        None,
    ]


def test_joined_objects_keep_the_first_way_that_a_key_was_written():
    """As in GJSON: the last value wins, at the place and under the text of the first key."""
    assert transform(b'[{"\\u0061":1},{"b":2,"a":3}]', "@join") == b'{"\\u0061":3,"b":2}'


def test_one_parsed_path_works_for_many_values():
    path = parse("a.b")
    assert [apply(path, text) for text in (b'{"a":{"b":1}}', b"{}", b'{"a":{"b":2.0}}')] == [
        b"1",
        None,
        b"2.0",
    ]


@pytest.mark.parametrize("path", ["a", "@this", "@tostr", "!1"])
@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b'"\xff"', b"[" * 200_000])
def test_a_transform_of_invalid_json_is_rejected(text, path):
    with pytest.raises(JSONTextError):
        transform(text, path)


@pytest.mark.parametrize("depth", [450, 700, 5000])
@pytest.mark.parametrize(
    "path", ['@flatten:{"deep":true}', '@pretty:{"sortKeys":true}.@ugly', "@dig:x"]
)
def test_deeply_nested_json_never_crashes_a_transform(path, depth):
    """Python's recursion limit depends on its version, so a rejection is accepted, too."""
    text = b"[" * depth + b"]" * depth
    with suppress(JSONTextError):
        assert transform(text, path) in (text, b"[]")


def test_a_small_value_may_be_doubled_ten_times():
    letters = b'"%s"' % (b"a" * 1000)
    found = transform(letters, "|".join(["[@this,@this]"] * 10))
    assert found is not None
    assert found.count(letters) == 1024


def test_a_large_value_may_be_passed_through_many_steps():
    """The limit grows with the value."""
    letters = b'"%s"' % (b"a" * 100_000)
    assert transform(letters, "|".join(["@this"] * 90)) == letters


@pytest.mark.parametrize(
    "path",
    [
        "|".join(["[@this,@this]"] * 60),
        "|".join(["@tostr"] * 60),
        "@dig:" * 40 + "a",
        "[@dig:a,@dig:a]." * 40 + "a",
    ],
)
def test_a_path_that_multiplies_the_output_without_bound_is_an_error(path):
    deep = b'{"a":[' * 40 + b'"\\"x"' + b"]}" * 40
    with pytest.raises(BadPath, match="multiplies"):
        transform(deep, path)


@pytest.mark.parametrize("length", [20_000, 60_000])
def test_dig_in_a_value_of_many_levels_is_an_error_before_it_takes_long(length):
    """Each level has the whole rest in it. A part of the result would look like all of it."""
    levels = 900
    value = b"[" * levels + b'{"x":1},"%b"' % (b"a" * length) + b"]" * levels
    with pytest.raises(BadPath, match="multiplies"):
        apply(parse("@dig:x"), value)


def test_a_group_of_nothing_is_empty():
    """There is no row."""
    assert apply(parse("@group"), b"{}") == b"[]"
    assert apply(parse("@group"), b'{"a":[]}') == b"[]"


def test_a_pattern_of_many_stars_takes_linear_time():
    """A matcher with backtracking would try more ways than there are atoms."""
    pattern = "*a" * 30 + "*b"
    text = json.dumps({"a" * 5000: ["a" * 5000]}).encode()
    assert transform(text, pattern) is None
    assert transform(text, f'*.#(%"{pattern}")') is None
    assert transform(text, "*a" * 30 + "*") is not None


STEPS = r"""a b 0 * a* ? # #(a>1) #(a)# #(%"*x*")# #(b==~true)# {a,b} [a,"x":b] !1 !"x" .. @nope \. ( ) { ]
@flatten:{"deep":true} @dig:a @dig:* @this @reverse @keys @values @flatten @join @pretty @ugly @tostr @fromstr
@valid @group"""
STEP = st.sampled_from(["", *STEPS.split()])
PATH = st.lists(st.tuples(STEP, st.sampled_from(".|,:")), max_size=8).map(
    lambda steps: "".join(step + separator for step, separator in steps)[:-1]
)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from("ab01x") | st.text(max_size=3), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(PATH | st.text() | st.text('abc.|#()[]{}"\\@!*?:,=<>%~1 '), VALUE)
def test_any_path_on_any_json_gives_json_or_nothing_or_bad_path(path, value):
    text = json.dumps(value).encode()
    with suppress(BadPath):
        found = transform(text, path)
        assert found is None or json.dumps(json.loads(found))


@given(VALUE)
def test_inverse_modifiers_return_the_original_value(value):
    text = json.dumps(value).encode()
    for path in ("@reverse.@reverse", "@tostr.@fromstr", "@pretty.@ugly"):
        if value is not None:
            assert json.loads(transform(text, path) or b"") == json.loads(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("na?", None),
        ("nam?", b"1"),
        ("n*e", b"1"),
        ("?ame", b"1"),
        ("{m.x\ty}", b'{"_":2}'),
        ("{m.x\x1fy}", b"{}"),
        ("{name}", b'{"name":1}'),
    ],
)
def test_a_pattern_matches_whole_keys_and_control_characters_are_in_no_name(path, value):
    """As in GJSON: a name with a control character becomes `_`."""
    assert apply(parse(path), b'{"name":1,"m":{"x\\ty":2}}') == value


ITEMS = page({"id": "a", "name": "x"}, {"id": "b", "tier": 1})


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (".name", "Write {} name"),
        (".[].config.type", "Write {} config.type"),
        ("[*].name", "Write {} name"),
        ("[].name", "Write {} name"),
        ("{{.name}}", "Write {} name"),
        ("{.items[*].name}", "Write {} name"),
        ("$.metadata.name", "Write {} name"),
        ("{{.Name}}", "How to pick values: ant help output"),
        (".", "How to pick values: ant help output"),
        (".[] | .id", "How to pick values: ant help output"),
        (".tags[0]", "How to pick values: ant help output"),
    ],
)
@pytest.mark.parametrize("flag", ["--transform", "--transform-error"])
def test_a_path_of_jq_or_a_template_is_a_usage_error_that_says_how_to_write_it(
    ant, flag, path, hint
):
    """In GJSON, `.name` is the member `name` of a member without a name, so it would print null."""
    refusal = ant(*RETRIEVE, flag, path).refusal
    start = re.match(r"\{.|\$.|\[[]?*]|.", path)[0]
    assert (
        f"{flag} {path!r}: a GJSON path does not start with {start!r}.\n{hint.format(flag)}\n"
        in refusal
    )


@pytest.mark.parametrize("path", ["tier", "name", "id", "@this", "#"])
def test_a_path_that_matches_something_in_an_item_is_not_noted(ant, path):
    """Not every item has every member."""
    items = {"data": [*ITEMS["data"], [1]]}
    result = ant(*LINES, "--transform", path, replies=[items])
    assert (result.exit, result.stderr, len(result.stdout.splitlines())) == (
        0,
        "",
        len(items["data"]),
    )


@pytest.mark.parametrize("path", ["{name,tier}", '{"n":name}', "[tier]", "config", "tags"])
def test_an_empty_value_of_an_item_is_not_noted(ant, path):
    """It was found."""
    items = page({"name": "a", "tier": 1, "config": {}, "tags": []})
    result = ant(*LINES, "--transform", path, replies=[items])
    assert (result.exit, result.stderr, result.stdout.count("\n")) == (0, "", 1)
