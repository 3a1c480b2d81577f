"""The conformance cases, those that came and ours, each in a process of its own, as a user would run it."""

import importlib.util
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def load_runner():
    """Load the runner beside this file, which came with the cases."""
    spec = importlib.util.spec_from_file_location("conformance_run", HERE / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = load_runner()
CASES = RUNNER.load_cases(HERE / "cases")
OURS = RUNNER.load_cases(HERE / "ours")


@pytest.mark.parametrize("case", [*CASES, *OURS], ids=[case["id"] for case in [*CASES, *OURS]])
def test_case(case):
    """What is sent, printed and said is what the case expects."""
    seen = RUNNER.run_case(case, [sys.executable, "-m", "ant_cli"])
    assert RUNNER.check(case, case["expect"], seen) == []


def test_all_cases_are_here():
    """None of the 194 is lost."""
    assert len(CASES) == 194
