"""The exporter: queue statistics for Prometheus, and for scalers that can't send the API's headers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from functools import partial
from math import inf
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from ant_cli.errors import AntError
from ant_cli.http.access import authenticated
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import ExporterOptions
from ant_cli.worker.item_lists import have_counts, list_of
from ant_cli.worker.listener import Listener, ServedPage, json_page, text_page
from ant_cli.worker.metrics import CONTENT_TYPE, library
from ant_cli.worker.work_api import WorkAPI, WorkItem, age, connection_with_key, is_permanent

T = TypeVar("T")
_COUNTS = ("depth", "pending", "workers_polling")
_METRICS = {
    "ant_work_stats_up": ("up", "Whether the API returned statistics."),
    "ant_work_stats_scrape_timestamp_seconds": ("taken_at", "When the API was asked."),
    "ant_work_queue_depth": ("depth", "Items that wait."),
    "ant_work_queue_pending": ("pending", "Items that were handed out, but not acknowledged."),
    "ant_work_queue_workers_polling": (
        "workers_polling",
        "Workers that polled in the last 30 seconds.",
    ),
    "ant_work_queue_running": ("running", "Items that run."),
    "ant_work_queue_oldest_age_seconds": (
        "oldest_queued_age_seconds",
        "The age of the oldest item that waits.",
    ),
    "ant_work_queue_unheld": ("unheld", "Items that nobody seems to hold."),
    "ant_work_queue_dead_letters": (
        "dead_letters",
        "Items that became dead letters in the last hour, as the metadata of the newest 2,000 says.",
    ),
}
"""Each metric, with the name of its number and its help."""

_LOOK_EVERY_S = 60.0
"""How often dead letters and items that nobody holds are counted. It takes up to ten requests, so no page waits."""
_RECENT_S = 3600.0
"""How long a dead letter counts. It stays in the list of work, so an alert on all of them would not end."""


class Reading(NamedTuple):
    """The statistics of a queue at one moment."""

    taken_at: float
    """Unix time."""
    numbers: Mapping[str, float]
    """The server's numbers, with 0 for those that it does not know; empty if there was no response."""
    problem: str = ""


Read = Callable[[], Reading]
"""Returns the statistics of one queue. Threads may share it."""


def cached(
    fetch: Callable[[], Mapping[str, float]],
    keep_s: float,
    now: Callable[[], float] = time.time,
) -> Read:
    """Return a function that fetches numbers, and keeps them for a while: many readers cause few requests.

    A failure is kept as long as a success.
    """
    lock, latest = threading.Lock(), Reading(-inf, {})

    def read() -> Reading:
        nonlocal latest
        with lock:
            asked_at = now()
            is_recent = 0 <= asked_at - latest.taken_at < keep_s  # not if the clock was set back
            if not is_recent:
                try:
                    latest = Reading(asked_at, fetch())
                except AntError as error:
                    latest = Reading(asked_at, {}, error.message)
            return latest

    return read


def to_numbers(stats: Mapping[str, Any], now: float) -> dict[str, float]:
    """Return statistics as numbers only: scalers treat null as an error, and don't take time stamps."""
    numbers: dict[str, float] = {name: stats.get(name) or 0 for name in _COUNTS}
    numbers["depth_and_pending"] = numbers["depth"] + numbers["pending"]
    if "running" in stats:
        numbers["running"] = stats["running"]
        numbers["unfinished"] = numbers["depth_and_pending"] + numbers["running"]
    numbers["oldest_queued_age_seconds"] = round(age(stats.get("oldest_queued_at"), now), 3)
    return numbers


def of_lists(items: list[WorkItem], now: float) -> dict[str, float]:
    """Return how many of the newest items nobody holds, and how many have become dead letters lately.

    Without any failure in metadata, nobody may write them there: then there is no number of dead letters.
    """
    lists = Counter(list_of(item, now) for item in items if not _is_old(item, now))
    numbers: dict[str, float] = {"unheld": lists["unheld"]}
    if have_counts(items):
        numbers["dead_letters"] = lists["dead_letters"]
    return numbers


def _is_old(item: WorkItem, now: float) -> bool:
    return age(item.get("stopped_at"), now) > _RECENT_S


Lists = Mapping[str, Mapping[str, float]]
"""For each environment, what `of_lists` has counted."""


