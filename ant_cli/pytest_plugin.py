"""The pytest plugin: fixtures with an emulator that is empty for each test.

Each run of pytest imports this module where `ant` is installed, so it imports only what pytest has already.
"""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import pytest

_OPTIONS = {
    "lease_seconds": "How long a lease lasts, from 1 to 300.",
    "seed": "A number that makes the IDs the same in each test.",
    "strict_streams": "true: a stream has only the events after its opening, like the real API.",
    "any_credential": "true: any kind of credential is accepted in every request.",
    "organization_id": "The organization ID in the headers of responses.",
    "workspace_id": "The workspace ID in the headers of responses.",
}
"""The options of an emulator: for all tests in the ini file, and for some by the marker."""
_WARNED = ("expectation_failed", "late_stream", "unused_fault", "unused_script")
"""The findings of a report for which a test that passes has a warning."""
_FAILED = "stub_of_list"
"""The finding that is an error of the test."""


class AntEmulatorWarning(UserWarning):
    """Something about an emulator that a test should know although it passed."""


class AntEmulator:
    """A served emulator. The keywords of its methods are the fields of its control endpoints."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url
        self.api_key = api_key

    def script(self, steps: Sequence[Any], **fields: Any) -> None:
        """Give a script to the next session of an agent, or of any."""
        __tracebackhide__ = True
        self.control("POST", "scripts", script=steps, **fields)

    def environment_key(self, environment_id: str) -> str:
        """Return a key for the workers of an environment."""
        return str(self.control("POST", f"environments/{environment_id}/key")["environment_key"])

    def enqueue(self, environment_id: str, **fields: Any) -> Any:
        """Put work in a queue, and return its items."""
        return self.control("POST", f"environments/{environment_id}/enqueue", **fields)["data"]

    def fault(self, **fields: Any) -> None:
        """Make the next requests fail."""
        __tracebackhide__ = True
        self.control("POST", "faults", **fields)

    def respond(self, path_contains: str = "", body: Any = None, **fields: Any) -> None:
        """Set the response of the paths that contain a text, or of the one `path`; the body is sent as JSON."""
        __tracebackhide__ = True
        given = {"body": json.dumps(body), "status": 200, "times": 1_000_000}
        if path_contains:
            given["path_contains"] = path_contains
        self.fault(**given | fields)

    def clock(self, **fields: Any) -> Any:
        """Move the clock, or only look at it without fields. Return its time, and whether it stands still."""
        return self.control("POST" if fields else "GET", "clock", **fields)

    def requests(self) -> Any:
        """Return the requests of this test, the oldest first."""
        return self.control("GET", "requests")["data"]

    def report(self) -> Any:
        """Return what this test should know: failed expectations, errors of sessions, and what nothing used."""
        return self.control("GET", "report")["data"]

    def control(self, method: str, endpoint: str, /, **fields: Any) -> Any:
        """Send a request to `/_emulator/ENDPOINT`, and return its response. Raises ValueError for an error."""
        from http.client import HTTPConnection  # it reads no variables, such as those of a proxy

        __tracebackhide__ = True
        with closing(HTTPConnection(self.url.removeprefix("http://"), timeout=60)) as connection:
            # any iterable may be a script
            data = json.dumps(fields, default=list) if fields else None
            connection.request(method, f"/_emulator/{endpoint}", data)
            body = json.loads(connection.getresponse().read())
        if "error" in body:
            raise ValueError(f"{method} /_emulator/{endpoint}: {body['error']['message']}")
        return body


# Emulators


class _Emulators:
    """The emulators of this process: one for each set of options, and more if a test needs several."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._idle: dict[tuple[str, ...], list[AntEmulator]] = {}
        self.used: list[AntEmulator] = []
        """The emulators that the current test uses."""

    @contextmanager
    def empty(self, flags: tuple[str, ...]) -> Iterator[AntEmulator]:
        """Yield an empty emulator that nothing else uses. At the end, warn about what its report names."""
        idle = self._idle.setdefault(flags, [])
        emulator = idle.pop() if idle else self._stack.enter_context(_served(flags))
        emulator.control("POST", "reset")
        self.used.append(emulator)
        try:
            yield emulator
            _warn(emulator)
        finally:
            self.used.remove(emulator)
            idle.append(emulator)


@contextmanager
def _served(flags: tuple[str, ...]) -> Iterator[AntEmulator]:
    """Serve an emulator until the end of this process, however that ends."""
    import subprocess

    from ant_cli.commands.emulator_registry import ANY_KEY
    from ant_cli.runtime.process import in_background, own_command

    always = ("--until-stdin-closes", "--database=:memory:", f"--log-file={os.devnull}")
    environ = {
        name: text for name, text in os.environ.items() if not name.startswith("ANT_EMULATOR_")
    }
    with tempfile.TemporaryFile() as errors:
        process: Any = subprocess.Popen(
            own_command("emulator", "start", *always, "--format=auto", *flags),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            **in_background(),  # after a Ctrl-C, fixtures that end still need it
        )
        with process:  # its end closes the pipes, and waits for the process
            if not (url := process.stdout.readline().decode().strip()):
                process.wait()
                errors.seek(0)
                pytest.fail(errors.read().decode(errors="replace"), pytrace=False)
            yield AntEmulator(url, ANY_KEY)


