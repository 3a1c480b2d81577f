"""What a worker, a session and an exporter are started with. Nothing is served, and nothing runs."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ant_cli.commands import hidden_secrets
from ant_cli.errors import AntError, UsageError
from ant_cli.operations.spec import Flags
from ant_cli.runtime.extras import install_hint
from ant_cli.settings.loading import load
from ant_cli.worker import handler as handler_module
from ant_cli.worker import supervisor as supervisor_module
from ant_cli.worker.endings import Ending, ended
from ant_cli.worker.handler import find_command, secrets_of_item
from ant_cli.worker.log import LogEvent
from ant_cli.worker.memory import Memory
from ant_cli.worker.supervisor import _what_is_left, run_worker
from tests.conftest import KEY, Screen, make_runtime
from tests.helpers.terminals import ESCAPES
from tests.worker.conftest import API_KEY, poll_options

WORKER = {
    "ANTHROPIC_API_KEY": None,
    "ANTHROPIC_ENVIRONMENT_ID": "env_1",
    "ANTHROPIC_ENVIRONMENT_KEY": KEY,
}


@pytest.fixture
def polled(ant, monkeypatch):
    """Return a function that starts a worker, and returns what it was started with."""

    def run(*words, **env):
        seen = []
        monkeypatch.setattr(supervisor_module, "run_worker", lambda *given: seen.append(given))
        done = ant("beta:worker", "poll", *words, env={**WORKER, **env})
        names = ("options", "handler", "connection", "runtime")
        found = dict(zip(names, seen[0], strict=True)) if seen else {}
        return SimpleNamespace(exit=done.exit, stderr=done.stderr, **found)

    return run


def test_an_argument_a_flag_and_a_variable_name_the_environment(polled):
    """In this order. What follows -- is the handler."""
    started = polled("env_2", "--", "true", "-x")
    assert (started.options.environment_id, list(started.handler)) == ("env_2", ["true", "-x"])
    assert polled("--environment-id", "env_3", "--", "true").options.environment_id == "env_3"
    assert polled("--", "true").options.environment_id == "env_1"
    both = polled("env_3", "--environment-id", "env_3", "--", "true")
    assert (both.exit, "can't be used together" in both.stderr) == (2, True)


@pytest.mark.parametrize("name", ["queue", "env", "env_", "xenv_1", "env_1/x", "env_1 x"])
def test_a_worker_takes_the_id_of_an_environment_only(polled, name):
    """Its key finds no names. The message says how to find the ID."""
    started = polled("--environment-id", name, "--", "true")
    assert started.exit == 2
    if name.isprintable():
        assert f"ant beta:environments retrieve {name}" in started.stderr.replace("'", "")


def test_the_folder_of_sessions_matters_only_if_they_run_here(polled):
    """A handler may not need it."""
    missing = ("--workdir", "no-such-folder")
    for words in ((), ("--on-work", "in-process")):
        started = polled(*missing, *words)
        assert (started.exit, started.stderr) == (
            2,
            "ant: --workdir is not a folder: no-such-folder.\n",
        )
    assert polled(*missing, "--", "true").exit == 0
    assert polled(*missing, "--on-work", "true").exit == 0
    assert polled("--workdir", ".").exit == 0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("ANTHROPIC_API_KEY",), "ANTHROPIC_API_KEY is"),
        (
            ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
            "ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN is",
        ),
        (("ANTHROPIC_IDENTITY_TOKEN",), "ANTHROPIC_IDENTITY_TOKEN is"),
    ],
)
def test_a_credential_that_a_worker_does_not_use_is_noted(polled, given, named):
    """Its host does not need it."""
    started = polled("--", "true", **dict.fromkeys(given, API_KEY))
    assert f"Note: {named} not passed on to handlers" in started.stderr


def test_an_empty_variable_of_a_credential_is_none(polled):
    """A template may leave it empty."""
    assert "Note:" not in polled("--", "true", ANTHROPIC_API_KEY="").stderr


def test_an_option_without_effect_is_noted(polled):
    """Guides for other workers have it."""
    assert "--unrestricted-paths has no effect" in polled("--unrestricted-paths").stderr
    assert "has no effect" not in polled("--", "true").stderr


@pytest.mark.parametrize(("value", "status"), [("1", 2), ("", 0), (" ", 0)])
def test_a_variable_of_earlier_versions_is_an_error(polled, value, status):
    """A handler must not lose its key without a word."""
    started = polled("--", "true", ANT_WORKER_PASS_API_KEY=value)
    assert started.exit == status
    assert ("HANDLER_KEY=... ant beta:worker poll" in started.stderr) is (status == 2)


def test_the_key_of_a_file_is_redacted(polled, tmp_path):
    """It is in no variable, and no flag."""
    path = tmp_path / "key"
    path.write_text("correct-horse-staple\n")
    path.chmod(0o600)
    started = polled("--environment-key-file", str(path), "--", "true")
    assert started.options.environment_key == "correct-horse-staple"
    assert started.runtime.redactor.redact("x correct-horse-staple") == "x [redacted]"


@pytest.mark.parametrize(
    ("words", "variable", "is_json"),
    [
        (["--log-format", "json"], "", True),
        (["--log-format", "text"], "json", False),
        (["--log-format", "json"], "text", True),
        ([], "json", True),
        ([], "text", False),
    ],
)
def test_with_a_log_in_json_every_message_is_json(polled, words, variable, is_json):
    """The flag counts, or else the variable."""
    env = {"ANT_WORKER_LOG_FORMAT": variable, "ANTHROPIC_API_KEY": API_KEY}
    started = polled(*words, "--", "true", **env)
    (line,) = started.stderr.splitlines()
    assert line.startswith("{") is is_json
    if is_json:
        assert json.loads(line)["component"] == "work-poller"


# The worker itself


@pytest.fixture
def worked(clean_environ, monkeypatch):
    """Return a function that runs a worker, and returns what it works with."""

    def run(handler=(), *, terminal=False, environ=None, metadata_key="", **flags):
        seen = []

        async def work(*given, runs_sessions):
            seen.append((*given, runs_sessions))

        monkeypatch.setattr(supervisor_module, "_work", work)
        given = {**clean_environ, "TERM": "xterm", **(environ or {})}
        runtime = make_runtime(given, stderr=Screen(terminal=terminal))
        connection = load(runtime, Flags()).connection
        options = poll_options(**flags).replaced(metadata_key=metadata_key)
        run_worker(options, handler, connection, runtime)
        names = ("options", "command", "connection", "runtime", "view", "runs_sessions")
        return SimpleNamespace(**dict(zip(names, seen[0], strict=True)))

    return run


def test_a_worker_has_its_own_name_unless_one_is_given(worked):
    """Two on one machine differ."""
    names = [worked(["true"]).options.worker_id for _ in range(2)]
    assert names[0] != names[1]
    assert worked(["true"], worker_id="w1").options.worker_id == "w1"


def test_a_worker_of_sessions_leaves_them_neither_the_lease_nor_the_stop(worked):
    """It runs this program for each, with flags that say so."""
    started = worked(no_auto_stop="true", heartbeat="never", max_idle="90s", workdir="/tmp")
    assert (started.options.no_auto_stop, started.options.heartbeat) == (False, "always")
    words = " ".join(started.command)
    assert words.endswith(
        "-m ant_cli beta:worker run --workdir /tmp --max-idle 90.0s --max-concurrent-calls 1 --log-format auto"
    )


def test_a_worker_with_a_handler_keeps_its_options(worked):
    """The handler may hold the lease, and stop the item."""
    started = worked(["true"], no_auto_stop="true", heartbeat="never")
    assert (started.options.no_auto_stop, started.options.heartbeat) == (True, "never")
    assert started.command[0].endswith("/true")


@pytest.mark.parametrize(
    ("terminal", "log_format", "of_sessions"),
    [
        (True, "auto", "plain"),
        (True, "json", "json"),
        (True, "plain", "plain"),
        (False, "auto", "auto"),
        (False, "json", "json"),
    ],
)
def test_sessions_log_as_their_worker_does(worked, terminal, log_format, of_sessions):
    """At a terminal, the worker adds the time and the item to their lines."""
    started = worked(terminal=terminal, log_format=log_format)
    assert started.command[-2:] == ["--log-format", of_sessions]


def test_a_worker_asks_with_the_environment_key_and_writes_metadata_with_an_api_key(worked):
    """Whatever other credential there is."""
    found = worked(["true"], metadata_key=API_KEY).connection
    assert (found.credential.kind, found.credential.secret) == ("environment_key", KEY)
    assert (found.second_choice.kind, found.second_choice.secret) == ("api_key", API_KEY)
    assert worked(["true"]).connection.second_choice is None


def test_a_handler_is_found_in_the_path_of_its_worker(worked, tmp_path):
    """The handler is started by its absolute path, so a later change of directory does no harm."""
    program = tmp_path / "my-handler"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    started = worked(["my-handler", "--fast"], environ={"PATH": str(tmp_path)})
    assert started.command == [str(program), "--fast"]


@pytest.mark.parametrize(("handler", "mark"), [(["true"], "!"), ([], "|")])
def test_at_a_terminal_the_errors_of_a_handler_are_marked_and_the_log_of_sessions_is_not(
    worked, handler, mark
):
    """A session writes all of its log to stderr."""
    view = worked(handler, terminal=True).view
    event = LogEvent(
        datetime.now(UTC), "INFO", "handler output", {"stream": "stderr", "line": "a line"}
    )
    assert f"{mark} a line" in ESCAPES.sub("", view.line(event))


@pytest.mark.parametrize(
    ("flags", "not_done", "unstopped", "expected"),
    [
        ({}, 2, 0, None),
        ({"max_items": "1"}, 0, 0, None),
        ({"max_items": "1"}, 1, 0, "1 item is not done"),
        ({"exit_when_idle": "1s"}, 2, 0, "2 items are not done"),
        ({"exit_when_idle": "1s"}, 2, 1, "2 items are not done"),
        ({}, 2, 1, "1 item is not confirmed as stopped"),
        ({"max_items": "1"}, 0, 2, "2 items are not confirmed as stopped"),
    ],
)
def test_what_is_left_makes_a_worker_fail(flags, not_done, unstopped, expected):
    """One that runs until a signal leaves its items to others. A stop that was not confirmed matters always."""
    memory = Memory()
    for number in range(not_done):
        memory.not_done[f"work_{number}"] = None
    for number in range(unstopped):
        memory.unstopped[f"work_{number}"] = ended(Ending.SUCCEEDED)
    context = SimpleNamespace(options=poll_options(**flags), memory=memory)
    assert _what_is_left(context) == expected


# Handlers


def script(tmp_path, text, name="handle.sh"):
    """Write a program, and return its path."""
    path = tmp_path / name
    path.write_bytes(text)
    path.chmod(0o755)
    return str(path)


def test_a_handler_is_found_in_the_path_of_the_environment_and_gets_its_arguments(tmp_path):
    """As an absolute path: the handlers' folder may be another one."""
    path = script(tmp_path, b"#!/bin/sh\n")
    assert find_command(["handle.sh", "a b", ""], "", {"PATH": str(tmp_path)}) == [path, "a b", ""]
    assert find_command([], "handle.sh", {"PATH": str(tmp_path)}) == [path]
    os.chdir(tmp_path)
    assert find_command(["./handle.sh"], "", {"PATH": ""}) == [path]


