"""Retries: which responses are worth another attempt, and when. The rules are those of the API's own libraries."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

RETRIED = frozenset((408, 409, 429, *range(500, 600)))
GATEWAY_TIMEOUTS = frozenset((408, 504))
"""The server gave up waiting, or a gateway in front of it did: the request may still be carried out."""
LONGEST_WAIT_S = 60.0
_SECONDS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)


def should_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether a response is worth a retry.

    Never after a 412: the precondition of the request does not hold, and a retry does not change that.
    """
    if status == 412:
        return False
    override = headers.get("x-should-retry")
    if override in ("true", "false"):
        return override == "true" and status >= 400
    return status in RETRIED


def outcome_unknown(status: int) -> bool:
    """Whether a request with this response may have been carried out, in part or by a server behind a gateway."""
    return status == 408 or 500 <= status <= 599


def retry_delay(attempt: int, headers: Mapping[str, str]) -> float:
    """Return the seconds to wait after `attempt`, which counts from 0: what the server says, at most a minute."""
    requested = _requested_delay(headers)
    if requested is not None:
        return min(requested, LONGEST_WAIT_S)
    import random

    return 0.5 * 2.0 ** min(attempt, 4) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret


def _requested_delay(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `retry-after-ms` or `retry-after` asks for; None if neither makes sense."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if _SECONDS.fullmatch(text):
            return max(float(text) * unit, 0.0)
    return _seconds_until(headers.get("retry-after", ""))


def _seconds_until(date: str) -> float | None:
    """Return the seconds until a date of HTTP, which is in GMT even in the old form that does not say so."""
    from datetime import UTC
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(date)
        return max((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None
