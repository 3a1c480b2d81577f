"""What a worker does about one item, by the requests that it sends and the log that it writes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import Mock, patch

import pytest

from ant_cli.errors import AntError, APIError, NetworkError
from ant_cli.worker import item_run as item_run_module
from ant_cli.worker import supervisor as supervisor_module
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.endings import Ending, ended
from ant_cli.worker.failures import NEVER_RUN
from ant_cli.worker.handler import Handler
from ant_cli.worker.item_run import ItemRun
from ant_cli.worker.make_it_so import Verdict
from ant_cli.worker.outage import Outage
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.supervisor import Supervisor
from tests.helpers.fault_proxy import NO_FAULT, Fault, only, slow
from tests.helpers.work_server import ITEM
from tests.worker.calls import NOTHING_TO_RUN, Calls, others
from tests.worker.simulation import Plan, SimulatedHandler, simulate

MINUTE = 60.0
API_KEY = "sk-ant-api03-of-the-operator"
COUNTED = {"ant_attempts": "2", "ant_last_error": "no disk"}
NEW = {"created_at": "2026-03-15T10:00:00Z", "acknowledged_at": "2026-03-15T10:00:01Z"}
"""The times of an item that can't have run before."""


@pytest.fixture
def calls(clean_environ):
    """Return the calls of a worker."""
    return Calls(clean_environ)


def answered(calls, item=ITEM, **answers):
    """Let each call get its answer, and the item otherwise."""

    async def reply(name):
        answer = answers.get(name, item)
        if isinstance(answer, Exception):
            raise answer
        return answer

    calls.reply = reply


def run(calls, handler, **flags):
    """Run a job of one item with a handler of the shell. Return the calls after its acknowledgement."""
    calls.command = ["/bin/sh", "-c", handler]
    asyncio.run(asyncio.wait_for(calls.work(max_items="1", **flags), 30))
    return list(calls)[2:]


def patches(calls):
    """Return the metadata that was written."""
    return [args[1] for name, args in calls.sent if name == "update"]


# Metadata


@pytest.mark.parametrize(
    ("metadata", "handler", "flags", "expected"),
    [
        ({}, "exit 0", {}, ["stop"]),
        (COUNTED, "exit 0", {}, ["session", "update", "stop", "update"]),
        (COUNTED, "exit 0", {"no_auto_stop": "true"}, ["session", "update", "update"]),
        ({}, "exit 0", {"no_auto_stop": "true"}, []),
        ({}, "exit 1", {}, ["update", "heartbeat"]),
        ({}, "exit 1", {"attempts": "1"}, ["update", "stop"]),
        ({}, "exit 75", {}, ["update", "heartbeat"]),
    ],
)
def test_finished_work_is_stopped_before_its_metadata_is_written(
    calls, metadata, handler, flags, expected
):
    """Finished work must not run again. A failure is counted first, and nothing is written without a reason."""
    calls.metadata_key = API_KEY
    item = {**ITEM, "metadata": metadata}
    answered(calls, poll=item, acknowledge={**item, **NEW}, session={})
    assert run(calls, handler, **flags) == expected
    is_done = handler == "exit 0"
    assert list(calls.context.memory.not_done) == ([] if is_done else [ITEM["id"]])


def test_a_run_that_may_be_the_second_is_counted_before_it_starts_and_not_afterwards(calls):
    """The run may kill this worker, too."""
    calls.metadata_key = API_KEY
    metadata = {"ant_unreported": "1", "ant_attempts": "1"}
    item = {**ITEM, "acknowledged_at": "2026-03-15T10:00:00Z", "metadata": metadata}
    answered(calls, item, session={"status": "running"})
    assert run(calls, "exit 0") == ["session", "update", "stop", "update"]
    assert patches(calls) == [{"ant_unreported": "2"}, dict.fromkeys(metadata)]


def test_a_first_count_is_deleted_after_the_run_although_the_item_did_not_have_it(calls):
    """This worker has written it."""
    calls.metadata_key = API_KEY
    answered(calls, {**ITEM, "acknowledged_at": "2026-03-15T10:00:00Z"}, session={})
    run(calls, "exit 0")
    assert patches(calls) == [{"ant_unreported": "1"}, {"ant_unreported": None}]


NO_SUCH_KEY = APIError("POST x", 400, "", b'{"error": {"message": "no such key"}}', "")


@pytest.mark.parametrize("error", [None, NO_SUCH_KEY])
def test_writes_of_metadata_are_counted_by_what_became_of_them(calls, error):
    """A failed write is logged with the server's message, and changes nothing about the item."""
    calls.metadata_key = API_KEY
    answered(calls, poll=ITEM, acknowledge={**ITEM, **NEW}, update=error)
    run(calls, "exit 1")
    writes = calls.context.tally.metadata_writes
    assert dict(writes) == {"written": int(error is None), "failed": int(error is not None)}
    failures = [
        event["error"]
        for event in calls.events
        if event["msg"] == "writing the item's metadata failed"
    ]
    assert failures == ([] if error is None else ["400: no such key"])
    assert calls[-1] == "heartbeat"


# Before the handler


@pytest.mark.parametrize(
    ("session", "runs"),
    [
        ({"status": "running", "archived_at": None}, True),
        ({"status": "idle"}, True),
        ({}, True),
        ({"status": "terminated"}, False),
        ({"status": "idle", "archived_at": "2026-03-15T10:00:00Z"}, False),
        (APIError("GET x", 404, "", b"", ""), True),
    ],
)
def test_an_item_whose_session_has_ended_is_stopped_without_a_run(calls, session, runs):
    """A key that can't look proves nothing."""
    answered(calls, {**ITEM, "acknowledged_at": "2026-03-15T10:00:00Z"}, session=session)
    found = run(calls, "exit 0")
    assert found == ["session", "stop"]
    assert ("spawning on-work script" in calls.messages) is runs
    (end,) = (event for event in calls.events if "outcome" in event)
    assert end["outcome"] == ("succeeded" if runs else "cancelled")


def test_nothing_is_written_about_an_item_whose_session_has_ended(calls):
    """The count of its failures stays as it is."""
    calls.metadata_key = API_KEY
    answered(calls, {**ITEM, "metadata": COUNTED}, session={"status": "terminated"})
    assert run(calls, "exit 0") == ["session", "stop"]
    assert calls.context.memory.not_done == {}


@pytest.mark.parametrize(
    "data",
    [None, {}, {"type": "session"}, {"type": "session", "id": ".."}, {"type": "x", "id": "y"}],
)
def test_an_item_without_a_session_is_not_looked_up(calls, data):
    """Its ID would be a part of the path."""
    answered(calls, {**ITEM, "acknowledged_at": "2026-03-15T10:00:00Z", "data": data})
    assert run(calls, "exit 0") == ["stop"]


