import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.gjson import fast_json, json_text
from ant_cli.gjson.json_text import JSONTextError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
TEXTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(
        value, indent=indent, ensure_ascii=ascii_only
    ).encode(),
    VALUES,
    st.none() | st.integers(0, 3),
    st.booleans(),
)

# A document, its compact form, and its indented form: only white space changes.
LAYOUTS = [
    (b' {"a" : 1.50} ', b'{"a":1.50}', b'{\n  "a": 1.50\n}'),
    (b"[1E+2, 1e400]", b"[1E+2,1e400]", b"[\n  1E+2,\n  1e400\n]"),
    (b'{"b":1,"a":2,"b":3}', b'{"b":1,"a":2,"b":3}', b'{\n  "b": 1,\n  "a": 2,\n  "b": 3\n}'),
    (b"[ { } , [ ] ]", b"[{},[]]", b"[\n  {},\n  []\n]"),
    (b'"a\\u00e9 \\n, { \xc3\xa9"', b'"a\\u00e9 \\n, { \xc3\xa9"', b'"a\\u00e9 \\n, { \xc3\xa9"'),
    (
        b'["\\ud83d", "\\\\" , "\\""]',
        b'["\\ud83d","\\\\","\\""]',
        b'[\n  "\\ud83d",\n  "\\\\",\n  "\\""\n]',
    ),
    (b"\n-0\t", b"-0", b"-0"),
    (b'\r\n{\t"a"\r:\n[\r1\t,\r\n2\r]\n}\r', b'{"a":[1,2]}', b'{\n  "a": [\n    1,\n    2\n  ]\n}'),
    (b'["a\\" , [", 1]', b'["a\\" , [",1]', b'[\n  "a\\" , [",\n  1\n]'),
    (b"9" * 5000, b"9" * 5000, b"9" * 5000),
]

NOT_JSON = [
    (b"NaN", "NaN is not JSON."),
    (b"[-Infinity]", "-Infinity is not JSON."),
    (b"", "Not JSON: Expecting value at line 1 column 1."),
    (b'"a', "Not JSON: Unterminated string starting at line 1 column 1."),
    (b"[1,\n2", "Not JSON: Expecting ',' delimiter at line 2 column 2."),
    (b"[1] 2", "Not JSON: Extra data at line 1 column 5."),
    (b'"\xff"', "Not JSON: no UTF-8 at byte 1."),
    (b'"\xed\xa0\x80"', "Not JSON: no UTF-8 at byte 1."),
    (b"01", "Not JSON: Extra data at line 1 column 2."),
    (b"[" * 100_000, "The JSON is nested too deeply."),
    (b"[" * 100_000 + b"]" * 100_000, "The JSON is nested too deeply."),
]

QUESTIONS = [
    json_text.validate,
    json_text.decode,
    json_text.members,
    json_text.raw_pairs,
    json_text.elements,
    json_text.compact,
    json_text.indent,
    json_text.string,
]


@pytest.fixture(params=["standard library", "msgspec"])
def json_backend(request, monkeypatch):
    """Each of the two implementations, which return the same bytes."""
    limit = float("inf") if request.param == "standard library" else -1
    monkeypatch.setattr(json_text, "BYTES_BEFORE_MSGSPEC", limit)


@pytest.mark.usefixtures("json_backend")
@pytest.mark.parametrize(("text", "compact", "indented"), LAYOUTS)
def test_layout_changes_only_white_space(text, compact, indented):
    assert json_text.compact(text) == compact
    assert json_text.indent(text) == indented
    json_text.validate(text)


@pytest.mark.usefixtures("json_backend")
def test_each_level_is_indented_by_two_spaces():
    assert json_text.indent(b"[[1]]") == b"[\n  [\n    1\n  ]\n]"


@pytest.mark.usefixtures("json_backend")
def test_members_are_slices_in_their_order():
    text = b' { "b" : 1.50 , "\\u0061" : { "x" : [ 1 , 2 ] } , "b\\n" : "\\u00e9" } '
    found = json_text.members(text)
    assert list(found.items()) == [
        ("b", b"1.50"),
        ("a", b'{ "x" : [ 1 , 2 ] }'),
        ("b\n", b'"\\u00e9"'),
    ]


