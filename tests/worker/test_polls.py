"""When a worker polls: as often as it can use an item, and no more often."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from ant_cli.errors import APIError, NetworkError
from ant_cli.worker import failures as failures_module
from ant_cli.worker import handler as handler_module
from ant_cli.worker import item_run as item_run_module
from ant_cli.worker import outage as outage_module
from ant_cli.worker import supervisor as supervisor_module
from ant_cli.worker.guardian import Guardian
from ant_cli.worker.handler_run import HandlerRun
from ant_cli.worker.item_run import ItemRun
from ant_cli.worker.lease import LeaseKeeper
from ant_cli.worker.outage import Outage
from tests.helpers.work_server import ITEM
from tests.worker.calls import NOTHING_TO_RUN, Calls, clock, others

REFUSED = APIError("POST /", 404, "Not Found", b"", "")


@pytest.fixture
def calls(clean_environ):
    """Return the calls of a worker."""
    return Calls(clean_environ)


def test_a_free_slot_polls_before_the_last_item_is_stopped(calls):
    """Whoever waits for work is served first."""
    asyncio.run(calls.work(max_items="2"))
    assert calls == ["poll", "acknowledge", "poll", "stop", "acknowledge", "stop"]


def test_the_idle_time_begins_when_the_last_handler_ends(calls, monkeypatch):
    """The next poll is sent then, too: if it is empty after that time, there is no other one."""
    monkeypatch.setattr(supervisor_module, "_IDLE_CYCLE_S", 0.0)

    async def work():
        hours, may_stop = clock(), asyncio.Event()

        async def reply(name):
            if name == "stop":
                await may_stop.wait()
            if name == "acknowledge":
                hours.append("of the item")
            if name != "poll" or calls.count("poll") == 1:
                return NOTHING_TO_RUN
            may_stop.set()
            await others()
            if calls.count("poll") == 3:
                hours.append("of the poll")
            return None

        calls.reply = reply
        await calls.work(exit_when_idle="1h")

    asyncio.run(work())
    assert calls == ["poll", "acknowledge", "poll", "stop", "poll", "running"]


def test_a_worker_that_knows_that_its_environment_is_archived_looks_no_more(calls, monkeypatch):
    """It has said so. Without that, it would look after every few hundred empty polls."""
    monkeypatch.setattr(supervisor_module, "_LOOK_EVERY", 1)

    async def work():
        hours = clock()

        async def reply(name):
            if name == "running":
                raise APIError(
                    "GET /", 404, "Not Found", b'{"error": {"message": "env_1 is archived."}}', ""
                )
            hours.append("of an empty poll")
            if calls.count("poll") == 4:
                calls.drain()
            await others()

        calls.reply = reply
        await calls.work()

    asyncio.run(work())
    assert (calls.count("poll"), calls.count("running")) == (4, 1)
    assert (
        calls.messages[1]
        == "the environment is archived: it gets no sessions; waiting items are run"
    )


def test_a_worker_is_not_idle_while_a_poll_is_in_flight(calls):
    """It may return an item, which would be lost to all workers for a lease."""

    async def work():
        hours, pollers = clock(), []

        async def reply(name):
            if name == "stop" and calls.count("stop") == 2:
                calls.drain()
            if name != "poll":
                return NOTHING_TO_RUN
            pollers.append(asyncio.current_task())
            if len(pollers) > 3:
                await asyncio.Event().wait()  # it is cancelled
            while 1 < len(pollers) < 3:
                await asyncio.sleep(0)
            await others()
            if len(pollers) > 1 and asyncio.current_task() is pollers[0]:
                hours.append("since the first item")
                return None
            if len(pollers) > 1:
                await others()
            return NOTHING_TO_RUN

        calls.reply = reply
        await calls.work(concurrency="2", exit_when_idle="1h")

    asyncio.run(work())
    assert calls.count("acknowledge") == 2


def test_an_empty_poll_does_not_shorten_the_pause_after_an_item_that_can_not_be_run(
    calls, monkeypatch
):
    """The second poll may have been in flight when the item failed."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 36_000.0)

    async def work():
        hours = clock()

        async def reply(name):
            if name == "acknowledge":
                raise REFUSED
            if calls.count("poll") == 1:
                return NOTHING_TO_RUN
            await others()
            return None

        calls.reply = reply
        working = asyncio.create_task(calls.work(concurrency="2"))
        while calls.count("poll") < 2:
            await asyncio.sleep(0)
        await others()
        await others()
        hours.append("after the empty poll")
        await others()
        calls.drain()
        await working

    asyncio.run(work())
    assert calls == ["poll", "poll", "acknowledge", "running"]


