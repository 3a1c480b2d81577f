"""`ant emulator env`, `status` and `stop`, with emulators that are only registered: no process is started."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from ant_cli.commands import emulator_registry, emulator_running
from ant_cli.commands.emulator_registry import RunningEmulator, register
from tests.conftest import make_runtime

NO_PROCESS = 2**22
"""A process ID that no process has, so that its identity is empty, as on systems without namespaces."""
ELSEWHERE = "boot pid:[1] 1"
"""The identity of a process of another container."""


class Machine:
    """The registered emulators. One that is asked to end does so, unless it hangs."""

    def __init__(self, environ):
        self._environ = environ
        self._lives = {}
        self.asked = []
        self.hangs = False

    def run(self, port, identity="", **more):
        """Register an emulator at a port, whose process ID follows from it. Returns its URL."""
        url = f"http://127.0.0.1:{port}"
        fields = {"has_key": False, "database": ":memory:", **more}
        life = self._lives[NO_PROCESS + port] = ExitStack()
        emulator = RunningEmulator(url, NO_PROCESS + port, identity=identity, **fields)
        register(emulator, life, make_runtime(self._environ))
        return url

    def end(self, port):
        """End the emulator at a port."""
        self._lives[NO_PROCESS + port].close()

    def terminate(self, pid):
        """Do what a process does when it is asked to end."""
        self.asked.append(pid - NO_PROCESS)
        if not self.hangs:
            self._lives[pid].close()

    def close(self):
        """End all of them."""
        for life in self._lives.values():
            life.close()


@pytest.fixture
def machine(clean_environ, monkeypatch):
    """Return a machine on which no emulator runs. A wait takes no time."""
    machine = Machine(clean_environ)
    monkeypatch.setattr(emulator_running, "terminate", machine.terminate)
    yield machine
    machine.close()


class Clock:
    """A clock that only the sleeps of the commands move."""

    def __init__(self):
        self.now = 1000.0
        self._sleeps = 0
        self._acts = {}

    def monotonic(self):
        """Return the time in seconds."""
        return self.now

    def sleep(self, seconds):
        """Move the clock, and do what happens meanwhile."""
        self.now += seconds
        self._sleeps += 1
        self._acts.get(self._sleeps, lambda: None)()

    def during(self, sleep, act):
        """Call a function during one of the sleeps, counted from 1."""
        self._acts[sleep] = act


@pytest.fixture
def clock(monkeypatch):
    """Return the clock of the commands."""
    clock = Clock()
    monkeypatch.setattr(emulator_registry, "time", clock)
    return clock


# stop


def test_stop_says_stopped_only_of_the_emulators_that_it_stopped(ant, machine):
    """The one in another container is left alone, and named in the error."""
    here, there = machine.run(8080), machine.run(8081, ELSEWHERE)
    done = ant("emulator", "stop", "--all")
    assert (done.exit, machine.asked) == (1, [8080])
    stopped, failed, hint = done.stderr.splitlines()
    assert stopped == f"Stopped the emulator at {here}."
    assert failed.startswith(f"ant: not stopped: {there}. No process here is known to be ")
    assert hint == "Stop it where it was started: ant emulator stop, or Ctrl-C"
    assert ant("emulator", "status", "--transform", "base_url", "-r").stdout == f"{there}\n"


def test_emulators_that_can_not_be_stopped_are_listed_by_port(ant, machine):
    """All of them, in one error."""
    urls = [machine.run(port, ELSEWHERE) for port in (8082, 8080, 8081)]
    done = ant("emulator", "stop", "--all")
    assert (done.exit, machine.asked) == (1, [])
    assert f"not stopped: {', '.join(sorted(urls))}. No" in done.stderr


def test_stop_succeeds_if_an_emulator_elsewhere_ends_meanwhile(ant, machine, monkeypatch):
    """Nothing is left of it, so there is nothing to do where it was started."""
    machine.run(8080)
    machine.run(8081, ELSEWHERE)

    def terminate(pid):
        machine.terminate(pid)
        machine.end(8081)

    monkeypatch.setattr(emulator_running, "terminate", terminate)
    done = ant("emulator", "stop", "--all")
    assert (done.exit, done.stderr) == (0, "Stopped the emulator at http://127.0.0.1:8080.\n")


def test_stop_with_a_port_stops_that_emulator_only(ant, machine):
    """Whether it is the first or the last of them."""
    for port in (8080, 8081, 8082):
        machine.run(port)
    done = ant("emulator", "stop", "--port", "8081")
    assert (done.exit, machine.asked) == (0, [8081])
    assert done.stderr == "Stopped the emulator at http://127.0.0.1:8081.\n"
    refused = ant("emulator", "stop")
    assert (refused.exit, machine.asked) == (2, [8081])
    assert refused.stderr == (
        "ant: 2 emulators are running.\nName one of them: --port 8080, --port 8082\n"
    )


def test_stop_all_stops_each_emulator(ant, machine):
    """A line for each."""
    urls = [machine.run(port) for port in (8080, 8081)]
    done = ant("emulator", "stop", "--all")
    assert (done.exit, machine.asked) == (0, [8080, 8081])
    assert done.stderr.splitlines() == [f"Stopped the emulator at {url}." for url in urls]


def test_stop_waits_for_the_end_and_says_so_only_then(ant, machine, clock):
    """Requests in progress are finished first."""
    machine.run(8080)
    machine.hangs = True
    clock.during(300, lambda: machine.end(8080))
    done = ant("emulator", "stop")
    assert (done.exit, done.stderr) == (0, "Stopped the emulator at http://127.0.0.1:8080.\n")
    assert clock.now == pytest.approx(1015)


def test_stop_gives_up_after_twenty_seconds(ant, machine, clock):
    """An emulator that hangs is not called stopped."""
    machine.run(8080)
    machine.hangs = True
    done = ant("emulator", "stop")
    assert (done.exit, done.stderr) == (
        1,
        "ant: the emulator still runs 20 seconds after it was asked to stop.\n",
    )
    assert 1020 < clock.now < 1021


# env


MADE = {"environment_id": "env_1", "environment_key": "sk-ant-oat01-made"}


def exported(stdout):
    """Return the variables that a shell would set."""
    lines = [line.removeprefix("export ").partition("=") for line in stdout.splitlines()]
    return {name: text for name, _, text in lines}


def test_env_with_an_environment_adds_its_id_and_a_key_for_workers(ant, machine):
    """The key that the shell has now belongs to another server, and is not sent there."""
    url = machine.run(8080)
    done = ant("emulator", "env", "queue", replies=[MADE])
    assert done.request.headers["x-api-key"] == "sk-ant-emulator"
    assert str(done.request.url).startswith(f"{url}/_emulator/environments/queue/key")
    assert exported(done.stdout) == {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "sk-ant-emulator",
        "ANTHROPIC_ENVIRONMENT_ID": "env_1",
        "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-made",
    }
    assert done.stderr == ""


def test_env_of_an_emulator_with_its_own_key_sends_the_one_of_the_shell(ant, machine):
    """It prints no API key: the shell has it."""
    url = machine.run(8080, has_key=True)
    env = {"ANTHROPIC_API_KEY": "sk-of-its-own"}
    done = ant("emulator", "env", "queue", env=env, replies=[MADE])
    assert done.request.headers["x-api-key"] == "sk-of-its-own"
    assert exported(done.stdout) == {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_ENVIRONMENT_ID": "env_1",
        "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-made",
    }
    note = "Note: it was started with its own key; put that into ANTHROPIC_API_KEY.\n"
    assert done.stderr == note
    plain = ant("emulator", "env", replies=[])
    assert (exported(plain.stdout), plain.stderr) == ({"ANTHROPIC_BASE_URL": url}, note)


def test_env_of_an_emulator_with_its_own_key_asks_for_it_before_anything_is_sent(ant, machine):
    """An empty variable counts as unset. The shell stops, since the output fails."""
    machine.run(8080, has_key=True)
    for key in ("", None):
        done = ant("emulator", "env", "queue", env={"ANTHROPIC_API_KEY": key}, replies=[])
        assert (done.exit, done.stdout, done.requests) == (4, "false\n", [])
        assert done.stderr == (
            "ant: the emulator was started with its own key.\nPut that into ANTHROPIC_API_KEY.\n"
        )


def test_env_whose_key_can_not_be_made_prints_nothing_but_the_failing_command(ant, machine):
    """No variable is set halfway."""
    machine.run(8080)
    done = ant("emulator", "env", "queue", replies=[{}])
    assert (done.exit, done.stdout) == (1, "false\n")


def test_env_names_the_emulator_at_its_port(ant, machine):
    """The port is a whole one, and not the beginning of one."""
    machine.run(8080)
    url = machine.run(8081)
    assert exported(ant("emulator", "env", "--port", "8081").stdout)["ANTHROPIC_BASE_URL"] == url
    done = ant("emulator", "env", "--port", "808")
    assert (done.exit, done.stdout) == (1, "false\n")
    assert done.stderr.startswith("ant: no emulator is running at port 808.\n")


def test_env_with_wait_returns_as_soon_as_an_emulator_runs(ant, machine, clock):
    """It looks again and again."""
    clock.during(3, lambda: machine.run(8080))
    done = ant("emulator", "env", "--wait", "30")
    assert (done.exit, "http://127.0.0.1:8080" in done.stdout) == (0, True)
    assert clock.now < 1001


def test_env_with_wait_waits_for_the_emulator_at_the_port(ant, machine, clock):
    """Not for any."""
    machine.run(8080)
    clock.during(3, lambda: machine.run(8081))
    done = ant("emulator", "env", "--wait", "30", "--port", "8081")
    assert (done.exit, "http://127.0.0.1:8081" in done.stdout) == (0, True)


def test_env_with_wait_refuses_to_choose_one_of_several(ant, machine, clock):
    """The wait ends as soon as several emulators are running."""

    def run_two():
        machine.run(8080)
        machine.run(8081)

    clock.during(2, run_two)
    done = ant("emulator", "env", "--wait", "30")
    assert (done.exit, done.stdout) == (2, "false\n")
    assert done.stderr == (
        "ant: 2 emulators are running.\nName one of them: --port 8080, --port 8081\n"
    )


@pytest.mark.parametrize("seconds", [0, 2])
def test_env_gives_up_after_the_time_to_wait(ant, clock, seconds):
    """Without one, at once."""
    done = ant("emulator", "env", "--wait", str(seconds))
    assert (done.exit, done.stdout) == (1, "false\n")
    assert 1000 + seconds <= clock.now < 1000.1 + seconds


# status


def test_an_emulator_of_another_version_that_listens_without_a_port_is_ignored(ant, clean_environ):
    """It runs, since its file is locked, and no command here could name it."""
    with ExitStack() as life:
        odd = RunningEmulator("unix:/run/ant.sock", 7, has_key=False, database=":memory:")
        register(odd, life, make_runtime(clean_environ))
        done = ant("emulator", "status")
    assert (done.exit, done.stdout) == (1, "")
    assert done.stderr.startswith("ant: no emulator is running.")


def test_status_shows_what_is_known_of_each_emulator(ant, machine):
    """As lines for people, or as data, without what only `stop` needs."""
    first, second = machine.run(8080), machine.run(8081, ELSEWHERE, has_key=True, database="/a.db")
    assert ant("emulator", "status").stdout.splitlines() == [
        f"{first}  pid {NO_PROCESS + 8080}  :memory:",
        f"{second}  pid {NO_PROCESS + 8081}  /a.db",
    ]
    done = ant("emulator", "status", "--format", "jsonl", "--transform", "@this|@ugly")
    assert done.stdout.splitlines()[1] == (
        f'{{"base_url":"{second}","pid":{NO_PROCESS + 8081},"has_key":true,"database":"/a.db"}}'
    )
