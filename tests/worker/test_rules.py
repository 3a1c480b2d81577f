"""The worker's pure rules: the fate of an item, pauses, and flags."""

from __future__ import annotations

import base64
import json
import subprocess
from types import SimpleNamespace
from typing import get_args

import pytest

from ant_cli.errors import UsageError
from ant_cli.operations.parsers import duration
from ant_cli.operations.spec import Flags
from ant_cli.settings.worker_options import (
    CheckOptions,
    ExporterOptions,
    PollOptions,
    SessionOptions,
    read_options,
)
from ant_cli.worker.context import handler_environment
from ant_cli.worker.endings import OUTCOMES, Ending, Outcome, ended, judge, timed_out
from ant_cli.worker.failures import NEVER_RUN, History
from ant_cli.worker.handler import find_command, secrets_of_item
from ant_cli.worker.memory import Memory
from tests.conftest import KEY, flags_of, needs_posix
from tests.worker.conftest import exited, poll_options

# The fate of an item


def test_each_row_of_the_table_is_another_one():
    """Rows with equal values would be one: an Enum makes the second the name of the first."""
    assert len(Ending.__members__) == len(list(Ending)) == 20
    assert all(row.when for row in Ending)


@pytest.mark.parametrize(
    ("run", "ending"),
    [
        (exited(0), Ending.SUCCEEDED),
        (exited(0, no_auto_stop="true"), Ending.HANDED_OVER),
        (exited(1), Ending.FAILED),
        (exited(1, no_auto_stop="true"), Ending.FAILED),
        (exited(-9), Ending.FAILED),
        (exited(75), Ending.EXCUSED),
        (timed_out(poll_options(item_timeout="1s")), Ending.TIMED_OUT),
        (ended(Ending.STOP_REQUESTED), Ending.STOP_REQUESTED),
        (ended(Ending.LEASE_ENDED), Ending.LEASE_ENDED),
        (ended(Ending.UNFINISHED), Ending.UNFINISHED),
        (ended(Ending.SHUT_DOWN), Ending.SHUT_DOWN),
    ],
)
def test_a_first_run_ends_its_item_as_it_ended_itself(run, ending):
    """Only the past of an item, and other items, change its row."""
    assert judge(run, NEVER_RUN, poll_options()).ending is ending


def test_an_item_is_stopped_only_if_it_needs_no_further_run():
    """A handler that was ended is not done, and an item of another worker is left alone."""
    assert {row.name for row in Ending if row.fate == "stop"} == {
        *("SUCCEEDED", "NOT_NEEDED", "DEAD_LETTER", "GIVEN_UP"),
        *("STOP_REQUESTED", "STOPPED", "SESSION_ENDED"),
    }
    assert {row.name for row in Ending if row.fate == "leave"} == {
        *("HANDED_OVER", "LEASE_LOST", "LEASE_ENDED", "UNCLAIMED", "UNCONFIRMED", "LOST"),
        "STOPPED_MEANWHILE",
    }


def test_the_outcomes_are_those_of_the_metrics():
    """Each is counted from the start."""
    assert set(OUTCOMES) == set(get_args(Outcome))


@pytest.mark.parametrize(
    ("endings", "reason"),
    [
        ((Ending.LEASE_LOST, Ending.LEASE_ENDED, Ending.UNCLAIMED), "the lease was lost"),
        ((Ending.STOP_REQUESTED, Ending.STOPPED), "a stop was requested"),
        ((Ending.SESSION_ENDED,), "its session has ended"),
        ((Ending.SHUT_DOWN,), "the worker is shutting down"),
        ((Ending.PAUSED,), "its pause after a failure is not over"),
        ((Ending.SUCCEEDED, Ending.NOT_NEEDED), ""),
    ],
)
def test_the_log_says_why_an_item_is_not_done(endings, reason):
    """The reason follows from the ending, whatever the handler has said."""
    assert {ended(ending).shown_reason for ending in endings} == {reason}


@pytest.mark.parametrize("ending", [Ending.UNFINISHED, Ending.LOST])
def test_an_item_that_is_lost_by_heartbeats_of_its_handler_has_a_hint(ending):
    """If the handler sends heartbeats, the worker must not send any."""
    assert ended(ending).shown_reason.endswith("needs --heartbeat never")


@pytest.mark.parametrize(("text", "seconds"), [("90s", "90"), ("500ms", "0.5")])
def test_the_time_limit_that_a_handler_exceeds_is_named(text, seconds):
    """The reason gives the limit in seconds."""
    reason = timed_out(poll_options(item_timeout=text)).reason
    assert reason == f"the handler took longer than {seconds} s"


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (40, "signal 40")])
def test_the_signal_that_killed_a_handler_is_named(number, name):
    """A real-time signal has no name."""
    assert exited(-number).reason == f"the handler was killed by {name}"


