import sys

from tests.helpers.processes import run_process

LIST = """
import io
import sys

from ant_cli.emulator import Emulator

emulator = Emulator(":memory:", require_credential=False)
environ = {
    "REQUEST_METHOD": "GET",
    "REQUEST_URI": "/v1/environments",
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
print(*{"pydantic", "waitress", "httpx", "typer", "dataclasses", "logging"} & set(sys.modules))
"""


def test_a_read_in_process_imports_no_library_that_only_writes_or_the_server_need(clean_environ):
    """Start-up time is a feature, and a list needs none of these libraries."""
    loaded = run_process([sys.executable, "-c", LIST], clean_environ, check=True)
    assert loaded.stdout.split() == []