def _warn(emulator: AntEmulator) -> None:
    """Warn about what a test that passed should know. What is an error of the test fails it."""
    __tracebackhide__ = True
    findings: Any = []
    with suppress(OSError):  # it does not respond, as the test has noticed
        findings = emulator.report()
    for finding in findings:
        if finding["kind"] in _WARNED:
            # at a place that is the same for all tests, so that pytest shows equal ones once
            warnings.warn_explicit(finding["message"], AntEmulatorWarning, "ant_emulator", 1)
    errors = [finding["message"] for finding in findings if finding["kind"] == _FAILED]
    if errors:
        pytest.fail("\n".join(errors), pytrace=False)


# Options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    for name, text in _OPTIONS.items():
        parser.addini(f"ant_emulator_{name}", text, default="")


def pytest_configure(config: pytest.Config) -> None:
    """Add the marker."""
    options = ", ".join(_OPTIONS)
    config.addinivalue_line(
        "markers", f"ant_emulator({options}): the options of a test's emulator, by keyword."
    )


def _flags(request: pytest.FixtureRequest, own: Mapping[str, Any] = {}) -> tuple[str, ...]:
    """Return the flags of an emulator: those of the ini file, of the test's nearest marker, and its own."""
    options = {name: request.config.getini(f"ant_emulator_{name}") for name in _OPTIONS}
    marker = request.node.get_closest_marker("ant_emulator")
    if marker is not None:
        options |= _checked(marker.kwargs, marker.args)
    return _as_flags({**options, **_checked(own)})


def _checked(options: Mapping[str, Any], others: Sequence[Any] = ()) -> Mapping[str, Any]:
    unknown = [*map(repr, others), *sorted(options.keys() - _OPTIONS.keys())]
    if unknown:
        names = ", ".join(_OPTIONS)
        pytest.fail(f"ant_emulator takes the keywords {names}; got {unknown[0]}.", pytrace=False)
    return options


def _as_flags(options: Mapping[str, Any]) -> tuple[str, ...]:
    given = {name: value for name, value in options.items() if value not in ("", None)}
    return tuple(
        f"--{name.replace('_', '-')}={str(value).lower() if value in (True, False) else value}"
        for name, value in given.items()
    )


# Fixtures


_USED = pytest.StashKey[_Emulators]()


@pytest.fixture(scope="session")
def _ant_emulators(request: pytest.FixtureRequest) -> Iterator[_Emulators]:
    with ExitStack() as stack:
        emulators = request.config.stash[_USED] = _Emulators(stack)
        yield emulators


@pytest.fixture
def ant_emulator(
    request: pytest.FixtureRequest, _ant_emulators: _Emulators, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AntEmulator]:
    """Return an emulator of the environments API, which is empty. Clients find it by ANTHROPIC_BASE_URL."""
    with _ant_emulators.empty(_flags(request)) as emulator:
        _point_to(emulator, monkeypatch)
        yield emulator


@pytest.fixture(scope="module")
def ant_emulator_module(
    request: pytest.FixtureRequest, _ant_emulators: _Emulators
) -> Iterator[AntEmulator]:
    """Return an emulator that all tests of a module share. Clients find it by ANTHROPIC_BASE_URL."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        _ant_emulators.empty(_flags(request)) as emulator,
    ):
        _point_to(emulator, monkeypatch)
        yield emulator


@pytest.fixture
def ant_emulator_factory(
    request: pytest.FixtureRequest, _ant_emulators: _Emulators
) -> Iterator[Callable[..., AntEmulator]]:
    """Return a function that returns another empty emulator at each call, with options that it is given."""
    with ExitStack() as stack:

        def make(**options: Any) -> AntEmulator:
            return stack.enter_context(_ant_emulators.empty(_flags(request, options)))

        yield make


def _point_to(emulator: AntEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    # it may be the real API's
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", emulator.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", emulator.api_key)


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Add the journal and the report of each emulator to the report of a test that failed."""
    emulators = item.config.stash.get(_USED, None)
    if call.excinfo is None or emulators is None:
        return
    for emulator in emulators.used:
        item.add_report_section(call.when, "ant_emulator", _section(emulator))


def _section(emulator: AntEmulator) -> str:
    from ant_cli.commands.emulator_control import request_line

    try:
        requests = map(request_line, emulator.requests())
        findings = [f"{each['kind']}: {each['message']}" for each in emulator.report()]
    except OSError as error:
        return f"The emulator does not respond: {error}"
    return "\n".join((*requests, *findings))
