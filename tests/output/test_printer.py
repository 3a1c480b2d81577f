"""The printer: the choice of the format, and escaping terminal sequences from the server."""

from __future__ import annotations

import json
import re
import sys

import httpx
import pytest

from ant_cli.operations.formats import BY_NAME
from ant_cli.output.rendering import make_renderer
from ant_cli.output.style import PLAIN
from tests.helpers.words import LINES, LIST, PRINTED, RETRIEVE, page

EVIL = "\x1b]0;title\x07\x9b31m\u202eevil\r\x7f"
ENVIRONMENT = {"id": "env_1", "type": "environment", "name": EVIL, "archived_at": None}
OBEYED = ("\x07", "\x9b", "\u202e", "\r", "\x7f", "\x1b]")
COMMANDS = {
    **{name: ("--format", name) for name in PRINTED},
    "bare": ("--transform", "name", "-r"),
    "columns": ("--format", "table", "--columns", "name"),
}


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}])
@pytest.mark.parametrize("flags", COMMANDS.values(), ids=COMMANDS)
def test_terminal_sequences_of_the_server_are_escaped_in_every_format(ant, flags, env):
    """This holds for one object and for lists. The sequences stay visible."""
    for result in (
        ant(*RETRIEVE, *flags, replies=[ENVIRONMENT], terminal=True, env=env),
        ant(*LIST, *flags, replies=[page(ENVIRONMENT)], terminal=True, env=env),
    ):
        assert result.exit == 0
        assert "evil" in result.stdout
        assert not [character for character in OBEYED if character in result.stdout]


