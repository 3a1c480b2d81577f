"""A worker in this process whose calls a test answers. Its handlers are real."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.supervisor import Supervisor
from tests.conftest import KEY, make_runtime
from tests.helpers.work_server import ITEM
from tests.worker.conftest import poll_options

NOTHING_TO_RUN = {**ITEM, "data": {"type": "healthcheck"}}
"""An item that is only acknowledged and stopped."""


class Calls(list[str]):
    """The names of a worker's calls. Each gets what `reply` returns."""

    def __init__(self, environ) -> None:
        super().__init__()
        self.sent: list[tuple[str, Any]] = []
        """The calls with their arguments."""
        self._environ = environ
        self.command = ["true"]
        self.metadata_key = ""
        self.context: WorkerContext
        self._log = io.BytesIO()

    async def work(self, **flags: str) -> None:
        """Run a worker until it ends."""
        environ = {**self._environ, "ANTHROPIC_AUTH_TOKEN": KEY}
        runtime = make_runtime(environ, stderr=self._log)
        log = WorkerLog(runtime.stderr, LogView(runtime, "json").line, {})
        self.context = WorkerContext(
            poll_options(**flags).replaced(metadata_key=self.metadata_key),
            self.command,
            load(runtime, Flags()).connection,
            runtime,
            log,
        )
        self.context.call = self._call
        await Supervisor(self.context).run()
        self.context.close()

    async def _call(self, function, *args):
        self.append(function.__name__)
        self.sent.append((function.__name__, args))
        await asyncio.sleep(0)
        return await self.reply(function.__name__)

    async def reply(self, _name):
        """Return the response to a call."""
        return NOTHING_TO_RUN

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the worker's log."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def messages(self) -> list[str]:
        """The messages of the worker's log."""
        return [event["msg"] for event in self.events]

    @property
    def text(self) -> str:
        """The log, in JSON."""
        return self._log.getvalue().decode()

    def drain(self) -> None:
        """Do what the first signal does."""
        self.context.shutdown.draining.set_result(None)


class Log:
    """A log that notes its messages, with their levels."""

    def __init__(self):
        self.lines = []

    def __getattr__(self, level):
        return lambda message, **_fields: self.lines.append((level, message))


async def others():
    """Let every other task of the event loop go on, until all of them wait for something."""
    for _ in range(50):
        await asyncio.sleep(0)


def clock():
    """Return a list. Each element of it moves the clock of the event loop by an hour."""
    loop, hours = asyncio.get_running_loop(), []
    time = loop.time
    loop.time = lambda: time() + 3600 * len(hours)
    return hours
