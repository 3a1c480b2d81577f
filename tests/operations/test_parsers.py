"""The parsers of settings, at the ends of what each one accepts."""

from __future__ import annotations

import pytest

from ant_cli.errors import UsageError
from ant_cli.operations import parsers
from ant_cli.operations.ids import is_object_id, is_of_other_object, joined_ids
from ant_cli.operations.shared_flags import (
    EVERY,
    FOR,
    LIST_WAITING,
    LISTING,
    MANY,
    MANY_CREATED,
    MAX_ITEMS,
    repeats,
)
from ant_cli.operations.spec import values_of

TEN_TO_TWENTY = parsers.whole_number(10, 20)
COLOURS = parsers.one_of(("red", "green"))


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (TEN_TO_TWENTY, "10", 10),
        (TEN_TO_TWENTY, "20", 20),
        (TEN_TO_TWENTY, "000000010", 10),
        (parsers.item_count, "-1", None),
        (parsers.item_count, "0", 0),
        (parsers.item_count, "+5", 5),
        (parsers.item_count, "9" * 18, 10**18 - 1),
        (COLOURS, "red", "red"),
        (parsers.duration, "90", 90.0),
        (parsers.duration, "1.5", 1.5),
        (parsers.duration, "1.5s", 1.5),
        (parsers.duration, "500ms", 0.5),
        (parsers.duration, "2m", 120.0),
        (parsers.duration, "1h30m", 5400.0),
        (parsers.duration, "1m1ms", 60.001),
        (parsers.duration, "1d", 86_400.0),
        (parsers.duration, "1w", 604_800.0),
        (parsers.duration, "366d", 366 * 86_400.0),
        (parsers.duration, "0", 0.0),
        (parsers.pause, "10ms", 0.01),
        (parsers.pause, "366d", 366 * 86_400.0),
        (parsers.timeout, "1ms", 0.001),
        (parsers.timeout, "1d", 86_400.0),
    ],
)
def test_a_text_becomes_the_value_of_a_setting(parse, text, value):
    assert parse("--flag", text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (TEN_TO_TWENTY, "9", "--flag must be a whole number from 10 to 20, got '9'."),
        (TEN_TO_TWENTY, "21", "got '21'"),
        (TEN_TO_TWENTY, "0000000010", "got '0000000010'"),
        (TEN_TO_TWENTY, "+10", "got '+10'"),
        (TEN_TO_TWENTY, "1\u0662", "got"),
        (TEN_TO_TWENTY, "", "got ''"),
        (parsers.item_count, "-2", "or -1 for all of them, got '-2'"),
        (parsers.item_count, "-01", "got"),
        (parsers.item_count, "9" * 19, "of at most 18 digits"),
        (parsers.item_count, "5\n", "got"),
        (COLOURS, "gren", "unknown value 'gren' (from --flag). Did you mean 'green'?"),
        (parsers.duration, "", "such as 30s or 1m30s, got ''"),
        (parsers.duration, "1x", "got '1x'"),
        (parsers.duration, "s", "got 's'"),
        (parsers.duration, "1s2", "got '1s2'"),
        (parsers.duration, "-1s", "got '-1s'"),
        (parsers.duration, "1 s", "got '1 s'"),
        (parsers.duration, "1.s", "got '1.s'"),
        (parsers.duration, "366d1ms", "at most a year"),
        (parsers.pause, "9ms", "at least 10ms, got '9ms'"),
        (parsers.pause, "0", "at least 10ms"),
        (parsers.timeout, "0", "from 1ms to 1d, got '0'"),
        (parsers.timeout, "1d1ms", "from 1ms to 1d"),
    ],
)
def test_a_text_beyond_the_ends_is_rejected(parse, text, said):
    with pytest.raises(UsageError) as caught:
        parse("--flag", text)
    assert said in caught.value.message


def test_the_choices_are_listed_below_a_value_that_is_none_of_them():
    with pytest.raises(UsageError) as caught:
        COLOURS("--colour", "blue")
    assert caught.value.message == "unknown value 'blue' (from --colour)."
    assert caught.value.hint == "--colour takes: red, green."


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, False),
        ({"watch": "true"}, True),
        ({"watch": "false"}, False),
        ({"watch": "false", "for": "1m"}, True),
        ({"until": ["idle"]}, True),
        ({"every": "1s"}, True),
        ({"for": "1m"}, True),
        ({"max_items": "5", "filter": ["name"]}, False),
    ],
)
def test_a_request_is_repeated_by_each_flag_that_is_about_repeating(texts, expected):
    assert repeats(values_of(texts, (*LISTING, *LIST_WAITING))) is expected


@pytest.mark.parametrize(
    ("setting", "default", "rejected"),
    [
        (EVERY, 2.0, ["0", "9ms", ""]),
        (FOR, "", ["0", "9ms", ""]),
        (MAX_ITEMS, None, ["-2", ""]),
        (MANY[0], 8, ["0", "257"]),
        (MANY_CREATED[0], 1, ["0", "257"]),
    ],
)
def test_a_shared_flag_has_its_default_and_its_ends(setting, default, rejected):
    assert setting.default_value == default
    for text in rejected:
        with pytest.raises(UsageError):
            setting.value_of(setting.flag, text)


@pytest.mark.parametrize(
    ("source", "text", "hint"),
    [
        ("--watch", "yes", "Write --watch alone."),
        ("--watch", "NO", ""),
        ("--watch", "Off", ""),
        ("--watch", "none", ""),
        ("--watch", "n", ""),
        ("ANT_WATCH", "yes", ""),
    ],
)
def test_a_flag_alone_is_suggested_unless_its_value_may_mean_false(source, text, hint):
    with pytest.raises(UsageError) as caught:
        parsers.boolean(source, text)
    assert caught.value.message == f"{source} must be true or false, got {text!r}."
    assert caught.value.hint == hint
    with pytest.raises(UsageError) as private:
        parsers.private_boolean(source, text)
    assert repr(text) not in private.value.message
    assert f"Write {source} alone." in private.value.hint


# IDs


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("env_1,work_2", ["env_1", "work_2"]),
        ("env_1, env_2", ["env_1", "env_2"]),
        ("env_1 env_2 ", ["env_1", "env_2"]),
        (",env_1", ["env_1"]),
        ("env_1", []),
        ("env_1,name", []),
        ("env_1,,env_2", ["env_1", "env_2"]),
        ("a b", []),
    ],
)
def test_only_ids_are_joined_by_commas_and_spaces(text, parts):
    assert joined_ids(text) == parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [("env_1", True), ("work_a_B2", True), ("env_", False), ("env_é", False), ("my_env_1", False),
     ("env_1 ", False), ("wrkspc_1", False), ("env-1", False)],
)  # fmt: skip
def test_an_id_has_the_prefix_of_its_type(text, expected):
    assert is_object_id(text) is expected


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("env_1", "work_id", True),
        ("work_1", "work_id", False),
        ("wrkspc_1", "work_id", True),
        ("env_1", "environment_id", False),
        ("work_1", "environment_id", True),
        ("wrkspc_1", "environment", True),
        ("demo", "work_id", False),
    ],
)
def test_the_id_of_another_type_is_told_apart(text, name, expected):
    assert is_of_other_object(text, name) is expected
