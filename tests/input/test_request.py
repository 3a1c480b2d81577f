"""Requests: how arguments and stdin become the exact request, without HTTP."""

from __future__ import annotations

import json
import os

import pytest

from ant_cli.argv import ApiCall, parse
from ant_cli.errors import MissingFlag, UsageError
from ant_cli.input.build import build_all
from ant_cli.operations.environments import ENVIRONMENT_ID
from ant_cli.operations.spec import Flags, Operation, Param
from tests.conftest import Screen, make_runtime, needs_posix, piped
from tests.helpers.words import CREATE, UPDATE

ENV = "beta:environments"
WORK = "beta:environments:work"
IDS = ("--environment-id", "env_1", "--work-id", "work_1")


class Built:
    """A request, and the output on stderr while it was built."""

    def __init__(self, request, stderr):
        self.request = request
        self.stderr = stderr
        self.body = None if request.body is None else json.loads(request.body)
        self.query = dict(request.query)
        self.headers = dict(request.headers)


@pytest.fixture
def request_of():
    """Return a function that builds the request of a command line."""

    def make(*words, stdin=None):
        call = parse(words)
        assert isinstance(call, ApiCall)
        screen = Screen(terminal=False)
        with os.fdopen(piped(stdin), "rb") as source:
            request = build_all(
                call.operation, call.fields, call.flags, make_runtime({}, source, stderr=screen)
            ).first
        return Built(request, screen.text())

    return make


@pytest.fixture
def refusal_of(request_of):
    """Return a function that gives the message for an invalid command line."""

    def make(*words, stdin=None):
        with pytest.raises(UsageError) as caught:
            request_of(*words, stdin=stdin)
        return f"{caught.value.message} {caught.value.hint}"

    return make


# Places


@pytest.mark.parametrize(
    ("environment_id", "segment"),
    [("env/1", "env%2F1"), ("a?b#c", "a%3Fb%23c"), ("%2e%2e", "%252e%252e"), ("ü", "%C3%BC"), ("...", "...")],
)
def test_an_id_is_one_segment_of_the_path(request_of, environment_id, segment):
    """D4: an ID can't lead to another path."""
    assert request_of(ENV, "retrieve", environment_id).request.path == f"/v1/environments/{segment}"


@pytest.mark.parametrize("stdin", [None, '{"id": " env_1\\n"}'])
def test_an_id_loses_the_white_space_around_it(request_of, stdin):
    """It may come from a file with Windows line endings, or from a table."""
    request = request_of(ENV, "retrieve", *([] if stdin else [" env_1\r"]), stdin=stdin).request
    assert (request.path, request.path_params) == ("/v1/environments/env_1", {"environment_id": "env_1"})


@pytest.mark.parametrize(
    "environment_id", ["", " ", "\t", "\u3000", ".", "..", "a\nb", "env_1\rx", "a\x7f", "a\x85b"]
)
def test_an_id_that_can_not_be_a_segment_of_a_path_is_rejected(refusal_of, environment_id):
    """D4: this includes empty and blank IDs, control characters, and names of folders such as `..`."""
    assert "--environment-id" in refusal_of(ENV, "delete", "--environment-id", environment_id)


@pytest.mark.parametrize("text", ["description: new", '{"description": "new"}'])
def test_one_object_without_an_id_is_for_the_id_of_the_command_line(request_of, text):
    """Only if there are several objects, each needs its ID."""
    built = request_of(*UPDATE, stdin=text)
    assert (built.request.path, built.body) == ("/v1/environments/env_1", {"description": "new"})


def test_only_a_text_on_stdin_gets_the_hint_about_loops(refusal_of, tmp_path):
    """It may be the next line of a loop. A list, or the text of a file, is not."""
    (tmp_path / "text").write_text("hello")
    assert "< /dev/null" in refusal_of(*CREATE, stdin="hello")
    assert "create --help" in refusal_of(*CREATE, stdin="[1]")
    assert "create --help" in refusal_of(*CREATE, "--file", "text")


def test_a_header_holds_no_control_characters(refusal_of):
    """A line break would start another header."""
    assert "--anthropic-worker-id" in refusal_of(WORK, "poll", "env_1", "--anthropic-worker-id", "a\r\nx: y")


def test_a_header_may_be_the_text_of_a_file(request_of, tmp_path):
    """The line break at its end is not part of the header."""
    (tmp_path / "hostname").write_text("worker-7\n")
    words = ("--anthropic-worker-id", "@./hostname", "--beta", "@hostname", "--beta", "b")
    assert request_of(WORK, "poll", "env_1", *words).headers == {
        "anthropic-worker-id": "worker-7",
        "anthropic-beta": "worker-7,b",
    }


