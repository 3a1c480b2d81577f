"""Acknowledgement, stop and give-back: what the worker concludes from each answer. In simulated time."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from unittest.mock import Mock, patch
from urllib.parse import parse_qs

import pytest

from ant_cli.errors import APIError, NetworkError
from ant_cli.worker import orphans as orphans_module
from ant_cli.worker.lease import LOOK, NO_HEARTBEAT, Lease, LeftItem
from ant_cli.worker.make_it_so import Acknowledgement, GiveBack, Stop, Verdict, make_it_so
from ant_cli.worker.orphans import OrphanGiveBack
from ant_cli.worker.work_api import MalformedResponse
from tests.conftest import make_runtime
from tests.helpers.work_server import WorkServer
from tests.worker.simulation import SimulatedLoop

LOST = NetworkError("the connection was closed").with_unknown_outcome()
"""The answer to a request that may have been carried out."""
REFUSED = APIError("POST x", 403, "Forbidden", b"", "")
BUSY = APIError("POST x", 429, "Too Many Requests", b"", "")
CONFLICT = APIError("POST x", 409, "Conflict", b"", "")
OF_A_GATEWAY = CONFLICT.with_unknown_outcome()
REFUSED_BY_A_GATEWAY = REFUSED.with_unknown_outcome()
NOTHING_SAID = APIError("POST x", 412, "Precondition Failed", b"", "")


def seen(state, heartbeat="", left_s=300):
    """Return the answer to a heartbeat that shows the item like this."""
    current = {"state": state, "last_heartbeat": heartbeat, "ttl_seconds": left_s}
    body = json.dumps({"error": {"details": {"current_state": current}}}).encode()
    return APIError("POST x", 412, "Precondition Failed", body, "")


def stopped():
    """Return the answer to a heartbeat to a stopped item."""
    return {"state": "stopped", "lease_extended": False}


def answer_of(answer):
    """Return an answer, or raise it."""
    if isinstance(answer, Exception):
        raise answer
    return answer


class Scripted:
    """The context of a worker whose requests get the given answers, each after a tenth of a second."""

    def __init__(self, *answers, heartbeat="auto"):
        self._answers = list(answers)
        self.heartbeat = heartbeat
        self.now = asyncio.get_running_loop().time
        self.requests = []
        """The name of each request; of a heartbeat, what it expects."""
        self.limits = []
        """The lease that each heartbeat asks for, and how long it may take."""
        self.sent_at = []
        self.shutdown = SimpleNamespace(terminating=asyncio.get_running_loop().create_future())
        names = ("acknowledge", "heartbeat", "stop", "newest_items")
        self.api = SimpleNamespace(**{name: self._function(name) for name in names})
        self.newest = []
        """The response to the list of work."""

    def _function(self, name):
        function = Mock()
        function.__name__ = name
        return function

    async def call(self, function, *args):
        if function.__name__ == "newest_items":
            return answer_of(self.newest)
        self.sent_at.append(self.now())
        await asyncio.sleep(0.1)
        if function.__name__ == "heartbeat":
            self.limits.append(args[2:])
        self.requests.append(args[1] if function.__name__ == "heartbeat" else function.__name__)
        return answer_of(self._answers.pop(0))

    def insists_until(self, began):
        return began + 300


def concluded(make, *answers, **more):
    """Return the verdict on a change, the requests that were sent, and the change."""

    async def conclude():
        context = Scripted(*answers, **more)
        change = make(context)
        verdict = await make_it_so(change, context, Mock())
        assert not context._answers
        return verdict, context.requests, change

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(conclude())


def acknowledged(*answers, asked_s_ago=0.0, **more):
    """Return the verdict on an acknowledgement, and the requests."""

    def make(context):
        return Acknowledgement("work_1", context.now() - asked_s_ago, context)

    return concluded(make, *answers, **more)[:2]


ITEM = {"id": "work_1"}


@pytest.mark.parametrize(
    ("answers", "verdict", "requests"),
    [
        ([ITEM], Verdict.DONE, ["acknowledge"]),
        ([REFUSED], Verdict.REFUSED, ["acknowledge"]),
        ([MalformedResponse("odd")], Verdict.REFUSED, ["acknowledge"]),
        ([LOST, seen("starting")], Verdict.DONE, ["acknowledge", LOOK]),
        ([LOST, seen("queued"), ITEM], Verdict.DONE, ["acknowledge", LOOK, "acknowledge"]),
        ([LOST, seen("active", "X")], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        ([LOST, seen("starting", "X")], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        ([LOST, stopped()], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        ([CONFLICT, seen("queued"), ITEM], Verdict.DONE, ["acknowledge", LOOK, "acknowledge"]),
        ([CONFLICT, seen("starting")], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        ([CONFLICT, NOTHING_SAID], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        ([BUSY, ITEM], Verdict.DONE, ["acknowledge"] * 2),
        ([OF_A_GATEWAY, seen("starting")], Verdict.DONE, ["acknowledge", LOOK]),
        ([REFUSED_BY_A_GATEWAY, seen("starting")], Verdict.DONE, ["acknowledge", LOOK]),
        (
            [REFUSED_BY_A_GATEWAY, seen("queued"), ITEM],
            Verdict.DONE,
            ["acknowledge", LOOK, "acknowledge"],
        ),
        ([OF_A_GATEWAY, seen("active", "X")], Verdict.NOT_OURS, ["acknowledge", LOOK]),
        (
            [LOST, seen("queued"), REFUSED, seen("starting")],
            Verdict.DONE,
            ["acknowledge", LOOK, "acknowledge", LOOK],
        ),
        (
            [LOST, NOTHING_SAID, CONFLICT, NOTHING_SAID],
            Verdict.DONE,
            ["acknowledge", LOOK, "acknowledge", LOOK],
        ),
    ],
)
def test_within_four_seconds_of_its_poll_an_item_that_is_taken_is_this_workers(
    answers, verdict, requests
):
    """If one of its requests may have been carried out. Otherwise, somebody else has it."""
    assert acknowledged(*answers) == (verdict, requests)


@pytest.mark.parametrize(
    ("answers", "mode", "verdict"),
    [
        ([LOST, seen("starting"), seen("starting", left_s=295)], "auto", Verdict.DONE),
        ([LOST, seen("starting"), seen("starting", "X")], "auto", Verdict.NOT_OURS),
        ([LOST, seen("starting"), seen("active", "X")], "never", Verdict.NOT_OURS),
        ([LOST, seen("starting")], "always", Verdict.DONE),
        ([LOST, seen("queued")], "auto", Verdict.NOT_OURS),
        ([CONFLICT, seen("queued")], "always", Verdict.NOT_OURS),
        ([LOST, NOTHING_SAID, CONFLICT, NOTHING_SAID], "auto", Verdict.NOT_OURS),
    ],
)
def test_later_an_item_is_this_workers_if_nobody_sends_a_heartbeat_for_five_seconds(
    answers, mode, verdict
):
    """A poll may have handed it to somebody else. With `always`, the first heartbeat decides."""
    assert acknowledged(*answers, asked_s_ago=6.0, heartbeat=mode)[0] is verdict


def test_the_heartbeat_of_somebody_else_is_looked_for_during_five_seconds():
    """Official workers send their first heartbeat at once."""

    def make(context):
        return Acknowledgement("work_1", context.now() - 6.0, context)

    answers = [LOST, seen("starting"), seen("starting", left_s=295)]
    sent_at = concluded(make, *answers)[2]._context.sent_at
    assert 5.0 <= sent_at[-1] - sent_at[-2] < 6.0


def test_an_item_whose_lease_began_after_the_lost_acknowledgement_is_another_workers():
    """The rest of the lease says when it was taken: here, several seconds after this worker's request."""
    looks_fail = [NetworkError("no response")] * 4
    found = acknowledged(LOST, *looks_fail, seen("starting", left_s=300), asked_s_ago=6.0)
    assert found[0] is Verdict.NOT_OURS


