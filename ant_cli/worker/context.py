"""What all items of a worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from ant_cli.errors import AntError
from ant_cli.http.choice import is_direct
from ant_cli.input.request import has_lone_surrogate
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any, NamedTuple, TypeVar
from ant_cli.runtime.process import own_command
from ant_cli.runtime.variables import AUTH_TOKEN, BASE_URL, ENVIRONMENT_KEY, METADATA_KEY, WORKSPACE_ID
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import PollOptions
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.hidden_secrets import SECRET_VARIABLES
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.metrics import Tally
from ant_cli.worker.outage import Outage
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.settlement import Memory
from ant_cli.worker.work_api import SHORTEST_LEASE_S, WorkAPI

T = TypeVar("T")
_LONGEST_END_S = 10
"""How long the guardian of a killed worker waits for each response."""


class Shutdown(NamedTuple):
    """The stages of a worker's shutdown. Signals, or timeouts, bring the next one."""

    draining: asyncio.Future[None]
    """Take no more work."""
    terminating: asyncio.Future[None]
    """End the handlers: SIGTERM, and SIGKILL after the kill timeout."""
    killing: asyncio.Future[None]
    """Kill the handlers now."""


async def first_of(*events: asyncio.Future[Any], timeout_s: float | None = None) -> None:
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
            from ant_cli.worker.on_loop import runtime_on_loop  # late, as below: only a worker needs greenlet

            api_runtime = runtime_on_loop(runtime, self._executor)
        self.api = WorkAPI(connection, api_runtime, options.environment_id, options.worker_id)
        self.environ = {name: text for name, text in runtime.environ.items() if name != LEASE_HOLDER}
        self.own_variables = {
            ENVIRONMENT_KEY: options.environment_key,
            BASE_URL: connection.base_url,
            "ANTHROPIC_WORKER_ID": options.worker_id,
            **({WORKSPACE_ID: connection.workspace_id} if connection.workspace_id else {}),
        }
        of_guardian = handler_environment(self.environ, {}, 0, self.own_variables, pass_api_key=False)
        self.guardian = Guardian(
            _end_leases_command(options, connection.base_url), {**of_guardian, AUTH_TOKEN: options.environment_key}
        )
        self.tally = Tally(options.concurrency)
        self.memory = Memory()
        self.outage = Outage()
        create = asyncio.get_running_loop().create_future
        self.shutdown = Shutdown(create(), create(), create())

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Make an API call: on the event loop, or in a thread if there is a proxy.

        Cancelling closes the connection; a call in a thread goes on, and its result is discarded.

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
    environ: Mapping[str, str], item: Mapping[str, Any], attempt: int, own: Mapping[str, str], *, pass_api_key: bool
) -> dict[str, str]:
    """Return the environment of a handler: the worker's, without an organization's key, plus the item's variables.

    `own` are the worker's own values: environment key, base URL, worker ID.
    """
    of_item = {
        "ANTHROPIC_WORK_ID": item.get("id"),
        "ANTHROPIC_ENVIRONMENT_ID": item.get("environment_id"),
        "ANTHROPIC_SESSION_ID": (item.get("data") or {}).get("id"),
        "ANTHROPIC_WORK_SECRET": item.get("secret"),
        "ANT_WORK_ATTEMPT": str(attempt),
    }
    left_out = {METADATA_KEY, *of_item, *(() if pass_api_key else SECRET_VARIABLES)}
    kept = {name: text for name, text in environ.items() if name not in left_out}
    usable = {name: text for name, text in of_item.items() if isinstance(text, str) and _can_be_variable(text)}
    return {**kept, **own, **usable}


def _can_be_variable(text: str) -> bool:
    """Whether a string from the server can be the value of a variable. If not, only the item on stdin has it."""
    return text != "" and "\0" not in text and not has_lone_surrogate(text)


def _end_leases_command(options: PollOptions, base_url: str) -> list[str]:
    """Return the command that ends leases: its input has a line for each."""
    words = ["--environment-id", options.environment_id, "--desired-ttl-seconds", str(SHORTEST_LEASE_S)]
    words += ["--file", "-", "--base-url", base_url, "--max-retries", "1", "--timeout", str(_LONGEST_END_S)]
    return own_command("beta:environments:work", "heartbeat", *words)