def test_a_new_operation_needs_only_a_row():
    """The fifteenth command needs no other code."""
    rename = Operation(
        "beta:environments",
        "rename",
        "PUT",
        "/v1/environments/{environment_id}/name",
        "Rename.",
        (ENVIRONMENT_ID, Param("name", "body", str, "A name.", required=True), Param("dry", "query", bool, "Try.")),
        (),
    )
    fields = {"environment_id": "env_1", "name": "n", "dry": "true"}
    with os.fdopen(piped(None), "rb") as source:
        request = build_all(rename, fields, Flags(), make_runtime({}, source)).first
    assert (request.method, request.path) == ("PUT", "/v1/environments/env_1/name")
    assert request.query == (("beta", "true"), ("dry", "true"))
    assert request.body == b'{"name":"n"}'


# stdin


@pytest.mark.parametrize("text", ["id: env_9", "environment_id: env_9", "environment_id: null\nid: env_9"])
def test_an_id_is_taken_from_stdin_and_kept_out_of_the_body(request_of, text):
    """Piping an object into update is enough to name it. A null in the input is treated as missing."""
    built = request_of(ENV, "update", stdin=f"{text}\nname: n\n")
    assert built.request.path == "/v1/environments/env_9"
    assert built.body == {"name": "n"}


def test_null_on_stdin_means_a_missing_value_where_null_is_not_allowed(request_of):
    """An ID, a header or a limit is then missing. Elsewhere, null is sent as an empty value, as for a flag."""
    built = request_of(WORK, "list", stdin="environment_id: e\nlimit: null\nanthropic-beta: null\n")
    assert (built.query, built.headers) == ({"beta": "true"}, {})
    built = request_of(WORK, "poll", stdin="environment_id: e\nreclaim_older_than_ms: null\n")
    assert built.query == {"beta": "true", "reclaim_older_than_ms": ""}


def test_all_missing_flags_are_named(request_of):
    """One message names all missing flags, and no others."""
    with pytest.raises(MissingFlag, match=r"^--environment-id and --work-id are required"):
        request_of(WORK, "stop")
    with pytest.raises(MissingFlag, match=r"^--environment-id is required"):
        request_of(WORK, "stop", "w")


@pytest.mark.parametrize("nothing", ["", "\n \n", "# only a comment\n", "---\n", "\ufeff"])
def test_blank_stdin_is_no_input(request_of, nothing):
    """D12: white space, comments and a byte order mark alone are no input."""
    assert request_of(*CREATE, stdin=nothing).body == {"name": "n"}


def test_unknown_fields_are_sent_with_a_warning(request_of):
    """The API may have fields that the program does not know. The warning suggests the name of a similar field."""
    built = request_of(ENV, "create", stdin="name: n\ndescripton: d\nconfig: {packages: {pipp: []}}\n")
    assert built.body == {"name": "n", "descripton": "d", "config": {"packages": {"pipp": []}}}
    assert "'descripton'" in built.stderr
    assert "Did you mean 'description'?" in built.stderr
    assert "Warning: 'config.packages.pipp' is not a known field" in built.stderr


@pytest.mark.parametrize(
    ("words", "stdin", "parts"),
    [
        ((ENV, "create"), "description: d\n", ["--name", "required"]),
        (CREATE, "- a\n", ["keys and values", "text"]),
        ((ENV, "create"), "just text", ["keys and values", "text", "< /dev/null"]),
        (
            (ENV, "create"),
            "name,team\na,b\n",
            ["DictReader(sys.stdin)]' < FILE.csv | ant beta:environments create"],
        ),
        ((ENV, "create"), b"name: \xff\n", ["UTF-8", "byte 7", "0xff"]),
        ((WORK, "ack"), "environment_id: {a: b}\nwork_id: w\n", ["environment_id", "one value"]),
        ((WORK, "poll"), "environment_id: e\nblock_ms: soon\n", ["block_ms", "whole number"]),
        ((WORK, "list"), "environment_id: a\n---\nenvironment_id: b\n", ["one input is expected, but there are 2"]),
        (UPDATE, "# nothing\n", ["no field"]),
    ],
)
def test_input_without_a_valid_request_is_rejected(refusal_of, words, stdin, parts):
    """The message names the flag or the key, and its allowed values."""
    message = refusal_of(*words, stdin=stdin)
    assert all(part in message for part in parts)


