"""The checks before a change is merged, in one session each: `nox` runs the default ones, `nox -s lint` one.

Most sessions create no environment. They use the one in which nox runs, which the README's command for tests fills.
Arguments after `--` go to the session's program: `nox -s tests -- tests/test_argv.py -k flag`.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["tests", "lint", "types", "docs"]

GENERATOR = "docs/generate.py"
"""The script that writes the files generated from the commands: completion scripts, manual pages, the reference."""

PARALLEL = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
"""One process more than there are cores, because many tests wait for other processes. They start with different
parts of the suite, so that those that wait run next to those that compute, and all end at the same time."""

GITHUB = Path(".github")
SCHEMAS = {
    "vendor.github-workflows": sorted(GITHUB.glob("workflows/*.yml")),
    "vendor.github-actions": sorted(GITHUB.glob("actions/*/action.yml")),
    "vendor.github-issue-forms": sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml")),
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
}
"""Files that only GitHub reads, by the name of their schema in check-jsonschema."""


WORKER_FILES = Path("docs", "worker")
MANIFESTS = sorted(
    path
    for path in WORKER_FILES.glob("kubernetes/base/*.yaml")
    if path.name != "kustomization.yaml"
)
"""The manifests of the worker that need no KEDA."""
TOOLS = (
    ("promtool", "check", "config", "--lint-fatal", str(WORKER_FILES / "prometheus.yml")),
    (
        "systemd-analyze",
        "verify",
        "--recursive-errors=no",
        *map(str, sorted(WORKER_FILES.glob("*[!@].service"))),
    ),
    ("kubectl", "kustomize", str(WORKER_FILES / "kubernetes" / "scaled-job")),
)
"""Programs that check the example files of the worker, where they are installed."""

MOST_COMPLEX = 15
"""The highest cognitive complexity of a function: the limit of those who defined it."""
LOCK = Path(".ci/constraints.txt")
"""What the tests are run with. Users install ranges."""
LOCK_HEAD = (
    "# What the tests are run with: each package of .[dev], for all versions of Python and all systems.\n"
    "# `nox -s lock` writes it. What users install has ranges, and never sees this file.\n"
)
OF_THE_SDK = (
    "tests/worker/test_sdk.py",
    "tests/worker/test_sessions.py",
    "tests/emulator/test_sdk.py",
)
"""The tests that run the official SDK."""
COMPLEXITY_CACHE = ".mypy_cache/complexipy"


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests on every core and with coverage, or those that the arguments select."""
    if session.posargs:
        _run(session, "pytest", *session.posargs)
        return
    _run(session, "pytest", *PARALLEL, "--cov", "--cov-report=")
    _run(session, "coverage", "report", "--skip-covered")


@nox.session
def quick(session: nox.Session) -> None:
    """Run the tests that take less than two seconds each, without coverage: most mistakes show within a minute."""
    _run(session, "pytest", *PARALLEL, "-m", "not slow", *session.posargs)


@nox.session(venv_backend="venv")
def newest(session: nox.Session) -> None:
    """Run all tests with the newest version of everything, after a list of what is newer than the lock."""
    session.install("-e", ".[dev]")
    session.log("newer than the lock: %s", ", ".join(_newer_than_lock(session)) or "nothing")
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session(venv_backend="venv")
def sdk(session: nox.Session) -> None:
    """Run the tests of sessions with the newest official SDK, or with the version in the arguments."""
    version = "".join(f"=={each}" for each in session.posargs)
    session.install("-e", ".[dev]", "-c", str(LOCK))
    session.install("--upgrade", f"anthropic{version}", "httpx2")
    session.run("python", "-c", "import anthropic; print('anthropic', anthropic.__version__)")
    session.run("python", "-m", "pytest", *PARALLEL, *OF_THE_SDK)


@nox.session(venv_backend="venv")
def lock(session: nox.Session) -> None:
    """Write the lock: what the tests are run with from now on."""
    session.install("uv")
    wanted = ("--universal", "--python-version", "3.11", "--extra", "dev", "--upgrade")
    plain = ("--no-annotate", "--no-header", "--no-emit-index-url")
    found = session.run(
        "uv", "pip", "compile", "--quiet", *wanted, *plain, "pyproject.toml", silent=True
    )
    LOCK.write_text(LOCK_HEAD + str(found), "utf-8")


def _newer_than_lock(session: nox.Session) -> list[str]:
    """Return the packages of the session's environment that the lock does not have in this version."""
    locked = {line.partition(" ;")[0] for line in LOCK.read_text("utf-8").splitlines()}
    installed = str(session.run("python", "-m", "pip", "freeze", "--exclude-editable", silent=True))
    return [line for line in installed.split() if line not in locked]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and complexity, and the files that configure GitHub and pre-commit."""
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")
    _check_complexity(session)
    for schema, paths in SCHEMAS.items():
        _run(session, "check_jsonschema", "--builtin-schema", schema, *map(str, paths))
    session.run(_beside_python("zizmor"), "--offline", "--quiet", str(GITHUB))
    if shutil.which("actionlint"):  # no wheel has the program of its author
        session.run("actionlint", external=True)
    _run(session, "pre_commit", "validate-config", ".pre-commit-config.yaml")
    _run(session, "pre_commit", "validate-manifest", ".pre-commit-hooks.yaml")


def _check_complexity(session: nox.Session) -> None:
    """Fail for a function above the limit of cognitive complexity.

    It agrees with what readers found hard: of the eleven functions that two reviewers read twice, nine were among
    its first 25, and one among the first 25 by McCabe's.
    """
    session.run(
        *(_beside_python("complexipy"), "ant_cli", "--isolated", "--failed"),
        *("--max-complexity-allowed", str(MOST_COMPLEX), "--cache-dir", COMPLEXITY_CACHE),
    )


def _beside_python(program: str) -> str:
    """Return the path of a program of the environment in which nox runs."""
    return str(Path(sys.executable).with_name(program))


@nox.session
def types(session: nox.Session) -> None:
    """Check types, as seen on each operating system."""
    for platform in ("linux", "darwin", "win32"):
        _run(
            session,
            "mypy",
            "--platform",
            platform,
            "--cache-dir",
            f".mypy_cache/{platform}",
            *session.posargs,
        )


@nox.session
def docs(session: nox.Session) -> None:
    """Check that the generated files are current, and the worker's example files with the tools that read them."""
    session.run(sys.executable, GENERATOR, "--check")
    _run(session, "kubernetes_validate", "--strict", "--quiet", *map(str, MANIFESTS))
    for program, *arguments in TOOLS:
        if shutil.which(program):
            session.run(program, *arguments, external=True, silent=True)


@nox.session
def contract(session: nox.Session) -> None:
    """Check our readings of the API with the key in ANTHROPIC_API_KEY; `docs/readings.md` says how."""
    _run(session, "tests.contract.readings", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed; `nox -s bench -- --help` shows the options."""
    session.run(
        sys.executable,
        "benchmarks/run.py",
        "--ant",
        str(Path(sys.executable).with_name("ant")),
        *session.posargs,
    )


def _run(session: nox.Session, module: str, *arguments: str) -> None:
    """Run a module of the environment in which nox runs, even if it is not activated."""
    session.run(sys.executable, "-m", module, *arguments)
