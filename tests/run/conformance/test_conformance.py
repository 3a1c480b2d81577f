"""The conformance cases, given and our own, each in a separate process, like a run of a user."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def load_runner():
    """Load the runner in this folder, which came with the cases."""
    spec = importlib.util.spec_from_file_location("conformance_run", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = load_runner()
CASES = RUNNER.load_cases(HERE / "cases")
OURS = RUNNER.load_cases(HERE / "ours")


@pytest.mark.parametrize("case", [*CASES, *OURS], ids=[case["id"] for case in [*CASES, *OURS]])
def test_case(case):
    """The request, the output and the exit code are those of the case."""
    seen = RUNNER.run_case(case, [sys.executable, "-m", "ant_cli"])
    assert RUNNER.check(case, case["expect"], seen) == []


def test_all_given_conformance_cases_exist():
    """None of the 194 is lost."""
    assert len(CASES) == 194
