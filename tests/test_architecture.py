"""The rules of the design that a program can check: layers, where libraries are imported, and operations."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path

import pytest

import ant_cli
from ant_cli.argv import params_of
from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import Command
from ant_cli.help.tool_commands import TOOL_COMMANDS
from ant_cli.operations import GROUPS, OPERATIONS
from ant_cli.operations.shared_flags import FILE
from ant_cli.operations.spec import Operation
from ant_cli.settings.rows import GLOBAL_FLAGS
from ant_cli.settings.worker_options import (
    CheckOptions,
    ExporterOptions,
    PollOptions,
    SessionOptions,
    rows_of,
)
from tests.helpers.processes import run_process
from tests.helpers.servers import ScriptedServer, response
from tests.helpers.words import CREATE, LINES, LIST, RETRIEVE

PACKAGE = Path(ant_cli.__file__).parent

ORDER = (
    *("errors", "runtime", "operations", "gjson", "input", "settings", "http", "output"),
    *(
        "worker",
        "help",
        "argv",
        "run",
        "apply",
        "completion",
        "corrections",
        "commands",
        "main",
        "app",
        "__main__",
    ),
    "pytest_plugin",
)
"""The parts of the program, lowest first. A part imports only earlier parts."""

EMULATOR_USERS = {"http", "commands"}
"""The parts that open the emulator, which itself imports no other part."""

HOMES = {
    "typer": {"app"},
    "httpx": {"http"},
    "rich": {"output", "runtime"},  # widths of cells, which messages need, too
    "textual": {"output"},
    "yaml": {"input"},
    "tomli_w": {"settings"},
    "pydantic": {"emulator"},
    "msgspec": {"gjson"},
    "keyring": {"settings"},
    "greenlet": {"worker"},
    "anthropic": {"worker"},
    "prometheus_client": {"worker"},
    "waitress": {"emulator"},
    "pytest": {"pytest_plugin"},
}
"""The parts that may import a library."""


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py").replace("__init__", "")


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """Return all nodes of a file."""
    return list(ast.walk(ast.parse(path.read_text())))


@cache
def imports_of(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere, functions included."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in names}
    return found


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
}
NAMES = {path.name.removesuffix(".py") for path in PACKAGE.iterdir()}


def dependencies() -> set[tuple[str, str]]:
    """Return every pair of parts in which the first imports the second."""
    names = ((part_of(path), name) for path in FILES for name in imports_of(path))
    pairs = {(part, name.split(".")[1]) for part, name in names if name.startswith("ant_cli.")}
    return {(part, other) for part, other in pairs if part != other and other in NAMES}


def test_imports_go_downward():
    """A part imports only parts that come earlier in ORDER."""
    inside = {pair for pair in dependencies() if "emulator" not in pair}
    assert {part for pair in inside for part in pair} == set(ORDER)
    assert {
        (part, other) for part, other in inside if ORDER.index(part) < ORDER.index(other)
    } == set()


def test_no_module_imports_itself_through_others():
    """Each module can be read after the modules that it imports. Late imports and those for types count, too."""
    graph = {module: imports_of(path) & MODULES.keys() for module, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 500
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_emulator_imports_nothing_from_the_rest():
    """It is an independent implementation of the API, so it shares no code with the program."""
    assert {pair for pair in dependencies() if "emulator" in pair} == {
        (part, "emulator") for part in EMULATOR_USERS
    }


def test_each_library_is_imported_in_its_home_only():
    """All uses of a library are in one place."""
    found: dict[str, set[str]] = {name: set() for name in HOMES}
    for path in FILES:
        for name in {name.split(".")[0] for name in imports_of(path)} & HOMES.keys():
            found[name].add(part_of(path))
    assert found == HOMES


SECRET_ENTRANCES = {
    "commands/environment_worker.py": "a worker's key in a file, and the item on stdin",
    "main.py": "argv and the environment, before anything else",
    "settings/loading.py": "settings",
    "settings/profiles.py": "the profiles file",
    "settings/logins.py": "the official tool's logins",
    "settings/credentials.py": "stdin, and what a profile refers to",
    "settings/federation.py": "the identity token of a federation, from its file or variable",
    "settings/access_tokens.py": "access tokens that earlier runs stored",
    "http/token_exchange.py": "access tokens in responses",
    "commands/profile.py": "what a person types",
    "worker/context.py": "a new key in the file of a worker's key",
    "worker/sdk_session.py": "the secret of a work item, from its file or variable",
    "commands/hidden_secrets.py": "what a worker that starts again hands to itself",
}
"""The files that register secrets, and the sources of the secrets."""


def test_secrets_are_registered_where_they_enter_and_nowhere_else():
    """If every user of a secret had to register it, some would forget to."""
    found = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if "redactor.register(" in path.read_text()
    }
    assert found == SECRET_ENTRANCES.keys()


FILE_OPENERS = {
    "commands/profile.py": "the console of Windows",
    "runtime/trusted_files.py": "everything that somebody else may have made or changed",
    "runtime/reading.py": "what the command line names",
    "runtime/storage.py": "locks, and new files that replace old ones",
    "runtime/written_files.py": "devices and pipes that a flag names",
    "commands/emulator_log.py": "the log that a flag names",
    "runtime/confirmation.py": "the terminal",
    "runtime/process.py": "what the system says of processes",
    "runtime/extras.py": "the receipt of the installer in its own prefix",
    "settings/official_tool.py": "programs on PATH",
    "pytest_plugin.py": "a temporary file, for the errors of its emulator",
    "commands/emulator_serve.py": "its own log",
    "emulator/store.py": "the database",
    "worker/handler.py": "its end of a pipe, and the first line of a script",
    "worker/guardian_process.py": "the environment of processes",
    "commands/hidden_secrets.py": "its own pipe",
}
"""The files that open others, and which ones."""


def opens_a_file(node: ast.AST) -> bool:
    """Whether it is a call of `open`, `os.open`, `path.read_text` and the like."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id == "open"
    names = ("open", "fdopen", "read_bytes", "read_text", "mkstemp", "TemporaryFile")
    return isinstance(node.func, ast.Attribute) and node.func.attr in names


