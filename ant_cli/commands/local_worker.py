"""What a worker on this machine says about itself at its `--listen`. Anything may listen there in its place."""

from __future__ import annotations

import re
from contextlib import closing, suppress

from ant_cli.errors import UsageError
from ant_cli.http.direct import DirectTransport
from ant_cli.http.transport import FailedAttempt, Timeouts
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.sanitize import collapse_space

_PATIENCE_S = 2.0
"""How long a page may take, from the connection to its last byte."""
_LARGEST_PAGE = 1_000_000
_LABELS = r'(?:\w++="(?:[^"\\\n]|\\.)*+",?)*+'
_SAMPLE = re.compile(rf"^(\w++)\{{({_LABELS})\}} (\d{{1,15}}(?:\.\d++)?(?:e\+\d\d)?)$", re.MULTILINE)
_LABEL = re.compile(r'(\w++)="((?:[^"\\\n]|\\.)*+)"')


def what_worker_says(host: str, port: int, environment_id: str) -> dict[str, Any]:
    """Return what the worker of an environment says about itself, each None if none serves that there."""
    found = _numbers(_page(host, port, "/metrics"), environment_id)
    exists = ("ant_worker_slots", "") in found
    return {
        "worker_here": collapse_space(_page(host, port, "/readyz")) or "no answer" if exists else None,
        "outage": found.get(("ant_worker_outage", ""), 0) > 0 if exists else None,
        "dead_letters_here": int(found.get(("ant_worker_items_total", "dead_letter"), 0)) if exists else None,
    }


def _numbers(text: str, environment_id: str) -> dict[tuple[str, str], float]:
    """Return the numbers of an environment in Prometheus' text format, by their names and outcomes."""
    found = {}
    for name, given, number in _SAMPLE.findall(text):
        labels = dict(_LABEL.findall(given))
        if labels.get("environment_id") == environment_id:
            found[name, labels.get("outcome", "")] = float(number)
    return found


def _page(host: str, port: int, path: str) -> str:
    """Return the text of a page; empty if it does not arrive, or is too large."""
    url = f"http://[{host}]:{port}{path}" if ":" in host else f"http://{host}:{port}{path}"
    limits = Timeouts(_PATIENCE_S, _PATIENCE_S)
    with (
        suppress(FailedAttempt, UsageError, ValueError),  # a host that no URL can have
        closing(DirectTransport({})) as transport,
        transport.stream("GET", url, {}, b"", limits) as response,
    ):
        response.read(_LARGEST_PAGE)
        return response.body.decode("utf-8", "replace")
    return ""
