"""The conformance cases, given and our own, and the runner that came with them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

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