def test_files_are_opened_in_a_few_places_only():
    """A file that somebody else may have made needs the checks of `trusted_files`, which callers could forget."""
    found = {
        path for path in FILES if any(map(opens_a_file, ast.walk(ast.parse(path.read_text()))))
    }
    assert {path.relative_to(PACKAGE).as_posix() for path in found} == FILE_OPENERS.keys()


def test_the_program_starts_itself_in_one_way():
    """Without `-P`, Python imports modules from the folder that the user is in."""
    assert [path.name for path in FILES if '"-m", "ant_cli"' in path.read_text()] == ["process.py"]


def test_no_test_file_imports_another():
    """What they share is in `tests/helpers` or in the room's `conftest.py`."""
    files = (PACKAGE.parent / "tests").rglob("test_*.py")
    assert [
        path.name
        for path in files
        if re.search(r"^from \S*\btest_\w+ import", path.read_text(), re.M)
    ] == []


def test_every_test_that_the_code_names_exists():
    """Where the code depends on the inside of a library, it names the test that fails when the library changes."""
    named = {
        name for path in FILES for name in re.findall(r"\btest_\w{20,}", path.read_text("utf-8"))
    }
    assert "test_a_tls_handshake_that_stalls_is_named_and_not_retried" in named
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    assert {name for name in named if f"def {name}(" not in tests} == set()


def test_a_file_is_short_enough_to_read_in_one_go():
    """A longer file probably does more than one thing."""
    assert [path.name for path in FILES if len(path.read_text().splitlines()) > 600] == []


def holds_another(node: ast.AST) -> bool:
    """Whether it is a conditional expression in which there is another one."""
    return (
        isinstance(node, ast.IfExp)
        and sum(isinstance(part, ast.IfExp) for part in ast.walk(node)) > 1
    )


def test_no_conditional_expression_holds_another():
    """`if` and `return` say it in more lines, each of which is read once."""
    found = [
        f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}"
        for path in FILES
        for node in nodes_of(path)
        if holds_another(node)
    ]
    assert found == []


