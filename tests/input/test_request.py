"""Requests: how arguments and stdin become the exact request."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

import pytest

from ant_cli.input.build import build_all
from ant_cli.input.request import is_id, request_of
from ant_cli.operations import OPERATIONS
from ant_cli.operations.environments import ENVIRONMENT_ID
from ant_cli.operations.spec import Field, Flags, Operation
from tests.conftest import make_runtime, piped
from tests.helpers.words import CREATE, UPDATE

ENV = "beta:environments"
WORK = "beta:environments:work"
IDS = ("--environment-id", "env_1", "--work-id", "work_1")


# Places


@pytest.mark.parametrize(
    ("environment_id", "segment"),
    [
        ("env/1", "env%2F1"),
        ("a?b#c", "a%3Fb%23c"),
        ("%2e%2e", "%252e%252e"),
        ("ü", "%C3%BC"),
        ("...", "..."),
    ],
)
def test_an_id_is_one_segment_of_the_path(ant, environment_id, segment):
    """D4: an ID can't lead to another path."""
    assert ant(ENV, "retrieve", environment_id).path == f"/v1/environments/{segment}"


@pytest.mark.parametrize("stdin", [None, '{"id": " env_1\\n"}'])
def test_an_id_loses_the_white_space_around_it(ant, stdin):
    """It may come from a file with Windows line endings, or from a table."""
    assert (
        ant(ENV, "retrieve", *([] if stdin else [" env_1\r"]), stdin=stdin).path
        == "/v1/environments/env_1"
    )


@pytest.mark.parametrize(
    "environment_id", ["", " ", "\t", "\u3000", ".", "..", "a\nb", "env_1\rx", "a\x7f", "a\x85b"]
)
def test_an_id_that_can_not_be_a_segment_of_a_path_is_rejected(ant, environment_id):
    """D4: this includes empty and blank IDs, control characters, and names of folders such as `..`."""
    assert "--environment-id" in ant(ENV, "delete", "--environment-id", environment_id).refusal


def test_many_joined_ids_get_a_short_hint(ant):
    """They may be a line of somebody's file."""
    done = ant(*UPDATE[:2], ",".join(f"env_{number}" for number in range(10_000)), "--name", "a")
    assert (done.exit, done.requests) == (2, [])
    assert "of its own: env_0 env_1" in done.stderr
    assert len(done.stderr) < 1_000


@pytest.mark.parametrize("text", ["env_1,env_2", "env_1, env_2", "env_1 work_2", "env_1,"])
def test_ids_that_are_joined_are_rejected(ant, text):
    """No ID has a comma, so the request would lead nowhere."""
    for argv in ((ENV, "delete", text), (ENV, "retrieve", "--environment-id", text)):
        refusal = ant(*argv).refusal
        assert f"must be one ID, got {text!r}" in refusal
        assert refusal.endswith(f"of its own: {' '.join(text.replace(',', ' ').split())}\n")


@pytest.mark.parametrize("name", ["a,b", "env_1,b", "prod, eu", "env_ 1", "envs,work_1"])
def test_a_name_may_have_a_comma_or_a_space(ant, name):
    assert ant(ENV, "retrieve", name).path == f"/v1/environments/{quote(name, safe='')}"


@pytest.mark.parametrize(
    "argv",
    [
        (ENV, "retrieve", ""),
        (ENV, "retrieve", "a", " "),
        (ENV, "delete", "a", ""),
        (ENV, "list", ""),
        ("edit", ""),
        ("profile", "activate", ""),
        ("auth", "status", ""),
        (ENV, ""),
        ("",),
    ],
)
def test_an_empty_argument_may_be_an_unset_variable(ant, argv):
    refusal = ant(*argv).refusal
    assert refusal.endswith("A variable of the shell may be unset.\n")


@pytest.mark.parametrize("words", [("a", "b"), ("env_1", "title", "nightly")])
def test_an_update_of_several_ids_without_a_field_is_rejected(ant, words):
    """One of them is rather a field or its value. Of a single ID, `{}` is sent (D25)."""
    assert "no field to change is given" in ant(ENV, "update", *words).refusal
    shown = ant(ENV, "update", *words, "--dry-run", stdin="description: x")
    assert f"{len(words)} requests" in shown.stderr
    assert ant(ENV, "update", "env_1").body == {}


