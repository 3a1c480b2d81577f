"""Three applications, with the tests that their authors would write: each is run as a project of its own."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import needs_posix
from tests.helpers.node import NODE_MODULES
from tests.helpers.processes import ANT, run_process

FOLDER = Path(__file__).parent


@pytest.fixture
def run(tmp_path, clean_environ):
    """Return a function that runs a command in a copy of an application."""

    def run(application, *command):
        shutil.copytree(FOLDER / application, tmp_path, dirs_exist_ok=True)
        (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = run_process(command, clean_environ | {"PATH": path}, cwd=tmp_path)
        return done.stdout + done.stderr

    return run


@needs_posix("bash, which the SDK runs")
@pytest.mark.parametrize(("application", "tests"), [("bot", 19), ("worker_service", 6)])
def test_the_tests_of_an_application_pass_under_xdist(run, application, tests):
    """With strict responses, and with each warning of the plugin as an error."""
    shown = run(application, sys.executable, "-m", "pytest", "-q", "-n", "2")
    assert f"{tests} passed in" in shown, shown


@needs_posix("symbolic links")
def test_the_tests_of_the_nightly_job_in_typescript_pass(run, tmp_path):
    """Where node and the SDK are: NODE_PATH names the folder."""
    modules = [path for path in NODE_MODULES if (path / "@anthropic-ai" / "sdk").is_dir()]
    if not modules or not shutil.which("node"):
        pytest.skip("needs node, and in NODE_PATH a folder with @anthropic-ai/sdk")
    (tmp_path / "node_modules").symlink_to(modules[0])
    shown = run("nightly", *ANT, "emulator", "exec", "--", "node", "--test", "nightly.test.mjs")
    assert re.search("^. pass 6$", shown, re.MULTILINE), shown
