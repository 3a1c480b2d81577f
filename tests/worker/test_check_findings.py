"""The findings of `ant beta:worker check`, and its page, from reports alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ant_cli.commands.worker_findings import Finding, find_causes, report_lines
from ant_cli.worker.item_lists import have_counts, list_of

NOW = 1_773_568_800.0  # 2026-03-15T10:00:00Z
EMPTY = "The queue is empty: no session waits for a worker."
NO_WORKER = "No worker has polled in the last 30 seconds."
LONG_WAIT = "Items wait although workers poll: all are busy, or pause because their handlers fail."
NO_KEY = "There is no environment key: no worker can start here."
ARCHIVED = "The environment is archived: it gets no sessions; its queue is empty."
STILL_WORKS = (
    "The environment is archived: it gets no sessions; waiting items are still handed out."
)
NOT_HOSTED = "The environment is not self-hosted: Anthropic runs its sessions."
MISSING = "something that handlers need may be missing."
DEAD = "Dead letters are items that failed too often, and do not run again."


def moment(seconds_ago):
    """Return a time as the API writes it."""
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).isoformat()


def held(seconds_ago=1, state="active", **members):
    """Return an item that runs, as a report shows it."""
    return {
        "id": "work_1",
        "state": state,
        "taken_at": moment(seconds_ago),
        "last_sign_at": moment(seconds_ago),
        "lease_ends_within_seconds": 300 - seconds_ago,
        "retry_at": None,
        "reason": None,
        **members,
    }


def failed(count):
    """Return items that wait for their next attempts."""
    return [held(retry_at=moment(-60))] * count


def report_of(**members):
    """Return the report of a queue without work at which a worker polls, except for these members."""
    queue = {"depth": 0, "pending": 0, "oldest_queued_at": None, "workers_polling": 1}
    lists = {name: [] for name in ("waiting", "running", "unheld", "dead_letters")}
    report = {
        "environment": {"id": "env_1", "name": "queue"},
        "archived": False,
        "has_key": True,
        "may_poll": True,
        "takes_metadata_key": None,
        "queue": queue | members.pop("queue", {}),
        "worker_here": None,
        "outage": None,
        "dead_letters_here": None,
        "unconfirmed_stops_here": None,
        "failed_metadata_writes_here": None,
        "given_back": [],
        "handler": "can be started",
        "findings": [],
        **lists,
    }
    return report | members


WAITS = {"depth": 1, "oldest_queued_at": moment(1)}
"""Work waits, and was queued a moment ago."""
WAITS_LONG = {"depth": 1, "oldest_queued_at": moment(31)}
ALONE = {"workers_polling": 0}
"""No worker polls."""


def found(problems=(), handler=None, **members):
    """Return the findings of a report."""
    return list(find_causes(report_of(**members), list(problems), handler, "START", NOW))


def short(findings):
    """Return the first words of each cause, and whether it keeps work from being done."""
    return [(finding.cause, finding.blocks) for finding in findings]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, [(EMPTY, False)]),
        ({"queue": WAITS}, []),
        ({"queue": {"pending": 1}}, []),
        ({"running": [held()]}, []),
        ({"queue": WAITS_LONG}, [(LONG_WAIT, True)]),
        ({"queue": {"depth": 1, "oldest_queued_at": moment(30)}}, []),
        ({"queue": {"depth": 0, "oldest_queued_at": moment(31)}}, [(EMPTY, False)]),
        ({"queue": WAITS_LONG, "running": [held()]}, [(LONG_WAIT, False)]),
        ({"queue": ALONE}, [(NO_WORKER, True), (EMPTY, False)]),
        ({"queue": WAITS | ALONE}, [(NO_WORKER, True)]),
        (
            {"queue": ALONE, "running": [held()]},
            [(f"{NO_WORKER} Workers that hold items may be busy, or have died.", False)],
        ),
        (
            {"queue": WAITS_LONG | ALONE, "running": [held()]},
            [(f"{NO_WORKER} Workers that hold items may be busy, or have died.", True)],
        ),
        ({"has_key": False}, [(NO_KEY, False), (EMPTY, False)]),
        (
            {"has_key": False, "queue": ALONE},
            [(NO_KEY, True), (NO_WORKER, True), (EMPTY, False)],
        ),
        ({"queue": {"workers_polling": None}}, [(NOT_HOSTED, True)]),
        ({"queue": {"workers_polling": None, "depth": 1}}, [(NOT_HOSTED, True)]),
        ({"archived": True}, [(ARCHIVED, True)]),
        ({"archived": True, "queue": {"workers_polling": None}}, [(ARCHIVED, True)]),
        ({"archived": True, "queue": WAITS}, [(STILL_WORKS, False)]),
        ({"archived": True, "queue": {"pending": 1}}, [(STILL_WORKS, False)]),
        (
            {"archived": True, "queue": WAITS | ALONE},
            [(STILL_WORKS, False), (NO_WORKER, True)],
        ),
    ],
)
def test_a_queue_is_explained(members, expected):
    """What blocks keeps work from being done now."""
    assert short(found(**members)) == expected


def test_a_queue_that_could_not_be_read_is_not_called_empty():
    """Only the problem is known."""
    problem = Finding("The queue could not be read: 503", "Try again later.")
    report = report_of() | {"queue": None, "running": None}
    assert list(find_causes(report, [problem], None, "START", NOW)) == [problem]


def test_problems_come_first_and_a_handler_that_can_not_start_matters_without_workers():
    """A handler that was given matters in any case."""
    problem = Finding("x", "y")
    looked, given = Finding("handler", "z", blocks=False), Finding("handler", "z")
    assert found([problem], looked)[:2] == [problem, looked]
    assert found([problem], looked, queue=ALONE)[1] == given
    assert found([], given)[0] == given


# Items without a sign


@pytest.mark.parametrize(
    ("state", "seconds", "is_silent"),
    [
        ("active", 44, False),
        ("active", 45, True),
        ("stopping", 45, True),
        ("starting", 254, False),
        ("starting", 255, True),
    ],
)
def test_an_item_is_silent_after_its_state_s_time(state, seconds, is_silent):
    """The worker of one that is starting sends its first heartbeat late."""
    findings = found(queue=WAITS, running=[held(seconds, state)])
    assert bool(findings) is is_silent


def test_silent_items_block_if_nothing_else_is_there():
    """Their leases end, the last one at the time that is shown."""
    silent = [held(100), held(60), held(200)]
    (finding,) = found(running=silent)
    assert finding.cause.startswith("Running items without a heartbeat in time: 3. ")
    assert finding.blocks
    assert "in 240 seconds at the latest" in finding.next_step
    assert not found(running=silent, queue=WAITS)[0].blocks
    assert not found(running=[*silent, held()])[0].blocks


def test_an_item_that_waits_for_its_next_attempt_is_not_silent():
    """It has no handler that could send a sign, and nobody runs it."""
    paused = [held(100, retry_at=moment(-60))]
    assert found(running=paused) == []
    assert found(running=paused, queue=WAITS_LONG)[0].blocks


@pytest.mark.parametrize(
    ("count", "silent", "busy", "outage", "expected"),
    [
        (4, 0, 0, None, False),
        (5, 0, 0, None, True),
        (3, 2, 0, None, True),
        (5, 0, 5, None, True),
        (5, 0, 6, None, False),
        (5, 0, 0, False, False),
    ],
)
def test_many_items_that_wait_after_failures_show_that_something_is_missing(
    count, silent, busy, outage, expected
):
    """More than run. A worker here that says that there is no outage knows better."""
    running = [*failed(count), *[held(100)] * silent, *[held()] * busy]
    causes = [finding.cause for finding in found(running=running, queue=WAITS, outage=outage)]
    assert any(cause.endswith(MISSING) for cause in causes) is expected
    if expected:
        assert any(cause.startswith(f"{count + silent} items wait") for cause in causes)


def test_items_that_nobody_holds_block_and_can_be_given_back():
    """The queue with them is not empty."""
    (finding,) = found(unheld=[held(400, "starting")] * 2)
    assert finding.cause.startswith("Items that nobody seems to hold: 2. ")
    assert finding.next_step == "To give them back: ant beta:worker check env_1 --requeue"
    assert finding.blocks


def test_what_was_given_back_is_named_with_what_to_do_if_it_does_not_come():
    """Both IDs, in one line."""
    finding = found(given_back=["work_1", "work_2"])[-1]
    assert finding.cause == "Given back, and handed out in a few seconds: work_1 work_2"
    assert finding.next_step.startswith("If one is not: ant beta:environments:work stop ID --force")
    assert not finding.blocks


@pytest.mark.parametrize(
    ("listed", "here", "expected"),
    [([], 0, False), ([], None, False), (None, 2, True), ([held()], None, True)],
)
def test_dead_letters_are_explained_whoever_knows_of_them(listed, here, expected):
    """The metadata lists them, or the worker here has counted them."""
    findings = short(found(dead_letters=listed, dead_letters_here=here))
    assert ((DEAD, False) in findings) is expected


@pytest.mark.parametrize(("says", "expected"), [(None, False), ("ok", False), ("draining", True)])
def test_a_worker_here_that_is_not_ready_blocks_and_has_a_log(says, expected):
    """It says why."""
    findings = found(worker_here=says)
    wanted = Finding(f"The worker here is not ready: {says}.", "Its log says more.")
    assert (wanted in findings) is expected


def test_stops_that_were_not_confirmed_here_are_a_note():
    """They keep no work from being done, but may do some of it again."""
    (note, _) = found(unconfirmed_stops_here=2)
    assert note.cause.endswith("whose stop is not confirmed: 2. They may run again.")
    assert not note.blocks


def test_writes_of_metadata_that_failed_here_are_a_note():
    """The worker goes on."""
    (note, _) = found(failed_metadata_writes_here=3)
    assert "have failed: 3. " in note.cause
    assert note.next_step.startswith("Its log says why. ANT_WORKER_METADATA_KEY needs an API key")
    assert not note.blocks


# The page


def page_of(**members):
    """Return the lines of a report's page."""
    return list(report_lines(report_of(**members), NOW))