def test_no_two_modules_or_classes_of_a_room_share_a_name():
    """Within a room, a name means one thing, with or without a leading underscore."""
    names = Counter((part_of(path), path.stem) for path in FILES if path.name != "__init__.py")
    names += Counter(
        (part_of(path), node.name.lstrip("_"))
        for path in FILES
        for node in nodes_of(path)
        if isinstance(node, ast.ClassDef)
    )
    assert ("errors", "AntError") in names
    assert {name for name, count in names.items() if count > 1} == set()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_an_operation_is_complete(operation: Operation):
    """Its flags are unique and fit its facts, the fields in its path are required, and it has two examples."""
    flags = [param.flag for param in params_of(operation)]
    assert len(set(flags)) == len(flags)
    shorts = [param.short for param in params_of(operation) if param.short]
    assert len(set(shorts)) == len(shorts)
    offered = {param.name for param in operation.params}
    assert ("page" in offered, "yes" in offered) == (operation.paginated, operation.final)
    assert ("parallel" in offered) is (operation.acts_on_several or operation.creates)
    in_path = {param.name for param in operation.fields_in("path")}
    assert in_path == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}
    assert all(param.required for param in operation.fields_in("path"))
    assert (operation.positional is None) == ("{" not in operation.path)
    assert operation.group in GROUPS
    assert len(operation.examples) >= 2
    assert all(param.help.endswith((".", ")", ":", "'", "}", "]")) for param in operation.params)


def test_every_default_is_a_text_that_its_parser_accepts():
    """Help shows the text, and a command gets its value."""
    flags = [
        setting
        for command in catalog().walk()
        for setting in (*command.settings, *command.global_flags)
    ]
    options = [
        row
        for kind in (PollOptions, SessionOptions, ExporterOptions, CheckOptions)
        for row in rows_of(kind)
    ]
    defaults = [row.value_of(row.flag, row.default) for row in (*flags, *options) if row.default]
    assert len(defaults) > 100


ARCHITECTURE = (PACKAGE.parent / "docs" / "architecture.md").read_text()


def test_every_path_that_the_architecture_page_names_exists():
    """Contributors read this page first, so it must be correct."""
    paths = re.findall(r"`((?:ant_cli|tests|docs)/[\w./-]+)`", ARCHITECTURE)
    assert len(paths) > 30
    assert [path for path in paths if not (PACKAGE.parent / path).exists()] == []


def test_the_architecture_page_has_a_row_for_every_folder():
    """Nobody has to guess what a folder is for."""
    rooms = {
        f"`ant_cli/{path.name}/`" for path in PACKAGE.iterdir() if (path / "__init__.py").exists()
    }
    assert {room for room in rooms if f"| {room} |" not in ARCHITECTURE} == set()


def test_the_readme_names_every_command():
    """A reader finds all 14 commands."""
    readme = (PACKAGE.parent / "README.md").read_text()
    for operation in OPERATIONS:
        assert f"ant {operation.command} " in readme


def test_no_flag_of_a_command_shadows_a_global_one():
    """The flag nearest to the command wins, so a name must mean the same everywhere."""
    reserved = {param.name for param in (*GLOBAL_FLAGS, FILE)}
    assert not reserved & {param.name for operation in OPERATIONS for param in operation.params}


# What a command imports


