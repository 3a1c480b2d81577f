"""What was meant by an unknown flag, argument or command: a habit from other tools, or a slip.

A wrong suggestion is worse than none, so a word gets one only if a row has it, or if it is nearly a known name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from ant_cli.errors import UsageError, shortened
from ant_cli.errors.suggestions import SYNONYMS, nearest
from ant_cli.help.catalog import catalog, longest_match
from ant_cli.help.contents import text_of
from ant_cli.operations import OFFICIAL_RESOURCES
from ant_cli.operations.spec import Operation, Param, Setting, Texts
from ant_cli.runtime.redaction import may_be_key
from ant_cli.runtime.shell import quote, split
from ant_cli.settings.rows import simple_path

if TYPE_CHECKING:
    from ant_cli.help.command_row import Command

_NO_PATH = "This takes a GJSON path: ant help output"
_DASHES = "\u2013\u2014-"


class _Row(NamedTuple):
    """A line of `habits.txt`, which describes the columns."""

    words: Sequence[str]
    commands: Sequence[str]
    instead: str


def _rows() -> Iterator[_Row]:
    commands: list[str] = []
    for line in text_of("habits.txt").splitlines():
        words, arrow, instead = line.partition(" -> ")
        if arrow:
            yield _Row(words.split(" | "), commands, instead)
        elif line.startswith("after "):
            commands = [
                command.removeprefix("ant") for command in line.removeprefix("after ").split(" | ")
            ]


def flag_instead(name: str, value: str, command: str, known: Mapping[str, Param]) -> str:
    """Return what to type in place of an unknown flag and its value; empty if nothing is known.

    It is a flag that the command takes with this value, a command that begins with `ant`, or a sentence.
    """
    # one dash is enough for a long flag
    long = name if name.startswith("--") or len(name) == 2 else f"-{name}"
    found = [*_instead([long, value] if value else [long], command)]
    found += _instead([name[:2], name[2:]], command) if long != name else []
    return next(
        (instead for instead in found if instead[0] != "-" or _is_accepted(instead, known)), ""
    )


def _is_accepted(instead: str, known: Mapping[str, Param]) -> bool:
    flag, *value = split(instead)
    param = known.get(flag)
    if isinstance(param, Setting):
        try:
            param.value_of(flag, value[:1] if param.repeatable else "".join(value[:1]) or "true")
        except UsageError:
            return False
    return param is not None


def argument_instead(args: Sequence[str], flags: Texts, operation: Operation) -> str:
    """Return what to type in place of unexpected arguments of an operation; empty if nothing is known."""
    arg, command = args[0], f"ant {operation.command}"
    key, equals, value = arg.partition("=")
    fields = [field.name for field in operation.fields if field.location == "body"]
    if arg.startswith(("\u2013", "\u2014")):  # a word processor has joined two hyphens to a dash
        return " ".join([f"--{arg.lstrip(_DASHES)}", *map(quote, args[1:2])])
    if equals and key in operation.lists:
        return f"--add {quote(arg)}"
    if equals and key in fields:
        return f"--{key} {quote(value)}"
    if equals and "metadata" in fields and key.partition(".")[0] not in {*fields} - {"metadata"}:
        return f"--metadata {quote(key.removeprefix('metadata.'))}={quote(value)}"
    metadata = flags.get("metadata") or []
    if metadata and metadata[-1].isidentifier():
        return f"--metadata {metadata[-1]}={quote(arg)}"
    if operation.creates and os.path.isfile(arg):  # noqa: PTH113 - Path.is_file() may raise
        return f"{command} --file {quote(arg)}"
    if operation.creates and not equals and "name" not in flags:
        return f"{command} --name {quote(arg)}"
    return command_instead(args, operation.command)


def command_instead(words: Sequence[str], command: str) -> str:
    """Return what to type in place of words after a command or a group; empty if nothing is known."""
    return next(_instead(words, command), "")


def _instead(typed: Sequence[str], command: str) -> Iterator[str]:
    line = " ".join(typed)
    for row in _rows():
        patterns = (
            row.words if any(fnmatchcase(command, pattern) for pattern in row.commands) else []
        )
        if pattern := next(
            (
                words
                for words in patterns
                if fnmatchcase(line, words) or fnmatchcase(typed[0], words)
            ),
            "",
        ):
            literal = [*takewhile(str.isidentifier, re.sub("[-:.]", "", pattern).split(" "))]
            yield _filled(row.instead, typed[0], iter(typed[len(literal) or 1 :]), command)


def _filled(text: str, first: str, values: Iterator[str], command: str) -> str:
    """Return a text with values in its places, except those that may be keys, or need quotes within quotes."""
    takes_keys = command.startswith(("auth", "profile"))
    word = re.split(r"[-.]", first)[-1] if first.startswith("-") else first

    def value_of(place: re.Match[str]) -> str:
        if place[0] == "<command>":
            return command
        typed = word if place[0] == "<word>" else next(values, "")
        if place[0] == "<PATH>":
            return simple_path(typed) or _NO_PATH
        if (
            not typed
            or (takes_keys and may_be_key(typed))
            or ("'" in text and re.search(r"[^\w.,:@/+-]", typed))
        ):
            return place[0].strip("<>").upper()
        return quote(shortened(typed))

    filled = re.sub("<[A-Za-z_=]+>", value_of, text)
    return filled if _NO_PATH not in filled else _NO_PATH


# Commands


def unknown_command(args: Sequence[str]) -> UsageError:
    """Return the error for the arguments of an unknown command. The first arguments may be existing groups."""
    group = longest_match(args)
    rest = args[len(group.path) :]
    similar = suggestion(rest, group)
    sentence = "" if similar.endswith("?") else similar.strip()
    typed = repr(shortened(rest[0])) if similar else group.quoted(rest[0])
    place = f" for 'ant {group.full_name}'" if group.path else ""
    help_command = " ".join(["ant", *group.path, "--help"])
    return UsageError(
        f"unknown command {typed}{place}.{'' if sentence else similar}",
        sentence or f"Run `{help_command}` to see the commands.",
    )


def suggestion(args: Sequence[str], group: Command) -> str:
    """Return " Did you mean `ant ...`?" for the command that may have been meant; empty if none is similar.

    For a command that can't exist, it is a sentence that says why.
    """
    words = list(takewhile(lambda arg: not arg.startswith("-"), args[:6]))
    meant = words and (command_instead(words, group.full_name) or _similar_command(words, group))
    return (
        f" Did you mean `{meant}`?"
        if meant and meant.startswith("ant ")
        else f" {meant}"
        if meant
        else ""
    )


def _similar_command(words: Sequence[str], group: Command) -> str:
    """Return the command of a group that was meant: by its name in another tool, or with a slip.

    After `ant` itself, a group may be named with other separators, or in part.
    """
    if group.path:
        name = nearest(
            SYNONYMS.get(words[0], words[0]), [item.path[-1] for item in group.subcommands]
        )
        return f"ant {group.full_name} {name}" if name else ""
    parts = [*shortened(words[0]).replace(":", " ").split(), *words[1:]]
    names = _names_of_groups()
    for length in range(len(parts), 0, -1):
        if key := nearest(" ".join(SYNONYMS.get(part, part) for part in parts[:length]), names):
            found = longest_match([names[key]])
            below = parts[length:]
            if not found.path:  # of the official tool, with the part of its resource that was typed
                return ":".join([f"ant {names[key]}", *parts[length : words[0].count(":") + 1]])
            inner = below and (command_instead(below, names[key]) or _similar_command(below, found))
            return inner or f"ant {names[key]}"
    return ""


def _names_of_groups() -> dict[str, str]:
    """Return the commands after `ant` by all of their names, including those without the prefix `beta:`."""
    names = [*(item.full_name for item in catalog().subcommands), *OFFICIAL_RESOURCES]
    starts = ("", "beta:", "beta:environments:")
    return {name.removeprefix(start): name for start in starts for name in names}
