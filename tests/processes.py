"""Runs of `ant` in processes of their own."""

from __future__ import annotations

import os

COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
"""The variables that make coverage measure a separate process; none without coverage.

Measuring makes a short process several times as slow, so only tests of code that nothing else runs pass them on.
"""
