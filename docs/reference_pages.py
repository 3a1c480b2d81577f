"""The reference in `docs/reference/`: a page for each group of commands, and one for each topic of the help.

They are Markdown as GitHub renders it, made from the catalog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ant_cli.errors import UsageError
from ant_cli.help.command_page import (
    FLAGS,
    flag_sections,
    fold,
    synopsis,
    topic_page,
)
from ant_cli.help.command_row import HELP, Command, argument_name
from ant_cli.help.contents import TOPICS
from ant_cli.operations.spec import Example, Operation, Param
from ant_cli.settings.rows import GLOBAL_FLAGS

_WRITTEN = (
    "<!-- Written by `python docs/generate.py` from the rows of the commands: don't edit it. -->"
)
_GLOBAL_PAGE = "flags.md"
_CODES_PAGE = "exit-codes.md"
_INDENTED = re.compile(r"(?:^    .*\n(?:\n(?=    ))?)+", re.MULTILINE)
_DEFAULT = re.compile(r"\[default: ([^]]+)\]")
"""A default that only the text of a help has, since it is the program's."""
_IN_TEXT = str.maketrans({"\\": "\\\\", "*": r"\*", "<": "&lt;", "[": r"\[", "|": r"\|"})
"""Characters that have a meaning in Markdown or in a table."""


def reference_pages(root: Command) -> dict[str, str]:
    """Return the pages by the names of their files."""
    groups = {page_name(group): group for group in root.subcommands if group.subcommands}
    alone = [command for command in root.subcommands if not command.subcommands]
    pages = {name: _group_page(group) for name, group in groups.items()}
    pages["ant.md"] = _page("ant", root.help, *map(_chapter, alone))
    pages[_GLOBAL_PAGE] = _page("Global flags", TOPICS["flags"], _flag_table(GLOBAL_FLAGS))
    for topic in TOPICS:
        if f"{topic}.md" not in pages:
            pages[f"{topic}.md"] = _topic(topic)
    pages["README.md"] = _index(groups, alone)
    return pages


def page_name(group: Command) -> str:
    """Return the name of the file with the page of a group."""
    return re.sub(r"[ :]", "-", f"ant {group.full_name}.md")


def _index(groups: dict[str, Command], alone: list[Command]) -> str:
    chapters = [("ant.md", command) for command in alone]
    for name, group in groups.items():
        chapters += [(name, command) for command in _below(group)]
    commands = "\n".join(
        f"| [`ant {command.full_name}`]({name}#{_anchor(command)}) | {_text(command.summary)} |"
        for name, command in sorted(chapters, key=lambda chapter: chapter[1].path)
    )
    topics = "\n".join(f"* [{name}]({name}.md): {_text(text)}" for name, text in TOPICS.items())
    return _page(
        "Reference",
        "Every command with its flags, defaults, exit codes and examples. `ant COMMAND --help` prints the same.",
        f"| command | |\n| --- | --- |\n{commands}",
        f"## Topics\n\n{topics}",
    )


def _group_page(group: Command) -> str:
    chapters = [_chapter(command) for command in _below(group)]
    return _page(f"ant {group.full_name}", _prose(group.help), *chapters)


def _below(group: Command) -> list[Command]:
    """Return the commands of a group, also of the groups in it."""
    return [command for command in group.walk() if not command.subcommands]


def _topic(topic: str) -> str:
    """Return the page of a topic of the help."""
    title, _, text = topic_page(topic).partition("\n\n")
    lines = "\n".join(map(_prose_line, text.split("\n")))
    return _page(title.removeprefix("# "), _INDENTED.sub(_fenced, lines + "\n").strip())


def _prose_line(line: str) -> str:
    """Return a line of a topic, in which `<` is not the start of a tag."""
    is_code = line.startswith("    ") or "`" in line
    return line if is_code else line.replace("<", "&lt;")


def _fenced(block: re.Match[str]) -> str:
    lines = "\n".join(line.removeprefix("    ") for line in block[0].rstrip("\n").split("\n"))
    return f"```text\n{lines}\n```\n"


