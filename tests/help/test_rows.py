"""The rows of commands, and the parts of their pages."""

from __future__ import annotations

import re

import pytest

from ant_cli.argv import parse
from ant_cli.errors import BadValue
from ant_cli.help.catalog import catalog, longest_match
from ant_cli.help.command_page import command_page, flag_row, fold, section, synopsis
from ant_cli.help.command_row import (
    Command,
    argument,
    argument_name,
    arguments,
    first_sentence,
    group,
    help_text,
    number_flag,
    text_flag,
    tool,
)
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Field, Flags, Setting, flag_name, values_of


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ([], ""),
        (["auth"], "auth"),
        (["auth", "login", "x"], "auth login"),
        (["auth", "nope", "login"], "auth"),
        (["login"], ""),
        (["beta:environments", "list", "list"], "beta:environments list"),
        (["emulator", "session", "show"], "emulator session show"),
    ],
)
def test_the_longest_command_is_found_that_the_first_words_lead_to(path, found):
    assert longest_match(path).full_name == found


def test_all_commands_are_below_the_catalog_once():
    paths = [command.path for command in catalog().walk()]
    assert len(paths) == len(set(paths))
    assert all(longest_match(path).path == path for path in paths)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two.", "One"),
        ("One.\n\nTwo.", "One"),
        ("A file such as x.yaml is read. It", "A file such as x.yaml is read"),
        ("None", "None"),
    ],
)
def test_a_summary_is_the_first_sentence(text, sentence):
    assert first_sentence(text) == sentence
    assert Command(("x",), text).summary == sentence


def test_an_argument_is_in_brackets_if_it_is_optional_and_has_dots_if_there_may_be_several():
    assert argument_name(argument("name", "x")) == "NAME"
    assert argument_name(argument("name", "x", required=False)) == "[NAME]"
    assert argument_name(argument("name", "x", value_name="FILE")) == "FILE"
    assert argument_name(arguments("path", "x")) == "[PATH]..."


def test_the_help_of_a_flag_has_its_choices_and_its_default():
    flag = text_flag("sort", "Sort.", "ORDER", choices=("up", "down"), default="up", short="-s")
    assert help_text(flag) == "Sort. One of: up, down. [default: up]"
    assert flag_row(flag) == ("-s, --sort ORDER", "Sort. One of: up, down. [default: up]")
    assert flag_row(Setting("all", bool, "All.")) == ("--all", "All.")
    assert flag_row(number_flag("count", "How many.", 1, 9)) == (
        "--count NUMBER",
        "How many. [1-9]",
    )
    assert flag_row(Field("page", "query", str, "Page.", nullable=True))[0] == "--page TEXT|null"
    assert flag_row(Field("dry", "query", bool, "Dry.", nullable=True))[0] == "--dry"


def test_a_group_has_the_first_examples_of_its_commands_then_the_second_ones():
    first = tool("g a", "A.", "m:a", ("one", "ant g a 1"), ("two", "ant g a 2"))
    second = tool("g b", "B.", "m:b", ("three", "ant g b 3"))
    examples = group("g", "G.", first, second).examples
    assert [tuple(example) for example in examples] == [
        ("a: one", "ant g a 1"),
        ("b: three", "ant g b 3"),
        ("a: two", "ant g a 2"),
    ]
    assert synopsis(group("g", "G.", first)) == "ant g COMMAND [FLAGS]"
    more = group("g", "G.", first, second, first, second).examples
    assert [example.purpose for example in more] == ["a: one", "b: three", "a: one"]


@pytest.mark.parametrize(
    ("command", "args", "code"),
    [
        (Command(("x",), "X."), [], 2),
        (Command(("x",), "X.", usage_code=9), [], 9),
        (Command(("x",), "X.", reports_changes=True), [], 1),
        (Command(("x",), "X.", (), (Setting("exit_code", bool, ""),), reports_changes=True), [], 2),
        (
            Command(("x",), "X.", (), (Setting("exit_code", bool, ""),), reports_changes=True),
            ["--exit-code=true"],
            1,
        ),
        (Command(("x",), "X.", (), (Setting("exit_code", bool, ""),)), ["--exit-code"], 2),
    ],
)
def test_a_usage_error_has_code_1_if_2_means_changes(command, args, code):
    assert command.usage_exit_code(args) == code