def test_the_page_has_a_line_for_each_part_of_the_report():
    """In one order, and an empty line before the findings."""
    assert page_of() == [
        "Environment   env_1  queue",
        "Queue         0 waiting",
        "Handed out    0 not yet acknowledged",
        "Workers       1 polled in the last 30 seconds",
        "Waiting       0",
        "Running       0",
        "Unheld        0",
        "Dead letters  0",
        "Worker here   none serves its state: an outage would not be seen",
        "Key           may poll",
        "Handler       can be started",
        "",
    ]


def test_what_is_unknown_has_no_line():
    """Without an environment key, the items are unknown; without any response, so are the numbers."""
    lists = dict.fromkeys(("waiting", "running", "unheld", "dead_letters"))
    lines = page_of(**lists, has_key=False, may_poll=False, queue={"workers_polling": None})
    assert lines == [
        "Environment   env_1  queue",
        "Dead letters  unknown: only ANT_WORKER_METADATA_KEY makes workers list them",
        "Worker here   none serves its state: an outage would not be seen",
        "Key           is missing",
        "Handler       can be started",
        "",
    ]


def test_a_queue_without_workers_has_its_numbers():
    """0 is a number."""
    assert "Workers       0 polled in the last 30 seconds" in page_of(queue=ALONE)


