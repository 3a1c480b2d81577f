"""The reader of stdout leaves, or the disk is full: steps are finished, and the exit code tells the truth."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from tests.helpers.streams import Head

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def four(team):
    """Return a team with four files to apply."""
    team.add(*NAMES)
    return team


@pytest.mark.parametrize(
    ("writes", "parallel"), [*((writes, "1") for writes in range(7)), (2, "4"), (5, "4")]
)
def test_a_run_continues_when_the_reader_of_its_report_leaves(four, writes, parallel):
    """The reader may leave at the plan, at the first line about a step, or at the last one."""
    result = four.ant("apply", "--yes", "--parallel", parallel, ".", stdout=Head(writes))
    assert (result.exit, result.stderr) == (0, "")
    assert set(four.server()) == set(NAMES)
    assert four.diff(".") == 0


def test_a_run_continues_when_the_reader_of_its_data_leaves(four):
    """The lock file has the same information as the data."""
    result = four.ant("apply", "--yes", "--format", "json", ".", stdout=Head(0))
    assert (result.exit, result.stdout, set(four.server())) == (0, "", set(NAMES))
    assert four.diff(".") == 0


def test_a_failed_step_sets_the_exit_code_even_if_nobody_reads_the_report(four):
    """It is the exit code of the failure."""
    words = ("--method", "POST", "--after", "3", "--times", "9", "--status", "409")
    assert four.ant("emulator", "fault", *words).exit == 0
    result = four.ant("apply", "--yes", "--parallel", "1", ".", stdout=Head(1))
    assert result.exit == 6
    assert "3 done and recorded, 1 failed, 0 not started" in result.stderr


@pytest.mark.parametrize("writes", [1, 3])
@pytest.mark.parametrize("words", [(), ("--format", "json")], ids=["text", "data"])
def test_a_report_that_can_not_be_written_is_an_error_after_all_steps(four, writes, words):
    """The lock file is complete, and the error says so."""
    writes = 0 if words else writes
    result = four.ant(
        "apply", "--yes", "--parallel", "1", ".", *words, stdout=Head(writes, errno.ENOSPC)
    )
    assert result.exit == 1
    message = "can't be written to standard output: no space left on device."
    assert result.stderr.endswith(f"{message}\nAll steps were carried out and recorded anyway.\n")
    assert set(four.server()) == set(NAMES)
    assert four.diff(".") == 0


def test_a_report_ends_at_the_first_write_that_fails(four):
    """A report with a gap would look complete."""

    class Hiccup(Head):
        def write(self, data):
            if self.left < 0:  # there is space again
                self.left = len(NAMES)
            return super().write(data)

    result = four.ant("apply", "--yes", "--parallel", "1", ".", stdout=Hiccup(3, errno.ENOSPC))
    assert result.exit == 1
    assert result.stdout.count("created env_") == 1


def test_a_plan_that_can_not_be_written_is_an_error_before_all_steps(four):
    """No step has begun yet."""
    result = four.ant("apply", "--yes", ".", stdout=Head(0, errno.ENOSPC))
    assert (result.exit, four.server()) == (1, {})


def test_without_a_terminal_nothing_is_applied_without_yes_even_if_nobody_reads_the_plan(four):
    """The exit code says so."""
    result = four.ant("apply", ".", stdout=Head(0))
    assert (result.exit, four.server()) == (1, {})
    assert "cannot ask for confirmation" in result.stderr


def test_the_exit_code_of_a_plan_says_whether_there_are_changes_even_if_nobody_reads_it(four):
    """A plan that is to be saved is saved."""
    assert four.ant("diff", ".", stdout=Head(0)).exit == 2
    assert four.ant("apply", "--dry-run", "--save-plan", "plan.json", ".", stdout=Head(0)).exit == 0
    assert json.loads(Path("plan.json").read_text())
