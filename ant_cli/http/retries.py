"""Retries: which responses are worth another attempt, and when. The rules are those of the API's own libraries."""

from __future__ import annotations

from ant_cli.http.response import Response

RETRIED_4XX = frozenset((408, 409, 429))
"""Errors below 500 that may go away by themselves, because the request itself is not at fault."""
RETRIED = RETRIED_4XX | frozenset(range(500, 600))
RATE_LIMITED = 429
GATEWAY_TIMEOUTS = frozenset((408, 504))
"""The server, or a gateway in front of it, gave up waiting. The request may still be carried out."""
_LONGEST_WAIT_S = 60.0
"""The longest wait before a retry."""


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
    delay_s = response.requested_delay() if response.status >= 400 else None
    if delay_s is None or delay_s <= _LONGEST_WAIT_S:
        return ""
    return f"The server asks to wait {delay_s:,.0f} s before the next request."


def outcome_unknown(status: int) -> bool:
    """Whether a request with this response may have been carried out, partly or by a server behind a gateway."""
    return status == 408 or 500 <= status <= 599


def retry_delay(attempt: int, response: Response) -> float:
    """Return the seconds to wait after `attempt`, which counts from 0: what the server asks for, or `backoff`."""
    requested = response.requested_delay()
    return backoff(attempt) if requested is None else requested


def backoff(attempt: int, longest_s: float = 8.0) -> float:
    """Return the seconds to wait if the server gives none: 0.5, doubling to 8, minus up to a quarter of jitter."""
    import random

    return min(0.5 * 2.0 ** min(attempt, 16), longest_s) * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret
