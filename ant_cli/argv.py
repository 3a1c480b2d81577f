"""The words of the command line: which operation is called, and with which flags. Nothing is read or sent.

API commands are parsed here, by the rows of their parameters: no library accepts what the official tool does
(global flags anywhere, of which the nearest wins; `--force=false`), and importing one would double the start-up
time. Typer handles help, and the commands that call no endpoint: see `app.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ant_cli.errors import UnknownWord, UsageError, see_help
from ant_cli.operations import GROUPS, OPERATIONS, find, of_group
from ant_cli.operations.global_flags import BY_FLAG, FILE, GLOBAL_FLAGS
from ant_cli.operations.spec import Flags, FlagWords, Operation, Param

HELP_FLAGS = ("--help", "-h")
ROOT_FLAGS = (*HELP_FLAGS, "--version", "-v")


class Call(NamedTuple):
    """A command line that calls an operation."""

    operation: Operation
    flags: Flags


class TyperCall(NamedTuple):
    """A command line for Typer: the command, the global flags that stood before it, then the rest."""

    words: list[str]


def read(argv: Sequence[str]) -> Call | TyperCall:
    """Understand a command line.

    Raises:
        UsageError: for a command or flag that does not exist, a flag without its value, a word too many, or a
            word that would be taken for something else (D21, D22).

    """
    leading, rest = _take_global_flags(argv)
    if not rest or rest[0].startswith("-"):
        return TyperCall(_only_known(rest[:1], ROOT_FLAGS, ""))
    group, rest = rest[0], rest[1:]
    between, rest = _take_global_flags(rest)
    if group not in GROUPS:
        return TyperCall([group, *rest[:1], *leading, *between, *rest[1:]])
    if not rest or rest[0].startswith("-"):
        return TyperCall([group, *_only_known(rest[:1], HELP_FLAGS, group)])
    return _read_call(group, rest[0], [*leading, *between, *rest[1:]])


def _read_call(group: str, name: str, words: Sequence[str]) -> Call | TyperCall:
    operation = find(group, name)
    if operation is None:
        known = [item.name for item in of_group(group)]
        raise UnknownWord(f"command of {group}:", name, known, f"Run `ant {group} --help` to see its commands.")
    flags = _read_flags(words, operation)
    return TyperCall([group, name, "--help"]) if flags is None else Call(operation, flags)


def _only_known(words: list[str], known: Iterable[str], command: str) -> list[str]:
    """Return the words, at most one, or raise UsageError if it is not a known flag."""
    if words and words[0] not in known:
        flag = words[0].partition("=")[0]
        owner = next((item for item in OPERATIONS if flag in _flags_of(item)), None)
        if owner is not None:
            raise UsageError(f"{flag} goes after its command.", f"For example: ant {owner.command} {flag} ...")
        raise _unknown_flag(words[0], [*known, *BY_FLAG], command)
    return words


def _take_global_flags(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the global flags with which the words begin, as they were typed, and the other words."""
    end = 0
    while end < len(words) and (param := BY_FLAG.get(words[end].partition("=")[0])):
        end += 2 if param.takes_value and "=" not in words[end] else 1
    if end > len(words):
        raise _lacks_value(words[-1], "")
    return list(words[:end]), list(words[end:])


def _read_flags(words: Sequence[str], operation: Operation) -> Flags | None:
    """Return the flags of a call; None if it asks for help."""
    known = _flags_of(operation)
    flags = dict[str, FlagWords]()
    arguments: list[str] = []
    position = 0
    while position < len(words):
        word, following = words[position], words[position + 1 :]
        if word == "--":
            arguments += following
            break
        if word in HELP_FLAGS:
            return None
        if not word.startswith("-") or word == "-":
            arguments.append(word)
            position += 1
            continue
        param, value = _flag_and_value(word, known, operation)
        if value is None:
            value, position = _value_of(param, word, following, position, operation.command)
        _put(flags, param, value)
        position += 1
    return {**flags, **_positional(arguments, flags, operation)}


def params_of(operation: Operation) -> tuple[Param, ...]:
    """Return all parameters that a command takes: its own, then those of every command."""
    return (*operation.params, FILE, *GLOBAL_FLAGS)


def _flags_of(operation: Operation) -> dict[str, Param]:
    return {flag: param for param in params_of(operation) for flag in (param.flag, param.short) if flag}


def _flag_and_value(word: str, known: dict[str, Param], operation: Operation) -> tuple[Param, str | None]:
    """Return the parameter of a flag, and the value that is attached to it."""
    name, equals, value = word.partition("=")
    if name in known:
        return known[name], value if equals else None
    short = known.get(word[:2])
    if short is not None and short.takes_value and not word.startswith("--"):
        return short, word[2:]
    raise _unknown_flag(name, known, operation.command)


def _value_of(param: Param, flag: str, following: Sequence[str], position: int, command: str) -> tuple[str, int]:
    """Return the value of a flag to which none is attached, and the position of its last word.

    The word after a flag is its value, even if it starts with a dash. A boolean has none, and true or false
    after it was meant as one (D22).
    """
    if param.takes_value:
        if not following:
            raise _lacks_value(flag, command)
        return following[0], position + 1
    if following and following[0].lower() in ("true", "false"):
        raise UsageError(
            f"{following[0]!r} after {flag} is not its value.",
            f"Write {flag}={following[0]}, or {flag} alone for true.",
        )
    return "true", position


def _put(flags: dict[str, FlagWords], param: Param, value: str) -> None:
    """Keep a value: the last one counts, unless the flag may be repeated."""
    given = flags.get(param.name)
    if param.type is list:
        flags[param.name] = [*given, value] if isinstance(given, list) else [value]
    else:
        flags[param.name] = value


def _positional(arguments: list[str], flags: Flags, operation: Operation) -> Flags:
    """Return the ID that was given without its flag, if there is one.

    Raises:
        UsageError: if there are more arguments, or the flag was given too.

    """
    param = operation.positional
    takes = 1 if param is not None and param.name not in flags else 0
    if len(arguments) > takes:
        also = f" beside {param.flag}" if param is not None and not takes else ""
        raise UsageError(f"unexpected argument {arguments[takes]!r}{also}.", see_help(operation.command))
    return {param.name: arguments[0]} if param is not None and arguments else {}


def _unknown_flag(word: str, known: Iterable[str], command: str) -> UsageError:
    return UnknownWord("flag", word, [flag for flag in known if flag.startswith("--")], see_help(command))


def _lacks_value(flag: str, command: str) -> UsageError:
    return UsageError(f"{flag} needs a value.", see_help(command))
