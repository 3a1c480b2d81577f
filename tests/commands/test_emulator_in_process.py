"""`ant emulator` in this process, where nothing is served and no emulator is started."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from ant_cli.commands import emulator_serve
from ant_cli.commands.emulator_registry import RunningEmulator, register
from tests.conftest import make_runtime, needs_posix
from tests.helpers.words import LIST

CREATE = (
    *("beta:environments", "create", "--name", "queue", "--config", "{type: self_hosted}"),
    *("--transform", "id", "-r"),
)
ENVIRON = {"ANTHROPIC_BASE_URL": "local:emulator.db", "ANTHROPIC_API_KEY": ""}
"""The emulator is in a file."""
NOTE = {"base_url": "http://127.0.0.1:1", "pid": 1, "has_key": False, "database": "x"}
"""The file of an emulator."""
WORK = {"count": 1, "type": "session", "secret": True}
"""What is sent for work without flags."""


@pytest.fixture
def local(ant):
    """Run `ant` in this process, with the emulator in a file."""
    return lambda *words, **more: ant(*words, env=ENVIRON | more, network=True)


@pytest.mark.parametrize("words", ["enqueue env_1", "key env_1", "session show session_1"])
@pytest.mark.parametrize(
    "reply", [{}, [], {"data": [1], "events": 5, "environment_key": 1}, {"data": "x"}]
)
def test_an_emulator_command_rejects_the_response_of_another_server(ant, words, reply):
    """It accepts any path, and says nothing that this command could print."""
    result = ant("emulator", *words.split(), "--base-url", "http://other.example", replies=[reply])
    assert (result.exit, result.stdout) == (1, "")
    assert result.stderr == "ant: the server at the base URL is not the emulator.\n"


@pytest.mark.parametrize(
    ("words", "method", "body"),
    [
        ("enqueue env_1", "POST", WORK),
        ("enqueue env_1 --no-secret", "POST", WORK | {"secret": False}),
        (
            "enqueue env_1 --metadata a=b --count 2",
            "POST",
            WORK | {"metadata": {"a": "b"}, "count": 2},
        ),
        ("key env_1", "POST", None),
        ("session show session_1", "GET", None),
        ("requests", "GET", None),
        ("requests --clear", "DELETE", None),
        ("clock", "GET", None),
        ("clock --advance-ms 5", "POST", {"advance_ms": 5}),
        (
            "clock --now 2030-01-02T03:04:05+01:00",
            "POST",
            {"now": "2030-01-02T03:04:05+01:00"},
        ),
        (
            "fault --method post --status 500 --header a:b",
            "POST",
            {
                "method": "POST",
                "status": 500,
                "headers": ["a:b"],
                "times": 1,
                "delay_ms": 0,
                "after": 0,
            },
        ),
        ("fault --list", "GET", None),
        ("fault --clear", "DELETE", None),
        ("reset --yes", "POST", None),
    ],
)
def test_an_emulator_command_sends_what_its_flags_say(ant, words, method, body):
    """And the defaults that the help shows."""
    sent = ant("emulator", *words.split(), "--base-url", "http://other.example", replies=[{}])
    content = sent.request.content
    assert (sent.request.method, json.loads(content) if content else None) == (method, body)


def test_what_was_cleared_and_reset_is_said(ant):
    """A program has nothing to read."""
    for words, said in (
        ("requests --clear", "The journal is empty."),
        ("reset --yes", "The emulator is empty."),
    ):
        done = ant("emulator", *words.split(), "--base-url", "http://other.example", replies=[{}])
        assert (done.exit, done.stdout, done.stderr) == (0, "", f"{said}\n")


def test_a_session_is_shown_by_its_events_without_their_ids(ant):
    """Other members are shown as JSON, but not those that are null."""
    events = [
        {"id": "e_1", "type": "user.message", "processed_at": "t1", "text": "caf\u00e9", "n": None},
        {"id": "e_2", "type": "session.status_idle", "processed_at": None},
    ]
    words = ("emulator", "session", "show", "session_1", "--base-url", "http://other.example")
    shown = ant(*words, replies=[{"events": events}]).stdout
    assert shown == 't1  user.message  {"text": "caf\u00e9"}\nNone  session.status_idle\n'


def test_a_request_of_the_journal_is_a_line_with_what_it_has(ant):
    """One without a response says so."""
    entries = [
        {
            "time": "t1",
            "method": "GET",
            "path": "/a",
            "status": 200,
            "request_id": "r",
            "error": "",
        },
        {
            "time": "t2",
            "method": "GET",
            "path": "/b",
            "status": None,
            "fault": "f_1",
            "error": None,
        },
    ]
    words = ("emulator", "requests", "--base-url", "http://other.example")
    lines = ant(*words, replies=[{"data": entries}]).stdout.splitlines()
    assert lines == ["t1  GET  /a  200  r  ", "t2  GET  /b  no response  f_1"]


OTHER = ("--base-url", "http://other.example")


def test_faults_are_printed_as_json_or_as_asked_for(ant):
    """One after another. They have no form for people."""
    listed = ("emulator", "fault", "--list", *OTHER)
    assert ant(*listed, replies=[{"data": [{"id": "f_1"}]}]).json == {"id": "f_1"}
    as_yaml = ant(*listed, "--format", "yaml", replies=[{"data": [{"id": "f_1"}]}])
    assert as_yaml.stdout == "id: f_1\n"


@pytest.mark.parametrize("time", ["2030-01-02T03:04:05", "2030-01-02", "noon"])
def test_the_clock_is_set_to_a_time_with_its_offset_only(ant, time):
    """Otherwise it would depend on the zone of a machine."""
    refusal = ant("emulator", "clock", "--now", time, *OTHER).refusal
    assert (
        f"--now must be a time with its offset, such as 2026-03-15T10:00:00Z, got {time!r}."
        in refusal
    )


def test_a_script_may_come_from_stdin(ant):
    """As from a file."""
    sent = ant("emulator", "script", "-", *OTHER, stdin="[terminate]", replies=[{"id": "s_1"}])
    assert (sent.body["script"], sent.stdout) == (["terminate"], "s_1\n")


def test_env_without_an_emulator_fails_when_a_shell_evaluates_it(local):
    """A worker after `&&` does not run with the previous variables of the shell."""
    printed = local("emulator", "env").stdout
    done = subprocess.run(
        ["sh", "-c", f"eval '{printed}' && echo ran"], capture_output=True, text=True, check=False
    )
    assert (printed, done.stdout, done.returncode) == ("false\n", "", 1)


def test_stop_succeeds_if_the_emulator_ends_by_itself(ant, clean_environ, monkeypatch):
    """It may end after it was found and before the signal."""
    running = RunningEmulator(
        "http://127.0.0.1:8080", pid=2**22, has_key=False, database=":memory:"
    )
    with ExitStack() as life:
        register(running, life, make_runtime(clean_environ))

        def kill(*_):
            life.close()
            raise ProcessLookupError(3, "No such process")

        monkeypatch.setattr("os.kill", kill)
        done = ant("emulator", "stop")
    assert (done.exit, done.stderr) == (0, "Stopped the emulator at http://127.0.0.1:8080.\n")


@needs_posix("the start time of a process")
@pytest.mark.parametrize("identity", ["", "boot pid:[4026531836] 1"])
def test_stop_does_not_end_a_process_of_another_container_that_has_the_same_id(
    ant, clean_environ, identity
):
    """The file is in a home folder that containers share, and is locked by an emulator there."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("only Linux has containers of this kind")
    with subprocess.Popen(["sleep", "60"]) as victim, ExitStack() as life:
        life.callback(victim.kill)
        running = RunningEmulator("http://127.0.0.1:8080", victim.pid, False, ":memory:", identity)  # noqa: FBT003 - a field
        register(running, life, make_runtime(clean_environ))
        done = ant("emulator", "stop")
        assert (done.exit, victim.poll()) == (1, None)
        message = (
            "not stopped: http://127.0.0.1:8080. No process here is known to be this emulator: "
        )
        assert message in done.stderr
        assert "identity" not in ant("emulator", "status", "--format", "json").stdout