def test_a_handler_is_given_once():
    """Nobody knows which was meant."""
    with pytest.raises(UsageError, match="can't be used together"):
        find_command(["true"], "true", os.environ)


@pytest.mark.parametrize("given", [([], ""), ([], "in-process"), (["in-process"], "")])
def test_without_a_handler_sessions_run_here_if_the_sdk_is_there(monkeypatch, given):
    """The error says what to install."""
    assert find_command(*given, {"PATH": ""}) == []

    def refuse():
        raise UsageError("no SDK")

    monkeypatch.setattr(handler_module, "require_sdk", refuse)
    with pytest.raises(UsageError, match="no SDK"):
        find_command(*given, {"PATH": ""})
    assert find_command(["true"], "", os.environ)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"#!/bin/sh\n", None),
        (b"#! /bin/sh\n", None),
        (b"#!/bin/sh -e\n", None),
        (b"#!/bin/sh\t-e\n", None),
        (b"#!/bin/sh", None),
        (b"\x7fELF\0", None),
        (b"", "does not begin with #!"),
        (b"echo\n", "does not begin with #!"),
        (b" #!/bin/sh\n", "does not begin with #!"),
        (b"#!/bin/no\n", "is for '/bin/no', which does not exist or can't be executed"),
        (b"#!/bin/sh\r\n", r"is for '/bin/sh\r', which does not exist or can't be executed"),
        (b"#!\n", "is for '', which does not exist or can't be executed"),
    ],
)
def test_a_script_that_the_system_can_not_execute_is_rejected(tmp_path, text, problem):
    """Before any item is taken."""
    path = script(tmp_path, text)
    if problem is None:
        assert find_command([path], "", {}) == [path]
        return
    with pytest.raises(UsageError) as caught:
        find_command([path], "", {})
    assert str(caught.value) == f"the handler {path!r} can't be run: it {problem}."
    assert "such as #!/bin/sh" in caught.value.hint


