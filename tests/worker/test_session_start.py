"""One session in this process: what it gets, what it logs, and how it ends. The SDK is not asked."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.errors import AntError, UsageError
from ant_cli.settings.worker_options import EX_CONFIG
from ant_cli.worker import sdk_session
from ant_cli.worker.sdk_session import run_session, work_secret
from tests.conftest import KEY, Screen, make_runtime
from tests.worker.conftest import session_options

SECRET = "correct-horse-staple"


@pytest.fixture
def session(monkeypatch):
    """Return a function that runs a session in which the SDK logs these records."""

    def run(*records, environ=None, **changes):
        seen = []

        async def handle(*given):
            seen.append(given)
            for level, message in records:
                logging.getLogger("anthropic.x").log(level, message)

        monkeypatch.setattr(sdk_session, "_handle", handle)
        screen = Screen(terminal=False)
        runtime = make_runtime(environ or {}, stderr=screen)
        logger = logging.getLogger("anthropic")
        before = (logger.level, list(logger.handlers))
        error = None
        try:
            run_session(session_options(**changes), "http://h", "wrkspc_A", runtime)
        except AntError as raised:
            error = raised
        finally:
            logger.level, logger.handlers = before
        log = [json.loads(line) for line in screen.text().splitlines()]
        return SimpleNamespace(given=seen[0], log=log, error=error, runtime=runtime)

    return run


def test_the_log_of_the_sdk_is_a_part_of_the_session_s(session):
    """Each line names the item, and the attempt if the worker has said it. A warning is one."""
    records = [
        (logging.DEBUG, "no"),
        (logging.INFO, "a"),
        (logging.WARNING, "b"),
        (logging.ERROR, "c"),
    ]
    log = session(*records, environ={"ANT_WORK_ATTEMPT": "2"}).log
    assert [(event["level"], event["msg"]) for event in log] == [
        ("INFO", "a"),
        ("WARN", "b"),
        ("WARN", "c"),
    ]
    common = {"component": "session", "work_id": "work_1", "session_id": "session_1", "attempt": 2}
    assert all(event.items() >= common.items() for event in log)


@pytest.mark.parametrize("attempt", ["", "x", "-1", "\N{SUPERSCRIPT TWO}"])
def test_an_odd_attempt_is_not_logged(session, attempt):
    """Somebody else may have set the variable."""
    (event,) = session((logging.INFO, "a"), environ={"ANT_WORK_ATTEMPT": attempt}).log
    assert "attempt" not in event


def test_a_session_gets_its_secret_and_the_settings(session):
    """The log does not show the secret."""
    done = session((logging.INFO, f"see {SECRET}"), environ={"ANTHROPIC_WORK_SECRET": SECRET})
    _, folder, secret, base_url, workspace_id, _ = done.given
    assert (str(folder), secret, base_url, workspace_id) == (".", SECRET, "http://h", "wrkspc_A")
    assert done.log[0]["msg"] == "see [redacted]"


@pytest.mark.parametrize(
    ("file", "variable", "key", "expected"),
    [
        (None, f" {SECRET}\n", KEY, SECRET),
        (None, SECRET, "", SECRET),
        (None, "", KEY, ""),
        (None, " ", KEY, ""),
        ("of-the-file\n", SECRET, KEY, "of-the-file"),
        ("of-the-file\n", "", "", "of-the-file"),
        (None, " ", "", None),
    ],
)
def test_the_secret_of_an_item_comes_from_a_file_or_else_from_its_variable(
    tmp_path, file, variable, key, expected
):
    """Without one, the environment's key is used."""
    path = tmp_path / "secret"
    if file:
        path.write_text(file)
        path.chmod(0o600)
    given = session_options(environment_key=key, work_secret_file=str(path) if file else "")
    environ = {"ANTHROPIC_WORK_SECRET": variable}
    if expected is None:
        with pytest.raises(UsageError) as caught:
            work_secret(given, environ)
        assert str(caught.value).endswith("ANTHROPIC_WORK_SECRET is required.")
        assert "the poll that claimed it" in caught.value.hint
        return
    assert work_secret(given, environ) == expected