def test_a_health_check_is_stopped_and_done(calls):
    """No handler runs, nothing is counted, and its lines name no session."""
    answered(calls, NOTHING_TO_RUN)
    assert run(calls, "exit 1") == ["stop"]
    assert calls.context.memory.not_done == {}
    assert not [event for event in calls.events if "outcome" in event or "session_id" in event]


def test_an_item_whose_stop_is_still_open_is_stopped_and_does_not_run_again(calls):
    """Its work is done. After that, nothing is open any more."""

    async def reply(_name):
        memory = calls.context.memory
        if calls[-1] == "poll":
            memory.unstopped[ITEM["id"]] = ended(Ending.SUCCEEDED)
            calls.context.tally.unconfirmed.add(ITEM["id"])
        return dict(ITEM)

    calls.reply = reply
    assert run(calls, "exit 1") == ["stop"]
    assert "spawning on-work script" not in calls.messages
    assert "this worker has finished the item before, and could not stop it" in calls.messages
    assert calls.context.memory.unstopped == {}
    assert calls.context.tally.unconfirmed == set()


def test_the_id_and_the_secret_of_an_item_are_those_that_were_polled(calls):
    """They have been checked, and the secret is redacted."""
    other = {**ITEM, **NEW, "id": "work_2", "secret": "of-another-item-123456"}
    answered(calls, poll={**ITEM, "secret": "of-this-item-123456"}, acknowledge=other)
    run(calls, 'echo "$ANTHROPIC_WORK_ID $ANTHROPIC_WORK_SECRET"; cat')
    assert "work_1" in calls.text
    assert "of-this-item" not in calls.text
    assert "work_2" not in calls.text
    assert "of-another-item" not in calls.text


QUEUED_AGAIN = APIError(
    "POST x", 412, "", b'{"error": {"details": {"current_state": {"state": "queued"}}}}', ""
)


@pytest.mark.parametrize(
    ("heartbeat", "requests", "written", "end"),
    [
        *(
            (
                {"state": state, "lease_extended": False},
                ["heartbeat", "update", "stop"],
                [{"ant_attempts": None, "ant_last_error": None}],
                ("cancelled", "a stop was requested", "stop"),
            )
            for state in ("stopping", "stopped")
        ),
        (QUEUED_AGAIN, ["heartbeat"], [], ("lease_lost", "the lease was lost", "leave")),
    ],
)
def test_an_item_that_is_lost_before_its_handler_starts_has_no_further_run(
    calls, heartbeat, requests, written, end
):
    """A requested stop clears the count of failures. A lost lease leaves the count as it is."""
    calls.metadata_key = API_KEY
    answered(calls, {**ITEM, "metadata": COUNTED}, heartbeat=heartbeat)
    assert run(calls, "exit 0", heartbeat="always") == requests
    assert patches(calls) == written
    (event,) = (event for event in calls.events if "outcome" in event)
    assert (event["outcome"], event["reason"], event["next"]) == end
    assert calls.context.memory.history_of(ITEM).unreported == 0
    assert bool(calls.context.memory.not_done) is (end[0] == "lease_lost")


def test_an_item_whose_lease_is_not_held_by_the_end_of_the_worker_keeps_its_counts(calls):
    """The item is given back with the count of failures that it had."""
    calls.metadata_key = API_KEY

    async def reply(name):
        if name == "heartbeat" and calls.count(name) == 1:
            calls.drain()
            raise NetworkError("no response")
        return {**ITEM, "metadata": COUNTED}

    calls.reply = reply
    assert run(calls, "exit 0", heartbeat="always") == ["heartbeat", "update", "heartbeat"]
    assert patches(calls) == [{"ant_attempts": "2"}]
    assert "spawning on-work script" not in calls.messages


def test_an_item_whose_acknowledgement_was_lost_runs_as_it_was_polled(calls, monkeypatch):
    """A look shows who holds the item, but not its session, so the response to the poll is used."""
    monkeypatch.setattr("ant_cli.worker.make_it_so.backoff", lambda _attempt: 0.0)
    lost = NetworkError("the connection was closed").with_unknown_outcome()
    answered(calls, acknowledge=lost, heartbeat={"state": "starting", "ttl_seconds": 300})
    assert run(calls, "cat") == ["heartbeat", "session", "stop"]
    (start,) = (event for event in calls.events if event["msg"] == "claimed work")
    assert (start["work_type"], start["session_id"]) == ("session", "sesn_1")
    assert "sesn_1" in next(event["line"] for event in calls.events if "line" in event)


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        ("exit 1", {"ant_attempts": "3", "ant_last_error": "the handler exited with 1"}),
        ("exit 0", {"ant_attempts": None, "ant_last_error": None}),
    ],
)
def test_what_was_written_to_an_item_until_its_acknowledgement_counts(calls, handler, expected):
    """Another worker may have failed at the item after the poll was answered."""
    calls.metadata_key = API_KEY
    answered(calls, poll=ITEM, acknowledge={**ITEM, **NEW, "metadata": COUNTED}, session={})
    run(calls, handler, attempts="3")
    assert {event["attempt"] for event in calls.events if "attempt" in event} == {3}
    (written,) = patches(calls)[1:]
    assert written.items() >= expected.items()


@pytest.mark.parametrize(
    ("session_id", "is_logged"),
    [("sesn_1", True), ("x" * 256, True), ("x" * 257, False), ("..", False), ("a\nb", False)],
)
def test_the_lines_of_an_item_name_its_session_by_a_usable_id(calls, session_id, is_logged):
    """An ID that is too long or malformed is left out of the log."""
    answered(calls, {**ITEM, "data": {"type": "session", "id": session_id}})
    run(calls, "exit 0")
    (start,) = (event for event in calls.events if event["msg"] == "claimed work")
    assert start.get("session_id") == (session_id if is_logged else None)


