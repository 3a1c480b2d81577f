"""`--until`: a request is repeated until conditions are true."""

from __future__ import annotations

import re
from itertools import count

import pytest

from ant_cli.operations import OPERATIONS
from ant_cli.run.conditions import Condition
from tests.conftest import make_runtime
from tests.helpers.words import RETRIEVE

STATS = ("beta:environments:work", "stats", "env_1", "--format", "jsonl")
BUSY, PENDING, IDLE = (
    {"depth": 2, "pending": 1},
    {"depth": 0, "pending": 1},
    {"depth": 0, "pending": 0},
)
UNTIL_IDLE = ("--until", "depth==0", "--until", "pending==0")


def test_a_request_is_repeated_until_every_condition_is_true(ant):
    """Only the last object is printed."""
    result = ant(*STATS, *UNTIL_IDLE, replies=[BUSY, PENDING, IDLE])
    assert (result.exit, result.stdout) == (0, '{"depth":0,"pending":0}\n')
    assert result.waits == [2.0, 2.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("3s", 3), ("1.5m", 90), ("1h", 3600), ("1m30s", 90), ("7", 7)],
)
def test_the_every_flag_sets_the_time_between_requests(ant, text, seconds):
    """The time has a unit, or is in seconds."""
    assert ant(*STATS, *UNTIL_IDLE, "--every", text, replies=[BUSY, IDLE]).waits == [seconds]


def test_the_end_of_the_time_is_exit_code_8_after_the_last_object(ant):
    """It is the exit code of a timeout."""
    result = ant(*STATS, *UNTIL_IDLE, "--every", "2s", "--for", "1s", replies=[BUSY])
    assert (result.exit, result.stdout, result.waits) == (8, '{"depth":2,"pending":1}\n', [])
    assert "timed out after 1 s, waiting until depth==0" in result.stderr


@pytest.mark.parametrize("limit", ["5s", "4s"])
def test_the_time_of_for_begins_with_the_first_request(ant, limit):
    """The time does not begin again with each request. In this test, each wait takes exactly its time."""
    waits = []
    flags = ("--every", "2s", "--for", limit)
    result = ant(
        *STATS,
        *UNTIL_IDLE,
        *flags,
        replies=[BUSY] * 3,
        sleep=waits.append,
        now=lambda: 1000.0 + sum(waits),
    )
    assert (result.exit, waits, len(result.requests)) == (8, [2.0, 2.0], 3)


@pytest.mark.parametrize("flags", [("--watch",), ("--until", "name==null")])
def test_several_inputs_are_not_waited_for(ant, flags):
    """Several inputs are not watched, either. A single input is allowed."""
    words = (*RETRIEVE[:2], *flags, "--for", "1s")
    refusal = ant(*words, stdin="env_1\nenv_2\n").refusal
    assert "--watch and --until take one input, but there are 2 inputs." in refusal
    assert ant(*words, stdin="env_1\n", replies=[{"name": None}]).exit == 0
    assert ant(*words, stdin="").exit == 0, "no input is no request"


def test_a_response_may_be_printed_raw_when_the_condition_is_true(ant):
    """A list is printed item by item, so its raw responses have no conditions."""
    words = (*STATS[:3], "--format", "raw", "--until", "depth==0")
    result = ant(*words, replies=[BUSY, IDLE])
    assert (result.exit, result.stdout) == (0, '{"depth":0,"pending":0}\n')
    for flag in ("--until", "--filter"):
        refusal = ant(*WORK[:3], "--format", "raw", flag, "#==0").refusal
        assert refusal.startswith(f"ant: {flag} is about items, but --format raw ")


def test_a_clock_that_is_set_does_not_end_the_time_of_for(monkeypatch, ant):
    """The time is measured by a clock that nobody sets."""
    hours = count(0, 3600)
    monkeypatch.setattr("time.time", lambda: next(hours))
    assert ant(*STATS, *UNTIL_IDLE, "--for", "1h", replies=[BUSY, PENDING, IDLE]).exit == 0


def test_a_condition_about_a_member_that_does_not_exist_is_a_usage_error(ant):
    """Otherwise the command would wait for a mistyped name without end."""
    result = ant(*STATS, "--until", "dept==0", replies=[BUSY])
    assert (result.exit, result.stdout, len(result.requests)) == (2, "", 1)
    assert (
        result.stderr == "ant: --until: there is no 'dept' in the response. Did you mean 'depth'?\n"
    )


def test_a_field_of_other_objects_of_the_group_is_unknown_in_statistics(ant):
    """A queue has no state, and would be asked for it without end."""
    result = ant(*STATS, "--until", 'state=="archived"', replies=[BUSY])
    assert (result.exit, result.stdout, len(result.requests)) == (2, "", 1)
    assert result.stderr == (
        "ant: --until: there is no 'state' in the response.\n"
        "The fields are: type, depth, pending, oldest_queued_at, workers_polling.\n"
    )


def test_a_word_of_other_tools_stands_only_for_a_member_that_the_response_has(ant):
    """Statistics have no state, so none is suggested in place of a status."""
    stderr = ant(*STATS, "--until", 'status=="idle"', replies=[BUSY]).stderr
    assert "there is no 'status' in the response.\nThe fields are: type, depth" in stderr


UNTILS = [(op, param) for op in OPERATIONS for param in op.params if param.name == "until"]