def test_emulators_are_listed_by_the_number_of_their_port(ant, clean_environ):
    """Not by its text, by which 43210 would come before 8080."""
    with ExitStack() as life:
        for port in (43210, 8080):
            url = f"http://127.0.0.1:{port}"
            running = RunningEmulator(url, pid=7, has_key=False, database=":memory:")
            register(running, life, make_runtime(clean_environ))
        listed = ant("emulator", "status", "--transform", "base_url", "-r").stdout.split()
    assert [url.rpartition(":")[2] for url in listed] == ["8080", "43210"]


def test_two_emulators_with_the_same_process_id_do_not_wait_for_each_other(ant, clean_environ):
    """Each container counts its own processes."""
    with ExitStack() as life:
        for port in (8080, 8081):
            running = RunningEmulator(
                f"http://127.0.0.1:{port}", pid=7, has_key=False, database=":memory:"
            )
            register(running, life, make_runtime(clean_environ))
        assert ant("emulator", "status", "--transform", "pid", "-r").stdout == "7\n7\n"


def test_the_file_of_a_killed_emulator_is_removed_and_that_of_a_running_one_at_its_end(
    ant, clean_environ
):
    """The system may give the process ID of a killed emulator to another one."""
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    folder.mkdir(parents=True)
    killed = RunningEmulator("http://127.0.0.1:8079", pid=7, has_key=False, database=":memory:")
    (folder / "7.lock").write_text(json.dumps(killed._asdict()))
    running = RunningEmulator("http://127.0.0.1:8080", pid=7, has_key=False, database=":memory:")
    with ExitStack() as life:
        register(running, life, make_runtime(clean_environ))
        assert ant("emulator", "status").stdout.startswith("http://127.0.0.1:8080  pid 7  ")
    assert list(folder.iterdir()) == []


