"""The README's examples, which are run unchanged in a shell, with the emulator."""

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ant_cli.operations.formats import FORMATS
from tests.helpers.processes import run_process

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
(SETUP,) = re.findall(r"<!-- setup -->\n```sh\n(.*?)```", README, re.DOTALL)
"""The lines that a reader runs before the examples."""
EXAMPLES = re.findall(r"<!-- (examples[^>]*?) -->\n```sh\n(.*?)```", README, re.DOTALL)
EXAMPLES += re.findall(
    r"<!-- (command: try) -->\n```sh\n.*(\.venv/bin/ant .*?)```", README, re.DOTALL
)


def test_the_readme_has_examples():
    """Without any, the tests below would pass."""
    assert len(EXAMPLES) >= 4


def test_the_readme_is_short():
    """The tutorial and the reference have the rest."""
    assert len(README.splitlines()) <= 180


def test_the_readme_says_where_each_library_is_used():
    """It asks of each why it is there, and what it costs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.match(r"[\w-]+", row)[0].lower() for row in project["dependencies"]}
    trust = {"certifi", "truststore", "httpcore"}
    """Certificate authorities, and a bound for what httpx is built on."""
    table = README.partition("## What is built on what")[2].partition("## More")[0]
    listed = {name.lower() for name in re.findall(r"^\| (\w[\w-]+) \|", table, re.MULTILINE)}
    assert listed == names - trust


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
    assert not [
        line for block in blocks for line in block.splitlines() if re.search(r"(^|\s)#", line)
    ]


def test_the_readme_names_every_format():
    """In the order of the help."""
    assert (
        f"`--format {'|'.join(row.name for row in FORMATS if row.name != 'auto')}`".replace(
            "|", r"\|"
        )
        in README
    )


PROGRAMS = ("jq", "xargs", "parallel")


def test_the_readme_has_a_recipe_for_each_of_the_programs():
    """The test of an example is skipped if its program is missing, so this test looks for the recipes."""
    assert all(re.search(rf"\| {program} ", README) for program in (*PROGRAMS, "while read"))


@pytest.mark.parametrize(
    "script", [script for _, script in EXAMPLES], ids=[title for title, _ in EXAMPLES]
)
def test_an_example_of_the_readme_runs_and_leaves_nothing_in_the_checkout(
    script, tmp_path, clean_environ
):
    """A shell that stops at the first failure runs every line. The loop leaves no object that it lists."""
    for program in PROGRAMS:
        if re.search(rf"\b(?<!-){program} ", script) and not shutil.which(program):
            pytest.skip(f"this example uses {program}: install it")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    ant = programs / "ant"
    ant.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ant_cli "$@"\n')
    ant.chmod(0o755)
    (tmp_path / "tmp").mkdir()

    own = {"ANTHROPIC_API_KEY": "", "PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "tmp")}
    if "while read" in script:
        script += """test -z "$(ant beta:environments list --include-archived --filter 'name%"tmp-*"')"\n"""
    if not script.startswith(".venv"):
        script = SETUP + script
    done = run_process(
        ["bash", "-euo", "pipefail", "-c", script], clean_environ | own, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "could not" not in done.stderr
    assert "Warning" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {".venv", "tmp"}


def test_every_block_of_the_readme_for_a_shell_has_a_test():
    """The one that runs the tests is what CI does."""
    assert README.count("```sh\n") == len(EXAMPLES) + len(("setup", "test"))


def test_the_picture_has_a_text_alternative_and_is_for_light_and_dark_pages():
    """A test of generated files compares it with the program's output."""
    alternative, path = re.findall(r"!\[(.*?)\]\((.*?)\)", README, re.DOTALL)[0]
    picture = ElementTree.parse(ROOT / path)
    title, text, style, *_ = ("".join(part.itertext()) for part in picture.getroot())
    shown = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    assert len(shown) == 2
    assert all(f'"{command}"' in alternative for command in shown)
    assert title
    assert "@media (prefers-color-scheme: dark)" in style
