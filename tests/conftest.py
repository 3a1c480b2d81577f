"""Run `ant` in tests: `ant("beta:environments", "create", stdin="name: demo")`."""

from __future__ import annotations

import gc
import io
import itertools
import json
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partialmethod
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
from hypothesis import HealthCheck, settings

from ant_cli.argv import ApiCall, ToolCall, parse
from ant_cli.main import main
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from tests.helpers.stores import OfficialStore
from tests.helpers.transports import transport_to
from tests.helpers.words import EMPTY, KEY

pytest_plugins = [
    "tests.helpers.federation",
    "tests.helpers.many",
    "tests.helpers.runs",
    "tests.helpers.system_verifier",
]
"""Their fixtures are for all rooms."""
if sys.platform != "win32":
    pytest_plugins.append("tests.helpers.terminals")

settings.register_profile("ant", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ant")
"""No test of Hypothesis asserts a time, because the speed of a shared machine is not what is tested."""

if sys.platform == "win32":
    collect_ignore = [
        "commands/test_emulator_exec.py",
        "completion",
        "docs/test_worker_page.py",
        "hostile/test_stored_secrets.py",
        "worker",
    ]
    """Tests of what needs POSIX: process groups, shells, and the worker."""
    Path.write_text = partialmethod(Path.write_text, newline="\n")  # type: ignore[assignment, method-assign] # tests compare bytes


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Ignore tests that use the terminals and locks of POSIX, where they can't be imported."""
    if sys.platform == "win32" and collection_path.suffix == ".py":
        text = collection_path.read_text(encoding="utf-8")
        if re.search(r"^(import|from) (fcntl|pty|tests\.helpers\.terminals)\b", text, re.MULTILINE):
            return True
    return None  # as the other rules say


def needs_posix(what: str) -> pytest.MarkDecorator:
    """Skip a test on Windows, which lacks something that it needs."""
    return pytest.mark.skipif(sys.platform == "win32", reason=f"this test needs POSIX: {what}")


def needs_linux(what: str) -> pytest.MarkDecorator:
    """Skip a test on other systems, which lack something that it needs."""
    return pytest.mark.skipif(sys.platform != "linux", reason=f"this test needs Linux: {what}")


as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can be another user"
)


gc.disable()


def pytest_collection_finish() -> None:
    """Let the garbage collector look only at what tests make: the collected tests live to the end anyway."""
    gc.freeze()
    gc.enable()


KEY_BY_PATTERN = "sk-ant-canary-7f3a9c"
"""It looks like a key, and is redacted even if it is not registered."""


@dataclass
class Result:
    """The outcome of a run of `ant`. A run that prints a secret or a traceback fails its test."""

    exit: int
    stdout: str
    stderr: str
    requests: list[Any] = field(default_factory=list)
    """Each is an `httpx.Request`, or the bytes that a socket received."""
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check what must hold for every run."""
        assert KEY not in self.stdout + self.stderr
        assert KEY_BY_PATTERN not in self.stdout + self.stderr
        assert "Traceback" not in self.stderr

    @property
    def refusal(self) -> str:
        """The message of a usage error, before which nothing was sent or printed."""
        assert (self.exit, self.stdout, self.requests) == (2, "", [])
        return self.stderr

    @property
    def request(self) -> Any:
        """The only request."""
        (request,) = self.requests
        return request

    @property
    def path(self) -> str:
        """The path of the only request, as it was sent."""
        path: bytes = self.request.url.raw_path
        return path.decode().partition("?")[0]

    @property
    def body(self) -> Any:
        """The body of the only request."""
        return json.loads(self.request.content)

    @property
    def json(self) -> Any:
        """The only JSON value on stdout."""
        return json.loads(self.stdout)


class Screen(io.BytesIO):
    """A stream that may claim to be a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal

    def text(self) -> str:
        return self.getvalue().decode()


Replies = Sequence[Any] | Callable[[httpx.Request], Any]


