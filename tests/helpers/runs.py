"""Two ways to run `ant` in a hostile environment: in this process with real sockets, and as a separate process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.helpers.processes import spawn
from tests.helpers.servers import Act, Reply, ScriptedServer, response
from tests.helpers.words import RETRIEVE

OK = response({"id": "x"})
OUTPUT = '{\n  "id": "x"\n}\n'


def without_bug(result: Result) -> Result:
    """Return the result of a run, which must not report a bug: no hostile input may cause one."""
    assert "this is a bug" not in result.stderr
    return result


@pytest.fixture
def ant_over_socket(ant: Callable[..., Result]) -> Callable[..., Result]:
    """Run a command against a scripted server, in this process, over a real socket."""

    def run(
        *replies: bytes | Reply,
        words: Sequence[str] = RETRIEVE,
        more: Sequence[str] = (),
        url: str = "{url}",
        server: ScriptedServer | None = None,
        env: Mapping[str, str | None] = {},
        stdin: str | bytes | None = None,
        terminal: bool = False,
        timeout: str = "",
    ) -> Result:
        is_silent = any(isinstance(reply, tuple) and Act.STALL in reply for reply in replies)
        timeout = timeout or ("0.3" if is_silent else "60")  # a busy machine takes its time
        with server or ScriptedServer(*replies or (OK,)) as there:
            base_url = url.replace("{url}", there.url).replace("{port}", str(there.port))
            flags = ("--base-url", base_url, "--timeout", timeout, *more)
            result = ant(*words, *flags, stdin=stdin, env=env, terminal=terminal, network=True)
            if is_silent:  # it may be slower than the client was
                there.came.wait(10)
        result.requests = there.requests
        return without_bug(result)

    return run


@pytest.fixture
def shell(clean_environ: dict[str, str], tmp_path: Path) -> Callable[..., Result]:
    """Run a line of bash, in which `$ANT` is the program, against a scripted server."""

    def run(
        script: str,
        *replies: bytes | Reply,
        env: Mapping[str, str | None] = {},
        python: str = "",
        seconds: float = 30,
    ) -> Result:
        if not shutil.which("bash"):
            pytest.skip("this test needs bash: install it")
        with ScriptedServer(*replies or (OK,)) as there:
            environ = {
                **clean_environ,
                "ANTHROPIC_BASE_URL": there.url,
                "ANT": f"{sys.executable} {python} -m ant_cli",
                "PYTHON": sys.executable,
                **env,
            }
            done = subprocess.run(
                ["bash", "-c", script],
                env={k: v for k, v in environ.items() if v is not None},
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        return without_bug(Result(done.returncode, out, err, there.requests))

    return run


@dataclass
class Running:
    """A running process, and its server."""

    process: subprocess.Popen[bytes]
    server: ScriptedServer

    def end_by(self, signal: int) -> Result:
        """Send a signal, and return how the process ended. TimeoutExpired if it continues."""
        self.process.send_signal(signal)
        self.process.wait(60)
        stderr = self.process.stderr.read().decode() if self.process.stderr else ""
        return without_bug(Result(self.process.returncode, "", stderr))


@pytest.fixture
def ant_process(clean_environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `ant` as a process against a scripted server, and return it after its first request has arrived."""
    running: list[Running] = []

    def run(
        words: Sequence[str],
        *replies: bytes | Reply,
        stdin: int = subprocess.DEVNULL,
        wait: bool = True,
        program: Sequence[str] = (sys.executable, "-m", "ant_cli"),
        server: ScriptedServer | None = None,
    ) -> Running:
        server = server or ScriptedServer(*replies or (OK,))
        server.__enter__()
        command, environ = (
            [*program, *words, "--base-url", server.url],
            {**clean_environ, "TMPDIR": str(tmp_path)},
        )
        process = spawn(command, environ, process_group=0, cwd=tmp_path, stdin=stdin, text=False)
        running.append(Running(process, server))
        assert not wait or server.came.wait(60)
        return running[-1]

    yield run
    for item in running:
        item.process.kill()
        item.process.communicate()
        item.server.__exit__()


def needs(path: str) -> pytest.MarkDecorator:
    """Skip a test if the operating system lacks the device."""
    return pytest.mark.skipif(not Path(path).exists(), reason=f"this test needs {path}")
