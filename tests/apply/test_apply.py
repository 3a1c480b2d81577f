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
from tests.helpers.words import LIST

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


def test_a_create_that_never_arrived_is_a_network_error_and_is_repeated_in_the_next_run(team):
    """Its outcome is unknown, so it is not repeated in the same run."""
    team.write("environments/a.yaml")
    assert team.ant("emulator", "fault", "--method", "POST", "--disconnect").exit == 0
    result = team.ant("apply", "--yes", ".")
    assert (result.exit, team.server()) == (8, {})
    assert "'a' may have been created: run the same command again" in result.stderr
    assert "0 done and recorded, 1 failed, 0 not started" in result.stderr
    team.apply(".")
    assert team.ids()["./environments/a.yaml"] == team.server()["a"]["id"]


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


def test_an_unchanged_environment_is_neither_done_nor_left_in_a_run_that_fails(tracked):
    """The data has it as unchanged, and so has a verbose plan. One that could not be created has no ID."""
    plans = [tracked.ant("apply", "--dry-run", *flag).stdout for flag in ((), ("--verbose",))]
    assert ["environments/a.yaml" in plan for plan in plans] == [False, True]
    tracked.write("environments/b.yaml")
    assert tracked.ant("emulator", "fault", "--method", "POST", "--status", "400").exit == 0
    result = tracked.ant("apply", "--yes", ".", "--format", "json")
    assert "0 done and recorded, 1 failed, 0 not started." in result.stderr
    unchanged, failed = result.json["resources"]
    assert unchanged["result"] == "unchanged"
    assert (failed["result"], failed["id"]) == ("failed", None)


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
        assert re.match(rf"\./environments/{name}\.yaml: POST .+: .+ '{name}' may have been created: ", line)
    assert summary == "ant: 0 done and recorded, 2 failed, 0 not started. Run it again to continue."


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


def test_a_step_that_has_begun_is_finished_when_the_interrupt_comes_while_threads_are_started(monkeypatch):
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
        server.Connection(Mock(for_threads=lambda count: [None] * count), 1).each(["step"], carry_out, finish=True)
    returned.set()
    assert is_too_late == [False]


def test_an_environment_whose_archiving_failed_stays_tracked(tracked):
    """The next run archives it."""
    Path("environments/a.yaml").unlink()
    assert tracked.ant("emulator", "fault", "--path-contains", "/archive", "--status", "400").exit == 0
    assert tracked.ant("apply", "--prune", "--yes", ".").exit == 1
    assert list(tracked.ids()) == ["./environments/a.yaml"]
    tracked.apply("--prune", ".")
    assert tracked.server() == {}


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


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        (
            "For the weekly analysis of what our visitors have read and bought",
            "For the daily analysis of what our visitors have read",
            ["For the [-weekly-]{+daily+}", "[- and bought-]"],
        ),
        ("old", "''", ['- description: "old"\n']),
        (
            f"{WORDS} old",
            f"{WORDS} new",
            ["description: w0 w1 w2 w3 w4 w5 \u2026w34 w35 w36 w37 w38 w39 [-old-]{+new+}"],
        ),
    ],
)
def test_a_changed_string_is_shown_with_its_removed_and_added_words(team, old, new, shown):
    """The words next to them are shown, too, but not the middle of a long text."""
    file = "config: {type: cloud}\ndescription: %s\n"
    team.write("environments/a.yaml", file % old)
    team.apply(".")
    team.write("environments/a.yaml", file % new)
    diff = team.ant("diff", ".").stdout
    assert all(part in diff for part in shown)


@pytest.mark.parametrize("format_", ["auto", "markdown"])
def test_an_element_that_has_moved_within_its_list_is_shown_with_its_positions(team, format_):
    """It is neither removed nor added."""
    file = "config: {type: cloud, packages: {pip: [%s]}}\n"
    team.write("environments/a.yaml", file % "numpy, pandas, polars")
    team.apply(".")
    team.write("environments/a.yaml", file % "polars, numpy, scipy")
    lines = [line.strip() for line in team.ant("diff", "--format", format_, ".").stdout.splitlines()]
    assert "[2\u21920] polars (moved)" in lines
    assert not any(line.startswith(("-", "+")) and "polars" in line for line in lines)
    assert any(line.startswith("-") and line.endswith("pandas") for line in lines)
    assert any(line.startswith("+") and line.endswith("scipy") for line in lines)