def test_after_an_item_that_can_not_be_run_only_one_poll_is_sent(calls, monkeypatch):
    """The next item may be like it."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)

    async def reply(name):
        if name == "acknowledge":
            raise REFUSED
        if calls.count("poll") > 2:
            await others()
            calls.drain()
            await asyncio.Event().wait()  # it is cancelled
        return NOTHING_TO_RUN

    calls.reply = reply
    asyncio.run(calls.work(concurrency="2"))
    assert calls.count("poll") == 3


def test_the_pause_grows_with_each_item_that_can_not_be_run_until_one_can(calls, monkeypatch):
    """The next one may be like the last."""
    failures = []
    monkeypatch.setattr(
        supervisor_module, "backoff", lambda number, _longest_s: failures.append(number) or 0.0
    )

    async def reply(name):
        if name == "acknowledge" and calls.count(name) != 3:
            raise REFUSED
        return NOTHING_TO_RUN

    calls.reply = reply
    asyncio.run(calls.work(max_items="4"))
    assert failures == [0, 1, 0]


def test_a_server_that_does_not_hold_a_poll_open_is_not_flooded(calls):
    """The next poll comes a second after an empty one was sent."""

    async def work():
        hours = clock()

        async def reply(_name):
            return None

        calls.reply = reply
        working = asyncio.create_task(calls.work())
        await others()
        assert calls.count("poll") == 1
        hours.append("later")
        await others()
        assert calls.count("poll") == 2
        calls.drain()
        await working

    asyncio.run(work())


def test_polls_that_are_refused_after_a_success_are_repeated_for_a_minute(calls, monkeypatch):
    """The key was good a moment ago, and the server may be deployed. A series of failures is logged once."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)

    async def work():
        hours = clock()

        async def reply(name):
            if calls.count("poll") in (4, 7):
                hours.append("of the last poll")
            if name != "poll" or calls.count("poll") in (1, 4):
                return NOTHING_TO_RUN
            raise APIError("GET /", 404, "Not Found", b"", "")

        calls.reply = reply
        await calls.work()

    with pytest.raises(APIError):
        asyncio.run(work())
    assert calls.count("poll") == 7
    assert [message for message in calls.messages if message.startswith("poll")] == [
        *(
            "polling for work",
            "poll failed, backing off",
            "polling works again",
            "poll failed, backing off",
        ),
        "poll hit permanent 4xx; stopping",
    ]


def test_polls_that_fail_together_are_one_failure(calls, monkeypatch):
    """Otherwise the first pause after an outage would be eight times as long with four polls in flight."""
    failures = []
    monkeypatch.setattr(
        supervisor_module, "backoff", lambda number, _longest_s: failures.append(number) or 0.0
    )

    async def work():
        four = asyncio.Event()

        async def reply(name):
            if name != "poll" or calls.count("poll") == 1:
                return NOTHING_TO_RUN
            if calls.count("poll") == 5:
                four.set()
            elif calls.count("poll") == 7:
                calls.drain()
                await asyncio.Event().wait()  # it is cancelled
            await four.wait()
            raise NetworkError("connection refused.")

        calls.reply = reply
        await calls.work(concurrency="4")

    asyncio.run(work())
    assert failures == [0, 1]


def test_items_that_can_not_be_stopped_do_not_pile_up(calls):
    """Each keeps a connection, and runs again when its lease ends."""

    async def work():
        may_stop = asyncio.Event()

        async def reply(name):
            if name == "stop":
                await may_stop.wait()
            return NOTHING_TO_RUN

        calls.reply = reply
        working = asyncio.create_task(calls.work())
        for _ in range(100):
            await others()
        polls = calls.count("poll")
        may_stop.set()
        while calls.count("poll") <= polls:
            await asyncio.sleep(0)
        calls.drain()
        await working
        return polls

    assert asyncio.run(work()) == 101


@pytest.mark.parametrize(
    "place", [(LeaseKeeper, "keep"), (HandlerRun, "_attend"), (handler_module, "_send")]
)
def test_a_handler_ends_when_the_code_that_watches_it_fails(calls, monkeypatch, place):
    """Its slot is free then, and the next poll may start the same item again."""
    handlers, start = [], Guardian.start

    async def fail(*_):
        raise ZeroDivisionError

    async def reply(name):
        if name != "poll" or not handlers:
            return dict(ITEM)
        assert await asyncio.wait_for(handlers[0].exit, 30) == -signal.SIGKILL
        calls.drain()
        return None

    def note(guardian, item, *given):
        start(guardian, item, *given)
        handlers.append(item)

    monkeypatch.setattr(Guardian, "start", note)
    monkeypatch.setattr(*place, fail)
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)
    calls.command, calls.reply = ["/bin/sh", "-c", "sleep 600"], reply
    asyncio.run(calls.work())
    assert len(handlers) == 1