@pytest.mark.parametrize(
    ("paused_s", "handler", "outcome", "pause_s"),
    [(19.5, "exit 0", "given_back", [20]), (-1, "exit 1", "failed", range(45, 61))],
)
def test_the_pause_of_an_item_is_counted_by_the_clock_of_the_server(
    calls, paused_s, handler, outcome, pause_s
):
    """The clock of the worker may be days ahead."""
    calls.metadata_key = API_KEY
    now = 1_700_000_000.0
    retry_at = datetime.fromtimestamp(now + paused_s, UTC).isoformat()
    item = {**ITEM, "metadata": {"ant_attempts": "1", "ant_retry_at": retry_at}}

    async def reply(_name):
        calls.context.server_time = lambda: now
        return item

    calls.reply = reply
    run(calls, handler)
    (end,) = (event for event in calls.events if "outcome" in event)
    assert end["outcome"] == outcome
    name, (_, _, asked_s, _) = calls.sent[-1]
    assert name == "heartbeat"
    assert asked_s in pause_s
    until = datetime.fromisoformat(patches(calls)[-1]["ant_retry_at"])
    assert until.tzinfo is UTC  # other machines have other zones
    until = until.timestamp()
    assert asked_s - 1 <= until - now <= asked_s


# The handler


def warned(calls):
    """Whether there is a warning about a handler that may have detached."""
    return any("at once, without output" in message for message in calls.messages)


@pytest.mark.parametrize(
    ("handler", "heartbeat", "stopped", "expected"),
    [
        ("exit 0", "auto", {"latest_heartbeat_at": None}, True),
        ("exit 0", "auto", {"latest_heartbeat_at": "2026-03-15T10:00:00Z"}, False),
        ("exit 0", "auto", {}, False),
        ("echo x", "auto", {"latest_heartbeat_at": None}, False),
        ("echo x >&2", "auto", {"latest_heartbeat_at": None}, False),
        ("exit 1", "auto", {"latest_heartbeat_at": None}, False),
        ("exit 0", "always", {"latest_heartbeat_at": "2026-03-15T10:00:00Z"}, True),
    ],
)
def test_a_handler_that_ends_at_once_without_a_sign_is_warned_about(
    calls, handler, heartbeat, stopped, expected
):
    """Output, or a heartbeat of its own, is a sign."""
    extended = {"lease_extended": True, "state": "active", "last_heartbeat": "B", "ttl_seconds": 45}
    answered(calls, stop={**ITEM, **stopped}, heartbeat=extended)
    run(calls, handler, heartbeat=heartbeat)
    assert warned(calls) is expected


@pytest.mark.parametrize(("seconds", "expected"), [(0.9, True), (1.1, False)])
def test_a_handler_that_takes_its_time_is_not_warned_about(seconds, expected):
    """The worker warns only if a handler ends within a second and has written nothing."""

    async def story(simulation):
        simulation.server.enqueue(1)
        worker = simulation.start(plan=Plan(seconds), heartbeat="always")
        await simulation.until_done(MINUTE)
        await asyncio.sleep(1)
        found = [event for event in worker.log if "at once, without output" in event["msg"]]
        assert bool(found) is expected

    silent = property(lambda _: False, lambda *_: None)
    with patch.object(SimulatedHandler, "has_output", silent, create=True):
        simulate(story)


def test_the_line_about_a_handler_names_its_program(calls):
    """And that about its end says how long it took, and how it ended."""
    answered(calls)
    run(calls, "exit 3", attempts="1")
    (start,) = (event for event in calls.events if event["msg"] == "spawning on-work script")
    assert start["script"] == "/bin/sh"
    assert start["attempt"] == 1
    (end,) = (event for event in calls.events if "outcome" in event)
    assert (end["outcome"], end["reason"], end["next"]) == (
        "dead_letter",
        "the handler exited with 3",
        "stop",
    )
    assert end["seconds"] >= 0


def test_a_failure_that_is_not_counted_says_so(calls):
    """The item is given back, and its next run has the same attempt number."""
    answered(calls, {**ITEM, "metadata": {"ant_attempts": "1", "ant_excused": "3"}})
    run(calls, 'echo "attempt $ANT_WORK_ATTEMPT"; exit 75')
    assert "attempt 2" in calls.text
    assert {event["attempt"] for event in calls.events if "attempt" in event} == {2}
    (end,) = (event for event in calls.events if "outcome" in event)
    assert end["reason"] == "the handler exited with 75, which is not counted"
    assert (end["outcome"], end["next"]) == ("given_back", "give_back")


def test_a_handler_without_a_time_limit_may_take_its_time(calls):
    """A limit of 0 is no limit."""
    answered(calls)
    run(calls, "sleep 0.05", item_timeout="0")
    (end,) = (event for event in calls.events if event["msg"] == "work item done")
    assert 0.05 <= end["seconds"] < 30


def test_the_metrics_of_an_item_are_those_of_its_handler(calls):
    """The metrics say how long the item waited, and how long its handler ran. Afterwards, no slot is used."""
    waits, durations, slots_used = [], [], []
    created_at = datetime.fromtimestamp(time.time() - 100, UTC).isoformat()

    async def reply(name):
        tally = calls.context.tally
        tally.observe_wait, tally.observe_duration = waits.append, durations.append
        slots_used.append((name, tally.slots_used))
        return {**ITEM, "created_at": created_at, "acknowledged_at": "2026-03-15T10:00:00Z"}

    calls.reply = reply
    run(calls, "sleep 0.05")
    assert slots_used[:2] == [("poll", 0), ("acknowledge", 1)]
    assert waits == []  # the server has handed it out before
    assert len(durations) == 1
    assert 0.05 <= durations[0] < 30
    tally = calls.context.tally
    assert (tally.slots_used, dict(tally.started_at)) == (0, {})
    assert dict(tally.polls) == {"work": 1, "empty": 0, "error": 0}
    assert 0 <= time.time() - tally.last_poll_at < 30


def test_an_item_waits_from_its_creation_until_its_first_start(calls):
    """An acknowledgement alone does not mean that the item has run before."""
    waits = []
    created_at = datetime.fromtimestamp(time.time() - 20, UTC).isoformat()

    async def reply(name):
        calls.context.tally.observe_wait = waits.append
        item = {**ITEM, "created_at": created_at}
        now = datetime.now(UTC).isoformat()
        return item if name == "poll" else {**item, "acknowledged_at": now}

    calls.reply = reply
    assert run(calls, "exit 0") == ["stop"]
    assert [20 <= wait < 40 for wait in waits] == [True]


def test_the_last_words_of_a_handler_that_took_too_long_are_its_last_error(calls):
    """They say where it was stuck."""
    calls.metadata_key = API_KEY
    answered(calls)
    run(calls, "echo at step 7 >&2; exec sleep 600", item_timeout="200ms")
    assert patches(calls)[-1]["ant_last_error"] == ("the handler took longer than 0.2 s: at step 7")