def test_an_error_of_the_api_ends_the_run_with_its_exit_code(team):
    """Finished steps are recorded, and the body of the error is shown."""
    words = ("--method", "POST", "--after", "1", "--times", "9", "--status", "409")
    assert team.ant("emulator", "fault", *words).exit == 0
    team.add("a", "gone")
    result = team.ant("apply", "--yes", "--parallel", "1", ".")
    assert result.exit == 6
    assert result.stderr.count("Injected fault") == 1
    assert "1 done and recorded, 1 failed, 0 not started" in result.stderr
    assert set(team.ids()) == {"./environments/a.yaml"}


def test_the_exit_code_says_whether_there_are_changes(team):
    """0 means none, 2 means changes, and 1 means a blocked plan or an invalid file."""
    team.write("environments/a.yaml")
    plan = ("apply", "--dry-run", ".")
    assert [team.ant(*plan).exit, team.ant(*plan, "--exit-code").exit] == [0, 2]
    assert team.ant(*plan, "--exit-code").stderr == ""
    team.apply(".")
    assert [team.ant(*plan).exit, team.ant(*plan, "--exit-code").exit] == [0, 0]
    team.by_hand("update", team.server()["a"]["id"], "--description", "x")
    assert [team.ant(*plan).exit, team.ant(*plan, "--exit-code").exit] == [0, 1]
    assert team.ant(*plan, "--exit-code", "--force").exit == 2
    team.write("environments/a.yaml", "config: 3")
    assert [team.ant(*plan).exit, team.ant(*plan, "--exit-code").exit] == [2, 1]
    team.write("environments/a.yaml")
    assert team.ant("emulator", "fault", "--status", "401").exit == 0
    assert team.ant("diff", ".").exit == 4


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("diff", "--bogus", "."), 1),
        (("diff", ".", "--lock-file"), 1),
        (("--bogus", "diff", "."), 1),
        (("--bogus", *LIST), 2),
        (("apply", "--dry-run", "--exit-code", "--bogus", "."), 1),
        (("apply", "--dry-rn", "--exit-code=true", "."), 1),
        (("diff", "--prune=maybe", "."), 1),
        (("apply", "--dry-run", "--exit-code=maybe", "."), 1),
        (("apply", "--dry-run", "--exit-code", "--prune=maybe", "."), 1),
        (("apply", "--dry-run", "--bogus", "."), 2),
    ],
)
def test_a_usage_error_is_never_mistaken_for_changes(team, words, status):
    """If 2 means that there are changes, a usage error is 1."""
    assert team.ant(*words).exit == status


def test_plan_and_result_are_printed_as_data_on_request(team):
    """Stdout has nothing else."""
    team.write("environments/a.yaml")
    plan = json.loads(team.ant("diff", ".", "--format", "json").stdout)
    assert (plan["changes"], plan["blocked"]) == (1, 0)
    target = {"base_url": team.url, "organization_id": ORGANIZATION_ID, "workspace_id": None, "profile": None}
    assert plan["target"] == target
    assert plan["resources"] == [
        {
            "key": "./environments/a.yaml",
            "kind": "environment",
            "name": "a",
            "id": None,
            "action": "create",
            "changes": [
                {"path": "name", "old": None, "new": "a"},
                {"path": "config.type", "old": None, "new": "cloud"},
            ],
        }
    ]
    result = json.loads(team.apply(".", "--format", "json").stdout)
    assert result["resources"][0]["result"] == "created"
    assert result["resources"][0]["id"] == team.server()["a"]["id"]
    assert result["target"] == target