@pytest.mark.parametrize(
    "words",
    [
        (ENV, "update", "env_1", "name", "nightly", "--description", "x"),
        (ENV, "delete", "env_1", "dry-run"),
        (WORK, "stop", "--environment-id", "env_1", "work_1", "force"),
    ],
)
def test_a_flag_without_dashes_among_ids_is_rejected(ant, words):
    assert "unexpected argument" in ant(*words).refusal


def test_other_flags_may_be_names_of_environments(ant):
    assert "3 requests" in ant(ENV, "delete", "alpha", "beta", "local", "--dry-run").stderr
    assert ant(ENV, "update", "name", "--name", "x").path == "/v1/environments/name"


@pytest.mark.parametrize("text", ["description: new", '{"description": "new"}'])
def test_one_object_without_an_id_is_for_the_id_of_the_command_line(ant, text):
    """Only if there are several objects, each needs its ID."""
    result = ant(*UPDATE, stdin=text)
    assert (result.path, result.body) == ("/v1/environments/env_1", {"description": "new"})


def test_a_header_holds_no_control_characters(ant):
    """A line break would start another header."""
    assert (
        "--anthropic-worker-id"
        in ant(WORK, "poll", "env_1", "--anthropic-worker-id", "a\r\nx: y").refusal
    )


def test_a_header_may_be_the_text_of_a_file(ant, tmp_path):
    """The line break at its end is not part of the header."""
    (tmp_path / "hostname").write_text("worker-7\n")
    words = ("--anthropic-worker-id", "@./hostname", "--beta", "@hostname", "--beta", "b")
    headers = ant(WORK, "poll", "env_1", *words).request.headers
    assert (headers["anthropic-worker-id"], headers["anthropic-beta"]) == ("worker-7", "worker-7,b")


def test_a_new_operation_needs_only_a_row():
    """The fifteenth command needs no other code."""
    rename = Operation(
        "beta:environments",
        "rename",
        "PUT",
        "/v1/environments/{environment_id}/name",
        "Rename.",
        (
            ENVIRONMENT_ID,
            Field("name", "body", str, "A name.", required=True),
            Field("dry", "query", bool, "Try."),
        ),
        (),
        (),
    )
    fields = {"environment_id": "env_1", "name": "n", "dry": "true"}
    with os.fdopen(piped(None), "rb") as source:
        request = build_all(rename, fields, Flags(), make_runtime({}, source)).first
    assert (request.method, request.path) == ("PUT", "/v1/environments/env_1/name")
    assert request.query == (("beta", "true"), ("dry", "true"))
    assert request.body == b'{"name":"n"}'


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_a_request_has_the_credentials_and_the_retries_of_its_operation(operation):
    """A create that is sent twice makes two objects; a precondition may no longer hold."""
    ids = {field.name: "x" for field in operation.fields_in("path")}
    request = request_of(operation, ids)
    assert request.accepts == operation.accepts
    assert request.retries == ("unless_unknown" if operation.creates else "always")
    assert (request.body is None) == (not operation.has_body)
    if operation.precondition:
        for value, retries in (("t", "unless_timed_out"), (None, "always")):
            assert request_of(operation, {**ids, operation.precondition: value}).retries == retries


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("env_1", True),
        ("a b", True),
        ("", False),
        (" ", False),
        ("..", False),
        ("a\nb", False),
        ("a\x1b[2J", False),
        (5, False),
        (None, False),
    ],
)
def test_an_id_of_a_server_is_one_printable_segment(value, expected):
    assert is_id(value) is expected


@pytest.mark.parametrize(("flag", "said"), [("--force", "Stopped"), ("--force=false", "Requested")])
def test_a_message_names_the_id_without_the_space_around_it(ant, flag, said):
    done = ant(WORK, "stop", "--environment-id", "env_1", " work_1 ", flag, terminal=True)
    assert said in done.stderr
    assert done.stderr.endswith(" work_1.\n")