def test_a_system_that_refuses_the_first_thread_is_answered_by_a_sentence(ant, monkeypatch):
    """It is not a bug of this program."""

    def refuse(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    done = ant("emulator", "start", "--database", ":memory:")
    assert (
        done.exit,
        done.stderr.startswith("ant: the operating system refused another thread."),
    ) == (
        1,
        True,
    )


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--worlds", "--database", "a.db"), "--worlds needs --database :memory:"),
        (
            ("--worlds", "--api-key", "sk-of-its-own"),
            "--worlds and --api-key can't be used together",
        ),
        (("--seed", "0", "--database", "a.db"), "--seed needs --database :memory:"),
        (
            ("--until-stdin-closes", "--detach"),
            "--until-stdin-closes and --detach can't be used together",
        ),
    ],
)
def test_flags_of_start_that_exclude_each_other_are_refused(local, flags, why):
    """Before anything is served."""
    done = local("emulator", "start", *flags)
    assert (done.exit, why in done.stderr) == (2, True), done.stderr


def test_an_interrupted_start_leaves_no_detached_emulator_running(local, monkeypatch):
    """Nobody knows its address."""
    program = f"read key; echo $$ > pid; kill -INT {os.getpid()}; exec sleep 600"
    monkeypatch.setattr(emulator_serve, "own_command", lambda *_: ["/bin/sh", "-c", program])
    assert local("emulator", "start", "--detach", "--api-key", "sk-of-its-own").exit == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), 0)


def test_an_interrupted_start_closes_the_pipes_of_the_emulator(local, monkeypatch):
    """Whether or not it has got its key."""
    processes = []

    def interrupt(process, _key):
        processes.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(emulator_serve, "_base_url_of", interrupt)
    assert local("emulator", "start", "--detach", "--api-key", "sk-of-its-own").exit == 130
    assert [(process.stdin.closed, process.stdout.closed) for process in processes] == [
        (True, True)
    ]