HEAVY = {
    *("rich", "pydantic", "textual", "yaml", "werkzeug", "typer", "httpx", "msgspec", "keyring"),
    *("sqlite3", "inspect", "email", "ssl", "importlib"),
}
ONCE = ("--max-retries", "0")
COMMANDS = {
    "--version": (["--version"], set()),
    "retrieve": ([*RETRIEVE, *ONCE], set()),
    "list": ([*LINES, *ONCE], set()),
    "create": ([*CREATE, "--config", "{type: cloud}", *ONCE], set()),
    "create with quotes in YAML": (
        ["beta:environments", "create", "--config", "{type: 'cloud'}"],
        {"yaml"},
    ),
    "help": (["--help"], set()),
    "help of a command": (["auth", "login", "--help"], set()),
    "unknown command": (["auth", "lgin"], set()),
    "usage error": (["beta:environments", "create"], set()),
    "emulator in the process": (["--base-url", "local::memory:", *LIST], {"sqlite3", "inspect"}),
}
"""Command lines, and the libraries that each may load.

The server refuses the connection, so they only load them.
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_loads_only_what_it_uses(name, clean_environ):
    """Start-up stays fast: a command loads only the libraries on its list."""
    words, allowed = COMMANDS[name]
    start = "from ant_cli.__main__ import entry_point; entry_point()"
    environ = clean_environ | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "PYTHONPATH": ""}
    loaded = modules_of("-c", start, *words, environ=environ)
    assert "ant_cli" in loaded
    assert loaded & HEAVY <= allowed


@pytest.mark.parametrize(
    ("words", "needed", "unneeded"),
    [
        ("--help", "layout", {"ant_cli.operations", "ant_cli.help.catalog", "ant_cli.argv"}),
        (
            "beta:environments list --help",
            "contents",
            {"ant_cli.help.tool_commands", "ant_cli.worker"},
        ),
    ],
)
def test_a_help_page_needs_no_rows_of_other_commands(
    clean_environ, words: str, needed: str, unneeded: set[str]
):
    """The first page has its own list of commands, and those of the API come before the tool commands."""
    code = "import sys; from ant_cli.main import main, this_process; main(sys.argv[1:], this_process())"
    code += "; print(*sys.modules, file=sys.stderr)"
    done = run_process([sys.executable, "-c", code, *words.split()], clean_environ, check=True)
    loaded = set(done.stderr.split())
    assert f"ant_cli.help.{needed}" in loaded
    assert not loaded & unneeded


def modules_of(*args: str, environ: dict[str, str]) -> set[str]:
    """Return the public top-level modules that a run of Python imports."""
    done = run_process([sys.executable, "-X", "importtime", *args], environ)
    names = {
        line.split("|")[-1].strip().split(".")[0]
        for line in done.stderr.splitlines()
        if "|" in line
    }
    return {name for name in names if not name.startswith("_")}


RECORDING = """
import sys, typing
create = typing.ForwardRef.__init__
def record(self, text, *args, **options):
    print("compiled", text, file=sys.stderr)
    create(self, text, *args, **options)