def test_a_handler_that_may_be_executed_but_not_read_is_not_examined(tmp_path, monkeypatch):
    """Only the system knows whether such a handler can be run."""
    path = script(tmp_path, b"echo\n")

    def fail(*_):
        raise PermissionError

    monkeypatch.setattr(handler_module.Path, "open", fail)
    assert find_command([path], "", {}) == [path]


def test_an_interpreter_that_is_not_executable_is_refused(tmp_path):
    """The first line of a script may name a file that is not a program."""
    (tmp_path / "library").write_text("")
    path = script(tmp_path, f"#!{tmp_path}/library\n".encode())
    with pytest.raises(UsageError, match="which does not exist or can't be executed"):
        find_command([path], "", {})


def test_without_greenlet_a_worker_says_what_to_install(monkeypatch):
    """The hint has the command that installs greenlet."""
    monkeypatch.setattr(handler_module, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="needs the package greenlet") as caught:
        find_command(["true"], "", os.environ)
    assert caught.value.hint == install_hint("greenlet")


def test_a_secret_that_is_too_deep_is_still_redacted_as_a_whole():
    """It may be any text."""
    import base64

    deep = base64.urlsafe_b64encode(b"[" * 100_000 + b"]" * 100_000).decode()
    assert secrets_of_item({"secret": deep}) == [deep]
    for odd in (5, ["x"], ""):
        assert secrets_of_item({"secret": odd}) == []