def test_without_the_sdk_a_session_is_a_usage_error_that_says_what_to_install(monkeypatch):
    """The package is looked for before anything else is checked."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(AntError, match=r"^running sessions here needs the package anthropic") as no:
        run_session(session_options(), "http://h", "", SimpleNamespace(environ={}))
    assert "'anthropic>=" in no.value.hint


# The command


ITEM = {
    "id": "work_2",
    "environment_id": "env_2",
    "data": {"type": "session", "id": "session_2"},
    "secret": SECRET,
}
VARIABLES = {
    "ANTHROPIC_API_KEY": None,
    "ANTHROPIC_WORK_ID": "work_1",
    "ANTHROPIC_SESSION_ID": "session_1",
    "ANTHROPIC_ENVIRONMENT_ID": "env_1",
    "ANTHROPIC_ENVIRONMENT_KEY": KEY,
}


@pytest.fixture
def run_command(ant, monkeypatch):
    """Return a function that runs the command, and returns the options and the environment of the session."""

    def run(*words, stdin=None, **env):
        seen = []
        monkeypatch.setattr(sdk_session, "run_session", lambda *given: seen.append(given))
        done = ant("beta:worker", "run", *words, stdin=stdin, env={**VARIABLES, **env})
        given, runtime = (seen[0][0], seen[0][3]) if seen else (None, None)
        return SimpleNamespace(exit=done.exit, stderr=done.stderr, options=given, runtime=runtime)

    return run


def ids(given):
    """Return the IDs of a session."""
    return given.session_id, given.work_id, given.environment_id


def test_a_session_takes_what_is_missing_from_the_item_and_nothing_else(run_command):
    """A flag comes before a variable, and that before the item."""
    item = json.dumps(ITEM)
    missing = {"ANTHROPIC_SESSION_ID": " ", "ANTHROPIC_WORK_ID": None}
    done = run_command(stdin=item, **missing)
    assert ids(done.options) == ("session_2", "work_2", "env_1")
    assert done.runtime.environ["ANTHROPIC_WORK_SECRET"] == SECRET
    assert done.runtime.redactor.redact(SECRET) == "[redacted]"
    flag = run_command("--session-id", "session_3", stdin=item, **missing)
    assert ids(flag.options) == ("session_3", "work_2", "env_1")


def test_the_tokens_inside_the_secret_of_an_item_on_stdin_are_redacted(run_command):
    """The tools of the session get them."""
    inner = base64.urlsafe_b64encode(b'{"sessions_token": "inner-token-12345"}').decode()
    item = json.dumps({**ITEM, "secret": inner})
    done = run_command(stdin=item, ANTHROPIC_WORK_ID=None)
    assert done.runtime.redactor.redact("inner-token-12345") == "[redacted]"


def test_an_item_is_read_only_if_something_is_missing(run_command):
    """The input may be anything else."""
    assert ids(run_command(stdin="no item").options) == ("session_1", "work_1", "env_1")
    missing = run_command(stdin="no item", ANTHROPIC_ENVIRONMENT_KEY=None)
    assert missing.exit == EX_CONFIG
    assert "standard input is not a work item" in missing.stderr
    secret = run_command(stdin="x", ANTHROPIC_ENVIRONMENT_KEY=None, ANTHROPIC_WORK_SECRET=SECRET)
    assert (secret.exit, secret.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (("--work-secret-file", "secret"), {}),
        ((), {"ANTHROPIC_WORK_SECRET_FILE": "secret"}),
        (("--environment-key-file", "secret"), {}),
        ((), {"ANT_WORKER_ENVIRONMENT_KEY_FILE": "secret"}),
        (("--environment-key", "k"), {}),
    ],
)
def test_an_item_is_not_read_if_its_secret_has_another_source(run_command, words, variables):
    """With a key, or a file that has one, stdin is not read."""
    Path("secret").write_text(SECRET)
    Path("secret").chmod(0o600)
    env = {"ANTHROPIC_ENVIRONMENT_KEY": None, **variables}
    done = run_command(*words, stdin="no item", **env)
    assert (done.exit, ids(done.options)) == (0, ("session_1", "work_1", "env_1"))


@pytest.mark.parametrize("name", ["SESSION_ID", "WORK_ID", "ENVIRONMENT_ID"])
def test_without_an_item_each_missing_value_is_named(run_command, name):
    """With its flag and its variable."""
    done = run_command(**{f"ANTHROPIC_{name}": None})
    flag = "--" + name.lower().replace("_", "-")
    assert done.exit == EX_CONFIG
    assert f"{flag} (ANTHROPIC_{name}) is required" in done.stderr


def test_the_key_of_a_session_from_a_file_is_redacted(run_command, tmp_path):
    """It is in no variable."""
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    done = run_command("--environment-key-file", str(path))
    assert done.options.environment_key == SECRET
    assert done.runtime.redactor.redact(SECRET) == "[redacted]"


def test_an_exporter_takes_its_options_from_flags_and_variables(ant, monkeypatch):
    """And the connection of the settings."""
    seen = []
    monkeypatch.setattr(
        "ant_cli.worker.exporter.serve_statistics", lambda *given: seen.append(given)
    )
    words = ("beta:worker", "exporter", "--listen", "[::1]:1234", "--base-url", "http://h")
    env = {"ANTHROPIC_ENVIRONMENT_ID": "env_1,env_2", "ANT_WORKER_CACHE": "9s"}
    done = ant(*words, env=env)
    assert (done.exit, done.stderr) == (0, "")
    given, connection, _ = seen[0]
    assert (given.environment_id, given.listen, given.cache) == ("env_1,env_2", ("::1", 1234), 9)
    assert (connection.base_url, given.environment_key) == ("http://h", "")


def test_the_key_of_an_exporter_from_a_file_is_redacted(ant, monkeypatch):
    """The key is in no variable."""
    seen = []
    monkeypatch.setattr(
        "ant_cli.worker.exporter.serve_statistics", lambda *given: seen.append(given)
    )
    Path("key").write_text(f"{SECRET}\n")
    Path("key").chmod(0o600)
    words = ("--environment-id", "env_1", "--environment-key-file", "key")
    assert ant("beta:worker", "exporter", *words).exit == 0
    ((given, _, runtime),) = seen
    assert given.environment_key == SECRET
    assert runtime.redactor.redact(SECRET) == "[redacted]"