@pytest.fixture
def even_pauses(monkeypatch):
    """Make each pause half a second long."""
    monkeypatch.setattr("ant_cli.worker.make_it_so.backoff", lambda _attempt: 0.5)


@pytest.mark.usefixtures("even_pauses")
@pytest.mark.parametrize(
    ("asked_s_ago", "answers", "verdict"),
    [(3.25, [ITEM], Verdict.DONE), (3.35, [], Verdict.NOT_OURS)],
)
def test_an_item_that_is_queued_when_the_answer_to_a_look_comes_late_is_left_to_others(
    asked_s_ago, answers, verdict
):
    """A poll may have handed it out while the answer was on its way."""
    found = acknowledged(LOST, seen("queued"), *answers, asked_s_ago=asked_s_ago)
    assert found[0] is verdict


@pytest.mark.usefixtures("even_pauses")
@pytest.mark.parametrize(("left_s", "verdict"), [(299, Verdict.DONE), (300, Verdict.NOT_OURS)])
def test_a_lease_that_began_within_a_second_of_the_lost_acknowledgement_is_its_own(left_s, verdict):
    """The server rounds, and the request may have been on its way for a moment."""
    looks_fail = [NetworkError("no response")] * 3
    found = acknowledged(LOST, *looks_fail, seen("starting", left_s=left_s))
    assert found[0] is verdict


