"""The conformance cases: the given ones in a process each, like a run of a user, and our own in this one."""

import contextlib
import io
import sys
from types import SimpleNamespace

import pytest

from ant_cli.main import main
from tests.conftest import make_runtime
from tests.run.conformance.cases import CASES, OURS, RUNNER

LOCALES = [case for case in OURS if "PYTHONUTF8" in case.get("env", {})]
"""Our own cases about the locale in which Python starts."""


class InThisProcess:
    """What the runner gets in place of a process: the command runs when it is started."""

    def __init__(self, command, *, cwd, stdin, env, **_):
        stdout, stderr = io.BytesIO(), io.BytesIO()
        with contextlib.chdir(cwd), open(stdin, "rb", closefd=False) as source:
            runtime = make_runtime(env, source, stdout, stderr, sleep=lambda _: None)
            self.returncode = main(command, runtime)
        self._output = stdout.getvalue(), stderr.getvalue()

    def communicate(self, **_):
        return self._output


@pytest.mark.parametrize("case", [*CASES, *LOCALES], ids=lambda case: case["id"])
def test_case(case):
    """The request, the output and the exit code are those of the case."""
    if case.get("interrupt") and sys.platform == "win32":
        pytest.skip("this test needs POSIX: SIGINT for another process")
    seen = RUNNER.run_case(case, [sys.executable, "-m", "ant_cli"])
    assert RUNNER.check(case, case["expect"], seen) == []


@pytest.mark.parametrize(
    "case", [case for case in OURS if case not in LOCALES], ids=lambda case: case["id"]
)
def test_own_case(case, monkeypatch):
    """The request, the output and the exit code are those of the case."""
    monkeypatch.setattr(RUNNER, "subprocess", SimpleNamespace(Popen=InThisProcess, PIPE=None))
    seen = RUNNER.run_case(case, [])
    assert RUNNER.check(case, case["expect"], seen) == []


def test_all_given_conformance_cases_exist():
    """None of the 194 is lost."""
    assert len(CASES) == 194
