"""A new field of an environment, by the recipe of docs/architecture.md: every command knows it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.processes import command_line, run_process

ROOT = Path(__file__).parents[2]
ROW = '    Field("region", "body", str, "Where it runs.", nullable=True),\n'
BETA = "beta:environments"
LINE = "    region: str | None = None\n"


def insert(path: Path, before: str, text: str) -> None:
    """Put a text before the first place of another one."""
    content = path.read_text("utf-8")
    assert before in content
    path.write_text(content.replace(before, text + before, 1), "utf-8")


@pytest.mark.slow
def test_a_new_field_is_a_row_and_a_line_of_the_emulator(tmp_path, clean_environ):
    """What else it needs is generated. Create, list, export, edit, apply, the schema and help have it."""
    for room in ("ant_cli", "docs", "tests/contract"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("*.pyc"))
    insert(tmp_path / "ant_cli/operations/environments.py", "    METADATA,\n", ROW)
    insert(tmp_path / "ant_cli/emulator/models.py", "    scope: ", LINE)
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys, pathlib\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "path.write_text(path.read_text().replace('region: eu', 'region: us'))\n"
    )
    environ = {
        **clean_environ,
        "PYTHONPATH": str(tmp_path),
        "ANTHROPIC_BASE_URL": f"local:{tmp_path / 'emulator.db'}",
        "EDITOR": command_line(sys.executable, str(editor)),
    }
    (tmp_path / "repository/.git").mkdir(parents=True)

    def python(*words: str) -> str:
        done = run_process([sys.executable, *words], environ, cwd=tmp_path / "repository")
        assert (done.returncode, "Warning" in done.stderr) == (0, False), done.stderr
        return done.stdout

    def ant(*words: str) -> str:
        return python("-m", "ant_cli", *words)

    def region() -> list[str | None]:
        return [environment["region"] for environment in json.loads(ant(BETA, "list", "--slurp"))]

    python(str(tmp_path / "docs/generate.py"))
    assert re.search(r"^ +region: TEXT +Where it runs\.$", ant("help", "fields"), re.M)
    assert json.loads(ant("schema", "environment"))["properties"]["region"]["type"] == [
        "string",
        "null",
    ]
    assert "--region" in ant(BETA, "create", "--help")
    env = ant(BETA, "create", "--name", "demo", "--region", "eu", "--transform", "id", "-r").strip()
    assert region() == ["eu"]
    ant("edit", env)
    ant("export", env)
    exported = tmp_path / "repository/environments/demo.yaml"
    assert "region: us\n" in exported.read_text("utf-8")
    exported.write_text("region: ap\n", "utf-8")
    ant("apply", "--yes")
    assert region() == ["ap"]
    exported.write_text("region: null\n", "utf-8")
    ant("apply", "--yes")
    assert region() == [None]
    ant(BETA, "update", env, "--region", "eu")
    ant(BETA, "update", env, "--description", "x")
    assert region() == ["eu"]
    ant(BETA, "update", env, "--region", "null")
    ant(BETA, "create", "--name", "without")
    assert region() == [None, None]
