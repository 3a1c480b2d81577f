"""The pytest plugin: the fixture `ant_emulator`, an emulator that is empty for each test.

Each run of pytest imports this module where `ant` is installed, so it imports only what pytest has already.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest


class AntEmulator:
    """A served emulator. The keywords of its methods are the fields of its control endpoints."""

    def __init__(self, url: str, api_key: str) -> None:
        self.url = url
        self.api_key = api_key

    def environment_key(self, environment_id: str) -> str:
        """Return a key for the workers of an environment."""
        return str(self.control("POST", f"environments/{environment_id}/key")["environment_key"])

    def enqueue(self, environment_id: str, **fields: Any) -> Any:
        """Put work in a queue, and return its items."""
        return self.control("POST", f"environments/{environment_id}/enqueue", **fields)["data"]

    def fault(self, **fields: Any) -> None:
        """Make the next requests fail."""
        self.control("POST", "faults", **fields)

    def respond(self, path_contains: str, body: Any, **fields: Any) -> None:
        """Set the response of a path for this test, even of one that is not emulated; the body is sent as JSON."""
        given = {
            "path_contains": path_contains,
            "body": json.dumps(body),
            "status": 200,
            "times": 1_000_000,
        }
        self.fault(**given | fields)

    def clock(self, **fields: Any) -> Any:
        """Move the clock, or only look at it without fields. Return its time, and whether it stands still."""
        return self.control("POST" if fields else "GET", "clock", **fields)

    def requests(self) -> Any:
        """Return the requests of this test, the oldest first."""
        return self.control("GET", "requests")["data"]

    def control(self, method: str, endpoint: str, /, **fields: Any) -> Any:
        """Send a request to `/_emulator/ENDPOINT`, and return its response. Raises ValueError for an error."""
        from http.client import HTTPConnection  # it reads no variables, such as those of a proxy

        __tracebackhide__ = True
        with closing(HTTPConnection(self.url.removeprefix("http://"), timeout=60)) as connection:
            connection.request(
                method, f"/_emulator/{endpoint}", json.dumps(fields) if fields else None
            )
            body = json.loads(connection.getresponse().read())
        if "error" in body:
            raise ValueError(f"{method} /_emulator/{endpoint}: {body['error']['message']}")
        return body


@pytest.fixture(scope="session")
def _ant_emulator() -> Iterator[AntEmulator]:
    """Serve an emulator until the end of this process, however that ends."""
    import subprocess

    from ant_cli.commands.emulator_registry import ANY_KEY
    from ant_cli.runtime.process import in_background, own_command

    flags = (
        "--until-stdin-closes",
        "--database",
        ":memory:",
        "--log-file",
        os.devnull,
        "--format",
        "auto",
    )
    environ = {
        name: text for name, text in os.environ.items() if not name.startswith("ANT_EMULATOR_")
    }
    with tempfile.TemporaryFile() as errors:
        process: Any = subprocess.Popen(
            own_command("emulator", "start", *flags),
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


@pytest.fixture
def ant_emulator(_ant_emulator: AntEmulator, monkeypatch: pytest.MonkeyPatch) -> AntEmulator:
    """Return an emulator of the environments API, which is empty. Clients find it by ANTHROPIC_BASE_URL."""
    # it may be the real API's
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", _ant_emulator.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", _ant_emulator.api_key)
    _ant_emulator.control("POST", "reset")
    return _ant_emulator


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Add the emulator's journal to the report of a test that failed."""
    # also one that only another fixture uses
    emulator = getattr(item, "funcargs", {}).get("ant_emulator")
    if call.excinfo is None or emulator is None:
        return
    from ant_cli.commands.emulator_control import request_line

    try:
        journal = "\n".join(map(request_line, emulator.requests()))
    except OSError as error:
        journal = f"The emulator does not respond: {error}"
    item.add_report_section(call.when, "ant_emulator", journal)
