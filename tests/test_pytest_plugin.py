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
    ant_emulator.respond(path="/v1/environments", body={{"id": "stubbed"}}, method="POST")
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


OPTIONS = """
import json
import urllib.request
import pytest

def send(emulator, method, path, body=None):
    headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "anthropic-beta": "managed-agents-2026-04-01"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(emulator.url + path, data, headers, method=method)
    with urllib.request.urlopen(request) as response:
        return json.load(response), response.headers

def lease(emulator):
    queue = send(emulator, "POST", "/v1/environments", {"name": "q", "config": {"type": "self_hosted"}})[0]["id"]
    work = emulator.enqueue(queue)[0]["id"]
    path = f"/v1/environments/{queue}/work/{work}"
    send(emulator, "POST", path + "/ack")
    return send(emulator, "POST", path + "/heartbeat")[0]["ttl_seconds"], queue

def test_ini(ant_emulator):
    assert lease(ant_emulator)[0] == 7
    assert send(ant_emulator, "GET", "/v1/environments")[1]["anthropic-organization-id"] == "org_1"

@pytest.mark.ant_emulator(lease_seconds=2, seed=0, strict_streams=True)
@pytest.mark.parametrize("number", [1, 2])
def test_marker(ant_emulator, number, ids=[]):
    ttl, queue = lease(ant_emulator)
    assert ttl == 2
    ids.append(queue)
    assert len(set(ids)) == 1

def test_two(ant_emulator, ant_emulator_factory):
    other, third = ant_emulator_factory(lease_seconds=3), ant_emulator_factory()
    assert len({ant_emulator.url, other.url, third.url}) == 3
    assert [lease(each)[0] for each in (ant_emulator, other, third)] == [7, 3, 7]
    assert send(other, "GET", "/v1/environments")[1]["anthropic-organization-id"] == "org_1"

def test_mistakes(ant_emulator):
    with pytest.raises(ValueError, match="scripts: script: Input should be a valid array"):
        ant_emulator.script({"message": "Hi."})
    with pytest.raises(ValueError, match="faults: path: must begin with a slash"):
        ant_emulator.fault(path="v1/environments", status=503)

def test_module_1(ant_emulator_module):
    lease(ant_emulator_module)

def test_module_2(ant_emulator_module, ant_emulator):
    assert len(send(ant_emulator_module, "GET", "/v1/environments")[0]["data"]) == 1
    assert send(ant_emulator, "GET", "/v1/environments")[0]["data"] == []

@pytest.mark.ant_emulator(speed=2)
def test_unknown_option(ant_emulator):
    pass
"""


def test_options_are_in_the_ini_file_and_in_a_marker_and_a_test_may_have_several_emulators(
    project, tmp_path
):
    """A module may share one. An emulator with the same options is used again."""
    ini = "[pytest]\nfilterwarnings = error\nant_emulator_lease_seconds = 7\n"
    (tmp_path / "pytest.ini").write_text(ini + "ant_emulator_organization_id = org_1\n")
    shown = project(OPTIONS, "--strict-markers")
    assert "7 passed, 1 error" in shown, shown
    assert "ant_emulator takes the keywords lease_seconds, seed, strict_streams" in shown
    assert "got speed." in shown


FINDINGS = """
import pytest

def test_that_passes_by_mistake(ant_emulator):
    ant_emulator.fault(path="/v1/environments", method="POST", status=503)
    ant_emulator.script(["terminate"], agent="agent_1")

def test_that_passes_by_the_same_mistake(ant_emulator):
    ant_emulator.fault(path="/v1/environments", method="POST", status=503)

def test_that_fails(ant_emulator):
    ant_emulator.script([{"message": "Hi."}])
    assert False

def test_with_a_stub_of_a_list(ant_emulator):
    import urllib.error, urllib.request
    ant_emulator.respond("/v1/vaults", {"id": "vlt_1"})
    request = urllib.request.Request(ant_emulator.url + "/v1/vaults", headers={"x-api-key": "k"})
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request)
"""


def test_what_never_happened_is_named_when_a_test_ends(project, tmp_path):
    """As a warning, once for equal ones. A stub of a list with one object is an error of the test."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    shown = project(FINDINGS)
    assert "1 failed, 3 passed, 4 warnings, 1 error" in shown, shown
    unused = "A fault for POST /v1/environments applied to no request."
    assert shown.count(f"AntEmulatorWarning: {unused}") == 1
    assert "AntEmulatorWarning: A script for the agent 'agent_1' still waits" in shown
    assert "unused_script: A script for any agent still waits for a session" in shown
    assert "answers the list GET /v1/vaults with an object that is no page" in shown


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
