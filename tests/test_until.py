"""`--until`: a request is repeated until conditions are true."""

from __future__ import annotations

import pytest

STATS = ("beta:environments:work", "stats", "env_1", "--format", "jsonl")
BUSY, PENDING, IDLE = {"depth": 2, "pending": 1}, {"depth": 0, "pending": 1}, {"depth": 0, "pending": 0}
UNTIL_IDLE = ("--until", "depth==0", "--until", "pending==0")


def test_a_request_is_repeated_until_every_condition_is_true(ant):
    """Only the last object is printed."""
    result = ant(*STATS, *UNTIL_IDLE, replies=[BUSY, PENDING, IDLE])
    assert (result.exit, result.stdout) == (0, '{"depth":0,"pending":0}\n')
    assert result.waits == [2.0, 2.0]


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("3s", 3), ("1.5m", 90), ("1h", 3600), ("1m30s", 90), ("7", 7)]
)
def test_the_every_flag_sets_the_time_between_requests(ant, text, seconds):
    """The time has a unit, or is in seconds."""
    assert ant(*STATS, *UNTIL_IDLE, "--every", text, replies=[BUSY, IDLE]).waits == [seconds]


def test_the_end_of_the_time_is_exit_code_8_after_the_last_object(ant):
    """It is the exit code of a timeout."""
    result = ant(*STATS, *UNTIL_IDLE, "--every", "2s", "--for", "1s", replies=[BUSY])
    assert (result.exit, result.stdout, result.waits) == (8, '{"depth":2,"pending":1}\n', [])
    assert "within 1 s" in result.stderr


def test_a_condition_about_a_missing_member_gets_one_warning(ant):
    """Otherwise the command would silently wait for a mistyped name."""
    result = ant(*STATS, "--until", "dept==0", replies=[BUSY, IDLE, {"dept": 0}])
    assert (result.exit, len(result.requests)) == (0, 3)
    warning = "Warning: --until: there is no 'dept' in the response. Did you mean 'depth'?\n"
    assert result.stderr == warning


@pytest.mark.parametrize(
    "flags",
    [
        ("--until", "depth="),
        ("--until", ""),
        ("--until", "depth!='0'"),
        ("--until", "depth==0 && pending==0"),
        ("--every", "2s"),
        ("--for", "2s"),
        (*UNTIL_IDLE, "--every", "soon"),
        (*UNTIL_IDLE, "--every", "0s"),
        (*UNTIL_IDLE, "--for", "-1s"),
    ],
)
def test_until_flags_that_make_no_sense_send_nothing(ant, flags):
    """They are a usage error."""
    result = ant(*STATS, *flags)
    assert (result.exit, result.requests, result.stdout) == (2, [], "")


def test_until_does_not_take_several_inputs(ant):
    """The message says so, and nothing is sent."""
    result = ant("beta:environments", "retrieve", "--until", "id", stdin="a\nb\n")
    assert (result.exit, result.requests) == (2, [])
