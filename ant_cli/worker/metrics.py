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
from typing import Any, NamedTuple

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
        self.observe_wait: Callable[[float], object] = lambda _seconds: None
        """Called with seconds. `monitored` replaces them by the methods of histograms."""
        self.last_poll_at = 0.0
        """The Unix time of the last successful poll; 0 before the first."""

    @property
    def oldest_started_at(self) -> float:
        """When the handler that runs longest was started; 0 if none runs."""
        started_at = list(self.started_at.values())  # at once: others change it meanwhile
        return min(started_at, default=0.0)

    def status(self) -> str:
        """Return the state of the worker, for a line of the terminal."""
        failed = sum(self.items[outcome] for outcome in _FAILURES)
        parts = [f"{self.slots_used}/{self.slots} busy", f"{self.items['succeeded']} done"]
        parts.append(f"{failed} failed")
        if self.outage:
            parts.append("outage")
        if self.draining:
            parts.append("draining")
        return "  ".join(parts)

    def summary(self, seconds: float) -> str:
        """Return what the worker has done until its end."""
        total = self.items.total()
        noun = "run" if total == 1 else "runs"
        runs = f"{total} {noun} in {timedelta(seconds=round(seconds))}"
        if total == 0:
            return runs
        counts = [
            f"{count} {outcome.replace('_', ' ')}" for outcome, count in self.items.items() if count
        ]
        return f"{runs}: {', '.join(counts)}"


class _Gauge(NamedTuple):
    """A number of a worker that goes up and down."""

    name: str
    text: str
    value: Callable[[Tally], float]


_GAUGES = (
    _Gauge("ant_worker_slots", "Items that can run at once.", lambda tally: tally.slots),
    _Gauge("ant_worker_slots_used", "Items that run now.", lambda tally: tally.slots_used),
    _Gauge(
        "ant_worker_outage",
        "Whether all handlers fail, so that one item at a time runs.",
        lambda tally: bool(tally.outage),
    ),
    _Gauge("ant_worker_draining", "Whether no more work is taken.", lambda tally: tally.draining),
    _Gauge(
        "ant_worker_last_poll_timestamp_seconds",
        "When a poll last succeeded; 0 for never.",
        lambda tally: tally.last_poll_at,
    ),
    _Gauge(
        "ant_worker_oldest_item_timestamp_seconds",
        "When the handler that runs longest was started; 0 if none runs.",
        lambda tally: tally.oldest_started_at,
    ),
    _Gauge(
        "ant_worker_unconfirmed",
        "Items that are to be stopped, and whose stop the server has not confirmed.",
        lambda tally: len(tally.unconfirmed),
    ),
)


class _Counter(NamedTuple):
    """Events of a worker that are counted by their outcomes, each of which is there from the start."""

    name: str
    text: str
    counts: Callable[[Tally], Mapping[str, int]]


_COUNTERS = (
    _Counter("ant_worker_polls", "Polls by what they brought.", lambda tally: tally.polls),
    _Counter("ant_worker_items", "Items by outcome.", lambda tally: tally.items),
    _Counter("ant_worker_heartbeats", "Heartbeats by outcome.", lambda tally: tally.heartbeats),
    _Counter(
        "ant_worker_metadata_writes",
        "Writes of metadata by outcome.",
        lambda tally: tally.metadata_writes,
    ),
)


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
        self._histograms = (
            histogram(
                "ant_worker_item_duration_seconds",
                "How long handlers ran.",
                buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
            ),
            histogram(
                "ant_worker_queue_wait_seconds",
                "The time from the creation of an item to its start.",
                buckets=(0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600),
            ),
        )
        durations, waits = (each.labels(**labels) for each in self._histograms)
        self.observe_duration: Callable[[float], object] = durations.observe
        self.observe_wait: Callable[[float], object] = waits.observe

    def text(self, tally: Tally) -> bytes:
        """Return the metrics in Prometheus' text format."""
        registry = self._library.CollectorRegistry()
        self._add_gauge(registry, "ant_worker_info", "The worker.", 1, version=__version__)
        for gauge in _GAUGES:
            self._add_gauge(registry, gauge.name, gauge.text, gauge.value(tally))
        for counter in _COUNTERS:
            self._add_counter(registry, counter, tally)
        for histogram in self._histograms:
            registry.register(histogram)
        return bytes(self._library.generate_latest(registry))

    def _add_gauge(self, registry: Any, name: str, text: str, value: float, **more: str) -> None:
        names = [*self._labels, *more]
        made = self._library.Gauge(name, text, names, registry=registry)
        made.labels(**self._labels, **more).set(value)

    def _add_counter(self, registry: Any, counter: _Counter, tally: Tally) -> None:
        names = [*self._labels, "outcome"]
        made = self._library.Counter(counter.name, counter.text, names, registry=registry)
        for outcome, count in counter.counts(tally).items():
            made.labels(**self._labels, outcome=outcome).inc(count)


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
    labels = {"environment_id": options.environment_id, "worker_id": options.worker_id}
    metrics = WorkerMetrics(labels)
    tally.observe_duration, tally.observe_wait = metrics.observe_duration, metrics.observe_wait

    def find(path: str) -> ServedPage | None:
        if path == "/metrics":
            return ServedPage(200, CONTENT_TYPE, metrics.text(tally))
        if path == "/healthz":
            return _health(event_loop)
        return _readiness(tally, time.time()) if path == "/readyz" else None

    with closing(Listener(*options.listen, find)):
        yield


def _health(event_loop: asyncio.AbstractEventLoop) -> ServedPage:
    if _responds(event_loop):
        return text_page("ok")
    return text_page("the event loop is stuck", 503)


def _responds(event_loop: asyncio.AbstractEventLoop) -> bool:
    called = threading.Event()
    event_loop.call_soon_threadsafe(called.set)
    return called.wait(_ALIVE_S)


def _readiness(tally: Tally, now: float) -> ServedPage:
    if tally.draining:
        return text_page("draining", 503)
    if tally.outage:
        what_runs = "only one item at a time runs, until one succeeds"
        return text_page(f"outage: {tally.outage}; {what_runs}", 503)
    if waiting := len(tally.waiting_for_leases):
        return text_page(f"heartbeats fail; items that wait for their leases: {waiting}", 503)
    has_reason_to_poll = tally.slots_used < tally.slots
    if has_reason_to_poll and now - tally.last_poll_at >= READY_S:
        return text_page("polling fails", 503)
    return text_page("ok")