def test_a_worker_takes_no_more_leases_after_an_item_that_its_handler_has_stopped(calls):
    """Such a handler sends heartbeats itself, and stops an item if they are refused."""

    async def reply(name):
        if name == "heartbeat" and calls.count(name) > 1:
            return {"state": "stopped", "lease_extended": False}
        return {**ITEM, **NEW, "lease_extended": True, "last_heartbeat": "B", "ttl_seconds": 45}

    calls.command, calls.reply = ["/bin/sh", "-c", "exit 0"], reply
    asyncio.run(asyncio.wait_for(calls.work(max_items="2", heartbeat="always"), 30))
    lost, done = (event for event in calls.events if "outcome" in event)
    assert (lost["outcome"], lost["level"], lost["next"]) == ("lost", "ERROR", "leave")
    assert done["outcome"] == "succeeded"
    assert calls.count("heartbeat") == 2


def test_a_handler_gets_its_item_as_one_line_in_ascii(calls):
    """A handler can read ASCII in every locale."""
    item = {**ITEM, **NEW, "data": {**ITEM["data"], "title": "\xe4 \n\u2028"}}
    answered(calls, item)
    run(calls, "read -r line && printf '%s\\n' \"$line\" && cat >&2")
    (line,) = (event["line"] for event in calls.events if event["msg"] == "handler output")
    assert json.loads(line) == item
    assert line.isascii()


def test_the_lines_of_a_handler_say_from_which_stream_they_are(calls):
    """The last ten lines of stderr are written to ant_last_error."""
    calls.metadata_key = API_KEY
    answered(calls, {**ITEM, **NEW})
    run(calls, "seq 5; seq 10 29 >&2; exit 1")
    streams = {"stdout": [], "stderr": []}
    for event in calls.events:
        if event["msg"] == "handler output":
            streams[event["stream"]].append(event["line"])
    assert streams == {
        "stdout": [str(number) for number in range(1, 6)],
        "stderr": [str(number) for number in range(10, 30)],
    }
    last = "\n".join(str(number) for number in range(20, 30))
    assert patches(calls)[-1]["ant_last_error"] == f"the handler exited with 1: {last}"


def test_a_value_of_an_item_that_can_not_be_a_variable_is_named_in_the_log(calls):
    """The handler gets this value on stdin only."""
    answered(calls, {**ITEM, "secret": "of-this\0item"})
    run(calls, "exit 0")
    (event,) = (event for event in calls.events if "variable" in event)
    assert (event["level"], event["variable"]) == ("WARN", "ANTHROPIC_WORK_SECRET")


@pytest.mark.parametrize(
    ("handler", "end"),
    [
        ("echo x", ["stop failed; it is repeated", "work item done"]),
        ("echo x; exit 1", ["giving the item back failed; it is repeated", "work item not done"]),
    ],
)
def test_each_line_about_an_item_names_it(calls, monkeypatch, handler, end):
    """The lines of several items are mixed, so each line needs the IDs, whatever it reports."""
    monkeypatch.setattr("ant_cli.worker.make_it_so.backoff", lambda _attempt: 0.0)
    monkeypatch.setattr("ant_cli.worker.lease.backoff", lambda _attempt: 0.0)
    lost = NetworkError("the connection was closed").with_unknown_outcome()
    extended = {**ITEM, "lease_extended": True, "last_heartbeat": "B", "ttl_seconds": 45}
    heartbeats = [{"state": "queued"}, lost, extended]
    heartbeats += [extended] if handler == "echo x" else [NO_SUCH_KEY, extended]
    answers = {"acknowledge": [lost, {**ITEM, **NEW}], "stop": [NO_SUCH_KEY, ITEM]}
    answers["heartbeat"] = heartbeats

    async def reply(name):
        answer = answers[name].pop(0) if name in answers else ITEM
        if isinstance(answer, Exception):
            raise answer
        return answer

    calls.reply = reply
    calls.command = ["/bin/sh", "-c", handler]
    asyncio.run(asyncio.wait_for(calls.work(max_items="1", heartbeat="always"), 30))
    assert calls.messages == [
        "polling for work",
        "ack failed; it is repeated",
        "claimed work",
        "heartbeat failed; it is repeated",
        "spawning on-work script",
        "handler output",
        *end,
    ]
    names = {"work_id": "work_1", "session_id": "sesn_1", "attempt": 1}
    assert all(names.items() <= event.items() for event in calls.events[1:])
    assert calls.events[-2]["error"] == "400: no such key"


@pytest.mark.parametrize(("heartbeat", "expected"), [("auto", "none"), ("always", "work_1")])
def test_a_handler_learns_whether_its_worker_holds_the_lease(calls, heartbeat, expected):
    """Values that its item does not have are not set."""
    extended = {"lease_extended": True, "state": "active", "last_heartbeat": "B", "ttl_seconds": 45}
    answered(calls, heartbeat=extended)
    run(calls, f'echo "held by ${{{LEASE_HOLDER}-none}}"', heartbeat=heartbeat)
    assert f"held by {expected}" in calls.text
    assert LEASE_HOLDER not in calls.context.own_variables
    assert "can't be a variable" not in calls.text


@pytest.mark.parametrize(
    ("ending", "counts"),
    [
        (Ending.FAILED, True),
        (Ending.TIMED_OUT, True),
        (Ending.UNFINISHED, True),
        (Ending.LOST, True),
        (Ending.EXCUSED, True),
        (Ending.SUCCEEDED, False),
        (Ending.HANDED_OVER, False),
        (Ending.SHUT_DOWN, False),
        (Ending.STOP_REQUESTED, False),
        (Ending.LEASE_LOST, False),
        (Ending.LEASE_ENDED, False),
    ],
)
def test_each_failure_that_is_the_handlers_counts_for_an_outage(ending, counts):
    """An ending that the handler has not caused does not count."""
    context = Mock(outage=Outage(), now=lambda: 20.0, server_time=lambda: 20.0)
    context.options = SimpleNamespace(attempts=5, retry_delay=10.0)
    item = SimpleNamespace(_context=context, _id="f", _mode="auto", _history=NEVER_RUN)
    ItemRun._judged(item, ended(ending, "x"), 10.0)
    assert context.outage.rests_on == (["f"] if counts else [])


@pytest.mark.parametrize(
    ("status", "is_left"), [(1, False), (75, False), (125, False), (126, True), (127, True)]
)
def test_only_an_item_whose_handler_could_not_be_started_is_left_to_others(calls, status, is_left):
    """Another machine may have the program."""
    answered(calls)
    run(calls, f"exit {status}")
    assert (ITEM["id"] in calls.context.memory.left_to_others_until) is is_left


