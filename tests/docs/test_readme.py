"""The README's examples, which are run unchanged in a shell, with the emulator."""

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from ant_cli.operations.formats import FORMATS
from tests.helpers.processes import run_process

pytestmark = pytest.mark.slow

PATH = Path(__file__).parents[2] / "README.md"
README = PATH.read_text()
EXAMPLES = re.findall(r"<!-- (examples[^>]*?) -->\n```sh\n(.*?)```", README, re.DOTALL)
EXAMPLES += re.findall(r"<!-- (command: try) -->\n```sh\n.*(\.venv/bin/ant .*?)```", README, re.DOTALL)


def test_the_readme_has_examples():
    """Without any, the tests below would pass."""
    assert len(EXAMPLES) >= 4


CODE = ["".join(parts) for parts in re.findall(r"```sh\n(.*?)```|`([^`\n]+)`", README, re.DOTALL)]
NAMED = r"(?:^|[\s(/])ant (?:--local |--[a-z-]+ \S+ )*([a-z][a-z:]*(?: [a-z-]+)?)"
COMMANDS = sorted({command for part in CODE for command in re.findall(NAMED, part)})


def test_commands_are_found_in_the_readme():
    """Without any, the test below would pass."""
    assert {"auth login", "beta:environments create"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_in_the_readme_exists(ant, command):
    """This includes the text. Each command has a help page, or follows a word that has one."""
    first, *_ = words = command.split()
    done = ant(*words) if first in ("completion", "help") else ant(*words, "--help")
    assert (done.exit, done.stderr) == (0, "")
    assert done.stdout


def test_examples_can_be_pasted_into_any_shell():
    """An interactive zsh would read a comment as words."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    assert not [line for block in blocks for line in block.splitlines() if re.search(r"(^|\s)#", line)]


def test_the_readme_names_every_format():
    """In the order of the help."""
    assert f"`--format {'|'.join(row.name for row in FORMATS if row.name != 'auto')}`".replace("|", r"\|") in README


PROGRAMS = ("jq", "xargs", "parallel")


def test_the_readme_has_a_recipe_for_each_of_the_programs():
    """The test of an example is skipped if its program is missing, so this test looks for the recipes."""
    assert all(re.search(rf"\| {program} ", README) for program in (*PROGRAMS, "while read"))


@pytest.mark.parametrize("script", [script for _, script in EXAMPLES], ids=[title for title, _ in EXAMPLES])
def test_an_example_of_the_readme_runs(script, tmp_path, clean_environ):
    """A shell that stops at the first failure runs every line. The loop leaves no object that it lists."""
    for program in PROGRAMS:
        if re.search(rf"\b(?<!-){program} ", script) and not shutil.which(program):
            pytest.skip(f"this example uses {program}: install it")
    programs = tmp_path / "bin"
    programs.mkdir()
    ant = programs / "ant"
    ant.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ant_cli "$@"\n')
    ant.chmod(0o755)

    environ = clean_environ | {
        "ANTHROPIC_BASE_URL": f"local:{tmp_path}/emulator.db",
        "ANTHROPIC_API_KEY": "",
        "PATH": f"{programs}:{os.environ['PATH']}",
    }
    script = script.replace(".venv/bin/ant", "ant")
    if "while read" in script:
        script += """test -z "$(ant beta:environments list --include-archived --filter 'name%"tmp-*"')"\n"""
    done = run_process(["bash", "-euo", "pipefail", "-c", script], environ, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "could not" not in done.stderr
    assert "Warning" not in done.stderr


SESSION = re.compile(r"(?<=<!-- session -->\n```console\n).*?(?=```)", re.DOTALL)
"""The content of the first screen: commands after `$ `, each with its output at a terminal."""
ID = re.compile(r"\b(?:env|req)_01\w{22}\b")


def shown_with_ids_of(other, text):
    """Return a text with its n-th ID replaced by the n-th ID of another text, because each run has new IDs."""
    others = dict.fromkeys(ID.findall(other))
    names = dict(zip(dict.fromkeys(ID.findall(text)), others, strict=False))
    return ID.sub(lambda match: names.get(match[0], match[0]), text)


def test_the_first_screen_shows_what_the_commands_print(ant, tmp_path):
    """Two environments have been applied from files, one of which has been changed since."""
    screen = {"ANTHROPIC_BASE_URL": "local:", "ANTHROPIC_API_KEY": None, "COLUMNS": "80", "NO_COLOR": "1"}
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "edge.yaml").write_text("name: edge\nconfig: {type: self_hosted}\n")
    for packages in ("pandas, numpy", "pandas, polars"):
        text = f"name: data\nconfig: {{type: cloud, packages: {{pip: [{packages}]}}}}\n"
        (tmp_path / "environments" / "data.yaml").write_text(text)
        if not (tmp_path / "claude-lock.json").exists():
            ant("apply", ".", "--yes", env=screen)
    (session,) = SESSION.findall(README)
    commands = re.findall(r"^\$ ant (.*)$", session, re.MULTILINE)
    runs = [(command, ant(*command.split(), env=screen, terminal=True)) for command in commands]
    printed = [f"$ ant {command}\n{result.stdout}{result.stderr}" for command, result in runs]
    shown = shown_with_ids_of(session, "".join(printed))
    if os.environ.get("ANT_WRITE_SCREENS"):
        PATH.write_text(SESSION.sub(lambda _: shown, README))
    assert shown == session
