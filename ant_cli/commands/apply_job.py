"""The options of `ant apply` and `ant diff`."""

from __future__ import annotations

from pathlib import Path

from ant_cli.apply.plan import Options
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple


class Job(NamedTuple):
    """One run: which files, with which lock file, and how."""

    runtime: Runtime
    flags: Flags
    """The global flags."""
    paths: tuple[str, ...]
    lock_path: Path
    options: Options
    parallel: int
    yes: bool = False
    verbose: bool = False