@pytest.mark.parametrize(
    ("ending", "began", "is_over"),
    [
        (Ending.SUCCEEDED, 10.0, True),
        (Ending.SUCCEEDED, 0.5, False),
        (Ending.HANDED_OVER, 10.0, True),
        (Ending.FAILED, 10.0, False),
        (Ending.SHUT_DOWN, 10.0, False),
        (Ending.STOP_REQUESTED, 10.0, False),
        (Ending.LEASE_LOST, 10.0, False),
    ],
)
def test_only_a_success_shows_that_an_outage_is_over(ending, began, is_over):
    """A run that began before the outage, or ended for another reason, says nothing about the handler."""
    outage = Outage()
    for name in "abcde":
        outage.take_failure(name, "it failed", 0.0, 1.0)
    context = Mock(outage=outage, now=lambda: 20.0, server_time=lambda: 20.0)
    context.options = SimpleNamespace(attempts=5, retry_delay=10.0)
    item = SimpleNamespace(_context=context, _id="f", _mode="auto", _history=NEVER_RUN)
    ItemRun._judged(item, ended(ending, "x"), began)
    assert (outage.reason == "") is is_over


@pytest.mark.parametrize(
    ("handler", "no_auto_stop", "is_killed"),
    [
        ("exit 0", "true", False),
        ("exit 0", "false", True),
        ("exit 1", "true", True),
        ("trap 'exit 0' TERM; while :; do sleep 0.01; done", "true", True),
    ],
)
def test_only_a_handler_that_hands_its_item_over_may_leave_processes(
    calls, monkeypatch, handler, no_auto_stop, is_killed
):
    """A handler that was asked to end has not handed its item over, although it exits with 0."""
    kills = []

    async def finish(handler, guardian, *, kill_rest):
        kills.append(kill_rest)
        await finish_handler(handler, guardian, kill_rest=kill_rest)

    finish_handler = Handler.finish
    monkeypatch.setattr(Handler, "finish", finish)
    answered(calls)
    run(calls, handler, no_auto_stop=no_auto_stop, item_timeout="100ms")
    assert kills == [is_killed]


# Its end


def test_an_item_that_another_worker_has_by_the_time_of_its_stop_is_lost_to_that(calls):
    """Its work is done twice, and it is not this worker's success."""
    answered(calls)

    async def conclude(change, context, log):
        if change.name == "ack":
            return await make(change, context, log)
        return Verdict.NOT_OURS

    make = item_run_module.make_it_so
    with patch.object(item_run_module, "make_it_so", conclude):
        run(calls, "exit 0")
    (end,) = (event for event in calls.events if "outcome" in event)
    assert (end["outcome"], end["reason"]) == ("lease_lost", "the lease was lost")
    assert list(calls.context.memory.not_done) == [ITEM["id"]]


def test_the_pause_of_an_item_does_not_begin_again_with_each_request_that_fails(calls, monkeypatch):
    """The end of the pause is in the item's metadata, where others may have read it."""
    monkeypatch.setattr("ant_cli.worker.make_it_so.backoff", lambda _attempt: 0.0)
    now = [1_700_000_000.0]

    async def reply(name):
        calls.context.server_time = lambda: now[0]
        if name == "heartbeat" and calls.count(name) == 1:
            now[0] += 5
            raise NO_SUCH_KEY
        return {**ITEM, **NEW, "state": "active"}

    calls.reply = reply
    assert run(calls, "exit 1")[-2:] == ["heartbeat", "heartbeat"]
    first_s, second_s = (args[2] for name, args in calls.sent if name == "heartbeat")
    assert second_s == first_s - 5


def test_an_item_in_its_pause_that_somebody_asks_to_stop_is_stopped(calls):
    """The handler does not run."""
    retry_at = datetime.fromtimestamp(time.time() + 60, UTC).isoformat()
    item = {**ITEM, "metadata": {"ant_attempts": "1", "ant_retry_at": retry_at}}
    answered(calls, item, heartbeat={"state": "stopping", "lease_extended": False})
    assert run(calls, "exit 0") == ["heartbeat", "stop"]
    (end,) = (event for event in calls.events if "outcome" in event)
    assert (end["outcome"], end["next"]) == ("cancelled", "stop")


def test_an_item_that_somebody_asks_to_stop_while_it_is_given_back_is_stopped():
    """Otherwise it would be stopping until its lease ends."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)

        def choose(number, kind):
            if (kind, number) == ("heartbeat", 1):
                simulation.server.items[work_id].state = "stopping"
            return NO_FAULT

        worker = simulation.start(choose=choose, plan=Plan(0.1, status=1), heartbeat="never")
        await simulation.until_done(MINUTE)
        assert simulation.server.requests["stop"] == 1
        (end,) = (event for event in worker.log if "outcome" in event)
        assert (end["outcome"], end["next"]) == ("cancelled", "stop")

    simulate(story)


def test_the_reason_of_an_item_that_was_stopped_meanwhile_begins_with_its_own():
    """It has failed, too."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)

        def choose(number, kind):
            if (kind, number) == ("heartbeat", 1):
                simulation.server.stop(work_id)
            return NO_FAULT

        worker = simulation.start(choose=choose, plan=Plan(0.1, status=1))
        await simulation.until_done(MINUTE)
        await asyncio.sleep(1)
        (end,) = (event for event in worker.log if "outcome" in event)
        assert end["reason"].startswith("the handler exited with 1; it has been stopped")
        assert end["level"] == "ERROR"

    simulate(story)


def test_an_item_that_could_not_be_given_back_is_queued_again_when_its_lease_ends(calls):
    """The 412 of this server does not give the state of the item."""
    answered(calls, heartbeat=APIError("POST x", 412, "", b"", ""))
    assert run(calls, "exit 1") == ["session", "heartbeat"]
    lines = [(event["level"], event["msg"]) for event in calls.events[-2:]]
    assert lines == [
        ("WARN", "giving the item back failed; it is queued again when its lease ends"),
        ("WARN", "work item not done"),
    ]


