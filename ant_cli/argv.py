"""Parse arguments into a call: which command, with which flags. Nothing is read or sent.

Commands are parsed from the rows that describe them: no library accepts the official tool's syntax (global flags
anywhere, the nearest of which wins; `--force=false`), and importing one would double the start-up time.
`app.py` has the same commands as a Typer tree.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ant_cli.errors import UNSET_VARIABLE, BadValue, Mistyped, UsageError, see_help, shortened
from ant_cli.errors.command_line import command_line
from ant_cli.errors.suggestions import nearest
from ant_cli.operations import GROUPS, OPERATIONS, find, is_official
from ant_cli.operations.shared_flags import EDITS, FILE
from ant_cli.operations.spec import Flags, Operation, Param, Text, Texts, flag_name, values_of
from ant_cli.settings.rows import GLOBAL_FLAGS, SETTINGS

if TYPE_CHECKING:
    from ant_cli.help.command_row import Command

_HELP_FLAGS = ("--help", "-help", "-h")
_VERSION_FLAGS = ("--version", "-version", "-v")
_OPENING_QUOTES = ("\u201c", "\u2018", "\u201e")
_QUOTES = frozenset("\u201c\u201d\u201e\u2018\u2019")
DASHES = ("\u2013", "\u2014", "\u2212")
"""What a word processor makes of a hyphen or two."""
_ALIASES = {"@completion": "completion"}
"""Other names of tool commands, from the official tool."""


class ApiCall(NamedTuple):
    """A command line that calls an operation."""

    operation: Operation
    texts: Texts
    """The texts of the request's fields, by name."""
    flags: Flags
    notes: Sequence[str] = ()
    """What to tell the user about the arguments."""


class ToolCall:
    """A command line that calls a tool command, not an endpoint."""

    def __init__(self, command: "Command", flags: Flags, notes: Sequence[str] = ()) -> None:
        self.command = command
        self.flags = flags
        """The values of its flags and arguments."""
        self.notes = notes
        """What to tell the user about the arguments."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ToolCall) and vars(self) == vars(other)


class VersionCall(NamedTuple):
    """A command line that asks for the version."""


class OfficialCall(NamedTuple):
    """A command line for the official tool."""

    name: str
    argv: tuple[str, ...]


CommandCall = ApiCall | ToolCall | VersionCall | OfficialCall


class _ParsedArguments(NamedTuple):
    """The arguments after a command."""

    texts: Texts
    """The texts of the flags, in the order in which they were given."""
    positional: list[str]
    after_dashes: list[str]
    """Those after `--`."""
    notes: Sequence[str]


def parse(argv: Sequence[str]) -> CommandCall:
    """Parse a command line.

    Raises:
        UsageError: for an unknown command or flag, a flag without its value, an unexpected argument, or an
            argument that would be mistaken for something else (D22).

    """
    leading, rest = split_leading_globals(argv)
    if not rest or rest[0] in _HELP_FLAGS:
        return help_call()
    if rest[0] in _VERSION_FLAGS:
        return VersionCall()
    if rest[0].startswith("-"):
        from ant_cli.help.catalog import longest_match

        command = longest_match([arg for arg in rest if not arg.startswith("-")])
        error = _misplaced_flag(rest[0], "")
        raise error.with_exit_code(command.usage_exit_code(rest))
    name, rest = rest[0], rest[1:]
    if is_official(name) and not _asks_for_completion(name, rest):
        return OfficialCall(name, tuple(argv))
    between, rest = split_leading_globals(rest)
    parse_rest = _parse_api if name in GROUPS else _parse_tool
    return parse_rest(name, [*leading, *between], rest)


def _asks_for_completion(name: str, args: Sequence[str]) -> bool:
    """Whether a script for a shell is meant: the official tool's `completions` is a resource of the API."""
    if name != "completions" or not args:
        return False
    from ant_cli.help.tool_commands import SHELLS  # late: 2 ms, and most commands have another name

    return args[0] in SHELLS