def test_suggested_commands_go_to_the_same_lock_file_and_account(team, monkeypatch):
    """They can be copied. What the run finds anyway is left out."""
    team.write("stage/environments/a.yaml")
    team.apply("--lock-file", "stage/claude-lock.json", "stage")
    identifier = team.server()["a"]["id"]
    team.by_hand("update", identifier, "--description", "by hand")
    result = team.ant("apply", "--yes", "stage", "--base-url", team.url)
    command = f"ant export {identifier} --force --lock-file ./stage/claude-lock.json --base-url {team.url}"
    assert command in result.stdout
    assert team.ant(*command.split()[1:]).exit == 0
    assert team.ant("diff", "stage").exit == 0
    team.by_hand("update", identifier, "--description", "by hand again")
    monkeypatch.chdir("stage")
    assert f"ant export {identifier} --force\n" in team.ant("apply", "--yes").stdout


def test_at_a_terminal_the_user_is_asked_before_anything_is_applied(team):
    """The user may ask for details first. A no ends the run."""
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: x\n")
    result = team.ant("apply", ".", typed="n\n")
    assert (result.exit, "Aborted." in result.stderr) == (0, True)
    assert team.server() == {}
    result = team.ant("apply", ".", typed="")
    assert (result.exit, result.stderr.endswith("(y)es / (n)o / (d)etails \nAborted.\n")) == (0, True)
    assert team.server() == {}
    result = team.ant("apply", ".", typed="d\ny\n")
    assert '+ description: "x"' in result.stdout
    assert set(team.server()) == {"a"}


def test_the_plan_and_the_question_name_host_organization_workspace_and_profile(clean_environ, profiles):
    """With a key for another account, or another profile, the user notices before anything changes."""
    profiles("[profiles.staging]\ntimeout = 30\n")
    with closing(Emulator(":memory:", workspace_id="wrkspc_1")) as emulator, serving(emulator) as server:
        team = Team(server.url, clean_environ)
        team.write("environments/a.yaml")
        team.apply(".")
        team.write("environments/a.yaml", "description: x\n")
        result = team.ant("apply", ".", "--profile", "staging", typed="n\n")
        target = f"{server.url}, organization {ORGANIZATION_ID}, workspace wrkspc_1"
        assert f"Target  {target}, profile staging\n" in result.stdout
        assert f"Apply these changes to {target}, profile staging?" in " ".join(result.stderr.split())
        assert team.ant("diff", ".").stdout.startswith(f"Target  {target}\n")
        # An active profile is not named if the key of a variable is used in place of its own.
        profiles('active = "prod"\n[profiles.prod]\napi_key = "sk-ant-prod"\n')
        assert team.ant("diff", ".").stdout.startswith(f"Target  {target}\n")
        environ = {**team.environ, "ANTHROPIC_API_KEY": ""}
        diff = Team(server.url, environ).ant("diff", ".")
        assert diff.stdout.startswith(f"Target  {target}, profile prod\n")


@pytest.mark.parametrize("flag", ["--dry-run", "--validate", "--strict", "--prune", "--lock-file=other.json"])
def test_a_saved_plan_is_not_combined_with_flags_that_the_run_would_ignore(team, flag):
    """A dry run of a saved plan would carry it out."""
    team.write("environments/a.yaml")
    assert team.ant("apply", "--dry-run", "--save-plan", "plan.json", ".").exit == 0
    result = team.ant("apply", "--plan", "plan.json", flag)
    assert (result.exit, "--plan takes everything from the plan." in result.stderr) == (2, True)
    assert team.server() == {}


def test_at_a_terminal_the_user_is_asked_about_untracked_files_and_existing_names(tracked):
    """This needs no paths on the command line."""
    tracked.by_hand("create", "--name", "b", "--config", "{type: cloud}", "--description", "old")
    tracked.write("environments/b.yaml", "config: {type: cloud}\ndescription: new\n")
    assert "re-run with --adopt to take it over" in tracked.ant("apply", "--yes", ".").stdout
    result = tracked.ant("apply", typed="y\ny\ny\n")
    assert "./environments/b.yaml is not tracked yet" in result.stderr
    assert "Manage these existing environments by the files?" in result.stderr
    assert set(tracked.ids()) == {"./environments/a.yaml", "./environments/b.yaml"}
    assert tracked.server()["b"]["description"] == "new"
    assert tracked.diff() == 0