def test_an_update_without_a_field_is_sent_with_a_note(request_of):
    """D25: an example in the reference does this, without input."""
    built = request_of(*UPDATE)
    assert built.body == {}
    assert "nothing will change" in built.stderr


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
def test_an_object_with_another_id_than_the_argument_is_rejected(refusal_of, words, stdin):
    """D31: it may be the next line of a loop, and would change the wrong object."""
    message = refusal_of(*words, stdin=stdin)
    assert "_1'" in message
    assert "_2'" in message


def test_an_object_with_the_id_of_the_argument_is_accepted(request_of):
    """D31: there is no contradiction."""
    built = request_of(*UPDATE, "--name", "n", stdin='{"id": "env_1", "description": "d"}')
    assert built.body == {"name": "n", "description": "d"}


def test_yaml_that_an_update_needs_may_name_another_object(request_of):
    """The file was written to be applied. The argument wins, and a note says so."""
    built = request_of(*UPDATE, stdin="id: env_9\nname: renamed\n")
    assert (built.request.path, built.body) == ("/v1/environments/env_1", {"name": "renamed"})
    assert "'env_9'" in built.stderr


@pytest.mark.parametrize("words", [("create",), ("update",)])
def test_an_object_from_the_server_can_be_sent_again(request_of, words):
    """D34: the fields that the server sets are left out, with one note."""
    server = {
        "id": "env_1",
        "type": "environment",
        "name": "n",
        "config": {"type": "cloud"},
        "created_at": "2026-03-15T10:00:00Z",
        "updated_at": "2026-03-15T10:00:00Z",
        "archived_at": None,
        "state": "active",
    }
    built = request_of(ENV, *words, stdin=json.dumps(server))
    assert built.body == {"name": "n", "config": {"type": "cloud"}}
    (note,) = built.stderr.splitlines()
    assert all(name in note for name in ("type", "created_at", "updated_at", "archived_at", "state"))


@pytest.mark.parametrize(
    ("words", "body", "unsent"),
    [
        (("--metadata", "k=v"), {"metadata": {"k": "v"}}, "name, config"),
        (("--config.type", "cloud"), {"config": {"type": "cloud"}}, "name"),
        (("--name", "new", "--description", ""), {"name": "new", "description": ""}, "config"),
    ],
)
def test_an_object_from_the_server_stands_for_its_id_if_flags_give_fields(request_of, words, body, unsent):
    """Its fields are not put back: others may have changed them since they were read."""
    server = {"id": "env_1", "name": "n", "config": {"type": "self_hosted"}, "created_at": "2026-03-15T10:00:00Z"}
    built = request_of(ENV, "update", *words, stdin=json.dumps(server))
    assert (built.request.path, built.body) == ("/v1/environments/env_1", body)
    assert built.stderr.endswith(f"only the ID is used. Not sent: {unsent}.\n")


def test_flags_add_fields_to_an_object_that_is_created_again(request_of):
    """A copy needs all fields."""
    server = {"id": "env_1", "name": "n", "config": {"type": "cloud"}, "created_at": "2026-03-15T10:00:00Z"}
    built = request_of(ENV, "create", "--name", "copy", stdin=json.dumps(server))
    assert built.body == {"name": "copy", "config": {"type": "cloud"}}


def test_a_work_item_can_be_piped_into_stop(request_of):
    """D30: only the IDs in the output of `work list` are used."""
    work = '{"id": "work_1", "environment_id": "env_1", "type": "work", "state": "active", "metadata": {"a": "b"}}'
    built = request_of(WORK, "stop", "--force", stdin=work)
    assert (built.request.path, built.body) == ("/v1/environments/env_1/work/work_1/stop", {"force": True})


# Files


@pytest.fixture
def notes(tmp_path):
    """Files of several kinds in the working folder."""
    (tmp_path / "note.txt").write_bytes(b"line 1\r\nline 2\n")
    (tmp_path / "b.bin").write_bytes(b"\x00\x01\xff")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbftext")
    (tmp_path / "word").write_text("from a file")
    (tmp_path / "c.yaml").write_text("type: self_hosted\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("@./note.txt", "line 1\r\nline 2\n"),
        ("@file://note.txt", "line 1\r\nline 2\n"),
        ("@data://note.txt", "bGluZSAxDQpsaW5lIDIK"),
        ("@latin.txt", "Y2Fm6Q=="),
        ("@bom.txt", "text"),
        ("@word", "from a file"),
        ("@", "@"),
    ],
)
@pytest.mark.usefixtures("notes")
def test_an_at_sign_names_a_file(request_of, text, value):
    """D10: this applies to the values of flags, and to strings in --metadata on the command line."""
    assert request_of(ENV, "create", "--name", text).body == {"name": value}
    nested = json.dumps({"a": [text]})
    assert request_of(*CREATE, "--metadata", nested).body["metadata"] == {"a": [value]}


