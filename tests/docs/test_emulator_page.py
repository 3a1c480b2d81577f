"""The page `docs/emulator.md`: what it shows for tests, run as it stands in an empty project."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ant_cli.emulator import models
from ant_cli.emulator.routes import ADMIN, ROUTES
from ant_cli.pytest_plugin import AntEmulator
from tests.conftest import needs_posix
from tests.helpers.processes import started
from tests.helpers.projects import link_node_modules, project_of_page

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text()


@pytest.fixture
def project(tmp_path, clean_environ):
    """Return a function that runs a command in an empty project with the files of the page."""
    return project_of_page(PAGE, tmp_path, clean_environ)


@needs_posix("bash, which the SDK runs")
def test_the_tests_for_pytest_pass_in_an_empty_project(project):
    """One uses the plugin, and the other one the fixture for a project without `ant`."""
    done = project(sys.executable, "-m", "pytest", "-q")
    assert "2 passed" in done.stdout, done.stdout


def test_the_page_names_every_method_of_the_fixture():
    """And no other one."""
    rows = PAGE.partition("and the key in ANTHROPIC_API_KEY |\n")[2].partition("\n\n")[0]
    named = {*re.findall(r"`(\w+)\(", rows)}
    assert named == {name for name in vars(AntEmulator) if not name.startswith("_")}


@needs_posix("bash, which the SDK runs")
def test_the_test_for_node_works_in_an_empty_project(project, tmp_path):
    """Where node and the SDK are: NODE_PATH names the folder."""
    link_node_modules(tmp_path)
    done = project("node", "--test", "emulator.test.mjs")
    assert re.search("^. pass 1$", done.stdout, re.MULTILINE), done.stdout


@needs_posix("a shell")
def test_the_script_for_ci_works_and_shows_what_the_emulator_saw_if_it_fails(project, tmp_path):
    """Its last line fails if the number of items is another one."""
    command = ("ant", "emulator", "exec", "--log-file", "emulator.log", "--", "sh", "ci.sh")
    assert " ".join(command) in PAGE.replace("\n", " ")
    done = project(*command)
    assert done.returncode == 0, done.stderr
    assert "/ack disconnected " in (tmp_path / "emulator.log").read_text()
    script = (tmp_path / "ci.sh").read_text()
    (tmp_path / "ci.sh").write_text(script.replace("-eq 3", "-eq 4"))
    failed = project(*command)
    assert failed.returncode == 1
    assert re.search("/ack  no response  req_.* dropped the connection", failed.stderr)


@needs_posix("signals")
def test_the_image_serves_by_its_variables_and_passes_its_health_check(clean_environ):
    """All but the port, which may be taken here."""
    (variables,) = re.findall(r"^ENV (.*)$", PAGE, re.MULTILINE)
    (check,) = re.findall(r"^HEALTHCHECK .* CMD \[(.*)\]$", PAGE, re.MULTILINE)
    environ = (
        clean_environ
        | dict(text.split("=") for text in variables.split())
        | {"ANT_EMULATOR_PORT": "0"}
    )
    command = [sys.executable, "-m", "ant_cli", "emulator", "start"]
    with started(command, env=environ, stdout=subprocess.PIPE, text=True) as emulator:
        port = emulator.stdout.readline().strip().rpartition(":")[2]
        _, *words = shlex.split(check.replace(",", ""))
        checked = subprocess.run([sys.executable, *(word.replace("8080", port) for word in words)])
        emulator.terminate()
    assert checked.returncode == 0


def test_the_page_lists_the_control_endpoints_with_their_fields(served):
    """As the emulator itself does."""
    listed = httpx.get(f"{served}/_emulator/").json()["data"]
    found = {
        (
            f"{endpoint['method']} {endpoint['path']}",
            *((endpoint["body"] or {}).get("properties", ())),
        )
        for endpoint in listed
    }
    rows = re.findall(r"^\| `((?:GET|POST|DELETE) /_emulator/\S*)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert {(name, *re.findall("`(.+?)`", fields)) for name, fields in rows} == found
    assert len(listed) == len([route for route in ROUTES if route.path.startswith(ADMIN)])
    assert all(endpoint["description"] for endpoint in listed)
    assert models.ClockRequest.model_json_schema() in [endpoint["body"] for endpoint in listed]