def test_a_stop_that_is_not_confirmed_says_until_when_the_item_does_not_run_again():
    """The time is that of the server's clock. After that time, the item may run again."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)
        refuse = only("stop", Fault(refusal=503))
        worker = simulation.start(choose=refuse, kill_timeout="10s")
        worker.context.server_time = lambda: simulation.now() + 1_000_000_000
        await asyncio.sleep(5)
        worker.terminate()
        await simulation.until(worker.task.done, MINUTE)
        (event,) = (event for event in worker.log if "held_until" in event)
        assert (event["outcome"], event["level"]) == ("succeeded", "ERROR")
        until = datetime.fromisoformat(event["held_until"]).timestamp() - 1_000_000_000
        assert until == pytest.approx(simulation.server.items[work_id].lease_until, abs=1)
        assert worker.guardian.leases == []

    simulate(story)


# The acknowledgement


def test_the_first_look_at_an_item_counts_from_when_its_acknowledgement_was_sent():
    """The lease may have begun when the request was sent."""

    async def story(simulation):
        simulation.server.enqueue(1)
        late = only("ack", Fault(8.0))
        simulation.start(choose=late, plan=Plan(0.5))
        await simulation.until_done(MINUTE)
        # one while the handler runs, and one after its end
        assert simulation.server.requests["heartbeat"] == 2

    simulate(story)


def test_an_item_whose_acknowledgement_was_slow_is_given_back_nevertheless():
    """A look after a failed heartbeat shows a lease that began before the response to the acknowledgement."""

    async def story(simulation):
        (work_id,) = simulation.server.enqueue(1)

        def choose(number, kind):
            if kind == "ack":
                return Fault(20.0)
            return Fault(refusal=503 * ((kind, number) == ("heartbeat", 1)))

        simulation.start(choose=choose, plan=Plan(0.5, status=75), heartbeat="never")
        await simulation.until(lambda: simulation.server.requests["heartbeat"], MINUTE)
        await asyncio.sleep(2)
        assert simulation.server.items[work_id].state == "active"

    simulate(story)


def test_an_item_whose_acknowledgement_takes_long_is_not_taken_twice():
    """Meanwhile, the server hands the item out again. Later, the worker may take the item again."""

    async def story(simulation):
        simulation.server.enqueue(1)
        slow_ack = only("ack", Fault(14.0))
        worker = simulation.start(choose=slow_ack, concurrency="3")
        await simulation.until_done(MINUTE)
        assert simulation.server.requests["ack"] == 1
        assert worker.context.taking == set()

    simulate(story)


def test_an_acknowledgement_that_is_lost_after_it_arrived_is_recognized_although_it_took_long():
    """The server has received the acknowledgement in the middle of these nine seconds."""

    async def story(simulation):
        simulation.server.enqueue(1)
        lost = only("ack", Fault(9.0, loses=True))
        worker = simulation.start(choose=lost)
        await simulation.until_done(MINUTE)
        assert simulation.server.requests["ack"] == 1
        assert worker.events("work item done")

    simulate(story)


def test_the_guardian_knows_until_when_an_acknowledgement_is_certainly_this_workers():
    """The time counts from the poll. Once the handler runs, the lease has a deadline instead."""

    async def story(simulation):
        simulation.server.enqueue(1)
        began = simulation.now()
        late = lambda _, kind: Fault(3.0 * (kind != "stop"))  # noqa: E731
        worker = simulation.start(choose=late, plan=Plan(0.9))
        await asyncio.sleep(4)
        (item,) = worker.guardian.guarded.values()
        assert json.loads(item.fallback.lease)["ack_arrives_until"] == began + 4
        await asyncio.sleep(5.5)
        assert json.loads(item.fallback.lease)["ack_arrives_until"] == 0
        assert began + 299 < item.fallback.deadline < began + 303

    simulate(story)


def test_an_item_that_can_not_be_acknowledged_for_five_minutes_is_left():
    """The worker does not know whether another worker has the item."""

    async def story(simulation):
        simulation.server.enqueue(1)
        busy = only("ack", Fault(refusal=429))
        worker = simulation.start(choose=busy)
        await simulation.until(lambda: worker.events("ack failed, discarding work item"), 400)
        assert simulation.now() > 1300
        assert not worker.events("another worker has the work item")
        assert list(worker.context.memory.not_done) == ["work_0"]

    simulate(story)


def test_the_log_says_why_the_server_refuses_an_acknowledgement_or_a_stop(calls, monkeypatch):
    """The reason is the message of the server."""
    monkeypatch.setattr("ant_cli.worker.make_it_so.backoff", lambda _attempt: 0.0)

    async def reply(name):
        if name == "acknowledge" and calls.count("acknowledge") == 1:
            raise NO_SUCH_KEY
        if name == "stop" and calls.count("stop") == 1:
            raise NO_SUCH_KEY
        return {**ITEM, **NEW}

    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)
    calls.command, calls.reply = ["/bin/sh", "-c", "exit 0"], reply
    asyncio.run(asyncio.wait_for(calls.work(max_items="2"), 30))
    reasons = {event["msg"]: event["error"] for event in calls.events if "error" in event}
    reason = "400: no such key"
    assert reasons == dict.fromkeys(
        (
            "ack failed, discarding work item",
            "stop failed; it is repeated",
        ),
        reason,
    )


@pytest.mark.parametrize("status", [400, 403, 404])
def test_the_guardian_forgets_an_item_that_could_not_be_acknowledged(status):
    """If the worker is killed later, another one may have it."""

    async def story(simulation):
        simulation.server.enqueue(1)
        refuse = only("ack", Fault(refusal=status))
        worker = simulation.start(choose=refuse)
        await simulation.until(lambda: worker.events("ack failed, discarding work item"), MINUTE)
        assert worker.guardian.leases == []
        assert worker.context.taking == set()
        (event, *_) = worker.events("ack failed, discarding work item")
        assert str(status) in event["error"]

    simulate(story)


def test_an_item_that_this_worker_has_failed_stays_its_own_if_another_one_wins_it():
    """A job that failed it must not end as if nothing was left."""

    async def story(simulation):
        simulation.server.enqueue(1)

        def choose(_number, kind):
            if kind == "ack":
                simulation.server.acknowledge("work_0")
            return NO_FAULT

        job = simulation.start(choose=choose, exit_when_idle="5s")
        job.context.memory.not_done["work_0"] = None
        await simulation.until(job.task.done, MINUTE)
        assert list(job.context.memory.not_done) == ["work_0"]
        messages = [event["msg"] for event in job.log]
        assert "another worker has the work item" in messages
        assert not [message for message in messages if message.startswith("backing off")]
        assert messages[-1] == "no work; exiting"

    simulate(story)


def test_an_item_that_another_worker_wins_is_none_of_the_items_of_a_job():
    """It waits for the next one."""

    async def story(simulation):
        simulation.server.enqueue(1)

        def choose(_number, kind):
            if kind == "ack" and len(simulation.server.items) == 1:
                simulation.server.acknowledge("work_0")
                simulation.server.enqueue(1)
            return NO_FAULT

        job = simulation.start(choose=choose, max_items="1")
        await simulation.until(job.task.done, MINUTE)
        assert job.context.tally.items["succeeded"] == 1
        assert simulation.server.items["work_1"].state == "stopped"
        (event,) = job.events("another worker has the work item")
        assert (event["level"], event["work_id"]) == ("INFO", "work_0")

    simulate(story)


def test_a_bug_in_an_acknowledgement_does_not_keep_a_job_from_its_end(calls):
    """It counts as one of the items."""

    async def fail(*_):
        raise ValueError("a bug")

    with patch.object(supervisor_module, "claim", fail):
        asyncio.run(asyncio.wait_for(calls.work(max_items="1"), 30))
    assert "work item failed" in calls.messages
    assert list(calls.context.memory.not_done) == [ITEM["id"]]


# Polls


def test_a_job_of_several_items_polls_for_one_at_a_time(calls):
    """Two polls could return more than it may take."""
    at_once, waiting = [], set()

    async def reply(name):
        if name != "poll":
            return NOTHING_TO_RUN
        waiting.add(asyncio.current_task())
        at_once.append(len(waiting))
        await others()
        waiting.discard(asyncio.current_task())
        return NOTHING_TO_RUN

    calls.reply = reply
    asyncio.run(calls.work(max_items="3", concurrency="4"))
    assert at_once == [1, 1, 1]
    assert calls.count("acknowledge") == 3


def test_a_poll_that_the_server_held_open_is_followed_by_the_next_at_once():
    """The pause between two empty ones counts from when the first was sent."""

    async def story(simulation):
        simulation.start(choose=slow(0.99))
        await asyncio.sleep(100)
        assert 98 <= simulation.server.requests["poll"] <= 102

    simulate(story)


def test_polls_that_fail_for_an_hour_are_a_minute_apart():
    """The server is not flooded when it comes back, and work does not wait for long."""

    async def story(simulation):
        refuse = only("poll", Fault(refusal=503))
        worker = simulation.start(choose=refuse, concurrency="4")
        await asyncio.sleep(60 * MINUTE)
        assert 60 <= simulation.server.requests["poll"] <= 90
        assert len(worker.events("poll failed, backing off")) == 1

    simulate(story)


def test_a_single_poll_that_failed_is_a_trouble_that_is_over():
    """The log says that polling works again."""

    async def story(simulation):
        fail = only("poll", Fault(refusal=503), number=2)
        worker = simulation.start(choose=fail)
        await asyncio.sleep(10)
        messages = ["polling for work", "poll failed, backing off", "polling works again"]
        assert [event["msg"] for event in worker.log] == messages
        assert (worker.log[0]["concurrency"], worker.log[0]["worker_id"]) == (1, "w1")
        assert time.time() - 30 < worker.context.tally.last_poll_at <= time.time()

    simulate(story)


def test_no_more_than_four_polls_wait_at_once():
    """Each poll returns one item. Once a poll has found nothing, only one poll at a time is sent."""

    async def story(simulation):
        simulation.server.enqueue(8)
        most = []
        worker = simulation.start(choose=slow(0.9), concurrency="9", plan=Plan(100.0))
        for _ in range(400):
            await asyncio.sleep(0.05)
            most.append(worker.supervisor._polls)
        assert max(most) == 4
        assert worker.context.tally.slots == 9
        assert worker.log[0]["session_folders"] is True
        assert set(most[-100:]) == {0, 1}

    simulate(story)


def test_an_idle_worker_looks_every_few_minutes_whether_its_environment_is_archived():
    """Other errors of this request are ignored."""

    async def story(simulation):
        refuse = only("running", Fault(refusal=503))
        worker = simulation.start(choose=refuse)
        await asyncio.sleep(20 * MINUTE)
        assert simulation.server.requests["running"] == 4
        assert [event["msg"] for event in worker.log] == ["polling for work"]

    simulate(story)


def test_a_job_is_not_idle_while_an_item_runs():
    """The session of the item may enqueue others."""

    async def story(simulation):
        simulation.server.enqueue(1)
        job = simulation.start(concurrency="2", plan=Plan(20.0), exit_when_idle="5s")
        await asyncio.sleep(15)
        simulation.server.enqueue(1)
        await simulation.until(job.task.done, MINUTE)
        assert job.context.tally.items["succeeded"] == 2

    simulate(story)


def test_a_job_waits_for_the_longest_pause_of_its_items():
    """The server hands out an item a moment after its pause has ended."""

    async def story(simulation):
        simulation.server.enqueue(2)
        runs = simulation.ledger.started

        def plan(work_id):
            fails = work_id == "work_0" and runs[work_id] == 0
            return Plan(0.1 if fails else 3.0, status=int(fails))

        job = simulation.start(concurrency="2", plan=plan, exit_when_idle="1s")
        await simulation.until(job.task.done, 2 * MINUTE)
        assert job.context.tally.items["succeeded"] == 2
        assert runs == {"work_0": 2, "work_1": 1}

    simulate(story)


def test_a_job_that_ends_before_it_has_all_of_its_items_says_why():
    """There were fewer."""

    async def story(simulation):
        simulation.server.enqueue(1)
        job = simulation.start(max_items="5", exit_when_idle="3s")
        await simulation.until(job.task.done, MINUTE)
        assert [event["idle_seconds"] for event in job.events("no work; exiting")] == [3.0]

    simulate(story)


def test_a_job_waits_for_its_last_item_however_long_that_takes():
    """The drain timeout is for signals."""

    async def story(simulation):
        simulation.server.enqueue(1)
        job = simulation.start(max_items="1", plan=Plan(600.0))
        await simulation.until(job.task.done, 20 * MINUTE)
        assert job.context.tally.items["succeeded"] == 1
        assert not [event for event in job.log if event["msg"].startswith("drain timeout")]

    simulate(story)


@pytest.mark.parametrize("status", [1, 75])
def test_an_outage_goes_on_while_each_trial_fails_soon(status):
    """Only an item that still runs after a minute shows that it is over."""

    async def story(simulation):
        simulation.server.enqueue(8)
        worker = simulation.start(concurrency="4", plan=Plan(status=status), attempts="9")
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        await asyncio.sleep(10 * MINUTE)
        assert worker.context.outage.reason
        assert worker.events("the outage is over") == []
        beginnings = [event for event in worker.log if event["msg"].startswith("outage: only")]
        reason = f"the handler exited with {status}"
        assert [event["reason"] for event in beginnings] == [reason]

    simulate(story)


@pytest.mark.parametrize("odd", ["stopping", "error"])
def test_an_outage_goes_on_unless_all_of_its_items_are_known_to_be_stopped(odd):
    """An item that is stopping, or that the worker can't look at, may run again."""

    async def story(simulation):
        simulation.server.enqueue(5)
        fails = []

        def choose(_number, kind):
            return Fault(refusal=503 * (kind == "heartbeat" and bool(fails)))

        worker = simulation.start(concurrency="5", plan=Plan(status=1), attempts="9", choose=choose)
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        await asyncio.sleep(2)
        for work_id in list(simulation.server.open):
            simulation.server.stop(work_id)
        if odd == "stopping":
            item = simulation.server.items["work_4"]
            item.state, item.lease_until = "stopping", simulation.now() + 9999
        else:
            fails.append("looks")
        await asyncio.sleep(5 * MINUTE)
        assert worker.context.outage.reason
        assert worker.events("the outage is over") == []

    simulate(story)