def a_lease(context, *, left_s=100.0, heartbeat="B1"):
    """Return the lease of an item whose handler has ended."""
    lease = Lease("always", context.now(), 45.0)
    lease.last_heartbeat, lease.expires_at = heartbeat, context.now() + left_s
    return lease


def stop_of(**lease):
    """Return what makes a stop."""
    return lambda context: Stop("work_1", a_lease(context, **lease), context, lambda: None)


@pytest.mark.parametrize(
    ("answers", "verdict", "requests"),
    [
        ([ITEM], Verdict.DONE, ["stop"]),
        ([REFUSED, LOST, ITEM], Verdict.DONE, ["stop"] * 3),
        ([CONFLICT, stopped()], Verdict.DONE, ["stop", LOOK]),
        ([CONFLICT, seen("starting"), ITEM], Verdict.DONE, ["stop", LOOK, "stop"]),
        ([CONFLICT, seen("active", "X"), ITEM], Verdict.DONE, ["stop", LOOK, "stop"]),
        ([CONFLICT, seen("stopping"), ITEM], Verdict.DONE, ["stop", LOOK, "stop"]),
        ([CONFLICT, seen("starting"), LOST, ITEM], Verdict.DONE, ["stop", LOOK, "stop", "stop"]),
        ([REFUSED, CONFLICT, stopped()], Verdict.DONE, ["stop", "stop", LOOK]),
    ],
)
def test_a_stop_is_repeated_while_the_lease_lasts_and_a_conflict_proves_nothing(
    answers, verdict, requests
):
    """It is idempotent, so a look would cost time for nothing."""
    assert concluded(stop_of(), *answers)[:2] == (verdict, requests)


@pytest.mark.parametrize(
    ("answers", "verdict", "requests"),
    [
        ([ITEM], Verdict.DONE, ["stop"]),
        ([REFUSED, seen("active", "X")], Verdict.NOT_OURS, ["stop", LOOK]),
        ([REFUSED, seen("starting")], Verdict.NOT_OURS, ["stop", LOOK]),
        ([REFUSED, seen("active", "B1"), ITEM], Verdict.DONE, ["stop", LOOK, "stop"]),
        ([REFUSED, seen("queued"), ITEM], Verdict.DONE, ["stop", LOOK, "stop"]),
        ([REFUSED, NOTHING_SAID, LOST, stopped()], Verdict.DONE, ["stop", LOOK, LOOK, LOOK]),
    ],
)
def test_after_the_end_of_the_lease_no_stop_is_repeated_without_a_look(answers, verdict, requests):
    """It would destroy the session of another worker. In doubt, nothing is sent."""
    assert concluded(stop_of(left_s=0.0), *answers)[:2] == (verdict, requests)


