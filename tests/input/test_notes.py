"""Notes about input that may be a mistake: unused keys, and files that do not exist."""

from __future__ import annotations

import json

import pytest

from tests.conftest import needs_posix
from tests.helpers.servers import response
from tests.helpers.words import LIST, page

ENV = "beta:environments"
SENT = {
    "environment": {
        "id": "env_1", "type": "environment", "name": "n", "description": None, "config": {}, "metadata": {},
        "scope": "organization", "state": "active", "created_at": "", "updated_at": "", "archived_at": None,
    },
    "work": {
        "id": "work_1", "environment_id": "env_1", "type": "work", "data": {}, "secret": "s", "state": "queued",
        "metadata": {}, "created_at": "", "acknowledged_at": None, "started_at": None, "latest_heartbeat_at": None,
        "stop_requested_at": None, "stopped_at": None,
    },
}  # fmt: skip
"""Objects as the API returns them."""


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ((ENV, "archive"), "environment"),
        ((ENV, "delete"), "environment"),
        ((ENV, "retrieve"), "environment"),
        ((f"{ENV}:work", "stats"), "environment"),
        ((f"{ENV}:work", "ack"), "work"),
        ((f"{ENV}:work", "retrieve"), "work"),
        ((f"{ENV}:work", "heartbeat"), "work"),
    ],
)
def test_piping_in_an_object_from_the_server_causes_no_note(ant, words, sent):
    """The ID is used. That the other keys are not needed is expected."""
    result = ant(*words, stdin=json.dumps(SENT[sent]))
    assert (result.exit, result.stderr, len(result.requests)) == (0, "", 1)


def test_the_schema_that_input_names_for_editors_is_not_sent(ant):
    """It is no field, and not unknown."""
    result = ant(ENV, "create", stdin='{"$schema": "./environment.schema.json", "name": "n"}')
    assert (result.body, result.stderr) == ({"name": "n"}, "")


@pytest.mark.parametrize(
    ("words", "sent", "kept"),
    [
        ((ENV, "create"), "environment", "name description config metadata scope"),
        ((ENV, "update"), "environment", "name description config metadata scope"),
        ((f"{ENV}:work", "update"), "work", "metadata"),
        ((f"{ENV}:work", "stop"), "work", ""),
    ],
)
def test_what_the_server_sets_is_left_out_of_an_object_that_is_sent_back(ant, words, sent, kept):
    """A note names these fields (D34). There is no warning about an unknown field."""
    done = ant(*words, "--dry-run", stdin=json.dumps(SENT[sent]))
    body = json.loads(done.stdout.partition("\n\n")[2])
    assert [*body] == kept.split()
    ids = {"id", "environment_id"} if words[1] != "create" else set()
    left_out = [key for key in SENT[sent] if key not in body and key not in ids]
    assert done.stderr == f"Note: left out what the server sets: {', '.join(left_out)}.\n"


def test_the_secret_of_a_work_item_is_not_sent_back(ant):
    """Only the server sets it."""
    result = ant(f"{ENV}:work", "update", "--metadata", "{a: b}", stdin=json.dumps(SENT["work"]))
    assert result.body == {"metadata": {"a": "b"}}


