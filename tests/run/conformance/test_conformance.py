"""The conformance cases, given and our own, each in a separate process, like a run of a user."""

import sys

import pytest

from tests.run.conformance.cases import CASES, OURS, RUNNER


@pytest.mark.parametrize("case", [*CASES, *OURS], ids=[case["id"] for case in [*CASES, *OURS]])
def test_case(case):
    """The request, the output and the exit code are those of the case."""
    seen = RUNNER.run_case(case, [sys.executable, "-m", "ant_cli"])
    assert RUNNER.check(case, case["expect"], seen) == []


def test_all_given_conformance_cases_exist():
    """None of the 194 is lost."""
    assert len(CASES) == 194
