"""Projects of their own, in which a test runs what the author of an application would have."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .processes import run_process

NAMED_BLOCK = re.compile(r"```\w+\n(?:#|//) (?P<name>[\w.]+)\n(?P<text>.*?)```", re.DOTALL)
NODE_MODULES = [Path(path) for path in os.environ.get("NODE_PATH", "").split(os.pathsep) if path]
"""Where the TypeScript SDK may be: it is no dependency of `ant`."""

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs a command in a project."""


def project_in(folder: Path, environ: Mapping[str, str]) -> Run:
    """Return a function that runs a command in a folder. `ant` and `python` are those of the test."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return run_process(command, {**environ, "PATH": path}, cwd=folder, timeout=120)

    return run


def project_of_page(page: str, folder: Path, environ: Mapping[str, str]) -> Run:
    """Write the files that a page names, and return a function that runs a command beside them."""
    for block in NAMED_BLOCK.finditer(page):
        (folder / block["name"]).write_text(block["text"])
    (folder / "pytest.ini").write_text("[pytest]\n")  # the project is not this one
    without_account = {
        name: text for name, text in environ.items() if not name.startswith("ANTHROPIC_")
    }
    return project_in(folder, without_account)


def link_node_modules(folder: Path) -> None:
    """Link the packages of node, where it and the SDK are: NODE_PATH names the folder. Skip the test elsewhere."""
    modules = [path for path in NODE_MODULES if (path / "@anthropic-ai" / "sdk").is_dir()]
    if not modules or not shutil.which("node"):
        pytest.skip("needs node, and in NODE_PATH a folder with @anthropic-ai/sdk")
    (folder / "node_modules").symlink_to(modules[0])
