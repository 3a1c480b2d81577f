"""Responses and files that are not an environment or a plan: they are an error, and nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ant_cli.apply.declarations import ENVIRONMENT
from ant_cli.input import DEPTH_LIMIT
from tests.conftest import needs_posix
from tests.helpers.servers import ScriptedServer, response

NOT_FINITE = b'{"id": "env_1", "name": "a", "metadata": {"size": NaN}}'
DEEP = b'{"id": "env_1", "name": ' + b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT + b"}"
PLAN = (
    '{"version": 1, "paths": ["."], "lock_file": "claude-lock.json", "options": {"prune": false},'
    ' "origin": {"base_url": "https://api.example"}, "steps": [["create", "./a.yaml"]]}'
)
"""The smallest file that is a plan."""


@needs_posix("an editor that is a program of POSIX")
@pytest.mark.parametrize("words", [("export", "env_1"), ("edit", "env_1")])
@pytest.mark.parametrize(
    "body",
    [
        DEEP,
        b'{"id": ".."}',
        b'{"id": " "}',
        b'{"id": "env_1\\u001b[2J"}',
        b'{"id": 1}',
        b"[]",
        NOT_FINITE,
    ],
)
def test_an_invalid_environment_is_neither_exported_nor_edited(team, words, body):
    """This includes an ID that can't be part of a path."""
    with ScriptedServer(response(body)) as server:
        done = team.ant(*words, ANTHROPIC_BASE_URL=server.url, EDITOR="true")
    assert (done.exit, done.stdout) == (1, "")
    assert "the server's response is not an environment." in done.stderr
    assert not Path("claude-lock.json").exists()


@pytest.mark.parametrize(
    ("config", "exit_code", "stderr"),
    [
        (
            {"type": "cloud", "gpu": 1},
            0,
            "Note: env_1 has fields that a file can't declare: config.gpu, region.\n",
        ),
        (
            {"type": "quantum"},
            1,
            "ant: these can't be declared in a file, so nothing was written:\n"
            "  env_1: config.type: must be 'cloud' or 'self_hosted'\n",
        ),
    ],
)
def test_what_a_file_can_not_declare_is_named_by_an_export(team, config, exit_code, stderr):
    """The server may have more than this tool knows. Without a config of a known type, there is no file."""
    with ScriptedServer(
        response({"id": "env_1", "name": "a", "region": "eu", "config": config})
    ) as server:
        done = team.ant("export", "env_1", "--format", "json", ANTHROPIC_BASE_URL=server.url)
    assert (done.exit, Path("environments/a.yaml").exists()) == (exit_code, exit_code == 0)
    assert stderr in done.stderr


def test_an_export_by_a_name_that_several_environments_have_names_their_ids(team):
    """One of them would be a guess."""
    there = [{"id": "env_1", "name": "a"}, {"id": "env_2", "name": "a"}]
    missing = response({}, status="404 Not Found")
    with ScriptedServer(
        response({}), missing, response({"data": there, "next_page": None})
    ) as server:
        done = team.ant("export", "a", ANTHROPIC_BASE_URL=server.url)
    assert done.exit == 5
    assert "2 environments have the name 'a': env_1, env_2. Give one of these IDs.\n" in done.stderr


def test_a_suggested_command_takes_no_id_for_a_flag(team):
    """It comes from the lock file, and would export, and overwrite, everything otherwise."""
    team.write("environments/a.yaml")
    track = {"kind": "environment", "id": "--all", "hash": "h", "remote_hash": "r"}
    Path("claude-lock.json").write_text(
        json.dumps({"version": 1, "resources": {"./environments/a.yaml": track}})
    )
    with ScriptedServer(response({"id": "--all", "name": "a"})) as server:
        done = team.ant("apply", "--dry-run", ANTHROPIC_BASE_URL=server.url)
    assert "ant export -- --all --force" in done.stdout


def test_an_environment_whose_name_is_not_a_string_matches_no_file(team):
    """It does not match a file with the name "None" either."""
    Path(f"{ENVIRONMENT}s").mkdir()
    Path(f"{ENVIRONMENT}s/x.yaml").write_text("name: None\nconfig: {type: cloud}\n")
    there = [{"id": "env_1", "name": ["a"]}, {"id": "env_2", "name": None}]
    with ScriptedServer(response({"data": there, "next_page": None})) as server:
        done = team.ant("diff", ".", ANTHROPIC_BASE_URL=server.url)
    assert done.exit == 2, done.stderr
    assert "+ None  create" in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "[]",
        "{}",
        '{"version": 1, "options": []}',
        PLAN.replace('"prune"', '"pruned"'),
        PLAN.replace('["create", "./a.yaml"]', '["create"]'),
        PLAN.replace('["create", "./a.yaml"]', "1"),
    ],
    ids=["empty", "deep", "list", "object", "no options", "other option", "no key", "no step"],
)
def test_a_file_that_is_not_a_plan_is_rejected_whatever_it_is(team, text):
    """A person or another program may have written the file."""
    Path("plan.json").write_text(text)
    done = team.ant("apply", "--plan", "plan.json")
    assert (done.exit, done.stdout) == (2, "")
    assert "plan.json is not a plan." in done.stderr
