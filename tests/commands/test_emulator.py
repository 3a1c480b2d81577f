"""`ant emulator`: serving an emulator, and acting on one in this process or on a served one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import ant_cli
from ant_cli.commands import emulator_serve
from ant_cli.commands.emulator_registry import RunningEmulator, register
from ant_cli.runtime.extras import install_hint
from tests.conftest import Result, make_runtime, needs_linux, needs_posix, piped
from tests.helpers.processes import ANT, COVERAGE, run_process, spawn, started
from tests.helpers.words import API_HEADERS, LIST, RETRIEVE

pytestmark = pytest.mark.slow

CREATE = (
    *("beta:environments", "create", "--name", "queue", "--config", "{type: self_hosted}"),
    *("--transform", "id", "-r"),
)


ENVIRON = {"ANTHROPIC_BASE_URL": "local:emulator.db", "ANTHROPIC_API_KEY": ""}
"""The emulator is in a file."""


@pytest.fixture
def local(ant):
    """Run `ant` in this process, with the emulator in a file."""
    return lambda *words, **more: ant(*words, env=ENVIRON | more, network=True)


@pytest.fixture
def separate(clean_environ):
    """Run `ant` in a separate process, with the emulator in a file."""

    def run(*words, stdin=subprocess.DEVNULL, **more):
        done = run_process([*ANT, *words], clean_environ | ENVIRON | more, timeout=30, stdin=stdin)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def served(clean_environ):
    """Start `ant emulator start` with more flags, and stop it at the end. Returns its base URL and process."""
    running = []

    def start(*flags, stdin=subprocess.DEVNULL, **more):
        environ = clean_environ | COVERAGE | {"ANTHROPIC_API_KEY": ""} | more
        process = spawn(
            [*ANT, "emulator", "start", "--database", ":memory:", *flags], environ, stdin=stdin
        )
        running.append(process)
        return process.stdout.readline().strip(), process

    yield start
    for process in running:
        if process.poll() is None:
            process.terminate()
        process.communicate()


def test_enqueue_poll_ack_and_stats_share_a_queue_across_processes(separate):
    """Each command is a separate process."""
    environment_id = separate(*CREATE).stdout.strip()
    done = separate(
        "emulator",
        "enqueue",
        environment_id,
        "--count",
        "2",
        "--metadata",
        "{team: a}",
        "--session-id",
        "s",
    )
    assert (done.exit, len(done.stdout.split())) == (0, 2)
    item = separate("beta:environments:work", "poll", environment_id).json
    assert item["id"] == done.stdout.split()[0]
    assert item["metadata"] == {"team": "a"}
    assert item["data"]["id"] == "s"
    stats = separate("beta:environments:work", "stats", environment_id).json
    assert (stats["depth"], stats["pending"]) == (1, 1)


@pytest.mark.parametrize(("flags", "status"), [((), 403), (("--any-credential",), 200)])
def test_a_served_emulator_refuses_the_wrong_kind_of_credential_unless_any_is_accepted(
    served, flags, status
):
    """An API key does not list work items, as in the API."""
    url, _ = served(*flags)
    headers = API_HEADERS | {"x-api-key": "any"}
    body = {"name": "queue", "config": {"type": "self_hosted"}}
    environment_id = httpx.post(f"{url}/v1/environments", json=body, headers=headers).json()["id"]
    assert (
        httpx.get(f"{url}/v1/environments/{environment_id}/work", headers=headers).status_code
        == status
    )


def environment_of(served, local, *flags):
    """Start an emulator, and return its base URL and an environment with a queue."""
    url, _ = served(*flags)
    key = flags[-1] if "--api-key" in flags else "any"
    return url, local(*CREATE, "--base-url", url, ANTHROPIC_API_KEY=key).stdout.strip()


def test_env_prints_what_a_worker_of_an_environment_needs(served, local, separate):
    """Its variables are enough for the calls of a worker, and the operator's commands work in the same shell."""
    url, environment_id = environment_of(served, local)
    lines = local("emulator", "env", environment_id).stdout.splitlines()
    exported = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert exported == {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-emulator",
        "ANTHROPIC_ENVIRONMENT_ID": environment_id,
        "ANTHROPIC_ENVIRONMENT_KEY": exported["ANTHROPIC_ENVIRONMENT_KEY"],
    }
    worker = separate(
        "beta:worker",
        "poll",
        "--exit-when-idle",
        "0.1s",
        "--",
        "true",
        **(exported | {"ANTHROPIC_API_KEY": ""}),
    )
    assert worker.exit == 0, worker.stderr


