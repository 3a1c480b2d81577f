"""The page `docs/testing.md`: its applications and their tests, run as they stand in an empty project."""

import re
import sys
from pathlib import Path

import pytest

from tests.conftest import needs_posix
from tests.helpers.projects import link_node_modules, project_of_page

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text("utf-8")
INI = re.compile(r"```ini\n(.*?)```", re.DOTALL)


@pytest.fixture
def project(tmp_path, clean_environ):
    """Return a function that runs a command in an empty project with the files of the page."""
    return project_of_page(PAGE, tmp_path, clean_environ)


@pytest.fixture
def node_project(project, tmp_path):
    """Return the same, where node and the SDK are: NODE_PATH names the folder."""
    link_node_modules(tmp_path)
    return project


@needs_posix("symbolic links")
@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=["serial", "xdist"])
def test_the_tests_of_the_page_pass_in_an_empty_project(project, flags):
    """Without a warning: each script and each fault is used."""
    done = project(sys.executable, "-m", "pytest", "-q", *flags)
    assert "8 passed in" in done.stdout, done.stdout


def test_the_tests_of_the_page_pass_with_the_options_of_the_page(project, tmp_path):
    """Strict streams, too: the application opens its stream first."""
    (ini,) = INI.findall(PAGE)
    (tmp_path / "pytest.ini").write_text(ini)
    done = project(sys.executable, "-m", "pytest", "-q", "-W", "error")
    assert "8 passed in" in done.stdout, done.stdout


@needs_posix("symbolic links")
def test_the_tests_for_node_pass_in_an_empty_project(node_project):
    """The test runner of Node starts the emulator itself."""
    done = node_project("node", "--test", "summary.test.mjs")
    assert re.search("^. pass 2$", done.stdout, re.MULTILINE), done.stdout


@needs_posix("symbolic links")
def test_the_tests_for_vitest_pass_at_the_same_time(node_project, tmp_path):
    """Several files of tests at once, on one emulator with a world for each."""
    if not (tmp_path / "node_modules" / "vitest").is_dir():
        pytest.skip("needs vitest in NODE_PATH")
    text = (tmp_path / "summary.vitest.mjs").read_text()
    for number in range(4):
        (tmp_path / f"copy{number}.vitest.mjs").write_text(text)
    (tmp_path / "vitest.config.mjs").write_text(
        "export default { test: { include: ['*.vitest.mjs'] } };"
    )
    command = (
        "ant",
        "emulator",
        "exec",
        "--worlds",
        "--",
        "npx",
        "vitest",
        "run",
        "--maxWorkers=2",
    )
    assert " ".join(command) in PAGE
    done = node_project(*command)
    assert re.search(r"Tests .*10 passed", done.stdout), done.stdout + done.stderr
