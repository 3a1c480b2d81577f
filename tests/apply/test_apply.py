"""`ant apply` and `ant diff` at the command line: flags, formats, questions, saved plans and lost responses."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.apply import server
from ant_cli.emulator import Emulator
from ant_cli.emulator.wsgi_app import ORGANIZATION_ID
from ant_cli.errors import NetworkError
from ant_cli.http import pool
from ant_cli.http.transport import FailedAttempt
from tests.apply.conftest import Meddling, Team
from tests.conftest import needs_posix
from tests.helpers.emulators import serving

LOST = FailedAttempt(NetworkError, "gone", maybe_processed=True)


@pytest.mark.parametrize(
    "flags",
    [
        ("--after-commit", "--disconnect"),
        ("--after-commit", "--status", "504"),
        ("--after-commit", "--status", "502"),
        ("--after-commit", "--status", "408"),
        ("--cut-after-bytes", "5"),
    ],
    ids=" ".join,
)
def test_a_lost_response_of_a_create_is_looked_up_and_not_repeated(team, flags):
    """The created environment belongs to the file."""
    team.write("environments/a.yaml")
    assert team.ant("emulator", "fault", "--method", "POST", *flags).exit == 0
    assert "created env_" in team.apply(".").stdout
    assert team.ids()["./environments/a.yaml"] == team.server()["a"]["id"]
    assert team.diff() == 0


def test_another_environment_of_the_name_is_not_taken_for_a_lost_create(team):
    """The file stays without an environment, and the other one as it is."""

    def colleague(_body):
        team.by_hand("create", "--name", "a", "--description", "a colleague's")
        raise LOST

    team.write("environments/a.yaml")
    result = team.ant("apply", "--yes", ".", transport=Meddling(team, colleague))
    assert result.exit == 8
    assert "'a' may have been created: run the same command again" in result.stderr
    assert team.server()["a"]["description"] == "a colleague's"
    assert not Path("claude-lock.json").exists() or team.ids() == {}


def test_every_failure_of_a_run_is_reported_with_its_hint(team):
    """Each is a line with its file, in a log. The last line is the summary."""
    both_have_begun = threading.Barrier(2)

    def lose(_body):
        both_have_begun.wait(60)
        raise LOST

    team.add("a", "b")
    result = team.ant("apply", "--yes", "--parallel", "2", ".", transport=Meddling(team, lose))
    assert result.exit == 8
    *failures, summary = result.stderr.splitlines()
    for name, line in zip("ab", failures, strict=True):
        assert re.match(
            rf"\./environments/{name}\.yaml: POST .+: .+ '{name}' may have been created: ", line
        )
    assert summary == "ant: 0 done and recorded, 2 failed, 0 not started. Run it again to continue."


@pytest.mark.parametrize(("status", "ending"), [("409", " Run it again to continue."), ("400", "")])
def test_the_summary_says_whether_the_same_run_may_do_what_is_left(team, status, ending):
    """After a conflict it may. A request that the server rejects would be rejected again."""
    team.add("a")
    team.ant("emulator", "fault", "--method", "POST", "--times", "9", "--status", status)
    result = team.ant("apply", "--yes", ".")
    assert result.exit != 0
    summary = result.stderr.splitlines()[-1]
    assert summary == f"ant: 0 done and recorded, 1 failed, 0 not started.{ending}"


def test_a_failure_of_an_interrupted_run_is_reported(team):
    """The report comes before the summary. The run has no other error."""
    both_have_begun = threading.Barrier(2)

    def interrupt_one_and_lose_the_other(body):
        both_have_begun.wait(60)
        raise KeyboardInterrupt if b'"a"' in body else LOST

    team.add("a", "b")
    transport = Meddling(team, interrupt_one_and_lose_the_other)
    result = team.ant("apply", "--yes", "--parallel", "2", ".", transport=transport)
    assert result.exit == 130
    failure, summary = result.stderr.splitlines()
    assert failure.startswith("./environments/b.yaml: POST ")
    assert summary == "0 done and recorded, 1 failed, 1 not started. Run it again to continue."


def test_a_step_that_has_begun_is_finished_when_the_run_is_interrupted(team):
    """This holds even for a single step. No step is left, so nothing suggests to repeat the run."""
    team.write("environments/a.yaml")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        transport = Meddling(team, lambda _body: signal.raise_signal(signal.SIGINT))
        result = team.ant("apply", "--yes", ".", transport=transport)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.exit, result.stderr) == (130, "1 done and recorded, 0 failed, 0 not started.\n")
    assert set(team.server()) == {"a"}
    assert team.diff(".") == 0


def test_a_step_that_has_begun_is_finished_when_the_interrupt_comes_while_threads_are_started(
    monkeypatch,
):
    """Its thread may be the faster one, and has not been counted then."""
    begun, closed, returned = threading.Event(), threading.Event(), threading.Event()
    is_too_late = []

    class InterruptedThread(threading.Thread):
        def start(self):
            super().start()
            begun.wait()
            raise KeyboardInterrupt

    class WatchedPool(pool.Pool):
        def _close(self):
            super()._close()
            closed.set()

    def carry_out(_client, _step):
        begun.set()
        closed.wait()
        is_too_late.append(returned.wait(0.2))

    monkeypatch.setattr(pool, "Thread", InterruptedThread)
    monkeypatch.setattr(server, "Pool", WatchedPool)
    with pytest.raises(KeyboardInterrupt):
        server.Connection(Mock(for_threads=lambda count: [None] * count), 1).each(
            ["step"], carry_out, finish=True
        )
    returned.set()
    assert is_too_late == [False]


def test_an_environment_that_was_deleted_before_it_is_archived_is_forgotten(team):
    """Somebody else deleted it after the plan was made, so nothing is left to do."""
    team.add("b", "c")
    team.apply(".")
    Path("environments/c.yaml").unlink()
    assert team.ant("emulator", "fault", "--method", "POST", "--status", "404").exit == 0
    result = team.apply("--prune", ".")
    assert "already gone" in result.stdout
    assert list(team.ids()) == ["./environments/b.yaml"]


@needs_posix("its words for errors")
def test_a_lock_that_can_not_be_created_is_an_error_before_anything_is_sent(team):
    """The error names the file in the way."""
    team.write("environments/a.yaml")
    Path("claude-lock.json.lock").mkdir()
    result = team.ant("apply", "--yes", ".")
    assert result.exit == 1
    assert "claude-lock.json.lock can't be written: is a directory.\n" in result.stderr
    assert team.server() == {}


WORDS = " ".join(f"w{number}" for number in range(40))


def test_at_a_terminal_the_user_is_asked_before_anything_is_applied(team):
    """The user may ask for details first. A no ends the run."""
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: x\n")
    result = team.ant("apply", ".", typed="n\n")
    assert (result.exit, "Aborted." in result.stderr) == (0, True)
    assert team.server() == {}
    result = team.ant("apply", ".", typed="")
    assert (result.exit, result.stderr.endswith("(y)es / (n)o / (d)etails \nAborted.\n")) == (
        0,
        True,
    )
    assert team.server() == {}
    result = team.ant("apply", ".", typed="d\ny\n")
    assert '+ description: "x"' in result.stdout
    assert set(team.server()) == {"a"}


def test_the_plan_and_the_question_name_host_organization_workspace_and_profile(
    clean_environ, profiles
):
    """With a key for another account, or another profile, the user notices before anything changes."""
    profiles("[profiles.staging]\ntimeout = 30\n")
    with (
        closing(Emulator(":memory:", workspace_id="wrkspc_1")) as emulator,
        serving(emulator) as server,
    ):
        team = Team(server.url, clean_environ)
        team.write("environments/a.yaml")
        team.apply(".")
        team.write("environments/a.yaml", "description: x\n")
        result = team.ant("apply", ".", "--profile", "staging", typed="n\n")
        target = f"{server.url}, organization {ORGANIZATION_ID}, workspace wrkspc_1"
        assert f"Target  {target}, profile staging\n" in result.stdout
        assert f"These changes are for {target}, profile staging. Apply them?" in " ".join(
            result.stderr.split()
        )
        assert team.ant("diff", ".").stdout.startswith(f"Target  {target}\n")
        # An active profile is not named if the key of a variable is used in place of its own.
        profiles('active = "prod"\n[profiles.prod]\napi_key = "sk-ant-prod"\n')
        assert team.ant("diff", ".").stdout.startswith(f"Target  {target}\n")
        environ = {**team.environ, "ANTHROPIC_API_KEY": ""}
        diff = Team(server.url, environ).ant("diff", ".")
        assert diff.stdout.startswith(f"Target  {target}, profile prod\n")


def test_strings_from_the_server_can_not_control_a_terminal(team):
    """They are escaped in the plan and in its result. A pipe may be a log, so this holds there, too."""
    for name in "ab":
        of_terminal = (
            "--name",
            f"{name}\x1b[31m",
            "--description",
            "\x1b]0;x\x07" * 9,
            "--metadata",
            '{"k\\u001b": v}',
        )
        team.by_hand("create", "--config", "{type: cloud}", *of_terminal)
    team.write("environments/a.yaml", 'name: "a\\e[31m"\nconfig: {type: cloud}\ndescription: x\n')
    for status, command, *words in (
        (1, "diff", ".", "--verbose"),
        (0, "apply", "--yes", ".", "--adopt"),
        (0, "export", "--all", "--directory", "other/environments", "--force"),
    ):
        result = team.ant(command, *words)
        assert (result.exit, "31m" in result.stdout) == (status, True)
        assert not {"\x1b", "\x07"} & {*result.stdout, *result.stderr}


# Export


@pytest.mark.skipif(os.name == "nt", reason="this test needs POSIX: links without privileges")
def test_an_export_does_not_follow_links_out_of_the_folder(team, tmp_path_factory):
    """A repository can contain links to any place."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Path("environments").symlink_to(elsewhere)
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    result = team.ant("export", "--all")
    assert (result.exit, result.stdout) == (2, "")
    assert "is outside" in result.stderr
    assert list(elsewhere.iterdir()) == []


def test_the_schema_is_printed(team):
    """It is JSON, so that it can be saved as a file."""
    assert json.loads(team.ant("schema", "environment").stdout)["properties"]["type"]["enum"] == [
        "environment"
    ]


def test_a_mistake_is_named_by_the_path_from_the_folder_of_the_run(team, monkeypatch):
    """The path can be opened as shown, even from a folder below the lock file."""
    team.apply(str(team.write("environments/one.yaml")))
    team.write("environments/one.yaml", "config: {type: 1}\n")
    Path("below").mkdir()
    assert team.ant("apply", "--yes").stderr.startswith("ant: environments/one.yaml, line 1")
    monkeypatch.chdir("below")
    assert team.ant("apply", "--yes").stderr.startswith("ant: ../environments/one.yaml, line 1")
