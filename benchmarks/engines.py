"""Run the worker in a container and under systemd, with the files in docs/worker as they are; print what happens.

python benchmarks/engines.py [--folder FOLDER] [--items 20] [--only container|systemd]

As root, with Debian's packages mmdebstrap, podman and systemd-container. What is missing is named, and what needs
it is not run. The sessions are an emulator's, and run the files' own handler. Everything is in a temporary folder,
or in FOLDER, where a second run finds the root file system and the wheels of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
FILES = PROJECT / "docs" / "worker"
ANT = [sys.executable, "-m", "ant_cli"]
KEY = "organization-key"
IMAGE = "ant-worker:engines"
UNIT = "ant-worker@9464"
BASE = "docker.io/library/python:3.13-slim"
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates,systemd,systemd-sysv,dbus,procps"
WRITES = 'echo "user $(id -u) in $PWD, HOME $HOME" > written; cat written; (setsid sleep 1 > /dev/null 2>&1 &)'
"""What a session runs: it writes a file, and leaves a process behind that nobody waits for."""
EXIT_CODES = (0, 1, 2, 4, 5, 6, 7, 8)
"""The exit codes of a worker, of `ant help exit-codes`."""
QUICK_S, ENDLESS_S = 8, 600
"""Items that end within --drain-timeout, and that don't."""


def run(*words: str | Path, environ: Mapping[str, str] | None = None, text: str = "") -> str:
    """Run a program to its end; returns its output. Exits if the program fails."""
    done = subprocess.run(
        words,
        input=text,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(
            f"{' '.join(map(str, words))}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
        )
    return done.stdout.strip()


def until(what: str, happened: Callable[[], object], seconds: float = 180) -> float:
    """Wait for something; returns how long that took. Exits if it takes too long."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            sys.exit(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def is_ready(port: int) -> bool:
    """Report whether a worker's /readyz says so."""
    try:
        return bool(
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).status == 200
        )
    except OSError:
        return False


def zombies_of(pid: int) -> int:
    """Return how many ended processes this one has not reaped."""
    children = [line.split() for line in run("ps", "-e", "-o", "ppid=,stat=").splitlines()]
    return sum(parent == str(pid) and state.startswith("Z") for parent, state in children)


class Queue:
    """An environment of the emulator, whose sessions run a command each."""

    def __init__(self, url: str, name: str) -> None:
        self._environ = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
        words = (
            "create",
            "--name",
            name,
            "--config",
            "{type: self_hosted}",
            "--transform",
            "id",
            "-r",
        )
        self.id = self._ant("beta:environments", *words)
        self._key = self._ant("emulator", "key", self.id)
        self.variables = {
            "ANTHROPIC_BASE_URL": url,
            "ANTHROPIC_ENVIRONMENT_ID": self.id,
            "ANTHROPIC_ENVIRONMENT_KEY": self._key,
            "ANT_WORKER_CONCURRENCY": "4",
        }

    def _ant(self, *words: str, text: str = "") -> str:
        return run(*ANT, *words, environ=self._environ, text=text)

    def start_session(self, command: str, times: int = 1) -> str:
        """Create a session that runs a command; returns its ID.

        The end of a worker interrupts the command, and the session goes on with the next one.
        """
        script = json.dumps(
            [*[{"tool": "bash", "input": {"command": command}}] * times, "terminate"]
        )
        return self._ant(
            "emulator",
            "session",
            "create",
            "--environment-id",
            self.id,
            "--script",
            "-",
            text=script,
        )

    def result_of(self, session: str) -> str:
        """Return what the command of a session printed."""
        (result,) = re.findall(
            r"user\.tool_result +(.*)", self._ant("emulator", "session", "show", session)
        )
        return " / ".join(str(json.loads(result)["content"][0]["text"]).split("\n"))

    def item_of(self, session: str) -> dict[str, Any]:
        """Return the work item of a session."""
        environ = {**self._environ, "ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": self._key}
        found = run(
            *ANT, "beta:environments:work", "list", self.id, "--format", "jsonl", environ=environ
        )
        (item,) = [
            item for item in map(json.loads, found.splitlines()) if item["data"]["id"] == session
        ]
        return dict(item)

    def runs_again(self, before: Mapping[str, Any]) -> bool:
        """Report whether an item was handed out once more, and has begun."""
        now = self.item_of(before["data"]["id"])
        return bool(
            now["state"] == "active" and now["acknowledged_at"] != before["acknowledged_at"]
        )

    def is_in(self, state: str, session: str) -> Callable[[], bool]:
        """Return whether the item of a session is in a state, as a function to wait for."""
        return lambda: self.item_of(session)["state"] == state