def test_a_nightly_clean_up_can_be_tested_by_moving_the_clock(local, ant):
    """Filters and ages are relative to the emulator's clock, which its responses show."""
    environment_id = local(*CREATE).stdout
    clean_up = (*LIST, "--filter", "created_at<now-7d", "--transform", "id", "-r")
    assert local(*clean_up).stdout == ""
    local("emulator", "clock", "--advance-ms", str(7 * 86_400_000))
    assert local(*clean_up).stdout == environment_id
    table = ant(*LIST, env=ENVIRON, network=True, terminal=True).stdout
    assert "7 d ago" in table
    local("emulator", "clock", "--now", "2020-01-01T00:00:00Z")
    assert local(*clean_up).stdout == ""


def test_clock_shows_the_time_and_moves_it_forward_or_to_a_time(local):
    """Leases can expire without waiting."""
    assert (
        local("emulator", "clock", "--now", "2030-01-02T03:04:05Z").stdout
        == "2030-01-02T03:04:05.000000Z\n"
    )
    moved = local("emulator", "clock", "--advance-ms", "86400000").stdout
    assert moved.startswith("2030-01-03T03:04:")
    assert local("emulator", "clock").stdout.startswith("2030-01-03T03:0")


@pytest.mark.parametrize(
    "note",
    ["", "[]", "3", "{}", '{"pid": 1}', "base_url, pid and has_key"]
    + [json.dumps(NOTE | {"pid": pid}) for pid in (None, "1", 10**30, 1)],
)
def test_an_emulator_file_that_is_malformed_or_that_no_process_locks_is_ignored(
    local, clean_environ, note
):
    """It may be of another version, and is kept then. A process ID may belong to another process by now."""
    path = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators" / "1.lock"
    path.parent.mkdir(parents=True)
    path.write_text(note)
    done = local("emulator", "env")
    assert (done.exit, done.stderr) == (
        1,
        "ant: no emulator is running.\nStart one: ant emulator start\n",
    )
    assert path.exists() is (json.dumps("has_key") not in note)


def test_a_named_database_that_is_created_is_noted_once_at_a_terminal(ant):
    """In another folder, the same name is another file, which is empty."""
    shown = [
        ant(*LIST, env={"ANTHROPIC_BASE_URL": f"local:{name}"}, network=True, terminal=terminal)
        for name, terminal in (("a.db", True), ("a.db", True), ("b.db", False), (":memory:", True))
    ]
    assert ["Created a.db" in each.stderr for each in shown] == [True, False, False, False]
    assert "Created" not in "".join(each.stderr for each in shown[1:])


@pytest.mark.parametrize("odd", ["é", "環境", "%", "a?b#c"])
def test_the_error_for_an_unknown_id_quotes_it_unchanged(local, odd):
    """This includes text outside of ASCII."""
    done = local("beta:environments", "retrieve", odd)
    assert done.exit == 5
    assert f"there is no environment '{odd}'" in done.stderr


@pytest.mark.parametrize("words", [("enqueue", "{}"), ("reset",), ("fault", "--list")])
def test_emulator_commands_use_the_base_url_of_a_profile(local, words):
    """`--profile` has the same effect as for the commands of the API."""
    assert local("profile", "create", "here", "--base-url", "local:other.db").exit == 0
    assert local("profile", "create", "active", "--base-url", "https://api.anthropic.com").exit == 0
    environment_id = local(*CREATE, "--profile", "here", ANTHROPIC_BASE_URL="").stdout.strip()
    named = [word.format(environment_id) for word in words]
    assert local("emulator", *named, "--profile", "here", ANTHROPIC_BASE_URL="").exit == 0
    assert local("emulator", *named, "--profile", "active", ANTHROPIC_BASE_URL="").exit == 2


