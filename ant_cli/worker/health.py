"""The pages of a worker that listens: its metrics, and whether it is alive and ready."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.worker.listener import Listener, ServedPage, text_page
from ant_cli.worker.metrics import CONTENT_TYPE, Identity, exposition, worker_metrics
from ant_cli.worker.options import PollOptions
from ant_cli.worker.tally import Tally

READY_S = 60.0
"""How long after its last successful poll a worker with free slots is ready."""
_ALIVE_S = 5.0
"""How long the event loop may take to react before the worker is considered dead."""


@contextmanager
def monitored(options: PollOptions, tally: Tally) -> Iterator[None]:
    """Serve `/metrics`, `/healthz` and `/readyz` at the address in the options, if there is one.

    Raises:
        AntError: if nothing can listen there.
        UsageError: if the library for metrics is not installed.

    """
    if not options.listen:
        yield
        return
    loop, identity = asyncio.get_running_loop(), Identity(options.environment_id, options.worker_id)
    worker_metrics(tally, identity)  # raises now instead of at the first scrape

    def find(path: str) -> ServedPage | None:
        if path == "/metrics":
            return ServedPage(200, CONTENT_TYPE, exposition(worker_metrics(tally, identity)))
        if path == "/healthz":
            return text_page("ok") if _turns(loop) else text_page("the event loop is stuck", 503)
        return _readiness(tally, time.time()) if path == "/readyz" else None

    listener = Listener(*options.listen, find)
    try:
        yield
    finally:
        listener.close()


def _turns(loop: asyncio.AbstractEventLoop) -> bool:
    turned = threading.Event()
    loop.call_soon_threadsafe(turned.set)
    return turned.wait(_ALIVE_S)


def _readiness(tally: Tally, now: float) -> ServedPage:
    if tally.draining:
        return text_page("draining", 503)
    busy = tally.slots_used >= tally.slots  # with all slots busy, there is no reason to poll
    return text_page("ok") if busy or now - tally.last_poll_at < READY_S else text_page("polling fails", 503)
