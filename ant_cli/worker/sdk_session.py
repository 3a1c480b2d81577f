"""One session in this process, run by the official SDK's worker: it handles tools, skills and memory."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping

from ant_cli.errors import AntError, UsageError, os_error_text
from ant_cli.runtime import Runtime
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.redirection import written_in_background
from ant_cli.runtime.trusted_files import FileRule, read_trusted
from ant_cli.settings.rows import check_secret
from ant_cli.settings.worker_options import SessionOptions
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.settlement import EX_TEMPFAIL

LEASE_HOLDER = "ANT_WORKER_HOLDS_LEASE_ON"
"""The variable in which a worker tells a handler that it holds the lease on the item with this ID."""
_NO_CREDENTIAL = "--environment-key, --work-secret-file or ANTHROPIC_WORK_SECRET is required."
_MOUNTED = FileRule(100_000, forbidden=0o006, owner="anyone", may_be_link=True, may_be_pipe=True)
"""In a container, a secret may belong to another user, and `<(command)` is a pipe."""


def require_sdk() -> None:
    """Raise UsageError if the official SDK is not installed."""
    from importlib.util import find_spec

    if find_spec("anthropic") is None:
        raise UsageError("running sessions here needs the package anthropic.", install_hint("worker"))


def work_secret(options: SessionOptions, environ: Mapping[str, str]) -> str:
    """Return the item's secret, from a file or a variable; empty if neither is given.

    Raises:
        UsageError: if the file can't be read, is empty, or is open to every user of the machine; or if there is
            neither a secret nor an environment key.

    """
    path = options.work_secret_file
    if not path:
        secret = environ.get("ANTHROPIC_WORK_SECRET", "").strip()
        if not secret and not options.environment_key:
            raise UsageError(_NO_CREDENTIAL, "The item's secret is in the response of the poll that claimed it.")
        return secret
    try:
        secret = read_trusted(path, _MOUNTED).decode("utf-8", "replace")
    except OSError as error:
        problem = f"--work-secret-file can't be read: {path}: {os_error_text(error)}."
        raise UsageError(problem, getattr(error, "hint", "")) from None
    return check_secret(f"the file {path} of --work-secret-file", secret)


def run_session(options: SessionOptions, base_url: str, workspace_id: str, runtime: Runtime) -> None:
    """Run one claimed item until its session ends, is idle for too long, or a signal comes.

    Raises:
        UsageError: if there is no credential, or the SDK is not installed.
        AntError: if the session fails.

    """
    require_sdk()
    secret = work_secret(options, runtime.environ)
    runtime.redactor.register(secret)
    view = LogView(runtime, options.log_format)
    log = WorkerLog(runtime.stderr, view.line, {"component": "session", "work_id": options.work_id})
    sdk_logger = logging.getLogger("anthropic")
    sdk_logger.setLevel(logging.INFO)
    sdk_logger.addHandler(_Forward(log))
    with written_in_background(runtime.stderr, log.note_left_out):
        asyncio.run(_handle(options, secret, base_url, workspace_id))


async def _handle(options: SessionOptions, secret: str, base_url: str, workspace_id: str) -> None:
    from anthropic import APIError, AsyncAnthropic
    from anthropic.lib.environments import EnvironmentWorker

    holder = os.environ.pop(LEASE_HOLDER, "")  # the session's tools run programs that are no part of this item
    if holder == options.work_id:
        _leave_lease_to_worker()
    # The SDK prefers the item's own token to this credential, and takes none from the environment if one is given,
    # even an empty one.
    headers = {"anthropic-workspace-id": workspace_id} if workspace_id else None
    async with AsyncAnthropic(
        base_url=base_url, auth_token=options.environment_key, default_headers=headers
    ) as client:
        worker = EnvironmentWorker(client, workdir=options.workdir, max_idle=options.max_idle or None)
        task = asyncio.ensure_future(
            worker.handle_item(
                work_id=options.work_id,
                environment_id=options.environment_id,
                session_id=options.session_id,
                environment_key=options.environment_key or None,
                work_secret=secret or None,
            )
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:  # the SDK has sent what was pending
            if holder == options.work_id:
                raise AntError("the session was interrupted.").with_exit_code(EX_TEMPFAIL) from None
            return  # and it has stopped the item
        except (APIError, ValueError, ExceptionGroup) as error:
            raise AntError(f"the session failed: {_causes(error)}.") from None


def _leave_lease_to_worker() -> None:
    """Let the SDK believe that its heartbeats and its stop have succeeded.

    The worker that started this process holds the lease, so that `--lease` holds from the beginning. It stops the
    item, or gives it back, according to the exit status.
    """
    from anthropic.resources.beta.environments.work import AsyncWork
    from anthropic.types.beta.environments import BetaSelfHostedWorkHeartbeatResponse

    async def heartbeat(*_: object, **__: object) -> BetaSelfHostedWorkHeartbeatResponse:
        return BetaSelfHostedWorkHeartbeatResponse(
            last_heartbeat="", lease_extended=True, state="active", ttl_seconds=60, type="work_heartbeat"
        )

    async def stop(*_: object, **__: object) -> None:
        """Do nothing."""

    AsyncWork.heartbeat = heartbeat  # type: ignore[method-assign] # as the docstring says, like the next
    AsyncWork.stop = stop  # type: ignore[method-assign, assignment]


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