def test_an_unwritable_home_is_an_error_with_an_alternative(local):
    """The hint names a database that works."""
    nowhere = {"ANTHROPIC_BASE_URL": "local:", "XDG_STATE_HOME": "/dev/null/state"}
    done = local(*LIST, **nowhere)
    assert (done.exit, done.stdout) == (2, "")
    assert "/dev/null/state/ant: not a directory." in done.stderr
    assert "Errno" not in done.stderr
    assert all(way in done.stderr for way in ("local:PATH", "local::memory:"))


@pytest.mark.parametrize(
    ("delay", "missing"), [("--delay-ms", "response"), ("--body-delay-ms", "more of the response")]
)
def test_the_timeout_applies_to_a_fault_in_the_process(ant, monkeypatch, delay, missing):
    """The command does not wait for the delay of ten minutes. The environment is created, as on a server."""
    waited = []
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", waited.append)
    ant("--local", "emulator", "fault", delay, "600000", "--method", "POST")
    create = ("--local", "beta:environments", "create", "--name", "n", "--config", "{type: cloud}")
    result = ant(*create, "--timeout", "1.5")
    assert (result.exit, [*filter(None, waited)]) == (8, [1.5])
    assert f"no {missing} within 1.5 s" in result.stderr
    assert ant("--local", *LIST, "--transform", "name", "-r").stdout == "n\n"


def test_the_error_of_a_dropped_connection_has_the_id_of_the_fault(ant):
    """IDs are case-sensitive."""
    fault_id = ant("--local", "emulator", "fault", "--disconnect", "--times", "9").json["id"]
    result = ant("--local", *LIST, "--max-retries", "0")
    assert (result.exit, fault_id != fault_id.lower()) == (8, True)
    assert f"injected fault ({fault_id}) dropped the connection" in result.stderr


def test_a_database_in_a_folder_that_does_not_exist_is_an_error(ant, tmp_path):
    """A mistyped path must not look like an empty account."""
    refusal = ant("--base-url", f"local:{tmp_path}/missing/emulator.db", *LIST).refusal
    assert f"there is no folder {tmp_path}/missing." in refusal
    assert not (tmp_path / "missing").exists()
    (tmp_path / "file").touch()
    refusal = ant("--base-url", f"local:{tmp_path}/file/emulator.db", *LIST).refusal
    assert f"there is no folder {tmp_path}/file." in refusal


# What people see, and what programs get


def test_new_work_is_printed_by_its_ids_and_as_data_by_its_items(ant):
    """Each work item is one line or one object."""
    items = [{"id": "work_1", "state": "queued"}, {"id": "work_2", "state": "queued"}]
    words = ("emulator", "enqueue", "env_1", "--count", "2", *OTHER)
    assert ant(*words, replies=[{"data": items}]).stdout == "work_1\nwork_2\n"
    as_data = ant(*words, "--transform", "id", "-r", "--format", "jsonl", replies=[{"data": items}])
    assert as_data.stdout == "work_1\nwork_2\n"
    assert ant(*words, "--format", "jsonl", replies=[{"data": []}]).stdout == ""


def test_a_key_is_printed_with_its_environment_only_if_the_server_says_both(ant):
    """A worker needs both the environment's ID and the key."""
    made = {"environment_id": "env_1", "environment_key": "sk-ant-oat01-made"}
    words = ("emulator", "key", "env_1", *OTHER)
    assert ant(*words, replies=[made]).stdout == "sk-ant-oat01-made\n"
    for name in made:
        done = ant(*words, replies=[{name: made[name]}])
        assert (done.exit, done.stdout) == (1, "")
        assert done.stderr == "ant: the server at the base URL is not the emulator.\n"


def test_a_journal_without_requests_is_nothing_for_people_and_for_programs(ant):
    """Only people get a hint."""
    words = ("emulator", "requests", *OTHER)
    empty = ant(*words, replies=[{"data": []}])
    assert (empty.exit, empty.stdout) == (0, "")
    assert empty.stderr == (
        "There are no requests. The journal is in the memory of a served emulator, from its start.\n"
    )
    listed = ant(*words, "--format", "json", "--transform", "@this", replies=[{"data": []}])
    assert (listed.exit, listed.stdout) == (0, "")


