import ast
import subprocess
import sys
from pathlib import Path

import ant_cli.emulator

PACKAGE = Path(ant_cli.emulator.__file__).parent
LIST = """
import io
import sys

from ant_cli.emulator import Emulator

emulator = Emulator(":memory:", require_credential=False)
environ = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/v1/environments",
    "SERVER_NAME": "local",
    "SERVER_PORT": "80",
    "wsgi.url_scheme": "http",
    "wsgi.input": io.BytesIO(),
    "HTTP_ANTHROPIC_VERSION": "2023-06-01",
    "HTTP_ANTHROPIC_BETA": "managed-agents-2026-04-01",
}
statuses = []
emulator(environ, lambda status, headers: statuses.append(status))
emulator.close()
assert statuses == ["200 OK"], statuses
print(*{"pydantic", "waitress", "httpx", "typer"} & set(sys.modules))
"""


def test_a_read_in_process_imports_neither_pydantic_nor_waitress():
    """Start-up time is a feature: a list needs neither of them."""
    loaded = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_the_emulator_imports_nothing_from_the_rest_of_the_program():
    """The emulator is a second opinion on the API only if it shares no code with the client."""
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            ours = [name for name in names if name.partition(".")[0] == "ant_cli"]
            assert all(name.startswith("ant_cli.emulator") for name in ours), path
