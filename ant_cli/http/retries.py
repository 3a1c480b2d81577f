"""Retries: which responses are worth another attempt, and when. The rules are those of the API's own libraries."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant_cli.http.response import Response

RETRIED_4XX = frozenset((408, 409, 429))
"""Errors below 500 that may go away by themselves, because the request itself is not at fault."""
RETRIED = RETRIED_4XX | frozenset(range(500, 600))
RATE_LIMITED = 429
GATEWAY_TIMEOUTS = frozenset((408, 504))
"""The server, or a gateway in front of it, gave up waiting. The request may still be carried out."""
_LONGEST_WAIT_S = 60.0
"""The longest wait before a retry."""
_LONGEST_REQUEST_S = 100 * 365 * 86_400.0
"""The limit of what a server may ask for: no operating system's clock can wait forever."""
_SECONDS = r"-?[0-9]+(?:\.[0-9]+)?"


def should_retry(response: Response) -> bool:
    """Whether a response is worth a retry.

    A 412 is not retried: the precondition of the request does not hold, and a retry does not change that. Nor is a
    response that asks to wait longer than `_LONGEST_WAIT_S`: an earlier retry would fail.
    """
    if response.status == 412 or long_wait(response):
        return False
    override = response.headers.get("x-should-retry")
    if override in ("true", "false"):
        return override == "true" and response.status >= 400
    return response.status in RETRIED


def long_wait(response: Response) -> str:
    """Return a sentence that says how long the server asks to wait, if that is too long for a retry."""
    delay_s = requested_delay(response.headers) if response.status >= 400 else None
    if delay_s is None or delay_s <= _LONGEST_WAIT_S:
        return ""
    if delay_s < 2 * 3600:
        return f"The server asks to wait {delay_s:.0f} s before the next request."
    return f"The server asks to wait {delay_s:,.0f} s ({delay_s / 3600:,.0f} hours) before the next request."


def outcome_unknown(status: int) -> bool:
    """Whether a request with this response may have been carried out, partly or by a server behind a gateway."""
    return status == 408 or 500 <= status <= 599


def retry_delay(attempt: int, response: Response) -> float:
    """Return the seconds to wait after `attempt`, which counts from 0: what the server asks for, or `backoff`."""
    requested = requested_delay(response.headers)
    return backoff(attempt) if requested is None else requested


def backoff(attempt: int, longest_s: float = 8.0) -> float:
    """Return the seconds to wait if the server gives none: 0.5, doubling to 8, minus up to a quarter of jitter."""
    import random

    return min(0.5 * 2.0 ** min(attempt, 16), longest_s) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret


def requested_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for, a century at most; None for nonsense."""
    delay_s = _read_delay(headers)
    return None if delay_s is None else min(max(delay_s, 0.0), _LONGEST_REQUEST_S)


def _read_delay(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if text and re.fullmatch(_SECONDS, text):
            return float(text) * unit
    return _seconds_until(headers.get("retry-after", ""))


def _seconds_until(date: str) -> float | None:
    """Return the seconds until an HTTP date. It is in GMT even in the old form without a time zone."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(date)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