def find_page(
    stats: Mapping[str, Read], path: str, lists: Lists = MappingProxyType({})
) -> ServedPage | None:
    """Return the page `/metrics`, `/stats/ENVIRONMENT_ID` or `/healthz`; or `/stats`, for the only environment.

    `stats` has a reader for each environment. The numbers of `lists` are metrics only.
    """
    if path == "/healthz":
        return text_page("ok")
    if path == "/metrics":
        return ServedPage(200, CONTENT_TYPE, _metrics(_merged(stats, lists)))
    read = _find_reader(stats, path)
    if read is None:
        return None
    reading = read()
    if reading.problem:
        return json_page({"error": reading.problem}, 502)
    return json_page(reading.numbers)


def _merged(stats: Mapping[str, Read], lists: Lists) -> dict[str, Reading]:
    readings = {}
    for name, read in stats.items():
        reading = read()
        numbers = {**reading.numbers, **lists.get(name, {})}
        readings[name] = reading._replace(numbers=numbers)
    return readings


def _find_reader(stats: Mapping[str, Read], path: str) -> Read | None:
    if not path.startswith("/stats"):
        return None
    name = path.removeprefix("/stats").strip("/")
    is_for_the_only_one = not name and len(stats) == 1
    return next(iter(stats.values())) if is_for_the_only_one else stats.get(name)


def serve_statistics(
    options: ExporterOptions, connection: ConnectionSettings, runtime: Runtime
) -> None:
    """Serve the statistics of environments until a signal. `runtime.stderr` gets the address.

    Args:
        options: If there is an environment's key, it replaces the credential of the connection.
        connection: Where the API is.
        runtime: Gives the environment and the streams.

    Raises:
        AntError: if it can't listen at the address.
        UsageError: if the library for metrics is not installed.

    """
    library()
    if options.environment_key:
        connection = connection_with_key(connection, options.environment_key, runtime.environ)
    connection = authenticated(connection, runtime)  # once for all environments
    names = [name.strip() for name in options.environment_id.split(",") if name.strip()]
    with ExitStack() as stack:
        apis = {
            name: stack.enter_context(closing(WorkAPI(connection, runtime, name))) for name in names
        }
        now = runtime.server_clock.now
        stats = {
            name: cached(partial(_statistics, api, now), options.cache)
            for name, api in apis.items()
        }
        lists: dict[str, Mapping[str, float]] = {}
        find = partial(find_page, stats, lists=lists)
        listener = stack.enter_context(closing(Listener(*options.listen, find)))
        with suppress(KeyboardInterrupt):  # a service that ends on request has succeeded
            lists.update(_look(apis, now))
            runtime.say(f"The exporter listens at {listener.url}. Stop it with Ctrl-C.")
            while not threading.Event().wait(_LOOK_EVERY_S):
                lists.update(_look(apis, now))


def _look(apis: Mapping[str, WorkAPI], now: Callable[[], float]) -> Lists:
    """Count the items that somebody should look at; none are known if the API does not list them."""
    found = {}
    for name, api in apis.items():
        try:
            items = _if_permitted(api.newest_items)
        except AntError:
            items = None
        found[name] = {} if items is None else of_lists(items, now())
    return found


def _statistics(api: WorkAPI, now: Callable[[], float]) -> dict[str, float]:
    """Return the statistics, with the running items if the credential is the environment's key."""
    stats = api.stats()
    running = _if_permitted(api.running)
    if running is not None:
        stats["running"] = running
    return to_numbers(stats, now())


def _if_permitted(ask: Callable[[], T]) -> T | None:
    """Return what the API says; None if it takes another credential, since an API key can't list work."""
    try:
        return ask()
    except AntError as error:
        if is_permanent(error):
            return None
        raise


def _metrics(readings: Mapping[str, Reading]) -> bytes:
    """Return the metrics of environments, by their IDs. A number that no server returned is left out."""
    metrics = library()
    registry = metrics.CollectorRegistry()
    gauges = {
        key: metrics.Gauge(name, text, ["environment_id"], registry=registry)
        for name, (key, text) in _METRICS.items()
    }
    for environment_id, reading in readings.items():
        numbers = {"up": not reading.problem, "taken_at": reading.taken_at, **reading.numbers}
        for key in gauges.keys() & numbers.keys():
            gauges[key].labels(environment_id).set(numbers[key])
    return bytes(metrics.generate_latest(registry))
