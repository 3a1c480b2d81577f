"""One session in this process, run by the official SDK's worker: it handles tools, skills and memory."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.background_writer import written_in_background
from ant_cli.runtime.extras import install_hint
from ant_cli.settings.worker_options import SessionOptions, read_secret_file
from ant_cli.worker.endings import EX_TEMPFAIL
from ant_cli.worker.log import LogView, WorkerLog

if TYPE_CHECKING:
    from ant_cli.worker.session_wire import SessionWire

LEASE_HOLDER = "ANT_WORKER_HOLDS_LEASE_ON"
"""The variable in which a worker tells a handler that it holds the lease on the item with this ID."""
SESSION_FOLDERS = "ANT_WORKER_SESSION_FOLDERS"
"""The variable in which a worker tells its handlers whether each session has its own folder."""
_NO_CREDENTIAL = "--environment-key, --work-secret-file or ANTHROPIC_WORK_SECRET is required."


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
    sdk_logger = logging.getLogger("anthropic")
    sdk_logger.setLevel(logging.INFO)
    sdk_logger.addHandler(_Forward(log))
    folder = session_folder(options)
    with written_in_background(runtime.stderr, log.note_left_out):
        asyncio.run(_handle(options, folder, secret, base_url, workspace_id, log))


async def _handle(
    options: SessionOptions,
    folder: Path,
    secret: str,
    base_url: str,
    workspace_id: str,
    log: WorkerLog,
) -> None:
    """Let the SDK run the session. Return if it is done, and raise AntError if it is not."""
    # late: the import takes seconds
    from anthropic import AsyncAnthropic
    from anthropic.lib.environments import EnvironmentWorker

    from ant_cli.worker.session_wire import SessionWire

    # The session's tools start programs, which must not find the variable.
    worker_holds_lease = os.environ.pop(LEASE_HOLDER, "") == options.work_id
    wire = SessionWire(options, holds_lease=not worker_holds_lease)
    # The SDK prefers the item's token to this credential. If it is given one, even an empty one, it takes none from
    # the environment.
    headers = {"anthropic-workspace-id": workspace_id} if workspace_id else None
    async with AsyncAnthropic(
        base_url=base_url,
        auth_token=options.environment_key,
        default_headers=headers,
        http_client=wire,
    ) as client:
        worker = EnvironmentWorker(
            client,
            workdir=folder,
            max_idle=options.max_idle or None,
            max_concurrent_calls=options.max_concurrent_calls,
        )
        session = worker.handle_item(
            work_id=options.work_id,
            environment_id=options.environment_id,
            session_id=options.session_id,
            environment_key=options.environment_key or None,
            work_secret=secret or None,
        )
        problem = _problem(wire, await _end_of(session, wire))
        is_over = problem is None or wire.is_stop_requested
        if is_over and not worker_holds_lease and not await wire.stop_item():
            log.warn("the stop is not confirmed; the item may run again after its lease")
    if problem:
        raise problem


async def _end_of(session: Coroutine[Any, Any, object], wire: SessionWire) -> BaseException | None:
    """Run a session to its end, and return what it raised. A signal or a refused credential cancels it."""
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(session)

    def interrupt() -> None:
        wire.interrupt()
        if not task.cancelling():  # once: the SDK then saves the session's memory
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    wire.shut_out.add_done_callback(lambda _: task.cancel())
    await asyncio.wait([task])
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def _problem(wire: SessionWire, failure: BaseException | None) -> AntError | None:
    """Return why a session is not done; None if it is: then the SDK has asked to stop the item.

    The SDK also asks that after a failure, and returns without an error after it has lost the lease.
    """
    if wire.refused_by is not None:
        return _given_back(
            f"the server refuses the credential of the session with {wire.refused_by}."
        )
    if wire.is_stop_requested:
        return _given_back("somebody has stopped the session's work item.")
    if wire.lost_lease_by is not None:
        return _given_back(
            f"the lease was lost: the server refused a heartbeat with {wire.lost_lease_by}."
        )
    if isinstance(failure, asyncio.CancelledError):
        return _given_back("the session was interrupted.")
    if failure is not None:
        return AntError(f"the session failed: {_causes(failure)}.")
    if not wire.has_asked_to_stop:
        return _given_back("the lease was lost: no heartbeat was accepted in time.")
    return None


def _given_back(problem: str) -> AntError:
    """Return an error that lets the worker give the item back, or see that somebody has stopped it."""
    return AntError(problem).with_exit_code(EX_TEMPFAIL)


def _causes(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(map(_causes, error.exceptions))
    return str(error).rstrip(".") or type(error).__name__


class _Forward(logging.Handler):
    """Passes the SDK's log on to the worker's."""

    def __init__(self, log: WorkerLog) -> None:
        super().__init__(logging.INFO)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as an event."""
        write = self._log.info if record.levelno < logging.WARNING else self._log.warn
        write(record.getMessage())