def given_back(*answers, heartbeat="H", left_s=100.0, known_s_ago=0.0, newest=()):
    """Return the verdict on a give-back, the heartbeats that it expects, and the state of the item."""

    def make(context):
        lease = a_lease(context, left_s=left_s, heartbeat=heartbeat)
        lease.acknowledged_by = context.now() - known_s_ago
        lease.acknowledged_at = "A1"
        context.newest = newest
        return GiveBack("work_1", lease, context, lambda: 10)

    verdict, requests, change = concluded(make, *answers)
    return verdict, requests, change.state


EXTENDED = {"state": "active", "last_heartbeat": "H2", "lease_extended": True}


@pytest.mark.parametrize(
    ("answers", "requests", "state"),
    [
        ([EXTENDED], ["H"], "active"),
        ([seen("active", "H3"), EXTENDED], ["H", "H3"], "active"),
        ([LOST, seen("active", "X")], ["H", "H"], "active"),
        ([LOST, EXTENDED], ["H", "H"], "active"),
        ([REFUSED, seen("active", "H3"), EXTENDED], ["H", "H", "H3"], "active"),
        ([LOST, REFUSED, seen("active", "X")], ["H", "H", "H"], "active"),
        ([seen("queued")], ["H"], "queued"),
        ([seen("queued", "H")], ["H"], "queued"),
        ([stopped()], ["H"], "stopped"),
        ([seen("stopping")], ["H"], "stopping"),
    ],
)
def test_giving_back_takes_over_only_the_heartbeat_of_the_handler(answers, requests, state):
    """After a give-back that may have been carried out, the next worker may have sent the last one."""
    assert given_back(*answers) == (Verdict.DONE, requests, state)


def test_the_last_heartbeat_of_a_give_back_is_known_afterwards():
    """The end of an outage names it, to let the item run at once."""

    def make(context):
        return GiveBack("work_1", a_lease(context, heartbeat="H"), context, lambda: 10)

    _, _, change = concluded(make, EXTENDED)
    assert change._lease.last_heartbeat == "H2"
    assert change._context.limits == [(10, 15.0)]  # a third of the lease


@pytest.mark.parametrize(("pause_s", "asked_s"), [(0, 1), (1, 1), (300, 300), (400, 300)])
def test_the_pause_of_an_item_is_within_the_leases_that_the_api_grants(pause_s, asked_s):
    """The clock of the server may have been moved."""

    def make(context):
        return GiveBack("work_1", a_lease(context), context, lambda: pause_s)

    _, _, change = concluded(make, EXTENDED)
    assert [seconds for seconds, _ in change._context.limits] == [asked_s]


def test_each_stop_that_fails_is_noted():
    """The item counts as not confirmed from the first one on."""
    noted = []

    def make(context):
        return Stop("work_1", a_lease(context), context, lambda: noted.append(1))

    concluded(make, REFUSED, LOST, ITEM)
    assert len(noted) == 2


def test_giving_back_takes_over_no_heartbeat_after_the_end_of_the_lease():
    """Another worker may have the item."""
    assert given_back(seen("active", "X"), left_s=0.0)[:2] == (Verdict.DONE, ["H"])


def listed(acknowledged_at):
    """Return a list of work with the item."""
    return [{"id": "work_0"}, {"id": "work_1", "acknowledged_at": acknowledged_at}]


@pytest.mark.parametrize(
    ("left_s", "newest", "requests"),
    [
        (100.0, listed("A2"), ["H"]),
        (0.0, listed("A1"), ["H", "X"]),
        (100.0, REFUSED, ["H", "X"]),
        (100.0, listed(None), ["H", "X"]),
    ],
)
def test_the_list_of_work_shows_whose_a_heartbeat_is(left_s, newest, requests):
    """The clock of a machine that was suspended says that the lease lasts. Without the list, it counts."""
    answers = [seen("active", "X"), EXTENDED][: len(requests)]
    assert given_back(*answers, left_s=left_s, newest=newest)[1] == requests


def test_a_server_that_does_not_say_who_has_the_item_is_not_asked_for_ever():
    """The worker leaves the item to its lease."""
    assert given_back(NOTHING_SAID)[0] is Verdict.NOT_OURS