@pytest.mark.parametrize(
    ("has_key", "may_poll", "text"),
    [
        (True, True, "may poll"),
        (True, False, "is not confirmed"),
        (False, False, "is missing"),
        (False, True, "may poll"),
    ],
)
def test_the_state_of_the_key_is_shown(has_key, may_poll, text):
    """One that the server has not taken may still be right."""
    assert f"Key           {text}" in page_of(has_key=has_key, may_poll=may_poll)


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({}, "unknown: only ANT_WORKER_METADATA_KEY makes workers list them"),
        (
            {"dead_letters_here": 0},
            "0 of the worker here, others unknown: only ANT_WORKER_METADATA_KEY makes workers list them",
        ),
        (
            {"takes_metadata_key": False},
            "unknown: the server does not take ANT_WORKER_METADATA_KEY",
        ),
        (
            {"failed_metadata_writes_here": 1, "dead_letters_here": 2},
            "2 of the worker here, others unknown: the worker here can't write them into metadata",
        ),
    ],
)
def test_why_dead_letters_are_unknown_is_said(members, text):
    """And what is known of them."""
    assert f"Dead letters  {text}" in page_of(dead_letters=None, **members)


@pytest.mark.parametrize(("count", "more"), [(9, None), (10, None), (11, 1), (13, 3)])
def test_ten_items_of_a_list_are_shown(count, more):
    """And how many others there are."""
    lines = page_of(running=[held()] * count)
    assert f"Running       {count}" in lines
    assert sum("work_1" in line for line in lines) == min(count, 10)
    others = [line for line in lines if "more: --format json" in line]
    assert others == ([f"  and {more} more: --format json lists all"] if more else [])


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (held(60), "work_1  active  taken 1 min ago  last seen 1 min ago, lease ends within 240 s"),
        (
            held(60, lease_ends_within_seconds=0),
            "work_1  active  taken 1 min ago  last seen 1 min ago, lease ends within 0 s",
        ),
        (
            held(60, taken_at=None, lease_ends_within_seconds=None),
            "work_1  active",
        ),
        (
            held(60, retry_at=moment(-60), reason="the handler exited with 1"),
            "work_1  active  taken 1 min ago  waits for its next attempt, in 1 min  the handler exited with 1",
        ),
        (
            held(60, reason="two\nlines\tof it", taken_at=None, lease_ends_within_seconds=None),
            "work_1  active  two lines of it",
        ),
    ],
)
def test_an_item_is_one_line(item, text):
    """Whatever a worker or a server has written about it."""
    assert f"  {text}" in page_of(running=[item])