def test_zero_false_and_empty_texts_of_the_input_are_sent(ant):
    """Only null, and an empty list, mean no value."""
    text = "limit: 0\ninclude_archived: false\npage: ''\nanthropic-beta: []\n"
    done = ant(ENV, "list", "--file", "-", stdin=text)
    expected = {"beta": "true", "limit": "0", "include_archived": "false", "page": ""}
    assert dict(done.request.url.params) == expected
    assert done.request.headers["anthropic-beta"] == "managed-agents-2026-04-01"


# stdin


@pytest.mark.parametrize(
    "text", ["id: env_9", "environment_id: env_9", "environment_id: null\nid: env_9"]
)
def test_an_id_is_taken_from_stdin_and_kept_out_of_the_body(ant, text):
    """Piping an object into update is enough to name it. A null in the input is treated as missing."""
    result = ant(ENV, "update", stdin=f"{text}\nname: n\n")
    assert result.path == "/v1/environments/env_9"
    assert result.body == {"name": "n"}


def test_null_on_stdin_means_a_missing_value_where_null_is_not_allowed(ant):
    """An ID, a header or a limit is then missing. Elsewhere, null is sent as an empty value, as for a flag."""
    result = ant(WORK, "list", stdin="environment_id: e\nlimit: null\nanthropic-beta: null\n")
    assert dict(result.request.url.params) == {"beta": "true"}
    assert result.request.headers["anthropic-beta"] == "managed-agents-2026-04-01"
    result = ant(WORK, "poll", stdin="environment_id: e\nreclaim_older_than_ms: null\n")
    assert dict(result.request.url.params) == {"beta": "true", "reclaim_older_than_ms": ""}


@pytest.mark.parametrize("nothing", ["", "\n \n", "# only a comment\n", "---\n", "\ufeff"])
def test_blank_stdin_is_no_input(ant, nothing):
    """D12: white space, comments and a byte order mark alone are no input."""
    assert ant(*CREATE, stdin=nothing).body == {"name": "n"}


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        ((*UPDATE, "--description", "d"), '{"id": "env_2", "description": "two"}'),
        ((*UPDATE, "--description", "d"), "id: env_2\n"),
        (UPDATE, '{"id": "env_2", "description": "two"}'),
        ((ENV, "update", "--environment-id", "env_1"), '{"environment_id": "env_2", "name": "n"}'),
        ((WORK, "stop", *IDS), '{"id": "work_2", "environment_id": "env_1"}'),
        ((WORK, "stop", *IDS), '{"id": "work_1", "environment_id": "env_2"}'),
        ((WORK, "ack", "work_1"), '{"id": "work_2", "environment_id": "env_1"}'),
    ],
)
def test_an_object_with_another_id_than_the_argument_is_rejected(ant, words, stdin):
    """D31: it may be the next line of a loop, and would change the wrong object."""
    message = ant(*words, stdin=stdin).refusal
    assert "_1'" in message
    assert "_2'" in message


def test_an_object_with_the_id_of_the_argument_is_accepted(ant):
    """D31: there is no contradiction."""
    result = ant(*UPDATE, "--name", "n", stdin='{"id": "env_1", "description": "d"}')
    assert result.body == {"name": "n", "description": "d"}


@pytest.mark.parametrize(
    ("words", "body", "unsent"),
    [
        (("--metadata", "k=v"), {"metadata": {"k": "v"}}, "name, config"),
        (("--config.type", "cloud"), {"config": {"type": "cloud"}}, "name"),
        (("--name", "new", "--description", ""), {"name": "new", "description": ""}, "config"),
    ],
)
def test_an_object_from_the_server_stands_for_its_id_if_flags_give_fields(ant, words, body, unsent):
    """Its fields are not put back: others may have changed them since they were read."""
    server = {
        "id": "env_1",
        "name": "n",
        "config": {"type": "self_hosted"},
        "created_at": "2026-03-15T10:00:00Z",
    }
    result = ant(ENV, "update", *words, stdin=json.dumps(server))
    assert (result.path, result.body) == ("/v1/environments/env_1", body)
    assert result.stderr.endswith(
        f"only the ID is used of an object from the server. Not sent: {unsent}.\n"
    )


def test_flags_add_fields_to_an_object_that_is_created_again(ant):
    """A copy needs all fields."""
    server = {
        "id": "env_1",
        "name": "n",
        "config": {"type": "cloud"},
        "created_at": "2026-03-15T10:00:00Z",
    }
    result = ant(ENV, "create", "--name", "copy", stdin=json.dumps(server))
    assert result.body == {"name": "copy", "config": {"type": "cloud"}}