@pytest.mark.parametrize(
    ("answers", "requests", "state"),
    [
        ([EXTENDED], [NO_HEARTBEAT], "active"),
        ([LOST, seen("starting", left_s=300)], [NO_HEARTBEAT, LOOK], "starting"),
        ([LOST, seen("queued")], [NO_HEARTBEAT, LOOK], "queued"),
        ([LOST, stopped()], [NO_HEARTBEAT, LOOK], "stopped"),
        ([LOST, seen("active", "X")], [NO_HEARTBEAT, LOOK], "active"),
        (
            [LOST, seen("starting", left_s=250), EXTENDED],
            [NO_HEARTBEAT, LOOK, NO_HEARTBEAT],
            "active",
        ),
    ],
)
def test_a_first_heartbeat_that_may_have_given_back_the_item_is_not_repeated_blindly(
    answers, requests, state
):
    """It would end the lease of the next worker, if that sends none: its lease began later."""
    found = given_back(*answers, heartbeat=NO_HEARTBEAT, known_s_ago=48.0)
    assert found == (Verdict.DONE, requests, state)


def orphaned(*answers, last_heartbeat=NO_HEARTBEAT, ack_arrives_in_s=0.0):
    """Return what the program of the guardian concludes about an item, and the requests that it sent."""
    return concluded(orphan(last_heartbeat, ack_arrives_in_s), *answers)[:2]


def orphan(last_heartbeat, ack_arrives_in_s):
    def make(context):
        left = LeftItem("work_1", last_heartbeat, context.now() + ack_arrives_in_s)
        with patch.object(orphans_module, "guardian_time", context.now):
            return OrphanGiveBack(left, context)

    return make


def test_an_acknowledgement_that_arrives_after_its_worker_was_killed_is_undone():
    """As long as a poll can't have handed the item to another worker."""
    answers = [seen("queued"), seen("queued"), EXTENDED]
    assert orphaned(*answers, ack_arrives_in_s=3.0) == (Verdict.DONE, [NO_HEARTBEAT] * 3)


def test_the_last_look_for_a_late_acknowledgement_comes_at_the_end_of_its_time():
    """An item that is queued then is left to others: if it is taken, it is theirs."""
    verdict, _, change = concluded(orphan(NO_HEARTBEAT, 1.0), *[seen("queued")] * 3)
    assert verdict is Verdict.NOT_OURS
    first, *_, last = change._context.sent_at
    assert last - first == pytest.approx(1.0)


def test_an_item_that_was_acknowledged_and_is_queued_is_left_to_others():
    """It has been given back."""
    assert orphaned(seen("queued")) == (Verdict.NOT_OURS, [NO_HEARTBEAT])


@pytest.mark.parametrize("current", [seen("active", "X"), stopped(), NOTHING_SAID])
def test_an_item_of_a_killed_worker_that_has_another_heartbeat_is_left_alone(current):
    """Its handler has sent it, or the next worker."""
    _, requests = orphaned(current, ack_arrives_in_s=3.0)
    assert requests == [NO_HEARTBEAT]


@pytest.mark.parametrize("refused", [REFUSED, CONFLICT])
def test_a_give_back_of_a_killed_worker_that_was_not_carried_out_is_repeated(refused):
    """Otherwise the item would run again after 300 seconds. Before it comes a look: the next worker may have it."""
    found = orphaned(refused, seen("starting", left_s=300), EXTENDED)
    assert found == (Verdict.DONE, [NO_HEARTBEAT, LOOK, NO_HEARTBEAT])


@pytest.mark.parametrize("refused", [REFUSED, CONFLICT])
def test_a_give_back_of_a_killed_worker_leaves_an_item_alone_that_the_next_worker_took(refused):
    """Without the look, it would end the lease of a worker that has not sent a heartbeat yet."""
    found = orphaned(*[refused] * 4, *[REFUSED] * 4, seen("starting", left_s=300))
    assert found[0] is Verdict.NOT_OURS
    assert found[1].count(NO_HEARTBEAT) == 1


