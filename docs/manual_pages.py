"""The manual pages (of `ant`, of each group, and of the global flags) and the first page of the help.

A page is written in Markdown, with headings, paragraphs, lists of `- `term`: text`, and indented code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent

from ant_cli.help.command_page import (
    ARGUMENTS,
    FLAGS,
    GLOBAL,
    examples,
    flag_row,
    flag_sections,
    fold,
    section,
    synopsis,
    topic_page,
)
from ant_cli.help.command_row import HELP, VERSION, Command
from ant_cli.help.contents import TOPICS
from ant_cli.help.tool_commands import SECTIONS, TOOL_COMMANDS
from ant_cli.operations.spec import Example, Param
from ant_cli.settings.rows import GLOBAL_FLAGS

_WRITTEN = "Written by `python docs/generate.py`: don't edit it."
_FLAGS_PAGE = "ant-flags"
_END = "Flags and examples: ant COMMAND --help. With the official ant: ant help official"
_IN_ROOT = ("exit-codes", "variables")
"""The topics that `man ant` also contains, because people look for them there."""
_TITLE = re.compile(r"# (.+)")
_ITEM = re.compile(r"- `([^`]+)`: (.*)")
_SECTION = 2
"""The level of a section's heading. Lower levels are parts of a section."""
_MADE_FROM = r".\" The manual page of `\1`, written by `python docs/generate.py`: don't edit it."
ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"},
)
"""Characters that have a meaning in roff, or are replaced by it, and how to write them."""


def manual_pages(root: Command) -> dict[str, str]:
    """Return the manual pages by their names."""
    pages = {
        _page_name(group): _with_chapters(group) for group in root.subcommands if group.subcommands
    }
    pages[_FLAGS_PAGE] = _flags_page()
    topics = (_demoted(topic_page(name)) for name in _IN_ROOT)
    pages = {"ant": "\n".join([_root_page(root), *_chapters(root), *topics]), **pages}
    return {name: manual_page(name, text, _others(name, pages)) for name, text in pages.items()}


def _page_name(group: Command) -> str:
    return re.sub(r"[ :]", "-", f"ant {group.full_name}")


def _others(name: str, pages: Iterable[str]) -> str:
    """Return references to the other pages, as `man` shows them."""
    return ", ".join(f"`{other}`(1)" for other in pages if other != name)


# Markdown


def _with_chapters(group: Command) -> str:
    """Return the page of a group, with a chapter for each command below it."""
    return "\n".join(
        [_command_page(group), *(_demoted(_command_page(below)) for below in [*group.walk()][1:])]
    )


def _chapters(root: Command) -> list[str]:
    """Return a chapter for each command that is in no group."""
    return [
        _demoted(_command_page(command)) for command in root.subcommands if not command.subcommands
    ]


def first_page(root: Command) -> str:
    """Return the file with the help page of `ant` itself. The groups of the API come before all tool commands."""
    api = [command for command in root.subcommands if command not in TOOL_COMMANDS]
    listed = {
        title: (*api * (not number), *commands)
        for number, (title, commands) in enumerate(SECTIONS.items())
    }
    parts = [
        "**Usage:** ant COMMAND [FLAGS]",
        f"> {root.help}",
        *(
            section(title, ((command.full_name, command.summary + ".") for command in commands))
            for title, commands in listed.items()
        ),
        section(FLAGS, map(flag_row, (VERSION, HELP))),
        examples(root.examples),
        f"**Topics:** ant help TOPIC\n> {', '.join(TOPICS)}\n{_END}",
    ]
    return "\n\n".join([f"<!-- {_WRITTEN} -->", *parts]) + "\n"


def _root_page(root: Command) -> str:
    return _page(
        "ant",
        root.help,
        _code("Synopsis", [synopsis(root)]),
        _items(
            "Commands",
            (_command_item(command) for command in root.walk() if not command.subcommands),
        ),
        _items(FLAGS, map(flag_row, (HELP, VERSION))),
        _global_flags(root),
        _examples(root.examples),
        _items("Topics", ((f"ant help {name}", summary) for name, summary in TOPICS.items())),
    )


def _command_item(command: Command) -> tuple[str, str]:
    return f"ant {command.full_name}", command.summary + "."