def test_a_saved_plan_is_carried_out_exactly(team):
    """It is rejected if the files or the server have changed since."""
    team.write("environments/a.yaml")
    assert team.ant("apply", "--dry-run", "--save-plan", "plan.json", ".").exit == 0
    team.write("environments/a.yaml", "config: {type: cloud}\ndescription: x\n")
    result = team.ant("apply", "--plan", "plan.json")
    assert result.exit == 1
    assert "files or environments have changed since the plan was saved:\n  ./environments/a.yaml" in result.stderr
    team.write("environments/a.yaml")
    team.write("environments/new.yaml", "config: 3\n")
    assert team.ant("apply", "--plan", "plan.json").exit == 2
    assert team.server() == {}
    Path("environments/new.yaml").unlink()
    assert team.ant("apply", "--plan", "plan.json").exit == 0
    assert set(team.server()) == {"a"}
    assert team.ant("apply", "--plan", "plan.json").exit == 1
    assert team.ant("apply", "--plan", "plan.json", "--force").exit == 2
    Path("plan.json").write_text("{}")
    assert team.ant("apply", "--plan", "plan.json").exit == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--exit-code", "."), "--exit-code needs --dry-run"),
        (("--save-plan", "x", "."), "--save-plan needs --dry-run"),
        (("--lock-file", "", "."), "--lock-file is empty"),
        (("--parallel", "0", "."), "--parallel must be a whole number from 1 to 64, got '0'"),
        (("--parallel", "x", "."), "--parallel must be a whole number from 1 to 64, got 'x'"),
        ((), "there is no claude-lock.json here or above, and no file was named"),
        (("nowhere",), "nowhere does not exist"),
        (("-f", "a.yaml"), "unknown flag '-f'. Did you mean `ant apply --only a.yaml`?"),
        (("--file", "a.yaml"), "unknown flag '--file'. Did you mean `ant apply --only a.yaml`?"),
    ],
)
def test_apply_flags_that_make_no_sense_are_a_usage_error(team, words, message):
    """Nothing is sent."""
    result = team.ant("apply", *words)
    assert (result.exit, message in result.stderr) == (1 if "--exit-code" in words else 2, True), result.stderr


def test_the_official_flag_for_skills_is_accepted(team):
    """A script that serves both tools may have it."""
    team.write("environments/a.yaml")
    team.apply(".", "--upgrade")
    assert set(team.server()) == {"a"}


def test_checking_files_needs_no_server_and_no_key(team):
    """It can run in a hook before a commit."""
    team.write("environments/a.yaml")
    offline = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "ANTHROPIC_API_KEY": ""}
    result = team.ant("apply", "--validate", ".", **offline)
    assert (result.exit, result.stdout, result.stderr) == (0, "", "1 file is valid.\n")
    team.write("environments/b.yaml", "config: {type: cloud, packages: {pips: []}}\nscope: world\n")
    result = team.ant("apply", "--validate", ".", **offline)
    assert (result.exit, result.stderr.count("Warning: ")) == (0, 2)
    assert result.stderr.endswith("2 files are valid.\n")
    result = team.ant("apply", "--validate", "--strict", ".", **offline)
    assert result.exit == 2
    message = "environments/b.yaml, line 1, column 34: config.packages.pips: unknown field. Did you mean 'pip'?"
    assert message in result.stderr
    assert "environments/b.yaml, line 2, column 1: scope: must be" in result.stderr
    assert not Path("claude-lock.json").exists()