@pytest.mark.parametrize("flags", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(
    "env", [{"COLUMNS": "40", "TERM": "xterm", "PAGER": "false"}, {"NO_COLOR": "1"}]
)
def test_a_pipe_gets_the_same_bytes_everywhere(ant, flags, env):
    """The variables of a terminal have no effect in a pipe."""
    run = (*LIST, *flags)
    assert (
        ant(*run, replies=[page(ENVIRONMENT)], env=env).stdout
        == ant(*run, replies=[page(ENVIRONMENT)]).stdout
    )


@pytest.mark.parametrize("flags", COMMANDS.values(), ids=COMMANDS)
def test_forced_colour_does_not_change_data(ant, flags):
    """A program that reads the pipe would not understand colours."""
    run = (*RETRIEVE, *flags)
    forced = ant(*run, replies=[ENVIRONMENT], env={"FORCE_COLOR": "1"})
    assert forced.stdout == ant(*run, replies=[ENVIRONMENT]).stdout


@pytest.mark.parametrize(
    ("is_escaped", "colour", "shown"),
    [
        (False, False, b'["\x7f"]\n'),
        (True, False, b'["\\u007f"]\n'),
        (False, True, b'[\x1b[32m"\x7f"\x1b[0m]\n'),
        (True, True, b'[\x1b[32m"\\u007f"\x1b[0m]\n'),
    ],
)
def test_escaping_and_colour_do_not_depend_on_each_other(is_escaped, colour, shown):
    """Neither does the layout: a style has a field for each."""
    style = PLAIN._replace(is_escaped=is_escaped, colour=colour)
    assert make_renderer(BY_NAME["jsonl"], style=style)([b'["\x7f"]']) == shown


def test_json_on_a_terminal_is_lightly_coloured(ant):
    """Without its colours, it is the same as in a pipe."""
    value = {"a": 'x"y: z', "b": [None, 1, "null"], "c": {"d": True}}
    shown = ant(*RETRIEVE, "--format", "json", replies=[value], terminal=True).stdout
    assert '\x1b[34m"a"\x1b[0m: \x1b[32m"x\\"y: z"\x1b[0m' in shown
    assert "\x1b[2mnull\x1b[0m" in shown
    assert json.loads(re.sub(r"\x1b\[(0|2|32|34)m", "", shown)) == value
    line = ant(*RETRIEVE, "--format", "jsonl", replies=[{"a": "x", "b": None}], terminal=True)
    assert line.stdout == (
        '{\x1b[34m"a"\x1b[0m:\x1b[32m"x"\x1b[0m,\x1b[34m"b"\x1b[0m:\x1b[2mnull\x1b[0m}\n'
    )


def test_texts_that_are_not_json_are_not_coloured_as_json(ant):
    """What looks like a JSON string there may be half of a word."""
    value = {"a": 'say "null" 1'}
    assert (
        ant(*RETRIEVE, "--format", "yaml", replies=[value], terminal=True).stdout
        == 'a: say "null" 1\n'
    )
    words = ("--transform", "a", "--raw-output")
    assert ant(*RETRIEVE, *words, replies=[value], terminal=True).stdout == 'say "null" 1\n'


def test_the_columns_flag_contradicts_another_format_of_the_profile(ant):
    """The error names the profile as the source of the format."""
    ant("profile", "create", "ci")
    ant("profile", "set", "format", "yaml")
    refusal = ant(
        *LIST, "--columns", "id", replies=[], terminal=True
    ).refusal  # in a pipe that format is not used
    assert refusal.replace("\n", " ").startswith(
        "ant: --columns needs --format table, markdown, csv or tsv, "
        "but the format is yaml (format of profile 'ci')."
    )


def test_rows_are_printed_page_by_page(ant):
    """Rows before an error are printed."""
    pages = [page({"id": "env_1", "type": "environment"}, after="x"), {"no": "page"}]
    result = ant(*LIST, replies=pages, terminal=True, env={"PAGER": ""})
    assert (result.exit, "env_1" in result.stdout) == (1, True)


@pytest.mark.parametrize("terminal", [False, True])
def test_a_slurped_table_has_a_row_for_each_item(ant, terminal):
    """All pages are in one table, and each column fits all of them."""
    pages = [page({"a": 1, "b": 2}, after="x"), page({"a": "long", "b": 3})]
    result = ant(
        *LIST,
        "--slurp",
        "--format",
        "table",
        replies=pages,
        terminal=terminal,
        env={"NO_COLOR": "1"},
    )
    assert result.stdout == "A     B\n1     2\nlong  3\n"


@pytest.mark.parametrize("flags", [LIST, (*LIST, "--slurp"), RETRIEVE])
def test_a_response_nested_too_deep_for_a_path_is_an_error(ant, flags):
    """This holds for each item of a list, and for one object."""
    # newer parsers take all that the limit of 920 lets through
    depth = 900 if sys.version_info < (3, 12) else 921
    deep = "[" * depth + "]" * depth
    text = deep if flags is RETRIEVE else f'{{"data":[{deep}]}}'
    result = ant(
        *flags, "--transform", '@pretty:{"sortKeys":true}', replies=[httpx.Response(200, text=text)]
    )
    assert (result.exit, result.stdout) == (1, "")
    assert result.stderr.endswith(" The JSON is nested too deeply.\n")


def test_an_api_error_is_on_stdout_if_a_flag_asks_for_it_at_a_terminal(ant, httpx_error):
    """The line of the error is then without its message."""
    whole = ant(*RETRIEVE, "--format-error", "jsonl", replies=[httpx_error()], terminal=True)
    assert '{"type":"error","error":{' in whole.stdout
    assert whole.stderr.startswith("ant: 404 Not Found\nGET ")


CODE = {"error_code": "environment_not_found"}


@pytest.mark.parametrize("details", [{}, {"details": {}}, {"details": CODE}])
def test_the_code_of_an_api_error_replaces_its_type_on_a_terminal(ant, httpx_error, details):
    """The code is more precise. The API repeats it in `details`, for the SDKs, which adds no information."""
    error = {"type": "not_found_error", "message": "No such environment.", **CODE, **details}
    body = {"type": "error", "error": error, "request_id": "req_1"}
    shown = ant(*RETRIEVE, replies=[httpx_error(body)], terminal=True).stderr.splitlines()
    assert shown[0] == "ant: No such environment. (404 environment_not_found)"
    assert shown[1].startswith("GET ")
    assert json.dumps(body, indent=2) in ant(*RETRIEVE, replies=[httpx_error(body)]).stderr


@pytest.mark.parametrize(
    "body",
    [
        {"type": "error", "error": {"type": "t", "message": "m", "param": "name"}},
        {
            "type": "error",
            "error": {"type": "t", "message": "m", **CODE, "details": {**CODE, "state": "active"}},
        },
        {
            "type": "error",
            "error": {"type": "t", "message": "m", **CODE, "details": {"error_code": "other"}},
        },
        {"type": "error", "error": {"type": "t", "message": "m", **CODE, "details": "text"}},
        {"type": "error", "error": {"type": "t", "message": "m", "error_code": 7}},
        {"type": "error", "error": {"type": "t", "message": None}},
        {"type": "error", "error": "m"},
        {"type": "error", "error": {"type": "t", "message": "m"}, "more": 1},
        ["m"],
    ],
)
def test_an_api_error_with_more_information_is_shown_completely(ant, httpx_error, body):
    """Nothing that may matter is left out."""
    told = ant(*RETRIEVE, replies=[httpx_error(body)], terminal=True).stderr
    assert json.dumps(body, indent=2) in told


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("error.message", 'No "such"\nenvironment.'),
        ("error.[type]", '[\n  "t"\n]'),
        ("error.nothing", "null"),
    ],
)
def test_raw_output_prints_a_string_of_an_api_error_without_quotes(
    ant, httpx_error, path, shown, terminal
):
    """-r prints a selected string without its quotes, and any other value as without -r."""
    body = {"type": "error", "error": {"type": "t", "message": 'No "such"\nenvironment.'}}
    result = ant(
        *RETRIEVE, "--transform-error", path, "-r", replies=[httpx_error(body)], terminal=terminal
    )
    assert (result.exit, result.stdout) == (5, f"{shown}\n")