def test_a_name_of_several_lines_is_shown_in_one():
    """It could look like a part of the report."""
    environment = {"id": "env_1", "name": "a\nWorkers       9"}
    assert page_of(environment=environment)[0] == "Environment   env_1  a Workers 9"


def test_a_finding_has_a_mark_and_its_next_steps_below_it():
    """What blocks has another mark."""
    findings = [
        Finding("cause", "step 1\nstep 2")._asdict(),
        Finding("note", "", blocks=False)._asdict(),
    ]
    assert page_of(findings=findings)[-4:] == ["! cause", "  step 1", "  step 2", "- note"]


# The list of an item


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"state": "queued"}, "waiting"),
        ({"state": "queued", "metadata": None}, "waiting"),
        ({"state": "starting", "acknowledged_at": moment(300)}, "running"),
        ({"state": "starting", "acknowledged_at": moment(301)}, "unheld"),
        (
            {
                "state": "starting",
                "acknowledged_at": moment(301),
                "latest_heartbeat_at": moment(301),
            },
            "running",
        ),
        ({"state": "active", "acknowledged_at": moment(3000)}, "running"),
        ({"state": "stopping"}, "running"),
        ({"state": "stopped"}, None),
        ({"state": "a new one"}, None),
        ({}, None),
        ({"state": "stopped", "metadata": {"ant_dead_letter": ""}}, "dead_letters"),
        ({"state": "stopped", "metadata": {"ant_last_error": "x"}}, None),
        (
            {
                "state": "starting",
                "created_at": moment(3000),
                "acknowledged_at": moment(1),
            },
            "running",
        ),
    ],
)
def test_an_item_belongs_to_one_list(item, expected):
    """Or to none, if it is done."""
    assert list_of(item, NOW) == expected


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (None, False),
        ({}, False),
        ({"mine": "1"}, False),
        ({"ant_attempts": "1"}, True),
        ({"ant_last_error": "x"}, True),
        ({"ant_dead_letter": "x"}, True),
    ],
)
def test_metadata_with_a_failure_shows_that_a_worker_writes_them(metadata, expected):
    """Any of its keys, in any item."""
    assert have_counts([{}, {"metadata": metadata}, {"metadata": {"a": "b"}}]) is expected