def params_of(operation: Operation) -> tuple[Param, ...]:
    """Return all fields and settings of a command: its own, then those of every command."""
    return (*operation.params, FILE, *GLOBAL_FLAGS)


def help_call(*path: str) -> ToolCall:
    """Return the call that shows the help page of a command, or of a topic."""
    from ant_cli.help.command_row import HELP_COMMAND

    return ToolCall(HELP_COMMAND, Flags({"topic": list(path)}))


def _parse_api(group: str, leading: list[str], args: Sequence[str]) -> CommandCall:
    """Parse what follows a group of API commands; `leading` are the global flags before it."""
    if not args or args[0].startswith("-"):
        return _group_help((group,), args)
    operation = find(group, args[0])
    if operation is None:
        raise unknown_command((group, *args))
    known = _by_name(params_of(operation))
    parsed = _parse_flags([*leading, *args[1:]], known, operation.command)
    if parsed is None:
        return help_call(group, operation.name)
    _reject_typographic_dashes(parsed.positional, operation)
    words = parsed.positional + parsed.after_dashes
    ids = _positional_id(words, parsed.texts, operation)
    settings = (*operation.settings, FILE, *GLOBAL_FLAGS)
    flags = values_of(parsed.texts, settings)
    texts = {name: text for name, text in parsed.texts.items() if name not in flags}
    return ApiCall(operation, texts | ids, flags, parsed.notes)


def _parse_tool(name: str, leading: list[str], args: Sequence[str]) -> CommandCall:
    """Parse what follows the name of a tool command, or of a group of them."""
    from ant_cli.help.catalog import longest_match

    name = _ALIASES.get(name, name)
    if name == "help":
        return _parse_help(args)
    command = longest_match((name, *args))
    rest = (name, *args)[len(command.path) :]
    if command.subcommands:
        if rest and not rest[0].startswith("-"):
            raise unknown_command((name, *args))
        return _group_help(command.path, rest)
    known = _by_name((*command.flags, *command.global_flags))
    try:
        parsed = _parse_flags([*leading, *rest], known, command.full_name)
        if parsed is None:
            return help_call(*command.path)
        texts = {**parsed.texts, **_arguments(parsed, command)}
        settings = (*command.settings, *command.global_flags)
        return ToolCall(command, values_of(texts, settings), parsed.notes)
    except UsageError as error:
        raise error.with_exit_code(command.usage_exit_code(rest)) from None


def _parse_help(args: Sequence[str]) -> CommandCall:
    """Parse what follows `help`: a topic, or a command."""
    topic = [arg for arg in args if not arg.startswith("-") and arg != "help"]
    if topic and is_official(topic[0]):
        return OfficialCall(topic[0], (*topic, "--help"))
    if topic or not args:
        return help_call(*topic)
    return help_call("help")


def unknown_command(args: Sequence[str]) -> UsageError:
    """Return the error for the arguments of an unknown command. The first arguments may be existing groups."""
    from ant_cli.help.catalog import longest_match  # late: 4 ms, and few lines have a mistake

    group = longest_match(args)
    typed = args[len(group.path)]
    problem = f"unknown command {group.quoted(typed)}"
    if group.path:
        problem += f" for '{command_line(group.full_name)}'"
    if not typed.strip():
        return UsageError(f"{problem}.", UNSET_VARIABLE)
    page = command_line(group.full_name, "--help")
    return Mistyped(f"{problem}.", f"Run `{page}` to see the commands.")


def _group_help(path: Sequence[str], args: Sequence[str]) -> ToolCall:
    """Return the call that shows the help page of a group that is followed by nothing or a flag.

    Raises:
        UsageError: if the flag does not ask for help.

    """
    if args and args[0] not in _HELP_FLAGS:
        raise _misplaced_flag(args[0], " ".join(path))
    return help_call(*path)