# Secrets


def test_secrets_that_were_hidden_are_received_once_and_redacted(monkeypatch):
    """The variables of the environment stay, and the file is closed."""
    runtime, protected = make_runtime({}), []
    monkeypatch.setattr(hidden_secrets, "_protect_memory", lambda: protected.append(1))
    assert hidden_secrets.receive_secrets(runtime) is runtime
    descriptor = hidden_secrets._nameless_file(
        json.dumps({"ANT_WORKER_METADATA_KEY": "correct-horse-staple"}).encode()
    )
    monkeypatch.setenv("ANT_WORKER_SECRETS_PIPE", str(descriptor))
    monkeypatch.setenv("MINE", "1")
    runtime.environ = os.environ
    received = hidden_secrets.receive_secrets(runtime)
    assert protected == [1]
    assert received.environ["ANT_WORKER_METADATA_KEY"] == "correct-horse-staple"
    assert received.environ["MINE"] == "1"
    assert "ANT_WORKER_SECRETS_PIPE" not in os.environ
    assert "ANT_WORKER_METADATA_KEY" not in os.environ
    assert received.redactor.redact("correct-horse-staple") == "[redacted]"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize(
    ("argv", "kept"),
    [
        (["poll", "--environment-key", "k", "x"], ["poll", "x"]),
        (["poll", "--environment-key=k", "x"], ["poll", "x"]),
        (["poll", "--", "--environment-key", "k"], ["poll", "--", "--environment-key", "k"]),
        (["poll", "x", "--", "k", "--", "k"], ["poll", "x", "--", "k", "--", "k"]),
        (["poll", "--environment-key", "k"], ["poll"]),
        (["poll"], ["poll"]),
    ],
)
def test_typed_secrets_are_left_out_of_the_arguments_of_the_new_start(argv, kept):
    """Those of the handler stay, and so does the order."""
    assert list(hidden_secrets._without(argv, ["k"])) == kept