@pytest.mark.parametrize(
    ("path", "text", "is_shown"),
    [
        (["auth", "login"], "abc", False),
        (["profile", "set"], "abc", False),
        (["auth", "status"], "abc", True),
        (["auth", "status"], "sk-ant-HIDDEN7x", False),
        (["auth"], "print-access-token", True),
        (["profile"], "HIDDEN7x2b9c4d", False),
        (["beta:environments", "list"], "HIDDEN7x2b9c4d", True),
        (["apply"], "abc", True),
    ],
)
def test_a_misplaced_argument_is_not_quoted_where_it_may_be_a_key(path, text, is_shown):
    assert longest_match(path).quoted(text) == (repr(text) if is_shown else "'[redacted]'")


TOOL_COMMANDS = [
    command for command in catalog().walk() if not command.subcommands and command.operation is None
]


@pytest.mark.parametrize(
    ("path", "flag"),
    [
        (" ".join(command.path), param.flag)
        for command in TOOL_COMMANDS
        for param in command.flags
        if command.path[0] in ("auth", "profile") and param.type is bool
    ],
)
def test_a_value_behind_a_flag_of_auth_is_not_quoted_since_it_may_be_a_key(path, flag):
    with pytest.raises(BadValue, match=f"^{flag} must be true or false, got .redacted") as refused:
        parse([*path.split(), f"{flag}=HIDDEN"])
    assert "HIDDEN" not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize(
    "param",
    {param: None for command in TOOL_COMMANDS for param in command.flags if " [" in param.help},
    ids=lambda param: param.flag,
)
def test_a_number_is_in_the_range_that_its_help_names(param):
    for lowest, highest in re.findall(r"\[(\d+)-(\d+)\]", param.help):
        assert param.parse(param.flag, lowest) == int(lowest)
        assert param.parse(param.flag, highest) == int(highest)
        for outside in (str(int(lowest) - 1), str(int(highest) + 1), ""):
            with pytest.raises(BadValue, match=f"must be a whole number from {lowest} to"):
                param.parse(param.flag, outside)


@pytest.mark.parametrize("flag", ["--organization-id", "--workspace-id"])
@pytest.mark.parametrize("command", [["emulator", "start"], ["emulator", "exec"]])
def test_a_text_that_can_not_be_in_a_header_is_rejected(command, flag):
    assert "org_1" in parse([*command, flag, "org_1"]).flags.values()
    with pytest.raises(BadValue, match=flag):
        parse([*command, flag, "org_1\nx: y"])


def test_a_misplaced_argument_is_cut_to_100_letters():
    quoted = longest_match(["beta:environments", "list"]).quoted
    assert quoted("x" * 100) == repr("x" * 100)
    assert quoted("x" * 101) == repr("x" * 97 + "...")


def test_a_long_example_is_broken_before_flags_and_operators():
    line = f"ant x {'y' * 50} --flag value --other z | ant w && ant v"
    assert fold(line).split("\n") == [
        f"ant x {'y' * 50} --flag value \\",
        "    --other z | ant w && ant v",
    ]
    fits = f"ant {'x' * 63} --a b"
    assert fold(fits) == fits
    assert fold(f"{fits}c") == f"ant {'x' * 63} \\\n    --a bc"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_the_page_of_an_operation_says_who_calls_it_with_which_key_and_for_how_many_ids(operation):
    command = longest_match(operation.command.split())
    is_of_worker = operation.group == "beta:environments:work"
    assert ("Workers call this themselves." in command.help) is is_of_worker
    said = " ".join(re.findall("It takes an (.*?)[.]", command.help))
    for key in ("API key", "environment key"):
        assert (key in said) is (is_of_worker and key in operation.accepts)
    assert "item secret" not in said
    has_several = operation.takes_several_ids and operation.positional is not None
    assert synopsis(command).endswith("...") is has_several