def test_an_item_that_is_queued_after_an_open_give_back_is_left_to_others():
    """It was given back, and an acknowledgement that arrives now may be the next worker's."""
    verdict, requests = orphaned(LOST, seen("queued"), ack_arrives_in_s=3.0)
    assert (verdict, requests) == (Verdict.NOT_OURS, [NO_HEARTBEAT, LOOK])


def test_a_lease_that_began_after_an_open_give_back_is_the_next_workers():
    """Even while an acknowledgement of the killed worker could still arrive."""
    failed_looks = [REFUSED] * 4
    answers = [LOST, *failed_looks, seen("starting", left_s=300)]
    assert orphaned(*answers, ack_arrives_in_s=60.0)[0] is Verdict.NOT_OURS


def test_the_time_of_a_late_acknowledgement_is_that_of_the_guardian():
    """The clocks of two processes may have begun at different times."""

    def make(context):
        left = LeftItem("work_1", NO_HEARTBEAT, context.now() + 5001.0)
        with patch.object(orphans_module, "guardian_time", lambda: context.now() + 5000.0):
            return OrphanGiveBack(left, context)

    verdict, _, change = concluded(make, *[seen("queued")] * 3)
    first, *_, last = change._context.sent_at
    assert verdict is Verdict.NOT_OURS
    assert last - first == pytest.approx(1.0)


class Given:
    """The program of the guardian, in simulated time: what it sends, and when it ends."""

    def __init__(self, monkeypatch, answer):
        self.sent = []
        self.connections = []
        given = self

        async def call(context, _function, *args):
            given.sent.append(args[0])
            given.connections.append((context.options, context.api._client))
            await asyncio.sleep(0.1)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(orphans_module.WorkerContext, "call", call)

    def back(self, runtime, *ids):
        """Give items back, and return how long that took."""
        lines = [json.dumps(LeftItem(work_id, "B1", 0.0)._asdict()) for work_id in ids]
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            began = runner.get_loop().time()
            with patch.object(orphans_module.asyncio, "run", runner.run):
                orphans_module.give_back(lines, runtime)
            return runner.get_loop().time() - began


@pytest.fixture
def orphan_runtime(clean_environ):
    """The runtime of the program of the guardian."""
    environ = {
        **clean_environ,
        "ANTHROPIC_ENVIRONMENT_ID": "env_1",
        "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-of-the-environment",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
    }
    return make_runtime(environ, stderr=None)


def test_the_program_of_the_guardian_gives_back_all_items_at_once(monkeypatch, orphan_runtime):
    """With the key of the environment."""
    given = Given(monkeypatch, EXTENDED)
    assert given.back(orphan_runtime, "work_1", "work_2", "work_3") == pytest.approx(0.1)
    assert sorted(given.sent) == ["work_1", "work_2", "work_3"]
    options, _ = given.connections[0]
    assert options.environment_key == "sk-ant-oat01-of-the-environment"
    assert (options.environment_id, options.concurrency) == ("env_1", 3)


def test_an_item_is_given_back_by_one_request_with_the_key_of_the_environment(orphan_runtime):
    """The guardian does not get an organization's API key."""
    del orphan_runtime.environ["ANTHROPIC_API_KEY"]
    line = json.dumps(LeftItem("work_1", "B1", 0.0)._asdict())
    with WorkServer() as server:
        orphan_runtime.environ["ANTHROPIC_BASE_URL"] = server.url
        orphans_module.give_back([line], orphan_runtime)
        (request,) = server.requests
    target = request.split(b" ")[1].decode()
    path, _, query = target.partition("?")
    assert path == "/v1/environments/env_1/work/work_1/heartbeat"
    assert parse_qs(query) == {
        "beta": ["true"],
        "expected_last_heartbeat": ["B1"],
        "desired_ttl_seconds": ["1"],
    }
    assert b"authorization: Bearer sk-ant-oat01-of-the-environment" in request
    assert b"x-api-key" not in request


