"""Three applications, with the tests that their authors would write: each is run as a project of its own."""

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.conftest import needs_posix
from tests.helpers.processes import ANT
from tests.helpers.projects import link_node_modules, project_in

FOLDER = Path(__file__).parent


@pytest.fixture
def run(tmp_path, clean_environ):
    """Return a function that runs a command in a copy of an application."""

    def run(application, *command):
        shutil.copytree(FOLDER / application, tmp_path, dirs_exist_ok=True)
        (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        done = project_in(tmp_path, clean_environ)(*command)
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
    link_node_modules(tmp_path)
    shown = run("nightly", *ANT, "emulator", "exec", "--", "node", "--test", "nightly.test.mjs")
    assert re.search("^. pass 6$", shown, re.MULTILINE), shown
