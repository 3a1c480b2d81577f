"""`ant emulator`: serving it, and acting on one in this process or on a served one."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ant_cli.runtime.extras import install_hint
from tests.processes import measured

CREATE = (
    "beta:environments",
    "create",
    "--name",
    "queue",
    "--config",
    "{type: self_hosted}",
    "--transform",
    "id",
    "-r",
)


@pytest.fixture
def local(clean_environ):
    """Run `ant` in a process of its own, with the emulator in a file."""

    def run(*words, **more):
        environ = (
            clean_environ | measured() | {"ANTHROPIC_BASE_URL": "local:emulator.db", "ANTHROPIC_API_KEY": ""} | more
        )
        return subprocess.run(
            [sys.executable, "-m", "ant_cli", *words],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,  # what serves by mistake is a failure, and no hang
        )

    return run


@pytest.fixture
def served(clean_environ):
    """Start `ant emulator start` with more flags, and stop it at the end; returns its base URL and process."""
    running = []

    def start(*flags, **more):
        process = subprocess.Popen(
            [sys.executable, "-m", "ant_cli", "emulator", "start", "--database", ":memory:", *flags],
            env=clean_environ | measured() | {"ANTHROPIC_API_KEY": ""} | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process.stdout.readline().strip(), process

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate()


def test_work_goes_through_a_queue(local):
    """Enqueue, poll, ack and stats, each in a process of its own."""
    environment_id = local(*CREATE).stdout.strip()
    done = local(
        "emulator", "enqueue", environment_id, "--count", "2", "--metadata", "{team: a}", "--session-id", "s"
    )
    assert (done.returncode, len(done.stdout.split())) == (0, 2)
    item = json.loads(local("beta:environments:work", "poll", environment_id).stdout)
    assert item["id"] == done.stdout.split()[0]
    assert item["metadata"] == {"team": "a"}
    assert item["data"]["id"] == "s"
    stats = json.loads(local("beta:environments:work", "stats", environment_id).stdout)
    assert (stats["depth"], stats["pending"]) == (1, 1)


def test_enqueued_items_can_be_had_as_data(local):
    """--format and --transform work as everywhere."""
    environment_id = local(*CREATE).stdout.strip()
    done = local("emulator", "enqueue", environment_id, "--transform", "state", "--format", "jsonl")
    assert done.stdout == '"queued"\n'


def test_reset_forgets_everything(local):
    """Afterwards the list is empty."""
    local(*CREATE)
    assert local("emulator", "reset").returncode == 0
    assert local("beta:environments", "list").stdout == ""


def test_a_fault_comes_as_often_as_was_asked(local):
    """Two failures are outlived by two retries; what is left can be listed and cleared."""
    flags = ("--path-contains", "environments", "--status", "529", "--retry-after-ms", "1")
    assert json.loads(local("emulator", "fault", *flags, "--times", "3").stdout)["times"] == 3
    assert local("beta:environments", "list", "--max-retries", "1").returncode == 7
    assert local("emulator", "fault", "--list", "--transform", "times").stdout == "1\n"
    assert local("beta:environments", "list").returncode == 0
    local("emulator", "fault", *flags)
    assert json.loads(local("emulator", "fault", "--clear").stdout)["count"] == 1
    assert local("beta:environments", "list", "--max-retries", "0").returncode == 0


def test_a_fault_may_drop_the_connection(local):
    """A dropped connection is a network failure, in this process as well."""
    local("emulator", "fault", "--path-contains", "environments", "--disconnect", "--times", "1")
    done = local("beta:environments", "list", "--max-retries", "0")
    assert (done.returncode, done.stdout) == (8, "")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("fault",), ["status"]),
        (("enqueue", "env_000000000000000000000000"), ["404"]),
        (("enqueue",), ["ENVIRONMENT_ID"]),
        (("enqueue", "env_1", "--metadata", "[1]"), ["--metadata", "keys and values"]),
        (("enqueue", "env_1", "--count", "0"), ["--count must be a whole number from 1 to 10000, got '0'."]),
        (("start", "--port", "abc"), ["--port must be a whole number from 0 to 65535, got 'abc'."]),
        (("fault", "--status", ""), ["--status must be a whole number from 400 to 599, got ''."]),
        (("fault", "--retry-after-ms", "-1"), ["--retry-after-ms must be a whole number from 0 to"]),
        (("fault", "--status", "500", "--times", "9" * 5000), ["--times must be a whole number from 1 to"]),
        (("start", "--port"), ["`ant emulator start --help`"]),
        (("start", "--prot", "1"), ["`ant emulator start --help`"]),
        (("start", "--host", "a..b", "--api-key", "k"), ["can't listen at a..b:0: not a host name."]),
        (("start", "--api-key", "schlüssel"), ["--api-key contains a character that no key has"]),
        (("enqueue", ".."), ["ENVIRONMENT_ID must be an ID, got '..'"]),
        (("fault", "--list", "--clear"), ["--list and --clear exclude each other."]),
        (("status",), ["no emulator is running", "ant emulator start"]),
        (("stop",), ["no emulator is running", "ant emulator start"]),
        (("stop", "--all"), ["no emulator is running"]),
        (("stop", "--all", "--port", "1"), ["--all and --port exclude each other."]),
        (("start", "--lease-seconds", "301"), ["--lease-seconds must be a whole number from 1 to 300, got '301'."]),
        (("start", "--workspace-id", "a b"), ["--workspace-id must be an ID of visible ASCII characters"]),
        (("enqueue", "env_1", "--type", "dance"), ["--type must be session or healthcheck, got 'dance'."]),
        (("session", "create", "--script", "no.yaml"), ["--script: 'no.yaml' can't be read"]),
        (("session", "create"), ["no self-hosted environment"]),
        (("session", "show", ".."), ["SESSION_ID must be an ID, got '..'"]),
        (("session", "show", "session_1"), ["404"]),
        (("session", "shwo"), ["shwo", "show"]),
        (("clock", "--now", "noon"), ["now: must be an RFC 3339 timestamp"]),
        (("clock", "--advance-ms", "-1"), ["--advance-ms must be a whole number"]),
        (("fault", "--after", "x", "--status", "500"), ["--after must be a whole number from 0 to 1000000"]),
        (("strat",), ["strat", "`ant emulator --help`"]),
    ],
)
def test_what_cannot_be_done_is_said(local, words, parts):
    """A clear message, and nothing on stdout."""
    done = local("emulator", *words)
    assert done.returncode in (1, 2, 5)
    assert done.stdout == ""
    assert all(part in done.stderr for part in parts)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "emulator.invalid"])
def test_an_address_that_others_can_reach_is_not_served_without_a_key(served, host):
    """It is refused before it listens, so that no URL is ever printed."""
    url, process = served("--host", host)
    assert url == ""
    _, stderr = process.communicate()
    assert (process.returncode, "--api-key" in stderr) == (2, True)


def test_the_real_api_is_never_asked(ant):
    """Without a base URL there is no emulator to act on."""
    result = ant("emulator", "reset", replies=[])
    assert result.exit == 2
    assert "--local" in result.stderr


def test_a_served_emulator_prints_its_url_and_serves_until_it_is_stopped(served, local):
    """SIGTERM and SIGINT end it with success; requests are logged on stderr, without a query."""
    for number in (signal.SIGTERM, signal.SIGINT):
        url, process = served()
        assert local("beta:environments", "list", "--base-url", url, "--api-key", "any").returncode == 0
        process.send_signal(number)
        stdout, stderr = process.communicate()
        assert (process.returncode, stdout) == (0, "")
        assert "GET /v1/environments 200" in stderr


def test_a_served_emulator_may_print_its_url_as_json(served):
    """--format json is for scripts."""
    line, _ = served("--format", "jsonl")
    assert json.loads(line)["base_url"].startswith("http://127.0.0.1:")


def test_a_served_emulator_may_have_a_key_of_its_own(served, local):
    """Any other key is refused with 401, exit code 4."""
    url, _ = served("--api-key", "sk-of-its-own")
    assert local("beta:environments", "list", "--base-url", url, ANTHROPIC_API_KEY="other").returncode == 4
    assert local("beta:environments", "list", "--base-url", url, ANTHROPIC_API_KEY="sk-of-its-own").returncode == 0
    assert local("emulator", "reset", "--base-url", url, ANTHROPIC_API_KEY="other").returncode == 4


def test_env_names_the_emulator_that_runs(served, local):
    """What it prints can be evaluated by a shell; a key is not among it."""
    url, process = served()
    variables = f"export ANTHROPIC_BASE_URL={url}\nexport ANTHROPIC_API_KEY=sk-ant-emulator\n"
    assert local("emulator", "env").stdout == variables
    process.terminate()
    process.communicate()
    assert local("emulator", "env").returncode == 1
    url, _ = served("--api-key", "sk-of-its-own")
    done = local("emulator", "env")
    assert done.stdout == f"export ANTHROPIC_BASE_URL={url}\n"
    assert "sk-of-its-own" not in done.stderr


def test_env_without_an_emulator_lets_no_worker_run(local):
    """Evaluated by a shell, what it prints fails, so that nothing runs with what the shell has by now."""
    printed = local("emulator", "env").stdout
    done = subprocess.run(
        ["sh", "-c", f"eval '{printed}' && echo ran"], capture_output=True, text=True, check=False
    )
    assert (printed, done.stdout) == ("false\n", "")
    assert done.returncode == 1


def test_env_waits_for_an_emulator_to_start(served, clean_environ):
    """A script that starts one in the background needs no sleep."""
    waiting = subprocess.Popen(
        [sys.executable, "-m", "ant_cli", "emulator", "env", "--wait", "30"],
        env=clean_environ | measured(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    url, _ = served()
    stdout, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, stdout.splitlines()[0]) == (0, f"export ANTHROPIC_BASE_URL={url}")


def test_of_several_emulators_env_names_each_and_takes_the_port(served, local):
    """It does not choose: the message names the ports, and --port is the choice."""
    urls = sorted((served()[0] for _ in range(2)), key=lambda url: int(url.rpartition(":")[2]))
    ports = [url.rpartition(":")[2] for url in urls]
    done = local("emulator", "env")
    assert (done.returncode, done.stdout) == (2, "false\n")
    assert f"--port {ports[0]}, --port {ports[1]}" in done.stderr
    assert urls[1] in local("emulator", "env", "--port", ports[1]).stdout
    done = local("emulator", "env", "--port", "1")
    assert (done.returncode, done.stdout) == (1, "false\n")
    assert ports[0] in done.stderr
    listed = local("emulator", "status", "--transform", "base_url", "-r").stdout
    assert listed.split() == urls
    assert local("emulator", "stop").returncode == 2
    assert local("emulator", "stop", "--port", ports[0]).returncode == 0
    assert local("emulator", "status").stdout.startswith(f"{urls[1]}  pid ")
    assert local("emulator", "stop", "--all").returncode == 0
    assert local("emulator", "status").returncode == 1


def test_an_emulator_can_be_started_in_the_background_and_stopped(local, clean_environ):
    """It serves when the command returns, keeps its log where only the user can read it, and ends by `stop`."""
    started = local("emulator", "start", "--detach", "--database", "own.db", "--api-key", "sk-of-its-own")
    try:
        url = started.stdout.strip()
        assert (started.returncode, "ant emulator stop" in started.stderr) == (0, True)
        key = {"ANTHROPIC_API_KEY": "sk-of-its-own"}
        assert local("beta:environments", "list", "--base-url", url, **key).returncode == 0
        assert local("beta:environments", "list", "--base-url", url, ANTHROPIC_API_KEY="other").returncode == 4
    finally:
        stopped = local("emulator", "stop")
    assert (stopped.returncode, stopped.stderr) == (0, f"Stopped the emulator at {url}.\n")
    assert local("beta:environments", "list", "--base-url", url, "--max-retries", "0", **key).returncode == 8
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    assert [path.name for path in folder.iterdir()] == ["emulator.log"]
    log = folder / "emulator.log"
    assert "GET /v1/environments 200" in log.read_text()
    assert "sk-of-its-own" not in log.read_text()
    assert {path.stat().st_mode & 0o777 for path in (folder.parent, folder)} == {0o700}
    assert log.stat().st_mode & 0o777 == 0o600


def test_an_emulator_that_does_not_start_in_the_background_is_said(served, local):
    """What it says is the message."""
    url, _ = served()
    port = url.rpartition(":")[2]
    done = local("emulator", "start", "--detach", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the emulator did not start: the emulator can't listen at 127.0.0.1:{port}" in done.stderr


def test_a_killed_emulator_is_none_that_runs(served, local, clean_environ):
    """Its note is removed: the number of its process may be another's by now."""
    _, process = served()
    process.kill()
    process.communicate()
    done = local("emulator", "stop")
    assert (done.returncode, "no emulator is running" in done.stderr) == (1, True)
    assert list((Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators").iterdir()) == []


def test_responses_name_the_account_that_was_chosen(served, local):
    """The identity and the length of leases are those of the command line."""
    url, _ = served("--organization-id", "org_1", "--workspace-id", "wrkspc_1", "--lease-seconds", "7")
    done = local("beta:environments", "list", "--base-url", url, "--api-key", "any", "--debug")
    assert "anthropic-organization-id: org_1" in done.stderr.lower()
    assert "anthropic-workspace-id: wrkspc_1" in done.stderr.lower()
    at = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "any"}
    queue = local(*CREATE, **at).stdout.strip()
    work = local("emulator", "enqueue", queue, **at).stdout.strip()
    local("beta:environments:work", "ack", work, "--environment-id", queue, **at)
    beat = local("beta:environments:work", "heartbeat", work, "--environment-id", queue, **at)
    assert json.loads(beat.stdout)["ttl_seconds"] == 7


SCRIPT = """
- tool: bash
  input: {command: ls}
  expect: {is_error: false}
- message: Done.
- terminate
"""


def test_a_session_follows_a_script(local, tmp_path):
    """It is made from YAML, its work is in the queue, and its events are a line each."""
    queue = local(*CREATE).stdout.strip()
    (tmp_path / "script.yaml").write_text(SCRIPT)
    created = local(
        "emulator", "session", "create", "--script", str(tmp_path / "script.yaml"), "--environment", queue
    )
    session = created.stdout.strip()
    item = json.loads(local("beta:environments:work", "poll", queue).stdout)
    assert item["data"] == {"id": session, "type": "session"}
    assert item["secret"]
    lines = local("emulator", "session", "show", session).stdout.splitlines()
    assert [line.split()[1] for line in lines] == [
        "user.message",
        "session.status_running",
        "agent.tool_use",
        "session.status_idle",
    ]
    names = local("emulator", "session", "show", session, "--transform", "type", "-r").stdout.split()
    assert names[2] == "agent.tool_use"


def test_work_may_have_no_secret_or_be_a_healthcheck(local):
    """Both are flags of enqueue."""
    queue = local(*CREATE).stdout.strip()
    local("emulator", "enqueue", queue, "--type", "healthcheck", "--no-secret")
    item = json.loads(local("beta:environments:work", "poll", queue).stdout)
    assert (item["data"]["type"], item["secret"]) == ("healthcheck", None)


def test_a_secret_is_not_shown_in_a_debug_log(local):
    """It is the worker's alone: --debug has the response without it."""
    queue = local(*CREATE).stdout.strip()
    local("emulator", "enqueue", queue)
    done = local("beta:environments:work", "poll", queue, "--debug")
    secret = json.loads(done.stdout)["secret"]
    assert '"secret"' in done.stderr
    assert secret not in done.stderr


def test_the_clock_can_be_moved(local):
    """It is shown, and moved forward or to a time."""
    assert local("emulator", "clock", "--now", "2030-01-02T03:04:05Z").stdout == "2030-01-02T03:04:05.000000Z\n"
    moved = local("emulator", "clock", "--advance-ms", "86400000").stdout
    assert moved.startswith("2030-01-03T03:04:")
    assert local("emulator", "clock").stdout.startswith("2030-01-03T03:0")


def test_a_fault_may_come_after_some_requests(local):
    """The first passes, and the second fails."""
    asked = local("emulator", "fault", "--path-contains", "environments", "--status", "500", "--after", "1")
    assert json.loads(asked.stdout)["after"] == 1
    codes = [local("beta:environments", "list", "--max-retries", "0").returncode for _ in range(2)]
    assert codes == [0, 7]


def test_an_address_that_is_taken_is_said(served, local):
    """The message names the address, and `env` still finds the emulator that has it."""
    url, _ = served()
    port = url.rpartition(":")[2]
    done = local("emulator", "start", "--port", port)
    assert done.returncode == 1
    assert done.stderr == f"ant: the emulator can't listen at 127.0.0.1:{port}: address already in use.\n"
    assert url in local("emulator", "env").stdout


@pytest.mark.parametrize("note", ["", "[]", "3", "{}", '{"pid": 1}', "base_url, pid and has_key"])
def test_a_note_that_says_nothing_is_no_emulator(local, clean_environ, note):
    """Whatever is in the file: it may have been cut short, or be another version's."""
    path = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators" / "1.json"
    path.parent.mkdir(parents=True)
    path.write_text(note)
    done = local("emulator", "env")
    assert (done.returncode, done.stderr) == (1, "ant: no emulator is running.\nStart one: ant emulator start\n")


@pytest.mark.parametrize("pid", [None, "1", 10**30, 1])
def test_a_note_that_nobody_holds_is_no_emulator(local, clean_environ, pid):
    """The number of a process says nothing: it may be another's by now."""
    path = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators" / "1.json"
    path.parent.mkdir(parents=True)
    note = {"base_url": "http://127.0.0.1:1", "pid": pid, "has_key": False, "database": "x"}
    path.write_text(json.dumps(note))
    assert local("emulator", "env").returncode == 1
    assert not path.exists()


def test_serving_the_emulator_without_waitress_says_what_to_install(local, tmp_path):
    """Only `ant emulator start` needs the extra; the emulator in the process works without it."""
    (tmp_path / "waitress.py").write_text("raise ImportError('no', name='waitress')")
    assert local(*CREATE, PYTHONPATH=str(tmp_path)).returncode == 0
    done = local("emulator", "start", PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == f"ant: serving the emulator needs waitress.\n{install_hint('emulator')}\n"


def test_a_database_that_is_none_is_refused(local, tmp_path):
    """A file that is something else is left alone."""
    (tmp_path / "emulator.db").write_text("something else, and long enough to be looked at" * 100)
    done = local("beta:environments", "list")
    assert done.returncode == 2
    assert "database" in done.stderr
    assert (tmp_path / "emulator.db").stat().st_size > 1000


@pytest.mark.parametrize("is_served", [False, True])
def test_a_slash_in_an_id_reaches_no_other_endpoint(local, served, is_served):
    """It is 404 in the process and over HTTP, and nothing is archived."""
    url = {"ANTHROPIC_BASE_URL": served()[0], "ANTHROPIC_API_KEY": "any"} if is_served else {}
    environment_id = local(*CREATE, **url).stdout.strip()
    assert local("beta:environments", "retrieve", f"{environment_id}/work/stats", **url).returncode == 5
    done = local("beta:environments", "update", f"{environment_id}/archive", "--name", "n", **url)
    assert done.returncode == 5
    assert f"there is no environment '{environment_id}/archive'" in done.stderr
    found = json.loads(local("beta:environments", "retrieve", environment_id, **url).stdout)
    assert (found["name"], found["archived_at"]) == ("queue", None)


@pytest.mark.parametrize("odd", ["é", "環境", "%", "a?b#c"])
def test_an_id_is_named_as_it_was_typed(local, odd):
    """Beyond ASCII as well."""
    done = local("beta:environments", "retrieve", odd)
    assert done.returncode == 5
    assert f"there is no environment '{odd}'" in done.stderr


@pytest.mark.parametrize("words", [("enqueue", "{}"), ("reset",), ("fault", "--list")])
def test_a_profile_may_name_the_emulator(local, words):
    """--profile counts for what acts on an emulator, as for the API's commands."""
    assert local("profile", "create", "here", "--base-url", "local:other.db").returncode == 0
    assert local("profile", "create", "active", "--base-url", "https://api.anthropic.com").returncode == 0
    environment_id = local(*CREATE, "--profile", "here", ANTHROPIC_BASE_URL="").stdout.strip()
    named = [word.format(environment_id) for word in words]
    assert local("emulator", *named, "--profile", "here", ANTHROPIC_BASE_URL="").returncode == 0
    assert local("emulator", *named, "--profile", "active", ANTHROPIC_BASE_URL="").returncode == 2


def test_help_says_what_the_emulator_is_and_is_not(local):
    """What it is faithful to, what it lacks, its own rules, and examples."""
    page = local("emulator", "--help").stdout
    parts = ("as the API was recorded to", "no sandboxes", "docs/emulator.md", "Examples:\n  # ")
    assert all(part in page for part in parts)


@pytest.mark.parametrize("name", ["start", "enqueue", "fault", "env", "clock"])
def test_options_look_as_everywhere(local, name):
    """TEXT and NUMBER, and no types or ranges of Python's."""
    page = local("emulator", name, "--help").stdout.partition("Global flags:")[0]
    assert " NUMBER  " in page
    assert not any(part in page for part in ("<", "range", "x>="))


def test_a_home_that_cannot_be_written_is_said_with_a_way_out(local):
    """The reason is as in other messages, and the hint names what works."""
    nowhere = {"ANTHROPIC_BASE_URL": "local:", "XDG_STATE_HOME": "/dev/null/state"}
    done = local("beta:environments", "list", **nowhere)
    assert (done.returncode, done.stdout) == (2, "")
    assert "/dev/null/state/ant: not a directory." in done.stderr
    assert "Errno" not in done.stderr
    assert all(way in done.stderr for way in ("local:PATH", "local::memory:"))
    done = local("beta:environments", "list", "--base-url", "local:/dev/null/state/x.db")
    assert "x.db cannot be opened: " in done.stderr
    assert "Errno" not in done.stderr


def test_without_a_state_folder_the_emulator_is_served_all_the_same(served, local):
    """Only `env` can't find it, which is said."""
    url, process = served(XDG_STATE_HOME="/dev/null/state")
    assert local("beta:environments", "list", "--base-url", url, "--api-key", "any").returncode == 0
    process.terminate()
    stderr = process.communicate()[1]
    assert process.returncode == 0
    assert "`ant emulator env` won't find" in stderr
