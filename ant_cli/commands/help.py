"""Help: the topics that cut across commands, and how help pages look.

Every page is laid out as plain text; a terminal shows its headings, flags and examples in style.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import typer

from ant_cli.errors import UnknownWord
from ant_cli.operations import GROUPS, of_group
from ant_cli.output.look import Look

TOPICS = {
    "input": "Flags, YAML, JSON, files and stdin.",
    "output": "Formats, --transform, tables, and the terminal.",
    "exit-codes": "What the exit status says.",
    "environment": "The variables that count.",
    "profiles": "Keys and settings under names.",
}
"""The topics: the name of each file, and its summary."""
FOLDER = Path(__file__).parent.parent / "topics"
WIDTH = 80
"""The width of a help page in a pipe."""
WIDEST = 100
"""The most columns that a help page uses: longer lines are hard to read."""
LONGEST_EXAMPLE = 68
_STYLES = (
    (re.compile(r"(?<=^)[A-Z][^\n]*:(?=$)|^Usage:", re.M), "bold"),
    (re.compile(r"(?<=^  )-[\w-]+(?:, --[\w-]+)?(?=[ \n])", re.M), "cyan"),
    (re.compile(r"(?<=^  )(?:ant )?[a-z][\w:-]*(?=  )", re.M), "cyan"),
    (re.compile(r"(?<=^  )# .+$", re.M), "dim"),
    (re.compile(r"`[^`\n]+`"), "cyan"),
)
"""What is shown in which style."""

app = typer.Typer(
    rich_markup_mode=None, subcommand_metavar="", context_settings={"help_option_names": ["--help", "-h"]}
)


@app.callback(invoke_without_command=True, epilog="Topics: " + ", ".join(TOPICS))
def show(words: list[str] | None = typer.Argument(None, metavar="[TOPIC | COMMAND]", hidden=True)) -> None:  # noqa: B008
    """Show help on a topic, or on a command."""


def words_for(words: Sequence[str], commands: Sequence[str]) -> list[str]:
    """Return the command line that `ant help WORDS` stands for; a topic stands for itself.

    Raises:
        UnknownWord: if it is neither.

    """
    names = [word for word in words if not word.startswith("-")]
    if not names:
        return ["help", "--help"] if words else ["--help"]
    if names[0] in TOPICS:
        return names[:1]
    if names[0] not in commands:
        raise UnknownWord("topic or command", names[0], [*TOPICS, *commands], topics_hint())
    if names[0] in GROUPS and names[1:]:
        known = [operation.name for operation in of_group(names[0])]
        if names[1] not in known:
            raise UnknownWord(f"command of {names[0]}:", names[1], known, topics_hint())
    return [*names, "--help"]


def topics_hint() -> str:
    """Return a sentence that names the topics."""
    return f"The topics are: {', '.join(TOPICS)}. Run `ant help` to see the commands."


def topic(name: str, look: Look | None) -> str:
    """Return the text of a topic; in the file, # marks the title and ## a section."""
    title, _, text = (FOLDER / f"{name}.md").read_text("utf-8").removeprefix("# ").partition("\n")
    sections = re.sub(r"^## (.+)$", r"\1:", text, flags=re.M)
    return (look.paint(title, "bold") if look else title) + "\n" + painted(sections, look)


def painted(page: str, look: Look | None) -> str:
    """Return a help page as it is shown; plain without a look."""
    if look is None or not look.colour:
        return page
    for pattern, style in _STYLES:
        page = pattern.sub(look.paint(r"\g<0>", style), page)
    return page


def page_width(look: Look | None) -> int:
    """Return the columns that a help page takes."""
    return min(look.width, WIDEST) if look else WIDTH


def section(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a section of a help page: names and what they are."""
    width = max(len(name) for name, _ in rows)
    return "\n".join([f"{title}:", *(f"  {name.ljust(width)}  {text}" for name, text in rows)])


def examples(pairs: Sequence[tuple[str, str]]) -> str:
    """Return the section of the examples: what each is for, and its words after `ant`."""
    return "\n".join(["Examples:", *(f"  # {purpose}\n  ant {folded(words)}" for purpose, words in pairs)])


def folded(words: str) -> str:
    """Return a command line that is broken before a flag where it would be too long, as shells take it."""
    lines = [""]
    for part in re.split(r" (?=--|\|)", words):
        if len(lines[-1]) + len(part) > LONGEST_EXAMPLE and lines[-1]:
            lines[-1] += " \\"
            lines.append("    " + part)
        else:
            lines[-1] += f" {part}" if lines[-1] else part
    return "\n  ".join(lines)