def test_a_work_item_can_be_piped_into_stop(ant):
    """D30: only the IDs in the output of `work list` are used."""
    work = '{"id": "work_1", "environment_id": "env_1", "type": "work", "state": "active", "metadata": {"a": "b"}}'
    result = ant(WORK, "stop", "--force", stdin=work)
    assert (result.path, result.body) == (
        "/v1/environments/env_1/work/work_1/stop",
        {"force": True},
    )


# Files


@pytest.fixture
def notes(tmp_path):
    """Files of several kinds in the working folder."""
    (tmp_path / "note.txt").write_bytes(b"line 1\r\nline 2\n")
    (tmp_path / "b.bin").write_bytes(b"\x00\x01")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbftext")
    (tmp_path / "colours.txt").write_bytes(b"\x1b[1mbold\f")
    (tmp_path / "tabs.bin").write_bytes(b"a\x0bb")
    (tmp_path / "word").write_text("from a file")
    (tmp_path / "me@home.txt").write_text("at home")
    (tmp_path / "late.bin").write_bytes(b"x" * 512 + b"\0")
    (tmp_path / "last.bin").write_bytes(b"x" * 511 + b"\0")
    (tmp_path / "c.yaml").write_text("type: self_hosted\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@./note.txt", "line 1\r\nline 2\n"),
        ("@file://note.txt", "line 1\r\nline 2\n"),
        ("@data://note.txt", "bGluZSAxDQpsaW5lIDIK"),
        ("@latin.txt", "Y2Fm6Q=="),
        ("@b.bin", "AAE="),
        ("@bom.txt", "text"),
        ("@colours.txt", "\x1b[1mbold\f"),
        ("@tabs.bin", "YQti"),
        (r"\d", r"\d"),
        ("@word", "from a file"),
        ("@me@home.txt", "at home"),
        ("@file://me@home.txt", "at home"),
        ("@file://b.bin", "\x00\x01"),
        ("@late.bin", "x" * 512 + "\0"),
        ("@last.bin", "eHh4" * 170 + "eAA="),
        ("@", "@"),
    ],
)
@pytest.mark.usefixtures("notes")
def test_an_at_sign_names_a_file(ant, text, value):
    """D10: this applies to the values of flags, and to strings in --metadata on the command line."""
    assert ant(ENV, "create", "--name", text).body == {"name": value}
    nested = json.dumps({"a": [text]})
    assert ant(*CREATE, "--metadata", nested).body["metadata"] == {"a": [value]}


@pytest.mark.parametrize(
    "text", ["@note.txt", "@file://note.txt", "@data://note.txt", "@word", "@-", "\\@word"]
)
@pytest.mark.usefixtures("notes")
def test_data_never_names_a_file_of_this_machine(ant, tmp_path, text):
    """D32: piped input and the content of files are sent unchanged, including `@` and backslash."""
    data = {
        "name": text,
        "description": text,
        "metadata": {"k": text},
        "config": {"packages": {"npm": [text]}},
    }
    (tmp_path / "env.json").write_text(json.dumps(data))
    (tmp_path / "texts.json").write_text(json.dumps({"k": text}))
    assert ant(ENV, "create", stdin=json.dumps(data)).body == data
    assert ant(ENV, "create", "--file", "env.json").body == data
    for flag in ("--config", "--metadata"):
        body = ant(*CREATE, flag, "@texts.json").body
        assert body == {"name": "n", flag[2:]: {"k": text}}


@pytest.mark.usefixtures("notes")
def test_a_scoped_package_is_a_string_in_a_config_on_the_command_line(ant):
    r"""D32: no file is read. The `\@` that the official tool requires works too."""
    config = "{packages: {npm: ['@note.txt', '@anthropic-ai/sdk', '\\@types/node']}}"
    body = ant(*CREATE, "--config", config).body
    assert body["config"]["packages"]["npm"] == ["@note.txt", "@anthropic-ai/sdk", "@types/node"]


