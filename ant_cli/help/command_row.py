"""The rows of the catalog: a command, or a group of them, and the functions that make those of tool commands."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ant_cli.errors import AntError, UsageError, shortened
from ant_cli.help.contents import TOPICS
from ant_cli.operations.parsers import private_boolean, whole_number
from ant_cli.operations.spec import Example, Operation, Param, Setting, ValueKind
from ant_cli.runtime.redaction import REDACTED, may_be_key
from ant_cli.settings import rows

HELP = Setting("help", bool, "Show help.", short="-h", completes="plain")
VERSION = Setting("version", bool, "Show the version.", short="-v", completes="plain")


class Command(NamedTuple):
    """A command, or a group of them."""

    path: tuple[str, ...]
    """The arguments after `ant` that select it."""
    help: str
    """A sentence that says what it does, maybe followed by more."""
    arguments: tuple[Param, ...] = ()
    """Its positional arguments. One with the type `list` takes all following arguments."""
    flags: tuple[Param, ...] = ()
    """Its own flags."""
    global_flags: tuple[Setting, ...] = ()
    """The API commands' global flags that it takes."""
    subcommands: tuple["Command", ...] = ()
    examples: tuple[Example, ...] = ()
    notes: str = ""
    """Further text of its help page, as shown there."""
    operation: Operation | None = None
    """The operation that it calls."""
    function: str = ""
    """The function that it calls, as `module:name`. It takes the runtime, the global flags, and a keyword for each
    of its own flags and arguments."""
    variables: str = ""
    """The prefix of the variables that its own flags may come from."""
    reports_changes: bool = False
    """Its exit code 2 means that there are changes; if it has the flag `--exit-code`, only with that."""
    notes_typed_secret: bool = True
    """Whether a secret in the arguments gets a note: not if it is the emulator's, or if the command prints one."""
    usage_code: int = UsageError.exit_code
    """The exit code of a usage error."""

    @property
    def full_name(self) -> str:
        """The command, as typed after `ant`."""
        return " ".join(self.path)

    def usage_exit_code(self, args: Iterable[str]) -> int:
        """Return the exit code of a usage error in its arguments: 1 if 2 means that there are changes."""
        if not self.reports_changes:
            return self.usage_code
        flags = [param.flag for param in self.flags if param.name == "exit_code"]
        given = [arg.partition("=")[0] for arg in args]
        if flags and flags[0] not in given:
            return self.usage_code
        return AntError.exit_code

    def quoted(self, text: str) -> str:
        """Return how errors quote a misplaced argument: not at all if it may be a key."""
        if self._may_be_key(text):
            text = REDACTED
        return repr(shortened(text))

    def _may_be_key(self, text: str) -> bool:
        if self.path[:1] not in (("auth",), ("profile",)):
            return False
        if self.path in _TAKES_KEYS:
            return True
        return may_be_key(text) and not self._is_of_own_words(text)

    def _is_of_own_words(self, text: str) -> bool:
        """Whether a text has only words of its commands and flags, such as `print-access-token`."""
        words = set[str]()
        for command in self.walk():
            names = [command.path[-1], *(param.flag for param in command.flags)]
            for name in names:
                words.update(name.split("-"))
        return words.issuperset(text.split("-"))

    @property
    def summary(self) -> str:
        """The first sentence of its help, without the full stop."""
        return first_sentence(self.help)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Its own flags and arguments that are for the program, and not fields of a request."""
        return tuple(
            param for param in (*self.arguments, *self.flags) if isinstance(param, Setting)
        )

    def walk(self) -> "Iterator[Command]":
        """Yield it and all commands below it."""
        yield self
        for command in self.subcommands:
            yield from command.walk()


_TAKES_KEYS = (("auth", "login"), ("profile", "set"))
"""The commands after which people type a key as an argument, however short it is."""


def first_sentence(text: str) -> str:
    """Return the first sentence, without its full stop."""
    line = text.partition("\n")[0]
    sentence = line.partition(". ")[0]
    return sentence.removesuffix(".")


def argument_name(param: Param) -> str:
    """Return an argument as shown after a command: in brackets if it is optional."""
    name = param.value_name or param.name.upper()
    if not param.required:
        name = f"[{name}]"
    if param.type is list:
        name += "..."
    return name


def help_text(param: Param) -> str:
    """Return the help of a flag: its purpose, its choices, and its default."""
    text = param.help
    if param.choices:
        text += f" One of: {', '.join(param.choices)}."
    if param.default:
        text += f" [default: {param.default}]"
    return text


# The rows of tool commands


PROFILE = ("profile",)
RESULT = tuple(row.name for row in rows.RESULT)
"""The global flags of a command that prints a result."""
FEDERATION = tuple(row.name for row in rows.FEDERATION)
CREDENTIAL = (*(row.name for row in rows.CREDENTIALS if row in rows.GLOBAL_FLAGS), *FEDERATION)
"""The global flags that give a credential."""
CONNECTION = tuple(row.name for row in rows.CONNECTION)
REQUEST = (*CREDENTIAL, *CONNECTION)
"""The global flags that say where and how a request is sent."""


def text_flag(
    name: str, text: str, value_name: str = "", completes: ValueKind | None = None, **others: Any
) -> Setting:
    """Return a flag that takes a text; the others are its columns."""
    return Setting(name, str, text, value_name=value_name, completes=completes, **others)


def number_flag(name: str, text: str, lowest: int, highest: int, default: str = "") -> Setting:
    """Return a flag that takes a whole number between these."""
    parse = whole_number(lowest, highest)
    return Setting(name, int, f"{text} [{lowest}-{highest}]", default=default, parse=parse)


def boolean_flag(name: str, text: str, **others: Any) -> Setting:
    """Return a boolean flag."""
    return Setting(name, bool, text, **others)


def private_flag(name: str, text: str) -> Setting:
    """Return a boolean flag of a command after which people type keys: errors do not quote its value."""
    return boolean_flag(name, text, parse=private_boolean)


def argument(
    name: str,
    text: str,
    completes: ValueKind | None = None,
    *,
    required: bool = True,
    **others: Any,
) -> Setting:
    """Return a positional argument."""
    return Setting(name, str, text, required=required, completes=completes, **others)


def arguments(
    name: str, text: str, value_name: str = "", completes: ValueKind | None = None
) -> Setting:
    """Return an argument that takes all following ones; there may be none."""
    return Setting(name, list, text, value_name=value_name, completes=completes)


def tool(
    name: str,
    text: str,
    function: str,
    *examples: tuple[str, str],
    takes: tuple[str, ...] = (),
    **others: Any,
) -> Command:
    """Return a command. `takes` names the global flags that it takes; the others are columns of `Command`."""
    path = tuple(name.split())
    global_flags = tuple(rows.SETTINGS[taken] for taken in takes)
    listed = tuple(Example(*example) for example in examples)
    function = f"ant_cli.commands.{function}"
    return Command(
        path, text, global_flags=global_flags, examples=listed, function=function, **others
    )


def group(full_name: str, text: str, *commands: Command, **others: Any) -> Command:
    """Return a group of commands. Its page has the first examples of the first ones."""
    found = list[Example]()
    for number in (0, 1):
        for command in commands:
            for purpose, line in command.examples[number : number + 1]:
                found.append(Example(f"{command.path[-1]}: {purpose}", line))
    examples = tuple(found[:_GROUP_EXAMPLES])
    path = tuple(full_name.split())
    return Command(path, text, subcommands=commands, examples=examples, **others)


_GROUP_EXAMPLES = 3


HELP_COMMAND = tool(
    "help",
    "Show help on a topic, or on a command.",
    "help:show_help",
    ("a topic", "ant help exit-codes"),
    ("a command", "ant help beta:environments create"),
    arguments=(
        arguments("topic", f"A command, or a topic: {', '.join(TOPICS)}.", "TOPIC | COMMAND"),
    ),
)
"""It is in this module because `--help` of every command needs it, and often needs no other row."""
