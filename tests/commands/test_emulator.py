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
from pathlib import Path

import httpx
import pytest

import ant_cli
from ant_cli.runtime.extras import install_hint
from tests.conftest import Result, needs_linux, needs_posix, piped
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
