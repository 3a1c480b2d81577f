"""What all items of a worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from ant_cli.errors import AntError
from ant_cli.http.choice import is_direct
from ant_cli.input.request import has_lone_surrogate
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.process import own_command
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import PollOptions
from ant_cli.worker.failures import Memory, Outage
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.metrics import Tally
from ant_cli.worker.sdk_session import LEASE_HOLDER, SESSION_FOLDERS
from ant_cli.worker.work_api import SHORTEST_LEASE_S, WorkAPI

T = TypeVar("T")
_END_TIMEOUT_S = 10
"""How long the guardian of a killed worker waits for each response."""
_LONGEST_VARIABLE = 128 * 1024
"""The most bytes of a variable that Linux passes to a program, including its name and the NUL at its end."""


class Shutdown(NamedTuple):
    """The stages of a worker's shutdown. Signals, or timeouts, bring the next one."""

    draining: asyncio.Future[None]
    """Take no more work."""
    terminating: asyncio.Future[None]
    """End the handlers: SIGTERM, and SIGKILL after the kill timeout."""
    killing: asyncio.Future[None]
    """Kill the handlers now."""


async def wait_for_any(*events: asyncio.Future[Any], timeout_s: float | None = None) -> None:
    """Wait until one of these has happened, or for a limited time."""
    await asyncio.wait(events, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


class WorkerContext:
    """What all items of a worker share."""

    def __init__(
        self,
        options: PollOptions,
        command: list[str],
        connection: ConnectionSettings,
        runtime: Runtime,
        log: WorkerLog,
    ) -> None:
        """Create everything that a worker needs; `command` runs an item. There must be a running event loop."""
        self.options = options
        self.command = command
        self.log = log
        self.server_time = runtime.server_clock.now
        """Returns the time at the server, in seconds since 1970."""
        # An abandoned call occupies its thread until it times out, so there are more threads than calls.
        self._executor = ThreadPoolExecutor(2 * options.concurrency + 4, "api")
        self._on_loop = is_direct(connection.base_url, runtime.environ)
        api_runtime = runtime
        if self._on_loop:
            # late, as below: only a worker needs greenlet
            from ant_cli.worker.on_loop import runtime_on_loop

            api_runtime = runtime_on_loop(runtime, self._executor)
        self.api = WorkAPI(connection, api_runtime, options.environment_id, options.worker_id)
        self.environ = runtime.environ
        self.own_variables = {
            variables.ENVIRONMENT_KEY: options.environment_key,
            variables.BASE_URL: connection.base_url,
            variables.WORKSPACE_ID: connection.workspace_id,
            "ANTHROPIC_WORKER_ID": options.worker_id,
            SESSION_FOLDERS: str(options.has_session_folders).lower(),
        }
        guardian_environ = handler_environment(self.environ, {}, 0, self.own_variables)
        guardian_environ[variables.AUTH_TOKEN] = options.environment_key
        self.guardian = Guardian(
            _end_leases_command(options, connection.base_url), guardian_environ
        )
        self.tally = Tally(options.concurrency)
        self.memory = Memory()
        self.outage = Outage()
        create = asyncio.get_running_loop().create_future
        self.shutdown = Shutdown(create(), create(), create())

    def note_outage(self) -> None:
        """Log the beginning and the end of an outage."""
        reason = self.outage.reason
        if reason and not self.tally.outage:
            self.log.error(
                "outage: only one item at a time runs, until one succeeds", reason=reason
            )
        elif self.tally.outage and not reason:
            self.log.info("the outage is over")
        self.tally.outage = reason

    def end_outage(self) -> None:
        """Assume that the handler works again."""
        self.outage.end()
        self.note_outage()

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Make an API call: on the event loop, or in a thread if there is a proxy.

        Cancelling closes the connection; a call in a thread continues, and its result is discarded.

        Raises:
            AntError: if the call fails, or no thread can be started.

        """
        try:
            if self._on_loop:
                from ant_cli.worker.on_loop import run_on_loop

                return await run_on_loop(function, *args)
            return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)
        except RuntimeError as error:  # handlers have used up the processes of this user
            raise AntError(f"{error}.") from None

    def close(self) -> None:
        """Kill the remaining handlers, and close the connections. API calls in progress are not waited for."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.guardian.close()
        self.api.close()


def handler_environment(
    environ: Mapping[str, str],
    item: Mapping[str, Any],
    attempt: int,
    own: Mapping[str, str],
) -> dict[str, str]:
    """Return the environment of a handler: the worker's, without an organization's key, plus the item's variables.

    `own` are the worker's own values: environment key, base URL, worker ID. What can't be a variable is left out.
    """
    values = {**own, **item_variables(item), "ANT_WORK_ATTEMPT": str(attempt)}
    secret = (variables.METADATA_KEY, *variables.OF_ORGANIZATION)
    left_out = {LEASE_HOLDER, variables.ENVIRONMENT_KEY_FILE, *secret, *values}
    kept = {name: text for name, text in environ.items() if name not in left_out}
    return kept | {name: text for name, text in values.items() if _can_be_variable(name, text)}


def item_variables(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an item by the variables that a handler gets; None for what the item does not have."""
    return {
        "ANTHROPIC_WORK_ID": item.get("id"),
        "ANTHROPIC_ENVIRONMENT_ID": item.get("environment_id"),
        "ANTHROPIC_SESSION_ID": (item.get("data") or {}).get("id"),
        "ANTHROPIC_WORK_SECRET": item.get("secret"),
    }


def _can_be_variable(name: str, text: object) -> bool:
    """Whether a value from a server can be a variable. If not, the handler finds it only in the item on stdin."""
    if not isinstance(text, str) or text == "" or "\0" in text or has_lone_surrogate(text):
        return False
    return len(f"{name}={text}\0".encode()) <= _LONGEST_VARIABLE


def _end_leases_command(options: PollOptions, base_url: str) -> list[str]:
    """Return the command that ends leases: its input has a line for each."""
    words = [
        "--environment-id",
        options.environment_id,
        "--desired-ttl-seconds",
        str(SHORTEST_LEASE_S),
    ]
    words += [
        "--file",
        "-",
        "--base-url",
        base_url,
        "--max-retries",
        "1",
        "--timeout",
        str(_END_TIMEOUT_S),
    ]
    return own_command("beta:environments:work", "heartbeat", *words)
