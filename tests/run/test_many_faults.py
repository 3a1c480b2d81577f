"""Faults in the middle of many requests: every ID is reported exactly once, as done, failed or not sent."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from tests.conftest import Result
from tests.helpers.many import ManyResult
from tests.helpers.runs import needs
from tests.helpers.servers import Act, Reply, ScriptedServer, error, response
from tests.helpers.words import ARCHIVE

pytestmark = pytest.mark.slow

IDS = [f"env_{number:02}" for number in range(30)]
BROKEN = IDS[11]
"""The ID in the middle, whose requests get the fault."""
UNAVAILABLE = error("503 Service Unavailable")
LIMITED = error("429 Too Many Requests", "rate_limit_error", "retry-after: 1")
LIMITED_FOR_LONG = error("429 Too Many Requests", "rate_limit_error", "retry-after: 3600")


class ServerByID(ScriptedServer):
    """Archives environments.

    For some IDs it gives the n-th request the n-th reply, and later ones the last reply.
    """

    def __init__(self, replies: Mapping[str, Sequence[bytes | Reply]] = {}) -> None:
        super().__init__(b"")
        self._by_id = {
            key: [(part,) if isinstance(part, bytes) else part for part in parts]
            for key, parts in replies.items()
        }
        self.sent = Counter[str]()
        """How many requests came for each ID."""
        self.waits_for = 0
        self.enough = threading.Event()
        """As many requests are in as it waits for."""

    def _script(self, request: bytes) -> Reply:
        (found,) = re.findall(rb"environments/(\w+)/archive", request)
        name = found.decode()
        self.sent[name] += 1
        if self.sent.total() >= self.waits_for:
            self.enough.set()
        replies = self._by_id.get(name) or [(archived(name),)]
        return replies[min(self.sent[name], len(replies)) - 1]


def archived(name: str) -> bytes:
    return response({"id": name})


FAULTS = {
    "a reset": ([(Act.RESET,)], 3, 8),
    "a reset, then a response": ([(Act.RESET,), archived(BROKEN)], 2, 0),
    "a 503": ([UNAVAILABLE], 3, 7),
    "a 503, then a response": ([UNAVAILABLE, archived(BROKEN)], 2, 0),
    "a rate limit": ([LIMITED], 3, 7),
    "a rate limit, then a response": ([LIMITED, archived(BROKEN)], 2, 0),
    "a rate limit of an hour": ([LIMITED_FOR_LONG], 1, 7),
    "half a response": ([(archived(BROKEN)[:-5], Act.CLOSE)], 1, 1),
}
"""The replies to the requests for one ID, how many requests they get, and the exit code."""


@pytest.mark.parametrize("parallel", ["1", "8"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_middle_is_reported_once_and_the_others_are_done(
    ant_over_socket, fault, parallel
):
    """Each of the other IDs is requested once, and its result is printed."""
    replies, requests, status = FAULTS[fault]
    server = ServerByID({BROKEN: replies})
    run = ManyResult(
        ant_over_socket(words=ARCHIVE, more=[*IDS, "--parallel", parallel], server=server)
    )
    assert server.sent == {**dict.fromkeys(IDS, 1), BROKEN: requests}
    assert (run.exit, run.failed) == (status, [BROKEN] if status else [])
    assert run.accounted() == IDS


@pytest.mark.parametrize("parallel", ["1", "8"])
def test_a_request_without_a_response_in_the_middle_is_given_up_and_the_others_are_done(
    ant_over_socket, parallel
):
    """The time limit is much longer than the others take, even on a busy machine."""
    server = ServerByID({BROKEN: [(Act.STALL,)]})
    more = [*IDS, "--parallel", parallel, "--max-retries", "0"]
    run = ManyResult(ant_over_socket(words=ARCHIVE, more=more, server=server, timeout="1"))
    assert server.sent == dict.fromkeys(IDS, 1)
    assert (run.exit, run.failed) == (8, [BROKEN])
    assert run.accounted() == IDS


def test_faults_of_many_kinds_are_each_reported_once(ant_over_socket):
    """The exit code is 1, because they differ."""
    faults = dict(
        zip(IDS[3::3], [replies for replies, _, status in FAULTS.values() if status], strict=False)
    )
    run = ManyResult(ant_over_socket(words=ARCHIVE, more=IDS, server=ServerByID(faults)))
    assert (run.exit, run.failed) == (1, list(faults))
    assert run.accounted() == IDS


def test_a_fault_with_fail_fast_leaves_the_rest_unsent(ant_over_socket):
    """The message names the IDs that were not sent."""
    server = ServerByID({BROKEN: [UNAVAILABLE]})
    run = ManyResult(
        ant_over_socket(words=ARCHIVE, more=[*IDS, "--parallel", "4", "--fail-fast"], server=server)
    )
    assert (run.exit, run.failed) == (7, [BROKEN])
    assert run.accounted() == IDS
    assert set(run.not_sent) == set(IDS) - set(server.sent)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_middle_names_what_is_done_in_flight_and_not_sent(ant_process, number):
    """Two requests without a response block the rest. The signal ends the process."""
    server = ServerByID({IDS[11]: [(Act.STALL,)], IDS[13]: [(Act.STALL,)]})
    server.waits_for = 14
    running = ant_process([*ARCHIVE, *IDS, "--parallel", "2"], server=server)
    assert server.enough.wait(60)
    running.process.send_signal(number)
    stdout, stderr = running.process.communicate(timeout=60)
    run = ManyResult(Result(running.process.returncode, stdout.decode(), stderr.decode()))
    assert run.exit == -number
    assert run.in_flight == [IDS[11], IDS[13]]
    assert run.not_sent == IDS[14:]
    assert run.accounted() == IDS


def test_a_signal_names_a_failure_that_waits_for_an_earlier_result(ant_process):
    """Results come in order, so nothing was said about the failure yet."""
    server = ServerByID(
        {
            IDS[11]: [(Act.STALL,)],
            IDS[12]: [error("400 Bad Request", "invalid_request_error")],
            IDS[13]: [(Act.STALL,)],
        }
    )
    server.waits_for = 14
    running = ant_process([*ARCHIVE, *IDS, "--parallel", "2"], server=server)
    assert server.enough.wait(60)
    running.process.send_signal(signal.SIGTERM)
    stdout, stderr = running.process.communicate(timeout=60)
    run = ManyResult(Result(running.process.returncode, stdout.decode(), stderr.decode()))
    assert (run.failed, run.in_flight) == ([IDS[12]], [IDS[11], IDS[13]])
    assert run.accounted() == IDS
    assert "Archived 11 of 30, 1 failed." in run.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_a_reader_of_the_results(ant_process, number):
    """`timeout` sends only one. The result that is being written is reported as not printed."""
    server = ServerByID({IDS[2]: [response({"id": IDS[2], "name": "x" * 500_000})]})
    server.waits_for = len(IDS)
    running = ant_process([*ARCHIVE, *IDS], server=server)
    assert server.enough.wait(60)
    stdout = b""
    while b"xxx" not in stdout:  # from now on, the result waits for the reader
        stdout += os.read(running.process.stdout.fileno(), 1000)
    running.process.send_signal(number)
    assert running.process.wait(60) == -number
    stderr = running.process.stderr.read().decode()
    run = ManyResult(Result(-number, stdout.decode().partition('"name"')[0], stderr))
    assert sorted({*run.ids, *run.in_flight, *run.unprinted}) == IDS
    assert IDS[2] in run.unprinted


@needs("/dev/full")
def test_a_full_disk_names_what_was_done_but_not_printed(shell):
    """Writing the first result fails, and the rest is not sent."""
    with ServerByID() as server:
        result = shell(
            f"$ANT {' '.join([*ARCHIVE, *IDS])} --parallel 4 > /dev/full",
            env={"ANTHROPIC_BASE_URL": server.url},
        )
    run = ManyResult(result)
    assert run.exit == 1
    assert "no space left on device" in run.stderr
    assert IDS[0] in run.unprinted
    assert run.accounted() == IDS


@needs("/dev/full")
def test_a_full_disk_behind_stderr_changes_nothing_else(shell):
    """The failures can't be reported, except by the exit code."""
    with ServerByID({BROKEN: [error("404 Not Found")]}) as server:
        result = shell(
            f"$ANT {' '.join([*ARCHIVE, *IDS])} 2> /dev/full",
            env={"ANTHROPIC_BASE_URL": server.url},
        )
    assert (result.exit, ManyResult(result).ids) == (5, [name for name in IDS if name != BROKEN])


def test_a_create_whose_response_is_lost_is_named_by_its_number_and_not_sent_again(ant_over_socket):
    """Sending it again could create a second environment."""
    lost = (Act.RESET,)
    replies = [response({"id": "env_1"}), lost, response({"id": "env_3"})]
    result = ant_over_socket(
        *replies,
        words=("beta:environments", "create"),
        stdin="".join(f"---\nname: {name}\n" for name in "abc"),
    )
    assert (result.exit, len(result.requests)) == (8, 3)
    assert re.findall(r"^input (\d): .*\n?", result.stderr, re.MULTILINE) == ["2"]
    assert "may have succeeded" in result.stderr
    assert re.findall(r"env_\d", result.stdout) == ["env_1", "env_3"]