def test_a_reset_asks_at_a_terminal_and_does_nothing_without_a_yes(ant):
    """With --yes, or without a terminal, there is no question."""
    asked = []

    def reply(text):
        def ask(question):
            asked.append(question)
            return text

        return ask

    words = ("emulator", "reset", *OTHER)
    refused = ant(*words, terminal=True, ask=reply("n"), replies=[{}])
    assert (refused.exit, refused.requests) == (2, [])
    assert asked == ["Delete everything in the emulator? This can't be undone. [y/N] "]
    assert len(ant(*words, terminal=True, ask=reply("y"), replies=[{}]).requests) == 1
    assert len(ant(*words, "--yes", terminal=True, ask=reply("n"), replies=[{}]).requests) == 1
    assert len(ant(*words, replies=[{}]).requests) == 1
    assert len(asked) == 2


def test_faults_are_listed_or_removed(ant):
    """Both flags together are refused."""
    refused = ant("emulator", "fault", "--list", "--clear", *OTHER, replies=[{}])
    assert (refused.exit, refused.requests) == (2, [])
    assert "--list and --clear can't be used together" in refused.stderr


def test_a_session_is_shown_by_an_id_of_any_form(ant):
    """The ID is encoded as one segment of the path."""
    sent = ant("emulator", "session", "show", "a/b c", *OTHER, replies=[{"events": []}])
    assert sent.request.url.raw_path.startswith(b"/_emulator/sessions/a%2Fb%20c")


def test_a_script_that_can_not_be_read_is_named_with_its_flag(ant):
    """Nothing is sent."""
    Path("bad.yaml").write_bytes(b"- \xff")
    for words, flag in (
        (("script", "{}"), "FILE"),
        (("session", "create", "--script", "{}"), "--script"),
    ):
        for path, why in (("missing.yaml", "no such file"), ("bad.yaml", "UTF-8")):
            named = [word.format(path) for word in words]
            done = ant("emulator", *named, *OTHER, replies=[{}])
            assert (done.exit, done.requests) == (2, [])
            assert all(text in done.stderr for text in (flag, path, why)), done.stderr


def test_a_command_of_the_emulator_is_not_sent_to_the_real_api(ant):
    """The hint says how to name an emulator."""
    done = ant("emulator", "clock", replies=[{}])
    assert (done.exit, done.requests) == (2, [])
    assert done.stderr == (
        "ant: no emulator was named.\n"
        "Name one: --local, or --base-url with the URL that `ant emulator start` printed.\n"
    )


@pytest.mark.parametrize(("seconds", "status"), [("3600", 0), ("3601", 2), ("-1", 2), ("1.5", 2)])
def test_env_waits_for_up_to_an_hour(ant, clean_environ, seconds, status):
    """The time is in whole seconds. If it is refused, stdout is `false`, so that a shell's eval fails."""
    with ExitStack() as life:
        running = RunningEmulator(
            "http://127.0.0.1:8080", pid=7, has_key=False, database=":memory:"
        )
        register(running, life, make_runtime(clean_environ))
        done = ant("emulator", "env", "--wait", seconds)
    assert done.exit == status
    assert (done.stdout == "false\n") == bool(status), done.stdout


def test_stop_takes_all_or_a_port(ant, clean_environ):
    """Both together are refused, because --all may stop more emulators than was meant."""
    with ExitStack() as life:
        running = RunningEmulator(
            "http://127.0.0.1:8080", pid=7, has_key=False, database=":memory:"
        )
        register(running, life, make_runtime(clean_environ))
        done = ant("emulator", "stop", "--all", "--port", "8080")
    assert (done.exit, "--all and --port can't be used together" in done.stderr) == (2, True)