def test_only_failures_of_the_handler_are_counted():
    """Failures of the worker, of the machine, or in an outage, are not counted."""
    before, nine = History(3, 1), poll_options(attempts="9")
    counted = (exited(1), timed_out(nine))
    assert all(judge(run, before, nine).metadata["ant_attempts"] == "5" for run in counted)
    others = (ended(Ending.SHUT_DOWN), ended(Ending.LEASE_LOST), exited(0))
    for run in others:
        assert judge(run, before, nine).metadata.get("ant_attempts") in (None, "3")


def test_an_item_whose_last_attempt_fails_becomes_a_dead_letter():
    """This happens exactly after the allowed number of failures."""
    three = poll_options(attempts="3")
    assert judge(exited(2), History(1, 0), three).ending is Ending.FAILED
    last = judge(exited(2), History(1, 1), three)
    assert last.ending is Ending.DEAD_LETTER
    assert (
        last.metadata["ant_dead_letter"]
        == "3 attempts failed; the last one: the handler exited with 2"
    )
    assert last.metadata["ant_retry_at"] is None
    only = judge(exited(2), NEVER_RUN, poll_options(attempts="1"))
    assert (
        only.metadata["ant_dead_letter"]
        == "1 attempt failed; the last one: the handler exited with 2"
    )


def test_what_was_written_about_failures_is_deleted_after_a_success():
    """The item needs no further run."""
    metadata = judge(exited(0), History(1, 1), poll_options()).metadata
    keys = ("ant_attempts", "ant_excused", "ant_last_error", "ant_retry_at", "ant_unreported")
    assert metadata == dict.fromkeys(keys)


def test_an_item_that_is_stopped_before_its_handler_keeps_no_counts():
    """The row that is found before the handler is judged, too."""
    for ending in (Ending.STOP_REQUESTED, Ending.STOPPED):
        metadata = judge(ended(ending), History(1, 1), poll_options()).metadata
        assert metadata["ant_attempts"] is None


def test_a_run_that_was_counted_before_its_start_is_not_counted_twice():
    """Its end is known now. Earlier runs whose end is not known stay."""
    run = judge(exited(1), History(1, 1), poll_options(attempts="9"))
    assert run.metadata["ant_unreported"] is None
    interrupted = ended(Ending.SHUT_DOWN)
    for unreported, text in ((0, None), (2, "2")):
        known = judge(interrupted, History(0, unreported), poll_options())
        assert known.metadata["ant_unreported"] == text


NEW = {
    "created_at": "2026-03-14T15:00:00Z",
    "acknowledged_at": "2026-03-14T15:04:59.9Z",
    "metadata": {},
}


@pytest.mark.parametrize(
    ("polled", "changes", "expected"),
    [
        ({}, {}, False),
        ({"acknowledged_at": "", "started_at": None}, {}, False),
        ({}, {"acknowledged_at": "2026-03-14T15:05:00Z"}, True),
        ({}, {"metadata": {"ant_attempts": "1"}}, True),
        ({"started_at": "2026-03-14T15:00:01Z"}, {}, True),
        ({"acknowledged_at": "2026-03-14T15:00:01Z"}, {}, True),
        ({}, {"created_at": None}, True),
        ({}, {"acknowledged_at": None}, True),
    ],
)
def test_an_item_taken_within_a_lease_of_its_creation_is_new(polled, changes, expected):
    """The server or its metadata may contradict that. In doubt, one more request is sent."""
    item = {"id": "work_1", **NEW, **changes}
    assert Memory().history_of(item).may_have_run(polled, item, 300.0) == expected


# Flags and variables


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("1m30s", 90),
        ("1h0m1s", 3601),
        ("1m0s", 60),
        ("1d", 86_400),
    ],
)
def test_durations_have_the_units_of_the_official_tool_or_are_plain_seconds(text, seconds):
    """Units can be combined."""
    assert duration("--max-idle", text) == seconds


@pytest.mark.parametrize(
    "text", ["", "soon", "1y", "-1s", "1m 30s", "s", "1e3", "99999h", "\u0661s"]
)
def test_an_invalid_duration_is_rejected(text):
    """The message names the flag."""
    with pytest.raises(UsageError, match="--max-idle must be a duration"):
        duration("--max-idle", text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("concurrency", "0"),
        ("concurrency", "many"),
        ("attempts", "0"),
        ("heartbeat", "sometimes"),
        ("log_format", "xml"),
        ("lease", "0.5s"),
        ("lease", "301s"),
        ("lease", "1.5s"),
        ("item_timeout", "soon"),
        ("listen", "9464"),
        ("listen", ":9464"),
        ("listen", "localhost:65536"),
        ("no_auto_stop", "perhaps"),
        ("worker_id", "w\n1"),
        ("environment_key", " "),
        ("on_work", ""),
        *((name, "") for name in ("concurrency", "max_items", "item_timeout")),
        *(("environment_id", blank) for blank in ("", " ")),
    ],
)
def test_a_value_that_makes_no_sense_is_a_usage_error(name, text):
    """It is reported before anything is sent. An empty flag is a mistake: most likely, a variable is not set."""
    with pytest.raises(UsageError):
        poll_options(**{name: text})