def _chapter(command: Command) -> str:
    parts = [
        f"## ant {command.full_name}",
        _prose(command.help),
        f"```text\n{synopsis(command)}\n```",
        _request(command.operation),
        _argument_table(command.arguments),
        *(_titled(title, flags) for title, flags in flag_sections(command).items()),
        _variables(command),
        _global_flags(command),
        _exit_codes(command),
        f"```text\n{command.notes.strip()}\n```" if command.notes else "",
        _examples(command.examples),
    ]
    return "\n\n".join(part for part in parts if part)


def _request(operation: Operation | None) -> str:
    if operation is None:
        return ""
    keys = " or ".join(operation.accepts)
    return f"Sends `{operation.method} {operation.path}`, with this credential: {keys}."


def _argument_table(arguments: Iterable[Param]) -> str:
    rows = [(argument_name(param), param.help) for param in arguments]
    return _table("argument", rows)


def _titled(title: str, flags: Iterable[Param]) -> str:
    table = _flag_table(flag for flag in flags if flag is not HELP)
    return f"{title}:\n\n{table}" if table and title != FLAGS else table


def _flag_table(flags: Iterable[Param]) -> str:
    rows = []
    for param in flags:
        typed = f"{', '.join(reversed(param.names))} {param.metavar}".rstrip()
        rows.append((typed, _meaning(param)))
    return _table("flag", rows)


def _meaning(param: Param) -> str:
    meaning = _DEFAULT.sub(lambda found: _default(found[1]), param.help)
    if param.choices:
        meaning += f" One of: {', '.join(param.choices)}."
    if param.default:
        meaning += f" {_default(param.default)}"
    variable = getattr(param, "variable", "")
    if variable and variable not in meaning:
        meaning += f" Variable: `{variable}`."
    return meaning


def _default(value: str) -> str:
    """Return a sentence with a default, which may be words, such as `the newest`."""
    return f"Default: {value}." if " " in value else f"Default: `{value}`."


def _table(first: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| `{term.replace('|', _BAR)}` | {_text(meaning)} |" for term, meaning in rows]
    return "\n".join([f"| {first} | |", "| --- | --- |", *lines]) if lines else ""


_BAR = r"\|"


def _variables(command: Command) -> str:
    if not command.variables:
        return ""
    return f"Each flag has a variable: `{command.variables}` and its name in upper case."


def _global_flags(command: Command) -> str:
    if not command.global_flags:
        return ""
    if command.global_flags == GLOBAL_FLAGS:
        return f"It takes all [global flags]({_GLOBAL_PAGE})."
    names = ", ".join(f"`{param.flag}`" for param in command.global_flags)
    return f"[Global flags]({_GLOBAL_PAGE}) that it takes: {names}."


def _exit_codes(command: Command) -> str:
    codes = f"Exit codes: [those of all commands]({_CODES_PAGE})."
    mistake = command.usage_exit_code(["--exit-code"])
    if command.reports_changes:
        has_flag = any(param.name == "exit_code" for param in command.flags)
        start = "With `--exit-code`, 2" if has_flag else "2"
        return f"{codes} {start} says that there are changes, and a mistake in the command line is {mistake}."
    if mistake != UsageError.exit_code:
        return f"{codes} A mistake in the command line is {mistake}."
    return codes


def _examples(listed: Iterable[Example]) -> str:
    lines = [line for purpose, typed in listed for line in (f"# {purpose}", fold(typed))]
    return "\n".join(["```sh", *lines, "```"]) if lines else ""


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _WRITTEN, *(part for part in parts if part)]) + "\n"


def _prose(text: str) -> str:
    return "\n\n".join(_text(part) for part in text.split("\n\n"))


def _text(text: str) -> str:
    """Return a text on one line, in which only `code` has a meaning."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:  # a lone backtick is itself
        return " ".join(text.split()).translate(_IN_TEXT).replace("`", r"\`")
    return "".join(
        f"`{part.replace('|', _BAR)}`" if number % 2 else part.translate(_IN_TEXT)
        for number, part in enumerate(parts)
    )


def _anchor(command: Command) -> str:
    """Return the anchor of a chapter, as GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", f"ant {command.full_name}").replace(" ", "-")