def test_an_idle_worker_looks_at_an_outage_every_half_minute():
    """Each look is a request for each of its items, up to the first that is not stopped."""

    async def story(simulation):
        simulation.server.enqueue(5)
        worker = simulation.start(concurrency="5", plan=Plan(status=1), attempts="9")
        await simulation.until(lambda: worker.context.outage.reason, MINUTE)
        for work_id in list(simulation.server.open)[1:]:
            simulation.server.stop(work_id)
        (left,) = simulation.server.open
        simulation.server.items[left].state = "active"
        simulation.server.items[left].lease_until = simulation.now() + 9999
        await asyncio.sleep(2)
        before = simulation.server.requests["heartbeat"]
        await asyncio.sleep(10 * MINUTE)
        assert 15 <= simulation.server.requests["heartbeat"] - before <= 21 * 5
        assert worker.context.outage.reason

    simulate(story)


# The end of the worker


def test_everything_is_closed_if_the_worker_fails(clean_environ):
    """Its handlers would go on otherwise."""
    closed = []

    async def fail(_self):
        raise AntError("it failed.")

    calls = Calls(clean_environ)
    close = WorkerContext.close

    def note(context):
        closed.append(1)
        close(context)

    from ant_cli.operations.spec import Flags
    from ant_cli.settings.loading import load
    from ant_cli.worker.supervisor import run_worker
    from tests.conftest import Screen, make_runtime
    from tests.worker.conftest import poll_options

    runtime = make_runtime(clean_environ, stderr=Screen(terminal=False))
    connection = load(runtime, Flags()).connection
    with (
        patch.object(Supervisor, "run", fail),
        patch.object(WorkerContext, "close", note),
        pytest.raises(AntError, match="it failed"),
    ):
        run_worker(poll_options(), ["true"], connection, runtime)
    assert (closed, list(calls)) == ([1], [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_while_the_worker_drains_ends_its_handlers_and_not_the_worker(
    calls, number
):
    """Its items are given back, whichever signals these are."""

    async def reply(name):
        if name == "poll" and calls.count("poll") > 1:
            await asyncio.Event().wait()  # it is cancelled
        return dict(ITEM)

    async def signal_twice():
        working = asyncio.create_task(calls.work())
        while "handler output" not in calls.text:
            await asyncio.sleep(0.001)
        os.kill(os.getpid(), number)
        while not calls.context.shutdown.draining.done():
            await asyncio.sleep(0.001)
        await others()
        assert calls.context.tally.draining
        assert not calls.context.shutdown.terminating.done()
        os.kill(os.getpid(), number)
        await working

    calls.command, calls.reply = ["/bin/sh", "-c", "echo started; exec sleep 600"], reply
    unhandled = []
    before = signal.signal(number, lambda *_: unhandled.append(number))
    try:
        asyncio.run(asyncio.wait_for(signal_twice(), 10))
    finally:
        signal.signal(number, before)
    assert unhandled == []
    assert "handlers have 20 s to finish; a second signal ends them" in calls.messages
    assert "ending the handlers" in calls.messages
    (end,) = (event for event in calls.events if "outcome" in event)
    assert end["outcome"] == "given_back"


@pytest.mark.parametrize(("latency_s", "left"), [(18.0, 0), (30.0, 1)])
def test_the_last_requests_have_ten_seconds_more_than_handlers(latency_s, left):
    """A stop that is cut off after that may not have arrived, so it is unconfirmed."""

    async def story(simulation):
        simulation.server.enqueue(1)
        late = only("stop", Fault(latency_s))
        worker = simulation.start(choose=late, drain_timeout="5s", kill_timeout="6s")
        await simulation.until(lambda: simulation.server.requests["stop"], MINUTE)
        began = simulation.now()
        worker.terminate()
        await simulation.until(worker.task.done, MINUTE)
        assert simulation.now() - began == pytest.approx(21 if left else 18, abs=0.2)
        assert len(worker.context.memory.unstopped) == left
        assert len(worker.context.tally.unconfirmed) == left

    simulate(story)


def test_a_second_signal_before_the_end_of_the_drain_timeout_counts_once():
    """The handlers are asked to end only once."""

    async def story(simulation):
        simulation.server.enqueue(1)
        refuse = only("stop", Fault(refusal=503))
        worker = simulation.start(choose=refuse, drain_timeout="5s", kill_timeout="60s")
        await simulation.until(lambda: simulation.server.requests["stop"], MINUTE)
        worker.terminate()
        await asyncio.sleep(3)
        worker.terminate()
        await simulation.until(worker.task.done, 3 * MINUTE)
        assert worker.task.exception() is None
        assert not [event for event in worker.log if event["msg"].startswith("drain timeout")]
        stages = [event for event in worker.log if "open_items" in event]
        for event in stages:
            assert (event["signal"], event["running"], event["open_items"]) == ("SIGTERM", 0, 1)
        assert len(stages) == 2

    simulate(story)


def test_a_worker_without_handlers_does_not_speak_of_them_at_its_end():
    """Only a request is left, or nothing."""
    fails = only("stop", Fault(refusal=500))

    async def story(simulation):
        idle = simulation.start()
        await asyncio.sleep(2)
        idle.terminate()
        await simulation.until(idle.task.done, MINUTE)
        assert [event["msg"] for event in idle.log[1:]] == ["draining: no more work is taken"]
        simulation.server.enqueue(1)
        worker = simulation.start(choose=fails, drain_timeout="2s")
        await simulation.until(lambda: simulation.server.requests["stop"], MINUTE)
        worker.terminate()
        await simulation.until(worker.task.done, 2 * MINUTE)
        (warning,) = (event for event in worker.log if event["msg"].startswith("drain timeout"))
        assert (warning["running"], warning["open_items"]) == (0, 1)
        assert warning["msg"] == (
            "drain timeout exceeded; "
            "no handler is running, and the last requests about items are cut off soon"
        )
        assert not [event for event in worker.log if "to finish" in event["msg"]]

    simulate(story)