def test_a_flag_has_precedence_over_its_variable_and_an_empty_variable_is_unset():
    """The official variables keep their names. The names of all others start with ANT_WORKER_."""
    environ = {
        "ANTHROPIC_ENVIRONMENT_ID": "env_2",
        "ANT_WORKER_CONCURRENCY": "4",
        "ANT_WORKER_ATTEMPTS": "",
    }
    given = flags_of("beta:worker", "poll", environment_key=KEY, concurrency="2")
    found = read_options(PollOptions, given, environ, "")
    assert (found.environment_id, found.concurrency, found.attempts) == ("env_2", 2, 5)
    found = read_options(PollOptions, Flags({"environment_key": KEY}), environ, "")
    assert found.concurrency == 4


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:65535", ("::1", 65535)), ("", None)],
)
def test_an_address_has_a_host_and_a_port(text, address):
    """An IPv6 address is in brackets."""
    assert poll_options(**({"listen": text} if text else {})).listen == address


def test_options_do_not_show_the_keys():
    """Even a debugger that prints them can't leak them."""
    given = flags_of("beta:worker", "poll", environment_id="env_1", environment_key=KEY)
    environ = {"ANT_WORKER_METADATA_KEY": "sk-ant-api03-of-the-operator"}
    options = read_options(PollOptions, given, environ, "")
    assert "env_1" in repr(options)
    for shown in (repr(options), repr(vars(options))):
        assert KEY not in shown
        assert "of-the-operator" not in shown


def test_a_key_that_was_typed_comes_before_a_file_which_is_not_read():
    """Neither now, nor when the server refuses the key."""
    given = flags_of("beta:worker", "poll", environment_id="env_1", environment_key=KEY)
    environ = {"ANT_WORKER_ENVIRONMENT_KEY_FILE": "/missing"}
    options = read_options(PollOptions, given, environ, "")
    assert (options.environment_key, options.environment_key_file) == (KEY, "")


@pytest.mark.parametrize(
    ("given", "environ", "key", "file"),
    [
        ({}, {"KEY": "of-the-variable"}, "of-the-variable", None),
        ({}, {"KEY": "of-the-variable", "FILE": "first"}, "of-the-first", "first"),
        ({}, {"FILE": "first"}, "of-the-first", "first"),
        ({"file": "second"}, {"KEY": "of-the-variable"}, "of-the-second", "second"),
        ({"file": "second"}, {"FILE": "first"}, "of-the-second", "second"),
        ({"key": "typed"}, {"KEY": "of-the-variable", "FILE": "first"}, "typed", None),
        ({"key": "typed", "file": "second"}, {}, "typed", None),
    ],
)
@pytest.mark.parametrize("kind", [PollOptions, SessionOptions, ExporterOptions, CheckOptions])
def test_an_environment_key_comes_from_a_flag_or_a_file_before_its_variable(
    tmp_path, kind, given, environ, key, file
):
    """Whoever mounts a file means it. The worker reads it again later, unless the key was typed."""
    for name in ("first", "second"):
        (tmp_path / name).write_text(f"of-the-{name}\n")
        (tmp_path / name).chmod(0o600)
    flags = {"environment_id": "env_1"}
    if kind is SessionOptions:
        flags |= {"session_id": "session_1", "work_id": "work_1"}
    if "key" in given:
        flags["environment_key"] = given["key"]
    if "file" in given:
        flags["environment_key_file"] = str(tmp_path / given["file"])
    variables = {"ANTHROPIC_ENVIRONMENT_KEY": environ.get("KEY", "")}
    if "FILE" in environ:
        variables["ANT_WORKER_ENVIRONMENT_KEY_FILE"] = str(tmp_path / environ["FILE"])
    found = read_options(kind, Flags(flags), variables, "")
    assert found.environment_key == key
    assert found.environment_key_file == (str(tmp_path / file) if file else "")