@pytest.mark.usefixtures("json_backend")
def test_members_with_a_lone_surrogate_are_split():
    """The slower parser splits JSON that msgspec rejects."""
    assert json_text.members(b'{"\\ud83d": "\\ude00", "e": "\xc3\xa9"}') == {
        "\ud83d": b'"\\ude00"',
        "e": b'"\xc3\xa9"',
    }


@pytest.mark.usefixtures("json_backend")
def test_members_keep_the_last_of_duplicate_keys_and_pairs_keep_all():
    text = b'{"a": 1, "b": 2, "\\u0061": 3}'
    assert json_text.members(text) == {"a": b"3", "b": b"2"}
    assert json_text.raw_pairs(text) == [(b'"a"', b"1"), (b'"b"', b"2"), (b'"\\u0061"', b"3")]


@pytest.mark.usefixtures("json_backend")
@pytest.mark.parametrize(
    "number",
    [
        b"0",
        b"-0",
        b"-0.0",
        b"1.50",
        b"1E400",
        b"-7",
        b"-1e-400",
        b"18446744073709551616",
        b"9" * 5000,
    ],
)
def test_a_decoded_number_keeps_its_digits(number):
    (decoded,) = json_text.decode(b"[" + number + b"]")
    assert isinstance(decoded, json_text.Number)
    assert str(decoded) == number.decode()


@pytest.mark.usefixtures("json_backend")
def test_decode_resolves_escapes_and_keeps_the_last_of_duplicate_keys():
    text = b'{"a": 1, "b": ["-0", "1", null, true, {}], "\\u0061": "\\ud83d"}'
    assert json_text.decode(text) == {"a": "\ud83d", "b": ["-0", "1", None, True, {}]}


@pytest.mark.usefixtures("json_backend")
def test_elements_are_slices():
    assert json_text.elements(b' [ 1.0 , "a, ]" , [ 2 ] , { } ] ') == [
        b"1.0",
        b'"a, ]"',
        b"[ 2 ]",
        b"{ }",
    ]
    assert json_text.elements(b"\r[\t1\r,\n2\r\n]\t") == [b"1", b"2"]
    assert json_text.members(b'\t{\r"a"\t:\r1\n,\r"b"\r:\t2\r}') == {"a": b"1", "b": b"2"}
    assert json_text.elements(b"[ ]") == []
    assert json_text.members(b"{ }") == {}


@pytest.mark.usefixtures("json_backend")
@pytest.mark.parametrize(
    ("text", "message"), NOT_JSON, ids=[str(text[:10]) for text, _ in NOT_JSON]
)
def test_invalid_json_is_rejected(text, message):
    for question in QUESTIONS:
        with pytest.raises(JSONTextError) as refused:
            question(text)
        assert str(refused.value) == message, question


@pytest.mark.usefixtures("json_backend")
@pytest.mark.parametrize(
    ("question", "text", "message"),
    [
        (json_text.members, b"[1]", "Expected an object in the JSON, got an array."),
        (json_text.raw_pairs, b" 1", "Expected an object in the JSON, got a number."),
        (json_text.elements, b'{"a":1}', "Expected an array in the JSON, got an object."),
        (json_text.elements, b"null", "Expected an array in the JSON, got null."),
        (json_text.string, b"1", "Expected a string in the JSON, got a number."),
    ],
)
def test_json_of_an_unexpected_type_is_rejected(question, text, message):
    with pytest.raises(JSONTextError) as refused:
        question(text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b" {}", "object"),
        (b"\n[]", "array"),
        (b"\r\n[]", "array"),
        (b"\t{}", "object"),
        (b'"x"', "string"),
        (b"-1", "number"),
        (b"0", "number"),
        (b"true", "true"),
        (b"false", "false"),
        (b"null", "null"),
    ],
)
def test_json_type_names_the_type_of_a_value(text, kind):
    assert json_text.json_type(text) == kind


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("a", b'"a"'),
        ('"\\\n\x01', b'"\\"\\\\\\n\\u0001"'),
        ("é😀\x7f", '"é😀\x7f"'.encode()),
        ("\ud83d", b'"\\ud83d"'),
    ],
)
def test_quote_escapes_only_what_it_must(value, quoted):
    assert json_text.quote(value) == quoted
    assert json_text.string(quoted) == value