typing.ForwardRef.__init__ = record
from ant_cli.__main__ import entry_point
entry_point()
"""
"""A start that prints each annotation that `typing` compiles."""


@pytest.mark.parametrize(
    "words",
    [
        [*RETRIEVE, *ONCE],
        [*LINES, *ONCE],
        ["--base-url", "local::memory:", *LIST],
        ["beta:environments", "creat"],
        ["--help"],
    ],
)
def test_a_start_compiles_no_annotation(words: list[str], clean_environ):
    """A field of a `NamedTuple` takes ten times as long to make if its type is a string."""
    environ = clean_environ | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    done = run_process([sys.executable, "-c", RECORDING, *words], environ)
    compiled = [line for line in done.stderr.splitlines() if line.startswith("compiled")]
    assert compiled == []


@pytest.mark.parametrize("words", ["beta:environments create", "apply", "beta:worker poll"])
def test_a_help_page_needs_no_json(words, clean_environ):
    """Importing `json`, and what needs it, takes a tenth of the time of a page."""
    environ = clean_environ | {"PYTHONPATH": ""}
    loaded = modules_of("-m", "ant_cli", *words.split(), "--help", environ=environ)
    assert loaded & {"ant_cli", "json"} == {"ant_cli"}


def test_a_command_on_the_emulator_in_the_process_needs_no_socket(clean_environ):
    """Importing `socket` takes a fifteenth of the time of a list there."""
    environ = clean_environ | {"PYTHONPATH": ""}
    words = ["--base-url", "local::memory:", *LIST]
    loaded = modules_of("-m", "ant_cli", *words, environ=environ)
    assert loaded & {"sqlite3", "socket", "select"} == {"sqlite3"}


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11), reason="each version of Python imports other modules"
)
def test_the_page_about_speed_names_every_module_that_a_start_imports(clean_environ):
    """A newly imported module fails this test until the page gives a reason for it."""
    page = (PACKAGE.parent / "docs" / "speed.md").read_text()
    table = page.partition("| modules | why |\n| --- | --- |\n")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in line.split("|")[1].strip().split(", ")}
    with ScriptedServer(response({"id": "x"})) as server:
        environ = clean_environ | {"ANTHROPIC_BASE_URL": server.url, "PYTHONPATH": ""}
        loaded = modules_of("-m", "ant_cli", *RETRIEVE, environ=environ)
    assert loaded - modules_of("-c", "pass", environ=environ) - {"ant_cli"} == named


TOOLS = [command for tool in TOOL_COMMANDS for command in tool.walk() if command.function]


@pytest.mark.parametrize("command", TOOLS, ids=lambda command: command.full_name)
def test_the_function_of_a_tool_command_takes_the_flags_of_its_row(command: Command):
    """The row describes the command. A flag that is missing in the row or in the function could not be used.

    Only the row has a default that help shows.
    """
    module, _, name = command.function.partition(":")
    _, _, *keywords = signature(getattr(import_module(module), name)).parameters.values()
    rows = {
        param.name: param.required or bool(param.default)
        for param in (*command.arguments, *command.flags)
    }
    # it reads its flags by the same rows
    if any(item.kind is Parameter.VAR_KEYWORD for item in keywords):
        keywords = [item for item in keywords if item.kind is not Parameter.VAR_KEYWORD]
        rows = {param.name: param.required for param in command.arguments}
    assert {item.name: item.default is item.empty for item in keywords} == rows


WRITES_LINES = {
    "corrections/commands.py": "the name of the program, typed twice",
    "corrections/rows.py": "the beginning of a row",
    "corrections/__init__.py": "the name of the program in a correction",
    "help/account_commands.py": "examples, which a test runs",
    "help/emulator_commands.py": "examples, which a test runs",
    "help/tool_commands.py": "examples, which a test runs",
    "help/command_row.py": "examples, which a test runs",
    "help/catalog.py": "examples, which a test runs",
    "help/command_page.py": "references from one page to another",
    "help/contents.py": "the first steps",
    "operations/formats.py": "help",
    "operations/work.py": "examples, which a test runs",
    "completion/scripts.py": "the names of the program",
    "main.py": "the version",
    "emulator/credentials.py": "the emulator, which shares no code",
    "emulator/errors.py": "the emulator, which shares no code",
    "runtime/screen.py": "how a command line in a message is recognized",
}
"""The files with texts of command lines that no user's word is put into."""
COMMAND_LINE = re.compile(r"(?:^|(?<=[\s`(|]))ant (?:$|(?=[a-z.-]+[: ]|[a-z.-]+$))")
"""How a command line begins in a text; also if its next word is put in."""
PROSE = re.compile(
    r"\bant (?:is|can|started|with|sets|that made|failed)\b|\b(?:an?|older|newer) ant\b|bug in ant "
)


def texts_of(path: Path) -> list[ast.Constant]:
    """Return the texts of a file, without docstrings."""
    alone = {id(node.value) for node in nodes_of(path) if isinstance(node, ast.Expr)}
    return [
        node
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
    ]


def typed_lines(path: Path) -> list[str]:
    """Return the command lines in the texts of a file."""
    found = [
        f"{node.lineno}: {node.value}"
        for node in texts_of(path)
        if COMMAND_LINE.search(PROSE.sub("", node.value))
    ]
    lists = [node for node in nodes_of(path) if isinstance(node, ast.List | ast.Tuple)]
    return found + [
        f"{node.lineno}: [{node.elts[0].value}]"
        for node in lists
        if node.elts and isinstance(node.elts[0], ast.Constant) and node.elts[0].value == "ant"
    ]


def test_command_lines_in_messages_are_written_by_one_function():
    """`command_line` quotes each word. A text that is put together by hand forgets it for one of them."""
    found = {path.relative_to(PACKAGE).as_posix(): typed_lines(path) for path in FILES}
    assert {
        path: lines for path, lines in found.items() if lines and path not in WRITES_LINES
    } == {}