def test_options_need_a_value_for_each_name_and_take_no_other():
    """A value that is forgotten would otherwise be whatever the class has there."""
    given = {
        "environment_id": "env_1",
        "environment_key": KEY,
        "environment_key_file": "",
        "on_work": "",
        "listen": ("::1", 9464),
    }
    assert CheckOptions(**given).listen == ("::1", 9464)
    with pytest.raises(TypeError, match=r"options: on_work$"):
        CheckOptions(**{name: value for name, value in given.items() if name != "on_work"})
    with pytest.raises(TypeError, match=r"options: onwork$"):
        CheckOptions(**given, onwork="./handle.sh")
    with pytest.raises(TypeError, match="positional"):
        CheckOptions(*given.values())


# Handlers


def test_on_windows_a_worker_says_where_it_can_run(monkeypatch):
    """It needs process groups."""
    monkeypatch.setattr("ant_cli.worker.handler.os", SimpleNamespace(name="nt"))
    with pytest.raises(UsageError) as caught:
        find_command(["handle.cmd"], "", {})
    assert (
        str(caught.value)
        == "the worker needs a POSIX system: it manages handlers by process groups."
    )
    assert caught.value.hint == "Run it in WSL or in a container."


@needs_posix("the worker")
@pytest.mark.parametrize("handler", [[""], ["", "--fast"], ["in-process", "--fast"]])
def test_a_handler_that_is_blank_or_has_arguments_is_not_the_word_for_sessions(handler):
    """`-- "$HANDLER"` without the variable must not run sessions here."""
    with pytest.raises(UsageError, match=r"^the handler '(in-process)?' is not a program"):
        find_command(handler, "", {"PATH": ""})


def test_a_session_is_run_in_the_workspace_of_the_settings(ant, monkeypatch):
    """The workspace of a flag reaches the official SDK. Stdin is not read if nothing is missing."""
    seen = []
    monkeypatch.setattr(
        "ant_cli.worker.sdk_session.run_session", lambda *given: seen.append(given[1:3])
    )
    ids = {
        "ANTHROPIC_WORK_ID": "work_1",
        "ANTHROPIC_SESSION_ID": "session_1",
        "ANTHROPIC_ENVIRONMENT_ID": "env_1",
    }
    words = ("beta:worker", "run", "--workspace-id", "wrkspc_A", "--base-url", "http://h/A")
    done = ant(*words, env={**ids, "ANTHROPIC_WORK_SECRET": KEY}, stdin="no item")
    assert (done.exit, done.stderr, seen) == (0, "", [("http://h/A", "wrkspc_A")])


def test_variables_of_another_item_are_not_inherited():
    """A worker that is itself a handler must not pass on its own item."""
    environ = {"ANTHROPIC_WORK_SECRET": "old", "ANTHROPIC_SESSION_ID": "old", "HOME": "/root"}
    found = handler_environment(environ, {"id": "work_1", "data": None}, 2, {})
    assert found == {"HOME": "/root", "ANTHROPIC_WORK_ID": "work_1", "ANT_WORK_ATTEMPT": "2"}


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_IDENTITY_TOKEN"]
)
def test_credentials_of_an_organization_are_not_inherited(name):
    """A session's tools could read them."""
    found = handler_environment({name: KEY}, {"id": "work_1"}, 1, {})
    assert name not in found


@pytest.mark.parametrize(
    ("secret", "fits"),
    [
        ("a\0b", False),
        ("x" * 131_049, True),
        ("x" * 131_050, False),
        ("\xe4" * 65_524, True),
        ("\xe4" * 65_525, False),
    ],
)
def test_a_value_that_can_not_be_a_variable_does_not_break_the_handler(secret, fits):
    """A NUL, or 128 KB with the name and the end. The item on stdin has it."""
    found = handler_environment({}, {"id": "work_1", "secret": secret}, 1, {})
    assert ("ANTHROPIC_WORK_SECRET" in found) is fits
    if fits:
        assert subprocess.run(["true"], env=found, check=True)


def test_the_tokens_inside_the_secret_of_a_work_item_are_redacted():
    """The secret is JSON in base64, perhaps without padding."""
    content = json.dumps({"sessions_token": "inner-token", "n": 1})
    secret = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    assert secrets_of_item({"secret": secret}) == [secret, "inner-token"]
    nested = base64.urlsafe_b64encode(
        b'{"sources": [{"token": "inner-token"}], "version": 1}'
    ).decode()
    assert secrets_of_item({"secret": nested}) == [nested, "inner-token"]
    assert secrets_of_item({"secret": "no base64!"}) == ["no base64!"]
    url_safe = base64.urlsafe_b64encode(b'{"token": "???>>>inner-token"}').decode()
    assert "_" in url_safe
    assert secrets_of_item({"secret": url_safe}) == [url_safe, "???>>>inner-token"]
    deep = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert secrets_of_item({"secret": deep}) == [deep]
    assert secrets_of_item({"secret": ""}) == []
    assert secrets_of_item({"secret": None}) == []
