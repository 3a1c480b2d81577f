"""What all items of a worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from math import inf
from typing import Any, NamedTuple, TypeVar

from ant_cli.errors import AntError
from ant_cli.http.choice import is_direct
from ant_cli.input.request import has_lone_surrogate
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.process import python_command
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import HeartbeatMode, PollOptions
from ant_cli.worker.failures import RETRY_AT
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.key_file import KeyFile
from ant_cli.worker.log import WorkerLog
from ant_cli.worker.memory import Memory
from ant_cli.worker.metrics import Tally
from ant_cli.worker.outage import Outage
from ant_cli.worker.sdk_session import LEASE_HOLDER, SESSION_FOLDERS
from ant_cli.worker.work_api import SHORTEST_LEASE_S, TIMEOUT_S, WorkAPI

T = TypeVar("T")
_FALLS_BACK = (
    "--heartbeat always seems to be wrong for this handler: from the next item on, the worker takes a lease only "
    "if no heartbeat of the handler comes, as with --heartbeat auto"
)
PATIENCE_S = 300.0
"""How long the worker insists on a change of an item: as long as the longest lease."""
_PATIENCE_AT_END_S = 10.0
"""How long the worker insists after the server has refused its key for good."""
_LAST_S = 5.0
"""How long the worker insists at least, even if it has to end."""
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
        *,
        runs_sessions: bool = False,
    ) -> None:
        """Create everything that a worker needs; `command` runs an item. There must be a running event loop."""
        self.options = options
        self.command = command
        self.runs_sessions = runs_sessions
        """Whether the command is `beta:worker run` of this program, whose exit status says what the wire said."""
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
        self._loop = asyncio.get_running_loop()
        self._redactor = runtime.redactor
        if options.environment_key_file:
            key_file = KeyFile(
                options.environment_key_file, options.environment_key, self._use_key_soon
            )
            connection = connection._replace(tokens=key_file)
        self.api = WorkAPI(connection, api_runtime, options.environment_id, options.worker_id)
        self.environ = runtime.environ
        self.own_variables = {
            variables.ENVIRONMENT_KEY: options.environment_key,
            variables.BASE_URL: connection.base_url,
            variables.WORKSPACE_ID: connection.workspace_id,
            "ANTHROPIC_WORKER_ID": options.worker_id,
            "ANT_WORKER_WORKDIR": options.workdir,
            SESSION_FOLDERS: str(options.has_session_folders).lower(),
        }
        self.guardian = Guardian(_end_leases_command(), self._guardian_environment())
        self.tally = Tally(options.concurrency)
        self.memory = Memory()
        self.outage = Outage()
        self.heartbeat: HeartbeatMode = options.heartbeat
        """Who holds the leases of the next items: as in the options, until a handler seems to lose items by it."""
        self.taking: set[str] = set()
        """The items that this worker is taking. A poll may return one of them once more."""
        self.background: set[asyncio.Task[None]] = set()
        self.key_is_refused = False
        """The server has refused polls for good."""
        self._ends_at = inf
        self.shutdown = Shutdown(*(self._loop.create_future() for _ in Shutdown._fields))
        kill_timeout = options.kill_timeout
        self.shutdown.terminating.add_done_callback(lambda _: self._end_within(kill_timeout))
        self.shutdown.killing.add_done_callback(lambda _: self._end_within(0.0))

    def _guardian_environment(self) -> dict[str, str]:
        environ = handler_environment(self.environ, {}, 0, self.own_variables)
        return {**environ, variables.ENVIRONMENT_ID: self.options.environment_id}

    def _use_key_soon(self, key: str) -> None:
        """Use a new environment key, which a request has found."""
        self._redactor.register(key)
        if self._on_loop:
            self._use_key(key)
        else:  # the request is made in a thread
            self._loop.call_soon_threadsafe(self._use_key, key)

    def _use_key(self, key: str) -> None:
        self.log.info("the environment's key was read again from its file")
        self.own_variables[variables.ENVIRONMENT_KEY] = key
        self.guardian.replace_environment(self._guardian_environment())

    def now(self) -> float:
        """Return the time on the clock of the event loop, in seconds."""
        return self._loop.time()

    def _end_within(self, seconds: float) -> None:
        self._ends_at = min(self._ends_at, self.now() + seconds)

    def insists_until(self, began: float) -> float:
        """Return until when to repeat a request about an item that was first sent at `began`."""
        patience_s = _PATIENCE_AT_END_S if self.key_is_refused else PATIENCE_S
        return min(began + patience_s, max(self._ends_at, began + _LAST_S))

    def distrust_handlers(self) -> None:
        """No longer take leases before handlers start: one of them sends heartbeats, and they were refused."""
        if self.heartbeat == "always":
            self.heartbeat = "auto"
            self.log.error(_FALLS_BACK)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background, at most until the worker ends."""
        task = self._loop.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    def note_outage(self) -> None:
        """Log the beginning and the end of an outage."""
        reason = self.outage.reason
        if reason and not self.tally.outage:
            self.log.error(
                "outage: only one item at a time runs, until one succeeds", reason=reason
            )
        elif self.tally.outage and not reason:
            self.log.info("the outage is over")
            self.start(self._release_pauses())
        self.tally.outage = reason

    def end_outage(self) -> None:
        """Assume that the handler works again."""
        self.outage.end()
        self.note_outage()

    async def _release_pauses(self) -> None:
        """Let the items that failed in an outage run at once, after its end: their pauses were not for them."""
        for work_id, heartbeat in self.outage.take_pauses().items():
            self.memory.end_pause(work_id)
            try:
                if self.options.metadata_key:
                    await self.call(self.api.update, work_id, {RETRY_AT: None})
                given = (work_id, heartbeat, SHORTEST_LEASE_S, TIMEOUT_S)
                await self.call(self.api.heartbeat, *given)
            except AntError:  # somebody else has it, or it waits for the end of its pause
                continue

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


def _end_leases_command() -> list[str]:
    """Return the command that ends the leases of a killed worker. Its input has a line for each."""
    return python_command("-P", "-m", "ant_cli.worker.orphans")