@pytest.mark.parametrize(
    "command", list(catalog().walk()), ids=lambda command: f"ant {command.full_name}".rstrip()
)
def test_a_page_has_no_empty_paragraph(command):
    assert all(part.strip() == part != "" for part in command.help.split("\n\n"))
    assert not re.search(r"\n{3}|[ \t]$", command_page(command), re.M)


@pytest.mark.parametrize(
    "command", list(catalog().walk()), ids=lambda command: f"ant {command.full_name}".rstrip()
)
def test_a_page_names_only_global_flags_that_its_command_takes(command):
    line = "".join(re.findall(r"\*\*Global flags:\*\* (.*) \(", command_page(command)))
    taken = [param.flag for param in command.global_flags]
    assert set(line.split(", ")) - {"", "..."} <= set(taken)
    assert bool(line) is bool(taken)


@pytest.mark.parametrize("operator", ["|", "&&", "--flag"])
def test_a_long_example_is_broken_before_each_operator_and_flag(operator):
    first, rest = f"ant {'x' * 60}", f"{operator} ant y 'a b' -f z"
    assert fold(f"{first} {rest}").split("\n") == [f"{first} \\", f"    {rest}"]


def test_a_section_without_rows_is_left_out():
    assert section("Flags", []) == ""
    assert section("Flags", [("--a", "A."), ("--b", "B.")]) == "## Flags\n- `--a`: A.\n- `--b`: B."


# Flags and their values


ROWS = (
    Setting("count", int, "", default="3", parse=lambda _, text: int(text)),
    Setting("debug", bool, ""),
    Setting("name", str, ""),
    Setting("filter", list, "", parse=lambda source, text: f"{source} {text}"),
    Setting("limit", int, "", parse=lambda _, text: int(text)),
)
COUNT, DEBUG, NAME, FILTER, LIMIT = ROWS


def test_a_flag_that_was_not_given_has_its_default_or_the_one_of_its_type():
    assert [Flags().of(row) for row in ROWS] == [3, False, "", (), None]
    given = values_of({"count": "0", "debug": "false", "filter": ["a", "b"], "other": "x"}, ROWS)
    assert given == {"count": 0, "debug": False, "filter": ["--filter a", "--filter b"]}
    assert [given.of(row) for row in (COUNT, DEBUG, NAME)] == [0, False, ""]


def test_flags_are_never_changed_and_show_no_values():
    flags = Flags({"name": "SECRET", "count": 1})
    assert repr(flags) == "Flags(name, count)"
    assert flags.only(["count", "other"]) == {"count": 1}
    assert flags.with_values(count=2, debug=True) == {"name": "SECRET", "count": 2, "debug": True}
    assert flags == {"name": "SECRET", "count": 1}


def test_the_names_of_a_field_follow_from_its_row():
    inner = Field("config.type", "body", str, "")
    assert (inner.outer, inner.inner, inner.flag) == ("config", "type", "--config.type")
    other = Field("worker_id", "header", str, "", wire="Worker-ID", aliases=("worker",))
    assert (other.outer, other.wire_name) == ("", "Worker-ID")
    assert other.input_keys == ("Worker-ID", "worker")
    assert other.spellings == ("--worker-id", "-worker-id")
    assert Setting("file", str, "", short="-f").spellings == ("--file", "-f", "-file")
    assert flag_name("a_b_c") == "--a-b-c"
    pairs = Field("metadata", "body", dict, "", key_values="new")
    assert (pairs.takes_pairs, pairs.repeatable, inner.repeatable) == (True, True, False)
    assert Field("beta", "header", list, "").repeatable
