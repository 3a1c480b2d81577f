"""The reference: a generated page for each group, which search engines find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reference_pages import reference_pages

from ant_cli.help.catalog import catalog
from ant_cli.help.contents import TOPICS
from ant_cli.settings.rows import GLOBAL_FLAGS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *ROOT.glob("docs/**/*.md")])
PAGES = reference_pages(catalog())
COMMANDS = [command for command in catalog().walk() if command.path and not command.subcommands]


def chapter_of(command):
    """Return the chapter of a command, from its heading to the next one."""
    (found,) = [
        chapter
        for page in PAGES.values()
        for chapter in page.split("\n## ")[1:]
        if chapter.startswith(f"ant {command.full_name}\n")
    ]
    return found


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_a_command_has_one_chapter_with_every_flag_default_and_example(command):
    """Nobody has to install the program to find `--block-ms`."""
    chapter = chapter_of(command)
    for param in command.flags:
        typed = rf"\| `(?:-\w, )?{re.escape(param.flag)}[ `]"
        row = next(row for row in chapter.splitlines() if re.match(typed, row))
        assert not param.default or f"Default: `{param.default}`" in row
    for example in command.examples:
        assert f"# {example.purpose}" in chapter
    assert "exit-codes.md" in chapter


def test_the_exit_codes_of_a_command_that_reports_changes_are_in_its_chapter():
    """Its exit code 2 is no mistake."""
    chapters = {command.full_name: chapter_of(command) for command in COMMANDS}
    assert (
        "2 says that there are changes, and a mistake in the command line is 1"
        in (chapters["diff"])
    )
    assert "With `--exit-code`, 2 says that there are changes" in chapters["apply"]
    assert "there are changes" not in chapters["beta:environments list"]


def test_global_flags_and_topics_have_a_page():
    """They are the same for all commands."""
    assert all(f"`{flag.flag}" in PAGES["flags.md"].replace("-r, ", "") for flag in GLOBAL_FLAGS)
    assert {f"{topic}.md" for topic in TOPICS} <= PAGES.keys()


def anchors_of(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links_of(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return re.findall(r"(?<!\\)\]\((?!https?:)([^)\s]+)\)", text)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_heading_or_a_file(path):
    """GitHub shows a broken one as any other."""
    for link in links_of(path):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors_of(target.read_text()), link


def test_every_page_is_in_the_index():
    """Nobody finds a page by its file."""
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.partition("#")[0]).resolve() for link in links_of(index)}
    assert set(index.parent.glob("*.md")) - {index} <= listed
