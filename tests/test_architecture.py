"""The rules of the design that a machine can check: layers, homes of libraries, contracts of the operations."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ant_cli
from ant_cli.app import OWN_COMMANDS
from ant_cli.argv import params_of
from ant_cli.operations import GROUPS, OPERATIONS
from ant_cli.operations.global_flags import FILE, GLOBAL_FLAGS
from ant_cli.spec import Operation

PACKAGE = Path(ant_cli.__file__).parent

LEVELS = {
    "__main__": 9,
    "main": 8,
    "completion": 7,
    "reference": 6,
    "vocabulary": 5,
    "app": 4,
    "commands": 3,
    "run": 2,
    "argv": 1,
    "settings": 1,
    "profiles": 1,
    "request": 1,
    "values": 1,
    "yaml_reader": 1,
    "at_files": 1,
    "client": 1,
    "connection": 1,
    "pages": 1,
    "output": 1,
    "progress": 1,
    "retries": 1,
    "answers": 1,
    "debug_log": 1,
    "spec": 0,
    "operations": 0,
    "streams": 0,
    "errors": 0,
    "extras": 0,
    "json_text": 0,
    "startup": 0,
    "redaction": 0,
    "hints": 0,
    "local": 0,
    "": 0,
}
"""How high each part stands. Imports go downward."""

SIDEWAYS = {
    ("settings", "profiles"),
    ("settings", "values"),
    ("request", "values"),
    ("request", "at_files"),
    ("at_files", "values"),
    ("values", "yaml_reader"),
    ("client", "connection"),
    ("client", "request"),
    ("client", "settings"),
    ("client", "progress"),
    ("client", "retries"),
    ("client", "answers"),
    ("client", "debug_log"),
    ("pages", "client"),
    ("pages", "request"),
    ("output", "settings"),
    ("progress", "output"),
    ("streams", "errors"),
    ("local", "errors"),
    ("local", "extras"),
    ("streams", "redaction"),
    ("hints", "streams"),
    ("operations", "spec"),
}
"""The imports on one level that are needed; each is a step of the straight line from flags to output."""

HOMES = {
    "typer": {"app", "commands", "completion", "vocabulary"},
    "httpx": {"connection", "streams"},
    "httpcore": {"connection"},
    "rich": {"output", "commands", "progress"},
    "textual": {"output"},
    "yaml": {"yaml_reader"},
    "tomli_w": {"profiles"},
    "pydantic": {"profiles", "emulator"},
    "msgspec": {"json_text"},
    "keyring": {"profiles", "commands"},
    "werkzeug": {"emulator"},
    "waitress": {"emulator"},
}
"""The parts that may import a library."""


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__init__", "")


def imports_of(path: Path) -> set[str]:
    """Return the modules that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "ant_cli"}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downward(path):
    """A part imports what stands below it, and the emulator nothing of the rest."""
    part = part_of(path)
    for name in imports_of(path):
        if not name.startswith("ant_cli."):
            continue
        other = name.split(".")[1]
        if not (PACKAGE / other).is_dir() and not (PACKAGE / f"{other}.py").exists():
            continue  # a name of ant_cli/__init__.py
        if part == "emulator" or other == "emulator":
            assert part == other or part in ("local", "commands"), f"{part} imports {name}"
        elif part != other:
            assert LEVELS[part] > LEVELS[other] or (part, other) in SIDEWAYS, f"{part} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_has_one_home(path):
    """What a library does for us is to be found in one place."""
    for name in imports_of(path):
        homes = HOMES.get(name.split(".")[0])
        assert homes is None or part_of(path) in homes, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_one_thing(path):
    """Files stay at a length that can be read at one go."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_an_operation_is_complete(operation: Operation):
    """Its flags are its own, its path is filled by required parameters, and it has two examples."""
    flags = [param.flag for param in params_of(operation)]
    assert len(set(flags)) == len(flags)
    shorts = [param.short for param in params_of(operation) if param.short]
    assert len(set(shorts)) == len(shorts)
    in_path = {param.name for param in operation.placed("path")}
    assert in_path == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    assert all(param.required for param in operation.placed("path"))
    assert operation.positional is None or operation.positional in operation.placed("path")
    assert operation.group in GROUPS
    assert len(operation.examples) >= 2
    assert all(param.help.endswith((".", ")", ":", "'", "}")) for param in operation.params)


def test_the_readme_names_every_command():
    """A reader finds each of the 14 commands."""
    readme = (PACKAGE.parent / "README.md").read_text()
    for operation in OPERATIONS:
        assert f"ant {operation.command} " in readme


def test_no_flag_of_a_command_shadows_a_global_one():
    """The nearest of equal flags wins, so they must mean the same everywhere."""
    reserved = {param.name for param in (*GLOBAL_FLAGS, FILE)}
    assert not reserved & {param.name for operation in OPERATIONS for param in operation.params}


# What a command imports


HEAVY = {
    "rich",
    "pydantic",
    "textual",
    "yaml",
    "sqlite3",
    "werkzeug",
    "typer",
    "httpx",
    "httpcore",
    "msgspec",
    "keyring",
}
COMMANDS = {
    "--version": (["--version"], set()),
    "retrieve": (["beta:environments", "retrieve", "env_1"], {"httpcore"}),
    "list": (["beta:environments", "list", "--format", "jsonl"], {"httpcore"}),
    "create": (["beta:environments", "create", "--name", "n", "--config", "{type: cloud}"], {"httpcore", "yaml"}),
    "help": (["--help"], {"typer"}),
    "usage error": (["beta:environments", "create"], set()),
}
"""Command lines, and the libraries that each may load. The server refuses the connection: loading is all."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_only_what_it_uses(name, clean_environ):
    """Start-up stays short: no library is loaded that is not on the command's list."""
    words, allowed = COMMANDS[name]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "ant_cli", *words],
        env=clean_environ | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "PYTHONPATH": ""},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "ant_cli" in loaded
    assert loaded & HEAVY <= allowed


def test_our_own_commands_can_be_imported():
    """Each has its Typer tree."""
    import importlib

    for module, summary in OWN_COMMANDS.values():
        assert importlib.import_module(module).app
        assert summary.endswith(".")