def test_env_of_an_emulator_with_a_key_needs_that_key(served, local):
    """The key comes from its variable. Without it, a shell that evaluates the output stops."""
    _, environment_id = environment_of(served, local, "--api-key", "sk-of-its-own")
    done = local("emulator", "env", environment_id)
    assert (done.exit, done.stdout) == (4, "false\n")
    assert "Put that into ANTHROPIC_API_KEY." in done.stderr
    printed = local("emulator", "env", environment_id, ANTHROPIC_API_KEY="sk-of-its-own").stdout
    assert f"export ANTHROPIC_ENVIRONMENT_KEY=sk-ant-oat01-{environment_id}-" in printed
    assert "sk-of-its-own" not in printed


def test_env_of_an_unknown_environment_stops_the_shell(served, local):
    """A name stands for its environment, whose ID is printed."""
    _, environment_id = environment_of(served, local)
    assert (
        f"ANTHROPIC_ENVIRONMENT_ID={environment_id}\n" in local("emulator", "env", "queue").stdout
    )
    done = local("emulator", "env", "missing")
    assert (done.exit, done.stdout) == (5, "false\n")


def test_requests_prints_what_a_served_emulator_answered_until_it_is_cleared(served, local):
    """A line each, with the reason of an error. Without requests, nothing is printed, and a hint says why."""
    at = ("--base-url", served()[0], "--api-key", "test")
    local(*RETRIEVE, *at)
    local(*CREATE, *at)
    shown = local("emulator", "requests", *at)
    first, second = shown.stdout.splitlines()
    assert "There are no requests" not in shown.stderr
    assert re.fullmatch(
        r"20\S+  GET  /v1/environments/env_1  404  req_\w+  .* no environment 'env_1'.", first
    )
    assert re.fullmatch(r"20\S+  POST  /v1/environments  200  req_\w+", second)
    names = local(
        "emulator", "requests", "--format", "jsonl", "--transform", "request_body.name", *at
    )
    assert '"queue"' in names.stdout
    assert local("emulator", "requests", "--clear", *at).stdout == ""
    cleared = local("emulator", "requests", *at)
    assert (cleared.stdout, "in the memory of a served emulator" in cleared.stderr) == ("", True)


@pytest.mark.parametrize("words", ["enqueue env_1", "key env_1", "session show session_1"])
@pytest.mark.parametrize(
    "reply", [{}, [], {"data": [1], "events": 5, "environment_key": 1}, {"data": "x"}]
)
def test_an_emulator_command_rejects_the_response_of_another_server(ant, words, reply):
    """It accepts any path, and says nothing that this command could print."""
    result = ant("emulator", *words.split(), "--base-url", "http://other.example", replies=[reply])
    assert (result.exit, result.stdout) == (1, "")
    assert result.stderr == "ant: the server at the base URL is not the emulator.\n"


def test_start_prints_the_base_url_and_serves_until_a_signal(served, local):
    """Then, the exit code is 0. Requests are logged on stderr, without a query. Scripts can parse the data."""
    line, process = served("--format", "jsonl")
    url = json.loads(line)["base_url"]
    assert url.startswith("http://127.0.0.1:")
    assert local(*LIST, "--base-url", url, "--api-key", "any").exit == 0
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (0, "")
    assert "GET /v1/environments 200" in stderr


def test_an_emulator_ends_with_its_stdin_and_belongs_to_who_holds_that(served, local, ant):
    """No command finds it. A note explains the end of one whose stdin was /dev/null. It reads no key from it."""
    words = ("emulator", "start", "--until-stdin-closes", "--api-key-stdin")
    assert "Give the key in ANT_EMULATOR_API_KEY." in ant(*words, stdin="key").refusal
    url, process = served("--until-stdin-closes", stdin=subprocess.PIPE)
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert local("emulator", "stop", "--all").exit == 1
    _, stderr = process.communicate("anything")
    assert (process.returncode, stderr.splitlines()[-1]) == (
        0,
        "The emulator stops, because its stdin has ended.",
    )