@dataclass
class Server:
    """Gives the n-th request the n-th reply: a response, an exception to raise, or a JSON value.

    A refused connection is raised while connecting, every other exception while waiting for the response.
    A function in place of the replies makes each of them.
    """

    replies: Replies
    requests: list[httpx.Request] = field(default_factory=list)
    refused: int = 0

    def connect(self) -> None:
        """Raise the next reply if it is an error of connecting."""
        if callable(self.replies):
            return
        reply = next(iter(self.replies[self._position :]), None)
        if isinstance(reply, ConnectionRefusedError | socket.gaierror):
            self.refused += 1
            raise reply

    def respond(self, request: httpx.Request) -> httpx.Response:
        """Return the next reply as a response."""
        reply = self.replies(request) if callable(self.replies) else self.replies[self._position]
        self.requests.append(request)
        if isinstance(reply, BaseException):
            raise reply
        return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)

    @property
    def _position(self) -> int:
        return len(self.requests) + self.refused


HINTS = re.compile(
    "|".join(
        [
            "It has no key yet: ",
            r"No profile is active now\. To choose one: ",
            "Note: (other users could|other users of this machine can) read ",
            "Note: --unrestricted-paths has no effect",
            r"Note: \w+ is (set, and |still set\.)",
            "Note: access tokens can't be cached in ",
            "Note: the cached access token in ",
            "Note: this tool manages environments only; ",
            "Note: waiting for another process that is exchanging ",
            r"Note: .* See: ant auth status\Z",
            "Note: .* has fields that a file can't declare: ",
            "Note: .* is not passed on to handlers",
            "Note: .* is not sent, because ant sets its own",
            r"Note: .* of the official tool is still logged in\.",
            r"There are no requests\. The journal is in ",
            "To create one: ",
        ]
    ),
    re.DOTALL,
)
"""How the texts begin that `ANT_NO_HINTS` silences. Nothing else may be, nor any of them printed anyway."""


class _Hint(str):
    """A text that `ANT_NO_HINTS` silences."""


class CheckedRuntime(Runtime):
    """A runtime that fails a test in which it prints a hint as a message, or the other way round."""

    def say(self, text: str, *, is_error: bool = False) -> None:
        assert isinstance(text, _Hint) or not HINTS.match(text), f"to print as a hint: {text}"
        super().say(text, is_error=is_error)

    def hint(self, text: str) -> None:
        assert HINTS.match(text), f"ANT_NO_HINTS must not silence this: {text}"
        super().hint(_Hint(text))


def make_runtime(
    environ: Mapping[str, str],
    stdin: Any = None,
    stdout: Any = None,
    stderr: Any = None,
    **seams: Any,
) -> Runtime:
    """Return a runtime over binary files; a stream without a file is closed. The seams are those of `Runtime`."""
    return CheckedRuntime(Stdin(stdin), Stdout(stdout), Stderr(stderr), environ, **seams)


def flags_of(*command: str, **texts: str | bool) -> Flags:
    """Return the flags of a command line with these texts of flags, by parameter name."""
    words = [f"{flag_name(name)}={text}" for name, text in texts.items()]
    call = parse([*(command or ("beta:environments", "list")), *words])
    assert isinstance(call, ApiCall | ToolCall)
    return call.flags


def piped(content: str | bytes | Path | None) -> int:
    """Return a descriptor: a pipe with the content, the file at a path, or /dev/null for None."""
    if content is None or isinstance(content, Path):
        return os.open(content or os.devnull, os.O_RDONLY)
    data = content.encode() if isinstance(content, str) else content
    read_end, write_end = os.pipe()

    def fill() -> None:
        try:
            with open(write_end, "wb", buffering=0) as pipe:  # noqa: PTH123 - a descriptor, not a path
                pipe.write(data)
        except OSError:  # the reader did not want all of it; Windows has another error for that
            pass

    threading.Thread(target=fill, daemon=True).start()
    return read_end


