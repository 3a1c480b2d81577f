"""Retries: which responses are worth another attempt, and when. The rules are those of the API's own libraries."""

from __future__ import annotations

from ant_cli.http.response import Response
from ant_cli.input.request import Retries

RETRIED_4XX = frozenset((408, 409, 429))
"""Errors below 500 that may go away by themselves, because the request itself is not at fault."""
RETRIED = RETRIED_4XX | frozenset(range(500, 600))
RATE_LIMITED = 429
_IN_DOUBT: dict[Retries, frozenset[int]] = {
    "always": frozenset(),
    "unless_timed_out": frozenset((408, 504)),
    "unless_unknown": frozenset((408, *range(500, 600)))
    - {503, 529},  # an overloaded server has rejected it
}
"""The errors after which a request may have been carried out, or may still be, so another attempt may do harm."""
_LONGEST_WAIT_S = 60.0
"""The longest wait before a retry."""


def should_retry(response: Response, when: Retries = "always") -> bool:
    """Whether a request is sent again after a response.

    It is not sent again after one of `_IN_DOUBT`, unless the server allows it; after a 412, because a retry does
    not change the precondition; or if the server asks to wait longer than `_LONGEST_WAIT_S`.
    """
    if response.status == 412 or long_wait(response):
        return False
    override = response.headers.get("x-should-retry")
    if override in ("true", "false"):
        return override == "true" and response.status >= 400
    if response.status in _IN_DOUBT[when]:
        return response.requested_delay() is not None
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

    longest = min(0.5 * 2.0 ** min(attempt, 16), longest_s)
    return longest * random.uniform(0.75, 1.0)  # noqa: S311 - jitter, no secret