@pytest.mark.parametrize("concurrency", ["1", "3"])
def test_in_an_outage_one_item_at_a_time_tries(calls, monkeypatch, concurrency):
    """It does so after the pause. How long a run took says how long to wait for its success."""
    trying, at_once, took_s, take = set(), [], [], Outage.take_failure

    async def reply(name):
        item, outage = {**ITEM, "id": f"work_{len(calls)}"}, calls.context.outage
        if len(calls) == 1:
            for failed in "abcde":
                take(outage, failed, "it failed", 0.0, 0.0)
        elif name == "poll":
            assert asyncio.get_running_loop().time() >= outage.resumes_at
            trying.add(item["id"])
            at_once.append(len(trying))
            if len(at_once) == 8:
                calls.drain()
                await asyncio.Event().wait()  # it is cancelled
        return item

    def note(outage, work_id, reason, began, ended):
        trying.discard(work_id)
        took_s.append(ended - began)
        return take(outage, work_id, reason, began, ended)

    monkeypatch.setattr(Outage, "take_failure", note)
    monkeypatch.setattr(outage_module, "backoff", lambda *_: 0.02)
    calls.command, calls.reply = ["/bin/sh", "-c", "sleep 0.02; exit 125"], reply
    asyncio.run(calls.work(concurrency=concurrency))
    assert at_once == [1] * 8
    assert min(took_s) >= 0.02


def test_an_item_that_runs_for_a_while_ends_an_outage(calls, monkeypatch):
    """Otherwise the other slots would wait for the end of a long session."""
    reasons = []

    async def reply(name):
        outage = calls.context.outage
        if name == "poll" and not reasons:
            for item in "abcde":
                outage.take_failure(item, "it failed", 0.0, 0.0)
            calls.context.note_outage()
        if name == "poll":
            reasons.append(outage.reason)
        if reasons[-2:] == ["it failed", ""]:
            assert "the outage is over" in calls.messages
            calls.drain()
            await asyncio.Event().wait()  # it is cancelled
        return {**ITEM, "id": f"work_{len(calls)}"}

    monkeypatch.setattr(outage_module, "backoff", lambda *_: 0.0)
    monkeypatch.setattr(Outage, "proof_s", 0.05)
    calls.command, calls.reply = ["/bin/sh", "-c", "sleep 600"], reply
    asyncio.run(asyncio.wait_for(calls.work(concurrency="4", drain_timeout="0"), 30))
    assert reasons[0] == "it failed"


def test_the_wait_of_an_item_is_counted_once(calls, monkeypatch):
    """Its later attempts wait for the end of their pauses, not for a worker."""
    waits = []

    async def reply(_name):
        return dict(ITEM)

    monkeypatch.setattr(failures_module, "pause_after", lambda *_: 0.0)
    monkeypatch.setattr(item_run_module, "age", lambda *_: waits.append(1) or 0.0)
    calls.command, calls.reply = ["/bin/sh", "-c", "exit 1"], reply
    asyncio.run(calls.work(max_items="2"))
    assert (calls.count("acknowledge"), len(waits)) == (2, 1)


def test_a_handler_that_may_have_passed_its_session_on_is_warned_about_once(calls):
    """With `docker run -d`, the item would be stopped before the container can work on it."""

    async def reply(_name):
        return {**ITEM, "latest_heartbeat_at": None}

    calls.command, calls.reply = ["/bin/sh", "-c", ""], reply
    asyncio.run(calls.work(max_items="2"))
    assert sum("at once, without output" in message for message in calls.messages) == 1


def test_a_handler_that_the_system_does_not_start_costs_no_attempt(calls, tmp_path):
    """It says nothing about the item, which waits like any other."""

    async def reply(_name):
        return {**ITEM, "data": {"type": "session", "id": "x" * 257}}

    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF\0")
    path.chmod(0o755)
    calls.command, calls.reply = [str(path)], reply
    asyncio.run(calls.work(max_items="1", attempts="1"))
    assert calls[-2:] == ["session", "heartbeat"]
    last_two = [(event["level"], event["msg"]) for event in calls.events[-2:]]
    assert last_two == [
        ("ERROR", "the handler could not be started"),
        ("WARN", "work item not done"),
    ]
    assert "session_id" not in calls.text  # each line would have the long ID
    # after its pause, another worker has half a minute to take it
    until = calls.context.memory.left_to_others_until[ITEM["id"]]
    assert time.monotonic() + 30 < until < time.monotonic() + 100