@pytest.mark.parametrize(
    ("environ", "typed", "starts", "kept", "handed_over"),
    [
        ({"MINE": "1"}, {}, False, None, None),
        ({"UNUSED": "a", "MINE": "1"}, {}, True, {"MINE": "1"}, {}),
        ({"USED": "b", "MINE": "1"}, {}, True, {"MINE": "1"}, {"USED": "b"}),
        ({"UNUSED": "", "USED": ""}, {}, False, None, None),
        (
            {"USED": "b"},
            {"USED": "typed", "OTHER": "o"},
            True,
            {},
            {"USED": "typed", "OTHER": "o"},
        ),
        ({"UNUSED": "a", "USED": "b"}, {}, True, {}, {"USED": "b"}),
    ],
)
def test_a_worker_starts_again_without_its_secrets(
    monkeypatch, environ, typed, starts, kept, handed_over
):
    """Only if there is one. What was typed comes before its variable, and what is not used is not handed over."""
    started, protected = [], []
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    runtime = make_runtime({})
    runtime.environ = os.environ
    monkeypatch.setattr(os, "execve", lambda *given: started.append(given))
    monkeypatch.setattr(hidden_secrets, "_protect_memory", lambda: protected.append(1))
    hidden_secrets.hide_secrets(runtime, ["UNUSED"], ["USED"], typed)
    assert bool(started) is starts
    if not starts:
        assert protected == [1]
        return
    ((program, argv, given),) = started
    assert program == argv[0]
    descriptor = int(given.pop("ANT_WORKER_SECRETS_PIPE"))
    assert given == kept
    assert os.get_inheritable(descriptor)
    with open(descriptor, "rb") as file:
        assert json.load(file) == handed_over


def test_a_test_of_the_program_does_not_start_it_again(monkeypatch):
    """Its environment is not that of the process."""
    monkeypatch.setattr(os, "execve", pytest.fail)
    hidden_secrets.hide_secrets(make_runtime({"USED": "b"}), [], ["USED"], {"USED": "x"})


def test_on_windows_a_worker_does_not_start_again(monkeypatch):
    """A later check says that a worker needs another system."""
    runtime = make_runtime({})
    runtime.environ = os.environ
    monkeypatch.setenv("USED", "b")
    monkeypatch.setattr(os, "execve", pytest.fail)
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        hidden_secrets.hide_secrets(runtime, [], ["USED"], {"USED": "x"})


def test_an_error_of_a_worker_that_leaves_something_names_the_log(clean_environ, monkeypatch):
    """It is an error of its own, with exit status 1."""
    monkeypatch.setattr(supervisor_module, "_what_is_left", lambda _context: "1 item is not done")

    async def run(_self):
        return None

    monkeypatch.setattr(supervisor_module.Supervisor, "run", run)
    runtime = make_runtime(
        {**clean_environ, "PATH": os.environ["PATH"]}, stderr=Screen(terminal=False)
    )
    connection = load(runtime, Flags()).connection
    with pytest.raises(AntError) as caught:
        run_worker(poll_options(), ["true"], connection, runtime)
    assert str(caught.value) == "1 item is not done. The log says why."
    assert caught.value.exit_code == 1
