"""A new field of an environment, by the recipe of docs/architecture.md: every command knows it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

import ant_cli
from tests.helpers.processes import command_line, run_process

ROW = '    Field("region", "body", str, "Where it runs.", nullable=True),\n'
RULE = '"region": {"description": "Where it runs.", "type": ["string", "null"]},\n    '
LINE = "    region: str | None = None\n"


def insert(path: Path, before: str, text: str) -> None:
    """Put a text before the first place of another one."""
    content = path.read_text("utf-8")
    assert before in content
    path.write_text(content.replace(before, text + before, 1), "utf-8")


@pytest.mark.slow
def test_a_new_field_is_a_row_a_rule_and_a_line_of_the_emulator(tmp_path, clean_environ):
    """It goes through create, list, export, edit, apply and the schema, and has a flag with help."""
    shutil.copytree(Path(ant_cli.__file__).parent, tmp_path / "ant_cli", ignore=shutil.ignore_patterns("*.pyc"))
    insert(tmp_path / "ant_cli/operations/environments.py", "    _METADATA,\n", ROW)
    insert(tmp_path / "ant_cli/input/environment.schema.json", '"scope": {', RULE)
    insert(tmp_path / "ant_cli/emulator/models.py", "    scope: Scope", LINE)
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

    def ant(*words: str) -> str:
        done = run_process([sys.executable, "-m", "ant_cli", *words], environ, cwd=tmp_path / "repository")
        assert (done.returncode, "Warning" in done.stderr) == (0, False), done.stderr
        return done.stdout

    beta = "beta:environments"
    assert json.loads(ant("schema", "environment"))["properties"]["region"]["type"] == ["string", "null"]
    assert "--region" in ant(beta, "create", "--help")
    env = ant(beta, "create", "--name", "demo", "--region", "eu", "--transform", "id", "-r").strip()
    assert json.loads(ant(beta, "list", "--transform", "region", "--slurp")) == ["eu"]
    ant("edit", env)
    ant("export", env)
    exported = tmp_path / "repository/environments/demo.yaml"
    assert "region: us\n" in exported.read_text("utf-8")
    exported.write_text("region: ap\n", "utf-8")
    ant("apply", "--yes")
    ant(beta, "update", env, "--description", "x")
    assert json.loads(ant(beta, "retrieve", env, "--transform", "region")) == "ap"