@pytest.mark.parametrize("text", ["@note.txt", "@file://note.txt", "@data://note.txt", "@word", "@-", "\\@word"])
@pytest.mark.usefixtures("notes")
def test_data_never_names_a_file_of_this_machine(request_of, tmp_path, text):
    """D32: piped input and the content of files are sent unchanged, including `@` and backslash."""
    data = {"name": text, "description": text, "metadata": {"k": text}, "config": {"packages": {"npm": [text]}}}
    (tmp_path / "env.json").write_text(json.dumps(data))
    (tmp_path / "texts.json").write_text(json.dumps({"k": text}))
    assert request_of(ENV, "create", stdin=json.dumps(data)).body == data
    assert request_of(ENV, "create", "--file", "env.json").body == data
    for flag in ("--config", "--metadata"):
        body = request_of(*CREATE, flag, "@texts.json").body
        assert body == {"name": "n", flag[2:]: {"k": text}}


@pytest.mark.usefixtures("notes")
def test_a_scoped_package_is_a_string_in_a_config_on_the_command_line(request_of):
    r"""D32: no file is read. The `\@` that the official tool requires works too."""
    config = "{packages: {npm: ['@note.txt', '@anthropic-ai/sdk', '\\@types/node']}}"
    body = request_of(*CREATE, "--config", config).body
    assert body["config"]["packages"]["npm"] == ["@note.txt", "@anthropic-ai/sdk", "@types/node"]


@pytest.mark.usefixtures("notes")
def test_an_id_is_never_a_file(request_of):
    """D10: an ID is used unchanged, from a flag and from stdin."""
    assert request_of(ENV, "retrieve", "@note.txt").request.path == "/v1/environments/%40note.txt"
    assert request_of(ENV, "retrieve", stdin="id: '@note.txt'").request.path == "/v1/environments/%40note.txt"


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("--name", "@missing.txt"), ["--name", "missing.txt", "no such file", "\\@missing.txt"]),
        (("--name", "@no/such"), ["no/such"]),
        (("--name", "@data://nothing"), ["nothing", "\\@data://nothing"]),
        (("--name", "@file://nothing"), ["nothing", "\\@file://nothing"]),
        (("--name", "@file://"), ["--name: the name of the file is missing"]),
        (("--name", "@file://latin.txt"), ["latin.txt", "UTF-8", "0xe9"]),
        pytest.param(("--name", "@."), ["directory"], marks=needs_posix("its words for errors")),
        (("--name", "n", "--config", "@nobody"), ["--config", "nobody"]),
        (("--name", "n", "--config", "@note.txt"), ["--config", "keys and values", "text"]),
        (("--name", "n", "--file", "missing.yaml"), ["--file", "'missing.yaml' can't be read: no such file"]),
    ],
)
@pytest.mark.usefixtures("notes")
def test_an_unusable_file_is_rejected(refusal_of, words, parts):
    """The message names the flag, the file and the reason."""
    message = refusal_of(ENV, "create", *words)
    assert all(part in message for part in parts)


@pytest.mark.usefixtures("notes")
def test_a_hint_fits_the_place_of_the_mistake(refusal_of):
    """Keys and values can't start with an @ at all, and piped input has no flags."""
    assert "the text itself" not in refusal_of(*CREATE, "--config", "@nobody")
    assert "Write" not in refusal_of(ENV, "list", "--file", "-", stdin="include_archived: maybe")
    assert "Write --include-archived=false" in refusal_of(ENV, "list", "--include-archived=maybe")


@pytest.mark.parametrize("text", ["@c.yaml", "@file://c.yaml", "@-"])
@pytest.mark.usefixtures("notes")
def test_the_value_of_a_structured_flag_may_be_in_a_file_or_on_stdin(request_of, text):
    """D10: the content is parsed like a value on the command line. Stdin is then not the body."""
    assert request_of(*CREATE, "--config", text, stdin="type: self_hosted").body["config"] == {
        "type": "self_hosted"
    }


def test_stdin_that_a_flag_reads_stands_for_no_ids(refusal_of):
    """It is not an input without an ID, for which there is nothing to do."""
    assert "--environment-id is required." in refusal_of(ENV, "update", "--description", "@-", stdin="text")


def test_stdin_can_be_used_only_once(refusal_of):
    """The second reader would get nothing."""
    assert "only once" in refusal_of(ENV, "create", "--name", "@-", "--description", "@-", stdin="x")
    assert "only once" in refusal_of(ENV, "create", "--name", "@-", "--file", "-", stdin="x")


