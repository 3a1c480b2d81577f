"""The pytest plugin in projects of its users, each of which is run by a pytest of its own."""

import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from tests.conftest import needs_posix
from tests.helpers.processes import ANT, COVERAGE, run_process, started

pytestmark = pytest.mark.slow
PYTEST = (sys.executable, "-m", "pytest", "-q")
PROJECT = f"""
import os
import subprocess
import unittest
import pytest

CREATE = [*{ANT!r}, *"beta:environments create --config.type self_hosted --transform id -r --name".split()]

@pytest.mark.parametrize("name", ["made", "made"])
def test_each_test_has_an_empty_emulator(ant_emulator, name):
    names = {{name for name in os.environ if name.startswith("ANTHROPIC_")}}
    assert names == {{"ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"}}
    queue = subprocess.run([*CREATE, name], check=True, capture_output=True, text=True).stdout.strip()
    assert os.environ["ANTHROPIC_BASE_URL"] == ant_emulator.url
    assert [request["status"] for request in ant_emulator.requests()] == [200]
    assert len(ant_emulator.enqueue(queue, count=2)) == 2
    assert ant_emulator.environment_key(queue).startswith("sk-ant-oat01-")
    assert ant_emulator.clock(freeze=True)["now"] == ant_emulator.clock()["now"]
    ant_emulator.respond("/v1/environments", {{"id": "stubbed"}}, method="POST")
    assert subprocess.check_output([*CREATE, "other"], text=True) == "stubbed\\n"
    with pytest.raises(ValueError, match="POST /_emulator/faults: times: "):
        ant_emulator.fault(times=0)

@pytest.fixture
def failing_emulator(ant_emulator):
    ant_emulator.fault(status=418)

@pytest.mark.usefixtures("failing_emulator")
class Test(unittest.TestCase):
    def test_that_fails(self):
        subprocess.run([*CREATE, "made"], check=True)

def test_whose_emulator_is_gone(ant_emulator):
    ant_emulator.url = "http://127.0.0.1:9"
    ant_emulator.clock()
"""


@pytest.fixture
def project(tmp_path, clean_environ):
    """Return a function that runs pytest in a project with a test file, where another `ant` is first on PATH."""
    (tmp_path / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ant").symlink_to("/bin/false")
    path = os.pathsep.join((str(tmp_path / "bin"), clean_environ["PATH"]))

    def run(text, *flags, **more):
        (tmp_path / "test_it.py").write_text(text)
        environ = (
            clean_environ | COVERAGE | {"PATH": path, "ANT_EMULATOR_API_KEY": "of-another"} | more
        )
        return run_process((*PYTEST, *flags), environ, cwd=tmp_path).stdout

    return run


@needs_posix("symbolic links")
@pytest.mark.parametrize("flags", [(), ("-n", "2")], ids=["serial", "xdist"])
def test_each_test_of_a_project_gets_an_empty_emulator_and_shows_its_journal_if_it_fails(
    project, flags
):
    """With xdist, too, each process of which has its own emulator."""
    shown = project(PROJECT, *flags)
    assert "2 failed, 2 passed" in shown, shown
    assert "Captured ant_emulator call" in shown
    assert "POST  /v1/environments  418  req_" in shown
    assert "The emulator does not respond: [Errno " in shown
    assert "connection.request(" not in shown


@needs_posix("symbolic links")
def test_without_the_extra_the_fixture_says_what_to_install(project, tmp_path):
    """The plugin is there without it, since an entry point can't depend on an extra."""
    (tmp_path / "waitress.py").write_text("raise ImportError(name='waitress')")
    shown = project("def test_it(ant_emulator): pass", PYTHONPATH=str(tmp_path))
    assert "ant: serving the emulator needs waitress.\nTo install it: " in shown
    assert "1 error in" in shown
    assert "Captured" not in shown


def test_the_plugin_costs_a_run_without_it_nothing(clean_environ):
    """All that it imports has been imported by pytest."""
    code = "import sys, pytest; before = {*sys.modules}; import ant_cli.pytest_plugin"
    code += "; print(*sorted({*sys.modules} - before))"
    done = run_process((sys.executable, "-c", code), clean_environ)
    assert done.stdout.split() == ["ant_cli", "ant_cli.pytest_plugin"]


@needs_posix("SIGKILL")
def test_no_emulator_is_left_by_a_pytest_that_was_killed(clean_environ, tmp_path):
    """Its connections end with it."""
    hanging = "def test_it(ant_emulator):\n    print(ant_emulator.url, flush=True)\n    input()"
    (tmp_path / "test_it.py").write_text(hanging)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with started(
        (*PYTEST, "-s", "-c", os.devnull), env=clean_environ, cwd=tmp_path, **pipes
    ) as process:
        url = urlsplit(process.stdout.readline().strip())
        with socket.create_connection((url.hostname, url.port), timeout=30) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
            assert connection.recv(1)  # it is accepted, so that its end is not a reset
            process.send_signal(signal.SIGKILL)
            assert connection.makefile("rb").read()