def test_a_failing_transform_does_not_hide_the_api_error(ant, httpx_error):
    """The exit code is that of the error, and its body is shown."""
    path = "|".join(["[@this,@this]"] * 40)
    result = ant(*RETRIEVE, "--transform-error", path, replies=[httpx_error()])
    assert result.exit == 5
    assert "No such environment." in result.stdout


@pytest.fixture
def httpx_error():
    """Return a function that makes a 404 response."""
    error = {
        "type": "error",
        "error": {"type": "not_found_error", "message": "No such environment."},
    }
    return lambda body=error: httpx.Response(404, json=body)


@pytest.mark.parametrize("format_", ["json", "table", "pretty", "yaml"])
@pytest.mark.parametrize(("levels", "count"), [(1, 1_100_000), (200, 20_000)])
def test_a_result_of_very_many_values_or_levels_is_printed_as_compact_json(
    ant, format_, levels, count
):
    """Laid out for people, it would take hundreds of times its size. JSON is YAML, too."""
    text = "[" * levels + "1," * count + "1" + "]" * levels
    result = ant(*RETRIEVE, "--format", format_, replies=[httpx.Response(200, text=text)])
    assert result.stdout == f"{text}\n"
    assert ("the result is printed as JSON, because it has too many" in result.stderr) is (
        format_ != "json"
    )


def test_a_page_of_very_many_values_is_rejected(ant):
    """Each of its items takes 50 times its size in memory."""
    result = ant(*LIST, replies=[{"data": [1] * 600_000}])
    assert result.exit == 1
    assert "not a page of a list. It has more than 500,000 values.\n" in result.stderr


@pytest.mark.parametrize("flags", [(), ("--slurp",)])
def test_room_in_a_table_is_reserved_only_for_pages_that_follow(ant, flags):
    """With --slurp, everything is one page, of which each cell is known."""
    environ = {"NO_COLOR": "1", "COLUMNS": "100"}
    item = {"id": "a", "type": "environment", "name": "n", "config": {"type": "cloud"}}
    one = ant(*LIST, *flags, replies=[page(item)], terminal=True, env=environ)
    assert one.stdout.splitlines()[0] == "ID  NAME  TYPE   NETWORK  CREATED"
    two = ant(
        *LIST, *flags, replies=[page(item, after="p"), page(item)], terminal=True, env=environ
    )
    is_reserved = two.stdout.startswith(f"ID  {'NAME':<24}  TYPE")
    assert is_reserved is (flags == ())


def test_strings_among_other_values_are_printed_without_quotes(ant):
    """Each value is printed by itself."""
    items = [{"a": "x"}, {"a": 1}, {"a": {"b": "y"}}, {"a": "z"}, {}]
    result = ant(*LINES, "--transform", "a", "-r", replies=[page(*items)])
    assert result.stdout == 'x\n1\n{"b":"y"}\nz\nnull\n'


def test_an_empty_response_to_a_list_is_not_an_empty_list(ant):
    """There is no message about what the server has."""
    result = ant(*LIST, replies=[httpx.Response(204)], terminal=True)
    assert (result.exit, result.stdout, result.stderr) == (0, "", "")


def test_a_raw_response_ends_with_one_line_feed(ant):
    """Some servers end theirs with several, others with none."""
    for content in (b'{"id": "x"}', b'{"id": "x"}\n', b'\r\n{"id": "x"}\r\n\n'):
        reply = httpx.Response(200, content=content)
        assert ant(*RETRIEVE, "--format", "raw", replies=[reply]).stdout == '{"id": "x"}\n'