def test_a_body_from_a_file_replaces_stdin(request_of, tmp_path):
    """Flags have precedence over the file."""
    (tmp_path / "env.yaml").write_text("name: file\ndescription: d\n")
    built = request_of(ENV, "create", "--file", "env.yaml", "--name", "flag", stdin="name: stdin\n")
    assert built.body == {"name": "flag", "description": "d"}
    assert request_of(ENV, "create", "-f", "-", stdin="name: stdin\n").body == {"name": "stdin"}


def test_a_file_gives_the_ids_of_a_command_without_a_body(request_of, tmp_path):
    """The file has the format that stdin would have."""
    (tmp_path / "work.json").write_text('{"id": "work_1", "environment_id": "env_1"}')
    assert request_of(WORK, "ack", "-f", "work.json").request.path == "/v1/environments/env_1/work/work_1/ack"


CREATE_NAMED = (*CREATE, "--dry-run")


@pytest.mark.parametrize(
    ("config", "warning"),
    [
        (
            "{type: cloud, networkin: {}}",
            "'config.networkin' is not a known field; it is sent unchanged. Did you mean 'ne",
        ),
        (
            "{packages: {pipp: [x]}}",
            "'config.packages.pipp' is not a known field; it is sent unchanged. Did you mean 'pip'?",
        ),
        ("{networking: {alowed_hosts: []}}", "'config.networking.alowed_hosts' is not a known field"),
    ],
)
@pytest.mark.parametrize("command", [CREATE_NAMED, (*UPDATE, "--dry-run")])
def test_an_unknown_field_at_any_depth_gets_a_warning_before_anything_is_sent(ant, command, config, warning):
    """The field is sent, because the API may know it."""
    done = ant(*command, "--config", config, replies=[])
    assert (done.exit, done.requests) == (0, [])
    assert f"Warning: {warning}" in done.stderr
    assert warning.split("'")[1].split(".")[-1] in done.stdout


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
    assert ant(*CREATE_NAMED, *flags, replies=[]).stderr == ""


CLOSED = "{type: cloud, networking: {type: limited}, packages: {pip: [x]}}"


@pytest.mark.parametrize(
    ("words", "mistake"),
    [
        ((*CREATE, "--config", "{type: self-hosted}"), "config.type: must be 'cloud' or 'self_hosted'."),
        ((*CREATE, "--config.packages", "{pip: x}"), "config.packages.pip: must be a list, got text: write"),
        ((*UPDATE, "--config.packages", "{pip: x}"), "config.packages.pip: must be a list, got text: write it in"),
        ((*CREATE, "--config", "{type: cloud, networking: closed}"), "config.networking: must be keys and"),
        ((*CREATE, "--config", CLOSED), "config: packages under a limited network need"),
    ],
)
def test_what_the_api_can_not_take_is_rejected_in_the_words_of_apply(ant, words, mistake):
    """Nothing is sent."""
    assert ant(*words).refusal.startswith(f"ant: {mistake}")


def test_of_several_objects_the_one_with_a_mistake_is_named(ant):
    """All mistakes of that object are named, and no object is sent."""
    done = ant(
        "beta:environments", "create", stdin="name: a\n---\nname: b\nconfig: cloud\nmetadata: x\n", replies=[]
    )
    assert (done.exit, done.requests) == (2, [])
    where = "ant: standard input, document 2"
    assert done.stderr.startswith(
        f"{where}: config: must be keys and values, got text; metadata: must be keys and values, got text.\n"
    )


@pytest.mark.parametrize(
    ("words", "warnings"),
    [
        ((*CREATE, "--metadata", "{tier: 1}"), ["metadata.tier: must be text, got a number: write it in quotes"]),
        ((*CREATE, "--config", "{type: tpu}"), []),
        ((*UPDATE, "--config", CLOSED), []),
        ((*UPDATE, "--metadata", "{tier: null}"), []),
    ],
)
def test_what_the_api_may_take_is_sent(ant, words, warnings):
    """The official tool sends it, too. A null deletes a key, and an update leaves the other fields as they are."""
    done = ant(*words)
    assert (done.exit, len(done.requests)) == (0, 1)
    assert done.stderr == "".join(f"Warning: {warning}; it is sent unchanged.\n" for warning in warnings)


def test_an_unknown_scope_gets_a_warning_that_suggests_the_nearest_one(ant):
    """It is sent, because the API may know it."""
    done = ant(*CREATE_NAMED, "--scope", "acount", replies=[])
    assert done.stderr == "Warning: 'acount' is not a known scope; it is sent unchanged. Did you mean 'account'?\n"
    assert '"scope": "acount"' in done.stdout
