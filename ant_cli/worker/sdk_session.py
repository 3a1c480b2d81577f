"""One session in this process, run by the official SDK's worker: it handles tools, skills and memory."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.background_writer import written_in_background
from ant_cli.runtime.extras import install_hint
from ant_cli.settings.worker_options import SessionOptions, read_secret_file
from ant_cli.worker.endings import EX_TEMPFAIL
from ant_cli.worker.log import LogView, WorkerLog

LEASE_HOLDER = "ANT_WORKER_HOLDS_LEASE_ON"
"""The variable in which a worker tells a handler that it holds the lease on the item with this ID."""
SESSION_FOLDERS = "ANT_WORKER_SESSION_FOLDERS"
"""The variable in which a worker tells its handlers whether each session has its own folder."""
_NO_CREDENTIAL = "--environment-key, --work-secret-file or ANTHROPIC_WORK_SECRET is required."
_INTERRUPTED = (
    "The tool was interrupted by a shutdown of the machine. It may have done a part of its work."
)
_GAVE_UP = ("permanent heartbeat failure", "lease assumed lost")
"""How a line of the SDK's log begins when it gives up a session. It then returns as after a success.

tests/worker/test_sdk.py fails if the SDK changes these words, or what `_hold_back_calls` and `_interruptible`
replace.
"""


def require_sdk() -> None:
    """Raise UsageError if the official SDK is not installed."""
    from importlib.util import find_spec

    if find_spec("anthropic") is None:
        raise UsageError(
            "running sessions here needs the package anthropic.", install_hint("worker")
        )


def work_secret(options: SessionOptions, environ: Mapping[str, str]) -> str:
    """Return the item's secret, from a file or a variable; empty if neither is given.

    Raises:
        UsageError: if the file can't be read, is empty, or is open to every user of the machine; or if there is
            neither a secret nor an environment key.

    """
    secret = environ.get("ANTHROPIC_WORK_SECRET", "").strip()
    if options.work_secret_file:
        secret = read_secret_file("--work-secret-file", options.work_secret_file)
    if not secret and not options.environment_key:
        raise UsageError(
            _NO_CREDENTIAL, "The item's secret is in the response of the poll that claimed it."
        )
    return secret


def session_folder(options: SessionOptions) -> Path:
    """Return the folder in which a session runs. Its own one is created, or used again.

    Raises:
        AntError: if the session's ID can't name a folder, or the folder can't be created.

    """
    workdir = Path(options.workdir)
    if not options.session_folders:
        return workdir
    # The ID may come from a server, and must not lead out of the folder.
    if not re.fullmatch("[A-Za-z0-9_]+", options.session_id):
        raise AntError(
            f"the session's ID {options.session_id!r} can't name a folder: "
            "it has other characters than letters, digits and _."
        )
    folder = workdir / options.session_id
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:  # which says nothing about the item
        problem = f"the session's folder {folder} can't be created: {os_error_text(error)}."
        raise AntError(problem).with_exit_code(EX_TEMPFAIL) from None
    return folder


def run_session(
    options: SessionOptions, base_url: str, workspace_id: str, runtime: Runtime
) -> None:
    """Run one claimed item until its session ends, is idle for too long, or a signal comes.

    Raises:
        UsageError: if there is no credential, or the SDK is not installed.
        AntError: if the session fails.

    """
    require_sdk()
    secret = work_secret(options, runtime.environ)
    runtime.redactor.register(secret)
    view = LogView(runtime, options.log_format)
    item = {"work_id": options.work_id, "session_id": options.session_id}
    attempt = runtime.environ.get("ANT_WORK_ATTEMPT", "")
    numbers = {"attempt": int(attempt)} if attempt.isdecimal() else {}
    log = WorkerLog(runtime.stderr, view.line, {"component": "session", **item, **numbers})
    sdk_log = _Forward(log)
    sdk_logger = logging.getLogger("anthropic")
    sdk_logger.setLevel(logging.INFO)
    sdk_logger.addHandler(sdk_log)
    folder = session_folder(options)
    with written_in_background(runtime.stderr, log.note_left_out):
        asyncio.run(_handle(options, folder, secret, base_url, workspace_id, sdk_log))
    if sdk_log.gave_up:
        raise AntError(
            "the session was given up: the server accepted no heartbeats."
        ).with_exit_code(EX_TEMPFAIL)


async def _handle(
    options: SessionOptions,
    folder: Path,
    secret: str,
    base_url: str,
    workspace_id: str,
    sdk_log: _Forward,
) -> None:
    from anthropic import APIError, AsyncAnthropic
    from anthropic.lib.environments import EnvironmentWorker

    # The session's tools start programs, which must not find the variable.
    worker_holds_lease = os.environ.pop(LEASE_HOLDER, "") == options.work_id
    stops, shutdown = _hold_back_calls(worker_holds_lease=worker_holds_lease), asyncio.Event()

    def tools(context: Any) -> list[Any]:
        from anthropic.lib.tools.agent_toolset import beta_agent_toolset_20260401

        return [_interruptible(tool, shutdown) for tool in beta_agent_toolset_20260401(context)]

    # The SDK prefers the item's token to this credential. If it is given one, even an empty one, it takes none from
    # the environment.
    headers = {"anthropic-workspace-id": workspace_id} if workspace_id else None
    async with AsyncAnthropic(
        base_url=base_url, auth_token=options.environment_key, default_headers=headers
    ) as client:
        worker = EnvironmentWorker(
            client, tools=tools, workdir=folder, max_idle=options.max_idle or None
        )
        session = worker.handle_item(
            work_id=options.work_id,
            environment_id=options.environment_id,
            session_id=options.session_id,
            environment_key=options.environment_key or None,
            work_secret=secret or None,
        )
        try:
            await _until_shutdown(session, shutdown)
            # if the SDK gave up, the session is not done
            if not worker_holds_lease and not sdk_log.gave_up:
                await asyncio.gather(*(stop() for stop in stops))
        except asyncio.CancelledError:  # the SDK has sent what was pending
            raise AntError("the session was interrupted.").with_exit_code(EX_TEMPFAIL) from None
        except (APIError, ValueError, ExceptionGroup) as error:
            raise AntError(f"the session failed: {_causes(error)}.") from None


async def _until_shutdown(session: Coroutine[Any, Any, object], shutdown: asyncio.Event) -> None:
    """Run a session to its end. A signal sets the event and cancels the session: then CancelledError is raised."""
    task = asyncio.ensure_future(session)

    def end() -> None:
        shutdown.set()
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await task


def _interruptible(tool: Any, shutdown: asyncio.Event) -> Any:
    """Let a tool that a shutdown ends tell the agent so."""
    from anthropic.lib.tools import ToolError

    call = tool.call

    async def call_until_shutdown(arguments: object) -> object:
        running = asyncio.ensure_future(call(arguments))
        ending = asyncio.ensure_future(shutdown.wait())
        try:
            await asyncio.wait((running, ending), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # the signal may have ended the tool before it is handled here
            if shutdown.is_set() and (not running.done() or running.exception()):
                raise ToolError(_INTERRUPTED)
            return await running
        finally:
            running.cancel()
            ending.cancel()

    tool.call = call_until_shutdown
    return tool


def _hold_back_calls(*, worker_holds_lease: bool) -> list[Callable[[], Awaitable[object]]]:
    """Keep the SDK from stopping the item, even after a failure or an interruption. Return the calls held back.

    If the worker that started this process holds the lease, the SDK's heartbeats are not sent either, but seem to
    succeed. That worker stops the item, or gives it back, according to the exit status.
    """
    from anthropic.resources.beta.environments.work import AsyncWork

    stop, held_back = AsyncWork.stop, list[Callable[[], Awaitable[object]]]()

    async def hold_back(*args: Any, **options: Any) -> None:
        held_back.append(partial(stop, *args, **options))

    AsyncWork.stop = hold_back  # type: ignore[method-assign, assignment] # as the docstring says

    if worker_holds_lease:
        from anthropic.types.beta.environments import (
            BetaSelfHostedWorkHeartbeatResponse as Heartbeat,
        )

        async def heartbeat(*_: object, **__: object) -> Heartbeat:
            held = {
                "last_heartbeat": "",
                "lease_extended": True,
                "state": "active",
                "ttl_seconds": 60,
                "type": "work_heartbeat",
            }
            return Heartbeat.model_validate(held)

        AsyncWork.heartbeat = heartbeat  # type: ignore[method-assign] # as the docstring says
    return held_back


def _causes(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_causes, error.exceptions))
    return str(error).rstrip(".") or type(error).__name__


class _Forward(logging.Handler):
    """Passes the SDK's log on to the worker's."""

    def __init__(self, log: WorkerLog) -> None:
        super().__init__(logging.INFO)
        self._log = log
        self.gave_up = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as an event."""
        self.gave_up = self.gave_up or record.getMessage().startswith(_GAVE_UP)
        write = self._log.info if record.levelno < logging.WARNING else self._log.warn
        write(record.getMessage())
