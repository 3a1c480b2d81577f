"""Metrics in Prometheus' format, made from the counts at each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ant_cli import __version__
from ant_cli.errors import UsageError
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any, NamedTuple
from ant_cli.worker.tally import Histogram, Tally

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Identity(NamedTuple):
    """The labels that distinguish a worker's metrics from those of others."""

    environment_id: str
    worker_id: str


class Families:
    """Makes families of metrics, all with the same labels."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        """Import the library. Raises UsageError if it is not installed."""
        try:
            from prometheus_client import core
        except ImportError:
            raise UsageError("metrics need the package prometheus-client.", install_hint("worker")) from None
        self._core = core
        self._names = list(labels)
        self._values = list(labels.values())

    def gauge(self, name: str, text: str, value: float, labels: Mapping[str, str] | None = None) -> Metric:
        """Return a gauge with one value."""
        more = labels or {}
        family = self._core.GaugeMetricFamily(name, text, labels=[*self._names, *more])
        family.add_metric([*self._values, *more.values()], value)
        return family

    def counter(self, name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
        """Return a counter with a value for each value of a label."""
        family = self._core.CounterMetricFamily(name, text, labels=[*self._names, label])
        for value, count in counts.items():
            family.add_metric([*self._values, value], count)
        return family

    def histogram(self, name: str, text: str, histogram: Histogram) -> Metric:
        """Return a histogram."""
        family = self._core.HistogramMetricFamily(name, text, labels=self._names)
        family.add_metric(self._values, histogram.cumulative(), histogram.sum)
        return family


def worker_metrics(tally: Tally, identity: Identity) -> list[Metric]:
    """Return the metrics of a worker. Raises UsageError if the library is not installed."""
    make = Families(identity._asdict())
    return [
        make.gauge("ant_worker_info", "The worker.", 1, {"version": __version__}),
        make.gauge("ant_worker_slots", "Items that can run at once.", tally.slots),
        make.gauge("ant_worker_slots_used", "Items that run now.", tally.slots_used),
        make.gauge("ant_worker_draining", "Whether no more work is taken.", tally.draining),
        make.gauge(
            "ant_worker_last_poll_timestamp_seconds", "When a poll last succeeded; 0 for never.", tally.last_poll_at
        ),
        make.counter("ant_worker_polls", "Polls by what they brought.", "outcome", tally.polls),
        make.counter("ant_worker_items", "Items by outcome.", "outcome", tally.items),
        make.counter("ant_worker_heartbeats", "Heartbeats by outcome.", "outcome", tally.heartbeats),
        make.histogram("ant_worker_item_duration_seconds", "How long handlers ran.", tally.item_duration),
        make.histogram(
            "ant_worker_queue_wait_seconds", "From the creation of an item to its start.", tally.queue_wait
        ),
    ]


def exposition(metrics: Iterable[Any]) -> bytes:
    """Return metrics in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Given(Collector):
        def collect(self) -> Iterable[Any]:
            return metrics

    registry = CollectorRegistry()
    registry.register(Given())
    return generate_latest(registry)