def test_env_prints_the_variables_of_the_running_emulator(served, local):
    """A shell can evaluate the output, which contains no key."""
    url, process = served()
    variables = f"export ANTHROPIC_BASE_URL={url}\nexport ANTHROPIC_API_KEY=sk-ant-emulator\n"
    assert local("emulator", "env").stdout == variables
    process.terminate()
    process.communicate()
    assert local("emulator", "env").exit == 1
    url, _ = served("--api-key", "sk-of-its-own")
    done = local("emulator", "env")
    assert done.stdout == f"export ANTHROPIC_BASE_URL={url}\n"
    assert "sk-of-its-own" not in done.stderr


def test_env_without_an_emulator_fails_when_a_shell_evaluates_it(local):
    """A worker after `&&` does not run with the previous variables of the shell."""
    printed = local("emulator", "env").stdout
    done = subprocess.run(
        ["sh", "-c", f"eval '{printed}' && echo ran"], capture_output=True, text=True, check=False
    )
    assert (printed, done.stdout, done.returncode) == ("false\n", "", 1)


def test_env_with_wait_waits_for_an_emulator_to_start(served, clean_environ):
    """A script that starts an emulator in the background needs no sleep."""
    with started(
        [*ANT, "emulator", "env", "--wait", "30"],
        env=clean_environ | COVERAGE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        url, _ = served()
        stdout, _ = waiting.communicate(timeout=30)
    assert (waiting.returncode, stdout.splitlines()[0]) == (0, f"export ANTHROPIC_BASE_URL={url}")


def test_env_with_several_emulators_lists_their_ports_and_requires_port(served, local):
    """`env` does not guess which one is meant."""
    urls = sorted((served()[0] for _ in range(2)), key=lambda url: int(url.rpartition(":")[2]))
    ports = [url.rpartition(":")[2] for url in urls]
    done = local("emulator", "env")
    assert (done.exit, done.stdout) == (2, "false\n")
    assert f"--port {ports[0]}, --port {ports[1]}" in done.stderr
    assert urls[1] in local("emulator", "env", "--port", ports[1]).stdout
    done = local("emulator", "env", "--port", "1")
    assert (done.exit, done.stdout) == (1, "false\n")
    assert "no emulator is running at port 1." in done.stderr
    listed = local("emulator", "status", "--transform", "base_url", "-r").stdout
    assert listed.split() == urls
    assert local("emulator", "stop").exit == 2
    assert local("emulator", "stop", "--port", ports[0]).exit == 0
    assert local("emulator", "status").stdout.startswith(f"{urls[1]}  pid ")
    assert local("emulator", "stop", "--all").exit == 0
    assert local("emulator", "status").exit == 1


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


def test_start_detach_serves_in_the_background_until_stop(separate, clean_environ):
    """It serves when the command returns, and its log is private to the user."""
    started = separate(
        "emulator", "start", "--detach", "--database", "own.db", "--api-key", "sk-of-its-own"
    )
    try:
        url = started.stdout.strip()
        assert (started.exit, "ant emulator stop" in started.stderr) == (0, True)
        key = {"ANTHROPIC_API_KEY": "sk-of-its-own"}
        assert separate(*LIST, "--base-url", url, **key).exit == 0
        assert separate(*LIST, "--base-url", url, ANTHROPIC_API_KEY="other").exit == 4
    finally:
        stopped = separate("emulator", "stop")
    assert (stopped.exit, stopped.stderr) == (0, f"Stopped the emulator at {url}.\n")
    assert separate(*LIST, "--base-url", url, "--max-retries", "0", **key).exit == 8
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    (log,) = folder.iterdir()
    assert str(log) in started.stderr
    assert "GET /v1/environments 200" in log.read_text()
    assert "sk-of-its-own" not in log.read_text()
    assert {path.stat().st_mode & 0o777 for path in (folder.parent, folder)} == {0o700}
    assert log.stat().st_mode & 0o777 == 0o600


@needs_linux("names that are not UTF-8")
def test_an_emulator_is_detached_in_a_home_that_is_not_utf_8(separate, tmp_path):
    """Its log and its database are there, and an argument has to be UTF-8."""
    home = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    started = separate("emulator", "start", "--detach", XDG_STATE_HOME=home)
    stopped = separate("emulator", "stop", XDG_STATE_HOME=home)
    assert (started.exit, stopped.exit) == (0, 0), started.stderr


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/stderr"])
@needs_posix("descriptors")
def test_a_detached_emulator_does_not_log_to_a_stream_that_ends_before_it(separate, path):
    """It would go on without a log."""
    done = separate("emulator", "start", "--detach", "--log-file", path, "--database", ":memory:")
    assert (done.exit, "which ends before the emulator" in done.stderr) == (2, True)


def test_a_new_start_prints_what_it_logs_and_not_what_the_log_has_from_before(separate, tmp_path):
    """The notes of an earlier start may be about another database; the errors have been read."""
    log = tmp_path / "emulator.log"
    log.write_text("Note: of an earlier start\n")
    log.chmod(0o600)
    flags = ("--detach", "--log-file", log)
    started = separate("emulator", "start", *flags, "--database", ":memory:")
    try:
        url = started.stdout.strip()
        failed = separate("emulator", "start", *flags, "--port", url.rpartition(":")[2])
    finally:
        separate("emulator", "stop")
    assert (started.exit, failed.exit) == (0, 1)
    assert "the emulator did not start" in failed.stderr
    assert "earlier" not in started.stderr + failed.stderr


@needs_posix("pipes with a name")
def test_a_detached_emulator_logs_to_a_pipe_that_another_program_reads(separate, tmp_path):
    """The command that starts it reads nothing from the pipe: it would wait, and take what the other one wants."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    reads = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        started = separate(
            "emulator", "start", "--detach", "--log-file", pipe, "--database", ":memory:"
        )
        assert (started.exit, f"Its log: {pipe}." in started.stderr) == (0, True)
        separate(*LIST, "--base-url", started.stdout.strip(), ANTHROPIC_API_KEY="k")
        separate("emulator", "stop")
        logged = os.read(reads, 65_536)
    finally:
        os.close(reads)
    assert b"GET /v1/environments 200" in logged


@needs_posix("ulimit")
@pytest.mark.parametrize("kilobytes", [3_000_000, 300_000])
def test_the_emulator_starts_where_few_threads_may_be_started(clean_environ, kilobytes):
    """Such as in a container. A thread reserves memory, so a limit on that is one on threads, even for root."""
    words = shlex.join([*ANT, "emulator", "exec", "--", *ANT, "beta:environments", "list"])
    done = run_process(["sh", "-c", f"ulimit -v {kilobytes}; exec {words}"], clean_environ)
    assert (done.returncode, done.stderr) == (0, "")


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


def test_a_served_emulator_whose_files_are_replaced_says_so_and_ends(clean_environ, tmp_path):
    """What it imports later is of another version, so each further request would fail in its own way."""
    package = shutil.copytree(Path(ant_cli.__file__).parent, tmp_path / "lib" / "ant_cli")
    environ = {**clean_environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*ANT, "emulator", "start", "--database", ":memory:"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": tmp_path}
    with started(command, env=environ, **pipes) as process:
        url = process.stdout.readline().strip()
        (package / "emulator" / "models.py").write_text("raise ImportError('of another version')\n")
        headers = {**API_HEADERS, "x-api-key": "any"}
        call = {"json": {"name": "a"}, "headers": headers, "trust_env": False}
        response = httpx.post(f"{url}/v1/environments", **call)
        errors = process.stderr.read()
    assert (response.status_code, process.returncode) == (503, 1)
    assert "The files of this emulator were replaced" in response.json()["error"]["message"]
    assert errors.endswith("Start it again.\n")


def test_only_the_newest_logs_of_detached_emulators_are_kept(separate, clean_environ):
    """Each emulator in the background has its own, so they would add up. A variable may detach it, once."""
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    folder.mkdir(parents=True)
    for number in range(20):
        (folder / f"0{number:02}.log").touch()
        (folder / f"0{number:02}.log.1").touch()
    reads, writes = os.pipe()
    started = separate(
        "emulator", "start", stdin=reads, ANT_EMULATOR_DETACH="1", ANT_EMULATOR_DATABASE=":memory:"
    )
    os.close(reads)
    with pytest.raises(BrokenPipeError):  # the emulator doesn't hold the stdin of the shell
        os.write(writes, b"x")
    os.close(writes)
    stopped = separate("emulator", "stop")
    assert (started.exit, stopped.exit) == (0, 0), started.stderr
    *old, newest = sorted(path.name for path in folder.glob("*.log"))
    assert old == [f"0{number:02}.log" for number in range(11, 20)]
    assert newest in started.stderr
    assert len(list(folder.glob("*.1"))) == 9


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("--worlds", "--database", "a.db"), "--worlds needs --database :memory:"),
        (
            ("--worlds", "--api-key", "sk-of-its-own"),
            "--worlds and --api-key can't be used together",
        ),
        (("--seed", "0", "--database", "a.db"), "--seed needs --database :memory:"),
    ],
)
def test_flags_of_start_that_exclude_each_other_are_refused(local, flags, why):
    """Before anything is served."""
    done = local("emulator", "start", *flags)
    assert (done.exit, why in done.stderr) == (2, True), done.stderr


def test_start_takes_its_flags_from_variables(served, local):
    """A service container of a CI system gets variables only. A flag wins."""
    more = {"ANT_EMULATOR_API_KEY": "sk-of-its-own", "ANT_EMULATOR_PORT": "high"}
    url, _ = served("--port", "0", **more)
    listing = (*LIST, "--base-url", url)
    assert [local(*listing, ANTHROPIC_API_KEY=key).exit for key in ("sk-of-its-own", "other")] == [
        0,
        4,
    ]
    _, process = served(**more)
    assert process.communicate()[1].startswith("ant: --port must be ")


def test_the_key_of_a_detached_emulator_is_not_among_its_arguments(separate, clean_environ):
    """Otherwise other users of the machine could read it as long as the emulator runs."""
    started = separate(
        "emulator", "start", "--detach", "--database", ":memory:", "--api-key", "sk-of-its-own"
    )
    try:
        (running,) = (Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators").glob("*.lock")
        arguments = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", running.stem.partition("-")[0]],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    finally:
        separate("emulator", "stop")
    assert started.exit == 0
    assert "emulator start" in arguments
    assert "sk-of-its-own" not in arguments


def detached(program, environ):
    """Start a detached emulator by a program, stop it, and return what the start printed."""
    start, stop = ("start", "--detach", "--database", ":memory:"), ("stop",)
    done, _ = (run_process([*program, "emulator", *words], environ) for words in (start, stop))
    return done


def test_a_detached_emulator_runs_no_code_from_the_working_directory(
    clean_environ, tmp_path, monkeypatch
):
    """A program in somebody else's folder must not be able to replace this one."""
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "ant_cli"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("print('http://taken.over')")
    done = detached([sys.executable, "-P", "-m", "ant_cli"], clean_environ | COVERAGE)
    assert done.stdout.startswith("http://127.0.0.1:")


def test_an_emulator_is_detached_from_a_program_that_brings_its_own_modules(clean_environ):
    """In a file made by shiv or pex, the program adds its modules to the path when it starts."""
    run = f"import sys; sys.path[:0] = {sys.path!r}; from ant_cli.__main__ import entry_point; entry_point()"
    program = [sys._base_executable, "-I", "-c", run]  # type: ignore[attr-defined] # without the modules
    done = detached(program, clean_environ)
    assert done.stdout.startswith("http://127.0.0.1:"), done.stderr


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


def test_the_key_of_an_emulator_can_be_read_from_stdin(served):
    """On stdin, no other user can see it."""
    with os.fdopen(piped("sk-of-its-own\n"), "rb") as stdin:
        url, _ = served("--api-key-stdin", stdin=stdin)
    keys = ("sk-of-its-own", "another")
    found = [
        httpx.get(f"{url}/v1/environments", headers=API_HEADERS | {"x-api-key": key})
        for key in keys
    ]
    assert [response.status_code for response in found] == [200, 401]


def test_start_detach_prints_the_error_of_an_emulator_that_fails_to_start(served, separate):
    """The message is that of the emulator."""
    url, _ = served()
    port = url.rpartition(":")[2]
    done = separate("emulator", "start", "--detach", "--port", port)
    assert (done.exit, done.stdout) == (1, "")
    first, second, *_ = done.stderr.splitlines()
    assert first == "ant: the emulator did not start. It says:"
    assert second.startswith(f"ant: the emulator can't listen at 127.0.0.1:{port}")


def test_start_sets_the_organization_the_workspace_and_the_lease(served, local):
    """Responses have the values of the flags."""
    url, _ = served(
        "--organization-id", "org_1", "--workspace-id", "wrkspc_1", "--lease-seconds", "7"
    )
    done = local(*LIST, "--base-url", url, "--api-key", "any", "--debug")
    assert "anthropic-organization-id: org_1" in done.stderr.lower()
    assert "anthropic-workspace-id: wrkspc_1" in done.stderr.lower()
    plain, _ = served()
    headers = httpx.get(f"{plain}/v1/environments").headers
    assert headers["anthropic-organization-id"]
    assert "anthropic-workspace-id" not in headers
    at = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "any"}
    queue = local(*CREATE, **at).stdout.strip()
    work = local("emulator", "enqueue", queue, **at).stdout.strip()
    local("beta:environments:work", "ack", work, "--environment-id", queue, **at)
    beat = local("beta:environments:work", "heartbeat", work, "--environment-id", queue, **at)
    assert beat.json["ttl_seconds"] == 7


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


