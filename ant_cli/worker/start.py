"""Start a worker: create everything that it needs, and close it at the end."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from importlib.util import find_spec

from ant_cli.errors import AntError, UsageError, exclude_each_other
from ant_cli.runtime import Runtime
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.live_line import LiveLine
from ant_cli.runtime.process import own_command
from ant_cli.runtime.redirection import written_in_background
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import PollOptions
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.handler import find_handler
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.metrics import monitored
from ant_cli.worker.sdk_session import require_sdk
from ant_cli.worker.settlement import Outcome
from ant_cli.worker.supervisor import Supervisor
from ant_cli.worker.work_api import connection_with_key, is_permanent

_DEPTH_EVERY_S = 2.0
_FRAME_S = 0.5
_IN_PROCESS = "in-process"
"""The value of `--on-work` that means the same as no handler."""


def run_worker(
    options: PollOptions, handler: Sequence[str], connection: ConnectionSettings, runtime: Runtime
) -> None:
    """Run a worker until it ends.

    Args:
        options: Its options.
        handler: The handler that was given after `--`; empty if there was none.
        connection: Where the API is. Its credential is replaced by the environment key.
        runtime: Its environment is that of the handlers, its stderr takes the log.

    Raises:
        UsageError: as `find_command` does; nothing was claimed then.
        AntError: if the server refuses to hand out work.

    """
    command = find_command(handler, options.on_work, runtime.environ)
    # A session writes nothing but its log, all of it to stderr.
    view = LogView(runtime, options.log_format, marks_stderr=bool(command))
    if not command:  # sessions leave the lease and the stop to this worker
        command = _session_command(options, "plain" if view.is_for_people else options.log_format)
        options = options._replace(no_auto_stop=False, heartbeat="always")
    connection = connection_with_key(connection, options.environment_key, runtime.environ, options.metadata_key)
    worker_id = options.worker_id or _new_worker_id()
    asyncio.run(_work(options._replace(worker_id=worker_id), command, connection, runtime, view))


def find_command(handler: Sequence[str], on_work: str, environ: Mapping[str, str]) -> list[str]:
    """Return the command line of the handler, which was given in one of two ways; empty if sessions run here.

    Raises:
        UsageError: if no worker can run on this system, or with the packages of this Python; or if the handler
            can't be run, or was given twice.

    """
    if os.name == "nt":
        raise UsageError("the worker needs a POSIX system: it manages handlers by process groups.")
    if find_spec("greenlet") is None:
        raise UsageError("the worker needs the package greenlet.", install_hint("greenlet"))
    if handler and on_work:
        raise exclude_each_other("--on-work", "a handler behind --")
    given = handler or [on_work]
    if given[0] not in ("", _IN_PROCESS):
        return find_handler(given, environ)
    require_sdk()
    return []


async def _work(
    options: PollOptions, command: list[str], connection: ConnectionSettings, runtime: Runtime, view: LogView
) -> None:
    fields = {"component": "work-poller", "environment_id": options.environment_id}
    log = WorkerLog(runtime.stderr, view.line, fields)
    context = WorkerContext(options, command, connection, runtime, log)
    tally, now = context.tally, asyncio.get_running_loop().time
    began = now()
    with ExitStack() as at_end:
        at_end.enter_context(written_in_background(runtime.stderr, log.note_left_out))
        if view.is_for_people:
            at_end.callback(lambda: log.info(tally.summary(now() - began)))
        if view.has_status:
            status = LiveLine(runtime, lambda: view.status_line(tally.status()), 0.0, _FRAME_S)
            at_end.callback(status.close)
            at_end.callback(asyncio.create_task(_follow_depth(context)).cancel)
        at_end.callback(context.close)
        with monitored(options, tally):
            await Supervisor(context).run()
    dead_letters = tally.items[Outcome.DEAD_LETTER]
    if dead_letters and (options.exit_when_idle or options.max_items):
        noun = "item is a dead letter" if dead_letters == 1 else "items are dead letters"
        raise AntError(f"{dead_letters} {noun}: stopped after --attempts failures.")


async def _follow_depth(context: WorkerContext) -> None:
    """Keep the depth of the queue in the tally up to date, unless the server refuses it to this worker."""
    while True:
        try:
            context.tally.queue_depth = (await context.call(context.api.stats)).get("depth")
        except AntError as error:
            context.tally.queue_depth = None
            if is_permanent(error):
                return
        await asyncio.sleep(_DEPTH_EVERY_S)


def _session_command(options: PollOptions, log_format: str) -> list[str]:
    """Return the command of this program that runs one session.

    Each session has its own process: it can be drained or killed, and its memory is returned.
    """
    limits = ("--workdir", options.workdir, "--max-idle", f"{options.max_idle}s")
    return own_command("beta:worker", "run", *limits, "--log-format", log_format)


def _new_worker_id() -> str:
    """Return a name for a worker: the host's name and random digits, as in the official worker."""
    host = socket.gethostname()
    usable = host.isascii() and host.isprintable() and " " not in host
    return f"{host if host and usable else 'ant-worker'}-{secrets.token_hex(8)}"
