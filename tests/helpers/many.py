"""Runs of several inputs against an API that replies by ID: `many("beta:environments", "archive", *IDS)`."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import pytest

from tests.conftest import Result

IDS = [f"env_{number}" for number in range(1, 11)]


class FakeAPI:
    """Replies as a test chose for an ID, or with an object of that ID.

    A reply is a status, a response, a function that returns one of them, or a list with one for each request.
    """

    def __init__(self, replies: Mapping[str, Any] | None = None) -> None:
        self.replies = replies or {}
        self.sent: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Respond to a request."""
        found = re.search(r"environments/(\w+)", request.url.path)
        name = found[1] if found else json.loads(request.content)["name"]
        with self._lock:
            self.sent.append(name)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            turn = self.sent.count(name) - 1
        reply = self.replies.get(name, 200)
        reply = reply[min(turn, len(reply) - 1)] if isinstance(reply, list) else reply
        try:
            return self.respond(name, reply() if callable(reply) else reply)
        finally:
            with self._lock:
                self._at_once -= 1

    def respond(self, name: str, reply: int | httpx.Response) -> httpx.Response:
        """Return the response for a status, with a body that names the object."""
        if isinstance(reply, httpx.Response):
            return reply
        if reply == 200:
            return httpx.Response(200, json={"id": name})
        error = {"type": "error", "error": {"type": "made_up", "message": f"no {name}"}}
        return httpx.Response(
            reply,
            json=error,
            headers={"x-should-retry": "false"},
            extensions={"reason_phrase": b"Made Up"},
        )


def rate_limited_api() -> tuple[FakeAPI, Callable[[float], None], list[tuple[int, int]]]:
    """Return an API whose first response is a 429 that asks for 30 s, a replacement of sleep, and its calls.

    The calls are pairs of seconds and thread. Each of the first two calls waits for the call of another thread.
    """
    limited = httpx.Response(429, headers={"retry-after": "30"}, json={})
    waits: list[tuple[int, int]] = []
    is_limited, both_sleep = threading.Event(), threading.Barrier(2)

    def sleep(seconds: float) -> None:
        waits.append((round(seconds), threading.get_ident()))
        is_limited.set()
        if len(waits) <= 2:  # the second call must come from another thread, or the barrier breaks
            both_sleep.wait(60)

    api = FakeAPI({"env_1": [limited, 200], "env_2": lambda: is_limited.wait(60) and 200})
    return api, sleep, waits


class ManyResult:
    """The outcome of a run of several inputs, by what it reports about each ID."""

    def __init__(self, result: Result, sent: Sequence[str] = ()) -> None:
        self.exit, self.stdout, self.stderr = result.exit, result.stdout, result.stderr
        self.sent = [*sent]
        self.ids: list[str] = re.findall(r'"id": ?"(\w+)"', self.stdout)
        self.failed: list[str] = re.findall(r'^(\w+): \w+ "', self.stderr, re.MULTILINE)
        self.not_sent = self._named("Not sent: ")
        self.in_flight = self._named("In flight, so the outcome is unknown: ")
        self.unprinted = self._named(r"\w+, but not printed: ")

    def _named(self, label: str) -> list[str]:
        found = re.search(rf"^{label}(.*)$", self.stderr, re.MULTILINE)
        return found[1].split() if found else []

    def accounted(self) -> list[str]:
        """Return every reported ID, as often as it was reported."""
        return sorted([*self.ids, *self.failed, *self.not_sent, *self.in_flight, *self.unprinted])


@pytest.fixture
def many(ant: Callable[..., Result]) -> Callable[..., ManyResult]:
    """Run a command line with a fake API."""

    def run(
        *words: str,
        api: FakeAPI | None = None,
        sleep: Callable[[float], None] = lambda _: None,
        **more: Any,
    ) -> ManyResult:
        api = api or FakeAPI()
        return ManyResult(
            ant(*words, replies=api, env={"TERM": "xterm"}, sleep=sleep, **more), api.sent
        )

    return run