def test_start_on_a_port_in_use_names_the_address(served, local):
    """`env` still finds the emulator that listens there."""
    url, _ = served()
    port = url.rpartition(":")[2]
    done = local("emulator", "start", "--port", port)
    assert done.exit == 1
    assert (
        done.stderr
        == f"ant: the emulator can't listen at 127.0.0.1:{port}: address already in use.\n"
    )
    assert url in local("emulator", "env").stdout


NOTE = {"base_url": "http://127.0.0.1:1", "pid": 1, "has_key": False, "database": "x"}


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


def test_serving_the_emulator_without_waitress_says_what_to_install(separate, tmp_path):
    """Only `ant emulator start` needs the extra. The emulator in the process works without it."""
    (tmp_path / "waitress.py").write_text("raise ImportError('no', name='waitress')")
    assert separate(*CREATE, PYTHONPATH=str(tmp_path)).exit == 0
    for flags in ([], ["--detach"]):
        done = separate("emulator", "start", *flags, PYTHONPATH=str(tmp_path))
        assert done.exit == 2
        assert (
            done.stderr
            == f"ant: serving the emulator needs waitress.\n{install_hint('emulator')}\n"
        )


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


@needs_posix("a limit for the size of files")
def test_an_emulator_is_served_to_its_end_although_its_file_can_not_be_written(clean_environ):
    """The disk may be full. Nothing is left behind."""
    words = ("emulator", "start", "--database", ":memory:")
    limited = ["/bin/sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *ANT, *words]
    with started(
        limited, env=clean_environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.terminate()
        stderr = process.communicate()[1]
    assert process.returncode == 0, stderr
    assert "`ant emulator env` won't find" in stderr
    assert list((Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators").glob("*.lock")) == []


def test_start_serves_without_a_state_folder_and_notes_that_env_cannot_find_it(served, local):
    """Only `env` and `stop` need the state folder."""
    url, process = served(XDG_STATE_HOME="/dev/null/state")
    assert local(*LIST, "--base-url", url, "--api-key", "any").exit == 0
    process.terminate()
    stderr = process.communicate()[1]
    assert process.returncode == 0
    assert "`ant emulator env` won't find" in stderr


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


def test_a_start_notes_an_emulator_that_serves_the_same_file(served, tmp_path):
    """What one of them changes, the other one shows, so that tests disturb each other."""
    database = str(tmp_path / "shared.db")
    url, _ = served("--port", "0", "--database", database)
    _, second = served("--port", "0", "--database", f"{tmp_path}/./shared.db")
    second.terminate()
    assert (
        f"Note: the emulator at {url} serves the same file, {database}.\n"
        in second.communicate()[1]
    )
    _, other = served("--port", "0", "--database", str(tmp_path / "other.db"))
    other.terminate()
    assert "the same file" not in other.communicate()[1]
    served("--database", ":memory:")
    _, in_memory = served("--database", ":memory:")
    in_memory.terminate()
    assert "the same file" not in in_memory.communicate()[1]
