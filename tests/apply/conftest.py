"""A team that keeps environments in files: an emulator on loopback, a folder, and `ant`."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from ant_cli.emulator import Emulator
from ant_cli.http.choice import open_transport
from ant_cli.main import main
from tests.conftest import Result, Screen, make_runtime
from tests.helpers.emulators import serving
from tests.helpers.processes import spawn
from tests.helpers.words import KEY, LIST

NOT_A_PIPE = open(os.devnull)  # noqa: PTH123, SIM115 - a device, for all tests


class Keyboard(io.BytesIO):
    """Standard input from a keyboard."""

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return NOT_A_PIPE.fileno()


class Team:
    """The actions of people on the files, the lock file and the server."""

    def __init__(self, url: str, environ: Mapping[str, str]) -> None:
        self.url = url
        self.environ = {**environ, "ANTHROPIC_BASE_URL": url, "ANT_NO_HINTS": ""}

    def ant(
        self,
        *words: str,
        typed: str | None = None,
        transport: Any = None,
        stdout: Screen | None = None,
        **env: str,
    ) -> Result:
        """Run a command line; `typed` has the lines of a person at a terminal."""
        keyboard = typed is not None
        stdout, stderr = stdout or Screen(terminal=keyboard), Screen(terminal=keyboard)
        stdin = Keyboard(typed.encode()) if typed is not None else None
        environ = {**self.environ, "TERM": "dumb", **env}
        runtime = make_runtime(
            environ, stdin, stdout, stderr, transport=transport, sleep=lambda _: None
        )
        status = main(words, runtime)
        result = Result(status, stdout.text(), stderr.text().replace(os.sep, "/"))
        assert KEY not in result.stdout + result.stderr
        assert "this is a bug" not in result.stderr
        return result

    def apply(self, *words: str, **options: Any) -> Result:
        """Apply without questions, and expect success."""
        result = self.ant("apply", "--yes", *words, **options)
        assert result.exit == 0, result.stderr
        return result

    def diff(self, *words: str) -> int:
        """Return the exit code, which says whether there are changes."""
        return self.ant("diff", *words).exit

    def program(self, *words: str, code: str = "") -> subprocess.Popen[bytes]:
        """Start a command line as a separate process, which runs `code` first."""
        start = f"{code}\nimport sys; sys.argv[0] = 'ant'\nfrom ant_cli.__main__ import entry_point; entry_point()"
        return spawn([sys.executable, "-c", start, *words], self.environ, text=False)

    def write(self, name: str, text: str = "config: {type: cloud}\n") -> Path:
        """Write a file."""
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add(self, *names: str) -> None:
        """Write the files of environments with these names."""
        for name in names:
            self.write(f"environments/{name}.yaml")

    def server(self, *, archived: bool = False) -> dict[str, Any]:
        """Return the environments on the server by name."""
        words = ["--include-archived"] if archived else []
        result = self.ant(*LIST, "--format", "jsonl", *words)
        found = [json.loads(line) for line in result.stdout.split("\n") if line]
        assert len({one["name"] for one in found}) == len(found), "an environment is there twice"
        return {one["name"]: one for one in found}

    def by_hand(self, *words: str) -> None:
        """Change the server without the files."""
        result = self.ant("beta:environments", *words)
        assert result.exit == 0, result.stderr

    def lock(self) -> dict[str, Any]:
        """Return the entries of the lock file."""
        resources: dict[str, Any] = json.loads(Path("claude-lock.json").read_text())["resources"]
        return resources

    def ids(self) -> dict[str, str]:
        """Return the IDs in the lock file by key."""
        return {key: entry["id"] for key, entry in self.lock().items()}


class Meddling:
    """A transport that calls a function with the body of each change before it is sent."""

    def __init__(self, team: Team, before: Callable[[bytes], object]) -> None:
        self._inner = open_transport(team.url, make_runtime(team.environ))
        self._before = before

    @contextmanager
    def stream(
        self, method: str, url: str, headers: Any, body: bytes, timeouts: Any
    ) -> Iterator[Any]:
        if method == "POST":
            self._before(body)
        with self._inner.stream(method, url, headers, body, timeouts) as response:
            yield response

    def close(self) -> None:
        self._inner.close()


@pytest.fixture
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve an emulator on loopback."""
    database = tmp_path_factory.mktemp("emulator") / "emulator.db"
    with closing(Emulator(database)) as emulator, serving(emulator) as server:
        yield server.url


@pytest.fixture
def team(url: str, clean_environ: dict[str, str]) -> Team:
    """Return a team in an empty folder."""
    os.environ.pop("FORCE_COLOR", None)
    return Team(url, clean_environ)


@pytest.fixture
def tracked(team: Team) -> Team:
    """Return a team whose environment a is tracked."""
    team.add("a")
    team.apply(".")
    return team