@pytest.mark.usefixtures("notes")
def test_an_id_is_never_a_file(ant):
    """D10: an ID is used unchanged, from a flag and from stdin."""
    assert ant(ENV, "retrieve", "@note.txt").path == "/v1/environments/%40note.txt"
    assert ant(ENV, "retrieve", stdin="id: '@note.txt'").path == "/v1/environments/%40note.txt"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--name", "@no/such"), ["no/such"]),
        (("--name", "@data://nothing"), ["nothing", "\\@data://nothing"]),
        (("--name", "@file://latin.txt"), ["--name: latin.txt", "UTF-8", "0xe9"]),
        (("--name", "n", "--config", "@latin.txt"), ["--config: latin.txt", "UTF-8", "0xe9"]),
        (("--name", "n", "--file", "latin.txt"), ["ant: latin.txt", "UTF-8", "0xe9"]),
    ],
)
@pytest.mark.usefixtures("notes")
def test_an_unusable_file_is_rejected(ant, words, parts):
    """The message names the flag, the file and the reason."""
    message = ant(ENV, "create", *words).refusal
    assert all(part in message for part in parts)


@pytest.mark.parametrize("text", ["@c.yaml", "@file://c.yaml", "@-"])
@pytest.mark.usefixtures("notes")
def test_the_value_of_a_structured_flag_may_be_in_a_file_or_on_stdin(ant, text):
    """D10: the content is parsed like a value on the command line. Stdin is then not the body."""
    assert ant(*CREATE, "--config", text, stdin="type: self_hosted").body["config"] == {
        "type": "self_hosted"
    }


def test_a_body_from_a_file_replaces_stdin(ant, tmp_path):
    """Flags have precedence over the file."""
    (tmp_path / "env.yaml").write_text("name: file\ndescription: d\n")
    result = ant(ENV, "create", "--file", "env.yaml", "--name", "flag", stdin="name: stdin\n")
    assert result.body == {"name": "flag", "description": "d"}
    assert ant(ENV, "create", "-f", "-", stdin="name: stdin\n").body == {"name": "stdin"}


def test_a_file_gives_the_ids_of_a_command_without_a_body(ant, tmp_path):
    """The file has the format that stdin would have."""
    (tmp_path / "work.json").write_text('{"id": "work_1", "environment_id": "env_1"}')
    assert ant(WORK, "ack", "-f", "work.json").path == "/v1/environments/env_1/work/work_1/ack"


CREATE_NAMED = (*CREATE, "--dry-run")


@pytest.mark.parametrize(
    "flags",
    [
        (
            "--config",
            "{type: cloud, networking: {type: limited, allowed_hosts: [a], allow_package_managers: true}, "
            "packages: {type: packages, pip: [x]}}",
        ),
        ("--config", "{type: self_hosted}", "--scope", "account", "--metadata", "{any: key}"),
        ("--config", "null"),
    ],
)
def test_known_fields_get_no_warning(ant, flags):
    """The keys of metadata are the user's own."""
    done = ant(*CREATE_NAMED, *flags, replies=[])
    assert (done.exit, done.stderr) == (0, "")


CLOSED = "{type: cloud, networking: {type: limited}, packages: {pip: [x]}}"


@pytest.mark.parametrize(
    ("words", "warnings"),
    [
        (
            (*CREATE, "--metadata", "{tier: 1}"),
            ["metadata.tier: must be text, got a number: write it in quotes"],
        ),
        ((*CREATE, "--config", "{type: tpu}"), []),
        ((*CREATE, "--config", "{type: cloud, networking: null, packages: null}"), []),
        (
            (*CREATE, "--config", "{type: cloud, networking: {type: limited}, packages: null}"),
            [],
        ),
        (
            (
                *CREATE,
                "--config",
                "{type: cloud, networking: {type: limited}, packages: {pip: []}}",
            ),
            [],
        ),
        (
            (
                *CREATE,
                "--config",
                "{type: cloud, networking: {type: limited}, packages: {type: packages, pip: []}}",
            ),
            [],
        ),
        ((*UPDATE, "--config", CLOSED), []),
        ((*UPDATE, "--metadata", "{tier: null}"), []),
    ],
)
def test_what_the_api_may_take_is_sent(ant, words, warnings):
    """The official tool sends it, too. A null deletes a key, and an update leaves the other fields as they are."""
    done = ant(*words)
    assert (done.exit, len(done.requests)) == (0, 1)
    assert done.stderr == "".join(
        f"Warning: {warning}; it is sent unchanged.\n" for warning in warnings
    )


