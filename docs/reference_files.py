"""The files of the help: for `ant` and each command, group and topic a help page and a manual page; the reference.

A page in Markdown has headings, paragraphs, lists of `- `term`: text`, and indented code. It becomes a manual page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import indent

from help_pages import (
    ARGUMENTS,
    FLAGS,
    GLOBAL,
    command_page,
    examples,
    flag_row,
    flag_sections,
    fold,
    section,
    synopsis,
    text_of,
    topic_page,
)

from ant_cli.help.command_row import HELP, VERSION, Command, Example
from ant_cli.help.contents import TOPICS
from ant_cli.help.tool_commands import SECTIONS, TOOL_COMMANDS
from ant_cli.operations.spec import Param
from ant_cli.settings.rows import GLOBAL_FLAGS

_WRITTEN = "Written by `python docs/generate.py`: don't edit it."
_INTRODUCTION = f"All commands of `ant`, with their flags. {_WRITTEN}"
_WHERE_GLOBAL = "See the page of `ant`."
_EXIT_STATUS = "0 on success; the page of `ant` and `ant help exit-codes` list the others."
_END = "Flags and examples: ant COMMAND --help. With the official ant: ant help official"
_IN_ROOT = ("exit-codes", "variables")
"""The topics that `man ant` also contains, because people look for them there."""
_TITLE = re.compile(r"# (.+)")
_ITEM = re.compile(r"- `([^`]+)`: (.*)")
_SECTION = 2
"""The level of a section's heading. Lower levels are parts of a section."""
_MADE_FROM = r".\" The manual page of `\1`, written by `python docs/generate.py`: don't edit it."
_ESCAPES = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"},
)
"""Characters that have a meaning in roff, or are replaced by it, and how to write them."""


def pages(root: Command) -> dict[str, str]:
    """Return the text of each file, by its path below this folder."""
    others = {_name_of(command.full_name): _command_page(command) for command in _below(root)}
    others |= {_name_of(name): _topic(name) for name in TOPICS}
    whole = "\n".join([_root_page(root), *(_demoted(text_of(name)) for name in _IN_ROOT)])
    texts = {_manual("ant"): manual_page("ant", whole, _references(others))}
    for name, text in others.items():
        texts[_manual(name)] = manual_page(name, text, _references(["ant", *map(_name_of, TOPICS)]))
    shown = {"ant": _first_page(root)}
    shown |= {_page_name(command.full_name): command_page(command) for command in _below(root)}
    shown |= {name: topic_page(name) for name in TOPICS}
    header = f"<!-- {_WRITTEN} -->\n\n"
    return {
        **texts,
        **{f"pages/{name}.md": header + text for name, text in shown.items()},
        "reference.md": _reference(root),
    }


def _name_of(full_name: str) -> str:
    """Return the name of the manual page of a command, or a topic."""
    return f"ant-{_page_name(full_name)}"


def _page_name(full_name: str) -> str:
    return re.sub(r"[ :]", "-", full_name)


def _manual(name: str) -> str:
    return f"man/{name}.1"


def _references(names: Iterable[str]) -> str:
    """Return references to manual pages, as `man` shows them."""
    return ", ".join(f"`{name}`(1)" for name in names)


# Markdown


def _reference(root: Command) -> str:
    pages = [_root_page(root), *map(_command_page, _below(root)), *map(_topic, TOPICS)]
    return "\n".join([_page("Reference", _INTRODUCTION), *map(_demoted, pages)])


def _first_page(root: Command) -> str:
    """Return the help page of `ant` itself. The groups of the API come before all tool commands."""
    api = [command for command in root.subcommands if command not in TOOL_COMMANDS]
    listed = {title: (*api * (not number), *commands) for number, (title, commands) in enumerate(SECTIONS.items())}
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
    return "\n\n".join(parts) + "\n"


def _below(root: Command) -> list[Command]:
    """Return all commands and groups, in the order of the help pages."""
    return [command for command in root.walk() if command.path]


def _root_page(root: Command) -> str:
    return _page(
        "ant",
        root.help,
        _code("Synopsis", [synopsis(root)]),
        _commands(command for command in _below(root) if not command.subcommands),
        _items(FLAGS, map(flag_row, (HELP, VERSION))),
        _items(GLOBAL, map(flag_row, GLOBAL_FLAGS)),
        _examples(root.examples),
        _items("Topics", ((f"ant help {name}", summary) for name, summary in TOPICS.items())),
    )


def _command_page(command: Command) -> str:
    operation = command.operation
    return _page(
        f"ant {command.full_name}",
        command.summary + ".",
        _code("Synopsis", [synopsis(command)]),
        _text("Description", _plain(command.help).removeprefix(command.summary + ".").strip()),
        _items(ARGUMENTS, map(_argument_item, command.arguments)),
        _commands(command.subcommands),
        _code("Request", [f"{operation.method} {operation.path}"]) if operation else "",
        *(_items(title, map(flag_row, flags)) for title, flags in flag_sections(command).items()),
        _global_flags(command),
        _code("Notes", command.notes.splitlines()),
        _examples(command.examples),
        _text("Exit status", _EXIT_STATUS if operation else ""),
    )


def _argument_item(param: Param) -> tuple[str, str]:
    return param.value_name or param.name.upper(), param.help


def _global_flags(command: Command) -> str:
    if command.global_flags == GLOBAL_FLAGS:
        return _text(GLOBAL, _WHERE_GLOBAL)
    return _items(GLOBAL, map(flag_row, command.global_flags))


def _commands(listed: Iterable[Command]) -> str:
    return _items("Commands", ((f"ant {command.full_name}", command.summary + ".") for command in listed))


def _topic(name: str) -> str:
    """Return the page of a topic of `ant help`."""
    if name == "flags":
        return _page("ant help flags", TOPICS[name], _items(GLOBAL, map(flag_row, GLOBAL_FLAGS)))
    introduction, _, sections = text_of(name).partition("\n\n")[2].partition("## ")
    return _page(f"ant help {name}", TOPICS[name], _text("Description", introduction), f"## {sections}")


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
    return _code("Examples", [line for purpose, typed in listed for line in (f"# {purpose}", fold(typed))])


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
        return [f".SH {_escape(title.upper())}" if len(marks) <= _SECTION else f".SS {_escape(title)}"]
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
    text = text.translate(_ESCAPES)
    return r"\&" + text if text.startswith(".") else text