@pytest.mark.parametrize("name", ["yaml", "pretty", "table", "markdown"])
def test_one_value_that_is_too_large_for_a_format_is_printed_as_json(monkeypatch, name):
    """With those beside it on the page, whose rows would be misread otherwise."""
    monkeypatch.setattr("ant_cli.output.rendering._MOST_VALUES", 3)
    said = []
    render = make_renderer(BY_NAME[name], is_list=True, style=PLAIN, warn=said.append)
    shown = render([b'{"a":1}', b'{"a":[1,2,3,4,5]}'])
    assert shown == b"".join(
        make_renderer(BY_NAME["json"])([value]) for value in (b'{"a":1}', b'{"a":[1,2,3,4,5]}')
    )
    assert len(said) == 1
    assert render([b'{"a":1}']) != b'{\n  "a": 1\n}\n'


NOT_JQ = """ Members are written without spaces and dots before them: '{id,"kind":config.type}'."""


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("nam", " Did you mean 'name'?"),
        ("name.first", ""),
        ("nam.first", " Did you mean 'name'?"),
        ("id,name", " For several members: --transform '{id,name}'"),
        ("id, name", " For several members: --transform '{id,name}'"),
        ("id.x,name", ""),
        ("{nam}", ""),
        ("[nam]", ""),
        ("name|{a}", ""),
        ("{nam, nme}", NOT_JQ),
        ("{nam.first}", NOT_JQ),
    ],
)
def test_the_note_about_a_path_without_a_match_suggests_a_member_for_its_first_key(ant, path, hint):
    """A key that is there is not the mistake."""
    result = ant(*RETRIEVE, "--transform", path, replies=[{"id": "a", "name": "b"}])
    assert result.stderr == f"Note: --transform {path!r} matched nothing.{hint}\n"


def test_the_note_about_a_path_without_a_match_follows_from_the_first_item(ant):
    """Other items may have other members."""
    replies = [page({"name": "a"}, {"other": 1})]
    result = ant(*LINES, "--transform", "nam", replies=replies)
    assert result.stderr == "Note: --transform 'nam' matched nothing. Did you mean 'name'?\n"


@pytest.mark.parametrize(
    ("body", "is_noted"),
    [
        (b"null", False),
        (b" null\n", False),
        (b"[1]", True),
        (b"7", True),
        (b'"a"', True),
        (b"{}", True),
    ],
)
def test_a_response_that_is_null_has_nothing_that_a_path_could_match(ant, body, is_noted):
    """A poll of an empty queue returns null, for example."""
    replies = [httpx.Response(200, content=body)]
    result = ant(*RETRIEVE, "--transform", "name", replies=replies)
    note = "Note: --transform 'name' matched nothing.\n" if is_noted else ""
    assert (result.exit, result.stdout, result.stderr) == (0, "null\n", note)


@pytest.mark.parametrize(
    ("flags", "stdout", "stderr"),
    [
        ((), "", "No environments.\n"),
        (("--slurp",), "", "No environments.\n"),
        (("--slurp", "--format", "jsonl"), "[]\n", ""),
        (("--format", "jsonl"), "", "No environments.\n"),
    ],
)
def test_an_empty_list_is_described_at_a_terminal_unless_something_is_printed(
    ant, flags, stdout, stderr
):
    """An empty array says by itself that the list is empty."""
    result = ant(*LIST, *flags, replies=[page()], terminal=True, env={"NO_COLOR": "1"})
    assert (result.exit, result.stdout, result.stderr) == (0, stdout, stderr)


@pytest.mark.parametrize(("limit", "size"), [("_MOST_VALUES", 3), ("_MOST_BYTES", 20)])
def test_a_value_with_many_values_or_bytes_is_not_laid_out_for_people(monkeypatch, limit, size):
    """A value with few members may still have long texts."""
    monkeypatch.setattr(f"ant_cli.output.rendering.{limit}", size)
    render = make_renderer(BY_NAME["yaml"], style=PLAIN)
    value = b'{"a":[1,2,3,4,5,6,7]}'
    assert render([b'{"a":[1]}']) == b"a:\n  - 1\n"
    assert json.loads(render([value])) == json.loads(value)


def test_json_has_a_line_for_each_value_unless_there_are_too_many(monkeypatch):
    """JSON may have ten times as many values as a format for people."""
    monkeypatch.setattr("ant_cli.output.rendering._MOST_VALUES", 3)
    monkeypatch.setattr("ant_cli.output.rendering._MOST_VALUES_OF_JSON", 6)
    render = make_renderer(BY_NAME["json"], style=PLAIN)
    assert render([b"[1,2,3,4,5,6]"]) == b"[\n  1,\n  2,\n  3,\n  4,\n  5,\n  6\n]\n"
    assert render([b"[1, 2, 3, 4, 5, 6, 7]"]) == b"[1,2,3,4,5,6,7]\n"