@pytest.mark.parametrize(
    ("operation", "param"), UNTILS, ids=[operation.command for operation, _ in UNTILS]
)
def test_help_suggests_conditions_on_fields_that_the_response_has(operation, param):
    """Otherwise people wait for what never comes."""
    is_list = operation.paginated
    for text in re.findall(r"'(.+?)'", param.help):
        condition = Condition("--until", [text], make_runtime({}), operation, is_awaited=True)
        assert condition(b"[{}]" if is_list else b"{}") in (True, False)


def test_a_condition_may_be_about_a_member_that_does_not_exist_yet(ant):
    """Metadata may get any key."""
    words = (*RETRIEVE, "--until", "metadata.done!=null", "--format", "jsonl")
    result = ant(*words, replies=[{"metadata": {}}, {"metadata": {"done": "1"}}])
    assert (result.exit, result.stdout) == (0, '{"metadata":{"done":"1"}}\n')


def test_a_note_says_what_is_waited_for(ant):
    """Once, and only if the first response does not have it."""
    assert ant(*STATS, *UNTIL_IDLE, replies=[IDLE]).stderr == ""
    waited = ant(*STATS, *UNTIL_IDLE, replies=[BUSY, PENDING, IDLE])
    assert waited.stderr == "Note: waiting until depth==0 and pending==0.\n"


def items(*states):
    """Return a page of work items."""
    return {
        "data": [{"id": f"work_{number}", "state": state} for number, state in enumerate(states)]
    }


WORK = ("beta:environments:work", "list", "env_1", "--transform", "state", "-r")


@pytest.mark.parametrize("state", ["queued", "starting", "active", "stopping"])
def test_until_idle_waits_until_no_item_is_queued_starting_active_or_stopping(ant, state):
    """All pages of each round are read, and the list is printed when it is idle."""
    first, last = {**items("stopped"), "next_page": "p"}, items("stopped", "stopped")
    result = ant(*WORK, "--until", "idle", replies=[first, items(state), last])
    assert (result.exit, result.stdout, result.waits) == (0, "stopped\nstopped\n", [2.0])
    assert result.stderr == "Note: waiting until no item is queued, starting, active or stopping.\n"


def test_a_queue_may_have_to_be_idle_and_to_meet_other_conditions(ant):
    """All conditions hold at the end, and the note names them in order."""
    rounds = [items("stopped"), items("stopped", "active"), items("stopped", "stopped")]
    for flags, note in (
        (("#>1", "idle"), "#>1 and no item is"),
        (("idle", "#>1"), "stopping and #>1.\n"),
    ):
        result = ant(*WORK, "--until", flags[0], "--until", flags[1], replies=rounds)
        assert (result.exit, result.stdout) == (0, "stopped\nstopped\n")
        assert note in result.stderr


def test_a_mistyped_member_of_items_is_an_error_when_the_first_item_appears(ant):
    """Until then, nothing shows which members there are."""
    result = ant(*WORK, "--until", '#.stat=="x"', replies=[items(), items("active")])
    assert (result.exit, result.stdout, len(result.requests)) == (2, "", 2)
    assert "there is no 'stat' in the response. Did you mean 'state'?" in result.stderr


def test_a_queue_without_items_is_idle(ant):
    """Nothing is printed."""
    result = ant(*WORK, "--until", "idle", replies=[items()])
    assert (result.exit, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("flags", "replies", "printed"),
    [
        (
            ("--until", "#==0", "--filter", 'state!="stopped"'),
            [items("active", "stopped"), items("stopped")],
            [],
        ),
        (("--until", "#>1"), [items("queued"), items("queued", "queued")], ["queued", "queued"]),
        (("--until", "@this.#>1"), [items("a"), items("b", "c")], ["b", "c"]),
        (
            ("--until", '#.state=="active"'),
            [items("queued"), items("queued", "active")],
            ["queued", "active"],
        ),
        (("--until", '#(state=="queued")#|#==0'), [items("queued"), items("active")], ["active"]),
        (("--until", "#==1", "--max-items", "1", "--slurp"), [items("a", "b")], ["[", '"a"', "]"]),
    ],
)
def test_a_condition_on_a_list_is_about_all_items_that_the_filter_selects(
    ant, flags, replies, printed
):
    """The last list is printed like any other."""
    result = ant(*WORK, *flags, replies=replies)
    assert (result.exit, result.stdout.split(), len(result.requests)) == (0, printed, len(replies))


IMPOSSIBLE = {
    STATS: ["depth=", "empty", "depth", "#==0", "depth!='0'", "depth==0 && pending==0"],
    WORK: ["state==active", "empty", "#.state", "none"],
}
"""Conditions that can never be met."""


@pytest.mark.parametrize(
    ("words", "part"),
    [
        *(
            ((*of, "--until", text), " is not a condition. ")
            for of, texts in IMPOSSIBLE.items()
            for text in texts
        ),
        ((*STATS, "--until", ""), "--until is empty."),
        ((*STATS, "--every", "1s"), "--every needs --until or --watch."),
        ((*STATS, "--for", "1s"), "--for needs --until or --watch."),
        ((*STATS, "--for", "1s", "--every", "1s"), "--every needs --until or --watch."),
        ((*STATS, *UNTIL_IDLE, "--watch"), "--until and --watch"),
        (
            (*STATS, *UNTIL_IDLE, "--every", "soon"),
            "--every must be a duration such as 30s or 1m30s, got 'soon'.",
        ),
        (
            (*STATS, *UNTIL_IDLE, "--for", "-1s"),
            "--for must be a duration such as 30s or 1m30s, got '-1s'.",
        ),
    ],
)
def test_until_flags_that_make_no_sense_send_nothing(ant, words, part):
    """They are a usage error, which says what is wrong."""
    assert part in ant(*words).refusal