def test_all_mistakes_of_a_body_are_named_together(ant):
    """Of more than fifty, the first ones are."""
    body = {
        "name": 5,
        "config": {"type": "cloud", "networking": {"type": "limited"}, "packages": {"pip": ["x"]}},
    }
    refusal = ant(ENV, "create", stdin=json.dumps(body)).refusal
    assert "name: must be text, got a number: write it in quotes; config: packages under" in refusal
    for count, is_cut in ((50, False), (51, True)):
        packages = json.dumps({"pip": [1] * count})
        refusal = ant(*CREATE, "--config.packages", packages).refusal
        assert refusal.count("must be text") == 50
        assert ("; and more mistakes." in refusal) == is_cut


@pytest.mark.parametrize(
    ("config", "mistakes"),
    [
        ({"type": "cloud", "networking": {"type": 5}}, ["config.networking.type: must be "]),
        ({"networking": {"type": "limited"}}, []),
        ({"type": "self_hosted", "packages": {}}, []),
        ({"type": True}, ["config.type: must be 'cloud' or 'self_hosted', got a boolean"]),
        (
            {"type": "cloud", "packages": {"pip": None, "apt": {}}},
            ["config.packages.apt: must be a list, got keys and values"],
        ),
        (
            {"type": "cloud", "networking": {"type": "limited", "allow_mcp_servers": 1}},
            ["must be true or false, got a number"],
        ),
    ],
)
def test_a_value_of_another_type_is_rejected_and_an_unknown_combination_is_sent(
    ant, config, mistakes
):
    done = ant(*UPDATE, stdin=json.dumps({"config": config}))
    assert (done.exit, len(done.requests)) == ((2, 0) if mistakes else (0, 1))
    assert all(mistake in done.stderr for mistake in mistakes)


@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("example.com", True),
        ("*.example.com", True),
        ("a.*.example.com", False),
        ("*.*.com", False),
        ("*example.com", False),
        (".example.com", False),
        ("*.", False),
        ("_a.com", False),
        ("a_.com", False),
        ("münchen.de", True),
        ("a_b.example", True),
        ("-a.com", False),
        ("a-.com", False),
        ("a..com", False),
        ("", False),
        (f"{'a' * 63}.com", True),
        (f"{'a' * 64}.com", False),
        (f"{'a.' * 126}a", True),
        (f"{'a.' * 126}aa", False),
        ("https://a.com", False),
        ("a.com:80", False),
    ],
)
def test_a_host_that_can_be_none_gets_a_warning(ant, host, is_known):
    config = {"type": "cloud", "networking": {"type": "limited", "allowed_hosts": ["a.com", host]}}
    done = ant(*CREATE, "--config", json.dumps(config))
    assert len(done.requests) == 1
    assert ("config.networking.allowed_hosts[1]: " in done.stderr) != is_known


def test_metadata_that_is_not_keys_and_values_is_rejected(ant):
    """Only a single value in metadata may have another type (D48)."""
    refusal = ant(ENV, "create", stdin='{"name": "n", "metadata": [1]}').refusal
    assert refusal.startswith("ant: metadata: must be keys and values, got a list.\n")


def test_an_id_and_a_type_do_not_make_an_object_one_of_the_server(ant):
    """People write an ID and a type, too, so the other fields are sent."""
    written = {"id": "env_1", "type": "environment", "name": "n"}
    result = ant(ENV, "update", "--description", "d", stdin=json.dumps(written))
    assert (result.path, result.body) == (
        "/v1/environments/env_1",
        {"name": "n", "description": "d"},
    )


def test_white_space_around_the_id_of_a_variable_does_not_count(ant):
    """A file of variables may add white space. A blank variable gives no ID."""
    result = ant(WORK, "stats", env={"ANTHROPIC_ENVIRONMENT_ID": " env_7 \n"})
    assert result.path == "/v1/environments/env_7/work/stats"
    refusal = ant(WORK, "stats", env={"ANTHROPIC_ENVIRONMENT_ID": " "}).refusal
    assert "--environment-id is required" in refusal