def _command_page(command: Command) -> str:
    operation = command.operation
    return _page(
        f"ant {command.full_name}",
        command.summary + ".",
        _code("Synopsis", [synopsis(command)]),
        _text("Description", _plain(command.help).removeprefix(command.summary + ".").strip()),
        _items(ARGUMENTS, map(_argument_item, command.arguments)),
        _code("Request", [f"{operation.method} {operation.path}"]) if operation else "",
        *(_flags(title, flags) for title, flags in flag_sections(command).items()),
        _global_flags(command),
        _code("Notes", command.notes.splitlines()),
        _examples(command.examples),
    )


def _argument_item(param: Param) -> tuple[str, str]:
    return param.value_name or param.name.upper(), param.help


def _flags(title: str, flags: Iterable[Param]) -> str:
    # every command has it
    return _items(title, (flag_row(flag) for flag in flags if flag is not HELP))


def _global_flags(command: Command) -> str:
    """Return which global flags a command takes. Their page has the text of each."""
    names = [f"`{param.flag}`" for param in command.global_flags]
    listed = "All" if command.global_flags == GLOBAL_FLAGS else ", ".join(names)
    return _text(GLOBAL, f"{listed}: see `{_FLAGS_PAGE}`(1)." if names else "")


def _flags_page() -> str:
    return _page("ant help flags", TOPICS["flags"], _items(GLOBAL, map(flag_row, GLOBAL_FLAGS)))


def _page(title: str, *parts: str) -> str:
    return "\n".join([f"# {title}\n", *(part.rstrip("\n") + "\n" for part in parts if part)])


def _text(title: str, paragraphs: str) -> str:
    return f"## {title}\n\n{paragraphs}" if paragraphs else ""


def _items(title: str, pairs: Iterable[tuple[str, str]]) -> str:
    lines = [f"- `{term}`: {' '.join(meaning.split())}" for term, meaning in pairs]
    return "\n".join([f"## {title}\n", *lines]) if lines else ""


def _code(title: str, lines: Sequence[str]) -> str:
    block = indent("\n".join(lines), "    ")
    return f"## {title}\n\n{block}" if lines else ""


def _examples(listed: Iterable[Example]) -> str:
    return _code(
        "Examples", [line for purpose, typed in listed for line in (f"# {purpose}", fold(typed))]
    )


def _plain(help_text: str) -> str:
    """Return the text of a help page as paragraphs, each on one line."""
    return "\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n"))


def _demoted(chapter: str) -> str:
    """Return a page as a chapter: its headings one level lower."""
    return re.sub(r"^#(?=#* )", "##", chapter, flags=re.MULTILINE)


# Manual pages


def manual_page(name: str, page: str, see_also: str) -> str:
    """Return the manual page of a command. The first paragraph of its page is the sentence that describes it."""
    title, summary, *blocks = page.strip().split("\n\n")
    lines = [
        _TITLE.sub(_MADE_FROM, title),
        f'.TH {name.upper()} 1 "" "ant" "Manual of ant"',
        ".SH NAME",
        f"{_escape(name)} \\- {_inline(summary.removesuffix('.'))}",
        *(line for block in blocks for line in _roff(block)),
        ".SH SEE ALSO",
        _inline(see_also),
    ]
    return "\n".join([*lines, ""])


def _roff(block: str) -> list[str]:
    """Return the lines of a block: a heading, code, a list, or a paragraph."""
    if block.startswith("#"):
        marks, _, title = block.partition(" ")
        return [
            f".SH {_escape(title.upper())}" if len(marks) <= _SECTION else f".SS {_escape(title)}"
        ]
    if block.startswith("    "):
        lines = [_escape(line[4:]) for line in block.split("\n")]
        return [".PP", ".RS 4", ".nf", *lines, ".fi", ".RE"]
    if block.startswith("- "):
        return [
            line
            for term, meaning in _ITEM.findall(block)
            for line in (".TP", rf"\fB{_escape(term)}\fR", _inline(meaning))
        ]
    return [".PP", *(_inline(line) for line in block.split("\n"))]


def _inline(text: str) -> str:
    """Return a text in which `code` is bold."""
    parts = [_escape(part) for part in text.split("`")]
    return "".join(rf"\fB{part}\fR" if number % 2 else part for number, part in enumerate(parts))


def _escape(text: str) -> str:
    text = text.translate(ESCAPES)
    return r"\&" + text if text.startswith(".") else text