def test_data_that_names_an_existing_file_is_sent_literally_with_one_note(
    ant, tmp_path, monkeypatch
):
    """The official tool would send the text of the file. `@scope/package` names no file, and gets no note."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("from the file")
    data = {
        "name": "n",
        "description": "@notes.txt",
        "metadata": {"a": "@notes.txt", "b": "@scope/package"},
    }
    result = ant(ENV, "create", stdin=json.dumps(data))
    assert (result.exit, result.body) == (0, data)
    assert (
        result.stderr
        == "Note: '@notes.txt' is sent literally: files are read only for values of flags.\n"
    )
    flagged = ant(ENV, "create", "--name", "n", "--description", r"\@notes.txt")
    assert (flagged.body["description"], flagged.stderr) == ("@notes.txt", "")


@pytest.mark.parametrize("text", ["@", "ada@example", "@ada and @bob", r"\@ada", "@!"])
def test_a_value_that_can_not_be_a_file_name_is_sent_without_a_note(ant, text):
    result = ant(ENV, "create", "--name", text)
    assert (result.exit, result.stderr, result.body) == (0, "", {"name": text.removeprefix("\\")})


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"Name": 1, "CONFIG": 2, "Created_At": 3}, ""),
        ({"anthropic-bta": 1, "zzz": 2}, "'anthropic-bta', 'zzz' of the input. Did you mean 'anthropic-beta'?"),
        ({"x": 1, "y": 2, "z": 3}, "'x', 'y', 'z' of the input."),
        ({"w": 1, "x": 2, "y": 3, "z": 4}, "'w', 'x', 'y', ... of the input."),
    ],
)  # fmt: skip
def test_a_note_names_the_first_unused_keys_of_the_input(ant, keys, said):
    """Members of an object from the server are no mistake, in upper or lower case."""
    done = ant(ENV, "retrieve", stdin=json.dumps({"ID": "env_1", **keys}))
    assert done.path == "/v1/environments/env_1"
    assert done.stderr == (f"Note: {ENV} retrieve does not use {said}\n" if said else "")


def test_a_file_is_noted_at_any_depth_with_a_short_name_and_no_folder_is(ant, tmp_path):
    name = "x" * 150
    (tmp_path / name).write_text("text")
    (tmp_path / "folder").mkdir()
    data = {"name": "@folder", "config": {"packages": {"npm": [f"@{name}"]}}}
    done = ant(ENV, "create", "--dry-run", stdin=json.dumps(data))
    assert done.stderr == (
        f"Note: '@{'x' * 96}...' is sent literally: files are read only for values of flags.\n"
    )


def test_a_warning_about_a_choice_names_the_document(ant):
    lines = '{"name": "a"}\n{"name": "b", "scope": "acount"}\n'
    done = ant(ENV, "create", "--dry-run", stdin=lines)
    assert done.stderr.startswith(
        "Warning: standard input, line 2: 'acount' is not a known scope; it is sent unchanged. "
        "Did you mean 'account'?\n"
    )


WORK = (f"{ENV}:work", "heartbeat", "--environment-id", "env_1", "--work-id", "work_1")
POLL = (f"{ENV}:work", "poll", "env_1")


def test_a_heartbeat_takes_its_condition_from_stdin_while_no_flag_gives_it(ant):
    """Without it, the lease is extended, no matter who holds it. Other input than parameters is rejected (D26)."""
    done = ant(*WORK, stdin='{"expected_last_heartbeat": "NO_HEARTBEAT"}', replies=[{}])
    assert done.request.url.params["expected_last_heartbeat"] == "NO_HEARTBEAT"
    assert "add < /dev/null" in ant(*WORK, stdin="work_2\nwork_3\n").refusal
    flagged = ant(
        *WORK, "--expected-last-heartbeat", "t", stdin='{"desired_ttl_seconds": 9}', replies=[{}]
    )
    assert "desired_ttl_seconds" not in flagged.request.url.params


@needs_posix("a look at stdin without reading it")
@pytest.mark.parametrize(
    ("words", "text", "noted"),
    [
        (LIST, "limit: 1\ninclude_archived: true\n", "include_archived, limit"),
        (POLL, '{"block_ms": 5, "Anthropic-Worker-ID": "w"}', "block_ms, Anthropic-Worker-ID"),
        (
            (*WORK, "--expected-last-heartbeat", "t"),
            "desired_ttl_seconds: 9",
            "desired_ttl_seconds",
        ),
        ((*LIST, "--limit", "2", "--max-items", "2"), "limit: 1", ""),
        ((*POLL, "--anthropic-worker-id", "me"), "Anthropic-Worker-ID: w", ""),
        ((*POLL, "--block-ms", "5"), "# Anthropic-Worker-ID\nblock_ms: 6", ""),
        (LIST, "{limits: 1, page: x, include_archived: no}", "include_archived, page"),
        (LIST, "limit: [", ""),
        (LIST, "env_1\nlimit\n", ""),
    ],
)
def test_parameters_in_a_file_that_stdin_is_redirected_from_are_noted_and_not_read(
    ant, tmp_path, words, text, noted
):
    """A loop keeps its input; but the file may have been meant for the command."""
    (tmp_path / "params").write_text(text)
    done = ant(*words, stdin=tmp_path / "params")
    note = f"Note: stdin is not read. To use its {noted}: --file -\n"
    assert (done.exit, done.stderr) == (0, note if noted else "")
    assert ant(*LIST, stdin=text).stderr == ""


def test_parameters_in_a_file_are_read_if_a_flag_says_so(ant, tmp_path):
    """It needs no note."""
    (tmp_path / "params").write_text("include_archived: true\n")
    done = ant(*LIST, "--file", "-", stdin=tmp_path / "params")
    assert (done.request.url.params["include_archived"], done.stderr) == ("true", "")


@needs_posix("a look at stdin without reading it")
def test_a_look_at_a_file_begins_where_others_have_read_to_and_takes_nothing(shell):
    """A loop keeps the next line."""
    script = "printf 'limit: 1\\n# next\\n' > file; { read -r line; $ANT beta:environments list; cat; } < file"
    done = shell(script, response(page()))
    assert (done.exit, done.stdout, done.stderr) == (0, "# next\n", "")