def test_a_mistake_in_any_file_stops_the_run_before_anything_is_sent(tracked):
    """Nothing is asked either, and nothing archived: a renamed file may be the one with the mistake."""
    tracked.write("environments/b.yaml", "name: c\n")
    tracked.write("environments/c.yaml")
    Path("environments/a.yaml").rename("environments/d.yaml").write_text("name: a\nconfig: 3\n")
    problems = (
        "ant: there are mistakes in the files:\n"
        "environments/d.yaml, line 2, column 1: config: must be keys and values, got a number\n"
        "environments/c.yaml, line 1, column 1: environments/b.yaml declares the same name\n"
    )
    for line in ("apply .", "apply --yes --prune .", "apply --dry-run .", "apply --validate .", "diff ."):
        result = tracked.ant(*line.split())
        assert (result.exit, result.stdout, result.stderr) == (1 if line == "diff ." else 2, "", problems)
    assert set(tracked.server()) == {"a"}


@pytest.mark.parametrize("how", [{"typed": "y\n"}, {}])
def test_new_files_with_mistakes_are_not_offered(tracked, how):
    """The tracked files are applied; a note says why others are not."""
    tracked.write("environments/b.yaml", "config: 3\n")
    result = tracked.ant("apply", **how)
    assert result.exit == 0
    assert "Note: new files are left out. environments/b.yaml, line 1, column 1: config" in result.stderr


def test_an_unknown_field_is_sent_and_the_server_decides(team):
    """It may know the field. `--strict` sends nothing."""
    team.write("environments/a.yaml", "gpu: large\n")
    result = team.ant("apply", "--yes", ".")
    assert result.exit == 1
    assert "Warning: environments/a.yaml, line 1, column 1: gpu: unknown" in result.stderr
    assert "gpu: is not a field of this request" in result.stderr
    for words in (("apply", "--yes"), ("diff",)):
        assert team.ant(*words, "--strict", ".").stderr.startswith(
            "ant: environments/a.yaml, line 1, column 1: gpu"
        )


@pytest.mark.parametrize(
    ("config", "end"),
    [
        ("{type: cloud, package: []}", "unknown field. Did you mean 'packages'?"),
        ("{type: cloud, zzz: 1}", "unknown field. The fields are: type, networking, packages."),
        ("x", "must be keys and values, got text."),
    ],
)
def test_a_single_mistake_in_a_file_ends_with_one_punctuation_mark(team, config, end):
    """It is the whole message, or a warning."""
    team.write("environments/a.yaml", f"config: {config}\n")
    for words in (("--validate",), ("--validate", "--strict")):
        result = team.ant("apply", *words, ".")
        assert result.stderr.splitlines()[0].endswith(end), result.stderr


def test_strings_from_the_server_can_not_control_a_terminal(team):
    """They are escaped in the plan and in its result. A pipe may be a log, so this holds there, too."""
    for name in "ab":
        of_terminal = ("--name", f"{name}\x1b[31m", "--description", "\x1b]0;x\x07" * 9)
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


def test_an_exported_file_needs_no_change(team):
    """It still matches if the lock file is lost, and its environment is adopted."""
    config = "{type: cloud, networking: {type: limited, allowed_hosts: [a.example]}, packages: {}}"
    team.by_hand(
        "create", "--name", "../../x", "--config", config, "--description", "a: b", "--metadata", "{k: '1'}"
    )
    team.by_hand("create", "--name", "edge", "--config", "{type: self_hosted}")
    result = team.ant("export", "--all")
    assert result.exit == 0, result.stderr
    written = {line.split()[0] for line in result.stdout.splitlines()}
    assert written == {"./environments/x.yaml", "./environments/edge.yaml"}
    assert team.ant("apply", "--dry-run", "--exit-code").exit == 0
    assert team.diff(".") == 0
    Path("claude-lock.json").unlink()
    result = team.apply(".", "--adopt")
    assert "~ 2 to adopt" in result.stdout
    assert team.diff(".") == 0
    assert "Nothing to export" in team.ant("export", "--all").stderr