@pytest.mark.usefixtures("json_backend")
def test_json_as_deep_as_python_allows_is_accepted():
    text = b"[" * 200 + b"]" * 200
    assert json_text.compact(text) == text
    assert json_text.elements(text) == [text[1:-1]]


@pytest.mark.usefixtures("json_backend")
@pytest.mark.parametrize("question", [each for each in QUESTIONS if each != json_text.string])
@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_value_of_more_than_920_levels_is_rejected(question, start, end):
    """Some JSON parsers would accept such a value."""
    with pytest.raises(JSONTextError, match=r"^The JSON is nested too deeply\.$"):
        question(start * 921 + b"0" + end * 921)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        (b"[]", 1),
        (b'[{"a":[]},[[]]]', 3),
        (b'["[", "[{"]', 1),
        (b'["]}", []]', 2),
        (b'["\\"[[", {}]', 2),
        (b'["\\\\", [[]], "["]', 3),
        (b'["\\\\\\"[", []]', 2),
        (b'["", "[", "", []]', 2),
        (b'{"]": "}", "{": ["[\\""]}', 2),
    ],
)
def test_brackets_in_strings_are_no_levels(text, levels):
    json_text.check_depth(text, levels)
    with pytest.raises(JSONTextError):
        json_text.check_depth(text, levels - 1)


def test_small_documents_are_parsed_without_importing_msgspec(monkeypatch):
    monkeypatch.setattr(json_text._run, "bytes_seen", 0)
    monkeypatch.setattr(fast_json, "members", pytest.fail)
    assert json_text.members(b'{"a":1}') == {"a": b"1"}


def test_a_run_of_many_small_documents_continues_with_msgspec(monkeypatch):
    """The import of msgspec pays off for many documents as it does for one large document."""
    fast = list[bytes]()
    monkeypatch.setattr(json_text._run, "bytes_seen", 0)
    monkeypatch.setattr(fast_json, "validate", fast.append)
    document = b'"%s"' % (b"a" * 998)
    for _ in range(103):
        json_text.validate(document)
    assert len(fast) == 3


def by_each_backend(question, text):
    """Return the result of the standard library, and that of msgspec."""
    results = []
    for limit in (float("inf"), -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_text, "BYTES_BEFORE_MSGSPEC", limit)
            result = question(text)
            results.append(list(result.items()) if isinstance(result, dict) else result)
    return results


@given(TEXTS)
def test_both_backends_return_the_same_bytes(text):
    questions = [json_text.compact, json_text.indent]
    questions += [json_text.members] * text.startswith(b"{") + [
        json_text.elements
    ] * text.startswith(b"[")
    for question in questions:
        slow, fast = by_each_backend(question, text)
        assert slow == fast


KEYS = st.sampled_from(['"data"', '"next"', '"d\\u0061ta"', '"other"'])
PARTS = st.sampled_from(["[]", "[1, {}]", "[ [] ]", "null", '"x"', "{}", "1.0"])
MEMBERS = st.tuples(KEYS, PARTS).map(": ".join)


@given(st.lists(MEMBERS, max_size=4).map(lambda members: f"{{{', '.join(members)}}}".encode()))
def test_both_backends_use_the_last_of_equal_keys(text):
    """Even with different escapes."""
    slow, fast = by_each_backend(json_text.members, text)
    assert slow == fast


@given(TEXTS)
def test_layout_keeps_the_value(text):
    value = json.loads(text)
    assert json.loads(json_text.compact(text)) == value
    assert json.loads(json_text.indent(text)) == value
    assert json_text.compact(json_text.indent(text)) == json_text.compact(text)


@given(TEXTS)
def test_the_parts_of_a_value_join_to_the_whole(text):
    value = json.loads(text)
    if isinstance(value, list):
        assert json.loads(b"[" + b",".join(json_text.elements(text)) + b"]") == value
    if isinstance(value, dict):
        pairs = [
            json_text.quote(key) + b":" + part for key, part in json_text.members(text).items()
        ]
        assert json.loads(b"{" + b",".join(pairs) + b"}") == value


@given(st.text(st.characters(categories=["L", "N", "P", "Z", "C"])))
def test_quoted_strings_decode_to_the_same_text(value):
    joined = value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json_text.string(json_text.quote(value)) == joined
