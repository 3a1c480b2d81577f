"""Notes about input that may be a mistake: unused keys, and files that do not exist."""

from __future__ import annotations

import json

import pytest

from tests.conftest import needs_posix
from tests.helpers.many import FakeAPI
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


@pytest.mark.parametrize("words", [(ENV, "archive"), (ENV, "delete"), (ENV, "retrieve")])
def test_a_key_that_a_command_without_a_body_does_not_know_is_noted(ant, words):
    """The key may be mistyped; the command is still carried out."""
    result = ant(*words, stdin="id: env_1\nanthropic-bta: x\n")
    assert (result.exit, len(result.requests)) == (0, 1)
    assert result.stderr == (
        f"Note: {' '.join(words)} does not use 'anthropic-bta' of the input. Did you mean 'anthropic-beta'?\n"
    )


def test_the_note_about_unused_keys_comes_once_and_names_three(many):
    """This holds however many objects and keys there are."""
    keys = dict.fromkeys("vwxyz")
    stdin = "".join(json.dumps({"id": name, **keys}) + "\n" for name in ("env_1", "env_2", "env_3"))
    result = many(ENV, "archive", stdin=stdin, api=FakeAPI())
    assert result.stderr == (
        "Note: beta:environments archive does not use 'v', 'w', 'x', ... of the input.\nArchived 3 of 3.\n"
    )


def test_the_secret_of_a_work_item_is_not_sent_back(ant):
    """Only the server sets it."""
    result = ant(f"{ENV}:work", "update", "--metadata", "{a: b}", stdin=json.dumps(SENT["work"]))
    assert result.body == {"metadata": {"a": "b"}}


@pytest.mark.parametrize(
    ("action", "stdin", "message"),
    [
        ("create", "name: x\n---\ndescription: y\n", "standard input, document 2: --name is required."),
        ("create", '{"name": "x"}\n\n{"description": "y"}\n', "standard input, line 3: --name is required."),
        ("update", "id: a\nname: x\n---\nid: b\n", "standard input, document 2: the input holds no field"),
        ("update", "id: a\nname: x\n---\nname: y\n", "standard input, document 2: --environment-id is required"),
        ("archive", "env_1\n# not yet\n..\n", "standard input, line 3: environment_id must be an ID, got '..'"),
        ("archive", '{"id": "a"}\n{"id": " "}\n', "standard input, line 2: id must be an ID, got ' '"),
        ("archive", "id: a\n---\nid: [b]\n", "standard input, document 2: id must be one value"),
        ("create", "description: y\n", "ant: --name is required."),
    ],
)
def test_the_error_of_one_of_several_inputs_says_which_one_is_wrong(ant, action, stdin, message):
    """The message gives the line of JSON or of IDs, or the YAML document. A single input needs no number."""
    assert message in ant(ENV, action, stdin=stdin).refusal


@pytest.mark.parametrize(
    ("words", "where", "text"),
    [
        (("--name", "@notes"), "--name", "@notes"),
        (("--name", "n", "--description", "@my-notes"), "--description", "@my-notes"),
        (("--name", "n", "--metadata", "{owner: '@ada'}"), "--metadata", "@ada"),
        (("--name", "n", "--metadata", "owner=@ada"), "--metadata owner", "@ada"),
    ],
)
def test_a_value_that_may_be_a_mistyped_file_name_is_sent_with_a_note(ant, words, where, text):
    """It may also be a person's handle."""
    result = ant(ENV, "create", *words)
    assert result.exit == 0
    assert text in json.dumps(result.body)
    assert result.stderr == f"Note: {where}: {text!r} is sent literally, because there is no such file.\n"


def test_data_that_names_an_existing_file_is_sent_literally_with_one_note(ant, tmp_path, monkeypatch):
    """The official tool would send the text of the file. `@scope/package` names no file, and gets no note."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("from the file")
    data = {"name": "n", "description": "@notes.txt", "metadata": {"a": "@notes.txt", "b": "@scope/package"}}
    result = ant(ENV, "create", stdin=json.dumps(data))
    assert (result.exit, result.body) == (0, data)
    assert result.stderr == "Note: '@notes.txt' is sent literally: files are read only for values of flags.\n"


@pytest.mark.parametrize("text", ["@", "ada@example", "@ada and @bob", r"\@ada", "@!"])
def test_a_value_that_can_not_be_a_file_name_is_sent_without_a_note(ant, text):
    result = ant(ENV, "create", "--name", text)
    assert (result.exit, result.stderr, result.body) == (0, "", {"name": text.removeprefix("\\")})


def test_max_items_with_raw_is_noted(ant):
    """One response is printed unchanged, with all of its items."""
    listed = page({"id": "env_1"}, {"id": "env_2"})
    result = ant(ENV, "list", "--max-items", "1", "--format", "raw", replies=[listed])
    assert (result.exit, result.json) == (0, listed)
    assert result.stderr == "Note: --max-items is not used: --format raw prints one response unchanged.\n"


@pytest.mark.parametrize("text", ["0", "-1", "257", "1e5", "many", "²"])
def test_a_bad_parallel_is_rejected_even_for_a_single_input(ant, text):
    """Nothing is sent."""
    refusal = ant(ENV, "archive", "env_1", f"--parallel={text}").refusal
    assert f"--parallel must be a whole number from 1 to 256, got {text!r}." in refusal


WORK = (f"{ENV}:work", "heartbeat", "--environment-id", "env_1", "--work-id", "work_1")
POLL = (f"{ENV}:work", "poll", "env_1")


def test_a_heartbeat_takes_its_condition_from_stdin_while_no_flag_gives_it(ant):
    """Without it, the lease is extended, no matter who holds it. Other input than parameters is rejected (D26)."""
    done = ant(*WORK, stdin='{"expected_last_heartbeat": "NO_HEARTBEAT"}', replies=[{}])
    assert done.request.url.params["expected_last_heartbeat"] == "NO_HEARTBEAT"
    assert "add < /dev/null" in ant(*WORK, stdin="work_2\nwork_3\n").refusal
    flagged = ant(*WORK, "--expected-last-heartbeat", "t", stdin='{"desired_ttl_seconds": 9}', replies=[{}])
    assert "desired_ttl_seconds" not in flagged.request.url.params


@needs_posix("a look at stdin without reading it")
@pytest.mark.parametrize(
    ("words", "text", "noted"),
    [
        (LIST, "limit: 1\ninclude_archived: true\n", "include_archived, limit"),
        (POLL, '{"block_ms": 5, "Anthropic-Worker-ID": "w"}', "block_ms, Anthropic-Worker-ID"),
        ((*WORK, "--expected-last-heartbeat", "t"), "desired_ttl_seconds: 9", "desired_ttl_seconds"),
        ((*LIST, "--limit", "2", "--max-items", "2"), "limit: 1", ""),
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