def _misplaced_flag(arg: str, command: str) -> UsageError:
    """Return the error for a flag in the place of a command, where only `--help` and global flags are accepted."""
    from ant_cli.help.command_row import HELP, VERSION

    flag = arg.partition("=")[0]
    for operation in _operations_of(command):
        if flag in _by_name(params_of(operation)):
            return Mistyped(f"{flag} goes after its command.", see_help(command))
    known = [HELP, *GLOBAL_FLAGS]
    if not command:
        known.append(VERSION)
    return _unknown_flag(arg, _by_name(known), command)


def _operations_of(group: str) -> Sequence[Operation]:
    """Return the operations of a group; all of them for `ant` itself."""
    if not group:
        return OPERATIONS
    if group not in GROUPS:
        return ()
    return GROUPS[group].operations


def split_leading_globals(args: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the global flags at the start of `args`, as given, and the other arguments."""
    known = _by_name(GLOBAL_FLAGS)
    end = 0
    while end < len(args):
        name, equals, _ = args[end].partition("=")
        param = known.get(name)
        if param is None:
            break
        end += 1
        if param.takes_value and not equals:
            end += 1
    if end > len(args):
        raise _missing_value(args[-1], "")
    return list(args[:end]), list(args[end:])


class _Words(NamedTuple):
    """The arguments after a command, told apart."""

    given: list[tuple[Param, str]]
    """The flags with their values, in the order in which they were given."""
    positional: list[str]
    after_dashes: list[str]


def _parse_flags(
    args: Sequence[str], known: Mapping[str, Param], command: str
) -> _ParsedArguments | None:
    """Return the flags and the positional arguments; None if a flag asks for help."""
    words = _tell_apart(args, known, command)
    if words is None:
        return None
    for param, value in words.given:
        _reject_blank(param, value)
        has_key = "=" in value and (param.takes_pairs or param in EDITS)
        _reject_typographic_quotes(param.flag, value.partition("=")[2] if has_key else value)
    for arg in words.positional:
        _reject_typographic_quotes("an argument", arg)
    notes = tuple(dict.fromkeys(_lost_values(words.given)))
    return _ParsedArguments(_texts(words.given), words.positional, words.after_dashes, notes)


def _tell_apart(args: Sequence[str], known: Mapping[str, Param], command: str) -> _Words | None:
    """Tell flags from other arguments. Return None if a flag asks for help.

    The argument after a flag is its value, even if it starts with a dash. A boolean takes no value, and true or
    false after it was meant as one (D22).
    """
    given, positional = list[tuple[Param, str]](), list[str]()
    boolean: str | None = None
    """The boolean flag right before the argument."""
    words = iter(args)
    for arg in words:
        if arg == "--":
            return _Words(given, positional, list(words))
        if arg in _HELP_FLAGS:
            return None
        if _is_flag(arg):
            param, value = _flag_and_value(arg, words, known, command)
            given.append((param, value))
            has_value = param.takes_value or "=" in arg
            boolean = None if has_value else arg
            continue
        if boolean is not None:
            _reject_boolean_text(arg, boolean)
        positional.append(arg)
        boolean = None
    return _Words(given, positional, [])


def _is_flag(arg: str) -> bool:
    """Whether an argument is a flag. A dash alone is a value: stdin."""
    return arg.startswith("-") and arg != "-"


def _texts(given: Iterable[tuple[Param, str]]) -> Texts:
    """Return the texts of flags by name: all of a flag that may be repeated, else the last one."""
    texts = dict[str, Text]()
    for param, value in given:
        if param.repeatable:
            texts[param.name] = [*texts.get(param.name, ()), value]
        else:
            texts[param.name] = value
    return texts


def _lost_values(given: Iterable[tuple[Param, str]]) -> Iterator[str]:
    """Yield a note for each flag that has two values, but takes one. The nearest global flag wins silently."""
    first = dict[str, str]()
    for param, value in given:
        is_single = not param.repeatable and param not in GLOBAL_FLAGS
        if is_single and first.setdefault(param.name, value) != value:
            yield f"Note: {param.flag} is given more than once; only its last value is used."


def _reject_blank(param: Param, value: str) -> None:
    """Raise BadValue if a setting is blank, as in `--base-url "$URL"` without the variable.

    Another value, such as the real API in place of a server for tests, is never used instead.
    """
    if param.takes_value and not param.may_be_blank and not value.strip():
        raise BadValue(
            param.flag, "is empty", f"Give it a value, or leave it out. {UNSET_VARIABLE}"
        )


def _reject_typographic_quotes(where: str, text: str) -> None:
    """Raise UsageError if quotes of a text editor are around a value: for a shell they are part of it."""
    if text[:1] not in _OPENING_QUOTES:
        return
    if _QUOTES.isdisjoint(text[1:-1]):
        problem = f"{where} begins with a typographic quote."
        raise UsageError(problem, "Write straight quotes: 'TEXT'")


def _by_name(params: Iterable[Param]) -> dict[str, Param]:
    return {name: param for param in params for name in param.spellings}


def _flag_and_value(
    arg: str, following: Iterator[str], known: Mapping[str, Param], command: str
) -> tuple[Param, str]:
    name, equals, value = arg.partition("=")
    param = known.get(name)
    if param is None:
        short = known.get(arg[:2])
        if short is not None and short.takes_value:
            return short, arg[2:]
        raise _unknown_flag(arg, known, command)
    if equals:
        return param, value
    if not param.takes_value:
        return param, "true"
    found = next(following, None)
    if found is None:
        raise _missing_value(arg, command)
    return param, found


def _reject_boolean_text(text: str, flag: str) -> None:
    """Raise UsageError if an argument looks like the value of a boolean flag (D22)."""
    if text.lower() in ("true", "false"):
        hint = f"Write {flag}={text}, or {flag} alone for true."
        raise UsageError(f"{text!r} after {flag} is not its value.", hint)


def _reject_typographic_dashes(args: Iterable[str], operation: Operation) -> None:
    """Raise Mistyped for a flag with a dash of a word processor: it would be an ID."""
    for arg in args:
        if arg.startswith(DASHES):
            raise _mistyped_argument(arg, f"unexpected argument {arg!r}", operation.command)


def _positional_id(args: list[str], given: Texts, operation: Operation) -> dict[str, Text]:
    """Return the IDs that were given without their flag, if any (D31).

    Raises:
        UsageError: if there are more arguments, or the flag was given too.

    """
    if not args:
        return {}
    _reject_unquoted(given)
    param = operation.positional
    unexpected = _unexpected(args, given, operation)
    if unexpected is not None:
        raise _unexpected_argument(unexpected, given, operation)
    if param is None:
        return {}
    for arg in args:
        if not arg.strip():
            raise BadValue(param.flag, f"must be an ID, got {arg!r}", UNSET_VARIABLE)
    return {param.name: args[0] if len(args) == 1 else args}


def _unexpected(args: Sequence[str], given: Texts, operation: Operation) -> str | None:
    """Return the first argument that can't be an ID; None if all can be."""
    param = operation.positional
    if param is None or param.name in given:
        return args[0]
    if len(args) > 1 and not operation.takes_several_ids:
        return args[1]
    for arg in args:
        is_pair = operation.has_body and "=" in arg
        if is_pair or (len(args) > 1 and _lacks_dashes(arg, operation)):
            return arg
    return None


def _lacks_dashes(arg: str, operation: Operation) -> bool:
    """Whether an argument among IDs is a flag that says what to do: `update ID name nightly`, `delete ID dry-run`.

    Other flags, such as --local and --beta, may well be the names of environments.
    """
    names = [field.flag for field in operation.fields_in("body")]
    return f"--{arg}" in (*names, SETTINGS["dry_run"].flag)


def _unexpected_argument(arg: str, given: Texts, operation: Operation) -> UsageError:
    """Return the error for an argument that can't be an ID. A flag before it may have taken another one."""
    param = operation.positional
    problem = f"unexpected argument {arg!r}"
    if param is not None and param.name in given:
        problem += f" together with {param.flag}"
    if hint := _taken_flag(given, operation):
        return UsageError(f"{problem}.", hint)
    return _mistyped_argument(arg, problem, operation.command)


def _taken_flag(given: Texts, operation: Operation) -> str:
    """Return the hint about a flag that took the next flag as its value; empty if there is none."""
    known = _by_name(params_of(operation))
    for name, value in given.items():
        if isinstance(value, str) and value in known:
            flag = flag_name(name)
            empty = f" An empty value is {flag}=" if known[flag].may_be_blank else ""
            return f"{flag} took {value} as its value.{empty}"
    return ""


def _reject_unquoted(flags: Texts) -> None:
    """Raise UsageError if the shell split a value at its spaces, for lack of quotes: --config {type: cloud}."""
    for name, value in flags.items():
        if isinstance(value, str) and _is_cut(value):
            flag, start = flag_name(name), shortened(value)
            hint = f"Write quotes around it: {flag} '{start} ...'"
            raise UsageError(f"the value of {flag} ends at a space: {start}", hint)


def _is_cut(value: str) -> bool:
    """Whether a bracket of a value is not closed."""
    if value.count("{") > value.count("}"):
        return True
    return value.count("[") > value.count("]")


def _arguments(parsed: _ParsedArguments, command: "Command") -> dict[str, Text]:
    """Return the arguments of a tool command, by name. Those after `--` go to one that takes several, if any does.

    Raises:
        Mistyped: if one is missing, or there are more.

    """
    values = dict[str, Text]()
    args, rest = parsed.positional, parsed.after_dashes
    if all(param.type is not list for param in command.arguments):
        args, rest = args + rest, []
    for param in command.arguments:
        if param.type is list:
            values[param.name] = args + rest
            args = []
        elif args:
            values[param.name] = args[0]
            if param.required and not args[0].strip():
                raise BadValue(param.name.upper(), "is empty", UNSET_VARIABLE)
            args = args[1:]
        elif param.required:
            raise Mistyped(f"{param.name.upper()} is required.", see_help(command.full_name))
    if args:
        problem = f"unexpected argument {command.quoted(args[0])}"
        raise _mistyped_argument(args[0], problem, command.full_name)
    return values


def _mistyped_argument(arg: str, problem: str, command: str) -> UsageError:
    """Return the error for an argument that a command can't have. Of an empty one, nothing shows what was meant."""
    if not arg.strip():
        return UsageError(f"{problem}.", UNSET_VARIABLE)
    return Mistyped(f"{problem}.", see_help(command))


def _unknown_flag(arg: str, known: Mapping[str, Param], command: str) -> UsageError:
    # the rest may be a secret: another flag was meant
    name = re.split(r"[=:\s]", arg, maxsplit=1)[0]
    hint = see_help(command)
    if name in _HELP_FLAGS or (name in _VERSION_FLAGS and not command):
        return UsageError(f"{name} takes no value.", hint)
    if name in known:
        problem = f"{name} and its value must be two arguments, or have = between them."
        return UsageError(problem, hint)
    shown = _shown_flag(name, known)
    problem = f"unknown flag {shown!r}"
    if shown != name and shown[:2] in known:
        problem += f"; {shown[:2]} is an argument of its own"
    return Mistyped(f"{problem}.", hint)


def _shown_flag(name: str, known: Mapping[str, Param]) -> str:
    """Return an unknown flag as errors name it: what follows its first letter may be the value of a short flag."""
    if name.startswith("--") or len(name) == 2:
        return name
    names = [flag for flag in known if flag.startswith("--")]
    if nearest(name, names):
        return name
    short = name[:2]
    return f"{short}..." if short in known else short


def _missing_value(flag: str, command: str) -> UsageError:
    return UsageError(f"{flag} needs a value.", see_help(command))