def test_the_program_of_the_guardian_ends_after_a_minute_without_success(
    monkeypatch, orphan_runtime
):
    """An outage that lasts longer costs the rest of the lease."""
    given = Given(monkeypatch, LOST)
    assert 60 <= given.back(orphan_runtime, "work_1") < 66
    assert len(given.sent) > 8


def test_the_program_of_the_guardian_ends_soon_if_it_is_refused_for_good(
    monkeypatch, orphan_runtime
):
    """Whoever ends the machine would wait for it."""
    given = Given(monkeypatch, REFUSED)
    assert 5 <= given.back(orphan_runtime, "work_1") < 12
    assert len(given.sent) > 2


@pytest.mark.parametrize("refused", [REFUSED, CONFLICT])
def test_a_late_acknowledgement_is_waited_for_after_a_refusal_too(refused):
    """The item is queued until then."""
    answers = [refused, seen("queued"), seen("starting", left_s=300), EXTENDED]
    found = orphaned(*answers, ack_arrives_in_s=30.0)
    assert found == (Verdict.DONE, [NO_HEARTBEAT, LOOK, LOOK, NO_HEARTBEAT])


@pytest.mark.parametrize(
    ("looks", "requests"),
    [
        ([seen("queued")], [NO_HEARTBEAT, LOOK]),
        ([seen("active", "X")], [NO_HEARTBEAT, LOOK]),
        ([seen("starting", "X")], [NO_HEARTBEAT, LOOK]),
        ([seen("starting", left_s=300)], [NO_HEARTBEAT, LOOK, NO_HEARTBEAT]),
    ],
)
def test_a_give_back_of_a_killed_worker_that_may_have_been_carried_out_is_repeated_after_a_look(
    looks, requests
):
    """The lease of a next worker begins a second after the give-back, at the earliest."""
    assert orphaned(LOST, *looks, *([EXTENDED] if len(requests) > 2 else []))[1] == requests


def test_the_give_back_of_a_killed_worker_leaves_an_item_alone_that_was_taken_since():
    """Its lease began after the give-back, whose response was lost."""
    found = orphaned(LOST, *[REFUSED] * 4, seen("starting", left_s=300))
    assert found == (Verdict.NOT_OURS, [NO_HEARTBEAT] + [LOOK] * 5)


def test_a_give_back_of_a_killed_worker_that_may_have_been_carried_out_stays_in_doubt():
    """A later refusal says nothing about the first request."""
    answers = [LOST, seen("starting", left_s=300), REFUSED, seen("queued")]
    found = orphaned(*answers, ack_arrives_in_s=60.0)
    assert found == (Verdict.NOT_OURS, [NO_HEARTBEAT, LOOK, NO_HEARTBEAT, LOOK])


@pytest.mark.parametrize("failure", [LOST, REFUSED])
def test_a_give_back_of_a_killed_worker_that_names_a_heartbeat_is_repeated_without_a_look(failure):
    """It can hit nobody else."""
    assert orphaned(failure, EXTENDED, last_heartbeat="H") == (Verdict.DONE, ["H", "H"])


def test_the_end_of_a_worker_leaves_no_time_for_a_long_pause_that_the_server_asks_for():
    """It would be the last thing that the worker does."""
    busy = APIError("POST x", 429, "Too Many Requests", b"", "")
    busy.retry_after_s = 200.0

    def make(context):
        context.shutdown.terminating.set_result(None)
        return stop_of(left_s=1000.0)(context)

    _, _, change = concluded(make, busy, stopped())
    first, second = change._context.sent_at
    assert second - first < 6


def test_a_change_that_fails_for_five_minutes_is_not_confirmed():
    """The pauses grow to eight seconds."""

    def make(context):
        context._answers = [REFUSED] * 60
        return stop_of(left_s=1000.0)(context)

    async def conclude():
        context = Scripted()
        began = context.now()
        verdict = await make_it_so(make(context), context, Mock())
        return verdict, context.now() - began, len(context.requests)

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        verdict, seconds, count = runner.run(conclude())
    assert verdict is Verdict.UNCONFIRMED
    assert 299 < seconds < 310
    assert 36 < count < 60