def test_a_bug_that_an_item_triggers_is_logged_and_polling_backs_off(calls, monkeypatch):
    """The next item may trigger it, too, and the worker must not claim a whole queue in a moment. A job fails."""

    async def run(_self):
        raise ValueError("a bug")

    monkeypatch.setattr(ItemRun, "run", run)
    asyncio.run(calls.work(max_items="1"))
    assert calls.messages[1:] == ["work item failed", "backing off after unprocessable work item"]
    assert "ValueError: a bug" in calls.text
    assert list(calls.context.memory.not_done) == [ITEM["id"]]


def test_a_request_that_is_rejected_for_good_ends_a_worker_although_polls_have_worked(calls):
    """The log has what the server said, so the error has not. Nothing else needs much time then."""

    async def reply(name):
        if name == "poll" and calls.count("poll") > 1:
            raise APIError(
                "GET /", 400, "Bad Request", b'{"error": {"message": "unknown field"}}', ""
            )
        return NOTHING_TO_RUN

    calls.reply = reply
    with pytest.raises(APIError) as caught:
        asyncio.run(calls.work())
    assert caught.value.body == b""
    assert "unknown field" in calls.events[-1]["error"]
    assert calls.messages[-1] == "poll hit permanent 4xx; stopping"
    assert calls.context.key_is_refused is True


def test_a_poll_that_failed_does_not_keep_a_worker_from_its_end(calls, monkeypatch):
    """It is over, and one that worked came later."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)

    async def work():
        hours = clock()

        async def reply(name):
            if calls.count("poll") == 1:
                raise NetworkError("connection refused.")
            if name == "poll":
                hours.append("of an empty poll")
            if calls.count("poll") == 4:
                calls.drain()

        calls.reply = reply
        await calls.work(exit_when_idle="1h")

    asyncio.run(work())
    assert calls.count("poll") == 2
    assert calls.messages[-1] == "no work; exiting"
    assert calls.context.key_is_refused is False


def test_a_worker_whose_last_polls_fail_ends_with_their_error(calls, monkeypatch):
    """Nobody knows whether there is work. The log has what the server said."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.0)

    async def work():
        hours = clock()

        async def reply(_name):
            hours.append("of a poll")
            raise APIError("GET /", 500, "Server Error", b'{"error": {"message": "no disk"}}', "")

        calls.reply = reply
        await calls.work(exit_when_idle="1h")

    with pytest.raises(APIError, match="500") as caught:
        asyncio.run(work())
    assert caught.value.body == b""
    assert [event["msg"] for event in calls.events if "no disk" in str(event.get("error"))] == [
        "poll failed, backing off"
    ]


def test_a_job_whose_last_item_could_not_be_acknowledged_polls_no_more(calls, monkeypatch):
    """It would get the same item again."""
    monkeypatch.setattr(supervisor_module, "backoff", lambda *_: 0.01)

    async def work():
        hours = clock()

        async def reply(name):
            if name == "acknowledge":
                hours.append("of the item")
                raise REFUSED
            if calls.count("poll") == 3:
                calls.drain()
            return NOTHING_TO_RUN

        calls.reply = reply
        await calls.work(exit_when_idle="1h")

    asyncio.run(work())
    assert calls == ["poll", "acknowledge"]
    assert calls.messages[-1] == "the last item could not be acknowledged; exiting"


@pytest.mark.parametrize("reason", ["another worker may start its handler", "it is being taken"])
def test_an_item_that_a_worker_leaves_is_work_all_the_same(calls, reason):
    """It is not idle, and polls again after a second."""

    async def work():
        hours = clock()

        async def reply(_name):
            if reason == "it is being taken":
                calls.context.taking.add(ITEM["id"])
            else:
                calls.context.memory.left_to_others_until[ITEM["id"]] = float("inf")
            hours.append("of a poll")
            if calls.count("poll") > 3:
                calls.drain()
            return dict(ITEM)

        calls.reply = reply
        working = asyncio.create_task(calls.work(exit_when_idle="1h"))
        await others()
        assert calls == ["poll"]
        assert not working.done()
        hours.append("a moment")
        await others()
        assert calls == ["poll", "poll"]
        calls.drain()
        await working

    asyncio.run(work())


def test_a_first_poll_that_is_refused_ends_a_worker(calls):
    """The key is wrong, or the environment: a minute more would show nothing else."""

    async def reply(_name):
        if calls.count("poll") == 3:
            calls.drain()
        raise REFUSED

    calls.reply = reply
    with pytest.raises(APIError, match="404"):
        asyncio.run(calls.work())
    assert calls == ["poll"]