def test_one_environment_is_exported_by_its_name_or_its_id(team):
    """The folder can be chosen. An existing file is not changed."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    team.by_hand("create", "--name", "b", "--config", "{type: cloud}")
    identifier = team.server()["b"]["id"]
    assert team.ant("export", "a", identifier, "--directory", "infra").exit == 0
    assert set(team.ids()) == {"./infra/environment_a.yaml", "./infra/environment_b.yaml"}
    assert team.diff(".") == 0
    team.by_hand("update", identifier, "--description", "by hand")
    result = team.ant("export", "b", "--directory", "infra")
    assert (result.exit, "already exists, so nothing was written" in result.stderr) == (2, True)
    assert team.ant("export", "b", "--force").exit == 0
    assert "by hand" in Path("infra/environment_b.yaml").read_text()
    assert team.diff() == 0
    assert team.ant("export", "nobody").exit == 5
    assert team.ant("export").exit == 2
    assert team.ant("export", "a", "--all").exit == 2


@pytest.mark.parametrize(
    "key", ["./.git/hooks/pre-commit", "./claude-lock.json", "./environments/a.md", "./a.json"]
)
def test_an_export_writes_only_yaml_files_whatever_the_lock_file_says(team, key):
    """The lock file may be part of anybody's repository, and overwriting a text for people would lose it."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    assert team.ant("export", "a").exit == 0
    lock = Path("claude-lock.json")
    lock.write_text(lock.read_text().replace("./environments/a.yaml", key))
    before = lock.read_text()
    team.by_hand("update", team.server()["a"]["id"], "--description", "new")
    result = team.ant("export", "a", "--force")
    assert (result.exit, result.stdout) == (2, "")
    assert "is not a YAML file" in result.stderr
    assert lock.read_text() == before
    assert not Path(".git").exists()


@pytest.mark.skipif(os.name == "nt", reason="this test needs POSIX: control characters in the names of files")
def test_the_name_of_an_exported_file_can_not_control_a_terminal(team):
    """It may come from the lock file."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    assert team.ant("export", "a").exit == 0
    lock = Path("claude-lock.json")
    lock.write_text(lock.read_text().replace("./environments/a.yaml", "./\\u001b[2J.yaml"))
    result = team.ant("export", "a", typed="")
    assert result.exit == 2
    assert "the key './\\x1b[2J.yaml' has a control character." in result.stderr
    assert not Path("\x1b[2J.yaml").exists()


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


def test_an_export_into_a_file_says_where_the_environments_went(team):
    """The file has only their paths."""
    for name in "ab":
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    note = "Note: the files are in ./environments; standard output has only their paths.\n"
    assert team.ant("export", "--all").stderr == note
    assert team.ant("export", "--all", "--force", "--format", "json").stderr == ""


def test_nothing_is_exported_to_a_place_that_apply_does_not_read(team):
    """Such a place is outside the folder of the lock file."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    result = team.ant("export", "a", "--directory", "../elsewhere")
    assert (result.exit, "is outside" in result.stderr) == (2, True)
    assert not Path("../elsewhere").exists()


def test_the_schema_is_printed(team):
    """It is JSON, so that it can be saved as a file."""
    assert json.loads(team.ant("schema", "environment").stdout)["properties"]["type"]["enum"] == ["environment"]


def test_a_run_that_recorded_nothing_does_not_say_that_it_wrote_the_lock_file(team):
    """A step that was not started is no success."""
    team.add("a", "b")
    assert team.ant("emulator", "fault", "--method", "POST", "--status", "400").exit == 0
    result = team.ant("apply", "--yes", "--parallel", "1", ".")
    assert ("1 failed, 1 not started." in result.stderr, "State written" in result.stdout) == (True, False)


def test_a_mistake_is_named_by_the_path_from_the_folder_of_the_run(team, monkeypatch):
    """The path can be opened as shown, even from a folder below the lock file."""
    team.apply(str(team.write("environments/one.yaml")))
    team.write("environments/one.yaml", "config: {type: 1}\n")
    Path("below").mkdir()
    assert team.ant("apply", "--yes").stderr.startswith("ant: environments/one.yaml, line 1")
    monkeypatch.chdir("below")
    assert team.ant("apply", "--yes").stderr.startswith("ant: ../environments/one.yaml, line 1")