@contextmanager
def _terminal() -> Iterator[BinaryIO]:
    """Open a terminal without any input. Windows has no pseudo-terminals, so there it only claims to be one."""
    if sys.platform == "win32":
        yield Screen(terminal=True)
        return
    import pty

    ours, theirs = pty.openpty()
    with open(theirs, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
        yield file
    os.close(ours)


_folders = itertools.count()


def _new_folder(factory: pytest.TempPathFactory) -> Path:
    path = factory.getbasetemp() / str(next(_folders))
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder. That of pytest takes longer for each test, since it reads the names of all earlier ones."""
    return _new_folder(tmp_path_factory)


@pytest.fixture
def clean_environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with a key and an empty home, without the variables of the person who runs the tests."""
    home = _new_folder(tmp_path_factory)
    windows = {"LOCALAPPDATA": str(home / "state"), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")}
    return {
        **(windows if sys.platform == "win32" else {}),
        "ANTHROPIC_API_KEY": KEY,
        "HOME": str(home),
        "ANTHROPIC_CONFIG_DIR": str(home / "anthropic"),
        "XDG_STATE_HOME": str(home / "state"),
        "PATH": os.environ["PATH"],
    }


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let SIGINT and SIGHUP end the programs that tests start. Background jobs and `nohup` ignore them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)  # which no other program inherits


@pytest.fixture(autouse=True)
def nothing_from_outside(
    monkeypatch: pytest.MonkeyPatch, clean_environ: dict[str, str], tmp_path: Any
) -> None:
    """Run each test in an empty folder, without the environment of the person who runs it.

    Coverage measures no process that a test starts, unless the test passes `tests.helpers.processes.COVERAGE` on.
    """
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "COVERAGE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", clean_environ["HOME"])
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def ant(clean_environ: dict[str, str]) -> Callable[..., Result]:
    """Run a command line in this process. The test fails if any secret is shown.

    Requests get the replies, or are sent to the `network`, which is a server of the test. Without replies, the
    response is an empty page. With `ask`, which answers questions, stdin is a terminal.
    """

    def run(
        *words: str,
        stdin: str | bytes | Path | None = None,
        env: Mapping[str, str | None] = {},
        replies: Replies = (EMPTY,),
        terminal: bool = False,
        stdout: Screen | None = None,
        stderr: Screen | None = None,
        sleep: Callable[[float], None] | None = None,
        network: bool = False,
        ask: Callable[[str], str] | None = None,
        now: Callable[[], float] | None = None,
    ) -> Result:
        environ = {k: v for k, v in {**clean_environ, **env}.items() if v is not None}
        server, waits = Server(replies), list[float]()
        stdout, stderr = stdout or Screen(terminal=terminal), stderr or Screen(terminal=terminal)
        with _terminal() if ask else open(piped(stdin), "rb") as source:
            runtime = make_runtime(
                environ,
                source,
                stdout,
                stderr,
                transport=None if network else transport_to(server.respond, server.connect),
                sleep=sleep or waits.append,
                ask=ask,
                now=now,
            )
            status = main(words, runtime)
        return Result(status, stdout.text(), stderr.text(), server.requests, waits)

    return run


@pytest.fixture
def official(clean_environ: dict[str, str]) -> OfficialStore:
    """The official tool's store, which is empty."""
    return OfficialStore(Path(clean_environ["ANTHROPIC_CONFIG_DIR"]))


@pytest.fixture
def profiles(clean_environ: dict[str, str]) -> Callable[[str], Path]:
    """Write the file of profiles, with the permissions that the program gives it, and return its path."""

    def write(text: str) -> Path:
        path = Path(clean_environ["ANTHROPIC_CONFIG_DIR"]) / "profiles.toml"
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    return write


@pytest.fixture
def credential_store() -> Iterator[Any]:
    """The operating system's credential store, which is empty."""
    import keyring

    from tests.helpers.memory_keyring import Memory

    before = keyring.get_keyring()
    backend = Memory()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)
