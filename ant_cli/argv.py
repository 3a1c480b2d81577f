"""Arguments to a call: which operation, with which flags. Nothing is read or sent.

API commands are parsed here, from the rows of their parameters: no library accepts what the official tool does
(global flags anywhere, of which the nearest wins; `--force=false`), and importing one would double the start-up
time. Typer handles help and the tool commands, which call no endpoint: see `app.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ant_cli.errors import UnknownWord, UsageError, see_help, shortened
from ant_cli.operations import GROUPS, OPERATIONS, find, of_group
from ant_cli.operations.global_flags import BY_FLAG, FILE, GLOBAL_FLAGS
from ant_cli.operations.spec import Flags, FlagValue, Operation, Param

HELP_FLAGS = ("--help", "-h")
ROOT_FLAGS = (*HELP_FLAGS, "--version", "-v")


class ApiCall(NamedTuple):
    """A command line that calls an operation."""

    operation: Operation
    flags: Flags


class ToolCall(NamedTuple):
    """A command line for Typer: the command, the global flags that stood before it, then the rest."""

    args: list[str]


def parse(argv: Sequence[str]) -> ApiCall | ToolCall:
    """Parse a command line.

    Raises:
        UsageError: for an unknown command or flag, a flag without its value, an unexpected argument, or an
            argument that would be mistaken for something else (D21, D22).

    """
    leading, rest = _split_leading_globals(argv)
    if not rest or rest[0].startswith("-"):
        return ToolCall(_reject_unknown(rest[:1], ROOT_FLAGS, ""))
    group, rest = rest[0], rest[1:]
    between, rest = _split_leading_globals(rest)
    if group not in GROUPS:
        return ToolCall([group, *rest[:1], *leading, *between, *rest[1:]])
    if not rest or rest[0].startswith("-"):
        return ToolCall([group, *_reject_unknown(rest[:1], HELP_FLAGS, group)])
    return _parse_call(group, rest[0], [*leading, *between, *rest[1:]])


def params_of(operation: Operation) -> tuple[Param, ...]:
    """Return all parameters that a command takes: its own, then those of every command."""
    return (*operation.params, FILE, *GLOBAL_FLAGS)


def _parse_call(group: str, name: str, args: Sequence[str]) -> ApiCall | ToolCall:
    operation = find(group, name)
    if operation is None:
        raise _unknown_command(group, name)
    flags = _parse_flags(args, operation)
    return ToolCall([group, name, "--help"]) if flags is None else ApiCall(operation, flags)


def _unknown_command(group: str, name: str) -> UsageError:
    from ant_cli.errors.suggestions import did_you_mean

    known = [operation.name for operation in of_group(group)]
    message = f"unknown command {shortened(name)!r} for 'ant {group}'.{did_you_mean(name, known)}"
    return UsageError(message, f"Run `ant {group} --help` to see its commands.")


def _reject_unknown(args: list[str], known: Iterable[str], command: str) -> list[str]:
    """Return `args`, which holds at most one argument. Raises UsageError if it is not one of the known flags."""
    if args and args[0] not in known:
        flag = args[0].partition("=")[0]
        owner = next((item for item in OPERATIONS if flag in _flags_of(item)), None)
        if owner is not None:
            raise UsageError(f"{flag} goes after its command.", f"For example: ant {owner.command} {flag} ...")
        raise _unknown_flag(args[0], [*known, *BY_FLAG], command)
    return args


def _split_leading_globals(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the global flags at the start of `args`, as they were typed, and the other arguments."""
    end = 0
    while end < len(args) and (param := BY_FLAG.get(args[end].partition("=")[0])):
        end += 2 if param.takes_value and "=" not in args[end] else 1
    if end > len(args):
        raise _missing_value(args[-1], "")
    return list(args[:end]), list(args[end:])


def _parse_flags(args: Sequence[str], operation: Operation) -> Flags | None:
    """Return the flags of a call; None if it asks for help."""
    known = _flags_of(operation)
    flags = dict[str, FlagValue]()
    positional: list[str] = []
    position = 0
    while position < len(args):
        arg, following = args[position], args[position + 1 :]
        if arg == "--":
            positional += following
            break
        if arg in HELP_FLAGS:
            return None
        if not arg.startswith("-") or arg == "-":
            positional.append(arg)
            position += 1
            continue
        param, value = _flag_and_value(arg, known, operation)
        if value is None:
            value, position = _value_of(param, arg, following, position, operation.command)
        _store(flags, param, value)
        position += 1
    return Flags({**flags, **_positional(positional, flags, operation)})


def _flags_of(operation: Operation) -> dict[str, Param]:
    return {flag: param for param in params_of(operation) for flag in (param.flag, param.short) if flag}


def _flag_and_value(arg: str, known: dict[str, Param], operation: Operation) -> tuple[Param, str | None]:
    """Return the parameter of a flag, and the value that is attached to it, if any."""
    name, equals, value = arg.partition("=")
    if name in known:
        return known[name], value if equals else None
    short = known.get(arg[:2])
    if short is not None and short.takes_value and not arg.startswith("--"):
        return short, arg[2:]
    raise _unknown_flag(name, known, operation.command)


def _value_of(param: Param, flag: str, following: Sequence[str], position: int, command: str) -> tuple[str, int]:
    """Return the value of a flag to which none is attached, and the position of its last argument.

    The argument after a flag is its value, even if it starts with a dash. A boolean takes none, and true or
    false after it was meant as one (D22).
    """
    if param.takes_value:
        if not following:
            raise _missing_value(flag, command)
        return following[0], position + 1
    if following and following[0].lower() in ("true", "false"):
        raise UsageError(
            f"{following[0]!r} after {flag} is not its value.",
            f"Write {flag}={following[0]}, or {flag} alone for true.",
        )
    return "true", position


def _store(flags: dict[str, FlagValue], param: Param, value: str) -> None:
    """Store a value: the last one counts, unless the flag may be repeated."""
    given = flags.get(param.name)
    if param.type is list:
        flags[param.name] = [*given, value] if isinstance(given, list) else [value]
    else:
        flags[param.name] = value


def _positional(args: list[str], flags: Mapping[str, FlagValue], operation: Operation) -> dict[str, FlagValue]:
    """Return the ID that was given without its flag, if any.

    Raises:
        UsageError: if there are more arguments, or the flag was given too.

    """
    param = operation.positional
    takes = 1 if param is not None and param.name not in flags else 0
    if len(args) > takes:
        also = f" together with {param.flag}" if param is not None and not takes else ""
        raise UsageError(f"unexpected argument {args[takes]!r}{also}.", see_help(operation.command))
    return {param.name: args[0]} if param is not None and args else {}


def _unknown_flag(arg: str, known: Iterable[str], command: str) -> UsageError:
    return UnknownWord("flag", arg, [flag for flag in known if flag.startswith("--")], see_help(command))


def _missing_value(flag: str, command: str) -> UsageError:
    return UsageError(f"{flag} needs a value.", see_help(command))
