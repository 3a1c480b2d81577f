"""The counts of a worker, for its status line, and for its pages: metrics, and whether it is alive and ready."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from ant_cli import __version__
from ant_cli.errors import UsageError
from ant_cli.runtime.extras import install_hint
from ant_cli.settings.worker_options import PollOptions
from ant_cli.worker.endings import OUTCOMES
from ant_cli.worker.listener import Listener, ServedPage, text_page

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
READY_S = 60.0
"""How long after its last successful poll a worker with free slots is ready."""
_ALIVE_S = 5.0
"""How long the event loop may take to react before the worker is considered dead."""
_FAILURES = ("failed", "timed_out", "lost", "dead_letter")


class Tally:
    """Counts and states of one worker. Written by its event loop, and read by the threads of its listener."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.slots_used = 0
        self.draining = False
        self.outage = ""
        """How handlers fail; empty without an outage."""
        self.waiting_for_leases: set[str] = set()
        """The items whose handlers are not started, because the server accepts no heartbeat."""
        self.polls = Counter(dict.fromkeys(("work", "empty", "error"), 0))
        self.items: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self.heartbeats = Counter(dict.fromkeys(("extended", "lost", "error"), 0))
        self.metadata_writes = Counter(dict.fromkeys(("written", "failed"), 0))
        self.started_at: dict[str, float] = {}
        """The Unix times at which the handlers that run now were started, by item."""
        self.unconfirmed: set[str] = set()
        """The items that are to be stopped, and whose stop has failed so far."""
        self.observe_duration: Callable[[float], object] = lambda _seconds: None
        self.observe_wait = self.observe_duration
        """Called with seconds. `monitored` replaces them by the methods of histograms."""
        self.last_poll_at = 0.0
        """The Unix time of the last successful poll; 0 before the first."""

    @property
    def oldest_started_at(self) -> float:
        """When the handler that runs longest was started; 0 if none runs."""
        return min(
            list(self.started_at.values()), default=0.0
        )  # a copy: others change it meanwhile

    def status(self) -> str:
        """Return the state of the worker, for a line of the terminal."""
        parts = [
            f"{self.slots_used}/{self.slots} busy",
            f"{self.items['succeeded']} done",
            f"{sum(self.items[outcome] for outcome in _FAILURES)} failed",
            *(["outage"] if self.outage else []),
            *(["draining"] if self.draining else []),
        ]
        return "  ".join(parts)

    def summary(self, seconds: float) -> str:
        """Return what the worker has done until its end."""
        counts = {
            outcome.replace("_", " "): count for outcome, count in self.items.items() if count
        }
        listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        total = sum(counts.values())
        runs = f"{total} {'run' if total == 1 else 'runs'} in {timedelta(seconds=round(seconds))}"
        return f"{runs}: {listed}" if listed else runs


def library() -> Any:
    """Return the library for metrics. Raises UsageError if it is not installed."""
    try:
        import prometheus_client
    except ImportError:
        raise UsageError(
            "metrics need the package prometheus-client.", install_hint("worker")
        ) from None
    metrics: Any = prometheus_client
    metrics.disable_created_metrics()  # series with the time at which each counter began
    return metrics


class WorkerMetrics:
    """The metrics of a worker, with its own labels."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """Create the histograms. Raises UsageError if the library is not installed."""
        self._labels = labels
        self._library = library()
        histogram = partial(self._library.Histogram, labelnames=labels, registry=None)
        took, waited = (
            "How long handlers ran.",
            "The time from the creation of an item to its start.",
        )
        self._histograms = (
            histogram(
                "ant_worker_item_duration_seconds",
                took,
                buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
            ),
            histogram(
                "ant_worker_queue_wait_seconds",
                waited,
                buckets=(0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600),
            ),
        )
        self.observe_duration, self.observe_wait = (
            each.labels(**labels).observe for each in self._histograms
        )

    def text(self, tally: Tally) -> bytes:
        """Return the metrics in Prometheus' text format."""
        labels, registry = self._labels, self._library.CollectorRegistry()

        def gauge(name: str, text: str, value: float, **more: str) -> None:
            made = self._library.Gauge(name, text, [*labels, *more], registry=registry)
            made.labels(**labels, **more).set(value)

        def counter(name: str, text: str, counts: Mapping[str, int]) -> None:
            made = self._library.Counter(name, text, [*labels, "outcome"], registry=registry)
            for outcome, count in counts.items():
                made.labels(**labels, outcome=outcome).inc(count)

        gauge("ant_worker_info", "The worker.", 1, version=__version__)
        gauge("ant_worker_slots", "Items that can run at once.", tally.slots)
        gauge("ant_worker_slots_used", "Items that run now.", tally.slots_used)
        gauge(
            "ant_worker_outage",
            "Whether all handlers fail, so that one item at a time runs.",
            bool(tally.outage),
        )
        gauge("ant_worker_draining", "Whether no more work is taken.", tally.draining)
        last_poll = "When a poll last succeeded; 0 for never."
        gauge("ant_worker_last_poll_timestamp_seconds", last_poll, tally.last_poll_at)
        oldest = "When the handler that runs longest was started; 0 if none runs."
        gauge("ant_worker_oldest_item_timestamp_seconds", oldest, tally.oldest_started_at)
        unconfirmed = "Items that are to be stopped, and whose stop the server has not confirmed."
        gauge("ant_worker_unconfirmed", unconfirmed, len(tally.unconfirmed))
        counter("ant_worker_polls", "Polls by what they brought.", tally.polls)
        counter("ant_worker_items", "Items by outcome.", tally.items)
        counter("ant_worker_heartbeats", "Heartbeats by outcome.", tally.heartbeats)
        counter(
            "ant_worker_metadata_writes", "Writes of metadata by outcome.", tally.metadata_writes
        )
        for each in self._histograms:
            registry.register(each)
        return bytes(self._library.generate_latest(registry))


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
    event_loop = asyncio.get_running_loop()
    metrics = WorkerMetrics(
        {"environment_id": options.environment_id, "worker_id": options.worker_id}
    )
    tally.observe_duration, tally.observe_wait = metrics.observe_duration, metrics.observe_wait

    def find(path: str) -> ServedPage | None:
        if path == "/metrics":
            return ServedPage(200, CONTENT_TYPE, metrics.text(tally))
        if path == "/healthz":
            return (
                text_page("ok")
                if _responds(event_loop)
                else text_page("the event loop is stuck", 503)
            )
        return _readiness(tally, time.time()) if path == "/readyz" else None

    with closing(Listener(*options.listen, find)):
        yield


def _responds(event_loop: asyncio.AbstractEventLoop) -> bool:
    called = threading.Event()
    event_loop.call_soon_threadsafe(called.set)
    return called.wait(_ALIVE_S)


def _readiness(tally: Tally, now: float) -> ServedPage:
    if tally.draining:
        return text_page("draining", 503)
    if tally.outage:
        return text_page(
            f"outage: {tally.outage}; only one item at a time runs, until one succeeds", 503
        )
    if waiting := len(tally.waiting_for_leases):
        return text_page(f"heartbeats fail; {waiting} items wait for their leases", 503)
    busy = tally.slots_used >= tally.slots  # with all slots busy, there is no reason to poll
    return (
        text_page("ok")
        if busy or now - tally.last_poll_at < READY_S
        else text_page("polling fails", 503)
    )