@contextmanager
def emulator() -> Iterator[str]:
    """Serve an emulator that takes one API key; yields its base URL."""
    words = [*ANT, "--api-key-stdin", "emulator", "start", "--database", ":memory:"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(KEY)
    process.stdin.close()
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


class Container:
    """The worker in a container, which shares the network of this machine."""

    name = "container"
    port = 19464

    def __init__(self, folder: Path, system: Path, queue: Queue) -> None:
        self._podman = [
            "podman",
            "--root",
            str(folder / "images"),
            "--runroot",
            str(folder / "images.run"),
        ]
        self._podman += [
            "--cgroup-manager",
            "cgroupfs",
            *(["--runtime", "runc"] if shutil.which("runc") else []),
        ]
        self._build(folder, system)
        values = {**queue.variables, "ANT_WORKER_LISTEN": f"127.0.0.1:{self.port}"}
        given = [word for name, value in values.items() for word in ("--env", f"{name}={value}")]
        flags = (
            "--detach",
            "--network",
            "host",
            "--ulimit",
            "host",
            "--stop-timeout",
            "45",
            "--pull",
            "never",
        )
        self._words = ("run", *flags, *given, IMAGE)
        self._id = ""

    def _call(self, *words: str) -> str:
        return run(*self._podman, *words)

    def _build(self, folder: Path, system: Path) -> None:
        """Build the image from the Dockerfile; without a registry, on the root file system."""
        pulled = subprocess.run(
            [*self._podman, "pull", "--quiet", BASE], capture_output=True, check=False
        )
        if pulled.returncode:
            changes = (
                "ENV PIP_BREAK_SYSTEM_PACKAGES=1",
                "ENV PIP_NO_INDEX=1",
                "ENV PIP_FIND_LINKS=/wheels",
            )
            archive = folder / "base.tar"
            run(
                "tar",
                "-C",
                system,
                "--exclude=./opt/ant",
                "--exclude=./usr/local/bin/*",
                "-cf",
                archive,
                ".",
            )
            self._call("import", *(f"--change={each}" for each in changes), str(archive), BASE)
            archive.unlink()
        print(
            f"{self.name}: {BASE} is {'Debian, since it can not be pulled' if pulled.returncode else 'pulled'}"
        )
        context = folder / "context"
        shutil.rmtree(context, ignore_errors=True)
        context.mkdir()
        for path in (
            FILES / "Dockerfile",
            FILES / "handle.sh",
            *(folder / "wheels").glob("ant_env*.whl"),
        ):
            shutil.copy(path, context)
        # podman's own limits may be more than root may set
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        limits = (f"--ulimit=nofile={files}:{files}", "--ulimit=nproc=1000:1000")
        flags = ("--pull=never", "--isolation=chroot", *limits)
        self._call("build", *flags, "--quiet", "--tag", IMAGE, str(context))

    def start(self) -> None:
        """Start a new container."""
        self._id = self._call(*self._words)

    def pid(self) -> int:
        """Return the process of the worker on this machine."""
        return int(self._call("inspect", "--format", "{{.State.Pid}}", self._id))

    def stop(self) -> str:
        """End the container as `docker stop` does; returns how it ended."""
        self._call("stop", self._id)
        return "exit status " + self._call("inspect", "--format", "{{.State.ExitCode}}", self._id)

    def kill(self) -> str:
        """Kill the container, and start another."""
        self._call("kill", "--signal", "KILL", self._id)
        self.start()
        return "another container was started"

    def close(self) -> None:
        """Remove the containers."""
        self._call("rm", "--all", "--force")


class Unit:
    """The worker as a unit of systemd, which is process 1 of a container on the network of this machine."""

    name = "systemd"
    port = 9464

    def __init__(self, folder: Path, system: Path, queue: Queue) -> None:
        self._program = system / "usr" / "local" / "bin" / "ant"
        if not self._program.is_symlink():
            run("chroot", system, "python3", "-m", "venv", "/opt/ant")
            flags = ("-q", "--no-index", "--find-links", "/wheels")
            run("chroot", system, "/opt/ant/bin/pip", "install", *flags, "ant-environments[worker]")
            self._program.unlink(missing_ok=True)
            self._program.symlink_to("/opt/ant/bin/ant")
        handler = system / "usr" / "local" / "bin" / "handle"
        shutil.copy(FILES / "handle.sh", handler)
        handler.chmod(0o755)
        for unit in FILES.glob("*.service"):
            shutil.copy(unit, system / "etc" / "systemd" / "system")
        self._environment = system / "etc" / "ant-worker.env"
        self.configure(queue.variables)
        Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
        flags = ("--register=no", "--keep-unit", "--machine=ant-engines", "--console=pipe")
        self._log = (folder / "systemd.log").open("w")
        self._machine = subprocess.Popen(
            ["systemd-nspawn", *flags, "--boot", "--directory", str(system)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
        self._leader = ""
        took = until("systemd runs", self._is_up)
        version = self.call("systemctl", "--version").split("\n")[0]
        print(f"{self.name}: {version} is process 1 after {took:.1f} s")

    def _is_up(self) -> bool:
        if self._machine.poll() is not None:
            sys.exit(f"systemd-nspawn ended: {Path(self._log.name).read_text()}")
        pid = str(self._machine.pid)
        while (
            children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ) and not self._leader:
            pid = children[0]
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd":
                self._leader = pid
        return bool(self._leader) and self.ask("systemctl", "is-system-running") in (
            "running",
            "degraded",
        )

    def configure(self, variables: Mapping[str, str]) -> None:
        """Write the environment file of the unit."""
        self._environment.write_text(
            "".join(f"{name}={value}\n" for name, value in variables.items())
        )
        self._environment.chmod(0o600)

    def ask(self, *words: str) -> str:
        """Run a program in the machine, whatever its exit status is."""
        inside = ("nsenter", "-t", self._leader, "-a", *words)
        return subprocess.run(inside, capture_output=True, text=True, check=False).stdout.strip()

    def call(self, *words: str) -> str:
        """Run a program in the machine."""
        return run("nsenter", "-t", self._leader, "-a", *words)

    def show(self, name: str) -> str:
        """Return a property of the unit."""
        return self.call("systemctl", "show", "--value", "--property", name, UNIT)

    def start(self) -> None:
        """Start the unit."""
        self.call("systemctl", "start", UNIT)

    def pid(self) -> int:
        """Return the process of the worker, on this machine."""
        inside = self.show("MainPID")
        children = Path(f"/proc/{self._leader}/task/{self._leader}/children").read_text().split()
        for child in children:
            if re.search(
                rf"^NSpid:.*\t{inside}$", Path(f"/proc/{child}/status").read_text(), re.MULTILINE
            ):
                return int(child)
        sys.exit(f"process {inside} of the unit is no child of systemd")

    def stop(self) -> str:
        """Stop the unit; returns how it ended."""
        self.call("systemctl", "stop", UNIT)
        return f"result {self.show('Result')}, exit status {self.show('ExecMainStatus')}"

    def kill(self) -> str:
        """Kill the worker, and wait until systemd has started another."""
        self.call("systemctl", "kill", "--signal=KILL", "--kill-whom=main", UNIT)
        took = until("systemd starts another worker", lambda: self.show("NRestarts") == "1")
        return f"systemd started another worker after {took:.1f} s"

    def close(self) -> None:
        """Power the machine off."""
        if self._leader:
            self.ask("systemctl", "poweroff")
        try:
            self._machine.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._machine.kill()
            self._machine.wait()

    def report_log(self) -> None:
        """Print what the journal knows about the worker's lines."""
        lines = self.call("journalctl", "--unit", UNIT, "--output", "json", "_TRANSPORT=stdout")
        kinds = Counter(
            (line["SYSLOG_IDENTIFIER"], line["PRIORITY"])
            for line in map(json.loads, lines.splitlines())
        )
        for (identifier, priority), count in kinds.items():
            print(f"systemd: {count} lines of {identifier} with priority {priority} in the journal")

    def report_template(self, queue: Queue) -> None:
        """Start two workers from the template, and print how they are."""
        units = [f"ant-worker@{port}" for port in (9466, 9467)]
        self.call("systemctl", "start", *units)
        until("both are ready", lambda: is_ready(9466) and is_ready(9467))
        sessions = [queue.start_session(WRITES) for _ in range(8)]
        for session in sessions:
            until("all sessions are done", queue.is_in("stopped", session), 600)
        folders = {queue.result_of(session) for session in sessions}
        self.call("systemctl", "stop", *units)
        print(
            "systemd: two workers from the template; their sessions printed:",
            *sorted(folders),
            sep="\n  ",
        )

    def report_restarts(self, queue: Queue) -> None:
        """Print after which ends of the worker systemd starts it again."""
        self.configure({**queue.variables, "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-wrong"})
        print(f"systemd: the worker with a wrong key: {self._outcome()}")
        target = self._program.readlink()
        self._program.unlink()
        for code in EXIT_CODES:
            self._program.write_text(f"#!/bin/sh\nexit {code}\n")
            self._program.chmod(0o755)
            print(f"systemd: a program that exits with {code}: {self._outcome()}")
        self._program.unlink()
        self._program.symlink_to(target)
        self.configure(queue.variables)

    def _outcome(self) -> str:
        self.ask("systemctl", "reset-failed", UNIT)
        self.ask("systemctl", "start", UNIT)
        ended = ("failed", "dead", "auto-restart", "auto-restart-queued")
        until("the worker has ended", lambda: self.show("SubState") in ended)
        outcome = (
            "is started again"
            if self.show("SubState").startswith("auto-restart")
            else "stays ended"
        )
        found = f"exit status {self.show('ExecMainStatus')}, {outcome}"
        self.ask("systemctl", "stop", UNIT)
        return found


def observe(engine: Container | Unit, queue: Queue, items: int) -> None:
    """Print how the worker starts, works, drains and is killed."""

    def say(text: str) -> None:
        print(f"{engine.name}: {text}", flush=True)

    engine.start()
    say(
        f"the worker is ready after {until('the worker is ready', lambda: is_ready(engine.port)):.1f} s"
    )
    sessions = [queue.start_session(WRITES) for _ in range(items)]
    for session in sessions:
        until("all sessions are done", queue.is_in("stopped", session), 600)
    say(f"{items} sessions are done; the first printed: {queue.result_of(sessions[0])}")
    time.sleep(2)  # until the processes that they left behind have ended
    say(f"zombies: {zombies_of(engine.pid())}")
    for seconds in (QUICK_S, ENDLESS_S):
        session = queue.start_session(f"sleep {seconds}", 1 if seconds == QUICK_S else 9)
        until("the session runs", queue.is_in("active", session))
        began = time.monotonic()
        ended = engine.stop()
        say(f"stopped during an item of {seconds} s: {time.monotonic() - began:.1f} s, {ended}")
        before = queue.item_of(session)
        say(f"its item is {'done' if before['state'] == 'stopped' else 'not done'}")
        engine.start()
    took = until("the item runs again", lambda: queue.runs_again(before))
    say(f"it runs again {took:.1f} s after another worker was started")
    before = queue.item_of(session)
    began = time.monotonic()
    restart = engine.kill()
    until("the item runs again", lambda: queue.runs_again(before), 360)
    say(f"SIGKILL: {restart}; its item runs again {time.monotonic() - began:.1f} s after the kill")
    engine.stop()


def root_file_system(folder: Path) -> Path:
    """Return the root file system, with wheels of the program for its Python."""
    wheels, system = folder / "wheels", folder / "system"
    if not wheels.exists():
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", wheels, PROJECT)
        (wheel,) = wheels.glob("*.whl")
        platforms = ("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64")
        flags = ("-q", "--only-binary=:all:", "--python-version", "3.13", *platforms, "-d", wheels)
        run(sys.executable, "-m", "pip", "download", *flags, f"{wheel}[worker]")
    if not system.exists():
        run("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", "trixie", system)
        shutil.copytree(wheels, system / "wheels")
        masked = (
            "systemd-networkd",
            "systemd-resolved",
            "console-getty",
            "getty@tty1",
            "systemd-logind",
        )
        for unit in masked:
            (system / "etc" / "systemd" / "system" / f"{unit}.service").symlink_to("/dev/null")
    return system


def main() -> None:
    """Run what the tools of this machine allow, and name the missing ones."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--only", choices=("container", "systemd"))
    given = parser.parse_args()
    engines: dict[type[Container | Unit], tuple[str, ...]] = {
        Container: ("mmdebstrap", "podman"),
        Unit: ("mmdebstrap", "systemd-nspawn", "nsenter"),
    }
    missing = {
        each: [tool for tool in tools if not shutil.which(tool)] for each, tools in engines.items()
    }
    for each, tools in missing.items():
        if tools:
            print(f"{each.name}: not run, since {' and '.join(tools)} can not be found")
    if os.geteuid():
        sys.exit("nothing was run: mmdebstrap, podman and systemd-nspawn need root here")
    with tempfile.TemporaryDirectory() as name:
        folder = (given.folder or Path(name)).resolve()
        folder.mkdir(exist_ok=True)
        with emulator() as url:
            for kind in (
                each
                for each, tools in missing.items()
                if not tools and given.only in (None, each.name)
            ):
                queue = Queue(url, kind.name)
                engine = kind(folder, root_file_system(folder), queue)
                try:
                    observe(engine, queue, given.items)
                    if isinstance(engine, Unit):
                        engine.report_log()
                        engine.report_template(queue)
                        engine.report_restarts(queue)
                finally:
                    engine.close()


if __name__ == "__main__":
    main()
